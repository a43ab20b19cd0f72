//! Verbs that add and remove members.

use super::row;
use crate::command::spec::{Arg, Scope, Spec, one_key};
use crate::command::table::{DENYOOM, FAST, MOVABLE_KEYS, WRITE, counted_keys};

pub const ZADD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "sortedset", "fast"],
    complexity: "O(log(N)) a member, N members in the sorted set",
    summary: "Adds members with their scores to a sorted set, or gives members other scores.",
    history: &[
        ("2.4.0", "Several members."),
        ("3.0.2", "`XX`, `NX`, `CH` and `INCR`."),
        ("6.2.0", "`GT` and `LT`."),
    ],
    args: &[
        Arg::key("key"),
        Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")]).optional().since("3.0.2"),
        Arg::one_of("comparison", &[Arg::word("gt", "GT"), Arg::word("lt", "LT")]).optional().since("6.2.0"),
        Arg::word("change", "CH").optional().since("3.0.2"),
        Arg::word("increment", "INCR").optional().since("3.0.2"),
        Arg::block("score_member", &[Arg::double("score"), Arg::string("member")]).multiple(),
    ],
    ..row("zadd", -4, WRITE.or(DENYOOM).or(FAST), "1.2.0")
};

pub const ZINCRBY: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "sortedset", "fast"],
    complexity: "O(log(N)), N members in the sorted set",
    summary: "Adds to the score of a member, which starts from 0 where it is new.",
    args: &[Arg::key("key"), Arg::integer("increment"), Arg::string("member")],
    ..row("zincrby", 4, WRITE.or(DENYOOM).or(FAST), "1.2.0")
};

pub const ZMPOP: Spec = Spec {
    scope: Scope::Keys,
    keys: &[counted_keys(&["RW", "access", "delete"], 1)],
    categories: &["write", "sortedset", "slow"],
    complexity: "O(K + M log(N)), K keys, M members removed out of N",
    summary: "Removes the lowest or highest members of the first sorted set that has any, and returns them.",
    args: &[
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::one_of("where", &[Arg::word("min", "MIN"), Arg::word("max", "MAX")]),
        Arg::integer("count").after("COUNT").optional(),
    ],
    ..row("zmpop", -4, WRITE.or(MOVABLE_KEYS), "7.0.0")
};

pub const ZPOPMAX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "delete"])],
    categories: &["write", "sortedset", "fast"],
    complexity: "O(M log(N)), M members removed out of N",
    summary: "Removes the members with the highest scores and returns them.",
    args: &[Arg::key("key"), Arg::integer("count").optional()],
    ..row("zpopmax", -2, WRITE.or(FAST), "5.0.0")
};

pub const ZPOPMIN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "delete"])],
    categories: &["write", "sortedset", "fast"],
    complexity: "O(M log(N)), M members removed out of N",
    summary: "Removes the members with the lowest scores and returns them.",
    args: &[Arg::key("key"), Arg::integer("count").optional()],
    ..row("zpopmin", -2, WRITE.or(FAST), "5.0.0")
};

pub const ZREM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "sortedset", "fast"],
    complexity: "O(M log(N)), M members named, N in the sorted set",
    summary: "Removes members from a sorted set; the last one takes the key with it.",
    history: &[("2.4.0", "Several members.")],
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    ..row("zrem", -3, WRITE.or(FAST), "1.2.0")
};

pub const ZREMRANGEBYLEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "sortedset", "slow"],
    complexity: "O(M log(N)), M members removed out of N",
    summary: "Removes the members of a range in the order of their bytes.",
    args: &[Arg::key("key"), Arg::string("min"), Arg::string("max")],
    ..row("zremrangebylex", 4, WRITE, "2.8.9")
};

pub const ZREMRANGEBYRANK: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "sortedset", "slow"],
    complexity: "O(M log(N)), M members removed out of N",
    summary: "Removes the members of a range of ranks.",
    args: &[Arg::key("key"), Arg::integer("start"), Arg::integer("stop")],
    ..row("zremrangebyrank", 4, WRITE, "2.0.0")
};

pub const ZREMRANGEBYSCORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "sortedset", "slow"],
    complexity: "O(M log(N)), M members removed out of N",
    summary: "Removes the members whose scores are in a range.",
    args: &[Arg::key("key"), Arg::double("min"), Arg::double("max")],
    ..row("zremrangebyscore", 4, WRITE, "1.2.0")
};
