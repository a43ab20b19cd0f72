//! XGROUP: making and removing groups and consumers.

use crate::command::arguments::{integer, is_word};
use crate::command::help::{container, help, wrong_count};
use crate::command::notify::event;
use crate::command::table::stream_groups as row;
use crate::command::{Command, Context, Fail, Outcome};
use crate::store::{Limits, Stream, StreamId};

use super::{clock, id, no_group_for_key, stream};

/// XGROUP and its subcommands.
pub(super) const XGROUP: Command = Command::container(row::XGROUP, container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(row::XGROUP_CREATE, create),
    Command::new(row::XGROUP_CREATECONSUMER, create_consumer),
    Command::new(row::XGROUP_DELCONSUMER, delete_consumer),
    Command::new(row::XGROUP_DESTROY, destroy),
    Command::new(row::XGROUP_HELP, help),
    Command::new(row::XGROUP_SETID, set_id),
];

const NO_KEY: Fail = Fail::new(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
     option to create an empty stream automatically.",
);

/// What CREATE and SETID take behind the id.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    makes_stream: bool,
    entries_read: Option<u64>,
}

impl Options {
    fn parse(args: &[&[u8]], is_create: bool) -> Result<Self, Fail> {
        let mut options = Self::default();
        let mut rest = &args[5..];
        while !rest.is_empty() {
            rest = match rest {
                [word, rest @ ..] if is_create && is_word(word, "MKSTREAM") => {
                    options.makes_stream = true;
                    rest
                }
                [word, read, rest @ ..] if is_word(word, "ENTRIESREAD") => {
                    options.entries_read = match integer(read)? {
                        -1 => None,
                        read => Some(
                            u64::try_from(read)
                                .map_err(|_| Fail::new("ERR value for ENTRIESREAD must be positive or -1"))?,
                        ),
                    };
                    rest
                }
                _ => return Err(wrong_count(args[0], args[1])),
            };
        }
        Ok(options)
    }
}

/// XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD entries-read]
fn create(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key, name) = (context.session.db, context.now, args[2], args[3]);
    let Options { makes_stream, entries_read } = Options::parse(args, true)?;
    let partition = context.partitions.at(key);
    let last_id = match stream(partition.keyspace.peek(db, key, now))? {
        None if !makes_stream => return Err(NO_KEY),
        None => StreamId::MIN,
        Some(stream) => stream.nodes().last_id,
    };
    let start = if args[4] == b"$" { last_id } else { id::exact(args[4], 0)? };
    let added = partition.keyspace.edit(db, key, now, true, |stream: &mut Stream, _: &Limits, _| {
        let added = stream.add_group(name, start, entries_read);
        (added, added)
    })?;
    if added != Some(true) {
        return Err(Fail::new("BUSYGROUP Consumer Group name already exists"));
    }
    let mut argv = args.to_vec();
    let start = start.to_text();
    argv[4] = &start;
    partition.effects.push(db, &argv);
    partition.notify(db, event::XGROUP_CREATE, key);
    context.out.ok();
    Ok(())
}

/// XGROUP SETID key group id|$ [ENTRIESREAD entries-read]
fn set_id(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key, name) = (context.session.db, context.now, args[2], args[3]);
    let Options { entries_read, .. } = Options::parse(args, false)?;
    let partition = context.partitions.at(key);
    let last_id = with_group(partition.keyspace.peek(db, key, now), key, name)?.nodes().last_id;
    let last_id = if args[4] == b"$" { last_id } else { id::any(args[4], 0)? };
    partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let done = stream.edit_group(name, |group, _| {
            group.last_id = last_id;
            group.entries_read = entries_read;
        });
        ((), done.is_some())
    })?;
    let mut argv = args.to_vec();
    let last_id = last_id.to_text();
    argv[4] = &last_id;
    partition.effects.push(db, &argv);
    partition.notify(db, event::XGROUP_SETID, key);
    context.out.ok();
    Ok(())
}

/// The stream of a key that must have a group.
fn with_group<'a>(
    found: Option<crate::store::Ref<'a>>,
    key: &[u8],
    group: &[u8],
) -> Result<&'a Stream, Fail> {
    let stream = stream(found)?.ok_or(NO_KEY)?;
    stream.group(group).ok_or_else(|| no_group_for_key(key, group))?;
    Ok(stream)
}

/// XGROUP DESTROY key group
fn destroy(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key, name) = (context.session.db, context.now, args[2], args[3]);
    let partition = context.partitions.at(key);
    let removed = partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let removed = stream.remove_group(name);
        (removed, removed)
    })?;
    let removed = removed.ok_or(NO_KEY)?;
    if removed {
        partition.effects.push(db, args);
        partition.notify(db, event::XGROUP_DESTROY, key);
    }
    context.out.integer(removed.into());
    Ok(())
}

/// XGROUP CREATECONSUMER key group consumer
fn create_consumer(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key, name) = (context.session.db, context.now, args[2], args[3]);
    let seen_at = clock(context);
    let partition = context.partitions.at(key);
    with_group(partition.keyspace.peek(db, key, now), key, name)?;
    let added = partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let added = stream.edit_group(name, |group, _| group.find_or_add(args[4], seen_at).1);
        (added, added == Some(true))
    })?;
    let added = added.flatten().unwrap_or_default();
    if added {
        partition.effects.push(db, args);
        partition.notify(db, event::XGROUP_CREATECONSUMER, key);
    }
    context.out.integer(added.into());
    Ok(())
}

/// XGROUP DELCONSUMER key group consumer
fn delete_consumer(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key, name) = (context.session.db, context.now, args[2], args[3]);
    let partition = context.partitions.at(key);
    with_group(partition.keyspace.peek(db, key, now), key, name)?;
    let pending = partition.keyspace.edit(db, key, now, false, |stream: &mut Stream, _: &Limits, _| {
        let pending = stream.edit_group(name, |group, _| group.remove_consumer(args[4])).flatten();
        (pending, pending.is_some())
    })?;
    let pending = pending.flatten();
    if pending.is_some() {
        partition.effects.push(db, args);
        partition.notify(db, event::XGROUP_DELCONSUMER, key);
    }
    context.out.unsigned(pending.unwrap_or_default() as u64);
    Ok(())
}
