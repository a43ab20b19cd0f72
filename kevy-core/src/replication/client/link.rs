//! The consumer's side of the native protocol without its socket: bytes in, frames out, bytes to send.
//!
//! [`super::Replica`] moves the bytes; tests and simulations move them by hand.

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::base::options::Secret;
use crate::base::{Argv, Error, ErrorKind, Result, Span};
use crate::resp::command::decode_bulk_len;
use crate::resp::encode_command;
use crate::snapshot::{Entries, Next};

use super::super::cursor::{Cursor, Position};
use super::super::wire::{LINE_LEN_MAX, Line, Offsets, SHARDS_MAX, offsets_text, shown};
use super::buffer::Buffer;
use super::decode::Decoder;
use super::frame::{Frame, FrameKind, Head};
use super::lane::{self, Lane};
use super::options::Acknowledge;

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

/// Something to tell that is no frame of the stream.
#[derive(Debug)]
struct Note {
    head: Head,
    reason: String,
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
    /// The shard of the frames that arrive.
    shard: usize,
    pub input: Buffer,
    /// Bytes for the primary.
    pub output: Vec<u8>,
    wire: Decoder,
    waiting: Decoder,
    playing: Option<Playing>,
    /// Lanes whose queues are not known to be held up.
    ready: Vec<usize>,
    held: usize,
    entries: Option<Box<Entries>>,
    notes: VecDeque<Note>,
    reason: String,
    head: Head,
    at: Held,
    /// What the primary has been told.
    told: (Offsets, Offsets),
    /// What the caller has applied.
    applied: Offsets,
    up: bool,
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
            shard: 0,
            input: Buffer::new(options.frame_bytes_max),
            output: Vec::new(),
            wire: Decoder::default(),
            waiting: Decoder::default(),
            playing: None,
            ready: Vec::new(),
            held: 0,
            entries: None,
            notes: VecDeque::new(),
            reason: String::new(),
            head: Head::new(FrameKind::Link),
            at: Held::Nothing,
            told: (Offsets::new(), Offsets::new()),
            applied: cursor.offsets(),
            up: false,
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

    /// True while the primary has acknowledged the handshake and the connection stands.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// A connection stands: says who wants what.
    pub fn connected(&mut self) {
        self.output.clear();
        self.input.clear();
        self.wire.reset();
        let LinkOptions { id, user, password, .. } = &self.options;
        self.phase = if password.0.is_empty() { Phase::Ack } else { Phase::Auth };
        if !password.0.is_empty() {
            let args = [b"AUTH", user.as_bytes(), password.0.as_bytes()];
            if user.is_empty() {
                encode_command(&mut self.output, &[args[0], args[2]]);
            } else {
                encode_command(&mut self.output, &args);
            }
        }
        let (generation, offsets) = if self.unfinished {
            (0, Offsets::from_slice(&[0]))
        } else {
            (self.generation, self.lanes.iter().map(|lane| lane.next).collect())
        };
        let (generation, offsets) = (offsets_text(&[generation]), offsets_text(&offsets));
        encode_command(
            &mut self.output,
            &[b"REPLICATE", b"FROM", &generation, &offsets, b"ID", id.as_bytes(), b"CAPA", b"mux", b"resync"],
        );
    }

    /// The connection is gone or was never made. Whatever is not whole is forgotten; call this once
    /// [`Link::step`] needs input.
    pub fn disconnected(&mut self, reason: &str) {
        // Of attempts that fail one after the other, the first is told.
        if self.told_up != Some(false) {
            self.told_up = Some(false);
            self.note(Head::new(FrameKind::Link), reason.to_owned());
        }
        self.up = false;
        self.phase = Phase::Down;
        self.input.clear();
        self.output.clear();
        self.wire.reset();
        self.entries = None;
        (self.playing, self.held) = (None, 0);
        self.ready.clear();
        self.lanes.iter_mut().for_each(Lane::rewind);
        self.told = (Offsets::new(), Offsets::new());
    }

    fn note(&mut self, head: Head, reason: String) {
        self.notes.push_back(Note { head, reason });
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
        Frame { kind, shard, offset, db, argv, reason: &self.reason, up }
    }

