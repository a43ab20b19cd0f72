//! Reactors: one thread per shard that moves the bytes of its connections and runs their commands.
//!
//! A reactor owns its connections outright and its shard for one turn at a time. The runtime starts and
//! stops reactors; nothing else calls them.

mod busy;
mod connection;
mod disk_wait;
mod flush;
mod handle;
mod reactor;
mod serve;

pub use handle::Handle;
pub use reactor::{Door, Peer, Reactor, Upgrades};
