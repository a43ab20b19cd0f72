//! Streams: entries of fields and values under ascending ids, and groups of consumers that read them.
//!
//! Entries are kept in macro nodes, listpacks that are saved as they are. A stream stays when its last entry goes.

mod group;
mod id;
#[cfg(test)]
pub mod model;
mod node;
mod nodes;
mod progress;
mod radix_tree;
mod references;
mod remains;
#[cfg(test)]
mod tests;

pub use group::{Consumer, Group, Pending};
pub use id::StreamId;
pub use node::Entry;
pub use nodes::{Counters, Nodes, Trim, TrimTo};
pub use references::{Dropped, References};

use super::collection::{ValueType, collection_casts};
use super::garbage::Heap;
use super::listpack::{Listpack, Malformed};

/// How large a macro node may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// `stream-node-max-bytes`; `None` for the most a listpack may have.
    pub node_bytes_max: Option<usize>,
    /// `stream-node-max-entries`; `None` for any number.
    pub node_entries_max: Option<u64>,
}

/// The most bytes that a macro node, and so an entry, may have.
const LISTPACK_BYTES_MAX: usize = 1 << 30;

impl Default for StreamLimits {
    fn default() -> Self {
        Self { node_bytes_max: Some(4096), node_entries_max: Some(100) }
    }
}

impl StreamLimits {
    fn node_bytes_max(&self) -> usize {
        self.node_bytes_max.unwrap_or(LISTPACK_BYTES_MAX).min(LISTPACK_BYTES_MAX)
    }
}

/// Whether an entry of so many bytes in its fields and values can be kept.
pub fn can_hold(bytes: usize) -> bool {
    bytes <= LISTPACK_BYTES_MAX
}

/// A stream.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    body: Box<Body>,
}

#[derive(Debug, Default)]
struct Body {
    nodes: Nodes,
    /// In the order of names.
    groups: Vec<Group>,
    /// Bytes allocated by the groups.
    group_bytes: usize,
}

impl Clone for Body {
    fn clone(&self) -> Self {
        let groups = self.groups.clone();
        let group_bytes = groups.iter().map(Group::memory).sum();
        Self { nodes: self.nodes.clone(), groups, group_bytes }
    }
}

impl Stream {
    /// The entries.
    pub fn nodes(&self) -> &Nodes {
        &self.body.nodes
    }

    /// The entries, to be changed.
    pub fn nodes_mut(&mut self) -> &mut Nodes {
        &mut self.body.nodes
    }

    /// Groups in the order of their names.
    pub fn groups(&self) -> &[Group] {
        &self.body.groups
    }

    fn place(&self, name: &[u8]) -> Result<usize, usize> {
        self.body.groups.binary_search_by(|group| group.name().cmp(name))
    }

    /// The group of a name.
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        Some(&self.body.groups[self.place(name).ok()?])
    }

    /// Lets `edit` change the group of a name, with the entries beside it. `None` if there is none.
    pub fn edit_group<R>(&mut self, name: &[u8], edit: impl FnOnce(&mut Group, &Nodes) -> R) -> Option<R> {
        let place = self.place(name).ok()?;
        let Body { nodes, groups, group_bytes } = &mut *self.body;
        let group = &mut groups[place];
        let before = group.memory();
        let result = edit(group, nodes);
        *group_bytes = *group_bytes + group.memory() - before;
        Some(result)
    }

    /// Adds a group; false where there is one of that name.
    pub fn add_group(&mut self, name: &[u8], last_id: StreamId, entries_read: Option<u64>) -> bool {
        let Err(place) = self.place(name) else { return false };
        let group = Group::new(name, last_id, entries_read);
        self.body.group_bytes += group.memory();
        self.body.groups.insert(place, group);
        true
    }

    /// Removes a group; whether it was there.
    pub fn remove_group(&mut self, name: &[u8]) -> bool {
        let Ok(place) = self.place(name) else { return false };
        self.body.group_bytes -= self.body.groups.remove(place).memory();
        true
    }

    /// Adds a macro node that came from outside, after all others.
    pub(super) fn push_node(&mut self, id: StreamId, list: Listpack) -> Result<(), Malformed> {
        self.body.nodes.push_node(id, list)
    }

    /// Sets the counters that came from outside with all nodes.
    pub(super) fn set_counters(&mut self, counters: Counters) -> Result<(), Malformed> {
        self.body.nodes.set_counters(counters)
    }
}

impl ValueType for Stream {
    collection_casts!(Stream);

    fn len(&self) -> usize {
        let pending: usize = self.body.groups.iter().map(Group::pending_len).sum();
        self.body.nodes.node_count() + self.body.groups.len() + pending
    }

    fn is_gone(&self) -> bool {
        false
    }

    fn memory(&self) -> usize {
        size_of::<Body>()
            + self.body.nodes.memory()
            + self.body.groups.capacity() * size_of::<Group>()
            + self.body.group_bytes
    }

    fn encoding(&self) -> &'static str {
        "stream"
    }

    fn into_heap(self) -> Option<Heap> {
        Some(remains::heap(self))
    }
}
