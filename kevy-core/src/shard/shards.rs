//! The shards of one runtime and their tokens.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::time::Instant;

use smallvec::SmallVec;

use crate::base::options::Options;
use crate::base::random::Random;
use crate::base::signal::{self, Ring};
use crate::base::token::{Owned, OwnedGuard};
use crate::command::{Partition, Server};
use crate::log::{Backlog, Crowded, Horizon, Stream};
use crate::resp::encode_command;
use crate::snapshot::SavedHistory;
use crate::store::{Config, Dropped, Keyspace, Limits, Reason, Seed};

use super::{Mailbox, Pace};

/// Says where in which histories the keys are, while every token is held.
pub struct Historian(pub Box<dyn Fn() -> SavedHistory + Send + Sync>);

impl std::fmt::Debug for Historian {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Historian")
    }
}

/// One shard, reachable only through its token.
#[derive(Debug)]
pub struct Shard {
    pub partition: Partition,
    pub stream: Stream,
    pub mailbox: Mailbox,
    /// When the reactor that sleeps over this shard will look at it again (Unix milliseconds).
    pub armed_until: u64,
    /// The alarm of that reactor; `None` for a shard without one.
    pub keeper: Option<Arc<dyn Ring>>,
}

/// How much housekeeping one turn may do.
const EXPIRE_BUDGET: usize = 64;
const FREE_BUDGET: usize = 256;
/// Expired keys wait at most this long for the reactor, so that it wakes a bounded number of times a second.
const EXPIRE_INTERVAL_MS: u64 = 50;

impl Shard {
    /// An empty shard. All shards of a runtime share the seed of their hash function.
    pub fn new(index: usize, options: &Options, seed: Seed, random: Random) -> Self {
        let config = Config { databases: options.databases as usize, seed, limits: Limits::from(options) };
        Self {
            partition: Partition::new(index, Keyspace::new(config), random),
            stream: Stream::new(backlog_bytes(options)),
            mailbox: Mailbox::default(),
            armed_until: u64::MAX,
            keeper: None,
        }
    }

    /// Deletes what is due, frees what was unlinked, and gives the deletions to the stream.
    ///
    /// Returns true where more is left to do at once.
    pub fn housekeep(&mut self, server: &Server, now: u64) -> bool {
        let keyspace = &mut self.partition.keyspace;
        let started = (server.monitoring.latency.threshold_ms() > 0).then(Instant::now);
        let expired = if server.active_expire() { keyspace.expire_some(now, EXPIRE_BUDGET) } else { 0 };
        if let Some(started) = started {
            server.monitoring.latency.note("expire-cycle", started.elapsed().as_millis() as u64, now);
        }
        let more = keyspace.free_some(FREE_BUDGET);
        self.settle();
        self.publish_memory(server);
        more || expired >= EXPIRE_BUDGET
    }

    /// Takes over the keys and libraries of functions of a shard that was filled apart, in place of its own.
    pub fn adopt(&mut self, other: &mut Self) {
        let keyspace = &self.partition.keyspace;
        let empty = Config {
            databases: keyspace.databases(),
            seed: keyspace.seed().clone(),
            limits: keyspace.limits().clone(),
        };
        let filled = std::mem::replace(&mut other.partition.keyspace, Keyspace::new(empty));
        self.partition.keyspace.adopt(filled);
        self.partition.functions.adopt(&mut other.partition.functions);
    }

    /// Takes over options that may change while the runtime runs.
    pub fn follow(&mut self, options: &Options) {
        self.stream.set_budget(backlog_bytes(options));
    }

    /// Starts recording effects, for the first replica. Harmless where they are recorded already.
    pub fn open_stream(&mut self) {
        self.stream.activate();
        self.partition.effects.wanted = true;
    }

    /// Stops recording effects for replicas. As [`Stream::deactivate`].
    pub fn close_stream(&mut self) {
        self.stream.deactivate();
        self.partition.effects.wanted = self.stream.is_active();
        self.partition.effects.is_by_value = false;
    }

    /// Tells of every key by itself from here on, for whoever has only some of them, until no replicas are left.
    pub fn tell_by_value(&mut self) {
        self.partition.effects.is_by_value = true;
    }

    /// Starts recording effects for the log on disk, or goes on with the next of its files. As [`Stream::begin_log`].
    pub fn begin_log(&mut self, crowded: Option<Crowded>) -> u64 {
        self.settle();
        let from = self.stream.begin_log(crowded);
        self.partition.effects.wanted = true;
        from
    }

    /// Stops recording effects for the log.
    pub fn end_log(&mut self) {
        self.stream.end_log();
        self.partition.effects.wanted = self.stream.is_active();
    }

    /// When housekeeping is next due, `None` for never; at the earliest a little after `now`.
    pub fn next_deadline(&self, server: &Server, now: u64) -> Option<u64> {
        if !server.active_expire() {
            return None;
        }
        self.partition.keyspace.next_expiry().map(|at| at.max(now + EXPIRE_INTERVAL_MS))
    }

    /// True where the reactor has work before it planned to look.
    #[inline]
    pub fn wants_reactor(&self) -> bool {
        self.partition.keyspace.garbage_memory() > 0
            || self
                .partition
                .keyspace
                .next_expiry()
                .is_some_and(|at| at.saturating_add(EXPIRE_INTERVAL_MS) < self.armed_until)
    }

    /// True where clients wait for keys that have changed and could not be served yet. No command may run here then,
    /// until somebody holds all shards and calls [`serve`](super::unblock::serve).
    #[inline]
    pub fn owes(&self) -> bool {
        self.partition.keyspace.has_changed()
    }

