//! One running instance: its shards, its core threads, its listeners and its options.
//!
//! The api starts and stops runtimes; several may live in one process and share nothing.

mod disk;
mod events;
mod export;
mod failover;
mod hooks;
mod http;
mod listen;
mod on_load;
mod replay;
mod start;
mod urings;

pub use crate::mirror::{Token, token_of};
pub use events::{Bell, Waker};
pub use export::{Export, export};
pub use on_load::OnLoad;
pub use start::{OpenReport, Runtime, assemble, redis_commands};
