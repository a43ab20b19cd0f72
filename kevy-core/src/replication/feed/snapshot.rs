//! A snapshot on its way to a replica: a consistent cut of its shards, walked as fast as the replica takes it.

use std::sync::atomic::Ordering;

use crate::base::number::format_u64;
use crate::snapshot::WalkId;
use crate::snapshot::write::{self, Checksum};
use crate::snapshot::{Sink, SinkHandle};

use super::super::primary::Primary;
use super::super::wire::Offsets;

/// How much of a shard is walked with its token held: about so many bytes, in so many keys at most, which takes some
/// tens of microseconds. The first slice, when nothing is known of the keys, has a few.
const SLICE_BYTES: usize = 32 << 10;
const SLICE_KEYS_FIRST: usize = 4;
const SLICE_KEYS_MAX: usize = 128;

/// One shard's part.
#[derive(Debug)]
struct Part {
    shard: usize,
    walk: WalkId,
    sink: SinkHandle,
    /// Keys of the next slice.
    keys: usize,
    done: bool,
}

/// A snapshot under way.
#[derive(Debug)]
pub struct Snapshot {
    parts: Vec<Part>,
    offsets: Offsets,
    /// Bytes of the RDB that have not been sent.
    bytes: Vec<u8>,
    at: usize,
    /// The shard whose keys came last.
    named: Option<usize>,
    checksum: Checksum,
    /// The end of the RDB has been written.
    ended: bool,
    chunk_bytes: usize,
}

impl Snapshot {
    /// Cuts: from here on every change of `shards` is in their streams from the offsets on, and none is in the
    /// snapshot. Starts recording where nobody did before. The caller holds no token.
    pub fn begin(primary: &Primary, shards: &[usize], generation: u64) -> Self {
        let held = primary.settings.held_bytes.load(Ordering::Relaxed);
        let mut guards = primary.shards.take_several(shards);
        let mut parts = Vec::with_capacity(shards.len());
        let mut offsets = Offsets::new();
        for (guard, &shard) in guards.iter_mut().zip(shards) {
            guard.settle();
            guard.open_stream();
            guard.stream.set_pinned_max(held);
            offsets.push(guard.stream.cut());
            let (sink, handle) = Sink::new(held);
            let walk = guard.partition.keyspace.start_walk(Box::new(sink));
            parts.push(Part { shard, walk, sink: handle, keys: SLICE_KEYS_FIRST, done: false });
        }
        drop(guards);
        let mut bytes = Vec::new();
        let (count, generation) = (format_u64(primary.shards.len() as u64), format_u64(generation));
        let fields: [(&[u8], &[u8]); 4] = [
            (b"kevy-ver", env!("CARGO_PKG_VERSION").as_bytes()),
            (b"redis-bits", b"64"),
            (b"shards", count.as_bytes()),
            (b"generation", generation.as_bytes()),
        ];
        write::begin(&mut bytes, &fields);
        let mut checksum = Checksum::default();
        checksum.update(&bytes);
        let chunk_bytes = primary.settings.chunk_bytes.load(Ordering::Relaxed).max(1);
        Self { parts, offsets, bytes, at: 0, named: None, checksum, ended: false, chunk_bytes }
    }

    /// The first frame of each shard that is not in the snapshot.
    pub fn offsets(&self) -> &[u64] {
        &self.offsets
    }

    /// Appends chunks, at most about `budget` bytes, and walks one slice at most. True once the end is in `out`.
    ///
    /// # Errors
    /// Why the snapshot cannot be completed: it is taken too slowly for what is written meanwhile.
    pub fn send(&mut self, primary: &Primary, out: &mut Vec<u8>, budget: usize) -> Result<bool, String> {
        self.check(primary)?;
        let end = out.len().saturating_add(budget);
        let mut walked = false;
        loop {
            while self.at < self.bytes.len() {
                let room = end.saturating_sub(out.len());
                if room == 0 {
                    return Ok(false);
                }
                self.send_chunk(out, room);
            }
            if self.ended {
                return Ok(true);
            }
            if self.collect() {
                continue;
            }
            let Some(part) = self.parts.iter_mut().find(|part| !part.done) else {
                self.checksum.end(&mut self.bytes);
                self.ended = true;
                continue;
            };
            if walked {
                return Ok(false);
            }
            walked = true;
            walk(primary, part);
        }
    }

    /// Fails where the replica is too slow.
    fn check(&self, primary: &Primary) -> Result<(), String> {
        for (part, offset) in self.parts.iter().zip(&self.offsets) {
            let first = primary.backlogs[part.shard].first_offset();
            if first > *offset {
                return Err(format!("the snapshot was taken too slowly: the backlog begins at {first}"));
            }
            if part.sink.has_overflowed() {
                return Err(
                    "the snapshot was taken too slowly: too many keys were written to meanwhile".into()
                );
            }
        }
        Ok(())
    }

    fn send_chunk(&mut self, out: &mut Vec<u8>, room: usize) {
        let len = (self.bytes.len() - self.at).min(self.chunk_bytes).min(room);
        out.push(b'$');
        out.extend_from_slice(format_u64(len as u64).as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.bytes[self.at..self.at + len]);
        out.extend_from_slice(b"\r\n");
        self.at += len;
    }

    /// Takes over what a walk has delivered, by itself or because of a write. False where there is nothing.
    fn collect(&mut self) -> bool {
        self.bytes.clear();
        self.at = 0;
        for part in &self.parts {
            // The shard is named again where another one's keys came in between.
            let name = Some(part.shard).filter(|shard| self.named != Some(*shard));
            if part.sink.take(&mut self.bytes, name) {
                self.named = Some(part.shard);
                self.checksum.update(&self.bytes);
                return true;
            }
        }
        false
    }

    /// Ends the walks that are not done.
    pub fn cancel(self, primary: &Primary) {
        for part in self.parts.iter().filter(|part| !part.done) {
            primary.shards.take(part.shard).partition.keyspace.cancel_walk(part.walk);
        }
    }
}

/// Walks one slice of a shard.
fn walk(primary: &Primary, part: &mut Part) {
    let mut guard = primary.shards.take(part.shard);
    part.sink.set_asked(true);
    part.done = guard.partition.keyspace.walk_step(part.walk, part.keys);
    part.sink.set_asked(false);
    guard.release_fairly();
    let bytes_per_key = part.sink.pending().div_ceil(part.keys).max(1);
    part.keys = (SLICE_BYTES / bytes_per_key).clamp(1, SLICE_KEYS_MAX).min(part.keys * 2);
}
