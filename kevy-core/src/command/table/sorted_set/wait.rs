//! The verbs that wait for members.

use super::super::{BLOCKING, FAST, NOSCRIPT, WRITE, keys_at};
use super::row;
use crate::command::spec::{Arg, Begin, Find, Flags, KeySpec, Scope, Spec};

/// Behind the verb, and a timeout at the end.
const POPPED: KeySpec = keys_at(&["RW", "access", "delete"], 1, -2, 1);
const FRACTIONS: &[(&str, &str)] = &[("6.0.0", "Fractions of a second in `timeout`.")];

pub const BZMPOP: Spec = Spec {
    scope: Scope::Keys,
    keys: &[KeySpec {
        flags: &["RW", "access", "delete"],
        begin: Begin::Index(2),
        find: Find::Count { count: 0, first: 1, step: 1 },
    }],
    categories: &["write", "sortedset", "slow", "blocking"],
    complexity: "O(K) + O(M log(N)), K keys and M members removed out of N",
    summary: "ZMPOP that waits for members.",
    args: &[
        Arg::double("timeout"),
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::one_of("where", &[Arg::word("min", "MIN"), Arg::word("max", "MAX")]),
        Arg::integer("count").after("COUNT").optional(),
    ],
    ..row("bzmpop", -5, WRITE.or(BLOCKING).or(Flags::MOVABLE_KEYS), "7.0.0")
};

pub const BZPOPMAX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[POPPED],
    categories: &["write", "sortedset", "fast", "blocking"],
    complexity: "O(log(N)), N members",
    summary: "Removes the member with the highest score of the first sorted set that has any, waiting for one if need be.",
    history: FRACTIONS,
    args: &[Arg::key("key").multiple(), Arg::double("timeout")],
    ..row("bzpopmax", -3, WRITE.or(BLOCKING).or(NOSCRIPT).or(FAST), "5.0.0")
};

pub const BZPOPMIN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[POPPED],
    categories: &["write", "sortedset", "fast", "blocking"],
    complexity: "O(log(N)), N members",
    summary: "Removes the member with the lowest score of the first sorted set that has any, waiting for one if need be.",
    history: FRACTIONS,
    args: &[Arg::key("key").multiple(), Arg::double("timeout")],
    ..row("bzpopmin", -3, WRITE.or(BLOCKING).or(NOSCRIPT).or(FAST), "5.0.0")
};
