//! PUBSUB: what is subscribed to, and by how many.

use crate::command::help::{container, help, wrong_count};
use crate::command::table::pubsub as rows;
use crate::command::{Command, Context, Outcome};

use super::registry::Channels;

/// PUBSUB and its subcommands.
pub const PUBSUB: Command = Command::container(rows::PUBSUB, container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::PUBSUB_CHANNELS, channels),
    Command::new(rows::PUBSUB_HELP, help),
    Command::new(rows::PUBSUB_NUMPAT, numpat),
    Command::new(rows::PUBSUB_NUMSUB, numsub),
    Command::new(rows::PUBSUB_SHARDCHANNELS, shard_channels),
    Command::new(rows::PUBSUB_SHARDNUMSUB, shard_numsub),
];

fn list(ctx: &mut Context<'_>, args: &[&[u8]], channels: &Channels) -> Outcome {
    let found = match args[2..] {
        [] => channels.matching(None),
        [pattern] => channels.matching(Some(pattern)),
        _ => return Err(wrong_count(args[0], args[1])),
    };
    ctx.out.array(found.len());
    found.iter().for_each(|channel| ctx.out.bulk(channel));
    Ok(())
}

fn count(ctx: &mut Context<'_>, names: &[&[u8]], channels: &Channels) -> Outcome {
    ctx.out.array(2 * names.len());
    for name in names {
        ctx.out.bulk(name);
        ctx.out.unsigned(channels.subscribers(name) as u64);
    }
    Ok(())
}

fn channels(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let server = ctx.server;
    list(ctx, args, &server.pubsub.channels)
}

fn shard_channels(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let server = ctx.server;
    list(ctx, args, &server.pubsub.shard_channels)
}

fn numsub(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let server = ctx.server;
    count(ctx, &args[2..], &server.pubsub.channels)
}

fn shard_numsub(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let server = ctx.server;
    count(ctx, &args[2..], &server.pubsub.shard_channels)
}

fn numpat(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    ctx.out.unsigned(ctx.server.pubsub.patterns() as u64);
    Ok(())
}
