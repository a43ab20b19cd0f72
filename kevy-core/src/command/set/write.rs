//! Adding, removing and moving members.

use crate::command::arguments::integer_in;
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome, Partition};
use crate::store::{Set, WrongType};

use super::{push_members, set};

/// SADD key member [member ...]
pub fn sadd(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.partitions.at(key);
    let added = add(partition, db, key, &args[2..], now)?;
    if added > 0 {
        partition.effects.push(db, args);
        partition.notify(db, event::SADD, key);
    }
    context.out.unsigned(added as u64);
    Ok(())
}

/// Adds members to the set of a key, which comes into being with them. How many are new.
fn add(
    partition: &mut Partition,
    db: usize,
    key: &[u8],
    members: &[&[u8]],
    now: u64,
) -> Result<usize, WrongType> {
    let added = partition.keyspace.edit(db, key, now, true, |set: &mut Set, limits, seed| {
        if let Some(first) = members.first() {
            set.prepare(first, members.len(), &limits.set, seed);
        }
        let added = members.iter().filter(|member| set.add(member, &limits.set, seed)).count();
        (added, added > 0)
    })?;
    Ok(added.unwrap_or_default())
}

/// SREM key member [member ...]
pub fn srem(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.partitions.at(key);
    let removed = remove(partition, db, key, &args[2..], now)?;
    if removed > 0 {
        partition.effects.push(db, args);
        partition.notify_removal(db, event::SREM, key);
    }
    context.out.unsigned(removed as u64);
    Ok(())
}

/// Removes members from the set of a key. How many were there.
fn remove(
    partition: &mut Partition,
    db: usize,
    key: &[u8],
    members: &[&[u8]],
    now: u64,
) -> Result<usize, WrongType> {
    let removed = partition.keyspace.edit(db, key, now, false, |set: &mut Set, _, _| {
        let removed = members.iter().filter(|member| set.remove(member)).count();
        (removed, removed > 0)
    })?;
    Ok(removed.unwrap_or_default())
}

/// SMOVE source destination member
pub fn smove(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now) = (context.session.db, context.now);
    let (source, destination, member) = (args[1], args[2], args[3]);
    let Some(from) = set(context.at(source).keyspace.peek(db, source, now))? else {
        context.out.integer(0);
        return Ok(());
    };
    let is_member = from.contains(member);
    set(context.at(destination).keyspace.peek(db, destination, now))?;
    if is_member && source != destination {
        remove(context.at(source), db, source, &[member], now)?;
        context.at(source).notify_removal(db, event::SREM, source);
        let added = add(context.at(destination), db, destination, &[member], now)?;
        if context.told_together(source, destination) {
            context.effect(source, args);
        } else {
            context.effect(source, &[b"SREM", source, member]);
            if added > 0 {
                context.effect(destination, &[b"SADD", destination, member]);
            }
        }
        if added > 0 {
            context.at(destination).notify(db, event::SADD, destination);
        }
    }
    context.out.integer(is_member.into());
    Ok(())
}

/// SPOP key [count]
pub fn spop(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    match args[2..] {
        [] => pop_one(context, args[1]),
        [count] => {
            let count = integer_in(count, 0..=i64::MAX, "ERR value is out of range, must be positive")?;
            pop_several(context, args[1], usize::try_from(count).unwrap_or(usize::MAX))
        }
        _ => Err(Fail::SYNTAX),
    }
}

fn pop_one(context: &mut Context<'_>, key: &[u8]) -> Outcome {
    let (db, now) = (context.session.db, context.now);
    let partition = context.partitions.at(key);
    let mut random = fastrand::Rng::with_seed(partition.random.next_u64());
    let popped = partition.keyspace.edit(db, key, now, false, |set: &mut Set, _, _| {
        let popped = set.random(&mut random).map(|member| member.to_vec());
        let changed = popped.as_ref().is_some_and(|member| set.remove(member));
        (popped, changed)
    })?;
    match popped.flatten() {
        Some(member) => {
            partition.effects.push(db, &[b"SREM", key, &member]);
            partition.notify_removal(db, event::SPOP, key);
            context.out.bulk(&member);
        }
        None => context.out.null(),
    }
    Ok(())
}

fn pop_several(context: &mut Context<'_>, key: &[u8], count: usize) -> Outcome {
    let (db, now, out) = (context.session.db, context.now, &mut *context.out);
    let partition = context.partitions.at(key);
    let found = set(partition.keyspace.peek(db, key, now))?;
    if count == 0 || found.is_none() {
        out.set(0);
        return Ok(());
    }
    if let Some(all) = found.filter(|set| set.len() <= count) {
        out.set(all.len());
        all.iter().for_each(|member| out.bulk(&member));
        partition.keyspace.remove(db, key, now);
        if partition.effects.wants() {
            partition.effects.push(db, &[context.server.verb_of_removal(), key]);
        }
        partition.notify_removal(db, event::SPOP, key);
        return Ok(());
    }
    let mut random = fastrand::Rng::with_seed(partition.random.next_u64());
    let popped = partition
        .keyspace
        .edit(db, key, now, false, |set: &mut Set, _, _| (set.take_random(&mut random, count), true))?
        .unwrap_or_default();
    push_members(&mut partition.effects, db, b"SREM", key, &popped);
    partition.notify_removal(db, event::SPOP, key);
    out.set(popped.len());
    popped.iter().for_each(|member| out.bulk(member));
    Ok(())
}
