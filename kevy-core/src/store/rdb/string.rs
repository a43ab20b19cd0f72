//! Writing lengths and strings of RDB.

use super::lzf;
use crate::base::number::{format_i64, parse_i64};

/// Longest string that is looked at for being an integer of up to 32 bits.
const INT_LENGTH_MAX: usize = 11;
/// Longest string that is never compressed.
const PLAIN_LENGTH_MAX: usize = 20;

const SPECIAL: u8 = 0xC0;
const SPECIAL_LZF: u8 = SPECIAL | 3;

/// Appends a length or a count.
pub fn write_length(out: &mut Vec<u8>, length: u64) {
    if length < 1 << 6 {
        out.push(length as u8);
    } else if length < 1 << 14 {
        out.extend_from_slice(&(1 << 14 | length as u16).to_be_bytes());
    } else if let Ok(length) = u32::try_from(length) {
        out.push(0x80);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(0x81);
        out.extend_from_slice(&length.to_be_bytes());
    }
}

/// Appends a string in the shortest form that Redis would choose: an integer, compressed, or plain.
pub fn write_string(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() > PLAIN_LENGTH_MAX && write_compressed(out, bytes) {
        return;
    }
    write_uncompressed(out, bytes);
}

/// As [`write_string`], without the time that compressing takes.
pub fn write_uncompressed(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() <= INT_LENGTH_MAX
        && let Some(value) = parse_i64(bytes)
        && write_special_int(out, value)
    {
        return;
    }
    write_plain(out, bytes);
}

/// Appends a string that spells `value`.
pub(super) fn write_int(out: &mut Vec<u8>, value: i64) {
    if !write_special_int(out, value) {
        write_plain(out, format_i64(value).as_bytes());
    }
}

fn write_plain(out: &mut Vec<u8>, bytes: &[u8]) {
    write_length(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn write_special_int(out: &mut Vec<u8>, value: i64) -> bool {
    let bytes = value.to_le_bytes();
    let size_bits = if i8::try_from(value).is_ok() {
        0
    } else if i16::try_from(value).is_ok() {
        1
    } else if i32::try_from(value).is_ok() {
        2
    } else {
        return false;
    };
    out.push(SPECIAL | size_bits);
    out.extend_from_slice(&bytes[..1 << size_bits]);
    true
}

fn write_compressed(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    lzf::compress(bytes, |packed| {
        out.push(SPECIAL_LZF);
        write_length(out, packed.len() as u64);
        write_length(out, bytes.len() as u64);
        out.extend_from_slice(packed);
    })
}
