//! Writing an RDB stream while a keyspace is walked.

use std::sync::Arc;

use crc_fast::{CrcAlgorithm, Digest, checksum, checksum_combine};
use parking_lot::Mutex;

use crate::base::number::format_u64;
use crate::store::rdb::Format;
use crate::store::{ValueRef, WalkSink, rdb};

use super::opcode::{AUX, AUX_SHARD, EOF, EXPIRE_MS, FUNCTION, MAGIC, RESIZE, SELECT, VERSION_WRITTEN};

/// Bytes of the magic and the version.
pub const HEADER_BYTES: usize = 9;

/// Appends what an RDB begins with, and fields for whoever cares.
pub fn begin(out: &mut Vec<u8>, fields: &[(&[u8], &[u8])]) {
    begin_as(out, VERSION_WRITTEN, fields);
}

/// As [`begin`], for readers of a version.
pub fn begin_as(out: &mut Vec<u8>, version: u16, fields: &[(&[u8], &[u8])]) {
    out.extend_from_slice(&header(version));
    for (name, value) in fields {
        aux(out, name, value);
    }
}

/// The magic and a version.
pub fn header(version: u16) -> [u8; HEADER_BYTES] {
    let mut header = *b"REDIS0000";
    let mut rest = version;
    for digit in header[MAGIC.len()..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    header
}

/// Appends how many keys a database has, and how many of them expire, for whoever wants to make room.
pub fn sizes(out: &mut Vec<u8>, db: usize, keys: u64, expiring: u64) {
    out.push(SELECT);
    rdb::write_length(out, db as u64);
    out.push(RESIZE);
    rdb::write_length(out, keys);
    rdb::write_length(out, expiring);
}

/// Appends libraries of functions, given by their sources.
pub fn functions(out: &mut Vec<u8>, libraries: &[Arc<[u8]>]) {
    for code in libraries {
        out.push(FUNCTION);
        rdb::write_uncompressed(out, code);
    }
}

/// Appends that no more entries follow; a checksum does.
pub fn end(out: &mut Vec<u8>) {
    out.push(EOF);
}

/// Appends a field.
fn aux(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.push(AUX);
    rdb::write_uncompressed(out, name);
    rdb::write_uncompressed(out, value);
}

/// Appends which shard the entries that follow are from.
pub fn select_shard(out: &mut Vec<u8>, shard: usize) {
    aux(out, AUX_SHARD, format_u64(shard as u64).as_bytes());
}

/// Appends one key. `selected` is the database of the entry before, `None` at a beginning.
pub fn entry(
    out: &mut Vec<u8>,
    selected: &mut Option<usize>,
    db: usize,
    key: &[u8],
    value: &ValueRef<'_>,
    expire_at: Option<u64>,
    format: Format,
) {
    if selected.replace(db) != Some(db) {
        out.push(SELECT);
        rdb::write_length(out, db as u64);
    }
    if let Some(at) = expire_at {
        out.push(EXPIRE_MS);
        out.extend_from_slice(&at.to_le_bytes());
    }
    out.push(rdb::type_of(value, format));
    rdb::write_uncompressed(out, key);
    rdb::write_value(out, value, format);
}

/// The running checksum of a stream.
#[derive(Debug)]
pub struct Checksum(Digest);

impl Default for Checksum {
    fn default() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc64Redis))
    }
}

impl Checksum {
    /// Takes in the next bytes of the stream.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The sum of all bytes so far.
    pub fn value(&self) -> u64 {
        self.0.finalize()
    }

    /// Appends what an RDB ends with; everything before has been taken in.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        out.push(EOF);
        self.update(&[EOF]);
        out.extend_from_slice(&self.value().to_le_bytes());
    }
}

/// The checksum of a file whose header is known last.
#[derive(Debug)]
pub struct FileSum {
    /// The sum of everything behind the header, and how much that is.
    rest: Digest,
    bytes: u64,
    /// How much of the header is still to come by.
    header_left: usize,
}

impl Default for FileSum {
    fn default() -> Self {
        Self { rest: Digest::new(CrcAlgorithm::Crc64Redis), bytes: 0, header_left: HEADER_BYTES }
    }
}

impl FileSum {
    /// Takes in the next bytes of the file, from its header on.
    pub fn update(&mut self, bytes: &[u8]) {
        let skipped = self.header_left.min(bytes.len());
        self.header_left -= skipped;
        self.rest.update(&bytes[skipped..]);
        self.bytes += (bytes.len() - skipped) as u64;
    }

