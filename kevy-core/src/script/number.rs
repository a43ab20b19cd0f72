//! Numbers as Lua writes and reads them.

/// `value` as C's `%.{precision}g` writes it.
pub fn format_g(value: f64, precision: usize) -> String {
    if value.is_nan() {
        return if value.is_sign_negative() { "-nan".to_owned() } else { "nan".to_owned() };
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf".to_owned() } else { "inf".to_owned() };
    }
    let precision = precision.max(1);
    let scientific = format!("{:.*e}", precision - 1, value);
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= precision as i32 {
        let digits = without_zeros(digits);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let decimals = usize::try_from(precision as i32 - 1 - exponent).unwrap_or(0);
    without_zeros(&format!("{value:.decimals$}")).to_owned()
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// The number that a string spells, as `tonumber` of Lua 5.1 takes it: decimal or `0x`, with spaces around.
pub fn parse_lua(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    parse_c(text)
}

/// The number that the whole of `text` spells, in the forms of C's `strtod`.
pub fn parse_c(text: &str) -> Option<f64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) => {
            let digits = hexadecimal.bytes().map(|digit| char::from(digit).to_digit(16));
            let start = hexadecimal.is_empty().then_some(()).map_or(Some(0.0), |()| None)?;
            digits.into_iter().try_fold(start, |value: f64, digit| Some(value * 16.0 + f64::from(digit?)))?
        }
        // A second sign is no number, and Rust takes one.
        None if digits.starts_with(['+', '-']) => return None,
        None => digits.parse().ok()?,
    };
    Some(if negative { -value } else { value })
}

/// 2^63, one more than the greatest integer.
const TOO_GREAT: f64 = (1u64 << 63) as f64;

/// A number that a script gives as an argument of a command: whole ones without a point, others with 17 digits.
pub fn push_argument(out: &mut Vec<u8>, value: f64) {
    let whole = value as i64;
    if whole as f64 == value && value.abs() < TOO_GREAT {
        out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    } else {
        out.extend_from_slice(format_g(value, 17).as_bytes());
    }
}

/// A number as the integer of a reply: the fraction is cut off.
pub fn to_reply_integer(value: f64) -> i64 {
    // What no integer can hold is what the processor makes of it in C.
    if value.is_nan() || !(-TOO_GREAT..TOO_GREAT).contains(&value) { i64::MIN } else { value as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_c_writes_them() {
        for (value, precision, text) in [
            (1.0, 14, "1"),
            (0.1, 17, "0.10000000000000001"),
            (100000.0, 5, "1e+05"),
            (1e15, 14, "1e+15"),
            (123456789012345.0, 14, "1.2345678901234e+14"),
            (0.0001, 14, "0.0001"),
            (0.00001, 14, "1e-05"),
            (-2.5, 14, "-2.5"),
            (0.0, 14, "0"),
            (f64::INFINITY, 14, "inf"),
            (9.99999, 3, "10"),
        ] {
            assert_eq!(format_g(value, precision), text);
        }
    }

    #[test]
    fn numbers_are_read_as_lua_reads_them() {
        assert_eq!(parse_lua(b" 12 "), Some(12.0));
        assert_eq!(parse_lua(b"0x1F"), Some(31.0));
        assert_eq!(parse_lua(b"-0x10"), Some(-16.0));
        assert_eq!(parse_lua(b"1e3"), Some(1000.0));
        for wrong in ["", "x", "0x", "1 2", "--1", "+-1"] {
            assert_eq!(parse_lua(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn arguments_keep_their_digits() {
        let text = |value| {
            let mut out = Vec::new();
            push_argument(&mut out, value);
            String::from_utf8(out).unwrap_or_default()
        };
        assert_eq!(text(3.0), "3");
        assert_eq!(text(9007199254740993.0), "9007199254740992");
        assert_eq!(text(0.1), "0.10000000000000001");
        assert_eq!(text(1e300), "1.0000000000000001e+300");
    }
}
