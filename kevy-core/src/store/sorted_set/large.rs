//! Large sorted sets: slots that hold members and scores, a table that finds a member's slot, and a tree that keeps
//! slots in order.

use std::cmp::Ordering;
use std::num::NonZeroU64;

use super::slots::Slots;
use super::tree::{Ranked, Tree};
use crate::store::garbage::Parts;
use crate::store::seed::Seed;
use crate::store::table::{Drain, Element, Location, Table};

#[derive(Debug)]
pub(super) struct Large {
    slots: Slots,
    index: Table<Indexed>,
    tree: Tree,
    seed: Seed,
}

/// Half of a member's hash, and the number of its slot plus one.
#[derive(Clone, Copy, Debug)]
struct Indexed(NonZeroU64);

impl Indexed {
    fn new(hash: u64, slot: u32) -> Self {
        let bits = (hash & !u64::from(u32::MAX)) | (u64::from(slot) + 1);
        Self(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MIN))
    }

    fn slot(self) -> u32 {
        (self.0.get() as u32).wrapping_sub(1)
    }

    fn hash(self) -> u64 {
        spread(self.0.get())
    }
}

/// A hash made of the upper half of another alone, in a form in which the lowest byte can be a tag.
fn spread(hash: u64) -> u64 {
    let upper = hash & !u64::from(u32::MAX);
    upper | upper >> 32
}

impl Element for Indexed {
    fn hash(&self, _: &Seed) -> u64 {
        Indexed::hash(*self)
    }

    fn address(&self) -> *const u8 {
        std::ptr::from_ref(self).cast()
    }
}

impl Clone for Large {
    fn clone(&self) -> Self {
        let mut copy = Self::new(&self.seed);
        for rank in 0..self.len() {
            if let Some((member, score)) = self.get(rank) {
                copy.insert_at(rank, member, score);
            }
        }
        copy
    }
}

impl Large {
    pub(super) fn new(seed: &Seed) -> Self {
        Self { slots: Slots::default(), index: Table::default(), tree: Tree::default(), seed: seed.clone() }
    }

    pub(super) fn len(&self) -> usize {
        self.tree.len()
    }

