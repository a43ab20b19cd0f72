//! Pub/sub: subscriptions of sessions, and publishing.

mod inspect;
pub mod registry;

use std::sync::atomic::Ordering;

use foldhash::fast::RandomState;
use indexmap::IndexSet;
use smallvec::SmallVec;

use crate::resp::Writer;

use super::client::ClientKind;
use super::session::ReplyMode;
use super::table::pubsub as rows;
use super::{Command, Context, Outcome, Server, Session};

/// The verbs of pub/sub.
/// Where Sentinels introduce themselves to each other.
const SENTINEL_CHANNEL: &[u8] = b"__sentinel__:hello";

pub static COMMANDS: &[Command] = &[
    Command::new(rows::PSUBSCRIBE, psubscribe),
    Command::new(rows::PUBLISH, publish),
    inspect::PUBSUB,
    Command::new(rows::PUNSUBSCRIBE, punsubscribe),
    Command::new(rows::SPUBLISH, spublish),
    Command::new(rows::SSUBSCRIBE, ssubscribe),
    Command::new(rows::SUBSCRIBE, subscribe),
    Command::new(rows::SUNSUBSCRIBE, sunsubscribe),
    Command::new(rows::UNSUBSCRIBE, unsubscribe),
];

type Names = IndexSet<Box<[u8]>, RandomState>;

/// What a session is subscribed to.
#[derive(Debug, Default)]
pub struct Subscriptions {
    channels: Names,
    patterns: Names,
    shard_channels: Names,
}

impl Subscriptions {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.patterns.is_empty() && self.shard_channels.is_empty()
    }

    fn of(&mut self, kind: Kind) -> &mut Names {
        match kind {
            Kind::Channel => &mut self.channels,
            Kind::Pattern => &mut self.patterns,
            Kind::ShardChannel => &mut self.shard_channels,
        }
    }

    /// The number that a confirmation shows.
    fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Channel | Kind::Pattern => self.channels.len() + self.patterns.len(),
            Kind::ShardChannel => self.shard_channels.len(),
        }
    }
}

/// What one can be subscribed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Channel,
    Pattern,
    ShardChannel,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Channel, Self::Pattern, Self::ShardChannel];

    /// The first words of the confirmations.
    const fn verbs(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::Channel => (b"subscribe", b"unsubscribe"),
            Self::Pattern => (b"psubscribe", b"punsubscribe"),
            Self::ShardChannel => (b"ssubscribe", b"sunsubscribe"),
        }
    }

    fn add(self, server: &Server, session: &mut Session, name: &[u8]) {
        if !session.follows.subscriptions.of(self).insert(name.into()) {
            return;
        }
        match self {
            Self::Channel => server.pubsub.channels.add(name, &session.client),
            Self::Pattern => server.pubsub.add_pattern(name, &session.client),
            Self::ShardChannel => server.pubsub.shard_channels.add(name, &session.client),
        }
    }

    fn remove(self, server: &Server, session: &mut Session, name: &[u8]) {
        if !session.follows.subscriptions.of(self).swap_remove(name) {
            return;
        }
        match self {
            Self::Channel => server.pubsub.channels.remove(name, &session.client),
            Self::Pattern => server.pubsub.remove_pattern(name, &session.client),
            Self::ShardChannel => server.pubsub.shard_channels.remove(name, &session.client),
        }
    }
}

/// Shows others what the session is subscribed to now.
fn publish_counts(session: &mut Session) {
    let Session { follows, client, .. } = session;
    follows.update();
    let Subscriptions { channels, patterns, shard_channels } = &follows.subscriptions;
    client.subscriptions.store(channels.len(), Ordering::Relaxed);
    client.pattern_subscriptions.store(patterns.len(), Ordering::Relaxed);
    client.shard_subscriptions.store(shard_channels.len(), Ordering::Relaxed);
    match (client.kind(), follows.subscriptions.is_empty()) {
        (ClientKind::Normal, false) => client.set_kind(ClientKind::Pubsub),
        (ClientKind::Pubsub, true) => client.set_kind(ClientKind::Normal),
        _ => {}
    }
}

