//! A PSYNC replica's connection on the primary's side: its answer, a whole copy if need be, then the stream.
//!
//! The reactor that owns the connection calls [`Upgrade::output`] when the socket takes more. None of the methods may be
//! called with a token held, but [`Upgrade::input`].

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::base::log_sink;
use crate::base::number::{format_u64, parse_i64};
use crate::base::random::Random;
use crate::io::{Sent, Upgrade};
use crate::log::Subscription;
use crate::log::subscribers::Wake;
use crate::resp::{ArgVec, decode_command};
use crate::shard::Cut;

use super::byte_log::ByteReader;
use super::history::ReplicationId;
use super::payload::{Framing, Payload};
use super::peers::Stage;
use super::sequencer::{Mark, Sequencer};

/// The longest command that a replica sends.
const INPUT_BYTES_MAX: usize = 64 << 10;
/// How often something is looked at that nobody tells of.
const LOOK_MS: u64 = 1000;

/// What a replica has said of itself by REPLCONF.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Introduction {
    /// The port that its clients connect to; 0 where it did not say.
    pub port: u16,
    /// The address that it wants to be shown by.
    pub address: Option<String>,
    /// It finds the end of a copy by a mark.
    pub eof: bool,
    /// It takes a new id of the history with `+CONTINUE`.
    pub psync2: bool,
    /// It wants a copy, and no stream.
    pub rdb_only: bool,
    /// It wants a copy without keys.
    pub no_keys: bool,
}

/// What a replica asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// `SYNC`: a copy and the stream, with no word about either.
    Sync,
    /// `PSYNC ? -1`: a copy and the stream.
    Full,
    /// `PSYNC <id> <offset>`: what follows the first `have` bytes of a history.
    Resume { id: Vec<u8>, have: u64 },
}

impl Opening {
    /// Reads the arguments of PSYNC or SYNC, the verb first.
    ///
    /// # Errors
    /// The text of an error reply.
    pub fn parse(args: &[&[u8]]) -> Result<Self, String> {
        match args {
            [_] => Ok(Self::Sync),
            [_, id, offset] => {
                let offset = parse_i64(offset).ok_or("ERR value is not an integer or out of range")?;
                match u64::try_from(offset - 1) {
                    Ok(have) if *id != b"?" => Ok(Self::Resume { id: id.to_vec(), have }),
                    _ => Ok(Self::Full),
                }
            }
            _ => Err("ERR syntax error".into()),
        }
    }
}

/// One replica's connection.
#[derive(Debug)]
pub struct Feed {
    sequencer: Arc<Sequencer>,
    count: CountBox,
    introduction: Introduction,
    opening: Opening,
    /// How it is called in the log.
    name: String,
    number: u64,
    wake: WakeBox,
    /// Wakes the connection's owner: for bytes of the stream, and for what a full sync waits for.
    stream: Subscription,
    news: Subscription,
    state: State,
    /// This feed is one of the few full syncs that run.
    has_turn: bool,
    /// When the replica was last heard of, or took data; when it was last sent anything.
    alive: u64,
    sent: u64,
    over_soft_limit_since: Option<u64>,
    random: Random,
}

/// How an opening was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answered {
    Full,
    Partial,
    /// A whole copy where a partial sync was asked for.
    Refused,
}

/// Counts answers.
pub type Count = Arc<dyn Fn(Answered) + Send + Sync>;

struct WakeBox(Wake);

impl std::fmt::Debug for WakeBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WakeBox")
    }
}

struct CountBox(Count);

impl std::fmt::Debug for CountBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CountBox")
    }
}

#[derive(Debug)]
enum State {
    /// Nothing has been answered.
    Start,
    /// Waits for its turn to be sent a copy.
    Queued,
    /// The cut is made, and its place in the stream not known yet.
    Cut(Box<Cut>, Arc<Mark>),
    Copy(Box<Payload>, Option<ByteReader>),
    /// The copy is sent. What follows must not come before the replica has found its end.
    Copied(Option<ByteReader>),
    Stream(ByteReader),
    Closed,
}

/// Who a feed is for.
pub struct Order<'a> {
    pub introduction: Introduction,
    pub address: &'a str,
    pub wake: Wake,
}

