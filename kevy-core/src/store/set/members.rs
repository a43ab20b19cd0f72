//! Large sets: a table of members, each in one allocation.

use crate::store::entry::{Content, Entry, Kind, Record, Records};
use crate::store::item::Item;
use crate::store::seed::Seed;
use crate::store::table;

#[derive(Debug)]
pub(super) struct MemberTable {
    records: Records,
    seed: Seed,
}

impl Clone for MemberTable {
    fn clone(&self) -> Self {
        let mut table = Self::new(&self.seed);
        for member in self.iter() {
            table.insert(&member);
        }
        table
    }
}

impl MemberTable {
    pub(super) fn new(seed: &Seed) -> Self {
        Self { records: Records::default(), seed: seed.clone() }
    }

    pub(super) fn records(&self) -> &Records {
        &self.records
    }

    pub(super) fn into_records(self) -> Records {
        self.records
    }

    pub(super) fn contains(&self, member: &[u8]) -> bool {
        self.records.find(self.seed.hash(member), member).is_some()
    }

    pub(super) fn iter(&self) -> Iter<'_> {
        Iter(self.records.iter())
    }

    pub(super) fn scan(&self, position: u64, count: usize, mut emit: impl FnMut(Item<'_>)) -> u64 {
        self.records.table().scan(position, count, &self.seed, |entry| emit(item_of(entry)))
    }

    pub(super) fn random(&self, rng: &mut fastrand::Rng) -> Option<Item<'_>> {
        self.records.table().random(rng).map(item_of)
    }

    /// Adds a member that is known to be absent.
    pub(super) fn insert(&mut self, member: &[u8]) {
        self.insert_hashed(self.seed.hash(member), member);
    }

    fn insert_hashed(&mut self, hash: u64, member: &[u8]) {
        let content = Content::Inline(&[]);
        let record = Record { key: member, kind: Kind::String, access: 0, content, expire_at: None };
        self.records.insert(hash, record, &self.seed);
    }

    /// Adds a member; whether it is new.
    pub(super) fn add(&mut self, member: &[u8]) -> bool {
        let hash = self.seed.hash(member);
        let is_new = self.records.find(hash, member).is_none();
        if is_new {
            self.insert_hashed(hash, member);
        }
        is_new
    }

    /// Removes a member; whether it was there.
    pub(super) fn remove(&mut self, member: &[u8]) -> bool {
        let Some(at) = self.records.find(self.seed.hash(member), member) else { return false };
        self.records.remove(at, &self.seed);
        true
    }
}

fn item_of(entry: &Entry) -> Item<'_> {
    Item::Bytes(entry.key())
}

/// The members of a table.
#[derive(Debug)]
pub(super) struct Iter<'a>(table::Iter<'a, Entry>);

impl<'a> Iterator for Iter<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        self.0.next().map(item_of)
    }
}
