//! The frames of a link's shards, interleaved so that no transaction is ahead of its parts on other shards.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::log::{Ahead, Gone, Progress, StreamReader};

use super::super::selection::Selection;
use super::super::wire::Line;
use super::part::{Kept, LOOK_BYTES, Part, unit_of};

/// Bytes of one shard that are sent before another shard gets its turn.
const RUN_BYTES: usize = 64 << 10;
/// Fewer bytes than this are not worth a `+SHARD` line; a smaller budget is taken for this one.
const BUDGET_MIN: usize = 64;

/// The streams of one link.
#[derive(Debug)]
pub struct Streams {
    readers: Vec<StreamReader>,
    /// The shards' numbers.
    shards: SmallVec<[usize; 8]>,
    mux: bool,
    /// Whose turn it is.
    turn: usize,
    /// Whose frames the replica takes the next ones for.
    named: Option<usize>,
    /// What is sent, where that is not everything.
    part: Option<Box<Part>>,
}

/// How far [`Streams::send`] has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progressed {
    /// Something was appended, unless the budget is 0, and more may be there.
    More,
    /// Much was looked at, and more may be there.
    Looked,
    End,
}

impl Streams {
    /// Streams whose readers stand where the replica does.
    pub fn new(readers: Vec<StreamReader>, shards: &[usize], mux: bool) -> Self {
        Self { readers, shards: shards.into(), mux, turn: 0, named: (!mux).then_some(0), part: None }
    }

    /// The same streams, of which a part is sent.
    #[must_use]
    pub fn only(mut self, selection: &Arc<Selection>) -> Self {
        if !selection.is_all() {
            self.part = Some(Box::new(Part::new(Arc::clone(selection), self.offsets().collect())));
        }
        self
    }

    /// The frame of each shard that the replica expects: what lies between it and the next one was left out. `None` where
    /// nothing is left out.
    pub fn expected(&self) -> Option<&[u64]> {
        self.part.as_ref().map(|part| &part.expected[..])
    }

    /// Takes note that the replica was told the next frame of each shard.
    pub fn set_told(&mut self) {
        let offsets: Vec<u64> = self.offsets().collect();
        if let Some(part) = &mut self.part {
            part.expected = offsets;
        }
    }

