//! A table of entries together with the timers of those that expire, and the bytes both take.

use super::layout::{Content, Entry, View};
use super::timers::Timers;
use super::{Collection, Kind};
use crate::store::seed::Seed;
use crate::store::table::{Drain, Iter, Location, Table};

/// The keys of a database, or the fields of a large hash.
///
/// An entry never leaves a `Records` but through [`remove`](Self::remove), and is never handed out to be changed
/// freely: this is what lets the timers refer to entries by address.
#[derive(Default)]
pub struct Records {
    table: Table<Entry>,
    timers: Timers,
    /// Entries that expire as a whole.
    expiring: usize,
    /// Bytes of the entries and of all they hold.
    bytes: usize,
}

/// What an entry is made of.
#[derive(Debug)]
pub struct Record<'a> {
    /// The key or field.
    pub key: &'a [u8],
    /// The type of the value.
    pub kind: Kind,
    /// The access field.
    pub access: u32,
    /// The value.
    pub content: Content<'a>,
    /// When the entry expires, in unix milliseconds.
    pub expire_at: Option<u64>,
}

impl Record<'_> {
    fn into_entry(self) -> Entry {
        let part_expires =
            matches!(&self.content, Content::Collection(collection) if collection.next_expiry().is_some());
        let timed = self.expire_at.is_some() || part_expires;
        let mut entry = Entry::new(self.key, self.kind, timed, self.access, self.content);
        if self.expire_at.is_some() {
            entry.set_expire_at(self.expire_at);
        }
        entry
    }
}

/// An entry held for such changes as concern neither its size nor its timers.
#[derive(Debug)]
pub struct EntryMut<'a>(&'a mut Entry);

impl EntryMut<'_> {
    /// The entry.
    #[inline]
    pub fn get(&self) -> &Entry {
        self.0
    }

    /// Sets the access field, which is only written to if it differs.
    #[inline]
    pub fn set_access(&mut self, access: u32) {
        if self.0.access() != access {
            self.0.set_access(access);
        }
    }

    /// Writes a value over one of the same kind and the same allocated size; false if it is not.
    #[inline]
    pub fn write(&mut self, kind: Kind, content: &Content<'_>) -> bool {
        self.0.kind() == kind
            && match content {
                Content::Int(value) => self.0.write_int(*value),
                Content::Inline(value) => self.0.write_inline(value),
                Content::Bytes(_) | Content::Collection(_) => false,
            }
    }
}

/// Whether two keys are equal: short ones without a call.
#[inline]
fn same(one: &[u8], two: &[u8]) -> bool {
    let length = one.len();
    if length != two.len() {
        return false;
    }
    match (one.first_chunk::<8>(), two.first_chunk::<8>(), one.last_chunk::<8>(), two.last_chunk::<8>()) {
        (Some(first), Some(other_first), Some(last), Some(other_last)) if length <= 16 => {
            first == other_first && last == other_last
        }
        _ => one == two,
    }
}

impl Records {
    /// Number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is no entry.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Number of entries that have an expiry.
    pub fn expiring(&self) -> usize {
        self.expiring
    }

    /// Number of entries due at `now`, in time proportional to it.
    pub fn count_due(&self, now: u64) -> usize {
        self.timers.count_due(now)
    }

    /// Bytes of everything: table, timers, entries and what they hold.
    #[inline]
    pub fn memory(&self) -> usize {
        self.bytes + self.table.bytes() + self.timers.bytes()
    }

    /// The table, to scan, to sample and to prefetch.
    #[inline]
    pub fn table(&self) -> &Table<Entry> {
        &self.table
    }

