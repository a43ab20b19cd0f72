//! The verbs of pub/sub.

use crate::command::spec::{Arg, Flags, KeySpec, Scope, Spec};

use super::{FAST, LOADING, MAY_REPLICATE, NOSCRIPT, PUBSUB as PUBSUB_FLAG, STALE, keys_at};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "pubsub", since, ..Spec::new(name, arity, PUBSUB_FLAG.or(flags)) }
}

const SUBSCRIBES: Flags = NOSCRIPT.or(LOADING).or(STALE);
const PUBLISHES: Flags = LOADING.or(STALE).or(FAST).or(MAY_REPLICATE);

/// Channels of shards stand where keys do, for clients that choose a node by them.
const SHARD_CHANNELS: &[KeySpec] = &[keys_at(&["not_key"], 1, -1, 1)];

pub const PSUBSCRIBE: Spec = Spec {
    categories: &["pubsub", "slow"],
    complexity: "O(N), N patterns",
    summary: "Starts listening to all channels whose names match the patterns.",
    args: &[Arg::block("pattern", &[Arg::pattern("pattern")]).multiple()],
    ..row("psubscribe", -2, SUBSCRIBES, "2.0.0")
};

pub const PUBLISH: Spec = Spec {
    scope: Scope::Anywhere,
    categories: &["pubsub", "fast"],
    complexity: "O(N+M), N subscribers of the channel, M patterns",
    summary: "Sends a message to all who listen to a channel.",
    args: &[Arg::string("channel"), Arg::string("message")],
    ..row("publish", 3, PUBLISHES, "2.0.0")
};

pub const PUBSUB: Spec = Spec {
    categories: &["slow"],
    complexity: "By subcommand",
    summary: "Tells who listens to what.",
    ..Spec { group: "pubsub", since: "2.8.0", ..Spec::new("pubsub", -2, Flags::NONE) }
};

pub const PUBSUB_CHANNELS: Spec = Spec {
    categories: &["pubsub", "slow"],
    complexity: "O(N), N channels that someone listens to",
    summary: "Lists the channels that someone listens to.",
    args: &[Arg::pattern("pattern").optional()],
    ..row("channels", -2, LOADING.or(STALE), "2.8.0")
};

pub const PUBSUB_HELP: Spec = Spec {
    categories: &["slow"],
    summary: "Lists the PUBSUB subcommands.",
    ..Spec { group: "pubsub", since: "6.2.0", ..Spec::new("help", 2, LOADING.or(STALE)) }
};

pub const PUBSUB_NUMPAT: Spec = Spec {
    categories: &["pubsub", "slow"],
    summary: "Counts the patterns that someone listens to.",
    ..row("numpat", 2, LOADING.or(STALE), "2.8.0")
};

pub const PUBSUB_NUMSUB: Spec = Spec {
    categories: &["pubsub", "slow"],
    complexity: "O(N), N channels asked for",
    summary: "Counts those who listen to each channel.",
    args: &[Arg::string("channel").multiple().optional()],
    ..row("numsub", -2, LOADING.or(STALE), "2.8.0")
};

pub const PUBSUB_SHARDCHANNELS: Spec = Spec {
    categories: &["pubsub", "slow"],
    complexity: "O(N), N shard channels that someone listens to",
    summary: "Lists the shard channels that someone listens to.",
    args: &[Arg::pattern("pattern").optional()],
    ..row("shardchannels", -2, LOADING.or(STALE), "7.0.0")
};

pub const PUBSUB_SHARDNUMSUB: Spec = Spec {
    categories: &["pubsub", "slow"],
    complexity: "O(N), N shard channels asked for",
    summary: "Counts those who listen to each shard channel.",
    args: &[Arg::string("shardchannel").multiple().optional()],
    ..row("shardnumsub", -2, LOADING.or(STALE), "7.0.0")
};

pub const PUNSUBSCRIBE: Spec = Spec {
    categories: &["pubsub", "slow"],
    complexity: "O(N), N patterns",
    summary: "Stops listening by the patterns, or by all of them.",
    args: &[Arg::pattern("pattern").multiple().optional()],
    ..row("punsubscribe", -1, SUBSCRIBES, "2.0.0")
};

pub const SPUBLISH: Spec = Spec {
    scope: Scope::Anywhere,
    keys: &[keys_at(&["not_key"], 1, 0, 1)],
    categories: &["pubsub", "fast"],
    complexity: "O(N), N subscribers of the shard channel",
    summary: "Sends a message to all who listen to a shard channel.",
    args: &[Arg::string("shardchannel"), Arg::string("message")],
    ..row("spublish", 3, PUBLISHES, "7.0.0")
};

pub const SSUBSCRIBE: Spec = Spec {
    keys: SHARD_CHANNELS,
    categories: &["pubsub", "slow"],
    complexity: "O(N), N shard channels",
    summary: "Starts listening to shard channels.",
    args: &[Arg::string("shardchannel").multiple()],
    ..row("ssubscribe", -2, SUBSCRIBES, "7.0.0")
};

pub const SUBSCRIBE: Spec = Spec {
    categories: &["pubsub", "slow"],
    complexity: "O(N), N channels",
    summary: "Starts listening to channels.",
    args: &[Arg::string("channel").multiple()],
    ..row("subscribe", -2, SUBSCRIBES, "2.0.0")
};

pub const SUNSUBSCRIBE: Spec = Spec {
    keys: SHARD_CHANNELS,
    categories: &["pubsub", "slow"],
    complexity: "O(N), N shard channels",
    summary: "Stops listening to shard channels, or to all of them.",
    args: &[Arg::string("shardchannel").multiple().optional()],
    ..row("sunsubscribe", -1, SUBSCRIBES, "7.0.0")
};

pub const UNSUBSCRIBE: Spec = Spec {
    categories: &["pubsub", "slow"],
    complexity: "O(N), N channels",
    summary: "Stops listening to channels, or to all of them.",
    args: &[Arg::string("channel").multiple().optional()],
    ..row("unsubscribe", -1, SUBSCRIBES, "2.0.0")
};
