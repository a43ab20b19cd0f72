//! The sparse form of a HyperLogLog: runs of equal registers behind the header.
//!
//! A run is `00llllll` for up to 64 zeros, `01llllll llllllll` for up to 16384 zeros, or `1vvvvvll` for up to four
//! registers that hold 1 to 32; lengths and values are one more than the bits say. The text comes from clients, so
//! nothing here expects the runs to make sense. How runs are split and joined is Redis's, byte for byte.

use smallvec::SmallVec;

use super::sketch::{Corrupted, HEADER_LEN};

/// The largest value that a run can hold.
const VALUE_MAX: u8 = 32;
/// The most zeros that a run of one byte stands for.
const SHORT_ZEROS_MAX: usize = 64;
/// The most registers that a run with a value stands for.
const VALUES_MAX: usize = 4;
/// How many runs are looked through for neighbours to be joined after a change.
const JOINS_MAX: usize = 5;

/// A run of equal registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// What the registers hold.
    pub value: u8,
    /// How many they are.
    pub len: usize,
    /// Bytes that it takes.
    size: usize,
}

impl Run {
    /// The run at a place in the text; `None` at its end. A byte that is cut off counts as zero.
    fn read(text: &[u8], at: usize) -> Option<Self> {
        let first = *text.get(at)?;
        let low = usize::from(first & 0x3f);
        Some(match first >> 6 {
            0 => Self { value: 0, len: low + 1, size: 1 },
            1 => {
                let second = text.get(at + 1).copied().unwrap_or_default();
                Self { value: 0, len: (low << 8 | usize::from(second)) + 1, size: 2 }
            }
            _ => Self { value: (first >> 2 & 0x1f) + 1, len: usize::from(first & 3) + 1, size: 1 },
        })
    }

    /// Whether it is written as zeros with a length of two bytes.
    pub fn is_long(&self) -> bool {
        self.size == 2
    }
}

/// The runs of a text.
pub fn runs(text: &[u8]) -> impl Iterator<Item = Run> {
    let mut at = HEADER_LEN;
    std::iter::from_fn(move || {
        let run = Run::read(text, at)?;
        at += run.size;
        Some(run)
    })
}

/// What became of a register that was to hold at least some value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// It did already.
    Was,
    /// It does now.
    Is,
    /// The sparse form cannot hold it, and nothing has changed.
    TooLarge,
}

/// Whether register `index` holds less than `value`.
pub fn is_below(text: &[u8], index: usize, value: u8) -> Result<bool, Corrupted> {
    let mut end = 0;
    for run in runs(text) {
        end += run.len;
        if index < end {
            return Ok(run.value < value);
        }
    }
    Err(Corrupted)
}

/// Makes register `index` hold at least `value`, in a text of up to `bytes_max` bytes where it has to grow.
pub fn raise(text: &mut Vec<u8>, index: usize, value: u8, bytes_max: usize) -> Result<Raised, Corrupted> {
    if value > VALUE_MAX {
        return Ok(Raised::TooLarge);
    }
    let (mut at, mut first, mut previous) = (HEADER_LEN, 0, HEADER_LEN);
    let run = loop {
        let run = Run::read(text, at).ok_or(Corrupted)?;
        if index < first + run.len {
            break run;
        }
        previous = at;
        at += run.size;
        first += run.len;
    };
    if run.value >= value {
        return Ok(Raised::Was);
    }
    let mut parts: SmallVec<[u8; 8]> = SmallVec::new();
    write(&mut parts, run.value, index - first);
    write(&mut parts, value, 1);
    write(&mut parts, run.value, first + run.len - 1 - index);
    let len = text.len() + parts.len() - run.size;
    if parts.len() > run.size && len > bytes_max {
        return Ok(Raised::TooLarge);
    }
    let end = (at + run.size).min(text.len());
    text.splice(at..end, parts);
    // Of a run that was cut off, as much is cut off again.
    text.truncate(len);
    join(text, previous);
    Ok(Raised::Is)
}

/// Appends a run, which may be empty.
fn write(parts: &mut SmallVec<[u8; 8]>, value: u8, len: usize) {
    let Some(more) = len.checked_sub(1) else { return };
    match value.checked_sub(1) {
        None if len <= SHORT_ZEROS_MAX => parts.push(more as u8),
        None => parts.extend([0x40 | (more >> 8) as u8, more as u8]),
        Some(value) => parts.push(0x80 | value << 2 | more as u8),
    }
}

/// Joins neighbours that hold the same value, from the run at `at` on.
fn join(text: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOINS_MAX {
        let Some(run) = Run::read(text, at) else { return };
        match Run::read(text, at + run.size) {
            Some(next) if run.value > 0 && next.value == run.value && run.len + next.len <= VALUES_MAX => {
                let mut joined = SmallVec::new();
                write(&mut joined, run.value, run.len + next.len);
                text.splice(at..at + 2, joined);
            }
            _ => at += run.size,
        }
    }
}
