//! Names of keys that are to be read: each once, however often it is told.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use foldhash::quality::RandomState;

/// The name of a key.
pub type Key = Arc<[u8]>;

/// What a name takes beside its bytes, roughly.
const OVERHEAD: usize = 64;

/// Keys that have changed and were not asked for since, in the order in which that was first told.
#[derive(Debug, Default)]
pub struct Changed {
    queue: VecDeque<Key>,
    names: HashSet<Key>,
    bytes: usize,
}

impl Changed {
    /// Takes note of a key, unless that waits already.
    pub fn note(&mut self, key: &[u8]) {
        if !self.names.contains(key) {
            let key: Key = key.into();
            self.bytes += key.len() + OVERHEAD;
            self.names.insert(key.clone());
            self.queue.push_back(key);
        }
    }

    /// The key that has waited longest. What is told of it from now on makes it wait again.
    pub fn take(&mut self) -> Option<Key> {
        let key = self.queue.pop_front()?;
        self.names.remove(&key);
        self.bytes = self.bytes.saturating_sub(key.len() + OVERHEAD);
        Some(key)
    }

    /// Whether the key waits.
    pub fn has(&self, key: &[u8]) -> bool {
        self.names.contains(key)
    }

    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Bytes of memory, roughly.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Fingerprints remembered of one scan.
const SEEN_MAX: usize = 1 << 20;

/// Which keys a scan has come to, as it may come to a key twice while the primary's table grows or shrinks.
#[derive(Debug, Default)]
pub struct Seen {
    fingerprints: HashSet<u64, foldhash::fast::FixedState>,
    hasher: RandomState,
}

impl Seen {
    /// A new scan.
    pub fn clear(&mut self) {
        self.fingerprints = HashSet::default();
    }

    /// Takes note of a key. True where it may have been there before.
    pub fn note(&mut self, key: &[u8]) -> bool {
        use std::hash::BuildHasher;
        let fingerprint = self.hasher.hash_one(key);
        if self.fingerprints.len() >= SEEN_MAX {
            return true;
        }
        !self.fingerprints.insert(fingerprint)
    }
}
