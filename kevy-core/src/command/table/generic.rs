//! The verbs that work on keys of every type.

use crate::command::spec::{Arg, Begin, Find, Flags, KeySpec, Scope, Spec, one_key};

use super::{DENYOOM, FAST, LOADING, NOSCRIPT, READONLY, STALE, WRITE, keys_at};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "generic", since, ..Spec::new(name, arity, flags) }
}

pub const COPY: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"]), keys_at(&["OW", "update"], 2, 0, 1)],
    categories: &["keyspace", "write", "slow"],
    complexity: "O(N), N elements of the value; O(1) for a string",
    summary: "Stores a second copy of a value under another key.",
    args: &[
        Arg::key("source"),
        Arg::key("destination"),
        Arg::integer("destination-db").after("DB").optional(),
        Arg::word("replace", "REPLACE").optional(),
    ],
    ..row("copy", -3, WRITE.or(DENYOOM), "6.2.0")
};

pub const DEL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RM", "delete"], 1, -1, 1)],
    categories: &["keyspace", "write", "slow"],
    complexity: "O(N), N keys; O(M) more for a value of M elements",
    summary: "Deletes keys.",
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    args: &[Arg::key("key").multiple()],
    ..row("del", -2, WRITE, "1.0.0")
};

pub const DUMP: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["keyspace", "read", "slow"],
    complexity: "O(1) to find the key, O(N*M) to write N elements of M bytes",
    summary: "Returns the value of a key in the form RESTORE takes.",
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key")],
    ..row("dump", 2, READONLY, "2.6.0")
};

pub const EXISTS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO"], 1, -1, 1)],
    categories: &["keyspace", "read", "fast"],
    complexity: "O(N), N keys",
    summary: "Counts how many of the named keys exist.",
    history: &[("3.0.3", "Several keys.")],
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    args: &[Arg::key("key").multiple()],
    ..row("exists", -2, READONLY.or(FAST), "1.0.0")
};

pub const EXPIRE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["keyspace", "write", "fast"],
    summary: "Makes a key expire after some seconds.",
    history: &[("7.0.0", "`NX`, `XX`, `GT` and `LT`.")],
    args: &[
        Arg::key("key"),
        Arg::integer("seconds"),
        Arg::one_of(
            "condition",
            &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
        )
        .optional()
        .since("7.0.0"),
    ],
    ..row("expire", -3, WRITE.or(FAST), "1.0.0")
};

pub const EXPIREAT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["keyspace", "write", "fast"],
    summary: "Makes a key expire at a Unix time in seconds.",
    history: &[("7.0.0", "`NX`, `XX`, `GT` and `LT`.")],
    args: &[
        Arg::key("key"),
        Arg::unix_time("unix-time-seconds"),
        Arg::one_of(
            "condition",
            &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
        )
        .optional()
        .since("7.0.0"),
    ],
    ..row("expireat", -3, WRITE.or(FAST), "1.2.0")
};

pub const EXPIRETIME: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["keyspace", "read", "fast"],
    summary: "Returns when a key expires, as a Unix time in seconds.",
    args: &[Arg::key("key")],
    ..row("expiretime", 2, READONLY.or(FAST), "7.0.0")
};

pub const KEYS: Spec = Spec {
    scope: Scope::Everything,
    categories: &["keyspace", "read", "dangerous", "slow"],
    complexity: "O(N), N keys in the database",
    summary: "Returns every key whose name matches a pattern.",
    tips: &["request_policy:all_shards", "nondeterministic_output_order"],
    args: &[Arg::pattern("pattern")],
    ..row("keys", 2, READONLY, "1.0.0")
};

pub const MOVE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["keyspace", "write", "fast"],
    summary: "Moves a key to another database.",
    args: &[Arg::key("key"), Arg::integer("db")],
    ..row("move", 3, WRITE.or(FAST), "1.0.0")
};

pub const OBJECT: Spec = Spec {
    categories: &["slow"],
    complexity: "By subcommand",
    summary: "Shows how a value is kept.",
    ..row("object", -2, Flags::NONE, "2.2.3")
};

pub const OBJECT_ENCODING: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO"], 2, 0, 1)],
    categories: &["keyspace", "read", "slow"],
    summary: "Names the form in which a value is kept in memory.",
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key")],
    ..row("encoding", 3, READONLY, "2.2.3")
};

pub const OBJECT_FREQ: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO"], 2, 0, 1)],
    categories: &["keyspace", "read", "slow"],
    summary: "Returns how often a key was used lately, on a logarithmic scale.",
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key")],
    ..row("freq", 3, READONLY, "4.0.0")
};

