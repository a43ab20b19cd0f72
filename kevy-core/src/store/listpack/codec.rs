//! One element of a listpack: encoding, content, and the length of both for walking backwards.

use crate::base::number::parse_i64;

/// Marks the end of a listpack.
pub(super) const END: u8 = 0xFF;

const BITS_7_UINT_TOP: u8 = 0x80;
const BITS_6_STRING: u8 = 0x80;
const BITS_13_INT: u8 = 0xC0;
const BITS_12_STRING: u8 = 0xE0;
const BITS_32_STRING: u8 = 0xF0;
const BITS_16_INT: u8 = 0xF1;
const BITS_24_INT: u8 = 0xF2;
const BITS_32_INT: u8 = 0xF3;
const BITS_64_INT: u8 = 0xF4;

/// The content of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Raw<'a> {
    /// A string.
    Bytes(&'a [u8]),
    /// A string stored as the integer that it spells.
    Int(i64),
}

/// An element being written: encoding byte and what follows, then the content.
pub(super) struct Encoded<'a> {
    head: [u8; 9],
    head_len: u8,
    tail: &'a [u8],
}

impl<'a> Encoded<'a> {
    /// The shortest form of `value`, which is an integer wherever it spells one.
    pub(super) fn new(value: &'a [u8]) -> Self {
        if let Some(value) = parse_i64(value) {
            return Self::of_int(value);
        }
        let length = value.len();
        let mut head = [0; 9];
        let head_len = if length < 64 {
            head[0] = BITS_6_STRING | length as u8;
            1
        } else if length < 4096 {
            head[0] = BITS_12_STRING | (length >> 8) as u8;
            head[1] = length as u8;
            2
        } else {
            head[0] = BITS_32_STRING;
            head[1..5].copy_from_slice(&(length as u32).to_le_bytes());
            5
        };
        Self { head, head_len, tail: value }
    }

    pub(super) fn of_int(value: i64) -> Self {
        let mut head = [0; 9];
        let head_len = match value {
            0..=127 => {
                head[0] = value as u8;
                1
            }
            -4096..=4095 => {
                let bits = value as u16 & 0x1FFF;
                head[0] = BITS_13_INT | (bits >> 8) as u8;
                head[1] = bits as u8;
                2
            }
            _ => {
                let (code, size) = if i16::try_from(value).is_ok() {
                    (BITS_16_INT, 2)
                } else if (-(1 << 23)..1 << 23).contains(&value) {
                    (BITS_24_INT, 3)
                } else if i32::try_from(value).is_ok() {
                    (BITS_32_INT, 4)
                } else {
                    (BITS_64_INT, 8)
                };
                head[0] = code;
                head[1..1 + size].copy_from_slice(&value.to_le_bytes()[..size]);
                1 + size
            }
        };
        Self { head, head_len: head_len as u8, tail: &[] }
    }

    /// Bytes of encoding and content.
    fn content_len(&self) -> usize {
        self.head_len as usize + self.tail.len()
    }

    /// Bytes that the element takes, its length at the end included.
    pub(super) fn len(&self) -> usize {
        let content = self.content_len();
        content + back_length_size(content)
    }

    /// Writes the element into exactly [`len`](Self::len) bytes.
    pub(super) fn write(&self, out: &mut [u8]) {
        let content = self.content_len();
        let (head, rest) = out.split_at_mut(self.head_len as usize);
        head.copy_from_slice(&self.head[..self.head_len as usize]);
        let (tail, back) = rest.split_at_mut(self.tail.len());
        tail.copy_from_slice(self.tail);
        let last = back.len() - 1;
        for (index, byte) in back.iter_mut().enumerate() {
            let group = (content >> (7 * (last - index))) as u8 & 0x7F;
            *byte = if index == 0 { group } else { group | 0x80 };
        }
    }
}

/// Bytes of the length that ends an element. The limits of two bytes and more are one below what seven-bit groups
/// could hold, as Redis writes them.
pub(super) fn back_length_size(content: usize) -> usize {
    match content {
        0..=127 => 1,
        128..16_383 => 2,
        16_383..2_097_151 => 3,
        2_097_151..268_435_455 => 4,
        _ => 5,
    }
}

