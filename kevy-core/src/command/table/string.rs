//! The string verbs.

use crate::command::spec::{Arg, Flags, Scope, Spec, one_key};

use super::{DENYOOM, FAST, READONLY, WRITE, keys_at};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "string", since, ..Spec::new(name, arity, flags) }
}

pub const APPEND: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "insert"])],
    categories: &["write", "string", "fast"],
    complexity: "O(1) amortized",
    summary: "Adds bytes at the end of a string and returns its new length.",
    args: &[Arg::key("key"), Arg::string("value")],
    ..row("append", 3, WRITE.or(DENYOOM).or(FAST), "2.0.0")
};

pub const DECR: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "string", "fast"],
    summary: "Subtracts one from the number a key holds.",
    args: &[Arg::key("key")],
    ..row("decr", 2, WRITE.or(DENYOOM).or(FAST), "1.0.0")
};

pub const DECRBY: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "string", "fast"],
    summary: "Subtracts an integer from the number a key holds.",
    args: &[Arg::key("key"), Arg::integer("decrement")],
    ..row("decrby", 3, WRITE.or(DENYOOM).or(FAST), "1.0.0")
};

pub const GET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "string", "fast"],
    summary: "Returns the string a key holds.",
    args: &[Arg::key("key")],
    ..row("get", 2, READONLY.or(FAST), "1.0.0")
};

pub const GETDEL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "delete"])],
    categories: &["write", "string", "fast"],
    summary: "Returns the string a key holds and deletes the key.",
    args: &[Arg::key("key")],
    ..row("getdel", 2, WRITE.or(FAST), "6.2.0")
};

pub const GETEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "string", "fast"],
    summary: "Returns the string a key holds and sets or removes its expiry.",
    args: &[
        Arg::key("key"),
        Arg::one_of(
            "expiration",
            &[
                Arg::integer("seconds").after("EX"),
                Arg::integer("milliseconds").after("PX"),
                Arg::unix_time("unix-time-seconds").after("EXAT"),
                Arg::unix_time("unix-time-milliseconds").after("PXAT"),
                Arg::word("persist", "PERSIST"),
            ],
        )
        .optional(),
    ],
    ..row("getex", -2, WRITE.or(FAST), "6.2.0")
};

pub const GETRANGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "string", "slow"],
    complexity: "O(N), N bytes returned",
    summary: "Returns the bytes of a string between two positions.",
    args: &[Arg::key("key"), Arg::integer("start"), Arg::integer("end")],
    ..row("getrange", 4, READONLY, "2.4.0")
};

pub const GETSET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "string", "fast"],
    summary: "Puts a new string in a key and returns the one it held before.",
    args: &[Arg::key("key"), Arg::string("value")],
    ..row("getset", 3, WRITE.or(DENYOOM).or(FAST), "1.0.0")
};

pub const INCR: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "string", "fast"],
    summary: "Adds one to the number a key holds.",
    args: &[Arg::key("key")],
    ..row("incr", 2, WRITE.or(DENYOOM).or(FAST), "1.0.0")
};

pub const INCRBY: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "string", "fast"],
    summary: "Adds an integer to the number a key holds.",
    args: &[Arg::key("key"), Arg::integer("increment")],
    ..row("incrby", 3, WRITE.or(DENYOOM).or(FAST), "1.0.0")
};

pub const INCRBYFLOAT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "string", "fast"],
    summary: "Adds a floating-point number to the number a key holds.",
    args: &[Arg::key("key"), Arg::double("increment")],
    ..row("incrbyfloat", 3, WRITE.or(DENYOOM).or(FAST), "2.6.0")
};

pub const LCS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO", "access"], 1, 1, 1)],
    categories: &["read", "string", "slow"],
    complexity: "O(N*M), N and M the lengths of the strings",
    summary: "Finds the longest common subsequence of two strings.",
    args: &[
        Arg::key("key1"),
        Arg::key("key2"),
        Arg::word("len", "LEN").optional(),
        Arg::word("idx", "IDX").optional(),
        Arg::integer("len").after("MINMATCHLEN").optional(),
        Arg::word("withmatchlen", "WITHMATCHLEN").optional(),
    ],
    ..row("lcs", -3, READONLY, "7.0.0")
};

