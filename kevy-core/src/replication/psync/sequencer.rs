//! The thread that writes the merged stream, and what it shares with the feeds that send it.
//!
//! It is started by the first replica that speaks PSYNC and ends when none has been there for `repl-backlog-ttl`
//! seconds; without it nothing is stamped, merged or kept. It takes no token and holds no lock that a command waits for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::base::options::Options;
use crate::base::random::Random;
use crate::base::{Clock, log_sink};
use crate::log::subscribers::Wake;
use crate::log::{Backlog, Gone, StreamReader, Subscribers, Subscription, Ticks};
use crate::resp::encode_command;
use crate::shard::{Cut, Shards};
use crate::snapshot::{Format, SavedPlace};

use super::byte_log::ByteLog;
use super::history::History;
use super::merge::{Advance, Merger};
use super::peers::Peers;
use super::translate::LeftOut;

/// Bytes that are appended to the backlog at a time.
const ROUND_BYTES: usize = 256 << 10;
/// How long the thread rests after it found something: whoever appends meanwhile need not wake it.
const REST: Duration = Duration::from_micros(500);
/// How often it looks at the clock.
const TICK: Duration = Duration::from_millis(100);
/// Full syncs that run at the same time; others wait for one of them to end.
const FULL_SYNCS_MAX: usize = 8;
/// How often what was left out is told of.
const REPORT_MS: u64 = 60_000;

const UNKNOWN: u64 = u64::MAX;

/// A point of the merged stream: where it has said everything that certain frames of the shards' streams say.
#[derive(Debug)]
pub struct Mark {
    frames: Vec<u64>,
    offset: Arc<AtomicU64>,
}

impl Mark {
    fn new(frames: Vec<u64>, offset: u64) -> Arc<Self> {
        Arc::new(Self { frames, offset: Arc::new(AtomicU64::new(offset)) })
    }

    /// The number of bytes that lie before it, `u64::MAX` until the stream has come there.
    pub fn shared(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.offset)
    }

    /// How many bytes lie before it; `None` until the stream has come there, and for ever where it broke.
    pub fn offset(&self) -> Option<u64> {
        Some(self.offset.load(Ordering::Acquire)).filter(|offset| *offset != UNKNOWN)
    }
}

/// What the thread is asked for.
#[derive(Debug, Default)]
struct Inbox {
    /// Cuts whose offset is wanted, oldest first; frames up to each have to be merged before any behind it.
    cuts: Vec<Arc<Mark>>,
    /// Points whose offset is wanted, and then the replicas' word that they have come there.
    marks: Vec<Arc<Mark>>,
    /// There is something to look for.
    rung: bool,
    /// Something other than new frames.
    urgent: bool,
}

/// The options that are followed.
#[derive(Debug, Default)]
pub struct Settings {
    pub ping_ms: AtomicU64,
    pub timeout_ms: AtomicU64,
    ttl_ms: AtomicU64,
    /// Bytes that a replica may make this side hold, at once or for some milliseconds.
    pub hard_bytes: AtomicUsize,
    pub soft_bytes: AtomicUsize,
    pub soft_ms: AtomicU64,
}

/// The merged stream of a runtime.
#[derive(Debug)]
pub struct Sequencer {
    pub log: Arc<ByteLog>,
    pub peers: Peers,
    pub history: Mutex<History>,
    pub settings: Settings,
    pub clock: Arc<dyn Clock>,
    pub shards: Arc<Shards>,
    backlogs: Vec<Arc<Backlog>>,
    ticks: Arc<Ticks>,
    running: AtomicBool,
    stopping: AtomicBool,
    /// Held while a cut is made and its mark handed over, so that marks come in the order of cuts; never with a token
    /// held before it.
    beginning: Mutex<()>,
    inbox: Mutex<Inbox>,
    changed: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
    full_syncs: AtomicUsize,
    /// Wakes feeds when something that they wait for is there: an offset, or their turn.
    pub news: Arc<Subscribers>,
    /// Wakes whoever waits for replicas' acknowledgements.
    pub acks: Arc<Subscribers>,
    left_out: Mutex<LeftOut>,
    /// The frames of each shard that are merged, and the bytes of the stream up to the last of them.
    merged: Mutex<(Vec<u64>, u64)>,
    this: OnceLock<std::sync::Weak<Self>>,
}

