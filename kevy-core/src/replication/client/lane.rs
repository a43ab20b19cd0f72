//! One shard's frames on the consumer's side, and the transactions that hold them up.
//!
//! A transaction is handed out only when all of it has arrived, from every shard that takes part. Until then its
//! frames, and those that follow them on the same shard, wait in the shard's lane as bytes.

use smallvec::SmallVec;

use crate::base::{Error, ErrorKind, Result};
use crate::resp::ArgVec;

use super::super::cursor::Position;
use super::super::wire::{SHARDS_MAX, number};
use super::decode::{Decoder, Found};

/// The shards of one transaction, ascending.
pub type Members = SmallVec<[usize; 4]>;

/// One shard's frames.
#[derive(Debug, Default)]
pub struct Lane {
    /// The next frame that the primary will send.
    pub next: u64,
    /// Up to where frames have been handed out, always between two transactions.
    pub done: Position,
    /// Up to where frames of the transaction under way have been handed out.
    pub within: Position,
    /// Frames that wait, as bytes.
    queue: Vec<u8>,
    /// Bytes of the queue that have been handed out.
    head: usize,
    group: Option<Group>,
}

/// The transaction at the head of a queue.
#[derive(Debug)]
struct Group {
    /// Its number, 0 within one shard.
    transaction: u64,
    /// Empty within one shard.
    members: Members,
    /// The offset of its first frame.
    offset: u64,
    /// Bytes of the queue that have been looked through for its end.
    seen: usize,
    whole: bool,
}

/// What the head of a lane's queue is.
#[derive(Clone, Copy, Debug)]
pub enum Head {
    /// Nothing waits.
    Empty,
    /// A transaction that has not arrived whole on this shard.
    Partial,
    /// A transaction that is whole on this shard.
    Whole,
    /// A frame that can be handed out.
    Frame(Found),
}

impl Lane {
    /// A lane whose next frame is the one at `position`.
    pub fn at(position: Position) -> Self {
        Self { next: position.offset, done: position, ..Self::default() }
    }

    /// Drops what waits and goes back to what has been handed out.
    pub fn rewind(&mut self) {
        *self = Self::at(self.done);
    }

