//! The set verbs.

use crate::command::spec::{Arg, Begin, Find, Flags, KeySpec, Scope, Spec, one_key};

use super::{DENYOOM, FAST, READONLY, WRITE, keys_at};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "set", since, scope: Scope::Keys, ..Spec::new(name, arity, flags) }
}

pub const SADD: Spec = Spec {
    keys: &[one_key(&["RW", "insert"])],
    categories: &["write", "set", "fast"],
    complexity: "O(N), N members added",
    summary: "Adds members to a set and returns how many are new.",
    history: &[("2.4.0", "Several members.")],
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    ..row("sadd", -3, WRITE.or(DENYOOM).or(FAST), "1.0.0")
};

pub const SCARD: Spec = Spec {
    keys: &[one_key(&["RO"])],
    categories: &["read", "set", "fast"],
    summary: "Returns how many members a set has.",
    args: &[Arg::key("key")],
    ..row("scard", 2, READONLY.or(FAST), "1.0.0")
};

pub const SDIFF: Spec = Spec {
    keys: &[keys_at(&["RO", "access"], 1, -1, 1)],
    categories: &["read", "set", "slow"],
    complexity: "O(N), N members in all sets together",
    summary: "Returns the members of the first set that no other set has.",
    tips: &["nondeterministic_output_order"],
    args: &[Arg::key("key").multiple()],
    ..row("sdiff", -2, READONLY, "1.0.0")
};

pub const SDIFFSTORE: Spec = Spec {
    keys: &[keys_at(&["OW", "update"], 1, 0, 1), keys_at(&["RO", "access"], 2, -1, 1)],
    categories: &["write", "set", "slow"],
    complexity: "O(N), N members in all sets together",
    summary: "Stores the members of the first set that no other set has.",
    args: &[Arg::key("destination"), Arg::key("key").multiple()],
    ..row("sdiffstore", -3, WRITE.or(DENYOOM), "1.0.0")
};

pub const SINTER: Spec = Spec {
    keys: &[keys_at(&["RO", "access"], 1, -1, 1)],
    categories: &["read", "set", "slow"],
    complexity: "O(N*M), N members in the smallest of M sets",
    summary: "Returns the members that all sets have.",
    tips: &["nondeterministic_output_order"],
    args: &[Arg::key("key").multiple()],
    ..row("sinter", -2, READONLY, "1.0.0")
};

pub const SINTERCARD: Spec = Spec {
    keys: &[KeySpec {
        flags: &["RO", "access"],
        begin: Begin::Index(1),
        find: Find::Count { count: 0, first: 1, step: 1 },
    }],
    categories: &["read", "set", "slow"],
    complexity: "O(N*M), N members in the smallest of M sets",
    summary: "Returns how many members all sets have in common, counted up to a limit if one is given.",
    args: &[
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::integer("limit").after("LIMIT").optional(),
    ],
    ..row("sintercard", -3, READONLY.or(Flags::MOVABLE_KEYS), "7.0.0")
};

pub const SINTERSTORE: Spec = Spec {
    keys: &[keys_at(&["RW", "update"], 1, 0, 1), keys_at(&["RO", "access"], 2, -1, 1)],
    categories: &["write", "set", "slow"],
    complexity: "O(N*M), N members in the smallest of M sets",
    summary: "Stores the members that all sets have.",
    args: &[Arg::key("destination"), Arg::key("key").multiple()],
    ..row("sinterstore", -3, WRITE.or(DENYOOM), "1.0.0")
};

pub const SISMEMBER: Spec = Spec {
    keys: &[one_key(&["RO"])],
    categories: &["read", "set", "fast"],
    summary: "Tells whether a set has a member.",
    args: &[Arg::key("key"), Arg::string("member")],
    ..row("sismember", 3, READONLY.or(FAST), "1.0.0")
};

pub const SMEMBERS: Spec = Spec {
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "set", "slow"],
    complexity: "O(N), N members in the set",
    summary: "Returns every member of a set.",
    tips: &["nondeterministic_output_order"],
    args: &[Arg::key("key")],
    ..row("smembers", 2, READONLY, "1.0.0")
};

pub const SMISMEMBER: Spec = Spec {
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "set", "fast"],
    complexity: "O(N), N members asked about",
    summary: "Tells of several members whether a set has them.",
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    ..row("smismember", -3, READONLY.or(FAST), "6.2.0")
};

pub const SMOVE: Spec = Spec {
    keys: &[keys_at(&["RW", "access", "delete"], 1, 0, 1), keys_at(&["RW", "insert"], 2, 0, 1)],
    categories: &["write", "set", "fast"],
    summary: "Moves a member from one set to another.",
    args: &[Arg::key("source"), Arg::key("destination"), Arg::string("member")],
    ..row("smove", 4, WRITE.or(FAST), "1.0.0")
};

pub const SPOP: Spec = Spec {
    keys: &[one_key(&["RW", "access", "delete"])],
    categories: &["write", "set", "fast"],
    complexity: "O(1), or O(N) for N members",
    summary: "Removes members of a set at random and returns them.",
    history: &[("3.2.0", "`count`.")],
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key"), Arg::integer("count").optional().since("3.2.0")],
    ..row("spop", -2, WRITE.or(FAST), "1.0.0")
};

pub const SRANDMEMBER: Spec = Spec {
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "set", "slow"],
    complexity: "O(1), or O(N) for N members",
    summary: "Returns members of a set at random.",
    history: &[("2.6.0", "`count`.")],
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key"), Arg::integer("count").optional().since("2.6.0")],
    ..row("srandmember", -2, READONLY, "1.0.0")
};

pub const SREM: Spec = Spec {
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "set", "fast"],
    complexity: "O(N), N members removed",
    summary: "Removes members from a set; the last one takes the key with it.",
    history: &[("2.4.0", "Several members.")],
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    ..row("srem", -3, WRITE.or(FAST), "1.0.0")
};

pub const SSCAN: Spec = Spec {
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "set", "slow"],
    complexity: "O(1) a call, O(N) for a whole walk of N members",
    summary: "Walks the members of a set by cursor.",
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::integer("cursor"),
        Arg::pattern("pattern").after("MATCH").optional(),
        Arg::integer("count").after("COUNT").optional(),
    ],
    ..row("sscan", -3, READONLY, "2.8.0")
};

pub const SUNION: Spec = Spec {
    keys: &[keys_at(&["RO", "access"], 1, -1, 1)],
    categories: &["read", "set", "slow"],
    complexity: "O(N), N members in all sets together",
    summary: "Returns the members that any of the sets has.",
    tips: &["nondeterministic_output_order"],
    args: &[Arg::key("key").multiple()],
    ..row("sunion", -2, READONLY, "1.0.0")
};

pub const SUNIONSTORE: Spec = Spec {
    keys: &[keys_at(&["OW", "update"], 1, 0, 1), keys_at(&["RO", "access"], 2, -1, 1)],
    categories: &["write", "set", "slow"],
    complexity: "O(N), N members in all sets together",
    summary: "Stores the members that any of the sets has.",
    args: &[Arg::key("destination"), Arg::key("key").multiple()],
    ..row("sunionstore", -3, WRITE.or(DENYOOM), "1.0.0")
};
