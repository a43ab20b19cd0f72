//! One node of a quicklist: a listpack of some elements, or one large element.

use super::{End, ListLimits};
use crate::store::Item;
use crate::store::listpack::{Listpack, Raw};

/// Bytes that an element takes in a listpack besides its own, at most or nearly so.
const ELEMENT_OVERHEAD: usize = 8;

#[derive(Clone, Debug)]
pub(super) enum Node {
    /// The count of elements stands beside the listpack so that walks over nodes need not look into them.
    Packed {
        list: Listpack,
        len: usize,
    },
    Plain(Box<[u8]>),
}

impl Node {
    pub(super) fn packed(list: Listpack) -> Self {
        let len = list.len();
        Self::Packed { list, len }
    }

    /// A node of one element.
    pub(super) fn of(value: &[u8], limits: ListLimits) -> Self {
        if limits.is_large(value.len()) {
            return Self::Plain(value.into());
        }
        let mut list = Listpack::new();
        list.push(value);
        Self::Packed { list, len: 1 }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Packed { len, .. } => *len,
            Self::Plain(_) => 1,
        }
    }

    /// Bytes allocated.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Packed { list, .. } => list.memory(),
            Self::Plain(bytes) => bytes.len(),
        }
    }

    pub(super) fn as_ref(&self) -> NodeRef<'_> {
        match self {
            Self::Packed { list, .. } => NodeRef::Packed(list),
            Self::Plain(bytes) => NodeRef::Plain(bytes),
        }
    }

    /// Bytes of its elements.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Packed { list, .. } => list.as_bytes().len(),
            Self::Plain(bytes) => bytes.len(),
        }
    }

    /// Whether one more element may be put into the node, and into one of it and the next if there is to be such a one.
    pub(super) fn has_room(&self, next: Option<&Self>, value: &[u8], limits: ListLimits) -> bool {
        match self {
            Self::Packed { list, len } => {
                let (more_bytes, more_len) = next.map_or((0, 0), |next| (next.bytes(), next.len()));
                let bytes =
                    (list.as_bytes().len() + more_bytes).saturating_add(value.len() + ELEMENT_OVERHEAD);
                !limits.is_large(value.len()) && limits.allow(bytes, len + more_len + 1)
            }
            Self::Plain(_) => false,
        }
    }

    /// Puts an element before the one at `index`, or at the end. A plain node takes none.
    pub(super) fn insert(&mut self, index: usize, value: &[u8]) {
        if let Self::Packed { list, len } = self {
            list.insert(position(list, *len, index), value);
            *len += 1;
        }
    }

    /// Whether the element at `index` was replaced: not if the node would become too large.
    pub(super) fn replace(&mut self, index: usize, value: &[u8], limits: ListLimits) -> bool {
        match self {
            Self::Packed { list, len } => {
                let bytes = list.as_bytes().len().saturating_add(value.len() + ELEMENT_OVERHEAD);
                let fits = !limits.is_large(value.len()) && limits.allow(bytes, *len);
                if fits {
                    list.replace(position(list, *len, index), value);
                }
                fits
            }
            Self::Plain(bytes) => {
                let fits = limits.is_large(value.len());
                if fits {
                    *bytes = value.into();
                }
                fits
            }
        }
    }

    /// Removes up to `count` elements from the one at `index` on. A plain node is left to be removed whole.
    pub(super) fn delete(&mut self, index: usize, count: usize) {
        if let Self::Packed { list, len } = self {
            list.delete(position(list, *len, index), count);
            *len -= count.min(*len - index);
        }
    }

    /// Keeps the elements before the one at `index`, and gives out the others.
    pub(super) fn split_off(&mut self, index: usize) -> Option<Self> {
        let Self::Packed { list, len } = self else { return None };
        let rest = list.split_off(position(list, *len, index));
        let rest_len = *len - index;
        *len = index;
        Some(Self::Packed { list: rest, len: rest_len })
    }

    /// Whether the elements of `next` may be added.
    pub(super) fn has_room_for(&self, next: &Self, limits: ListLimits) -> bool {
        match (self, next) {
            (Self::Packed { list, len }, Self::Packed { list: next, len: next_len }) => {
                limits.allow(list.as_bytes().len() + next.as_bytes().len(), len + next_len)
            }
            _ => false,
        }
    }

    /// Adds the elements of `next` at the end.
    pub(super) fn append(&mut self, next: &Self) {
        if let (Self::Packed { list, len }, Self::Packed { list: next, len: next_len }) = (self, next) {
            list.append(next);
            *len += next_len;
        }
    }
}

