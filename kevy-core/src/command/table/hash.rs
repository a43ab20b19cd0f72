//! The hash verbs, those of field expiry included.

use crate::command::spec::{Arg, Flags, Scope, Spec, one_key};

use super::{DENYOOM, FAST, READONLY, WRITE};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "hash", since, ..Spec::new(name, arity, flags) }
}

pub const HDEL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields removed",
    summary: "Removes fields from a hash; the last one takes the key with it.",
    history: &[("2.4.0", "Several fields.")],
    args: &[Arg::key("key"), Arg::string("field").multiple()],
    ..row("hdel", -3, WRITE.or(FAST), "2.0.0")
};

pub const HEXISTS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "hash", "fast"],
    summary: "Tells whether a hash has a field.",
    args: &[Arg::key("key"), Arg::string("field")],
    ..row("hexists", 3, READONLY.or(FAST), "2.0.0")
};

pub const HGET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "fast"],
    summary: "Returns the value of one field of a hash.",
    args: &[Arg::key("key"), Arg::string("field")],
    ..row("hget", 3, READONLY.or(FAST), "2.0.0")
};

pub const HGETALL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "slow"],
    complexity: "O(N), N fields in the hash",
    summary: "Returns every field of a hash with its value.",
    tips: &["nondeterministic_output_order"],
    args: &[Arg::key("key")],
    ..row("hgetall", 2, READONLY, "2.0.0")
};

pub const HINCRBY: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "hash", "fast"],
    summary: "Adds an integer to the number a field of a hash holds.",
    args: &[Arg::key("key"), Arg::string("field"), Arg::integer("increment")],
    ..row("hincrby", 4, WRITE.or(DENYOOM).or(FAST), "2.0.0")
};

pub const HINCRBYFLOAT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "hash", "fast"],
    summary: "Adds a floating-point number to the number a field of a hash holds.",
    args: &[Arg::key("key"), Arg::string("field"), Arg::double("increment")],
    ..row("hincrbyfloat", 4, WRITE.or(DENYOOM).or(FAST), "2.6.0")
};

pub const HKEYS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "slow"],
    complexity: "O(N), N fields in the hash",
    summary: "Returns the names of all fields of a hash.",
    tips: &["nondeterministic_output_order"],
    args: &[Arg::key("key")],
    ..row("hkeys", 2, READONLY, "2.0.0")
};

pub const HLEN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "hash", "fast"],
    summary: "Returns how many fields a hash has.",
    args: &[Arg::key("key")],
    ..row("hlen", 2, READONLY.or(FAST), "2.0.0")
};

pub const HMGET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "fast"],
    complexity: "O(N), N fields asked",
    summary: "Returns the values of several fields of a hash, in the order asked.",
    args: &[Arg::key("key"), Arg::string("field").multiple()],
    ..row("hmget", -3, READONLY.or(FAST), "2.0.0")
};

pub const HMSET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields set",
    summary: "Sets fields of a hash; HSET with an OK for a reply.",
    args: &[
        Arg::key("key"),
        Arg::block("field_value", &[Arg::string("field"), Arg::string("value")]).multiple(),
    ],
    ..row("hmset", -4, WRITE.or(DENYOOM).or(FAST), "2.0.0")
};

pub const HRANDFIELD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "slow"],
    complexity: "O(N), N fields returned",
    summary: "Picks fields of a hash at random.",
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::block("options", &[Arg::integer("count"), Arg::word("withvalues", "WITHVALUES").optional()])
            .optional(),
    ],
    ..row("hrandfield", -2, READONLY, "6.2.0")
};

pub const HSCAN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "slow"],
    complexity: "O(1) a call, O(N) for a whole walk of N fields",
    summary: "Walks the fields of a hash by cursor.",
    history: &[("7.4.0", "`NOVALUES`.")],
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::integer("cursor"),
        Arg::pattern("pattern").after("MATCH").optional(),
        Arg::integer("count").after("COUNT").optional(),
        Arg::word("novalues", "NOVALUES").optional().since("7.4.0"),
    ],
    ..row("hscan", -3, READONLY, "2.8.0")
};

pub const HSET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields set",
    summary: "Sets fields of a hash, creating the hash where there is none.",
    history: &[("4.0.0", "Several fields.")],
    args: &[
        Arg::key("key"),
        Arg::block("field_value", &[Arg::string("field"), Arg::string("value")]).multiple(),
    ],
    ..row("hset", -4, WRITE.or(DENYOOM).or(FAST), "2.0.0")
};

