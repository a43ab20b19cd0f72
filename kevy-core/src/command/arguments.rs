//! Arguments of a command read into values, with Redis's error where they are not what they should be.

use std::ops::RangeInclusive;

use crate::base::long_double::LongDouble;
use crate::base::number::parse_i64;

use super::Fail;
use super::scan_cursor::ScanCursor;

/// True where `arg` is the option `word`, in any case.
#[inline]
pub fn is_word(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}

/// An integer.
#[inline]
pub fn integer(arg: &[u8]) -> Result<i64, Fail> {
    parse_i64(arg).ok_or(Fail::NOT_INTEGER)
}

/// An integer within `range`; anything else, no number included, is the error `text`.
pub fn integer_in(arg: &[u8], range: RangeInclusive<i64>, text: &'static str) -> Result<i64, Fail> {
    parse_i64(arg).filter(|value| range.contains(value)).ok_or(Fail::new(text))
}

/// A floating-point number with the precision that INCRBYFLOAT adds in.
pub fn long_double(arg: &[u8]) -> Result<LongDouble, Fail> {
    LongDouble::parse(arg).ok_or(Fail::NOT_FLOAT)
}

/// The number of a database that must exist, of `databases`.
pub fn database(arg: &[u8], databases: usize) -> Result<usize, Fail> {
    let number = i32::try_from(integer(arg)?)
        .map_err(|_| Fail::new("ERR value is out of range, value must between -2147483648 and 2147483647"))?;
    usize::try_from(number).ok().filter(|db| *db < databases).ok_or(Fail::new("ERR DB index is out of range"))
}

/// What a number that tells a time counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    Seconds,
    Milliseconds,
}

/// A number that tells a time: its unit, and whether it counts from now or from 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeForm {
    pub unit: Unit,
    pub absolute: bool,
}

impl TimeForm {
    pub const EX: Self = Self { unit: Unit::Seconds, absolute: false };
    pub const PX: Self = Self { unit: Unit::Milliseconds, absolute: false };
    pub const EXAT: Self = Self { unit: Unit::Seconds, absolute: true };
    pub const PXAT: Self = Self { unit: Unit::Milliseconds, absolute: true };

    /// The form that the option `arg` announces, where it is one of EX, PX, EXAT and PXAT.
    pub fn of_word(arg: &[u8]) -> Option<Self> {
        match arg.len() {
            2 if is_word(arg, "EX") => Some(Self::EX),
            2 if is_word(arg, "PX") => Some(Self::PX),
            4 if is_word(arg, "EXAT") => Some(Self::EXAT),
            4 if is_word(arg, "PXAT") => Some(Self::PXAT),
            _ => None,
        }
    }

    /// The Unix time in milliseconds that `value` stands for; `None` where it does not fit 63 bits.
    pub fn resolve(self, value: i64, now: u64) -> Option<i64> {
        let time = match self.unit {
            Unit::Seconds => value.checked_mul(1000)?,
            Unit::Milliseconds => value,
        };
        if self.absolute { Some(time) } else { time.checked_add(i64::try_from(now).ok()?) }
    }
}

fn timeout(ms: Option<i64>, now: u64) -> Result<u64, Fail> {
    const OUT_OF_RANGE: Fail = Fail::new("ERR timeout is out of range");
    let ms = u64::try_from(ms.ok_or(OUT_OF_RANGE)?).map_err(|_| Fail::new("ERR timeout is negative"))?;
    let end = now.checked_add(ms).filter(|end| i64::try_from(*end).is_ok());
    end.map(|_| ms).ok_or(OUT_OF_RANGE)
}

/// A timeout in seconds, possibly with a fraction, as milliseconds; 0 is for ever.
pub fn timeout_seconds(arg: &[u8], now: u64) -> Result<u64, Fail> {
    let seconds = LongDouble::parse(arg).ok_or(Fail::new("ERR timeout is not a float or out of range"))?;
    let too_low = seconds.is_negative().then_some(i64::MIN);
    timeout(seconds.times_rounded_up(1000).or(too_low), now)
}

/// A timeout in milliseconds; 0 is for ever.
pub fn timeout_ms(arg: &[u8], now: u64) -> Result<u64, Fail> {
    let ms = parse_i64(arg).ok_or(Fail::new("ERR timeout is not an integer or out of range"))?;
    timeout(Some(ms), now)
}

/// The error for a time that `command` cannot set.
pub fn invalid_expiry(command: &str) -> Fail {
    Fail::with(format!("ERR invalid expire time in '{command}' command"))
}

/// The Unix time in milliseconds at which a key is to expire, for verbs that refuse zero and negative numbers
/// (SET, GETEX, SETEX). It may lie in the past.
pub fn expiry(arg: &[u8], form: TimeForm, now: u64, command: &str) -> Result<u64, Fail> {
    let value = integer(arg)?;
    let time = if value > 0 { form.resolve(value, now) } else { None };
    time.and_then(|time| u64::try_from(time).ok()).ok_or_else(|| invalid_expiry(command))
}

/// The Unix time in milliseconds at which a key is to expire, for verbs that take any number (EXPIRE and its
/// like). Negative where it lies before 1970.
pub fn any_expiry(arg: &[u8], form: TimeForm, now: u64, command: &str) -> Result<i64, Fail> {
    form.resolve(integer(arg)?, now).ok_or_else(|| invalid_expiry(command))
}

