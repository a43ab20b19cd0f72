//! The keyspace of one shard: its databases and everything that has to happen when a key changes.

mod access;
mod ahead;
mod evict;
mod expire;
mod notes;
mod read;
mod transfer;
mod waited;
mod walk;
mod watch;
mod whole;
mod write;

pub use read::Ref;
pub use waited::Changed;
pub use walk::{WalkId, WalkSink};

use evict::Pool;
use notes::Notes;
use walk::Walks;
use watch::Watchers;

use super::entry::Records;
use super::garbage::Garbage;
use super::limits::Limits;
use super::seed::Seed;
use super::table::Location;

/// What a keyspace is made with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Number of databases.
    pub databases: usize,
    /// The same for every shard of a process.
    pub seed: Seed,
    /// The options it follows.
    pub limits: Limits,
}

/// Why a key went without a command having removed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its time had come.
    Expired,
    /// Memory was short.
    Evicted,
}

/// What went without a command having removed it. The shard has to replicate these before the effects of
/// whatever it does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// A key.
    Key {
        /// Its database.
        db: usize,
        /// The key.
        key: Box<[u8]>,
        /// Why it went.
        reason: Reason,
    },
    /// Fields of a hash, whose time had come. If they were its last, the hash went with them.
    HashFields {
        /// The database of the hash.
        db: usize,
        /// The key of the hash.
        key: Box<[u8]>,
        /// The names of the fields.
        fields: Vec<Box<[u8]>>,
    },
}

/// All keys of one shard.
///
/// A database number past the configured ones is a database that is empty and cannot be written to: reads find
/// nothing in it and writes panic, so the caller checks `SELECT` and the like against [`databases`](Self::databases).
#[derive(Debug)]
pub struct Keyspace {
    /// Those up to the highest that was ever written to.
    databases: Vec<Records>,
    databases_max: usize,
    seed: Seed,
    limits: Limits,
    rng: fastrand::Rng,
    is_replica: bool,
    /// Until this Unix time in milliseconds what is due stays, and is hidden as on a replica.
    frozen_until: u64,
    /// Whether there are watchers or walks, so that a write without them pays for one branch.
    is_observed: bool,
    watchers: Watchers,
    notes: Notes,
    walks: Walks,
    garbage: Garbage,
    pool: Pool,
    /// The database at which the next round of expiry or eviction begins.
    next_db: usize,
    /// The latest `now` that was not 0, in unix milliseconds.
    clock: u64,
    /// What went on its own and was not drained yet, in the order in which it went.
    pub drops: Vec<Dropped>,
}

// A shard goes from thread to thread with its token.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Keyspace>();
};

impl Keyspace {
    /// An empty keyspace.
    pub fn new(config: Config) -> Self {
        Self {
            databases: Vec::new(),
            databases_max: config.databases,
            rng: fastrand::Rng::with_seed(config.seed.hash(b"rng")),
            seed: config.seed,
            limits: config.limits,
            is_replica: false,
            frozen_until: 0,
            is_observed: false,
            watchers: Watchers::default(),
            notes: Notes::default(),
            walks: Walks::default(),
            garbage: Garbage::default(),
            pool: Pool::default(),
            next_db: 0,
            clock: 0,
            drops: Vec::new(),
        }
    }

    /// Number of databases.
    pub fn databases(&self) -> usize {
        self.databases_max
    }

    /// Number of databases up to the highest that was ever written to.
    pub fn databases_used(&self) -> usize {
        self.databases.len()
    }

    /// Makes sure that a database can be written to.
    ///
    /// # Panics
    /// Where there is no such database.
    pub(super) fn open_database(&mut self, db: usize) {
        if db >= self.databases.len() {
            assert!(db < self.databases_max, "database {db} of {}", self.databases_max);
            self.databases.resize_with(db + 1, Records::default);
        }
    }

