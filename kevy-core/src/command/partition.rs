//! What a command sees of one shard.

use crate::base::random::Random;
use crate::store::{Keyspace, Ref};

use super::Effects;
use super::blocking::Blocked;
use super::monitoring::CommandStats;

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
        }
    }

    /// The key for a verb that reads it, counted as a hit or a miss, and as a use of it if `touch` says so.
    #[inline]
    pub fn read(&mut self, db: usize, key: &[u8], now: u64, touch: bool) -> Option<Ref<'_>> {
        let Self { keyspace, counters, .. } = self;
        let found = if touch { keyspace.get(db, key, now) } else { keyspace.peek(db, key, now) };
        *(if found.is_some() { &mut counters.hits } else { &mut counters.misses }) += 1;
        found
    }
}
