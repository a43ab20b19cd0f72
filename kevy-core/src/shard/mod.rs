//! A shard: one part of the keyspace with its stream of effects, owned by whoever holds its token.
//!
//! Dispatch takes tokens and runs commands here; reactors run their shard's housekeeping; replication
//! reads streams and walks. Nothing here knows about connections.

pub mod cut;
pub mod mailbox;
pub mod pace;
pub mod run;
pub mod shards;
pub mod unblock;

/// How much of the streams is on disk, and what waits for it.
pub use crate::log::{Goal, Standing, Subscription};
pub use crate::store::Seed;
pub use cut::{Cut, Progress};
pub use mailbox::{Mailbox, Parcel, Post};
pub use pace::Pace;
pub use run::{run_alone, run_many};
pub use shards::{Historian, Shard, Shards};
