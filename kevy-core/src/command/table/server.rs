//! The verbs about the server as a whole.

use crate::command::spec::{Arg, Flags, Scope, Spec};

use super::{
    ADMIN, ALLOW_BUSY, FAST, LOADING, NO_ASYNC_LOADING, NO_MULTI, NOSCRIPT, OWN_SESSION, READONLY, STALE,
    WRITE, keys_at,
};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "server", since, ..Spec::new(name, arity, flags) }
}

pub const BGREWRITEAOF: Spec = Spec {
    categories: &["admin", "slow", "dangerous"],
    complexity: "O(1); the rewrite takes O(N), N keys, beside other work",
    summary: "Begins to rewrite the append-only log.",
    ..row("bgrewriteaof", 1, ADMIN.or(NOSCRIPT).or(NO_ASYNC_LOADING), "1.0.0")
};

pub const BGSAVE: Spec = Spec {
    categories: &["admin", "slow", "dangerous"],
    complexity: "O(1); the save takes O(N), N keys, beside other work",
    summary: "Begins to write a snapshot to disk.",
    history: &[("3.2.2", "`SCHEDULE`.")],
    args: &[Arg::word("schedule", "SCHEDULE").optional().since("3.2.2")],
    ..row("bgsave", -1, ADMIN.or(NOSCRIPT).or(NO_ASYNC_LOADING), "1.0.0")
};

pub const COMMAND: Spec = Spec {
    categories: &["connection", "slow"],
    complexity: "O(N), N commands",
    summary: "Describes every command.",
    tips: &["nondeterministic_output_order"],
    ..row("command", -1, LOADING.or(STALE), "2.8.13")
};

pub const COMMAND_COUNT: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Returns how many commands there are.",
    ..row("count", 2, LOADING.or(STALE), "2.8.13")
};

pub const COMMAND_DOCS: Spec = Spec {
    categories: &["connection", "slow"],
    complexity: "O(N), N commands asked",
    summary: "Returns summary, grammar and history of commands.",
    tips: &["nondeterministic_output_order"],
    args: &[Arg::string("command-name").optional().multiple()],
    ..row("docs", -2, LOADING.or(STALE), "7.0.0")
};

pub const COMMAND_GETKEYS: Spec = Spec {
    categories: &["connection", "slow"],
    complexity: "O(N), N arguments",
    summary: "Finds the keys in a full command line.",
    ..row("getkeys", -4, LOADING.or(STALE), "2.8.13")
};

pub const COMMAND_GETKEYSANDFLAGS: Spec = Spec {
    categories: &["connection", "slow"],
    complexity: "O(N), N arguments",
    summary: "Finds the keys in a full command line and says how each is used.",
    ..row("getkeysandflags", -4, LOADING.or(STALE), "7.0.0")
};

pub const COMMAND_HELP: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Lists the COMMAND subcommands.",
    ..row("help", 2, LOADING.or(STALE), "5.0.0")
};

pub const COMMAND_INFO: Spec = Spec {
    categories: &["connection", "slow"],
    complexity: "O(N), N commands asked",
    summary: "Returns arity, flags and key positions of commands.",
    history: &[("7.0.0", "Without a name: all commands.")],
    tips: &["nondeterministic_output_order"],
    args: &[Arg::string("command-name").optional().multiple()],
    ..row("info", -2, LOADING.or(STALE), "2.8.13")
};

pub const COMMAND_LIST: Spec = Spec {
    categories: &["connection", "slow"],
    complexity: "O(N), N commands",
    summary: "Returns the names of commands, all or those that match.",
    tips: &["nondeterministic_output_order"],
    args: &[Arg::one_of(
        "filterby",
        &[
            Arg::string("module-name").after("MODULE"),
            Arg::string("category").after("ACLCAT"),
            Arg::pattern("pattern").after("PATTERN"),
        ],
    )
    .after("FILTERBY")
    .optional()],
    ..row("list", -2, LOADING.or(STALE), "7.0.0")
};

