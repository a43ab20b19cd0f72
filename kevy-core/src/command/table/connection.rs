//! The verbs about the connection itself.

use crate::command::spec::{Arg, Flags, Scope, Spec};

use super::{
    ADMIN, ALLOW_BUSY, FAST, IN_MULTI, LOADING, NO_AUTH, NOSCRIPT, OWN_SESSION, SESSION_KEYS, STALE,
};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "connection", since, ..Spec::new(name, arity, flags) }
}

pub const AUTH: Spec = Spec {
    categories: &["connection", "fast"],
    complexity: "O(N), N passwords of the user",
    summary: "Proves who the client is.",
    history: &[("6.0.0", "A user name may come before the password.")],
    args: &[Arg::string("username").optional().since("6.0.0"), Arg::string("password")],
    ..row("auth", -2, NOSCRIPT.or(LOADING).or(STALE).or(FAST).or(NO_AUTH).or(ALLOW_BUSY), "1.0.0")
};

pub const CLIENT: Spec = Spec {
    categories: &["slow"],
    complexity: "By subcommand",
    summary: "Shows and manages client connections.",
    ..row("client", -2, Flags::NONE, "2.4.0")
};

pub const CLIENT_CACHING: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Says whether the keys of the next command are remembered, where that is left to the client.",
    args: &[Arg::one_of("mode", &[Arg::word("yes", "YES"), Arg::word("no", "NO")])],
    ..row("caching", 3, NOSCRIPT.or(LOADING).or(STALE), "6.0.0")
};

pub const CLIENT_GETNAME: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Returns the name this connection was given.",
    ..row("getname", 2, NOSCRIPT.or(LOADING).or(STALE), "2.6.9")
};

pub const CLIENT_GETREDIR: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Returns the client that invalidation messages are redirected to, -1 for none.",
    ..row("getredir", 2, NOSCRIPT.or(LOADING).or(STALE), "6.0.0")
};

pub const CLIENT_HELP: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Lists the CLIENT subcommands.",
    ..row("help", 2, LOADING.or(STALE), "5.0.0")
};

pub const CLIENT_ID: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Returns the number of this connection.",
    ..row("id", 2, NOSCRIPT.or(LOADING).or(STALE), "5.0.0")
};

pub const CLIENT_INFO: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Describes this connection in the form of CLIENT LIST.",
    tips: &["nondeterministic_output"],
    ..row("info", 2, NOSCRIPT.or(LOADING).or(STALE), "6.2.0")
};

