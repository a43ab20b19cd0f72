//! The verbs of HyperLogLogs, which are strings in a format of their own.

mod debug;
mod estimate;
mod sketch;
mod sparse;
#[cfg(test)]
mod tests;

use crate::store::{Item, Ref};

use super::notify::event;
use super::spec::Command;
use super::table::hyperloglog as row;
use super::{Context, Fail, Origin, Outcome};
use sketch::{Corrupted, Form};

/// Every HyperLogLog verb.
pub static COMMANDS: [Command; 5] = [
    Command::new(row::PFADD, pfadd),
    Command::new(row::PFCOUNT, pfcount),
    Command::new(row::PFDEBUG, debug::pfdebug),
    Command::new(row::PFMERGE, pfmerge),
    Command::new(row::PFSELFTEST, debug::pfselftest),
];

/// What a replica is told where a HyperLogLog became dense, so that its own limit for sparse ones does not matter.
const TO_DENSE: [&[u8]; 2] = [b"PFDEBUG", b"TODENSE"];

impl From<Corrupted> for Fail {
    fn from(_: Corrupted) -> Self {
        Self::new("INVALIDOBJ Corrupted HLL object detected")
    }
}

/// The text and form of a key that must hold a HyperLogLog.
fn held(found: Option<Ref<'_>>) -> Result<Option<(Item<'_>, Form)>, Fail> {
    let Some(found) = found else { return Ok(None) };
    let text = found.value().as_string().ok_or(Fail::WRONG_TYPE)?;
    match sketch::form(&text) {
        Some(form) => Ok(Some((text, form))),
        None => Err(Fail::new("WRONGTYPE Key is not a valid HyperLogLog string value.")),
    }
}

/// Bytes up to which a HyperLogLog stays sparse. What a primary says is applied without a limit.
fn sparse_bytes_max(context: &mut Context<'_>, key: &[u8]) -> usize {
    match context.origin {
        Origin::Client => context.at(key).keyspace.limits().hyperloglog_sparse_bytes_max,
        Origin::Replica => usize::MAX,
    }
}

/// PFADD key [element ...]
fn pfadd(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let bytes_max = sparse_bytes_max(context, key);
    let partition = context.partitions.at(key);
    // Most elements have been seen before, which must not look like a change.
    let first = match held(partition.keyspace.get(db, key, now))? {
        None => None,
        Some((text, _)) => {
            let mut first = 2;
            while first < args.len() && !sketch::would_change(&text, args[first])? {
                first += 1;
            }
            if first == args.len() {
                context.out.integer(0);
                return Ok(());
            }
            Some(first)
        }
    };
    let edited = partition.keyspace.edit_string(db, key, now, true, |text| {
        let mut changed = first.is_none();
        if changed {
            *text = sketch::empty();
            sketch::mark_stale(text);
        }
        let was_sparse = sketch::form(text) == Some(Form::Sparse);
        let mut end = first.unwrap_or(2);
        while let Some(element) = args.get(end)
            && let Ok(is_new) = sketch::add(text, element, bytes_max)
        {
            changed |= is_new;
            end += 1;
        }
        (end, changed, was_sparse && sketch::form(text) == Some(Form::Dense))
    })?;
    let (end, changed, became_dense) = edited.unwrap_or_default();
    // What came before an element that found the runs damaged stays, as in Redis.
    if changed {
        partition.effects.push(db, &args[..end]);
        partition.notify(db, event::PFADD, key);
    }
    if became_dense {
        partition.effects.push(db, &[TO_DENSE[0], TO_DENSE[1], key]);
    }
    if end < args.len() {
        return Err(Corrupted.into());
    }
    context.out.integer(1);
    Ok(())
}

/// PFCOUNT key [key ...]
fn pfcount(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if let [_, key] = args {
        return count_one(context, key);
    }
    let mut registers = [0; sketch::REGISTERS];
    for key in &args[1..] {
        if let Some((text, _)) = held(context.read(key).1)? {
            sketch::merge(&mut registers, &text)?;
        }
    }
    context.out.integer(sketch::count_all(&registers) as i64);
    Ok(())
}

/// The estimate of one HyperLogLog, which is kept in its header.
///
/// That changes the string, so the effect is the same command, and replicas hold the same bytes. A replica keeps nothing
/// for its own clients: its strings are the primary's.
fn count_one(context: &mut Context<'_>, key: &[u8]) -> Outcome {
    let (out, found) = context.read(key);
    let Some((text, _)) = held(found)? else {
        out.integer(0);
        return Ok(());
    };
    if let Some(count) = sketch::kept_count(&text) {
        out.integer(count as i64);
        return Ok(());
    }
    let count = sketch::count(&text)?;
    out.integer(count as i64);
    let (db, now, origin) = (context.session.db, context.now, context.origin);
    let partition = context.at(key);
    if partition.keyspace.is_replica() && origin == Origin::Client {
        return Ok(());
    }
    partition.keyspace.edit_string(db, key, now, false, |text| sketch::keep_count(text, count))?;
    partition.effects.push(db, &[b"PFCOUNT", key]);
    Ok(())
}

/// PFMERGE destkey [sourcekey ...]
fn pfmerge(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let mut registers = [0; sketch::REGISTERS];
    let mut any_dense = false;
    for key in &args[1..] {
        if let Some((text, form)) = held(context.read(key).1)? {
            any_dense |= form == Form::Dense;
            sketch::merge(&mut registers, &text)?;
        }
    }
    let bytes_max = sparse_bytes_max(context, key);
    let partition = context.partitions.at(key);
    let old = held(partition.keyspace.peek(db, key, now))?.map(|(text, _)| text.to_vec());
    let mut new = old.clone().unwrap_or_else(sketch::empty);
    if any_dense {
        new = sketch::dense(&new)?;
    }
    sketch::raise_all(&mut new, &registers, bytes_max)?;
    sketch::mark_stale(&mut new);
    if old.as_deref() != Some(&*new) {
        // Its sources may lie on other shards, so a replica is told the result.
        partition.effects.push(db, &[b"SET", key, &new, b"KEEPTTL"]);
    }
    partition.keyspace.edit_string(db, key, now, true, |text| *text = new)?;
    partition.notify(db, event::PFADD, key);
    context.out.ok();
    Ok(())
}
