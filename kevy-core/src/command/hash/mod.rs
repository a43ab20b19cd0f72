//! The hash verbs.

mod arguments;
mod browse;
mod expiry;
mod number;
mod read;
#[cfg(test)]
mod tests;
mod timed;
mod write;

use smallvec::SmallVec;

use crate::base::number::format_u64;
use crate::store::{Hash, Ref, ValueRef};

use super::spec::Command;
use super::table::hash as row;
use super::{Effects, Fail};

/// Every hash verb.
pub static COMMANDS: [Command; 28] = [
    Command::new(row::HDEL, write::hdel),
    Command::new(row::HEXISTS, read::hexists),
    Command::new(row::HEXPIRE, expiry::hexpire),
    Command::new(row::HEXPIREAT, expiry::hexpireat),
    Command::new(row::HEXPIRETIME, expiry::hexpiretime),
    Command::new(row::HGET, read::hget),
    Command::new(row::HGETALL, read::hgetall),
    Command::new(row::HGETDEL, write::hgetdel),
    Command::new(row::HGETEX, timed::hgetex),
    Command::new(row::HINCRBY, number::hincrby),
    Command::new(row::HINCRBYFLOAT, number::hincrbyfloat),
    Command::new(row::HKEYS, read::hkeys),
    Command::new(row::HLEN, read::hlen),
    Command::new(row::HMGET, read::hmget),
    Command::new(row::HMSET, write::hmset),
    Command::new(row::HPERSIST, expiry::hpersist),
    Command::new(row::HPEXPIRE, expiry::hpexpire),
    Command::new(row::HPEXPIREAT, expiry::hpexpireat),
    Command::new(row::HPEXPIRETIME, expiry::hpexpiretime),
    Command::new(row::HPTTL, expiry::hpttl),
    Command::new(row::HRANDFIELD, browse::hrandfield),
    Command::new(row::HSCAN, browse::hscan),
    Command::new(row::HSET, write::hset),
    Command::new(row::HSETEX, timed::hsetex),
    Command::new(row::HSETNX, write::hsetnx),
    Command::new(row::HSTRLEN, read::hstrlen),
    Command::new(row::HTTL, expiry::httl),
    Command::new(row::HVALS, read::hvals),
];

/// The hash of a key that must hold one.
#[inline]
fn hash(found: Option<Ref<'_>>) -> Result<Option<&Hash>, Fail> {
    match found.map(|found| found.value()) {
        None => Ok(None),
        Some(ValueRef::Hash(hash)) => Ok(Some(hash)),
        Some(_) => Err(Fail::WRONG_TYPE),
    }
}

/// Records `head FIELDS count field...`, unless there are no fields.
fn push_fields(effects: &mut Effects, db: usize, head: &[&[u8]], fields: &[&[u8]]) {
    if fields.is_empty() || !effects.wants() {
        return;
    }
    let count = format_u64(fields.len() as u64);
    let mut argv: SmallVec<[&[u8]; 16]> = SmallVec::from_slice(head);
    argv.extend_from_slice(&[b"FIELDS", count.as_bytes()]);
    argv.extend_from_slice(fields);
    effects.push(db, &argv);
}

/// Records that fields now expire at `at`, in unix milliseconds, unless there are no fields.
fn push_expiry(effects: &mut Effects, db: usize, key: &[u8], at: u64, fields: &[&[u8]]) {
    push_fields(effects, db, &[b"HPEXPIREAT", key, format_u64(at).as_bytes()], fields);
}

/// Records that fields are gone, unless there are none.
fn push_deletion(effects: &mut Effects, db: usize, key: &[u8], fields: &[&[u8]]) {
    if fields.is_empty() || !effects.wants() {
        return;
    }
    let mut argv: SmallVec<[&[u8]; 16]> = SmallVec::from_slice(&[b"HDEL", key]);
    argv.extend_from_slice(fields);
    effects.push(db, &argv);
}
