//! Reading a stream from an offset, on any thread, without the shard's token.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::resp::ArgVec;

use super::backlog::{Backlog, Gone, LogSegment, Place, SharedTransaction};
use super::frame;

/// What [`StreamReader::read`] came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// The budget is used up.
    More,
    /// Everything published has been copied.
    End,
    /// The next frame begins a transaction over several shards: see [`StreamReader::barrier`].
    Barrier,
}

/// A transaction over several shards that a reader has come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Barrier {
    pub transaction: u64,
    pub shards: SmallVec<[usize; 4]>,
}

/// Consecutive whole units that a reader stands before, to be looked at where they are.
#[derive(Clone, Debug)]
pub struct Units {
    segment: Arc<LogSegment>,
    from: usize,
    to: usize,
}

impl Units {
    /// The frames as they are in the stream.
    pub fn bytes(&self) -> &[u8] {
        self.segment.bytes.bytes().get(self.from..self.to).unwrap_or_default()
    }
}

/// What a reader stands before.
#[derive(Clone, Debug)]
pub enum Ahead {
    /// Nothing is published.
    End,
    Units(Units),
    /// A transaction over several shards: see [`StreamReader::barrier`].
    Barrier(Units),
}

/// A place in a stream. It holds on to one segment at most, however far it lags.
#[derive(Debug)]
pub struct StreamReader {
    backlog: Arc<Backlog>,
    segment: Option<Arc<LogSegment>>,
    /// Bytes of the segment already copied.
    at: usize,
    /// Where the unit that is being copied in pieces ends.
    unit: Option<Place>,
    /// The offset of the next frame to copy, or of the first of the unit that is being copied.
    next: u64,
    /// The next transaction over several shards in the segment, by its number there.
    shared: usize,
    /// The last such transaction that was passed.
    transaction: u64,
    /// The transaction with number `shared`, once it has been looked up.
    found: Option<SharedTransaction>,
}

impl StreamReader {
    /// A reader that begins with the frame at `offset`.
    pub fn at(backlog: Arc<Backlog>, offset: u64) -> Result<Self, Gone> {
        let mut reader = Self {
            segment: None,
            at: 0,
            unit: None,
            next: offset,
            shared: 0,
            transaction: 0,
            found: None,
            backlog,
        };
        reader.backlog.check(offset)?;
        if let Some(segment) = reader.backlog.find(offset)? {
            reader.at = seek(&segment, offset)?;
            (reader.shared, reader.transaction) = segment.transactions_before(reader.at);
            reader.segment = Some(segment);
        }
        Ok(reader)
    }

    /// The offset of the next frame to copy.
    pub fn next_offset(&self) -> u64 {
        self.next
    }

    /// The offset before which every frame has been copied, of some perhaps only a part.
    pub fn begun_offset(&self) -> u64 {
        match (self.unit, &self.segment) {
            (Some(end), Some(segment)) => segment.first + u64::from(end.frames),
            _ => self.next,
        }
    }

    /// True inside a unit that is longer than a budget: nothing may be sent in between.
    pub fn is_inside_unit(&self) -> bool {
        self.unit.is_some()
    }

    /// The number of the last transaction over several shards that was passed.
    pub fn last_transaction(&self) -> u64 {
        self.transaction
    }

    /// The transaction over several shards that the reader stands before.
    pub fn barrier(&mut self) -> Option<Barrier> {
        if self.unit.is_some() {
            return None;
        }
        self.look_ahead();
        let found = self.found.as_ref().filter(|found| found.start.bytes == self.at)?;
        Some(Barrier { transaction: found.transaction, shards: found.shards.clone() })
    }

    /// Appends whole units, at most `budget` bytes, up to the next transaction over several shards.
    ///
    /// A unit that is longer comes in pieces, one a call, and nothing else with its last piece.
    ///
    /// # Errors
    /// Where the backlog no longer has the frame; nothing was appended then.
    pub fn read(&mut self, out: &mut Vec<u8>, budget: usize) -> Result<Progress, Gone> {
        self.copy(out, budget, true, u64::MAX)
    }

