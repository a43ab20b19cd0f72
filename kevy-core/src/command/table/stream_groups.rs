//! The stream verbs of consumer groups, and XINFO.

use crate::command::spec::{Arg, Flags, KeySpec, Scope, Spec, one_key};

use super::stream::{IDS, REFERENCES, STREAMS, keys_behind_streams, row};
use super::{BLOCKING, DENYOOM, FAST, LOADING, READONLY, STALE, WRITE, keys_at};

/// The key behind a subcommand.
const fn second(flags: &'static [&'static str]) -> KeySpec {
    keys_at(flags, 2, 0, 1)
}

pub const XACK: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "stream", "fast"],
    complexity: "O(1) for each entry acknowledged",
    summary: "Acknowledges entries that were delivered to a consumer group.",
    args: &[Arg::key("key"), Arg::string("group"), Arg::string("id").multiple()],
    ..row("xack", -4, WRITE.or(FAST), "5.0.0")
};

pub const XACKDEL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update", "delete"])],
    categories: &["write", "stream", "fast"],
    complexity: "O(1) for each entry",
    summary: "Acknowledges entries of a group and removes them from the stream.",
    args: &[Arg::key("key"), Arg::string("group"), REFERENCES, IDS],
    ..row("xackdel", -6, WRITE.or(FAST), "8.2.0")
};

pub const XAUTOCLAIM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "stream", "fast"],
    complexity: "O(1) if the count is small",
    summary: "Gives a consumer the entries that others have not acknowledged for a time.",
    history: &[("7.0.0", "The reply tells the ids of entries that were gone.")],
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::string("group"),
        Arg::string("consumer"),
        Arg::string("min-idle-time"),
        Arg::string("start"),
        Arg::integer("count").after("COUNT").optional(),
        Arg::word("justid", "JUSTID").optional(),
    ],
    ..row("xautoclaim", -6, WRITE.or(FAST), "6.2.0")
};

pub const XCLAIM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "stream", "fast"],
    complexity: "O(log N), N entries of the group waiting for acknowledgement",
    summary: "Gives a consumer entries that another has not acknowledged.",
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::string("group"),
        Arg::string("consumer"),
        Arg::string("min-idle-time"),
        Arg::string("id").multiple(),
        Arg::integer("ms").after("IDLE").optional(),
        Arg::unix_time("unix-time-milliseconds").after("TIME").optional(),
        Arg::integer("count").after("RETRYCOUNT").optional(),
        Arg::word("force", "FORCE").optional(),
        Arg::word("justid", "JUSTID").optional(),
        Arg::string("id").after("LASTID").optional(),
    ],
    ..row("xclaim", -6, WRITE.or(FAST), "5.0.0")
};

pub const XPENDING: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "stream", "slow"],
    complexity: "O(N), N entries looked at, or consumers of the group",
    summary: "Tells which entries of a consumer group wait for acknowledgement.",
    history: &[("6.2.0", "`IDLE`, and ranges that leave their ends out.")],
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::string("group"),
        Arg::block(
            "filters",
            &[
                Arg::integer("min-idle-time").after("IDLE").optional().since("6.2.0"),
                Arg::string("start"),
                Arg::string("end"),
                Arg::integer("count"),
                Arg::string("consumer").optional(),
            ],
        )
        .optional(),
    ],
    ..row("xpending", -3, READONLY, "5.0.0")
};

pub const XREADGROUP: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_behind_streams(4)],
    categories: &["write", "stream", "slow", "blocking"],
    complexity: "O(N), N entries returned",
    summary: "Delivers new entries of streams to a consumer, or again those it has not acknowledged.",
    args: &[
        Arg::block("group_consumer", &[Arg::string("group"), Arg::string("consumer")]).after("GROUP"),
        Arg::integer("count").after("COUNT").optional(),
        Arg::integer("milliseconds").after("BLOCK").optional(),
        Arg::word("noack", "NOACK").optional(),
        STREAMS,
    ],
    ..row("xreadgroup", -7, WRITE.or(BLOCKING).or(Flags::MOVABLE_KEYS), "5.0.0")
};

pub const XGROUP: Spec = Spec {
    scope: Scope::Nothing,
    categories: &["slow"],
    complexity: "Depends on the subcommand.",
    summary: "Makes and removes consumer groups and consumers.",
    ..row("xgroup", -2, Flags::NONE, "5.0.0")
};

const NEW_OR_ID: Arg = Arg::one_of("id", &[Arg::string("id"), Arg::word("new_id", "$")]);

