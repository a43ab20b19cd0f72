//! The verbs that work on keys of every type.

mod dump;
mod expire;
pub mod object;
mod scan;
pub mod sort;
mod transfer;
pub mod wait;

use smallvec::SmallVec;

use super::notify::event;
use super::table::generic as rows;
use super::{Command, Context, Outcome};

/// The verbs of this group.
pub static COMMANDS: &[Command] = &[
    Command::new(rows::COPY, transfer::copy),
    Command::new(rows::DEL, del),
    Command::new(rows::DUMP, dump::dump),
    Command::new(rows::EXISTS, exists),
    Command::new(rows::EXPIRE, expire::expire),
    Command::new(rows::EXPIREAT, expire::expireat),
    Command::new(rows::EXPIRETIME, expire::expiretime),
    Command::new(rows::KEYS, scan::keys),
    Command::new(rows::MOVE, transfer::move_key),
    object::OBJECT,
    Command::new(rows::PERSIST, expire::persist),
    Command::new(rows::PEXPIRE, expire::pexpire),
    Command::new(rows::PEXPIREAT, expire::pexpireat),
    Command::new(rows::PEXPIRETIME, expire::pexpiretime),
    Command::new(rows::PTTL, expire::pttl),
    Command::new(rows::RANDOMKEY, scan::randomkey),
    Command::new(rows::RENAME, transfer::rename),
    Command::new(rows::RENAMENX, transfer::renamenx),
    Command::new(rows::RESTORE, dump::restore),
    Command::new(rows::SCAN, scan::scan),
    Command::new(rows::SORT, sort::sort),
    Command::new(rows::SORT_RO, sort::sort_ro),
    Command::new(rows::TOUCH, touch),
    Command::new(rows::TTL, expire::ttl),
    Command::new(rows::TYPE, type_of),
    Command::new(rows::UNLINK, unlink),
    Command::new(rows::WAIT, wait::wait),
    Command::new(rows::WAITAOF, wait::waitaof),
];

fn del(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    remove(ctx, b"DEL", &args[1..])
}

/// Large values are freed in slices whatever the verb, so UNLINK is DEL under another name.
fn unlink(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    remove(ctx, b"UNLINK", &args[1..])
}

fn remove(ctx: &mut Context<'_>, verb: &[u8], keys: &[&[u8]]) -> Outcome {
    let mut removed: SmallVec<[&[u8]; 8]> = SmallVec::new();
    for &key in keys {
        let (db, now) = (ctx.session.db, ctx.now);
        let partition = ctx.at(key);
        if partition.keyspace.remove(db, key, now) {
            partition.notify(db, event::DEL, key);
            removed.push(key);
        }
    }
    ctx.out.unsigned(removed.len() as u64);
    effect_by_shard(ctx, verb, &removed);
    Ok(())
}

/// Records, for each shard that owns some of `keys`, one effect with those of them.
fn effect_by_shard(ctx: &mut Context<'_>, verb: &[u8], keys: &[&[u8]]) {
    match keys {
        [] => {}
        [key] => ctx.effect(key, &[verb, key]),
        keys => {
            let db = ctx.session.db;
            let mut argvs: Vec<Vec<&[u8]>> = vec![vec![verb]; ctx.server.shards];
            for key in keys {
                argvs[ctx.at(key).index].push(key);
            }
            for partition in ctx.every() {
                let argv = &argvs[partition.index];
                if argv.len() > 1 {
                    partition.effects.push(db, argv);
                }
            }
        }
    }
}

fn exists(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now) = (ctx.session.db, ctx.now);
    let found = args[1..].iter().filter(|key| ctx.at(key).read(db, key, now, false).is_some()).count();
    ctx.out.unsigned(found as u64);
    Ok(())
}

fn touch(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now) = (ctx.session.db, ctx.now);
    let found = args[1..].iter().filter(|key| ctx.at(key).read(db, key, now, true).is_some()).count();
    ctx.out.unsigned(found as u64);
    Ok(())
}

fn type_of(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now) = (ctx.session.db, ctx.now);
    let found = ctx.at(args[1]).read(db, args[1], now, false);
    let name = found.map_or("none", |found| found.kind().name());
    ctx.out.simple(name);
    Ok(())
}