impl Sequencer {
    /// A sequencer that has not begun. Whoever waits for acknowledgements is woken through `acks`.
    pub fn new(
        shards: Arc<Shards>,
        backlogs: Vec<Arc<Backlog>>,
        acks: Arc<Subscribers>,
        random: Random,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let sequencer = Arc::new(Self {
            log: Arc::default(),
            peers: Peers::new(Arc::clone(&acks)),
            history: Mutex::new(History::new(random)),
            settings: Settings::default(),
            clock,
            shards,
            backlogs,
            ticks: Arc::default(),
            running: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            beginning: Mutex::new(()),
            inbox: Mutex::default(),
            changed: Condvar::new(),
            thread: Mutex::new(None),
            full_syncs: AtomicUsize::new(0),
            news: Arc::default(),
            acks,
            left_out: Mutex::default(),
            merged: Mutex::default(),
            this: OnceLock::new(),
        });
        // Nothing else sets it.
        let _ = sequencer.this.set(Arc::downgrade(&sequencer));
        sequencer
    }

    /// Takes over options that may change while the runtime runs.
    pub fn follow(&self, options: &Options) {
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let limit = &options.client_output_buffer_limit.replica;
        let hard = if limit.hard_bytes == 0 { usize::MAX } else { size(limit.hard_bytes) };
        let Settings { ping_ms, timeout_ms, ttl_ms, hard_bytes, soft_bytes, soft_ms } = &self.settings;
        ping_ms.store(u64::from(options.repl_ping_replica_period) * 1000, Ordering::Relaxed);
        timeout_ms.store(u64::from(options.repl_timeout) * 1000, Ordering::Relaxed);
        ttl_ms.store(options.repl_backlog_ttl.saturating_mul(1000), Ordering::Relaxed);
        hard_bytes.store(hard, Ordering::Relaxed);
        soft_bytes.store(size(limit.soft_bytes), Ordering::Relaxed);
        soft_ms.store(limit.soft_seconds * 1000, Ordering::Relaxed);
        self.log.follow(size(options.repl_backlog_size), hard);
    }

    /// True while the streams of the shards are merged.
    pub fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Has one of the few full syncs that run at a time begin; false where it has to wait for [`Sequencer::news`].
    pub fn begin_full_sync(&self) -> bool {
        let taken = self.full_syncs.fetch_update(Ordering::AcqRel, Ordering::Acquire, |running| {
            (running < FULL_SYNCS_MAX).then_some(running + 1)
        });
        taken.is_ok()
    }

    pub fn end_full_sync(&self) {
        self.full_syncs.fetch_sub(1, Ordering::AcqRel);
        self.news.notify();
    }

    /// Cuts all shards for a replica, and says with which byte of the stream the cut ends once that is known. Starts the
    /// stream where there was none. The caller holds no token.
    pub fn cut(&self) -> (Cut, Arc<Mark>) {
        let beginning = self.beginning.lock();
        let starts = !self.is_running();
        let held = self.settings.hard_bytes.load(Ordering::Relaxed);
        let all: Vec<usize> = (0..self.shards.len()).collect();
        let mut frames = Vec::with_capacity(all.len());
        let mut readers = Vec::with_capacity(all.len());
        let cut = Cut::begin(&self.shards, &all, held, Format::FOR_REDIS, |shard| {
            shard.open_stream();
            let offset = shard.stream.cut();
            frames.push(offset);
            if starts {
                let backlog = shard.stream.shared();
                backlog.pin_merged(offset);
                if all.len() > 1 {
                    shard.stream.order_by(Some(Arc::clone(&self.ticks)));
                }
                readers.push(StreamReader::at(Arc::clone(&backlog), offset).map(|reader| (reader, backlog)));
            }
        });
        let mark = if starts {
            match readers.into_iter().collect::<Result<Vec<_>, Gone>>() {
                Ok(readers) => self.start(Merger::new(readers, Arc::clone(&self.ticks))),
                Err(gone) => log_sink::warning(format_args!("the streams cannot be merged: {gone}")),
            }
            Mark::new(frames, if self.is_running() { self.log.begin() } else { UNKNOWN })
        } else {
            let mark = Mark::new(frames, UNKNOWN);
            self.ask(|inbox| inbox.cuts.push(Arc::clone(&mark)));
            mark
        };
        drop(beginning);
        (cut, mark)
    }

    /// Goes on with the stream `place`, which said everything that is here. The caller holds no token.
    pub fn restore(&self, place: SavedPlace) {
        if self.is_running() {
            return;
        }
        self.log.restart(place.offset);
        self.history.lock().succeed(place.id, place.offset);
        let (cut, _) = self.cut();
        cut.cancel(&self.shards);
    }

    /// Where the stream has come to, with its id; `None` where it has not said all of `frames`.
    pub fn place(&self, frames: &[u64]) -> Option<SavedPlace> {
        // Behind the last of them only words to keep links alive may follow.
        let offset = self.merged_end(frames).map(|_| self.log.end())?;
        Some(SavedPlace { id: self.history.lock().id, offset, db: None })
    }

