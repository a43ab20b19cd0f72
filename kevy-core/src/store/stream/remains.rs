//! What is left of a stream while it is freed.

use crate::store::garbage::{Heap, Parts};

use super::{Body, Group, Stream};

pub(super) fn heap(stream: Stream) -> Heap {
    Heap::Parts(stream.body)
}

impl Parts for Body {
    fn memory(&self) -> usize {
        size_of::<Self>()
            + self.nodes.memory()
            + self.groups.capacity() * size_of::<Group>()
            + self.group_bytes
    }

    fn free_one(&mut self) -> bool {
        if self.nodes.pop_nodes().is_some() {
            return true;
        }
        let Some(group) = self.groups.last_mut() else { return false };
        let before = group.memory();
        let is_left = group.free_some();
        let after = if is_left { group.memory() } else { 0 };
        self.group_bytes = self.group_bytes + after - before;
        if !is_left {
            self.groups.pop();
        }
        true
    }
}
