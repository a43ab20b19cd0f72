//! Reading frames without copying them.

use crate::base::{Error, ErrorKind, Span};
use crate::log::frame::ENVELOPE;
use crate::resp::ProtocolError;
use crate::resp::command::{decode_bulk, decode_count};

use super::super::wire::shown;

/// A frame that may arrive in pieces: what was read of it is not read again.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The arguments of the last frame, counted from its first byte.
    pub spans: Vec<Span>,
    offset: u64,
    /// Arguments still to come, once the frame has begun, and where.
    under_way: Option<(usize, usize)>,
}

/// A frame that is there whole.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    pub offset: u64,
    /// Bytes of the frame.
    pub len: usize,
}

/// Spans beyond this number are given back.
const KEEP_SPANS_MAX: usize = 64 << 10;

impl Decoder {
    /// Forgets a frame that is not there whole.
    pub fn reset(&mut self) {
        self.under_way = None;
    }

    /// The frame at the start of `bytes`, which must start as in the call before where that found none.
    #[inline]
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Option<Found>, Error> {
        let begun = match self.under_way {
            Some(under_way) => under_way,
            None => match self.begin(bytes)? {
                Some(begun) => begun,
                None => return Ok(None),
            },
        };
        self.arguments(bytes, begun)
    }

    /// As [`Decoder::decode`] for a command without an envelope, whose offset is 0.
    #[inline]
    pub fn decode_bare(&mut self, bytes: &[u8]) -> Result<Option<Found>, Error> {
        let begun = match self.under_way {
            Some(under_way) => under_way,
            None => match decode_count(bytes, 0).map_err(broken)? {
                Some((0, _)) => {
                    return Err(Error::new(ErrorKind::Protocol, "a command of the stream has no verb"));
                }
                Some(begun) => {
                    self.offset = 0;
                    self.clear();
                    begun
                }
                None => return Ok(None),
            },
        };
        self.arguments(bytes, begun)
    }

    #[inline(always)]
    fn arguments(
        &mut self,
        bytes: &[u8],
        (mut left, mut at): (usize, usize),
    ) -> Result<Option<Found>, Error> {
        while left > 0 {
            let Some((start, end)) = decode_bulk(bytes, at).map_err(broken)? else {
                self.under_way = Some((left, at));
                return Ok(None);
            };
            self.spans.push(Span { start, end });
            (left, at) = (left - 1, end + 2);
        }
        self.under_way = None;
        Ok(Some(Found { offset: self.offset, len: at }))
    }

    /// Reads the envelope and the number of arguments.
    #[inline]
    fn begin(&mut self, bytes: &[u8]) -> Result<Option<(usize, usize)>, Error> {
        let Some(digits) = bytes.strip_prefix(ENVELOPE) else {
            return if ENVELOPE.starts_with(bytes) { Ok(None) } else { Err(foreign(bytes)) };
        };
        let (mut offset, mut len) = (0u64, 0);
        // Nineteen digits are below 2^64; a longer offset is no offset.
        while let Some(digit) = digits.get(len).map(|byte| byte.wrapping_sub(b'0'))
            && digit <= 9
            && len < 19
        {
            offset = offset * 10 + u64::from(digit);
            len += 1;
        }
        match &digits[len..] {
            [b'\r', b'\n', ..] if len > 0 => {}
            [b'\r'] if len > 0 => return Ok(None),
            [] => return Ok(None),
            _ => return Err(foreign(bytes)),
        }
        let at = ENVELOPE.len() + len + 2;
        let Some((count, at)) = decode_count(bytes, at).map_err(broken)? else { return Ok(None) };
        if count == 0 {
            return Err(Error::new(ErrorKind::Protocol, format!("the frame at offset {offset} has no verb")));
        }
        self.offset = offset;
        self.clear();
        Ok(Some((count, at)))
    }

    #[inline]
    fn clear(&mut self) {
        self.spans.clear();
        if self.spans.capacity() > KEEP_SPANS_MAX {
            self.spans.shrink_to(KEEP_SPANS_MAX);
        }
    }
}

#[cold]
fn broken(error: ProtocolError) -> Error {
    Error::new(ErrorKind::Protocol, format!("a frame of the stream is broken: {error}"))
}

#[cold]
fn foreign(bytes: &[u8]) -> Error {
    let text =
        format!("the primary sent '{}' where a frame must stand", shown(&bytes[..bytes.len().min(32)]));
    Error::new(ErrorKind::Protocol, text)
}
