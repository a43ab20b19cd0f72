//! Looking at the bits of a byte string, whole words at a time where it can be.

use std::ops::Range;

/// The bit number `at`; what lies behind the end is clear.
pub fn get(text: &[u8], at: u64) -> bool {
    text.get((at / 8) as usize).is_some_and(|byte| byte & mask(at) != 0)
}

/// Sets or clears the bit number `at`, which must be there.
pub fn set(text: &mut [u8], at: u64, on: bool) {
    let byte = &mut text[(at / 8) as usize];
    *byte = if on { *byte | mask(at) } else { *byte & !mask(at) };
}

fn mask(at: u64) -> u8 {
    0x80 >> (at % 8)
}

/// How many of the bits of `range`, which must be there, are set.
pub fn count(text: &[u8], range: Range<u64>) -> u64 {
    let (head, whole, tail) = split(range);
    let (words, rest) = text[whole].as_chunks::<8>();
    let in_words: u64 = words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
    let in_rest: u64 = rest.iter().map(|byte| u64::from(byte.count_ones())).sum();
    in_words + in_rest + head.chain(tail).filter(|at| get(text, *at)).count() as u64
}

/// The first bit of `range`, all of which must be there, that is set or clear as `wanted` says.
pub fn find(text: &[u8], range: Range<u64>, wanted: bool) -> Option<u64> {
    let is_wanted = |at: &u64| get(text, *at) == wanted;
    let (mut head, whole, mut tail) = split(range);
    let first = whole.start as u64 * 8;
    head.find(is_wanted)
        .or_else(|| find_in_bytes(&text[whole], wanted).map(|at| first + at))
        .or_else(|| tail.find(is_wanted))
}

fn find_in_bytes(bytes: &[u8], wanted: bool) -> Option<u64> {
    let skipped = if wanted { 0 } else { 0xff };
    let (words, _) = bytes.as_chunks::<8>();
    let start = words.iter().take_while(|word| **word == [skipped; 8]).count() * 8;
    let (at, byte) = (start..).zip(&bytes[start..]).find(|(_, byte)| **byte != skipped)?;
    Some(at as u64 * 8 + u64::from((byte ^ skipped).leading_zeros()))
}

/// A range of bits as those before its first whole byte, the whole bytes, and the bits behind them.
fn split(range: Range<u64>) -> (Range<u64>, Range<usize>, Range<u64>) {
    let (start, end) = (range.start.div_ceil(8), range.end / 8);
    if start >= end {
        return (range.clone(), 0..0, range.end..range.end);
    }
    (range.start..start * 8, start as usize..end as usize, end * 8..range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_counted_and_searched_as_bit_by_bit() {
        let texts: [&[u8]; 5] = [
            b"",
            b"\xa5",
            &[0; 21],
            &[0xff; 21],
            b"\0\0\0\0\0\0\0\0\0\0\0\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ];
        for text in texts {
            let len = text.len() as u64 * 8;
            for start in 0..=len {
                for end in start..=len {
                    let ones = (start..end).filter(|at| get(text, *at)).count() as u64;
                    assert_eq!(count(text, start..end), ones, "{text:?} {start}..{end}");
                    for wanted in [false, true] {
                        let first = (start..end).find(|at| get(text, *at) == wanted);
                        assert_eq!(find(text, start..end, wanted), first, "{text:?} {start}..{end}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_bit_is_set_and_cleared_alone() {
        let mut text = [0xf0, 0x0f];
        set(&mut text, 0, false);
        set(&mut text, 4, true);
        set(&mut text, 15, false);
        assert_eq!(text, [0x78, 0x0e]);
        assert!(get(&text, 4) && !get(&text, 15) && !get(&text, 1000));
    }
}
