//! Writes replies in the protocol version that the client has negotiated.
//!
//! Every RESP3 type has its RESP2 form here, so that a command states what it answers once. Bytes go straight to
//! their place in the buffer; nothing is built beside it.

use super::encode;
use crate::base::number::format_f64;

/// The version of the protocol that a client has chosen with `HELLO`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// What a client speaks until it says otherwise.
    #[default]
    Resp2,
    /// Maps, sets, doubles, booleans, nulls, verbatim strings and pushes have types of their own.
    Resp3,
}

/// A reply buffer.
#[derive(Debug, Default)]
pub struct Writer {
    /// The encoded bytes so far.
    pub buf: Vec<u8>,
    /// The version that the following replies are written in.
    pub protocol: Protocol,
}

/// The place of an aggregate whose length is written when it is known.
///
/// Aggregates inside another must be finished before the outer one.
#[derive(Debug)]
#[must_use = "an aggregate without its length is no reply"]
pub struct Later {
    at: usize,
}

/// How many bytes the header of a deferred aggregate keeps free: those of a length below ten.
const LATER_LEN: usize = 4;

impl Writer {
    /// An empty buffer.
    pub fn new(protocol: Protocol) -> Self {
        Self { buf: Vec::new(), protocol }
    }

    /// How many bytes are written.
    #[inline]
    pub fn len(&self) -> usize {
        self.buf.len()
    }

