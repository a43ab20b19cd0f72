//! One part of a reply, and the way to its children.

use super::Kind;
use super::element::{Raw, line_end};

/// One part of a reply that has been read whole.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub(super) nodes: &'a [Raw],
    pub(super) buf: &'a [u8],
    pub(super) index: usize,
    pub(super) raw: Raw,
}

impl<'a> Node<'a> {
    /// Its type.
    #[inline]
    pub fn kind(self) -> Kind {
        self.raw.kind
    }

    /// Its index, for [`Tree::node`].
    #[inline]
    pub fn index(self) -> usize {
        self.index
    }

    /// The content of a string, verbatim string or error, the text of a number or boolean as it was sent; empty
    /// for a null or an aggregate.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        let start = self.raw.start;
        match self.raw.kind {
            Kind::Bulk | Kind::Simple | Kind::Error | Kind::Verbatim | Kind::BigNumber => {
                &self.buf[start..start + self.raw.word as usize]
            }
            Kind::Integer | Kind::Double | Kind::Boolean => {
                &self.buf[start..line_end(self.buf, start).unwrap_or(start)]
            }
            _ => &[],
        }
    }

    /// The value of an integer, 1 or 0 for a boolean; 0 for every other kind.
    #[inline]
    pub fn integer(self) -> i64 {
        match self.raw.kind {
            Kind::Integer | Kind::Boolean => self.raw.word as i64,
            _ => 0,
        }
    }

    /// The value of a double, or of an integer; 0 for every other kind.
    #[inline]
    pub fn double(self) -> f64 {
        match self.raw.kind {
            Kind::Double => f64::from_bits(self.raw.word),
            _ => self.integer() as f64,
        }
    }

    /// The value of a boolean, or whether an integer is not 0; false for every other kind.
    #[inline]
    pub fn boolean(self) -> bool {
        self.integer() != 0
    }

    /// The format of a verbatim string, such as `txt`; empty for every other kind.
    pub fn format(self) -> &'a [u8] {
        match self.raw.kind {
            Kind::Verbatim => &self.buf[self.raw.start - 4..self.raw.start - 1],
            _ => &[],
        }
    }

    /// How many children it has; a map counts keys and values.
    #[inline]
    pub fn len(self) -> usize {
        if self.raw.kind.is_aggregate() { self.raw.word as usize } else { 0 }
    }

    /// True where it has no children.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Child `i`.
    #[inline]
    pub fn at(self, i: usize) -> Option<Self> {
        if i >= self.len() {
            return None;
        }
        let index = self.raw.start + i;
        Some(Self { index, raw: *self.nodes.get(index)?, ..self })
    }

    /// Its children in order.
    pub fn children(self) -> impl ExactSizeIterator<Item = Self> + 'a {
        let first = if self.raw.kind.is_aggregate() { self.raw.start } else { 0 };
        let raws = &self.nodes[first..first + self.len()];
        raws.iter().enumerate().map(move |(i, raw)| Self { index: first + i, raw: *raw, ..self })
    }

    /// The reply that an attribute describes; itself where it is none.
    #[inline]
    pub fn without_attributes(self) -> Self {
        let mut node = self;
        while node.raw.kind == Kind::Attribute
            && let Some(last) = node.len().checked_sub(1).and_then(|last| node.at(last))
        {
            node = last;
        }
        node
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.raw.kind {
            kind if kind.is_aggregate() => {
                write!(f, "{kind:?} ")?;
                f.debug_list().entries(self.children()).finish()
            }
            kind => write!(f, "{kind:?} {}", self.bytes().escape_ascii()),
        }
    }
}
