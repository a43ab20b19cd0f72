//! Verbs that read ranges.

use super::row;
use crate::command::spec::{Arg, Scope, Spec, one_key};
use crate::command::table::{DENYOOM, READONLY, WRITE, keys_at};

pub const ZRANGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(log(N) + M), M members returned out of N",
    summary: "Returns the members of a range of ranks, of scores or of the members themselves.",
    history: &[("6.2.0", "`REV`, `BYSCORE`, `BYLEX` and `LIMIT`.")],
    args: &[
        Arg::key("key"),
        Arg::string("start"),
        Arg::string("stop"),
        Arg::one_of("sortby", &[Arg::word("byscore", "BYSCORE"), Arg::word("bylex", "BYLEX")])
            .optional()
            .since("6.2.0"),
        Arg::word("rev", "REV").optional().since("6.2.0"),
        Arg::block("offset_count", &[Arg::integer("offset"), Arg::integer("count")])
            .after("LIMIT")
            .optional()
            .since("6.2.0"),
        Arg::word("withscores", "WITHSCORES").optional(),
    ],
    ..row("zrange", -4, READONLY, "1.2.0")
};

pub const ZRANGEBYLEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(log(N) + M), M members returned out of N",
    summary: "Returns the members of a range in the order of their bytes; ZRANGE with `BYLEX`.",
    args: &[
        Arg::key("key"),
        Arg::string("min"),
        Arg::string("max"),
        Arg::block("offset_count", &[Arg::integer("offset"), Arg::integer("count")])
            .after("LIMIT")
            .optional(),
    ],
    ..row("zrangebylex", -4, READONLY, "2.8.9")
};

pub const ZRANGEBYSCORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(log(N) + M), M members returned out of N",
    summary: "Returns the members whose scores are in a range; ZRANGE with `BYSCORE`.",
    history: &[("2.0.0", "`WITHSCORES`.")],
    args: &[
        Arg::key("key"),
        Arg::double("min"),
        Arg::double("max"),
        Arg::word("withscores", "WITHSCORES").optional().since("2.0.0"),
        Arg::block("offset_count", &[Arg::integer("offset"), Arg::integer("count")])
            .after("LIMIT")
            .optional(),
    ],
    ..row("zrangebyscore", -4, READONLY, "1.0.5")
};

pub const ZRANGESTORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["OW", "update"]), keys_at(&["RO", "access"], 2, 0, 1)],
    categories: &["write", "sortedset", "slow"],
    complexity: "O(log(N) + M), M members stored out of N",
    summary: "Stores the members of a range of ranks, of scores or of the members themselves.",
    args: &[
        Arg::key("dst"),
        Arg::key("src"),
        Arg::string("min"),
        Arg::string("max"),
        Arg::one_of("sortby", &[Arg::word("byscore", "BYSCORE"), Arg::word("bylex", "BYLEX")]).optional(),
        Arg::word("rev", "REV").optional(),
        Arg::block("offset_count", &[Arg::integer("offset"), Arg::integer("count")])
            .after("LIMIT")
            .optional(),
    ],
    ..row("zrangestore", -5, WRITE.or(DENYOOM), "6.2.0")
};

pub const ZREVRANGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(log(N) + M), M members returned out of N",
    summary: "Returns the members of a range of ranks counted from the highest score; ZRANGE with `REV`.",
    args: &[
        Arg::key("key"),
        Arg::integer("start"),
        Arg::integer("stop"),
        Arg::word("withscores", "WITHSCORES").optional(),
    ],
    ..row("zrevrange", -4, READONLY, "1.2.0")
};

pub const ZREVRANGEBYLEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(log(N) + M), M members returned out of N",
    summary: "Returns the members of a range against the order of their bytes; ZRANGE with `BYLEX` and `REV`.",
    args: &[
        Arg::key("key"),
        Arg::string("max"),
        Arg::string("min"),
        Arg::block("offset_count", &[Arg::integer("offset"), Arg::integer("count")])
            .after("LIMIT")
            .optional(),
    ],
    ..row("zrevrangebylex", -4, READONLY, "2.8.9")
};

pub const ZREVRANGEBYSCORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "sortedset", "slow"],
    complexity: "O(log(N) + M), M members returned out of N",
    summary: "Returns the members whose scores are in a range, the highest first; ZRANGE with `BYSCORE` and `REV`.",
    history: &[("2.1.6", "Limits may be left out of the range.")],
    args: &[
        Arg::key("key"),
        Arg::double("max"),
        Arg::double("min"),
        Arg::word("withscores", "WITHSCORES").optional(),
        Arg::block("offset_count", &[Arg::integer("offset"), Arg::integer("count")])
            .after("LIMIT")
            .optional(),
    ],
    ..row("zrevrangebyscore", -4, READONLY, "2.2.0")
};
