//! Looking ahead: what the next lookups will touch is asked for all at once, so that their cache misses overlap
//! instead of following one another.

use smallvec::SmallVec;

use super::Keyspace;

/// A database whose keys take no more than this is in the second-level cache anyway.
const CACHED_BYTES: usize = 512 << 10;
/// Keys that are looked ahead for at a time: three lines each, which the first-level cache holds.
const KEYS_AT_ONCE: usize = 128;

impl Keyspace {
    /// Brings the buckets and then the entries of `keys` into the cache. Worth it for a few keys or more; a key that
    /// is not there costs little, and nothing is changed.
    pub fn look_ahead<'k>(&self, db: usize, keys: impl IntoIterator<Item = &'k [u8]>) {
        let Some(records) = self.databases.get(db) else { return };
        if records.memory() <= CACHED_BYTES {
            return;
        }
        let table = records.table();
        let mut keys = keys.into_iter();
        let mut hashes: SmallVec<[u64; KEYS_AT_ONCE]> = SmallVec::new();
        loop {
            hashes.extend(keys.by_ref().take(KEYS_AT_ONCE).map(|key| self.seed.hash(key)));
            if hashes.is_empty() {
                return;
            }
            hashes.iter().for_each(|&hash| table.prefetch_bucket(hash));
            hashes.iter().for_each(|&hash| table.prefetch_entry(hash));
            hashes.clear();
        }
    }
}