pub const OBJECT_HELP: Spec = Spec {
    categories: &["keyspace", "slow"],
    summary: "Lists the OBJECT subcommands.",
    ..row("help", 2, LOADING.or(STALE), "6.2.0")
};

pub const OBJECT_IDLETIME: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO"], 2, 0, 1)],
    categories: &["keyspace", "read", "slow"],
    summary: "Returns for how many seconds a key was not used.",
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key")],
    ..row("idletime", 3, READONLY, "2.2.3")
};

pub const OBJECT_REFCOUNT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO"], 2, 0, 1)],
    categories: &["keyspace", "read", "slow"],
    summary: "Returns how many references a value has.",
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key")],
    ..row("refcount", 3, READONLY, "2.2.3")
};

pub const PERSIST: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["keyspace", "write", "fast"],
    summary: "Takes the expiry off a key.",
    args: &[Arg::key("key")],
    ..row("persist", 2, WRITE.or(FAST), "2.2.0")
};

pub const PEXPIRE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["keyspace", "write", "fast"],
    summary: "Makes a key expire after some milliseconds.",
    history: &[("7.0.0", "`NX`, `XX`, `GT` and `LT`.")],
    args: &[
        Arg::key("key"),
        Arg::integer("milliseconds"),
        Arg::one_of(
            "condition",
            &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
        )
        .optional()
        .since("7.0.0"),
    ],
    ..row("pexpire", -3, WRITE.or(FAST), "2.6.0")
};

pub const PEXPIREAT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["keyspace", "write", "fast"],
    summary: "Makes a key expire at a Unix time in milliseconds.",
    history: &[("7.0.0", "`NX`, `XX`, `GT` and `LT`.")],
    args: &[
        Arg::key("key"),
        Arg::unix_time("unix-time-milliseconds"),
        Arg::one_of(
            "condition",
            &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
        )
        .optional()
        .since("7.0.0"),
    ],
    ..row("pexpireat", -3, WRITE.or(FAST), "2.6.0")
};

pub const PEXPIRETIME: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["keyspace", "read", "fast"],
    summary: "Returns when a key expires, as a Unix time in milliseconds.",
    args: &[Arg::key("key")],
    ..row("pexpiretime", 2, READONLY.or(FAST), "7.0.0")
};

pub const PTTL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["keyspace", "read", "fast"],
    summary: "Returns for how many more milliseconds a key lives.",
    history: &[("2.8.0", "Replies -2 for a missing key.")],
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key")],
    ..row("pttl", 2, READONLY.or(FAST), "2.6.0")
};

pub const RANDOMKEY: Spec = Spec {
    scope: Scope::Everything,
    categories: &["keyspace", "read", "slow"],
    summary: "Picks a key of the database at random.",
    tips: &["request_policy:all_shards", "nondeterministic_output"],
    ..row("randomkey", 1, READONLY, "1.0.0")
};

pub const RENAME: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "delete"]), keys_at(&["OW", "update"], 2, 0, 1)],
    categories: &["keyspace", "write", "slow"],
    summary: "Gives a key a new name, replacing what bore that name.",
    args: &[Arg::key("key"), Arg::key("newkey")],
    ..row("rename", 3, WRITE, "1.0.0")
};

pub const RENAMENX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "delete"]), keys_at(&["OW", "insert"], 2, 0, 1)],
    categories: &["keyspace", "write", "fast"],
    summary: "Gives a key a new name unless that name is taken.",
    history: &[("3.2.0", "Both names may be the same.")],
    args: &[Arg::key("key"), Arg::key("newkey")],
    ..row("renamenx", 3, WRITE.or(FAST), "1.0.0")
};

pub const RESTORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["OW", "update"])],
    categories: &["keyspace", "write", "dangerous", "slow"],
    complexity: "O(1) to create the key, O(N*M) to read N elements of M bytes; O(N*M*log(N)) for a sorted set",
    summary: "Creates a key from what DUMP returned.",
    history: &[("3.0.0", "`REPLACE`."), ("5.0.0", "`ABSTTL`, `IDLETIME` and `FREQ`.")],
    args: &[
        Arg::key("key"),
        Arg::integer("ttl"),
        Arg::string("serialized-value"),
        Arg::word("replace", "REPLACE").optional().since("3.0.0"),
        Arg::word("absttl", "ABSTTL").optional().since("5.0.0"),
        Arg::integer("seconds").after("IDLETIME").optional().since("5.0.0"),
        Arg::integer("frequency").after("FREQ").optional().since("5.0.0"),
    ],
    ..row("restore", -4, WRITE.or(DENYOOM), "2.6.0")
};