/// What SCAN and its like take behind the cursor.
#[derive(Clone, Copy, Debug)]
pub struct ScanOptions<'a> {
    /// Only names that match; none where every name does.
    pub pattern: Option<&'a [u8]>,
    /// About how many elements a call looks at.
    pub count: usize,
    /// The name of a type, for the verb that takes one.
    pub kind: Option<&'a [u8]>,
    /// Names only, for the verb that has values as well.
    pub no_values: bool,
}

/// Which options of [`ScanOptions`] a verb of its own knows besides MATCH and COUNT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScanVerb {
    Scan,
    Hscan,
    Zscan,
    Sscan,
}

impl<'a> ScanOptions<'a> {
    /// Reads `args`, all that stands behind the cursor.
    pub fn parse(args: &[&'a [u8]], verb: ScanVerb) -> Result<Self, Fail> {
        let mut options = Self { pattern: None, count: 10, kind: None, no_values: false };
        let mut rest = args;
        loop {
            rest = match rest {
                [] => return Ok(options),
                [word, count, rest @ ..] if is_word(word, "COUNT") => {
                    let count = integer(count)?;
                    if count < 1 {
                        return Err(Fail::SYNTAX);
                    }
                    options.count = usize::try_from(count).unwrap_or(usize::MAX);
                    rest
                }
                [word, pattern, rest @ ..] if is_word(word, "MATCH") => {
                    options.pattern = (*pattern != b"*").then_some(pattern);
                    rest
                }
                [word, kind, rest @ ..] if verb == ScanVerb::Scan && is_word(word, "TYPE") => {
                    options.kind = Some(kind);
                    rest
                }
                [word, rest @ ..] if verb == ScanVerb::Hscan && is_word(word, "NOVALUES") => {
                    options.no_values = true;
                    rest
                }
                _ => return Err(Fail::SYNTAX),
            };
        }
    }
}

/// A SCAN cursor.
pub fn cursor(arg: &[u8]) -> Result<u64, Fail> {
    ScanCursor::parse(arg).map(ScanCursor::number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_resolved_against_now_and_refused_where_they_overflow() {
        assert_eq!(expiry(b"10", TimeForm::EX, 5, "set"), Ok(10_005));
        assert_eq!(expiry(b"10", TimeForm::PX, 5, "set"), Ok(15));
        assert_eq!(expiry(b"10", TimeForm::EXAT, 5, "set"), Ok(10_000));
        assert_eq!(expiry(b"10", TimeForm::PXAT, 5, "set"), Ok(10));
        for bad in ["0", "-1", "9223372036854775807"] {
            assert_eq!(expiry(bad.as_bytes(), TimeForm::EX, 5, "set"), Err(invalid_expiry("set")), "{bad}");
        }
        assert_eq!(expiry(b"9223372036854775807", TimeForm::PX, 5, "set"), Err(invalid_expiry("set")));
        assert_eq!(expiry(b"1.5", TimeForm::PX, 5, "set"), Err(Fail::NOT_INTEGER));
        assert_eq!(any_expiry(b"-10", TimeForm::PX, 5, "expire"), Ok(-5));
    }

    #[test]
    fn timeouts_are_rounded_up_to_milliseconds_and_refused_beyond_what_a_clock_shows() {
        assert_eq!(timeout_seconds(b"0", 5), Ok(0));
        assert_eq!(timeout_seconds(b"1.0001", 5), Ok(1001));
        assert_eq!(timeout_seconds(b"-0.0001", 5), Ok(0));
        assert_eq!(timeout_seconds(b"0x10", 5), Ok(16_000));
        for (bad, text) in [
            ("x", "ERR timeout is not a float or out of range"),
            ("nan", "ERR timeout is not a float or out of range"),
            ("-1", "ERR timeout is negative"),
            ("-inf", "ERR timeout is negative"),
            ("inf", "ERR timeout is out of range"),
            ("1e30", "ERR timeout is out of range"),
            ("9223372036854775.807", "ERR timeout is out of range"),
        ] {
            assert_eq!(timeout_seconds(bad.as_bytes(), 5), Err(Fail::new(text)), "{bad}");
        }
        assert_eq!(timeout_ms(b"9223372036854775807", 0), Ok(i64::MAX as u64));
        assert_eq!(timeout_ms(b"9223372036854775807", 1), Err(Fail::new("ERR timeout is out of range")));
        assert_eq!(timeout_ms(b"1.5", 0), Err(Fail::new("ERR timeout is not an integer or out of range")));
    }

    #[test]
    fn scan_options_come_in_any_order_and_end_in_nothing_else() {
        let options = ScanOptions::parse(&[b"count", b"3", b"MATCH", b"a*"], ScanVerb::Hscan).unwrap();
        assert_eq!((options.count, options.pattern), (3, Some(&b"a*"[..])));
        assert!(ScanOptions::parse(&[b"novalues"], ScanVerb::Hscan).unwrap().no_values);
        for bad in [&[&b"COUNT"[..], b"0"][..], &[b"MATCH"], &[b"TYPE", b"hash"]] {
            assert_eq!(ScanOptions::parse(bad, ScanVerb::Hscan).unwrap_err(), Fail::SYNTAX);
        }
        assert_eq!(ScanOptions::parse(&[b"NOVALUES"], ScanVerb::Scan).unwrap_err(), Fail::SYNTAX);
    }
}