/// The element that begins at `at`: its content and where the next one begins. `None` if the bytes are not an
/// element, do not hold it whole, or their length at the end disagrees.
pub(super) fn decode_checked(bytes: &[u8], at: usize) -> Option<(Raw<'_>, usize)> {
    let (raw, content) = content(bytes, at)?;
    let size = back_length_size(content);
    let next = at + content + size;
    (read_back_length(bytes, next)? == (content, size)).then_some((raw, next))
}

/// As [`decode_checked`], of bytes that have been checked before.
#[inline]
pub(super) fn decode(bytes: &[u8], at: usize) -> Option<(Raw<'_>, usize)> {
    let (raw, content) = content(bytes, at)?;
    Some((raw, at + content + back_length_size(content)))
}

/// Where the element after the one that begins at `at` begins, of bytes that have been checked before.
#[inline]
pub(super) fn skip(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        code if code < BITS_7_UINT_TOP => Some(at + 2),
        code if code < BITS_13_INT => Some(at + 2 + usize::from(code & 0x3F)),
        code if code < BITS_12_STRING => Some(at + 3),
        _ => Some(decode(bytes, at)?.1),
    }
}

/// As [`skip`], and whether the element is the string `wanted`, which spells no integer.
#[inline]
pub(super) fn skip_and_compare(bytes: &[u8], at: usize, wanted: &[u8]) -> Option<(usize, bool)> {
    let code = *bytes.get(at)?;
    if !(BITS_6_STRING..BITS_13_INT).contains(&code) {
        let (raw, next) = decode(bytes, at)?;
        return Some((next, raw == Raw::Bytes(wanted)));
    }
    let len = usize::from(code & 0x3F);
    let next = at + 2 + len;
    if len != wanted.len() {
        return Some((next, false));
    }
    let content = bytes.get(at + 1..at + 1 + len)?;
    // Names that are alike mostly differ at their end.
    Some((next, content.last() == wanted.last() && content == wanted))
}

/// The content that begins at `at`, and the bytes that it takes with its encoding.
#[inline]
fn content(bytes: &[u8], at: usize) -> Option<(Raw<'_>, usize)> {
    let rest = bytes.get(at..)?;
    let (&code, after) = rest.split_first()?;
    let int = |size: usize| -> Option<(Raw<'_>, usize)> {
        let mut wide = [0; 8];
        wide[8 - size..].copy_from_slice(after.get(..size)?);
        Some((Raw::Int(i64::from_le_bytes(wide) >> (64 - 8 * size)), 1 + size))
    };
    let string = |from: usize, length: usize| -> Option<(Raw<'_>, usize)> {
        Some((Raw::Bytes(rest.get(from..from.checked_add(length)?)?), from + length))
    };
    match code {
        _ if code < BITS_7_UINT_TOP => Some((Raw::Int(i64::from(code)), 1)),
        _ if code < BITS_13_INT => string(1, (code & 0x3F) as usize),
        _ if code < BITS_12_STRING => {
            let bits = u16::from(code & 0x1F) << 8 | u16::from(*after.first()?);
            Some((Raw::Int(i64::from((bits << 3) as i16 >> 3)), 2))
        }
        _ if code < BITS_32_STRING => string(2, (code & 0x0F) as usize * 256 + *after.first()? as usize),
        BITS_32_STRING => {
            let length = u32::from_le_bytes(after.get(..4)?.try_into().ok()?);
            string(5, length as usize)
        }
        BITS_16_INT => int(2),
        BITS_24_INT => int(3),
        BITS_32_INT => int(4),
        BITS_64_INT => int(8),
        _ => None,
    }
}

/// The length of the element that ends right before `end`, and the bytes that length takes.
pub(super) fn read_back_length(bytes: &[u8], end: usize) -> Option<(usize, usize)> {
    let mut length = 0;
    for index in 0..5 {
        let byte = *bytes.get(end.checked_sub(index + 1)?)?;
        length |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((length, index + 1));
        }
    }
    None
}
