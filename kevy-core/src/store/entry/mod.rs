//! Entries: a key with its value in one allocation, the timers that know when one is due, and the table of both.
//!
//! The keyspace keeps its keys in [`Records`], and a large hash its fields. All unsafe code of the store but the
//! prefetch is in this directory.

mod layout;
mod records;
mod timers;

pub use layout::{ACCESS_MASK, Content, Entry, INLINE_MAX, View};
pub use records::{Record, Records, Remains};

pub use super::collection::{Collection, Kind};

use super::seed::Seed;
use super::table::Element;

impl Element for Entry {
    #[inline]
    fn hash(&self, seed: &Seed) -> u64 {
        seed.hash(self.key())
    }

    #[inline]
    fn address(&self) -> *const u8 {
        Entry::address(self)
    }
}

impl Entry {
    /// Bytes of the entry and of all it holds.
    pub fn memory(&self) -> usize {
        self.size()
            + match self.view() {
                View::Int(_) | View::Inline(_) => 0,
                View::Bytes(bytes) => bytes.capacity(),
                View::Collection(collection) => collection.memory(),
            }
    }

    /// When the key or the first part of its value expires, in unix milliseconds.
    pub fn due_at(&self) -> Option<u64> {
        let part = match self.view() {
            View::Collection(collection) => collection.next_expiry(),
            _ => None,
        };
        match (self.expire_at(), part) {
            (Some(key), Some(part)) => Some(key.min(part)),
            (key, part) => key.or(part),
        }
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key().escape_ascii().to_string())
            .field("expire_at", &self.expire_at())
            .field("value", &self.view())
            .finish()
    }
}