pub const CLIENT_KILL: Spec = Spec {
    categories: &["admin", "dangerous", "connection", "slow"],
    complexity: "O(N), N connections",
    summary: "Closes the connections that match.",
    history: &[
        ("2.8.12", "Filters by name and value, `ID` among them."),
        ("3.2.0", "`TYPE master`."),
        ("5.0.0", "`TYPE replica` beside the older `slave`."),
        ("6.2.0", "`LADDR`."),
        ("7.4.0", "`MAXAGE`."),
    ],
    args: &[Arg::one_of(
        "filter",
        &[
            Arg::string("ip:port"),
            Arg::one_of(
                "new-format",
                &[
                    Arg::integer("client-id").after("ID").optional().since("2.8.12"),
                    Arg::one_of(
                        "normal_master_slave_pubsub",
                        &[
                            Arg::word("normal", "NORMAL"),
                            Arg::word("master", "MASTER").since("3.2.0"),
                            Arg::word("slave", "SLAVE"),
                            Arg::word("replica", "REPLICA").since("5.0.0"),
                            Arg::word("pubsub", "PUBSUB"),
                        ],
                    )
                    .after("TYPE")
                    .optional()
                    .since("2.8.12"),
                    Arg::string("username").after("USER").optional(),
                    Arg::string("ip:port").after("ADDR").optional(),
                    Arg::string("ip:port").after("LADDR").optional().since("6.2.0"),
                    Arg::string("yes/no").after("SKIPME").optional(),
                    Arg::integer("maxage").after("MAXAGE").optional().since("7.4.0"),
                ],
            )
            .multiple(),
        ],
    )],
    ..row("kill", -3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.4.0")
};

pub const CLIENT_LIST: Spec = Spec {
    categories: &["admin", "dangerous", "connection", "slow"],
    complexity: "O(N), N connections",
    summary: "Describes the connected clients, one a line.",
    history: &[
        ("2.8.12", "Shows `id`."),
        ("5.0.0", "`TYPE`."),
        ("6.0.0", "Shows `user`."),
        ("6.2.0", "`ID`; shows `argv-mem`, `tot-mem`, `laddr` and `redir`."),
        ("7.0.0", "Shows `resp`, `multi-mem`, `rbs` and `rbp`."),
        ("7.0.3", "Shows `ssub`."),
        ("7.2.0", "Shows `lib-name` and `lib-ver`."),
    ],
    tips: &["nondeterministic_output"],
    args: &[
        Arg::one_of(
            "normal_master_replica_pubsub",
            &[
                Arg::word("normal", "NORMAL"),
                Arg::word("master", "MASTER"),
                Arg::word("replica", "REPLICA"),
                Arg::word("pubsub", "PUBSUB"),
            ],
        )
        .after("TYPE")
        .optional()
        .since("5.0.0"),
        Arg::block("id", &[Arg::integer("client-id").multiple()]).after("ID").optional().since("6.2.0"),
    ],
    ..row("list", -2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.4.0")
};

pub const CLIENT_NO_EVICT: Spec = Spec {
    categories: &["admin", "dangerous", "connection", "slow"],
    summary: "Keeps this connection out of the eviction of clients.",
    args: &[Arg::one_of("enabled", &[Arg::word("on", "ON"), Arg::word("off", "OFF")])],
    ..row("no-evict", 3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "7.0.0")
};

pub const CLIENT_NO_TOUCH: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Lets this connection read keys without marking them as used.",
    args: &[Arg::one_of("enabled", &[Arg::word("on", "ON"), Arg::word("off", "OFF")])],
    ..row("no-touch", 3, NOSCRIPT.or(LOADING).or(STALE), "7.2.0")
};

pub const CLIENT_PAUSE: Spec = Spec {
    scope: Scope::Everything,
    categories: &["admin", "dangerous", "connection", "slow"],
    summary: "Holds clients' commands back for a while.",
    history: &[("3.2.10", "Clients' commands wait, replicas' do not."), ("6.2.0", "`WRITE`.")],
    args: &[
        Arg::integer("timeout"),
        Arg::one_of("mode", &[Arg::word("write", "WRITE"), Arg::word("all", "ALL")])
            .optional()
            .since("6.2.0"),
    ],
    ..row("pause", -3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "2.9.50")
};

pub const CLIENT_UNPAUSE: Spec = Spec {
    scope: Scope::Everything,
    categories: &["admin", "dangerous", "connection", "slow"],
    complexity: "O(N), N clients that wait",
    summary: "Lets clients go on before the end of a pause.",
    ..row("unpause", 2, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "6.2.0")
};

pub const CLIENT_REPLY: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Turns replies to this connection on or off.",
    args: &[Arg::one_of(
        "on_off_skip",
        &[Arg::word("on", "ON"), Arg::word("off", "OFF"), Arg::word("skip", "SKIP")],
    )],
    ..row("reply", 3, NOSCRIPT.or(LOADING).or(STALE), "3.2.0")
};

pub const CLIENT_SETINFO: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Tells the server which client library this connection uses.",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    args: &[Arg::one_of(
        "attr",
        &[Arg::string("libname").after("LIB-NAME"), Arg::string("libver").after("LIB-VER")],
    )],
    ..row("setinfo", 4, NOSCRIPT.or(LOADING).or(STALE), "7.2.0")
};

pub const CLIENT_SETNAME: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Gives this connection a name.",
    args: &[Arg::string("connection-name")],
    ..row("setname", 3, NOSCRIPT.or(LOADING).or(STALE), "2.6.9")
};

