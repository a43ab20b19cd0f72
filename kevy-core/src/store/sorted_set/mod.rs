//! Sorted sets: members with scores, in the order of scores and, where those are equal, of the members' bytes.
//!
//! A small one is one listpack; past `zset-max-listpack-entries` or `-value` it becomes slots with an index and a
//! counted tree, which OBJECT ENCODING calls a skiplist, and stays that. Ranks count from 0 at the lowest score.
//! Scores are never NaN.

mod iter;
mod large;
mod packed;
mod range;
mod slots;
#[cfg(test)]
mod tests;
mod tree;

pub use iter::Elements;
pub use range::{MemberBound, MemberRange, ScoreRange};

use std::ops::Range;

use hashbrown::HashSet;

use super::collection::{ValueType, collection_casts};
use super::garbage::Heap;
use super::item::Item;
use super::listpack::{Listpack, Malformed};
use super::seed::Seed;
use large::Large;
use packed::Packed;

/// A member of a sorted set with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored<'a> {
    /// The member.
    pub member: Item<'a>,
    /// The score.
    pub score: f64,
}

/// How large a sorted set may become before it stops being one listpack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortedSetLimits {
    /// `zset-max-listpack-entries`
    pub listpack_entries_max: usize,
    /// `zset-max-listpack-value`, in bytes of a member.
    pub listpack_value_bytes_max: usize,
}

impl Default for SortedSetLimits {
    fn default() -> Self {
        Self { listpack_entries_max: 128, listpack_value_bytes_max: 64 }
    }
}

/// A sorted set.
#[derive(Clone, Debug)]
pub struct SortedSet {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Packed(Packed),
    Large(Box<Large>),
}

impl Default for SortedSet {
    fn default() -> Self {
        Self { form: Form::Packed(Packed::new()) }
    }
}

impl SortedSet {
    /// A sorted set of a listpack of members and scores that came from outside.
    pub fn from_listpack(list: Listpack) -> Result<Self, Malformed> {
        Ok(Self { form: Form::Packed(Packed::from_listpack(list)?) })
    }

