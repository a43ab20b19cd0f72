//! A document that is being freed value by value.

use super::Document;
use super::node::{Node, Size};
use crate::store::garbage::Parts;

/// What is left of a document: containers, each inside the one before, of which the last is emptied first.
#[derive(Debug)]
pub(super) struct Remains {
    open: Vec<Node>,
    bytes: usize,
}

impl Remains {
    pub(super) fn of(document: Document) -> Self {
        Self { open: vec![document.root], bytes: document.size.bytes }
    }
}

impl Parts for Remains {
    fn memory(&self) -> usize {
        size_of::<Self>() + self.bytes
    }

    fn free_one(&mut self) -> bool {
        let Some(last) = self.open.last_mut() else { return false };
        let inner = match last {
            Node::Array(elements) => elements.pop().map(|node| (0, node)),
            Node::Object(members) => members.pop().map(|(key, node)| (key.len(), node)),
            _ => None,
        };
        match inner {
            Some((key_bytes, node @ (Node::Array(_) | Node::Object(_)))) => {
                self.bytes -= key_bytes;
                self.open.push(node);
            }
            Some((key_bytes, node)) => {
                let Size { bytes, .. } = node.size();
                self.bytes -= key_bytes + bytes;
            }
            None => {
                // Emptying does not give back what a container itself has allocated.
                self.bytes -= last.own_bytes();
                self.open.pop();
            }
        }
        true
    }
}
