//! Whole RDB streams: written in pieces while a keyspace is walked, and read in pieces as they arrive.
//!
//! Format: rdb.c of Redis 7 and 8. `REDIS` and a version, then opcodes and entries, then `EOF` and a CRC-64 of
//! everything before it. The values themselves are [`crate::store::rdb`]'s. `AUX shard <n>` says which shard of
//! the primary the entries that follow are from; Redis skips what it does not know there.

pub mod entries;
pub mod fit;
pub mod history;
pub mod load;
pub mod opcode;
pub mod payload;
pub mod rebuild;
pub mod stream;
pub mod version;
pub mod write;

pub use entries::{Entries, Next};
pub use history::{SavedHistory, SavedPlace};
pub use write::{Chosen, Sink, SinkHandle};

#[cfg(test)]
pub use crate::store::Expire;
/// What a file holds of a key.
pub use crate::store::Owned;
/// Names a walk that a [`Sink`] takes entries from.
pub use crate::store::WalkId;
/// How values are written.
pub use crate::store::rdb::Format;
/// A value on its way, and the type of one.
pub use crate::store::{Kind, ValueRef};

#[cfg(test)]
pub mod model;
#[cfg(test)]
mod tests;
