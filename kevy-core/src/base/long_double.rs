//! The arithmetic of INCRBYFLOAT and HINCRBYFLOAT.
//!
//! Redis adds in C's `long double`, which on x86-64 is the 80-bit extended format of the x87 unit, and writes
//! the sum with `%.17Lf` less its trailing zeros. Doing the same in software gives the same digits on
//! every machine.

use std::fmt::Write;

use rustc_apfloat::ieee::X87DoubleExtended;
use rustc_apfloat::{Float, Round, Status};

use super::float_text::{self, FloatText};

/// Redis reads no longer text than this as a `long double`.
const TEXT_LENGTH_MAX: usize = 5 * 1024 - 1;

/// Digits written behind the point before trailing zeros are dropped.
const FRACTION_DIGITS: usize = 17;

/// The bits of the significand, the integer bit included.
const SIGNIFICAND_BITS: i32 = 64;

/// An 80-bit extended number, possibly infinite, never NaN.
#[derive(Clone, Copy, Debug)]
pub struct LongDouble(X87DoubleExtended);

impl LongDouble {
    /// Zero, which a missing key or field counts as.
    pub const ZERO: Self = Self(X87DoubleExtended::ZERO);

    /// What Redis reads as a float: all that C's `strtold` takes but NaN, spaces, trailing bytes, and what
    /// overflows or vanishes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > TEXT_LENGTH_MAX {
            return None;
        }
        let text = float_text::scan(bytes)?;
        let is_zero = text.is_zero();
        let value: X87DoubleExtended = match text {
            FloatText::Infinity(negative) => {
                let infinity = X87DoubleExtended::INFINITY;
                return Some(Self(if negative { -infinity } else { infinity }));
            }
            FloatText::Decimal { text, .. } => text.parse().ok()?,
            FloatText::Hexadecimal { text, .. } => text.parse().ok()?,
        };
        (value.is_finite() && (!value.is_zero() || is_zero)).then_some(Self(value))
    }

    /// Whether the number is one of the two infinities.
    pub fn is_infinite(self) -> bool {
        self.0.is_infinite()
    }

    pub fn is_negative(self) -> bool {
        self.0.is_negative()
    }

    /// The number times `factor`, rounded up to a whole one; `None` where that does not fit 64 bits.
    pub fn times_rounded_up(self, factor: u32) -> Option<i64> {
        let product = (self.0 * X87DoubleExtended::from_u128(factor.into()).value).value;
        let whole = product.to_i128_r(i64::BITS as usize, Round::TowardPositive, &mut false);
        if whole.status.intersects(Status::INVALID_OP) { None } else { i64::try_from(whole.value).ok() }
    }

    /// The sum, rounded to nearest; none where it is NaN or infinite.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let sum = (self.0 + other.0).value;
        sum.is_finite().then_some(Self(sum))
    }

    /// The number in plain decimal digits, rounded half to even at the 17th digit behind the point, without
    /// trailing zeros and without a sign on zero. At most 4,951 bytes.
    pub fn to_text(self) -> String {
        if self.0.is_infinite() {
            return if self.0.is_negative() { "-inf" } else { "inf" }.into();
        }
        let bits = self.0.to_bits();
        let significand = bits as u64;
        let biased = (bits >> SIGNIFICAND_BITS) as i32 & 0x7fff;
        // Denormals share the exponent of the smallest normal numbers.
        let exponent = biased.max(1) - 0x3fff - (SIGNIFICAND_BITS - 1);

        let mut text = String::with_capacity(40);
        let (whole, fraction) = match u32::try_from(-exponent) {
            Err(_) | Ok(0) => (None, 0),
            Ok(below_one) => split(significand, below_one),
        };
        if self.0.is_negative() && (whole.is_none_or(|whole| whole != 0) || fraction != 0) {
            text.push('-');
        }
        // Writing to a string cannot fail.
        let _ = match whole {
            Some(whole) => write!(text, "{whole}"),
            None => write_shifted(&mut text, significand, exponent.unsigned_abs()),
        };
        if fraction != 0 {
            let _ = write!(text, ".{fraction:0FRACTION_DIGITS$}");
            text.truncate(text.trim_end_matches('0').len());
        }
        text
    }
}

/// The whole part of `significand / 2^below_one`, and its fraction in units of the last digit written.
fn split(significand: u64, below_one: u32) -> (Option<u64>, u64) {
    const UNITS: u128 = 10u128.pow(FRACTION_DIGITS as u32);
    // 64 bits of significand and 57 of UNITS: shifted further than this, nothing but a zero remains.
    if below_one > 121 {
        return (Some(0), 0);
    }
    let (whole, remainder) = match below_one {
        0..64 => (significand >> below_one, significand & ((1 << below_one) - 1)),
        _ => (0, significand),
    };
    let scaled = remainder as u128 * UNITS;
    let (mut fraction, rest) = (scaled >> below_one, scaled & ((1 << below_one) - 1));
    let half = 1 << (below_one - 1);
    fraction += (rest > half || rest == half && fraction & 1 == 1) as u128;
    if fraction == UNITS { (Some(whole + 1), 0) } else { (Some(whole), fraction as u64) }
}

