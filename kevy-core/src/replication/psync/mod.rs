//! Serving replicas of other makes: PSYNC and SYNC, as Redis and Valkey speak them.
//!
//! [`sequencer::Sequencer`] merges the shards' streams into the one byte stream that PSYNC knows; [`feed::Feed`] is one
//! replica's connection. Protocol: replication.c of Redis 7.0.

pub mod byte_log;
pub mod feed;
pub mod history;
pub mod merge;
pub mod payload;
pub mod peers;
pub mod sequencer;
pub mod translate;

pub use feed::{Answered, Feed, Introduction, Opening, Order};
pub use peers::{PeerInfo, Stage};
pub use sequencer::Sequencer;
