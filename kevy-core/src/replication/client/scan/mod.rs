//! Following a primary that forbids PSYNC, as managed services do: its keys are scanned, and what changes is read again.
//!
//! The connection tracks keys (CLIENT TRACKING in broadcast mode) before the scan begins, so that nothing that changes behind
//! the scan's back is missed. Each key is read with PEXPIRETIME and DUMP, several at a time. A key that is told to have changed
//! is read again once the scan is whole, and its value or its absence handed out as one change.
//!
//! This is weaker than a stream: for each key its last value arrives, but not those in between, nor the order of changes
//! to different keys, nor transactions; nothing can be resumed; and one database is followed, since what tracking tells names
//! no database. What Redis tells nobody who tracks is missed: SWAPDB, functions, and what only consumer groups know.
//!
//! Source: tracking.c of Redis 7 and its documentation of client-side caching. [`replies`] obeys what the primary says, [`play`]
//! hands frames out, [`keys`] holds names.

mod keys;
mod play;
mod replies;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::base::{Argv, ArgvBuf, Error, ErrorKind, Result};
use crate::resp::{Tree, encode_command};
use crate::snapshot::Entries;

use super::super::cursor::ScanCursor;
use super::buffer::Buffer;
use super::frame::{Frame, FrameKind, Head};
use super::link::{LinkOptions, LinkStats, Step, protocol};
use super::notes::Notes;

use keys::{Changed, Key, Seen};
use play::Play;

/// How often the primary is asked for a sign of life.
const PING_INTERVAL: Duration = Duration::from_secs(1);

/// Keys that the primary looks at for one SCAN, and below which the next one is asked for.
const SCAN_COUNT: usize = 512;
/// Keys that are asked for and not answered: fewer where values are long, so that about so many bytes are under way.
const READS_MAX: usize = 512;
const READS_MIN: usize = 8;
const WINDOW_BYTES: usize = 8 << 20;

/// How far the conversation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// No link.
    Down,
    /// HELLO, SELECT and CLIENT TRACKING are under way.
    Greeting,
    Scan,
    Follow,
}

/// What the primary still has to answer to, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Hello,
    Select,
    Tracking,
    /// The scan of that round.
    Scan(u64),
    /// The expiry and the value of the first of the reads.
    Expiry,
    Value,
    /// Whether the key in doubt is there, after a database was emptied in that round.
    Witness(u64),
    /// Nothing but a reply, before which all has arrived that was told before that key was looked at.
    Settled(u64),
    /// How many keys there are.
    Size(u64),
    Ping,
}

/// A key that was asked for.
#[derive(Debug)]
struct Read {
    key: Key,
    /// The scan during or after which it was asked for.
    round: u64,
    is_scanned: bool,
    /// Asked for by the command that only later versions know.
    is_absolute: bool,
    /// Unix milliseconds.
    expire_at: Option<u64>,
    /// What was answered is of no use: it has to be asked for in another way.
    is_void: bool,
}

/// Where the bytes of the current frame are.
#[derive(Clone, Copy, Debug)]
enum Held {
    Nothing,
    /// In the value's reader.
    Entries,
    Own,
}

/// The protocol's state on the consumer's side.
#[derive(Debug)]
pub struct ScanLink {
    options: LinkOptions,
    /// What the primary said when it forbade PSYNC; empty where it was not asked for that.
    why: String,
    /// Where the frames that were handed out have led to; `None` where no scan was whole.
    done: Option<ScanCursor>,
    /// Why a snapshot comes that the caller does not expect.
    lost: Option<String>,
    /// Changes that were handed out.
    count: u64,
    phase: Phase,
    pub input: Buffer,
    /// Bytes for the primary.
    pub output: Vec<u8>,
    tree: Tree,
    /// The tree holds the beginning of a reply.
    is_under_way: bool,
    asked: VecDeque<Asked>,
    reads: VecDeque<Read>,
    /// Keys of the scan that are to be read.
    found: VecDeque<Key>,
    changed: Changed,
    /// Keys that changed and are being read, and whether they have changed once more since they were asked for.
    reading: HashMap<Key, bool>,
    seen: Seen,
    /// Scans begun.
    round: u64,
    /// Where the scan goes on; `None` once the primary has come to its end, or while it is asked.
    next: Option<Vec<u8>>,
    is_scan_asked: bool,
    /// A key without expiry that was there when it was last handed out, and of which no change has been told since.
    witness: Option<Key>,
    /// The witness that is asked for to find out whether it was this database that was emptied, until a change of it is told.
    in_doubt: Option<Key>,
    /// That is being found out, and has to be once more.
    is_checking: bool,
    is_emptied_again: bool,
    /// PEXPIRETIME is not known, so PTTL is asked for.
    is_relative: bool,
    /// Bytes that a value takes, on average over the last ones.
    value_bytes: usize,
    entries: Entries,
    play: Play,
    own: ArgvBuf,
    notes: Notes,
    head: Head,
    at: Held,
    ping_at: Option<Instant>,
    up: bool,
    told_up: Option<bool>,
    pub stats: LinkStats,
}

