//! The JSON verbs. Their group and versions are those of RedisJSON, a module.

use crate::command::spec::{Arg, Begin, Find, Flags, KeySpec, Scope, Spec, one_key};

use super::{DENYOOM, READONLY, WRITE, keys_at};

const WRITES: &[&str] = &["write", "json", "slow"];
const READS: &[&str] = &["read", "json", "slow"];

const ONE_PLACE: &str = "O(1) for one place, O(N) for a path that leads to many of N values";
const ELEMENTS: &str = "O(N), N elements or, for a path that leads to many places, values of the document";
const REMOVED: &str =
    "O(N), N values removed or, for a path that leads to many places, values of the document";
const SETTING: &str =
    "O(M+N), M values that are there and N new ones, or O(M*N) for a path that leads to many places";

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "module", since, ..Spec::new(name, arity, flags) }
}

pub const ARRAPPEND: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "insert"])],
    categories: WRITES,
    complexity: ONE_PLACE,
    summary: "Appends values to the arrays at a path.",
    args: &[Arg::key("key"), Arg::string("path"), Arg::string("value").multiple()],
    ..row("json.arrappend", -4, WRITE.or(DENYOOM), "1.0.0")
};

pub const ARRINDEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: READS,
    complexity: ELEMENTS,
    summary: "Returns where a value first stands in the arrays at a path.",
    args: &[
        Arg::key("key"),
        Arg::string("path"),
        Arg::string("value"),
        Arg::block("range", &[Arg::integer("start"), Arg::integer("stop").optional()]).optional(),
    ],
    ..row("json.arrindex", -4, READONLY, "1.0.0")
};

pub const ARRINSERT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "insert"])],
    categories: WRITES,
    complexity: ELEMENTS,
    summary: "Inserts values before an index of the arrays at a path.",
    args: &[Arg::key("key"), Arg::string("path"), Arg::integer("index"), Arg::string("value").multiple()],
    ..row("json.arrinsert", -5, WRITE.or(DENYOOM), "1.0.0")
};

pub const ARRLEN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: READS,
    complexity: ONE_PLACE,
    summary: "Returns how many elements the arrays at a path have.",
    args: &[Arg::key("key"), Arg::string("path").optional()],
    ..row("json.arrlen", -2, READONLY, "1.0.0")
};

pub const ARRPOP: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "delete"])],
    categories: WRITES,
    complexity: "O(N), N elements behind the index or, for a path that leads to many places, values of the document",
    summary: "Removes an element of the arrays at a path and returns it; the last one unless an index is given.",
    args: &[
        Arg::key("key"),
        Arg::block("path", &[Arg::string("path"), Arg::integer("index").optional()]).optional(),
    ],
    ..row("json.arrpop", -2, WRITE, "1.0.0")
};

pub const ARRTRIM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: WRITES,
    complexity: ELEMENTS,
    summary: "Keeps a range of the arrays at a path.",
    args: &[Arg::key("key"), Arg::string("path"), Arg::integer("start"), Arg::integer("stop")],
    ..row("json.arrtrim", 5, WRITE, "1.0.0")
};

pub const CLEAR: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: WRITES,
    complexity: REMOVED,
    summary: "Empties the arrays and objects at a path and sets numbers to 0.",
    args: &[Arg::key("key"), Arg::string("path").optional()],
    ..row("json.clear", -2, WRITE, "2.0.0")
};

pub const DEL: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: WRITES,
    complexity: REMOVED,
    summary: "Removes the values at a path, or the key.",
    args: &[Arg::key("key"), Arg::string("path").optional()],
    ..row("json.del", -2, WRITE, "1.0.0")
};

pub const FORGET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: WRITES,
    complexity: REMOVED,
    summary: "Another name of JSON.DEL.",
    args: &[Arg::key("key"), Arg::string("path").optional()],
    ..row("json.forget", -2, WRITE, "1.0.0")
};

pub const GET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: READS,
    complexity: "O(N), N values of the document",
    summary: "Returns the values at paths as JSON text.",
    args: &[
        Arg::key("key"),
        Arg::string("indent").after("INDENT").optional(),
        Arg::string("newline").after("NEWLINE").optional(),
        Arg::string("space").after("SPACE").optional(),
        Arg::string("path").optional().multiple(),
    ],
    ..row("json.get", -2, READONLY, "1.0.0")
};

pub const MERGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: WRITES,
    complexity: SETTING,
    summary: "Merges a value into those at a path, as RFC 7396 says.",
    args: &[Arg::key("key"), Arg::string("path"), Arg::string("value")],
    ..row("json.merge", 4, WRITE.or(DENYOOM), "2.6.0")
};

