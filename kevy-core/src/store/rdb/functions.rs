//! The payload of FUNCTION DUMP: the source of each library behind its opcode, the version of RDB, and a checksum.

use std::fmt;

use crc_fast::{CrcAlgorithm, checksum};

use super::VERSION_MAX;
use super::reader::Reader;
use super::string::write_string;

/// The opcode before a library, as rdb.h of Redis 7 numbers it.
pub const FUNCTION: u8 = 245;
/// The version of RDB that first had it.
const VERSION: u16 = 10;

/// Why a payload was not read; the text is the reply of `FUNCTION RESTORE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It is not a payload, is from a later version, or was changed.
    VersionOrChecksum,
    /// It holds something else.
    NotAFunction,
    /// A library is cut short.
    Damaged,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::VersionOrChecksum => f.write_str("ERR DUMP payload version or checksum are wrong"),
            Self::NotAFunction => f.write_str("ERR given type is not a function"),
            Self::Damaged => f.write_str("ERR failed loading functions from the payload"),
        }
    }
}

impl std::error::Error for RestoreError {}

/// The payload of libraries, each given by its source.
pub fn dump<'a>(libraries: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for code in libraries {
        out.push(FUNCTION);
        write_string(&mut out, code);
    }
    out.extend_from_slice(&VERSION.to_le_bytes());
    let sum = checksum(CrcAlgorithm::Crc64Redis, &out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// The sources of the libraries of a payload from outside.
pub fn restore(payload: &[u8]) -> Result<Vec<Vec<u8>>, RestoreError> {
    let wrong = RestoreError::VersionOrChecksum;
    let (signed, sum) = payload.split_last_chunk::<8>().ok_or(wrong)?;
    let (body, version) = signed.split_last_chunk::<2>().ok_or(wrong)?;
    // 0 stands for a checksum that was not computed.
    let sum = u64::from_le_bytes(*sum);
    let is_right = sum == 0 || sum == checksum(CrcAlgorithm::Crc64Redis, signed);
    if u16::from_le_bytes(*version) > VERSION_MAX || !is_right {
        return Err(wrong);
    }
    let mut reader = Reader::new(body);
    let mut libraries = Vec::new();
    while !reader.rest().is_empty() {
        if reader.byte().map_err(|_| RestoreError::Damaged)? != FUNCTION {
            return Err(RestoreError::NotAFunction);
        }
        libraries.push(reader.string().map_err(|_| RestoreError::Damaged)?.into_owned());
    }
    Ok(libraries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_read_back_and_a_damaged_one_refused() {
        let codes: [&[u8]; 2] = [b"#!lua name=a\nredis.register_function('f', function() end)", b"12"];
        let payload = dump(codes.into_iter());
        assert_eq!(restore(&payload), Ok(codes.map(<[u8]>::to_vec).to_vec()));
        for at in 0..payload.len() {
            let mut damaged = payload.clone();
            damaged[at] ^= 1;
            assert_eq!(restore(&damaged), Err(RestoreError::VersionOrChecksum), "byte {at}");
        }
        assert_eq!(restore(b""), Err(RestoreError::VersionOrChecksum));
    }
}
