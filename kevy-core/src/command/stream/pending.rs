//! Entries that wait for acknowledgement: XACK and XPENDING.

use smallvec::SmallVec;

use crate::command::arguments::{integer, is_word};
use crate::command::{Context, Fail, Outcome};
use crate::resp::Writer;
use crate::store::{Group, Limits, Stream, StreamId};

use super::effects::GroupEffects;
use super::{id, no_group, stream, write_id};

/// XACK key group id [id ...]
pub fn xack(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key, name) = (context.session.db, context.now, args[1], args[2]);
    let partition = context.partitions.at(key);
    // Whether there is such a group matters before whether these are ids.
    if stream(partition.keyspace.peek(db, key, now))?.and_then(|stream| stream.group(name)).is_none() {
        context.out.integer(0);
        return Ok(());
    }
    let ids: SmallVec<[StreamId; 8]> =
        args[3..].iter().map(|arg| id::exact(arg, 0)).collect::<Result<_, _>>()?;
    let done = partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let done: Option<SmallVec<[StreamId; 8]>> = stream
            .edit_group(name, |group, _| ids.iter().copied().filter(|id| group.acknowledge(*id)).collect());
        let done = done.unwrap_or_default();
        let changed = !done.is_empty();
        (done, changed)
    })?;
    let done = done.unwrap_or_default();
    GroupEffects { effects: &mut partition.effects, db, key, group: name }.acknowledged(&done);
    context.out.unsigned(done.len() as u64);
    Ok(())
}

/// A range of pending entries.
#[derive(Clone, Copy, Debug)]
struct Range<'a> {
    /// In milliseconds.
    idle_min: u64,
    start: StreamId,
    end: StreamId,
    count: usize,
    consumer: Option<&'a [u8]>,
}

impl<'a> Range<'a> {
    /// Reads what stands behind the group; `None` where nothing does.
    fn parse(args: &[&'a [u8]]) -> Result<Option<Self>, Fail> {
        if args.is_empty() {
            return Ok(None);
        }
        if !(3..=6).contains(&args.len()) {
            return Err(Fail::SYNTAX);
        }
        let (idle_min, rest) = match args {
            [word, idle, rest @ ..] if is_word(word, "IDLE") => {
                let idle = integer(idle)?;
                (u64::try_from(idle).unwrap_or(0), rest)
            }
            _ => (0, args),
        };
        let [start, end, count, rest @ ..] = rest else { return Err(Fail::SYNTAX) };
        let count = usize::try_from(integer(count)?).unwrap_or(0);
        let (start, end) = (id::range_start(start)?, id::range_end(end)?);
        Ok(Some(Self { idle_min, start, end, count, consumer: rest.first().copied() }))
    }
}

/// XPENDING key group [[IDLE min-idle-time] start end count [consumer]]
pub fn xpending(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (now, key, name) = (context.now, args[1], args[2]);
    let range = Range::parse(&args[3..])?;
    let (out, found) = context.read(key);
    let group = stream(found)?.and_then(|stream| stream.group(name)).ok_or_else(|| no_group(key, name))?;
    match range {
        None => write_summary(out, group),
        Some(range) => write_range(out, group, &range, now),
    }
    Ok(())
}

fn write_summary(out: &mut Writer, group: &Group) {
    out.array(4);
    out.unsigned(group.pending_len() as u64);
    let first = group.pending(StreamId::MIN).next().map(|(id, _)| id);
    let (Some(first), Some(last)) = (first, group.last_pending()) else {
        out.null();
        out.null();
        out.null_array();
        return;
    };
    write_id(out, first);
    write_id(out, last);
    let later = out.array_later();
    let mut count = 0;
    for consumer in group.consumers().filter(|consumer| consumer.pending_len() > 0) {
        out.array(2);
        out.bulk(consumer.name());
        out.bulk_integer(consumer.pending_len() as i64);
        count += 1;
    }
    out.finish_array(later, count);
}

fn write_range(out: &mut Writer, group: &Group, range: &Range<'_>, now: u64) {
    let of_consumer = range.consumer.map(|name| group.find(name));
    if of_consumer == Some(None) {
        out.array(0);
        return;
    }
    let consumer = of_consumer.flatten().map(|number| group.consumer(number));
    let later = out.array_later();
    let mut count = 0;
    let mut write = |id| {
        let Some(pending) = group.get_pending(id) else { return true };
        let idle = now as i64 - pending.delivered_at as i64;
        if range.idle_min > 0 && idle < range.idle_min as i64 {
            return true;
        }
        out.array(4);
        write_id(out, id);
        out.bulk(group.consumer(pending.consumer).name());
        out.integer(idle.max(0));
        out.unsigned(pending.deliveries);
        count += 1;
        count < range.count
    };
    if range.count > 0 {
        let in_range = |id: &StreamId| *id <= range.end;
        match consumer {
            Some(consumer) => consumer.pending(range.start).take_while(in_range).all(&mut write),
            None => group.pending(range.start).map(|(id, _)| id).take_while(in_range).all(&mut write),
        };
    }
    out.finish_array(later, count);
}