    /// To be called before anyone but the shard's reactor gives the token back: wakes whoever has work now.
    #[inline]
    pub fn leave(&mut self) {
        self.stream.notify();
        if self.wants_reactor()
            && let Some(keeper) = &self.keeper
        {
            keeper.ring(signal::HOUSEKEEPING);
        }
    }

    /// Gives to the stream the keys that expired or were evicted.
    #[inline]
    pub fn settle(&mut self) {
        if self.partition.is_unsettled() {
            self.settle_notes();
        }
    }

    /// Shows the memory in use to whoever does not hold the token.
    pub fn publish_memory(&self, server: &Server) {
        let partition = &self.partition;
        server.publish_memory(partition.index, partition.keyspace.used_memory());
        server.shard_commands[partition.index].store(partition.counters.commands, Ordering::Relaxed);
    }

    /// As [`Shard::settle`], behind a command of client `actor`, which may not want to hear of its own changes.
    #[inline]
    pub fn settle_for(&mut self, actor: u64) {
        if self.partition.is_unsettled() {
            self.partition.invalidate(actor);
            self.settle_notes();
        }
    }

    #[cold]
    fn settle_notes(&mut self) {
        self.partition.announce();
        self.partition.invalidate(0);
        self.partition.forget_announced();
        self.settle_drops();
    }

    fn settle_drops(&mut self) {
        let Self { partition, stream, .. } = self;
        let wanted = stream.is_active();
        let mut argv = Vec::new();
        for dropped in std::mem::take(&mut partition.keyspace.drops) {
            argv.clear();
            let db = match &dropped {
                Dropped::Key { db, key, reason } => {
                    match reason {
                        Reason::Expired => partition.counters.expired += 1,
                        Reason::Evicted => partition.counters.evicted += 1,
                    }
                    encode_command(&mut argv, &[b"DEL", key]);
                    *db
                }
                Dropped::HashFields { db, key, fields } => {
                    partition.counters.expired_fields += fields.len() as u64;
                    let mut args: Vec<&[u8]> = vec![b"HDEL", key];
                    args.extend(fields.iter().map(|field| &field[..]));
                    encode_command(&mut argv, &args);
                    *db
                }
            };
            if wanted {
                stream.append(db, &argv);
            }
        }
    }
}

fn backlog_bytes(options: &Options) -> usize {
    usize::try_from(options.repl_backlog_size).unwrap_or(usize::MAX)
}

/// All shards of a runtime.
#[derive(Debug)]
pub struct Shards {
    all: Box<[Owned<Shard>]>,
    /// How much of their streams is on disk.
    pub horizon: Arc<Horizon>,
    /// Who knows of the history, where somebody does.
    pub historian: OnceLock<Historian>,
    /// What writers and readers of snapshots wait for each key.
    pub pace: Pace,
    transactions: AtomicU64,
}

impl Shards {
    pub fn new(all: Vec<Shard>) -> Self {
        let backlogs: Vec<Arc<Backlog>> = all.iter().map(|shard| shard.stream.shared()).collect();
        Self {
            all: all.into_iter().map(Owned::new).collect(),
            horizon: Arc::new(Horizon::new(backlogs)),
            historian: OnceLock::new(),
            pace: Pace::default(),
            transactions: AtomicU64::new(0),
        }
    }

    /// Where in which histories the keys are. The caller holds every token.
    pub fn history(&self) -> SavedHistory {
        self.historian.get().map(|Historian(tell)| tell()).unwrap_or_default()
    }

    /// As [`Shards::history`], for a caller that holds no token.
    pub fn history_now(&self) -> SavedHistory {
        let guards = self.take_all();
        let history = self.history();
        drop(guards);
        history
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Takes the token of one shard, waiting for it.
    #[inline]
    pub fn take(&self, shard: usize) -> OwnedGuard<'_, Shard> {
        self.all[shard].take()
    }

    /// The stream of a shard as its readers see it.
    pub fn backlog(&self, shard: usize) -> &Arc<Backlog> {
        self.horizon.backlog(shard)
    }

    /// Takes the token of one shard if it is free.
    #[inline]
    pub fn try_take(&self, shard: usize) -> Option<OwnedGuard<'_, Shard>> {
        self.all[shard].try_take()
    }

    /// Takes the token of one shard unless that takes longer than `patience`.
    #[inline]
    pub fn take_within(&self, shard: usize, patience: Duration) -> Option<OwnedGuard<'_, Shard>> {
        self.all[shard].take_within(patience)
    }

    /// True where some token is held at this moment.
    #[inline]
    pub fn is_contended(&self) -> bool {
        self.all.iter().any(Owned::is_taken)
    }

    /// Takes the tokens of several shards. The caller must hold none.
    ///
    /// `members` ascends: with every thread taking tokens in that order, none can wait in a circle.
    pub fn take_several(&self, members: &[usize]) -> SmallVec<[OwnedGuard<'_, Shard>; 8]> {
        debug_assert!(members.is_sorted());
        members.iter().map(|&shard| self.take(shard)).collect()
    }

    /// Takes all tokens: a consistent cut of the whole keyspace.
    pub fn take_all(&self) -> SmallVec<[OwnedGuard<'_, Shard>; 8]> {
        self.all.iter().map(Owned::take).collect()
    }

    /// Makes the numbers of transactions go on after `last`, which an earlier run may have given.
    pub fn skip_transactions(&self, last: u64) {
        self.transactions.fetch_max(last, Ordering::Relaxed);
    }

    /// A number for a transaction over several shards, never given twice by this runtime.
    pub fn next_transaction(&self) -> u64 {
        self.transactions.fetch_add(1, Ordering::Relaxed) + 1
    }
}