    /// The next frame of each shard.
    pub fn offsets(&self) -> impl Iterator<Item = u64> + '_ {
        self.readers.iter().map(StreamReader::next_offset)
    }

    /// The frame of each shard before which none has been left out, though some may have been sent in part only.
    pub fn begun_offsets(&self) -> impl Iterator<Item = u64> + '_ {
        self.readers.iter().map(StreamReader::begun_offset)
    }

    /// True where a part of a frame has been sent, and its rest has to follow.
    pub fn is_inside_unit(&self) -> bool {
        self.readers.iter().any(StreamReader::is_inside_unit)
            || self.part.as_ref().is_some_and(|part| part.is_inside_unit())
    }

    /// Appends frames, at most about `budget` bytes.
    ///
    /// # Errors
    /// Why the replica has to begin anew: the backlog has lost frames that it has not been sent, or what became of a key
    /// that it follows is not told.
    pub fn send(&mut self, out: &mut Vec<u8>, budget: usize) -> Result<Progressed, String> {
        if budget == 0 {
            return Ok(Progressed::More);
        }
        let end = out.len().saturating_add(budget.max(BUDGET_MIN));
        let (mut quiet, mut looked) = (0, 0);
        while quiet < self.readers.len() {
            let room = end.saturating_sub(out.len());
            if room < BUDGET_MIN && room < budget {
                return Ok(Progressed::More);
            }
            if looked >= LOOK_BYTES {
                return Ok(Progressed::Looked);
            }
            let before = out.len();
            let passed = if self.part.is_some() {
                self.send_part(out, room.min(RUN_BYTES))?
            } else {
                self.send_run(out, room.min(RUN_BYTES))?;
                0
            };
            looked += passed;
            quiet = if out.len() > before || passed > 0 { 0 } else { quiet + 1 };
            // The rest of a frame follows its beginning on the wire.
            let is_inside = self.part.as_ref().is_some_and(|part| part.is_inside_unit());
            if !is_inside && !self.readers[self.turn].is_inside_unit() {
                self.turn = (self.turn + 1) % self.readers.len();
            }
        }
        Ok(Progressed::End)
    }

    /// Looks through frames of the shard whose turn it is, up to the next transaction over several shards or to the end of
    /// that, and appends those that concern the replica. How many bytes were passed.
    fn send_part(&mut self, out: &mut Vec<u8>, budget: usize) -> Result<usize, String> {
        let (before, at) = (out.len(), self.turn);
        if self.named != Some(at) {
            Line::Shard(self.shards[at]).write(out);
        }
        let start = out.len();
        let room = budget.saturating_sub(start - before);
        let passed = self.send_units(out, room);
        if out.len() == start {
            out.truncate(before);
        } else {
            self.named = Some(at);
        }
        passed
    }

    fn send_units(&mut self, out: &mut Vec<u8>, room: usize) -> Result<usize, String> {
        let (start, at) = (out.len(), self.turn);
        let gone = |gone: Gone| gone.to_string();
        if self.readers[at].is_inside_unit() {
            self.readers[at].read_through(out, room).map_err(gone)?;
            return Ok(out.len() - start);
        }
        if let Some(part) = self.part.as_mut().filter(|part| part.is_inside_unit()) {
            part.send_pending(out, room);
            return Ok(out.len() - start);
        }
        let (units, is_sent) = match self.readers[at].ahead(self.mux).map_err(gone)? {
            Ahead::End => return Ok(0),
            Ahead::Units(units) => (units, false),
            Ahead::Barrier(_) if !self.may_pass(at) => return Ok(0),
            Ahead::Barrier(units) => (units, self.decide(at)),
        };
        let Some(part) = &mut self.part else { return Ok(0) };
        let reader = &mut self.readers[at];
        let bytes = units.bytes();
        let mut passed = 0;
        while passed < LOOK_BYTES
            && let Some(unit) = bytes.get(passed..).and_then(unit_of)
        {
            let left = room.saturating_sub(out.len() - start);
            let kept = part.keep(&bytes[passed..], unit, is_sent).map_err(|offset| {
                format!(
                    "shard {}: the effect at offset {offset} was recorded for whole copies only",
                    self.shards[at]
                )
            })?;
            let (len, is_long) = match kept {
                Kept::Nothing => (0, false),
                Kept::Whole => (unit.bytes, unit.bytes > left),
                Kept::Some(other) => (other.len(), other.len() > left),
            };
            if is_long && out.len() > start {
                // It is looked at again with more room.
                break;
            }
            passed += unit.bytes;
            match kept {
                Kept::Nothing => reader.pass(unit.bytes, unit.frames),
                Kept::Whole if is_long => reader.read_unit(out, left, unit.bytes, unit.frames),
                Kept::Whole => {
                    out.extend_from_slice(&bytes[passed - unit.bytes..passed]);
                    reader.pass(unit.bytes, unit.frames);
                }
                Kept::Some(_) if is_long => {
                    part.defer();
                    part.send_pending(out, left);
                    reader.pass(unit.bytes, unit.frames);
                }
                Kept::Some(other) => {
                    out.extend_from_slice(other);
                    reader.pass(unit.bytes, unit.frames);
                }
            }
            if len > 0 {
                part.expected[at] = reader.begun_offset();
            }
            if is_long {
                break;
            }
        }
        Ok(passed)
    }

    /// Whether anything is sent of the transaction over several shards that `at` stands before. The first of its shards
    /// to pass it looks at all of them.
    fn decide(&mut self, at: usize) -> bool {
        let Some(part) = &mut self.part else { return false };
        let Some(barrier) = self.readers[at].barrier() else { return false };
        if let Some(is_sent) = part.decision(barrier.transaction) {
            return is_sent;
        }
        let (mut is_sent, mut others) = (false, 0);
        for &shard in &barrier.shards {
            let Some(reader) = self.readers.get_mut(shard) else { continue };
            if reader.barrier().is_none_or(|there| there.transaction != barrier.transaction) {
                continue;
            }
            others += usize::from(shard != at);
            if let Ok(Ahead::Barrier(units)) = reader.ahead(true) {
                is_sent |= part.concerns(units.bytes());
            }
        }
        part.decide(barrier.transaction, is_sent, others);
        is_sent
    }

    /// Appends frames of the shard whose turn it is.
    fn send_run(&mut self, out: &mut Vec<u8>, budget: usize) -> Result<(), String> {
        let before = out.len();
        let at = self.turn;
        if self.named != Some(at) {
            Line::Shard(self.shards[at]).write(out);
        }
        let start = out.len();
        let room = budget.saturating_sub(start - before);
        if !self.mux {
            self.readers[at].read_through(out, room).map_err(|gone| gone.to_string())?;
        } else if self.readers[at].read(out, room).map_err(|gone| gone.to_string())? == Progress::Barrier
            && out.len() == start
            && self.may_pass(at)
        {
            self.readers[at].read_transaction(out, room);
        }
        if out.len() == start {
            out.truncate(before);
        } else {
            self.named = Some(at);
        }
        Ok(())
    }

    /// True where every shard of the transaction that `at` stands before has come to it as well, so that all parts
    /// follow each other closely and the replica need not hold back much.
    fn may_pass(&mut self, at: usize) -> bool {
        let Some(barrier) = self.readers[at].barrier() else { return true };
        barrier.shards.iter().all(|&shard| match self.readers.get_mut(shard) {
            Some(other) => {
                other.last_transaction() >= barrier.transaction
                    || other.barrier().is_some_and(|there| there.transaction == barrier.transaction)
            }
            None => true,
        })
    }
}