    /// As [`StreamReader::read`], up to what has the stamp `below` or a later one.
    pub fn read_below(&mut self, out: &mut Vec<u8>, budget: usize, below: u64) -> Result<Progress, Gone> {
        self.copy(out, budget, true, below)
    }

    /// The stamp of what comes next; `None` where nothing is published.
    ///
    /// # Errors
    /// As [`StreamReader::read`].
    pub fn stamp(&mut self) -> Result<Option<u64>, Gone> {
        if !self.enter_segment()? {
            return Ok(None);
        }
        Ok(self.segment.as_ref().map(|segment| segment.stamp_at(self.at)))
    }

    /// As [`StreamReader::read`], taking transactions over several shards for frames like any others.
    pub fn read_through(&mut self, out: &mut Vec<u8>, budget: usize) -> Result<Progress, Gone> {
        self.copy(out, budget, false, u64::MAX)
    }

    /// Appends the transaction that [`StreamReader::barrier`] told of, or as much of it as `budget` allows:
    /// [`StreamReader::read`] continues.
    pub fn read_transaction(&mut self, out: &mut Vec<u8>, budget: usize) {
        self.look_ahead();
        if let Some(found) = self.found.as_ref().filter(|found| found.start.bytes == self.at) {
            self.unit = Some(found.end);
            self.copy_unit(out, budget);
        }
    }

    /// What comes next, without copying it: units of one segment, up to the next transaction over several shards where
    /// `stops` at these. Nothing may be under way in pieces.
    ///
    /// # Errors
    /// As [`StreamReader::read`].
    pub fn ahead(&mut self, stops: bool) -> Result<Ahead, Gone> {
        if !self.enter_segment()? {
            return Ok(Ahead::End);
        }
        let Some(segment) = self.segment.clone() else { return Ok(Ahead::End) };
        // Loaded first: whatever the writer noted about these bytes can then be seen.
        let mut to = segment.bytes.published().len;
        let from = self.at;
        if stops {
            self.look_ahead();
            if let Some(found) = &self.found {
                if found.start.bytes == from {
                    return Ok(Ahead::Barrier(Units { segment, from, to: found.end.bytes }));
                }
                to = to.min(found.start.bytes);
            }
        }
        Ok(Ahead::Units(Units { segment, from, to }))
    }

    /// Goes past units that [`StreamReader::ahead`] told of: `bytes` with `frames` frames.
    pub fn pass(&mut self, bytes: usize, frames: u32) {
        if let Some(target) = self.place_behind(bytes, frames) {
            self.stand_at(target);
        }
    }

    /// Appends a unit that [`StreamReader::ahead`] told of, or as much of it as `budget` allows:
    /// [`StreamReader::read`] continues.
    pub fn read_unit(&mut self, out: &mut Vec<u8>, budget: usize, bytes: usize, frames: u32) {
        self.unit = self.place_behind(bytes, frames);
        self.copy_unit(out, budget);
    }

    fn place_behind(&self, bytes: usize, frames: u32) -> Option<Place> {
        let before = u32::try_from(self.next - self.segment.as_ref()?.first).ok()?;
        Some(Place { bytes: self.at + bytes, frames: before + frames })
    }