    /// The options it follows.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Changes the options. Hashes change their form when they are next written to.
    pub fn set_limits(&mut self, limits: Limits) {
        if limits.policy != self.limits.policy {
            self.pool = Pool::default();
        }
        self.limits = limits;
    }

    /// The seed it was made with.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// On a replica, what is due is hidden but stays until the primary says that it went.
    pub fn set_replica(&mut self, is_replica: bool) {
        self.is_replica = is_replica;
    }

    /// Has what is due stay, hidden, until the Unix time `until` in milliseconds; 0 for no longer.
    pub fn freeze(&mut self, until: u64) {
        self.frozen_until = until;
    }

    /// Whether what is due stays for now, hidden.
    #[inline]
    fn keeps_due(&self, now: u64) -> bool {
        self.is_replica || now < self.frozen_until
    }

    /// Whether it is a replica.
    pub fn is_replica(&self) -> bool {
        self.is_replica
    }

    /// Bytes of everything the keyspace has allocated, but `drops` and the watchers' flags: those are the
    /// caller's.
    pub fn used_memory(&self) -> usize {
        self.databases.capacity() * size_of::<Records>()
            + self.databases.iter().map(Records::memory).sum::<usize>()
            + self.garbage.memory()
            + self.watchers.memory()
            + self.walks.memory()
            + self.pool.memory()
    }

    /// The part of [`used_memory`](Self::used_memory) that nothing reaches any more and
    /// [`free_some`](Self::free_some) gives back.
    pub fn garbage_memory(&self) -> usize {
        self.garbage.memory()
    }

    /// How many removed values are not freed yet, and how many were since [`reset_freed`](Self::reset_freed).
    pub fn garbage_values(&self) -> (usize, u64) {
        (self.garbage.pending(), self.garbage.freed())
    }

    /// Counts the values that are freed from nothing again.
    pub fn reset_freed(&mut self) {
        self.garbage.reset_freed();
    }

    /// Frees about `budget` allocations of what was removed before. Whether more is left.
    pub fn free_some(&mut self, budget: usize) -> bool {
        self.garbage.free_some(budget)
    }

    #[inline]
    fn notice(&mut self, now: u64) {
        self.clock = self.clock.max(now);
    }

    /// The entry of a key, alive or due.
    #[inline]
    fn find(&self, db: usize, key: &[u8]) -> Option<Location> {
        self.databases.get(db)?.find(self.seed.hash(key), key)
    }

    /// Takes an entry out with all that follows from it.
    fn delete_at(&mut self, db: usize, at: Location) {
        self.observe_entry(db, at);
        let entry = self.databases[db].remove(at, &self.seed);
        self.garbage.bury(entry);
    }

    /// Tells walks and watchers that the entry at a location is about to change.
    #[inline]
    fn observe_entry(&mut self, db: usize, at: Location) {
        if self.is_observed {
            let entry = self.databases[db].get(at);
            self.walks.before_write(db, at.hash(), entry.key(), Some(entry), &self.seed);
            self.notes.touch(entry.key());
            self.watchers.touch(db, entry.key());
            self.update_observed();
        }
    }

    /// Tells walks and watchers that a key is about to come into being.
    #[inline]
    fn observe_new(&mut self, db: usize, key: &[u8]) {
        if self.is_observed {
            self.walks.before_write(db, self.seed.hash(key), key, None, &self.seed);
            self.notes.touch(key);
            self.watchers.touch(db, key);
            self.update_observed();
        }
    }

    /// Tells walks, but not watchers, that the entry at a location may change.
    #[inline]
    fn observe_entry_for_walks(&mut self, db: usize, at: Location) {
        if self.is_observed {
            let entry = self.databases[db].get(at);
            self.walks.before_write(db, at.hash(), entry.key(), Some(entry), &self.seed);
        }
    }

    fn update_observed(&mut self) {
        self.is_observed =
            !self.watchers.is_empty() || !self.walks.is_empty() || self.notes.are_changes_wanted();
    }
}
