//! The verbs of HyperLogLogs.

use crate::command::spec::{Arg, Flags, Scope, Spec, one_key};

use super::{ADMIN, DENYOOM, FAST, READONLY, WRITE, keys_at};

const fn row(name: &'static str, arity: i32, flags: Flags) -> Spec {
    Spec { group: "hyperloglog", since: "2.8.9", ..Spec::new(name, arity, flags) }
}

pub const PFADD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "insert"])],
    categories: &["write", "hyperloglog", "fast"],
    complexity: "O(1) an element",
    summary: "Adds elements to a HyperLogLog, and tells whether its estimate may have changed.",
    args: &[Arg::key("key"), Arg::string("element").optional().multiple()],
    ..row("pfadd", -2, WRITE.or(DENYOOM).or(FAST))
};

pub const PFCOUNT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RW", "access"], 1, -1, 1)],
    categories: &["read", "hyperloglog", "slow"],
    complexity: "O(1) for one key that did not change since it was last counted, otherwise O(N), N keys",
    summary: "Estimates how many different elements HyperLogLogs have seen together.",
    args: &[Arg::key("key").multiple()],
    ..row("pfcount", -2, READONLY)
};

pub const PFDEBUG: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RW", "access"], 2, 0, 1)],
    categories: &["write", "hyperloglog", "admin", "slow", "dangerous"],
    complexity: "O(N), N registers",
    summary: "Shows the registers, runs or form of a HyperLogLog, or makes it dense.",
    args: &[Arg::string("subcommand"), Arg::key("key")],
    ..row("pfdebug", 3, WRITE.or(DENYOOM).or(ADMIN))
};

pub const PFMERGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RW", "access", "insert"], 1, 0, 1), keys_at(&["RO", "access"], 2, -1, 1)],
    categories: &["write", "hyperloglog", "slow"],
    complexity: "O(N), N HyperLogLogs",
    summary: "Makes a HyperLogLog of all that others and it have seen.",
    args: &[Arg::key("destkey"), Arg::key("sourcekey").multiple()],
    ..row("pfmerge", -2, WRITE.or(DENYOOM))
};

pub const PFSELFTEST: Spec = Spec {
    categories: &["hyperloglog", "admin", "slow", "dangerous"],
    complexity: "O(1)",
    summary: "Tests that registers keep their values and that estimates are about right.",
    ..row("pfselftest", 1, ADMIN)
};
