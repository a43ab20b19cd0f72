//! Writing an RDB stream while a keyspace is walked.

use std::sync::Arc;

use crc_fast::{CrcAlgorithm, Digest};
use parking_lot::Mutex;

use crate::base::number::format_u64;
use crate::store::{ValueRef, WalkSink, rdb};

use super::opcode::{AUX, AUX_SHARD, EOF, EXPIRE_MS, MAGIC, SELECT, VERSION_WRITTEN};

/// Appends what an RDB begins with, and fields for whoever cares.
pub fn begin(out: &mut Vec<u8>, fields: &[(&[u8], &[u8])]) {
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(format!("{VERSION_WRITTEN:04}").as_bytes());
    for (name, value) in fields {
        aux(out, name, value);
    }
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
) {
    if selected.replace(db) != Some(db) {
        out.push(SELECT);
        rdb::write_length(out, db as u64);
    }
    if let Some(at) = expire_at {
        out.push(EXPIRE_MS);
        out.extend_from_slice(&at.to_le_bytes());
    }
    out.push(rdb::type_of(value));
    rdb::write_uncompressed(out, key);
    rdb::write_value_with(out, value, rdb::write_uncompressed);
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
}

/// Takes what a walk delivers, as pieces of an RDB.
#[derive(Debug)]
pub struct Sink(Arc<Mutex<Pending>>);

/// The other side of a [`Sink`].
#[derive(Debug)]
pub struct SinkHandle(Arc<Mutex<Pending>>);

impl Sink {
    /// A sink that holds at most `unasked_max` bytes, and one value more, of keys that are written to before the
    /// walk has come by.
    pub fn new(unasked_max: usize) -> (Self, SinkHandle) {
        let pending = Arc::new(Mutex::new(Pending {
            bytes: Vec::new(),
            db: None,
            is_asked: false,
            unasked: 0,
            unasked_max,
            overflowed: false,
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
        if pending.unasked > pending.unasked_max {
            pending.overflowed = true;
            pending.bytes = Vec::new();
            return;
        }
        let before = pending.bytes.len();
        entry(&mut pending.bytes, &mut pending.db, db, key, value, expire_at);
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

    /// Bytes that wait to be taken.
    pub fn pending(&self) -> usize {
        self.0.lock().bytes.len()
    }
}
