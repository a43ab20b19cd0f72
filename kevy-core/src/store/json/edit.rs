//! Changing documents. A place that is no longer there is left alone.

use std::cmp::Reverse;
use std::ops::Range;

use super::Json;
use super::node::{Members, Node, Number, Size};
use super::path::Location;

/// By how much a size changes.
#[derive(Debug, Default)]
struct Tally {
    bytes: isize,
    values: isize,
}

impl Tally {
    fn add(&mut self, size: Size) {
        self.bytes += size.bytes as isize;
        self.values += size.values as isize;
    }

    fn take(&mut self, size: Size) {
        self.bytes -= size.bytes as isize;
        self.values -= size.values as isize;
    }
}

impl Json {
    /// Lets `edit` change the node at a place and count what comes and goes inside it.
    fn edit<R>(&mut self, at: &[u32], edit: impl FnOnce(&mut Node, &mut Tally) -> R) -> Option<R> {
        let document = &mut *self.0;
        let node = at.iter().try_fold(&mut document.root, |node, &position| node.child_mut(position))?;
        let mut tally = Tally::default();
        tally.bytes -= node.own_bytes() as isize;
        let result = edit(node, &mut tally);
        tally.bytes += node.own_bytes() as isize;
        document.size.bytes = document.size.bytes.wrapping_add_signed(tally.bytes);
        document.size.values = document.size.values.wrapping_add_signed(tally.values);
        Some(result)
    }

    fn edit_array<R>(&mut self, at: &[u32], edit: impl FnOnce(&mut Vec<Node>, &mut Tally) -> R) -> Option<R> {
        self.edit(at, |node, tally| match node {
            Node::Array(elements) => Some(edit(elements, tally)),
            _ => None,
        })
        .flatten()
    }

    /// Puts `node` at a place; whether the place is there.
    pub fn replace(&mut self, at: &[u32], node: Node) -> bool {
        if at.is_empty() {
            *self = Self::new(node);
            return true;
        }
        self.edit(at, |old, tally| {
            tally.take(inside(old));
            tally.add(inside(&node));
            *old = node;
        })
        .is_some()
    }

    /// Adds a member to an object; whether there is an object without such a member.
    pub fn add_member(&mut self, at: &[u32], key: &str, node: Node) -> bool {
        self.edit(at, |object, tally| match object {
            Node::Object(members) if !members.contains_key(key) => {
                tally.add(Size::of_member(key, &node));
                members.insert(key.into(), node);
                true
            }
            _ => false,
        })
        .unwrap_or_default()
    }

    /// Merges `patch` into the value at a place by RFC 7396; whether the place is there.
    pub fn merge(&mut self, at: &[u32], patch: &Node) -> bool {
        self.edit(at, |node, tally| merge(node, patch, tally)).is_some()
    }

    /// Removes the values at places, except for the root; those inside another one go with it. How many went.
    pub fn remove(&mut self, mut places: Vec<Location>) -> usize {
        places.sort_unstable();
        places.dedup_by(|place, before| place.starts_with(before));
        // The deepest first: what goes then moves nothing that lies further out.
        places.sort_by_key(|place| Reverse(place.len()));
        let mut removed = 0;
        for siblings in places.chunk_by(|a, b| parent(a) == parent(b)) {
            let Some(at) = siblings.first().and_then(|first| parent(first)) else { continue };
            let positions: Vec<usize> =
                siblings.iter().filter_map(|place| place.last()).map(|&position| position as usize).collect();
            let gone = self.edit(at, |node, tally| match node {
                Node::Array(elements) => remove_elements(elements, &positions, tally),
                Node::Object(members) => remove_members(members, &positions, tally),
                _ => 0,
            });
            removed += gone.unwrap_or_default();
        }
        removed
    }

    /// Puts a number in the place of the one that is there.
    pub fn set_number(&mut self, at: &[u32], number: Number) -> bool {
        let node = match number {
            Number::Int(value) => Node::Int(value),
            Number::Float(value) => Node::Float(value),
        };
        self.replace(at, node)
    }

    /// Turns a boolean into the other one, and returns that.
    pub fn toggle(&mut self, at: &[u32]) -> Option<bool> {
        self.edit(at, |node, _| match node {
            Node::Bool(value) => {
                *value = !*value;
                Some(*value)
            }
            _ => None,
        })
        .flatten()
    }

    /// Appends to a string; how many bytes it has then.
    pub fn append_text(&mut self, at: &[u32], text: &str) -> Option<usize> {
        self.edit(at, |node, _| match node {
            Node::String(old) => {
                let mut longer = String::with_capacity(old.len() + text.len());
                longer.push_str(old);
                longer.push_str(text);
                *old = longer.into();
                Some(old.len())
            }
            _ => None,
        })
        .flatten()
    }

