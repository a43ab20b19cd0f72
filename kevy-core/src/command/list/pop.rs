//! Removing elements from the ends of a list.

use crate::base::number::format_u64;
use crate::command::arguments::{integer_in, is_word};
use crate::command::notify::{Event, event};
use crate::command::{Context, Fail, Outcome};
use crate::resp::Writer;
use crate::store::{End, List};

use super::end_of_word;

/// LPOP key [count]
pub fn lpop(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    pop(context, args, End::Head, "lpop")
}

/// RPOP key [count]
pub fn rpop(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    pop(context, args, End::Tail, "rpop")
}

fn pop(context: &mut Context<'_>, args: &[&[u8]], end: End, verb: &str) -> Outcome {
    match *args {
        [_, key] => {
            if !pop_one(context, key, end, |_| {})? {
                context.out.null();
            }
        }
        [_, key, count] => {
            let count = integer_in(count, 0..=i64::MAX, "ERR value is out of range, must be positive")?;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            if !pop_many(context, key, end, count, |_| {})? {
                context.out.null_array();
            }
        }
        _ => return Err(Fail::arity(verb)),
    }
    Ok(())
}

/// LMPOP numkeys key [key ...] LEFT | RIGHT [COUNT count]
pub fn lmpop(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (keys, end, count) = many_arguments(&args[1..])?;
    for key in keys {
        let head = |out: &mut Writer| {
            out.array(2);
            out.bulk(key);
        };
        if pop_many(context, key, end, count, head)? {
            return Ok(());
        }
    }
    context.out.null_array();
    Ok(())
}

/// The arguments of LMPOP and its like: `numkeys key [key ...] LEFT | RIGHT [COUNT count]`.
pub fn many_arguments<'a, 'b>(args: &'b [&'a [u8]]) -> Result<(&'b [&'a [u8]], End, usize), Fail> {
    let [numkeys, rest @ ..] = args else { return Err(Fail::SYNTAX) };
    let numkeys = integer_in(numkeys, 1..=i64::MAX, "ERR numkeys should be greater than 0")?;
    let split = usize::try_from(numkeys).ok().and_then(|numkeys| rest.split_at_checked(numkeys));
    let Some((keys, [end, rest @ ..])) = split else { return Err(Fail::SYNTAX) };
    let end = end_of_word(end)?;
    let count = match rest {
        [] => 1,
        [word, count, rest @ ..] if is_word(word, "COUNT") => {
            let count = integer_in(count, 1..=i64::MAX, "ERR count should be greater than 0")?;
            if !rest.is_empty() {
                return Err(Fail::SYNTAX);
            }
            count
        }
        _ => return Err(Fail::SYNTAX),
    };
    Ok((keys, end, usize::try_from(count).unwrap_or(usize::MAX)))
}

/// The verb that pops from an end.
fn verb_of(end: End) -> &'static [u8] {
    match end {
        End::Head => b"LPOP",
        End::Tail => b"RPOP",
    }
}

/// The event of popping from an end.
pub fn event_of(end: End) -> Event {
    match end {
        End::Head => event::LPOP,
        End::Tail => event::RPOP,
    }
}

/// Pops the element at an end of the list that `key` holds and records that. The reply is what `head` writes and then
/// the element. False, and nothing written, where there is no such key.
pub fn pop_one(
    context: &mut Context<'_>,
    key: &[u8],
    end: End,
    head: impl FnOnce(&mut Writer),
) -> Result<bool, Fail> {
    let (db, now) = (context.session.db, context.now);
    let Context { out, partitions, .. } = context;
    let partition = partitions.at(key);
    let popped = partition.keyspace.edit(db, key, now, false, |list: &mut List, limits, _| {
        head(out);
        if let Some(element) = list.first_from(end) {
            out.bulk(&element);
        }
        list.delete_at(end, 1, limits.list);
        ((), true)
    })?;
    if popped.is_some() {
        partition.effects.push(db, &[verb_of(end), key]);
        partition.notify_removal(db, event_of(end), key);
    }
    Ok(popped.is_some())
}

/// Pops up to `count` elements from an end of the list that `key` holds and records that. The reply is what `head`
/// writes and then an array of the elements. False, and nothing written, where there is no such key.
pub fn pop_many(
    context: &mut Context<'_>,
    key: &[u8],
    end: End,
    count: usize,
    head: impl FnOnce(&mut Writer),
) -> Result<bool, Fail> {
    let (db, now) = (context.session.db, context.now);
    let Context { out, partitions, .. } = context;
    let partition = partitions.at(key);
    let popped = partition.keyspace.edit(db, key, now, false, |list: &mut List, limits, _| {
        let count = count.min(list.len());
        head(out);
        out.array(count);
        list.iter_from_end(end).take(count).for_each(|element| out.bulk(&element));
        list.delete_at(end, count, limits.list);
        (count, count > 0)
    })?;
    if let Some(count) = popped.filter(|&count| count > 0) {
        partition.effects.push(db, &[verb_of(end), key, format_u64(count as u64).as_bytes()]);
        partition.notify_removal(db, event_of(end), key);
    }
    Ok(popped.is_some())
}
