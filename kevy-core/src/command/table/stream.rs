//! The stream verbs but those of consumer groups.

use crate::command::spec::{Arg, Begin, Find, Flags, KeySpec, Scope, Spec, one_key};

use super::{BLOCKING, DENYOOM, FAST, READONLY, WRITE};

pub(super) const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "stream", since, ..Spec::new(name, arity, flags) }
}

/// Keys behind STREAMS: the first half of what follows.
pub(super) const fn keys_behind_streams(from: i32) -> KeySpec {
    KeySpec {
        flags: &["RO", "access"],
        begin: Begin::Keyword { word: "STREAMS", from },
        find: Find::Range { last: -1, step: 1, limit: 2 },
    }
}

pub(super) const STREAMS: Arg =
    Arg::block("streams", &[Arg::key("key").multiple(), Arg::string("id").multiple()]).after("STREAMS");

const TRIM: Arg = Arg::block(
    "trim",
    &[
        Arg::one_of("strategy", &[Arg::word("maxlen", "MAXLEN"), Arg::word("minid", "MINID").since("6.2.0")]),
        Arg::one_of("operator", &[Arg::word("equal", "="), Arg::word("approximately", "~")]).optional(),
        Arg::string("threshold"),
        Arg::integer("count").after("LIMIT").optional().since("6.2.0"),
    ],
);

/// What becomes of the references of consumer groups to entries that go.
pub(super) const REFERENCES: Arg = Arg::one_of(
    "condition",
    &[Arg::word("keepref", "KEEPREF"), Arg::word("delref", "DELREF"), Arg::word("acked", "ACKED")],
)
.optional()
.since("8.2.0");

/// Ids behind their number.
pub(super) const IDS: Arg =
    Arg::block("ids", &[Arg::integer("numids"), Arg::string("id").multiple()]).after("IDS");

pub const XADD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "stream", "fast"],
    complexity: "O(1), and O(N) for N entries trimmed",
    summary: "Adds an entry to a stream, creating the stream where there is none.",
    history: &[
        ("6.2.0", "`NOMKSTREAM`, `MINID` and `LIMIT`."),
        ("7.0.0", "Ids of the form `<ms>-*`."),
        ("8.2.0", "`KEEPREF`, `DELREF` and `ACKED`."),
    ],
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::word("nomkstream", "NOMKSTREAM").optional().since("6.2.0"),
        REFERENCES,
        TRIM.optional(),
        Arg::one_of("id_or_auto", &[Arg::word("auto_id", "*"), Arg::string("id")]),
        Arg::block("field_value", &[Arg::string("field"), Arg::string("value")]).multiple(),
    ],
    ..row("xadd", -5, WRITE.or(DENYOOM).or(FAST), "5.0.0")
};

pub const XDEL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "stream", "fast"],
    complexity: "O(1) for each entry removed",
    summary: "Removes entries from a stream by their ids.",
    args: &[Arg::key("key"), Arg::string("id").multiple()],
    ..row("xdel", -3, WRITE.or(FAST), "5.0.0")
};

pub const XDELEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "stream", "fast"],
    complexity: "O(1) for each entry removed",
    summary: "Removes entries from a stream, with a view to the groups that have not acknowledged them.",
    args: &[Arg::key("key"), REFERENCES, IDS],
    ..row("xdelex", -5, WRITE.or(FAST), "8.2.0")
};

pub const XLEN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "stream", "fast"],
    summary: "Returns how many entries a stream has.",
    args: &[Arg::key("key")],
    ..row("xlen", 2, READONLY.or(FAST), "5.0.0")
};

pub const XRANGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "stream", "slow"],
    complexity: "O(N), N entries returned",
    summary: "Returns the entries of a stream between two ids.",
    history: &[("6.2.0", "Ranges that leave their ends out.")],
    args: &[
        Arg::key("key"),
        Arg::string("start"),
        Arg::string("end"),
        Arg::integer("count").after("COUNT").optional(),
    ],
    ..row("xrange", -4, READONLY, "5.0.0")
};

pub const XREAD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_behind_streams(1)],
    categories: &["read", "stream", "slow", "blocking"],
    complexity: "O(N), N entries returned",
    summary: "Returns the entries of streams behind given ids, waiting for some if asked.",
    history: &[("7.4.0", "`+` for the last entry.")],
    args: &[
        Arg::integer("count").after("COUNT").optional(),
        Arg::integer("milliseconds").after("BLOCK").optional(),
        STREAMS,
    ],
    ..row("xread", -4, READONLY.or(BLOCKING).or(Flags::MOVABLE_KEYS), "5.0.0")
};

pub const XREVRANGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "stream", "slow"],
    complexity: "O(N), N entries returned",
    summary: "Returns the entries of a stream between two ids, last to first.",
    history: &[("6.2.0", "Ranges that leave their ends out.")],
    args: &[
        Arg::key("key"),
        Arg::string("end"),
        Arg::string("start"),
        Arg::integer("count").after("COUNT").optional(),
    ],
    ..row("xrevrange", -4, READONLY, "5.0.0")
};

pub const XSETID: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "stream", "fast"],
    summary: "Sets the last id of a stream and its counters, for replication.",
    history: &[("7.0.0", "`ENTRIESADDED` and `MAXDELETEDID`.")],
    args: &[
        Arg::key("key"),
        Arg::string("last-id"),
        Arg::integer("entries_added").after("ENTRIESADDED").optional().since("7.0.0"),
        Arg::string("max_deleted_entry_id").after("MAXDELETEDID").optional().since("7.0.0"),
    ],
    ..row("xsetid", -3, WRITE.or(DENYOOM).or(FAST), "5.0.0")
};

pub const XTRIM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "stream", "slow"],
    complexity: "O(N), N entries removed",
    summary: "Removes the oldest entries of a stream, up to a length or an id.",
    history: &[("6.2.0", "`MINID` and `LIMIT`."), ("8.2.0", "`KEEPREF`, `DELREF` and `ACKED`.")],
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key"), TRIM, REFERENCES],
    ..row("xtrim", -4, WRITE, "5.0.0")
};