    pub(super) fn memory(&self) -> usize {
        self.slots.memory() + self.index.bytes() + self.tree.memory()
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(super) fn member(&self, slot: u32) -> &[u8] {
        self.slots.get(slot).member()
    }

    /// Where the table knows a member, and its slot.
    #[inline]
    fn find(&self, member: &[u8]) -> Option<(Location, u32)> {
        let hash = spread(self.seed.hash(member));
        let at = self.index.find(hash, |indexed| {
            Indexed::hash(*indexed) == hash && self.slots.get(indexed.slot()).member() == member
        })?;
        Some((at, self.index.get(at)?.slot()))
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        self.find(member).map(|(_, slot)| self.slots.get(slot).score)
    }

    /// Number of elements before this one, which may be absent.
    pub(super) fn rank(&self, member: &[u8], score: f64) -> usize {
        self.tree.count_less(|other| {
            if other.score == score {
                self.member(other.slot).cmp(member)
            } else if other.score < score {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        })
    }

    /// Number of elements whose scores `is_before` finds too small; all of them come first.
    pub(super) fn count_scores(&self, is_before: impl Fn(f64) -> bool) -> usize {
        self.tree.count_less(|other| if is_before(other.score) { Ordering::Less } else { Ordering::Greater })
    }

    /// As [`Large::count_scores`] by members, where all scores are the same.
    pub(super) fn count_members(&self, is_before: impl Fn(&[u8]) -> bool) -> usize {
        self.tree.count_less(|other| {
            if is_before(self.member(other.slot)) { Ordering::Less } else { Ordering::Greater }
        })
    }

    /// The element of a rank.
    pub(super) fn get(&self, rank: usize) -> Option<(&[u8], f64)> {
        self.tree.get(rank).map(|found| (self.member(found.slot), found.score))
    }

    /// The element of the number that chance chose.
    pub(super) fn random(&self, rng: &mut fastrand::Rng) -> Option<(&[u8], f64)> {
        let slot = self.slots.get(rng.u32(..=self.slots.last()?));
        Some((slot.member(), slot.score))
    }

    pub(super) fn scan(&self, position: u64, count: usize, mut emit: impl FnMut(&[u8], f64)) -> u64 {
        self.index.scan(position, count, &self.seed, |indexed| {
            let slot = self.slots.get(indexed.slot());
            emit(slot.member(), slot.score);
        })
    }

    /// Adds a member that is known to be absent.
    pub(super) fn insert(&mut self, member: &[u8], score: f64) {
        self.insert_at(self.rank(member, score), member, score);
    }

    /// Adds a member that is known to be absent, and to be the one of a rank.
    pub(super) fn insert_at(&mut self, rank: usize, member: &[u8], score: f64) {
        let slot = self.slots.push(member, score);
        self.tree.insert(rank, Ranked { score, slot });
        let hash = spread(self.seed.hash(member));
        self.index.insert(hash, Indexed::new(hash, slot), &self.seed);
    }

    /// Gives a member another score; the old one, if the member is there.
    pub(super) fn set_score(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let (_, slot) = self.find(member)?;
        let old = self.slots.get(slot).score;
        if old == score {
            return Some(old);
        }
        let (from, to) = (self.rank(member, old), self.rank(member, score));
        // The element itself is counted where it moves up.
        let to = if to > from { to - 1 } else { to };
        self.slots.set_score(slot, score);
        if from == to {
            self.tree.set(from, Ranked { score, slot });
        } else {
            self.tree.remove(from);
            self.tree.insert(to, Ranked { score, slot });
        }
        Some(old)
    }

    /// Removes a member; its score, if it was there.
    pub(super) fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let (at, slot) = self.find(member)?;
        let score = self.slots.get(slot).score;
        let rank = self.rank(member, score);
        self.forget(at, slot, rank);
        Some(score)
    }

    /// Removes the element of a rank and passes it on.
    pub(super) fn remove_at(&mut self, rank: usize, emit: &mut dyn FnMut(&[u8], f64)) {
        let Some(found) = self.tree.get(rank) else { return };
        let member = self.member(found.slot);
        emit(member, found.score);
        if let Some((at, slot)) = self.find(member) {
            self.forget(at, slot, rank);
        }
    }

    fn forget(&mut self, at: Location, slot: u32, rank: usize) {
        self.tree.remove(rank);
        self.index.remove(at, &self.seed);
        // The last slot takes the place that becomes free, and whoever knows its number has to learn the new one.
        if let Some(last) = self.slots.last()
            && last != slot
        {
            let moved = self.slots.get(last);
            let rank = self.rank(moved.member(), moved.score);
            self.tree.set(rank, Ranked { score: moved.score, slot });
            let hash = spread(self.seed.hash(moved.member()));
            if let Some((_, indexed)) = self.index.find_mut(hash, |indexed| indexed.slot() == last) {
                *indexed = Indexed::new(hash, slot);
            }
        }
        self.slots.swap_remove(slot);
    }

    pub(super) fn into_parts(self) -> Box<dyn Parts> {
        Box::new(Remains { slots: self.slots, tree: self.tree, index: Some(self.index.into_drain()) })
    }
}

/// A large sorted set that is being freed.
#[derive(Debug)]
struct Remains {
    slots: Slots,
    tree: Tree,
    index: Option<Drain<Indexed>>,
}

impl Parts for Remains {
    fn memory(&self) -> usize {
        let index = self.index.as_ref().map_or(0, Drain::bytes);
        self.slots.memory() + self.tree.memory() + index + size_of::<Self>()
    }

    fn free_one(&mut self) -> bool {
        let before = self.slots.memory();
        while self.slots.pop().is_some() {
            if self.slots.memory() != before {
                return true;
            }
        }
        if let Some(index) = &mut self.index {
            // Elements of the table own nothing, so a whole bucket array goes at a time.
            let before = index.bytes();
            while index.next().is_some() && index.bytes() == before {}
            if index.bytes() == before {
                self.index = None;
            }
            return true;
        }
        self.tree.free_one()
    }
}

#[cfg(test)]
impl Large {
    /// Every rule that the parts have to keep together.
    pub(super) fn check(&self) {
        self.tree.check();
        assert_eq!((self.slots.len(), self.index.len()), (self.tree.len(), self.tree.len()));
        let mut before: Option<(f64, &[u8])> = None;
        for rank in 0..self.len() {
            let (member, score) = self.get(rank).expect("an element of every rank");
            assert_eq!(self.score(member), Some(score));
            assert_eq!(self.rank(member, score), rank);
            assert!(before.is_none_or(|before| before < (score, member)));
            before = Some((score, member));
        }
    }
}
