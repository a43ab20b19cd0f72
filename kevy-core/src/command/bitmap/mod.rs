//! The verbs of strings as sequences of bits, of which the first is the highest of the first byte.

mod bit;
mod bits;
mod combine;
mod field;
mod fields;
mod range;
#[cfg(test)]
mod tests;

use crate::base::number::parse_i64;

use super::spec::Command;
use super::table::bitmap as row;
use super::{Fail, Server, string};

/// Every bitmap verb.
pub static COMMANDS: [Command; 7] = [
    Command::new(row::BITCOUNT, range::bitcount),
    Command::new(row::BITFIELD, fields::bitfield),
    Command::new(row::BITFIELD_RO, fields::bitfield_ro),
    Command::new(row::BITOP, combine::bitop),
    Command::new(row::BITPOS, range::bitpos),
    Command::new(row::GETBIT, bit::getbit),
    Command::new(row::SETBIT, bit::setbit),
];

/// The number of a bit, in a byte that `proto-max-bulk-len` lets a string have; `unit` is how many bits it counts.
fn offset(server: &Server, arg: &[u8], unit: u32) -> Result<u64, Fail> {
    parse_i64(arg)
        .and_then(|number| number.checked_mul(i64::from(unit)))
        .and_then(|bit| u64::try_from(bit).ok())
        .filter(|bit| !string::is_too_long(server, (bit / 8) as usize + 1))
        .ok_or(Fail::new("ERR bit offset is not an integer or out of range"))
}

/// Makes a string as long as it must be to have the bit `last`; whether it was shorter.
fn grow(text: &mut Vec<u8>, last: u64) -> bool {
    let len = (last / 8) as usize + 1;
    let is_short = text.len() < len;
    if is_short {
        text.resize(len, 0);
    }
    is_short
}
