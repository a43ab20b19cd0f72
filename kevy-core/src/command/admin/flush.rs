//! Whole databases: their size, their end, their exchange.

use crate::base::number::parse_i64;
use crate::command::arguments::is_word;
use crate::command::{Context, Fail, Outcome};

pub fn dbsize(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let db = ctx.session.db;
    let keys: usize = ctx.every().into_iter().map(|partition| partition.keyspace.len(db)).sum();
    ctx.out.unsigned(keys as u64);
    Ok(())
}

/// Reads `[ASYNC|SYNC]`. Both end the keys at once and free their memory in slices, so the word changes nothing.
fn check_mode(args: &[&[u8]]) -> Outcome {
    match args {
        [_] => Ok(()),
        [_, mode] if is_word(mode, "ASYNC") || is_word(mode, "SYNC") => Ok(()),
        _ => Err(Fail::SYNTAX),
    }
}

pub fn flushdb(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_mode(args)?;
    let db = ctx.session.db;
    for partition in ctx.every() {
        partition.keyspace.flush(db);
        partition.effects.push(db, &[b"FLUSHDB"]);
        partition.forget_readers();
    }
    ctx.server.trackers.invalidate_all();
    ctx.out.ok();
    Ok(())
}

pub fn flushall(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_mode(args)?;
    let db = ctx.session.db;
    for partition in ctx.every() {
        partition.keyspace.flush_all();
        partition.effects.push(db, &[b"FLUSHALL"]);
        partition.forget_readers();
    }
    if let Some(hooks) = ctx.server.hooks.get() {
        hooks.keys_flushed();
    }
    ctx.server.trackers.invalidate_all();
    ctx.out.ok();
    Ok(())
}

pub fn swapdb(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if ctx.session.node.is_some() {
        return Err(Fail::new("ERR SWAPDB is not allowed in cluster mode"));
    }
    let index =
        |arg: &[u8], text| parse_i64(arg).filter(|db| i32::try_from(*db).is_ok()).ok_or(Fail::new(text));
    let first = index(args[1], "ERR invalid first DB index")?;
    let second = index(args[2], "ERR invalid second DB index")?;
    let databases = i64::from(ctx.server.options.read().databases);
    if !(0..databases).contains(&first) || !(0..databases).contains(&second) {
        return Err(Fail::new("ERR DB index is out of range"));
    }
    let (db, now) = (ctx.session.db, ctx.now);
    if first != second {
        for partition in ctx.every() {
            partition.keyspace.swap_db(first as usize, second as usize, now);
            partition.effects.push(db, &[b"SWAPDB", args[1], args[2]]);
            partition.forget_readers();
        }
        ctx.server.trackers.invalidate_all();
    }
    ctx.out.ok();
    Ok(())
}