impl Feed {
    /// The feed of a connection that sent `opening`.
    pub fn open(
        sequencer: &Arc<Sequencer>,
        opening: Opening,
        order: Order<'_>,
        count: Count,
    ) -> Box<dyn Upgrade> {
        let Order { introduction, address, wake } = order;
        let now = sequencer.clock.now_ms();
        let ip = address.rsplit_once(':').map_or(address, |(ip, _)| ip);
        let ip = ip.trim_start_matches('[').trim_end_matches(']');
        let ip = introduction.address.clone().unwrap_or_else(|| ip.to_owned());
        let name = match introduction.port {
            0 => address.to_owned(),
            port => format!("{ip}:{port}"),
        };
        log_sink::info(format_args!("replica {name} asks for synchronization"));
        let number = sequencer.peers.add(ip, introduction.port, now);
        Box::new(Self {
            stream: sequencer.log.subscribe(Arc::clone(&wake)),
            news: sequencer.news.subscribe(Arc::clone(&wake)),
            wake: WakeBox(wake),
            sequencer: Arc::clone(sequencer),
            count: CountBox(count),
            introduction,
            opening,
            name,
            number,
            state: State::Start,
            has_turn: false,
            alive: now,
            sent: now,
            over_soft_limit_since: None,
            random: Random::from_system(),
        })
    }

    /// Continues where the replica was, or puts it in line for a copy.
    fn begin(&mut self, out: &mut Vec<u8>, now: u64) {
        if let Opening::Resume { id, have } = &self.opening {
            let history = self.sequencer.history.lock();
            let reader =
                if history.continues(id, *have) { self.sequencer.log.resume(*have).ok() } else { None };
            if let Some(reader) = reader {
                let id = history.id;
                drop(history);
                (self.count.0)(Answered::Partial);
                log_sink::info(format_args!("replica {} continues behind {have} bytes", self.name));
                out.extend_from_slice(b"+CONTINUE");
                if self.introduction.psync2 {
                    out.push(b' ');
                    out.extend_from_slice(&id);
                }
                out.extend_from_slice(b"\r\n");
                self.sequencer.peers.set_acked(self.number, *have);
                self.go_online(reader, now);
                return;
            }
            drop(history);
            (self.count.0)(Answered::Refused);
        } else {
            (self.count.0)(Answered::Full);
        }
        self.state = State::Queued;
    }

    fn go_online(&mut self, reader: ByteReader, now: u64) {
        self.state = State::Stream(reader);
        self.sequencer.peers.set_stage(self.number, Stage::Online, now);
    }

    fn end_turn(&mut self) {
        if std::mem::take(&mut self.has_turn) {
            self.sequencer.end_full_sync();
        }
    }

    /// Makes a copy without keys, or cuts.
    fn begin_copy(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        if !self.sequencer.begin_full_sync() {
            return Ok(());
        }
        self.has_turn = true;
        let (cut, mark) = self.sequencer.cut();
        if mark.offset().is_none() {
            self.state = State::Cut(Box::new(cut), mark);
            return Ok(());
        }
        self.answer_full(out, cut, &mark)
    }

    /// Answers with the place of the cut and prepares the copy.
    fn answer_full(&mut self, out: &mut Vec<u8>, cut: Cut, mark: &Mark) -> Result<(), String> {
        let Some(offset) = mark.offset() else {
            cut.cancel(&self.sequencer.shards);
            return Err("the stream has ended".into());
        };
        let id: ReplicationId = self.sequencer.history.lock().id;
        let reader = (!self.introduction.rdb_only).then(|| self.sequencer.log.read_from(offset));
        if self.opening != Opening::Sync {
            out.extend_from_slice(b"+FULLRESYNC ");
            out.extend_from_slice(&id);
            out.extend_from_slice(format!(" {offset}\r\n").as_bytes());
        }
        let framing = if self.introduction.eof {
            Framing::Mark(self.random.hex_id())
        } else {
            let name = self.random.hex_id::<16>();
            match Framing::length(&format!("kevy-{}.rdb", String::from_utf8_lossy(&name))) {
                Ok(framing) => framing,
                Err(error) => {
                    cut.cancel(&self.sequencer.shards);
                    return Err(format!("a file for its copy: {error}"));
                }
            }
        };
        let cut = if self.introduction.no_keys {
            cut.cancel(&self.sequencer.shards);
            None
        } else {
            Some(cut)
        };
        let offset = format_u64(offset);
        let fields: [(&[u8], &[u8]); 5] = [
            (b"redis-ver", b"7.2.0"),
            (b"redis-bits", b"64"),
            (b"repl-id", &id),
            (b"repl-offset", offset.as_bytes()),
            (b"aof-base", b"0"),
        ];
        self.state = State::Copy(Box::new(Payload::new(cut, framing, &fields)), reader);
        self.sequencer.peers.set_stage(self.number, Stage::Copying, self.alive);
        Ok(())
    }

