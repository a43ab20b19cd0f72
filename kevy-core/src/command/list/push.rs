//! Adding elements at the ends of a list.

use crate::command::notify::event;
use crate::command::{Context, Outcome};
use crate::store::{End, List};

/// LPUSH key element [element ...]
pub fn lpush(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    push(context, args, End::Head, true)
}

/// RPUSH key element [element ...]
pub fn rpush(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    push(context, args, End::Tail, true)
}

/// LPUSHX key element [element ...]
pub fn lpushx(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    push(context, args, End::Head, false)
}

/// RPUSHX key element [element ...]
pub fn rpushx(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    push(context, args, End::Tail, false)
}

fn push(context: &mut Context<'_>, args: &[&[u8]], end: End, create: bool) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.at(key);
    let len = partition.keyspace.edit(db, key, now, create, |list: &mut List, limits, _| {
        args[2..].iter().for_each(|element| list.push(end, element, limits.list));
        (list.len(), true)
    })?;
    if len.is_some() {
        partition.effects.push(db, args);
        partition.notify(db, if end == End::Head { event::LPUSH } else { event::RPUSH }, key);
    }
    context.out.unsigned(len.unwrap_or_default() as u64);
    Ok(())
}
