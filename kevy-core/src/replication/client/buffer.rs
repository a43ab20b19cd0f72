//! The bytes that have arrived and have not been used.

use crate::base::{Error, ErrorKind, Result};

/// Bytes read at a time.
pub const READ_BYTES: usize = 256 << 10;

/// A buffer that is filled at one end and emptied at the other.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    max: usize,
}

impl Buffer {
    /// An empty buffer for frames of at most `frame_bytes_max`.
    pub fn new(frame_bytes_max: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, end: 0, max: frame_bytes_max }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// What has arrived and has not been used.
    #[inline]
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The first byte of the rest.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Uses `len` bytes and returns where they are, for [`Buffer::from`].
    #[inline]
    pub fn consume(&mut self, len: usize) -> usize {
        let start = self.start;
        self.start = (start + len).min(self.end);
        start
    }

    /// Takes back the last `len` bytes that were used, as long as nothing was received since.
    pub fn unconsume(&mut self, len: usize) {
        self.start = self.start.saturating_sub(len);
    }

    /// The bytes from a place that [`Buffer::consume`] returned, as long as nothing was received since.
    #[inline]
    pub fn from(&self, start: usize) -> &[u8] {
        self.bytes.get(start..self.end).unwrap_or_default()
    }

    /// Room for more bytes, of which [`Buffer::received`] then takes note.
    pub fn room(&mut self) -> &mut [u8] {
        let len = self.end - self.start;
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, len);
        }
        // A frame that does not fit doubles the room, so that a long one is moved a few times only.
        let want = if len < READ_BYTES / 2 { READ_BYTES } else { len.saturating_mul(2).max(READ_BYTES) };
        if self.bytes.len() < want {
            self.bytes.resize(want, 0);
        } else if self.bytes.len() > want.saturating_mul(4) {
            self.bytes.truncate(want);
            self.bytes.shrink_to_fit();
        }
        &mut self.bytes[len..]
    }

    /// Takes note of `len` bytes that were put into the room.
    pub fn received(&mut self, len: usize) {
        self.end = (self.end + len).min(self.bytes.len());
    }

    /// Appends bytes that were not received into the room.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = self.room();
            let len = rest.len().min(room.len());
            room[..len].copy_from_slice(&rest[..len]);
            self.received(len);
            rest = &rest[len..];
        }
    }

    /// Fails where the frame that is arriving is longer than it may be.
    pub fn check_limit(&self) -> Result<()> {
        if self.end - self.start <= self.max {
            return Ok(());
        }
        let text = format!("a frame is longer than {} bytes: frame-bytes-max", self.max);
        Err(Error::new(ErrorKind::OutOfMemory, text))
    }
}