    /// Goes on to the next frame.
    ///
    /// # Errors
    /// Where the link cannot go on: what arrived is not the protocol, the primary refused, or a limit was
    /// passed. [`Link::disconnected`] has to follow.
    pub fn step(&mut self) -> Result<Step> {
        self.at = Held::Nothing;
        if !self.reason.is_empty() {
            self.reason.clear();
        }
        loop {
            if let Some(note) = self.notes.pop_front() {
                (self.head, self.reason) = (note.head, note.reason);
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

    /// Reads frames of the stream. `None`: something else may be there now.
    #[inline]
    fn stream(&mut self) -> Result<Option<Step>> {
        if self.phase == Phase::Acked {
            self.continues()?;
        }
        while self.input.peek() == Some(b'*') {
            let bytes = self.input.rest();
            let Some(found) = self.wire.decode(bytes)? else {
                self.input.check_limit()?;
                return Ok(Some(Step::Input));
            };
            let verb = self.wire.spans.first().and_then(|span| bytes.get(span.start..span.end));
            let Some(lane) = self.lanes.get_mut(self.shard) else { return Err(no_shard(self.shard)) };
            lane.arrive(self.shard, found.offset)?;
            self.stats.frames += 1;
            if lane.is_holding() || verb == Some(b"MULTI") {
                let begins = !lane.is_holding();
                if lane.hold(&bytes[..found.len], &mut self.waiting)? || begins {
                    self.ready.push(self.shard);
                }
                self.held += found.len;
                self.input.consume(found.len);
                self.check_held()?;
                if !self.ready.is_empty() {
                    return Ok(None);
                }
                continue;
            }
            match verb {
                Some(b"SELECT") => {
                    let db = selected(bytes, &self.wire)?;
                    lane.done = Position { offset: found.offset + 1, db };
                    self.input.consume(found.len);
                }
                Some(b"EXEC") => return Err(stray_exec(found.offset)),
                _ => {
                    lane.done.offset = found.offset + 1;
                    self.head = Head {
                        kind: FrameKind::Command,
                        shard: self.shard,
                        offset: found.offset,
                        db: lane.done.db as usize,
                        up: false,
                    };
                    self.at = Held::Input(self.input.consume(found.len));
                    return Ok(Some(Step::Frame));
                }
            }
        }
        Ok(None)
    }

    /// Whether the primary has acknowledged the place where this side stands.
    fn is_here(&self) -> bool {
        let (generation, offsets) = &self.acked;
        let here = self.lanes.iter().map(|lane| lane.next);
        !self.unfinished && *generation == self.generation && here.eq(offsets.iter().copied())
    }

    /// The primary goes on from where this side stands.
    fn continues(&mut self) -> Result<()> {
        if !self.is_here() {
            return Err(protocol("the primary sends frames of another place than it was asked for"));
        }
        self.phase = Phase::Stream;
        Ok(())
    }

    /// Looks at what waits on a shard, which is not known to be held up. True where a frame was found.
    fn look_at(&mut self, shard: usize) -> Result<bool> {
        let Some(lane) = self.lanes.get_mut(shard) else { return Ok(false) };
        match lane.look(&mut self.waiting)? {
            lane::Head::Empty | lane::Head::Partial => Ok(false),
            lane::Head::Whole => {
                self.try_play(shard)?;
                Ok(false)
            }
            lane::Head::Frame(found) => {
                let span = lane.pass(found);
                self.held -= found.len;
                self.ready.push(shard);
                let bytes = lane.bytes(span);
                let verb = self.waiting.spans.first().and_then(|span| bytes.get(span.start..span.end));
                match verb {
                    Some(b"SELECT") => {
                        let db = selected(bytes, &self.waiting)?;
                        lane.done = Position { offset: found.offset + 1, db };
                        Ok(false)
                    }
                    Some(b"EXEC") => Err(stray_exec(found.offset)),
                    _ => {
                        lane.done.offset = found.offset + 1;
                        let db = lane.done.db as usize;
                        self.head = Head { shard, offset: found.offset, db, ..Head::new(FrameKind::Command) };
                        self.at = Held::Lane(shard, span);
                        Ok(true)
                    }
                }
            }
        }
    }

    /// True where a transaction has been handed out in part. The rest of it is at hand.
    pub fn is_inside_transaction(&self) -> bool {
        self.playing.as_ref().is_some_and(|playing| playing.begun)
    }

    /// Begins to hand out the transaction at the head of `shard` if every part of it is there.
    fn try_play(&mut self, shard: usize) -> Result<()> {
        let Some((transaction, offset, members)) = self.lanes[shard].whole() else { return Ok(()) };
        let mut parts = members.clone();
        if parts.is_empty() {
            parts.push(shard);
        } else if !parts.contains(&shard) {
            return Err(protocol("a transaction does not name the shard it came from"));
        }
        let mut first = offset;
        for &part in &parts {
            let Some(lane) = self.lanes.get(part) else { return Err(no_shard(part)) };
            match lane.whole() {
                Some((other, offset, others)) if other == transaction && others == members => {
                    if part == parts[0] {
                        first = offset;
                    }
                }
                // It is asked again when that part is whole.
                _ => return Ok(()),
            }
        }
        for &part in &parts {
            self.lanes[part].within = self.lanes[part].done;
        }
        self.playing = Some(Playing { parts, at: 0, begun: false, offset: first });
        Ok(())
    }

    /// Hands out the next frame of the transaction under way. False where it held none to hand out.
    ///
    /// Parts are handed out one after the other, except around what concerns the whole keyspace: every part holds
    /// that, so it divides all of them alike, and it is handed out once, after what stands before it in each part.
    fn play(&mut self) -> Result<bool> {
        let Some(playing) = &mut self.playing else { return Ok(false) };
        let first = playing.parts[0];
        if !playing.begun {
            playing.begun = true;
            self.head = Head { shard: first, offset: playing.offset, ..Head::new(FrameKind::TxnBegin) };
            return Ok(true);
        }
        let Some(&shard) = playing.parts.get(playing.at) else {
            for &part in &playing.parts {
                if self.lanes[part].next_within(&mut self.waiting)?.is_some() {
                    return Err(protocol("the parts of a transaction do not fit each other"));
                }
            }
            self.head = Head { shard: first, offset: playing.offset, ..Head::new(FrameKind::TxnEnd) };
            for &part in &playing.parts {
                self.lanes[part].finish();
                self.ready.push(part);
            }
            self.playing = None;
            self.stats.transactions += 1;
            return Ok(true);
        };
        let lane = &mut self.lanes[shard];
        let Some(found) = lane.next_within(&mut self.waiting)? else {
            playing.at += 1;
            return Ok(false);
        };
        let span = lane.pass(found);
        self.held -= found.len;
        lane.within.offset = found.offset + 1;
        let bytes = lane.bytes(span);
        let verb = self.waiting.spans.first().and_then(|span| bytes.get(span.start..span.end));
        match verb {
            Some(b"MULTI" | b"EXEC") => Ok(false),
            Some(b"SELECT") => {
                lane.within.db = selected(bytes, &self.waiting)?;
                Ok(false)
            }
            Some(b"FLUSHALL" | b"FLUSHDB" | b"SWAPDB") if playing.at + 1 < playing.parts.len() => {
                playing.at += 1;
                Ok(false)
            }
            verb => {
                if matches!(verb, Some(b"FLUSHALL" | b"FLUSHDB" | b"SWAPDB")) {
                    playing.at = 0;
                }
                let db = lane.within.db as usize;
                self.head = Head { shard, offset: found.offset, db, ..Head::new(FrameKind::Command) };
                self.at = Held::Lane(shard, span);
                Ok(true)
            }
        }
    }

    fn check_held(&self) -> Result<()> {
        let max = self.options.transaction_bytes_max;
        if self.held <= max {
            return Ok(());
        }
        let text =
            format!("transactions that are not whole yet take more than {max} bytes: transaction-bytes-max");
        Err(Error::new(ErrorKind::OutOfMemory, text))
    }

    /// Reads a line. `None`: something else may be there now.
    fn line(&mut self) -> Result<Option<Step>> {
        let bytes = self.input.rest();
        let window = &bytes[..bytes.len().min(LINE_LEN_MAX)];
        let Some(end) = memchr::memchr(b'\n', window) else {
            if window.len() == LINE_LEN_MAX || window.first().is_some_and(|byte| !b"+-*".contains(byte)) {
                return Err(protocol(format!(
                    "the primary sent '{}' where a line must stand",
                    shown(window)
                )));
            }
            return Ok(Some(Step::Input));
        };
        let line = window[..end].strip_suffix(b"\r").unwrap_or(&window[..end]);
        let text = match line {
            [b'-', text @ ..] => return Err(refused(&String::from_utf8_lossy(text))),
            [b'+', text @ ..] => text,
            [] => {
                self.input.consume(end + 1);
                return Ok(None);
            }
            _ => return Err(protocol(format!("the primary sent '{}' where a line must stand", shown(line)))),
        };
        if self.phase == Phase::Auth {
            self.phase = Phase::Ack;
        } else {
            let parsed = Line::parse(text)
                .ok_or_else(|| protocol(format!("the primary sent the line '{}'", shown(text))))?;
            self.obey(parsed)?;
        }
        self.input.consume(end + 1);
        Ok(None)
    }

    fn obey(&mut self, line: Line) -> Result<()> {
        match (self.phase, line) {
            (Phase::Ack | Phase::Stream, Line::Ack { generation: Some(generation), offsets })
                if generation != 0 && !offsets.is_empty() && offsets.len() <= SHARDS_MAX =>
            {
                self.acked = (generation, offsets);
                self.phase = Phase::Acked;
                if !self.up {
                    (self.up, self.told_up) = (true, Some(true));
                    self.note(Head { up: true, ..Head::new(FrameKind::Link) }, String::new());
                }
            }
            (Phase::Acked, Line::Resync(reason)) => {
                self.stats.resyncs += 1;
                self.note(Head::new(FrameKind::Resync), reason);
            }
            (Phase::Acked, Line::Snapshot) => {
                self.stats.snapshots += 1;
                self.generation = self.acked.0;
                let positions = self.acked.1.iter().map(|&offset| Position { offset, db: 0 });
                self.lanes = positions.map(Lane::at).collect();
                (self.unfinished, self.held, self.shard) = (true, 0, 0);
                self.ready.clear();
                self.entries = Some(Box::new(Entries::new(self.options.frame_bytes_max)));
                self.phase = Phase::Snapshot;
                self.note(Head::new(FrameKind::SnapshotBegin), String::new());
            }
            (Phase::Acked | Phase::Stream, Line::Shard(shard)) => {
                if shard >= self.lanes.len() {
                    return Err(no_shard(shard));
                }
                self.shard = shard;
            }
            (Phase::Acked | Phase::Stream, Line::Ping { generation, offsets }) => {
                if self.phase == Phase::Acked {
                    self.continues()?;
                }
                self.ping(generation, &offsets)?;
            }
            (phase, line) => {
                return Err(protocol(format!("the primary sent {line:?} in phase {phase:?}")));
            }
        }
        Ok(())
    }

    fn ping(&mut self, generation: u64, offsets: &[u64]) -> Result<()> {
        if generation != self.generation {
            return Err(protocol(format!(
                "the primary's history {generation} is not the one followed, {}",
                self.generation
            )));
        }
        let here = self.lanes.iter().map(|lane| lane.next);
        if !here.eq(offsets.iter().copied()) {
            return Err(protocol("the primary's heartbeat names other offsets than it sent"));
        }
        self.told = (Offsets::new(), Offsets::new());
        if self.options.bookmarks && self.lanes.iter().all(|lane| !lane.is_holding()) {
            let offset = offsets.first().copied().unwrap_or_default();
            self.note(Head { offset, ..Head::new(FrameKind::Bookmark) }, String::new());
        }
        Ok(())
    }

    /// Reads a snapshot. `None`: something else may be there now.
    fn snapshot(&mut self) -> Result<Option<Step>> {
        loop {
            let Some(entries) = &mut self.entries else { return Err(protocol("no snapshot is under way")) };
            match entries.next()? {
                Next::Argv => {
                    self.stats.entries += 1;
                    self.head =
                        Head { shard: entries.shard(), db: entries.db(), ..Head::new(FrameKind::Entry) };
                    self.at = Held::Entries;
                    return Ok(Some(Step::Frame));
                }
                Next::Input | Next::End => {}
            }
            let bytes = self.input.rest();
            match self.phase {
                Phase::Chunk(left) => {
                    if bytes.is_empty() {
                        return Ok(Some(Step::Input));
                    }
                    let len = bytes.len().min(left).min(PIECE_BYTES);
                    entries.push(&bytes[..len])?;
                    self.input.consume(len);
                    self.phase = if len == left { Phase::ChunkEnd } else { Phase::Chunk(left - len) };
                }
                Phase::ChunkEnd => match bytes {
                    [b'\r', b'\n', ..] => {
                        self.input.consume(2);
                        self.phase = Phase::Snapshot;
                    }
                    [] | [b'\r'] => return Ok(Some(Step::Input)),
                    _ => return Err(protocol("a chunk of the snapshot does not end with its line end")),
                },
                _ => match bytes.first() {
                    None => return Ok(Some(Step::Input)),
                    Some(b'$') => match decode_bulk_len(bytes, 0) {
                        Ok(Some((len, start))) if len <= CHUNK_BYTES_MAX => {
                            self.input.consume(start);
                            self.phase = Phase::Chunk(len);
                        }
                        Ok(None) => return Ok(Some(Step::Input)),
                        _ => return Err(protocol("a chunk of the snapshot has no proper length")),
                    },
                    Some(_) => return self.snapshot_end(),
                },
            }
        }
    }

    fn snapshot_end(&mut self) -> Result<Option<Step>> {
        let bytes = self.input.rest();
        let window = &bytes[..bytes.len().min(LINE_LEN_MAX)];
        let Some(end) = memchr::memchr(b'\n', window) else {
            if window.len() == LINE_LEN_MAX {
                return Err(protocol("the end of the snapshot does not end"));
            }
            return Ok(Some(Step::Input));
        };
        let line = window[..end].strip_suffix(b"\r").unwrap_or(&window[..end]);
        match line {
            [b'-', text @ ..] => return Err(refused(&String::from_utf8_lossy(text))),
            [b'+', text @ ..] => match Line::parse(text) {
                Some(Line::SnapshotEnd(offsets)) if offsets == self.acked.1 => {}
                _ => return Err(protocol(format!("the primary sent '{}' in a snapshot", shown(line)))),
            },
            _ => return Err(protocol(format!("the primary sent '{}' in a snapshot", shown(line)))),
        }
        if !self.entries.take().is_some_and(|entries| entries.is_whole()) {
            return Err(protocol("the snapshot ended before its last byte"));
        }
        self.input.consume(end + 1);
        self.unfinished = false;
        self.phase = Phase::Stream;
        self.head = Head::new(FrameKind::SnapshotEnd);
        Ok(Some(Step::Frame))
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

/// Bytes of a chunk that are looked at in one go.
const PIECE_BYTES: usize = 64 << 10;
/// The largest chunk that is taken.
const CHUNK_BYTES_MAX: usize = 64 << 20;

fn selected(bytes: &[u8], decoder: &Decoder) -> Result<u32> {
    let [_, span] = &decoder.spans[..] else { return Err(protocol("a SELECT frame without its database")) };
    let db = bytes.get(span.start..span.end).and_then(super::super::wire::number);
    db.and_then(|db| u32::try_from(db).ok()).ok_or_else(|| protocol("a SELECT frame of no database"))
}

#[cold]
fn protocol(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, text)
}

#[cold]
fn no_shard(shard: usize) -> Error {
    protocol(format!("the primary sent frames of shard {shard}, which it does not have"))
}

#[cold]
fn stray_exec(offset: u64) -> Error {
    protocol(format!("a transaction ends at offset {offset} that has not begun"))
}

/// The error that the primary ended the link with.
#[cold]
fn refused(text: &str) -> Error {
    let kind = match text.split(' ').next().unwrap_or_default() {
        "NOAUTH" | "WRONGPASS" | "NOPERM" => ErrorKind::Auth,
        "LOADING" | "BUSY" | "RESYNC" | "MASTERDOWN" | "TRYAGAIN" => ErrorKind::Io,
        _ if text.starts_with("ERR max number of clients") => ErrorKind::Io,
        _ if text.starts_with("ERR unknown command") => ErrorKind::Unsupported,
        _ => ErrorKind::Replica,
    };
    Error::new(kind, text)
}
