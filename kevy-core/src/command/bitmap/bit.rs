//! Single bits.

use crate::base::number::parse_i64;
use crate::command::notify::event;
use crate::command::string::text;
use crate::command::{Context, Fail, Outcome};

use super::{bits, grow, offset};

/// GETBIT key offset
pub fn getbit(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let at = offset(context.server, args[2], 1)?;
    let (out, found) = context.read(args[1]);
    let is_set = text(found)?.is_some_and(|text| bits::get(&text, at));
    out.integer(i64::from(is_set));
    Ok(())
}

/// SETBIT key offset value
pub fn setbit(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let at = offset(context.server, args[2], 1)?;
    let on = match parse_i64(args[3]) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(Fail::new("ERR bit is not an integer or out of range")),
    };
    let partition = context.partitions.at(key);
    let edited = partition.keyspace.maybe_edit_string(db, key, now, true, |text| {
        let is_longer = grow(text, at);
        let before = bits::get(text, at);
        bits::set(text, at, on);
        let changed = is_longer || before != on;
        ((before, changed), changed)
    })?;
    let (before, changed) = edited.unwrap_or_default();
    if changed {
        partition.effects.push(db, args);
        partition.notify(db, event::SETBIT, key);
    }
    context.out.integer(i64::from(before));
    Ok(())
}
