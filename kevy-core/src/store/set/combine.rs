//! Several sets made one: what is in all of them, in any, or in the first alone.

use hashbrown::HashSet;

use super::{Set, SetLimits};
use crate::store::item::Item;
use crate::store::listpack::Listpack;
use crate::store::seed::Seed;

type Found<'a> = Box<dyn Iterator<Item = Item<'a>> + 'a>;
type Known<'a> = HashSet<Item<'a>, foldhash::fast::RandomState>;

/// The members that all sets have, in time proportional to the smallest set and the number of sets.
pub fn intersection<'a>(sets: &[&'a Set]) -> Found<'a> {
    let mut sets = sets.to_vec();
    sets.sort_by_key(|set| set.len());
    let Some((smallest, others)) = sets.split_first() else { return Box::new(std::iter::empty()) };
    let smallest = *smallest;
    let others = others.to_vec();
    Box::new(smallest.iter().filter(move |member| others.iter().all(|other| other.contains(member))))
}

/// The members that any set has, each once.
pub fn union<'a>(sets: &[&'a Set]) -> Found<'a> {
    if let [only] = sets {
        return Box::new(only.iter());
    }
    let sets = sets.to_vec();
    let mut known = Known::default();
    Box::new(sets.into_iter().flat_map(Set::iter).filter(move |member| known.insert(member.clone())))
}

/// The members of `first` that no other set has. Looks up each in the others, or takes the others' members away from
/// them, whichever takes fewer steps.
pub fn difference<'a>(first: &'a Set, others: &[&'a Set]) -> Found<'a> {
    if others.is_empty() {
        return Box::new(first.iter());
    }
    // Lookups may end early, which the half stands for, as in Redis.
    let lookups = first.len().saturating_mul(others.len() + 1) / 2;
    let removals = others.iter().fold(first.len(), |sum, other| sum.saturating_add(other.len()));
    if lookups <= removals {
        let mut others = others.to_vec();
        // The larger a set is, the likelier it has the member.
        others.sort_by_key(|other| std::cmp::Reverse(other.len()));
        return Box::new(
            first.iter().filter(move |member| !others.iter().any(|other| other.contains(member))),
        );
    }
    let mut left: Known<'a> = first.iter().collect();
    for member in others.iter().flat_map(|other| other.iter()) {
        left.remove(&member);
        if left.is_empty() {
            break;
        }
    }
    Box::new(left.into_iter())
}

impl Set {
    /// The set of these members, none of which comes twice.
    pub fn collect<'a>(members: impl Iterator<Item = Item<'a>>, limits: &SetLimits, seed: &Seed) -> Self {
        let mut set = Self { form: super::Form::Packed(Listpack::new()) };
        for member in members {
            set.add(&member, limits, seed);
        }
        set.compact(limits);
        set
    }
}
