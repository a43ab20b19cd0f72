//! Ids of stream entries.

use crate::base::number::push_u64;

/// The id of an entry: a time in unix milliseconds, unless the client chose otherwise, and a number that tells
/// entries of one millisecond apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Milliseconds.
    pub ms: u64,
    /// The number within the millisecond.
    pub seq: u64,
}

impl StreamId {
    /// 0-0, which no entry has.
    pub const MIN: Self = Self { ms: 0, seq: 0 };
    /// The last id there is.
    pub const MAX: Self = Self { ms: u64::MAX, seq: u64::MAX };

    /// The id of `ms` and `seq`.
    pub const fn new(ms: u64, seq: u64) -> Self {
        Self { ms, seq }
    }

    /// The id right after this one.
    pub fn next(self) -> Option<Self> {
        match self.seq.checked_add(1) {
            Some(seq) => Some(Self { ms: self.ms, seq }),
            None => Some(Self { ms: self.ms.checked_add(1)?, seq: 0 }),
        }
    }

    /// The id right before this one.
    pub fn previous(self) -> Option<Self> {
        match self.seq.checked_sub(1) {
            Some(seq) => Some(Self { ms: self.ms, seq }),
            None => Some(Self { ms: self.ms.checked_sub(1)?, seq: u64::MAX }),
        }
    }

    /// Sixteen bytes, big endian, as in RDB.
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.ms) << 64 | u128::from(self.seq)).to_be_bytes()
    }

    /// The id of sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let both = u128::from_be_bytes(bytes);
        Self { ms: (both >> 64) as u64, seq: both as u64 }
    }

    /// Appends `ms-seq`.
    pub fn push_text(self, out: &mut Vec<u8>) {
        push_u64(out, self.ms);
        out.push(b'-');
        push_u64(out, self.seq);
    }

    /// `ms-seq`
    pub fn to_text(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(24);
        self.push_text(&mut out);
        out
    }
}
