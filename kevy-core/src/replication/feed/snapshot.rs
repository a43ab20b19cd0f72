//! A snapshot on its way to a replica: a consistent cut of its shards, walked as fast as the replica takes it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::base::number::format_u64;
use crate::shard::{Cut, Progress};
use crate::snapshot::Format;
use crate::snapshot::write::{self, Checksum};

use super::super::primary::Primary;
use super::super::selection::Selection;
use super::super::wire::Offsets;

/// A snapshot under way.
#[derive(Debug)]
pub struct Snapshot {
    cut: Cut,
    /// The shards that are in it, in the order of `offsets`.
    shards: Vec<usize>,
    offsets: Offsets,
    /// Bytes of the RDB that have not been sent.
    bytes: Vec<u8>,
    at: usize,
    checksum: Checksum,
    /// The end of the RDB has been written.
    ended: bool,
    chunk_bytes: usize,
}

impl Snapshot {
    /// Cuts: from here on every change of `shards` is in their streams from the offsets on, and none is in the
    /// snapshot, which holds what is selected. Starts recording where nobody did before. The caller holds no token.
    pub fn begin(primary: &Primary, shards: &[usize], generation: u64, selection: &Arc<Selection>) -> Self {
        let held = primary.settings.held_bytes.load(Ordering::Relaxed);
        let mut offsets = Offsets::new();
        primary.note_recorded();
        let cut =
            Cut::begin_chosen(&primary.shards, shards, held, Format::PLAIN, selection.chosen(), |shard| {
                shard.open_stream();
                shard.stream.set_pinned_max(held);
                offsets.push(shard.stream.cut());
            })
            .naming_shards();
        let mut bytes = Vec::new();
        let (count, generation) = (format_u64(primary.shards.len() as u64), format_u64(generation));
        let fields: [(&[u8], &[u8]); 4] = [
            (b"kevy-ver", env!("CARGO_PKG_VERSION").as_bytes()),
            (b"redis-bits", b"64"),
            (b"shards", count.as_bytes()),
            (b"generation", generation.as_bytes()),
        ];
        write::begin(&mut bytes, &fields);
        write::functions(&mut bytes, cut.functions());
        let mut checksum = Checksum::default();
        checksum.update(&bytes);
        let chunk_bytes = primary.settings.chunk_bytes.load(Ordering::Relaxed).max(1);
        Self { cut, shards: shards.to_vec(), offsets, bytes, at: 0, checksum, ended: false, chunk_bytes }
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
            if walked {
                return Ok(false);
            }
            walked = true;
            if self.cut.step(&primary.shards) == Progress::Done {
                self.checksum.end(&mut self.bytes);
                self.ended = true;
            }
        }
    }

    /// Fails where the replica is too slow.
    fn check(&self, primary: &Primary) -> Result<(), String> {
        for (shard, offset) in self.shards.iter().zip(&self.offsets) {
            let first = primary.backlogs[*shard].first_offset();
            if first > *offset {
                return Err(format!("the snapshot was taken too slowly: the backlog begins at {first}"));
            }
        }
        if self.cut.has_overflowed() {
            return Err("the snapshot was taken too slowly: too many keys were written to meanwhile".into());
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

    /// Takes over what walks have delivered. False where there is nothing.
    fn collect(&mut self) -> bool {
        self.bytes.clear();
        self.at = 0;
        let is_something = self.cut.collect(&mut self.bytes);
        self.checksum.update(&self.bytes);
        is_something
    }

    /// Ends the walks that are not done.
    pub fn cancel(self, primary: &Primary) {
        self.cut.cancel(&primary.shards);
    }
}
