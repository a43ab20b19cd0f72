//! Snapshots that were damaged: refused with the place named, and never a panic or a hang.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kevy_core::api::{ErrorKind, Options, Result, Runtime};

/// A directory of a test's own, gone with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kevy-recovery-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn dump(&self) -> PathBuf {
        self.0.join("dump.rdb")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Left behind, it would only take room.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(directory: &Path, more: &[(&str, &str)]) -> Result<Runtime> {
    let mut options = Options::new().with("shards", "2")?.with("dir", directory.to_str().expect("UTF-8"))?;
    for (name, value) in more {
        options.set(name, value)?;
    }
    Runtime::start(&options)
}

fn run(runtime: &Runtime, line: &str) -> String {
    let mut session = runtime.session().expect("a session");
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let reply = session.dispatch(&args).expect("a reply");
    String::from_utf8_lossy(reply.bytes()).into_owned()
}

/// A small snapshot with strings of every form, a hash, a list and expiries.
fn write(directory: &Directory) -> Vec<u8> {
    let runtime = open(&directory.0, &[]).expect("a runtime");
    for line in [
        "SET n 12345",
        "SET text some-text",
        "SET repetitive aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "SET expiring v PXAT 4000000000000",
        "HSET hash field value n 7",
        "HEXPIRE hash 1000000 FIELDS 1 n",
        "RPUSH list a b c 1 2 3",
    ] {
        run(&runtime, line);
    }
    runtime.stop(Duration::from_secs(5)).expect("the last snapshot is written");
    fs::read(directory.dump()).expect("a snapshot")
}

#[test]
fn every_cut_and_every_flipped_byte_is_found() {
    let directory = Directory::new("damage");
    let whole = write(&directory);
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x41;
        for (what, damaged) in [("cut", &whole[..at]), ("flipped", &flipped[..])] {
            fs::write(directory.dump(), damaged).expect("room");
            let error = open(&directory.0, &[]).expect_err("damage is not taken for data");
            assert!(
                matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported),
                "{what} at {at}: {error}"
            );
            assert!(error.to_string().contains("dump.rdb"), "{what} at {at}: {error}");
        }
    }
    fs::write(directory.dump(), &whole).expect("room");
    let runtime = open(&directory.0, &[]).expect("it is whole again");
    assert_eq!(runtime.open_report().keys_loaded, 6);
}

#[test]
fn without_the_checksum_damage_may_be_read_but_breaks_nothing() {
    let directory = Directory::new("unchecked");
    let whole = write(&directory);
    for at in 0..whole.len() {
        for bits in [0x01, 0x80, 0xFF] {
            let mut damaged = whole.clone();
            damaged[at] ^= bits;
            fs::write(directory.dump(), &damaged).expect("room");
            match open(&directory.0, &[("rdbchecksum", "no"), ("save", "")]) {
                Ok(runtime) => assert_eq!(run(&runtime, "PING"), "PONG"),
                Err(error) => assert!(
                    matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported),
                    "byte {at}: {error}"
                ),
            }
        }
    }
}

#[test]
fn a_file_that_is_refused_stays_as_it_is() {
    let directory = Directory::new("untouched");
    let mut damaged = write(&directory);
    damaged.truncate(damaged.len() - 3);
    fs::write(directory.dump(), &damaged).expect("room");
    open(&directory.0, &[]).expect_err("it is cut short");
    assert_eq!(fs::read(directory.dump()).expect("it is there"), damaged);
}
