//! The entries of a stream: macro nodes in the order of their ids, and counters over all entries there ever were.

use std::ops::Deref;

use crate::store::listpack::{Listpack, Malformed};
use crate::store::ordered::Ordered;

use super::node::Node;
use super::{Entry, StreamId, StreamLimits, radix_tree};

/// What a trim lets go, from the oldest entry on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrimTo {
    /// All but so many entries.
    Length(u64),
    /// Entries before this id.
    Id(StreamId),
}

/// How a stream is trimmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// What goes.
    pub to: TrimTo,
    /// Only whole nodes go, so more may stay.
    pub is_approximate: bool,
    /// The most entries that go, with all of a node or none; `None` for any number.
    pub limit: Option<u64>,
}

/// The entries of a stream.
#[derive(Clone, Debug, Default)]
pub struct Nodes {
    nodes: Ordered<StreamId, Node>,
    list_bytes: usize,
    counters: Counters,
}

/// What is known of all entries there ever were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Number of entries.
    pub len: u64,
    /// The id that the next one has to exceed.
    pub last_id: StreamId,
    /// The id of the first entry; 0-0 if there is none.
    pub first_id: StreamId,
    /// The greatest id that was deleted, other than by trimming.
    pub max_deleted_id: StreamId,
    /// Number of entries there ever were.
    pub added: u64,
}

impl Deref for Nodes {
    type Target = Counters;

    fn deref(&self) -> &Counters {
        &self.counters
    }
}

impl Nodes {
    /// Number of macro nodes.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes allocated.
    pub(super) fn memory(&self) -> usize {
        self.nodes.memory() + self.list_bytes
    }

    /// Ids and listpacks of the nodes, as they are saved.
    pub fn nodes(&self) -> impl Iterator<Item = (StreamId, &[u8])> {
        self.nodes.iter().map(|(id, node)| (*id, node.as_bytes()))
    }

    /// How many nodes a radix tree would have whose keys are the ids of the macro nodes: what Redis keeps them in.
    pub fn radix_tree_nodes(&self) -> usize {
        radix_tree::nodes(self.nodes.iter().map(|(id, _)| id.to_bytes()))
    }

    pub(super) fn pop_nodes(&mut self) -> Option<usize> {
        let chunk = self.nodes.pop_chunk()?;
        self.list_bytes -= chunk.iter().map(|(_, node)| node.memory()).sum::<usize>();
        Some(chunk.len())
    }

    /// Adds a node that came from outside, after all others. One that has only deleted entries is left out.
    pub(super) fn push_node(&mut self, id: StreamId, list: Listpack) -> Result<(), Malformed> {
        let node = Node::from_listpack(id, list)?;
        let last = node.last_id(id);
        if id <= self.last_id {
            return Err(Malformed);
        }
        self.counters.last_id = last;
        let (live, _) = node.counts();
        if live > 0 {
            self.counters.len += live;
            self.list_bytes += node.memory();
            self.nodes.insert(id, node);
        }
        Ok(())
    }

    /// Sets the counters that came from outside with all nodes.
    pub(super) fn set_counters(&mut self, counters: Counters) -> Result<(), Malformed> {
        if counters.len != self.len || counters.last_id < self.last_id || !counters.are_possible() {
            return Err(Malformed);
        }
        self.counters = counters;
        self.find_first_id();
        Ok(())
    }

    fn find_first_id(&mut self) {
        let first = self.range(StreamId::MIN, StreamId::MAX).next().map(|entry| entry.id);
        self.counters.first_id = first.unwrap_or_default();
    }

    /// Adds an entry, whose id is above the last one.
    pub fn push(&mut self, id: StreamId, pairs: &[[&[u8]; 2]], limits: &StreamLimits) {
        debug_assert!(id > self.last_id);
        let bytes: usize = pairs.iter().map(|[name, value]| name.len() + value.len()).sum();
        let has_room = self.nodes.last().is_some_and(|(_, node)| {
            let (live, deleted) = node.counts();
            node.as_bytes().len().saturating_add(bytes) < limits.node_bytes_max()
                && limits.node_entries_max.is_none_or(|max| live + deleted < max)
        });
        if !has_room {
            let node = Node::new(pairs);
            self.list_bytes += node.memory();
            self.nodes.insert(id, node);
        }
        if let Some((node_id, node)) = self.nodes.last_mut() {
            let before = node.memory();
            node.push(node_id, id, pairs);
            self.list_bytes = self.list_bytes + node.memory() - before;
        }
        self.counters.len += 1;
        self.counters.added += 1;
        self.counters.last_id = id;
        if self.len == 1 {
            self.counters.first_id = id;
        }
    }

    /// Deletes an entry; whether it was there.
    pub fn delete(&mut self, id: StreamId) -> bool {
        let Some((node_id, node)) = self.nodes.at_or_below_mut(id) else { return false };
        let before = node.memory();
        let deleted = node.delete(node_id, |entry| (entry <= id).then_some(entry == id));
        self.list_bytes = self.list_bytes + node.memory() - before;
        if deleted == 0 {
            return false;
        }
        if node.counts().0 == 0 {
            self.remove_node(node_id);
        }
        self.counters.len -= 1;
        self.counters.max_deleted_id = self.max_deleted_id.max(id);
        if id == self.first_id {
            self.find_first_id();
        }
        true
    }

    fn remove_node(&mut self, id: StreamId) {
        if let Some(node) = self.nodes.remove(id) {
            self.list_bytes -= node.memory();
        }
    }

    /// Lets the oldest entries go; how many went.
    pub fn trim(&mut self, trim: &Trim) -> u64 {
        self.trim_telling(trim, None)
    }

