//! The longest common subsequence of two byte strings.
//!
//! Bit-parallel (M. Crochemore et al., "A fast and practical bit-vector algorithm for the longest common
//! subsequence problem", 2001): a row of the usual table is one bit per byte of `b`, zero where the length
//! grows at that byte, and 64 cells are computed at once. The rows are all the way back needs: where the bytes
//! differ, a zero bit says that the subsequence came from the row above.

/// The most memory one call may take for its rows and masks.
const TRANSIENT_BYTES_MAX: usize = 1 << 30;

/// The most words one call may compute: a second or two.
const STEPS_MAX: usize = 1 << 31;

const WORD_BITS: usize = u64::BITS as usize;

/// A run of equal bytes: where it starts in either string, and how long it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    pub a: usize,
    pub b: usize,
    pub len: usize,
}

/// The length of the longest common subsequence. `None` if it takes too much memory or time to find.
pub fn length(a: &[u8], b: &[u8]) -> Option<usize> {
    let table = Table::new(a, b, false)?;
    Some(table.length())
}

/// The runs of equal bytes that make up a longest common subsequence, the last one first.
///
/// Of several subsequences of that length it is the one that Redis finds. `None` if it takes too much memory or time.
pub fn runs(a: &[u8], b: &[u8]) -> Option<Vec<Run>> {
    let table = Table::new(a, b, true)?;
    let mut runs: Vec<Run> = Vec::new();
    let (mut i, mut j) = (a.len(), b.len());
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            (i, j) = (i - 1, j - 1);
            match runs.last_mut() {
                Some(run) if run.a == i + 1 && run.b == j + 1 => *run = Run { a: i, b: j, len: run.len + 1 },
                _ => runs.push(Run { a: i, b: j, len: 1 }),
            }
        } else if table.came_from_above(i, j) {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    Some(runs)
}

struct Table {
    words: usize,
    columns: usize,
    /// All rows, or only the last.
    rows: Vec<u64>,
}

impl Table {
    fn new(a: &[u8], b: &[u8], all_rows: bool) -> Option<Self> {
        let words = b.len().div_ceil(WORD_BITS);
        if words.checked_mul(a.len()).is_none_or(|steps| steps > STEPS_MAX) {
            return None;
        }
        let (masks, mask_of) = masks(a, b, words)?;
        let rows_len = if all_rows { words.checked_mul(a.len().max(1))? } else { words };
        let mut rows = zeroed(rows_len, masks.len())?;
        let mut row = vec![u64::MAX; words];
        for (i, byte) in a.iter().enumerate() {
            let mask = &masks[mask_of[usize::from(*byte)]..][..words];
            let mut carry = false;
            for (cell, mask) in row.iter_mut().zip(mask) {
                let matched = *cell & mask;
                let (sum, over) = cell.overflowing_add(matched);
                let (sum, over_carry) = sum.overflowing_add(u64::from(carry));
                carry = over | over_carry;
                *cell = sum | (*cell - matched);
            }
            if all_rows {
                rows[i * words..][..words].copy_from_slice(&row);
            }
        }
        if !all_rows {
            rows = row;
        }
        Some(Self { words, columns: b.len(), rows })
    }

    fn length(&self) -> usize {
        (0..self.columns).filter(|j| self.rows[j / WORD_BITS] >> (j % WORD_BITS) & 1 == 0).count()
    }

    /// For two bytes that differ (`i` and `j` count from 1): whether the row above alone gives the length.
    fn came_from_above(&self, i: usize, j: usize) -> bool {
        let word = self.rows[(i - 1) * self.words + (j - 1) / WORD_BITS];
        word >> ((j - 1) % WORD_BITS) & 1 == 0
    }
}

/// For each byte of `a` the positions in `b` that hold it, one bit each, and where in the first vector each
/// byte's positions start.
fn masks(a: &[u8], b: &[u8], words: usize) -> Option<(Vec<u64>, [usize; 256])> {
    let mut mask_of = [usize::MAX; 256];
    let mut count = 0;
    for byte in a {
        let place = &mut mask_of[usize::from(*byte)];
        if *place == usize::MAX {
            *place = count * words;
            count += 1;
        }
    }
    let mut masks = zeroed(words.checked_mul(count)?, 0)?;
    for (j, byte) in b.iter().enumerate() {
        let start = mask_of[usize::from(*byte)];
        if start != usize::MAX {
            masks[start + j / WORD_BITS] |= 1 << (j % WORD_BITS);
        }
    }
    Some((masks, mask_of))
}

/// `len` zeros, unless they and the words `beside` them are more than a call may take.
fn zeroed(len: usize, beside: usize) -> Option<Vec<u64>> {
    let bytes = len.checked_add(beside)?.checked_mul(size_of::<u64>())?;
    (bytes <= TRANSIENT_BYTES_MAX).then(|| vec![0; len])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The usual table, and the way back through it that Redis documents by its results.
    fn by_table(a: &[u8], b: &[u8]) -> (usize, Vec<Run>) {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                table[i][j] = if a[i - 1] == b[j - 1] {
                    table[i - 1][j - 1] + 1
                } else {
                    table[i - 1][j].max(table[i][j - 1])
                };
            }
        }
        let (mut i, mut j) = (a.len(), b.len());
        let mut runs: Vec<Run> = Vec::new();
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                match runs.last_mut() {
                    Some(run) if run.a == i && run.b == j => {
                        *run = Run { a: i - 1, b: j - 1, len: run.len + 1 };
                    }
                    _ => runs.push(Run { a: i - 1, b: j - 1, len: 1 }),
                }
                (i, j) = (i - 1, j - 1);
            } else if table[i - 1][j] > table[i][j - 1] {
                i -= 1;
            } else {
                j -= 1;
            }
        }
        (table[a.len()][b.len()], runs)
    }

    proptest! {
        #[test]
        fn bits_agree_with_the_table(
            a in prop::collection::vec(0u8..5, 0..200),
            b in prop::collection::vec(0u8..5, 0..200),
        ) {
            let (len, by_table) = by_table(&a, &b);
            prop_assert_eq!(length(&a, &b), Some(len));
            prop_assert_eq!(runs(&a, &b), Some(by_table));
        }
    }

    #[test]
    fn strings_that_would_take_too_much_are_refused() {
        let long = vec![b'x'; 1_000_000];
        assert_eq!(runs(&long[..200_000], &long[..200_000]), None);
        assert_eq!(length(&long, &long), None);
        assert_eq!(length(&long[..100_000], b"xx"), Some(2));
    }
}