pub const HSETNX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "insert"])],
    categories: &["write", "hash", "fast"],
    summary: "Sets a field of a hash unless it exists.",
    args: &[Arg::key("key"), Arg::string("field"), Arg::string("value")],
    ..row("hsetnx", 4, WRITE.or(DENYOOM).or(FAST), "2.0.0")
};

pub const HSTRLEN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "hash", "fast"],
    summary: "Returns how many bytes the value of a field has.",
    args: &[Arg::key("key"), Arg::string("field")],
    ..row("hstrlen", 3, READONLY.or(FAST), "3.2.0")
};

pub const HVALS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "slow"],
    complexity: "O(N), N fields in the hash",
    summary: "Returns the values of all fields of a hash.",
    tips: &["nondeterministic_output_order"],
    args: &[Arg::key("key")],
    ..row("hvals", 2, READONLY, "2.0.0")
};

pub const HEXPIRE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Makes fields of a hash expire after some seconds.",
    args: &[
        Arg::key("key"),
        Arg::integer("seconds"),
        Arg::one_of(
            "condition",
            &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
        )
        .optional(),
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("hexpire", -6, WRITE.or(DENYOOM).or(FAST), "7.4.0")
};

pub const HPEXPIRE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Makes fields of a hash expire after some milliseconds.",
    args: &[
        Arg::key("key"),
        Arg::integer("milliseconds"),
        Arg::one_of(
            "condition",
            &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
        )
        .optional(),
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("hpexpire", -6, WRITE.or(DENYOOM).or(FAST), "7.4.0")
};

pub const HEXPIREAT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Makes fields of a hash expire at a Unix time in seconds.",
    args: &[
        Arg::key("key"),
        Arg::unix_time("unix-time-seconds"),
        Arg::one_of(
            "condition",
            &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
        )
        .optional(),
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("hexpireat", -6, WRITE.or(DENYOOM).or(FAST), "7.4.0")
};

pub const HPEXPIREAT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Makes fields of a hash expire at a Unix time in milliseconds.",
    args: &[
        Arg::key("key"),
        Arg::unix_time("unix-time-milliseconds"),
        Arg::one_of(
            "condition",
            &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
        )
        .optional(),
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("hpexpireat", -6, WRITE.or(DENYOOM).or(FAST), "7.4.0")
};

pub const HTTL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Returns for how many more seconds fields of a hash live.",
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("httl", -5, READONLY.or(FAST), "7.4.0")
};

pub const HPTTL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Returns for how many more milliseconds fields of a hash live.",
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("hpttl", -5, READONLY.or(FAST), "7.4.0")
};

pub const HEXPIRETIME: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Returns when fields of a hash expire, as a Unix time in seconds.",
    args: &[
        Arg::key("key"),
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("hexpiretime", -5, READONLY.or(FAST), "7.4.0")
};

pub const HPEXPIRETIME: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Returns when fields of a hash expire, as a Unix time in milliseconds.",
    args: &[
        Arg::key("key"),
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("hpexpiretime", -5, READONLY.or(FAST), "7.4.0")
};

pub const HPERSIST: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Takes the expiry off fields of a hash.",
    args: &[
        Arg::key("key"),
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("hpersist", -5, WRITE.or(FAST), "7.4.0")
};

pub const HGETDEL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "delete"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Returns the values of fields of a hash and removes the fields.",
    args: &[
        Arg::key("key"),
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("hgetdel", -5, WRITE.or(FAST), "8.0.0")
};

pub const HGETEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields named",
    summary: "Returns the values of fields of a hash and sets or removes their expiry.",
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
        Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).after("FIELDS"),
    ],
    ..row("hgetex", -5, WRITE.or(FAST), "8.0.0")
};

pub const HSETEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "hash", "fast"],
    complexity: "O(N), N fields set",
    summary: "Sets fields of a hash together with their expiry, on condition if asked.",
    args: &[
        Arg::key("key"),
        Arg::one_of("condition", &[Arg::word("fnx", "FNX"), Arg::word("fxx", "FXX")]).optional(),
        Arg::one_of(
            "expiration",
            &[
                Arg::integer("seconds").after("EX"),
                Arg::integer("milliseconds").after("PX"),
                Arg::unix_time("unix-time-seconds").after("EXAT"),
                Arg::unix_time("unix-time-milliseconds").after("PXAT"),
                Arg::word("keepttl", "KEEPTTL"),
            ],
        )
        .optional(),
        Arg::block(
            "fields",
            &[
                Arg::integer("numfields"),
                Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple(),
            ],
        )
        .after("FIELDS"),
    ],
    ..row("hsetex", -6, WRITE.or(DENYOOM).or(FAST), "8.0.0")
};
