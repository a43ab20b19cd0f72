//! A consistent cut of several shards, turned into the bytes of one RDB stream a slice at a time.

use std::sync::Arc;

use crate::snapshot::{Chosen, Format, Sink, SinkHandle, WalkId};

use super::{Shard, Shards};

/// How much of a shard is walked with its token held: about so many bytes, in so many keys at most, which takes some
/// tens of microseconds. The first slice, when nothing is known of the keys, has a few.
const SLICE_BYTES: usize = 32 << 10;
const SLICE_KEYS_FIRST: usize = 4;
const SLICE_KEYS_MAX: usize = 128;

/// The version of a stream whose values ask for none.
const VERSION_MIN: u16 = 9;

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

/// What a step came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// There are entries to be taken, or will be after more steps.
    More,
    /// Every key has been delivered and taken.
    Done,
}

/// Shards as they were at one instant, until they have been walked.
#[derive(Debug)]
pub struct Cut {
    parts: Vec<Part>,
    /// The shard whose entries came last.
    named: Option<usize>,
    /// Whether the stream says which shard entries are from.
    names_shards: bool,
    /// The libraries of functions, where shard 0 is cut.
    functions: Vec<Arc<[u8]>>,
}

impl Cut {
    /// Cuts `members`, which ascend; the caller holds no token. `note` is called for each shard at the instant of the
    /// cut. At most `held_bytes` of what is written to meanwhile are held in memory. Values are written
    /// as `format` says.
    pub fn begin(
        shards: &Shards,
        members: &[usize],
        held_bytes: usize,
        format: Format,
        note: impl FnMut(&mut Shard),
    ) -> Self {
        Self::begin_chosen(shards, members, held_bytes, format, None, note)
    }

    /// As [`Cut::begin`], of the keys that are `chosen`, or all.
    pub fn begin_chosen(
        shards: &Shards,
        members: &[usize],
        held_bytes: usize,
        format: Format,
        chosen: Option<Chosen>,
        mut note: impl FnMut(&mut Shard),
    ) -> Self {
        let mut guards = shards.take_several(members);
        let mut parts = Vec::with_capacity(members.len());
        let mut functions = Vec::new();
        for (guard, &shard) in guards.iter_mut().zip(members) {
            guard.settle();
            note(guard);
            functions.extend(guard.partition.functions.iter().map(|(_, code)| code.clone()));
            let (sink, handle) = Sink::new(held_bytes, format, chosen.clone());
            let walk = guard.partition.keyspace.start_walk(Box::new(sink));
            parts.push(Part { shard, walk, sink: handle, keys: SLICE_KEYS_FIRST, done: false });
            guard.stream.notify();
        }
        Self { parts, named: None, names_shards: false, functions }
    }

    /// The sources of the libraries of functions, which belong before the keys.
    pub fn functions(&self) -> &[Arc<[u8]>] {
        &self.functions
    }

    /// The same cut, whose stream says which shard entries are from.
    #[must_use]
    pub fn naming_shards(mut self) -> Self {
        self.names_shards = true;
        self
    }

    /// The version of RDB that a reader of everything delivered so far has to know.
    pub fn version(&self) -> u16 {
        self.parts.iter().map(|part| part.sink.version()).fold(VERSION_MIN, u16::max)
    }

    /// True where more was written to meanwhile than is held: the cut cannot be completed.
    pub fn has_overflowed(&self) -> bool {
        self.parts.iter().any(|part| part.sink.has_overflowed())
    }

    /// Keys of which the format left something out, so far.
    pub fn reduced(&self) -> u64 {
        self.parts.iter().map(|part| part.sink.reduced()).sum()
    }

    /// Keys that were delivered so far.
    pub fn keys(&self) -> u64 {
        self.parts.iter().map(|part| part.sink.keys()).sum()
    }

    /// Puts entries into `out`, which is empty: those of one shard that a walk has delivered, by itself or because of a
    /// write. False where there is nothing.
    pub fn collect(&mut self, out: &mut Vec<u8>) -> bool {
        for part in &self.parts {
            // The shard is named again where another one's keys came in between.
            let name = Some(part.shard).filter(|shard| self.names_shards && self.named != Some(*shard));
            if part.sink.take(out, name) {
                self.named = Some(part.shard);
                return true;
            }
        }
        false
    }

    /// Walks one slice of one shard. The caller holds no token.
    pub fn step(&mut self, shards: &Shards) -> Progress {
        let Some(part) = self.parts.iter_mut().find(|part| !part.done) else {
            return if self.parts.iter().any(|part| part.sink.pending() > 0) {
                Progress::More
            } else {
                Progress::Done
            };
        };
        let mut guard = shards.take(part.shard);
        part.sink.set_asked(true);
        part.done = guard.partition.keyspace.walk_step(part.walk, part.keys);
        part.sink.set_asked(false);
        guard.release_fairly();
        let bytes_per_key = part.sink.pending().div_ceil(part.keys).max(1);
        part.keys = (SLICE_BYTES / bytes_per_key).clamp(1, SLICE_KEYS_MAX).min(part.keys * 2);
        Progress::More
    }

    /// Ends the walks that are not done. The caller holds no token.
    pub fn cancel(self, shards: &Shards) {
        for part in self.parts.iter().filter(|part| !part.done) {
            shards.take(part.shard).partition.keyspace.cancel_walk(part.walk);
        }
    }
}
