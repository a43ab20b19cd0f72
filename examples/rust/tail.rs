//! Follows a primary and prints every change: `tail SOURCE CURSOR_FILE`.
//!
//!     cargo run -p kevy-examples --bin tail -- kevy://127.0.0.1:6380 cursor
//!
//! The first run begins with a snapshot; the next ones go on where the last stopped, as the cursor file says. A
//! program that applies each command to a store of its own in place of printing it holds a true copy; see
//! `Keyspace::apply` for one. It may be killed at any moment: a crash repeats frames and never loses one.

use std::io::{ErrorKind, Write};
use std::path::Path;

use kevy_core::api::{Error, Frame, FrameKind, Replica, ReplicaOptions, Result};

fn show(out: &mut impl Write, frame: &Frame<'_>) -> std::io::Result<()> {
    match frame.kind {
        FrameKind::SnapshotBegin => writeln!(out, "snapshot begins"),
        FrameKind::SnapshotEnd => writeln!(out, "snapshot ends"),
        FrameKind::TxnBegin => writeln!(out, "transaction begins"),
        FrameKind::TxnEnd => writeln!(out, "transaction ends"),
        FrameKind::Resync => writeln!(out, "resync: {}", frame.reason),
        FrameKind::Link if frame.up => writeln!(out, "link up"),
        FrameKind::Link => writeln!(out, "link down: {}", frame.reason),
        FrameKind::Entry | FrameKind::Command => {
            write!(out, "db {}:", frame.db)?;
            for arg in frame.argv.iter() {
                write!(out, " {}", arg.escape_ascii())?;
            }
            writeln!(out)
        }
        _ => Ok(()),
    }
}

/// Keeps a cursor: the whole of it or the one before, whatever happens meanwhile.
fn keep(path: &Path, cursor: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, cursor)?;
    std::fs::rename(&beside, path)
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [source, path] = &args[..] else {
        eprintln!("usage: tail SOURCE CURSOR_FILE");
        std::process::exit(2);
    };
    let failed = |error: std::io::Error| Error::io(path, &error);
    let cursor = match std::fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        read => read.map_err(failed)?,
    };

    let mut options = ReplicaOptions::default();
    options.set("source", source)?;
    let mut replica = Replica::open(options, &cursor)?;
    loop {
        let batch = replica.next_batch(1024, None)?;
        let mut out = std::io::stdout().lock();
        batch
            .iter()
            .try_for_each(|frame| show(&mut out, &frame))
            .and_then(|()| out.flush())
            // Only what was dealt with is behind the cursor.
            .and_then(|()| keep(Path::new(path), batch.cursor()))
            .map_err(failed)?;
    }
}
