//! Removing entries with a view to the groups that know of them: XDELEX and XACKDEL.

use smallvec::SmallVec;

use crate::command::arguments::{integer, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::{DroppedEntries, Limits, References, Stream, StreamId};

use super::effects::push_dropped;
use super::trim::references;
use super::{id, stream};

const NO_COUNT: Fail = Fail::new("ERR Number of IDs must be a positive integer");
const WRONG_COUNT: Fail = Fail::new("ERR The `numids` parameter must match the number of arguments");

/// There is no such entry, or it waits for no acknowledgement.
const NO_ENTRY: i64 = -1;
const DELETED: i64 = 1;
/// A group still has to read or to acknowledge it.
const STILL_REFERENCED: i64 = 2;

type Ids = SmallVec<[StreamId; 8]>;

/// Reads `[KEEPREF|DELREF|ACKED] IDS numids id [id ...]`.
fn parse(mut args: &[&[u8]]) -> Result<(References, Ids), Fail> {
    let (mut meaning, mut ids): (_, Option<Ids>) = (None, None);
    while let [word, rest @ ..] = args {
        if meaning.is_none()
            && let Some(found) = references(word)
        {
            meaning = Some(found);
            args = rest;
            continue;
        }
        let [count, rest @ ..] = rest else { return Err(Fail::SYNTAX) };
        if ids.is_some() || !is_word(word, "IDS") {
            return Err(Fail::SYNTAX);
        }
        let count = integer(count).ok().and_then(|count| usize::try_from(count).ok());
        let count = count.filter(|count| *count > 0).ok_or(NO_COUNT)?;
        let (given, rest) = rest.split_at_checked(count).ok_or(WRONG_COUNT)?;
        ids = Some(given.iter().map(|arg| id::exact(arg, 0)).collect::<Result<_, _>>()?);
        args = rest;
    }
    Ok((meaning.unwrap_or_default(), ids.ok_or(Fail::SYNTAX)?))
}

/// Edits the stream of a key: `remove` is called for every id and says what to reply for it.
fn remove_each(
    context: &mut Context<'_>,
    key: &[u8],
    ids: &Ids,
    mut remove: impl FnMut(&mut Stream, StreamId, &mut DroppedEntries) -> i64,
) -> Outcome {
    let (db, now) = (context.session.db, context.now);
    let partition = context.partitions.at(key);
    let mut dropped = DroppedEntries::default();
    let done = partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let replies: SmallVec<[i64; 8]> = ids.iter().map(|id| remove(stream, *id, &mut dropped)).collect();
        (replies, dropped.is_some())
    })?;
    push_dropped(&mut partition.effects, db, key, &dropped);
    if !dropped.deleted.is_empty() {
        partition.notify(db, event::XDEL, key);
    }
    context.out.array(ids.len());
    match done {
        Some(replies) => replies.into_iter().for_each(|reply| context.out.integer(reply)),
        None => ids.iter().for_each(|_| context.out.integer(NO_ENTRY)),
    }
    Ok(())
}

/// Deletes an entry if `references` lets it go.
fn delete(
    stream: &mut Stream,
    id: StreamId,
    references: References,
    dropped: &mut DroppedEntries,
) -> Option<bool> {
    match references {
        References::Acked if stream.is_referenced(id) => return None,
        References::Delete => stream.drop_references(id, dropped),
        References::Acked | References::Keep => {}
    }
    let deleted = stream.nodes_mut().delete(id);
    if deleted {
        dropped.deleted.push(id);
    }
    Some(deleted)
}

/// XDELEX key [KEEPREF|DELREF|ACKED] IDS numids id [id ...]
pub fn xdelex(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (references, ids) = parse(&args[2..])?;
    remove_each(context, args[1], &ids, |stream, id, dropped| match delete(stream, id, references, dropped) {
        Some(true) => DELETED,
        None if stream.nodes().get(id).is_some() => STILL_REFERENCED,
        Some(false) | None => NO_ENTRY,
    })
}

/// XACKDEL key group [KEEPREF|DELREF|ACKED] IDS numids id [id ...]
pub fn xackdel(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (references, ids) = parse(&args[3..])?;
    let name = args[2];
    stream(context.partitions.at(args[1]).keyspace.peek(context.session.db, args[1], context.now))?;
    remove_each(context, args[1], &ids, |stream, id, dropped| {
        if stream.edit_group(name, |group, _| group.acknowledge(id)) != Some(true) {
            return NO_ENTRY;
        }
        dropped.acknowledge(name, id);
        match delete(stream, id, references, dropped) {
            // An entry that was gone already is as good as deleted now.
            Some(_) => DELETED,
            None => STILL_REFERENCED,
        }
    })
}
