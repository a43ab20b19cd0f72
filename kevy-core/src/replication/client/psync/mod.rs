//! The consumer's side of PSYNC2 without its socket: bytes of a Redis or Valkey primary in, frames out.
//!
//! Source: replication.c of Redis 7 and the replies of its servers. [`handshake`] speaks up to the first byte of data,
//! [`snapshot`] reads the RDB, [`stream`] the commands. The offset counts bytes of the stream; a cursor always lies
//! between two commands or transactions.

mod handshake;
mod snapshot;
mod stream;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use crate::base::{Argv, Error, ErrorKind, Result, Span};
use crate::resp::encode_command;
use crate::snapshot::Entries;

use super::super::cursor::{PsyncCursor, REPLID_LEN, ScanCursor};
use super::buffer::Buffer;
use super::decode::Decoder;
use super::frame::{Frame, FrameKind, Head};
use super::link::{LinkOptions, LinkStats, Step, protocol};
use super::notes::Notes;
use super::options::Acknowledge;

/// How often the primary is told how far this side has come, and that it is alive.
const ACK_INTERVAL: Duration = Duration::from_secs(1);
/// The same behind a snapshot: a primary that sent it without a file streams only after acknowledgements.
const ACK_INTERVAL_FIRST: Duration = Duration::from_millis(100);

/// What the next bytes of the primary can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// No link.
    Down,
    /// The reply to AUTH, to PING, to REPLCONF, to PSYNC.
    Auth,
    Ping,
    Replconf,
    Psync,
    /// How the snapshot is framed.
    Framing,
    /// The snapshot, of which so many bytes are to come.
    Sized(u64),
    /// The snapshot, which ends with the mark.
    Marked,
    /// The mark behind the snapshot.
    Mark,
    /// Commands.
    Stream,
}

/// The transaction under way.
#[derive(Debug, Default)]
struct Transaction {
    /// Its frames, MULTI and EXEC among them.
    bytes: Vec<u8>,
    /// Bytes of it that were handed out.
    at: usize,
    /// Offset of its MULTI.
    begin: u64,
    db: u32,
    state: Playing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Playing {
    #[default]
    No,
    /// It is being collected.
    Collecting,
    /// It is whole, and has not begun to be handed out.
    Whole,
    /// It has been handed out in part.
    Begun,
}

/// Where the bytes of the current frame are.
#[derive(Clone, Copy, Debug)]
enum Held {
    Nothing,
    /// In the input, from this byte on.
    Input(usize),
    /// In the transaction.
    Transaction(Span),
    /// In the snapshot's reader.
    Entries,
}

/// The protocol's state on the consumer's side.
#[derive(Debug)]
pub struct PsyncLink {
    options: LinkOptions,
    /// Where the frames that were handed out have led to; `None` where there is no place to resume from.
    done: Option<PsyncCursor>,
    /// Why a cursor that was given cannot be used at all.
    unusable: Option<String>,
    /// The history that is followed, the bytes of its stream that were read, and its database there.
    replid: [u8; REPLID_LEN],
    read: u64,
    db: u32,
    phase: Phase,
    pub input: Buffer,
    /// Bytes for the primary.
    pub output: Vec<u8>,
    decoder: Decoder,
    waiting: Decoder,
    transaction: Transaction,
    entries: Option<Box<Entries>>,
    mark: [u8; REPLID_LEN],
    notes: Notes,
    head: Head,
    at: Held,
    applied: u64,
    /// The primary asked for an acknowledgement of what lies before this offset.
    asked: Option<u64>,
    ack_at: Option<Instant>,
    /// Nothing has been streamed since the snapshot.
    is_quiet: bool,
    up: bool,
    told_up: Option<bool>,
    /// What the primary said where it forbids this protocol to whoever asks.
    forbidden: Option<String>,
    /// How far the primary was followed the weaker way before, if it was.
    pub scanned: Option<ScanCursor>,
    pub stats: LinkStats,
}

impl PsyncLink {
    /// A link that is down and stands at `cursor`; `unusable` says why there is none though one was given.
    pub fn new(options: LinkOptions, cursor: Option<PsyncCursor>, unusable: Option<String>) -> Self {
        Self {
            done: cursor,
            unusable,
            replid: [b'0'; REPLID_LEN],
            read: 0,
            db: 0,
            phase: Phase::Down,
            input: Buffer::new(options.frame_bytes_max),
            output: Vec::new(),
            decoder: Decoder::default(),
            waiting: Decoder::default(),
            transaction: Transaction::default(),
            entries: None,
            mark: [0; REPLID_LEN],
            notes: Notes::default(),
            head: Head::new(FrameKind::Link),
            at: Held::Nothing,
            applied: cursor.map_or(0, |cursor| cursor.offset),
            asked: None,
            ack_at: None,
            is_quiet: false,
            up: false,
            told_up: None,
            forbidden: None,
            scanned: None,
            stats: LinkStats::default(),
            options,
        }
    }

    /// What the primary said where it forbids this protocol, which another connection would not change.
    pub fn forbidden(&self) -> Option<&str> {
        self.forbidden.as_deref()
    }

