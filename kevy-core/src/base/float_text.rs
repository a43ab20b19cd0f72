//! The grammar of C's `strtod`, which Redis applies to every floating-point argument.
//!
//! Used by [`super::number`] and [`super::long_double`], which differ only in the precision they round to.

use super::number::saturating_i64;

/// A floating-point number as written, not yet rounded to any precision.
#[derive(Debug, PartialEq)]
pub enum FloatText<'a> {
    /// `inf` or `infinity` in any case; true if negative.
    Infinity(bool),
    /// A sign, digits, a point, an exponent: what `str::parse` takes too.
    Decimal { text: &'a str, is_zero: bool },
    /// In the shape `-0x<up to 32 digits>p<exponent>`; digits beyond those are folded into the last one, so
    /// that rounding to fewer than 120 bits is not affected.
    Hexadecimal { text: String, is_zero: bool },
}

impl FloatText<'_> {
    /// True where the digits are all zero, whatever the exponent.
    pub fn is_zero(&self) -> bool {
        match *self {
            Self::Infinity(_) => false,
            Self::Decimal { is_zero, .. } | Self::Hexadecimal { is_zero, .. } => is_zero,
        }
    }
}

/// Recognises the whole of `bytes`; no spaces, nothing behind the number. NaN is refused.
pub fn scan(bytes: &[u8]) -> Option<FloatText<'_>> {
    let (negative, unsigned) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    match unsigned {
        [b'0'..=b'9' | b'.', ..] => {}
        _ if unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity") => {
            return Some(FloatText::Infinity(negative));
        }
        _ => return None,
    }
    if let [b'0', b'x' | b'X', rest @ ..] = unsigned {
        return hexadecimal(negative, rest);
    }
    let (digits, exponent) = split_exponent(unsigned, b'e')?;
    let (_, is_zero) = significand(digits, u8::is_ascii_digit)?;
    exponent.is_none_or(is_exponent).then_some(())?;
    Some(FloatText::Decimal { text: str::from_utf8(bytes).ok()?, is_zero })
}

/// Splits at the exponent's letter, given in lower case. An exponent without digits is none.
fn split_exponent(bytes: &[u8], letter: u8) -> Option<(&[u8], Option<&[u8]>)> {
    match bytes.iter().position(|byte| byte.to_ascii_lowercase() == letter) {
        Some(at) => Some((&bytes[..at], Some(&bytes[at + 1..]))),
        None => Some((bytes, None)),
    }
}

/// Checks digits with at most one point. Returns the number of digits behind the point, and whether all are
/// zero.
fn significand(bytes: &[u8], is_digit: impl Fn(&u8) -> bool) -> Option<(usize, bool)> {
    let point = memchr::memchr(b'.', bytes);
    let (whole, fraction) = match point {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[][..]),
    };
    let mut digits = whole.iter().chain(fraction);
    if whole.len() + fraction.len() == 0 || !digits.clone().all(is_digit) {
        return None;
    }
    Some((fraction.len(), digits.all(|&digit| digit == b'0')))
}

fn unsigned_exponent(bytes: &[u8]) -> (bool, &[u8]) {
    match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    }
}

fn is_exponent(bytes: &[u8]) -> bool {
    let (_, digits) = unsigned_exponent(bytes);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn hexadecimal(negative: bool, bytes: &[u8]) -> Option<FloatText<'static>> {
    const DIGITS_KEPT: usize = 31;
    let (digits, exponent) = split_exponent(bytes, b'p')?;
    let (behind_point, is_zero) = significand(digits, u8::is_ascii_hexdigit)?;
    let written = match exponent {
        None => 0,
        Some(text) => {
            is_exponent(text).then_some(())?;
            let (negative, digits) = unsigned_exponent(text);
            if negative { -saturating_i64(digits) } else { saturating_i64(digits) }
        }
    };
    let significant: Vec<u8> =
        digits.iter().copied().filter(|&byte| byte != b'.').skip_while(|&digit| digit == b'0').collect();
    let (kept, dropped) = significant.split_at(significant.len().min(DIGITS_KEPT));
    let mut text = String::with_capacity(64);
    text.push_str(if negative { "-0x0" } else { "0x0" });
    text.extend(kept.iter().map(|&digit| digit as char));
    text.push(if dropped.iter().any(|&digit| digit != b'0') { '1' } else { '0' });
    // The digit just added stands for one of those dropped.
    let shift = 4 * (dropped.len() as i64 - 1 - behind_point as i64);
    // No format in use here reaches these exponents, with 32 digits before the point.
    let exponent = written.saturating_add(shift).clamp(-20_000, 20_000);
    text.push_str(&format!("p{exponent}"));
    Some(FloatText::Hexadecimal { text, is_zero })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strtod_leaves_unread_is_refused() {
        for text in [
            "", "+", "-", ".", "1e", "1e+", "0x", "0x1p", "00x1", " 1", "1 ", "1_0", "nan", "infinit",
            "1.2.3", "--1", "1\0",
        ] {
            assert_eq!(scan(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn long_hexadecimal_digits_keep_what_rounding_needs() {
        let text = format!("0x1{}1p-4", "0".repeat(100));
        let expected = format!("0x01{}1p276", "0".repeat(30));
        assert_eq!(scan(text.as_bytes()), Some(FloatText::Hexadecimal { text: expected, is_zero: false }));
    }
}
