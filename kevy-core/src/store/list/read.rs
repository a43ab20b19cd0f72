//! What can be asked of a list.

use super::node::{Node, NodeRef, Wanted, element};
use super::{End, Form, List};
use crate::store::item::Item;
use crate::store::listpack::{Raw, item};

impl List {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Packed(list) => list.len(),
            Form::Nodes(nodes) => nodes.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at an index.
    pub fn get(&self, index: usize) -> Option<Item<'_>> {
        let (at, within) = self.locate(index)?;
        element(self.node(at)?, within, self.node_len(at))
    }

    /// The elements from the one at `start` on: towards the tail if they come `from` the head, or the other way.
    pub fn iter_from(&self, start: usize, from: End) -> Elements<'_> {
        let found = self.locate(start).and_then(|(at, within)| {
            let node = self.node(at)?;
            Some((node, at, node.before(within, self.node_len(at), from)))
        });
        let (node, at, place) = match found {
            Some((node, at, place)) => (Some(node), at, place),
            None => (None, 0, 0),
        };
        Elements { list: self, node, at, place, from }
    }

    /// Every element, `from` one end to the other.
    pub fn iter_from_end(&self, from: End) -> Elements<'_> {
        let start = if from == End::Head { 0 } else { self.len().saturating_sub(1) };
        self.iter_from(start, from)
    }

    /// The element at an end.
    pub fn first_from(&self, end: End) -> Option<Item<'_>> {
        self.iter_from_end(end).next()
    }

    /// Every element, from the head to the tail.
    pub fn iter(&self) -> Elements<'_> {
        self.iter_from(0, End::Head)
    }

    /// The indexes of the elements that equal `value`, in the order in which a walk `from` an end over at most `count`
    /// elements comes to them.
    pub fn positions<'a>(
        &'a self,
        value: &'a [u8],
        from: End,
        count: usize,
    ) -> impl Iterator<Item = usize> + use<'a> {
        let (len, wanted) = (self.len(), Wanted::new(value));
        let mut elements = self.iter_from_end(from);
        std::iter::from_fn(move || elements.next_raw())
            .take(count)
            .enumerate()
            .filter(move |(_, raw)| wanted.is(*raw))
            .map(move |(step, _)| if from == End::Head { step } else { len - 1 - step })
    }

    pub(super) fn node(&self, at: usize) -> Option<NodeRef<'_>> {
        match &self.form {
            Form::Packed(list) => (at == 0).then_some(NodeRef::Packed(list)),
            Form::Nodes(nodes) => nodes.nodes().get(at).map(Node::as_ref),
        }
    }

    fn node_len(&self, at: usize) -> usize {
        match &self.form {
            Form::Packed(list) => list.len(),
            Form::Nodes(nodes) => nodes.nodes().get(at).map_or(0, Node::len),
        }
    }

    fn locate(&self, index: usize) -> Option<(usize, usize)> {
        match &self.form {
            Form::Packed(list) => (index < list.len()).then_some((0, index)),
            Form::Nodes(nodes) => nodes.locate(index),
        }
    }
}

/// See [`List::iter_from`].
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    list: &'a List,
    /// The node that the walk is in, its number, and the place in it.
    node: Option<NodeRef<'a>>,
    at: usize,
    place: usize,
    from: End,
}

impl<'a> Elements<'a> {
    fn next_raw(&mut self) -> Option<Raw<'a>> {
        loop {
            let node = self.node?;
            if let Some((raw, place)) = node.step(self.place, self.from) {
                self.place = place;
                return Some(raw);
            }
            let at = match self.from {
                End::Head => self.at.checked_add(1),
                End::Tail => self.at.checked_sub(1),
            };
            self.node = at.and_then(|at| self.list.node(at));
            if let (Some(node), Some(at)) = (self.node, at) {
                self.at = at;
                self.place = node.end(self.from);
            }
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        self.next_raw().map(item)
    }
}
