//! Reads replies: what a server answers, in RESP2 or RESP3.
//!
//! A [`Tree`] says where each part of an encoded reply stands, in one flat vector that is used again for the next
//! reply. It backs the in-process reply handles and every client of kevy's own; [`Value`](super::Value) is the
//! owned form.

use smallvec::SmallVec;

use super::ProtocolError;
use super::number::{BadLine, line, short_line};

/// How deep arrays, maps, sets, pushes and attributes may be nested.
pub const DEPTH_MAX: usize = 128;
/// The shortest reply, such as `_\r\n`, in bytes.
const REPLY_LEN_MIN: usize = 3;
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

/// One part of a reply.
#[derive(Clone, Copy, Debug)]
struct Raw {
    kind: Kind,
    /// Of an aggregate, the index of its first child; otherwise the offset of its content in the buffer.
    start: usize,
    /// The number of children, the length of the content, or the bits of the number.
    word: u64,
}

/// The children that are still to be read of an aggregate.
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
    open: SmallVec<[Open; 8]>,
    /// The first byte not read yet.
    at: usize,
    /// How many bytes from there are known to hold no line end.
    searched: usize,
    /// How many nodes have a place and are not read yet.
    unread: usize,
    want: usize,
}

/// What one element turned out to be.
enum Found {
    Scalar { raw: Raw, end: usize },
    Aggregate { kind: Kind, children: usize, end: usize },
    Incomplete { want: usize },
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
        self.at = 0;
        self.searched = 0;
        if let Found::Scalar { raw, end } = self.element(buf)? {
            self.unread = 0;
            self.nodes.push(raw);
            return Ok(Some(end));
        }
        self.nodes.shrink_to(NODES_KEPT_MAX);
        self.nodes.push(UNREAD);
        self.open.clear();
        self.open.push(Open { next: 1, end: 1 });
        self.unread = 1;
        self.resume(buf)
    }

    /// Goes on where [`parse`](Self::parse) or this function returned `None`; `buf` holds the same bytes as then
    /// and those that came after.
    ///
    /// # Errors
    /// Where the bytes are no reply.
    pub fn resume(&mut self, buf: &[u8]) -> Result<Option<usize>, ProtocolError> {
        while self.unread > 0 {
            // The last slot handed out is the one before `next` of the innermost aggregate.
            let Some(slot) = self.open.last().map(|open| open.next - 1) else { break };
            match self.element(buf)? {
                Found::Incomplete { want } => {
                    self.want = want;
                    return Ok(None);
                }
                Found::Scalar { raw, end } => {
                    self.nodes[slot] = raw;
                    self.at = end;
                }
                Found::Aggregate { kind, children, end } => {
                    // Every element still to come takes some bytes, so a length that needs more than there are
                    // waits for them before its children get places.
                    let bytes_min = (self.unread - 1).saturating_add(children).saturating_mul(REPLY_LEN_MIN);
                    if buf.len() - end < bytes_min {
                        self.want = bytes_min - (buf.len() - end);
                        return Ok(None);
                    }
                    let first = self.nodes.len();
                    self.nodes[slot] = Raw { kind, start: first, word: children as u64 };
                    self.nodes.resize(first + children, UNREAD);
                    self.unread += children;
                    self.at = end;
                    if children > 0 {
                        if self.open.len() > DEPTH_MAX {
                            return Err(ProtocolError::TooDeep);
                        }
                        self.open.push(Open { next: first, end: first + children });
                    }
                }
            }
            self.searched = 0;
            self.unread -= 1;
            while let Some(open) = self.open.last_mut() {
                if open.next < open.end {
                    open.next += 1;
                    break;
                }
                self.open.pop();
            }
        }
        Ok(Some(self.at))
    }

    /// After `None`: no fewer bytes than this are missing. A peer can declare any length, so it is a hint and no
    /// reason to allocate.
    pub fn want(&self) -> usize {
        self.want
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
    #[inline]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True before the first reply is read.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Reads the one element at `self.at`, without its children.
    #[inline]
    fn element(&mut self, buf: &[u8]) -> Result<Found, ProtocolError> {
        let at = self.at;
        if let Some((len, start)) = short_line(buf, at, b'$')
            && let Some(b"\r\n") = buf.get(start + len..start + len + 2)
        {
            let raw = Raw { kind: Kind::Bulk, start, word: len as u64 };
            return Ok(Found::Scalar { raw, end: start + len + 2 });
        }
        let Some(tag) = buf.get(at) else { return Ok(Found::Incomplete { want: REPLY_LEN_MIN }) };
        let header = |kind| aggregate(buf, at, kind);
        match tag {
            b'+' => self.text(buf, Kind::Simple),
            b'-' => self.text(buf, Kind::Error),
            b'(' => self.text(buf, Kind::BigNumber),
            b',' => self.text(buf, Kind::Double),
            b'#' => self.text(buf, Kind::Boolean),
            b'_' => self.text(buf, Kind::Null),
            b':' => integer(buf, at),
            b'$' => bulk(buf, at, Kind::Bulk),
            b'!' => bulk(buf, at, Kind::Error),
            b'=' => bulk(buf, at, Kind::Verbatim),
            b'*' => header(Kind::Array),
            b'%' => header(Kind::Map),
            b'~' => header(Kind::Set),
            b'>' => header(Kind::Push),
            b'|' => header(Kind::Attribute),
            other => Err(ProtocolError::UnknownType(*other)),
        }
    }

    /// A type whose content is the rest of its line.
    #[inline]
    fn text(&mut self, buf: &[u8], kind: Kind) -> Result<Found, ProtocolError> {
        let start = self.at + 1;
        let from = start + self.searched;
        let Some(offset) = memchr::memchr(b'\r', &buf[from..]) else {
            self.searched = buf.len() - start;
            return Ok(Found::Incomplete { want: 2 });
        };
        let end = from + offset;
        self.searched = end - start;
        match buf.get(end + 1) {
            Some(b'\n') => {}
            Some(_) => return Err(ProtocolError::MissingLineEnd),
            None => return Ok(Found::Incomplete { want: 1 }),
        }
        let text = &buf[start..end];
        let word = match kind {
            Kind::Simple | Kind::Error => Some(text.len() as u64),
            Kind::BigNumber => is_big_number(text).then_some(text.len() as u64),
            Kind::Double => double(text).map(f64::to_bits),
            Kind::Boolean => [b"f", b"t"].iter().position(|name| *name == text).map(|value| value as u64),
            _ => text.is_empty().then_some(0),
        };
        let word = word.ok_or(ProtocolError::InvalidScalar)?;
        Ok(Found::Scalar { raw: Raw { kind, start, word }, end: end + 2 })
    }
}

