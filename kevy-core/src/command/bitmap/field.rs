//! One integer of any width at any bit of a string.

use crate::base::number::parse_i64;
use crate::command::Fail;

/// How an integer lies in a string: highest bit first, negative ones in two's complement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Encoding {
    pub is_signed: bool,
    /// In bits: up to 64, or 63 without a sign.
    pub width: u32,
}

/// What becomes of a value that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Overflow {
    /// Its lowest bits are kept.
    #[default]
    Wrap,
    /// The nearest value that fits takes its place.
    Sat,
    /// Nothing is written.
    Fail,
}

/// What is written to a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    Set(i64),
    Add(i64),
}

impl Encoding {
    /// The encoding of a name like `i16` or `u8`.
    pub fn parse(arg: &[u8]) -> Result<Self, Fail> {
        let parsed = match arg {
            [b'i', width @ ..] => parse_i64(width).filter(|width| (1..=64).contains(width)),
            [b'u', width @ ..] => parse_i64(width).filter(|width| (1..=63).contains(width)),
            _ => None,
        };
        let width = parsed.and_then(|width| u32::try_from(width).ok()).ok_or(Fail::new(
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ))?;
        Ok(Self { is_signed: arg[0] == b'i', width })
    }

    /// The value at the bit number `at`; what lies behind the end of the string is zeros.
    pub fn read(self, text: &[u8], at: u64) -> i64 {
        let (word, _) = window(text, at);
        self.value_of((word << (at % 8) >> (u128::BITS - self.width)) as u64)
    }

    /// Writes the lowest bits of `value` at the bit number `at`; the string must be long enough.
    pub fn write(self, text: &mut [u8], at: u64, value: i64) {
        let (word, len) = window(text, at);
        let shift = u128::BITS - self.width - (at % 8) as u32;
        let mask = (u128::MAX >> (u128::BITS - self.width)) << shift;
        // The bits above the width that a sign brings are masked away.
        let word = word & !mask | ((value as u128) << shift) & mask;
        let start = (at / 8) as usize;
        text[start..start + len].copy_from_slice(&word.to_be_bytes()[..len]);
    }

    /// What a field that holds `old` is to hold after `change`; `None` where that does not fit and must not be.
    pub fn changed(self, old: i64, change: Change, overflow: Overflow) -> Option<i64> {
        let (min, max) = self.limits();
        let new = match change {
            Change::Add(by) => i128::from(old) + i128::from(by),
            Change::Set(value) if self.is_signed => i128::from(value),
            // A negative value is a large one where there is no sign.
            Change::Set(value) => i128::from(value as u64),
        };
        if (min..=max).contains(&new) {
            return i64::try_from(new).ok();
        }
        // Redis takes a value for too large whose distance from the largest one has more than 63 bits.
        let is_far = matches!(change, Change::Set(_)) && max - new > i128::from(i64::MAX);
        match overflow {
            Overflow::Wrap => Some(self.value_of(new as u64)),
            Overflow::Sat => i64::try_from(if new > max || is_far { max } else { min }).ok(),
            Overflow::Fail => None,
        }
    }

    fn limits(self) -> (i128, i128) {
        if self.is_signed {
            let half = 1i128 << (self.width - 1);
            (-half, half - 1)
        } else {
            (0, (1i128 << self.width) - 1)
        }
    }

    /// The value of the lowest bits of `bits`.
    fn value_of(self, bits: u64) -> i64 {
        let unused = u64::BITS - self.width;
        if self.is_signed { (bits << unused) as i64 >> unused } else { (bits << unused >> unused) as i64 }
    }
}

/// The bytes that an integer at the bit number `at` may lie in, as the highest of a word, and how many there are.
fn window(text: &[u8], at: u64) -> (u128, usize) {
    let bytes = text.get((at / 8) as usize..).unwrap_or_default();
    let len = bytes.len().min(9);
    let mut word = [0; 16];
    word[..len].copy_from_slice(&bytes[..len]);
    (u128::from_be_bytes(word), len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::bitmap::bits;

    #[test]
    fn every_width_is_written_and_read_at_every_bit() {
        for is_signed in [false, true] {
            for width in 1..=if is_signed { 64 } else { 63 } {
                let encoding = Encoding { is_signed, width };
                let (min, max) = encoding.limits();
                for at in 0..20 {
                    for value in [min, min + 1, 0, 1, max / 3, max].map(|value| value as i64) {
                        let value = encoding.value_of(value as u64);
                        for fill in [0, 0xff] {
                            let mut text = [fill; 12];
                            encoding.write(&mut text, at, value);
                            assert_eq!(encoding.read(&text, at), value, "{encoding:?} at {at}");
                            let outside = (0..at).chain(at + u64::from(width)..96);
                            assert!(outside.into_iter().all(|bit| bits::get(&text, bit) == (fill != 0)));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_lies_behind_the_end_is_zeros() {
        let byte = Encoding { is_signed: false, width: 8 };
        assert_eq!(byte.read(b"\xff", 4), 0xf0);
        assert_eq!(byte.read(b"\xff", 8), 0);
        assert_eq!(byte.read(b"", u64::MAX / 8), 0);
    }
}
