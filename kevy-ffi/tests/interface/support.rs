//! Builds the library as a C program gets it, and compiles and runs C and C++ programs against it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A directory of this test binary's own, empty when first asked for.
pub fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What is not there need not be removed.
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("the scratch directory can be made");
    dir
}

/// Runs a command to its end and returns what it printed.
///
/// # Panics
/// Where it fails, with all it printed.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{command:?} failed, {}:\n{text}", output.status);
    text
}

/// How the library under test is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// As it ships, with the function that panics.
    Shipped,
    /// With the system's allocator, which memory checkers watch.
    Watched,
}

/// The directory of a built libkevy.so and libkevy.a. Each build is made once for a test binary.
pub fn library(build: Build) -> PathBuf {
    static SHIPPED: OnceLock<PathBuf> = OnceLock::new();
    static WATCHED: OnceLock<PathBuf> = OnceLock::new();
    match build {
        Build::Shipped => SHIPPED.get_or_init(|| make("lib-shipped", "mimalloc,panic-test")).clone(),
        Build::Watched => WATCHED.get_or_init(|| make("lib-watched", "panic-test")).clone(),
    }
}

fn make(name: &str, features: &str) -> PathBuf {
    let messages = run(Command::new(env!("CARGO"))
        .args(["build", "-p", "kevy-ffi", "--no-default-features", "--features", features])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(root()));
    let dir = scratch(name);
    for file in ["libkevy.so", "libkevy.a"] {
        let built = artifact(&messages, file);
        std::fs::copy(&built, dir.join(file)).unwrap_or_else(|error| panic!("{}: {error}", built.display()));
    }
    std::os::unix::fs::symlink("libkevy.so", dir.join("libkevy.so.0"))
        .expect("the scratch directory is empty");
    dir
}

/// The path of a built file, told by cargo's messages.
fn artifact(messages: &str, file: &str) -> PathBuf {
    let end = format!("/{file}\"");
    messages
        .lines()
        .rev()
        .flat_map(|line| line.split_inclusive('"'))
        .find(|text| text.ends_with(&end))
        .map(|text| PathBuf::from(text.trim_end_matches('"')))
        .unwrap_or_else(|| panic!("cargo built no {file}:\n{messages}"))
}

/// Files of a directory with an ending, in order.
pub fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
        .map(|entry| entry.expect("the directory can be read").path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    found.sort();
    found
}

/// Compiles a program against the header of the repository and the library in `lib`, which it finds at run time.
pub fn compile(sources: &[PathBuf], lib: &Path, program: &Path, flags: &[&str]) {
    let cpp = sources.iter().any(|source| source.extension().is_some_and(|ending| ending == "cpp"));
    let (compiler, standard) =
        if cpp { (env_or("CXX", "c++"), "-std=c++17") } else { (env_or("CC", "cc"), "-std=gnu11") };
    run(Command::new(compiler)
        .args([standard, "-Wall", "-Wextra", "-Werror", "-g", "-O1"])
        .args(flags)
        .arg("-I")
        .arg(root().join("include"))
        .args(sources)
        .arg("-o")
        .arg(program)
        .arg("-L")
        .arg(lib)
        .arg(format!("-Wl,-rpath,{}", lib.display()))
        .args(["-lkevy", "-lpthread"]));
}

fn env_or(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}
