//! Changing a list in its middle.

use crate::command::arguments::{integer, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::{End, List};

use super::{resolve, resolve_range};

/// LSET key index element
pub fn lset(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.at(key);
    let replaced = partition.keyspace.edit(db, key, now, false, |list: &mut List, limits, _| {
        let replaced = integer(args[2]).map(|index| {
            let index = resolve(index, list.len());
            index.is_some_and(|index| list.replace(index, args[3], limits.list))
        });
        let changed = replaced == Ok(true);
        (replaced, changed)
    })?;
    match replaced.ok_or(Fail::NO_SUCH_KEY)?? {
        true => {
            partition.effects.push(db, args);
            partition.notify(db, event::LSET, key);
        }
        false => return Err(Fail::new("ERR index out of range")),
    }
    context.out.ok();
    Ok(())
}

/// LINSERT key BEFORE | AFTER pivot element
pub fn linsert(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let after = match args[2] {
        word if is_word(word, "AFTER") => 1,
        word if is_word(word, "BEFORE") => 0,
        _ => return Err(Fail::SYNTAX),
    };
    let partition = context.at(key);
    let len = partition.keyspace.edit(db, key, now, false, |list: &mut List, limits, _| {
        let pivot = list.positions(args[3], End::Head, usize::MAX).next();
        let len = pivot.map(|pivot| {
            list.insert(pivot + after, args[4], limits.list);
            list.len()
        });
        (len, len.is_some())
    })?;
    if len.flatten().is_some() {
        partition.effects.push(db, args);
        partition.notify(db, event::LINSERT, key);
    }
    context.out.integer(match len {
        None => 0,
        Some(None) => -1,
        Some(Some(len)) => i64::try_from(len).unwrap_or(i64::MAX),
    });
    Ok(())
}

/// LREM key count element
pub fn lrem(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let count = integer(args[2])?;
    let from = if count < 0 { End::Tail } else { End::Head };
    let count_max = match count {
        0 => usize::MAX,
        count => usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX),
    };
    let partition = context.at(key);
    let removed = partition.keyspace.edit(db, key, now, false, |list: &mut List, limits, _| {
        let removed = list.remove(args[3], from, count_max, limits.list);
        (removed, removed > 0)
    })?;
    let removed = removed.unwrap_or_default();
    if removed > 0 {
        partition.effects.push(db, args);
        partition.notify_removal(db, event::LREM, key);
    }
    context.out.unsigned(removed as u64);
    Ok(())
}

/// LTRIM key start stop
pub fn ltrim(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let (start, stop) = (integer(args[2])?, integer(args[3])?);
    let partition = context.at(key);
    let changed = partition.keyspace.edit(db, key, now, false, |list: &mut List, limits, _| {
        let len = list.len();
        let (start, count) = resolve_range(start, stop, len);
        list.delete_at(End::Tail, len - start - count, limits.list);
        list.delete_at(End::Head, start, limits.list);
        (count < len, count < len)
    })?;
    if changed == Some(true) {
        partition.effects.push(db, args);
    }
    if changed.is_some() {
        partition.notify_removal(db, event::LTRIM, key);
    }
    context.out.ok();
    Ok(())
}
