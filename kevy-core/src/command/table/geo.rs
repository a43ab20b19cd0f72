//! The verbs of places on the earth.

use crate::command::spec::{Arg, Begin, Find, Flags, KeySpec, Scope, Spec, one_key};

use super::{DENYOOM, MOVABLE_KEYS, READONLY, WRITE, keys_at};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "geo", since, ..Spec::new(name, arity, flags) }
}

/// The key behind a word, looked for from argument `from` on.
const fn key_after(flags: &'static [&'static str], word: &'static str, from: i32) -> KeySpec {
    KeySpec { flags, begin: Begin::Keyword { word, from }, find: Find::Range { last: 0, step: 1, limit: 0 } }
}

pub const GEOADD: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RW", "update"])],
    categories: &["write", "geo", "slow"],
    complexity: "O(log(N)) a member, N members in the sorted set",
    summary: "Adds members at places on the earth to a sorted set, or moves members.",
    history: &[("6.2.0", "`CH`, `NX` and `XX`.")],
    args: &[
        Arg::key("key"),
        Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")]).optional().since("6.2.0"),
        Arg::word("change", "CH").optional().since("6.2.0"),
        Arg::block(
            "longitude_latitude_member",
            &[Arg::double("longitude"), Arg::double("latitude"), Arg::string("member")],
        )
        .multiple(),
    ],
    ..row("geoadd", -5, WRITE.or(DENYOOM), "3.2.0")
};

pub const GEODIST: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "geo", "slow"],
    summary: "Returns how far two members lie apart.",
    args: &[
        Arg::key("key"),
        Arg::string("member1"),
        Arg::string("member2"),
        Arg::one_of(
            "unit",
            &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
        )
        .optional(),
    ],
    ..row("geodist", -4, READONLY, "3.2.0")
};

pub const GEOHASH: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "geo", "slow"],
    complexity: "O(N), N members asked",
    summary: "Returns the places of members as geohash texts.",
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    ..row("geohash", -2, READONLY, "3.2.0")
};

pub const GEOPOS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "geo", "slow"],
    complexity: "O(N), N members asked",
    summary: "Returns the longitudes and latitudes of members.",
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    ..row("geopos", -2, READONLY, "3.2.0")
};

pub const GEORADIUS: Spec = Spec {
    scope: Scope::Keys,
    keys: &[
        one_key(&["RO", "access"]),
        key_after(&["OW", "update"], "STORE", 6),
        key_after(&["OW", "update"], "STOREDIST", 6),
    ],
    categories: &["write", "geo", "slow"],
    complexity: "O(N + log(M)), N members in the cells around the area, M in the sorted set",
    summary: "Finds the members within a distance of a place, and may store them; GEOSEARCH and GEOSEARCHSTORE in one.",
    history: &[("6.2.0", "`ANY` for `COUNT`."), ("7.0.0", "Units in upper case.")],
    args: &[
        Arg::key("key"),
        Arg::double("longitude"),
        Arg::double("latitude"),
        Arg::double("radius"),
        Arg::one_of(
            "unit",
            &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
        ),
        Arg::word("withcoord", "WITHCOORD").optional(),
        Arg::word("withdist", "WITHDIST").optional(),
        Arg::word("withhash", "WITHHASH").optional(),
        Arg::block(
            "count",
            &[Arg::integer("count").after("COUNT"), Arg::word("any", "ANY").optional().since("6.2.0")],
        )
        .optional(),
        Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
        Arg::key("key").after("STORE").optional(),
        Arg::key("key").after("STOREDIST").optional(),
    ],
    ..row("georadius", -6, WRITE.or(DENYOOM).or(MOVABLE_KEYS), "3.2.0")
};

pub const GEORADIUS_RO: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "geo", "slow"],
    complexity: "O(N + log(M)), N members in the cells around the area, M in the sorted set",
    summary: "Finds the members within a distance of a place; GEORADIUS without storing.",
    history: &[("6.2.0", "`ANY` for `COUNT`.")],
    args: &[
        Arg::key("key"),
        Arg::double("longitude"),
        Arg::double("latitude"),
        Arg::double("radius"),
        Arg::one_of(
            "unit",
            &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
        ),
        Arg::word("withcoord", "WITHCOORD").optional(),
        Arg::word("withdist", "WITHDIST").optional(),
        Arg::word("withhash", "WITHHASH").optional(),
        Arg::block(
            "count",
            &[Arg::integer("count").after("COUNT"), Arg::word("any", "ANY").optional().since("6.2.0")],
        )
        .optional(),
        Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
    ],
    ..row("georadius_ro", -6, READONLY, "3.2.10")
};

pub const GEORADIUSBYMEMBER: Spec = Spec {
    scope: Scope::Keys,
    keys: &[
        one_key(&["RO", "access"]),
        key_after(&["OW", "update"], "STORE", 5),
        key_after(&["OW", "update"], "STOREDIST", 5),
    ],
    categories: &["write", "geo", "slow"],
    complexity: "O(N + log(M)), N members in the cells around the area, M in the sorted set",
    summary: "Finds the members within a distance of another member, and may store them.",
    history: &[("7.0.0", "Units in upper case.")],
    args: &[
        Arg::key("key"),
        Arg::string("member"),
        Arg::double("radius"),
        Arg::one_of(
            "unit",
            &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
        ),
        Arg::word("withcoord", "WITHCOORD").optional(),
        Arg::word("withdist", "WITHDIST").optional(),
        Arg::word("withhash", "WITHHASH").optional(),
        Arg::block("count", &[Arg::integer("count").after("COUNT"), Arg::word("any", "ANY").optional()])
            .optional(),
        Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
        Arg::key("key").after("STORE").optional(),
        Arg::key("key").after("STOREDIST").optional(),
    ],
    ..row("georadiusbymember", -5, WRITE.or(DENYOOM).or(MOVABLE_KEYS), "3.2.0")
};

