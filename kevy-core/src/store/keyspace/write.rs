//! Changing keys.

use super::{Keyspace, access};
use crate::store::collection::ValueType;
use crate::store::entry::{Content, Kind, Record};
use crate::store::hash::{Hash, HashEdit};
use crate::store::limits::Limits;
use crate::store::seed::Seed;
use crate::store::table::Location;
use crate::store::value::content_of_string;
use crate::store::{Expire, WrongType};

impl Keyspace {
    /// Makes a key hold a string, whatever it held before; whether it was there. The string is stored as an
    /// integer where it spells one.
    #[inline]
    pub fn set_bytes(&mut self, db: usize, key: &[u8], value: &[u8], expire: Expire, now: u64) -> bool {
        self.set(db, key, Kind::String, content_of_string(value), expire, now)
    }

    /// Makes a key hold an integer, whatever it held before; whether it was there.
    #[inline]
    pub fn set_int(&mut self, db: usize, key: &[u8], value: i64, expire: Expire, now: u64) -> bool {
        self.set(db, key, Kind::String, Content::Int(value), expire, now)
    }

    pub(super) fn set(
        &mut self,
        db: usize,
        key: &[u8],
        kind: Kind,
        content: Content<'_>,
        expire: Expire,
        now: u64,
    ) -> bool {
        self.notice(now);
        let hash = self.seed.hash(key);
        let found = match self.databases.get_mut(db).and_then(|records| records.find_mut(hash, key)) {
            Some((at, mut entry)) => {
                // What most writes are needs no second look at anything.
                if !self.is_observed
                    && !entry.get().is_timed()
                    && !matches!(expire, Expire::At(_))
                    && entry.write(kind, &content)
                {
                    if now != 0 {
                        let access = entry.get().access();
                        entry.set_access(access::touched(access, now, &self.limits, &mut self.rng));
                    }
                    return true;
                }
                Some(at)
            }
            None => None,
        };
        let (at, was_there) = self.live_or_hidden_at(db, key, found, now);
        let Some(at) = at else {
            self.observe_new(db, key);
            let access = access::initial(self.clock, &self.limits);
            let expire_at = expire_at(expire, None);
            self.insert(db, Record { key, kind, access, content, expire_at });
            return false;
        };
        self.observe_entry(db, at);
        let entry = self.databases[db].get(at);
        let expire_at = expire_at(expire, entry.expire_at().filter(|_| was_there));
        let access = if was_there && now != 0 {
            access::touched(entry.access(), now, &self.limits, &mut self.rng)
        } else {
            access::initial(self.clock, &self.limits)
        };
        let old = self.databases[db].replace(at, Record { key, kind, access, content, expire_at });
        if let Some(old) = old {
            self.garbage.bury(old);
        }
        was_there
    }