pub const MGET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RO", "access"], 1, -2, 1)],
    categories: READS,
    complexity: "O(M*N), M keys with documents of N values",
    summary: "Returns the values at one path in several keys.",
    args: &[Arg::key("key").multiple(), Arg::string("path")],
    ..row("json.mget", -3, READONLY, "1.0.0")
};

pub const MSET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RW", "update"], 1, -1, 3)],
    categories: WRITES,
    complexity: "O(K*(M+N)), K keys with M values that are there and N new ones",
    summary: "Sets values at paths of several keys, all of them or none.",
    args: &[Arg::block("triplet", &[Arg::key("key"), Arg::string("path"), Arg::string("value")]).multiple()],
    ..row("json.mset", -4, WRITE.or(DENYOOM), "2.6.0")
};

pub const NUMINCRBY: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: WRITES,
    complexity: ONE_PLACE,
    summary: "Adds a number to those at a path.",
    args: &[Arg::key("key"), Arg::string("path"), Arg::double("value")],
    ..row("json.numincrby", 4, WRITE.or(DENYOOM), "1.0.0")
};

pub const NUMMULTBY: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: WRITES,
    complexity: ONE_PLACE,
    summary: "Multiplies the numbers at a path.",
    args: &[Arg::key("key"), Arg::string("path"), Arg::double("value")],
    ..row("json.nummultby", 4, WRITE.or(DENYOOM), "1.0.0")
};

pub const OBJKEYS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: READS,
    complexity: "O(N), N names or, for a path that leads to many places, values of the document",
    summary: "Returns the names of the members of the objects at a path.",
    args: &[Arg::key("key"), Arg::string("path").optional()],
    ..row("json.objkeys", -2, READONLY, "1.0.0")
};

pub const OBJLEN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: READS,
    complexity: ONE_PLACE,
    summary: "Returns how many members the objects at a path have.",
    args: &[Arg::key("key"), Arg::string("path").optional()],
    ..row("json.objlen", -2, READONLY, "1.0.0")
};

pub const RESP: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: READS,
    complexity: "O(N), N values at the path",
    summary: "Returns the values at a path as RESP instead of text.",
    args: &[Arg::key("key"), Arg::string("path").optional()],
    ..row("json.resp", -2, READONLY, "1.0.0")
};

pub const SET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: WRITES,
    complexity: SETTING,
    summary: "Sets the values at a path, or the whole document.",
    args: &[
        Arg::key("key"),
        Arg::string("path"),
        Arg::string("value"),
        Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")]).optional(),
    ],
    ..row("json.set", -4, WRITE.or(DENYOOM), "1.0.0")
};

pub const STRAPPEND: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: WRITES,
    complexity: ONE_PLACE,
    summary: "Appends to the strings at a path.",
    args: &[Arg::key("key"), Arg::string("path").optional(), Arg::string("value")],
    ..row("json.strappend", -3, WRITE.or(DENYOOM), "1.0.0")
};

pub const STRLEN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: READS,
    complexity: ONE_PLACE,
    summary: "Returns how many bytes the strings at a path have.",
    args: &[Arg::key("key"), Arg::string("path").optional()],
    ..row("json.strlen", -2, READONLY, "1.0.0")
};

pub const TOGGLE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: WRITES,
    complexity: ONE_PLACE,
    summary: "Turns the booleans at a path into their opposites.",
    args: &[Arg::key("key"), Arg::string("path")],
    ..row("json.toggle", 3, WRITE, "2.0.0")
};

pub const TYPE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: READS,
    complexity: ONE_PLACE,
    summary: "Returns the types of the values at a path.",
    args: &[Arg::key("key"), Arg::string("path").optional()],
    ..row("json.type", -2, READONLY, "1.0.0")
};

pub const DEBUG: Spec =
    Spec { categories: READS, summary: "Looks into documents.", ..row("json.debug", -2, READONLY, "1.0.0") };

pub const DEBUG_HELP: Spec = Spec {
    categories: READS,
    summary: "Lists the JSON.DEBUG subcommands.",
    ..row("help", 2, READONLY, "1.0.0")
};

pub const DEBUG_MEMORY: Spec = Spec {
    scope: Scope::Keys,
    keys: &[KeySpec {
        flags: &["RO"],
        begin: Begin::Index(2),
        find: Find::Range { last: 0, step: 1, limit: 0 },
    }],
    categories: READS,
    complexity: "O(N), N values at the path",
    summary: "Returns how many bytes the values at a path take.",
    args: &[Arg::key("key"), Arg::string("path").optional()],
    ..row("memory", -3, READONLY, "1.0.0")
};
