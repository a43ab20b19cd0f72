//! What `make install` puts in place is what a C and a C++ program find by pkg-config and by CMake.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::{Build, library, root, run, scratch};

/// Installs into a prefix once.
fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = scratch("prefix");
        run(Command::new(root().join("kevy-ffi/install")).arg(library(Build::Shipped)).arg(&prefix));
        prefix
    })
}

fn assert_greets(program: &Path) {
    let output = run(Command::new(program).env("LD_LIBRARY_PATH", prefix().join("lib")));
    assert!(output.contains("greeting = hello"), "{output}");
}

#[test]
fn pkg_config_builds_c_and_cpp_programs() {
    let dir = scratch("by-pkg-config");
    let flags = run(Command::new("pkg-config")
        .args(["--cflags", "--libs", "kevy"])
        .env("PKG_CONFIG_PATH", prefix().join("lib/pkgconfig")));
    for (compiler, source) in [("cc", "c/embed.c"), ("c++", "cpp/embed.cpp")] {
        let program = dir.join(compiler);
        let source = root().join("examples").join(source);
        run(Command::new(compiler).arg(source).args(flags.split_whitespace()).arg("-o").arg(&program));
        assert_greets(&program);
    }
}

#[test]
fn pkg_config_tells_the_version() {
    let version = run(Command::new("pkg-config")
        .args(["--modversion", "kevy"])
        .env("PKG_CONFIG_PATH", prefix().join("lib/pkgconfig")));
    assert_eq!(version.trim(), env!("CARGO_PKG_VERSION"));
}

#[test]
fn find_package_builds_c_and_cpp_programs_shared_and_static() {
    let dir = scratch("by-cmake");
    let examples = root().join("examples");
    let text = format!(
        "cmake_minimum_required(VERSION 3.16)\n\
         project(uses_kevy C CXX)\n\
         set(CMAKE_CXX_STANDARD 17)\n\
         find_package(kevy {version} REQUIRED)\n\
         add_executable(embed-c {examples}/c/embed.c)\n\
         target_link_libraries(embed-c kevy::kevy)\n\
         add_executable(embed-cpp {examples}/cpp/embed.cpp)\n\
         target_link_libraries(embed-cpp kevy::kevy)\n\
         add_executable(embed-static {examples}/c/embed.c)\n\
         target_link_libraries(embed-static kevy::static)\n",
        version = env!("CARGO_PKG_VERSION"),
        examples = examples.display(),
    );
    std::fs::write(dir.join("CMakeLists.txt"), text).expect("the project can be written");
    run(Command::new("cmake")
        .arg("-S")
        .arg(&dir)
        .arg("-B")
        .arg(dir.join("build"))
        .arg(format!("-DCMAKE_PREFIX_PATH={}", prefix().display())));
    run(Command::new("cmake").arg("--build").arg(dir.join("build")));
    for program in ["embed-c", "embed-cpp", "embed-static"] {
        assert_greets(&dir.join("build").join(program));
    }
}

#[test]
fn a_later_version_than_the_installed_one_is_not_found() {
    let dir = scratch("too-late");
    let text = "cmake_minimum_required(VERSION 3.16)\nproject(uses_kevy C)\nfind_package(kevy 99.0)\n\
                message(STATUS \"kevy found: ${kevy_FOUND}\")\n";
    std::fs::write(dir.join("CMakeLists.txt"), text).expect("the project can be written");
    let output = run(Command::new("cmake")
        .arg("-S")
        .arg(&dir)
        .arg("-B")
        .arg(dir.join("build"))
        .arg(format!("-DCMAKE_PREFIX_PATH={}", prefix().display())));
    assert!(output.contains("kevy found: 0"), "{output}");
}

#[test]
fn the_shared_library_is_installed_under_its_names() {
    let lib = prefix().join("lib");
    let real = format!("libkevy.so.{}", env!("CARGO_PKG_VERSION"));
    assert!(lib.join(&real).is_file());
    for name in ["libkevy.so", "libkevy.so.0"] {
        let target = std::fs::canonicalize(lib.join(name)).expect(name);
        assert!(target.ends_with(&real), "{}", target.display());
    }
}
