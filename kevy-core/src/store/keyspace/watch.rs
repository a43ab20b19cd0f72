//! Flags that are raised when a key changes, for WATCH.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::fast::RandomState;
use hashbrown::{Equivalent, HashMap};

use super::Keyspace;
use super::waited::Waited;

#[derive(PartialEq, Eq, Debug)]
pub(super) struct Watched {
    pub(super) db: usize,
    pub(super) key: Box<[u8]>,
}

/// A watched key, borrowed to be looked up.
pub(super) struct Looked<'a>(pub(super) usize, pub(super) &'a [u8]);

impl Hash for Watched {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Looked(self.db, &self.key).hash(state);
    }
}

impl Hash for Looked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.0);
        state.write(self.1);
    }
}

impl Equivalent<Watched> for Looked<'_> {
    fn equivalent(&self, watched: &Watched) -> bool {
        self.0 == watched.db && *self.1 == *watched.key
    }
}

type Flags = Vec<Arc<AtomicBool>>;

/// The watched keys.
#[derive(Default)]
pub(super) struct Watchers {
    /// Those that clients wait for.
    pub(super) waited: Waited,
    keys: HashMap<Watched, Flags, RandomState>,
    /// Bytes of the keys and of the lists of flags.
    bytes: usize,
}

impl std::fmt::Debug for Watchers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watchers").field("keys", &self.keys.len()).finish()
    }
}

fn bytes_of(key: &[u8], flags: &Flags) -> usize {
    key.len() + flags.capacity() * size_of::<Arc<AtomicBool>>()
}

impl Watchers {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.waited.is_empty()
    }

    pub(super) fn memory(&self) -> usize {
        self.bytes + self.keys.allocation_size() + self.waited.memory()
    }

    /// Raises and forgets the flags of a key, and notes its change for those who wait.
    #[inline]
    pub(super) fn touch(&mut self, db: usize, key: &[u8]) {
        if !self.waited.is_empty() {
            self.waited.touch(db, key);
        }
        if let Some((watched, flags)) = self.keys.remove_entry(&Looked(db, key)) {
            self.bytes -= bytes_of(&watched.key, &flags);
            for flag in flags {
                flag.store(true, Ordering::Release);
            }
            self.free_if_empty();
        }
    }

    /// Raises and forgets the flags of every key for which `touched` is true.
    pub(super) fn touch_if(&mut self, mut touched: impl FnMut(usize, &[u8]) -> bool) {
        self.waited.touch_if(&mut touched);
        let bytes = &mut self.bytes;
        for (watched, flags) in self.keys.extract_if(|watched, _| touched(watched.db, &watched.key)) {
            *bytes -= bytes_of(&watched.key, &flags);
            for flag in flags {
                flag.store(true, Ordering::Release);
            }
        }
        self.free_if_empty();
    }

    fn watch(&mut self, db: usize, key: &[u8], flag: Arc<AtomicBool>) {
        match self.keys.get_mut(&Looked(db, key)) {
            Some(flags) => {
                self.bytes -= bytes_of(key, flags);
                if !flags.iter().any(|known| Arc::ptr_eq(known, &flag)) {
                    flags.push(flag);
                }
                self.bytes += bytes_of(key, flags);
            }
            None => {
                let flags = vec![flag];
                self.bytes += bytes_of(key, &flags);
                self.keys.insert(Watched { db, key: key.into() }, flags);
            }
        }
    }

    fn unwatch(&mut self, db: usize, key: &[u8], flag: &Arc<AtomicBool>) {
        let Some(flags) = self.keys.get_mut(&Looked(db, key)) else { return };
        self.bytes -= bytes_of(key, flags);
        flags.retain(|known| !Arc::ptr_eq(known, flag));
        if flags.is_empty() {
            self.keys.remove(&Looked(db, key));
        } else {
            self.bytes += bytes_of(key, flags);
        }
        self.free_if_empty();
    }

    fn free_if_empty(&mut self) {
        if self.keys.is_empty() {
            self.keys = HashMap::default();
        }
    }
}

impl Keyspace {
    /// Has `flag` raised when the key next changes, comes, goes, expires or is evicted. A key that is due goes
    /// first, without raising it. To learn before `EXEC` that a key has become due, call
    /// [`exists`](Self::exists) on it: that removes it and raises the flag.
    pub fn watch(&mut self, db: usize, key: &[u8], flag: Arc<AtomicBool>, now: u64) {
        self.live(db, key, now);
        self.watchers.watch(db, key, flag);
        self.is_observed = true;
    }

    /// Takes back a [`watch`](Self::watch); nothing happens if the flag was raised in between.
    pub fn unwatch(&mut self, db: usize, key: &[u8], flag: &Arc<AtomicBool>) {
        self.watchers.unwatch(db, key, flag);
        self.update_observed();
    }
}
