//! The list verbs that wait for an element.

use crate::command::arguments::timeout_seconds;
use crate::command::blocking::{Block, Nil};
use crate::command::{Context, Fail, Outcome};
use crate::resp::Writer;
use crate::store::{End, Kind};

use super::end_of_word;
use super::pop::{many_arguments, pop_many, pop_one};
use super::transfer::move_element;

/// BLPOP key [key ...] timeout
pub fn blpop(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    pop(context, args, End::Head)
}

/// BRPOP key [key ...] timeout
pub fn brpop(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    pop(context, args, End::Tail)
}

fn pop(context: &mut Context<'_>, args: &[&[u8]], end: End) -> Outcome {
    let [_, keys @ .., timeout] = args else { return Err(Fail::SYNTAX) };
    let timeout_ms = timeout_seconds(timeout, context.now)?;
    for key in keys {
        let head = |out: &mut Writer| {
            out.array(2);
            out.bulk(key);
        };
        if pop_one(context, key, end, head)? {
            return Ok(());
        }
    }
    wait(context, args, keys, timeout_ms, Nil::NullArray);
    Ok(())
}

/// BLMPOP timeout numkeys key [key ...] LEFT | RIGHT [COUNT count]
pub fn blmpop(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (keys, end, count) = many_arguments(&args[2..])?;
    let timeout_ms = timeout_seconds(args[1], context.now)?;
    for key in keys {
        let head = |out: &mut Writer| {
            out.array(2);
            out.bulk(key);
        };
        if pop_many(context, key, end, count, head)? {
            return Ok(());
        }
    }
    wait(context, args, keys, timeout_ms, Nil::NullArray);
    Ok(())
}

/// BLMOVE source destination LEFT | RIGHT LEFT | RIGHT timeout
pub fn blmove(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (from, to) = (end_of_word(args[3])?, end_of_word(args[4])?);
    move_or_wait(context, args, from, to, args[5])
}

/// BRPOPLPUSH source destination timeout
pub fn brpoplpush(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    move_or_wait(context, args, End::Tail, End::Head, args[3])
}

fn move_or_wait(context: &mut Context<'_>, args: &[&[u8]], from: End, to: End, timeout: &[u8]) -> Outcome {
    let timeout_ms = timeout_seconds(timeout, context.now)?;
    if !move_element(context, args[1], args[2], from, to)? {
        wait(context, args, &args[1..2], timeout_ms, Nil::Null);
    }
    Ok(())
}

fn wait(context: &mut Context<'_>, args: &[&[u8]], keys: &[&[u8]], timeout_ms: u64, nil: Nil) {
    context.block(&Block { keys, kind: Kind::List, on_any_change: false, timeout_ms, nil, args });
}
