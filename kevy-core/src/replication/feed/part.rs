//! What a replica that follows a part of the keyspace is sent of a shard's frames, looked at where they are.

use std::sync::Arc;

use crate::log::frame;
use crate::resp::ArgVec;

use super::super::selection::{Selection, Verdict};

/// Bytes of frames that are looked at before others have their turn.
pub const LOOK_BYTES: usize = 256 << 10;

/// A transaction over several shards of which some parts have not been passed.
#[derive(Debug)]
struct Decided {
    transaction: u64,
    /// Something of it is sent, and so all its parts.
    is_sent: bool,
    parts: usize,
}

/// What is sent of the frames of a link, and how much of the rest the replica has been told.
#[derive(Debug)]
pub struct Part {
    selection: Arc<Selection>,
    /// The frame of each shard that the replica expects.
    pub expected: Vec<u64>,
    decided: Vec<Decided>,
    /// A unit of which something was left out, to be sent in pieces.
    pending: Vec<u8>,
    pending_at: usize,
    /// Where units are put together.
    scratch: Vec<u8>,
}

/// What stands at the start of some frames: one of them, or a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    pub bytes: usize,
    pub frames: u32,
    /// The offset of its last frame.
    last: u64,
    is_transaction: bool,
}

/// What is sent of a unit.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept<'a> {
    Whole,
    Nothing,
    /// Other bytes.
    Some(&'a [u8]),
}

impl Part {
    /// The part of streams whose next frames are those at `offsets`.
    pub fn new(selection: Arc<Selection>, offsets: Vec<u64>) -> Self {
        Self {
            selection,
            expected: offsets,
            decided: Vec::new(),
            pending: Vec::new(),
            pending_at: 0,
            scratch: Vec::new(),
        }
    }

    /// True where a unit has been sent in part.
    pub fn is_inside_unit(&self) -> bool {
        self.pending_at < self.pending.len()
    }

    /// Appends a piece of the unit under way.
    pub fn send_pending(&mut self, out: &mut Vec<u8>, room: usize) {
        let end = self.pending.len().min(self.pending_at.saturating_add(room));
        out.extend_from_slice(&self.pending[self.pending_at..end]);
        self.pending_at = end;
        if !self.is_inside_unit() {
            (self.pending, self.pending_at) = (Vec::new(), 0);
        }
    }

    /// Sends the unit that was put together last in pieces.
    pub fn defer(&mut self) {
        (self.pending, self.pending_at) = (std::mem::take(&mut self.scratch), 0);
    }

    /// Whether anything is sent of a transaction over several shards, as decided when all of them had come to it.
    pub fn decision(&mut self, transaction: u64) -> Option<bool> {
        let at = self.decided.iter().position(|decided| decided.transaction == transaction)?;
        let decided = &mut self.decided[at];
        decided.parts = decided.parts.saturating_sub(1);
        let is_sent = decided.is_sent;
        if decided.parts == 0 {
            self.decided.swap_remove(at);
        }
        Some(is_sent)
    }

    /// Notes a decision for as many parts as are still to be passed.
    pub fn decide(&mut self, transaction: u64, is_sent: bool, parts: usize) {
        if parts > 0 {
            self.decided.push(Decided { transaction, is_sent, parts });
        }
    }

    /// Whether anything of the frames in `bytes` concerns the replica.
    pub fn concerns(&self, bytes: &[u8]) -> bool {
        let mut args = ArgVec::new();
        let mut at = 0;
        while let Some((_, _, len)) = bytes.get(at..).and_then(|rest| frame::split(rest, &mut args)) {
            if !is_framing(&args) && self.selection.judge(&args) != Verdict::Without {
                return true;
            }
            at += len;
        }
        false
    }

    /// What is sent of the unit at the start of `bytes`; of a transaction in any case something where `is_sent`. `None` where
    /// it cannot be told, with the offset of the effect.
    pub fn keep(&mut self, bytes: &[u8], unit: Unit, is_sent: bool) -> Result<Kept<'_>, u64> {
        self.scratch.clear();
        let mut args = ArgVec::new();
        let (mut at, mut is_whole, mut is_some) = (0, true, is_sent);
        let mut select: Option<&[u8]> = None;
        while at < unit.bytes
            && let Some((offset, start, len)) = bytes.get(at..).and_then(|rest| frame::split(rest, &mut args))
        {
            let (before, frame) = (&bytes[..at], &bytes[at..at + len]);
            at += len;
            let verdict = if is_framing(&args) {
                if args.first() == Some(&&b"SELECT"[..]) {
                    select = frame.get(start..);
                    is_some |= !unit.is_transaction;
                }
                Verdict::Whole
            } else {
                let verdict = self.selection.judge(&args);
                is_some |= verdict != Verdict::Without;
                verdict
            };
            // Nothing is copied before something differs.
            if is_whole && verdict != Verdict::Whole {
                is_whole = false;
                self.scratch.extend_from_slice(before);
            }
            match verdict {
                Verdict::Whole if is_whole => {}
                Verdict::Whole => self.scratch.extend_from_slice(frame),
                Verdict::Without => {}
                Verdict::Instead(argv) => {
                    self.scratch.extend_from_slice(frame::Head::new(offset).as_bytes());
                    self.scratch.extend_from_slice(&argv);
                }
                Verdict::Untold => return Err(offset),
            }
        }
        if is_some {
            return Ok(if is_whole { Kept::Whole } else { Kept::Some(&self.scratch) });
        }
        self.scratch.clear();
        // What follows the transaction is for the database that was selected within.
        let Some(select) = select else { return Ok(Kept::Nothing) };
        self.scratch.extend_from_slice(frame::Head::new(unit.last).as_bytes());
        self.scratch.extend_from_slice(select);
        Ok(Kept::Some(&self.scratch))
    }
}