    fn copy(&mut self, out: &mut Vec<u8>, budget: usize, stop: bool, below: u64) -> Result<Progress, Gone> {
        if self.unit.is_some() {
            self.copy_unit(out, budget);
            return Ok(Progress::More);
        }
        let end = out.len().saturating_add(budget);
        loop {
            if !self.enter_segment()? {
                return Ok(Progress::End);
            }
            let Some(segment) = &self.segment else { return Ok(Progress::End) };
            // Loaded first: whatever the writer noted about these bytes can then be seen.
            let mut limit = Place::from(segment.bytes.published());
            if below < u64::MAX
                && let Some(place) = segment.place_of_stamp(below).filter(|place| place.bytes < limit.bytes)
            {
                if place.bytes <= self.at {
                    return Ok(Progress::End);
                }
                limit = place;
            }
            if stop {
                self.look_ahead();
            }
            if stop && let Some(found) = &self.found {
                if found.start.bytes == self.at {
                    return Ok(Progress::Barrier);
                }
                if found.start.bytes < limit.bytes {
                    limit = found.start;
                }
            }
            if limit.bytes == self.at {
                continue;
            }
            let room = end.saturating_sub(out.len());
            if room == 0 {
                return Ok(Progress::More);
            }
            let Some(segment) = &self.segment else { return Ok(Progress::End) };
            let target = if limit.bytes - self.at <= room {
                limit
            } else if let Some(mark) = segment.last_mark(self.at, self.at + room) {
                mark
            } else {
                // The next unit is longer than the budget.
                self.unit = Some(segment.next_mark(self.at, limit.bytes).unwrap_or(limit));
                self.copy_unit(out, room);
                return Ok(Progress::More);
            };
            self.take(out, target);
        }
    }

    /// Copies up to `target` and stands there.
    fn take(&mut self, out: &mut Vec<u8>, target: Place) {
        let Some(segment) = &self.segment else { return };
        out.extend_from_slice(&segment.bytes.bytes()[self.at..target.bytes]);
        self.stand_at(target);
    }

    fn stand_at(&mut self, target: Place) {
        let Some(segment) = &self.segment else { return };
        self.at = target.bytes;
        self.next = segment.first + u64::from(target.frames);
        if self.found.as_ref().is_some_and(|found| found.end.bytes <= self.at) {
            self.found = None;
        }
        while let Some(found) = segment.transaction(self.shared)
            && found.end.bytes <= self.at
        {
            self.transaction = found.transaction;
            self.shared += 1;
        }
    }

    /// Copies a piece of the unit under way.
    fn copy_unit(&mut self, out: &mut Vec<u8>, room: usize) {
        let (Some(end), Some(segment)) = (self.unit, &self.segment) else { return };
        if end.bytes - self.at <= room {
            self.unit = None;
            self.take(out, end);
        } else {
            out.extend_from_slice(&segment.bytes.bytes()[self.at..self.at + room]);
            self.at += room;
        }
    }

    /// Moves to the next segment at the end of one. False where nothing more is published.
    fn enter_segment(&mut self) -> Result<bool, Gone> {
        loop {
            if let Some(segment) = &self.segment {
                // Asked first: what a sealed segment shows afterwards is all it will ever hold.
                let sealed = segment.is_sealed();
                if self.at < segment.bytes.published().len {
                    return Ok(true);
                }
                if !sealed {
                    return Ok(false);
                }
            }
            let Some(segment) = self.backlog.find(self.next)? else { return Ok(false) };
            if self.segment.as_ref().is_some_and(|old| Arc::ptr_eq(old, &segment)) {
                return Ok(false);
            }
            (self.at, self.shared, self.found) = (0, 0, None);
            self.segment = Some(segment);
        }
    }

    /// Looks up the next transaction over several shards in the segment.
    fn look_ahead(&mut self) {
        if self.found.is_none() {
            self.found = self.segment.as_ref().and_then(|segment| segment.transaction(self.shared));
        }
    }
}

/// Where in `segment` the frame at `offset` starts.
fn seek(segment: &LogSegment, offset: u64) -> Result<usize, Gone> {
    let bytes = segment.bytes.bytes();
    let frames = u32::try_from(offset - segment.first).unwrap_or(u32::MAX);
    let Place { bytes: mut at, frames: mut passed } = segment.mark_of_frame(frames);
    let mut args = ArgVec::new();
    let mut in_transaction = false;
    while passed < frames {
        let Some(len) = bytes.get(at..).and_then(|rest| frame::measure(rest, &mut args)) else {
            // The offset is announced before its bytes are published; the reader waits for them here.
            break;
        };
        match args.first() {
            Some(&b"MULTI") => in_transaction = true,
            Some(&b"EXEC") => in_transaction = false,
            _ => {}
        }
        at += len;
        passed += 1;
    }
    if in_transaction { Err(Gone::InsideTransaction { offset }) } else { Ok(at) }
}
