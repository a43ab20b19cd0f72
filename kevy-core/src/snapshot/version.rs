//! What an RDB begins with, and what follows from it.

use crate::store::rdb::{self, RdbError, Reader};
use crate::store::{Limits, Seed, Value};

use super::opcode::MAGIC;

/// What Valkey writes since its numbers mean other things than those of Redis: a magic of its own, and versions from 80.
const MAGIC_VALKEY: &[u8] = b"VALKEY";
const VALKEY_VERSIONS: std::ops::RangeInclusive<u16> = 80..=80;
/// The types that both families have.
const SHARED_TYPES_MAX: u8 = 21;
/// A hash whose fields may expire, as Valkey writes it.
const VALKEY_HASH: u8 = 22;

/// Checksums came with this version.
const VERSION_CHECKSUM: u16 = 5;

/// Whose RDB it is, and its version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    Redis(u16),
    Valkey(u16),
}

impl Dialect {
    /// Whether a checksum follows the end.
    pub fn has_checksum(self) -> bool {
        match self {
            Self::Redis(version) => version >= VERSION_CHECKSUM,
            Self::Valkey(_) => true,
        }
    }

    /// Reads the body of a value of a type, as [`rdb::read_value`] does.
    pub fn read_value(
        self,
        value_type: u8,
        reader: &mut Reader<'_>,
        limits: &Limits,
        seed: &Seed,
    ) -> Result<Value, RdbError> {
        match (self, value_type) {
            (Self::Valkey(_), VALKEY_HASH) => {
                rdb::read_valkey_hash(reader, &limits.hash, seed).map(Value::Hash)
            }
            (Self::Valkey(_), unknown) if unknown > SHARED_TYPES_MAX => Err(RdbError::UnknownType(unknown)),
            _ => rdb::read_value(value_type, reader, limits, seed),
        }
    }
}

/// Whose payloads of DUMP carry this version.
pub fn of_payload(version: u16) -> Result<Dialect, RdbError> {
    match version {
        1..=rdb::VERSION_MAX => Ok(Dialect::Redis(version)),
        _ if VALKEY_VERSIONS.contains(&version) => Ok(Dialect::Valkey(version)),
        _ => Err(RdbError::UnknownVersion(version)),
    }
}

/// Reads the nine bytes of a magic and a version.
pub fn read_magic(magic: &[u8]) -> Result<Dialect, RdbError> {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0u16, |number, byte| match byte {
            b'0'..=b'9' => number.checked_mul(10)?.checked_add(u16::from(byte - b'0')),
            _ => None,
        })
    };
    let redis = magic.strip_prefix(MAGIC).and_then(number).map(Dialect::Redis);
    let valkey = magic.strip_prefix(MAGIC_VALKEY).and_then(number).map(Dialect::Valkey);
    match redis.or(valkey).ok_or(RdbError::Malformed)? {
        Dialect::Redis(version) if !(1..=rdb::VERSION_MAX).contains(&version) => {
            Err(RdbError::UnknownVersion(version))
        }
        Dialect::Valkey(version) if !VALKEY_VERSIONS.contains(&version) => {
            Err(RdbError::UnknownVersion(version))
        }
        known => Ok(known),
    }
}
