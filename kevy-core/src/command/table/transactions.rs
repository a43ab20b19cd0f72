//! The verbs of transactions.

use crate::command::spec::{Arg, Flags, Scope, Spec};

use super::{
    ALLOW_BUSY, FAST, IN_MULTI, LOADING, NOSCRIPT, OWN_SESSION, SESSION_KEYS, SKIP_SLOWLOG, STALE, keys_at,
};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "transactions", since, ..Spec::new(name, arity, flags) }
}

pub const DISCARD: Spec = Spec {
    categories: &["transaction", "fast"],
    complexity: "O(N), N queued commands",
    summary: "Drops the queued commands and leaves the transaction.",
    ..row(
        "discard",
        1,
        SESSION_KEYS.or(IN_MULTI).or(NOSCRIPT).or(LOADING).or(STALE).or(FAST).or(ALLOW_BUSY),
        "2.0.0",
    )
};

pub const EXEC: Spec = Spec {
    categories: &["transaction", "slow"],
    complexity: "By the queued commands",
    summary: "Runs the queued commands as one.",
    ..row("exec", 1, SESSION_KEYS.or(IN_MULTI).or(NOSCRIPT).or(LOADING).or(STALE).or(SKIP_SLOWLOG), "1.2.0")
};

pub const MULTI: Spec = Spec {
    categories: &["transaction", "fast"],
    summary: "Starts a transaction: later commands are queued.",
    ..row("multi", 1, IN_MULTI.or(NOSCRIPT).or(LOADING).or(STALE).or(FAST).or(ALLOW_BUSY), "1.2.0")
};

pub const UNWATCH: Spec = Spec {
    categories: &["transaction", "fast"],
    summary: "Forgets all watched keys.",
    ..row("unwatch", 1, SESSION_KEYS.or(NOSCRIPT).or(LOADING).or(STALE).or(FAST).or(ALLOW_BUSY), "2.2.0")
};

pub const WATCH: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO"], 1, -1, 1)],
    categories: &["transaction", "fast"],
    complexity: "O(N), N keys",
    summary: "Makes the next transaction fail if one of these keys changes first.",
    args: &[Arg::key("key").multiple()],
    ..row(
        "watch",
        -2,
        OWN_SESSION.or(IN_MULTI).or(NOSCRIPT).or(LOADING).or(STALE).or(FAST).or(ALLOW_BUSY),
        "2.2.0",
    )
};
