//! Lists: elements in order, reached quickly at both ends and by index.
//!
//! A small list is one listpack. Past `list-max-listpack-size` it becomes a quicklist, a row of listpacks that keep to
//! that limit and of large elements on their own; when it has shrunk to half of a listpack it is one again, as in Redis
//! 7.2.

mod edit;
mod limits;
mod node;
mod quicklist;
mod read;

pub use limits::ListLimits;

use node::{Node, NodeRef};
use quicklist::Quicklist;

use super::collection::{ValueType, collection_casts};
use super::garbage::Heap;
use super::listpack::Listpack;

/// One of the two ends of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where index 0 is.
    Head,
    /// Where index -1 is.
    Tail,
}

/// A list.
#[derive(Clone, Debug)]
pub struct List {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Packed(Listpack),
    Nodes(Box<Quicklist>),
}

impl Default for List {
    fn default() -> Self {
        Self { form: Form::Packed(Listpack::new()) }
    }
}

/// One of the buffers that a list is made of.
#[derive(Clone, Copy, Debug)]
pub enum Chunk<'a> {
    /// Some elements.
    Packed(&'a Listpack),
    /// One large element.
    Plain(&'a [u8]),
}

impl List {
    /// Number of buffers that the list is made of.
    pub fn chunks_len(&self) -> usize {
        match &self.form {
            Form::Packed(_) => 1,
            Form::Nodes(nodes) => nodes.nodes().len(),
        }
    }

    /// The buffers that the list is made of, in order.
    pub fn chunks(&self) -> impl Iterator<Item = Chunk<'_>> {
        (0..self.chunks_len()).filter_map(|index| self.node(index)).map(|node| match node {
            NodeRef::Packed(list) => Chunk::Packed(list),
            NodeRef::Plain(bytes) => Chunk::Plain(bytes),
        })
    }

    /// Adds the elements of a listpack from outside at the tail.
    pub fn append(&mut self, list: Listpack, limits: ListLimits) {
        if list.is_empty() {
            return;
        }
        let node = Node::packed(list);
        match node.as_ref() {
            NodeRef::Packed(list) if !limits.allow(list.as_bytes().len(), node.len()) => {
                for (_, raw) in list.iter() {
                    self.push(End::Tail, &super::listpack::item(raw), limits);
                }
            }
            _ => self.make_nodes().push_node(node),
        }
    }

    /// Makes the list a listpack if it is a quicklist of one that is no larger than it may be.
    pub fn fit(&mut self, limits: ListLimits) {
        self.unwrap_if(|bytes, elements| limits.allow(bytes, elements));
    }

    /// As [`List::fit`], with room to grow. After a removal.
    fn shrink(&mut self, limits: ListLimits) {
        self.unwrap_if(|bytes, elements| limits.allow_by_far(bytes, elements));
    }

    fn unwrap_if(&mut self, allow: impl Fn(usize, usize) -> bool) {
        let Form::Nodes(nodes) = &mut self.form else { return };
        if let Some(list) = nodes.take_single(allow) {
            self.form = Form::Packed(list);
        }
    }

    fn make_nodes(&mut self) -> &mut Quicklist {
        if let Form::Packed(list) = &mut self.form {
            let mut nodes = Quicklist::default();
            if !list.is_empty() {
                nodes.push_node(Node::packed(std::mem::take(list)));
            }
            self.form = Form::Nodes(Box::new(nodes));
        }
        match &mut self.form {
            Form::Nodes(nodes) => nodes,
            Form::Packed(_) => unreachable!("a listpack was made a quicklist above"),
        }
    }
}

impl ValueType for List {
    collection_casts!(List);

    fn len(&self) -> usize {
        self.len()
    }

    fn memory(&self) -> usize {
        match &self.form {
            Form::Packed(list) => list.memory(),
            Form::Nodes(nodes) => nodes.memory(),
        }
    }

    fn encoding(&self) -> &'static str {
        match &self.form {
            Form::Packed(_) => "listpack",
            Form::Nodes(_) => "quicklist",
        }
    }

    fn into_heap(self) -> Option<Heap> {
        match self.form {
            Form::Packed(_) => None,
            Form::Nodes(nodes) => Some(Heap::Parts(nodes)),
        }
    }
}
