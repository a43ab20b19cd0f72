//! Going through a sorted set from either end.

use super::Scored;
use super::large::Large;
use super::packed::Packed;
use super::tree::Leaf;
use crate::store::item::Item;

/// The elements of a range of ranks, from the lowest score on or, by `rev`, from the highest.
#[derive(Debug)]
pub struct Elements<'a> {
    left: usize,
    form: Form<'a>,
}

#[derive(Debug)]
enum Form<'a> {
    /// The positions of the next element and behind the last one.
    Packed { set: &'a Packed, front: usize, back: usize },
    /// The next rank with its leaf, and the one behind the last with the leaf of the last.
    Large { set: &'a Large, front: Place<'a>, back: Place<'a> },
}

/// A rank, and the leaf and place where it was found.
#[derive(Debug)]
struct Place<'a> {
    rank: usize,
    leaf: Option<(&'a Leaf, usize)>,
}

impl<'a> Elements<'a> {
    pub(super) fn of_packed(set: &'a Packed, start: usize, end: usize) -> Self {
        let left = end.saturating_sub(start);
        let (front, back) = if left == 0 { (0, 0) } else { (set.position(start), set.position(end)) };
        Self { left, form: Form::Packed { set, front, back } }
    }

    pub(super) fn of_large(set: &'a Large, start: usize, end: usize) -> Self {
        let (front, back) = (Place { rank: start, leaf: None }, Place { rank: end, leaf: None });
        Self { left: end.saturating_sub(start), form: Form::Large { set, front, back } }
    }
}

fn scored<'a>(set: &'a Large, leaf: &Leaf, at: usize) -> Scored<'a> {
    let found = leaf.get(at);
    Scored { member: Item::Bytes(set.member(found.slot)), score: found.score }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Scored<'a>;

    fn next(&mut self) -> Option<Scored<'a>> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.form {
            Form::Packed { set, front, .. } => {
                let (element, next) = set.read(*front)?;
                *front = next;
                Some(element)
            }
            Form::Large { set, front, .. } => {
                let (leaf, at) = match front.leaf {
                    Some((leaf, at)) if at < leaf.len() => (leaf, at),
                    _ => set.tree().leaf(front.rank)?,
                };
                front.rank += 1;
                front.leaf = Some((leaf, at + 1));
                Some(scored(set, leaf, at))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Elements<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.form {
            Form::Packed { set, back, .. } => {
                *back = set.previous(*back)?;
                Some(set.read(*back)?.0)
            }
            Form::Large { set, back, .. } => {
                back.rank -= 1;
                let (leaf, at) = match back.leaf {
                    Some((leaf, at)) if at > 0 => (leaf, at - 1),
                    _ => set.tree().leaf(back.rank)?,
                };
                back.leaf = Some((leaf, at));
                Some(scored(set, leaf, at))
            }
        }
    }
}

impl ExactSizeIterator for Elements<'_> {}
