//! kevy: a Redis-compatible, thread-per-core, replicated keyspace that runs inside any process.
//!
//! Only [`api`] is public. The other modules form a strict order of imports that
//! `ARCHITECTURE.md` states and a test enforces.

mod base;
mod command;
mod dispatch;
mod io;
mod log;
mod mirror;
mod net;
mod persistence;
mod replication;
mod resp;
mod route;
mod runtime;
mod script;
mod shard;
mod snapshot;
mod store;

pub mod api;

#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzz;
