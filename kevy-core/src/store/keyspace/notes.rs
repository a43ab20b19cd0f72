//! What happens to keys that others than watchers want to hear of: which came into being, and which changed.
//!
//! Both are noted in order only while somebody wants them. Whoever runs commands takes the notes behind each.

use super::Keyspace;

/// Keys that came or changed.
#[derive(Debug, Default)]
pub(super) struct Notes {
    wants_new: bool,
    wants_changes: bool,
    new: Vec<(usize, Box<[u8]>)>,
    changed: Vec<Box<[u8]>>,
}

impl Notes {
    pub(super) fn are_changes_wanted(&self) -> bool {
        self.wants_changes
    }

    /// A key comes into being.
    #[inline]
    pub(super) fn bear(&mut self, db: usize, key: &[u8]) {
        if self.wants_new {
            self.new.push((db, key.into()));
        }
    }

    /// A key changes. That it changes several times in a row is noted once.
    #[inline]
    pub(super) fn touch(&mut self, key: &[u8]) {
        if self.wants_changes && self.changed.last().is_none_or(|last| **last != *key) {
            self.changed.push(key.into());
        }
    }
}

impl Keyspace {
    /// Whether keys that come into being are noted from now on.
    pub fn note_new(&mut self, wanted: bool) {
        self.notes.wants_new = wanted;
        if !wanted {
            self.notes.new = Vec::new();
        }
    }

    /// A key was replaced, which counts as another that came into being under its name.
    pub fn renew(&mut self, db: usize, key: &[u8]) {
        self.notes.bear(db, key);
    }

    /// Whether keys that change, in whatever database, are noted from now on.
    pub fn note_changes(&mut self, wanted: bool) {
        self.notes.wants_changes = wanted;
        if !wanted {
            self.notes.changed = Vec::new();
        }
        self.update_observed();
    }

    /// Whether something has been noted that nobody took.
    #[inline]
    pub fn has_notes(&self) -> bool {
        !self.notes.new.is_empty() || !self.notes.changed.is_empty()
    }

    /// Takes the keys that came into being, with their databases.
    pub fn take_new(&mut self) -> Vec<(usize, Box<[u8]>)> {
        std::mem::take(&mut self.notes.new)
    }

    /// Takes the keys that changed.
    pub fn take_changed_keys(&mut self) -> Vec<Box<[u8]>> {
        std::mem::take(&mut self.notes.changed)
    }
}
