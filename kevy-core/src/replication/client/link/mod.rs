//! The consumer's side of the native protocol without its socket: bytes in, frames out, bytes to send.
//!
//! [`super::Replica`] moves the bytes; tests and simulations move them by hand. [`order`] hands frames out,
//! [`lines`] obeys what stands between them, [`snapshot`] reads snapshots.

pub(super) mod lines;
mod order;
mod snapshot;

use smallvec::SmallVec;

use crate::base::options::Secret;
use crate::base::{Argv, Error, ErrorKind, Result, Span};
use crate::resp::encode_command;
use crate::snapshot::Entries;

use super::super::block::{BLOCK_BYTES_MAX, Opener, Packing};
use super::super::cursor::{Cursor, Position};
use super::super::selection::Selection;
use super::super::wire::{Offsets, offsets_text};
use super::buffer::Buffer;
use super::decode::Decoder;
use super::frame::{Frame, FrameKind, Head};
use super::lane::Lane;
use super::notes::Notes;
use super::options::{Acknowledge, Follow};

/// What a link needs to know besides where it stands.
#[derive(Clone, Debug)]
pub struct LinkOptions {
    pub id: String,
    pub user: String,
    pub password: Secret,
    pub transaction_bytes_max: usize,
    pub frame_bytes_max: usize,
    pub acknowledge: Acknowledge,
    pub bookmarks: bool,
    pub follow: Follow,
    /// The database that is followed of a primary that is scanned.
    pub database: Option<u32>,
    /// What the primary shows of this side: 0 and empty for nothing.
    pub announce_port: u16,
    pub announce_ip: String,
    /// The part of the keyspace that is asked for.
    pub selection: Selection,
    /// Asks for blocks, packed so.
    pub blocks: Option<Packing>,
}

#[cfg(test)]
impl LinkOptions {
    /// Those of a follower of everything that holds at most so many bytes.
    pub fn of_test(bytes_max: usize) -> Self {
        Self {
            id: "tail".into(),
            user: String::new(),
            password: Secret::default(),
            transaction_bytes_max: bytes_max,
            frame_bytes_max: bytes_max,
            acknowledge: Acknowledge::Auto,
            bookmarks: false,
            follow: Follow::Auto,
            database: None,
            announce_port: 0,
            announce_ip: String::new(),
            selection: Selection::default(),
            blocks: None,
        }
    }
}

/// Blocks that arrive, and what takes the protocol out of them.
#[derive(Debug)]
struct Blocks {
    input: Buffer,
    opener: Opener,
}

/// What [`Link::step`] came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// [`Link::frame`] is the next frame.
    Frame,
    /// More bytes are needed.
    Input,
}

/// What the next bytes of the primary can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// No link.
    Down,
    /// The reply to AUTH.
    Auth,
    /// The reply to REPLCONF, which says of this side what the primary shows.
    Introduced,
    /// The reply to REPLICATE.
    Ack,
    /// What was acknowledged: frames, or word of a snapshot.
    Acked,
    /// Frames.
    Stream,
    /// Between two chunks of a snapshot.
    Snapshot,
    /// Inside a chunk, with so many bytes to come.
    Chunk(usize),
    /// The line end behind a chunk.
    ChunkEnd,
}

/// A transaction that is being handed out.
#[derive(Debug)]
struct Playing {
    /// The shards that have a part.
    parts: SmallVec<[usize; 4]>,
    /// The part under way.
    at: usize,
    begun: bool,
    offset: u64,
}

/// Where the bytes of the current frame are.
#[derive(Clone, Copy, Debug)]
enum Held {
    Nothing,
    /// In the input, from this byte on.
    Input(usize),
    /// In the queue of this shard.
    Lane(usize, Span),
    /// In the snapshot's reader.
    Entries,
}

/// Counters of a replica since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Frames of the stream handed out, with those that switch databases and mark transactions.
    pub frames: u64,
    /// Commands that rebuild keys of a snapshot.
    pub entries: u64,
    pub bytes: u64,
    pub transactions: u64,
    pub snapshots: u64,
    pub resyncs: u64,
    /// Times that another primary, or the same one after a restart, went on where this side stood.
    pub rebases: u64,
    /// Keys and other things of a snapshot that were left out, as they belong to modules not known here.
    pub skipped: u64,
}

