//! Strings that are numbers.

use crate::base::long_double::LongDouble;
use crate::base::number::parse_i64;
use crate::command::arguments::{integer, long_double};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::{Expire, ValueRef};

use super::text;

/// INCR key
pub fn incr(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    add(context, args, 1)
}

/// DECR key
pub fn decr(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    add(context, args, -1)
}

/// INCRBY key increment
pub fn incrby(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    add(context, args, integer(args[2])?)
}

/// DECRBY key decrement
pub fn decrby(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let decrement = integer(args[2])?;
    add(context, args, decrement.checked_neg().ok_or(Fail::new("ERR decrement would overflow"))?)
}

fn add(context: &mut Context<'_>, args: &[&[u8]], increment: i64) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.partitions.at(key);
    let old = match partition.keyspace.peek(db, key, now).map(|found| found.value()) {
        None => 0,
        Some(ValueRef::Int(value)) => value,
        Some(ValueRef::Bytes(bytes)) => parse_i64(bytes).ok_or(Fail::NOT_INTEGER)?,
        Some(_) => return Err(Fail::WRONG_TYPE),
    };
    let sum = old.checked_add(increment).ok_or(Fail::new("ERR increment or decrement would overflow"))?;
    partition.keyspace.set_int(db, key, sum, Expire::Keep, now);
    partition.effects.push(db, args);
    partition.notify(db, event::INCRBY, key);
    context.out.integer(sum);
    Ok(())
}

/// INCRBYFLOAT key increment
pub fn incrbyfloat(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.partitions.at(key);
    let old = match text(partition.keyspace.peek(db, key, now))? {
        None => LongDouble::ZERO,
        Some(old) => long_double(&old)?,
    };
    let sum = old
        .checked_add(long_double(args[2])?)
        .ok_or(Fail::new("ERR increment would produce NaN or Infinity"))?
        .to_text();
    partition.keyspace.set_bytes(db, key, sum.as_bytes(), Expire::Keep, now);
    partition.effects.push(db, &[b"SET", key, sum.as_bytes(), b"KEEPTTL"]);
    partition.notify(db, event::INCRBYFLOAT, key);
    context.out.bulk(sum.as_bytes());
    Ok(())
}
