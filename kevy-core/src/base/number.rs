//! Numbers as text: what Redis takes as an argument and what it replies.

use rustc_apfloat::Float;
use rustc_apfloat::ieee::Double;

use super::float_text::{self, FloatText};

/// The digits and the sign of the longest integer.
const I64_LENGTH_MAX: usize = 20;

/// An integer in the one form in which Redis writes it: no plus, no leading zeros, no spaces, no `-0`.
#[inline]
pub fn parse_i64(bytes: &[u8]) -> Option<i64> {
    if bytes.len() > I64_LENGTH_MAX {
        return None;
    }
    match bytes {
        [b'-', b'1'..=b'9', ..] => 0i64.checked_sub_unsigned(digits(&bytes[1..])?),
        _ => i64::try_from(parse_u64(bytes)?).ok(),
    }
}

/// An unsigned integer in the one form in which Redis writes it.
#[inline]
pub fn parse_u64(bytes: &[u8]) -> Option<u64> {
    match bytes {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] => digits(bytes),
        _ => None,
    }
}

/// Decimal digits only, at least one.
#[inline]
fn digits(bytes: &[u8]) -> Option<u64> {
    if bytes.len() > I64_LENGTH_MAX {
        return None;
    }
    // Nineteen digits cannot overflow; only a twentieth is checked.
    let (safe, last) = bytes.split_at(bytes.len().min(19));
    let mut value = 0u64;
    for &byte in safe {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + digit as u64;
    }
    match last {
        [] => Some(value),
        &[byte] if byte.is_ascii_digit() => value.checked_mul(10)?.checked_add((byte - b'0') as u64),
        _ => None,
    }
}

/// Decimal digits of any length, held at the largest `i64` when there are too many.
pub(super) fn saturating_i64(digits: &[u8]) -> i64 {
    digits.iter().fold(0i64, |value, &digit| value.saturating_mul(10).saturating_add((digit & 15) as i64))
}

/// A double as Redis reads a score: all that C's `strtod` takes, `inf` and hexadecimal included, but no NaN,
/// no spaces, no trailing bytes, and nothing that overflows or vanishes.
pub fn parse_f64(bytes: &[u8]) -> Option<f64> {
    let text = float_text::scan(bytes)?;
    let is_zero = text.is_zero();
    let value = match text {
        FloatText::Infinity(negative) => {
            return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
        }
        FloatText::Decimal { text, .. } => text.parse().ok()?,
        FloatText::Hexadecimal { text, .. } => f64::from_bits(text.parse::<Double>().ok()?.to_bits() as u64),
    };
    (value.is_finite() && (value != 0.0 || is_zero)).then_some(value)
}

/// A double as Redis reads the limit of a range: C's `strtod` on a string that a zero byte ends, so spaces may precede
/// it, nothing at all is 0, and what overflows is infinite. No NaN, no trailing bytes.
pub fn parse_f64_saturating(bytes: &[u8]) -> Option<f64> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0.0);
    }
    match float_text::scan(text.trim_ascii_start())? {
        FloatText::Infinity(negative) => Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY }),
        FloatText::Decimal { text, .. } => text.parse().ok(),
        FloatText::Hexadecimal { text, .. } => {
            Some(f64::from_bits(text.parse::<Double>().ok()?.to_bits() as u64))
        }
    }
}

/// Room for the text of any `i64`, `u64` or `f64`.
#[derive(Clone, Copy, Debug)]
pub struct NumberText {
    bytes: [u8; 32],
    length: u8,
}

impl NumberText {
    const EMPTY: Self = Self { bytes: [0; 32], length: 0 };

    fn of(text: &[u8]) -> Self {
        let mut result = Self::EMPTY;
        result.push(text);
        result
    }

    #[inline]
    fn push(&mut self, text: &[u8]) {
        let start = self.length as usize;
        self.bytes[start..start + text.len()].copy_from_slice(text);
        self.length += text.len() as u8;
    }

    fn push_zeros(&mut self, count: usize) {
        self.push(&[b'0'; 24][..count]);
    }