    /// True where nothing is written.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.buf.is_empty()
    }

    /// Takes back everything after the first `len` bytes.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.buf.truncate(len);
    }

    /// The bytes written, leaving the buffer empty and without memory.
    #[inline]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buf)
    }

    /// Appends bytes that are encoded already.
    #[inline]
    pub fn raw(&mut self, encoded: &[u8]) {
        self.buf.extend_from_slice(encoded);
    }

    /// A simple string. CR and LF become spaces.
    #[inline]
    pub fn simple(&mut self, text: &str) {
        self.one_line(b'+', text.as_bytes());
    }

    /// The simple string `OK`.
    #[inline]
    pub fn ok(&mut self) {
        self.buf.extend_from_slice(b"+OK\r\n");
    }

    /// An error: its code, a space and the message. CR and LF become spaces.
    pub fn error(&mut self, text: &str) {
        self.one_line(b'-', text.as_bytes());
    }

    /// An error whose text may hold bytes that are not UTF-8, such as a client's own.
    pub fn error_bytes(&mut self, text: &[u8]) {
        self.one_line(b'-', text);
    }

    /// An integer.
    #[inline]
    pub fn integer(&mut self, value: i64) {
        encode::integer(&mut self.buf, value);
    }

    /// An integer that is never negative. Above 63 bits, which the integer type cannot carry, it is a big number.
    #[inline]
    pub fn unsigned(&mut self, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.integer(value),
            Err(_) => self.big_number(itoa::Buffer::new().format(value)),
        }
    }

    /// A bulk string.
    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        encode::bulk(&mut self.buf, bytes);
    }

    /// A bulk string of the decimal digits of `value`.
    #[inline]
    pub fn bulk_integer(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }

    /// The absence of a value.
    #[inline]
    pub fn null(&mut self) {
        self.buf.extend_from_slice(if self.is_resp3() { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// The absence of an array.
    #[inline]
    pub fn null_array(&mut self) {
        self.buf.extend_from_slice(if self.is_resp3() { b"_\r\n" } else { b"*-1\r\n" });
    }

    /// Starts an array of `n` elements, which follow.
    #[inline]
    pub fn array(&mut self, n: usize) {
        encode::header(&mut self.buf, b'*', n);
    }

    /// Starts a map of `n` pairs, which follow as key and value. RESP2: an array of `2 * n`.
    #[inline]
    pub fn map(&mut self, n: usize) {
        let (tag, n) = self.map_header(n);
        encode::header(&mut self.buf, tag, n);
    }

    /// Starts a set of `n` elements, which follow. RESP2: an array.
    #[inline]
    pub fn set(&mut self, n: usize) {
        let tag = self.or_array(b'~');
        encode::header(&mut self.buf, tag, n);
    }

    /// Starts an out-of-band message of `n` elements, which follow. RESP2: an array.
    #[inline]
    pub fn push(&mut self, n: usize) {
        let tag = self.or_array(b'>');
        encode::header(&mut self.buf, tag, n);
    }

    /// Starts attributes of `n` pairs, which follow, and after them the reply they describe.
    ///
    /// RESP2 has no form for them: the caller leaves them out there.
    pub fn attribute(&mut self, n: usize) {
        debug_assert!(self.is_resp3(), "RESP2 has no attributes");
        encode::header(&mut self.buf, b'|', n);
    }

    /// A double, in the form of [`format_f64`]. RESP2: a bulk string.
    pub fn double(&mut self, value: f64) {
        let text = format_f64(value);
        if self.is_resp3() {
            encode::line(&mut self.buf, b',', text.as_bytes());
        } else {
            encode::bulk(&mut self.buf, text.as_bytes());
        }
    }

    /// A boolean. RESP2: the integer 1 or 0.
    #[inline]
    pub fn boolean(&mut self, value: bool) {
        let encoded = match (self.protocol, value) {
            (Protocol::Resp3, true) => b"#t\r\n",
            (Protocol::Resp3, false) => b"#f\r\n",
            (Protocol::Resp2, true) => b":1\r\n",
            (Protocol::Resp2, false) => b":0\r\n",
        };
        self.buf.extend_from_slice(encoded);
    }

    /// Text for people, with its format in three bytes (`txt`, `mkd`): a shorter one is padded with spaces, a
    /// longer one cut. RESP2: a bulk string without the format.
    pub fn verbatim(&mut self, format: &str, bytes: &[u8]) {
        if !self.is_resp3() {
            return self.bulk(bytes);
        }
        let mut prefix = *b"   :";
        for (to, from) in prefix[..3].iter_mut().zip(format.bytes()) {
            *to = from;
        }
        self.buf.reserve(bytes.len() + 29);
        encode::header(&mut self.buf, b'=', bytes.len() + prefix.len());
        self.buf.extend_from_slice(&prefix);
        self.buf.extend_from_slice(bytes);
        self.buf.extend_from_slice(b"\r\n");
    }

    /// An integer of any size, in decimal digits. RESP2: a bulk string.
    pub fn big_number(&mut self, digits: &str) {
        if self.is_resp3() {
            self.one_line(b'(', digits.as_bytes());
        } else {
            self.bulk(digits.as_bytes());
        }
    }

    /// Starts an array whose length [`finish_array`](Self::finish_array) gives.
    pub fn array_later(&mut self) -> Later {
        self.later()
    }

    /// Writes the length of an array whose `n` elements have been written.
    pub fn finish_array(&mut self, later: Later, n: usize) {
        self.finish(later, b'*', n);
    }

    /// Starts a map whose length [`finish_map`](Self::finish_map) gives.
    pub fn map_later(&mut self) -> Later {
        self.later()
    }

    /// Writes the length of a map whose `n` pairs have been written.
    pub fn finish_map(&mut self, later: Later, n: usize) {
        let (tag, n) = self.map_header(n);
        self.finish(later, tag, n);
    }

    /// Starts a set whose length [`finish_set`](Self::finish_set) gives.
    pub fn set_later(&mut self) -> Later {
        self.later()
    }

    /// Writes the length of a set whose `n` elements have been written.
    pub fn finish_set(&mut self, later: Later, n: usize) {
        let tag = self.or_array(b'~');
        self.finish(later, tag, n);
    }

    fn later(&mut self) -> Later {
        let at = self.buf.len();
        self.buf.extend_from_slice(&[0; LATER_LEN]);
        Later { at }
    }

    /// Puts the header into its place; one longer than the place first moves what was written since.
    fn finish(&mut self, later: Later, tag: u8, n: usize) {
        let mut header = Vec::with_capacity(24);
        encode::header(&mut header, tag, n);
        self.buf.splice(later.at..later.at + LATER_LEN, header);
    }

    #[inline]
    fn is_resp3(&self) -> bool {
        self.protocol == Protocol::Resp3
    }

    #[inline]
    fn or_array(&self, tag: u8) -> u8 {
        if self.is_resp3() { tag } else { b'*' }
    }

    #[inline]
    fn map_header(&self, pairs: usize) -> (u8, usize) {
        if self.is_resp3() { (b'%', pairs) } else { (b'*', 2 * pairs) }
    }

    /// A line of one type; a line end inside would start another reply, so it becomes a space.
    fn one_line(&mut self, tag: u8, text: &[u8]) {
        let start = self.buf.len() + 1;
        encode::line(&mut self.buf, tag, text);
        if memchr::memchr2(b'\r', b'\n', text).is_some() {
            let end = start + text.len();
            for byte in &mut self.buf[start..end] {
                if matches!(*byte, b'\r' | b'\n') {
                    *byte = b' ';
                }
            }
        }
    }
}
