//! A HyperLogLog as the bytes of a string, in Redis's format.
//!
//! Sixteen bytes of header are `HYLL`, a byte for the form, three that mean nothing, and the estimate as it was last
//! computed, little endian, with its top bit set once registers have changed since. Then come 16384 registers: in the
//! dense form six bits each, the lowest bits of a byte first, in the sparse form as runs (see [`super::sparse`]).

use super::estimate::{self, Histogram};
use super::sparse::{self, Raised};

/// Number of registers.
pub const REGISTERS: usize = 1 << 14;
/// Bytes before the registers.
pub const HEADER_LEN: usize = 16;
/// Bytes of a dense HyperLogLog.
pub const DENSE_LEN: usize = HEADER_LEN + REGISTERS * REGISTER_BITS / 8;
/// The longest sparse text in which every run stands for a register of its own, in bytes.
const SPARSE_LEN_MAX: usize = HEADER_LEN + 2 * REGISTERS;

const REGISTER_BITS: usize = 6;
const REGISTER_MAX: u8 = (1 << REGISTER_BITS) - 1;
const MAGIC: &[u8] = b"HYLL";
const FORM_AT: usize = 4;
const ESTIMATE_AT: usize = 8;
/// In the last byte of the header: the estimate does not fit the registers.
const STALE: u8 = 0x80;

/// The registers do not make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupted;

/// How registers are kept, numbered as in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Dense = 0,
    Sparse = 1,
}

/// All registers, a byte each.
pub type Registers = [u8; REGISTERS];

/// The form of a HyperLogLog; `None` where the text is none. All other functions here take only what has one.
pub fn form(text: &[u8]) -> Option<Form> {
    if text.len() < HEADER_LEN || !text.starts_with(MAGIC) {
        return None;
    }
    match text[FORM_AT] {
        0 if text.len() == DENSE_LEN => Some(Form::Dense),
        1 => Some(Form::Sparse),
        _ => None,
    }
}

fn is_sparse(text: &[u8]) -> bool {
    text[FORM_AT] == Form::Sparse as u8
}

/// A sparse HyperLogLog of nothing.
pub fn empty() -> Vec<u8> {
    let mut text = MAGIC.to_vec();
    text.push(Form::Sparse as u8);
    text.resize(HEADER_LEN, 0);
    text.extend([0x7f, 0xff]);
    text
}

/// Whether an element would change a register.
pub fn would_change(text: &[u8], element: &[u8]) -> Result<bool, Corrupted> {
    let (index, value) = estimate::place(element);
    if is_sparse(text) { sparse::is_below(text, index, value) } else { Ok(get(text, index) < value) }
}

/// Adds an element; whether that changed a register. A sparse text that would have more than `sparse_bytes_max` bytes
/// becomes dense.
pub fn add(text: &mut Vec<u8>, element: &[u8], sparse_bytes_max: usize) -> Result<bool, Corrupted> {
    let (index, value) = estimate::place(element);
    raise(text, index, value, sparse_bytes_max)
}

/// Makes a register hold at least `value`; whether that changed it.
fn raise(text: &mut Vec<u8>, index: usize, value: u8, sparse_bytes_max: usize) -> Result<bool, Corrupted> {
    if is_sparse(text) {
        match sparse::raise(text, index, value, sparse_bytes_max)? {
            Raised::Was => return Ok(false),
            Raised::Is => {
                mark_stale(text);
                return Ok(true);
            }
            Raised::TooLarge => *text = dense(text)?,
        }
    }
    let is_below = get(text, index) < value;
    if is_below {
        set(text, index, value);
        mark_stale(text);
    }
    Ok(is_below)
}

/// Makes every register hold at least what `registers` says.
pub fn raise_all(
    text: &mut Vec<u8>,
    registers: &Registers,
    sparse_bytes_max: usize,
) -> Result<(), Corrupted> {
    for (index, value) in registers.iter().enumerate().filter(|(_, value)| **value > 0) {
        raise(text, index, *value, sparse_bytes_max)?;
    }
    Ok(())
}

