//! Reads replies: what a server answers, in RESP2 or RESP3.
//!
//! A [`Tree`] says where each part of an encoded reply stands, in one flat vector that is used again for the next
//! reply. It backs the in-process reply handles and every client of kevy's own; [`Value`](super::Value) is the
//! owned form.

use super::element::{Found, REPLY_LEN_MIN, Raw, UNREAD, element, short_scalar};
use super::{Node, ProtocolError};

/// How deep arrays, maps, sets, pushes and attributes may be nested.
pub const DEPTH_MAX: usize = 128;
/// A tree that once held more nodes than this gives their memory back.
const NODES_KEPT_MAX: usize = 16 * 1024;

/// The type of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A simple string.
    Simple,
    /// An error, simple or bulk.
    Error,
    /// A signed integer of 64 bits.
    Integer,
    /// A bulk string.
    Bulk,
    /// The absence of a value, in any of its three encodings.
    Null,
    /// An array.
    Array,
    /// A map; its children are key, value, key, value.
    Map,
    /// A set.
    Set,
    /// An out-of-band message.
    Push,
    /// A double.
    Double,
    /// A boolean.
    Boolean,
    /// Text with a format.
    Verbatim,
    /// An integer of any size, in decimal.
    BigNumber,
    /// Attributes: its children are key, value, key, value, and last the reply that they describe.
    Attribute,
}

impl Kind {
    /// True for the kinds that have children.
    pub fn is_aggregate(self) -> bool {
        matches!(self, Self::Array | Self::Map | Self::Set | Self::Push | Self::Attribute)
    }
}

/// The slots of an aggregate's children that are still to be read.
#[derive(Clone, Copy, Debug)]
struct Open {
    next: usize,
    end: usize,
}

/// Where the parts of one encoded reply stand.
#[derive(Debug, Default)]
pub struct Tree {
    /// The root, then every aggregate's children side by side.
    nodes: Vec<Raw>,
    /// The aggregates around the place that reading has reached, outermost first.
    open: Vec<Open>,
    /// The first byte not read yet.
    at: usize,
    /// How many bytes after its type are known to hold no line end.
    searched: usize,
    /// How many nodes have a place and are not read yet.
    unread: usize,
}

/// Puts an error in the place of every whole reply of `buf` between `from` and `to`; what nobody asked for stays. Returns
/// where that ends now.
#[cold]
pub fn fail_replies(buf: &mut Vec<u8>, from: usize, to: usize, error: &str) -> usize {
    let rest = buf.split_off(to.min(buf.len()));
    let replies = buf.split_off(from.min(buf.len()));
    let mut tree = Tree::new();
    let mut at = 0;
    while let Ok(Some(len)) = tree.parse(&replies[at..]) {
        if len == 0 {
            break;
        }
        let reply = &replies[at..at + len];
        if reply.first() == Some(&b'>') {
            buf.extend_from_slice(reply);
        } else {
            buf.push(b'-');
            buf.extend_from_slice(error.as_bytes());
            buf.extend_from_slice(b"\r\n");
        }
        at += len;
    }
    let end = buf.len();
    buf.extend_from_slice(&rest);
    end
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the reply at the start of `buf` and returns how many bytes it takes, or `None` where it is not there
    /// whole.
    ///
    /// Memory follows the bytes that are there, never a declared length.
    ///
    /// # Errors
    /// Where the bytes are no reply.
    #[inline]
    pub fn parse(&mut self, buf: &[u8]) -> Result<Option<usize>, ProtocolError> {
        self.nodes.clear();
        if self.nodes.capacity() > NODES_KEPT_MAX {
            self.nodes = Vec::new();
        }
        if let Some((raw, end)) = short_scalar(buf, 0) {
            self.unread = 0;
            self.nodes.push(raw);
            return Ok(Some(end));
        }
        self.parse_any(buf)
    }

    fn parse_any(&mut self, buf: &[u8]) -> Result<Option<usize>, ProtocolError> {
        self.at = 0;
        self.searched = 0;
        if let Found::Scalar { raw, end } = element(buf, self.at, &mut self.searched)? {
            self.unread = 0;
            self.nodes.push(raw);
            return Ok(Some(end));
        }
        self.nodes.push(UNREAD);
        self.open.clear();
        self.open.push(Open { next: 0, end: 1 });
        self.unread = 1;
        self.resume(buf)
    }

    /// Goes on where [`parse`](Self::parse) or this function returned `None`; `buf` holds the same bytes as then
    /// and those that came after.
    ///
    /// # Errors
    /// Where the bytes are no reply.
    pub fn resume(&mut self, buf: &[u8]) -> Result<Option<usize>, ProtocolError> {
        'aggregates: while let Some(open) = self.open.last().copied() {
            let mut slot = open.next;
            while slot < open.end {
                if let Some((raw, end)) = short_scalar(buf, self.at) {
                    self.nodes[slot] = raw;
                    self.accept(end);
                    slot += 1;
                    continue;
                }
                match element(buf, self.at, &mut self.searched)? {
                    Found::Scalar { raw, end } => {
                        self.nodes[slot] = raw;
                        self.accept(end);
                        slot += 1;
                    }
                    Found::Aggregate { kind, children, end } => {
                        if !self.has_bytes_for(children, buf.len() - end) {
                            self.pause(slot);
                            return Ok(None);
                        }
                        let first = self.nodes.len();
                        self.nodes[slot] = Raw { kind, start: first, word: children as u64 };
                        self.nodes.resize(first + children, UNREAD);
                        self.unread += children;
                        self.accept(end);
                        slot += 1;
                        if children > 0 {
                            if self.open.len() > DEPTH_MAX {
                                return Err(ProtocolError::TooDeep);
                            }
                            self.pause(slot);
                            self.open.push(Open { next: first, end: first + children });
                            continue 'aggregates;
                        }
                    }
                    Found::Incomplete => {
                        self.pause(slot);
                        return Ok(None);
                    }
                }
            }
            self.open.pop();
        }
        Ok(Some(self.at))
    }

    /// Notes that one node is read, and where the next begins.
    #[inline]
    fn accept(&mut self, end: usize) {
        self.at = end;
        self.searched = 0;
        self.unread -= 1;
    }

    /// Notes the slot of the innermost aggregate that comes next.
    fn pause(&mut self, slot: usize) {
        if let Some(open) = self.open.last_mut() {
            open.next = slot;
        }
    }

    /// Whether an aggregate of `children` may have places for them, `rest` bytes being there after its header.
    ///
    /// Every element still to come takes some bytes: a length that needs more than there are waits for them.
    fn has_bytes_for(&mut self, children: usize, rest: usize) -> bool {
        let bytes_min = (self.unread - 1).saturating_add(children).saturating_mul(REPLY_LEN_MIN);
        rest >= bytes_min
    }

    /// The reply itself; `buf` is the buffer it was read from.
    ///
    /// # Panics
    /// Where no whole reply was read.
    #[inline]
    pub fn root<'a>(&'a self, buf: &'a [u8]) -> Node<'a> {
        self.node(0, buf)
    }

    /// The node of index `index`, below [`len`](Self::len): 0 is the root, and [`Node::index`] tells the others'.
    ///
    /// # Panics
    /// Where there is no such node.
    #[inline]
    pub fn node<'a>(&'a self, index: usize, buf: &'a [u8]) -> Node<'a> {
        assert!(self.unread == 0, "the reply is not read whole");
        Node { nodes: &self.nodes, buf, index, raw: self.nodes[index] }
    }

    /// How many nodes there are.
    #[cfg(any(test, feature = "fuzzing"))]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }
}
