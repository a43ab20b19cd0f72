//! Reactors: one thread per shard that moves the bytes of its connections and runs their commands.
//!
//! A reactor owns its connections outright and its shard for one turn at a time. The runtime starts and
//! stops reactors; nothing else calls them.

mod admission;
mod busy;
mod care;
mod connection;
mod disk_wait;
mod flush;
mod handle;
mod intake;
mod mail;
mod reactor;
mod serve;
mod settings;
mod uring;
mod waits;

pub use admission::Door;
pub use handle::Handle;
pub use reactor::{Peer, Reactor, Upgrades};
