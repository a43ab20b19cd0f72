//! One element of a reply: a scalar, or the header of an aggregate.

use super::number::{BadLine, line, short_integer, short_line};
use super::{Kind, ProtocolError};

/// The shortest reply, such as `_\r\n`, in bytes.
pub const REPLY_LEN_MIN: usize = 3;

/// One part of a reply.
#[derive(Clone, Copy, Debug)]
pub struct Raw {
    pub kind: Kind,
    /// Of an aggregate, the index of its first child; otherwise the offset of its content in the buffer.
    pub start: usize,
    /// The number of children, the length of the content, or the bits of the number.
    pub word: u64,
}

/// What one element turned out to be.
pub enum Found {
    Scalar { raw: Raw, end: usize },
    Aggregate { kind: Kind, children: usize, end: usize },
    Incomplete,
}

/// The place of a node that is still to be read.
pub const UNREAD: Raw = Raw { kind: Kind::Null, start: 0, word: 0 };
const NULL: Raw = UNREAD;

/// Reads the one element at `at`, without its children. `searched` bytes after its type are known to hold no line
/// end; the element adds to them what it searches in vain.
pub fn element(buf: &[u8], at: usize, searched: &mut usize) -> Result<Found, ProtocolError> {
    let Some(tag) = buf.get(at) else { return Ok(Found::Incomplete) };
    let header = |kind| aggregate(buf, at, kind);
    let mut text = |kind| text(buf, at + 1, searched, kind);
    match tag {
        b'+' => text(Kind::Simple),
        b'-' => text(Kind::Error),
        b'(' => text(Kind::BigNumber),
        b',' => text(Kind::Double),
        b'#' => text(Kind::Boolean),
        b'_' => text(Kind::Null),
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
fn text(buf: &[u8], start: usize, searched: &mut usize, kind: Kind) -> Result<Found, ProtocolError> {
    let Some(end) = line_end(buf, start + *searched) else {
        *searched = buf.len() - start;
        return Ok(Found::Incomplete);
    };
    *searched = end - start;
    match buf.get(end + 1) {
        Some(b'\n') => {}
        Some(_) => return Err(ProtocolError::MissingLineEnd),
        None => return Ok(Found::Incomplete),
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

/// The number in the line of the type byte at `at`, and where the line ends.
fn number(buf: &[u8], at: usize) -> Result<Option<(i64, usize)>, ProtocolError> {
    line(buf, at + 1).map_err(|bad| match bad {
        BadLine::Number => ProtocolError::InvalidNumber,
        BadLine::LineEnd => ProtocolError::MissingLineEnd,
    })
}

/// The most frequent elements, each there whole: a bulk string of fewer than a thousand bytes, an integer of up to
/// 18 digits, `+OK`, a null. `None` says nothing about what is there.
#[inline(always)]
pub fn short_scalar(buf: &[u8], at: usize) -> Option<(Raw, usize)> {
    if let Some((len, start)) = short_line(buf, at, b'$') {
        let end = start + len + 2;
        let is_whole = buf.get(start + len..end)? == b"\r\n";
        return is_whole.then_some((Raw { kind: Kind::Bulk, start, word: len as u64 }, end));
    }
    match buf.get(at..)? {
        [b':', ..] => {
            let (value, end) = short_integer(buf, at + 1)?;
            Some((Raw { kind: Kind::Integer, start: at + 1, word: value as u64 }, end))
        }
        [b'+', b'O', b'K', b'\r', b'\n', ..] => {
            Some((Raw { kind: Kind::Simple, start: at + 1, word: 2 }, at + 5))
        }
        [b'$', b'-', b'1', b'\r', b'\n', ..] => Some((NULL, at + 5)),
        [b'_', b'\r', b'\n', ..] => Some((NULL, at + 3)),
        _ => None,
    }
}

/// Where the first CR is from `from` on. Most lines are too short for `memchr` to pay.
#[inline]
pub fn line_end(buf: &[u8], from: usize) -> Option<usize> {
    let rest = &buf[from..];
    let short = rest.iter().take(8).position(|byte| *byte == b'\r');
    short.or_else(|| memchr::memchr(b'\r', rest)).map(|offset| from + offset)
}

fn integer(buf: &[u8], at: usize) -> Result<Found, ProtocolError> {
    Ok(match number(buf, at)? {
        None => Found::Incomplete,
        Some((value, end)) => {
            let raw = Raw { kind: Kind::Integer, start: at + 1, word: value as u64 };
            Found::Scalar { raw, end }
        }
    })
}

fn bulk(buf: &[u8], at: usize, kind: Kind) -> Result<Found, ProtocolError> {
    let Some((len, start)) = number(buf, at)? else { return Ok(Found::Incomplete) };
    if len == -1 && kind == Kind::Bulk {
        return Ok(Found::Scalar { raw: NULL, end: start });
    }
    let len = usize::try_from(len).map_err(|_| ProtocolError::InvalidNumber)?;
    let content_end = start.saturating_add(len);
    let end = content_end.saturating_add(2);
    match buf.get(content_end..end) {
        Some(b"\r\n") => {}
        Some(_) => return Err(ProtocolError::MissingLineEnd),
        None => return Ok(Found::Incomplete),
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
    let Some((count, end)) = number(buf, at)? else { return Ok(Found::Incomplete) };
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
