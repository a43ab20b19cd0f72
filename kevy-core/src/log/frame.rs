//! The bytes of a frame.

use memchr::memchr;

use crate::resp::{ArgVec, decode_command, encode_command, glance_at_command};

/// What stands before the offset of every frame.
pub const ENVELOPE: &[u8] = b"*2\r\n:";

/// The envelope of one frame: everything before its arguments.
#[derive(Debug)]
pub struct Head {
    bytes: [u8; Self::LEN_MAX],
    len: usize,
}

impl Head {
    /// The envelope, at most 20 digits and a line end.
    const LEN_MAX: usize = ENVELOPE.len() + 20 + 2;

    /// The envelope of the frame at `offset`.
    #[inline]
    pub fn new(offset: u64) -> Self {
        let mut bytes = [0; Self::LEN_MAX];
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(offset).as_bytes();
        bytes[..ENVELOPE.len()].copy_from_slice(ENVELOPE);
        let end = ENVELOPE.len() + digits.len();
        bytes[ENVELOPE.len()..end].copy_from_slice(digits);
        bytes[end..end + 2].copy_from_slice(b"\r\n");
        Self { bytes, len: end + 2 }
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The effect that switches a stream's database.
pub fn select(db: usize) -> Vec<u8> {
    let mut argv = Vec::new();
    encode_command(&mut argv, &[b"SELECT", itoa::Buffer::new().format(db).as_bytes()]);
    argv
}

/// The effect that begins a transaction; `shards` are its participants where there are several.
pub fn multi(transaction: u64, shards: &[usize]) -> Vec<u8> {
    let mut words = vec!["MULTI".to_owned()];
    if shards.len() > 1 {
        words.push(transaction.to_string());
        words.extend(shards.iter().map(usize::to_string));
    }
    let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let mut argv = Vec::new();
    encode_command(&mut argv, &args);
    argv
}

/// The effect that ends a transaction.
pub const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";

/// A frame as it is passed on.
#[derive(Clone, Copy, Debug)]
pub struct Glance<'a> {
    pub offset: u64,
    /// The effect, and the first argument of it.
    pub argv: &'a [u8],
    pub verb: &'a [u8],
    /// Bytes of the whole frame.
    pub len: usize,
}

/// The frame at the start of `bytes`, which this module wrote. `None` where there is no whole frame.
pub fn glance(bytes: &[u8]) -> Option<Glance<'_>> {
    let rest = bytes.strip_prefix(ENVELOPE)?;
    let (mut offset, mut at) = (0u64, 0);
    while let Some(digit @ b'0'..=b'9') = rest.get(at) {
        offset = offset.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        at += 1;
    }
    let effect = rest.get(at..)?.strip_prefix(b"\r\n")?;
    let (verb, len) = glance_at_command(effect).ok()??;
    Some(Glance { offset, argv: &effect[..len], verb, len: ENVELOPE.len() + at + 2 + len })
}

/// The frame at the start of `bytes`, which this module wrote, with its arguments in `args`: its offset, where its effect
/// begins and where it ends. `None` where there is no whole frame.
pub fn split<'a>(bytes: &'a [u8], args: &mut ArgVec<'a>) -> Option<(u64, usize, usize)> {
    let frame = glance(bytes)?;
    decode_command(frame.argv, args).ok()??;
    Some((frame.offset, frame.len - frame.argv.len(), frame.len))
}

/// The length of the frame at the start of `bytes`, which this module wrote, with its arguments in `args`.
///
/// `None` where there is no whole frame.
pub fn measure<'a>(bytes: &'a [u8], args: &mut ArgVec<'a>) -> Option<usize> {
    let rest = bytes.strip_prefix(ENVELOPE)?;
    let start = ENVELOPE.len() + memchr(b'\n', rest)? + 1;
    Some(start + decode_command(&bytes[start..], args).ok()??)
}
