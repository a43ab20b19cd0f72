//! The verbs about users.

use crate::command::spec::{Arg, Flags, Spec};

use super::{ADMIN, LOADING, NOSCRIPT, STALE};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "server", since, ..Spec::new(name, arity, flags) }
}

/// A row of what only administrators do.
const fn admin_row(name: &'static str, arity: i32, since: &'static str) -> Spec {
    Spec {
        categories: &["admin", "slow", "dangerous"],
        ..row(name, arity, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), since)
    }
}

pub const ACL: Spec = Spec {
    categories: &["slow"],
    complexity: "By subcommand",
    summary: "Shows and changes users and what they may do.",
    ..row("acl", -2, Flags::NONE, "6.0.0")
};

pub const ACL_CAT: Spec = Spec {
    categories: &["slow"],
    summary: "Lists the categories of commands, or the commands of one.",
    args: &[Arg::string("categoryname").optional()],
    ..row("cat", -2, NOSCRIPT.or(LOADING).or(STALE), "6.0.0")
};

pub const ACL_DELUSER: Spec = Spec {
    complexity: "O(N), N clients",
    summary: "Removes users and closes their connections.",
    args: &[Arg::string("username").multiple()],
    ..admin_row("deluser", -3, "6.0.0")
};

pub const ACL_DRYRUN: Spec = Spec {
    summary: "Tells whether a user may run a command, which is not run.",
    args: &[Arg::string("username"), Arg::string("command"), Arg::string("arg").optional().multiple()],
    ..admin_row("dryrun", -4, "7.0.0")
};

pub const ACL_GENPASS: Spec = Spec {
    categories: &["slow"],
    summary: "Returns a new password from the system's source of secrets.",
    args: &[Arg::integer("bits").optional()],
    ..row("genpass", -2, NOSCRIPT.or(LOADING).or(STALE), "6.0.0")
};

pub const ACL_GETUSER: Spec = Spec {
    complexity: "O(N), N rules of the user",
    summary: "Returns what a user may do and the hashes of its passwords.",
    history: &[
        ("6.2.0", "Shows patterns of channels."),
        ("7.0.0", "Shows selectors; patterns are shown as rules."),
    ],
    args: &[Arg::string("username")],
    ..admin_row("getuser", 3, "6.0.0")
};

pub const ACL_HELP: Spec = Spec {
    categories: &["slow"],
    summary: "Lists the ACL subcommands.",
    ..row("help", 2, LOADING.or(STALE), "6.0.0")
};

pub const ACL_LIST: Spec = Spec {
    complexity: "O(N), N users",
    summary: "Returns every user as a line of a file of users.",
    ..admin_row("list", 2, "6.0.0")
};

pub const ACL_LOAD: Spec = Spec {
    complexity: "O(N), N users",
    summary: "Reads the file of users anew.",
    ..admin_row("load", 2, "6.0.0")
};

pub const ACL_LOG: Spec = Spec {
    complexity: "O(N), N entries shown",
    summary: "Returns or forgets what was denied lately.",
    history: &[("7.2.0", "Shows `entry-id`, `timestamp-created` and `timestamp-last-updated`.")],
    args: &[Arg::one_of("operation", &[Arg::integer("count"), Arg::word("reset", "RESET")]).optional()],
    ..admin_row("log", -2, "6.0.0")
};

pub const ACL_SAVE: Spec = Spec {
    complexity: "O(N), N users",
    summary: "Writes the file of users.",
    ..admin_row("save", 2, "6.0.0")
};

pub const ACL_SETUSER: Spec = Spec {
    complexity: "O(N), N rules",
    summary: "Makes a user, or changes what it may do.",
    history: &[
        ("6.2.0", "Patterns of channels."),
        ("7.0.0", "Selectors, and permissions to read or write keys."),
    ],
    args: &[Arg::string("username"), Arg::string("rule").optional().multiple()],
    ..admin_row("setuser", -3, "6.0.0")
};

pub const ACL_USERS: Spec = Spec {
    complexity: "O(N), N users",
    summary: "Lists the names of all users.",
    ..admin_row("users", 2, "6.0.0")
};

pub const ACL_WHOAMI: Spec = Spec {
    categories: &["slow"],
    summary: "Returns the name of the user of this connection.",
    ..row("whoami", 2, NOSCRIPT.or(LOADING).or(STALE), "6.0.0")
};
