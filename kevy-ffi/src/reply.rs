//! Replies: one value, or a tree of them.
//!
//! A reply that is no aggregate takes no allocation: it stands in the handle that gave it. The parts of an
//! aggregate stand side by side in one vector that is used again for the next reply.

use std::ptr;

use kevy_core::api::{self, ErrorKind, Kind};

use crate::boundary::quietly;
use crate::bytes::kevy_bytes;
use crate::handle::{self, Ended};
use crate::status::{self, KEVY_OK, kevy_status};

/// A reply or a part of one. A reply is borrowed from what gave it until that is used again; a clone is the
/// caller's. Any number of threads may read it meanwhile.
pub struct kevy_reply {
    _opaque: [u8; 0],
}

/// There is no reply: the pointer was NULL.
pub const KEVY_REPLY_NONE: i32 = 0;
/// A simple string such as OK: read it with kevy_reply_bytes().
pub const KEVY_REPLY_SIMPLE: i32 = 1;
/// An error reply: kevy_reply_bytes() is its text, kevy_reply_error_status() what it stands for.
pub const KEVY_REPLY_ERROR: i32 = 2;
/// A signed integer: kevy_reply_integer().
pub const KEVY_REPLY_INTEGER: i32 = 3;
/// A string of bytes: kevy_reply_bytes().
pub const KEVY_REPLY_BULK: i32 = 4;
/// The absence of a value.
pub const KEVY_REPLY_NULL: i32 = 5;
/// An array: kevy_reply_len(), kevy_reply_at().
pub const KEVY_REPLY_ARRAY: i32 = 6;
/// A map: its parts are key, value, key, value.
pub const KEVY_REPLY_MAP: i32 = 7;
/// A set.
pub const KEVY_REPLY_SET: i32 = 8;
/// A message that nobody asked for: from kevy_session_next_push().
pub const KEVY_REPLY_PUSH: i32 = 9;
/// A double: kevy_reply_double().
pub const KEVY_REPLY_DOUBLE: i32 = 10;
/// A boolean: kevy_reply_boolean().
pub const KEVY_REPLY_BOOLEAN: i32 = 11;
/// Text with a format: kevy_reply_bytes() is the text.
pub const KEVY_REPLY_VERBATIM: i32 = 12;
/// An integer of any size: kevy_reply_bytes() is its decimal text.
pub const KEVY_REPLY_BIG_NUMBER: i32 = 13;

const TAG: u32 = u32::from_le_bytes(*b"krep");

/// What a `kevy_reply` points to.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Node {
    tag: u32,
    kind: i32,
    data: *const u8,
    /// The length of `data`, or the number of children.
    len: usize,
    /// An integer, or the bits of a double.
    word: u64,
    /// Of an aggregate with children, the first of them.
    children: *const Self,
}

/// A reply with all its parts.
#[repr(C)]
#[derive(Debug)]
pub struct Tree {
    root: Node,
    nodes: Vec<Node>,
    /// Of a clone, the bytes that its nodes point to.
    bytes: Vec<u8>,
}

// SAFETY: the pointers lead into the tree's own vectors, or into the buffer of the session beside it, which moves
// between threads together with it.
unsafe impl Send for Tree {}

/// More nodes than this are given back when the next reply comes.
const NODES_KEPT_MAX: usize = 16 * 1024;

fn kind_number(kind: Kind) -> i32 {
    match kind {
        Kind::Simple => KEVY_REPLY_SIMPLE,
        Kind::Error => KEVY_REPLY_ERROR,
        Kind::Integer => KEVY_REPLY_INTEGER,
        Kind::Bulk => KEVY_REPLY_BULK,
        // An attribute always has the reply it describes, so none is left where this is asked.
        Kind::Null | Kind::Attribute => KEVY_REPLY_NULL,
        Kind::Array => KEVY_REPLY_ARRAY,
        Kind::Map => KEVY_REPLY_MAP,
        Kind::Set => KEVY_REPLY_SET,
        Kind::Push => KEVY_REPLY_PUSH,
        Kind::Double => KEVY_REPLY_DOUBLE,
        Kind::Boolean => KEVY_REPLY_BOOLEAN,
        Kind::Verbatim => KEVY_REPLY_VERBATIM,
        Kind::BigNumber => KEVY_REPLY_BIG_NUMBER,
    }
}

impl Node {
    const NOTHING: Self =
        Self { tag: TAG, kind: KEVY_REPLY_NULL, data: ptr::null(), len: 0, word: 0, children: ptr::null() };

