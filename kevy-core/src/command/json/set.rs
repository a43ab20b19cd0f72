//! Verbs that put whole values into documents.

use smallvec::{SmallVec, smallvec};

use crate::base::slot::{shard_of_slot, slot_of};
use crate::command::arguments::is_word;
use crate::command::{Context, Fail, Outcome, Partitions};
use crate::store::Json;
use crate::store::json::Node;

use super::plan::{Condition, Plan};
use super::{NOT_AT_ROOT, PathArg, WRONG_KIND, document, try_change, value};

type Put = fn(&mut Json, &[u32], &Node) -> bool;

fn replace(json: &mut Json, at: &[u32], node: &Node) -> bool {
    json.replace(at, node.clone())
}

/// JSON.SET key path value [NX | XX]
pub fn set(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let mut condition = Condition::None;
    for option in &args[4..] {
        condition = match condition {
            Condition::None if is_word(option, "NX") => Condition::Missing,
            Condition::None if is_word(option, "XX") => Condition::Present,
            _ => return Err(Fail::SYNTAX),
        };
    }
    let is_set = put(ctx, args, condition, replace)?;
    reply(ctx, is_set)
}

/// JSON.MERGE key path value
pub fn merge(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let is_set = put(ctx, args, Condition::None, Json::merge)?;
    reply(ctx, is_set)
}

fn reply(ctx: &mut Context<'_>, is_set: bool) -> Outcome {
    if is_set {
        ctx.out.ok();
    } else {
        ctx.out.null();
    }
    Ok(())
}

/// Puts a value where a path says, whether the key is there or not; whether anything changed.
fn put(ctx: &mut Context<'_>, args: &[&[u8]], condition: Condition, put: Put) -> Result<bool, Fail> {
    let (db, now, key) = (ctx.session.db, ctx.now, args[1]);
    document(ctx.at(key).keyspace.peek(db, key, now))?;
    let node = value(args[3])?;
    let path = PathArg::parse(args[2])?;
    let done = try_change(ctx, args, |json| {
        let changed = Plan::new(json, &path, &node, condition)?.apply(json, &node, put);
        Ok((changed, changed))
    })?;
    if let Some(changed) = done {
        return Ok(changed);
    }
    if condition == Condition::Present {
        return Ok(false);
    }
    if !path.path.is_root() {
        return Err(NOT_AT_ROOT);
    }
    create(ctx, key, node)?;
    ctx.effect(key, args);
    let db = ctx.session.db;
    ctx.at(key).notify_verb(db, args[0], key);
    Ok(true)
}

fn create(ctx: &mut Context<'_>, key: &[u8], node: Node) -> Result<(), Fail> {
    let (db, now) = (ctx.session.db, ctx.now);
    let edit = |json: &mut Json, _: &_, _: &_| (json.replace(&[], node), true);
    ctx.at(key).keyspace.edit(db, key, now, true, edit).map_err(|_| WRONG_KIND)?;
    Ok(())
}

/// JSON.MSET key path value [key path value ...]
pub fn mset(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now) = (ctx.session.db, ctx.now);
    let (triples, []) = args[1..].as_chunks::<3>() else { return Err(Fail::arity("json.mset")) };
    // All of it has to be possible before any of it is done.
    let mut parsed = Vec::new();
    for [key, path, text] in triples {
        let found = document(ctx.at(key).keyspace.peek(db, key, now))?;
        let path = PathArg::parse(path)?;
        let node = match found {
            Some(json) => {
                let node = value(text)?;
                Plan::new(json, &path, &node, Condition::None)?;
                node
            }
            None if path.path.is_root() => value(text)?,
            None => return Err(NOT_AT_ROOT),
        };
        parsed.push((path, node));
    }
    for ([key, ..], (path, node)) in triples.iter().zip(parsed) {
        let edit = |json: &mut Json, _: &_, _: &_| {
            if path.path.is_root() {
                return (json.replace(&[], node), true);
            }
            // Earlier values of the same command may have left no place for this one.
            let changed = Plan::new(json, &path, &node, Condition::None)
                .is_ok_and(|plan| plan.apply(json, &node, replace));
            (changed, changed)
        };
        ctx.at(key).keyspace.edit(db, key, now, true, edit).map_err(|_| WRONG_KIND)?;
        ctx.at(key).notify_verb(db, b"json.mset", key);
    }
    push_effects(ctx, triples);
    ctx.out.ok();
    Ok(())
}

/// Records for each shard the part that is its own.
fn push_effects(ctx: &mut Context<'_>, triples: &[[&[u8]; 3]]) {
    let db = ctx.session.db;
    let shards = match &ctx.partitions {
        Partitions::Many(all) => all.len(),
        _ => 1,
    };
    for partition in ctx.every() {
        if !partition.effects.wants() {
            continue;
        }
        let is_here = |key: &[u8]| shards == 1 || shard_of_slot(slot_of(key), shards) == partition.index;
        let mut argv: SmallVec<[&[u8]; 16]> = smallvec![&b"JSON.MSET"[..]];
        argv.extend(triples.iter().filter(|[key, ..]| is_here(key)).flatten().copied());
        if argv.len() > 1 {
            partition.effects.push(db, &argv);
        }
    }
}
