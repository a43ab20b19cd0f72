//! Ids of stream entries as clients write them.

use crate::command::Fail;
use crate::store::StreamId;

const INVALID: Fail = Fail::new("ERR Invalid stream ID specified as stream command argument");
/// Longer texts are no ids.
const TEXT_BYTES_MAX: usize = 127;

/// An unsigned number as C's `strtoull` reads it, which is what Redis lets pass: after spaces, with a sign, with
/// leading zeros.
fn number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let (is_negative, digits) = match text.split_first()? {
        (b'-', digits) => (true, digits),
        (b'+', digits) => (false, digits),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    // A canonical negative number is refused; others wrap around.
    let is_canonical = text.len() == digits.len() + usize::from(is_negative)
        && (digits == b"0" || digits[0] != b'0')
        && i64::try_from(value).is_ok();
    match is_negative {
        true if is_canonical && value > 0 => None,
        true => Some(value.wrapping_neg()),
        false => Some(value),
    }
}

/// The parts of `ms` or `ms-seq`, up to the first NUL as in C.
fn parts(arg: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    if arg.len() > TEXT_BYTES_MAX {
        return None;
    }
    let text = arg.split(|byte| *byte == 0).next()?;
    Some(match memchr::memchr(b'-', text) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    })
}

/// An id; one without a sequence gets `seq`. Neither `-` nor `+`.
pub(super) fn exact(arg: &[u8], seq: u64) -> Result<StreamId, Fail> {
    parts(arg)
        .and_then(|(ms, given)| Some(StreamId { ms: number(ms)?, seq: given.map_or(Some(seq), number)? }))
        .ok_or(INVALID)
}

/// As [`exact`], or `-` for the least and `+` for the greatest id.
pub(super) fn any(arg: &[u8], seq: u64) -> Result<StreamId, Fail> {
    match arg {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => exact(arg, seq),
    }
}

/// The first id of a range, which a `(` before it leaves out.
pub(super) fn range_start(arg: &[u8]) -> Result<StreamId, Fail> {
    match arg {
        [b'(', rest @ ..] if !rest.is_empty() => {
            exact(rest, 0)?.next().ok_or(Fail::new("ERR invalid start ID for the interval"))
        }
        _ => any(arg, 0),
    }
}

/// The last id of a range, which a `(` before it leaves out.
pub(super) fn range_end(arg: &[u8]) -> Result<StreamId, Fail> {
    match arg {
        [b'(', rest @ ..] if !rest.is_empty() => {
            exact(rest, u64::MAX)?.previous().ok_or(Fail::new("ERR invalid end ID for the interval"))
        }
        _ => any(arg, u64::MAX),
    }
}

/// The id that a client wants a new entry to have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NewId {
    /// `*`
    Auto,
    /// `ms-*`
    Within(u64),
    /// This one.
    Exact(StreamId),
}

impl NewId {
    pub(super) fn parse(arg: &[u8]) -> Result<Self, Fail> {
        match parts(arg) {
            Some((b"*", None)) if arg == b"*" => Ok(Self::Auto),
            Some((ms, Some(b"*"))) => number(ms).map(Self::Within).ok_or(INVALID),
            _ => exact(arg, 0).map(Self::Exact),
        }
    }

    /// The id to take behind `last`; `None` if that is not possible.
    pub(super) fn resolve(self, last: StreamId, now: u64) -> Option<StreamId> {
        let id = match self {
            Self::Auto if now > last.ms => StreamId::new(now, 0),
            Self::Auto => last.next()?,
            Self::Within(ms) if ms == last.ms => StreamId::new(ms, last.seq.checked_add(1)?),
            Self::Within(ms) => StreamId::new(ms, 0),
            Self::Exact(id) => id,
        };
        (id > last).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_redis_reads_them() {
        let id = |text: &str| exact(text.as_bytes(), 7).ok().map(|id| (id.ms, id.seq));
        assert_eq!(id("5-6"), Some((5, 6)));
        assert_eq!(id("5"), Some((5, 7)));
        assert_eq!(id("18446744073709551615-18446744073709551615"), Some((u64::MAX, u64::MAX)));
        assert_eq!(id("007-06"), Some((7, 6)));
        assert_eq!(id(" 1- 2"), Some((1, 2)));
        for bad in
            ["", "-", "+", "a", "1-", "-1", "1-2-3", "1--2", "18446744073709551616", "1.5", "1-*", "*", "1 "]
        {
            assert_eq!(id(bad), None, "{bad}");
        }
    }

    #[test]
    fn new_ids_follow_the_last_one() {
        let last = StreamId::new(5, 9);
        let resolve = |text: &str, now| NewId::parse(text.as_bytes()).expect("an id").resolve(last, now);
        assert_eq!(resolve("*", 8), Some(StreamId::new(8, 0)));
        assert_eq!(resolve("*", 3), Some(StreamId::new(5, 10)));
        assert_eq!(resolve("5-*", 3), Some(StreamId::new(5, 10)));
        assert_eq!(resolve("6-*", 3), Some(StreamId::new(6, 0)));
        assert_eq!(resolve("4-*", 3), None);
        assert_eq!(resolve("5-9", 3), None);
        assert_eq!(NewId::Auto.resolve(StreamId::MAX, 8), None);
        assert_eq!(NewId::Within(5).resolve(StreamId::new(5, u64::MAX), 8), None);
    }
}
