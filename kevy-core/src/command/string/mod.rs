//! The string verbs.

mod get;
mod lcs;
mod many;
mod number;
mod part;
mod set;
mod subsequence;
#[cfg(test)]
mod tests;

use crate::store::{Item, Ref, ValueRef};

use super::spec::{Command, Spec};
use super::table::string as row;
use super::{Fail, Partition, Session};

pub(super) use part::is_too_long;

/// Every string verb.
pub static COMMANDS: [Command; 22] = [
    Command::new(row::APPEND, part::append),
    Command::new(row::DECR, number::decr),
    Command::new(row::DECRBY, number::decrby),
    Command::new(row::GET, get::get),
    Command::new(row::GETDEL, get::getdel),
    Command::new(row::GETEX, get::getex),
    Command::new(row::GETRANGE, part::getrange),
    Command::new(row::GETSET, set::getset),
    Command::new(row::INCR, number::incr),
    Command::new(row::INCRBY, number::incrby),
    Command::new(row::INCRBYFLOAT, number::incrbyfloat),
    Command::new(row::LCS, lcs::lcs),
    Command::new(row::MGET, many::mget),
    Command::new(row::MSET, many::mset),
    Command::new(row::MSETNX, many::msetnx),
    Command::new(row::PSETEX, set::psetex),
    Command::new(row::SET, set::set),
    Command::new(row::SETEX, set::setex),
    Command::new(row::SETNX, set::setnx),
    Command::new(row::SETRANGE, part::setrange),
    Command::new(row::STRLEN, part::strlen),
    Command::new(row::SUBSTR, part::getrange),
];

/// SET for callers that look up no verb.
pub static PLAIN_SET: Command = Command::new(row::SET, set::set);

/// The row of GET for callers that look up no verb.
pub static PLAIN_GET: &Spec = &row::GET;

/// GET for callers that want no reply: appends the string of `key` to `into`; false where there is no key.
///
/// # Errors
/// Another type.
#[inline]
pub fn read(
    partition: &mut Partition,
    session: &Session,
    key: &[u8],
    now: u64,
    into: &mut Vec<u8>,
) -> Result<bool, Fail> {
    match partition.read(session.db, key, now, !session.no_touch).map(|found| found.value()) {
        None => return Ok(false),
        Some(ValueRef::Bytes(bytes)) => into.extend_from_slice(bytes),
        Some(ValueRef::Int(value)) => into.extend_from_slice(Item::of_int(value).as_ref()),
        Some(_) => return Err(Fail::WRONG_TYPE),
    }
    Ok(true)
}

/// The text of a key that must hold a string.
#[inline]
pub(super) fn text(found: Option<Ref<'_>>) -> Result<Option<Item<'_>>, Fail> {
    match found {
        None => Ok(None),
        Some(found) => found.value().as_string().map(Some).ok_or(Fail::WRONG_TYPE),
    }
}
