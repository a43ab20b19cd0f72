//! JavaScript values on their way to a command's arguments.

use smallvec::SmallVec;

use super::js::{Js, Value};
use super::state::Fail;

/// Arguments: strings as UTF-8 in a buffer that is used again, Buffers where they lie.
#[derive(Debug)]
pub struct Args<'a> {
    scratch: &'a mut Vec<u8>,
    pieces: SmallVec<[Piece; 8]>,
}

#[derive(Clone, Copy, Debug)]
enum Piece {
    Scratch { start: usize, end: usize },
    Memory(*const u8, usize),
}

/// A scratch that one call grew beyond this is given back.
const KEEP_BYTES_MAX: usize = 1 << 20;
const EXPECTED: Fail = Fail::Type("an argument must be a string, Buffer, typed array, number or bigint");

/// A command's arguments, `argv[0]` the verb.
pub type Argv<'a> = SmallVec<[&'a [u8]; 8]>;

impl<'a> Args<'a> {
    pub fn new(scratch: &'a mut Vec<u8>) -> Self {
        scratch.clear();
        if scratch.capacity() > KEEP_BYTES_MAX {
            *scratch = Vec::new();
        }
        Self { scratch, pieces: SmallVec::new() }
    }

    pub fn push_bytes(&mut self, bytes: &[u8]) {
        let start = self.scratch.len();
        self.scratch.extend_from_slice(bytes);
        self.pieces.push(Piece::Scratch { start, end: self.scratch.len() });
    }

    pub fn push(&mut self, js: Js, value: Value) -> Result<(), Fail> {
        let start = self.scratch.len();
        let piece = match read(js, value, self.scratch)? {
            Some((data, len)) => Piece::Memory(data, len),
            None => Piece::Scratch { start, end: self.scratch.len() },
        };
        self.pieces.push(piece);
        Ok(())
    }

    /// The two arguments that there are.
    #[inline(always)]
    pub fn pair(&self) -> (&[u8], &[u8]) {
        match self.pieces[..] {
            [first, second, ..] => (self.piece(first), self.piece(second)),
            _ => (&[], &[]),
        }
    }

    /// All arguments in order.
    pub fn argv(&self) -> Argv<'_> {
        self.pieces.iter().map(|piece| self.piece(*piece)).collect()
    }

    #[inline(always)]
    fn piece(&self, piece: Piece) -> &[u8] {
        match piece {
            Piece::Scratch { start, end } => &self.scratch[start..end],
            // SAFETY: the Buffer is an argument of the callback under way and no code of the program runs before the
            // arguments are used up, so its memory stays where it is.
            Piece::Memory(data, len) => unsafe { slice(data, len) },
        }
    }
}

/// One argument alone.
#[inline(always)]
pub fn one(js: Js, value: Value, scratch: &mut Vec<u8>) -> Result<&[u8], Fail> {
    scratch.clear();
    Ok(match read(js, value, scratch)? {
        // SAFETY: as in `Args::argv`.
        Some((data, len)) => unsafe { slice(data, len) },
        None => scratch,
    })
}

/// Appends a string or number to `scratch`, or tells where a Buffer's memory is.
#[inline(always)]
fn read(js: Js, value: Value, scratch: &mut Vec<u8>) -> Result<Option<(*const u8, usize)>, Fail> {
    if js.append_string(value, scratch).is_some() {
        return Ok(None);
    }
    if let Some((data, len)) = js.memory(value) {
        return Ok(Some((data, len)));
    }
    let text = js.number_text(value).ok_or(EXPECTED)?;
    js.append_string(text, scratch).ok_or(EXPECTED)?;
    Ok(None)
}

/// # Safety
/// The memory is not freed or moved during `'a`.
#[inline(always)]
unsafe fn slice<'a>(data: *const u8, len: usize) -> &'a [u8] {
    // An empty Buffer may have no address.
    if len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(data, len) }
}
