//! The verbs of vector sets, as Redis 8 has them.

use crate::command::spec::{Arg, Flags, Scope, Spec, one_key};

use super::{DENYOOM, FAST, READONLY, WRITE};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "vector_set", since, ..Spec::new(name, arity, flags) }
}

/// A vector, in bytes or as numbers.
const VECTOR: Arg = Arg::one_of(
    "format",
    &[
        Arg::string("vector").after("FP32"),
        Arg::block("values", &[Arg::integer("dimension"), Arg::double("value").multiple()]).after("VALUES"),
    ],
);

pub const VADD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "vectorset", "slow"],
    complexity: "O(log(N)), N elements in the set",
    summary: "Adds an element with its vector to a vector set, creating the set where there is none.",
    args: &[
        Arg::key("key"),
        Arg::integer("dimension").after("REDUCE").optional(),
        VECTOR,
        Arg::string("element"),
        Arg::word("cas", "CAS").optional(),
        Arg::one_of(
            "quantization",
            &[Arg::word("noquant", "NOQUANT"), Arg::word("q8", "Q8"), Arg::word("bin", "BIN")],
        )
        .optional(),
        Arg::integer("candidates").after("EF").optional(),
        Arg::string("attributes").after("SETATTR").optional(),
        Arg::integer("links").after("M").optional(),
    ],
    ..row("vadd", -5, WRITE.or(DENYOOM), "8.0.0")
};

pub const VCARD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "vectorset", "fast"],
    summary: "Returns how many elements a vector set has.",
    args: &[Arg::key("key")],
    ..row("vcard", 2, READONLY.or(FAST), "8.0.0")
};

pub const VDIM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "vectorset", "fast"],
    summary: "Returns how many components the vectors of a vector set have.",
    args: &[Arg::key("key")],
    ..row("vdim", 2, READONLY.or(FAST), "8.0.0")
};

pub const VEMB: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "vectorset", "fast"],
    complexity: "O(D), D components",
    summary: "Returns the vector of an element, as far as it was kept.",
    args: &[Arg::key("key"), Arg::string("element"), Arg::word("raw", "RAW").optional()],
    ..row("vemb", -3, READONLY.or(FAST), "8.0.0")
};

pub const VGETATTR: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "vectorset", "fast"],
    summary: "Returns the attributes of an element.",
    args: &[Arg::key("key"), Arg::string("element")],
    ..row("vgetattr", 3, READONLY.or(FAST), "8.0.0")
};

pub const VINFO: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "vectorset", "fast"],
    summary: "Returns what a vector set is like.",
    args: &[Arg::key("key")],
    ..row("vinfo", 2, READONLY.or(FAST), "8.0.0")
};

pub const VISMEMBER: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO"])],
    categories: &["read", "vectorset", "fast"],
    summary: "Tells whether a vector set has an element.",
    args: &[Arg::key("key"), Arg::string("element")],
    ..row("vismember", 3, READONLY.or(FAST), "8.2.0")
};

pub const VLINKS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "vectorset", "fast"],
    summary: "Returns which elements an element is linked to on each level, the highest first.",
    args: &[Arg::key("key"), Arg::string("element"), Arg::word("withscores", "WITHSCORES").optional()],
    ..row("vlinks", -3, READONLY.or(FAST), "8.0.0")
};

pub const VRANDMEMBER: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "vectorset", "slow"],
    complexity: "O(N), N elements returned",
    summary: "Picks elements of a vector set at random.",
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key"), Arg::integer("count").optional()],
    ..row("vrandmember", -2, READONLY, "8.0.0")
};

pub const VRANGE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "vectorset", "slow"],
    complexity: "O(log(N)+M), N elements in the set and M returned",
    summary: "Returns the elements between two names, in the order of names.",
    args: &[Arg::key("key"), Arg::string("start"), Arg::string("end"), Arg::integer("count").optional()],
    ..row("vrange", -4, READONLY, "8.4.0")
};

pub const VREM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "delete"])],
    categories: &["write", "vectorset", "slow"],
    complexity: "O(log(N)), N elements in the set",
    summary: "Removes an element from a vector set; the last one takes the key with it.",
    args: &[Arg::key("key"), Arg::string("element")],
    ..row("vrem", 3, WRITE, "8.0.0")
};

pub const VSETATTR: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "vectorset", "fast"],
    summary: "Sets the attributes of an element, or takes them away.",
    args: &[Arg::key("key"), Arg::string("element"), Arg::string("attributes")],
    ..row("vsetattr", 4, WRITE.or(FAST), "8.0.0")
};

pub const VSIM: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "vectorset", "slow"],
    complexity: "O(log(N)), N elements in the set",
    summary: "Finds the elements whose vectors are the nearest to one.",
    args: &[
        Arg::key("key"),
        Arg::one_of(
            "format",
            &[
                Arg::string("element").after("ELE"),
                Arg::string("vector").after("FP32"),
                Arg::block("values", &[Arg::integer("dimension"), Arg::double("value").multiple()])
                    .after("VALUES"),
            ],
        ),
        Arg::word("withscores", "WITHSCORES").optional(),
        Arg::word("withattribs", "WITHATTRIBS").optional().since("8.2.0"),
        Arg::integer("count").after("COUNT").optional(),
        Arg::double("distance").after("EPSILON").optional().since("8.2.0"),
        Arg::integer("candidates").after("EF").optional(),
        Arg::string("expression").after("FILTER").optional(),
        Arg::integer("tries").after("FILTER-EF").optional(),
        Arg::word("truth", "TRUTH").optional(),
        Arg::word("nothread", "NOTHREAD").optional(),
    ],
    ..row("vsim", -4, READONLY, "8.0.0")
};