    /// True where frames wait.
    #[inline]
    pub fn is_holding(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Takes note that the frame at `offset` has arrived. What comes before it may be left out where `leaves_out`.
    #[inline]
    pub fn arrive(&mut self, shard: usize, offset: u64, leaves_out: bool) -> Result<()> {
        if offset != self.next && !(leaves_out && offset > self.next) {
            return Err(gap(shard, self.next, offset));
        }
        self.next = offset + 1;
        Ok(())
    }

    /// Takes note that the frames before `offset` were left out.
    pub fn skip(&mut self, shard: usize, offset: u64) -> Result<()> {
        if offset < self.next {
            return Err(gap(shard, self.next, offset));
        }
        self.next = offset;
        if !self.is_holding() {
            self.done.offset = offset;
        }
        Ok(())
    }

    /// Puts a frame, as bytes, behind those that wait. False where it ended no transaction.
    pub fn hold(&mut self, frame: &[u8], decoder: &mut Decoder) -> Result<bool> {
        self.queue.extend_from_slice(frame);
        let waited = self.group.as_ref().is_some_and(|group| !group.whole);
        Ok(waited && self.look_for_end(decoder)?)
    }

    /// Looks at the head of the queue.
    pub fn look(&mut self, decoder: &mut Decoder) -> Result<Head> {
        if let Some(group) = &self.group {
            return Ok(if group.whole { Head::Whole } else { Head::Partial });
        }
        if self.head == self.queue.len() {
            self.queue.clear();
            self.head = 0;
            // Frames behind the last one may have been left out.
            self.done.offset = self.next;
            return Ok(Head::Empty);
        }
        self.trim();
        let found = decode_whole(&self.queue[self.head..], decoder)?;
        let args = arguments(&self.queue[self.head..], decoder);
        if args.first() != Some(&&b"MULTI"[..]) {
            return Ok(Head::Frame(found));
        }
        let (transaction, members) = participants(&args[1..])?;
        drop(args);
        let seen = self.head + found.len;
        self.group = Some(Group { transaction, members, offset: found.offset, seen, whole: false });
        Ok(if self.look_for_end(decoder)? { Head::Whole } else { Head::Partial })
    }

    /// Reads on in the group until its EXEC.
    fn look_for_end(&mut self, decoder: &mut Decoder) -> Result<bool> {
        let Some(group) = &mut self.group else { return Ok(false) };
        while group.seen < self.queue.len() {
            let bytes = &self.queue[group.seen..];
            let found = decode_whole(bytes, decoder)?;
            let args = arguments(bytes, decoder);
            group.seen += found.len;
            match args.first() {
                Some(&b"EXEC") => {
                    group.whole = true;
                    return Ok(true);
                }
                Some(&b"MULTI") => {
                    let text = format!("a transaction begins inside another at offset {}", found.offset);
                    return Err(Error::new(ErrorKind::Protocol, text));
                }
                _ => {}
            }
        }
        Ok(false)
    }

    /// The transaction at the head, once it is whole on this shard: its number, its first offset and who takes
    /// part (empty: only this shard).
    pub fn whole(&self) -> Option<(u64, u64, &Members)> {
        self.group.as_ref().filter(|group| group.whole).map(|g| (g.transaction, g.offset, &g.members))
    }

    /// The next frame of the transaction at the head, `None` at its end.
    pub fn next_within(&mut self, decoder: &mut Decoder) -> Result<Option<Found>> {
        let end = self.group.as_ref().map_or(self.head, |group| group.seen);
        if self.head >= end {
            return Ok(None);
        }
        decode_whole(&self.queue[self.head..], decoder).map(Some)
    }

    /// Takes the frame at the head off the queue and returns its bytes.
    pub fn pass(&mut self, found: Found) -> Span {
        let start = self.head;
        self.head += found.len;
        Span { start, end: self.head }
    }

    /// Ends the transaction at the head.
    pub fn finish(&mut self) {
        self.group = None;
        self.done = self.within;
    }

    /// Bytes of the queue.
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.queue.get(span.start..span.end).unwrap_or_default()
    }

    /// Lets go of bytes that have been handed out, once they are most of the queue.
    fn trim(&mut self) {
        if self.head > self.queue.len() / 2 {
            self.queue.drain(..self.head);
            self.head = 0;
        }
    }
}

pub use crate::base::Span;

/// A frame of a queue, which holds whole frames only.
fn decode_whole(bytes: &[u8], decoder: &mut Decoder) -> Result<Found> {
    decoder.reset();
    decoder.decode(bytes)?.ok_or_else(|| Error::new(ErrorKind::Protocol, "a frame that waits is not whole"))
}

fn arguments<'a>(bytes: &'a [u8], decoder: &Decoder) -> ArgVec<'a> {
    decoder.spans.iter().filter_map(|span| bytes.get(span.start..span.end)).collect()
}

/// The number and the participants that MULTI names, in a transaction over several shards.
fn participants(args: &[&[u8]]) -> Result<(u64, Members)> {
    let wrong = || Error::new(ErrorKind::Protocol, "a transaction's participants are not shards in order");
    let [transaction, members @ ..] = args else { return Ok((0, Members::new())) };
    let transaction = number(transaction).ok_or_else(wrong)?;
    let members: Members = members
        .iter()
        .map(|shard| number(shard).and_then(|shard| usize::try_from(shard).ok()))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    let ascending = members.windows(2).all(|pair| pair[0] < pair[1]);
    if members.is_empty() || !ascending || members.len() > SHARDS_MAX {
        return Err(wrong());
    }
    Ok((transaction, members))
}

#[cold]
fn gap(shard: usize, wanted: u64, got: u64) -> Error {
    let text = format!("shard {shard} sent the frame at offset {got} where {wanted} comes next");
    Error::new(ErrorKind::Protocol, text)
}
