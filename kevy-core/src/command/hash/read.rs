//! Reading fields of a hash.

use crate::command::{Context, Outcome};
use crate::store::Item;

use super::hash;

/// HGET key field
pub fn hget(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let now = context.now;
    let (out, found) = context.read(args[1]);
    let hash = hash(found)?;
    match hash.and_then(|hash| hash.get(args[2], now)) {
        Some(value) => out.bulk(&value),
        None => out.null(),
    }
    Ok(())
}

/// HMGET key field [field ...]
pub fn hmget(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let now = context.now;
    let (out, found) = context.read(args[1]);
    let hash = hash(found)?;
    out.array(args.len() - 2);
    for field in &args[2..] {
        match hash.and_then(|hash| hash.get(field, now)) {
            Some(value) => out.bulk(&value),
            None => out.null(),
        }
    }
    Ok(())
}

/// HEXISTS key field
pub fn hexists(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let now = context.now;
    let (out, found) = context.read(args[1]);
    let hash = hash(found)?;
    let found = hash.is_some_and(|hash| hash.contains(args[2], now));
    out.integer(i64::from(found));
    Ok(())
}

/// HSTRLEN key field
pub fn hstrlen(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let now = context.now;
    let (out, found) = context.read(args[1]);
    let hash = hash(found)?;
    let len = hash.and_then(|hash| hash.get(args[2], now)).map_or(0, |value| value.len());
    out.unsigned(len as u64);
    Ok(())
}

/// HLEN key
pub fn hlen(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let now = context.now;
    let (out, found) = context.read(args[1]);
    let hash = hash(found)?;
    let len = hash.map_or(0, |hash| hash.live_len(now));
    out.unsigned(len as u64);
    Ok(())
}

/// HGETALL key
pub fn hgetall(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let now = context.now;
    let (out, found) = context.read(args[1]);
    let hash = hash(found)?;
    out.map(hash.map_or(0, |hash| hash.live_len(now)));
    for field in hash.into_iter().flat_map(|hash| hash.iter(now)) {
        out.bulk(&field.name);
        out.bulk(&field.value);
    }
    Ok(())
}

/// HKEYS key
pub fn hkeys(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    one_side(context, args, |name, _| name)
}

/// HVALS key
pub fn hvals(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    one_side(context, args, |_, value| value)
}

fn one_side(
    context: &mut Context<'_>,
    args: &[&[u8]],
    side: impl for<'a> Fn(Item<'a>, Item<'a>) -> Item<'a>,
) -> Outcome {
    let now = context.now;
    let (out, found) = context.read(args[1]);
    let hash = hash(found)?;
    out.array(hash.map_or(0, |hash| hash.live_len(now)));
    for field in hash.into_iter().flat_map(|hash| hash.iter(now)) {
        out.bulk(&side(field.name, field.value));
    }
    Ok(())
}