/// The protocol's state on the consumer's side.
#[derive(Debug)]
pub struct Link {
    options: LinkOptions,
    generation: u64,
    lanes: Vec<Lane>,
    phase: Phase,
    /// Set from the beginning of a snapshot until its end has been handed out: there is no place to resume from.
    unfinished: bool,
    acked: (u64, Offsets),
    /// The primary leaves out what was not asked for, so offsets have gaps.
    leaves_out: bool,
    /// The primary has said that blocks follow.
    has_blocks: bool,
    /// The shard of the frames that arrive.
    shard: usize,
    pub input: Buffer,
    /// Where the bytes for that come from, once the primary sends blocks.
    blocks: Option<Blocks>,
    /// Bytes for the primary.
    pub output: Vec<u8>,
    wire: Decoder,
    waiting: Decoder,
    playing: Option<Playing>,
    /// Lanes whose queues are not known to be held up.
    ready: Vec<usize>,
    held: usize,
    entries: Option<Box<Entries>>,
    notes: Notes,
    head: Head,
    at: Held,
    /// What the primary has been told.
    told: (Offsets, Offsets),
    /// What the caller has applied.
    applied: Offsets,
    /// Where this side stood in the history that it followed before.
    left: Option<Cursor>,
    up: bool,
    /// The link is up, which has to be told.
    has_risen: bool,
    /// What the last frame about the link said.
    told_up: Option<bool>,
    pub stats: LinkStats,
}

impl Link {
    /// A link that is down and stands at `cursor`.
    pub fn new(options: LinkOptions, cursor: &Cursor) -> Self {
        Self {
            generation: cursor.generation,
            lanes: cursor.shards.iter().copied().map(Lane::at).collect(),
            phase: Phase::Down,
            unfinished: cursor.is_none(),
            acked: (0, Offsets::new()),
            leaves_out: false,
            has_blocks: false,
            shard: 0,
            input: Buffer::new(options.frame_bytes_max),
            blocks: None,
            output: Vec::new(),
            wire: Decoder::default(),
            waiting: Decoder::default(),
            playing: None,
            ready: Vec::new(),
            held: 0,
            entries: None,
            notes: Notes::default(),
            head: Head::new(FrameKind::Link),
            at: Held::Nothing,
            told: (Offsets::new(), Offsets::new()),
            applied: cursor.offsets(),
            left: None,
            up: false,
            has_risen: false,
            told_up: None,
            stats: LinkStats::default(),
            options,
        }
    }

    /// Where the last frame that was handed out has led to.
    pub fn cursor(&self) -> Cursor {
        if self.unfinished {
            return Cursor::default();
        }
        Cursor { generation: self.generation, shards: self.lanes.iter().map(|lane| lane.done).collect() }
    }

    /// Frames received and handed out, over all shards.
    pub fn offsets(&self) -> (u64, u64) {
        let sum = |offset: fn(&Lane) -> u64| self.lanes.iter().map(offset).sum();
        (sum(|lane| lane.next), sum(|lane| lane.done.offset))
    }

    /// Bytes of transactions that are not whole, and of what follows them.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Tells, with the first frames, why the snapshot comes that the caller did not expect.
    pub fn explain(&mut self, reason: String) {
        self.stats.resyncs += 1;
        self.note(Head::new(FrameKind::Resync), reason);
    }

    /// Asks the primary for a heartbeat. One that does not know the question leaves it unanswered.
    pub fn probe(&mut self) {
        if self.up && self.phase == Phase::Stream {
            encode_command(&mut self.output, &[b"REPLCONF", b"PING"]);
        }
    }