/// The dense form of a text.
pub fn dense(text: &[u8]) -> Result<Vec<u8>, Corrupted> {
    let mut registers = [0; REGISTERS];
    merge(&mut registers, text)?;
    let mut dense = Vec::with_capacity(DENSE_LEN);
    dense.extend_from_slice(&text[..HEADER_LEN]);
    dense[FORM_AT] = Form::Dense as u8;
    dense.resize(DENSE_LEN, 0);
    for (index, value) in registers.iter().enumerate().filter(|(_, value)| **value > 0) {
        set(&mut dense, index, *value);
    }
    Ok(dense)
}

/// Makes `registers` hold at least what a text does. Where it fails they hold some of that.
pub fn merge(registers: &mut Registers, text: &[u8]) -> Result<(), Corrupted> {
    if !is_sparse(text) {
        for (index, register) in registers.iter_mut().enumerate() {
            *register = (*register).max(get(text, index));
        }
        return Ok(());
    }
    let mut rest = &mut registers[..];
    for run in sparse::runs(text) {
        let (its, after) = rest.split_at_mut_checked(run.len).ok_or(Corrupted)?;
        its.iter_mut().for_each(|register| *register = (*register).max(run.value));
        rest = after;
    }
    if rest.is_empty() { Ok(()) } else { Err(Corrupted) }
}

/// About how many elements a text has seen, from its registers.
pub fn count(text: &[u8]) -> Result<u64, Corrupted> {
    let mut histogram: Histogram = [0; 64];
    if is_sparse(text) {
        let mut rest = REGISTERS;
        for run in sparse::runs(text) {
            rest = rest.checked_sub(run.len).ok_or(Corrupted)?;
            histogram[usize::from(run.value)] += run.len as u32;
        }
        if rest > 0 {
            return Err(Corrupted);
        }
    } else {
        (0..REGISTERS).for_each(|index| histogram[usize::from(get(text, index))] += 1);
    }
    Ok(estimate::estimate(&histogram))
}

/// About how many elements made the registers what they are.
pub fn count_all(registers: &Registers) -> u64 {
    let mut histogram: Histogram = [0; 64];
    registers.iter().for_each(|value| histogram[usize::from(value & REGISTER_MAX)] += 1);
    estimate::estimate(&histogram)
}

/// The estimate in the header, unless registers have changed since.
pub fn kept_count(text: &[u8]) -> Option<u64> {
    let estimate = text[ESTIMATE_AT..HEADER_LEN].try_into().map(u64::from_le_bytes).ok()?;
    (text[HEADER_LEN - 1] & STALE == 0).then_some(estimate)
}

/// Writes an estimate to the header.
pub fn keep_count(text: &mut [u8], count: u64) {
    text[ESTIMATE_AT..HEADER_LEN].copy_from_slice(&count.to_le_bytes());
}

/// Notes that the estimate in the header does not fit the registers.
pub fn mark_stale(text: &mut [u8]) {
    text[HEADER_LEN - 1] |= STALE;
}

/// The runs of a sparse text as `PFDEBUG DECODE` shows them.
pub fn shown_runs(text: &[u8]) -> Result<String, Corrupted> {
    if text.len() > SPARSE_LEN_MAX {
        return Err(Corrupted);
    }
    let shown: Vec<String> = sparse::runs(text)
        .map(|run| match run.value {
            0 => format!("{}:{}", if run.is_long() { 'Z' } else { 'z' }, run.len),
            value => format!("v:{value},{}", run.len),
        })
        .collect();
    Ok(shown.join(" "))
}

/// A register of a dense text.
pub fn get(text: &[u8], index: usize) -> u8 {
    let (at, shift) = position(index);
    // The last register ends with the last byte.
    let high = text.get(at + 1).copied().unwrap_or_default();
    (u16::from_le_bytes([text[at], high]) >> shift) as u8 & REGISTER_MAX
}

/// Sets a register of a dense text.
pub fn set(text: &mut [u8], index: usize, value: u8) {
    let (at, shift) = position(index);
    let [low, high] = (u16::from(value) << shift).to_le_bytes();
    let [low_mask, high_mask] = (u16::from(REGISTER_MAX) << shift).to_le_bytes();
    text[at] = text[at] & !low_mask | low;
    if high_mask != 0 {
        text[at + 1] = text[at + 1] & !high_mask | high;
    }
}

/// The byte of a dense text in which a register begins, and the bit in it.
fn position(index: usize) -> (usize, usize) {
    let bit = index * REGISTER_BITS;
    (HEADER_LEN + bit / 8, bit % 8)
}