pub const SCAN: Spec = Spec {
    scope: Scope::Cursor,
    categories: &["keyspace", "read", "slow"],
    complexity: "O(1) a call, O(N) for a whole walk of N keys",
    summary: "Walks the keys of the database by cursor.",
    history: &[("6.0.0", "`TYPE`.")],
    tips: &["nondeterministic_output", "request_policy:special"],
    args: &[
        Arg::integer("cursor"),
        Arg::pattern("pattern").after("MATCH").optional(),
        Arg::integer("count").after("COUNT").optional(),
        Arg::string("type").after("TYPE").optional().since("6.0.0"),
    ],
    ..row("scan", -2, READONLY, "2.8.0")
};

const SORT_KEY: KeySpec = one_key(&["RO", "access"]);
/// The keys of BY and GET, which follow from what the sorted key holds.
const SORT_PATTERNS: KeySpec =
    KeySpec { flags: &["RO", "access"], begin: Begin::Unknown, find: Find::Unknown };
const SORT_DESTINATION: KeySpec =
    KeySpec { flags: &["OW", "update"], begin: Begin::Unknown, find: Find::Unknown };
const SORT_ARGS: [Arg; 6] = [
    Arg::key("key"),
    Arg::pattern("by-pattern").after("BY").of_key_spec(1).optional(),
    Arg::block("limit", &[Arg::integer("offset"), Arg::integer("count")]).after("LIMIT").optional(),
    Arg::pattern("get-pattern").after("GET").of_key_spec(1).optional().multiple().multiple_token(),
    Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
    Arg::word("sorting", "ALPHA").optional(),
];

pub const SORT: Spec = Spec {
    scope: Scope::Sort,
    keys: &[SORT_KEY, SORT_PATTERNS, SORT_DESTINATION],
    categories: &["write", "set", "sortedset", "list", "slow", "dangerous"],
    complexity: "O(N*log(N)), N elements to sort; O(N) where they keep their order",
    summary: "Returns or stores the elements of a list, set or sorted set in order, or values that they lead to.",
    args: &{
        let [key, by, limit, get, order, sorting] = SORT_ARGS;
        [
            key,
            by,
            limit,
            get,
            order,
            sorting,
            Arg::key("destination").after("STORE").of_key_spec(2).optional(),
        ]
    },
    ..row("sort", -2, WRITE.or(DENYOOM).or(Flags::MOVABLE_KEYS), "1.0.0")
};

pub const SORT_RO: Spec = Spec {
    scope: Scope::Sort,
    keys: &[SORT_KEY, SORT_PATTERNS],
    categories: &["read", "set", "sortedset", "list", "slow", "dangerous"],
    complexity: "O(N*log(N)), N elements to sort; O(N) where they keep their order",
    summary: "SORT without STORE, which replicas run too.",
    args: &SORT_ARGS,
    ..row("sort_ro", -2, READONLY.or(Flags::MOVABLE_KEYS), "7.0.0")
};

pub const TOUCH: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO"], 1, -1, 1)],
    categories: &["keyspace", "read", "fast"],
    complexity: "O(N), N keys",
    summary: "Marks keys as used just now and counts those that exist.",
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    args: &[Arg::key("key").multiple()],
    ..row("touch", -2, READONLY.or(FAST), "3.2.1")
};

pub const TTL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["keyspace", "read", "fast"],
    summary: "Returns for how many more seconds a key lives.",
    history: &[("2.8.0", "Replies -2 for a missing key.")],
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key")],
    ..row("ttl", 2, READONLY.or(FAST), "1.0.0")
};

pub const TYPE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["keyspace", "read", "fast"],
    summary: "Names the type of the value a key holds.",
    args: &[Arg::key("key")],
    ..row("type", 2, READONLY.or(FAST), "1.0.0")
};

pub const UNLINK: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RM", "delete"], 1, -1, 1)],
    categories: &["keyspace", "write", "fast"],
    complexity: "O(1) a key; its memory is freed later in O(N), N allocations",
    summary: "Deletes keys at once and frees their memory little by little.",
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    args: &[Arg::key("key").multiple()],
    ..row("unlink", -2, WRITE.or(FAST), "4.0.0")
};

pub const WAIT: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Waits until enough replicas have acknowledged this connection's writes.",
    tips: &["request_policy:all_shards", "response_policy:agg_min"],
    args: &[Arg::integer("numreplicas"), Arg::integer("timeout")],
    ..row("wait", 3, NOSCRIPT, "3.0.0")
};

pub const WAITAOF: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Waits until this connection's writes are on disk here and on enough replicas.",
    tips: &["request_policy:all_shards", "response_policy:agg_min"],
    args: &[Arg::integer("numlocal"), Arg::integer("numreplicas"), Arg::integer("timeout")],
    ..row("waitaof", 4, NOSCRIPT, "7.2.0")
};