    /// Why a snapshot of another kind of link would not be expected: where this one stands, or what it was given.
    pub fn lost(&self) -> Option<String> {
        let place = self.done.map(|done| {
            let id = String::from_utf8_lossy(&done.replid).into_owned();
            format!(
                "the primary does not continue history {id} behind offset {}, as it forbids PSYNC",
                done.offset
            )
        });
        place.or_else(|| self.unusable.clone())
    }

    pub fn options(&self) -> &LinkOptions {
        &self.options
    }

    /// Where the last frame that was handed out has led to, empty for nowhere.
    pub fn cursor(&self) -> Vec<u8> {
        self.done.as_ref().map(PsyncCursor::encode).unwrap_or_default()
    }

    /// Where the last frame that was handed out has led to; `None` for nowhere.
    pub fn place(&self) -> Option<PsyncCursor> {
        self.done
    }

    /// Bytes of the stream received, and applied.
    pub fn offsets(&self) -> (u64, u64) {
        (self.read, self.done.map_or(0, |done| done.offset))
    }

    /// True while the primary has taken the handshake and the connection stands.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// True where a transaction has been handed out in part.
    pub fn is_inside_transaction(&self) -> bool {
        self.transaction.state == Playing::Begun
    }

    /// The connection is gone or was never made. Whatever is not whole is forgotten.
    pub fn disconnected(&mut self, reason: &str) {
        if self.told_up != Some(false) {
            self.told_up = Some(false);
            self.notes.add(Head::new(FrameKind::Link), reason.to_owned());
        }
        self.up = false;
        self.phase = Phase::Down;
        self.input.clear();
        self.output.clear();
        self.decoder.reset();
        self.entries = None;
        self.transaction = Transaction::default();
        (self.asked, self.ack_at) = (None, None);
    }

    /// The frame that [`PsyncLink::step`] came to.
    #[inline]
    pub fn frame(&self) -> Frame<'_> {
        let Head { kind, shard, offset, db, up } = self.head;
        let argv = match self.at {
            Held::Nothing => Argv::EMPTY,
            Held::Input(start) => Argv::new(self.input.from(start), &self.decoder.spans),
            Held::Transaction(Span { start, end }) => {
                let bytes = self.transaction.bytes.get(start..end).unwrap_or_default();
                Argv::new(bytes, &self.waiting.spans)
            }
            Held::Entries => self.entries.as_ref().map_or(Argv::EMPTY, |entries| entries.argv()),
        };
        Frame { kind, shard, offset, db, argv, reason: self.notes.reason(), up }
    }

    /// Goes on to the next frame.
    ///
    /// # Errors
    /// Where the link cannot go on. [`PsyncLink::disconnected`] has to follow.
    pub fn step(&mut self) -> Result<Step> {
        self.at = Held::Nothing;
        self.notes.leave();
        loop {
            if let Some(head) = self.notes.next() {
                self.head = head;
                return Ok(Step::Frame);
            }
            let found = match self.phase {
                Phase::Stream => self.stream()?,
                Phase::Sized(_) | Phase::Marked | Phase::Mark => self.snapshot()?,
                Phase::Down => Some(Step::Input),
                _ => self.line()?,
            };
            if let Some(step) = found {
                return Ok(step);
            }
        }
    }

    /// The caller asks for more, and so has applied what it got: not where it says so itself.
    pub fn confirm(&mut self) {
        if self.options.acknowledge == Acknowledge::Auto
            && let Some(done) = &self.done
        {
            self.applied = done.offset;
        }
    }

    /// Takes note of what the caller says it has applied.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for a cursor that lies beyond what was handed out.
    pub fn ack(&mut self, cursor: &PsyncCursor) -> Result<()> {
        if self.done.is_none_or(|done| cursor.offset > done.offset) {
            let text = "the cursor lies beyond the frames that were handed out";
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        self.applied = cursor.offset;
        self.ack_at = None;
        Ok(())
    }

    /// When [`PsyncLink::acknowledge`] has something to say though nothing arrives.
    pub fn deadline(&self) -> Option<Instant> {
        self.ack_at
    }

    /// Puts into the output what the primary has to be told by now.
    pub fn acknowledge(&mut self, insist: bool, now: Instant) {
        let is_due = insist || self.ack_at.is_none_or(|at| at <= now);
        match self.phase {
            Phase::Framing | Phase::Sized(_) | Phase::Marked | Phase::Mark if is_due => {
                // A primary that is still at the snapshot takes a line end as a sign of life.
                self.output.push(b'\n');
                self.ack_at = Some(now + ACK_INTERVAL);
            }
            Phase::Stream => {
                let is_asked = self.asked.is_some_and(|offset| self.applied >= offset);
                if !is_due && !is_asked {
                    return;
                }
                // The question itself is not counted in the answer to it.
                let offset = self.asked.take_if(|_| is_asked).unwrap_or(self.applied);
                let digits = offset.to_string();
                encode_command(&mut self.output, &[b"REPLCONF", b"ACK", digits.as_bytes()]);
                self.ack_at = Some(now + if self.is_quiet { ACK_INTERVAL_FIRST } else { ACK_INTERVAL });
            }
            _ => {}
        }
    }
}
