//! What can be asked of a set.

use hashbrown::HashSet;

use super::{Form, IntSet, MemberTable, Set, members};
use crate::base::number::parse_i64;
use crate::store::item::Item;
use crate::store::listpack::{self, Listpack, item};

/// Random members that are tried for each that is wanted before a set is gone through instead.
const TRIES_MAX: usize = 16;

pub(super) fn position_in(list: &Listpack, member: &[u8]) -> Option<usize> {
    list.find(member, 1).map(|(_, at)| at)
}

impl Set {
    /// Number of members.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Ints(ints) => ints.len(),
            Form::Packed(list) => list.len(),
            Form::Table(table) => table.records().len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `member` is one.
    pub fn contains(&self, member: &[u8]) -> bool {
        match &self.form {
            Form::Ints(ints) => parse_i64(member).is_some_and(|value| ints.contains(value)),
            Form::Packed(list) => position_in(list, member).is_some(),
            Form::Table(table) => table.contains(member),
        }
    }

    /// Every member: integers in ascending order, those of another small set in the order in which they came.
    pub fn iter(&self) -> Members<'_> {
        Members(match &self.form {
            Form::Ints(ints) => Inner::Ints(ints, 0),
            Form::Packed(list) => Inner::Packed(list.iter()),
            Form::Table(table) => Inner::Table(table.iter()),
        })
    }

    /// Passes on members from `position` on, all of a small set or about `count` of a large one, and returns where to
    /// go on, 0 when done. A member that is there throughout is passed on at least once.
    pub fn scan(&self, position: u64, count: usize, mut emit: impl FnMut(Item<'_>)) -> u64 {
        match &self.form {
            Form::Table(table) => table.scan(position, count, emit),
            Form::Ints(_) | Form::Packed(_) => {
                self.iter().for_each(&mut emit);
                0
            }
        }
    }

    /// A random member.
    pub fn random(&self, rng: &mut fastrand::Rng) -> Option<Item<'_>> {
        match &self.form {
            Form::Ints(ints) if !ints.is_empty() => ints.get(rng.usize(..ints.len())).map(Item::of_int),
            Form::Packed(list) if !list.is_empty() => list.get(list.seek(rng.usize(..list.len()) as i64)?),
            Form::Table(table) => table.random(rng),
            Form::Ints(_) | Form::Packed(_) => None,
        }
    }

    /// Up to `count` different members, chosen at random.
    pub fn random_distinct(&self, rng: &mut fastrand::Rng, count: usize) -> Vec<Item<'_>> {
        // Choosing one by one is only quick while few choices are repeated.
        if let Form::Table(table) = &self.form
            && count.saturating_mul(3) < self.len()
            && let Some(chosen) = choose(table, rng, count)
        {
            return chosen;
        }
        let mut all: Vec<_> = self.iter().collect();
        let (len, count) = (all.len(), count.min(all.len()));
        for index in 0..count {
            all.swap(index, rng.usize(index..len));
        }
        all.truncate(count);
        all
    }
}

fn choose<'a>(table: &'a MemberTable, rng: &mut fastrand::Rng, count: usize) -> Option<Vec<Item<'a>>> {
    let mut known = HashSet::with_hasher(foldhash::fast::RandomState::default());
    let mut chosen = Vec::with_capacity(count);
    for _ in 0..count.saturating_mul(TRIES_MAX) {
        if chosen.len() == count {
            break;
        }
        let member = table.random(rng)?;
        if known.insert(member.as_ptr()) {
            chosen.push(member);
        }
    }
    (chosen.len() == count).then_some(chosen)
}

/// See [`Set::iter`].
#[derive(Debug)]
pub struct Members<'a>(Inner<'a>);

#[derive(Debug)]
enum Inner<'a> {
    Ints(&'a IntSet, usize),
    Packed(listpack::Iter<'a>),
    Table(members::Iter<'a>),
}

impl<'a> Iterator for Members<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        match &mut self.0 {
            Inner::Ints(ints, index) => {
                *index += 1;
                ints.get(*index - 1).map(Item::of_int)
            }
            Inner::Packed(elements) => elements.next().map(|(_, raw)| item(raw)),
            Inner::Table(members) => members.next(),
        }
    }
}
