//! LZF: literal runs and references to what came up to 8 KiB before.
//!
//! Format: liblzf by Marc Lehmann. A control byte below 32 announces one more literal than its value; otherwise its
//! top three bits are the length of a reference less two (7: another byte is added), and its low five bits with
//! the next byte are the distance less one. The compressor finds the references that Redis's finds, so that
//! what it makes is the same byte for byte.

use std::cell::RefCell;

const HASH_BITS: u32 = 16;
/// Positions that the references may go back.
const DISTANCE_MAX: usize = 1 << 13;
const LITERALS_MAX: usize = 1 << 5;
const REFERENCE_MAX: usize = (1 << 8) + (1 << 3);
/// Bytes that Redis wants to save at least.
const SAVING_MIN: usize = 4;
/// Longest output of one byte of input: a reference of three bytes.
const EXPANSION_MAX: usize = REFERENCE_MAX / 3 + 1;

thread_local! {
    static COMPRESSOR: RefCell<Compressor> = RefCell::new(Compressor::default());
}

/// Passes `bytes` compressed to `with`; false if that saves too little.
pub(super) fn compress(bytes: &[u8], with: impl FnOnce(&[u8])) -> bool {
    COMPRESSOR.with_borrow_mut(|compressor| {
        let is_smaller = compressor.compress(bytes);
        if is_smaller {
            with(&compressor.out);
        }
        // One large value must not keep its buffer for good.
        compressor.out.clear();
        compressor.out.shrink_to(1 << 16);
        is_smaller
    })
}

/// Where three bytes were last seen, kept from call to call so that it need not be cleared: positions count on
/// over all inputs.
#[derive(Default)]
struct Compressor {
    last_seen: Vec<u32>,
    base: u32,
    out: Vec<u8>,
}

impl Compressor {
    fn compress(&mut self, input: &[u8]) -> bool {
        let Some(limit) = input.len().checked_sub(SAVING_MIN).filter(|&limit| limit > 0) else {
            return false;
        };
        let Ok(length) = u32::try_from(input.len()) else { return false };
        if self.last_seen.is_empty() || self.base.checked_add(length).is_none_or(|end| end == u32::MAX) {
            self.last_seen = vec![0; 1 << HASH_BITS];
            self.base = 0;
        }
        let fits = self.compress_within(input, limit);
        self.base = self.base.saturating_add(length);
        fits
    }

    /// Notes that the three bytes at `at` are there and returns where they, or others of the same hash, were before.
    /// The first position of an input counts as never seen.
    fn exchange(&mut self, input: &[u8], at: usize) -> Option<usize> {
        let word = u32::from(input[at]) << 16 | u32::from(input[at + 1]) << 8 | u32::from(input[at + 2]);
        let hash = (word >> (24 - HASH_BITS)).wrapping_sub(word.wrapping_mul(5)) & ((1 << HASH_BITS) - 1);
        let slot = &mut self.last_seen[hash as usize];
        let before = std::mem::replace(slot, self.base + at as u32);
        before.checked_sub(self.base).map(|at| at as usize).filter(|&at| at > 0)
    }

    fn compress_within(&mut self, input: &[u8], limit: usize) -> bool {
        let mut literals = 0;
        let mut at = 0;
        self.out.clear();
        // The place of the control byte of the literals that follow.
        self.out.push(0);
        while at + 2 < input.len() {
            let before = self.exchange(input, at).filter(|&before| {
                at - before <= DISTANCE_MAX && input[before..before + 3] == input[at..at + 3]
            });
            let Some(before) = before else {
                if self.out.len() >= limit {
                    return false;
                }
                self.push_literal(input[at], &mut literals);
                at += 1;
                continue;
            };
            if self.out.len() - usize::from(literals == 0) + 4 >= limit {
                return false;
            }
            self.end_literals(literals);
            let length = match_length(&input[before..], &input[at..]);
            let (distance, code) = (at - before - 1, length - 2);
            if code < 7 {
                self.out.push((distance >> 8) as u8 | (code as u8) << 5);
            } else {
                self.out.push((distance >> 8) as u8 | 7 << 5);
                self.out.push((code - 7) as u8);
            }
            self.out.push(distance as u8);
            self.out.push(0);
            literals = 0;
            at += length;
            if at + 2 >= input.len() {
                break;
            }
            // Of the positions inside a reference only the last two are noted.
            self.exchange(input, at - 2);
            self.exchange(input, at - 1);
        }
        if self.out.len() + 3 > limit {
            return false;
        }
        for &byte in &input[at..] {
            self.push_literal(byte, &mut literals);
        }
        self.end_literals(literals);
        true
    }

    fn push_literal(&mut self, byte: u8, literals: &mut usize) {
        self.out.push(byte);
        *literals += 1;
        if *literals == LITERALS_MAX {
            self.end_literals(LITERALS_MAX);
            self.out.push(0);
            *literals = 0;
        }
    }

    /// Fills in the control byte of a run, or takes it back if the run is empty.
    fn end_literals(&mut self, literals: usize) {
        if literals == 0 {
            self.out.pop();
        } else {
            let control = self.out.len() - literals - 1;
            self.out[control] = literals as u8 - 1;
        }
    }
}

/// How many bytes a reference covers, given that three are equal. Sixteen bytes are compared before the longest
/// length is looked at, which at the end of the input makes for two bytes more than otherwise.
fn match_length(before: &[u8], here: &[u8]) -> usize {
    let longest = (here.len() - 2).min(REFERENCE_MAX);
    let mut length = 2;
    if longest > 16 {
        while length < 18 {
            length += 1;
            if before[length] != here[length] {
                return length;
            }
        }
    }
    loop {
        length += 1;
        if length >= longest || before[length] != here[length] {
            return length;
        }
    }
}

/// Restores what has exactly `length` bytes. `None` if `packed` is not that.
pub(super) fn decompress(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    if length / EXPANSION_MAX > packed.len() {
        return None;
    }
    let mut out = Vec::with_capacity(length.min(4 * packed.len()));
    let mut rest = packed.iter();
    while let Some(&control) = rest.next() {
        let control = usize::from(control);
        if control < LITERALS_MAX {
            let (literals, after) = rest.as_slice().split_at_checked(control + 1)?;
            out.extend_from_slice(literals);
            rest = after.iter();
        } else {
            let mut count = control >> 5;
            if count == 7 {
                count += usize::from(*rest.next()?);
            }
            let distance = ((control & 0x1F) << 8 | usize::from(*rest.next()?)) + 1;
            let from = out.len().checked_sub(distance)?;
            // A reference may run into what it is itself producing.
            for index in from..from + count + 2 {
                out.push(out[index]);
            }
        }
        if out.len() > length {
            return None;
        }
    }
    (out.len() == length).then_some(out)
}
