//! The import rules of ARCHITECTURE.md, held by reading the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module with the modules it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("io", &["base"]),
    ("resp", &["base"]),
    ("store", &["base"]),
    ("command", &["resp", "store", "base"]),
    ("route", &["command", "resp", "base"]),
    ("script", &["command", "resp", "store", "base"]),
    ("log", &["resp", "io", "base"]),
    ("snapshot", &["store", "io", "base"]),
    ("shard", &["command", "store", "log", "snapshot", "resp", "base"]),
    ("dispatch", &["shard", "route", "command", "resp", "base"]),
    ("replication", &["shard", "command", "log", "snapshot", "resp", "io", "base"]),
    ("persistence", &["shard", "log", "snapshot", "resp", "io", "base"]),
    ("mirror", &["replication", "dispatch", "shard", "base"]),
    ("net", &["dispatch", "resp", "io", "base"]),
    (
        "runtime",
        &["net", "mirror", "persistence", "replication", "dispatch", "script", "shard", "resp", "io", "base"],
    ),
    ("api", &["runtime", "dispatch", "replication", "resp", "base"]),
];

/// Where `unsafe` may stand.
const MAY_BE_UNSAFE: &[&str] =
    &["base", "io", "script/stack.rs", "store/entry", "store/table", "store/tests/allocations.rs"];

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("the source tree is there") {
        let path = entry.expect("a directory entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(path);
        }
    }
}

/// The modules that a source line names after `crate::`, with braces resolved one level deep.
fn named_modules(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == '$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        let words: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        };
        for word in words {
            let name: String = word.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.insert(name);
        }
    }
    found
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[test]
fn modules_import_only_what_lies_below_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let known: BTreeSet<&str> = MAY_IMPORT.iter().map(|(module, _)| *module).collect();
    let mut wrong = Vec::new();
    for (module, allowed) in MAY_IMPORT {
        let mut files = Vec::new();
        sources(&src.join(module), &mut files);
        assert!(!files.is_empty(), "module {module} has no sources");
        for file in files {
            let text = without_comments(&fs::read_to_string(&file).expect("a readable source"));
            for name in named_modules(&text) {
                if name != *module && known.contains(name.as_str()) && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{} imports {name}", file.strip_prefix(&src).unwrap().display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the rules:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_api_is_public() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("lib.rs");
    let public: Vec<&str> =
        lib.lines().filter(|line| line.starts_with("pub ") && !line.starts_with("pub mod fuzz")).collect();
    assert_eq!(public, ["pub mod api;"]);
}

#[test]
fn unsafe_code_stays_in_its_rooms() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let place = file.strip_prefix(&src).expect("below src").to_string_lossy().into_owned();
        let text = without_comments(&fs::read_to_string(&file).expect("a readable source"));
        let has = text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
        if has && !MAY_BE_UNSAFE.iter().any(|room| place.starts_with(room)) {
            wrong.push(place);
        }
    }
    assert!(wrong.is_empty(), "unsafe outside its rooms: {wrong:?}");
}