/// Ends all subscriptions of a session.
pub fn leave_all(server: &Server, session: &mut Session) {
    for kind in Kind::ALL {
        while let Some(name) = session.follows.subscriptions.of(kind).last().cloned() {
            kind.remove(server, session, &name);
        }
    }
    publish_counts(session);
}

/// Begins the reply of a command that answers with one confirmation for each of `count` names.
///
/// Over a connection they are messages like any other. An in-process session gets one reply from every command.
fn begin(ctx: &mut Context<'_>, count: usize) {
    if ctx.session.client.fd < 0 && count > 1 && !ctx.session.in_exec {
        ctx.out.array(count);
    }
    // As all messages they are wanted by a client that wants no replies.
    ctx.session.keeps_reply = ctx.session.reply_mode != ReplyMode::On;
}

fn confirm(out: &mut Writer, verb: &[u8], name: Option<&[u8]>, count: usize) {
    out.push(3);
    out.bulk(verb);
    match name {
        Some(name) => out.bulk(name),
        None => out.null(),
    }
    out.unsigned(count as u64);
}

fn join(ctx: &mut Context<'_>, kind: Kind, names: &[&[u8]]) -> Outcome {
    begin(ctx, names.len());
    for name in names {
        kind.add(ctx.server, ctx.session, name);
        confirm(ctx.out, kind.verbs().0, Some(name), ctx.session.follows.subscriptions.count(kind));
    }
    publish_counts(ctx.session);
    Ok(())
}

fn leave(ctx: &mut Context<'_>, kind: Kind, names: &[&[u8]]) -> Outcome {
    let all: Vec<Box<[u8]>>;
    let named: Vec<&[u8]>;
    let names = if names.is_empty() {
        all = ctx.session.follows.subscriptions.of(kind).iter().cloned().collect();
        named = all.iter().map(|name| &**name).collect();
        &named
    } else {
        names
    };
    let mut counts: SmallVec<[usize; 8]> = SmallVec::new();
    for name in names {
        kind.remove(ctx.server, ctx.session, name);
        counts.push(ctx.session.follows.subscriptions.count(kind));
    }
    publish_counts(ctx.session);
    // What was published before belongs before the confirmations.
    ctx.session.take_messages(ctx.out);
    begin(ctx, names.len());
    if names.is_empty() {
        confirm(ctx.out, kind.verbs().1, None, ctx.session.follows.subscriptions.count(kind));
    }
    for (name, count) in names.iter().zip(counts) {
        confirm(ctx.out, kind.verbs().1, Some(name), count);
    }
    Ok(())
}

fn subscribe(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    join(ctx, Kind::Channel, &args[1..])
}

fn psubscribe(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    join(ctx, Kind::Pattern, &args[1..])
}

fn ssubscribe(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    join(ctx, Kind::ShardChannel, &args[1..])
}

fn unsubscribe(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    leave(ctx, Kind::Channel, &args[1..])
}

fn punsubscribe(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    leave(ctx, Kind::Pattern, &args[1..])
}

fn sunsubscribe(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    leave(ctx, Kind::ShardChannel, &args[1..])
}

fn publish(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let receivers = ctx.server.pubsub.publish(args[1], args[2]);
    // Sentinels tell every replica themselves. In the stream their words would only take replicas past the place at which
    // another one is promoted.
    if args[1] != SENTINEL_CHANNEL {
        ctx.pass_on(&[b"PUBLISH", args[1], args[2]]);
    }
    ctx.out.unsigned(receivers as u64);
    Ok(())
}

fn spublish(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let receivers = ctx.server.pubsub.publish_sharded(args[1], args[2]);
    ctx.pass_on(&[b"SPUBLISH", args[1], args[2]]);
    ctx.out.unsigned(receivers as u64);
    Ok(())
}
