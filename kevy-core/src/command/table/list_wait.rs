//! The list verbs that wait.

use crate::command::spec::{Arg, Begin, Find, Flags, KeySpec, Scope, Spec};

use super::{BLOCKING, DENYOOM, NOSCRIPT, WRITE, keys_at};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec {
        scope: Scope::Keys,
        group: "list",
        since,
        categories: &["write", "list", "slow", "blocking"],
        ..Spec::new(name, arity, WRITE.or(BLOCKING).or(flags))
    }
}

const LEFT: Arg = Arg::word("left", "LEFT");
const RIGHT: Arg = Arg::word("right", "RIGHT");

/// Behind the verb, and a timeout at the end.
const POPPED: KeySpec = keys_at(&["RW", "access", "delete"], 1, -2, 1);
const MOVED: [KeySpec; 2] =
    [keys_at(&["RW", "access", "delete"], 1, 0, 1), keys_at(&["RW", "insert"], 2, 0, 1)];
const FRACTIONS: &[(&str, &str)] = &[("6.0.0", "Fractions of a second in `timeout`.")];

pub const BLMOVE: Spec = Spec {
    keys: &MOVED,
    summary: "LMOVE that waits for an element.",
    args: &[
        Arg::key("source"),
        Arg::key("destination"),
        Arg::one_of("wherefrom", &[LEFT, RIGHT]),
        Arg::one_of("whereto", &[LEFT, RIGHT]),
        Arg::double("timeout"),
    ],
    ..row("blmove", 6, DENYOOM.or(NOSCRIPT), "6.2.0")
};

pub const BLMPOP: Spec = Spec {
    keys: &[KeySpec {
        flags: &["RW", "access", "delete"],
        begin: Begin::Index(2),
        find: Find::Count { count: 0, first: 1, step: 1 },
    }],
    complexity: "O(N+M), N keys and M elements returned",
    summary: "LMPOP that waits for elements.",
    args: &[
        Arg::double("timeout"),
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::one_of("where", &[LEFT, RIGHT]),
        Arg::integer("count").after("COUNT").optional(),
    ],
    ..row("blmpop", -5, Flags::MOVABLE_KEYS, "7.0.0")
};

pub const BLPOP: Spec = Spec {
    keys: &[POPPED],
    complexity: "O(N), N keys",
    summary: "Removes the head of the first list that has elements and returns it with its key; waits where none has.",
    history: FRACTIONS,
    args: &[Arg::key("key").multiple(), Arg::double("timeout")],
    ..row("blpop", -3, NOSCRIPT, "2.0.0")
};

pub const BRPOP: Spec = Spec {
    keys: &[POPPED],
    complexity: "O(N), N keys",
    summary: "Removes the tail of the first list that has elements and returns it with its key; waits where none has.",
    history: FRACTIONS,
    args: &[Arg::key("key").multiple(), Arg::double("timeout")],
    ..row("brpop", -3, NOSCRIPT, "2.0.0")
};

pub const BRPOPLPUSH: Spec = Spec {
    keys: &MOVED,
    summary: "BLMOVE from the tail of one list to the head of another.",
    history: FRACTIONS,
    args: &[Arg::key("source"), Arg::key("destination"), Arg::double("timeout")],
    ..row("brpoplpush", 4, DENYOOM.or(NOSCRIPT), "2.2.0")
};
