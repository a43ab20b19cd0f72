//! What all sessions of a runtime share besides the keys.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;

use crate::base::Clock;
use crate::base::options::Options;

use super::acl::Acl;
use super::blocking::Waiter;
use super::cluster::Nodes;
use super::introduction::FailoverOrder;
use super::monitor::Monitors;
use super::monitoring::{Fault, Monitoring, SlowEntry, SlowLog, Totals};
use super::pause::Pauses;
use super::pubsub::registry::PubSub;
use super::scripting::Scripts;
use super::session::Request;
use super::spec::Flags;
use super::tracking::Trackers;
use super::{Clients, Commands, Fail, LinkState, Origin, Role, Session};

/// What commands ask of the runtime that they cannot do themselves.
pub trait Hooks: Send + Sync {
    /// Starts an orderly stop of the whole runtime, with a snapshot, without one, or as `save` says.
    fn shutdown(&self, save: Option<bool>);
    /// Begins a snapshot; false where it will follow one that is under way, which `schedule` allows.
    ///
    /// # Errors
    /// The text of the error reply.
    fn begin_save(&self, schedule: bool) -> Result<bool, String>;
    /// Takes a snapshot, or drops everything and reads the last one, or both, and then answers the waiter.
    fn save(&self, work: SaveWork, waiter: Arc<Waiter>);
    /// Begins to rewrite the append-only log; the text of the reply.
    ///
    /// # Errors
    /// The text of the error reply.
    fn begin_rewrite(&self) -> Result<&'static str, String>;
    /// Why the append-only log cannot be written.
    fn log_failure(&self) -> String;
    /// Has what is logged synced soon, and whoever waits for that woken.
    fn hurry_log(&self);
    /// Whether everything logged so far is on disk.
    fn is_log_synced(&self) -> bool;
    /// Makes the disk fail, or the process end, as DEBUG DISK asks.
    ///
    /// # Errors
    /// The text of the error reply.
    fn break_disk(&self, args: &[&[u8]]) -> Result<(), String>;
    /// Unix milliseconds of the last snapshot, or of the start.
    fn last_save_ms(&self) -> u64;
    /// Lines of `INFO persistence` about snapshots and the log. `changes` counts those ever made to all shards.
    fn persistence_info(&self, changes: u64) -> String;
    /// An option changed: listeners, limits and shards take the new values.
    fn options_changed(&self, names: &[&str]);
    /// Options are about to change, the named ones to what they are in `options`; whatever can fail of that is done now.
    ///
    /// # Errors
    /// The name of an option that cannot be so, and why.
    fn check_options(&self, options: &Options, names: &[&str]) -> Result<(), (String, String)>;
    /// A pause has ended early: whoever waits for that looks again.
    fn unpaused(&self);
    /// Lines of `INFO replication`, without the header.
    fn replication_info(&self) -> String;
    /// The reply of ROLE as far as it concerns replicas: their address, port and acknowledged offset.
    fn replicas(&self) -> Vec<(String, u16, u64)>;
    /// Behind everything that has been recorded up to now.
    fn position(&self) -> WritePosition;
    /// Full syncs, partial syncs granted, and partial syncs refused.
    fn syncs(&self) -> [u64; 3];
    /// Sets the counts of [`Hooks::syncs`] back.
    fn reset_syncs(&self);
    /// How many replicas have applied (or hold on disk) everything before `position`.
    fn replicas_at(&self, position: &WritePosition, durable: bool) -> usize;
    /// The role was turned: [`Server::role`] says whom to follow. The caller holds all tokens.
    fn role_turned(&self);
    /// All keys were replaced by a primary's: what is kept on disk has to be written anew.
    fn keys_replaced(&self);
    /// All keys were flushed. The caller holds all tokens.
    fn keys_flushed(&self);
    /// How many replicas are online and were heard of in the last `lag_seconds`.
    fn replicas_near(&self, lag_seconds: u64) -> usize;
    /// Begins a planned change of primaries.
    ///
    /// # Errors
    /// The text of the error reply.
    fn begin_failover(&self, order: FailoverOrder) -> Result<(), String>;
    /// Gives it up.
    ///
    /// # Errors
    /// The text of the error reply.
    fn abort_failover(&self) -> Result<(), String>;
    /// Gives the history another id, as DEBUG CHANGE-REPL-ID does.
    fn rename_history(&self);
    /// How many effects have been recorded, over all shards.
    fn replication_offset(&self) -> u64;
    /// How many replicas have acknowledged every effect recorded so far.
    fn replicas_in_sync(&self) -> usize;
    /// The TCP port that clients connect to; `None` where none is open.
    fn port(&self) -> Option<u16>;
}

