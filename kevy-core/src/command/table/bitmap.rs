//! The verbs of strings as sequences of bits.

use crate::command::spec::{Arg, Flags, Scope, Spec, one_key};

use super::{DENYOOM, FAST, READONLY, WRITE, keys_at};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "bitmap", since, ..Spec::new(name, arity, flags) }
}

const UNIT: Arg =
    Arg::one_of("unit", &[Arg::word("byte", "BYTE"), Arg::word("bit", "BIT")]).optional().since("7.0.0");

pub const BITCOUNT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "bitmap", "slow"],
    complexity: "O(N), N bytes looked at",
    summary: "Counts the bits that are set in a string or a part of it.",
    history: &[("7.0.0", "`BYTE` and `BIT`.")],
    args: &[
        Arg::key("key"),
        Arg::block("range", &[Arg::integer("start"), Arg::integer("end"), UNIT]).optional(),
    ],
    ..row("bitcount", -2, READONLY, "2.6.0")
};

pub const BITFIELD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update", "variable_flags"])],
    categories: &["write", "bitmap", "slow"],
    complexity: "O(1) an operation",
    summary: "Reads, sets and adds to integers of any width at any bit of a string.",
    args: &[
        Arg::key("key"),
        Arg::one_of(
            "operation",
            &[
                Arg::block("get-block", &[Arg::string("encoding"), Arg::integer("offset")]).after("GET"),
                Arg::block(
                    "write",
                    &[
                        Arg::one_of(
                            "overflow-block",
                            &[Arg::word("wrap", "WRAP"), Arg::word("sat", "SAT"), Arg::word("fail", "FAIL")],
                        )
                        .after("OVERFLOW")
                        .optional(),
                        Arg::one_of(
                            "write-operation",
                            &[
                                Arg::block(
                                    "set-block",
                                    &[Arg::string("encoding"), Arg::integer("offset"), Arg::integer("value")],
                                )
                                .after("SET"),
                                Arg::block(
                                    "incrby-block",
                                    &[
                                        Arg::string("encoding"),
                                        Arg::integer("offset"),
                                        Arg::integer("increment"),
                                    ],
                                )
                                .after("INCRBY"),
                            ],
                        ),
                    ],
                ),
            ],
        )
        .optional()
        .multiple(),
    ],
    ..row("bitfield", -2, WRITE.or(DENYOOM), "3.2.0")
};

pub const BITFIELD_RO: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "bitmap", "fast"],
    complexity: "O(1) an operation",
    summary: "Reads integers of any width at any bit of a string.",
    args: &[
        Arg::key("key"),
        Arg::block("get-block", &[Arg::string("encoding"), Arg::integer("offset")])
            .after("GET")
            .optional()
            .multiple()
            .multiple_token(),
    ],
    ..row("bitfield_ro", -2, READONLY.or(FAST), "6.0.0")
};

pub const BITOP: Spec = Spec {
    scope: Scope::Keys,
    keys: &[keys_at(&["OW", "update"], 2, 0, 1), keys_at(&["RO", "access"], 3, -1, 1)],
    categories: &["write", "bitmap", "slow"],
    complexity: "O(N), N bytes of all strings",
    summary: "Combines strings bit by bit and stores the result.",
    history: &[("8.2.0", "`DIFF`, `DIFF1`, `ANDOR` and `ONE`.")],
    args: &[
        Arg::one_of(
            "operation",
            &[
                Arg::word("and", "AND"),
                Arg::word("or", "OR"),
                Arg::word("xor", "XOR"),
                Arg::word("not", "NOT"),
                Arg::word("diff", "DIFF").since("8.2.0"),
                Arg::word("diff1", "DIFF1").since("8.2.0"),
                Arg::word("andor", "ANDOR").since("8.2.0"),
                Arg::word("one", "ONE").since("8.2.0"),
            ],
        ),
        Arg::key("destkey"),
        Arg::key("key").multiple(),
    ],
    ..row("bitop", -4, WRITE.or(DENYOOM), "2.6.0")
};

pub const BITPOS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "bitmap", "slow"],
    complexity: "O(N), N bytes looked at",
    summary: "Finds the first bit of a string, or of a part of it, that is set or clear.",
    history: &[("7.0.0", "`BYTE` and `BIT`.")],
    args: &[
        Arg::key("key"),
        Arg::integer("bit"),
        Arg::block(
            "range",
            &[Arg::integer("start"), Arg::block("end-unit-block", &[Arg::integer("end"), UNIT]).optional()],
        )
        .optional(),
    ],
    ..row("bitpos", -3, READONLY, "2.8.7")
};

pub const GETBIT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "bitmap", "fast"],
    summary: "Returns one bit of a string.",
    args: &[Arg::key("key"), Arg::integer("offset")],
    ..row("getbit", 3, READONLY.or(FAST), "2.2.0")
};

pub const SETBIT: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "access", "update"])],
    categories: &["write", "bitmap", "slow"],
    summary: "Sets or clears one bit of a string, filling any gap with zeros, and returns what it was.",
    args: &[Arg::key("key"), Arg::integer("offset"), Arg::integer("value")],
    ..row("setbit", 4, WRITE.or(DENYOOM), "2.2.0")
};
