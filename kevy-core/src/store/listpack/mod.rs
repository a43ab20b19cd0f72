//! Listpacks: short sequences of strings and integers in one buffer, byte for byte as Redis keeps and saves them.
//!
//! Format: "Listpack specification", github.com/antirez/listpack. A header of 6 bytes (total bytes as u32 and
//! number of elements as u16, little endian; 65535 elements mean "count them"), the elements, and 0xFF.

mod codec;

use std::fmt;

pub use codec::Raw;
use codec::{END, Encoded};

use super::item::Item;
use super::table::{CACHE_LINE, prefetch};
use crate::base::number::parse_i64;

const HEADER: usize = 6;
const COUNT_UNKNOWN: u16 = u16::MAX;
/// A listpack is not let grow past this, as in Redis.
const BYTES_MAX: usize = 1 << 30;

/// How far a search looks ahead: where an element begins is known only from the one before, so its bytes would be waited
/// for one line after the other.
const AHEAD_BYTES: usize = 512;

/// Bytes that are not a listpack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a valid listpack")
    }
}

impl std::error::Error for Malformed {}

/// A listpack. Positions are offsets of elements; they are meaningless after a change before them.
#[derive(Clone, PartialEq, Eq)]
pub struct Listpack {
    bytes: Box<[u8]>,
}

impl Default for Listpack {
    fn default() -> Self {
        Self::new()
    }
}

impl Listpack {
    /// An empty listpack.
    pub fn new() -> Self {
        Self { bytes: Box::new([HEADER as u8 + 1, 0, 0, 0, 0, 0, END]) }
    }

