//! One row of the command table: everything routing, `COMMAND`, ACL, replication and the reference pages
//! need to know about a verb.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::store::WrongType;

use super::Context;

/// Why a command failed: the whole error reply, code word first.
#[derive(Clone, PartialEq, Eq)]
pub struct Fail(Cow<'static, [u8]>);

impl fmt::Debug for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fail(\"{}\")", self.0.escape_ascii())
    }
}

impl Fail {
    pub const SYNTAX: Self = Self::new("ERR syntax error");
    pub const WRONG_TYPE: Self =
        Self::new("WRONGTYPE Operation against a key holding the wrong kind of value");
    pub const NOT_INTEGER: Self = Self::new("ERR value is not an integer or out of range");
    pub const NOT_FLOAT: Self = Self::new("ERR value is not a valid float");
    pub const NO_SUCH_KEY: Self = Self::new("ERR no such key");
    pub const READ_ONLY: Self = Self::new("READONLY You can't write against a read only replica.");
    pub const OUT_OF_MEMORY: Self = Self::new("OOM command not allowed when used memory > 'maxmemory'.");

    pub const NO_REPLICAS: Self = Self::new("NOREPLICAS Not enough good replicas to write.");
    pub const LINK_DOWN: Self =
        Self::new("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");

    /// A failure with a fixed text.
    pub const fn new(text: &'static str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }

    /// A failure whose text names a value.
    pub fn with(text: String) -> Self {
        Self(Cow::Owned(text.into_bytes()))
    }

    /// A failure with a text of any bytes.
    pub fn of_bytes(text: Vec<u8>) -> Self {
        Self(Cow::Owned(text))
    }

    /// A failure that quotes an argument of the client's in place of `{}`, up to its first NUL, where Redis's
    /// formatting of it ends.
    pub fn quoting(text: &str, arg: &[u8]) -> Self {
        let (before, after) = text.split_once("{}").unwrap_or((text, ""));
        Self(Cow::Owned([before.as_bytes(), shown(arg), after.as_bytes()].concat()))
    }

    /// As [`Fail::quoting`], with one argument for each `{}`.
    pub fn quoting_all(text: &str, args: &[&[u8]]) -> Self {
        let mut parts = text.split("{}");
        let mut whole = parts.next().unwrap_or_default().as_bytes().to_vec();
        for (part, arg) in parts.zip(args) {
            whole.extend_from_slice(shown(arg));
            whole.extend_from_slice(part.as_bytes());
        }
        Self(Cow::Owned(whole))
    }

    /// The reply for a wrong number of arguments; `name` is `verb` or `verb|subcommand`.
    pub fn arity(name: &str) -> Self {
        Self::with(format!("ERR wrong number of arguments for '{name}' command"))
    }

    /// The same failure with more of its text.
    #[must_use]
    pub fn and(self, text: &[u8]) -> Self {
        Self(Cow::Owned([&*self.0, text].concat()))
    }

    /// The error as it is sent.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The error as text; what is not UTF-8 in it is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

/// What an error shows of an argument: all up to the first NUL.
pub fn shown(arg: &[u8]) -> &[u8] {
    arg.split(|&byte| byte == 0).next().unwrap_or_default()
}

impl From<WrongType> for Fail {
    fn from(_: WrongType) -> Self {
        Self::WRONG_TYPE
    }
}

/// What a handler returns: its reply is written, or nothing is and this is the error to write.
pub type Outcome = Result<(), Fail>;

/// A set of flags, named as `COMMAND INFO` names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(pub u32);

macro_rules! flags {
    ($($name:ident = $bit:expr, $text:expr;)*) => {
        impl Flags {
            $(pub const $name: Self = Self(1 << $bit);)*
            /// Each flag with its name in `COMMAND INFO`.
            pub const NAMES: &'static [(Self, &'static str)] = &[$((Self::$name, $text)),*];
        }
    };
}

flags! {
    WRITE = 0, "write";
    READONLY = 1, "readonly";
    DENYOOM = 2, "denyoom";
    ADMIN = 3, "admin";
    PUBSUB = 4, "pubsub";
    NOSCRIPT = 5, "noscript";
    BLOCKING = 6, "blocking";
    LOADING = 7, "loading";
    STALE = 8, "stale";
    SKIP_MONITOR = 9, "skip_monitor";
    SKIP_SLOWLOG = 10, "skip_slowlog";
    FAST = 11, "fast";
    NO_AUTH = 12, "no_auth";
    MAY_REPLICATE = 13, "may_replicate";
    NO_ASYNC_LOADING = 14, "no_async_loading";
    NO_MULTI = 15, "no_multi";
    MOVABLE_KEYS = 16, "movablekeys";
    ALLOW_BUSY = 17, "allow_busy";
    ASKING = 18, "asking";
    NO_MANDATORY_KEYS = 19, "no_mandatory_keys";
}

impl Flags {
    pub const NONE: Self = Self(0);
    /// Runs a script or loads one, which may take long: it holds every shard and lends its thread in between. Not shown.
    pub const SCRIPT: Self = Self(1 << 28);
    /// Needs the client's own session, so its one shard's core thread must not run it for another. Not shown.
    pub const OWN_SESSION: Self = Self(1 << 29);
    /// Its shards follow from the session (the queue, the watched keys), not from its arguments. Not shown.
    pub const SESSION_KEYS: Self = Self(1 << 30);
    /// Runs at once inside MULTI. Not shown.
    pub const IN_MULTI: Self = Self(1 << 31);

    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Which shards a command touches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// The shards that own its keys.
    Keys,
    /// None: it reads or changes only the session or the server.
    Nothing,
    /// Any one: it touches no key, but what it does goes to a shard's stream.
    Anywhere,
    /// All of them at one instant.
    Everything,
    /// The shards that own the keys of SORT or SORT_RO; all of them where BY or GET name others, which follow from
    /// what the sorted key holds.
    Sort,
    /// The one shard that a SCAN cursor (argument 1) names.
    Cursor,
}