    /// Lets `edit` change a string as bytes, starting from none if `create` says so and the key is absent. `None`
    /// if it is absent otherwise. The string stays a plain buffer from then on, as `APPEND` and `SETRANGE`
    /// leave it in Redis, until it is set anew.
    pub fn edit_string<R>(
        &mut self,
        db: usize,
        key: &[u8],
        now: u64,
        create: bool,
        edit: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> Result<Option<R>, WrongType> {
        let Some((at, _)) =
            self.for_edit(db, key, now, create, Kind::String, || Content::Bytes(Vec::new()))?
        else {
            return Ok(None);
        };
        self.observe_entry(db, at);
        Ok(self.databases[db].edit_bytes(at, edit))
    }

    /// As [`edit_string`](Self::edit_string), for an edit that tells whether it changed the string: whoever watches the
    /// key hears of nothing else.
    pub fn maybe_edit_string<R>(
        &mut self,
        db: usize,
        key: &[u8],
        now: u64,
        create: bool,
        edit: impl FnOnce(&mut Vec<u8>) -> (R, bool),
    ) -> Result<Option<R>, WrongType> {
        let new = || Content::Bytes(Vec::new());
        let Some((at, is_new)) = self.for_edit(db, key, now, create, Kind::String, new)? else {
            return Ok(None);
        };
        if !is_new {
            self.observe_entry_for_walks(db, at);
        }
        let Some((result, changed)) = self.databases[db].edit_bytes(at, edit) else { return Err(WrongType) };
        if changed && self.is_observed {
            self.notes.touch(key);
            self.watchers.touch(db, key);
            self.update_observed();
        }
        Ok(Some(result))
    }

    /// Lets `edit` change a hash, a new one if `create` says so and the key is absent. `None` if it is absent
    /// otherwise. A hash that is left without fields is removed.
    pub fn hash_mut<R>(
        &mut self,
        db: usize,
        key: &[u8],
        now: u64,
        create: bool,
        edit: impl FnOnce(&mut HashEdit<'_>) -> R,
    ) -> Result<Option<R>, WrongType> {
        self.edit(db, key, now, create, |hash: &mut Hash, limits, seed| {
            let mut held = HashEdit::new(hash, &limits.hash, seed, now);
            let result = edit(&mut held);
            (result, held.changed())
        })
    }

    /// Lets `edit` change a collection, a new one if `create` says so and the key is absent, and tell whether it did.
    /// `None` if the key is absent otherwise. It goes with the collection when nothing of that is left.
    pub fn edit<T: ValueType, R>(
        &mut self,
        db: usize,
        key: &[u8],
        now: u64,
        create: bool,
        edit: impl FnOnce(&mut T, &Limits, &Seed) -> (R, bool),
    ) -> Result<Option<R>, WrongType> {
        let new = || Content::Collection(T::default().into_collection());
        let Some((at, is_new)) = self.for_edit(db, key, now, create, T::KIND, new)? else {
            return Ok(None);
        };
        if !is_new {
            self.observe_entry_for_walks(db, at);
        }
        let (limits, seed) = (&self.limits, &self.seed);
        let result = self.databases[db]
            .edit_collection(at, |collection| T::of_mut(collection).map(|value| edit(value, limits, seed)));
        let Some((result, changed)) = result.flatten() else { return Err(WrongType) };
        if changed && self.is_observed {
            self.notes.touch(key);
            self.watchers.touch(db, key);
            self.update_observed();
        }
        self.remove_if_empty(db, at);
        Ok(Some(result))
    }

    /// The entry to be edited and whether it was made for that.
    fn for_edit(
        &mut self,
        db: usize,
        key: &[u8],
        now: u64,
        create: bool,
        kind: Kind,
        content: impl FnOnce() -> Content<'static>,
    ) -> Result<Option<(Location, bool)>, WrongType> {
        let (at, is_live) = self.live_or_hidden(db, key, now);
        if let Some(at) = at
            && is_live
        {
            if self.databases[db].get(at).kind() != kind {
                return Err(WrongType);
            }
            self.touch_at(db, at, now);
            return Ok(Some((at, false)));
        }
        if !create {
            return Ok(None);
        }
        if let Some(at) = at {
            self.delete_at(db, at);
        }
        // A walk must not take the key for one of its cut; whether watchers care is up to the edit.
        if self.is_observed {
            self.walks.before_write(db, self.seed.hash(key), key, None, &self.seed);
        }
        let access = access::initial(self.clock, &self.limits);
        Ok(Some((self.insert(db, Record { key, kind, access, content: content(), expire_at: None }), true)))
    }

    /// Removes a key; whether it was there. What is large of it is freed by [`free_some`](Self::free_some).
    pub fn remove(&mut self, db: usize, key: &[u8], now: u64) -> bool {
        let (at, was_there) = self.live_or_hidden(db, key, now);
        if let Some(at) = at {
            self.delete_at(db, at);
        }
        was_there
    }

    /// The entry of a key, and whether a read would see it: on a replica a due entry is hidden but there.
    fn live_or_hidden(&mut self, db: usize, key: &[u8], now: u64) -> (Option<Location>, bool) {
        self.notice(now);
        let found = self.find(db, key);
        self.live_or_hidden_at(db, key, found, now)
    }

    fn live_or_hidden_at(
        &mut self,
        db: usize,
        key: &[u8],
        found: Option<Location>,
        now: u64,
    ) -> (Option<Location>, bool) {
        let Some(at) = found else { return (None, false) };
        if !self.databases[db].get(at).is_timed() {
            return (Some(at), true);
        }
        match self.settle_due(db, at, now) {
            Some(at) => (Some(at), true),
            None if self.keeps_due(now) => (self.find(db, key), false),
            None => (None, false),
        }
    }
}

fn expire_at(expire: Expire, kept: Option<u64>) -> Option<u64> {
    match expire {
        Expire::Clear => None,
        Expire::Keep => kept,
        Expire::At(at) => Some(at),
    }
}
