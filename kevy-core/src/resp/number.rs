//! Decimal numbers of the protocol's lines.

use crate::base::number::parse_i64;

/// The value and the end of a line made of the type byte `tag`, up to three digits and CR LF.
///
/// This is the quick way for nearly every length there is: one load of eight bytes decides. `None` says nothing
/// about the line; the caller then reads it byte by byte.
#[inline(always)]
pub fn short_line(buf: &[u8], at: usize, tag: u8) -> Option<(usize, usize)> {
    let word = u64::from_le_bytes(*buf.get(at..)?.first_chunk::<8>()?);
    const LINE_END: u64 = u16::from_le_bytes(*b"\r\n") as u64;
    let digit = |n: u32| ((word >> (8 * n)) as u8).wrapping_sub(b'0') as usize;
    let ends = |n: u32| (word >> (8 * n)) & 0xffff == LINE_END;
    if word as u8 != tag {
        return None;
    }
    let first = digit(1);
    if ends(2) {
        return (first <= 9).then_some((first, at + 4));
    }
    // A leading zero is not canonical, and Redis refuses it.
    if first.wrapping_sub(1) > 8 {
        return None;
    }
    let second = digit(2);
    if ends(3) {
        return (second <= 9).then_some((first * 10 + second, at + 5));
    }
    let third = digit(3);
    (ends(4) && second <= 9 && third <= 9).then_some((first * 100 + second * 10 + third, at + 6))
}

/// The integer of up to 18 digits whose text starts at `at` and ends with CR LF, and where that ends. As with
/// [`short_line`], `None` says nothing about the line.
#[inline(always)]
pub fn short_integer(buf: &[u8], at: usize) -> Option<(i64, usize)> {
    let (negative, first) = if *buf.get(at)? == b'-' { (true, at + 1) } else { (false, at) };
    let mut magnitude = 0i64;
    let mut end = first;
    loop {
        let byte = *buf.get(end)?;
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            let digits = end - first;
            // Only a lone zero may start with one, and it has no sign.
            let is_canonical = digits > 0 && (buf[first] != b'0' || (digits == 1 && !negative));
            let ends = byte == b'\r' && *buf.get(end + 1)? == b'\n';
            return (is_canonical && ends)
                .then_some((if negative { -magnitude } else { magnitude }, end + 2));
        }
        if end - first == 18 {
            return None;
        }
        magnitude = magnitude * 10 + i64::from(digit);
        end += 1;
    }
}

/// Why a line with a number cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLine {
    Number,
    LineEnd,
}

/// The number in the line whose digits start at `at`, and where the line ends; `None` while it is incomplete.
///
/// At most 20 bytes are looked at, however long the line is.
#[inline]
pub fn line(buf: &[u8], at: usize) -> Result<Option<(i64, usize)>, BadLine> {
    let rest = buf.get(at..).unwrap_or_default();
    let window = &rest[..rest.len().min(21)];
    let Some(len) = window.iter().position(|byte| *byte == b'\r') else {
        let partial = window.strip_prefix(b"-").unwrap_or(window);
        let hopeful = window.len() < 21 && partial.iter().all(u8::is_ascii_digit);
        return if hopeful { Ok(None) } else { Err(BadLine::Number) };
    };
    let value = parse_i64(&window[..len]).ok_or(BadLine::Number)?;
    match rest.get(len + 1) {
        Some(b'\n') => Ok(Some((value, at + len + 2))),
        Some(_) => Err(BadLine::LineEnd),
        None => Ok(None),
    }
}