    /// As [`Nodes::trim`]; `gone` is told the id of every entry that goes.
    pub(super) fn trim_telling(&mut self, trim: &Trim, mut gone: Option<&mut dyn FnMut(StreamId)>) -> u64 {
        let mut removed = 0;
        while let Some((id, node)) = self.nodes.first() {
            let (id, (live, _)) = (*id, node.counts());
            let is_done = match trim.to {
                TrimTo::Length(max) => self.len <= max,
                TrimTo::Id(min) => id >= min,
            };
            if is_done || trim.limit.is_some_and(|limit| removed + live > limit) {
                break;
            }
            let goes = match trim.to {
                TrimTo::Length(max) => self.len - live >= max,
                TrimTo::Id(min) => node.last_id(id) < min,
            };
            if goes {
                if let Some(gone) = gone.as_deref_mut() {
                    node.entries(id).for_each(|entry| gone(entry.id));
                }
                self.remove_node(id);
                self.counters.len -= live;
                removed += live;
                continue;
            }
            if !trim.is_approximate {
                removed += self.trim_node(id, trim.to, gone);
            }
            break;
        }
        if removed > 0 {
            self.find_first_id();
        }
        removed
    }

    /// Lets the oldest entries of the first node go.
    fn trim_node(&mut self, id: StreamId, to: TrimTo, mut gone: Option<&mut dyn FnMut(StreamId)>) -> u64 {
        let mut len = self.len;
        let Some(node) = self.nodes.get_mut(id) else { return 0 };
        let before = node.memory();
        let deleted = node.delete(id, |entry| {
            let goes = match to {
                TrimTo::Length(max) => len > max,
                TrimTo::Id(min) => entry < min,
            };
            len -= u64::from(goes);
            if goes && let Some(gone) = gone.as_deref_mut() {
                gone(entry);
            }
            goes.then_some(true)
        });
        self.list_bytes = self.list_bytes + node.memory() - before;
        if node.counts().0 == 0 {
            self.remove_node(id);
        }
        self.counters.len -= deleted;
        deleted
    }

    /// Deletes those of the entries that a trim would let go which `stays` does not hold back; their ids. What is held
    /// back counts as trimmed, not as left, so that a trim to a length looks further for others.
    pub(super) fn trim_around(&mut self, trim: &Trim, stays: &dyn Fn(StreamId) -> bool) -> Vec<StreamId> {
        let (mut deleted, mut seen, mut from) = (Vec::new(), 0, StreamId::MIN);
        loop {
            let next = self.nodes.from(from).next();
            let Some((id, node)) = next.map(|(id, node)| (*id, node)) else { break };
            let ((live, _), last) = (node.counts(), node.last_id(id));
            let (is_done, is_whole) = match trim.to {
                TrimTo::Length(max) => (self.len <= max, self.len - live >= max),
                TrimTo::Id(min) => (id >= min, last < min),
            };
            let is_over = trim.limit.is_some_and(|limit| seen + live > limit);
            if is_done || is_over || (trim.is_approximate && !is_whole) {
                break;
            }
            seen += live;
            let mut len = self.len;
            self.delete_in(id, &mut deleted, |entry| {
                match trim.to {
                    TrimTo::Length(max) if len <= max => return None,
                    TrimTo::Id(min) if entry >= min => return None,
                    _ => {}
                }
                let goes = !stays(entry);
                len -= u64::from(goes);
                Some(goes)
            });
            let Some(next) = last.next() else { break };
            from = next;
        }
        if !deleted.is_empty() {
            self.find_first_id();
        }
        deleted
    }

    /// Deletes entries of one node as XDEL would, and adds their ids to `deleted`.
    fn delete_in(
        &mut self,
        node_id: StreamId,
        deleted: &mut Vec<StreamId>,
        mut picked: impl FnMut(StreamId) -> Option<bool>,
    ) {
        let Some(node) = self.nodes.get_mut(node_id) else { return };
        let before = node.memory();
        let count = node.delete(node_id, |entry| {
            let goes = picked(entry)?;
            if goes {
                deleted.push(entry);
            }
            Some(goes)
        });
        self.list_bytes = self.list_bytes + node.memory() - before;
        if node.counts().0 == 0 {
            self.remove_node(node_id);
        }
        if count > 0 {
            self.counters.len -= count;
            let last = deleted.last().copied().unwrap_or_default();
            self.counters.max_deleted_id = self.counters.max_deleted_id.max(last);
        }
    }

    /// Entries from `start` to `end`, both included.
    pub fn range(&self, start: StreamId, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        // The first entry may lie inside a node that begins before it.
        let from = self.nodes.down_from(start).next().map_or(start, |(id, _)| *id);
        self.nodes
            .from(from)
            .flat_map(|(id, node)| node.entries(*id))
            .skip_while(move |entry| entry.id < start)
            .take_while(move |entry| entry.id <= end)
    }

    /// Entries from `end` down to `start`, both included.
    pub fn range_back(&self, start: StreamId, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        self.nodes
            .down_from(end)
            .flat_map(|(id, node)| node.entries_back(*id))
            .skip_while(move |entry| entry.id > end)
            .take_while(move |entry| entry.id >= start)
    }

    /// The entry of an id.
    pub fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        self.range(id, id).next()
    }

    /// The id of the last entry.
    pub fn last_entry_id(&self) -> Option<StreamId> {
        Some(self.range_back(StreamId::MIN, StreamId::MAX).next()?.id)
    }

    /// Sets what XSETID sets; the caller has compared it with what is there.
    pub fn set_id(&mut self, last_id: StreamId, added: Option<u64>, max_deleted_id: Option<StreamId>) {
        let counters = &mut self.counters;
        counters.last_id = last_id;
        counters.added = added.unwrap_or(counters.added);
        counters.max_deleted_id = max_deleted_id.unwrap_or(counters.max_deleted_id);
    }
}
