//! Small sorted sets: member, score, member, score… in a listpack, in order.

use std::cmp::Ordering;

use hashbrown::HashSet;

use super::Scored;
use crate::base::number::{format_f64, parse_f64, parse_i64};
use crate::store::item::Item;
use crate::store::listpack::{Listpack, Malformed, Raw, item};

/// Whole scores up to this are kept as integers; as format_f64 writes them.
const WHOLE_MAX: f64 = (1i64 << 62) as f64;

#[derive(Clone, Debug)]
pub(super) struct Packed {
    list: Listpack,
}

impl Packed {
    pub(super) fn new() -> Self {
        Self { list: Listpack::new() }
    }

    /// Takes a listpack from outside: whole pairs, every score a number, in order, no member twice.
    pub(super) fn from_listpack(list: Listpack) -> Result<Self, Malformed> {
        Self::check(&list)?;
        Ok(Self { list })
    }

    fn check(list: &Listpack) -> Result<(), Malformed> {
        if list.is_empty() || !list.len().is_multiple_of(2) {
            return Err(Malformed);
        }
        let mut members = HashSet::with_hasher(foldhash::fast::RandomState::default());
        let mut before: Option<(f64, Raw<'_>)> = None;
        let mut elements = list.iter();
        while let (Some((_, member)), Some((_, score))) = (elements.next(), elements.next()) {
            let score = checked_score(score).ok_or(Malformed)?;
            // A lookup compares integers as integers and would miss one that is kept as text.
            let is_hidden = matches!(member, Raw::Bytes(text) if parse_i64(text).is_some());
            let is_ordered =
                before.is_none_or(|(least, other)| order(least, &item(other), score, &item(member)).is_lt());
            if is_hidden || !is_ordered || !members.insert(member) {
                return Err(Malformed);
            }
            before = Some((score, member));
        }
        Ok(())
    }

    pub(super) fn listpack(&self) -> &Listpack {
        &self.list
    }

    pub(super) fn len(&self) -> usize {
        self.list.len() / 2
    }

    pub(super) fn memory(&self) -> usize {
        self.list.memory()
    }

    pub(super) fn has_room(&self, member: &[u8]) -> bool {
        self.list.has_room(member.len() + 64)
    }

    /// The rank, position and score of a member.
    pub(super) fn find(&self, member: &[u8]) -> Option<(usize, usize, f64)> {
        let (index, at) = self.list.find(member, 2)?;
        Some((index / 2, at, score_of(self.list.raw(self.list.next(at)?)?)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Scored<'_>> {
        let mut elements = self.list.iter();
        std::iter::from_fn(move || {
            let member = item(elements.next()?.1);
            Some(Scored { member, score: score_of(elements.next()?.1) })
        })
    }

    /// The position of the element of a rank, or of the end.
    pub(super) fn position(&self, rank: usize) -> usize {
        i64::try_from(rank * 2).ok().and_then(|index| self.list.seek(index)).unwrap_or(self.list.end())
    }

    /// The element at a position, and the position after it.
    pub(super) fn read(&self, at: usize) -> Option<(Scored<'_>, usize)> {
        let mut elements = self.list.iter_from(at);
        let member = item(elements.next()?.1);
        let score = score_of(elements.next()?.1);
        Some((Scored { member, score }, elements.position()))
    }

    /// The position of the element before the one at a position.
    pub(super) fn previous(&self, at: usize) -> Option<usize> {
        self.list.previous(self.list.previous(at)?)
    }

    /// Adds a member that is known to be absent.
    pub(super) fn insert(&mut self, member: &[u8], score: f64) {
        let mut elements = self.list.iter();
        let mut at;
        loop {
            at = elements.position();
            let (Some((_, other)), Some((_, text))) = (elements.next(), elements.next()) else { break };
            let least = score_of(text);
            if least > score || (least == score && *item(other) > *member) {
                break;
            }
        }
        let at = self.list.insert(at, member);
        match whole(score) {
            Some(value) => self.list.insert_int(at, value),
            None => self.list.insert(at, format_f64(score).as_bytes()),
        };
    }

    /// Removes `count` elements from the one at a position on.
    pub(super) fn delete(&mut self, at: usize, count: usize) {
        self.list.delete(at, count.saturating_mul(2));
    }
}

/// The integer that a score is kept as.
fn whole(score: f64) -> Option<i64> {
    (score.abs() <= WHOLE_MAX && score.trunc() == score).then_some(score as i64)
}

fn checked_score(raw: Raw<'_>) -> Option<f64> {
    match raw {
        Raw::Int(value) => Some(value as f64),
        Raw::Bytes(text) => parse_f64(text),
    }
}

fn score_of(raw: Raw<'_>) -> f64 {
    checked_score(raw).unwrap_or_default()
}

fn order(a_score: f64, a: &Item<'_>, b_score: f64, b: &Item<'_>) -> Ordering {
    a_score.partial_cmp(&b_score).unwrap_or(Ordering::Equal).then_with(|| (**a).cmp(b))
}
