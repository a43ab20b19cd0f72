//! Looking at keys.

use super::{Keyspace, access};
use crate::store::entry::{Entry, Kind, View};
use crate::store::limits::Limits;
use crate::store::table::Location;
use crate::store::value::{self, Owned, ValueRef};

/// Random keys that are tried before due ones get in the way of an answer.
const TRIES_MAX: usize = 100;

/// A key with its value, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Ref<'a> {
    entry: &'a Entry,
    limits: &'a Limits,
}

impl<'a> Ref<'a> {
    /// The key.
    #[inline]
    pub fn key(&self) -> &'a [u8] {
        self.entry.key()
    }

    /// The value.
    #[inline]
    pub fn value(&self) -> ValueRef<'a> {
        ValueRef::of(self.entry)
    }

    /// The type of the value.
    #[inline]
    pub fn kind(&self) -> Kind {
        self.entry.kind()
    }

    /// When the key expires, in unix milliseconds.
    #[inline]
    pub fn expire_at(&self) -> Option<u64> {
        self.entry.expire_at()
    }

    /// The name that `OBJECT ENCODING` replies.
    pub fn encoding(&self) -> &'static str {
        value::encoding(self.entry)
    }

    /// Seconds since the key was last used. Means nothing under an LFU policy.
    pub fn idle_seconds(&self, now: u64) -> u64 {
        access::idle_seconds(self.entry.access(), now)
    }

    /// The logarithmic count of uses, 0 to 255. Means nothing but under an LFU policy.
    pub fn frequency(&self, now: u64) -> u8 {
        access::frequency(self.entry.access(), now, self.limits) as u8
    }

    /// Bytes that the key and its value have allocated.
    pub fn memory_usage(&self) -> usize {
        self.entry.memory()
    }

    /// A copy of the value and of what belongs to its key.
    pub fn to_owned(self) -> Owned {
        Owned {
            value: self.value().to_value(),
            expire_at: self.entry.expire_at(),
            access: Some(self.entry.access()),
        }
    }
}

