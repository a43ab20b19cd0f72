//! What INFO is written from.

use crate::base::options::Options;
use crate::command::monitoring::CommandStats;
use crate::command::{Context, Counters, Server};

use super::sizes::{self, Sizes};
use crate::command::admin::latency::all_statistics;

/// Keys of each database and shard whose times to live are averaged.
const TTL_SAMPLES: usize = 64;

/// One shard as INFO shows it.
pub struct ShardFigures {
    pub index: usize,
    pub keys: usize,
    pub memory: usize,
    pub commands: u64,
}

/// One database, summed over the shards.
#[derive(Clone, Copy, Default)]
pub struct DatabaseFigures {
    pub keys: usize,
    pub expires: usize,
    /// The sum of the times to live of some keys in milliseconds, and how many those are.
    pub ttl: (u64, u64),
}

/// What the sections are written from, taken of all shards at one instant.
pub struct Figures<'a> {
    pub server: &'a Server,
    pub options: Options,
    pub now: u64,
    pub counters: Counters,
    /// Changes ever made.
    pub changes: u64,
    pub databases: Vec<DatabaseFigures>,
    pub shards: Vec<ShardFigures>,
    /// What every command has cost.
    pub commands: CommandStats,
    /// How large collections and strings are, where that was asked for.
    pub sizes: Vec<Sizes>,
    /// Bytes of removed values that are not freed yet.
    pub pending_bytes: usize,
    /// How many those are, and how many have been freed since.
    pub pending_values: usize,
    pub freed_values: u64,
    /// Keys that clients wait for, and those whose end they wait for as well.
    pub blocking_keys: [usize; 2],
}

impl<'a> Figures<'a> {
    /// `with_sizes` goes through all keys.
    pub fn gather(ctx: &mut Context<'a>, with_sizes: bool) -> Self {
        let server = ctx.server;
        let options = server.options.read().clone();
        let mut counters = Counters::default();
        let used = ctx.every().iter().map(|partition| partition.keyspace.databases_used()).max();
        let mut databases = vec![DatabaseFigures::default(); used.unwrap_or(0)];
        let mut shards = Vec::new();
        let (mut pending_bytes, mut changes) = (0, 0);
        let (mut pending_values, mut freed_values) = (0, 0);
        let mut blocking_keys = [0; 2];
        let now = ctx.now;
        for partition in ctx.every() {
            let keyspace = &partition.keyspace;
            let mut keys = 0;
            for (db, figures) in databases.iter_mut().enumerate() {
                figures.keys += keyspace.len(db);
                figures.expires += keyspace.expires_len(db);
                let (sum, count) = keyspace.sample_ttl(db, now, TTL_SAMPLES);
                figures.ttl.0 += sum;
                figures.ttl.1 += count;
                keys += keyspace.len(db);
            }
            add(&mut counters, &partition.counters);
            pending_bytes += keyspace.garbage_memory();
            let (pending, freed) = keyspace.garbage_values();
            pending_values += pending;
            freed_values += freed;
            blocking_keys[0] += partition.blocked.keys();
            blocking_keys[1] += partition.blocked.keys_on_any_change();
            changes += partition.effects.changes();
            shards.push(ShardFigures {
                index: partition.index,
                keys,
                memory: keyspace.used_memory(),
                commands: partition.counters.commands,
            });
        }
        let sizes = if with_sizes { sizes::of_databases(ctx, databases.len()) } else { Vec::new() };
        let commands = all_statistics(ctx);
        Self {
            commands,
            sizes,
            server,
            options,
            now,
            counters,
            changes,
            databases,
            shards,
            pending_bytes,
            pending_values,
            freed_values,
            blocking_keys,
        }
    }

    pub fn used_memory(&self) -> usize {
        self.shards.iter().map(|shard| shard.memory).sum()
    }
}

fn add(sum: &mut Counters, one: &Counters) {
    let Counters { commands, hits, misses, expired, expired_fields, evicted } = one;
    sum.commands += commands;
    sum.hits += hits;
    sum.misses += misses;
    sum.expired += expired;
    sum.expired_fields += expired_fields;
    sum.evicted += evicted;
}
