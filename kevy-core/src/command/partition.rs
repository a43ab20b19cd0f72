//! What a command sees of one shard.

use std::sync::Arc;

use crate::base::options::EventClasses;
use crate::base::random::Random;
use crate::store::{Keyspace, Ref};

use super::Effects;
use super::blocking::Blocked;
use super::monitoring::CommandStats;
use super::pubsub::registry::PubSub;
use super::scripting::Functions;
use super::server::Server;
use super::tracking::{Tracked, Trackers};

/// One shard's keys, the effects of the command under way, and its counters.
#[derive(Debug)]
pub struct Partition {
    /// The shard's number, from 0.
    pub index: usize,
    pub keyspace: Keyspace,
    pub effects: Effects,
    pub counters: Counters,
    /// How often and for how long each command ran.
    pub commands: CommandStats,
    /// Clients that wait for keys.
    pub blocked: Blocked,
    pub random: Random,
    pub pubsub: Arc<PubSub>,
    pub trackers: Arc<Trackers>,
    /// Which keys clients have read that want to hear of changes.
    pub tracked: Tracked,
    /// The classes of events that are published.
    pub(super) events: EventClasses,
    /// How many of the keyspace's drops have been published.
    pub(super) announced: usize,
    /// Keys looked for in vain that have not been published.
    pub(super) missed: Vec<(usize, Box<[u8]>)>,
    /// The libraries of functions, all on shard 0.
    pub functions: Functions,
}

/// What a shard has counted since the start or the last `CONFIG RESETSTAT`.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    pub commands: u64,
    pub hits: u64,
    pub misses: u64,
    pub expired: u64,
    pub expired_fields: u64,
    pub evicted: u64,
}

impl Partition {
    pub fn new(index: usize, keyspace: Keyspace, random: Random) -> Self {
        Self {
            index,
            keyspace,
            effects: Effects::default(),
            counters: Counters::default(),
            commands: CommandStats::default(),
            blocked: Blocked::default(),
            random,
            pubsub: Arc::default(),
            trackers: Arc::default(),
            tracked: Tracked::default(),
            events: EventClasses::default(),
            announced: 0,
            missed: Vec::new(),
            functions: Functions::default(),
        }
    }

    /// Becomes one of a server's.
    pub fn join(&mut self, server: &Server) {
        self.pubsub = server.pubsub.clone();
        self.trackers = server.trackers.clone();
        self.follow();
    }

    /// Takes over options that concern what is published.
    pub fn follow(&mut self) {
        self.events = self.pubsub.events();
        self.keyspace.note_new(self.events.has(EventClasses::NEW));
    }

    /// Whether something has happened that must still be published, or go to the stream.
    #[inline]
    pub fn is_unsettled(&self) -> bool {
        !self.keyspace.drops.is_empty() || self.keyspace.has_notes() || !self.missed.is_empty()
    }

    /// The key for a verb that reads it, counted as a hit or a miss, and as a use of it if `touch` says so.
    #[inline]
    pub fn read(&mut self, db: usize, key: &[u8], now: u64, touch: bool) -> Option<Ref<'_>> {
        self.look(db, key, now, touch, self.events.has(EventClasses::KEY_MISS))
    }

    /// As [`Partition::read`], for a verb that publishes no miss and is no use of the key.
    pub fn inspect(&mut self, db: usize, key: &[u8], now: u64) -> Option<Ref<'_>> {
        self.look(db, key, now, false, false)
    }

    #[inline]
    fn look(&mut self, db: usize, key: &[u8], now: u64, touch: bool, announces: bool) -> Option<Ref<'_>> {
        let Self { keyspace, counters, .. } = self;
        let found = if touch { keyspace.get(db, key, now) } else { keyspace.peek(db, key, now) };
        *(if found.is_some() { &mut counters.hits } else { &mut counters.misses }) += 1;
        if announces && found.is_none() {
            self.missed.push((db, key.into()));
        }
        found
    }
}
