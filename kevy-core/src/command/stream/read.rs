//! XREAD and XREADGROUP.

use smallvec::SmallVec;

use crate::command::arguments::{integer, is_word, timeout_ms};
use crate::command::blocking::{Block, Nil};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::resp::writer::Later;
use crate::resp::{Protocol, Writer};
use crate::store::{Group, Kind, Limits, Nodes, Pending, Stream, StreamId};

use super::effects::GroupEffects;
use super::{id, stream, write_entry, write_id};

/// What both verbs take.
#[derive(Clone, Debug)]
struct Arguments<'a> {
    /// The names of the group and the consumer.
    reader: Option<(&'a [u8], &'a [u8])>,
    count: usize,
    /// For how long to wait where there is nothing, in milliseconds; 0 for ever.
    block_ms: Option<u64>,
    /// Entries are taken for acknowledged as they are delivered.
    no_ack: bool,
    keys: &'a [&'a [u8]],
    /// As many as there are keys.
    ids: &'a [&'a [u8]],
}

impl<'a> Arguments<'a> {
    fn parse(args: &'a [&'a [u8]], is_group: bool, now: u64) -> Result<Self, Fail> {
        let only_group = |option: &str| {
            let text =
                format!("ERR The {option} option is only supported by XREADGROUP. You called XREAD instead.");
            if is_group { Ok(()) } else { Err(Fail::with(text)) }
        };
        let (mut reader, mut count, mut no_ack) = (None, usize::MAX, false);
        let mut block_ms = None;
        let mut rest = &args[1..];
        let streams = loop {
            rest = match rest {
                [word, timeout, rest @ ..] if is_word(word, "BLOCK") => {
                    block_ms = Some(timeout_ms(timeout, now)?);
                    rest
                }
                [word, number, rest @ ..] if is_word(word, "COUNT") => {
                    // As many as there are, for 0 and less.
                    count = usize::try_from(integer(number)?)
                        .ok()
                        .filter(|count| *count > 0)
                        .unwrap_or(usize::MAX);
                    rest
                }
                [word, streams @ ..] if is_word(word, "STREAMS") && !streams.is_empty() => break streams,
                [word, group, consumer, rest @ ..] if is_word(word, "GROUP") => {
                    only_group("GROUP")?;
                    reader = Some((*group, *consumer));
                    rest
                }
                [word, rest @ ..] if is_word(word, "NOACK") => {
                    only_group("NOACK")?;
                    no_ack = true;
                    rest
                }
                _ => return Err(Fail::SYNTAX),
            };
        };
        if streams.len() % 2 != 0 {
            return Err(Fail::new(
                "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
            ));
        }
        if is_group && reader.is_none() {
            return Err(Fail::new("ERR Missing GROUP option for XREADGROUP"));
        }
        let (keys, ids) = streams.split_at(streams.len() / 2);
        Ok(Self { reader, count, block_ms, no_ack, keys, ids })
    }
}

/// A reply of streams with entries, which begins with the first of them.
#[derive(Debug, Default)]
struct Streams {
    begun: Option<Later>,
    count: usize,
}

impl Streams {
    /// Begins the entries of a key.
    fn begin(&mut self, out: &mut Writer, key: &[u8]) -> Later {
        let is_map = out.protocol == Protocol::Resp3;
        self.begun.get_or_insert_with(|| if is_map { out.map_later() } else { out.array_later() });
        self.count += 1;
        if !is_map {
            out.array(2);
        }
        out.bulk(key);
        out.array_later()
    }

    /// Ends the reply. Where there was nothing the client waits, or gets a null; `args` is what to try again.
    fn end(self, context: &mut Context<'_>, arguments: &Arguments<'_>, args: &[&[u8]]) {
        let out = &mut *context.out;
        match (self.begun, arguments.block_ms) {
            (Some(later), _) if out.protocol == Protocol::Resp3 => out.finish_map(later, self.count),
            (Some(later), _) => out.finish_array(later, self.count),
            (None, None) => out.null_array(),
            (None, Some(timeout_ms)) => context.block(&Block {
                keys: arguments.keys,
                kind: Kind::Stream,
                // A group that goes is an error to its readers.
                on_any_change: arguments.reader.is_some(),
                timeout_ms,
                nil: Nil::NullArray,
                args,
            }),
        }
    }
}

