//! The native replication protocol, both sides.
//!
//! [`Primary`] makes a [`feed::Feed`] of each connection that sends REPLICATE and remembers replicas in
//! [`slots::Slots`]; [`client::Replica`] follows a primary. [`wire`] holds what both sides say. What a frame means
//! to a keyspace is not known here.

pub mod ancestry;
pub mod client;
pub mod cursor;
pub mod feed;
pub mod primary;
pub mod psync;
pub mod selection;
pub mod slots;
pub mod wire;

pub use crate::io::Trust;
pub use crate::log::Subscription;
pub use crate::snapshot::{SavedHistory, SavedPlace};
pub use client::{
    Batch, Follow, Frame, FrameKind, Interrupter, Replica, ReplicaOption, ReplicaOptions, ReplicaStats,
    Source, Speech,
};
pub use cursor::Place;
pub use primary::Primary;

#[cfg(test)]
mod tests;
