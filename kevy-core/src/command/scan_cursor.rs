//! The cursor of SCAN: a place in one shard's keys, and the shard.

use super::Fail;
use super::spec::shown;

const SHARD_BITS: u32 = 16;

/// Where a SCAN goes on. As a number, the shard is in the lower 16 bits; 0 is both the start and the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScanCursor {
    /// The position that the shard's keyspace gave.
    pub position: u64,
    pub shard: usize,
}

impl ScanCursor {
    /// Reads what C's `strtoul` takes, as Redis does: the text ends at a NUL, an empty one is 0, and a sign is allowed.
    ///
    /// # Errors
    /// Anything else that is no number of 64 bits.
    pub fn parse(text: &[u8]) -> Result<Self, Fail> {
        const INVALID: Fail = Fail::new("ERR invalid cursor");
        let (negative, digits) = match shown(text) {
            [] => return Ok(Self::default()),
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        };
        if digits.is_empty() {
            return Err(INVALID);
        }
        let number = digits.iter().try_fold(0u64, |number, byte| match byte {
            b'0'..=b'9' => number.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
            _ => None,
        });
        let number = number.ok_or(INVALID)?;
        Ok(Self::of(if negative { number.wrapping_neg() } else { number }))
    }

    fn of(number: u64) -> Self {
        Self { position: number >> SHARD_BITS, shard: (number & ((1 << SHARD_BITS) - 1)) as usize }
    }

    /// The cursor as clients see it.
    pub fn number(self) -> u64 {
        self.position << SHARD_BITS | self.shard as u64
    }

    /// The shard to look at: a cursor that names no shard starts over.
    pub fn shard_among(self, shards: usize) -> usize {
        if self.shard < shards { self.shard } else { 0 }
    }

    /// This cursor, or the start of the next shard if this shard is done, or the end.
    pub fn or_next_shard(self, shards: usize) -> Self {
        match self {
            Self { position: 0, shard } if shard + 1 < shards => Self { position: 0, shard: shard + 1 },
            Self { position: 0, .. } => Self::default(),
            unfinished => unfinished,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_a_number() {
        let cursor = ScanCursor { position: 0x0012_3456_789a, shard: 16383 };
        assert_eq!(ScanCursor::parse(cursor.number().to_string().as_bytes()), Ok(cursor));
    }

    #[test]
    fn texts_are_cursors_where_redis_takes_them() {
        assert_eq!(ScanCursor::parse(b""), Ok(ScanCursor::default()));
        assert_eq!(ScanCursor::parse(b"+65537"), Ok(ScanCursor { position: 1, shard: 1 }));
        assert_eq!(ScanCursor::parse(b"-1").map(ScanCursor::number), Ok(u64::MAX));
        for bad in ["x", "1x", " 1", "18446744073709551616", "-", "1 "] {
            assert!(ScanCursor::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn shards_follow_each_other() {
        let done = |shard| ScanCursor { position: 0, shard }.or_next_shard(3).number();
        assert_eq!([done(0), done(1), done(2)], [1, 2, 0]);
        assert_eq!(ScanCursor { position: 7, shard: 1 }.or_next_shard(3).number(), 7 << 16 | 1);
        assert_eq!(ScanCursor { position: 9, shard: 3 }.shard_among(3), 0);
    }
}
