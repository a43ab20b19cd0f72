//! Runs the C tests of `tests/c` as they are, under AddressSanitizer and under valgrind, and the C++ tests beside them.

use std::path::PathBuf;
use std::process::Command;

use crate::support::{Build, compile, files, library, root, run, scratch};

fn build(name: &str, build: Build, flags: &[&str]) -> PathBuf {
    build_in("c", name, build, flags)
}

fn build_in(language: &str, name: &str, build: Build, flags: &[&str]) -> PathBuf {
    let program = scratch(name).join(format!("kevy-{language}-tests"));
    compile(&files(&root().join("tests").join(language), language), &library(build), &program, flags);
    program
}

/// Every test passed, and there were some.
fn assert_passed(output: &str) {
    let last = output.lines().find(|line| line.contains(" passed, ")).unwrap_or_default();
    assert!(last.ends_with(" 0 failed") && !last.starts_with('0'), "{output}");
    println!("{last}");
}

#[test]
fn c_tests_pass() {
    assert_passed(&run(&mut Command::new(build("plain", Build::Shipped, &[]))));
}

#[test]
fn c_tests_pass_under_address_sanitizer() {
    let program = build("asan", Build::Watched, &["-fsanitize=address,undefined", "-fno-omit-frame-pointer"]);
    // What a test leaves behind on purpose, such as a handle of the parent in a forked child, is no leak of a run
    // to its end, so leaks are valgrind's to find.
    let output = run(Command::new(program)
        .env("ASAN_OPTIONS", "detect_leaks=0")
        .env("UBSAN_OPTIONS", "halt_on_error=1"));
    assert_passed(&output);
}

#[test]
fn c_tests_pass_under_valgrind() {
    let program = build("valgrind", Build::Watched, &[]);
    let output = run(Command::new("valgrind")
        .args(["--quiet", "--error-exitcode=9", "--child-silent-after-fork=yes", "--fair-sched=yes"])
        .args(["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"])
        .arg(program));
    assert_passed(&output);
}

#[test]
fn cpp_tests_pass() {
    assert_passed(&run(&mut Command::new(build_in("cpp", "plain-cpp", Build::Shipped, &[]))));
}

#[test]
fn cpp_tests_pass_under_address_sanitizer() {
    let program = build_in("cpp", "asan-cpp", Build::Watched, &["-fsanitize=address,undefined"]);
    assert_passed(&run(Command::new(program).env("UBSAN_OPTIONS", "halt_on_error=1")));
}
