//! The verbs of scripts and functions.

use crate::command::spec::{Arg, Flags, KeySpec, Scope, Spec};

use super::{
    ALLOW_BUSY, DENYOOM, LOADING, MOVABLE_KEYS, NO_MANDATORY_KEYS, NOSCRIPT, READONLY, SCRIPT, SKIP_MONITOR,
    STALE, WRITE, counted_keys,
};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "scripting", since, categories: &["scripting", "slow"], ..Spec::new(name, arity, flags) }
}

/// A verb that runs a script. It may touch keys that it does not name, so it holds every shard.
const fn running(
    name: &'static str,
    flags: Flags,
    keys: &'static [KeySpec],
    args: &'static [Arg],
    since: &'static str,
) -> Spec {
    let all = flags.or(NOSCRIPT).or(STALE).or(SKIP_MONITOR).or(NO_MANDATORY_KEYS).or(MOVABLE_KEYS).or(SCRIPT);
    Spec { scope: Scope::Everything, keys, args, complexity: "By the script", ..row(name, -3, all, since) }
}

const WRITTEN: &[KeySpec] = &[counted_keys(&["RW", "access", "update"], 2)];
const READ: &[KeySpec] = &[counted_keys(&["RO", "access"], 2)];

const BY_SCRIPT: &[Arg] = &[
    Arg::string("script"),
    Arg::integer("numkeys"),
    Arg::key("key").optional().multiple(),
    Arg::string("arg").optional().multiple(),
];
const BY_DIGEST: &[Arg] = &[
    Arg::string("sha1"),
    Arg::integer("numkeys"),
    Arg::key("key").optional().multiple(),
    Arg::string("arg").optional().multiple(),
];
const BY_NAME: &[Arg] = &[
    Arg::string("function"),
    Arg::integer("numkeys"),
    Arg::key("key").optional().multiple(),
    Arg::string("arg").optional().multiple(),
];

pub const EVAL: Spec =
    Spec { summary: "Runs a Lua script.", ..running("eval", Flags::NONE, WRITTEN, BY_SCRIPT, "2.6.0") };

pub const EVAL_RO: Spec = Spec {
    summary: "Runs a Lua script that only reads.",
    ..running("eval_ro", READONLY, READ, BY_SCRIPT, "7.0.0")
};

pub const EVALSHA: Spec = Spec {
    summary: "Runs a Lua script that is known by its SHA-1.",
    ..running("evalsha", Flags::NONE, WRITTEN, BY_DIGEST, "2.6.0")
};

pub const EVALSHA_RO: Spec = Spec {
    summary: "Runs a Lua script that only reads and is known by its SHA-1.",
    ..running("evalsha_ro", READONLY, READ, BY_DIGEST, "7.0.0")
};

pub const FCALL: Spec = Spec {
    summary: "Calls a function of a loaded library.",
    ..running("fcall", Flags::NONE, WRITTEN, BY_NAME, "7.0.0")
};

pub const FCALL_RO: Spec = Spec {
    summary: "Calls a function of a loaded library that only reads.",
    ..running("fcall_ro", READONLY, READ, BY_NAME, "7.0.0")
};

pub const SCRIPT_CONTAINER: Spec = Spec {
    categories: &["slow"],
    complexity: "By the subcommand",
    summary: "The verbs about known scripts.",
    ..row("script", -2, Flags::NONE, "2.6.0")
};

pub const SCRIPT_DEBUG: Spec = Spec {
    summary: "Says whether scripts run under a debugger, which kevy has not.",
    args: &[Arg::one_of(
        "mode",
        &[Arg::word("yes", "YES"), Arg::word("sync", "SYNC"), Arg::word("no", "NO")],
    )],
    ..row("debug", 3, NOSCRIPT, "3.2.0")
};

pub const SCRIPT_EXISTS: Spec = Spec {
    scope: Scope::Everything,
    complexity: "O(N), N scripts asked for",
    summary: "Tells which scripts are known by their SHA-1.",
    tips: &["request_policy:all_shards", "response_policy:agg_logical_and"],
    args: &[Arg::string("sha1").multiple()],
    ..row("exists", -3, NOSCRIPT, "2.6.0")
};

pub const SCRIPT_FLUSH: Spec = Spec {
    scope: Scope::Everything,
    complexity: "O(N), N known scripts",
    summary: "Forgets all scripts.",
    history: &[("6.2.0", "`ASYNC` and `SYNC`.")],
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    args: &[Arg::one_of("async", &[Arg::word("async", "ASYNC"), Arg::word("sync", "SYNC")])
        .optional()
        .since("6.2.0")],
    ..row("flush", -2, NOSCRIPT, "2.6.0")
};

