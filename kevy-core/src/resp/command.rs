//! A command's arguments as an array of bulk strings: the form of effects, log records and replication frames.

use super::number::{BadLine, line, short_line};
use super::{ArgVec, ProtocolError, encode};

/// Appends `args` as an array of bulk strings.
#[inline]
pub fn encode_command(out: &mut Vec<u8>, args: &[&[u8]]) {
    let len_max = command_len_max(args);
    if out.capacity() - out.len() < len_max {
        out.reserve(len_max);
    }
    encode::header(out, b'*', args.len());
    for arg in args {
        encode::bulk(out, arg);
    }
}

/// No fewer bytes than [`encode_command`] appends for `args`.
#[inline]
pub fn command_len_max(args: &[&[u8]]) -> usize {
    // A header takes at most 23 bytes, a bulk string 25 beside its content.
    args.iter().fold(23, |sum, arg| sum + arg.len() + 25)
}

/// Reads the array of bulk strings at the start of `buf` into `args`, and returns how many bytes it takes, or
/// `None` where it is not there whole; `args` is then left with the arguments that are.
///
/// # Errors
/// Where the bytes are anything else: this reads what [`encode_command`] wrote, so a null, a nested array or a
/// missing line end means damage.
pub fn decode_command<'a>(buf: &'a [u8], args: &mut ArgVec<'a>) -> Result<Option<usize>, ProtocolError> {
    args.clear();
    let Some((count, mut at)) = decode_count(buf, 0)? else { return Ok(None) };
    for _ in 0..count {
        let Some((start, end)) = decode_bulk(buf, at)? else { return Ok(None) };
        args.push(&buf[start..end]);
        at = end + 2;
    }
    Ok(Some(at))
}

/// The first argument of the array of bulk strings at the start of `buf`, and how many bytes the array takes; `None` where
/// it has no argument or is not there whole.
///
/// # Errors
/// As [`decode_command`].
pub fn glance_at_command(buf: &[u8]) -> Result<Option<(&[u8], usize)>, ProtocolError> {
    let Some((count @ 1.., at)) = decode_count(buf, 0)? else { return Ok(None) };
    let Some((start, end)) = decode_bulk(buf, at)? else { return Ok(None) };
    let mut at = end + 2;
    for _ in 1..count {
        let Some((_, end)) = decode_bulk(buf, at)? else { return Ok(None) };
        at = end + 2;
    }
    Ok(Some((&buf[start..end], at)))
}

/// The header of an array at `at`: how many elements it has and where they begin.
///
/// # Errors
/// As [`decode_command`].
#[inline(always)]
pub fn decode_count(buf: &[u8], at: usize) -> Result<Option<(usize, usize)>, ProtocolError> {
    header(buf, at, b'*')
}

/// The bulk string at `at`: where its content begins and ends, two bytes before what follows.
///
/// # Errors
/// As [`decode_command`].
#[inline(always)]
pub fn decode_bulk(buf: &[u8], at: usize) -> Result<Option<(usize, usize)>, ProtocolError> {
    let Some((len, start)) = decode_bulk_len(buf, at)? else { return Ok(None) };
    let end = start.saturating_add(len);
    match buf.get(end..end.saturating_add(2)) {
        Some(b"\r\n") => Ok(Some((start, end))),
        Some(_) => Err(ProtocolError::MissingLineEnd),
        None => Ok(None),
    }
}

/// The header of a bulk string at `at`: its length and where its content begins, though it may not be there yet.
///
/// # Errors
/// As [`decode_command`].
#[inline(always)]
pub fn decode_bulk_len(buf: &[u8], at: usize) -> Result<Option<(usize, usize)>, ProtocolError> {
    header(buf, at, b'$')
}

/// A header of type `tag`: its number and where it ends.
#[inline(always)]
fn header(buf: &[u8], at: usize, tag: u8) -> Result<Option<(usize, usize)>, ProtocolError> {
    match short_line(buf, at, tag) {
        Some(found) => Ok(Some(found)),
        None => long_header(buf, at, tag),
    }
}

#[cold]
fn long_header(buf: &[u8], at: usize, tag: u8) -> Result<Option<(usize, usize)>, ProtocolError> {
    let invalid =
        if tag == b'*' { ProtocolError::InvalidMultibulkLength } else { ProtocolError::InvalidBulkLength };
    match buf.get(at) {
        None => return Ok(None),
        Some(byte) if *byte == tag => {}
        Some(_) if tag == b'*' => return Err(invalid),
        Some(byte) => return Err(ProtocolError::ExpectedBulk(*byte)),
    }
    match line(buf, at + 1) {
        Ok(None) => Ok(None),
        Ok(Some((number, end))) => Ok(Some((usize::try_from(number).map_err(|_| invalid)?, end))),
        Err(BadLine::Number) => Err(invalid),
        Err(BadLine::LineEnd) => Err(ProtocolError::MissingLineEnd),
    }
}