    /// The sum of the whole file, had it begun with `header`.
    pub fn with_header(&self, header: &[u8; HEADER_BYTES]) -> u64 {
        let algorithm = CrcAlgorithm::Crc64Redis;
        checksum_combine(algorithm, checksum(algorithm, header), self.rest.finalize(), self.bytes)
    }
}

/// Entries that a walk has delivered and nobody has taken yet.
#[derive(Debug)]
struct Pending {
    bytes: Vec<u8>,
    db: Option<usize>,
    /// The reader of the walk asked for what is delivered now.
    is_asked: bool,
    /// Bytes of `bytes` that writers made the walk deliver, and how many they may make.
    unasked: usize,
    unasked_max: usize,
    overflowed: bool,
    format: Format,
    /// The version of RDB that a reader of all this has to know.
    version: u16,
    /// Keys of which the format left something out.
    reduced: u64,
    /// Keys that were delivered.
    keys: u64,
    chosen: Option<Chosen>,
}

/// Says by a key and its value whether it is taken.
type Choice = dyn Fn(&[u8], &ValueRef<'_>) -> bool + Send + Sync;

/// Which keys are taken.
#[derive(Clone)]
pub struct Chosen(pub Arc<Choice>);

impl std::fmt::Debug for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chosen")
    }
}

/// Takes what a walk delivers, as pieces of an RDB.
#[derive(Debug)]
pub struct Sink(Arc<Mutex<Pending>>);

/// The other side of a [`Sink`].
#[derive(Debug)]
pub struct SinkHandle(Arc<Mutex<Pending>>);

impl Sink {
    /// A sink that holds at most `unasked_max` bytes, and one value more, of keys that are written to before the
    /// walk has come by. Values are written as `format` says, those that are `chosen`, or all.
    pub fn new(unasked_max: usize, format: Format, chosen: Option<Chosen>) -> (Self, SinkHandle) {
        let pending = Arc::new(Mutex::new(Pending {
            bytes: Vec::new(),
            db: None,
            is_asked: false,
            unasked: 0,
            unasked_max,
            overflowed: false,
            format,
            version: 0,
            reduced: 0,
            keys: 0,
            chosen,
        }));
        (Self(Arc::clone(&pending)), SinkHandle(pending))
    }
}

impl WalkSink for Sink {
    fn entry(&mut self, db: usize, key: &[u8], value: &ValueRef<'_>, expire_at: Option<u64>) {
        let pending = &mut *self.0.lock();
        if pending.overflowed {
            return;
        }
        if pending.chosen.as_ref().is_some_and(|Chosen(is_chosen)| !is_chosen(key, value)) {
            return;
        }
        if pending.unasked > pending.unasked_max {
            pending.overflowed = true;
            pending.bytes = Vec::new();
            return;
        }
        pending.reduced += u64::from(rdb::loses_something(value, pending.format));
        if pending.format.is_strict && rdb::is_foreign(value) {
            return;
        }
        pending.keys += 1;
        let before = pending.bytes.len();
        pending.version = pending.version.max(rdb::version_of(value, pending.format));
        entry(&mut pending.bytes, &mut pending.db, db, key, value, expire_at, pending.format);
        if !pending.is_asked {
            pending.unasked += pending.bytes.len() - before;
        }
    }
}

impl SinkHandle {
    /// Says whether the walk is advanced by its reader from now on, and not by writers.
    pub fn set_asked(&self, is_asked: bool) {
        self.0.lock().is_asked = is_asked;
    }

    /// Puts everything delivered into `out`, which is empty, as entries of `shard`. False where there was nothing.
    pub fn take(&self, out: &mut Vec<u8>, shard: Option<usize>) -> bool {
        let mut pending = self.0.lock();
        if pending.bytes.is_empty() {
            return false;
        }
        // Whoever reads this has not seen the last SELECT.
        pending.db = None;
        pending.unasked = 0;
        match shard {
            Some(shard) => {
                select_shard(out, shard);
                out.append(&mut pending.bytes);
            }
            None => std::mem::swap(out, &mut pending.bytes),
        }
        true
    }

    /// True where writers made the walk deliver more than is held; the stream cannot be completed.
    pub fn has_overflowed(&self) -> bool {
        self.0.lock().overflowed
    }

    /// The version of RDB that a reader of everything delivered so far has to know.
    pub fn version(&self) -> u16 {
        self.0.lock().version
    }

    /// Keys of which the format left something out, so far.
    pub fn reduced(&self) -> u64 {
        self.0.lock().reduced
    }

    /// Keys that were delivered so far.
    pub fn keys(&self) -> u64 {
        self.0.lock().keys
    }

    /// Bytes that wait to be taken.
    pub fn pending(&self) -> usize {
        self.0.lock().bytes.len()
    }
}
