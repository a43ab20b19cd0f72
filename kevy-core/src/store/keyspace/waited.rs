//! Keys that clients wait for, and which of them have changed.
//!
//! Who waits and for what is the command layer's to know. Here a change of such a key is noted once, in the order
//! in which keys changed, until the shard looks at it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::Keyspace;
use super::watch::{Looked, Watched};

/// Orders the changes of all shards, as a transaction may change keys of several.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// A key that changed while clients waited for it.
#[derive(Debug)]
pub struct Changed {
    turn: u64,
    pub db: usize,
    pub key: Box<[u8]>,
}

/// The keys that clients wait for.
#[derive(Debug, Default)]
pub(super) struct Waited {
    /// Each key, and whether it stands in `changed`.
    keys: HashMap<Watched, bool, RandomState>,
    changed: VecDeque<Changed>,
    /// Bytes of the keys.
    bytes: usize,
}

impl Waited {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn memory(&self) -> usize {
        self.bytes + self.keys.allocation_size() + self.changed.capacity() * size_of::<Changed>()
    }

    /// Notes that a key changed, if somebody waits for it.
    pub(super) fn touch(&mut self, db: usize, key: &[u8]) {
        if let Some(noted) = self.keys.get_mut(&Looked(db, key))
            && !*noted
        {
            *noted = true;
            let turn = CHANGES.fetch_add(1, Ordering::Relaxed);
            self.changed.push_back(Changed { turn, db, key: key.into() });
        }
    }

    /// Notes every key for which `touched` is true.
    pub(super) fn touch_if(&mut self, mut touched: impl FnMut(usize, &[u8]) -> bool) {
        for (waited, noted) in &mut self.keys {
            if !*noted && touched(waited.db, &waited.key) {
                *noted = true;
                let turn = CHANGES.fetch_add(1, Ordering::Relaxed);
                self.changed.push_back(Changed { turn, db: waited.db, key: waited.key.clone() });
            }
        }
    }

    fn mark(&mut self, changed: &Changed, noted: bool) {
        if let Some(mark) = self.keys.get_mut(&Looked(changed.db, &changed.key)) {
            *mark = noted;
        }
    }
}

impl Keyspace {
    /// Has changes of a key noted from now on, until [`unwait`](Self::unwait).
    pub fn wait_for(&mut self, db: usize, key: &[u8]) {
        let waited = &mut self.watchers.waited;
        if !waited.keys.contains_key(&Looked(db, key)) {
            waited.bytes += key.len();
            waited.keys.insert(Watched { db, key: key.into() }, false);
        }
        self.is_observed = true;
    }

    /// Nobody waits for a key any more.
    pub fn unwait(&mut self, db: usize, key: &[u8]) {
        let waited = &mut self.watchers.waited;
        if waited.keys.remove(&Looked(db, key)).is_some() {
            waited.bytes -= key.len();
            if waited.keys.is_empty() {
                waited.keys = HashMap::default();
            }
        }
        self.update_observed();
    }

    /// Whether keys that clients wait for have changed and nobody has looked.
    #[inline]
    pub fn has_changed(&self) -> bool {
        !self.watchers.waited.changed.is_empty()
    }

    /// When the longest changed of those keys changed, as a number that is comparable among keyspaces.
    pub fn first_change(&self) -> Option<u64> {
        Some(self.watchers.waited.changed.front()?.turn)
    }

    /// Takes the longest changed of those keys; from now on it may change anew.
    pub fn take_changed(&mut self) -> Option<Changed> {
        let waited = &mut self.watchers.waited;
        let changed = waited.changed.pop_front()?;
        waited.mark(&changed, false);
        if waited.changed.is_empty() {
            waited.changed = VecDeque::new();
        }
        Some(changed)
    }

    /// Puts a key back that could not be looked at now.
    pub fn put_back(&mut self, changed: Changed) {
        let waited = &mut self.watchers.waited;
        // It may stand there again, as changed later.
        waited.changed.retain(|later| (later.db, &later.key) != (changed.db, &changed.key));
        waited.mark(&changed, true);
        waited.changed.push_front(changed);
    }

    /// How many changed keys wait to be looked at.
    pub fn changed_len(&self) -> usize {
        self.watchers.waited.changed.len()
    }

    /// Forgets the changes noted since there were `len`.
    pub fn forget_changes(&mut self, len: usize) {
        let waited = &mut self.watchers.waited;
        while waited.changed.len() > len {
            if let Some(changed) = waited.changed.pop_back() {
                waited.mark(&changed, false);
            }
        }
    }
}