    /// A point behind which everything lies that has been recorded up to now; `None` where nothing is merged. Replicas
    /// are asked to say when they have come there.
    pub fn mark(&self, frames: Vec<u64>) -> Option<Arc<Mark>> {
        if !self.is_running() || self.peers.is_empty() {
            return None;
        }
        let mark = Mark::new(frames, UNKNOWN);
        self.ask(|inbox| inbox.marks.push(Arc::clone(&mark)));
        Some(mark)
    }

    /// How many replicas have everything that has been recorded up to `frames`, and said so already.
    pub fn in_sync(&self, frames: &[u64]) -> usize {
        self.merged_end(frames).map_or(0, |end| self.peers.at_least(end, false))
    }

    /// How many bytes say everything that has been recorded up to `frames`, if that is merged already.
    pub fn merged_end(&self, frames: &[u64]) -> Option<u64> {
        let merged = self.merged.lock();
        let (places, bytes) = &*merged;
        let is_merged =
            places.len() >= frames.len() && places.iter().zip(frames).all(|(place, frame)| place >= frame);
        (self.is_running() && is_merged).then_some(*bytes)
    }

    fn ask(&self, ask: impl FnOnce(&mut Inbox)) {
        let mut inbox = self.inbox.lock();
        ask(&mut inbox);
        (inbox.rung, inbox.urgent) = (true, true);
        self.changed.notify_one();
    }

    /// Wakes the thread, for there are frames.
    fn ring(&self) {
        self.inbox.lock().rung = true;
        self.changed.notify_one();
    }

    fn start(&self, merger: Merger) {
        self.log.restart(self.log.end());
        self.running.store(true, Ordering::Release);
        let Some(this) = self.this.get().and_then(std::sync::Weak::upgrade) else { return };
        let spawned = std::thread::Builder::new().name("kevy-sequencer".into()).spawn(move || {
            let ran = catch_unwind(AssertUnwindSafe(|| this.run(merger)));
            if let Some(reason) = ran.unwrap_or(Some("its thread panicked")) {
                this.end(reason);
            }
        });
        match spawned {
            Ok(thread) => *self.thread.lock() = Some(thread),
            Err(error) => {
                log_sink::error(format_args!("cannot start the thread that merges streams: {error}"));
                self.running.store(false, Ordering::Release);
                self.renew();
            }
        }
    }

    /// Ends the thread, for good. The caller holds no token.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.ask(|_| ());
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // A panic of the thread has ended the history, and with it the links that it fed.
            let _ = thread.join();
        }
    }

    /// Begins another history: every replica has to fetch a whole copy.
    pub fn renew(&self) {
        self.history.lock().renew();
        if self.is_running() {
            self.log.restart(self.log.end());
        } else {
            self.log.forget();
        }
    }

    fn end(&self, reason: &str) {
        log_sink::info(format_args!("the stream for replicas of other makes ends: {reason}"));
        let beginning = self.beginning.lock();
        self.history.lock().renew();
        *self.inbox.lock() = Inbox::default();
        for mut shard in self.shards.take_all() {
            shard.stream.order_by(None);
        }
        self.running.store(false, Ordering::Release);
        self.log.forget();
        drop(beginning);
        self.news.notify();
    }

    /// Merges until the stop, or until there is a reason to end the history.
    fn run(&self, merger: Merger) -> Option<&'static str> {
        let wake: Wake = match self.this.get().cloned() {
            Some(this) => Arc::new(move || {
                if let Some(this) = this.upgrade() {
                    this.ring();
                }
            }),
            None => return None,
        };
        let subscriptions: Vec<Subscription> =
            self.backlogs.iter().map(|backlog| backlog.subscribe(Arc::clone(&wake))).collect();
        let mut turns = Turns::new(self, merger);
        loop {
            if self.stopping.load(Ordering::Acquire) {
                // What was recorded last is merged, so that it is known where the stream ends.
                let _ = turns.merge();
                return None;
            }
            match turns.all() {
                Err(gone) => {
                    log_sink::error(format_args!("changes came faster than they could be merged: {gone}"));
                    return Some("frames were lost");
                }
                Ok(is_something) => {
                    if turns.is_over() {
                        return Some("nobody has listened for a while");
                    }
                    self.wait(&subscriptions, is_something);
                }
            }
        }
    }

    /// Waits for frames, for somebody who asks, or for a tick.
    fn wait(&self, subscriptions: &[Subscription], rests: bool) {
        let mut inbox = self.inbox.lock();
        if rests {
            if !inbox.urgent {
                self.changed.wait_for(&mut inbox, REST);
            }
        } else if !inbox.rung {
            drop(inbox);
            // What was appended before the wish has to be looked for once more.
            if subscriptions.iter().filter(|one| !one.arm_unless_armed()).count() > 0 {
                return;
            }
            inbox = self.inbox.lock();
            if !inbox.rung {
                self.changed.wait_for(&mut inbox, TICK);
            }
        }
        (inbox.rung, inbox.urgent) = (false, false);
    }
}