    /// True while the primary has acknowledged the handshake and the connection stands.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// A connection stands: says who wants what.
    pub fn connected(&mut self) {
        self.output.clear();
        self.input.clear();
        (self.blocks, self.has_blocks, self.leaves_out) = (None, false, false);
        self.wire.reset();
        let LinkOptions { id, user, password, announce_port, announce_ip, selection, blocks, .. } =
            &self.options;
        self.phase = if password.0.is_empty() { self.after_auth() } else { Phase::Auth };
        if !password.0.is_empty() {
            let args = [b"AUTH", user.as_bytes(), password.0.as_bytes()];
            if user.is_empty() {
                encode_command(&mut self.output, &[args[0], args[2]]);
            } else {
                encode_command(&mut self.output, &args);
            }
        }
        if *announce_port != 0 {
            let port = announce_port.to_string();
            let mut words: Vec<&[u8]> = vec![b"REPLCONF", b"listening-port", port.as_bytes()];
            if !announce_ip.is_empty() {
                words.extend([&b"ip-address"[..], announce_ip.as_bytes()]);
            }
            encode_command(&mut self.output, &words);
        }
        let (generation, offsets) = if self.unfinished {
            (0, Offsets::from_slice(&[0]))
        } else {
            (self.generation, self.lanes.iter().map(|lane| lane.next).collect())
        };
        let (generation, offsets) = (offsets_text(&[generation]), offsets_text(&offsets));
        let mut words: Vec<&[u8]> = vec![b"REPLICATE", b"FROM", &generation, &offsets, b"ID", id.as_bytes()];
        words.extend([&b"CAPA"[..], b"mux", b"resync", b"rebase"]);
        let capabilities = selection.words();
        words.extend(capabilities.iter().map(Vec::as_slice));
        match blocks {
            None => {}
            Some(Packing::None) => words.push(b"batch"),
            Some(packing) => words.extend([&b"batch"[..], packing.name().as_bytes()]),
        }
        encode_command(&mut self.output, &words);
    }

    fn after_auth(&self) -> Phase {
        if self.options.announce_port == 0 { Phase::Ack } else { Phase::Introduced }
    }

    /// The primary goes on in a history of its own, whose acknowledged offsets are the place where this side stands.
    fn rebase(&mut self, generation: u64, offsets: &[u64]) -> Result<()> {
        let here = self.lanes.iter().map(|lane| lane.next);
        if self.unfinished || generation != self.generation || !here.eq(offsets.iter().copied()) {
            return Err(protocol("the primary names another place than it was asked for"));
        }
        self.left = Some(self.cursor());
        let has_all = self.lanes.iter().map(|lane| lane.done.offset).eq(self.applied.iter().copied());
        let is_same = self.lanes.len() == self.acked.1.len();
        let position = |(at, &offset): (usize, &u64)| {
            let db = self.lanes.get(at).filter(|_| is_same).map_or(0, |lane| lane.done.db);
            Position { offset, db }
        };
        let positions: Vec<Position> = self.acked.1.iter().enumerate().map(position).collect();
        self.lanes = positions.into_iter().map(Lane::at).collect();
        self.generation = self.acked.0;
        self.applied = if has_all { self.acked.1.clone() } else { Offsets::new() };
        (self.held, self.shard) = (0, 0);
        self.ready.clear();
        self.stats.rebases += 1;
        Ok(())
    }

    /// The connection is gone or was never made. Whatever is not whole is forgotten; call this once
    /// [`Link::step`] needs input.
    pub fn disconnected(&mut self, reason: &str) {
        // Of attempts that fail one after the other, the first is told.
        if self.told_up != Some(false) {
            self.told_up = Some(false);
            self.note(Head::new(FrameKind::Link), reason.to_owned());
        }
        (self.up, self.has_risen) = (false, false);
        self.phase = Phase::Down;
        self.input.clear();
        (self.blocks, self.has_blocks, self.leaves_out) = (None, false, false);
        self.output.clear();
        self.wire.reset();
        self.entries = None;
        (self.playing, self.held) = (None, 0);
        self.ready.clear();
        self.lanes.iter_mut().for_each(Lane::rewind);
        self.told = (Offsets::new(), Offsets::new());
    }

    pub(super) fn note(&mut self, head: Head, reason: String) {
        self.notes.add(head, reason);
    }