impl ScanLink {
    /// A link that is down. It counts on from `cursor`, but cannot resume there; `lost` says why another cursor is of no use,
    /// and `why` what the primary said to PSYNC.
    pub fn new(options: LinkOptions, cursor: Option<ScanCursor>, lost: Option<String>, why: String) -> Self {
        Self {
            why,
            done: cursor,
            lost,
            count: cursor.map_or(0, |cursor| cursor.offset),
            phase: Phase::Down,
            input: Buffer::new(options.frame_bytes_max),
            output: Vec::new(),
            tree: Tree::new(),
            is_under_way: false,
            asked: VecDeque::new(),
            reads: VecDeque::new(),
            found: VecDeque::new(),
            changed: Changed::default(),
            reading: HashMap::new(),
            seen: Seen::default(),
            round: 0,
            next: None,
            is_scan_asked: false,
            witness: None,
            in_doubt: None,
            is_checking: false,
            is_emptied_again: false,
            is_relative: false,
            value_bytes: 0,
            entries: Entries::new(options.frame_bytes_max),
            play: Play::Nothing,
            own: ArgvBuf::default(),
            notes: Notes::default(),
            head: Head::new(FrameKind::Link),
            at: Held::Nothing,
            ping_at: None,
            up: false,
            told_up: None,
            stats: LinkStats::default(),
            options,
        }
    }

    fn db(&self) -> u32 {
        self.options.database.unwrap_or_default()
    }

    /// Where the last frame that was handed out has led to; `None` for nowhere.
    pub fn place(&self) -> Option<ScanCursor> {
        self.done
    }

    /// Changes told of, and handed out.
    pub fn offsets(&self) -> (u64, u64) {
        let reads = if self.phase == Phase::Follow { self.reads.len() } else { 0 };
        (self.count + (self.changed.len() + reads) as u64, self.count)
    }

    /// Bytes of names of keys that are to be read.
    pub fn held(&self) -> usize {
        self.changed.bytes() + self.reads.iter().map(|read| read.key.len()).sum::<usize>()
    }

    /// Whether keys are known to have changed that were not handed out.
    pub fn owes(&self) -> bool {
        self.changed.len() + self.reads.len() > 0 || self.play != Play::Nothing
    }

    /// True while the primary has taken the handshake and the connection stands.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// True where a change has been handed out in part.
    pub fn is_inside_transaction(&self) -> bool {
        matches!(self.play, Play::Clear { is_change: true } | Play::Parts { is_change: true })
    }

    /// The connection is gone or was never made. All that was known of keys is forgotten: the next one scans anew.
    pub fn disconnected(&mut self, reason: &str) {
        if self.told_up != Some(false) {
            self.told_up = Some(false);
            self.note(FrameKind::Link, reason.to_owned());
        }
        self.up = false;
        self.forget();
        self.phase = Phase::Down;
    }

    fn forget(&mut self) {
        self.input.clear();
        self.output.clear();
        self.is_under_way = false;
        self.asked.clear();
        self.reads.clear();
        self.found.clear();
        self.changed = Changed::default();
        self.reading.clear();
        self.seen.clear();
        (self.next, self.is_scan_asked) = (None, false);
        self.trust();
        self.entries = Entries::new(self.options.frame_bytes_max);
        self.play = Play::Nothing;
        self.ping_at = None;
    }

    /// Whatever was to be found out about a database that was emptied is without meaning now.
    fn trust(&mut self) {
        (self.witness, self.in_doubt) = (None, None);
        (self.is_checking, self.is_emptied_again) = (false, false);
    }

    fn note(&mut self, kind: FrameKind, reason: String) {
        self.notes.add(Head { offset: self.count, ..Head::new(kind) }, reason);
    }

