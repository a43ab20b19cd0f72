//! The rows of the Redis command table, one file per group.
//!
//! A handler's module pairs each row with its function; routing, `COMMAND`, `COMMAND DOCS` and the reference
//! pages read the same rows. Arity, flags, key positions, categories and grammar are those of Redis 7.2, or
//! of the version a row names as its first.

pub mod acl;
pub mod bitmap;
pub mod cluster;
pub mod connection;
pub mod generic;
pub mod geo;
pub mod hash;
pub mod hyperloglog;
pub mod json;
pub mod list;
pub mod list_wait;
pub mod pubsub;
pub mod scripting;
pub mod server;
pub mod set;
pub mod sorted_set;
pub mod stream;
pub mod stream_groups;
pub mod string;
pub mod transactions;
pub mod vector_set;

use super::spec::{Arg, ArgKind, Begin, Find, Flags, KeySpec};

const ADMIN: Flags = Flags::ADMIN;
const ALLOW_BUSY: Flags = Flags::ALLOW_BUSY;
const BLOCKING: Flags = Flags::BLOCKING;
const DENYOOM: Flags = Flags::DENYOOM;
const FAST: Flags = Flags::FAST;
const IN_MULTI: Flags = Flags::IN_MULTI;
const LOADING: Flags = Flags::LOADING;
const MAY_REPLICATE: Flags = Flags::MAY_REPLICATE;
const MOVABLE_KEYS: Flags = Flags::MOVABLE_KEYS;
const NOSCRIPT: Flags = Flags::NOSCRIPT;
const NO_ASYNC_LOADING: Flags = Flags::NO_ASYNC_LOADING;
const NO_AUTH: Flags = Flags::NO_AUTH;
const NO_MANDATORY_KEYS: Flags = Flags::NO_MANDATORY_KEYS;
const NO_MULTI: Flags = Flags::NO_MULTI;
const OWN_SESSION: Flags = Flags::OWN_SESSION;
const PUBSUB: Flags = Flags::PUBSUB;
const READONLY: Flags = Flags::READONLY;
const SCRIPT: Flags = Flags::SCRIPT;
const SESSION_KEYS: Flags = Flags::SESSION_KEYS;
const SKIP_MONITOR: Flags = Flags::SKIP_MONITOR;
const SKIP_SLOWLOG: Flags = Flags::SKIP_SLOWLOG;
const STALE: Flags = Flags::STALE;
const WRITE: Flags = Flags::WRITE;

/// Keys from argument `first` to `last` (relative to `first`, negative: from the end), every `step` arguments.
const fn keys_at(flags: &'static [&'static str], first: usize, last: i32, step: usize) -> KeySpec {
    KeySpec { flags, begin: Begin::Index(first), find: Find::Range { last, step, limit: 0 } }
}

/// Keys behind their number, which is argument `first`.
const fn counted_keys(flags: &'static [&'static str], first: usize) -> KeySpec {
    KeySpec { flags, begin: Begin::Index(first), find: Find::Count { count: 0, first: 1, step: 1 } }
}

impl Arg {
    const fn new(name: &'static str, kind: ArgKind) -> Self {
        Self {
            name,
            kind,
            token: None,
            optional: false,
            multiple: false,
            multiple_token: false,
            since: None,
            key_spec: None,
            children: &[],
        }
    }

    pub const fn key(name: &'static str) -> Self {
        Self::new(name, ArgKind::Key)
    }

    pub const fn string(name: &'static str) -> Self {
        Self::new(name, ArgKind::String)
    }

    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, ArgKind::Integer)
    }

    pub const fn double(name: &'static str) -> Self {
        Self::new(name, ArgKind::Double)
    }

    pub const fn pattern(name: &'static str) -> Self {
        Self::new(name, ArgKind::Pattern)
    }

    pub const fn unix_time(name: &'static str) -> Self {
        Self::new(name, ArgKind::UnixTime)
    }

    /// A word that stands for itself.
    pub const fn word(name: &'static str, token: &'static str) -> Self {
        Self::new(name, ArgKind::Token).after(token)
    }

    pub const fn one_of(name: &'static str, children: &'static [Self]) -> Self {
        let mut arg = Self::new(name, ArgKind::OneOf);
        arg.children = children;
        arg
    }

    /// Arguments that come together.
    pub const fn block(name: &'static str, children: &'static [Self]) -> Self {
        let mut arg = Self::new(name, ArgKind::Block);
        arg.children = children;
        arg
    }

    /// The same argument after a word that introduces it.
    pub const fn after(mut self, token: &'static str) -> Self {
        self.token = Some(token);
        self
    }

    /// The same argument, told by the row's key specification of that number.
    pub const fn of_key_spec(mut self, key_spec: usize) -> Self {
        self.key_spec = Some(key_spec);
        self
    }

    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    pub const fn multiple(mut self) -> Self {
        self.multiple = true;
        self
    }

    /// The introducing word is repeated with each value.
    pub const fn multiple_token(mut self) -> Self {
        self.multiple_token = true;
        self
    }

    pub const fn since(mut self, version: &'static str) -> Self {
        self.since = Some(version);
        self
    }
}