    /// Empties an array or an object and makes a number 0; whether there is such a value that was not so before.
    pub fn clear(&mut self, at: &[u32]) -> bool {
        let is_clear = |node: &Node| match node {
            Node::Array(_) | Node::Object(_) => node.children() == 0,
            _ => node.as_number().is_none_or(|number| number.to_f64() == 0.0),
        };
        match self.get(at) {
            Some(node) if !is_clear(node) => {}
            _ => return false,
        }
        let empty = match self.get(at) {
            Some(Node::Array(_)) => Node::Array(Vec::new()),
            Some(Node::Object(_)) => Node::empty_object(),
            _ => Node::Int(0),
        };
        self.replace(at, empty)
    }

    /// Inserts elements before the one at `index`, which is at most the length; how many there are then.
    pub fn insert_elements(&mut self, at: &[u32], index: usize, nodes: &[Node]) -> Option<usize> {
        self.edit_array(at, |elements, tally| {
            let index = index.min(elements.len());
            elements.splice(index..index, nodes.iter().cloned());
            // A clone may have allocated less than what it was made from.
            elements[index..index + nodes.len()].iter().for_each(|node| tally.add(node.size()));
            elements.len()
        })
    }

    /// Appends elements; how many there are then.
    pub fn append_elements(&mut self, at: &[u32], nodes: &[Node]) -> Option<usize> {
        self.insert_elements(at, usize::MAX, nodes)
    }

    /// Takes an element out of an array.
    pub fn take_element(&mut self, at: &[u32], index: usize) -> Option<Node> {
        self.edit_array(at, |elements, tally| {
            let node = (index < elements.len()).then(|| elements.remove(index))?;
            tally.take(node.size());
            shrink(elements);
            Some(node)
        })
        .flatten()
    }

    /// Removes what lies outside of a range of elements; how many there are then.
    pub fn trim(&mut self, at: &[u32], range: Range<usize>) -> Option<usize> {
        self.edit_array(at, |elements, tally| {
            let end = range.end.min(elements.len());
            elements.drain(end..).for_each(|node| tally.take(node.size()));
            elements.drain(..range.start.min(end)).for_each(|node| tally.take(node.size()));
            shrink(elements);
            elements.len()
        })
    }
}

/// The size of a value without what it allocates itself, which is counted apart.
fn inside(node: &Node) -> Size {
    let size = node.size();
    Size { bytes: size.bytes - node.own_bytes(), values: size.values }
}

fn parent(place: &[u32]) -> Option<&[u32]> {
    place.split_last().map(|(_, parent)| parent)
}

/// Gives memory back that an array does not need any more.
fn shrink(elements: &mut Vec<Node>) {
    if elements.capacity() > 4 * elements.len() {
        elements.shrink_to(2 * elements.len());
    }
}

/// `positions` ascend.
fn remove_elements(elements: &mut Vec<Node>, positions: &[usize], tally: &mut Tally) -> usize {
    let before = elements.len();
    let mut positions = positions.iter().peekable();
    let mut position = 0;
    elements.retain(|node| {
        let stays = positions.next_if(|next| **next == position).is_none();
        position += 1;
        if !stays {
            tally.take(node.size());
        }
        stays
    });
    shrink(elements);
    before - elements.len()
}

/// `positions` ascend.
fn remove_members(members: &mut Members, positions: &[usize], tally: &mut Tally) -> usize {
    let mut removed = 0;
    for &position in positions.iter().rev() {
        if let Some((key, node)) = members.swap_remove_index(position) {
            tally.take(Size::of_member(&key, &node));
            removed += 1;
        }
    }
    if members.capacity() > 8 * (members.len() + 1) {
        members.shrink_to(2 * members.len());
    }
    removed
}

/// Merges without counting what `node` itself allocates.
fn merge(node: &mut Node, patch: &Node, tally: &mut Tally) {
    let Node::Object(changes) = patch else {
        tally.take(inside(node));
        *node = patch.clone();
        tally.add(inside(node));
        return;
    };
    if node.as_object().is_none() {
        tally.take(inside(node));
        *node = Node::empty_object();
        tally.add(inside(node));
    }
    let Node::Object(members) = node else { return };
    for (key, change) in &**changes {
        if let Node::Null = change {
            if let Some(old) = members.swap_remove(key) {
                tally.take(Size::of_member(key, &old));
            }
        } else if let Some(member) = members.get_mut(key) {
            tally.bytes -= member.own_bytes() as isize;
            merge(member, change, tally);
            tally.bytes += member.own_bytes() as isize;
        } else {
            let mut member = Node::Null;
            merge(&mut member, change, &mut Tally::default());
            tally.add(Size::of_member(key, &member));
            members.insert(key.clone(), member);
        }
    }
}
