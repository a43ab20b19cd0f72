//! Hashes: fields with values, each of which may expire on its own.
//!
//! A small hash is one listpack; past `hash-max-listpack-entries` or `-value` it becomes a table and stays one.
//! Reads take `now` and hide fields that are due: whoever holds the hash removes them in its own time.

mod edit;
mod fields;
mod packed;
mod read;

pub use edit::HashEdit;

use fields::FieldTable;
use packed::{Pairs, Triples};

use super::collection::{ValueType, collection_casts};
use super::garbage::Heap;
use super::item::Item;
use super::listpack::{Listpack, Malformed};
use super::seed::Seed;

/// A field of a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name.
    pub name: Item<'a>,
    /// The value.
    pub value: Item<'a>,
    /// When the field expires, in unix milliseconds.
    pub expire_at: Option<u64>,
}

impl Field<'_> {
    #[inline]
    fn is_due(&self, now: u64) -> bool {
        self.expire_at.is_some_and(|at| at <= now)
    }
}

/// How large a hash may become before it stops being one listpack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashLimits {
    /// `hash-max-listpack-entries`
    pub listpack_entries_max: usize,
    /// `hash-max-listpack-value`, in bytes of a field or a value.
    pub listpack_value_bytes_max: usize,
}

impl Default for HashLimits {
    fn default() -> Self {
        Self { listpack_entries_max: 128, listpack_value_bytes_max: 64 }
    }
}

impl HashLimits {
    fn allow(&self, field: &[u8], value: &[u8]) -> bool {
        field.len().max(value.len()) <= self.listpack_value_bytes_max
    }
}

/// A hash.
#[derive(Clone, Debug)]
pub struct Hash {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Pairs(Pairs),
    Other(Box<Other>),
}

#[derive(Clone, Debug)]
enum Other {
    Triples(Triples),
    Table(FieldTable),
}

impl Default for Hash {
    fn default() -> Self {
        Self { form: Form::Pairs(Pairs::new()) }
    }
}

impl Hash {
    fn of(other: Other) -> Self {
        Self { form: Form::Other(Box::new(other)) }
    }

    /// A hash of a listpack of pairs that came from outside.
    pub fn from_pairs(list: Listpack) -> Result<Self, Malformed> {
        Ok(Self { form: Form::Pairs(Pairs::from_listpack(list)?) })
    }

    /// A hash of a listpack of triples that came from outside.
    pub fn from_triples(list: Listpack) -> Result<Self, Malformed> {
        Ok(Self::of(Other::Triples(Triples::from_listpack(list)?)))
    }

    /// The listpack of pairs that the hash is, if it is one.
    pub fn as_pairs(&self) -> Option<&Listpack> {
        match &self.form {
            Form::Pairs(pairs) => Some(pairs.listpack()),
            Form::Other(_) => None,
        }
    }

    /// The listpack of triples that the hash is, if it is one.
    pub fn as_triples(&self) -> Option<&Listpack> {
        match &self.form {
            Form::Other(other) => match &**other {
                Other::Triples(triples) => Some(triples.listpack()),
                Other::Table(_) => None,
            },
            Form::Pairs(_) => None,
        }
    }

    /// The earliest expiry of a field, in unix milliseconds.
    pub fn next_expiry(&self) -> Option<u64> {
        match &self.form {
            Form::Pairs(_) => None,
            Form::Other(other) => match &**other {
                Other::Triples(triples) => triples.next_expiry(),
                Other::Table(fields) => fields.records().next_due(),
            },
        }
    }

    /// Makes the hash a table if it has more fields than a listpack may have.
    pub fn fit(&mut self, limits: &HashLimits, seed: &Seed) {
        if self.len() > limits.listpack_entries_max {
            self.make_table(seed);
        }
    }

    fn make_triples(&mut self) {
        if let Form::Pairs(pairs) = &self.form {
            *self = Self::of(Other::Triples(pairs.to_triples()));
        }
    }

    fn make_table(&mut self, seed: &Seed) {
        let mut table = FieldTable::new(seed);
        match &self.form {
            Form::Pairs(pairs) => {
                pairs.iter().for_each(|field| table.insert(&field.name, &field.value, None))
            }
            Form::Other(other) => match &**other {
                Other::Triples(triples) => {
                    triples.iter().for_each(|field| table.insert(&field.name, &field.value, field.expire_at));
                }
                Other::Table(_) => return,
            },
        }
        *self = Self::of(Other::Table(table));
    }
}

impl ValueType for Hash {
    collection_casts!(Hash);

    fn len(&self) -> usize {
        self.len()
    }

    fn memory(&self) -> usize {
        match &self.form {
            Form::Pairs(pairs) => pairs.memory(),
            Form::Other(other) => {
                size_of::<Other>()
                    + match &**other {
                        Other::Triples(triples) => triples.memory(),
                        Other::Table(fields) => fields.records().memory(),
                    }
            }
        }
    }

    fn encoding(&self) -> &'static str {
        match &self.form {
            Form::Pairs(_) => "listpack",
            Form::Other(other) => match &**other {
                Other::Triples(_) => "listpackex",
                Other::Table(_) => "hashtable",
            },
        }
    }

    fn next_expiry(&self) -> Option<u64> {
        self.next_expiry()
    }

    fn is_due(&self, now: u64) -> bool {
        self.live_len(now) == 0
    }

    fn into_heap(self) -> Option<Heap> {
        match self.form {
            Form::Other(other) => match *other {
                Other::Table(fields) => Heap::of_records(fields.into_records()),
                Other::Triples(_) => None,
            },
            Form::Pairs(_) => None,
        }
    }
}