/// Scripts must not ask to wait, whether or not they would have to.
fn check_script(context: &Context<'_>, arguments: &Arguments<'_>, verb: &[u8]) -> Outcome {
    if context.session.in_script && arguments.block_ms.is_some() {
        return Err(Fail::quoting("ERR {} command is not allowed with BLOCK option from scripts", verb));
    }
    Ok(())
}

/// XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]
pub fn xread(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let arguments = Arguments::parse(args, false, context.now)?;
    check_script(context, &arguments, args[0])?;
    let Arguments { count, keys, ids, .. } = arguments;
    let mut afters: SmallVec<[StreamId; 8]> = SmallVec::new();
    for (key, after) in keys.iter().zip(ids) {
        let found = stream(context.read(key).1)?;
        let nodes = found.map(|stream| stream.nodes());
        let after = match *after {
            b"$" => nodes.map_or(StreamId::MIN, |nodes| nodes.last_id),
            b"+" => nodes.and_then(|nodes| nodes.last_entry_id()?.previous()).unwrap_or(StreamId::MIN),
            b">" => {
                return Err(Fail::new(
                    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> \
                     option.",
                ));
            }
            text => id::exact(text, 0)?,
        };
        afters.push(after);
    }
    let mut streams = Streams::default();
    for (key, after) in keys.iter().zip(&afters) {
        let (out, found) = context.read(key);
        let (Some(stream), Some(start)) = (stream(found)?, after.next()) else { continue };
        let mut entries = stream.nodes().range(start, StreamId::MAX).take(count).peekable();
        if entries.peek().is_none() {
            continue;
        }
        let later = streams.begin(out, key);
        let mut written = 0;
        for entry in entries {
            write_entry(out, &entry);
            written += 1;
        }
        out.finish_array(later, written);
    }
    // What `$` stood for stays what it was.
    let ids: SmallVec<[Vec<u8>; 8]> = afters.iter().map(|after| after.to_text()).collect();
    let head = args[..args.len() - ids.len()].iter().copied();
    let retry: SmallVec<[&[u8]; 16]> = head.chain(ids.iter().map(Vec::as_slice)).collect();
    streams.end(context, &arguments, &retry);
    Ok(())
}

/// Where a consumer reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Entries that were not delivered to the group yet.
    New,
    /// Entries behind this id that wait for the consumer's acknowledgement.
    History(StreamId),
}

/// XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]
pub fn xreadgroup(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let arguments = Arguments::parse(args, true, context.now)?;
    check_script(context, &arguments, args[0])?;
    let (name, _) = arguments.reader.unwrap_or_default();
    let mut places: SmallVec<[Place; 8]> = SmallVec::new();
    for (key, id) in arguments.keys.iter().zip(arguments.ids) {
        if stream(context.read(key).1)?.and_then(|stream| stream.group(name)).is_none() {
            let text = "NOGROUP No such key '{}' or consumer group '{}' in XREADGROUP with GROUP option";
            return Err(Fail::quoting_all(text, &[key, name]));
        }
        places.push(match *id {
            b">" => Place::New,
            b"$" => {
                return Err(Fail::new(
                    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this \
                     consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just \
                     return an empty result set.",
                ));
            }
            text => match id::exact(text, 0)? {
                StreamId::MAX => Place::New,
                id => Place::History(id),
            },
        });
    }
    let mut streams = Streams::default();
    for (key, place) in arguments.keys.iter().zip(places) {
        deliver_from(context, &arguments, key, place, &mut streams)?;
    }
    streams.end(context, &arguments, args);
    Ok(())
}