/// The thread's own state.
#[derive(Debug)]
struct Turns<'s> {
    sequencer: &'s Sequencer,
    merger: Merger,
    out: Vec<u8>,
    pinged: u64,
    reported: u64,
    /// When the last replica left.
    alone_since: Option<Instant>,
}

impl<'s> Turns<'s> {
    fn new(sequencer: &'s Sequencer, merger: Merger) -> Self {
        let now = sequencer.clock.now_ms();
        Self { sequencer, merger, out: Vec::new(), pinged: now, reported: now, alone_since: None }
    }

    /// Merges what there is, and does what was asked for. True where there was something.
    fn all(&mut self) -> Result<bool, Gone> {
        let is_something = self.merge()?;
        self.answer_marks();
        self.tick();
        Ok(is_something)
    }

    /// Merges what there is. True where there was something.
    fn merge(&mut self) -> Result<bool, Gone> {
        let mut is_something = false;
        loop {
            let cut = self.sequencer.inbox.lock().cuts.first().cloned();
            let frames = cut.as_ref().map(|cut| &cut.frames[..]);
            let advance = self.merger.advance(&mut self.out, ROUND_BYTES, frames)?;
            if !self.out.is_empty() {
                is_something = true;
                self.flush();
            }
            self.note_merged();
            match (advance, cut) {
                (Advance::AtCut, Some(cut)) => {
                    cut.offset.store(self.sequencer.log.end(), Ordering::Release);
                    self.merger.forget_database();
                    self.sequencer.inbox.lock().cuts.remove(0);
                    self.sequencer.news.notify();
                }
                (Advance::More, _) => {}
                _ => break,
            }
        }
        Ok(is_something)
    }

    fn flush(&mut self) {
        if !self.out.is_empty() {
            self.sequencer.log.append(&self.out);
            self.out.clear();
            self.out.shrink_to(2 * ROUND_BYTES);
            self.merger.release();
        }
    }

    fn note_merged(&self) {
        let (places, bytes) = &mut *self.sequencer.merged.lock();
        if !places.iter().copied().eq(self.merger.offsets()) {
            places.clear();
            places.extend(self.merger.offsets());
            *bytes = self.sequencer.log.end();
        }
    }

    /// Settles the points that the stream has come to, and asks the replicas whether they have.
    fn answer_marks(&mut self) {
        let mut inbox = self.sequencer.inbox.lock();
        if inbox.marks.is_empty() {
            return;
        }
        let Self { merger, sequencer, .. } = self;
        let end = sequencer.log.end();
        let before = inbox.marks.len();
        inbox.marks.retain(|mark| {
            let is_there = merger.offsets().zip(&mark.frames).all(|(next, frame)| next >= *frame);
            if is_there {
                mark.offset.store(end, Ordering::Release);
            }
            !is_there
        });
        let is_some = inbox.marks.len() < before;
        drop(inbox);
        if is_some {
            encode_command(&mut self.out, &[b"REPLCONF", b"GETACK", b"*"]);
            self.flush();
            self.sequencer.acks.notify();
        }
    }

    /// Does what only time asks for.
    fn tick(&mut self) {
        let now = self.sequencer.clock.now_ms();
        let is_alone = self.sequencer.peers.is_empty();
        self.alone_since = is_alone.then(|| self.alone_since.unwrap_or_else(Instant::now));
        let period = self.sequencer.settings.ping_ms.load(Ordering::Relaxed);
        if now.saturating_sub(self.pinged) >= period || now < self.pinged {
            self.pinged = now;
            if !is_alone {
                encode_command(&mut self.out, &[b"PING"]);
                self.flush();
            }
        }
        if now.saturating_sub(self.reported) >= REPORT_MS || now < self.reported {
            self.reported = now;
            let all = self.merger.left_out();
            let before = std::mem::replace(&mut *self.sequencer.left_out.lock(), all);
            if all != before {
                log_sink::warning(format_args!(
                    "replicas of other makes were not told of {} changes of JSON documents and vector sets and of {} \
                     expiries of hash fields, for which they have no words",
                    all.foreign - before.foreign,
                    all.field_expiries - before.field_expiries
                ));
            }
        }
    }

    /// True where nobody has been there for so long that the history is given up.
    fn is_over(&self) -> bool {
        let ttl = self.sequencer.settings.ttl_ms.load(Ordering::Relaxed);
        let alone = self.alone_since.map_or(Duration::ZERO, |since| since.elapsed());
        ttl > 0 && alone > Duration::from_millis(ttl)
    }
}