/// A point in what is recorded.
#[derive(Clone, Debug, Default)]
pub struct WritePosition {
    /// The next frame of every shard's stream.
    pub frames: Vec<u64>,
    /// How many bytes of the merged stream lie before it, `u64::MAX` as long as that is not known; `None` where nothing
    /// is merged.
    pub merged: Option<Arc<AtomicU64>>,
}

/// What SAVE and DEBUG RELOAD ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SaveWork {
    Save,
    /// `save` a snapshot first; `flush` what is there before it is read.
    Reload {
        save: bool,
        flush: bool,
    },
    /// Drops everything and reads the log.
    LoadLog,
}

/// Why commands are turned away by a whole runtime.
#[derive(Debug, Default)]
pub struct Gates(AtomicU32);

impl Gates {
    /// A snapshot is being read at the start.
    pub const LOADING: u32 = 1;
    /// The last snapshot could not be written.
    pub const SAVE_FAILED: u32 = 2;
    /// A primary is followed, and only it may write.
    pub const READ_ONLY: u32 = 4;
    /// A primary is followed, and what it has done lately may be missing.
    pub const STALE: u32 = 8;
    /// Writes want replicas that are near.
    pub const WANTS_REPLICAS: u32 = 16;
    /// The append-only log cannot be written.
    pub const LOG_FAILED: u32 = 1 << 16;
    /// Commands that change something wait.
    pub const PAUSED_WRITES: u32 = 64;
    /// All commands wait.
    pub const PAUSED_ALL: u32 = 128;
    /// A script runs for longer than `busy-reply-threshold`.
    pub const BUSY: u32 = 1024;

    /// Whether any is closed.
    #[inline]
    pub fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Whether this one is closed.
    pub fn is_closed(&self, gate: u32) -> bool {
        self.0.load(Ordering::Relaxed) & gate != 0
    }

    /// Closes or opens one.
    pub fn set(&self, gate: u32, closed: bool) {
        if closed {
            self.0.fetch_or(gate, Ordering::Relaxed);
        } else {
            self.0.fetch_and(!gate, Ordering::Relaxed);
        }
    }
}

const SAVE_FAILED: Fail = Fail::new(
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may \
     modify the data set are disabled, because this instance is configured to report errors during writes if RDB \
     snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
);

/// Counters of the whole runtime that no shard owns.
#[derive(Debug, Default)]
pub struct Stats {
    pub connections_received: AtomicU64,
    pub connections_rejected: AtomicU64,
    pub reads: AtomicU64,
    pub writes: AtomicU64,
    pub net_input_bytes: AtomicU64,
    pub net_output_bytes: AtomicU64,
    pub error_replies: AtomicU64,
    pub peak_memory: AtomicUsize,
    pub evicted_clients: AtomicU64,
    /// Clients that were disconnected because of what they sent, or did not read.
    pub query_buffer_disconnections: AtomicU64,
    pub output_buffer_disconnections: AtomicU64,
}

