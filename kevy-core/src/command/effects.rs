//! The effects of the command under way on one shard, until the shard moves them to its stream.

use crate::resp;

/// Deterministic commands in the order in which they happened, encoded as RESP arrays.
///
/// While nobody listens (`wanted` is false) recording costs one branch.
#[derive(Debug, Default)]
pub struct Effects {
    /// A replica or the log listens.
    pub wanted: bool,
    /// Somebody who listens has only some of the keys: what a key becomes is told without naming others.
    pub is_by_value: bool,
    /// Changes ever made, for `rdb_changes_since_last_save` and the points at which a snapshot is due.
    changes: u64,
    bytes: Vec<u8>,
    frames: Vec<Frame>,
    /// Some of them change nothing that is kept.
    passes_on: bool,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    db: usize,
    end: usize,
    /// It changes something that is kept.
    is_change: bool,
}

impl Effects {
    /// Records `argv` as having happened in database `db`.
    #[inline]
    pub fn push(&mut self, db: usize, argv: &[&[u8]]) {
        self.changes += 1;
        self.record(db, argv, true);
    }

    /// As [`Effects::push`], of what changes nothing that is kept.
    #[inline]
    pub fn pass_on(&mut self, db: usize, argv: &[&[u8]]) {
        self.passes_on |= self.wanted;
        self.record(db, argv, false);
    }

    #[inline]
    fn record(&mut self, db: usize, argv: &[&[u8]], is_change: bool) {
        if self.wanted {
            resp::encode_command(&mut self.bytes, argv);
            self.frames.push(Frame { db, end: self.bytes.len(), is_change });
        }
    }

    /// True where some of the effects change nothing that is kept.
    #[inline]
    pub fn passes_on(&self) -> bool {
        self.passes_on
    }

    /// As [`Effects::iter`], only those that change something that is kept, or only the others.
    pub fn iter_only(&self, changes: bool) -> impl Iterator<Item = (usize, &[u8])> {
        let which = self.frames.iter().map(move |frame| frame.is_change == changes);
        self.iter().zip(which).filter(|(_, is_one)| *is_one).map(|(effect, _)| effect)
    }

    /// True where the effect of a change is worth being built; where it is not, the change is counted here and now.
    #[inline]
    pub fn wants(&mut self) -> bool {
        self.changes += u64::from(!self.wanted);
        self.wanted
    }

    /// How many changes were made so far.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Each effect as its database and its RESP encoding.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut start = 0;
        self.frames.iter().map(move |frame| {
            let bytes = &self.bytes[start..frame.end];
            start = frame.end;
            (frame.db, bytes)
        })
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
        self.passes_on = false;
        if self.bytes.capacity() > 1 << 20 {
            self.bytes.shrink_to(1 << 16);
        }
    }
}