pub const SCRIPT_HELP: Spec =
    Spec { summary: "Lists the SCRIPT subcommands.", ..row("help", 2, LOADING.or(STALE), "5.0.0") };

pub const SCRIPT_KILL: Spec = Spec {
    summary: "Ends the script that runs, unless it has written.",
    tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
    ..row("kill", 2, NOSCRIPT.or(ALLOW_BUSY), "2.6.0")
};

pub const SCRIPT_LOAD: Spec = Spec {
    scope: Scope::Everything,
    complexity: "O(N), N bytes of the script",
    summary: "Makes a script known and returns its SHA-1.",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    args: &[Arg::string("script")],
    ..row("load", 3, NOSCRIPT.or(STALE), "2.6.0")
};

pub const FUNCTION: Spec = Spec {
    categories: &["slow"],
    complexity: "By the subcommand",
    summary: "The verbs about libraries of functions.",
    ..row("function", -2, Flags::NONE, "7.0.0")
};

const CHANGES: &[&str] = &["write", "scripting", "slow"];
const TO_ALL: &[&str] = &["request_policy:all_shards", "response_policy:all_succeeded"];

pub const FUNCTION_DELETE: Spec = Spec {
    scope: Scope::Everything,
    categories: CHANGES,
    summary: "Deletes a library and its functions.",
    tips: TO_ALL,
    args: &[Arg::string("library-name")],
    ..row("delete", 3, WRITE.or(NOSCRIPT), "7.0.0")
};

pub const FUNCTION_DUMP: Spec = Spec {
    scope: Scope::Everything,
    complexity: "O(N), N functions",
    summary: "Returns all libraries in the form FUNCTION RESTORE takes.",
    ..row("dump", 2, NOSCRIPT, "7.0.0")
};

pub const FUNCTION_FLUSH: Spec = Spec {
    scope: Scope::Everything,
    categories: CHANGES,
    complexity: "O(N), N functions",
    summary: "Deletes all libraries.",
    tips: TO_ALL,
    args: &[Arg::one_of("async", &[Arg::word("async", "ASYNC"), Arg::word("sync", "SYNC")]).optional()],
    ..row("flush", -2, WRITE.or(NOSCRIPT), "7.0.0")
};

pub const FUNCTION_HELP: Spec =
    Spec { summary: "Lists the FUNCTION subcommands.", ..row("help", 2, LOADING.or(STALE), "7.0.0") };

pub const FUNCTION_KILL: Spec = Spec {
    summary: "Ends the function that runs, unless it has written.",
    tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
    ..row("kill", 2, NOSCRIPT.or(ALLOW_BUSY), "7.0.0")
};

pub const FUNCTION_LIST: Spec = Spec {
    scope: Scope::Everything,
    complexity: "O(N), N functions",
    summary: "Describes the libraries and their functions.",
    tips: &["nondeterministic_output_order"],
    args: &[
        Arg::string("library-name-pattern").after("LIBRARYNAME").optional(),
        Arg::word("withcode", "WITHCODE").optional(),
    ],
    ..row("list", -2, NOSCRIPT, "7.0.0")
};

pub const FUNCTION_LOAD: Spec = Spec {
    scope: Scope::Everything,
    categories: CHANGES,
    complexity: "O(1), compiling aside",
    summary: "Loads a library of functions.",
    tips: TO_ALL,
    args: &[Arg::word("replace", "REPLACE").optional(), Arg::string("function-code")],
    ..row("load", -3, WRITE.or(DENYOOM).or(NOSCRIPT).or(SCRIPT), "7.0.0")
};

pub const FUNCTION_RESTORE: Spec = Spec {
    scope: Scope::Everything,
    categories: CHANGES,
    complexity: "O(N), N functions of the payload",
    summary: "Loads the libraries that FUNCTION DUMP returned.",
    tips: TO_ALL,
    args: &[
        Arg::string("serialized-value"),
        Arg::one_of(
            "policy",
            &[Arg::word("flush", "FLUSH"), Arg::word("append", "APPEND"), Arg::word("replace", "REPLACE")],
        )
        .optional(),
    ],
    ..row("restore", -3, WRITE.or(DENYOOM).or(NOSCRIPT).or(SCRIPT), "7.0.0")
};

pub const FUNCTION_STATS: Spec = Spec {
    summary: "Tells which function runs, and what engines there are.",
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    ..row("stats", 2, NOSCRIPT.or(ALLOW_BUSY), "7.0.0")
};
