//! Argument vectors kept in one buffer: what a stream hands out without an allocation per argument.

use std::fmt;

use super::number::format_u64;

/// Where one argument lies in a buffer: from `start` up to but without `end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    /// The same bytes in a buffer that begins `by` bytes into this one.
    #[inline]
    pub fn minus(self, by: usize) -> Self {
        Self { start: self.start - by, end: self.end - by }
    }

    /// The same bytes in a buffer in front of which `by` bytes were put.
    #[inline]
    pub fn plus(self, by: usize) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }
}

/// A borrowed argument vector, the verb first.
#[derive(Clone, Copy)]
pub struct Argv<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Argv<'a> {
    /// No arguments.
    pub const EMPTY: Self = Self { bytes: &[], spans: &[] };

    /// The arguments that `spans` mark in `bytes`.
    #[inline]
    pub fn new(bytes: &'a [u8], spans: &'a [Span]) -> Self {
        debug_assert!(spans.iter().all(|span| bytes.get(span.start..span.end).is_some()));
        Self { bytes, spans }
    }

    /// How many arguments there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// True where there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Argument number `at`.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&'a [u8]> {
        let span = self.spans.get(at)?;
        self.bytes.get(span.start..span.end)
    }

    /// Every argument in order.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        self.spans.iter().map(move |span| bytes.get(span.start..span.end).unwrap_or_default())
    }
}

impl fmt::Debug for Argv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|arg| arg.escape_ascii().to_string())).finish()
    }
}

impl PartialEq for Argv<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// An argument vector that is being put together, in buffers that are used again.
#[derive(Clone, Debug, Default)]
pub struct ArgvBuf {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

/// A buffer above this size is not kept.
const KEEP_BYTES_MAX: usize = 1 << 20;

impl ArgvBuf {
    /// Empties it.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
        if self.bytes.capacity() > KEEP_BYTES_MAX {
            self.bytes.shrink_to(KEEP_BYTES_MAX);
        }
    }

    /// Appends one argument.
    pub fn push(&mut self, arg: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(arg);
        self.spans.push(Span { start, end: self.bytes.len() });
    }

    /// Appends the decimal text of a number.
    pub fn push_number(&mut self, number: u64) {
        self.push(format_u64(number).as_bytes());
    }

    /// Bytes of all arguments together.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// How many arguments there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The arguments.
    #[inline]
    pub fn as_argv(&self) -> Argv<'_> {
        Argv::new(&self.bytes, &self.spans)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_back_as_they_went_in() {
        let mut argv = ArgvBuf::default();
        argv.push(b"SET");
        argv.push(b"");
        argv.push_number(17);
        let seen = argv.as_argv();
        assert_eq!(seen.iter().collect::<Vec<_>>(), [&b"SET"[..], b"", b"17"]);
        assert_eq!((seen.get(2), seen.get(3), seen.len()), (Some(&b"17"[..]), None, 3));
        argv.clear();
        assert!(argv.as_argv().is_empty() && Argv::EMPTY.is_empty());
    }
}