pub const CLIENT_TRACKING: Spec = Spec {
    scope: Scope::Everything,
    categories: &["connection", "slow"],
    complexity: "O(N), N shards",
    summary: "Starts or stops telling this client which keys in its cache have changed.",
    args: &[
        Arg::one_of("status", &[Arg::word("on", "ON"), Arg::word("off", "OFF")]),
        Arg::integer("client-id").after("REDIRECT").optional(),
        Arg::string("prefix").after("PREFIX").optional().multiple().multiple_token(),
        Arg::word("bcast", "BCAST").optional(),
        Arg::word("optin", "OPTIN").optional(),
        Arg::word("optout", "OPTOUT").optional(),
        Arg::word("noloop", "NOLOOP").optional(),
    ],
    ..row("tracking", -3, OWN_SESSION.or(NOSCRIPT).or(LOADING).or(STALE), "6.0.0")
};

pub const CLIENT_TRACKINGINFO: Spec = Spec {
    categories: &["connection", "slow"],
    summary: "Tells how this connection follows changes of the keys it has read.",
    ..row("trackinginfo", 2, NOSCRIPT.or(LOADING).or(STALE), "6.2.0")
};

pub const CLIENT_UNBLOCK: Spec = Spec {
    categories: &["admin", "slow", "dangerous", "connection"],
    complexity: "O(log N), N clients",
    summary: "Ends the wait of another client's blocking command.",
    args: &[
        Arg::integer("client-id"),
        Arg::one_of("timeout_error", &[Arg::word("timeout", "TIMEOUT"), Arg::word("error", "ERROR")])
            .optional(),
    ],
    ..row("unblock", -3, ADMIN.or(NOSCRIPT).or(LOADING).or(STALE), "5.0.0")
};

pub const ECHO: Spec = Spec {
    categories: &["connection", "fast"],
    summary: "Returns its argument.",
    args: &[Arg::string("message")],
    ..row("echo", 2, LOADING.or(STALE).or(FAST), "1.0.0")
};

pub const HELLO: Spec = Spec {
    categories: &["connection", "fast"],
    summary: "Chooses the protocol version and tells about the server.",
    history: &[("6.2.0", "The version may be left out.")],
    args: &[Arg::block(
        "arguments",
        &[
            Arg::integer("protover"),
            Arg::block("username_password", &[Arg::string("username"), Arg::string("password")])
                .after("AUTH")
                .optional(),
            Arg::string("clientname").after("SETNAME").optional(),
        ],
    )
    .optional()],
    ..row("hello", -1, NOSCRIPT.or(LOADING).or(STALE).or(FAST).or(NO_AUTH).or(ALLOW_BUSY), "6.0.0")
};

pub const PING: Spec = Spec {
    categories: &["connection", "fast"],
    summary: "Answers, to show that the server does.",
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    args: &[Arg::string("message").optional()],
    ..row("ping", -1, FAST, "1.0.0")
};

pub const QUIT: Spec = Spec {
    categories: &["connection", "fast"],
    summary: "Closes the connection after the reply.",
    ..row(
        "quit",
        -1,
        IN_MULTI.or(NOSCRIPT).or(LOADING).or(STALE).or(FAST).or(NO_AUTH).or(ALLOW_BUSY),
        "1.0.0",
    )
};

pub const RESET: Spec = Spec {
    categories: &["connection", "fast"],
    summary: "Puts the connection back to how it was when it opened.",
    ..row(
        "reset",
        1,
        SESSION_KEYS.or(IN_MULTI).or(NOSCRIPT).or(LOADING).or(STALE).or(FAST).or(NO_AUTH).or(ALLOW_BUSY),
        "6.2.0",
    )
};

pub const SELECT: Spec = Spec {
    categories: &["connection", "fast"],
    summary: "Chooses the database later commands use.",
    args: &[Arg::integer("index")],
    ..row("select", 2, LOADING.or(STALE).or(FAST), "1.0.0")
};
