//! The set verbs.

mod browse;
mod combine;
mod read;
#[cfg(test)]
mod tests;
mod write;

use smallvec::SmallVec;

use crate::store::{Ref, Set, ValueRef};

use super::spec::Command;
use super::table::set as row;
use super::{Effects, Fail};

/// Every set verb.
pub static COMMANDS: [Command; 17] = [
    Command::new(row::SADD, write::sadd),
    Command::new(row::SCARD, read::scard),
    Command::new(row::SDIFF, combine::sdiff),
    Command::new(row::SDIFFSTORE, combine::sdiffstore),
    Command::new(row::SINTER, combine::sinter),
    Command::new(row::SINTERCARD, combine::sintercard),
    Command::new(row::SINTERSTORE, combine::sinterstore),
    Command::new(row::SISMEMBER, read::sismember),
    Command::new(row::SMEMBERS, read::smembers),
    Command::new(row::SMISMEMBER, read::smismember),
    Command::new(row::SMOVE, write::smove),
    Command::new(row::SPOP, write::spop),
    Command::new(row::SRANDMEMBER, browse::srandmember),
    Command::new(row::SREM, write::srem),
    Command::new(row::SSCAN, browse::sscan),
    Command::new(row::SUNION, combine::sunion),
    Command::new(row::SUNIONSTORE, combine::sunionstore),
];

/// Members that one effect names.
const MEMBERS_MAX: usize = 1024;

/// The set of a key that must hold one.
#[inline]
fn set(found: Option<Ref<'_>>) -> Result<Option<&Set>, Fail> {
    match found.map(|found| found.value()) {
        None => Ok(None),
        Some(ValueRef::Set(set)) => Ok(Some(set)),
        Some(_) => Err(Fail::WRONG_TYPE),
    }
}

/// Records that `verb` was done to members of a set, in several effects if they are many.
fn push_members<T: AsRef<[u8]>>(
    effects: &mut Effects,
    db: usize,
    verb: &[u8],
    key: &[u8],
    members: impl IntoIterator<Item = T>,
) {
    let mut members = members.into_iter().peekable();
    if members.peek().is_none() || !effects.wants() {
        return;
    }
    loop {
        let some: Vec<T> = members.by_ref().take(MEMBERS_MAX).collect();
        if some.is_empty() {
            return;
        }
        let mut argv: SmallVec<[&[u8]; 16]> = SmallVec::from_slice(&[verb, key]);
        argv.extend(some.iter().map(AsRef::as_ref));
        effects.push(db, &argv);
    }
}
