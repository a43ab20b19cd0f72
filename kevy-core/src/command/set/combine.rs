//! Verbs that combine several sets.

use smallvec::SmallVec;

use crate::command::arguments::{integer_in, is_word};
use crate::command::notify::{Event, event};
use crate::command::{Context, Fail, Outcome, Partitions};
use crate::store::{Item, Set, Value, set};

use super::push_members;

/// The sets of several keys; absent ones are `None`.
type Sets<'a> = SmallVec<[Option<&'a Set>; 8]>;
type Combined<'a> = Box<dyn Iterator<Item = Item<'a>> + 'a>;
type Combine = for<'a> fn(&[Option<&'a Set>]) -> Combined<'a>;

/// SINTER key [key ...]
pub fn sinter(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, &args[1..], intersection)
}

/// SUNION key [key ...]
pub fn sunion(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, &args[1..], union)
}

/// SDIFF key [key ...]
pub fn sdiff(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, &args[1..], difference)
}

/// SINTERSTORE destination key [key ...]
pub fn sinterstore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    store(context, args, intersection, event::SINTERSTORE)
}

/// SUNIONSTORE destination key [key ...]
pub fn sunionstore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    store(context, args, union, event::SUNIONSTORE)
}

/// SDIFFSTORE destination key [key ...]
pub fn sdiffstore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    store(context, args, difference, event::SDIFFSTORE)
}

/// SINTERCARD numkeys key [key ...] [LIMIT limit]
pub fn sintercard(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let count = integer_in(args[1], 1..=i64::MAX, "ERR numkeys should be greater than 0")?;
    let split = usize::try_from(count).ok().and_then(|count| args[2..].split_at_checked(count));
    let (keys, mut rest) =
        split.ok_or(Fail::new("ERR Number of keys can't be greater than number of args"))?;
    let mut limit = 0;
    while let [word, value, tail @ ..] = rest
        && is_word(word, "LIMIT")
    {
        limit = integer_in(value, 0..=i64::MAX, "ERR LIMIT can't be negative")?;
        rest = tail;
    }
    if !rest.is_empty() {
        return Err(Fail::SYNTAX);
    }
    let limit = if limit == 0 { usize::MAX } else { usize::try_from(limit).unwrap_or(usize::MAX) };
    settle(context, keys)?;
    let sets = sets(&context.partitions, context.session.db, context.now, keys);
    let found = intersection(&sets).take(limit).count();
    context.out.unsigned(found as u64);
    Ok(())
}

fn intersection<'a>(sets: &[Option<&'a Set>]) -> Combined<'a> {
    match sets.iter().copied().collect::<Option<SmallVec<[&Set; 8]>>>() {
        Some(sets) => set::intersection(&sets),
        None => Box::new(std::iter::empty()),
    }
}

fn union<'a>(sets: &[Option<&'a Set>]) -> Combined<'a> {
    let there: SmallVec<[&Set; 8]> = sets.iter().copied().flatten().collect();
    set::union(&there)
}

fn difference<'a>(sets: &[Option<&'a Set>]) -> Combined<'a> {
    let Some((Some(first), others)) = sets.split_first() else { return Box::new(std::iter::empty()) };
    let others: SmallVec<[&Set; 8]> = others.iter().copied().flatten().collect();
    set::difference(first, &others)
}

/// Removes what is due of the keys, counts their use, and makes sure that each holds a set or nothing.
fn settle(context: &mut Context<'_>, keys: &[&[u8]]) -> Outcome {
    for key in keys {
        super::set(context.read(key).1)?;
    }
    Ok(())
}

/// The sets of keys that were settled.
fn sets<'a>(partitions: &'a Partitions<'_>, db: usize, now: u64, keys: &[&[u8]]) -> Sets<'a> {
    let set = |key: &&[u8]| super::set(partitions.of(key).keyspace.view(db, key, now)).ok().flatten();
    keys.iter().map(set).collect()
}

fn reply(context: &mut Context<'_>, keys: &[&[u8]], combine: Combine) -> Outcome {
    settle(context, keys)?;
    let sets = sets(&context.partitions, context.session.db, context.now, keys);
    let later = context.out.set_later();
    let mut count = 0;
    for member in combine(&sets) {
        context.out.bulk(&member);
        count += 1;
    }
    context.out.finish_set(later, count);
    Ok(())
}

fn store(context: &mut Context<'_>, args: &[&[u8]], combine: Combine, stored: Event) -> Outcome {
    let (db, now) = (context.session.db, context.now);
    let (destination, keys) = (args[1], &args[2..]);
    settle(context, keys)?;
    let result = {
        let sets = sets(&context.partitions, db, now, keys);
        let keyspace = &context.partitions.of(destination).keyspace;
        Set::collect(combine(&sets), &keyspace.limits().set, keyspace.seed())
    };
    let len = result.len();
    let is_told_by_keys = keys.iter().all(|key| context.told_together(destination, key));
    let partition = context.partitions.at(destination);
    if len == 0 {
        if partition.keyspace.remove(db, destination, now) {
            partition.effects.push(db, &[b"DEL", destination]);
            partition.notify(db, event::DEL, destination);
        }
    } else {
        if is_told_by_keys {
            partition.effects.push(db, args);
        } else {
            // The stream of this shard does not tell of the other shards' sets.
            if partition.keyspace.exists(db, destination, now) {
                partition.effects.push(db, &[b"DEL", destination]);
            }
            push_members(&mut partition.effects, db, b"SADD", destination, result.iter());
        }
        partition.keyspace.put(db, destination, Value::Set(result).into(), now);
        partition.notify(db, stored, destination);
    }
    context.out.unsigned(len as u64);
    Ok(())
}