impl Keyspace {
    /// The key with its value, which counts as a use of it. Removes it if it is due.
    ///
    /// Where `now` is 0, as when the effects of a primary are applied, nothing is due and nothing counts.
    #[inline]
    pub fn get(&mut self, db: usize, key: &[u8], now: u64) -> Option<Ref<'_>> {
        self.notice(now);
        let hash = self.seed.hash(key);
        let (mut at, mut entry) = self.databases.get_mut(db)?.find_mut(hash, key)?;
        if entry.get().is_timed() {
            at = self.settle_due(db, at, now)?;
            self.touch_at(db, at, now);
        } else if now != 0 {
            let access = entry.get().access();
            entry.set_access(access::touched(access, now, &self.limits, &mut self.rng));
        }
        Some(self.reference(db, at))
    }

    /// The key with its value, which does not count as a use of it. Removes it if it is due.
    #[inline]
    pub fn peek(&mut self, db: usize, key: &[u8], now: u64) -> Option<Ref<'_>> {
        let at = self.live(db, key, now)?;
        Some(self.reference(db, at))
    }

    /// The key with its value, for whoever reads several at a time. Hides a key that is due instead of removing it, and
    /// does not count as a use.
    pub fn view(&self, db: usize, key: &[u8], now: u64) -> Option<Ref<'_>> {
        let at = self.find(db, key)?;
        (!is_hidden(self.databases[db].get(at), now)).then(|| self.reference(db, at))
    }

    /// Whether there is such a key. Removes it if it is due.
    pub fn exists(&mut self, db: usize, key: &[u8], now: u64) -> bool {
        self.live(db, key, now).is_some()
    }

    /// The type of a key's value. Removes the key if it is due.
    pub fn type_of(&mut self, db: usize, key: &[u8], now: u64) -> Option<Kind> {
        Some(self.peek(db, key, now)?.kind())
    }

    /// Counts as a use of a key; whether it is there.
    pub fn touch(&mut self, db: usize, key: &[u8], now: u64) -> bool {
        self.get(db, key, now).is_some()
    }

    /// Number of keys, with those that are due and not removed yet.
    pub fn len(&self, db: usize) -> usize {
        self.databases.get(db).map_or(0, |records| records.len())
    }

    /// Whether no database has a key.
    pub fn is_empty(&self) -> bool {
        self.databases.iter().all(|records| records.is_empty())
    }

    /// Number of keys that have an expiry.
    pub fn expires_len(&self, db: usize) -> usize {
        self.databases.get(db).map_or(0, |records| records.expiring())
    }

    /// The sum of the times to live of up to `count` keys and hashes whose fields expire, in milliseconds, and how many
    /// those are.
    pub fn sample_ttl(&self, db: usize, now: u64, count: usize) -> (u64, u64) {
        let due = self.databases.get(db).into_iter().flat_map(|records| records.sample_due(count));
        due.filter(|at| *at > now).fold((0, 0), |(sum, seen), at| (sum + (at - now), seen + 1))
    }

    /// A random key, each about equally likely. Keys that are due are removed on the way.
    pub fn random_key(&mut self, db: usize, now: u64) -> Option<Ref<'_>> {
        for _ in 0..TRIES_MAX {
            let key: Box<[u8]> = self.databases.get(db)?.table().random(&mut self.rng)?.key().into();
            if let Some(at) = self.live(db, &key, now) {
                return Some(self.reference(db, at));
            }
        }
        let entry = self.databases.get(db)?.iter().find(|entry| !is_hidden(entry, now))?;
        Some(Ref { entry, limits: &self.limits })
    }

    /// Passes on about `count` keys from `position` on, without those that are due, and returns where to go on, 0
    /// when done. A key that is there from the first call to the last is passed on at least once.
    /// Positions have 36 bits. What is due on the way is removed, except on a replica.
    pub fn scan(
        &mut self,
        db: usize,
        position: u64,
        count: usize,
        now: u64,
        mut emit: impl FnMut(Ref<'_>),
    ) -> u64 {
        let Some(records) = self.databases.get(db) else { return 0 };
        let mut due: Vec<Box<[u8]>> = Vec::new();
        let next = records.table().scan(position, count, &self.seed, |entry| {
            if is_hidden(entry, now) {
                due.push(entry.key().into());
            } else {
                emit(Ref { entry, limits: &self.limits });
            }
        });
        for key in due {
            self.live(db, &key, now);
        }
        next
    }

    /// Every key that is not due.
    pub fn iterate(&self, db: usize, now: u64) -> impl Iterator<Item = Ref<'_>> {
        self.databases
            .get(db)
            .into_iter()
            .flat_map(|records| records.iter())
            .filter(move |entry| !is_hidden(entry, now))
            .map(|entry| Ref { entry, limits: &self.limits })
    }

    /// The entry of a key that is not due. What is due of it is removed first, except on a replica.
    #[inline]
    pub(super) fn live(&mut self, db: usize, key: &[u8], now: u64) -> Option<Location> {
        self.notice(now);
        let at = self.find(db, key)?;
        if self.databases[db].get(at).is_timed() { self.settle_due(db, at, now) } else { Some(at) }
    }

    #[inline]
    pub(super) fn touch_at(&mut self, db: usize, at: Location, now: u64) {
        if now == 0 {
            return;
        }
        let before = self.databases[db].get(at).access();
        let after = access::touched(before, now, &self.limits, &mut self.rng);
        if after != before {
            self.databases[db].set_access(at, after);
        }
    }

    #[inline]
    fn reference(&self, db: usize, at: Location) -> Ref<'_> {
        Ref { entry: self.databases[db].get(at), limits: &self.limits }
    }
}

/// Whether the whole of an entry is due at `now`.
pub(super) fn is_hidden(entry: &Entry, now: u64) -> bool {
    if entry.due_at().is_none_or(|at| at > now) {
        return false;
    }
    entry.expire_at().is_some_and(|at| at <= now)
        || matches!(entry.view(), View::Collection(value) if value.is_due(now))
}
