//! Snapshots and logs that were damaged: what is whole is read, the rest is refused with the place named, and never a
//! panic, a hang or half a transaction.

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

/// A log of two shards: transactions over both, each of which writes its number to `a` and to `b`, and between them
/// writes to one shard. Returns the files.
fn write_log(directory: &Directory) -> Vec<(PathBuf, Vec<u8>)> {
    let runtime = open(&directory.0, &LOG).expect("a runtime");
    for number in 1..=TRANSACTIONS {
        run(&runtime, &format!("MSET a {number} b {number}"));
        run(&runtime, &format!("RPUSH list {number}"));
    }
    runtime.stop(Duration::from_secs(5)).expect("the log is on disk");
    let folder = directory.0.join("appendonlydir");
    let names = fs::read_dir(&folder).expect("the log").map(|entry| entry.expect("a file").path());
    names.map(|path| (path.clone(), fs::read(&path).expect("a file"))).collect()
}

const LOG: [(&str, &str); 3] = [("appendonly", "yes"), ("appendfsync", "always"), ("save", "")];
const TRANSACTIONS: usize = 3;

/// Puts the files there as they were, and nothing else.
fn restore(directory: &Directory, files: &[(PathBuf, Vec<u8>)]) {
    let folder = directory.0.join("appendonlydir");
    fs::remove_dir_all(&folder).expect("the log");
    fs::create_dir(&folder).expect("room");
    files.iter().for_each(|(path, bytes)| fs::write(path, bytes).expect("room"));
}

/// Opens a log of which one file was damaged: `Some` transactions and elements were read, or it was refused by name.
fn open_damaged(directory: &Directory, path: &Path, what: &str) -> Option<(usize, usize)> {
    match open(&directory.0, &LOG) {
        Ok(runtime) => {
            let bulk = |key: &str| run(&runtime, &format!("GET {key}"));
            let (a, b) = (bulk("a"), bulk("b"));
            assert_eq!(a, b, "{what}: half a transaction was read");
            let number = if a.is_empty() { 0 } else { a.parse().expect("a number") };
            let elements = run(&runtime, "LLEN list").parse().expect("a number");
            runtime.stop(Duration::from_secs(5)).expect("the log is on disk");
            Some((number, elements))
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error}");
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            assert!(error.to_string().contains(name), "{what}: {error}");
            None
        }
    }
}

fn logs(files: &[(PathBuf, Vec<u8>)]) -> impl Iterator<Item = usize> {
    (0..files.len()).filter(|file| files[*file].0.extension().is_some_and(|ending| ending == "kevy"))
}

#[test]
fn a_log_cut_at_any_byte_is_read_up_to_its_last_whole_transaction() {
    let directory = Directory::new("log-cut");
    let files = write_log(&directory);
    assert_eq!(logs(&files).count(), 2);
    for file in logs(&files) {
        let (path, bytes) = &files[file];
        let mut last = (0, 0);
        for at in 0..=bytes.len() {
            restore(&directory, &files);
            fs::write(path, &bytes[..at]).expect("room");
            let what = format!("{} cut at {at}", path.display());
            let read = open_damaged(&directory, path, &what).unwrap_or_else(|| panic!("{what}: refused"));
            assert!(read.0 >= last.0 && read.1 >= last.1, "{what}: {read:?} after {last:?}");
            last = read;
            // What was cut is kept: opening it once more finds the same, and nothing to cut.
            if at % 16 == 0 {
                assert_eq!(open_damaged(&directory, path, &what), Some(read), "{what}: opened once more");
            }
        }
        assert_eq!(last, (TRANSACTIONS, TRANSACTIONS));
    }
}

#[test]
fn a_log_with_any_byte_flipped_is_refused_or_read_up_to_there() {
    let directory = Directory::new("log-flip");
    let files = write_log(&directory);
    for file in logs(&files) {
        let (path, bytes) = &files[file];
        let last_record = bytes.windows(4).rposition(|four| four == b"KREC").expect("records");
        for at in 0..bytes.len() {
            restore(&directory, &files);
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x41;
            fs::write(path, &flipped).expect("room");
            let what = format!("{} flipped at {at}", path.display());
            match open_damaged(&directory, path, &what) {
                Some(read) => {
                    assert!(at >= last_record, "{what}: {read:?} were read past damage");
                    assert!(read.0 >= TRANSACTIONS - 1 && read.1 >= TRANSACTIONS - 1, "{what}: {read:?}");
                }
                None => {
                    assert!(at < last_record, "{what}: a damaged end was refused");
                    assert_eq!(fs::read(path).expect("the file"), flipped, "{what}: it was changed");
                }
            }
        }
    }
}

#[test]
fn a_manifest_with_any_byte_changed_never_breaks_the_process() {
    let directory = Directory::new("manifest");
    let files = write_log(&directory);
    let (path, bytes) =
        files.iter().find(|(path, _)| path.ends_with("appendonly.aof.manifest")).expect("one");
    for at in 0..bytes.len() {
        for byte in [b'0', b'9', b' ', b'\n', b'"', 0, 0xff] {
            restore(&directory, &files);
            let mut changed = bytes.clone();
            changed[at] = byte;
            fs::write(path, &changed).expect("room");
            if let Err(error) = open(&directory.0, &LOG) {
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{at} {byte}: {error}");
            }
        }
    }
}
