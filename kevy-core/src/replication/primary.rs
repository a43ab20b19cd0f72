//! The primary's side of replication: what all feeds of a runtime share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::base::Clock;
use crate::base::log_sink;
use crate::base::options::Options;
use crate::base::random::Random;
use crate::base::token::OwnedGuard;
use crate::io::Upgrade;
use crate::log::subscribers::Wake;
use crate::log::{Backlog, Subscription};
use crate::shard::{Shard, Shards};
use crate::snapshot::SavedHistory;

use super::ancestry::Ancestry;
use super::cursor::{Cursor, Place, Position};
use super::feed::{Feed, Order};
use super::psync::{self, Sequencer};
use super::slots::{ReplicaInfo, Slots};
use super::wire::Handshake;

/// How replicas' handshakes were answered since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Syncs {
    pub full: u64,
    pub partial: u64,
    /// Replicas that named a place that could not be continued.
    pub partial_refused: u64,
}

/// The options that feeds follow, changeable while they run.
#[derive(Debug)]
pub(super) struct Settings {
    pub ping_ms: AtomicU64,
    pub timeout_ms: AtomicU64,
    pub window_ms: AtomicU64,
    pub chunk_bytes: AtomicUsize,
    pub backlog_bytes: AtomicU64,
    pub replicas_min: AtomicU64,
    pub replicas_lag_max: AtomicU64,
    /// Bytes that a replica may make this side hold: history it still needs, keys written to during its snapshot.
    pub held_bytes: AtomicUsize,
}

/// A replica that may become a primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub ip: String,
    /// The port that clients connect to; 0 where it did not say.
    pub port: u16,
    pub is_online: bool,
    /// It has acknowledged everything that is recorded.
    pub has_all: bool,
}

impl Candidate {
    /// Whether it is the one with this address.
    pub fn is_at(&self, host: &str, port: u16) -> bool {
        let is_same = self.ip == host || host.eq_ignore_ascii_case("localhost") && self.ip == "127.0.0.1";
        is_same && self.port == port
    }
}

/// What all feeds of one runtime share.
#[derive(Debug)]
pub struct Primary {
    pub(super) shards: Arc<Shards>,
    pub(super) backlogs: Vec<Arc<Backlog>>,
    pub(super) slots: Arc<Slots>,
    /// What replicas by PSYNC are served from.
    pub sequencer: Arc<Sequencer>,
    pub(super) settings: Settings,
    clock: Arc<dyn Clock>,
    generation: AtomicU64,
    /// The history that this one continues.
    pub ancestry: Ancestry,
    /// History is recorded until then (Unix milliseconds) though nobody follows.
    kept_until: AtomicU64,
    /// Replicas have had history recorded for them, and may come back.
    recorded: AtomicBool,
    random: Mutex<Random>,
    /// Held while a feed decides from where it sends, and while recording stops; never with a token held before it.
    pub(super) beginning: Mutex<()>,
    full: AtomicU64,
    partial: AtomicU64,
    partial_refused: AtomicU64,
}

impl Primary {
    /// A primary without replicas. `generation` is the identity of its history: random, at most 53 bits, not 0.
    pub fn new(shards: Arc<Shards>, generation: u64, options: &Options, clock: Arc<dyn Clock>) -> Self {
        let backlogs: Vec<_> = (0..shards.len()).map(|shard| shards.take(shard).stream.shared()).collect();
        let slots = Arc::new(Slots::new(backlogs.clone()));
        let mut random = Random::with_seed(generation);
        let acks = Arc::clone(slots.acks());
        let sequencer =
            Sequencer::new(Arc::clone(&shards), backlogs.clone(), acks, random.fork(), Arc::clone(&clock));
        let primary = Self {
            slots,
            sequencer,
            backlogs,
            shards,
            clock,
            settings: Settings {
                ping_ms: AtomicU64::new(0),
                timeout_ms: AtomicU64::new(0),
                window_ms: AtomicU64::new(0),
                chunk_bytes: AtomicUsize::new(0),
                backlog_bytes: AtomicU64::new(0),
                replicas_min: AtomicU64::new(0),
                replicas_lag_max: AtomicU64::new(0),
                held_bytes: AtomicUsize::new(0),
            },
            generation: AtomicU64::new(generation),
            ancestry: Ancestry::default(),
            kept_until: AtomicU64::new(0),
            recorded: AtomicBool::new(false),
            random: Mutex::new(random),
            beginning: Mutex::new(()),
            full: AtomicU64::new(0),
            partial: AtomicU64::new(0),
            partial_refused: AtomicU64::new(0),
        };
        primary.follow(options);
        primary
    }