/// Where the element at `index` of `len` is, found from the nearer end.
fn position(list: &Listpack, len: usize, index: usize) -> usize {
    if index >= len {
        return list.end();
    }
    let found = if index <= len / 2 { list.seek(index as i64) } else { list.seek(index as i64 - len as i64) };
    found.unwrap_or(list.end())
}

/// A node, borrowed; the one node of a small list too.
#[derive(Clone, Copy, Debug)]
pub(super) enum NodeRef<'a> {
    Packed(&'a Listpack),
    Plain(&'a [u8]),
}

impl<'a> NodeRef<'a> {
    /// The place before the first element, or after the last.
    pub(super) fn end(self, end: End) -> usize {
        match (self, end) {
            (Self::Packed(list), End::Head) => list.first().unwrap_or(list.end()),
            (Self::Packed(list), End::Tail) => list.end(),
            (Self::Plain(_), End::Head) => 0,
            (Self::Plain(_), End::Tail) => 1,
        }
    }

    /// The place between two elements at which a walk from `from` comes to the element at `index` of `len`.
    pub(super) fn before(self, index: usize, len: usize, from: End) -> usize {
        match (self, from) {
            (Self::Packed(list), End::Head) => position(list, len, index),
            (Self::Packed(list), End::Tail) => position(list, len, index + 1),
            (Self::Plain(_), _) => self.end(from),
        }
    }

    /// The element behind a place on the way from `from`, and the place behind that.
    pub(super) fn step(self, at: usize, from: End) -> Option<(Raw<'a>, usize)> {
        match (self, from) {
            (Self::Packed(list), End::Head) => {
                let mut elements = list.iter_from(at);
                let (_, raw) = elements.next()?;
                Some((raw, elements.position()))
            }
            (Self::Packed(list), End::Tail) => {
                let at = list.previous(at)?;
                Some((list.raw(at)?, at))
            }
            (Self::Plain(bytes), End::Head) => (at == 0).then_some((Raw::Bytes(bytes), 1)),
            (Self::Plain(bytes), End::Tail) => (at == 1).then_some((Raw::Bytes(bytes), 0)),
        }
    }

    /// The number of elements that `wanted` is true for.
    pub(super) fn count(self, wanted: impl Fn(Raw<'_>) -> bool) -> usize {
        match self {
            Self::Packed(list) => list.iter().filter(|(_, raw)| wanted(*raw)).count(),
            Self::Plain(bytes) => usize::from(wanted(Raw::Bytes(bytes))),
        }
    }
}

/// An element that is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    bytes: &'a [u8],
    int: Option<i64>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, int: crate::base::number::parse_i64(bytes) }
    }

    pub(super) fn is(self, raw: Raw<'_>) -> bool {
        match raw {
            Raw::Bytes(bytes) => bytes == self.bytes,
            Raw::Int(value) => Some(value) == self.int,
        }
    }
}

/// Removes from a listpack the elements that are wanted, but the first `spared` of them and all after `count` more.
pub(super) fn remove_from(list: &mut Listpack, wanted: Wanted<'_>, spared: usize, count: usize) {
    let mut seen = 0;
    list.retain(|raw| {
        let is_wanted = wanted.is(raw);
        seen += usize::from(is_wanted);
        !is_wanted || seen <= spared || seen > spared + count
    });
}

/// The text of the element at `index` of `len`.
pub(super) fn element(node: NodeRef<'_>, index: usize, len: usize) -> Option<Item<'_>> {
    match node {
        NodeRef::Packed(list) => list.get(position(list, len, index)),
        NodeRef::Plain(bytes) => Some(Item::Bytes(bytes)),
    }
}
