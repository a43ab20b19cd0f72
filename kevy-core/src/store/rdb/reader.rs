//! Reading lengths, strings and numbers of RDB.

use std::borrow::Cow;

use super::{RdbError, lzf};
use crate::base::number::format_i64;

/// What a length byte announces.
enum Length {
    Plain(u64),
    /// A string in a special form.
    Special(u8),
}

/// A place in bytes that are being read. Everything that is read was there: a declared length is not believed
/// before it is compared with what is left.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    string_max: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from the beginning.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, string_max: usize::MAX }
    }

    /// As [`Reader::new`], refusing strings that take more than `string_max` bytes once they are unpacked.
    pub fn with_string_max(bytes: &'a [u8], string_max: usize) -> Self {
        Self { rest: bytes, string_max }
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: u64) -> Result<&'a [u8], RdbError> {
        let count = usize::try_from(count).map_err(|_| RdbError::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(RdbError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RdbError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(RdbError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8, RdbError> {
        Ok(self.array::<1>()?[0])
    }

    /// A time in unix milliseconds, little endian.
    pub fn milliseconds(&mut self) -> Result<u64, RdbError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A double as eight bytes, little endian.
    pub fn double(&mut self) -> Result<f64, RdbError> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    fn any_length(&mut self) -> Result<Length, RdbError> {
        let first = self.byte()?;
        let low = first & 0x3F;
        Ok(match first >> 6 {
            0 => Length::Plain(low.into()),
            1 => Length::Plain(u64::from(low) << 8 | u64::from(self.byte()?)),
            2 if first == 0x80 => Length::Plain(u32::from_be_bytes(self.array()?).into()),
            2 if first == 0x81 => Length::Plain(u64::from_be_bytes(self.array()?)),
            2 => return Err(RdbError::Malformed),
            _ => Length::Special(low),
        })
    }

    /// A length or a count.
    pub fn length(&mut self) -> Result<u64, RdbError> {
        match self.any_length()? {
            Length::Plain(length) => Ok(length),
            Length::Special(_) => Err(RdbError::Malformed),
        }
    }

    /// A string in any of its forms.
    pub fn string(&mut self) -> Result<Cow<'a, [u8]>, RdbError> {
        let value = match self.any_length()? {
            Length::Plain(length) => return Ok(Cow::Borrowed(self.take(length)?)),
            Length::Special(0) => i8::from_le_bytes(self.array()?).into(),
            Length::Special(1) => i16::from_le_bytes(self.array()?).into(),
            Length::Special(2) => i32::from_le_bytes(self.array()?).into(),
            Length::Special(3) => {
                let (packed, unpacked) = (self.length()?, self.length()?);
                let packed = self.take(packed)?;
                let unpacked = usize::try_from(unpacked).map_err(|_| RdbError::Malformed)?;
                if unpacked > self.string_max {
                    return Err(RdbError::Malformed);
                }
                return lzf::decompress(packed, unpacked).map(Cow::Owned).ok_or(RdbError::Malformed);
            }
            Length::Special(_) => return Err(RdbError::Malformed),
        };
        Ok(Cow::Owned(format_i64(value).as_bytes().to_vec()))
    }
}