    /// The copy is sent whole.
    fn end_copy(&mut self, payload: &Payload, reader: Option<ByteReader>, now: u64) {
        let reduced = payload.reduced();
        if reduced > 0 {
            log_sink::warning(format_args!(
                "replica {} was sent {reduced} keys without what it has no form for: JSON documents and vector sets not at \
                 all, hashes without the expiries of their fields",
                self.name
            ));
        }
        log_sink::info(format_args!("replica {} was sent a whole copy", self.name));
        self.end_turn();
        match reader {
            // A length tells the end, and those who ask for one may be too old to acknowledge anything.
            Some(reader) if !self.introduction.eof => self.go_online(reader, now),
            reader => self.state = State::Copied(reader),
        }
    }

    /// Sends what the state has to send.
    fn send(&mut self, out: &mut Vec<u8>, budget: usize, now: u64) -> Result<Sent, String> {
        match &mut self.state {
            State::Start => {
                self.begin(out, now);
                Ok(Sent::More)
            }
            State::Queued => {
                // Armed first: a turn that ends after the look wakes the owner.
                self.news.arm();
                self.begin_copy(out)?;
                Ok(if self.has_turn { Sent::More } else { Sent::Idle })
            }
            State::Cut(_, mark) => {
                self.news.arm();
                if mark.offset().is_none() && self.sequencer.is_running() {
                    return Ok(Sent::Idle);
                }
                if let State::Cut(cut, mark) = std::mem::replace(&mut self.state, State::Closed) {
                    self.answer_full(out, *cut, &mark)?;
                }
                Ok(Sent::More)
            }
            State::Copy(payload, reader) => {
                if let Some(reader) = reader {
                    reader.check().map_err(|_| "its copy was taken too slowly for what changed meanwhile")?;
                }
                if !payload.waits(&self.sequencer.shards).is_zero() {
                    return Ok(Sent::Idle);
                }
                if !payload.send(&self.sequencer.shards, out, budget)? {
                    if payload.is_spooling() {
                        // Other connections get their turn between two slices.
                        (self.wake.0)();
                        return Ok(Sent::Idle);
                    }
                    return Ok(Sent::More);
                }
                if let State::Copy(payload, reader) = std::mem::replace(&mut self.state, State::Closed) {
                    self.end_copy(&payload, reader, now);
                    payload.cancel(&self.sequencer.shards);
                }
                Ok(Sent::More)
            }
            State::Copied(reader) => {
                if let Some(reader) = reader {
                    reader
                        .check()
                        .map_err(|_| "its copy was loaded too slowly for what changed meanwhile")?;
                }
                Ok(Sent::Idle)
            }
            State::Stream(reader) => {
                let gone = |_| "it is too far behind";
                if reader.read(out, budget).map_err(gone)? {
                    return Ok(Sent::More);
                }
                if self.stream.arm_unless_armed() {
                    return Ok(Sent::Idle);
                }
                // What was appended before the wish has to be looked for once more.
                Ok(if reader.behind() > 0 { Sent::More } else { Sent::Idle })
            }
            State::Closed => Ok(Sent::Close),
        }
    }