pub const MGET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO", "access"], 1, -1, 1)],
    categories: &["read", "string", "fast"],
    complexity: "O(N), N keys",
    summary: "Returns the strings of several keys, in the order asked.",
    tips: &["request_policy:multi_shard"],
    args: &[Arg::key("key").multiple()],
    ..row("mget", -2, READONLY.or(FAST), "1.0.0")
};

pub const MSET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["OW", "update"], 1, -1, 2)],
    categories: &["write", "string", "slow"],
    complexity: "O(N), N keys",
    summary: "Sets several keys in one step.",
    tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
    args: &[Arg::block("key_value", &[Arg::key("key"), Arg::string("value")]).multiple()],
    ..row("mset", -3, WRITE.or(DENYOOM), "1.0.1")
};

pub const MSETNX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["OW", "insert"], 1, -1, 2)],
    categories: &["write", "string", "slow"],
    complexity: "O(N), N keys",
    summary: "Sets several keys in one step, or none where one of them exists.",
    tips: &["request_policy:multi_shard", "response_policy:agg_min"],
    args: &[Arg::block("key_value", &[Arg::key("key"), Arg::string("value")]).multiple()],
    ..row("msetnx", -3, WRITE.or(DENYOOM), "1.0.1")
};

pub const PSETEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["OW", "update"])],
    categories: &["write", "string", "slow"],
    summary: "Sets a string that expires after some milliseconds.",
    args: &[Arg::key("key"), Arg::integer("milliseconds"), Arg::string("value")],
    ..row("psetex", 4, WRITE.or(DENYOOM), "2.6.0")
};

pub const SET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update", "variable_flags"])],
    categories: &["write", "string", "slow"],
    summary: "Puts a string in a key, whatever the key held before.",
    history: &[
        ("2.6.12", "`EX`, `PX`, `NX` and `XX`."),
        ("6.0.0", "`KEEPTTL`."),
        ("6.2.0", "`GET`, `EXAT` and `PXAT`."),
        ("7.0.0", "`NX` together with `GET`."),
    ],
    args: &[
        Arg::key("key"),
        Arg::string("value"),
        Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")]).optional().since("2.6.12"),
        Arg::word("get", "GET").optional().since("6.2.0"),
        Arg::one_of(
            "expiration",
            &[
                Arg::integer("seconds").after("EX").since("2.6.12"),
                Arg::integer("milliseconds").after("PX").since("2.6.12"),
                Arg::unix_time("unix-time-seconds").after("EXAT").since("6.2.0"),
                Arg::unix_time("unix-time-milliseconds").after("PXAT").since("6.2.0"),
                Arg::word("keepttl", "KEEPTTL").since("6.0.0"),
            ],
        )
        .optional(),
    ],
    ..row("set", -3, WRITE.or(DENYOOM), "1.0.0")
};

pub const SETEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["OW", "update"])],
    categories: &["write", "string", "slow"],
    summary: "Sets a string that expires after some seconds.",
    args: &[Arg::key("key"), Arg::integer("seconds"), Arg::string("value")],
    ..row("setex", 4, WRITE.or(DENYOOM), "2.0.0")
};

pub const SETNX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["OW", "insert"])],
    categories: &["write", "string", "fast"],
    summary: "Sets a string unless the key exists.",
    args: &[Arg::key("key"), Arg::string("value")],
    ..row("setnx", 3, WRITE.or(DENYOOM).or(FAST), "1.0.0")
};

pub const SETRANGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "string", "slow"],
    complexity: "O(1), or O(M) for a value of M bytes where the string must be copied",
    summary: "Overwrites a string from a position on, filling any gap with zero bytes.",
    args: &[Arg::key("key"), Arg::integer("offset"), Arg::string("value")],
    ..row("setrange", 4, WRITE.or(DENYOOM), "2.2.0")
};

pub const STRLEN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "string", "fast"],
    summary: "Returns how many bytes a string has.",
    args: &[Arg::key("key")],
    ..row("strlen", 2, READONLY.or(FAST), "2.2.0")
};

pub const SUBSTR: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "string", "slow"],
    complexity: "O(N), N bytes returned",
    summary: "The old name of GETRANGE.",
    args: &[Arg::key("key"), Arg::integer("start"), Arg::integer("end")],
    ..row("substr", 4, READONLY, "1.0.0")
};