pub const GEORADIUSBYMEMBER_RO: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "geo", "slow"],
    complexity: "O(N + log(M)), N members in the cells around the area, M in the sorted set",
    summary: "Finds the members within a distance of another member; GEORADIUSBYMEMBER without storing.",
    args: &[
        Arg::key("key"),
        Arg::string("member"),
        Arg::double("radius"),
        Arg::one_of(
            "unit",
            &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
        ),
        Arg::word("withcoord", "WITHCOORD").optional(),
        Arg::word("withdist", "WITHDIST").optional(),
        Arg::word("withhash", "WITHHASH").optional(),
        Arg::block("count", &[Arg::integer("count").after("COUNT"), Arg::word("any", "ANY").optional()])
            .optional(),
        Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
    ],
    ..row("georadiusbymember_ro", -5, READONLY, "3.2.10")
};

pub const GEOSEARCH: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["RO", "access"])],
    categories: &["read", "geo", "slow"],
    complexity: "O(N + log(M)), N members in the cells around the area, M in the sorted set",
    summary: "Finds the members within a circle or a box around a place or a member.",
    history: &[("7.0.0", "Units in upper case.")],
    args: &[
        Arg::key("key"),
        Arg::one_of(
            "from",
            &[
                Arg::string("member").after("FROMMEMBER"),
                Arg::block("longitude_latitude", &[Arg::double("longitude"), Arg::double("latitude")])
                    .after("FROMLONLAT"),
            ],
        ),
        Arg::one_of(
            "by",
            &[
                Arg::block(
                    "circle",
                    &[
                        Arg::double("radius").after("BYRADIUS"),
                        Arg::one_of(
                            "unit",
                            &[
                                Arg::word("m", "M"),
                                Arg::word("km", "KM"),
                                Arg::word("ft", "FT"),
                                Arg::word("mi", "MI"),
                            ],
                        ),
                    ],
                ),
                Arg::block(
                    "box",
                    &[
                        Arg::double("width").after("BYBOX"),
                        Arg::double("height"),
                        Arg::one_of(
                            "unit",
                            &[
                                Arg::word("m", "M"),
                                Arg::word("km", "KM"),
                                Arg::word("ft", "FT"),
                                Arg::word("mi", "MI"),
                            ],
                        ),
                    ],
                ),
            ],
        ),
        Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
        Arg::block("count", &[Arg::integer("count").after("COUNT"), Arg::word("any", "ANY").optional()])
            .optional(),
        Arg::word("withcoord", "WITHCOORD").optional(),
        Arg::word("withdist", "WITHDIST").optional(),
        Arg::word("withhash", "WITHHASH").optional(),
    ],
    ..row("geosearch", -7, READONLY, "6.2.0")
};

pub const GEOSEARCHSTORE: Spec = Spec {
    scope: Scope::Keys,
    keys: &[one_key(&["OW", "update"]), keys_at(&["RO", "access"], 2, 0, 1)],
    categories: &["write", "geo", "slow"],
    complexity: "O(N + log(M)), N members in the cells around the area, M in the sorted set",
    summary: "Stores the members within a circle or a box around a place or a member.",
    history: &[("7.0.0", "Units in upper case.")],
    args: &[
        Arg::key("destination"),
        Arg::key("source"),
        Arg::one_of(
            "from",
            &[
                Arg::string("member").after("FROMMEMBER"),
                Arg::block("longitude_latitude", &[Arg::double("longitude"), Arg::double("latitude")])
                    .after("FROMLONLAT"),
            ],
        ),
        Arg::one_of(
            "by",
            &[
                Arg::block(
                    "circle",
                    &[
                        Arg::double("radius").after("BYRADIUS"),
                        Arg::one_of(
                            "unit",
                            &[
                                Arg::word("m", "M"),
                                Arg::word("km", "KM"),
                                Arg::word("ft", "FT"),
                                Arg::word("mi", "MI"),
                            ],
                        ),
                    ],
                ),
                Arg::block(
                    "box",
                    &[
                        Arg::double("width").after("BYBOX"),
                        Arg::double("height"),
                        Arg::one_of(
                            "unit",
                            &[
                                Arg::word("m", "M"),
                                Arg::word("km", "KM"),
                                Arg::word("ft", "FT"),
                                Arg::word("mi", "MI"),
                            ],
                        ),
                    ],
                ),
            ],
        ),
        Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
        Arg::block("count", &[Arg::integer("count").after("COUNT"), Arg::word("any", "ANY").optional()])
            .optional(),
        Arg::word("storedist", "STOREDIST").optional(),
    ],
    ..row("geosearchstore", -8, WRITE.or(DENYOOM), "6.2.0")
};
