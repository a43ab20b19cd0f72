//! How long a command takes, as far as other Python threads are concerned.

/// A call with more argument bytes than this lets other Python threads run meanwhile.
const HOLD_BYTES_MAX: usize = 64 << 10;
/// A call with more arguments than this lets other Python threads run meanwhile.
const HOLD_ARGS_MAX: usize = 64;

/// Commands whose time follows the data, by the length of their names.
const LONG: [&[&str]; 21] = [
    &[],
    &[],
    &[],
    &["LCS"],
    &["DUMP", "EVAL", "EXEC", "KEYS", "LPOS", "LREM", "SAVE", "SCAN", "SORT", "VADD", "VSIM"],
    &[
        "BITOP", "DEBUG", "FCALL", "HKEYS", "HVALS", "LTRIM", "SDIFF", "VINFO", "XINFO", "XREAD", "XTRIM",
        "ZDIFF",
    ],
    &[
        "BITPOS", "LINDEX", "LRANGE", "SINTER", "SUNION", "SWAPDB", "VRANGE", "XRANGE", "ZINTER", "ZRANGE",
        "ZUNION",
    ],
    &["EVALSHA", "EVAL_RO", "FLUSHDB", "HGETALL", "LINSERT", "PFCOUNT", "PFMERGE", "RESTORE", "SORT_RO"],
    &[
        "BITCOUNT", "FCALL_RO", "FLUSHALL", "FUNCTION", "JSON.DEL", "JSON.GET", "JSON.SET", "SHUTDOWN",
        "SMEMBERS", "XPENDING",
    ],
    &["GEORADIUS", "GEOSEARCH", "JSON.MGET", "JSON.MSET", "JSON.RESP", "XREVRANGE", "ZREVRANGE"],
    &[
        "EVALSHA_RO",
        "JSON.CLEAR",
        "JSON.DEBUG",
        "JSON.MERGE",
        "SDIFFSTORE",
        "SINTERCARD",
        "XAUTOCLAIM",
        "XREADGROUP",
        "ZDIFFSTORE",
        "ZINTERCARD",
    ],
    &[
        "JSON.ARRPOP",
        "JSON.FORGET",
        "JSON.TOGGLE",
        "SINTERSTORE",
        "SRANDMEMBER",
        "SUNIONSTORE",
        "ZINTERSTORE",
        "ZRANDMEMBER",
        "ZRANGEBYLEX",
        "ZRANGESTORE",
        "ZUNIONSTORE",
    ],
    &["GEORADIUS_RO", "JSON.ARRTRIM", "JSON.OBJKEYS"],
    &["JSON.ARRINDEX", "ZRANGEBYSCORE"],
    &[
        "GEOSEARCHSTORE",
        "JSON.ARRAPPEND",
        "JSON.ARRINSERT",
        "JSON.NUMINCRBY",
        "JSON.NUMMULTBY",
        "JSON.STRAPPEND",
        "ZREMRANGEBYLEX",
        "ZREVRANGEBYLEX",
    ],
    &["ZREMRANGEBYRANK"],
    &["ZREMRANGEBYSCORE", "ZREVRANGEBYSCORE"],
    &["GEORADIUSBYMEMBER"],
    &[],
    &[],
    &["GEORADIUSBYMEMBER_RO"],
];
/// Commands that wait for others.
const WAITING: [&str; 10] =
    ["BLMOVE", "BLMPOP", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZMPOP", "BZPOPMAX", "BZPOPMIN", "WAIT", "WAITAOF"];
/// Commands that wait where BLOCK is among their options.
const WAITING_IF_ASKED: [&str; 2] = ["XREAD", "XREADGROUP"];

/// How long a command takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    /// So short that the GIL is kept.
    #[default]
    Short,
    /// Other threads run meanwhile.
    Long,
    /// Other threads run meanwhile, and signals are handled.
    Waiting,
}

fn is_one_of(verb: &[u8], verbs: &[&str]) -> bool {
    verbs.iter().any(|other| verb.eq_ignore_ascii_case(other.as_bytes()))
}

fn waits(verb: &[u8], argv: &[&[u8]]) -> bool {
    match verb.first() {
        Some(b'B' | b'b' | b'W' | b'w') => is_one_of(verb, &WAITING),
        Some(b'X' | b'x') if is_one_of(verb, &WAITING_IF_ASKED) => argv
            .iter()
            .take_while(|arg| !arg.eq_ignore_ascii_case(b"STREAMS"))
            .any(|arg| arg.eq_ignore_ascii_case(b"BLOCK")),
        _ => false,
    }
}

/// True for commands that wait for what this very session wrote; others can wait on any session.
pub fn is_of_own_writes(argv: &[&[u8]]) -> bool {
    argv.first().is_some_and(|verb| is_one_of(verb, &["WAIT", "WAITAOF"]))
}

impl Pace {
    /// The pace of a command.
    pub fn of(argv: &[&[u8]]) -> Self {
        let verb = argv.first().copied().unwrap_or_default();
        if waits(verb, argv) {
            Self::Waiting
        } else if argv.len() > HOLD_ARGS_MAX
            || argv.iter().map(|arg| arg.len()).sum::<usize>() > HOLD_BYTES_MAX
            || LONG.get(verb.len()).is_some_and(|verbs| is_one_of(verb, verbs))
        {
            Self::Long
        } else {
            Self::Short
        }
    }
}
