//! Removing members by name and by range.

use std::ops::Range;

use crate::command::arguments::integer;
use crate::command::notify::{Event, event};
use crate::command::{Context, Outcome};
use crate::store::SortedSet;

use super::arguments::{member_range, ranks, score_range};

/// ZREM key member [member ...]
pub fn zrem(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.partitions.at(key);
    let removed = partition.keyspace.edit(db, key, now, false, |set: &mut SortedSet, _, _| {
        let removed = args[2..].iter().filter(|member| set.remove(member).is_some()).count();
        (removed, removed > 0)
    })?;
    finish(context, args, removed, event::ZREM)
}

/// ZREMRANGEBYRANK key start stop
pub fn zremrangebyrank(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (start, stop) = (integer(args[2])?, integer(args[3])?);
    remove_range(context, args, event::ZREMRANGEBYRANK, |set| ranks(start, stop, set.len()))
}

/// ZREMRANGEBYSCORE key min max
pub fn zremrangebyscore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let range = score_range(args[2], args[3])?;
    remove_range(context, args, event::ZREMRANGEBYSCORE, |set| set.ranks_of_scores(&range))
}

/// ZREMRANGEBYLEX key min max
pub fn zremrangebylex(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let range = member_range(args[2], args[3])?;
    remove_range(context, args, event::ZREMRANGEBYLEX, |set| set.ranks_of_members(&range))
}

fn remove_range(
    context: &mut Context<'_>,
    args: &[&[u8]],
    event: Event,
    ranks: impl FnOnce(&SortedSet) -> Range<usize>,
) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.partitions.at(key);
    let removed = partition.keyspace.edit(db, key, now, false, |set: &mut SortedSet, _, _| {
        let ranks = ranks(set);
        let count = ranks.len();
        set.remove_range(ranks, |_, _| {});
        (count, count > 0)
    })?;
    finish(context, args, removed, event)
}

/// Records a verb that removed members, and replies how many.
fn finish(context: &mut Context<'_>, args: &[&[u8]], removed: Option<usize>, event: Event) -> Outcome {
    let removed = removed.unwrap_or_default();
    if removed > 0 {
        context.effect(args[1], args);
        let db = context.session.db;
        context.at(args[1]).notify_removal(db, event, args[1]);
    }
    context.out.unsigned(removed as u64);
    Ok(())
}
