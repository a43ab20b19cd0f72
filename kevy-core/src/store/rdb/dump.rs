//! DUMP payloads: a value with its type, the version of RDB it needs, and a checksum.

use std::fmt;

use crc_fast::{CrcAlgorithm, checksum};

use super::reader::Reader;
use super::{Format, VERSION_MAX, read_value, type_of, version_of, write_value};
use crate::store::limits::Limits;
use crate::store::seed::Seed;
use crate::store::value::{Value, ValueRef};

/// Why a payload was not restored; the text is the reply of `RESTORE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It is not a payload, is from a later version, or was changed.
    VersionOrChecksum,
    /// Its value is damaged or of an unknown type.
    BadFormat,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::VersionOrChecksum => f.write_str("ERR DUMP payload version or checksum are wrong"),
            Self::BadFormat => f.write_str("ERR Bad data format"),
        }
    }
}

impl std::error::Error for RestoreError {}

/// The payload of a value.
pub fn dump(value: &ValueRef<'_>) -> Vec<u8> {
    dump_as(value, Format::COMPRESSED)
}

/// The payload of a value for readers of a format.
pub fn dump_as(value: &ValueRef<'_>, format: Format) -> Vec<u8> {
    let mut out = vec![type_of(value, format)];
    write_value(&mut out, value, format);
    out.extend_from_slice(&version_of(value, format).to_le_bytes());
    let sum = checksum(CrcAlgorithm::Crc64Redis, &out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// The version of a payload from outside, and its value with the type before it, once the checksum is right.
pub fn unseal(payload: &[u8]) -> Result<(u16, &[u8]), RestoreError> {
    let wrong = RestoreError::VersionOrChecksum;
    let (signed, sum) = payload.split_last_chunk::<8>().ok_or(wrong)?;
    let (body, version) = signed.split_last_chunk::<2>().ok_or(wrong)?;
    if u64::from_le_bytes(*sum) != checksum(CrcAlgorithm::Crc64Redis, signed) {
        return Err(wrong);
    }
    Ok((u16::from_le_bytes(*version), body))
}

/// The value of a payload from outside.
pub fn restore(payload: &[u8], limits: &Limits, seed: &Seed) -> Result<Value, RestoreError> {
    let (version, body) = unseal(payload)?;
    if version > VERSION_MAX {
        return Err(RestoreError::VersionOrChecksum);
    }
    let mut reader = Reader::new(body);
    let value = reader.byte().and_then(|value_type| read_value(value_type, &mut reader, limits, seed));
    match value {
        Ok(value) if reader.rest().is_empty() => Ok(value),
        _ => Err(RestoreError::BadFormat),
    }
}
