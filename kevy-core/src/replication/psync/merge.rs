//! The streams of all shards made one, in the words of Redis.
//!
//! Frames of one shard keep their order. Between shards an effect never precedes one that was there before it began, which
//! the stamps of [`Ticks`] tell, and a transaction over several shards is said once, when all of its parts are
//! there. So whoever has read up to any point holds what this server held at some instant.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::log::frame::{self, Glance};
use crate::log::reader::Barrier;
use crate::log::{Backlog, Gone, Progress, StreamReader, Ticks};
use crate::resp::{ArgVec, decode_command};

use super::translate::{LeftOut, Said, is_about_all, say};

/// Bytes that are read of one shard at a time.
const READ_BYTES: usize = 64 << 10;
/// A buffer that one large effect grew beyond this is given back.
const KEEP_BYTES_MAX: usize = 1 << 20;

/// What [`Merger::advance`] came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advance {
    /// There may be more at once.
    More,
    /// Everything published is merged.
    Idle,
    /// What comes next lies behind the cut.
    AtCut,
}

/// One shard's stream.
#[derive(Debug)]
struct Lane {
    reader: StreamReader,
    backlog: Arc<Backlog>,
    /// Frames that were read and not merged, from `at` on.
    raw: Vec<u8>,
    at: usize,
    /// The next frame to be merged.
    next: u64,
    db: Option<usize>,
    in_transaction: bool,
}

impl Lane {
    fn rest(&self) -> &[u8] {
        self.raw.get(self.at..).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.raw.drain(..self.at);
        self.at = 0;
        if self.raw.is_empty() && self.raw.capacity() > KEEP_BYTES_MAX {
            self.raw = Vec::new();
        }
    }

    /// Reads a unit that comes in pieces to its end.
    fn finish_unit(&mut self) -> Result<(), Gone> {
        while self.reader.is_inside_unit() {
            self.reader.read(&mut self.raw, READ_BYTES)?;
        }
        Ok(())
    }
}

/// What the merged stream has said so far, as far as it bears on what is said next.
#[derive(Debug, Default)]
struct Voice {
    db: Option<usize>,
    /// MULTI has been said of the transaction under way.
    multi: bool,
    /// The first effect of the transaction under way, with its database: where it stays the only one it is said by itself.
    first: Option<(usize, Vec<u8>)>,
    left_out: LeftOut,
}

impl Voice {
    /// Says the effect of a frame; it happened in `db`.
    fn say(&mut self, out: &mut Vec<u8>, db: usize, frame: Glance<'_>, in_transaction: bool) {
        let said = say(frame.verb, frame.argv, &mut self.left_out);
        if said == Said::NotAtAll {
            return;
        }
        let words = match &said {
            Said::Otherwise(other) => other,
            _ => frame.argv,
        };
        if in_transaction && !self.multi {
            let Some((db, first)) = self.first.take() else {
                self.first = Some((db, words.to_vec()));
                return;
            };
            self.multi = true;
            out.extend_from_slice(&frame::multi(0, &[]));
            self.say_in(out, db, &first);
        }
        self.say_in(out, db, words);
    }

    fn say_in(&mut self, out: &mut Vec<u8>, db: usize, words: &[u8]) {
        if self.db.replace(db) != Some(db) {
            out.extend_from_slice(&frame::select(db));
        }
        out.extend_from_slice(words);
    }

    fn end_transaction(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.multi) {
            out.extend_from_slice(frame::EXEC);
        } else if let Some((db, first)) = self.first.take() {
            self.say_in(out, db, &first);
        }
    }
}

/// Reads all shards' streams from a cut on.
#[derive(Debug)]
pub struct Merger {
    lanes: Vec<Lane>,
    ticks: Arc<Ticks>,
    voice: Voice,
}

/// The database that a SELECT names.
fn selected(argv: &[u8]) -> Option<usize> {
    let mut args = ArgVec::new();
    decode_command(argv, &mut args).ok()??;
    match args[..] {
        [b"SELECT", db] => crate::base::number::parse_u64(db).and_then(|db| usize::try_from(db).ok()),
        _ => None,
    }
}

