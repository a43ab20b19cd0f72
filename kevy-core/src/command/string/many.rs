//! Verbs that read or set several strings in one step.

use smallvec::{SmallVec, smallvec};

use crate::base::slot::{shard_of_slot, slot_of};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome, Partitions};
use crate::store::Expire;

use super::get;

/// MGET key [key ...]
pub fn mget(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    context.out.array(args.len() - 1);
    context.look_ahead(args[1..].iter().copied());
    for key in &args[1..] {
        let (out, found) = context.read(key);
        if get::reply(out, found).is_err() {
            // A key that holds no string counts as absent here.
            context.out.null();
        }
    }
    Ok(())
}

/// MSET key value [key value ...]
pub fn mset(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set_all(context, pairs(args, "mset")?);
    context.out.ok();
    Ok(())
}

/// MSETNX key value [key value ...]
pub fn msetnx(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let pairs = pairs(args, "msetnx")?;
    let (db, now) = (context.session.db, context.now);
    let all_new = pairs.iter().all(|[key, _]| !context.at(key).keyspace.exists(db, key, now));
    if all_new {
        set_all(context, pairs);
    }
    context.out.integer(i64::from(all_new));
    Ok(())
}

fn pairs<'a, 'b>(args: &'b [&'a [u8]], verb: &str) -> Result<&'b [[&'a [u8]; 2]], Fail> {
    match args[1..].as_chunks() {
        (pairs, []) => Ok(pairs),
        _ => Err(Fail::arity(verb)),
    }
}

fn set_all(context: &mut Context<'_>, pairs: &[[&[u8]; 2]]) {
    let (db, now) = (context.session.db, context.now);
    context.look_ahead(pairs.iter().map(|[key, _]| *key));
    for [key, value] in pairs {
        let partition = context.at(key);
        partition.keyspace.set_bytes(db, key, value, Expire::Clear, now);
        partition.notify(db, event::SET, key);
    }
    let shards = match &context.partitions {
        Partitions::Many(all) => all.len(),
        _ => 1,
    };
    for partition in context.every() {
        let is_here = |key: &[u8]| shards == 1 || shard_of_slot(slot_of(key), shards) == partition.index;
        if !pairs.iter().any(|[key, _]| is_here(key)) || !partition.effects.wants() {
            continue;
        }
        let mut argv: SmallVec<[&[u8]; 16]> = smallvec![&b"MSET"[..]];
        argv.extend(pairs.iter().filter(|[key, _]| is_here(key)).flatten().copied());
        partition.effects.push(db, &argv);
    }
}