/// The place of a node that is still to be read.
const UNREAD: Raw = Raw { kind: Kind::Null, start: 0, word: 0 };
const NULL: Raw = UNREAD;

/// The number in the line of the type byte at `at`, and where the line ends.
fn number(buf: &[u8], at: usize) -> Result<Option<(i64, usize)>, ProtocolError> {
    line(buf, at + 1).map_err(|bad| match bad {
        BadLine::Number => ProtocolError::InvalidNumber,
        BadLine::LineEnd => ProtocolError::MissingLineEnd,
    })
}

fn integer(buf: &[u8], at: usize) -> Result<Found, ProtocolError> {
    Ok(match number(buf, at)? {
        None => Found::Incomplete { want: 1 },
        Some((value, end)) => {
            let raw = Raw { kind: Kind::Integer, start: at + 1, word: value as u64 };
            Found::Scalar { raw, end }
        }
    })
}

fn bulk(buf: &[u8], at: usize, kind: Kind) -> Result<Found, ProtocolError> {
    let Some((len, start)) = number(buf, at)? else { return Ok(Found::Incomplete { want: 1 }) };
    if len == -1 && kind == Kind::Bulk {
        return Ok(Found::Scalar { raw: NULL, end: start });
    }
    let len = usize::try_from(len).map_err(|_| ProtocolError::InvalidNumber)?;
    let content_end = start.saturating_add(len);
    let end = content_end.saturating_add(2);
    match buf.get(content_end..end) {
        Some(b"\r\n") => {}
        Some(_) => return Err(ProtocolError::MissingLineEnd),
        None => return Ok(Found::Incomplete { want: end - buf.len() }),
    }
    if kind != Kind::Verbatim {
        return Ok(Found::Scalar { raw: Raw { kind, start, word: len as u64 }, end });
    }
    // The content is three bytes of format, a colon, and the text.
    match buf[start..content_end] {
        [_, _, _, b':', ..] => {
            let raw = Raw { kind, start: start + 4, word: (len - 4) as u64 };
            Ok(Found::Scalar { raw, end })
        }
        _ => Err(ProtocolError::InvalidScalar),
    }
}

fn aggregate(buf: &[u8], at: usize, kind: Kind) -> Result<Found, ProtocolError> {
    let Some((count, end)) = number(buf, at)? else { return Ok(Found::Incomplete { want: 1 }) };
    if count == -1 && kind == Kind::Array {
        return Ok(Found::Scalar { raw: NULL, end });
    }
    let count = usize::try_from(count).map_err(|_| ProtocolError::InvalidNumber)?;
    let children = match kind {
        Kind::Map => count.saturating_mul(2),
        Kind::Attribute => count.saturating_mul(2).saturating_add(1),
        _ => count,
    };
    Ok(Found::Aggregate { kind, children, end })
}

fn is_big_number(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn double(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// One part of a reply that has been read whole.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    nodes: &'a [Raw],
    buf: &'a [u8],
    index: usize,
    raw: Raw,
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
                let rest = &self.buf[start..];
                &rest[..memchr::memchr(b'\r', rest).unwrap_or(rest.len())]
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