    /// The text, all of it ASCII.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length as usize]
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl AsRef<[u8]> for NumberText {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// An integer's text.
#[inline]
pub fn format_i64(value: i64) -> NumberText {
    NumberText::of(itoa::Buffer::new().format(value).as_bytes())
}

/// An unsigned integer's text.
#[inline]
pub fn format_u64(value: u64) -> NumberText {
    NumberText::of(itoa::Buffer::new().format(value).as_bytes())
}

/// Appends an unsigned integer's text to `out`.
#[inline]
pub fn push_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// A double as Redis 7.2 replies it: the fewest digits that read back as the same value, whole numbers
/// in full up to 2^62, very large and very small ones with a signed exponent.
pub fn format_f64(value: f64) -> NumberText {
    const WRITTEN_WHOLE_MAX: f64 = (1i64 << 62) as f64;
    if value.is_nan() {
        return NumberText::of(b"nan");
    }
    if value.is_infinite() {
        return NumberText::of(if value < 0.0 { b"-inf" } else { b"inf" });
    }
    if value == 0.0 {
        return NumberText::of(if value.is_sign_negative() { b"-0" } else { b"0" });
    }
    if value.abs() <= WRITTEN_WHOLE_MAX && value.trunc() == value {
        return format_i64(value as i64);
    }
    let mut buffer = zmij::Buffer::new();
    let (digits, exponent) = shortest(buffer.format_finite(value.abs()));
    let mut text = NumberText::EMPTY;
    if value < 0.0 {
        text.push(b"-");
    }
    lay_out(&mut text, digits.as_bytes(), exponent);
    text
}

/// Digits without leading or trailing zeros, and the power of ten that the last one counts.
fn shortest(written: &str) -> (NumberText, i32) {
    let (significand, exponent) = written.split_once('e').unwrap_or((written, "0"));
    let (whole, fraction) = significand.split_once('.').unwrap_or((significand, ""));
    let mut digits = [0u8; 64];
    let mut length = 0;
    for &digit in whole.as_bytes().iter().chain(fraction.as_bytes()) {
        if length > 0 || digit != b'0' {
            digits[length] = digit;
            length += 1;
        }
    }
    let kept = digits[..length].iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
    let exponent: i32 = exponent.parse().unwrap_or_default();
    (NumberText::of(&digits[..kept]), exponent - fraction.len() as i32 + (length - kept) as i32)
}

/// Writes `digits` times ten to the `exponent`, choosing between the plain and the scientific form.
fn lay_out(text: &mut NumberText, digits: &[u8], exponent: i32) {
    let count = digits.len() as i32;
    let scientific = exponent + count - 1;
    if exponent >= 0 && scientific < count + 7 {
        text.push(digits);
        text.push_zeros(exponent as usize);
    } else if exponent < 0 && (exponent > -7 || scientific.abs() < 4) {
        let point = count + exponent;
        if point <= 0 {
            text.push(b"0.");
            text.push_zeros(-point as usize);
            text.push(digits);
        } else {
            text.push(&digits[..point as usize]);
            text.push(b".");
            text.push(&digits[point as usize..]);
        }
    } else {
        text.push(&digits[..1]);
        if count > 1 {
            text.push(b".");
            text.push(&digits[1..]);
        }
        text.push(if scientific < 0 { b"e-" } else { b"e+" });
        text.push(itoa::Buffer::new().format(scientific.unsigned_abs()).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::live_redis::{LiveRedis, Reply};

    #[test]
    fn only_canonical_integers_are_integers() {
        for value in [0, 1, -1, 9, 10, -10, i64::MAX, i64::MIN, 1_000_000_007] {
            assert_eq!(parse_i64(value.to_string().as_bytes()), Some(value));
            assert_eq!(format_i64(value).as_str(), value.to_string());
        }
        for text in [
            "",
            "-",
            "+1",
            "01",
            "-0",
            "-01",
            " 1",
            "1 ",
            "1a",
            "9223372036854775808",
            "-9223372036854775809",
        ] {
            assert_eq!(parse_i64(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(parse_u64(b"18446744073709551616"), None);
        assert_eq!(parse_u64(b"99999999999999999999"), None);
        assert_eq!(parse_u64(b"100000000000000000000"), None);
        assert_eq!(parse_u64(b"-1"), None);
    }

    #[test]
    fn doubles_are_written_as_redis_7_2_writes_them() {
        for (value, text) in [
            (2.5, "2.5"),
            (-0.1, "-0.1"),
            (0.0, "0"),
            (-0.0, "-0"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (1e-7, "1e-7"),
            (0.000001, "0.000001"),
            (0.0012345678, "0.0012345678"),
            (0.0001234, "1.234e-4"),
            (0.000123, "0.000123"),
            (0.00001234567, "1.234567e-5"),
            (123456789012345678.0, "123456789012345680"),
            (12345.678, "12345.678"),
            (4503599627370495.5, "4503599627370495.5"),
            (1e17, "100000000000000000"),
            (-1e19, "-1e+19"),
            (1234567890123456e6, "1234567890123456000000"),
            (123456789e12, "1.23456789e+20"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(format_f64(value).as_str(), text);
        }
    }

    #[test]
    fn a_written_double_reads_back_as_itself() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..200_000 {
            let value = f64::from_bits(random.u64(..));
            if value.is_finite() {
                let text = format_f64(value);
                assert_eq!(parse_f64(text.as_bytes()).map(f64::to_bits), Some(value.to_bits()), "{value:e}");
            }
        }
    }

    /// What Redis makes of a score: none if it refuses it.
    fn score(redis: &mut LiveRedis, text: &[u8]) -> Option<f64> {
        redis.command(&[b"DEL", b"z"]);
        match redis.command(&[b"ZADD", b"z", text, b"m"]) {
            Reply::Error(error) => {
                assert_eq!(error, "ERR value is not a valid float");
                None
            }
            _ => {
                let written = redis.command(&[b"ZSCORE", b"z", b"m"]).into_bytes();
                Some(String::from_utf8_lossy(&written).parse().expect("a double"))
            }
        }
    }

    #[test]
    fn doubles_are_read_as_redis_reads_them() {
        let mut redis = LiveRedis::start();
        let mut texts: Vec<Vec<u8>> = [
            "nan",
            "-nan",
            "nan(1)",
            "inf",
            "+inf",
            "-INFINITY",
            "infinit",
            "0x10",
            "0x1p3",
            "0x",
            "0x.8",
            "0x1p",
            " 1",
            "1 ",
            "+",
            "-",
            ".",
            ".5",
            "5.",
            "1e",
            "1e5",
            "1e400",
            "-1e400",
            "1e-400",
            "4e-324",
            "2e-324",
            "0e-999",
            "0x0p-9999",
            "1_0",
            "0x1p-1074",
            "0x1p-1075",
            "0x1.8p-1075",
            "0x1p1024",
            "0x1.fffffffffffffp1023",
            "0x1.fffffffffffff8p1023",
            "0x1.fffffffffffff7fffffffffffffffffffffffffffffffffp1023",
            "00x1",
            "1e+5",
            "0X1P3",
            "-0x1",
            "+5",
            "--5",
            "1\0",
            "\x001",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "0x1p99999999999999999999",
            "9007199254740993",
            "0x20000000000001",
            "0x20000000000003",
            "0x2000000000000100000000000000000000000000000000001",
            "1d",
            "1f",
            "0b1",
            "٣",
        ]
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect();
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..3_000 {
            let alphabet: &[u8] = [b"0123456789.e-+".as_slice(), b"0x1f8.p-+"][random.usize(0..2)];
            texts.push((0..random.usize(1..12)).map(|_| alphabet[random.usize(0..alphabet.len())]).collect());
        }
        for _ in 0..3_000 {
            texts.push(format!("{:e}", f64::from_bits(random.u64(..))).into_bytes());
        }
        for text in texts {
            assert_eq!(
                parse_f64(&text).map(|value| value + 0.0),
                score(&mut redis, &text).map(|value| value + 0.0),
                "{:?}",
                text.escape_ascii().to_string()
            );
        }
    }
}
