//! Large hashes: a table of fields, each with its value in one allocation, and the timers of those that expire.

use crate::store::entry::{Content, Entry, INLINE_MAX, Kind, Record, Records, View};
use crate::store::item::Item;
use crate::store::seed::Seed;
use crate::store::table::Location;

use super::Field;

#[derive(Debug)]
pub(super) struct FieldTable {
    records: Records,
    seed: Seed,
}

impl Clone for FieldTable {
    fn clone(&self) -> Self {
        let mut fields = Self::new(&self.seed);
        for field in self.iter() {
            fields.insert(&field.name, &field.value, field.expire_at);
        }
        fields
    }
}

impl FieldTable {
    pub(super) fn new(seed: &Seed) -> Self {
        Self { records: Records::default(), seed: seed.clone() }
    }

    pub(super) fn records(&self) -> &Records {
        &self.records
    }

    pub(super) fn into_records(self) -> Records {
        self.records
    }

    pub(super) fn find(&self, field: &[u8]) -> Option<Location> {
        self.records.find(self.seed.hash(field), field)
    }

    pub(super) fn read(&self, at: Location) -> Field<'_> {
        field_of(self.records.get(at))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        self.records.iter().map(field_of)
    }

    pub(super) fn scan(&self, position: u64, count: usize, mut emit: impl FnMut(Field<'_>)) -> u64 {
        self.records.table().scan(position, count, &self.seed, |entry| emit(field_of(entry)))
    }

    pub(super) fn random(&self, rng: &mut fastrand::Rng) -> Option<Field<'_>> {
        self.records.table().random(rng).map(field_of)
    }

    /// Adds a field that is known to be absent.
    pub(super) fn insert(&mut self, field: &[u8], value: &[u8], expire_at: Option<u64>) {
        self.records.insert(self.seed.hash(field), record(field, value, expire_at), &self.seed);
    }

    pub(super) fn replace(&mut self, at: Location, field: &[u8], value: &[u8], expire_at: Option<u64>) {
        self.records.replace(at, record(field, value, expire_at));
    }

    pub(super) fn set_expiry(&mut self, at: Location, expire_at: Option<u64>) {
        self.records.set_expiry(at, expire_at);
    }

    pub(super) fn delete(&mut self, at: Location) {
        self.records.remove(at, &self.seed);
    }

    /// Removes the field that expires first, if it is due, and returns its name.
    pub(super) fn pop_due(&mut self, now: u64) -> Option<Box<[u8]>> {
        let at = self.records.first_due(now, &self.seed)?;
        Some(self.records.remove(at, &self.seed).key().into())
    }
}

fn record<'a>(field: &'a [u8], value: &'a [u8], expire_at: Option<u64>) -> Record<'a> {
    let content =
        if value.len() <= INLINE_MAX { Content::Inline(value) } else { Content::Bytes(value.to_vec()) };
    Record { key: field, kind: Kind::String, access: 0, content, expire_at }
}

fn field_of(entry: &Entry) -> Field<'_> {
    let value = match entry.view() {
        View::Inline(value) => Item::Bytes(value),
        View::Bytes(value) => Item::Bytes(value),
        View::Int(value) => Item::of_int(value),
        View::Collection(_) => Item::Bytes(&[]),
    };
    Field { name: Item::Bytes(entry.key()), value, expire_at: entry.expire_at() }
}
