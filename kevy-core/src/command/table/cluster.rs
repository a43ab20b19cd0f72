//! The verbs of a cluster.

use crate::command::spec::{Arg, Flags, Scope, Spec};

use super::{ADMIN, FAST, LOADING, NO_ASYNC_LOADING, NOSCRIPT, STALE};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "cluster", since, categories: &["slow"], ..Spec::new(name, arity, flags) }
}

/// A row for whoever manages a cluster.
const fn admin(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { categories: &["admin", "dangerous", "slow"], ..row(name, arity, ADMIN.or(STALE).or(flags), since) }
}

const VARYING: &[&str] = &["nondeterministic_output"];

pub const ASKING: Spec = Spec {
    categories: &["connection", "fast"],
    summary: "Does nothing: no slot is on its way between nodes.",
    ..row("asking", 1, FAST, "3.0.0")
};

pub const READONLY: Spec = Spec {
    categories: &["connection", "fast"],
    summary: "Does nothing: nodes have no replicas among themselves.",
    ..row("readonly", 1, FAST.or(LOADING).or(STALE), "3.0.0")
};

pub const READWRITE: Spec = Spec {
    categories: &["connection", "fast"],
    summary: "Does nothing: nodes have no replicas among themselves.",
    ..row("readwrite", 1, FAST.or(LOADING).or(STALE), "3.0.0")
};

pub const CLUSTER: Spec = Spec {
    complexity: "By subcommand",
    summary: "Shows the nodes of a cluster.",
    ..row("cluster", -2, Flags::NONE, "3.0.0")
};