pub const CONFIG: Spec = Spec {
    categories: &["slow"],
    complexity: "By subcommand",
    summary: "Reads and changes options.",
    ..row("config", -2, Flags::NONE, "2.0.0")
};

pub const CONFIG_GET: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N options",
    summary: "Returns the options whose names match, with their values.",
    history: &[("7.0.0", "Several patterns.")],
    args: &[Arg::block("parameter", &[Arg::string("parameter")]).multiple()],
    ..row("get", -3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.0.0")
};

pub const CONFIG_HELP: Spec = Spec {
    categories: &["slow"],
    summary: "Lists the CONFIG subcommands.",
    ..row("help", 2, LOADING.or(STALE), "5.0.0")
};

pub const CONFIG_RESETSTAT: Spec = Spec {
    scope: Scope::Everything,
    categories: &["admin", "dangerous", "slow"],
    summary: "Sets the counters of INFO back to zero.",
    ..row("resetstat", 2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.0.0")
};

pub const CONFIG_REWRITE: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N lines of the file",
    summary: "Writes the options in force to the configuration file.",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    ..row("rewrite", 2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.8.0")
};

pub const CONFIG_SET: Spec = Spec {
    scope: Scope::Everything,
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N options",
    summary: "Changes options, all of them or none.",
    history: &[("7.0.0", "Several options.")],
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    args: &[Arg::block("parameter_value", &[Arg::string("parameter"), Arg::string("value")]).multiple()],
    ..row("set", -4, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.0.0")
};

pub const DBSIZE: Spec = Spec {
    scope: Scope::Everything,
    categories: &["keyspace", "read", "fast"],
    summary: "Returns how many keys the database has.",
    tips: &["request_policy:all_shards", "response_policy:agg_sum"],
    ..row("dbsize", 1, READONLY.or(FAST), "1.0.0")
};

pub const DEBUG: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    complexity: "By subcommand",
    summary: "Tools for tests of the server itself.",
    ..row("debug", -2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_CHANGE_REPL_ID: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Gives the history that replicas continue another id.",
    ..row("change-repl-id", 2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_DIGEST: Spec = Spec {
    scope: Scope::Everything,
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N keys",
    summary: "Returns a digest of all keys, equal for equal contents.",
    args: &[Arg::integer("count").after("SHARDS").optional()],
    ..row("digest", -2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_DIGEST_VALUE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO", "access"], 2, -1, 1)],
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N keys",
    summary: "Returns a digest of the values of some keys.",
    args: &[Arg::key("key").optional().multiple()],
    ..row("digest-value", -2, OWN_SESSION.or(ADMIN).or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_ERROR: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Replies with an error of the given text.",
    args: &[Arg::string("message")],
    ..row("error", 3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_HELP: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Lists the DEBUG subcommands.",
    ..row("help", 2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_OBJECT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO", "access"], 2, 0, 1)],
    categories: &["admin", "dangerous", "slow"],
    summary: "Describes how a value is kept, in one line.",
    args: &[Arg::key("key")],
    ..row("object", -3, OWN_SESSION.or(ADMIN).or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_POPULATE: Spec = Spec {
    scope: Scope::Everything,
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N keys created",
    summary: "Creates many small keys.",
    args: &[Arg::integer("count"), Arg::string("prefix").optional(), Arg::integer("size").optional()],
    ..row("populate", -3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_PROTOCOL: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Replies with one value of the named protocol type.",
    args: &[Arg::string("type")],
    ..row("protocol", 3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_DISK: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Makes the disk fail or the process end, for tests.",
    args: &[Arg::string("what").multiple()],
    ..row("disk", -3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_LOADAOF: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N keys",
    summary: "Drops everything and reads the append-only log.",
    ..row("loadaof", 2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_RELOAD: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N keys",
    summary: "Saves everything and reads it back.",
    args: &[
        Arg::word("merge", "MERGE").optional(),
        Arg::word("noflush", "NOFLUSH").optional(),
        Arg::word("nosave", "NOSAVE").optional(),
    ],
    ..row("reload", -2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_SET_ACTIVE_EXPIRE: Spec = Spec {
    scope: Scope::Everything,
    categories: &["admin", "dangerous", "slow"],
    summary: "Turns the search for expired keys on or off.",
    args: &[Arg::integer("enabled")],
    ..row("set-active-expire", 3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const DEBUG_SLEEP: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Keeps the server busy for some seconds.",
    args: &[Arg::double("seconds")],
    ..row("sleep", 3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

/// A row of DEBUG. None of them keeps a promise to stay as it is.
const fn debug(name: &'static str, arity: i32, summary: &'static str, args: &'static [Arg]) -> Spec {
    Spec {
        categories: &["admin", "dangerous", "slow"],
        summary,
        args,
        ..row(name, arity, OWN_SESSION.or(ADMIN).or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
    }
}

pub const DEBUG_ASSERT: Spec = debug("assert", -2, "Refused: would end the program.", &[]);

pub const DEBUG_CRASH_AND_RECOVER: Spec =
    debug("crash-and-recover", -2, "Refused: would end the program.", &[]);

pub const DEBUG_DICT_RESIZING: Spec =
    debug("dict-resizing", 3, "Accepted; tables grow a part at a time.", &[Arg::integer("enabled")]);

pub const DEBUG_HTSTATS: Spec = Spec {
    scope: Scope::Everything,
    ..debug("htstats", -3, "Tells how many keys and times a database has.", &[Arg::integer("db")])
};

pub const DEBUG_HTSTATS_KEY: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO", "access"], 2, 0, 1)],
    ..debug("htstats-key", -3, "Tells how many elements a large collection has.", &[Arg::key("key")])
};

pub const DEBUG_JMAP: Spec = debug("jmap", -2, "Refused: there is no Java heap.", &[]);

pub const DEBUG_LISTPACK: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO", "access"], 2, 0, 1)],
    ..debug("listpack", 3, "Logs how long a packed collection is.", &[Arg::key("key")])
};

pub const DEBUG_LOG: Spec = debug("log", 3, "Writes a message to the log.", &[Arg::string("message")]);

pub const DEBUG_OOM: Spec = debug("oom", -2, "Refused: would end the program.", &[]);

pub const DEBUG_PANIC: Spec = debug("panic", -2, "Refused: would end the program.", &[]);

pub const DEBUG_PAUSE_CRON: Spec =
    debug("pause-cron", 3, "Stops and resumes background work.", &[Arg::integer("enabled")]);

pub const DEBUG_QUICKLIST_PACKED_THRESHOLD: Spec = debug(
    "quicklist-packed-threshold",
    3,
    "Accepted; large elements of lists have nodes of their own.",
    &[Arg::string("size")],
);

pub const DEBUG_REPLYBUFFER: Spec = debug(
    "replybuffer",
    4,
    "Accepted; reply buffers are given back when they are empty.",
    &[Arg::one_of(
        "setting",
        &[Arg::string("time").after("PEAK-RESET-TIME"), Arg::integer("enabled").after("RESIZING")],
    )],
);

pub const DEBUG_RESTART: Spec = debug("restart", -2, "Refused: would end the program.", &[]);

pub const DEBUG_SEGFAULT: Spec = debug("segfault", -2, "Refused: would end the program.", &[]);

pub const DEBUG_SET_DISABLE_DENY_SCRIPTS: Spec =
    debug("set-disable-deny-scripts", 3, "Lets scripts call any command.", &[Arg::integer("enabled")]);

pub const DEBUG_STRINGMATCH_LEN: Spec = debug(
    "stringmatch-len",
    4,
    "Matches a text of one letter against a pattern.",
    &[Arg::integer("length"), Arg::string("pattern")],
);

pub const FLUSHALL: Spec = Spec {
    scope: Scope::Everything,
    categories: &["keyspace", "write", "dangerous", "slow"],
    complexity: "O(N), N keys in all databases",
    summary: "Deletes every key of every database.",
    history: &[("4.0.0", "`ASYNC`."), ("6.2.0", "`SYNC`.")],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    args: &[Arg::one_of(
        "async",
        &[Arg::word("async", "ASYNC").since("4.0.0"), Arg::word("sync", "SYNC").since("6.2.0")],
    )
    .optional()],
    ..row("flushall", -1, WRITE, "1.0.0")
};

pub const FLUSHDB: Spec = Spec {
    scope: Scope::Everything,
    categories: &["keyspace", "write", "dangerous", "slow"],
    complexity: "O(N), N keys in the database",
    summary: "Deletes every key of the database.",
    history: &[("4.0.0", "`ASYNC`."), ("6.2.0", "`SYNC`.")],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    args: &[Arg::one_of(
        "async",
        &[Arg::word("async", "ASYNC").since("4.0.0"), Arg::word("sync", "SYNC").since("6.2.0")],
    )
    .optional()],
    ..row("flushdb", -1, WRITE, "1.0.0")
};

pub const INFO: Spec = Spec {
    scope: Scope::Everything,
    categories: &["dangerous", "slow"],
    summary: "Reports state and counters of the server, by section.",
    history: &[("7.0.0", "Several sections.")],
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    args: &[Arg::string("section").optional().multiple()],
    ..row("info", -1, LOADING.or(STALE), "1.0.0")
};

pub const LASTSAVE: Spec = Spec {
    categories: &["admin", "fast", "dangerous"],
    summary: "Returns when the last snapshot was written, as a Unix time in seconds.",
    tips: &["nondeterministic_output"],
    ..row("lastsave", 1, LOADING.or(STALE).or(FAST), "1.0.0")
};

pub const LATENCY: Spec = Spec {
    categories: &["slow"],
    complexity: "By subcommand",
    summary: "Shows what took long, and how long commands take.",
    ..row("latency", -2, Flags::NONE, "2.8.13")
};

const LATENCY_TIPS: &[&str] =
    &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];

pub const LATENCY_DOCTOR: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Tells in words what took long, and what helps.",
    tips: LATENCY_TIPS,
    ..row("doctor", 2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.8.13")
};

pub const LATENCY_GRAPH: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Draws the spikes of an event.",
    tips: LATENCY_TIPS,
    args: &[Arg::string("event")],
    ..row("graph", 3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.8.13")
};

pub const LATENCY_HELP: Spec = Spec {
    categories: &["slow"],
    summary: "Lists the LATENCY subcommands.",
    ..row("help", 2, LOADING.or(STALE), "2.8.13")
};

pub const LATENCY_HISTOGRAM: Spec = Spec {
    scope: Scope::Everything,
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N commands",
    summary: "Returns how the times of commands are distributed.",
    tips: LATENCY_TIPS,
    args: &[Arg::string("command").optional().multiple()],
    ..row("histogram", -2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "7.0.0")
};

pub const LATENCY_HISTORY: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Returns the spikes of an event.",
    tips: LATENCY_TIPS,
    args: &[Arg::string("event")],
    ..row("history", 3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.8.13")
};

pub const LATENCY_LATEST: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Returns the latest and the longest spike of every event.",
    tips: LATENCY_TIPS,
    ..row("latest", 2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.8.13")
};

pub const LATENCY_RESET: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Forgets the spikes of events.",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    args: &[Arg::string("event").optional().multiple()],
    ..row("reset", -2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.8.13")
};

pub const LOLWUT: Spec = Spec {
    categories: &["read", "fast"],
    summary: "Draws a picture, and tells the version.",
    args: &[Arg::integer("version").after("VERSION").optional()],
    ..row("lolwut", -1, READONLY.or(FAST), "5.0.0")
};

pub const MEMORY: Spec = Spec {
    categories: &["slow"],
    complexity: "By subcommand",
    summary: "Reports how memory is used.",
    ..row("memory", -2, Flags::NONE, "4.0.0")
};

pub const MEMORY_DOCTOR: Spec = Spec {
    categories: &["slow"],
    summary: "Looks for trouble with memory and says what it found.",
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    ..row("doctor", 2, Flags::NONE, "4.0.0")
};

pub const MEMORY_HELP: Spec = Spec {
    categories: &["slow"],
    summary: "Lists the MEMORY subcommands.",
    ..row("help", 2, LOADING.or(STALE), "4.0.0")
};

pub const MEMORY_MALLOC_STATS: Spec = Spec {
    categories: &["slow"],
    complexity: "By what the allocator tells",
    summary: "Returns what the allocator tells of itself.",
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    ..row("malloc-stats", 2, Flags::NONE, "4.0.0")
};

pub const MEMORY_PURGE: Spec = Spec {
    categories: &["slow"],
    complexity: "By how much is allocated",
    summary: "Asks the allocator to give unused pages back.",
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    ..row("purge", 2, Flags::NONE, "4.0.0")
};

pub const MEMORY_STATS: Spec = Spec {
    scope: Scope::Everything,
    categories: &["slow"],
    summary: "Returns memory figures of the whole server.",
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    ..row("stats", 2, Flags::NONE, "4.0.0")
};

pub const MEMORY_USAGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO"], 2, 0, 1)],
    categories: &["read", "slow"],
    complexity: "O(N), N elements sampled",
    summary: "Estimates how many bytes a key and its value take.",
    args: &[Arg::key("key"), Arg::integer("count").after("SAMPLES").optional()],
    ..row("usage", -3, READONLY, "4.0.0")
};

pub const MONITOR: Spec = Spec {
    categories: &["admin", "slow", "dangerous"],
    summary: "Shows every command that the server runs, until the connection ends or RESET.",
    ..row("monitor", 1, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "1.0.0")
};

pub const FAILOVER: Spec = Spec {
    categories: &["admin", "slow", "dangerous"],
    complexity: "O(1); clients' writes wait until a replica has everything",
    summary: "Makes a replica the primary, with nothing lost, and this server its replica.",
    args: &[
        Arg::block(
            "target",
            &[Arg::string("host"), Arg::integer("port"), Arg::word("force", "FORCE").optional()],
        )
        .after("TO")
        .optional(),
        Arg::word("abort", "ABORT").optional(),
        Arg::integer("milliseconds").after("TIMEOUT").optional(),
    ],
    ..row("failover", -1, ADMIN.or(NOSCRIPT).or(STALE), "6.2.0")
};

pub const PSYNC: Spec = Spec {
    categories: &["admin", "slow", "dangerous"],
    summary: "Makes the connection a replica's feed that continues a history, or begins with a whole copy.",
    args: &[Arg::string("replicationid"), Arg::integer("offset")],
    ..row("psync", -3, ADMIN.or(NOSCRIPT).or(NO_ASYNC_LOADING).or(NO_MULTI), "2.8.0")
};

pub const REPLCONF: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Carries what a replica tells its primary on their connection.",
    ..row("replconf", -1, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE).or(ALLOW_BUSY), "3.0.0")
};

/// What REPLICAOF and SLAVEOF take.
const PRIMARY: &[Arg] = &[Arg::one_of(
    "args",
    &[
        Arg::block("host-port", &[Arg::string("host"), Arg::integer("port")]),
        Arg::block("no-one", &[Arg::word("no", "NO"), Arg::word("one", "ONE")]),
    ],
)];

pub const REPLICAOF: Spec = Spec {
    scope: Scope::Everything,
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(1); the copy is fetched beside other work",
    summary: "Makes the server a replica of another one, or a primary again.",
    args: PRIMARY,
    ..row("replicaof", 3, ADMIN.or(NOSCRIPT).or(STALE).or(NO_ASYNC_LOADING), "5.0.0")
};

pub const REPLICATE: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Turns the connection into a replica's feed in the native protocol.",
    args: &[
        Arg::word("from", "FROM"),
        Arg::string("generation").optional(),
        Arg::integer("offset"),
        Arg::string("id").after("ID"),
        Arg::string("capa").after("CAPA").optional().multiple().multiple_token(),
    ],
    ..row("replicate", -5, ADMIN.or(NOSCRIPT).or(NO_MULTI), "0.1.0")
};

pub const ROLE: Spec = Spec {
    categories: &["admin", "dangerous", "fast"],
    summary: "Tells whether the server is a primary or a replica, and of whom.",
    ..row("role", 1, NOSCRIPT.or(LOADING).or(STALE).or(FAST), "2.8.12")
};

pub const SAVE: Spec = Spec {
    categories: &["admin", "slow", "dangerous"],
    complexity: "O(N), N keys",
    summary: "Writes a snapshot to disk and waits for it.",
    ..row("save", 1, ADMIN.or(NOSCRIPT).or(NO_ASYNC_LOADING).or(NO_MULTI), "1.0.0")
};

pub const SHUTDOWN: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(1), or O(N) to save N keys",
    summary: "Stops the server in good order.",
    history: &[("7.0.0", "`NOW`, `FORCE` and `ABORT`.")],
    args: &[
        Arg::one_of("nosave_save", &[Arg::word("nosave", "NOSAVE"), Arg::word("save", "SAVE")]).optional(),
        Arg::word("now", "NOW").optional().since("7.0.0"),
        Arg::word("force", "FORCE").optional().since("7.0.0"),
        Arg::word("abort", "ABORT").optional().since("7.0.0"),
    ],
    ..row("shutdown", -1, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE).or(NO_MULTI).or(ALLOW_BUSY), "1.0.0")
};

pub const SLAVEOF: Spec = Spec {
    scope: Scope::Everything,
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(1); the copy is fetched beside other work",
    summary: "Makes the server a replica of another one, or a primary again.",
    args: PRIMARY,
    ..row("slaveof", 3, ADMIN.or(NOSCRIPT).or(STALE).or(NO_ASYNC_LOADING), "1.0.0")
};

pub const SLOWLOG: Spec = Spec {
    categories: &["slow"],
    complexity: "By subcommand",
    summary: "Shows the commands that took longest.",
    ..row("slowlog", -2, Flags::NONE, "2.2.12")
};

pub const SLOWLOG_GET: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N entries",
    summary: "Returns the newest entries of the slow log.",
    history: &[("4.0.0", "The client's address and name.")],
    tips: &["request_policy:all_nodes", "nondeterministic_output"],
    args: &[Arg::integer("count").optional()],
    ..row("get", -2, ADMIN.or(LOADING).or(STALE), "2.2.12")
};

pub const SLOWLOG_HELP: Spec = Spec {
    categories: &["slow"],
    summary: "Lists the SLOWLOG subcommands.",
    ..row("help", 2, LOADING.or(STALE), "6.2.0")
};

pub const SLOWLOG_LEN: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    summary: "Returns how many entries the slow log has.",
    tips: &["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
    ..row("len", 2, ADMIN.or(LOADING).or(STALE), "2.2.12")
};

pub const SLOWLOG_RESET: Spec = Spec {
    categories: &["admin", "dangerous", "slow"],
    complexity: "O(N), N entries",
    summary: "Empties the slow log.",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    ..row("reset", 2, ADMIN.or(LOADING).or(STALE), "2.2.12")
};

pub const SWAPDB: Spec = Spec {
    scope: Scope::Everything,
    categories: &["keyspace", "write", "dangerous", "fast"],
    complexity: "O(N), N watched keys",
    summary: "Exchanges the keys of two databases.",
    args: &[Arg::integer("index1"), Arg::integer("index2")],
    ..row("swapdb", 3, WRITE.or(FAST), "4.0.0")
};

pub const SYNC: Spec = Spec {
    categories: &["admin", "slow", "dangerous"],
    summary: "Makes the connection a replica's feed that begins with a whole copy.",
    ..row("sync", 1, ADMIN.or(NOSCRIPT).or(NO_ASYNC_LOADING).or(NO_MULTI), "1.0.0")
};

pub const TIME: Spec = Spec {
    categories: &["fast"],
    summary: "Returns the server's clock.",
    tips: &["nondeterministic_output"],
    ..row("time", 1, LOADING.or(STALE).or(FAST), "2.6.0")
};
