//! Verbs that look at members, scores and ranks.

use super::row;
use crate::command::spec::{Arg, Scope, Spec, one_key};
use crate::command::table::{FAST, READONLY};

pub const ZCARD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "sortedset", "fast"],
    summary: "Returns how many members a sorted set has.",
    args: &[Arg::key("key")],
    ..row("zcard", 2, READONLY.or(FAST), "1.2.0")
};

pub const ZCOUNT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "fast"],
    complexity: "O(log(N)), N members in the sorted set",
    summary: "Counts the members whose scores are in a range.",
    args: &[Arg::key("key"), Arg::double("min"), Arg::double("max")],
    ..row("zcount", 4, READONLY.or(FAST), "2.0.0")
};

pub const ZLEXCOUNT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "fast"],
    complexity: "O(log(N)), N members in the sorted set",
    summary: "Counts the members of a range in the order of their bytes.",
    args: &[Arg::key("key"), Arg::string("min"), Arg::string("max")],
    ..row("zlexcount", 4, READONLY.or(FAST), "2.8.9")
};

pub const ZMSCORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "fast"],
    complexity: "O(N), N members asked",
    summary: "Returns the scores of several members, in the order asked.",
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    ..row("zmscore", -3, READONLY.or(FAST), "6.2.0")
};

pub const ZRANDMEMBER: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(N), N members returned",
    summary: "Picks members of a sorted set at random.",
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::block("options", &[Arg::integer("count"), Arg::word("withscores", "WITHSCORES").optional()])
            .optional(),
    ],
    ..row("zrandmember", -2, READONLY, "6.2.0")
};

pub const ZRANK: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "fast"],
    complexity: "O(log(N)), N members in the sorted set",
    summary: "Returns the rank of a member, counted from the lowest score.",
    history: &[("7.2.0", "`WITHSCORE`.")],
    args: &[
        Arg::key("key"),
        Arg::string("member"),
        Arg::word("withscore", "WITHSCORE").optional().since("7.2.0"),
    ],
    ..row("zrank", -3, READONLY.or(FAST), "2.0.0")
};

pub const ZREVRANK: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "fast"],
    complexity: "O(log(N)), N members in the sorted set",
    summary: "Returns the rank of a member, counted from the highest score.",
    history: &[("7.2.0", "`WITHSCORE`.")],
    args: &[
        Arg::key("key"),
        Arg::string("member"),
        Arg::word("withscore", "WITHSCORE").optional().since("7.2.0"),
    ],
    ..row("zrevrank", -3, READONLY.or(FAST), "2.0.0")
};

pub const ZSCAN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(1) a call, O(N) for a whole walk of N members",
    summary: "Walks the members of a sorted set by cursor.",
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::integer("cursor"),
        Arg::pattern("pattern").after("MATCH").optional(),
        Arg::integer("count").after("COUNT").optional(),
    ],
    ..row("zscan", -3, READONLY, "2.8.0")
};

pub const ZSCORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "fast"],
    summary: "Returns the score of a member.",
    args: &[Arg::key("key"), Arg::string("member")],
    ..row("zscore", 3, READONLY.or(FAST), "1.2.0")
};
