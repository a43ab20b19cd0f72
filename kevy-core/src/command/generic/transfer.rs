//! Giving values other keys, databases and shards: RENAME, COPY and MOVE.

use crate::base::number::format_u64;
use crate::command::arguments::{database, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome, Partition};
use crate::store::{Owned, rdb};

const SAME_OBJECT: Fail = Fail::new("ERR source and destination objects are the same");

/// RENAME key newkey
pub fn rename(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    rename_unless(ctx, args, false)?;
    ctx.out.ok();
    Ok(())
}

/// RENAMENX key newkey
pub fn renamenx(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let renamed = rename_unless(ctx, args, true)?;
    ctx.out.integer(renamed.into());
    Ok(())
}

/// Renames, unless the new name is taken and must not be. Says whether it did.
fn rename_unless(ctx: &mut Context<'_>, args: &[&[u8]], taken_stays: bool) -> Result<bool, Fail> {
    let (from, to) = (args[1], args[2]);
    let (keyspace, db, now) = ctx.keys(from);
    if !keyspace.exists(db, from, now) {
        return Err(Fail::NO_SUCH_KEY);
    }
    if from == to {
        return Ok(false);
    }
    if taken_stays && ctx.at(to).keyspace.exists(db, to, now) {
        return Ok(false);
    }
    let target = &mut ctx.at(to).keyspace;
    if target.exists(db, to, now) {
        target.renew(db, to);
    }
    match ctx.two(from, to) {
        None => {
            let partition = ctx.at(from);
            if partition.effects.is_by_value {
                let Some(owned) = partition.keyspace.take(db, from, now) else {
                    return Err(Fail::NO_SUCH_KEY);
                };
                partition.effects.push(db, &[b"DEL", from]);
                place(partition, db, to, owned, now);
            } else {
                partition.keyspace.rename(db, from, to, now);
                partition.effects.push(db, &[b"RENAME", from, to]);
            }
        }
        Some((source, target)) => {
            let Some(owned) = source.keyspace.take(db, from, now) else { return Err(Fail::NO_SUCH_KEY) };
            source.effects.push(db, &[b"DEL", from]);
            place(target, db, to, owned, now);
        }
    }
    ctx.at(from).notify(db, event::RENAME_FROM, from);
    ctx.at(to).notify(db, event::RENAME_TO, to);
    Ok(true)
}

/// Makes `key` hold a value that comes from another key, of which whoever is told need not know.
fn place(target: &mut Partition, db: usize, key: &[u8], owned: Owned, now: u64) {
    if target.effects.wants() {
        let expire_at = format_u64(owned.expire_at.unwrap_or_default());
        let payload = rdb::dump(&owned.value.as_ref());
        let argv: [&[u8]; 6] = [b"RESTORE", key, expire_at.as_bytes(), &payload, b"REPLACE", b"ABSTTL"];
        target.effects.push(db, &argv);
    }
    target.keyspace.put(db, key, owned, now);
}

/// COPY source destination [DB destination-db] [REPLACE]
pub fn copy(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (from, to) = (args[1], args[2]);
    let db = ctx.session.db;
    let (mut target_db, mut replace) = (db, false);
    let mut rest = &args[3..];
    loop {
        rest = match rest {
            [] => break,
            [word, rest @ ..] if is_word(word, "REPLACE") => {
                replace = true;
                rest
            }
            [word, number, rest @ ..] if is_word(word, "DB") => {
                target_db = database(number, ctx.server.options.read().databases as usize)?;
                rest
            }
            _ => return Err(Fail::SYNTAX),
        };
    }
    if from == to && db == target_db {
        return Err(SAME_OBJECT);
    }
    let now = ctx.now;
    let touch = !ctx.session.no_touch;
    let Some(found) = ctx.at(from).read(db, from, now, touch) else {
        ctx.out.integer(0);
        return Ok(());
    };
    // The copy is a key of its own and starts with no history of use.
    let owned = Owned { access: None, ..found.to_owned() };
    let target = &mut ctx.at(to).keyspace;
    if target.exists(target_db, to, now) {
        if !replace {
            ctx.out.integer(0);
            return Ok(());
        }
        target.renew(target_db, to);
    }
    match ctx.two(from, to) {
        None => {
            let partition = ctx.at(to);
            if partition.effects.is_by_value {
                place(partition, target_db, to, owned, now);
            } else {
                partition.keyspace.put(target_db, to, owned, now);
                partition.effects.push(db, args);
            }
        }
        Some((_, target)) => place(target, target_db, to, owned, now),
    }
    ctx.at(to).notify(target_db, event::COPY_TO, to);
    ctx.out.integer(1);
    Ok(())
}

/// MOVE key db. A key's shard does not depend on its database.
pub fn move_key(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let key = args[1];
    let target = database(args[2], ctx.server.options.read().databases as usize)?;
    let (keyspace, db, now) = ctx.keys(key);
    if target == db {
        return Err(SAME_OBJECT);
    }
    let taken = if keyspace.exists(target, key, now) { None } else { keyspace.take(db, key, now) };
    let moved = taken.is_some();
    if let Some(owned) = taken {
        let partition = ctx.at(key);
        if partition.effects.is_by_value {
            partition.effects.push(db, &[b"DEL", key]);
            place(partition, target, key, owned, now);
        } else {
            partition.keyspace.put(target, key, owned, now);
            partition.effects.push(db, args);
        }
        ctx.at(key).notify(db, event::MOVE_FROM, key);
        ctx.at(key).notify(target, event::MOVE_TO, key);
    }
    ctx.out.integer(moved.into());
    Ok(())
}