pub const XGROUP_CREATE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[second(&["RW", "insert"])],
    categories: &["write", "stream", "slow"],
    summary: "Creates a consumer group that begins behind an id.",
    history: &[("7.0.0", "`ENTRIESREAD`.")],
    args: &[
        Arg::key("key"),
        Arg::string("groupname"),
        NEW_OR_ID,
        Arg::word("mkstream", "MKSTREAM").optional(),
        Arg::integer("entries_read").after("ENTRIESREAD").optional(),
    ],
    ..row("create", -5, WRITE.or(DENYOOM), "5.0.0")
};

pub const XGROUP_CREATECONSUMER: Spec = Spec {
    scope: Scope::Keys,
    keys: &[second(&["RW", "insert"])],
    categories: &["write", "stream", "slow"],
    summary: "Creates a consumer in a group.",
    args: &[Arg::key("key"), Arg::string("groupname"), Arg::string("consumername")],
    ..row("createconsumer", 5, WRITE.or(DENYOOM), "6.2.0")
};

pub const XGROUP_DELCONSUMER: Spec = Spec {
    scope: Scope::Keys,
    keys: &[second(&["RW", "delete"])],
    categories: &["write", "stream", "slow"],
    summary: "Removes a consumer and what waits for its acknowledgement.",
    args: &[Arg::key("key"), Arg::string("groupname"), Arg::string("consumername")],
    ..row("delconsumer", 5, WRITE, "5.0.0")
};

pub const XGROUP_DESTROY: Spec = Spec {
    scope: Scope::Keys,
    keys: &[second(&["RW", "delete"])],
    categories: &["write", "stream", "slow"],
    complexity: "O(N), N entries of the group waiting for acknowledgement",
    summary: "Removes a consumer group.",
    args: &[Arg::key("key"), Arg::string("groupname")],
    ..row("destroy", 4, WRITE, "5.0.0")
};

pub const XGROUP_HELP: Spec = Spec {
    categories: &["stream", "slow"],
    summary: "Lists the subcommands.",
    ..row("help", 2, LOADING.or(STALE), "5.0.0")
};

pub const XGROUP_SETID: Spec = Spec {
    scope: Scope::Keys,
    keys: &[second(&["RW", "update"])],
    categories: &["write", "stream", "slow"],
    summary: "Sets the id behind which a consumer group goes on.",
    history: &[("7.0.0", "`ENTRIESREAD`.")],
    args: &[
        Arg::key("key"),
        Arg::string("groupname"),
        NEW_OR_ID,
        Arg::integer("entries_read").after("ENTRIESREAD").optional(),
    ],
    ..row("setid", -5, WRITE, "5.0.0")
};

pub const XINFO: Spec = Spec {
    scope: Scope::Nothing,
    categories: &["slow"],
    complexity: "Depends on the subcommand.",
    summary: "Tells about streams, groups and consumers.",
    ..row("xinfo", -2, Flags::NONE, "5.0.0")
};

pub const XINFO_CONSUMERS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[second(&["RO", "access"])],
    categories: &["read", "stream", "slow"],
    complexity: "O(N), N consumers",
    summary: "Lists the consumers of a group.",
    history: &[("7.2.0", "`inactive`.")],
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key"), Arg::string("groupname")],
    ..row("consumers", 4, READONLY, "5.0.0")
};

pub const XINFO_GROUPS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[second(&["RO", "access"])],
    categories: &["read", "stream", "slow"],
    complexity: "O(N), N groups",
    summary: "Lists the consumer groups of a stream.",
    history: &[("7.0.0", "`entries-read` and `lag`.")],
    args: &[Arg::key("key")],
    ..row("groups", 3, READONLY, "5.0.0")
};

pub const XINFO_HELP: Spec = Spec {
    categories: &["stream", "slow"],
    summary: "Lists the subcommands.",
    ..row("help", 2, LOADING.or(STALE), "5.0.0")
};

pub const XINFO_STREAM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[second(&["RO", "access"])],
    categories: &["read", "stream", "slow"],
    complexity: "O(N), N macro nodes of the stream",
    summary: "Tells about a stream, in full with its groups and consumers.",
    history: &[
        ("6.0.0", "`FULL`."),
        (
            "7.0.0",
            "`max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read`, `lag`.",
        ),
        ("7.2.0", "`active-time`; `seen-time` is that of the last attempt."),
    ],
    args: &[
        Arg::key("key"),
        Arg::block("full", &[Arg::integer("count").after("COUNT").optional()]).after("FULL").optional(),
    ],
    ..row("stream", -3, READONLY, "5.0.0")
};
