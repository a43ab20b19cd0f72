//! Small sets of integers: a sorted array, byte for byte as Redis keeps and saves it.
//!
//! Format: intset.c. The width of an integer and their number (u32 each, little endian), then the integers in ascending
//! order, all of them 2, 4 or 8 bytes wide.

use std::cmp::Ordering;

use crate::store::listpack::Malformed;

const HEADER: usize = 8;

/// A sorted array of integers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntSet {
    bytes: Box<[u8]>,
}

/// The fewest bytes in which an integer has room.
fn width_of(value: i64) -> usize {
    if i16::try_from(value).is_ok() {
        2
    } else if i32::try_from(value).is_ok() {
        4
    } else {
        8
    }
}

impl Default for IntSet {
    fn default() -> Self {
        Self::with_header(2, 0, Vec::new())
    }
}

impl IntSet {
    /// Puts a header in the first bytes, which are free for it, or added.
    fn with_header(width: usize, len: usize, mut bytes: Vec<u8>) -> Self {
        if bytes.len() < HEADER {
            bytes.resize(HEADER, 0);
        }
        bytes[..4].copy_from_slice(&(width as u32).to_le_bytes());
        bytes[4..HEADER].copy_from_slice(&(len as u32).to_le_bytes());
        Self { bytes: bytes.into() }
    }

    /// Takes bytes from outside after checking every one of them.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let word =
            |at: usize| -> Option<u32> { bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes) };
        let (width, len) = word(0).zip(word(4)).ok_or(Malformed)?;
        let fits = (len as usize).checked_mul(width as usize) == Some(bytes.len() - HEADER);
        if !matches!(width, 2 | 4 | 8) || !fits {
            return Err(Malformed);
        }
        let set = Self { bytes: bytes.into() };
        if set.is_empty() || !set.iter().is_sorted_by(|one, two| one < two) {
            return Err(Malformed);
        }
        Ok(set)
    }

    /// Integers in ascending order, none of them twice.
    pub fn from_sorted(values: &[i64]) -> Self {
        let width = values.iter().copied().map(width_of).max().unwrap_or(2);
        let mut bytes = Vec::with_capacity(HEADER + values.len() * width);
        bytes.resize(HEADER, 0);
        for value in values {
            bytes.extend_from_slice(&value.to_le_bytes()[..width]);
        }
        Self::with_header(width, values.len(), bytes)
    }

    /// The set as it is saved.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes allocated.
    pub fn memory(&self) -> usize {
        self.bytes.len()
    }

    fn width(&self) -> usize {
        self.bytes[0].into()
    }

    /// Number of integers.
    pub fn len(&self) -> usize {
        (self.bytes.len() - HEADER) / self.width()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == HEADER
    }

    /// The integer with an index.
    pub fn get(&self, index: usize) -> Option<i64> {
        let width = self.width();
        let start = index.checked_mul(width)?.checked_add(HEADER)?;
        let stored = self.bytes.get(start..start.checked_add(width)?)?;
        let mut wide = [0; 8];
        wide[8 - width..].copy_from_slice(stored);
        Some(i64::from_le_bytes(wide) >> (64 - 8 * width))
    }

    /// All integers in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = i64> {
        (0..self.len()).map_while(|index| self.get(index))
    }

    /// The index of an integer, or that at which it belongs.
    fn find(&self, value: i64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        // Sets often grow at their end.
        if high > 0 && self.get(high - 1).is_some_and(|last| last < value) {
            return Err(high);
        }
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle).map(|at| at.cmp(&value)) {
                Some(Ordering::Less) => low = middle + 1,
                Some(Ordering::Equal) => return Ok(middle),
                _ => high = middle,
            }
        }
        Err(low)
    }

    /// Whether an integer is there.
    pub fn contains(&self, value: i64) -> bool {
        width_of(value) <= self.width() && self.find(value).is_ok()
    }

    /// Adds an integer; whether it is new.
    pub fn add(&mut self, value: i64) -> bool {
        let Err(index) = self.find(value) else { return false };
        if width_of(value) > self.width() {
            // Wider than every other one, so it is the first or the last.
            let mut values: Vec<i64> = self.iter().collect();
            values.insert(index, value);
            *self = Self::from_sorted(&values);
            return true;
        }
        let (width, len) = (self.width(), self.len());
        let mut bytes = std::mem::take(&mut self.bytes).into_vec();
        let (at, end) = (HEADER + index * width, bytes.len());
        bytes.reserve_exact(width);
        bytes.resize(end + width, 0);
        bytes.copy_within(at..end, at + width);
        bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
        *self = Self::with_header(width, len + 1, bytes);
        true
    }

    /// Removes an integer; whether it was there. The others keep their width.
    pub fn remove(&mut self, value: i64) -> bool {
        if width_of(value) > self.width() {
            return false;
        }
        let Ok(index) = self.find(value) else { return false };
        let (width, len) = (self.width(), self.len());
        let mut bytes = std::mem::take(&mut self.bytes).into_vec();
        let (at, end) = (HEADER + index * width, bytes.len());
        bytes.copy_within(at + width..end, at);
        bytes.truncate(end - width);
        *self = Self::with_header(width, len - 1, bytes);
        true
    }

    /// Keeps the integers of which `keep` is true, asked in ascending order; the width stays.
    pub fn retain(&mut self, mut keep: impl FnMut(i64) -> bool) {
        let width = self.width();
        let mut bytes = Vec::with_capacity(self.bytes.len());
        bytes.resize(HEADER, 0);
        let mut len = 0;
        for value in self.iter().filter(|&value| keep(value)) {
            bytes.extend_from_slice(&value.to_le_bytes()[..width]);
            len += 1;
        }
        *self = Self::with_header(width, len, bytes);
    }
}
