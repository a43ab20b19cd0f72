//! Removing what is due: on the way of a lookup, and a bounded number at a time in between.

use super::read::is_hidden;
use super::{Dropped, Keyspace, Reason};
use crate::store::collection::ValueType;
use crate::store::entry::{Record, View};
use crate::store::hash::{Hash, HashEdit};
use crate::store::table::Location;

/// Due fields that a lookup removes from one hash; the others are hidden until they are removed.
const FIELDS_AT_ONCE_MAX: usize = 128;

impl Keyspace {
    /// Sets or clears the expiry of a key, in unix milliseconds; whether the key is there.
    pub fn set_expire(&mut self, db: usize, key: &[u8], expire_at: Option<u64>, now: u64) -> bool {
        let Some(at) = self.live(db, key, now) else { return false };
        self.observe_entry(db, at);
        self.databases[db].set_expiry(at, expire_at);
        true
    }

    /// When something is due next in any database, in unix milliseconds. On a replica nothing is.
    pub fn next_expiry(&self) -> Option<u64> {
        if self.is_replica {
            return None;
        }
        let next = self.databases.iter().filter_map(|records| records.next_due()).min();
        next.map(|at| at.max(self.frozen_until))
    }

    /// Removes up to `budget` keys and fields that are due, and returns how many. Less than `budget` means that
    /// nothing else is due. Does nothing on a replica.
    pub fn expire_some(&mut self, now: u64, budget: usize) -> usize {
        if self.keeps_due(now) {
            return 0;
        }
        self.notice(now);
        let mut left = budget;
        for _ in 0..self.databases.len() {
            let db = self.next_db % self.databases.len();
            while left > 0
                && let Some(at) = self.databases[db].first_due(now, &self.seed)
            {
                left -= self.remove_due(db, at, now, left).0.clamp(1, left);
            }
            if left == 0 {
                break;
            }
            self.next_db = db + 1;
        }
        budget - left
    }

    /// Removes what is due of a timed entry, except on a replica. The location if something is left to be seen.
    pub(super) fn settle_due(&mut self, db: usize, at: Location, now: u64) -> Option<Location> {
        let entry = self.databases[db].get(at);
        if entry.due_at().is_none_or(|due| due > now) {
            return Some(at);
        }
        if self.keeps_due(now) {
            return (!is_hidden(entry, now)).then_some(at);
        }
        let at = self.remove_due(db, at, now, FIELDS_AT_ONCE_MAX).1?;
        let entry = self.databases[db].get(at);
        if is_hidden(entry, now) {
            // More due fields are left than are removed at once, and nothing else: the hash goes as one.
            let key = entry.key().into();
            self.delete_at(db, at);
            self.drops.push(Dropped::Key { db, key, reason: Reason::Expired });
            return None;
        }
        Some(at)
    }

    /// Removes a due entry, or up to `fields_max` due fields of it. How much went, and the location if it stays.
    fn remove_due(
        &mut self,
        db: usize,
        at: Location,
        now: u64,
        fields_max: usize,
    ) -> (usize, Option<Location>) {
        let entry = self.databases[db].get(at);
        let key: Box<[u8]> = entry.key().into();
        if entry.expire_at().is_some_and(|expire_at| expire_at <= now) {
            self.delete_at(db, at);
            self.drops.push(Dropped::Key { db, key, reason: Reason::Expired });
            return (1, None);
        }
        self.observe_entry(db, at);
        let (limits, seed) = (&self.limits.hash, &self.seed);
        let fields = self.databases[db].edit_collection(at, |collection| {
            Hash::of_mut(collection).map(|hash| HashEdit::new(hash, limits, seed, now).remove_due(fields_max))
        });
        let fields = fields.flatten().unwrap_or_default();
        let count = fields.len();
        if count > 0 {
            self.drops.push(Dropped::HashFields { db, key, fields });
        }
        (count, self.remove_if_empty(db, at))
    }

    /// Removes a collection of which nothing is left; walks and watchers know already.
    pub(super) fn remove_if_empty(&mut self, db: usize, at: Location) -> Option<Location> {
        if !matches!(self.databases[db].get(at).view(), View::Collection(value) if value.is_gone()) {
            return Some(at);
        }
        let entry = self.databases[db].remove(at, &self.seed);
        self.garbage.bury(entry);
        None
    }

    /// Adds an entry whose key is known to be absent; walks and watchers know already.
    pub(super) fn insert(&mut self, db: usize, record: Record<'_>) -> Location {
        let hash = self.seed.hash(record.key);
        self.open_database(db);
        self.notes.bear(db, record.key);
        self.databases[db].insert(hash, record, &self.seed)
    }
}