impl Merger {
    /// A merger whose readers stand at a cut of all shards.
    pub fn new(readers: Vec<(StreamReader, Arc<Backlog>)>, ticks: Arc<Ticks>) -> Self {
        let lane = |(reader, backlog): (StreamReader, Arc<Backlog>)| Lane {
            next: reader.next_offset(),
            reader,
            backlog,
            raw: Vec::new(),
            at: 0,
            db: None,
            in_transaction: false,
        };
        Self { lanes: readers.into_iter().map(lane).collect(), ticks, voice: Voice::default() }
    }

    /// What could not be said so far.
    pub fn left_out(&self) -> LeftOut {
        self.voice.left_out
    }

    /// The next frame of each shard.
    pub fn offsets(&self) -> impl Iterator<Item = u64> + '_ {
        self.lanes.iter().map(|lane| lane.next)
    }

    /// Makes the next effect say which database it is for.
    pub fn forget_database(&mut self) {
        self.voice.db = None;
    }

    /// Lets the streams forget what has been merged.
    pub fn release(&self) {
        for lane in &self.lanes {
            lane.backlog.pin_merged(lane.next);
        }
    }

    /// Appends what comes next, about `budget` bytes, up to the frames of `cut`.
    ///
    /// # Errors
    /// Where a stream has lost frames that were not merged yet.
    pub fn advance(
        &mut self,
        out: &mut Vec<u8>,
        budget: usize,
        cut: Option<&[u64]>,
    ) -> Result<Advance, Gone> {
        let stop = out.len().saturating_add(budget);
        loop {
            if out.len() >= stop {
                return Ok(Advance::More);
            }
            if let Some(cut) = cut
                && self.lanes.iter().zip(cut).all(|(lane, at)| lane.next >= *at)
            {
                return Ok(Advance::AtCut);
            }
            // At most one shard has frames left over, those behind a cut.
            if let Some(at) = self.lanes.iter().position(|lane| !lane.rest().is_empty()) {
                let before = self.lanes[at].at;
                self.drain(at, out, cut);
                let lane = &mut self.lanes[at];
                if lane.at > before {
                    lane.clear();
                    continue;
                }
                if lane.reader.is_inside_unit() {
                    lane.reader.read(&mut lane.raw, READ_BYTES)?;
                    continue;
                }
                return Ok(Advance::Idle);
            }
            let is_read = if self.lanes.len() == 1 { self.read_only_one()? } else { self.read_next(out)? };
            if !is_read {
                return Ok(Advance::Idle);
            }
        }
    }

    fn read_only_one(&mut self) -> Result<bool, Gone> {
        let Some(lane) = self.lanes.first_mut() else { return Ok(false) };
        lane.reader.read_through(&mut lane.raw, READ_BYTES)?;
        Ok(!lane.raw.is_empty())
    }

    /// Reads the shard whose next frame is the oldest, up to where another one's is older. False where nothing can be read.
    fn read_next(&mut self, out: &mut Vec<u8>) -> Result<bool, Gone> {
        let mark = self.ticks.watermark(self.lanes.iter().map(|lane| &lane.backlog));
        let (mut first, mut other) = (None, u64::MAX);
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            let Some(stamp) = lane.reader.stamp()? else { continue };
            match first {
                Some((_, earlier)) if earlier <= stamp => other = other.min(stamp),
                _ => {
                    other = first.map_or(other, |(_, later): (usize, u64)| other.min(later));
                    first = Some((at, stamp));
                }
            }
        }
        let Some((at, _)) = first.filter(|(_, stamp)| *stamp <= mark) else { return Ok(false) };
        let below = other.min(mark.saturating_add(1));
        let lane = &mut self.lanes[at];
        let progress = lane.reader.read_below(&mut lane.raw, READ_BYTES, below)?;
        if !lane.raw.is_empty() {
            return Ok(true);
        }
        if progress != Progress::Barrier {
            return Ok(false);
        }
        let Some(barrier) = lane.reader.barrier() else { return Ok(false) };
        self.read_together(out, &barrier)
    }

    /// Says a transaction over several shards, if all parts of it are there.
    fn read_together(&mut self, out: &mut Vec<u8>, barrier: &Barrier) -> Result<bool, Gone> {
        let Barrier { transaction, shards } = barrier;
        for &shard in shards {
            let there = self.lanes.get_mut(shard).map(|lane| (lane.reader.stamp(), lane.reader.barrier()));
            let Some((stamp, there)) = there else { return Ok(false) };
            stamp?;
            if there.is_none_or(|there| there.transaction != *transaction) {
                return Ok(false);
            }
        }
        for &shard in shards {
            let lane = &mut self.lanes[shard];
            lane.reader.read_transaction(&mut lane.raw, READ_BYTES);
            lane.finish_unit()?;
        }
        self.say_together(out, shards);
        Ok(true)
    }

    /// Merges the parts of a transaction. What concerns all shards divides every part, and is said once.
    fn say_together(&mut self, out: &mut Vec<u8>, shards: &[usize]) {
        loop {
            let mut stopped: SmallVec<[usize; 4]> = SmallVec::new();
            for &shard in shards {
                if self.say_part(out, shard) {
                    stopped.push(shard);
                }
            }
            if stopped.is_empty() {
                break;
            }
            for (turn, &shard) in stopped.iter().enumerate() {
                self.say_one(out, shard, turn == 0);
            }
        }
        self.voice.end_transaction(out);
        for &shard in shards {
            self.lanes[shard].at = self.lanes[shard].raw.len();
            self.lanes[shard].clear();
        }
    }

    /// Says the effects of a part up to its end, or to one that concerns all shards: true there.
    fn say_part(&mut self, out: &mut Vec<u8>, shard: usize) -> bool {
        let lane = &mut self.lanes[shard];
        while let Some(frame) = frame::glance(&lane.raw[lane.at..]) {
            match frame.verb {
                b"MULTI" | b"EXEC" => {}
                b"SELECT" => lane.db = selected(frame.argv),
                verb if is_about_all(verb) => return true,
                _ => self.voice.say(out, lane.db.unwrap_or_default(), frame, true),
            }
            lane.at += frame.len;
            lane.next = frame.offset + 1;
        }
        false
    }

    /// Passes one effect of a part, which is `said` or not.
    fn say_one(&mut self, out: &mut Vec<u8>, shard: usize, said: bool) {
        let lane = &mut self.lanes[shard];
        let Some(frame) = frame::glance(&lane.raw[lane.at..]) else { return };
        if said {
            self.voice.say(out, lane.db.unwrap_or_default(), frame, true);
        }
        lane.at += frame.len;
        lane.next = frame.offset + 1;
    }

    /// Says what was read of a shard, up to its place in the cut.
    fn drain(&mut self, at: usize, out: &mut Vec<u8>, cut: Option<&[u64]>) {
        let lane = &mut self.lanes[at];
        let end = cut.and_then(|cut| cut.get(at)).copied().unwrap_or(u64::MAX);
        while lane.next < end
            && let Some(frame) = frame::glance(&lane.raw[lane.at..])
        {
            match frame.verb {
                b"MULTI" => lane.in_transaction = true,
                b"EXEC" => {
                    lane.in_transaction = false;
                    self.voice.end_transaction(out);
                }
                b"SELECT" => lane.db = selected(frame.argv),
                _ => self.voice.say(out, lane.db.unwrap_or_default(), frame, lane.in_transaction),
            }
            lane.at += frame.len;
            lane.next = frame.offset + 1;
        }
    }
}

impl Drop for Merger {
    fn drop(&mut self) {
        for lane in &self.lanes {
            lane.backlog.pin_merged(u64::MAX);
        }
    }
}
