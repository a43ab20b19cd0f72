//! The verbs that wait for a member.

use crate::command::arguments::timeout_seconds;
use crate::command::blocking::{Block, Nil};
use crate::command::{Context, Fail, Outcome};
use crate::store::Kind;

use super::pop::{End, MultiPop, Take, pop, write_popped};

/// BZPOPMIN key [key ...] timeout
pub fn bzpopmin(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    pop_first(context, args, End::Min)
}

/// BZPOPMAX key [key ...] timeout
pub fn bzpopmax(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    pop_first(context, args, End::Max)
}

fn pop_first(context: &mut Context<'_>, args: &[&[u8]], end: End) -> Outcome {
    let [_, keys @ .., timeout] = args else { return Err(Fail::SYNTAX) };
    let timeout_ms = timeout_seconds(timeout, context.now)?;
    let (db, now) = (context.session.db, context.now);
    for key in keys {
        let popped = pop(context.partitions.at(key), db, key, now, end, Take::One)?;
        if let [(member, score)] = &popped[..] {
            context.out.array(3);
            context.out.bulk(key);
            context.out.bulk(member);
            context.out.double(*score);
            return Ok(());
        }
    }
    wait(context, args, keys, timeout_ms);
    Ok(())
}

/// BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count]
pub fn bzmpop(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let MultiPop { keys, end, count } = MultiPop::parse(&args[2..])?;
    let timeout_ms = timeout_seconds(args[1], context.now)?;
    let (db, now) = (context.session.db, context.now);
    for key in keys {
        let popped = pop(context.partitions.at(key), db, key, now, end, Take::UpTo(count))?;
        if !popped.is_empty() {
            write_popped(context.out, key, &popped);
            return Ok(());
        }
    }
    wait(context, args, keys, timeout_ms);
    Ok(())
}

fn wait(context: &mut Context<'_>, args: &[&[u8]], keys: &[&[u8]], timeout_ms: u64) {
    let (kind, nil) = (Kind::SortedSet, Nil::NullArray);
    context.block(&Block { keys, kind, on_any_change: false, timeout_ms, nil, args });
}
