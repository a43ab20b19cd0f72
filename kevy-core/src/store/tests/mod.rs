//! Tests of the store as a whole.

pub mod allocations;
mod evict;
mod expiry;
mod keys;
mod list;
mod listpack;
mod memory;
mod model;
mod rdb;
mod scan;
mod set;
mod stream;
mod table;
mod waited;
mod walk;
mod watch;

use super::{Config, Keyspace, Limits, Seed};

/// A time to begin with, in unix milliseconds.
const START: u64 = 1_700_000_000_000;

fn keyspace() -> Keyspace {
    keyspace_of(Limits::default())
}

fn keyspace_of(limits: Limits) -> Keyspace {
    Keyspace::new(Config { databases: 16, seed: Seed::new(7), limits })
}
