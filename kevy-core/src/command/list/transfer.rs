//! Moving elements from list to list.

use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::{End, Kind, List};

use super::pop::event_of;
use super::{end_of_word, word_of_end};

/// LMOVE source destination LEFT | RIGHT LEFT | RIGHT
pub fn lmove(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (from, to) = (end_of_word(args[3])?, end_of_word(args[4])?);
    move_or_null(context, args, from, to)
}

/// RPOPLPUSH source destination
pub fn rpoplpush(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    move_or_null(context, args, End::Tail, End::Head)
}

fn move_or_null(context: &mut Context<'_>, args: &[&[u8]], from: End, to: End) -> Outcome {
    if !move_element(context, args[1], args[2], from, to)? {
        context.out.null();
    }
    Ok(())
}

/// Moves an element from an end of one list to an end of another or the same, and records that. The reply is the
/// element. False, and nothing written, where there is no key `source`.
pub fn move_element(
    context: &mut Context<'_>,
    source: &[u8],
    target: &[u8],
    from: End,
    to: End,
) -> Result<bool, Fail> {
    let (db, now) = (context.session.db, context.now);
    match kind(context, source) {
        None => return Ok(false),
        Some(Kind::List) if kind(context, target).is_none_or(|kind| kind == Kind::List) => {}
        Some(_) => return Err(Fail::WRONG_TYPE),
    }
    let same_key = source == target;
    let keyspace = &mut context.at(source).keyspace;
    let moved = keyspace.edit(db, source, now, false, |list: &mut List, limits, _| {
        let element = list.first_from(from).map(|element| element.to_vec()).unwrap_or_default();
        list.delete_at(from, 1, limits.list);
        if same_key {
            list.push(to, &element, limits.list);
        }
        (element, true)
    })?;
    let Some(element) = moved else { return Ok(false) };
    if !same_key {
        context.at(target).keyspace.edit(db, target, now, true, |list: &mut List, limits, _| {
            list.push(to, &element, limits.list);
            ((), true)
        })?;
    }
    if context.told_together(source, target) {
        context.effect(source, &[b"LMOVE", source, target, word_of_end(from), word_of_end(to)]);
    } else {
        let (pop, push): (&[u8], &[u8]) = (
            if from == End::Head { b"LPOP" } else { b"RPOP" },
            if to == End::Head { b"LPUSH" } else { b"RPUSH" },
        );
        context.effect(source, &[pop, source]);
        context.effect(target, &[push, target, &element]);
    }
    let pushed = if to == End::Head { event::LPUSH } else { event::RPUSH };
    context.at(target).notify(db, pushed, target);
    context.at(source).notify_removal(db, event_of(from), source);
    context.out.bulk(&element);
    Ok(true)
}

fn kind(context: &mut Context<'_>, key: &[u8]) -> Option<Kind> {
    let (keyspace, db, now) = context.keys(key);
    Some(keyspace.peek(db, key, now)?.kind())
}