    /// The node for a reply, without its children.
    #[inline]
    fn of(reply: api::Reply<'_>) -> Self {
        let kind = kind_number(reply.kind());
        let bare = Self { kind, ..Self::NOTHING };
        if reply.kind().is_aggregate() {
            return Self { len: reply.len(), ..bare };
        }
        let bytes = reply.bytes();
        let word = match reply.kind() {
            Kind::Double => reply.double().to_bits(),
            _ => reply.integer() as u64,
        };
        Self { data: bytes.as_ptr(), len: bytes.len(), word, ..bare }
    }

    #[inline]
    fn is_aggregate(&self) -> bool {
        matches!(self.kind, KEVY_REPLY_ARRAY | KEVY_REPLY_MAP | KEVY_REPLY_SET | KEVY_REPLY_PUSH)
    }

    /// Child `index`, where there is one.
    #[inline]
    fn at(&self, index: usize) -> Option<&Self> {
        if !self.is_aggregate() || index >= self.len {
            return None;
        }
        // SAFETY: an aggregate's children stand side by side in its tree, `len` of them.
        Some(unsafe { &*self.children.add(index) })
    }

    fn bytes(&self) -> &[u8] {
        if self.is_aggregate() || self.len == 0 {
            return &[];
        }
        // SAFETY: the node was made of this slice, and its tree lives as long as what it was read from.
        unsafe { std::slice::from_raw_parts(self.data, self.len) }
    }
}

impl Tree {
    pub fn new() -> Self {
        Self { root: Node::NOTHING, nodes: Vec::new(), bytes: Vec::new() }
    }

    /// Takes a reply in, and gives the pointer to it that is good until the next one.
    #[inline]
    pub fn take(&mut self, reply: api::Reply<'_>) -> *const kevy_reply {
        let reply = reply.without_attributes();
        self.root = Node::of(reply);
        if self.root.is_aggregate() {
            self.expand(reply);
        }
        (&raw const self.root).cast()
    }

    #[cold]
    fn expand(&mut self, reply: api::Reply<'_>) {
        self.nodes.clear();
        self.nodes.shrink_to(NODES_KEPT_MAX);
        self.root.word = self.place(reply) as u64;
        self.link();
    }

    /// Gives the children of a reply their places and returns the first. Depth is bounded by the parser's limit.
    fn place(&mut self, reply: api::Reply<'_>) -> usize {
        let first = self.nodes.len();
        let children = reply.children().map(api::Reply::without_attributes);
        self.nodes.extend(children.map(Node::of));
        for (index, child) in reply.children().enumerate() {
            let child = child.without_attributes();
            if child.kind().is_aggregate() {
                self.nodes[first + index].word = self.place(child) as u64;
            }
        }
        first
    }

    /// Turns places into pointers, once the vector does not move any more.
    fn link(&mut self) {
        let base = self.nodes.as_ptr();
        for node in self.nodes.iter_mut().chain([&mut self.root]) {
            if node.is_aggregate() {
                // SAFETY: a place is an index into the vector, or its end for an aggregate without children.
                node.children = unsafe { base.add(node.word as usize) };
            }
        }
    }

    /// A copy that holds its bytes itself.
    fn copy(of: &Node) -> Box<Self> {
        let mut tree = Box::new(Self { root: *of, nodes: Vec::new(), bytes: Vec::new() });
        if of.is_aggregate() {
            tree.root.word = tree.place_copy(of) as u64;
        }
        tree.link();
        let len = tree.nodes.iter().chain([&tree.root]).map(|node| node.bytes().len()).sum();
        let mut bytes = Vec::with_capacity(len);
        for node in tree.nodes.iter_mut().chain([&mut tree.root]) {
            let at = bytes.len();
            bytes.extend_from_slice(node.bytes());
            if !node.is_aggregate() {
                // SAFETY: `at` is within the vector, whose capacity holds every node's bytes, so it does not move.
                node.data = unsafe { bytes.as_ptr().add(at) };
            }
        }
        tree.bytes = bytes;
        tree
    }

    fn place_copy(&mut self, of: &Node) -> usize {
        let first = self.nodes.len();
        let children = || (0..of.len).filter_map(|index| of.at(index));
        self.nodes.extend(children().copied());
        for (index, child) in children().enumerate() {
            if child.is_aggregate() {
                self.nodes[first + index].word = self.place_copy(child) as u64;
            }
        }
        first
    }
}