    /// Takes bytes from outside after checking every one of them.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let total = bytes.first_chunk::<4>().ok_or(Malformed)?;
        if u32::from_le_bytes(*total) as usize != bytes.len() || bytes.len() < HEADER + 1 {
            return Err(Malformed);
        }
        let last = bytes.len() - 1;
        if bytes[last] != END {
            return Err(Malformed);
        }
        let (mut at, mut count) = (HEADER, 0usize);
        while at < last {
            at = codec::decode_checked(&bytes[..last], at).ok_or(Malformed)?.1;
            count += 1;
        }
        let declared = u16::from_le_bytes([bytes[4], bytes[5]]);
        if at != last || (declared != COUNT_UNKNOWN && usize::from(declared) != count) {
            return Err(Malformed);
        }
        Ok(Self { bytes: bytes.into_boxed_slice() })
    }

    /// A listpack of elements that another one holds, in their bytes.
    fn of_elements(parts: [&[u8]; 2]) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + parts[0].len() + parts[1].len() + 1);
        bytes.extend_from_slice(&[0; HEADER]);
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        bytes.push(END);
        let total = bytes.len() as u32;
        bytes[..4].copy_from_slice(&total.to_le_bytes());
        let mut list = Self { bytes: bytes.into_boxed_slice() };
        let count = u16::try_from(list.iter().count()).unwrap_or(COUNT_UNKNOWN);
        list.bytes[4..6].copy_from_slice(&count.to_le_bytes());
        list
    }

    /// The listpack of these elements.
    pub fn of<'a>(elements: impl Iterator<Item = Raw<'a>>) -> Self {
        let mut bytes = vec![0; HEADER];
        let mut count = 0;
        for raw in elements {
            let element = match raw {
                Raw::Bytes(value) => Encoded::new(value),
                Raw::Int(value) => Encoded::of_int(value),
            };
            let at = bytes.len();
            bytes.resize(at + element.len(), 0);
            element.write(&mut bytes[at..]);
            count += 1;
        }
        bytes.push(END);
        let total = bytes.len() as u32;
        bytes[..4].copy_from_slice(&total.to_le_bytes());
        let mut list = Self { bytes: bytes.into() };
        list.recount(0, count);
        list
    }

    /// The listpack as it is saved.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes allocated.
    pub fn memory(&self) -> usize {
        self.bytes.len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match self.declared() {
            COUNT_UNKNOWN => self.iter().count(),
            count => count.into(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == HEADER + 1
    }

    /// Whether `more` bytes of content may still be added.
    pub fn has_room(&self, more: usize) -> bool {
        self.bytes.len().saturating_add(more) < BYTES_MAX
    }

    fn declared(&self) -> u16 {
        u16::from_le_bytes([self.bytes[4], self.bytes[5]])
    }

    /// The position after the last element.
    pub fn end(&self) -> usize {
        self.bytes.len() - 1
    }

    /// The position of the first element.
    pub fn first(&self) -> Option<usize> {
        (!self.is_empty()).then_some(HEADER)
    }

    /// The position of the last element.
    pub fn last(&self) -> Option<usize> {
        self.previous(self.end())
    }

    /// The position of the element after the one at `at`.
    pub fn next(&self, at: usize) -> Option<usize> {
        let next = self.decode(at)?.1;
        (next < self.end()).then_some(next)
    }

    /// The position of the element before the one at `at`, which may be the end.
    pub fn previous(&self, at: usize) -> Option<usize> {
        if at <= HEADER || at > self.end() {
            return None;
        }
        let (content, size) = codec::read_back_length(&self.bytes, at)?;
        at.checked_sub(content + size).filter(|&at| at >= HEADER)
    }

    /// The position of the element with an index, counted from the end where negative.
    pub fn seek(&self, index: i64) -> Option<usize> {
        if index < 0 {
            let mut at = self.end();
            for _ in 0..index.unsigned_abs() {
                at = self.previous(at)?;
            }
            return Some(at);
        }
        let mut at = self.first()?;
        for _ in 0..index {
            at = self.next(at)?;
        }
        Some(at)
    }

    /// The index and the position of the first element that equals `wanted`, of every `stride`-th one from the first on.
    pub fn find(&self, wanted: &[u8], stride: usize) -> Option<(usize, usize)> {
        let bytes = &self.bytes[..self.end()];
        let int = parse_i64(wanted);
        let (mut at, mut index) = (HEADER, 0);
        let ahead = |at: usize| prefetch(bytes.as_ptr().wrapping_add(at + AHEAD_BYTES));
        if bytes.len() > CACHE_LINE {
            (0..AHEAD_BYTES).step_by(CACHE_LINE).for_each(|line| prefetch(bytes.as_ptr().wrapping_add(line)));
        }
        loop {
            ahead(at);
            let (mut next, is_equal) = match int {
                None => codec::skip_and_compare(bytes, at, wanted)?,
                Some(int) => {
                    let (raw, next) = codec::decode(bytes, at)?;
                    (next, raw == Raw::Int(int))
                }
            };
            if is_equal {
                return Some((index, at));
            }
            for _ in 1..stride {
                next = codec::skip(bytes, next)?;
            }
            at = next;
            index += stride;
        }
    }

    #[inline]
    fn decode(&self, at: usize) -> Option<(Raw<'_>, usize)> {
        codec::decode(&self.bytes[..self.end()], at)
    }

    /// The element at a position, as it is stored.
    pub fn raw(&self, at: usize) -> Option<Raw<'_>> {
        Some(self.decode(at)?.0)
    }

    /// The element at a position.
    pub fn get(&self, at: usize) -> Option<Item<'_>> {
        Some(item(self.raw(at)?))
    }

    /// Positions and elements in order.
    pub fn iter(&self) -> Iter<'_> {
        self.iter_from(HEADER)
    }

    /// Positions and elements from the one at `at` on.
    pub fn iter_from(&self, at: usize) -> Iter<'_> {
        Iter { list: self, at }
    }

    /// Adds an element at the end.
    pub fn push(&mut self, value: &[u8]) {
        self.insert(self.end(), value);
    }

    /// Adds an integer at the end.
    pub fn push_int(&mut self, value: i64) {
        self.splice(self.end(), 0, 0, Some(Encoded::of_int(value)));
    }

    /// Adds an element before the one at `at`, or at the end. Returns the position after it.
    pub fn insert(&mut self, at: usize, value: &[u8]) -> usize {
        self.splice(at, 0, 0, Some(Encoded::new(value)))
    }

    /// Adds an integer before the element at `at`, or at the end. Returns the position after it.
    pub fn insert_int(&mut self, at: usize, value: i64) -> usize {
        self.splice(at, 0, 0, Some(Encoded::of_int(value)))
    }

    /// Puts another value in an element's place. Returns the position after it.
    pub fn replace(&mut self, at: usize, value: &[u8]) -> usize {
        let length = self.decode(at).map_or(0, |(_, next)| next - at);
        self.splice(at, length, usize::from(length > 0), Some(Encoded::new(value)))
    }

    /// Puts an integer in an element's place. Returns the position after it.
    pub fn replace_int(&mut self, at: usize, value: i64) -> usize {
        let length = self.decode(at).map_or(0, |(_, next)| next - at);
        self.splice(at, length, usize::from(length > 0), Some(Encoded::of_int(value)))
    }

    /// Removes up to `count` elements from the one at `at` on.
    pub fn delete(&mut self, at: usize, count: usize) {
        let (mut end, mut removed) = (at, 0);
        while removed < count
            && let Some((_, next)) = self.decode(end)
        {
            end = next;
            removed += 1;
        }
        self.splice(at, end - at, removed, None);
    }

    /// Keeps the elements before the one at `at`, and gives out the others.
    pub fn split_off(&mut self, at: usize) -> Self {
        let end = self.end();
        let at = at.clamp(HEADER, end);
        let rest = Self::of_elements([&self.bytes[at..end], &[]]);
        *self = Self::of_elements([&self.bytes[HEADER..at], &[]]);
        rest
    }

    /// Adds elements at the end, with one allocation for all. Bytes that spell an integer are stored as one.
    pub fn extend<'a>(&mut self, elements: impl Iterator<Item = Raw<'a>> + Clone) {
        let elements = elements.map(|element| match element {
            Raw::Bytes(bytes) => Encoded::new(bytes),
            Raw::Int(value) => Encoded::of_int(value),
        });
        let mut at = self.end();
        let more: usize = elements.clone().map(|element| element.len()).sum();
        let mut bytes = std::mem::take(&mut self.bytes).into_vec();
        bytes.reserve_exact(more);
        bytes.resize(bytes.len() + more, END);
        let mut added = 0;
        for element in elements {
            let end = at + element.len();
            element.write(&mut bytes[at..end]);
            at = end;
            added += 1;
        }
        bytes[at] = END;
        let total = bytes.len() as u32;
        bytes[..4].copy_from_slice(&total.to_le_bytes());
        self.bytes = bytes.into_boxed_slice();
        self.recount(0, added);
    }

    /// Adds the elements of another listpack at the end.
    pub fn append(&mut self, other: &Self) {
        *self = Self::of_elements([&self.bytes[HEADER..self.end()], &other.bytes[HEADER..other.end()]]);
    }

    /// Removes the elements that `keep` is false for.
    pub fn retain(&mut self, mut keep: impl FnMut(Raw<'_>) -> bool) {
        let mut kept = Vec::with_capacity(self.bytes.len());
        let mut elements = self.iter();
        while let Some((at, raw)) = elements.next() {
            if keep(raw) {
                kept.extend_from_slice(&self.bytes[at..elements.position()]);
            }
        }
        *self = Self::of_elements([&kept, &[]]);
    }

    /// Replaces `length` bytes that are `removed` elements by at most one element.
    fn splice(&mut self, at: usize, length: usize, removed: usize, element: Option<Encoded<'_>>) -> usize {
        debug_assert!(at >= HEADER && at + length <= self.end());
        let new = element.as_ref().map_or(0, Encoded::len);
        if let Some(element) = &element
            && removed == 1
            && new == length
        {
            element.write(&mut self.bytes[at..at + new]);
            return at + new;
        }
        let old_len = self.bytes.len();
        let mut bytes = std::mem::take(&mut self.bytes).into_vec();
        if new > length {
            bytes.reserve_exact(new - length);
            bytes.resize(old_len + new - length, 0);
        }
        bytes.copy_within(at + length..old_len, at + new);
        if let Some(element) = &element {
            element.write(&mut bytes[at..at + new]);
        }
        bytes.truncate(old_len + new - length);
        let total = bytes.len() as u32;
        bytes[..4].copy_from_slice(&total.to_le_bytes());
        self.bytes = bytes.into_boxed_slice();
        self.recount(removed, usize::from(element.is_some()));
        at + new
    }

    fn recount(&mut self, removed: usize, added: usize) {
        let count = match self.declared() {
            // The count becomes known again only by counting, and only a removal can bring it back into range.
            COUNT_UNKNOWN if removed > added => self.iter().count(),
            COUNT_UNKNOWN => return,
            count => usize::from(count) + added - removed,
        };
        let count = u16::try_from(count).unwrap_or(COUNT_UNKNOWN);
        self.bytes[4..6].copy_from_slice(&count.to_le_bytes());
    }
}

impl fmt::Debug for Listpack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(_, raw)| item(raw))).finish()
    }
}

/// The text of an element.
#[inline]
pub fn item(raw: Raw<'_>) -> Item<'_> {
    match raw {
        Raw::Bytes(bytes) => Item::Bytes(bytes),
        Raw::Int(value) => Item::of_int(value),
    }
}

/// See [`Listpack::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    list: &'a Listpack,
    at: usize,
}

impl Iter<'_> {
    /// The position of the next element, or of the end.
    pub fn position(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (usize, Raw<'a>);

    #[inline]
    fn next(&mut self) -> Option<(usize, Raw<'a>)> {
        let at = self.at;
        let (raw, next) = self.list.decode(at)?;
        self.at = next;
        Some((at, raw))
    }
}