    /// The listpack that the sorted set is, if it is one.
    pub fn as_listpack(&self) -> Option<&Listpack> {
        match &self.form {
            Form::Packed(packed) => Some(packed.listpack()),
            Form::Large(_) => None,
        }
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Packed(packed) => packed.len(),
            Form::Large(large) => large.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The score of a member.
    #[inline]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.form {
            Form::Packed(packed) => packed.find(member).map(|(_, _, score)| score),
            Form::Large(large) => large.score(member),
        }
    }

    /// The rank of a member, and its score.
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        match &self.form {
            Form::Packed(packed) => packed.find(member).map(|(rank, _, score)| (rank, score)),
            Form::Large(large) => {
                let score = large.score(member)?;
                Some((large.rank(member, score), score))
            }
        }
    }

    /// The ranks of the members whose scores are in a range.
    pub fn ranks_of_scores(&self, range: &ScoreRange) -> Range<usize> {
        let (start, end) = match &self.form {
            Form::Packed(packed) => (
                packed.iter().take_while(|element| range.is_below(element.score)).count(),
                packed.iter().take_while(|element| !range.is_above(element.score)).count(),
            ),
            Form::Large(large) => (
                large.count_scores(|score| range.is_below(score)),
                large.count_scores(|score| !range.is_above(score)),
            ),
        };
        start..end.max(start)
    }

    /// The ranks of the members that are in a range. It means something only where all scores are the same.
    pub fn ranks_of_members(&self, range: &MemberRange<'_>) -> Range<usize> {
        let (start, end) = match &self.form {
            Form::Packed(packed) => {
                let start = packed.iter().take_while(|element| range.is_below(&element.member)).count();
                let inside = packed.iter().skip(start).take_while(|element| !range.is_above(&element.member));
                (start, start + inside.count())
            }
            Form::Large(large) => (
                large.count_members(|member| range.is_below(member)),
                large.count_members(|member| !range.is_above(member)),
            ),
        };
        start..end.max(start)
    }

    /// The members of a range of ranks, in order.
    pub fn range(&self, ranks: Range<usize>) -> Elements<'_> {
        let end = ranks.end.min(self.len());
        match &self.form {
            Form::Packed(packed) => Elements::of_packed(packed, ranks.start, end),
            Form::Large(large) => Elements::of_large(large, ranks.start, end),
        }
    }

    /// Every member, in order.
    pub fn iter(&self) -> Elements<'_> {
        self.range(0..self.len())
    }

    /// Passes on members from `position` on, all of a small sorted set or about `count` of a large one, and returns
    /// where to go on, 0 when done. A member that is there throughout is passed on at least once.
    pub fn scan(&self, position: u64, count: usize, mut emit: impl FnMut(&[u8], f64)) -> u64 {
        match &self.form {
            Form::Packed(packed) => {
                packed.iter().for_each(|element| emit(&element.member, element.score));
                0
            }
            Form::Large(large) => large.scan(position, count, emit),
        }
    }

    /// A random member; each is equally likely.
    pub fn random(&self, rng: &mut fastrand::Rng) -> Option<Scored<'_>> {
        match &self.form {
            Form::Packed(packed) if packed.len() == 0 => None,
            Form::Packed(packed) => packed.iter().nth(rng.usize(..packed.len())),
            Form::Large(large) => {
                large.random(rng).map(|(member, score)| Scored { member: Item::Bytes(member), score })
            }
        }
    }

    /// Up to `count` different members, chosen at random.
    pub fn random_distinct(&self, rng: &mut fastrand::Rng, count: usize) -> Vec<Scored<'_>> {
        // Choosing one by one is only quick while few choices are repeated.
        if let Form::Large(_) = &self.form
            && count.saturating_mul(3) < self.len()
        {
            let mut chosen = HashSet::with_hasher(foldhash::fast::RandomState::default());
            let mut result = Vec::with_capacity(count);
            while result.len() < count {
                let Some(element) = self.random(rng) else { break };
                if chosen.insert(element.member.as_ptr()) {
                    result.push(element);
                }
            }
            return result;
        }
        let mut all: Vec<_> = self.iter().collect();
        let (len, count) = (all.len(), count.min(all.len()));
        for index in 0..count {
            all.swap(index, rng.usize(index..len));
        }
        all.truncate(count);
        all
    }

    /// Gives a member a score, adding the member if it is absent. The score it had.
    pub fn set(&mut self, member: &[u8], score: f64, limits: &SortedSetLimits, seed: &Seed) -> Option<f64> {
        match &mut self.form {
            Form::Packed(packed) => {
                if let Some((_, at, old)) = packed.find(member) {
                    if old != score {
                        packed.delete(at, 1);
                        packed.insert(member, score);
                    }
                    return Some(old);
                }
                if packed.len() < limits.listpack_entries_max
                    && member.len() <= limits.listpack_value_bytes_max
                    && packed.has_room(member)
                {
                    packed.insert(member, score);
                    return None;
                }
                self.enlarge(seed).insert(member, score);
                None
            }
            Form::Large(large) => {
                let old = large.set_score(member, score);
                if old.is_none() {
                    large.insert(member, score);
                }
                old
            }
        }
    }

    /// Removes a member; the score it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match &mut self.form {
            Form::Packed(packed) => {
                let (_, at, score) = packed.find(member)?;
                packed.delete(at, 1);
                Some(score)
            }
            Form::Large(large) => large.remove(member),
        }
    }

    /// Removes the members of a range of ranks and passes each on, in order.
    pub fn remove_range(&mut self, ranks: Range<usize>, mut emit: impl FnMut(&[u8], f64)) {
        let ranks = ranks.start..ranks.end.min(self.len());
        match &mut self.form {
            Form::Packed(packed) => {
                if ranks.is_empty() {
                    return;
                }
                let at = packed.position(ranks.start);
                let removed = packed.iter().skip(ranks.start).take(ranks.len());
                removed.for_each(|element| emit(&element.member, element.score));
                packed.delete(at, ranks.len());
            }
            Form::Large(large) => {
                for _ in ranks.clone() {
                    large.remove_at(ranks.start, &mut emit);
                }
            }
        }
    }

    /// Gives up the listpack if there are more members than one may have.
    pub fn fit(&mut self, limits: &SortedSetLimits, seed: &Seed) {
        if let Form::Packed(packed) = &self.form
            && (packed.len() > limits.listpack_entries_max
                || packed.iter().any(|element| element.member.len() > limits.listpack_value_bytes_max))
        {
            self.enlarge(seed);
        }
    }

    fn enlarge(&mut self, seed: &Seed) -> &mut Large {
        if let Form::Packed(packed) = &self.form {
            let mut large = Box::new(Large::new(seed));
            for (rank, element) in packed.iter().enumerate() {
                large.insert_at(rank, &element.member, element.score);
            }
            self.form = Form::Large(large);
        }
        match &mut self.form {
            Form::Large(large) => large,
            Form::Packed(_) => unreachable!("the form was made large above"),
        }
    }
}

impl ValueType for SortedSet {
    collection_casts!(SortedSet);

    fn len(&self) -> usize {
        self.len()
    }

    fn memory(&self) -> usize {
        match &self.form {
            Form::Packed(packed) => packed.memory(),
            Form::Large(large) => size_of::<Large>() + large.memory(),
        }
    }

    fn encoding(&self) -> &'static str {
        match &self.form {
            Form::Packed(_) => "listpack",
            Form::Large(_) => "skiplist",
        }
    }

    fn into_heap(self) -> Option<Heap> {
        match self.form {
            Form::Packed(_) => None,
            Form::Large(large) => Some(Heap::Parts(large.into_parts())),
        }
    }
}
