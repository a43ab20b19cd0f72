//! The frames of a link's shards, interleaved so that no transaction is ahead of its parts on other shards.

use smallvec::SmallVec;

use crate::log::{Gone, Progress, StreamReader};

use super::super::wire::Line;

/// Bytes of one shard that are sent before another shard gets its turn.
const RUN_BYTES: usize = 64 << 10;
/// What a `+SHARD` line takes at most.
const SHARD_LINE_LEN_MAX: usize = 16;

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
}

impl Streams {
    /// Streams whose readers stand where the replica does.
    pub fn new(readers: Vec<StreamReader>, shards: &[usize], mux: bool) -> Self {
        Self { readers, shards: shards.into(), mux, turn: 0, named: (!mux).then_some(0) }
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
    }

    /// Appends frames, at most about `budget` bytes. True where more may be there.
    ///
    /// # Errors
    /// Where the backlog has lost frames that the replica has not been sent.
    pub fn send(&mut self, out: &mut Vec<u8>, budget: usize) -> Result<bool, Gone> {
        let end = out.len().saturating_add(budget);
        let mut quiet = 0;
        while quiet < self.readers.len() {
            let room = end.saturating_sub(out.len());
            if room <= SHARD_LINE_LEN_MAX {
                return Ok(true);
            }
            let before = out.len();
            self.send_run(out, room.min(RUN_BYTES))?;
            quiet = if out.len() > before { 0 } else { quiet + 1 };
            // The rest of a frame follows its beginning on the wire.
            if !self.readers[self.turn].is_inside_unit() {
                self.turn = (self.turn + 1) % self.readers.len();
            }
        }
        Ok(false)
    }

    /// Appends frames of the shard whose turn it is.
    fn send_run(&mut self, out: &mut Vec<u8>, budget: usize) -> Result<(), Gone> {
        let before = out.len();
        let at = self.turn;
        if self.named != Some(at) {
            Line::Shard(self.shards[at]).write(out);
        }
        let start = out.len();
        let room = budget.saturating_sub(start - before);
        if !self.mux {
            self.readers[at].read_through(out, room)?;
        } else if self.readers[at].read(out, room)? == Progress::Barrier
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
