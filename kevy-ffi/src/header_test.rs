//! Keeps `include/kevy.h` in step with this crate.

use std::path::Path;

/// Set to write the header and the list of symbols instead of comparing them.
pub const WRITE: &str = "KEVY_WRITE_HEADER";

fn generate() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is valid");
    let bindings = cbindgen::Builder::new()
        .with_crate(root)
        .with_config(config)
        .generate()
        .expect("cbindgen understands the crate");
    let mut text = Vec::new();
    bindings.write(&mut text);
    String::from_utf8(text).expect("a header is text")
}

#[test]
fn the_committed_header_is_what_cbindgen_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include/kevy.h");
    let generated = generate();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &generated).expect("the header can be written");
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "include/kevy.h is not in step: run `make header` and look at the difference"
    );
}
