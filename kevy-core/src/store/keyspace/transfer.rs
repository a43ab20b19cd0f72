//! Moving values between keys, databases and shards.

use super::{Keyspace, access};
use crate::store::Expire;
use crate::store::value::{Owned, Value};

impl Keyspace {
    /// Removes a key and gives out its value, not copied if it is large.
    pub fn take(&mut self, db: usize, key: &[u8], now: u64) -> Option<Owned> {
        let at = self.live(db, key, now)?;
        self.observe_entry(db, at);
        let entry = self.databases[db].remove(at, &self.seed);
        let (expire_at, access) = (entry.expire_at(), Some(entry.access()));
        Some(Owned { value: entry.consume(|_, content| Value::of_content(content)), expire_at, access })
    }

    /// Makes a key hold a value, whatever it held before; whether it was there. A collection of which
    /// nothing is left only removes.
    pub fn put(&mut self, db: usize, key: &[u8], owned: Owned, now: u64) -> bool {
        if owned.value.is_gone() {
            return self.remove(db, key, now);
        }
        let expire = owned.expire_at.map_or(Expire::Clear, Expire::At);
        let was_there =
            owned.value.into_content(|kind, content| self.set(db, key, kind, content, expire, now));
        if let Some(access) = owned.access
            && let Some(at) = self.find(db, key)
        {
            self.databases[db].set_access(at, access);
        }
        was_there
    }

    /// Gives a key another name, in place of whatever had it; whether the key was there.
    pub fn rename(&mut self, db: usize, from: &[u8], to: &[u8], now: u64) -> bool {
        match self.take(db, from, now) {
            Some(owned) => {
                self.put(db, to, owned, now);
                true
            }
            None => false,
        }
    }

    /// The access field of a key that was idle for so long.
    pub fn access_of_idle_seconds(&self, seconds: u64, now: u64) -> u32 {
        access::of_idle_seconds(seconds, now)
    }

    /// The access field of a key of this frequency.
    pub fn access_of_frequency(&self, frequency: u8, now: u64) -> u32 {
        access::of_frequency(frequency, now)
    }
}