impl Stats {
    /// Sets every counter back, as `CONFIG RESETSTAT` does.
    pub fn reset(&self) {
        for counter in [
            &self.connections_received,
            &self.connections_rejected,
            &self.reads,
            &self.writes,
            &self.evicted_clients,
            &self.query_buffer_disconnections,
            &self.output_buffer_disconnections,
            &self.net_input_bytes,
            &self.net_output_bytes,
            &self.error_replies,
        ] {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

/// What DEBUG turned on.
#[derive(Debug, Default)]
pub struct DebugSwitches {
    /// No key is expired in the background.
    pub cron_paused: AtomicBool,
    /// Scripts may call any command.
    pub scripts_unrestricted: AtomicBool,
}

/// The shared state of one runtime.
pub struct Server {
    pub options: RwLock<Options>,
    pub commands: Arc<dyn Commands>,
    /// Who may do what.
    pub acl: Acl,
    pub clients: Clients,
    pub stats: Stats,
    pub clock: Arc<dyn Clock>,
    /// Number of shards.
    pub shards: usize,
    /// Forty hexadecimal digits, new at every start.
    pub run_id: String,
    pub started_ms: u64,
    pub hooks: OnceLock<Box<dyn Hooks>>,
    /// What moves the bytes of its connections, by the name that INFO gives it; empty where there are none.
    pub io_backend: OnceLock<&'static str>,
    /// What runs scripts; empty where nothing does.
    pub scripts: OnceLock<Box<dyn Scripts>>,
    /// Bytes used by each shard's keyspace, kept by the shard, read by all.
    pub shard_memory: Box<[AtomicUsize]>,
    /// Commands that each shard has run, in the same way.
    pub shard_commands: Box<[AtomicU64]>,
    /// `maxmemory` in bytes, 0 for none, kept beside the options for the write path.
    pub maxmemory: AtomicUsize,
    pub active_expire: AtomicBool,
    pub gates: Gates,
    /// The nodes of the cluster, where there is one.
    pub cluster: OnceLock<Nodes>,
    pub pauses: Pauses,
    pub debug: DebugSwitches,
    pub monitoring: Monitoring,
    pub role: Role,
    pub pubsub: Arc<PubSub>,
    pub trackers: Arc<Trackers>,
    pub monitors: Monitors,
    /// Bytes of the snapshot read so far, and bytes it has, while it is being read.
    pub load_progress: (AtomicU64, AtomicU64),
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("run_id", &self.run_id)
            .field("shards", &self.shards)
            .finish_non_exhaustive()
    }
}

/// What a server is made of.
#[derive(Debug)]
pub struct ServerConfig {
    pub options: Options,
    pub commands: Arc<dyn Commands>,
    pub clock: Arc<dyn Clock>,
    pub shards: usize,
    pub run_id: String,
}

impl Server {
    pub fn new(config: ServerConfig) -> Self {
        let ServerConfig { options, commands, clock, shards, run_id } = config;
        let pubsub = Arc::new(PubSub::new(clock.clone()));
        let acl = Acl::new(&*commands);
        if !options.requirepass.0.is_empty() {
            acl.set_default_password(options.requirepass.0.as_bytes(), &*commands);
        }
        let server = Self {
            acl,
            maxmemory: AtomicUsize::new(options.maxmemory as usize),
            options: RwLock::new(options),
            commands,
            clients: Clients::default(),
            stats: Stats::default(),
            started_ms: clock.now_ms(),
            clock,
            shards,
            run_id,
            hooks: OnceLock::new(),
            io_backend: OnceLock::new(),
            scripts: OnceLock::new(),
            shard_memory: (0..shards).map(|_| AtomicUsize::new(0)).collect(),
            shard_commands: (0..shards).map(|_| AtomicU64::new(0)).collect(),
            active_expire: AtomicBool::new(true),
            gates: Gates::default(),
            role: Role::default(),
            trackers: Arc::new(Trackers::new(pubsub.clone())),
            pubsub,
            monitors: Monitors::default(),
            load_progress: Default::default(),
            cluster: OnceLock::new(),
            pauses: Pauses::default(),
            debug: DebugSwitches::default(),
            monitoring: Monitoring::default(),
        };
        server.follow_options();
        server
    }

    /// Takes over options that are kept beside the table, where they are read at any time.
    pub fn follow_options(&self) {
        let options = self.options.read();
        self.maxmemory.store(usize::try_from(options.maxmemory).unwrap_or(usize::MAX), Ordering::Relaxed);
        self.monitoring.follow(&options);
        self.pubsub.follow(&options);
        self.trackers.follow(&options, self.shards);
    }

    /// Notes the bytes that a shard's keyspace uses.
    #[inline]
    pub fn publish_memory(&self, shard: usize, bytes: usize) {
        self.shard_memory[shard].store(bytes, Ordering::Relaxed);
    }

    /// How replicas are told that a command removed a key that nobody named for that: by DEL, or by UNLINK where they shall
    /// free it in the background.
    pub fn verb_of_removal(&self) -> &'static [u8] {
        if self.options.read().lazyfree_lazy_server_del { b"UNLINK" } else { b"DEL" }
    }

    /// `maxmemory` in bytes, 0 for none.
    #[inline]
    pub fn maxmemory(&self) -> usize {
        self.maxmemory.load(Ordering::Relaxed)
    }

    /// Whether expired keys are deleted though nobody asks for them: not where DEBUG forbids it, and not before all that was
    /// kept is read.
    #[inline]
    pub fn active_expire(&self) -> bool {
        self.active_expire.load(Ordering::Relaxed)
            && !self.debug.cron_paused.load(Ordering::Relaxed)
            && !self.gates.is_closed(Gates::LOADING)
    }

    /// Counts an error reply, given without the `-` before it.
    #[cold]
    pub fn count_error(&self, error: &[u8]) {
        self.stats.error_replies.fetch_add(1, Ordering::Relaxed);
        self.monitoring.faults.lock().count(error);
    }

    /// Counts the error reply of the command `number`, which was refused or failed.
    #[cold]
    pub fn count_fault(&self, number: usize, fault: Fault, error: &[u8]) {
        self.count_error(error);
        self.monitoring.faults.lock().count_command(number, fault);
    }

    /// Tells the slow log and the latency monitor of a command that took long. `session` is whose it was.
    #[cold]
    pub fn note_slow(&self, session: &Session, number: usize, args: &[&[u8]], nanos: u64) {
        let own = || self.clients.get(session.client.id);
        // What the runtime asks for itself, such as the figures of the status page, is nobody's.
        let Some(client) = self.clients.get(session.on_behalf_of).or_else(own) else { return };
        let spec = &self.commands.command(number).spec;
        // Such a command lasts longer than its handler.
        let waits_us = match session.request {
            Some(Request::Sleep { ms }) => ms * 1_000,
            _ => 0,
        };
        let duration_us = nanos / 1_000 + waits_us;
        let now = self.clock.now_ms();
        let event = if spec.flags.has(Flags::FAST) { "fast-command" } else { "command" };
        self.monitoring.latency.note(event, duration_us / 1_000, now);
        if spec.flags.has(Flags::SKIP_SLOWLOG) || !self.monitoring.slow_log.wants(duration_us) {
            return;
        }
        self.monitoring.slow_log.add(SlowEntry {
            id: 0,
            time: now / 1_000,
            duration_us,
            args: SlowLog::shown(self.commands.name(number), args),
            address: client.address.clone(),
            name: client.text.lock().name.clone(),
        });
    }

    /// What has been counted so far, for rates.
    pub fn totals(&self) -> Totals {
        let elsewhere = self.monitoring.elsewhere.lock().calls();
        Totals {
            commands: elsewhere
                + self.shard_commands.iter().map(|shard| shard.load(Ordering::Relaxed)).sum::<u64>(),
            input_bytes: self.stats.net_input_bytes.load(Ordering::Relaxed),
            output_bytes: self.stats.net_output_bytes.load(Ordering::Relaxed),
        }
    }

    /// Refuses a client's write while it could not be made to last, where too few replicas would take it, or where only a
    /// primary may write.
    ///
    /// # Errors
    /// The reply that says why.
    pub fn check_write(&self, origin: Origin) -> Result<(), Fail> {
        if origin != Origin::Client {
            return Ok(());
        }
        self.check_disk()?;
        if self.gates.is_closed(Gates::WANTS_REPLICAS) && !self.has_replicas() {
            return Err(Fail::NO_REPLICAS);
        }
        if self.gates.is_closed(Gates::READ_ONLY) { Err(Fail::READ_ONLY) } else { Ok(()) }
    }

    /// Fails where the log or snapshots cannot be written and writes are to be refused for it.
    ///
    /// # Errors
    /// The reply that says why.
    pub fn check_disk(&self) -> Result<(), Fail> {
        if self.gates.is_closed(Gates::LOG_FAILED) {
            let why = self.hooks.get().map(|hooks| hooks.log_failure()).unwrap_or_default();
            return Err(Fail::with(format!("MISCONF Errors writing to the AOF file: {why}")));
        }
        if self.gates.is_closed(Gates::SAVE_FAILED) { Err(SAVE_FAILED) } else { Ok(()) }
    }

    /// True where a client must prove who it is. A password that is taken away frees those who have not.
    pub fn needs_password(&self) -> bool {
        !self.acl.is_open()
    }

    /// Whether as many replicas are near as `min-replicas-to-write` asks for.
    pub fn has_replicas(&self) -> bool {
        let options = self.options.read();
        let (wanted, lag) = (options.min_replicas_to_write, options.min_replicas_max_lag);
        drop(options);
        let near = self.hooks.get().map_or(0, |hooks| hooks.replicas_near(lag.into()));
        near >= wanted as usize
    }

    /// Opens and closes the gates that depend on the role, the link to the primary and the options about them.
    pub fn settle_role(&self) {
        let options = self.options.read();
        let role = &self.role;
        let is_replica = role.is_replica();
        let wants_replicas = options.min_replicas_to_write > 0 && options.min_replicas_max_lag > 0;
        self.gates.set(Gates::WANTS_REPLICAS, wants_replicas && !is_replica);
        self.gates.set(Gates::READ_ONLY, is_replica && options.replica_read_only);
        let is_down = role.link_state() != LinkState::Connected && !options.replica_serve_stale_data;
        let is_late = options.max_staleness > 0
            && role.staleness_ms(self.clock.now_ms()).is_none_or(|ms| ms > options.max_staleness);
        self.gates.set(Gates::STALE, is_replica && (is_down || is_late));
    }

    /// Bytes used by the keyspaces of all shards.
    pub fn used_memory(&self) -> usize {
        self.shard_memory.iter().map(|shard| shard.load(Ordering::Relaxed)).sum()
    }
}