    /// The frame that [`Link::step`] came to.
    #[inline]
    pub fn frame(&self) -> Frame<'_> {
        let Head { kind, shard, offset, db, up } = self.head;
        let argv = match self.at {
            Held::Nothing => Argv::EMPTY,
            Held::Input(start) => Argv::new(self.input.from(start), &self.wire.spans),
            Held::Lane(shard, span) => match self.lanes.get(shard) {
                Some(lane) => Argv::new(lane.bytes(span), &self.waiting.spans),
                None => Argv::EMPTY,
            },
            Held::Entries => self.entries.as_ref().map_or(Argv::EMPTY, |entries| entries.argv()),
        };
        Frame { kind, shard, offset, db, argv, reason: self.notes.reason(), up }
    }

    /// Goes on to the next frame.
    ///
    /// # Errors
    /// Where the link cannot go on: what arrived is not the protocol, the primary refused, or a limit was
    /// passed. [`Link::disconnected`] has to follow.
    #[inline]
    pub fn step(&mut self) -> Result<Step> {
        loop {
            let step = self.step_within()?;
            if step == Step::Frame || self.blocks.is_none() || !self.open_block()? {
                return Ok(step);
            }
        }
    }

    /// Puts what the next block holds into the input. False where the block is not there whole.
    fn open_block(&mut self) -> Result<bool> {
        let Some(Blocks { input, opener }) = &mut self.blocks else { return Ok(false) };
        let Some((bytes, len)) = opener.open(input.rest())? else { return Ok(false) };
        self.input.push(bytes);
        input.consume(len);
        Ok(true)
    }

    /// What follows comes in blocks; the beginning of it may have arrived.
    fn begin_blocks(&mut self) {
        let mut input = Buffer::new(BLOCK_BYTES_MAX);
        input.push(self.input.rest());
        self.input.clear();
        self.blocks = Some(Blocks { input, opener: Opener::default() });
    }

    /// What bytes of the primary are received into.
    pub fn arriving(&mut self) -> &mut Buffer {
        match &mut self.blocks {
            Some(blocks) => &mut blocks.input,
            None => &mut self.input,
        }
    }

    /// Bytes that have arrived and were not handed out.
    pub fn waiting_bytes(&self) -> usize {
        let in_blocks = self.blocks.as_ref().map_or(0, |blocks| blocks.input.rest().len());
        self.input.rest().len() + in_blocks + self.held
    }

    fn step_within(&mut self) -> Result<Step> {
        self.at = Held::Nothing;
        self.notes.leave();
        loop {
            if let Some(head) = self.notes.next() {
                self.head = head;
                return Ok(Step::Frame);
            }
            if self.playing.is_some() {
                if self.play()? {
                    return Ok(Step::Frame);
                }
                continue;
            }
            if let Some(shard) = self.ready.pop() {
                if self.look_at(shard)? {
                    return Ok(Step::Frame);
                }
                continue;
            }
            let found = match self.phase {
                Phase::Stream | Phase::Acked if self.input.peek() == Some(b'*') => self.stream()?,
                Phase::Snapshot | Phase::Chunk(_) | Phase::ChunkEnd => self.snapshot()?,
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
        if self.options.acknowledge == Acknowledge::Auto {
            self.applied.clear();
            self.applied.extend(self.lanes.iter().map(|lane| lane.done.offset));
        }
    }

    /// Takes note of what the caller says it has applied.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for a cursor that this replica did not give.
    pub fn ack(&mut self, cursor: &Cursor) -> Result<()> {
        if cursor.is_none() {
            return Ok(());
        }
        if let Some(left) = self.left.as_ref().filter(|left| left.generation == cursor.generation) {
            if left == cursor && self.applied.is_empty() {
                self.applied.clone_from(&self.acked.1);
            }
            return Ok(());
        }
        let wrong = |text: &str| Err(Error::new(ErrorKind::InvalidArgument, text));
        if cursor.generation != self.generation || cursor.shards.len() != self.lanes.len() {
            return wrong("the cursor is not of the history that is followed now");
        }
        if cursor.shards.iter().zip(&self.lanes).any(|(said, lane)| said.offset > lane.done.offset) {
            return wrong("the cursor lies beyond the frames that were handed out");
        }
        self.applied = cursor.offsets();
        Ok(())
    }

    /// Puts an acknowledgement into the output if there is news, or in any case where `insist`.
    pub fn acknowledge(&mut self, insist: bool) {
        if !self.up || (self.phase == Phase::Acked && !self.is_here()) {
            return;
        }
        let lanes = self.lanes.iter();
        let (received, applied): (Offsets, Offsets) = if self.unfinished {
            lanes.map(|_| (0, 0)).unzip()
        } else {
            let applied = self.applied.iter().copied().chain(std::iter::repeat(0));
            lanes.zip(applied).map(|(lane, applied)| (lane.next, applied)).unzip()
        };
        let news = (received, applied);
        if insist || news != self.told {
            let (received, applied) = (offsets_text(&news.0), offsets_text(&news.1));
            encode_command(&mut self.output, &[b"REPLCONF", b"ACK", &received, b"APPLIED", &applied]);
            self.told = news;
        }
    }
}

#[cold]
pub(super) fn protocol(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, text)
}

#[cold]
fn no_shard(shard: usize) -> Error {
    protocol(format!("the primary sent frames of shard {shard}, which it does not have"))
}