/// Where a command's keys are, in the form of Redis's key specifications.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeySpec {
    /// Flag names for `COMMAND INFO`: `RO`, `RW`, `OW`, `RM`, `access`, `update`, `insert`, `delete`, …
    pub flags: &'static [&'static str],
    pub begin: Begin,
    pub find: Find,
}

/// Where a key specification starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    Index(usize),
    Keyword {
        word: &'static str,
        from: i32,
    },
    /// Not told by position.
    Unknown,
}

/// How keys follow from the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Find {
    /// `last` relative to the start (negative: from the end), every `step` arguments; a `limit` of n > 1 takes
    /// the first n-th part of what remains.
    Range { last: i32, step: usize, limit: usize },
    /// A count at `count` (relative to the start), keys from `first`, every `step`.
    Count { count: usize, first: usize, step: usize },
    /// Not told by position.
    Unknown,
}

/// One argument of a verb's grammar, as `COMMAND DOCS` describes it.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    pub name: &'static str,
    pub kind: ArgKind,
    /// A word that must precede the value (or is the whole argument for [`ArgKind::Token`]).
    pub token: Option<&'static str>,
    pub optional: bool,
    pub multiple: bool,
    pub multiple_token: bool,
    pub since: Option<&'static str>,
    /// The key specification that it is told by, where that is not the next one of the row.
    pub key_spec: Option<usize>,
    pub children: &'static [Arg],
}

/// The type of an argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgKind {
    Key,
    String,
    Integer,
    Double,
    Pattern,
    UnixTime,
    Token,
    OneOf,
    Block,
}

/// What is known of a verb without running it.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Lower case; a subcommand's own word for rows inside `subcommands`.
    pub name: &'static str,
    /// Number of arguments with the verb; negative: at least that many.
    pub arity: i32,
    pub flags: Flags,
    pub scope: Scope,
    pub keys: &'static [KeySpec],
    /// ACL categories without `@`.
    pub categories: &'static [&'static str],
    pub group: &'static str,
    pub since: &'static str,
    pub complexity: &'static str,
    pub summary: &'static str,
    pub history: &'static [(&'static str, &'static str)],
    pub tips: &'static [&'static str],
    pub args: &'static [Arg],
}

impl Spec {
    /// A row with the given name and arity and nothing else: a start for a host's own commands.
    pub const fn new(name: &'static str, arity: i32, flags: Flags) -> Self {
        Self {
            name,
            arity,
            flags,
            scope: Scope::Nothing,
            keys: &[],
            categories: &[],
            group: "module",
            since: "1.0.0",
            complexity: "O(1)",
            summary: "",
            history: &[],
            tips: &[],
            args: &[],
        }
    }

    /// The same row for a command whose keys stand where `keys` says.
    pub const fn with_keys(mut self, keys: &'static [KeySpec]) -> Self {
        self.keys = keys;
        self.scope = Scope::Keys;
        self
    }

    /// The same row with a sentence that says what it does.
    pub const fn with_summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// True where `count` arguments (verb included) fit the arity.
    #[inline]
    pub fn takes(&self, count: usize) -> bool {
        if self.arity >= 0 {
            count == self.arity as usize
        } else {
            count >= self.arity.unsigned_abs() as usize
        }
    }
}

/// The key specification of a verb with its one key at argument 1.
pub const fn one_key(flags: &'static [&'static str]) -> KeySpec {
    KeySpec { flags, begin: Begin::Index(1), find: Find::Range { last: 0, step: 1, limit: 0 } }
}

/// A handler that may carry state.
pub type Handler = dyn Fn(&mut Context<'_>, &[&[u8]]) -> Outcome + Send + Sync;

/// A handler.
#[derive(Clone)]
pub enum Run {
    Function(fn(&mut Context<'_>, &[&[u8]]) -> Outcome),
    Shared(Arc<Handler>),
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Run")
    }
}

/// A verb: its row, its handler, and its subcommands.
#[derive(Clone, Debug)]
pub struct Command {
    pub spec: Spec,
    pub run: Run,
    pub subcommands: &'static [Command],
}

impl Command {
    pub const fn new(spec: Spec, run: fn(&mut Context<'_>, &[&[u8]]) -> Outcome) -> Self {
        Self { spec, run: Run::Function(run), subcommands: &[] }
    }

    /// A verb that only stands for its subcommands.
    pub const fn container(
        spec: Spec,
        run: fn(&mut Context<'_>, &[&[u8]]) -> Outcome,
        subcommands: &'static [Command],
    ) -> Self {
        Self { spec, run: Run::Function(run), subcommands }
    }

    /// A host's own verb with a handler that may carry state.
    pub fn shared(
        spec: Spec,
        run: impl Fn(&mut Context<'_>, &[&[u8]]) -> Outcome + Send + Sync + 'static,
    ) -> Self {
        Self { spec, run: Run::Shared(Arc::new(run)), subcommands: &[] }
    }

    #[inline]
    pub fn call(&self, context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
        match &self.run {
            Run::Function(run) => run(context, args),
            Run::Shared(run) => run(context, args),
        }
    }
}
