//! The exported symbols are a promise: none goes away, and one that is added is added on purpose.

use std::process::Command;

use crate::support::{Build, library, root, run};

#[test]
fn the_exported_symbols_are_those_of_the_committed_list() {
    let list = root().join("kevy-ffi/symbols.txt");
    let table = run(Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(library(Build::Shipped).join("libkevy.so")));
    let mut exported: Vec<&str> = table
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .filter(|name| *name != "kevy_test_panic")
        .collect();
    exported.sort_unstable();
    let exported = exported.join("\n") + "\n";
    if std::env::var_os("KEVY_WRITE_HEADER").is_some() {
        std::fs::write(&list, exported).expect("the list can be written");
        return;
    }
    let committed = std::fs::read_to_string(&list).unwrap_or_default();
    assert_eq!(
        exported, committed,
        "kevy-ffi/symbols.txt is not in step: run `make header` and look at the difference"
    );
}

#[test]
fn the_header_declares_every_exported_symbol() {
    let header = std::fs::read_to_string(root().join("include/kevy.h")).expect("the header is committed");
    let list = std::fs::read_to_string(root().join("kevy-ffi/symbols.txt")).expect("the list is committed");
    for symbol in list.lines() {
        assert!(header.contains(&format!("{symbol}(")), "kevy.h does not declare {symbol}");
    }
}

#[test]
fn the_library_has_its_soname_and_stays_loaded() {
    let dynamic = run(Command::new("readelf").arg("-d").arg(library(Build::Shipped).join("libkevy.so")));
    assert!(dynamic.contains("[libkevy.so.0]"), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}
