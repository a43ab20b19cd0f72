//! The pieces that commands and replies are written with, straight into a byte vector.

/// Appends a line of the type byte `tag`, the decimal `n` and CR LF: the header of an array, map, bulk string.
#[inline]
pub fn header(out: &mut Vec<u8>, tag: u8, n: usize) {
    // Slices of constant length become plain stores, where one of variable length would call `memcpy`.
    if n < 10 {
        out.extend_from_slice(&[tag, b'0' + n as u8, b'\r', b'\n']);
    } else if n < 100 {
        out.extend_from_slice(&[tag, b'0' + (n / 10) as u8, b'0' + (n % 10) as u8, b'\r', b'\n']);
    } else {
        long_header(out, tag, n as u64);
    }
}

/// Appends a bulk string.
#[inline]
pub fn bulk(out: &mut Vec<u8>, bytes: &[u8]) {
    // Room for the longest header is part of the one reservation. Mostly there is some, and asking for it is a call.
    if out.capacity() - out.len() < bytes.len() + 25 {
        out.reserve(bytes.len() + 25);
    }
    header(out, b'$', bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Appends an integer reply: `:`, the decimal, CR LF.
#[inline]
pub fn integer(out: &mut Vec<u8>, value: i64) {
    if let Ok(small @ 0..100) = usize::try_from(value) {
        header(out, b':', small);
    } else {
        line(out, b':', itoa::Buffer::new().format(value).as_bytes());
    }
}

/// Appends a line of the type byte `tag`, `text` as it is, and CR LF.
#[inline]
pub fn line(out: &mut Vec<u8>, tag: u8, text: &[u8]) {
    out.reserve(text.len() + 3);
    out.push(tag);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

fn long_header(out: &mut Vec<u8>, tag: u8, n: u64) {
    line(out, tag, itoa::Buffer::new().format(n).as_bytes());
}
