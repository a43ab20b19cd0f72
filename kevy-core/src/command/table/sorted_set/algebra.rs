//! Verbs that combine several sorted sets.

use super::row;
use crate::command::spec::{Arg, Scope, Spec, one_key};
use crate::command::table::{DENYOOM, MOVABLE_KEYS, READONLY, WRITE, counted_keys};

pub const ZDIFF: Spec = Spec {
    scope: Scope::Keys,
    keys: &[counted_keys(&["RO", "access"], 1)],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(L + M log(M)), L members in all sorted sets, M in the result",
    summary: "Returns the members of the first sorted set that no other one has.",
    args: &[
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::word("withscores", "WITHSCORES").optional(),
    ],
    ..row("zdiff", -3, READONLY.or(MOVABLE_KEYS), "6.2.0")
};

pub const ZDIFFSTORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["OW", "update"]), counted_keys(&["RO", "access"], 2)],
    categories: &["write", "sortedset", "slow"],
    complexity: "O(L + M log(M)), L members in all sorted sets, M in the result",
    summary: "Stores the members of the first sorted set that no other one has.",
    args: &[Arg::key("destination"), Arg::integer("numkeys"), Arg::key("key").multiple()],
    ..row("zdiffstore", -4, WRITE.or(DENYOOM).or(MOVABLE_KEYS), "6.2.0")
};

pub const ZINTER: Spec = Spec {
    scope: Scope::Keys,
    keys: &[counted_keys(&["RO", "access"], 1)],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(N*K + M log(M)), N members in the smallest of K sorted sets, M in the result",
    summary: "Returns the members that all sorted sets have, with their scores combined.",
    args: &[
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::integer("weight").after("WEIGHTS").multiple().optional(),
        Arg::one_of(
            "aggregate",
            &[Arg::word("sum", "SUM"), Arg::word("min", "MIN"), Arg::word("max", "MAX")],
        )
        .after("AGGREGATE")
        .optional(),
        Arg::word("withscores", "WITHSCORES").optional(),
    ],
    ..row("zinter", -3, READONLY.or(MOVABLE_KEYS), "6.2.0")
};

pub const ZINTERCARD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[counted_keys(&["RO", "access"], 1)],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(N*K), N members in the smallest of K sorted sets",
    summary: "Counts the members that all sorted sets have.",
    args: &[
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::integer("limit").after("LIMIT").optional(),
    ],
    ..row("zintercard", -3, READONLY.or(MOVABLE_KEYS), "7.0.0")
};

pub const ZINTERSTORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["OW", "update"]), counted_keys(&["RO", "access"], 2)],
    categories: &["write", "sortedset", "slow"],
    complexity: "O(N*K + M log(M)), N members in the smallest of K sorted sets, M in the result",
    summary: "Stores the members that all sorted sets have, with their scores combined.",
    args: &[
        Arg::key("destination"),
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::integer("weight").after("WEIGHTS").multiple().optional(),
        Arg::one_of(
            "aggregate",
            &[Arg::word("sum", "SUM"), Arg::word("min", "MIN"), Arg::word("max", "MAX")],
        )
        .after("AGGREGATE")
        .optional(),
    ],
    ..row("zinterstore", -4, WRITE.or(DENYOOM).or(MOVABLE_KEYS), "2.0.0")
};

pub const ZUNION: Spec = Spec {
    scope: Scope::Keys,
    keys: &[counted_keys(&["RO", "access"], 1)],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(N + M log(M)), N members in all sorted sets, M in the result",
    summary: "Returns the members that any of the sorted sets has, with their scores combined.",
    args: &[
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::integer("weight").after("WEIGHTS").multiple().optional(),
        Arg::one_of(
            "aggregate",
            &[Arg::word("sum", "SUM"), Arg::word("min", "MIN"), Arg::word("max", "MAX")],
        )
        .after("AGGREGATE")
        .optional(),
        Arg::word("withscores", "WITHSCORES").optional(),
    ],
    ..row("zunion", -3, READONLY.or(MOVABLE_KEYS), "6.2.0")
};

pub const ZUNIONSTORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["OW", "update"]), counted_keys(&["RO", "access"], 2)],
    categories: &["write", "sortedset", "slow"],
    complexity: "O(N + M log(M)), N members in all sorted sets, M in the result",
    summary: "Stores the members that any of the sorted sets has, with their scores combined.",
    args: &[
        Arg::key("destination"),
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::integer("weight").after("WEIGHTS").multiple().optional(),
        Arg::one_of(
            "aggregate",
            &[Arg::word("sum", "SUM"), Arg::word("min", "MIN"), Arg::word("max", "MAX")],
        )
        .after("AGGREGATE")
        .optional(),
    ],
    ..row("zunionstore", -4, WRITE.or(DENYOOM).or(MOVABLE_KEYS), "2.0.0")
};
