//! What can be done to a hash.

use std::ops::Deref;

use super::{Form, Hash, HashLimits, Other};
use crate::store::Expire;
use crate::store::seed::Seed;

/// A hash held to be changed, together with what a change needs to know. Reads go through `Deref`.
#[derive(Debug)]
pub struct HashEdit<'a> {
    hash: &'a mut Hash,
    limits: &'a HashLimits,
    seed: &'a Seed,
    now: u64,
    changed: bool,
}

impl Deref for HashEdit<'_> {
    type Target = Hash;

    fn deref(&self) -> &Hash {
        self.hash
    }
}

impl<'a> HashEdit<'a> {
    /// Holds `hash`. Fields due at `now` count as absent.
    pub fn new(hash: &'a mut Hash, limits: &'a HashLimits, seed: &'a Seed, now: u64) -> Self {
        Self { hash, limits, seed, now, changed: false }
    }

    /// Whether anything was changed so far.
    pub fn changed(&self) -> bool {
        self.changed
    }

    /// Sets a field; whether it is new. [`Expire::Keep`] keeps an expiry that is not past.
    pub fn set(&mut self, field: &[u8], value: &[u8], expire: Expire) -> bool {
        self.changed = true;
        if !matches!(expire, Expire::At(_))
            && let Some(is_new) = self.set_in_pairs(field, value)
        {
            return is_new;
        }
        let old = self.hash.field(field, 0).map(|field| (field.is_due(self.now), field.expire_at));
        let (is_new, kept) = match old {
            Some((false, expire_at)) => (false, expire_at),
            Some((true, _)) | None => (true, None),
        };
        let expire_at = match expire {
            Expire::Clear => None,
            Expire::Keep => kept,
            Expire::At(at) => Some(at),
        };
        self.make_room(field, value, old.is_none(), expire_at.is_some());
        // Pairs have either taken the field already or were given another form.
        if let Form::Other(other) = &mut self.hash.form {
            match &mut **other {
                Other::Triples(triples) => match triples.find(field) {
                    Some(at) => {
                        triples.set_value(at, value);
                        triples.set_expiry(at, expire_at);
                    }
                    None => triples.insert(field, value, expire_at),
                },
                Other::Table(fields) => match fields.find(field) {
                    Some(at) => fields.replace(at, field, value, expire_at),
                    None => fields.insert(field, value, expire_at),
                },
            }
        }
        is_new
    }

    /// Sets a field of a small hash without expiries, if it may stay one. Whether the field is new.
    fn set_in_pairs(&mut self, field: &[u8], value: &[u8]) -> Option<bool> {
        let Form::Pairs(pairs) = &mut self.hash.form else { return None };
        let found = pairs.find(field);
        let len = pairs.len() + usize::from(found.is_none());
        if len > self.limits.listpack_entries_max
            || !self.limits.allow(field, value)
            || !pairs.has_room(field, value)
        {
            return None;
        }
        match found {
            Some(at) => pairs.set_value(at, value),
            None => pairs.push(field, value),
        }
        Some(found.is_none())
    }

    /// Gives the hash the form that one more field, or another value, asks for.
    fn make_room(&mut self, field: &[u8], value: &[u8], is_added: bool, expires: bool) {
        let (entries, has_room) = match &self.hash.form {
            Form::Pairs(pairs) => (pairs.len(), pairs.has_room(field, value)),
            Form::Other(other) => match &**other {
                Other::Triples(triples) => (triples.len(), triples.has_room(field, value)),
                Other::Table(_) => return,
            },
        };
        let fits = entries + usize::from(is_added) <= self.limits.listpack_entries_max;
        if !fits || !has_room || !self.limits.allow(field, value) {
            self.hash.make_table(self.seed);
        } else if expires {
            self.hash.make_triples();
        }
    }

    /// Deletes a field; whether it was there.
    pub fn delete(&mut self, field: &[u8]) -> bool {
        let was_there = self.hash.contains(field, self.now);
        self.changed |= was_there;
        match &mut self.hash.form {
            Form::Pairs(pairs) => {
                if let Some(at) = pairs.find(field) {
                    pairs.delete(at);
                }
            }
            Form::Other(other) => match &mut **other {
                Other::Triples(triples) => {
                    if let Some(at) = triples.find(field) {
                        triples.delete(at);
                    }
                }
                Other::Table(fields) => {
                    if let Some(at) = fields.find(field) {
                        fields.delete(at);
                    }
                }
            },
        }
        was_there
    }

    /// Sets or clears a field's expiry, in unix milliseconds; whether the field is there.
    pub fn set_expiry(&mut self, field: &[u8], expire_at: Option<u64>) -> bool {
        if !self.hash.contains(field, self.now) {
            return false;
        }
        self.changed = true;
        if expire_at.is_some() {
            self.hash.make_triples();
        }
        if let Form::Other(other) = &mut self.hash.form {
            match &mut **other {
                Other::Triples(triples) => {
                    if let Some(at) = triples.find(field) {
                        triples.set_expiry(at, expire_at);
                    }
                }
                Other::Table(fields) => {
                    if let Some(at) = fields.find(field) {
                        fields.set_expiry(at, expire_at);
                    }
                }
            }
        }
        true
    }

    /// Removes up to `count` fields that are due, earliest first, and returns their names.
    pub fn remove_due(&mut self, count: usize) -> Vec<Box<[u8]>> {
        let mut removed = Vec::new();
        let Form::Other(other) = &mut self.hash.form else { return removed };
        while removed.len() < count {
            let name = match &mut **other {
                Other::Triples(triples) => triples.pop_due(self.now),
                Other::Table(fields) => fields.pop_due(self.now),
            };
            let Some(name) = name else { break };
            self.changed = true;
            removed.push(name);
        }
        removed
    }
}