/// Writes `significand * 2^shift` exactly, by limbs of nine decimal digits.
fn write_shifted(text: &mut String, significand: u64, shift: u32) -> std::fmt::Result {
    const LIMB: u64 = 1_000_000_000;
    let mut limbs = vec![significand % LIMB, significand / LIMB % LIMB, significand / LIMB / LIMB];
    let mut left = shift;
    while left > 0 {
        let step = left.min(32);
        left -= step;
        let mut carry = 0;
        for limb in &mut limbs {
            let value = (*limb << step) + carry;
            *limb = value % LIMB;
            carry = value / LIMB;
        }
        while carry > 0 {
            limbs.push(carry % LIMB);
            carry /= LIMB;
        }
    }
    let highest = limbs.iter().rposition(|&limb| limb != 0).unwrap_or(0);
    write!(text, "{}", limbs[highest])?;
    limbs[..highest].iter().rev().try_for_each(|limb| write!(text, "{limb:09}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::live_redis::{LiveRedis, Reply};

    fn sum(a: &[u8], b: &[u8]) -> Result<String, &'static str> {
        const NOT_FLOAT: &str = "ERR value is not a valid float";
        let a = LongDouble::parse(a).ok_or(NOT_FLOAT)?;
        let b = LongDouble::parse(b).ok_or(NOT_FLOAT)?;
        let sum = a.checked_add(b).ok_or("ERR increment would produce NaN or Infinity")?;
        Ok(sum.to_text())
    }

    #[test]
    fn sums_look_as_people_expect() {
        assert_eq!(sum(b"10.50", b"0.1").unwrap(), "10.6");
        assert_eq!(sum(b"5.0e3", b"2.0e2").unwrap(), "5200");
        assert_eq!(sum(b"1", b"-1").unwrap(), "0");
        assert_eq!(sum(b"0", b"-1e-20").unwrap(), "0");
        assert_eq!(sum(b"3", b"1.000000000000000001").unwrap(), "4");
        assert_eq!(sum(b"0.99999999999999999999", b"0").unwrap(), "1");
        assert!(sum(b"inf", b"1").is_err() && sum(b"1e4932", b"1e4932").is_err());
        assert!(sum(&[b'1'; TEXT_LENGTH_MAX + 1], b"1").is_err());
    }

    #[test]
    fn the_largest_number_is_written_in_full() {
        let text = LongDouble::parse(b"0x1.fffffffffffffffep16383").unwrap().to_text();
        assert_eq!(text.len(), 4933);
        assert!(text.starts_with("1189731495357231765021263"));
        assert!(text.ends_with("1989770240"));
    }

    /// A number with digits of every length and an exponent that is usually small.
    fn number(random: &mut fastrand::Rng) -> String {
        let digits = |random: &mut fastrand::Rng, max| -> String {
            (0..random.usize(0..=max)).map(|_| random.digit(10)).collect()
        };
        let max = [4, 10, 19, 25, 60][random.usize(0..5)];
        let mut text = format!("{}{}", ["", "-", "+"][random.usize(0..3)], digits(random, max));
        if random.bool() {
            text = format!("{text}.{}", digits(random, max));
        }
        match random.u8(0..12) {
            0 | 1 => text += &format!("e{}", random.i32(-30..30)),
            2 => text += &format!("E{}", random.i32(-5000..5000)),
            3 => text = format!("0x{:x}.{:x}p{}", random.u64(..), random.u128(..), random.i32(-70..70)),
            4 => text = format!("{}", f64::from_bits(random.u64(..))),
            5 => text = format!("{}.{}5", random.u8(..), random.u64(..10_000_000_000_000_000)),
            _ => {}
        }
        text
    }

    #[test]
    fn random_sums_agree_with_redis() {
        let mut redis = LiveRedis::start();
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..20_000 {
            let (a, b) = (number(&mut random), number(&mut random));
            redis.command(&[b"SET", b"k", a.as_bytes()]);
            let expected = match redis.command(&[b"INCRBYFLOAT", b"k", b.as_bytes()]) {
                Reply::Error(error) => Err(error),
                reply => Ok(String::from_utf8(reply.into_bytes()).expect("digits")),
            };
            let found = sum(a.as_bytes(), b.as_bytes()).map_err(str::to_owned);
            assert_eq!(found, expected, "{a} + {b}");
        }
    }

    #[test]
    fn the_longest_texts_are_read_as_redis_reads_them() {
        let mut redis = LiveRedis::start();
        let mut random = fastrand::Rng::with_seed(13);
        for _ in 0..150 {
            let length = random.usize(4000..=TEXT_LENGTH_MAX - 8);
            let mut text: String = (0..length).map(|_| random.digit(10)).collect();
            if random.bool() {
                text.replace_range(..length / 2, &"0".repeat(length / 2));
            }
            text.insert(random.usize(0..length), '.');
            text += &format!("e{}", random.i32(-9999..9999));
            redis.command(&[b"DEL", b"k"]);
            let expected = match redis.command(&[b"INCRBYFLOAT", b"k", text.as_bytes()]) {
                Reply::Error(_) => None,
                reply => Some(String::from_utf8(reply.into_bytes()).expect("digits")),
            };
            assert_eq!(LongDouble::parse(text.as_bytes()).map(LongDouble::to_text), expected, "{text}");
        }
    }
}
