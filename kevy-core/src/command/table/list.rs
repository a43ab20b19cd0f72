//! The list verbs.

use crate::command::spec::{Arg, Begin, Find, Flags, KeySpec, Scope, Spec, one_key};

use super::{DENYOOM, FAST, READONLY, WRITE, keys_at};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "list", since, ..Spec::new(name, arity, flags) }
}

const LEFT: Arg = Arg::word("left", "LEFT");
const RIGHT: Arg = Arg::word("right", "RIGHT");

pub const LINDEX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "list", "slow"],
    complexity: "O(N), N elements between the index and the nearer end",
    summary: "Returns the element of a list at an index.",
    args: &[Arg::key("key"), Arg::integer("index")],
    ..row("lindex", 3, READONLY, "1.0.0")
};

pub const LINSERT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "insert"])],
    categories: &["write", "list", "slow"],
    complexity: "O(N), N elements before the pivot",
    summary: "Puts an element before or after the first one of a list that equals another.",
    args: &[
        Arg::key("key"),
        Arg::one_of("where", &[Arg::word("before", "BEFORE"), Arg::word("after", "AFTER")]),
        Arg::string("pivot"),
        Arg::string("element"),
    ],
    ..row("linsert", 5, WRITE.or(DENYOOM), "2.2.0")
};

pub const LLEN: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "list", "fast"],
    summary: "Returns how many elements a list has.",
    args: &[Arg::key("key")],
    ..row("llen", 2, READONLY.or(FAST), "1.0.0")
};

pub const LMOVE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RW", "access", "delete"], 1, 0, 1), keys_at(&["RW", "insert"], 2, 0, 1)],
    categories: &["write", "list", "slow"],
    summary: "Moves an element from an end of one list to an end of another, or of the same, and returns it.",
    args: &[
        Arg::key("source"),
        Arg::key("destination"),
        Arg::one_of("wherefrom", &[LEFT, RIGHT]),
        Arg::one_of("whereto", &[LEFT, RIGHT]),
    ],
    ..row("lmove", 5, WRITE.or(DENYOOM), "6.2.0")
};

pub const LMPOP: Spec = Spec {
    scope: Scope::Keys,
    keys: &[KeySpec {
        flags: &["RW", "access", "delete"],
        begin: Begin::Index(1),
        find: Find::Count { count: 0, first: 1, step: 1 },
    }],
    categories: &["write", "list", "slow"],
    complexity: "O(N+M), N keys and M elements returned",
    summary: "Removes elements from an end of the first list that has any, and returns them with its key.",
    args: &[
        Arg::integer("numkeys"),
        Arg::key("key").multiple(),
        Arg::one_of("where", &[LEFT, RIGHT]),
        Arg::integer("count").after("COUNT").optional(),
    ],
    ..row("lmpop", -4, WRITE.or(Flags::MOVABLE_KEYS), "7.0.0")
};

pub const LPOP: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "delete"])],
    categories: &["write", "list", "fast"],
    complexity: "O(N), N elements returned",
    summary: "Removes elements from the head of a list and returns them; the last one takes the key with it.",
    history: &[("6.2.0", "The argument `count`.")],
    args: &[Arg::key("key"), Arg::integer("count").optional().since("6.2.0")],
    ..row("lpop", -2, WRITE.or(FAST), "1.0.0")
};

pub const LPOS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "list", "slow"],
    complexity: "O(N), N elements looked at",
    summary: "Returns at which indexes of a list an element is.",
    args: &[
        Arg::key("key"),
        Arg::string("element"),
        Arg::integer("rank").after("RANK").optional(),
        Arg::integer("num-matches").after("COUNT").optional(),
        Arg::integer("len").after("MAXLEN").optional(),
    ],
    ..row("lpos", -3, READONLY, "6.0.6")
};

pub const LPUSH: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "insert"])],
    categories: &["write", "list", "fast"],
    complexity: "O(N), N elements added",
    summary: "Adds elements at the head of a list, one after another.",
    history: &[("2.4.0", "Several elements.")],
    args: &[Arg::key("key"), Arg::string("element").multiple()],
    ..row("lpush", -3, WRITE.or(DENYOOM).or(FAST), "1.0.0")
};

pub const LPUSHX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "insert"])],
    categories: &["write", "list", "fast"],
    complexity: "O(N), N elements added",
    summary: "Adds elements at the head of a list if there is one.",
    history: &[("4.0.0", "Several elements.")],
    args: &[Arg::key("key"), Arg::string("element").multiple()],
    ..row("lpushx", -3, WRITE.or(DENYOOM).or(FAST), "2.2.0")
};

pub const LRANGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "list", "slow"],
    complexity: "O(S+N), S elements between the start and the nearer end, and N elements returned",
    summary: "Returns the elements of a list between two indexes.",
    args: &[Arg::key("key"), Arg::integer("start"), Arg::integer("stop")],
    ..row("lrange", 4, READONLY, "1.0.0")
};

pub const LREM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "list", "slow"],
    complexity: "O(N), N elements in the list",
    summary: "Removes the elements of a list that equal another: all, or some from one end.",
    args: &[Arg::key("key"), Arg::integer("count"), Arg::string("element")],
    ..row("lrem", 4, WRITE, "1.0.0")
};

pub const LSET: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "list", "slow"],
    complexity: "O(N), N elements between the index and the nearer end",
    summary: "Puts an element in the place of the one at an index of a list.",
    args: &[Arg::key("key"), Arg::integer("index"), Arg::string("element")],
    ..row("lset", 4, WRITE.or(DENYOOM), "1.0.0")
};

pub const LTRIM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "list", "slow"],
    complexity: "O(N), N elements removed",
    summary: "Removes the elements of a list that are not between two indexes.",
    args: &[Arg::key("key"), Arg::integer("start"), Arg::integer("stop")],
    ..row("ltrim", 4, WRITE, "1.0.0")
};

pub const RPOP: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "delete"])],
    categories: &["write", "list", "fast"],
    complexity: "O(N), N elements returned",
    summary: "Removes elements from the tail of a list and returns them; the last one takes the key with it.",
    history: &[("6.2.0", "The argument `count`.")],
    args: &[Arg::key("key"), Arg::integer("count").optional().since("6.2.0")],
    ..row("rpop", -2, WRITE.or(FAST), "1.0.0")
};

pub const RPOPLPUSH: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["RW", "access", "delete"], 1, 0, 1), keys_at(&["RW", "insert"], 2, 0, 1)],
    categories: &["write", "list", "slow"],
    summary: "LMOVE from the tail of one list to the head of another.",
    args: &[Arg::key("source"), Arg::key("destination")],
    ..row("rpoplpush", 3, WRITE.or(DENYOOM), "1.2.0")
};

pub const RPUSH: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "insert"])],
    categories: &["write", "list", "fast"],
    complexity: "O(N), N elements added",
    summary: "Adds elements at the tail of a list, one after another.",
    history: &[("2.4.0", "Several elements.")],
    args: &[Arg::key("key"), Arg::string("element").multiple()],
    ..row("rpush", -3, WRITE.or(DENYOOM).or(FAST), "1.0.0")
};

pub const RPUSHX: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "insert"])],
    categories: &["write", "list", "fast"],
    complexity: "O(N), N elements added",
    summary: "Adds elements at the tail of a list if there is one.",
    history: &[("4.0.0", "Several elements.")],
    args: &[Arg::key("key"), Arg::string("element").multiple()],
    ..row("rpushx", -3, WRITE.or(DENYOOM).or(FAST), "2.2.0")
};