    /// The frame that [`ScanLink::step`] came to.
    #[inline]
    pub fn frame(&self) -> Frame<'_> {
        let Head { kind, shard, offset, db, up } = self.head;
        let argv = match self.at {
            Held::Nothing => Argv::EMPTY,
            Held::Entries => self.entries.argv(),
            Held::Own => self.own.as_argv(),
        };
        Frame { kind, shard, offset, db, argv, reason: self.notes.reason(), up }
    }

    /// Goes on to the next frame.
    ///
    /// # Errors
    /// Where the link cannot go on. [`ScanLink::disconnected`] has to follow.
    pub fn step(&mut self) -> Result<Step> {
        self.at = Held::Nothing;
        self.notes.leave();
        loop {
            if let Some(head) = self.notes.next() {
                self.head = head;
                return Ok(Step::Frame);
            }
            if self.play != Play::Nothing {
                if self.play()? {
                    return Ok(Step::Frame);
                }
                continue;
            }
            if self.phase == Phase::Down {
                return Ok(Step::Input);
            }
            if self.ends_scan() || self.reply()? {
                continue;
            }
            self.fill();
            return Ok(Step::Input);
        }
    }

    /// Asks for what is to be read, as far as there is room.
    fn fill(&mut self) {
        let room = (WINDOW_BYTES / self.value_bytes.max(1)).clamp(READS_MIN, READS_MAX);
        while self.reads.len() < room {
            let is_scanned = self.phase == Phase::Scan;
            let key = match self.phase {
                Phase::Scan => self.found.pop_front(),
                Phase::Follow => self.changed.take(),
                Phase::Down | Phase::Greeting => None,
            };
            let Some(key) = key else { break };
            let is_absolute = !self.is_relative;
            let expiry: &[u8] = if is_absolute { b"PEXPIRETIME" } else { b"PTTL" };
            encode_command(&mut self.output, &[expiry, &key]);
            encode_command(&mut self.output, &[b"DUMP", &key]);
            self.asked.extend([Asked::Expiry, Asked::Value]);
            if !is_scanned {
                self.reading.insert(key.clone(), false);
            }
            let round = self.round;
            self.reads.push_back(Read {
                key,
                round,
                is_scanned,
                is_absolute,
                expire_at: None,
                is_void: false,
            });
        }
        if self.found.len() < SCAN_COUNT
            && let Some(cursor) = self.next.take()
        {
            let count = SCAN_COUNT.to_string();
            let mut words: Vec<&[u8]> = vec![b"SCAN", &cursor];
            let pattern = match &self.options.selection.prefixes[..] {
                [prefix] => Some(pattern(prefix)),
                _ => None,
            };
            if let Some(pattern) = &pattern {
                words.extend([&b"MATCH"[..], pattern]);
            }
            words.extend([&b"COUNT"[..], count.as_bytes()]);
            encode_command(&mut self.output, &words);
            self.asked.push_back(Asked::Scan(self.round));
            self.is_scan_asked = true;
        }
    }

    /// Whether the copy has just become whole.
    fn ends_scan(&mut self) -> bool {
        let is_whole = self.phase == Phase::Scan
            && self.next.is_none()
            && !self.is_scan_asked
            && self.found.is_empty()
            && self.reads.is_empty();
        if is_whole {
            self.phase = Phase::Follow;
            self.seen.clear();
            self.done = Some(ScanCursor { offset: self.count, db: self.db() });
            self.note(FrameKind::SnapshotEnd, String::new());
        }
        is_whole
    }

    /// Whether a key is one of those that are followed.
    fn wants(&self, key: &[u8]) -> bool {
        let prefixes = &self.options.selection.prefixes;
        prefixes.is_empty() || prefixes.iter().any(|prefix| key.starts_with(prefix))
    }

    /// The primary is told nothing of what was applied here.
    pub fn confirm(&mut self) {}

    /// Takes note of what the caller says it has applied.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for a cursor that lies beyond what was handed out.
    pub fn ack(&mut self, cursor: &ScanCursor) -> Result<()> {
        if self.done.is_none_or(|done| cursor.offset > done.offset) {
            let text = "the cursor lies beyond the frames that were handed out";
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        Ok(())
    }

    /// When [`ScanLink::acknowledge`] has something to say though nothing arrives.
    pub fn deadline(&self) -> Option<Instant> {
        self.ping_at
    }

    /// Asks for a sign of life where it is time for that.
    pub fn acknowledge(&mut self, insist: bool, now: Instant) {
        if self.up && (insist || self.ping_at.is_none_or(|at| at <= now)) {
            self.ping_at = Some(now + PING_INTERVAL);
            self.probe();
        }
    }

    /// Asks the primary for a sign that all it had told before has arrived.
    pub fn probe(&mut self) {
        if self.up && !self.asked.contains(&Asked::Ping) {
            encode_command(&mut self.output, &[b"PING"]);
            self.asked.push_back(Asked::Ping);
        }
    }
}

/// A glob that matches what begins with `prefix`.
fn pattern(prefix: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(prefix.len() + 1);
    for byte in prefix {
        if b"*?[]\\^-".contains(byte) {
            pattern.push(b'\\');
        }
        pattern.push(*byte);
    }
    pattern.push(b'*');
    pattern
}