/// # Safety
/// `reply` is NULL or points to a reply that is still good.
#[inline]
unsafe fn look<'a>(reply: *const kevy_reply) -> Option<&'a Node> {
    let node = reply.cast::<Node>();
    // SAFETY: not NULL and aligned, so the caller vouches for a tag at its start.
    if node.is_null() || !node.is_aligned() || unsafe { *node.cast::<u32>() } != TAG {
        return None;
    }
    // SAFETY: the tag says that it is a node, and the caller says that it is still good.
    Some(unsafe { &*node })
}

/// What kind of reply it is: one of KEVY_REPLY_*. KEVY_REPLY_NONE where `reply` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_reply_kind(reply: *const kevy_reply) -> i32 {
    // SAFETY: the caller passes NULL or a good reply.
    unsafe { look(reply) }.map_or(KEVY_REPLY_NONE, |node| node.kind)
}

/// The bytes of a string, the text of an error, the digits of a number; borrowed like the reply. Empty for what
/// has none; data is NULL only for a null, an aggregate and a `reply` that is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_reply_bytes(reply: *const kevy_reply) -> kevy_bytes {
    // SAFETY: the caller passes NULL or a good reply.
    match unsafe { look(reply) } {
        Some(node) if !node.is_aggregate() && node.kind != KEVY_REPLY_NULL => {
            kevy_bytes { data: node.data, len: node.len }
        }
        _ => kevy_bytes::NONE,
    }
}

/// The value of an integer; 1 or 0 for a boolean; 0 for every other kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_reply_integer(reply: *const kevy_reply) -> i64 {
    // SAFETY: the caller passes NULL or a good reply.
    match unsafe { look(reply) } {
        Some(node) if matches!(node.kind, KEVY_REPLY_INTEGER | KEVY_REPLY_BOOLEAN) => node.word as i64,
        _ => 0,
    }
}

/// The value of a double or of an integer; 0 for every other kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_reply_double(reply: *const kevy_reply) -> f64 {
    // SAFETY: the caller passes NULL or a good reply.
    match unsafe { look(reply) } {
        Some(node) if node.kind == KEVY_REPLY_DOUBLE => f64::from_bits(node.word),
        Some(node) if node.kind == KEVY_REPLY_INTEGER => node.word as i64 as f64,
        _ => 0.0,
    }
}

/// 1 for a boolean that is true and for an integer that is not 0; otherwise 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_reply_boolean(reply: *const kevy_reply) -> i32 {
    // SAFETY: the caller passes NULL or a good reply.
    i32::from(unsafe { kevy_reply_integer(reply) } != 0)
}

/// How many parts an array, map, set or push has, a map counting keys and values; 0 for every other kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_reply_len(reply: *const kevy_reply) -> usize {
    // SAFETY: the caller passes NULL or a good reply.
    match unsafe { look(reply) } {
        Some(node) if node.is_aggregate() => node.len,
        _ => 0,
    }
}

/// Part `index` of an array, map, set or push, borrowed like the reply; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_reply_at(reply: *const kevy_reply, index: usize) -> *const kevy_reply {
    // SAFETY: the caller passes NULL or a good reply.
    unsafe { look(reply) }
        .and_then(|node| node.at(index))
        .map_or(ptr::null(), |node| ptr::from_ref(node).cast())
}

/// What an error reply stands for, such as KEVY_ERROR_WRONG_TYPE; KEVY_OK for every other kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_reply_error_status(reply: *const kevy_reply) -> kevy_status {
    // SAFETY: the caller passes NULL or a good reply.
    match unsafe { look(reply) } {
        Some(node) if node.kind == KEVY_REPLY_ERROR => quietly(status::KEVY_ERROR_SERVER, || {
            status::of(ErrorKind::of_reply(&String::from_utf8_lossy(node.bytes())))
        }),
        _ => KEVY_OK,
    }
}

/// Copies a reply, or a part of one, so that it stays good; NULL gives NULL. Free the copy with kevy_reply_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_reply_clone(reply: *const kevy_reply) -> *mut kevy_reply {
    // SAFETY: the caller passes NULL or a good reply.
    let Some(node) = (unsafe { look(reply) }) else { return ptr::null_mut() };
    quietly(ptr::null_mut(), || {
        let tree = Box::into_raw(Tree::copy(node));
        handle::register(tree.cast(), TAG);
        tree.cast()
    })
}

/// Frees a clone; NULL, and a reply that is borrowed, are left alone.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_reply_free(reply: *mut kevy_reply) {
    quietly((), || {
        if handle::end(reply.cast(), TAG, || true) == Ended::Yes {
            // SAFETY: the registry held it under this tag and let go of it just now; a clone's root stands first in it.
            drop(unsafe { Box::from_raw(reply.cast::<Tree>()) });
        }
    });
}
