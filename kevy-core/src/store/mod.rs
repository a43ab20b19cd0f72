//! One shard's keyspace: keys with their values, expiry, memory and the walks that take snapshots of them.
//!
//! The command layer calls [`Keyspace`]; nobody else changes data. There is no clock, no I/O and no lock in here:
//! `now` comes in with each call, in unix milliseconds, and a shard's ownership token keeps others out.

pub mod collection;
pub mod entry;
pub mod garbage;
pub mod hash;
pub mod item;
pub mod json;
pub mod keyspace;
pub mod limits;
pub mod list;
pub mod listpack;
pub mod ordered;
pub mod rdb;
pub mod seed;
pub mod set;
pub mod sorted_set;
pub mod stream;
pub mod table;
pub mod value;
pub mod vector_set;

#[cfg(test)]
mod tests;

use std::fmt;

pub use collection::Kind;
pub use hash::{Field, Hash, HashEdit};
pub use item::Item;
pub use json::Json;
pub use keyspace::{Changed, Config, Dropped, Keyspace, Reason, Ref, WalkId, WalkSink};
pub use limits::Limits;
pub use list::{End, List};
pub use seed::Seed;
pub use set::Set;
pub use sorted_set::{MemberBound, MemberRange, ScoreRange, SortedSet};
pub use stream::{
    Dropped as DroppedEntries, Group, Nodes, Pending, References, Stream, StreamId, Trim, TrimTo,
};
pub use value::{Owned, Value, ValueRef};
pub use vector_set::VectorSet;

/// What a write does with the expiry of what it writes to, in unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expire {
    /// None from now on.
    Clear,
    /// The one it had.
    Keep,
    /// This one.
    At(u64),
}

/// The key holds a value of another type than the operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongType;

impl fmt::Display for WrongType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WRONGTYPE Operation against a key holding the wrong kind of value")
    }
}

impl std::error::Error for WrongType {}