    /// Takes over options that may change while the runtime runs.
    pub fn follow(&self, options: &Options) {
        let Settings { ping_ms, timeout_ms, window_ms, chunk_bytes, held_bytes, .. } = &self.settings;
        let set = |to: &AtomicU64, value: u64| to.store(value, Ordering::Relaxed);
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        set(&self.settings.backlog_bytes, options.repl_backlog_size);
        set(&self.settings.replicas_min, options.min_replicas_to_write.into());
        set(&self.settings.replicas_lag_max, options.min_replicas_max_lag.into());
        set(ping_ms, u64::from(options.repl_ping_replica_period) * 1000);
        set(timeout_ms, u64::from(options.repl_timeout) * 1000);
        set(window_ms, options.replica_reconnect_window);
        chunk_bytes.store(size(options.repl_chunk_size), Ordering::Relaxed);
        let limit = options.client_output_buffer_limit.replica.hard_bytes;
        let limit = if limit == 0 { usize::MAX } else { size(limit) };
        held_bytes.store(limit.max(size(options.repl_backlog_size)), Ordering::Relaxed);
        self.sequencer.follow(options);
    }

    /// The identity of the history that is recorded now.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Makes a feed of a connection that sent REPLICATE, whose arguments are `args` with the verb. It came to the
    /// port of one `shard`, or to one that serves all. `wake` makes the connection's owner call
    /// [`Upgrade::output`]. No token is held.
    ///
    /// # Errors
    /// The text of the error reply.
    pub fn attach(
        self: &Arc<Self>,
        args: &[&[u8]],
        shard: Option<usize>,
        address: &str,
        wake: Wake,
    ) -> Result<Box<dyn Upgrade>, String> {
        let handshake = Handshake::parse(args)?;
        let count = self.shards.len();
        let shards = match shard {
            Some(shard) if handshake.mux => {
                return Err(format!(
                    "ERR REPLICATE: this port serves shard {shard} only and takes no CAPA mux"
                ));
            }
            None if !handshake.mux && count > 1 => {
                return Err(format!(
                    "ERR REPLICATE: this port serves {count} shards over one link: send CAPA mux, or use \
                     replication-port-base"
                ));
            }
            Some(shard) => [shard].into_iter().collect(),
            None => (0..count).collect(),
        };
        log_sink::info(format_args!("replica '{}' attached from {address}", handshake.id));
        Ok(Feed::open(self, handshake, Order { shards, address, wake }, self.clock.now_ms()))
    }

    /// Makes a feed of a connection that sent PSYNC or SYNC, whose arguments are `args` with the verb. No token is held.
    ///
    /// # Errors
    /// The text of the error reply.
    pub fn attach_psync(
        self: &Arc<Self>,
        args: &[&[u8]],
        order: psync::Order<'_>,
    ) -> Result<Box<dyn Upgrade>, String> {
        let opening = psync::Opening::parse(args)?;
        let this = Arc::clone(self);
        let counts = Arc::new(move |outcome| match outcome {
            psync::Answered::Full => this.count_full(false),
            psync::Answered::Partial => this.count_partial(),
            psync::Answered::Refused => this.count_full(true),
        });
        Ok(psync::Feed::open(&self.sequencer, opening, order, counts))
    }

