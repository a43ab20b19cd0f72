//! Removing entries, and setting the counters of a stream.

use smallvec::SmallVec;

use crate::command::arguments::{integer, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::{Limits, Stream, StreamId};

use super::{id, stream};

/// XDEL key id [id ...]
pub fn xdel(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.at(key);
    // Whether there is such a key matters before whether these are ids.
    if stream(partition.keyspace.peek(db, key, now))?.is_none() {
        context.out.integer(0);
        return Ok(());
    }
    let ids: SmallVec<[StreamId; 8]> =
        args[2..].iter().map(|arg| id::exact(arg, 0)).collect::<Result<_, _>>()?;
    let deleted = partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let nodes = stream.nodes_mut();
        let deleted = ids.iter().filter(|id| nodes.delete(**id)).count();
        (deleted, deleted > 0)
    })?;
    let deleted = deleted.unwrap_or_default();
    if deleted > 0 {
        partition.effects.push(db, args);
        partition.notify(db, event::XDEL, key);
    }
    context.out.unsigned(deleted as u64);
    Ok(())
}

/// XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]
pub fn xsetid(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let last_id = id::exact(args[2], 0)?;
    let (mut added, mut max_deleted) = (None, None);
    let mut rest = &args[3..];
    while !rest.is_empty() {
        rest = match rest {
            [word, number, rest @ ..] if is_word(word, "ENTRIESADDED") => {
                let number = u64::try_from(integer(number)?);
                added = Some(number.map_err(|_| Fail::new("ERR entries_added must be positive"))?);
                rest
            }
            [word, given, rest @ ..] if is_word(word, "MAXDELETEDID") => {
                let given = id::exact(given, 0)?;
                if last_id < given {
                    return Err(Fail::new(
                        "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                    ));
                }
                max_deleted = Some(given).filter(|given| *given != StreamId::MIN);
                rest
            }
            _ => return Err(Fail::SYNTAX),
        };
    }
    let partition = context.at(key);
    let done = partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let nodes = stream.nodes_mut();
        let refused = if nodes.last_entry_id().is_some_and(|top| last_id < top) {
            Some("ERR The ID specified in XSETID is smaller than the target stream top item")
        } else if nodes.len > 0 && added.is_some_and(|added| added < nodes.len) {
            Some("ERR The entries_added specified in XSETID is smaller than the target stream length")
        } else if last_id < nodes.max_deleted_id {
            Some("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
        } else {
            nodes.set_id(last_id, added, max_deleted);
            None
        };
        (refused, refused.is_none())
    })?;
    if let Some(text) = done.ok_or(Fail::NO_SUCH_KEY)? {
        return Err(Fail::new(text));
    }
    partition.effects.push(db, args);
    partition.notify(db, event::XSETID, key);
    context.out.ok();
    Ok(())
}
