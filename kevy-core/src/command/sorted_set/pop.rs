//! Removing the members at either end.

use crate::base::number::format_u64;
use crate::command::arguments::{integer_in, is_word};
use crate::command::notify::{Event, event};
use crate::command::{Context, Fail, Outcome, Partition};
use crate::resp::{Protocol, Writer};
use crate::store::SortedSet;

use super::Owned;

/// An end of a sorted set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Min,
    Max,
}

impl End {
    /// The end that `arg` names, where it names one.
    pub fn of_word(arg: &[u8]) -> Option<Self> {
        match arg {
            _ if is_word(arg, "MIN") => Some(Self::Min),
            _ if is_word(arg, "MAX") => Some(Self::Max),
            _ => None,
        }
    }

    /// The verb that pops from it.
    fn verb(self) -> &'static [u8] {
        match self {
            Self::Min => b"ZPOPMIN",
            Self::Max => b"ZPOPMAX",
        }
    }

    /// The event of popping from it.
    fn event(self) -> Event {
        match self {
            Self::Min => event::ZPOPMIN,
            Self::Max => event::ZPOPMAX,
        }
    }
}

/// How many members a pop takes.
#[derive(Clone, Copy, Debug)]
pub enum Take {
    /// One, and the verb names no number.
    One,
    UpTo(usize),
}

/// Removes members at an end of the key's sorted set and returns them from that end on; none if the key is absent.
/// Records what it did.
pub fn pop(
    partition: &mut Partition,
    db: usize,
    key: &[u8],
    now: u64,
    end: End,
    take: Take,
) -> Result<Vec<Owned>, Fail> {
    let count = match take {
        Take::One => 1,
        Take::UpTo(count) => count,
    };
    let popped = partition.keyspace.edit(db, key, now, false, |set: &mut SortedSet, _, _| {
        let (len, count) = (set.len(), count.min(set.len()));
        let mut popped: Vec<Owned> = Vec::with_capacity(count);
        let ranks = if end == End::Min { 0..count } else { len - count..len };
        set.remove_range(ranks, |member, score| popped.push((member.into(), score)));
        if end == End::Max {
            popped.reverse();
        }
        (popped, count > 0)
    })?;
    let popped = popped.unwrap_or_default();
    if !popped.is_empty() {
        match take {
            Take::One => partition.effects.push(db, &[end.verb(), key]),
            Take::UpTo(_) => {
                let count = format_u64(popped.len() as u64);
                partition.effects.push(db, &[end.verb(), key, count.as_bytes()]);
            }
        }
        partition.notify_removal(db, end.event(), key);
    }
    Ok(popped)
}

/// Writes the reply of ZMPOP and its like: the key, and its members with scores in pairs.
pub fn write_popped(out: &mut Writer, key: &[u8], popped: &[Owned]) {
    out.array(2);
    out.bulk(key);
    write_pairs(out, popped);
}

fn write_pairs(out: &mut Writer, popped: &[Owned]) {
    out.array(popped.len());
    for (member, score) in popped {
        out.array(2);
        out.bulk(member);
        out.double(*score);
    }
}

/// ZPOPMIN key [count]
pub fn zpopmin(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    pop_one_key(context, args, End::Min)
}

/// ZPOPMAX key [count]
pub fn zpopmax(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    pop_one_key(context, args, End::Max)
}

fn pop_one_key(context: &mut Context<'_>, args: &[&[u8]], end: End) -> Outcome {
    let count = match &args[2..] {
        [] => None,
        [count] => Some(integer_in(count, 0..=i64::MAX, "ERR value is out of range, must be positive")?),
        _ => return Err(Fail::SYNTAX),
    };
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let take = match count {
        None => Take::One,
        Some(count) => Take::UpTo(usize::try_from(count).unwrap_or(usize::MAX)),
    };
    let popped = pop(context.partitions.at(key), db, key, now, end, take)?;
    let out = &mut *context.out;
    if count.is_some() && out.protocol == Protocol::Resp3 {
        write_pairs(out, &popped);
        return Ok(());
    }
    out.array(popped.len().saturating_mul(2));
    for (member, score) in &popped {
        out.bulk(member);
        out.double(*score);
    }
    Ok(())
}

/// ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]
pub fn zmpop(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let MultiPop { keys, end, count } = MultiPop::parse(&args[1..])?;
    let (db, now) = (context.session.db, context.now);
    for key in keys {
        let popped = pop(context.partitions.at(key), db, key, now, end, Take::UpTo(count))?;
        if !popped.is_empty() {
            write_popped(context.out, key, &popped);
            return Ok(());
        }
    }
    context.out.null_array();
    Ok(())
}

/// What ZMPOP and BZMPOP ask for.
#[derive(Clone, Copy, Debug)]
pub struct MultiPop<'a, 'b> {
    pub keys: &'b [&'a [u8]],
    pub end: End,
    pub count: usize,
}

impl<'a, 'b> MultiPop<'a, 'b> {
    /// Reads `numkeys key [key ...] MIN | MAX [COUNT count]`.
    pub fn parse(args: &'b [&'a [u8]]) -> Result<Self, Fail> {
        let [count, rest @ ..] = args else { return Err(Fail::SYNTAX) };
        let keys = integer_in(count, 1..=i64::MAX, "ERR numkeys should be greater than 0")?;
        let keys = usize::try_from(keys).unwrap_or(usize::MAX);
        let Some((keys, rest)) = rest.split_at_checked(keys) else { return Err(Fail::SYNTAX) };
        let [end, rest @ ..] = rest else { return Err(Fail::SYNTAX) };
        let end = End::of_word(end).ok_or(Fail::SYNTAX)?;
        let count = match rest {
            [] => 1,
            [word, count, rest @ ..] if is_word(word, "COUNT") => {
                let count = integer_in(count, 1..=i64::MAX, "ERR count should be greater than 0")?;
                if !rest.is_empty() {
                    return Err(Fail::SYNTAX);
                }
                usize::try_from(count).unwrap_or(usize::MAX)
            }
            _ => return Err(Fail::SYNTAX),
        };
        Ok(Self { keys, end, count })
    }
}