    /// Every entry.
    pub fn iter(&self) -> Iter<'_, Entry> {
        self.table.iter()
    }

    /// Where the entry of `key` is; `hash` is the key's.
    #[inline]
    pub fn find(&self, hash: u64, key: &[u8]) -> Option<Location> {
        self.table.find(hash, |entry| same(entry.key(), key))
    }

    /// As [`find`](Self::find), together with the entry, held for what needs nothing else to be told.
    #[inline(always)]
    pub fn find_mut(&mut self, hash: u64, key: &[u8]) -> Option<(Location, EntryMut<'_>)> {
        let (at, entry) = self.table.find_mut(hash, |entry| same(entry.key(), key))?;
        Some((at, EntryMut(entry)))
    }

    /// The entry at a location.
    #[inline]
    pub fn get(&self, at: Location) -> &Entry {
        self.table.get(at).expect("a location is not used after a change of the table")
    }

    #[inline]
    fn get_mut(&mut self, at: Location) -> &mut Entry {
        self.table.get_mut(at).expect("a location is not used after a change of the table")
    }

    /// Adds an entry whose key is known to be absent.
    pub fn insert(&mut self, hash: u64, record: Record<'_>, seed: &Seed) -> Location {
        let entry = record.into_entry();
        self.bytes += entry.memory();
        self.expiring += usize::from(entry.expire_at().is_some());
        let due = entry.due_at();
        let at = self.table.insert(hash, entry, seed);
        if due.is_some() {
            self.settle_timer(at);
        }
        at
    }

    /// Takes an entry out.
    pub fn remove(&mut self, at: Location, seed: &Seed) -> Entry {
        self.stop_timer(at);
        let entry = self.table.remove(at, seed).expect("a location is not used after a change of the table");
        self.bytes -= entry.memory();
        self.expiring -= usize::from(entry.expire_at().is_some());
        entry
    }

    /// Gives an entry another value, expiry and access field. Returns the old entry unless the new value could
    /// be written over the old one.
    pub fn replace(&mut self, at: Location, record: Record<'_>) -> Option<Entry> {
        let mut entry = EntryMut(self.get_mut(at));
        if record.expire_at.is_some() == entry.get().is_timed() && entry.write(record.kind, &record.content) {
            entry.set_access(record.access);
            if record.expire_at.is_some() {
                self.set_expiry(at, record.expire_at);
            }
            return None;
        }
        let new = record.into_entry();
        Some(self.exchange(at, new))
    }

    /// Puts `new` where another entry of the same key is.
    fn exchange(&mut self, at: Location, new: Entry) -> Entry {
        if !new.is_timed() {
            self.stop_timer(at);
        }
        self.bytes += new.memory();
        self.expiring += usize::from(new.expire_at().is_some());
        let handle = new.handle();
        let old = std::mem::replace(self.get_mut(at), new);
        self.bytes -= old.memory();
        self.expiring -= usize::from(old.expire_at().is_some());
        if let Some(place) = old.place()
            && self.get(at).is_timed()
        {
            // SAFETY: the new entry is in the table, hence alive, and is timed; `self` is held exclusively.
            unsafe { self.timers.relocate(place, handle) }
        }
        self.settle_timer(at);
        old
    }

    /// Sets or clears the expiry of an entry.
    pub fn set_expiry(&mut self, at: Location, expire_at: Option<u64>) {
        let entry = self.get_mut(at);
        let before = entry.expire_at();
        if before == expire_at {
            return;
        }
        if entry.is_timed() {
            entry.set_expire_at(expire_at);
        } else {
            self.set_timed(at, true);
            self.get_mut(at).set_expire_at(expire_at);
        }
        self.expiring += usize::from(expire_at.is_some());
        self.expiring -= usize::from(before.is_some());
        self.settle_timer(at);
    }

    /// Sets the access field of an entry.
    #[inline]
    pub fn set_access(&mut self, at: Location, access: u32) {
        self.get_mut(at).set_access(access);
    }

    /// Lets `edit` change a string as bytes. The string has a buffer of its own from then on.
    pub fn edit_bytes<R>(&mut self, at: Location, edit: impl FnOnce(&mut Vec<u8>) -> R) -> Option<R> {
        let bytes = match self.get(at).view() {
            View::Int(value) => Some(crate::base::number::format_i64(value).as_bytes().to_vec()),
            View::Inline(value) => Some(value.to_vec()),
            View::Bytes(_) => None,
            View::Collection(_) => return None,
        };
        if let Some(bytes) = bytes {
            let entry = self.get(at);
            let (timed, expire_at) = (entry.is_timed(), entry.expire_at());
            let mut new = Entry::new(entry.key(), entry.kind(), timed, entry.access(), Content::Bytes(bytes));
            if timed {
                new.set_expire_at(expire_at);
            }
            self.exchange(at, new);
        }
        let bytes = self.get_mut(at).bytes_mut()?;
        let before = bytes.capacity();
        let result = edit(bytes);
        let after = bytes.capacity();
        self.bytes = self.bytes + after - before;
        Some(result)
    }

    /// Lets `edit` change a collection, whose first expiry is noted anew after.
    pub fn edit_collection<R>(&mut self, at: Location, edit: impl FnOnce(&mut Collection) -> R) -> Option<R> {
        let collection = self.get_mut(at).collection_mut()?;
        let before = collection.memory();
        let result = edit(collection);
        let after = collection.memory();
        self.bytes = self.bytes + after - before;
        self.settle_timer(at);
        Some(result)
    }

    /// The entry that is due first, if it is due at `now`.
    pub fn first_due(&self, now: u64, seed: &Seed) -> Option<Location> {
        let (at, handle) = self.timers.get(0)?;
        if at > now {
            return None;
        }
        // SAFETY: every entry in the timers is in the table, hence alive while `self` is borrowed.
        let hash = seed.hash(unsafe { handle.entry() }.key());
        self.table.find(hash, |entry| entry.handle() == *handle)
    }

    /// The times at which about `count` entries are due, taken evenly from all that are timed.
    pub fn sample_due(&self, count: usize) -> impl Iterator<Item = u64> {
        let step = self.timers.len().div_ceil(count.max(1)).max(1);
        (0..self.timers.len()).step_by(step).filter_map(|place| Some(self.timers.get(place)?.0))
    }

    /// When the first entry is due, in unix milliseconds.
    pub fn next_due(&self) -> Option<u64> {
        self.timers.get(0).map(|(at, _)| at)
    }

    /// A random entry of those with an expiry of their own or of a part.
    pub fn random_timed(&self, rng: &mut fastrand::Rng) -> Option<&Entry> {
        if self.timers.len() == 0 {
            return None;
        }
        let (_, handle) = self.timers.get(rng.usize(..self.timers.len()))?;
        // SAFETY: every entry in the timers is in the table, hence alive while `self` is borrowed.
        Some(unsafe { handle.entry() })
    }

    fn stop_timer(&mut self, at: Location) {
        if let Some(place) = self.get(at).place() {
            // SAFETY: every entry in the timers is in the table, hence alive, and `self` is held exclusively.
            unsafe { self.timers.remove(place) }
            self.get_mut(at).clear_place();
        }
    }

    /// Makes the timer of an entry what its expiries say.
    fn settle_timer(&mut self, at: Location) {
        let entry = self.get(at);
        match (entry.due_at(), entry.place()) {
            (None, None) if !entry.is_timed() => {}
            (None, _) => {
                self.stop_timer(at);
                self.set_timed(at, false);
            }
            // SAFETY: every entry in the timers is in the table, hence alive, and `self` is held exclusively.
            (Some(due), Some(place)) => unsafe { self.timers.set(place, due) },
            (Some(due), None) => {
                self.set_timed(at, true);
                let handle = self.get(at).handle();
                // SAFETY: as above; the entry at hand was just made timed.
                unsafe { self.timers.insert(due, handle) }
            }
        }
    }

    /// Moves an entry into an allocation with or without room for its times. It is in no timer.
    fn set_timed(&mut self, at: Location, timed: bool) {
        let entry = self.get_mut(at);
        if entry.is_timed() == timed {
            return;
        }
        let size_before = entry.size();
        entry.remake(timed);
        let size = entry.size();
        self.bytes = self.bytes + size - size_before;
    }

    /// Takes everything apart, to be freed in slices.
    pub fn into_remains(self) -> Remains {
        let left = self.len();
        Remains { entries: self.table.into_drain(), timers: self.timers, bytes: self.bytes, left }
    }
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").field("len", &self.len()).field("memory", &self.memory()).finish()
    }
}

/// Entries that are no longer reachable and wait to be freed.
pub struct Remains {
    entries: Drain<Entry>,
    timers: Timers,
    bytes: usize,
    left: usize,
}

impl Remains {
    /// How many entries there are still.
    pub fn len(&self) -> usize {
        self.left
    }

    /// Bytes that are still allocated.
    pub fn memory(&self) -> usize {
        self.bytes + self.entries.bytes() + self.timers.bytes()
    }

    /// The next entry to be freed, or `None` when all is freed.
    pub fn next_entry(&mut self) -> Option<Entry> {
        // Nothing reads the timers any more, and a chunk of them is freed as fast as an entry.
        self.timers.free_chunk();
        let entry = self.entries.next()?;
        self.bytes -= entry.memory();
        self.left -= 1;
        Some(entry)
    }
}

impl std::fmt::Debug for Remains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remains").field("memory", &self.memory()).finish()
    }
}
