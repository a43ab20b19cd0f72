//! The list verbs.

pub mod pop;
mod position;
mod push;
mod read;
#[cfg(test)]
mod tests;
pub mod transfer;
mod wait;
mod write;

use crate::store::{End, List, Ref, ValueRef};

use super::Fail;
use super::arguments::is_word;
use super::spec::Command;
use super::table::{list as row, list_wait};

/// Every list verb.
pub static COMMANDS: [Command; 22] = [
    Command::new(list_wait::BLMOVE, wait::blmove),
    Command::new(list_wait::BLMPOP, wait::blmpop),
    Command::new(list_wait::BLPOP, wait::blpop),
    Command::new(list_wait::BRPOP, wait::brpop),
    Command::new(list_wait::BRPOPLPUSH, wait::brpoplpush),
    Command::new(row::LINDEX, read::lindex),
    Command::new(row::LINSERT, write::linsert),
    Command::new(row::LLEN, read::llen),
    Command::new(row::LMOVE, transfer::lmove),
    Command::new(row::LMPOP, pop::lmpop),
    Command::new(row::LPOP, pop::lpop),
    Command::new(row::LPOS, position::lpos),
    Command::new(row::LPUSH, push::lpush),
    Command::new(row::LPUSHX, push::lpushx),
    Command::new(row::LRANGE, read::lrange),
    Command::new(row::LREM, write::lrem),
    Command::new(row::LSET, write::lset),
    Command::new(row::LTRIM, write::ltrim),
    Command::new(row::RPOP, pop::rpop),
    Command::new(row::RPOPLPUSH, transfer::rpoplpush),
    Command::new(row::RPUSH, push::rpush),
    Command::new(row::RPUSHX, push::rpushx),
];

/// The list of a key that must hold one.
#[inline]
fn list(found: Option<Ref<'_>>) -> Result<Option<&List>, Fail> {
    match found.map(|found| found.value()) {
        None => Ok(None),
        Some(ValueRef::List(list)) => Ok(Some(list)),
        Some(_) => Err(Fail::WRONG_TYPE),
    }
}

/// The end of a list that LEFT or RIGHT names.
pub fn end_of_word(arg: &[u8]) -> Result<End, Fail> {
    if is_word(arg, "LEFT") {
        Ok(End::Head)
    } else if is_word(arg, "RIGHT") {
        Ok(End::Tail)
    } else {
        Err(Fail::SYNTAX)
    }
}

fn word_of_end(end: End) -> &'static [u8] {
    match end {
        End::Head => b"LEFT",
        End::Tail => b"RIGHT",
    }
}

/// The index that a number stands for in a list of `len` elements; negative ones count from the tail.
fn resolve(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 { index.checked_add(i64::try_from(len).ok()?)? } else { index };
    usize::try_from(index).ok().filter(|&index| index < len)
}

/// The first index and the number of elements between two indexes, both included.
fn resolve_range(start: i64, stop: i64, len: usize) -> (usize, usize) {
    let resolve = |index: i64| if index < 0 { index.saturating_add_unsigned(len as u64) } else { index };
    let (start, stop) = (resolve(start).max(0) as u64, resolve(stop));
    let end = u64::try_from(stop).map_or(0, |stop| stop.saturating_add(1).min(len as u64));
    if start >= end { (0, 0) } else { (start as usize, (end - start) as usize) }
}