pub const CLUSTER_ADDSLOTS: Spec = Spec {
    summary: "Refused: slots stay where they are.",
    args: &[Arg::integer("slot").multiple()],
    ..admin("addslots", -3, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_ADDSLOTSRANGE: Spec = Spec {
    summary: "Refused: slots stay where they are.",
    args: &[
        Arg::block("start-slot_end-slot", &[Arg::integer("start-slot"), Arg::integer("end-slot")]).multiple()
    ],
    ..admin("addslotsrange", -4, NO_ASYNC_LOADING, "7.0.0")
};

pub const CLUSTER_BUMPEPOCH: Spec = Spec {
    summary: "Returns the epoch, which never changes.",
    tips: VARYING,
    ..admin("bumpepoch", 2, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_COUNT_FAILURE_REPORTS: Spec = Spec {
    summary: "Returns 0: nodes do not fail alone.",
    tips: VARYING,
    args: &[Arg::string("node-id")],
    ..admin("count-failure-reports", 3, Flags::NONE, "3.0.0")
};

pub const CLUSTER_COUNTKEYSINSLOT: Spec = Spec {
    scope: Scope::Everything,
    complexity: "O(N), N keys of the node",
    summary: "Returns how many keys a slot has.",
    args: &[Arg::integer("slot")],
    ..row("countkeysinslot", 3, STALE, "3.0.0")
};

pub const CLUSTER_DELSLOTS: Spec = Spec {
    summary: "Refused: slots stay where they are.",
    args: &[Arg::integer("slot").multiple()],
    ..admin("delslots", -3, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_DELSLOTSRANGE: Spec = Spec {
    summary: "Refused: slots stay where they are.",
    args: &[
        Arg::block("start-slot_end-slot", &[Arg::integer("start-slot"), Arg::integer("end-slot")]).multiple()
    ],
    ..admin("delslotsrange", -4, NO_ASYNC_LOADING, "7.0.0")
};

pub const CLUSTER_FAILOVER: Spec = Spec {
    summary: "Refused: nodes have no replicas among themselves.",
    args: &[
        Arg::one_of("options", &[Arg::word("force", "FORCE"), Arg::word("takeover", "TAKEOVER")]).optional()
    ],
    ..admin("failover", -2, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_FLUSHSLOTS: Spec = Spec {
    summary: "Refused: slots stay where they are.",
    ..admin("flushslots", 2, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_FORGET: Spec = Spec {
    summary: "Refused: nodes stay together.",
    args: &[Arg::string("node-id")],
    ..admin("forget", 3, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_GETKEYSINSLOT: Spec = Spec {
    scope: Scope::Everything,
    complexity: "O(N), N keys of the node",
    summary: "Returns some keys of a slot.",
    tips: VARYING,
    args: &[Arg::integer("slot"), Arg::integer("count")],
    ..row("getkeysinslot", 4, STALE, "3.0.0")
};

pub const CLUSTER_HELP: Spec =
    Spec { summary: "Lists the CLUSTER subcommands.", ..row("help", 2, LOADING.or(STALE), "5.0.0") };

pub const CLUSTER_INFO: Spec =
    Spec { summary: "Describes the cluster in numbers.", tips: VARYING, ..row("info", 2, STALE, "3.0.0") };

pub const CLUSTER_KEYSLOT: Spec = Spec {
    summary: "Returns the slot of a key.",
    args: &[Arg::string("key")],
    ..row("keyslot", 3, STALE, "3.0.0")
};

pub const CLUSTER_LINKS: Spec = Spec {
    summary: "Returns the links between nodes, of which there are none.",
    tips: VARYING,
    ..row("links", 2, STALE, "7.0.0")
};

pub const CLUSTER_MEET: Spec = Spec {
    summary: "Refused: nodes stay together.",
    args: &[
        Arg::string("ip"),
        Arg::integer("port"),
        Arg::integer("cluster_bus_port").optional().since("4.0.0"),
    ],
    ..admin("meet", -4, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_MYID: Spec = Spec {
    summary: "Returns the id of the node that the client talks to.",
    ..row("myid", 2, STALE, "3.0.0")
};

pub const CLUSTER_MYSHARDID: Spec = Spec {
    summary: "Returns the id of that node's shard.",
    tips: VARYING,
    ..row("myshardid", 2, STALE, "7.2.0")
};

pub const CLUSTER_NODES: Spec =
    Spec { summary: "Describes every node in a line.", tips: VARYING, ..row("nodes", 2, STALE, "3.0.0") };

pub const CLUSTER_REPLICAS: Spec = Spec {
    summary: "Returns the replicas of a node, of which there are none.",
    tips: VARYING,
    args: &[Arg::string("node-id")],
    ..admin("replicas", 3, Flags::NONE, "5.0.0")
};

pub const CLUSTER_REPLICATE: Spec = Spec {
    summary: "Refused: nodes have no replicas among themselves.",
    args: &[Arg::string("node-id")],
    ..admin("replicate", 3, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_RESET: Spec = Spec {
    summary: "Refused: nodes stay together.",
    args: &[Arg::one_of("hard_soft", &[Arg::word("hard", "HARD"), Arg::word("soft", "SOFT")]).optional()],
    ..admin("reset", -2, NOSCRIPT, "3.0.0")
};

pub const CLUSTER_SAVECONFIG: Spec = Spec {
    summary: "Does nothing: there is no file of nodes.",
    ..admin("saveconfig", 2, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_SET_CONFIG_EPOCH: Spec = Spec {
    summary: "Refused: the epoch never changes.",
    args: &[Arg::integer("config-epoch")],
    ..admin("set-config-epoch", 3, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_SETSLOT: Spec = Spec {
    summary: "Refused: slots stay where they are.",
    args: &[
        Arg::integer("slot"),
        Arg::one_of(
            "subcommand",
            &[
                Arg::string("node-id").after("IMPORTING"),
                Arg::string("node-id").after("MIGRATING"),
                Arg::string("node-id").after("NODE"),
                Arg::word("stable", "STABLE"),
            ],
        ),
    ],
    ..admin("setslot", -4, NO_ASYNC_LOADING, "3.0.0")
};

pub const CLUSTER_SHARDS: Spec = Spec {
    summary: "Describes every shard with its slots and nodes.",
    tips: VARYING,
    ..row("shards", 2, STALE, "7.0.0")
};

pub const CLUSTER_SLAVES: Spec = Spec {
    summary: "Returns the replicas of a node, of which there are none.",
    tips: VARYING,
    args: &[Arg::string("node-id")],
    ..admin("slaves", 3, Flags::NONE, "3.0.0")
};

pub const CLUSTER_SLOTS: Spec = Spec {
    summary: "Returns which node serves which slots.",
    tips: VARYING,
    ..row("slots", 2, STALE, "3.0.0")
};