    /// Ends what is under way. No token is held.
    fn end(&mut self) {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Copy(payload, _) => payload.cancel(&self.sequencer.shards),
            State::Cut(cut, _) => cut.cancel(&self.sequencer.shards),
            _ => {}
        }
        self.end_turn();
    }

    /// Does what a replica says.
    fn obey(&mut self, args: &[&[u8]], now: u64) {
        let [verb, what, offset, rest @ ..] = args else { return };
        if !verb.eq_ignore_ascii_case(b"REPLCONF") || !what.eq_ignore_ascii_case(b"ACK") {
            return;
        }
        let number = |text: &[u8]| parse_i64(text).and_then(|value| u64::try_from(value).ok());
        let Some(acked) = number(offset) else { return };
        let durable = match rest {
            [word, durable] if word.eq_ignore_ascii_case(b"FACK") => number(durable),
            _ => None,
        };
        match &self.state {
            State::Copied(Some(_)) => {
                if let State::Copied(Some(reader)) = std::mem::replace(&mut self.state, State::Closed) {
                    self.go_online(reader, now);
                }
            }
            // Whoever wanted no stream has what it came for.
            State::Copied(None) => self.state = State::Closed,
            _ => {}
        }
        if let State::Stream(reader) = &self.state {
            let acked = acked.min(reader.offset());
            self.sequencer.peers.acknowledge(self.number, acked, durable, (self.sequencer.log.end(), now));
        }
    }

    /// Why the link has to end, if it has.
    fn overdue(&mut self, now: u64) -> Option<&'static str> {
        let settings = &self.sequencer.settings;
        if now.saturating_sub(self.alive) > settings.timeout_ms.load(Ordering::Relaxed) {
            return Some("nothing is heard of it");
        }
        let (State::Copy(_, Some(reader)) | State::Copied(Some(reader)) | State::Stream(reader)) =
            &self.state
        else {
            return None;
        };
        let behind = reader.behind();
        let soft = settings.soft_bytes.load(Ordering::Relaxed) as u64;
        if soft == 0 || behind <= soft {
            self.over_soft_limit_since = None;
            return None;
        }
        let since = *self.over_soft_limit_since.get_or_insert(now);
        let is_over = now.saturating_sub(since) > settings.soft_ms.load(Ordering::Relaxed);
        is_over.then_some("it has been too far behind for too long")
    }
}

impl Upgrade for Feed {
    fn input(&mut self, bytes: &[u8], now: u64) -> Result<usize, String> {
        self.alive = now;
        let mut used = 0;
        let mut args = ArgVec::new();
        loop {
            let rest = &bytes[used..];
            // While it loads a replica sends empty lines; redis-cli sends some of its words as lines.
            if let Some(byte) = rest.first()
                && *byte != b'*'
            {
                let Some(end) = memchr::memchr(b'\n', rest) else { break };
                let words: Vec<&[u8]> =
                    rest[..end].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
                self.obey(&words, now);
                used += end + 1;
                continue;
            }
            match decode_command(rest, &mut args).map_err(|error| format!("a replica sent {error}"))? {
                Some(len) => {
                    self.obey(&args, now);
                    used += len;
                }
                None => break,
            }
        }
        if bytes.len() - used > INPUT_BYTES_MAX {
            return Err(format!("a replica sent a command of more than {INPUT_BYTES_MAX} bytes"));
        }
        Ok(used)
    }

    fn output(&mut self, out: &mut Vec<u8>, budget: usize, now: u64) -> Sent {
        let before = out.len();
        let sent = match self.overdue(now) {
            Some(reason) => Err(reason.to_owned()),
            None => self.send(out, budget, now),
        };
        let sent = sent.unwrap_or_else(|reason| {
            log_sink::warning(format_args!("the link of replica {} is closed: {reason}", self.name));
            self.end();
            Sent::Abort
        });
        // A replica that is not sent anything takes its primary for dead.
        let waits = match &self.state {
            State::Queued | State::Cut(..) => true,
            State::Copy(payload, _) => payload.is_spooling(),
            _ => false,
        };
        if out.len() > before {
            self.sent = now;
            // Once the stream runs only the replica's own word tells that it is there; the oldest ones have none.
            if self.opening == Opening::Sync || !matches!(self.state, State::Copied(_) | State::Stream(_)) {
                self.alive = now;
            }
        } else if waits && budget > 0 && now.saturating_sub(self.sent) >= LOOK_MS {
            out.push(b'\n');
            (self.alive, self.sent) = (now, now);
        }
        sent
    }

    fn deadline(&self) -> Option<u64> {
        match self.state {
            State::Closed => None,
            State::Copy(ref payload, _) => {
                let wait_ms = payload.waits(&self.sequencer.shards).as_millis() as u64;
                let wait_ms = if wait_ms > 0 { wait_ms.min(LOOK_MS) } else { LOOK_MS };
                Some(self.sequencer.clock.now_ms() + wait_ms)
            }
            _ => Some(self.sequencer.clock.now_ms() + LOOK_MS),
        }
    }

    fn closed(&mut self, _: u64) {
        self.end();
        self.sequencer.peers.remove(self.number);
        log_sink::info(format_args!("replica {} has gone", self.name));
    }
}
