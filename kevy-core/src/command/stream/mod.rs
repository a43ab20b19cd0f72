//! The stream verbs.

mod add;
mod claim;
mod effects;
mod group;
mod id;
mod info;
mod pending;
mod range;
mod read;
mod remove;
mod remove_referenced;
#[cfg(test)]
mod tests;
mod trim;

use crate::resp::Writer;
use crate::store::stream::Entry;
use crate::store::{Ref, Stream, StreamId, ValueRef};

use super::spec::Command;
use super::table::stream as row;
use super::table::stream_groups as group_row;
use super::{Context, Fail, Origin};

/// Every stream verb.
pub static COMMANDS: [Command; 17] = [
    Command::new(group_row::XACK, pending::xack),
    Command::new(group_row::XACKDEL, remove_referenced::xackdel),
    Command::new(row::XADD, add::xadd),
    Command::new(group_row::XAUTOCLAIM, claim::xautoclaim),
    Command::new(group_row::XCLAIM, claim::xclaim),
    Command::new(row::XDEL, remove::xdel),
    Command::new(row::XDELEX, remove_referenced::xdelex),
    group::XGROUP,
    info::XINFO,
    Command::new(row::XLEN, range::xlen),
    Command::new(group_row::XPENDING, pending::xpending),
    Command::new(row::XRANGE, range::xrange),
    Command::new(row::XREAD, read::xread),
    Command::new(group_row::XREADGROUP, read::xreadgroup),
    Command::new(row::XREVRANGE, range::xrevrange),
    Command::new(row::XSETID, remove::xsetid),
    Command::new(row::XTRIM, trim::xtrim),
];

/// The stream of a key that must hold one.
fn stream(found: Option<Ref<'_>>) -> Result<Option<&Stream>, Fail> {
    match found.map(|found| found.value()) {
        None => Ok(None),
        Some(ValueRef::Stream(stream)) => Ok(Some(stream)),
        Some(_) => Err(Fail::WRONG_TYPE),
    }
}

/// Replies an id.
fn write_id(out: &mut Writer, id: StreamId) {
    out.bulk(&id.to_text());
}

/// Replies an entry: its id, and fields with values.
fn write_entry(out: &mut Writer, entry: &Entry<'_>) {
    out.array(2);
    write_id(out, entry.id);
    out.array(2 * entry.len());
    for (field, value) in entry.fields() {
        out.bulk(&field);
        out.bulk(&value);
    }
}

/// The time of day in unix milliseconds, which the effects of a primary come without.
fn clock(context: &Context<'_>) -> u64 {
    match context.origin {
        Origin::Client => context.now,
        Origin::Replica => context.server.clock.now_ms(),
    }
}

fn no_group(key: &[u8], group: &[u8]) -> Fail {
    Fail::quoting_all("NOGROUP No such key '{}' or consumer group '{}'", &[key, group])
}

fn no_group_for_key(key: &[u8], group: &[u8]) -> Fail {
    Fail::quoting_all("NOGROUP No such consumer group '{}' for key name '{}'", &[group, key])
}
