//! What can be asked of a hash.

use hashbrown::HashSet;

use super::{Field, Form, Hash, Other};
use crate::store::item::Item;

/// Random fields that are tried before a due field gets in the way of an answer.
const TRIES_MAX: usize = 64;

impl Hash {
    /// Number of fields, with those that are due and not removed yet.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Pairs(pairs) => pairs.len(),
            Form::Other(other) => match &**other {
                Other::Triples(triples) => triples.len(),
                Other::Table(fields) => fields.records().len(),
            },
        }
    }

    /// Whether there is no field at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of fields that are not due at `now`.
    pub fn live_len(&self, now: u64) -> usize {
        self.len() - self.count_due(now)
    }

    fn count_due(&self, now: u64) -> usize {
        if self.next_expiry().is_none_or(|at| at > now) {
            return 0;
        }
        match &self.form {
            Form::Pairs(_) => 0,
            Form::Other(other) => match &**other {
                Other::Triples(triples) => triples.count_due(now),
                Other::Table(fields) => fields.records().count_due(now),
            },
        }
    }

    /// The field of a name, with its value and expiry.
    #[inline]
    pub fn field(&self, name: &[u8], now: u64) -> Option<Field<'_>> {
        let field = match &self.form {
            Form::Pairs(pairs) => pairs.read(pairs.find(name)?),
            Form::Other(other) => match &**other {
                Other::Triples(triples) => triples.read(triples.find(name)?),
                Other::Table(fields) => Some(fields.read(fields.find(name)?)),
            },
        };
        field.filter(|field| !field.is_due(now))
    }

    /// The value of a field.
    #[inline]
    pub fn get(&self, name: &[u8], now: u64) -> Option<Item<'_>> {
        Some(self.field(name, now)?.value)
    }

    /// Whether there is a field of this name.
    pub fn contains(&self, name: &[u8], now: u64) -> bool {
        self.field(name, now).is_some()
    }

    /// Every field that is not due; `now` 0 gives them all.
    pub fn iter(&self, now: u64) -> Fields<'_> {
        let inner: Box<dyn Iterator<Item = Field<'_>> + '_> = match &self.form {
            Form::Pairs(pairs) => Box::new(pairs.iter()),
            Form::Other(other) => match &**other {
                Other::Triples(triples) => Box::new(triples.iter()),
                Other::Table(fields) => Box::new(fields.iter()),
            },
        };
        Fields { inner, now }
    }

    /// Passes on fields from `position` on, all of a small hash or about `count` of a large one, and returns where
    /// to go on, 0 when done. A field that is there throughout is passed on at least once.
    pub fn scan(&self, position: u64, count: usize, now: u64, mut emit: impl FnMut(Field<'_>)) -> u64 {
        match &self.form {
            Form::Other(other) => match &**other {
                Other::Table(fields) => fields.scan(position, count, |field| {
                    if !field.is_due(now) {
                        emit(field);
                    }
                }),
                Other::Triples(_) => {
                    self.iter(now).for_each(emit);
                    0
                }
            },
            Form::Pairs(_) => {
                self.iter(now).for_each(emit);
                0
            }
        }
    }

    /// A random field.
    pub fn random(&self, rng: &mut fastrand::Rng, now: u64) -> Option<Field<'_>> {
        if let Form::Other(other) = &self.form
            && let Other::Table(fields) = &**other
        {
            for _ in 0..TRIES_MAX {
                let field = fields.random(rng)?;
                if !field.is_due(now) {
                    return Some(field);
                }
            }
        }
        let live = self.live_len(now);
        if live == 0 { None } else { self.iter(now).nth(rng.usize(..live)) }
    }

    /// Up to `count` different fields, chosen at random.
    pub fn random_distinct(&self, rng: &mut fastrand::Rng, count: usize, now: u64) -> Vec<Field<'_>> {
        // Choosing one by one is only quick while few choices are repeated.
        if let Form::Other(other) = &self.form
            && let Other::Table(fields) = &**other
            && count.saturating_mul(3) < self.live_len(now)
        {
            let mut chosen = HashSet::with_hasher(foldhash::fast::RandomState::default());
            let mut result = Vec::with_capacity(count);
            let mut tries = 0;
            while result.len() < count && tries < TRIES_MAX * (count + 1) {
                tries += 1;
                let Some(field) = fields.random(rng) else { break };
                if !field.is_due(now) && chosen.insert(field.name.as_ptr()) {
                    result.push(field);
                }
            }
            if result.len() == count {
                return result;
            }
        }
        let mut all: Vec<_> = self.iter(now).collect();
        let (len, count) = (all.len(), count.min(all.len()));
        for index in 0..count {
            all.swap(index, rng.usize(index..len));
        }
        all.truncate(count);
        all
    }
}

/// See [`Hash::iter`].
pub struct Fields<'a> {
    inner: Box<dyn Iterator<Item = Field<'a>> + 'a>,
    now: u64,
}

impl std::fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fields").field("now", &self.now).finish()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        self.inner.find(|field| !field.is_due(self.now))
    }
}
