//! What can be done to a list.

use super::node::{NodeRef, Wanted, remove_from};
use super::{End, Form, List, ListLimits};

impl List {
    /// Adds an element at an end.
    pub fn push(&mut self, end: End, value: &[u8], limits: ListLimits) {
        match self.packed_with_room(value, limits) {
            Some(list) => {
                let at = match end {
                    End::Head => NodeRef::Packed(list).end(End::Head),
                    End::Tail => list.end(),
                };
                list.insert(at, value);
            }
            None => self.make_nodes().push(end, value, limits),
        }
    }

    /// Puts an element before the one at `index`, or at the tail if there is none.
    pub fn insert(&mut self, index: usize, value: &[u8], limits: ListLimits) {
        match self.packed_with_room(value, limits) {
            Some(list) => {
                let at = NodeRef::Packed(list).before(index, list.len(), End::Head);
                list.insert(at, value);
            }
            None => self.make_nodes().insert(index, value, limits),
        }
    }

    /// Puts another value in the place of the element at `index`; whether there is one.
    pub fn replace(&mut self, index: usize, value: &[u8], limits: ListLimits) -> bool {
        if index >= self.len() {
            return false;
        }
        match self.packed_with_room(value, limits) {
            Some(list) => {
                let at = NodeRef::Packed(list).before(index, list.len(), End::Head);
                list.replace(at, value);
            }
            None => {
                self.make_nodes().replace(index, value, limits);
                self.shrink(limits);
            }
        }
        true
    }

    /// The listpack that the list is, if it is one that one more element may be put into.
    fn packed_with_room(
        &mut self,
        value: &[u8],
        limits: ListLimits,
    ) -> Option<&mut crate::store::listpack::Listpack> {
        match &mut self.form {
            Form::Packed(list) => {
                let bytes = list.as_bytes().len().saturating_add(value.len());
                limits.allow(bytes, list.len() + 1).then_some(list)
            }
            Form::Nodes(_) => None,
        }
    }

    /// Removes up to `count` elements from the one at `index` on.
    pub fn delete(&mut self, index: usize, count: usize, limits: ListLimits) {
        match &mut self.form {
            Form::Packed(list) => {
                let at = NodeRef::Packed(list).before(index, list.len(), End::Head);
                list.delete(at, count);
            }
            Form::Nodes(nodes) => {
                nodes.delete(index, count);
                self.shrink(limits);
            }
        }
    }

    /// Removes up to `count` elements from an end.
    pub fn delete_at(&mut self, end: End, count: usize, limits: ListLimits) {
        let index = match end {
            End::Head => 0,
            End::Tail => self.len().saturating_sub(count),
        };
        self.delete(index, count, limits);
    }

    /// Removes up to `count` of the elements that equal `value`, those nearest to `from` first. How many there were.
    pub fn remove(&mut self, value: &[u8], from: End, count: usize, limits: ListLimits) -> usize {
        let wanted = Wanted::new(value);
        match &mut self.form {
            Form::Packed(list) => {
                let found = NodeRef::Packed(list).count(|raw| wanted.is(raw));
                let removed = found.min(count);
                if removed > 0 {
                    remove_from(list, wanted, if from == End::Head { 0 } else { found - removed }, removed);
                }
                removed
            }
            Form::Nodes(nodes) => {
                let removed = nodes.remove(wanted, count, from);
                self.shrink(limits);
                removed
            }
        }
    }
}