    /// Forgets replicas that have been away for too long, and stops recording once none is left: to be called
    /// every second or so by whoever holds no token. False where nothing is left to look after.
    pub fn housekeep(&self) -> bool {
        let now = self.clock.now_ms();
        if !self.slots.expire(now, self.settings.window_ms.load(Ordering::Relaxed)) {
            return true;
        }
        if self.sequencer.is_running() {
            self.note_recorded();
            return true;
        }
        if now < self.kept_until.load(Ordering::Acquire) {
            return true;
        }
        let beginning = self.beginning.lock();
        // A feed that has registered since then has not decided yet, and will find the new generation.
        if !self.slots.expire(now, u64::MAX) || !self.is_kept() {
            return false;
        }
        let mut guards = self.shards.take_all();
        guards.iter_mut().for_each(|shard| shard.close_stream());
        // Where the log on disk has the streams go on, so does the history.
        if !self.backlogs.iter().all(|backlog| backlog.is_active()) {
            self.generation.store(self.random.lock().generation(), Ordering::Release);
            self.ancestry.forget();
        }
        drop(guards);
        self.slots.forget_places();
        self.recorded.store(false, Ordering::Release);
        drop(beginning);
        false
    }

    /// Records history though nobody follows, for as long as `is_wanted`, and then for as long as replicas that are away
    /// are remembered. The caller holds no token where recording may have to begin.
    pub fn keep_history(&self, is_wanted: bool) {
        let window = self.settings.window_ms.load(Ordering::Relaxed);
        let until = if is_wanted { u64::MAX } else { self.clock.now_ms().saturating_add(window) };
        if is_wanted || self.kept_until.load(Ordering::Acquire) == u64::MAX {
            self.kept_until.store(until, Ordering::Release);
        }
        if is_wanted {
            self.record();
        }
    }

    fn record(&self) {
        if !self.recorded.swap(true, Ordering::AcqRel) {
            let beginning = self.beginning.lock();
            self.shards.take_all().iter_mut().for_each(|shard| shard.open_stream());
            drop(beginning);
        }
    }

    /// Has shards tell of every key by itself, for replicas that follow a part of the keyspace. The caller holds no token.
    pub(super) fn tell_by_value(&self) {
        self.shards.take_all().iter_mut().for_each(|shard| shard.tell_by_value());
    }

    /// Takes note that history is recorded for replicas.
    pub(super) fn note_recorded(&self) {
        self.recorded.store(true, Ordering::Release);
    }

    /// Whether history is recorded for replicas, whether any is connected or not.
    pub fn is_kept(&self) -> bool {
        self.recorded.load(Ordering::Acquire)
    }

    /// Goes on in the histories that a file told of, from which the keys were read. `follows`: another primary is followed,
    /// whose history a stream of bytes is then. The caller holds no token.
    pub fn restore(&self, history: &SavedHistory, follows: bool) {
        if let Ok(Place::Native(cursor)) = Place::decode(&history.cursor) {
            let window = self.settings.window_ms.load(Ordering::Relaxed);
            self.kept_until.fetch_max(self.clock.now_ms().saturating_add(window), Ordering::AcqRel);
            self.record();
            self.continue_from(&cursor);
        }
        if let Some(place) = history.place()
            && (!follows || !history.cursor.is_empty())
        {
            self.sequencer.restore(place);
        }
    }

    /// Compares with another history from here on, where `cursor` is what is here. The caller holds no token.
    pub fn continue_from(&self, cursor: &Cursor) {
        let mut guards = self.shards.take_all();
        let own = self.offsets();
        if self.ancestry.place_at(&own).as_ref() != Some(cursor) {
            for shard in &mut guards {
                shard.stream.cut();
            }
            self.ancestry.begin(cursor, &own);
        }
    }

    /// Where this runtime stands, in the history that it continues if it has recorded nothing of its own since, else in its
    /// own; `None` where that is not recorded. What was said holds as long as every token is held.
    pub fn place(&self) -> Option<Cursor> {
        let own = self.offsets();
        self.ancestry.place_at(&own).or_else(|| {
            let shards = self.backlogs.iter().zip(own).map(|(backlog, offset)| {
                backlog.is_active().then(|| Position { offset, db: backlog.db() as u32 })
            });
            let is_kept = self.is_kept();
            is_kept
                .then_some(Cursor { generation: self.generation(), shards: shards.collect::<Option<_>>()? })
        })
    }

