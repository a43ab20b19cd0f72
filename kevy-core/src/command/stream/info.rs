//! XINFO.

use crate::command::arguments::{integer, is_word};
use crate::command::help::{container, help, wrong_count};
use crate::command::table::stream_groups as row;
use crate::command::{Command, Context, Fail, Outcome};
use crate::resp::Writer;
use crate::store::stream::Consumer;
use crate::store::{Group, Nodes, Stream, StreamId};

use super::{no_group_for_key, stream, write_entry, write_id};

/// XINFO and its subcommands.
pub(super) const XINFO: Command = Command::container(row::XINFO, container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(row::XINFO_CONSUMERS, consumers),
    Command::new(row::XINFO_GROUPS, groups),
    Command::new(row::XINFO_HELP, help),
    Command::new(row::XINFO_STREAM, whole),
];

/// How many entries and pending entries FULL shows by default.
const COUNT_DEFAULT: usize = 10;

fn write_time(out: &mut Writer, at: Option<u64>) {
    out.integer(at.map_or(-1, |at| at as i64));
}

fn write_count(out: &mut Writer, count: Option<i64>) {
    match count {
        Some(count) => out.integer(count),
        None => out.null(),
    }
}

/// Milliseconds since then.
fn idle(now: u64, at: u64) -> i64 {
    (now as i64 - at as i64).max(0)
}

/// XINFO CONSUMERS key group
fn consumers(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let now = context.now;
    let (out, found) = context.read(args[2]);
    let stream = stream(found)?.ok_or(Fail::NO_SUCH_KEY)?;
    let group = stream.group(args[3]).ok_or_else(|| no_group_for_key(args[2], args[3]))?;
    out.array(group.consumers().len());
    for consumer in group.consumers() {
        out.map(4);
        out.bulk(b"name");
        out.bulk(consumer.name());
        out.bulk(b"pending");
        out.unsigned(consumer.pending_len() as u64);
        out.bulk(b"idle");
        out.integer(idle(now, consumer.seen_at));
        out.bulk(b"inactive");
        out.integer(consumer.active_at.map_or(-1, |at| idle(now, at)));
    }
    Ok(())
}

/// XINFO GROUPS key
fn groups(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[2]);
    let stream = stream(found)?.ok_or(Fail::NO_SUCH_KEY)?;
    out.array(stream.groups().len());
    for group in stream.groups() {
        out.map(6);
        out.bulk(b"name");
        out.bulk(group.name());
        out.bulk(b"consumers");
        out.unsigned(group.consumers().len() as u64);
        out.bulk(b"pending");
        out.unsigned(group.pending_len() as u64);
        out.bulk(b"last-delivered-id");
        write_id(out, group.last_id);
        write_progress(out, stream.nodes(), group);
    }
    Ok(())
}

fn write_progress(out: &mut Writer, nodes: &Nodes, group: &Group) {
    out.bulk(b"entries-read");
    write_count(out, group.entries_read.map(|read| read as i64));
    out.bulk(b"lag");
    write_count(out, nodes.lag(group));
}

/// XINFO STREAM key [FULL [COUNT count]]
fn whole(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    // Whether there is such a stream matters before the rest.
    stream(context.read(args[2]).1)?.ok_or(Fail::NO_SUCH_KEY)?;
    let full = match &args[3..] {
        [] => None,
        [word] if is_word(word, "FULL") => Some(COUNT_DEFAULT),
        [word, option, count] if is_word(word, "FULL") && is_word(option, "COUNT") => {
            Some(match usize::try_from(integer(count)?) {
                Ok(0) => usize::MAX,
                Ok(count) => count,
                Err(_) => COUNT_DEFAULT,
            })
        }
        _ => return Err(wrong_count(args[0], args[1])),
    };
    let (out, found) = context.read(args[2]);
    let stream = stream(found)?.ok_or(Fail::NO_SUCH_KEY)?;
    let nodes = stream.nodes();
    out.map(if full.is_some() { 9 } else { 10 });
    out.bulk(b"length");
    out.unsigned(nodes.len);
    out.bulk(b"radix-tree-keys");
    out.unsigned(nodes.node_count() as u64);
    out.bulk(b"radix-tree-nodes");
    out.unsigned(nodes.radix_tree_nodes() as u64);
    out.bulk(b"last-generated-id");
    write_id(out, nodes.last_id);
    out.bulk(b"max-deleted-entry-id");
    write_id(out, nodes.max_deleted_id);
    out.bulk(b"entries-added");
    out.unsigned(nodes.added);
    out.bulk(b"recorded-first-entry-id");
    write_id(out, nodes.first_id);
    match full {
        Some(count) => write_full(out, stream, count),
        None => {
            out.bulk(b"groups");
            out.unsigned(stream.groups().len() as u64);
            let mut entry = |name: &[u8], entry: Option<_>| {
                out.bulk(name);
                match entry {
                    Some(entry) => write_entry(out, &entry),
                    None => out.null(),
                }
            };
            entry(b"first-entry", nodes.range(StreamId::MIN, StreamId::MAX).next());
            entry(b"last-entry", nodes.range_back(StreamId::MIN, StreamId::MAX).next());
        }
    }
    Ok(())
}

fn write_full(out: &mut Writer, stream: &Stream, count: usize) {
    out.bulk(b"entries");
    let later = out.array_later();
    let mut written = 0;
    for entry in stream.nodes().range(StreamId::MIN, StreamId::MAX).take(count) {
        write_entry(out, &entry);
        written += 1;
    }
    out.finish_array(later, written);
    out.bulk(b"groups");
    out.array(stream.groups().len());
    for group in stream.groups() {
        out.map(7);
        out.bulk(b"name");
        out.bulk(group.name());
        out.bulk(b"last-delivered-id");
        write_id(out, group.last_id);
        write_progress(out, stream.nodes(), group);
        out.bulk(b"pel-count");
        out.unsigned(group.pending_len() as u64);
        out.bulk(b"pending");
        out.array(group.pending_len().min(count));
        for (id, pending) in group.pending(StreamId::MIN).take(count) {
            out.array(4);
            write_id(out, id);
            out.bulk(group.consumer(pending.consumer).name());
            out.unsigned(pending.delivered_at);
            out.unsigned(pending.deliveries);
        }
        out.bulk(b"consumers");
        out.array(group.consumers().len());
        for consumer in group.consumers() {
            write_consumer(out, group, consumer, count);
        }
    }
}

fn write_consumer(out: &mut Writer, group: &Group, consumer: &Consumer, count: usize) {
    out.map(5);
    out.bulk(b"name");
    out.bulk(consumer.name());
    out.bulk(b"seen-time");
    write_time(out, Some(consumer.seen_at));
    out.bulk(b"active-time");
    write_time(out, consumer.active_at);
    out.bulk(b"pel-count");
    out.unsigned(consumer.pending_len() as u64);
    out.bulk(b"pending");
    out.array(consumer.pending_len().min(count));
    for id in consumer.pending(StreamId::MIN).take(count) {
        out.array(3);
        write_id(out, id);
        let pending = group.get_pending(id);
        out.unsigned(pending.map_or(0, |pending| pending.delivered_at));
        out.unsigned(pending.map_or(0, |pending| pending.deliveries));
    }
}
