//! Large lists: a row of nodes.

use std::collections::VecDeque;

use super::node::{Node, Wanted, remove_from};
use super::{End, ListLimits};
use crate::store::garbage::Parts;
use crate::store::listpack::Listpack;

/// Places for nodes that are kept however few nodes there are.
const SPARE_MIN: usize = 16;
/// Bytes up to which elements at the head are kept in a node of their own before they join the one behind it: a new one moves
/// all that its node holds.
const YOUNG_BYTES_MAX: usize = 1 << 10;

/// Nodes of which none is empty, with what they come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Quicklist {
    nodes: VecDeque<Node>,
    /// The first node is to join the second.
    is_young: bool,
    /// Elements in all nodes.
    len: usize,
    /// Bytes allocated by the nodes.
    bytes: usize,
}

impl Quicklist {
    pub(super) fn nodes(&self) -> &VecDeque<Node> {
        &self.nodes
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn memory(&self) -> usize {
        size_of::<Self>() + self.nodes.capacity() * size_of::<Node>() + self.bytes
    }

    /// The node that holds the element at `index`, found from the nearer end, and the index within it.
    pub(super) fn locate(&self, index: usize) -> Option<(usize, usize)> {
        if index >= self.len {
            return None;
        }
        if index < self.len / 2 {
            let mut before = 0;
            for (at, node) in self.nodes.iter().enumerate() {
                if index < before + node.len() {
                    return Some((at, index - before));
                }
                before += node.len();
            }
        } else {
            let mut before = self.len;
            for (at, node) in self.nodes.iter().enumerate().rev() {
                before -= node.len();
                if index >= before {
                    return Some((at, index - before));
                }
            }
        }
        None
    }

    /// Adds a node at the tail.
    pub(super) fn push_node(&mut self, node: Node) {
        self.insert_node(self.nodes.len(), node);
    }

    fn insert_node(&mut self, at: usize, node: Node) {
        self.len += node.len();
        self.bytes += node.memory();
        self.nodes.insert(at, node);
    }

    /// Removes the nodes of a range.
    fn remove_nodes(&mut self, range: std::ops::Range<usize>) {
        self.is_young &= range.is_empty() || range.start > 1;
        for node in self.nodes.drain(range) {
            self.len -= node.len();
            self.bytes -= node.memory();
        }
        self.give_back();
    }

    fn edit_node<R>(&mut self, at: usize, edit: impl FnOnce(&mut Node) -> R) -> R {
        let node = &mut self.nodes[at];
        let (len, bytes) = (node.len(), node.memory());
        let result = edit(node);
        self.len = self.len + node.len() - len;
        self.bytes = self.bytes + node.memory() - bytes;
        result
    }

    fn has_room(&self, at: usize, value: &[u8], limits: ListLimits) -> bool {
        self.nodes.get(at).is_some_and(|node| node.has_room(None, value, limits))
    }

    pub(super) fn push(&mut self, end: End, value: &[u8], limits: ListLimits) {
        match end {
            End::Head => self.push_head(value, limits),
            End::Tail => {
                if self.nodes.len() == 2 {
                    // The last node is a part of the first.
                    self.grow_up();
                }
                let last = self.nodes.len().saturating_sub(1);
                if self.has_room(last, value, limits) {
                    self.edit_node(last, |node| node.insert(node.len(), value));
                } else {
                    self.insert_node(self.nodes.len(), Node::of(value, limits));
                }
            }
        }
    }

    fn push_head(&mut self, value: &[u8], limits: ListLimits) {
        // Whether the elements fit is asked as if the two nodes were one already.
        let second = if self.is_young { self.nodes.get(1) } else { None };
        let fits = self.nodes.front().is_some_and(|first| first.has_room(second, value, limits));
        if fits && self.nodes.front().is_some_and(|first| first.bytes() < YOUNG_BYTES_MAX) {
            return self.edit_node(0, |node| node.insert(0, value));
        }
        self.grow_up();
        self.insert_node(0, Node::of(value, limits));
        self.is_young = fits;
    }

    /// Joins the first node with the second where they are kept apart.
    fn grow_up(&mut self) {
        if std::mem::take(&mut self.is_young) {
            self.join(0);
        }
    }

    /// Puts an element before the one at `index`.
    pub(super) fn insert(&mut self, index: usize, value: &[u8], limits: ListLimits) {
        self.grow_up();
        let Some((at, within)) = self.locate(index) else { return self.push(End::Tail, value, limits) };
        if self.has_room(at, value, limits) {
            return self.edit_node(at, |node| node.insert(within, value));
        }
        if within == 0 {
            return match at.checked_sub(1) {
                Some(before) if self.has_room(before, value, limits) => {
                    self.edit_node(before, |node| node.insert(node.len(), value));
                }
                _ => self.insert_node(at, Node::of(value, limits)),
            };
        }
        if let Some(rest) = self.edit_node(at, |node| node.split_off(within)) {
            self.insert_node(at + 1, rest);
        }
        if self.has_room(at, value, limits) {
            self.edit_node(at, |node| node.insert(node.len(), value));
            self.merge(at + 1, limits);
        } else {
            self.insert_node(at + 1, Node::of(value, limits));
            self.merge(at + 2, limits);
        }
        if at > 0 {
            self.merge(at - 1, limits);
        }
    }

    /// Makes one node of the one at `at` and the next if it does not become too large.
    fn merge(&mut self, at: usize, limits: ListLimits) {
        let (Some(node), Some(next)) = (self.nodes.get(at), self.nodes.get(at + 1)) else { return };
        if node.has_room_for(next, limits) {
            self.join(at);
        }
    }

    /// Makes one node of the one at `at` and the next.
    fn join(&mut self, at: usize) {
        if let Some(next) = self.nodes.remove(at + 1) {
            self.len -= next.len();
            self.bytes -= next.memory();
            self.edit_node(at, |node| node.append(&next));
        }
    }

    /// Puts another value in the place of an element.
    pub(super) fn replace(&mut self, index: usize, value: &[u8], limits: ListLimits) {
        self.grow_up();
        let Some((at, within)) = self.locate(index) else { return };
        if !self.edit_node(at, |node| node.replace(within, value, limits)) {
            self.delete(index, 1);
            self.insert(index, value, limits);
        }
    }

    /// Removes up to `count` elements from the one at `index` on.
    pub(super) fn delete(&mut self, index: usize, count: usize) {
        let Some((mut first, within)) = self.locate(index) else { return };
        let mut left = count.min(self.len - index);
        let in_first = self.nodes[first].len() - within;
        if within > 0 || left < in_first {
            let deleted = left.min(in_first);
            self.edit_node(first, |node| node.delete(within, deleted));
            left -= deleted;
            first += 1;
        }
        let mut end = first;
        while let Some(node) = self.nodes.get(end).filter(|node| left > 0 && node.len() <= left) {
            left -= node.len();
            end += 1;
        }
        if left > 0 && end < self.nodes.len() {
            self.edit_node(end, |node| node.delete(0, left));
        }
        self.remove_nodes(first..end);
    }

    /// Removes up to `count` of the wanted elements, the nearest to `from` first. How many there were.
    pub(super) fn remove(&mut self, wanted: Wanted<'_>, count: usize, from: End) -> usize {
        self.grow_up();
        let mut left = count;
        let mut is_emptied = false;
        for step in 0..self.nodes.len() {
            if left == 0 {
                break;
            }
            let at = if from == End::Head { step } else { self.nodes.len() - 1 - step };
            let found = self.nodes[at].as_ref().count(|raw| wanted.is(raw));
            let removed = found.min(left);
            left -= removed;
            if removed == 0 {
                continue;
            }
            let spared = if from == End::Head { 0 } else { found - removed };
            self.edit_node(at, |node| match node {
                Node::Packed { list, len } if removed < *len => {
                    remove_from(list, wanted, spared, removed);
                    *len -= removed;
                }
                _ => *node = Node::packed(Listpack::new()),
            });
            is_emptied |= self.nodes[at].len() == 0;
        }
        if is_emptied {
            self.remove_empty_nodes();
        }
        count - left
    }

    fn remove_empty_nodes(&mut self) {
        let bytes = &mut self.bytes;
        self.nodes.retain(|node| {
            let stays = node.len() > 0;
            if !stays {
                *bytes -= node.memory();
            }
            stays
        });
        self.give_back();
    }

    /// Frees places that are not needed for a long time.
    fn give_back(&mut self) {
        if self.nodes.capacity() > 4 * self.nodes.len().max(SPARE_MIN) {
            self.nodes.shrink_to(2 * self.nodes.len());
        }
    }

    /// Gives out the only listpack if the list is no more than that and `allow` says so of its bytes and elements. The
    /// list is of no use afterwards.
    pub(super) fn take_single(&mut self, allow: impl Fn(usize, usize) -> bool) -> Option<Listpack> {
        if self.nodes.len() == 2 && self.is_young {
            let (bytes, len) =
                self.nodes.iter().fold((0, 0), |sum, node| (sum.0 + node.bytes(), sum.1 + node.len()));
            if allow(bytes, len) {
                self.grow_up();
            }
        }
        let is_single = self.nodes.len() == 1;
        match self.nodes.front_mut() {
            None => Some(Listpack::new()),
            Some(Node::Packed { list, len }) if is_single && allow(list.as_bytes().len(), *len) => {
                Some(std::mem::take(list))
            }
            Some(_) => None,
        }
    }
}

impl Parts for Quicklist {
    fn memory(&self) -> usize {
        self.memory()
    }

    fn free_one(&mut self) -> bool {
        let Some(node) = self.nodes.pop_front() else { return false };
        self.is_young = false;
        self.len -= node.len();
        self.bytes -= node.memory();
        true
    }
}