/// Frames that say how others are to be taken.
fn is_framing(args: &[&[u8]]) -> bool {
    matches!(args.first(), Some(&(b"MULTI" | b"EXEC" | b"SELECT")))
}

/// The unit at the start of `bytes`, which hold whole units; `None` at their end.
pub fn unit_of(bytes: &[u8]) -> Option<Unit> {
    let mut args = ArgVec::new();
    let (last, _, len) = frame::split(bytes, &mut args)?;
    let mut unit = Unit { bytes: len, frames: 1, last, is_transaction: args.first() == Some(&&b"MULTI"[..]) };
    while unit.is_transaction && args.first() != Some(&&b"EXEC"[..]) {
        let (last, _, len) = frame::split(bytes.get(unit.bytes..)?, &mut args)?;
        unit = Unit { bytes: unit.bytes + len, frames: unit.frames + 1, last, ..unit };
    }
    Some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(first: u64, lines: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            bytes.extend_from_slice(frame::Head::new(first + at as u64).as_bytes());
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            crate::resp::encode_command(&mut bytes, &words);
        }
        bytes
    }

    fn keep(lines: &[&str], is_sent: bool) -> Result<Option<Vec<u8>>, u64> {
        let selection = Selection { prefixes: vec![b"a".to_vec()], kinds: Vec::new() };
        let mut part = Part::new(Arc::new(selection), vec![0]);
        let bytes = frames(7, lines);
        let unit = unit_of(&bytes).expect("a unit");
        assert_eq!((unit.bytes, unit.frames as usize), (bytes.len(), lines.len()));
        part.keep(&bytes, unit, is_sent).map(|kept| match kept {
            Kept::Whole => Some(bytes),
            Kept::Nothing => None,
            Kept::Some(other) => Some(other.to_vec()),
        })
    }

    #[test]
    fn a_transaction_is_sent_without_what_does_not_concern_the_replica() {
        let all = ["MULTI", "SET a 1", "EXEC"];
        assert_eq!(keep(&all, false), Ok(Some(frames(7, &all))));
        let left = [frames(7, &["MULTI"]), frames(9, &["SET a 1", "EXEC"])].concat();
        assert_eq!(keep(&["MULTI", "SET b 1", "SET a 1", "EXEC"], false), Ok(Some(left)));
        let rewritten = frames(7, &["MULTI", "DEL a", "EXEC"]);
        assert_eq!(keep(&["MULTI", "DEL a b", "EXEC"], false), Ok(Some(rewritten)));
        assert_eq!(keep(&["MULTI", "RENAME b a", "EXEC"], false), Err(8));
    }

    #[test]
    fn a_transaction_that_does_not_concern_the_replica_vanishes_but_for_its_database() {
        assert_eq!(keep(&["MULTI", "SET b 1", "EXEC"], false), Ok(None));
        let select = frames(10, &["SELECT 3"]);
        assert_eq!(keep(&["MULTI", "SELECT 3", "SET b 1", "EXEC"], false), Ok(Some(select)));
        let hollow = [frames(7, &["MULTI 4 0 1"]), frames(9, &["EXEC"])].concat();
        assert_eq!(keep(&["MULTI 4 0 1", "SET b 1", "EXEC"], true), Ok(Some(hollow)));
    }

    #[test]
    fn a_frame_of_its_own_is_sent_or_not() {
        assert_eq!(keep(&["SELECT 3"], false), Ok(Some(frames(7, &["SELECT 3"]))));
        assert_eq!(keep(&["SET a 1"], false), Ok(Some(frames(7, &["SET a 1"]))));
        assert_eq!(keep(&["SET b 1"], false), Ok(None));
        assert_eq!(keep(&["FLUSHALL"], false), Ok(Some(frames(7, &["FLUSHALL"]))));
    }
}