    /// Holds every token while `work` replaces what is there, and begins another history with it, of which attached
    /// replicas have to fetch a snapshot. Nothing has happened where `work` says false. The caller holds no token.
    pub fn renew(&self, work: impl FnOnce(&mut [OwnedGuard<'_, Shard>]) -> bool) -> bool {
        let beginning = self.beginning.lock();
        let keeps = self.clock.now_ms() < self.kept_until.load(Ordering::Acquire);
        let mut guards = self.shards.take_all();
        if !work(&mut guards) {
            return false;
        }
        self.generation.store(self.random.lock().generation(), Ordering::Release);
        for shard in &mut guards {
            let has_replicas = shard.stream.has_replicas() || keeps;
            shard.close_stream();
            if has_replicas {
                shard.open_stream();
            }
            shard.stream.cut();
            shard.leave();
        }
        self.slots.forget_places();
        self.ancestry.forget();
        drop(guards);
        self.sequencer.renew();
        drop(beginning);
        true
    }

    /// How handshakes were answered.
    pub fn syncs(&self) -> Syncs {
        Syncs {
            full: self.full.load(Ordering::Relaxed),
            partial: self.partial.load(Ordering::Relaxed),
            partial_refused: self.partial_refused.load(Ordering::Relaxed),
        }
    }

    /// Sets the counts of [`Primary::syncs`] back.
    pub fn reset_syncs(&self) {
        for count in [&self.full, &self.partial, &self.partial_refused] {
            count.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn count_full(&self, refused: bool) {
        self.full.fetch_add(1, Ordering::Relaxed);
        self.partial_refused.fetch_add(u64::from(refused), Ordering::Relaxed);
    }

    pub(super) fn count_partial(&self) {
        self.partial.fetch_add(1, Ordering::Relaxed);
    }

    /// The next frame of each shard: what WAIT has to wait for.
    pub fn offsets(&self) -> Vec<u64> {
        self.backlogs.iter().map(|backlog| backlog.next_offset()).collect()
    }

    /// Frames of all shards together.
    pub fn offset(&self) -> u64 {
        self.backlogs.iter().map(|backlog| backlog.next_offset()).sum()
    }

    /// How many replicas have applied everything before `offsets`, one for each shard.
    pub fn acked_at_least(&self, offsets: &[u64]) -> usize {
        self.slots.acked_at_least(offsets)
    }

    /// Adds somebody to wake when a replica acknowledges, or comes, or goes.
    pub fn subscribe_acks(&self, wake: Wake) -> Subscription {
        self.slots.acks().subscribe(wake)
    }

    /// How many replicas have applied everything that has been recorded so far.
    pub fn in_sync(&self) -> usize {
        let offsets = self.offsets();
        self.slots.acked_at_least(&offsets) + self.sequencer.in_sync(&offsets)
    }

    /// Every replica that is connected, or remembered.
    pub fn replicas(&self) -> Vec<ReplicaInfo> {
        self.slots.list(self.clock.now_ms())
    }

    /// The address, port and acknowledged offset of every replica that has its whole copy.
    pub fn online(&self) -> Vec<(String, u16, u64)> {
        let native = self.replicas().into_iter().filter(|replica| replica.connected && replica.online);
        let peers = self.sequencer.peers.list().into_iter().filter(|peer| peer.stage == psync::Stage::Online);
        native
            .map(|replica| (replica.ip, replica.port, replica.offset))
            .chain(peers.map(|peer| (peer.ip, peer.port, peer.acked)))
            .collect()
    }

    /// Every replica that is connected and may have everything, as a fail-over sees it.
    pub fn candidates(&self) -> Vec<Candidate> {
        let frames = self.offsets();
        let native = self.replicas().into_iter().filter(|replica| replica.connected && !replica.partial);
        let native = native.map(|replica| Candidate {
            has_all: self.slots.has_all(&replica.id, &frames),
            is_online: replica.online,
            ip: replica.ip,
            port: replica.port,
        });
        let end = self.sequencer.merged_end(&frames);
        let peers = self.sequencer.peers.list().into_iter().map(|peer| {
            let is_online = peer.stage == psync::Stage::Online;
            let has_all = is_online && end.is_some_and(|end| peer.acked >= end);
            Candidate { has_all, is_online, ip: peer.ip, port: peer.port }
        });
        native.chain(peers).collect()
    }

    /// Asks replicas to say how far they have come, as far as they do not anyway.
    pub fn ask_replicas(&self) {
        let _ = self.sequencer.mark(self.offsets());
    }

    /// How many replicas are online and were heard of in the last `lag_seconds`.
    pub fn near(&self, lag_seconds: u64) -> usize {
        let now = self.clock.now_ms();
        let is_near =
            |replica: &ReplicaInfo| replica.connected && replica.online && replica.lag <= lag_seconds;
        let native = self.replicas().iter().filter(|replica| is_near(replica)).count();
        let peers = self.sequencer.peers.list();
        let is_near = |peer: &&psync::PeerInfo| {
            peer.stage == psync::Stage::Online && peer.lag_seconds(now) <= lag_seconds
        };
        native + peers.iter().filter(is_near).count()
    }

    /// `master_repl_offset`: bytes of the merged stream where there is one, and frames of all shards where there is none.
    pub fn shown_offset(&self) -> u64 {
        let is_merged = self.sequencer.log.is_active() || !self.is_recorded();
        if is_merged { self.sequencer.log.end() } else { self.offset() }
    }

    fn is_recorded(&self) -> bool {
        self.backlogs.iter().any(|backlog| backlog.is_active())
    }

    /// The lines of `INFO replication` about replicas and history, without those about the own role.
    pub fn info(&self, failover: &str) -> String {
        use std::fmt::Write;
        let now = self.clock.now_ms();
        let replicas: Vec<_> = self.replicas().into_iter().filter(|replica| replica.connected).collect();
        let peers = self.sequencer.peers.list();
        let mut text = format!("connected_slaves:{}\r\n", replicas.len() + peers.len());
        for (at, replica) in replicas.iter().enumerate() {
            let state = if replica.online { "online" } else { "send_bulk" };
            let ReplicaInfo { ip, port, offset, lag, id, bytes, behind, .. } = replica;
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "slave{at}:ip={ip},port={port},state={state},offset={offset},lag={lag},id={id},bytes={bytes},\
                 lag_frames={},lag_bytes={},lag_ms={}\r\n",
                behind.frames, behind.bytes, behind.ms
            );
        }
        for (at, peer) in peers.iter().enumerate() {
            let _ = write!(
                text,
                "slave{}:ip={},port={},state={},offset={},lag={},lag_bytes={},lag_ms={}\r\n",
                replicas.len() + at,
                peer.ip,
                peer.port,
                peer.stage.word(),
                peer.acked,
                peer.lag_seconds(now),
                self.sequencer.log.end().saturating_sub(peer.acked),
                if peer.acked >= self.sequencer.log.end() { 0 } else { now.saturating_sub(peer.whole_ms) },
            );
        }
        let log = &self.sequencer.log;
        let (first, held) = if log.is_active() {
            (log.first() + 1, log.end() - log.first())
        } else if self.is_recorded() {
            let first: u64 = self.backlogs.iter().map(|backlog| backlog.first_offset()).sum();
            (first, self.offset().saturating_sub(first))
        } else {
            (0, 0)
        };
        let wants = &self.settings;
        let lag = wants.replicas_lag_max.load(Ordering::Relaxed);
        if wants.replicas_min.load(Ordering::Relaxed) > 0 && lag > 0 {
            // Redis shows the field only where somebody asks for such replicas, behind their number.
            let at = text.find("\r\n").map_or(text.len(), |end| end + 2);
            text.insert_str(at, &format!("min_slaves_good_slaves:{}\r\n", self.near(lag)));
        }
        let history = self.sequencer.history.lock();
        let _ = write!(
            text,
            "master_failover_state:{failover}\r\nmaster_replid:{}\r\nmaster_replid2:{}\r\n\
             master_repl_offset:{}\r\nsecond_repl_offset:{}\r\nrepl_backlog_active:{}\r\nrepl_backlog_size:{}\r\n\
             repl_backlog_first_byte_offset:{first}\r\nrepl_backlog_histlen:{held}\r\n",
            String::from_utf8_lossy(&history.id),
            String::from_utf8_lossy(&history.before),
            self.shown_offset(),
            history.second_offset(),
            u8::from(log.is_active() || self.is_recorded()),
            self.settings.backlog_bytes.load(Ordering::Relaxed),
        );
        text
    }
}
