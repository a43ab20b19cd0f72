//! Commands: the table that defines them, what a handler sees, and the Redis command set.
//!
//! A handler gets a [`Context`] and its arguments, reads and changes keys through
//! [`Context::at`], records what it did with [`Context::effect`] and writes one reply. It never knows
//! about threads, sockets or other shards' locks. Dispatch calls handlers; nothing else does.

pub mod acl;
pub mod admin;
pub mod arguments;
mod bitmap;
pub mod blocking;
pub mod client;
pub mod cluster;
pub mod commands;
pub mod connection;
pub mod context;
pub mod effects;
pub mod generic;
pub mod geo;
pub mod hash;
pub mod help;
mod hyperloglog;
pub mod introduction;
pub mod json;
pub mod keys;
pub mod list;
pub mod monitor;
pub mod monitoring;
pub mod notify;
pub mod outbox;
pub mod partition;
pub mod pause;
pub mod pubsub;
pub mod redis;
pub mod replication;
pub mod role;
pub mod scan_cursor;
pub mod scripting;
pub mod server;
pub mod session;
mod set;
pub mod sorted_set;
pub mod spec;
pub mod stream;
pub mod string;
pub mod table;
pub mod tracking;
pub mod transaction;
pub mod vector_set;
pub mod version;

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

pub use client::{Client, ClientKind, Clients};
pub use commands::{CommandSet, Commands};
pub use context::{Context, Origin, Partitions};
pub use effects::Effects;
pub use partition::{Counters, Partition};
pub use role::{LinkState, Role};
pub use server::Server;
pub use session::Session;
pub use spec::{Command, Fail, Outcome, Spec};

/// What handlers outside of this crate read and write keys with.
pub use crate::store::{Expire, ValueRef};