/// What reading as a consumer changed.
#[derive(Debug, Default)]
struct Delivered {
    is_new_consumer: bool,
    pending: Vec<(StreamId, Pending)>,
    /// The group has come further.
    is_progress: bool,
    last_id: StreamId,
    entries_read: Option<u64>,
}

/// Delivers entries of one stream to the consumer, if there are any.
fn deliver_from(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    key: &[u8],
    place: Place,
    streams: &mut Streams,
) -> Outcome {
    let (db, now) = (context.session.db, context.now);
    let (name, consumer) = arguments.reader.unwrap_or_default();
    let out = &mut *context.out;
    let partition = context.partitions.at(key);
    let done = partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let done = stream.edit_group(name, |group, nodes| {
            let has_new = nodes.last_entry_id().is_some_and(|last| last > group.last_id);
            if place == Place::New && !has_new {
                if let Some(number) = group.find(consumer) {
                    group.edit_consumer(number, |consumer| consumer.seen_at = now);
                }
                return None;
            }
            let later = streams.begin(out, key);
            let (number, is_new_consumer) = group.find_or_add(consumer, now);
            let mut done = Delivered { is_new_consumer, ..Delivered::default() };
            let written = match place {
                Place::New => done.deliver(out, group, nodes, arguments, (number, now)),
                Place::History(after) => {
                    done.repeat(out, group, nodes, arguments.count, (number, now), after)
                }
            };
            out.finish_array(later, written);
            group.edit_consumer(number, |consumer| {
                consumer.seen_at = now;
                if place == Place::New || !done.pending.is_empty() {
                    consumer.active_at = Some(now);
                }
            });
            (done.last_id, done.entries_read) = (group.last_id, group.entries_read);
            Some(done)
        });
        let done = done.flatten();
        let changed = done.is_some();
        (done, changed)
    })?;
    let Some(done) = done.flatten() else { return Ok(()) };
    let mut effects = GroupEffects { effects: &mut partition.effects, db, key, group: name };
    if done.is_new_consumer {
        effects.new_consumer(consumer);
    }
    effects.pending(consumer, &done.pending, done.last_id);
    if done.is_progress {
        effects.progress(done.last_id, done.entries_read);
    }
    if done.is_new_consumer {
        partition.notify(db, event::XGROUP_CREATECONSUMER, key);
    }
    Ok(())
}

impl Delivered {
    /// Delivers what is new; how many entries.
    fn deliver(
        &mut self,
        out: &mut Writer,
        group: &mut Group,
        nodes: &Nodes,
        arguments: &Arguments<'_>,
        (consumer, now): (u32, u64),
    ) -> usize {
        let Some(start) = group.last_id.next() else { return 0 };
        let mut written = 0;
        for entry in nodes.range(start, StreamId::MAX).take(arguments.count) {
            write_entry(out, &entry);
            written += 1;
            self.is_progress |= group.deliver(entry.id, nodes);
            if !arguments.no_ack {
                let pending = Pending { consumer, delivered_at: now, deliveries: 1 };
                group.set_pending(entry.id, pending);
                self.pending.push((entry.id, pending));
            }
        }
        written
    }

    /// Delivers once more what the consumer has not acknowledged; how many entries.
    fn repeat(
        &mut self,
        out: &mut Writer,
        group: &mut Group,
        nodes: &Nodes,
        count: usize,
        (consumer, now): (u32, u64),
        after: StreamId,
    ) -> usize {
        let Some(start) = after.next() else { return 0 };
        let ids: Vec<StreamId> = group.consumer(consumer).pending(start).take(count).collect();
        for &id in &ids {
            let Some(entry) = nodes.get(id) else {
                out.array(2);
                write_id(out, id);
                out.null_array();
                continue;
            };
            write_entry(out, &entry);
            if let Some(old) = group.get_pending(id) {
                let deliveries = old.deliveries.saturating_add(1);
                let pending = Pending { consumer, delivered_at: now, deliveries };
                group.set_pending(id, pending);
                self.pending.push((id, pending));
            }
        }
        ids.len()
    }
}
