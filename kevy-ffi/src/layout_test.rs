//! Compares the layout of every struct of the header, as a C compiler sees it, with Rust's.

use std::fmt::Write;
use std::mem::offset_of;
use std::path::Path;
use std::process::Command;

use crate::bytes::{kevy_argv, kevy_bytes};
use crate::replica::kevy_replica_stats_t;
use crate::runtime::kevy_open_report;

macro_rules! layout {
    ($text:ident, $name:ident { $($field:ident),+ }) => {
        writeln!($text, "_Static_assert(sizeof({0}) == {1}, \"size of {0}\");", stringify!($name), size_of::<$name>())?;
        $(writeln!(
            $text,
            "_Static_assert(offsetof({0}, {1}) == {2}, \"{0}.{1}\");",
            stringify!($name),
            stringify!($field),
            offset_of!($name, $field)
        )?;)+
        // Names every field, so that one which is added is not forgotten here.
        let _ = |$name { $($field: _),+ }: $name| ();
    };
}

fn assertions() -> Result<String, std::fmt::Error> {
    let mut text = String::from("#include <kevy.h>\n");
    layout!(text, kevy_bytes { data, len });
    layout!(text, kevy_argv { argv, argc });
    layout!(
        text,
        kevy_open_report {
            struct_size,
            shards,
            keys_loaded,
            keys_expired,
            bytes_read,
            commands_replayed,
            bytes_cut
        }
    );
    layout!(
        text,
        kevy_replica_stats_t {
            struct_size,
            up,
            frames,
            entries,
            bytes,
            transactions,
            snapshots,
            resyncs,
            connections,
            silent_ms,
            weaker
        }
    );
    Ok(text)
}

#[test]
fn a_c_compiler_sees_the_layout_that_rust_uses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = std::env::temp_dir().join(format!("kevy-layout-{}.c", std::process::id()));
    std::fs::write(&source, assertions().expect("a string takes text")).expect("the source can be written");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let output = Command::new(compiler)
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"])
        .arg(root.join("../include"))
        .arg(&source)
        .output()
        .expect("a C compiler is installed");
    std::fs::remove_file(&source).expect("the source was there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
