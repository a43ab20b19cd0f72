//! A payload of RESTORE is refused or makes a value that everything can be done with that is done with values.
//!
//! The input is a payload without version and checksum, which are put behind it.
#![no_main]

use std::sync::{LazyLock, Mutex};

use kevy_core::api::{Keyspace, Options};
use kevy_core::fuzz::dump_payload;
use kevy_fuzz as _;
use libfuzzer_sys::fuzz_target;

/// What is asked of a value, whatever its type.
const READS: &[&[&str]] = &[
    &["DUMP", "k"],
    &["TYPE", "k"],
    &["OBJECT", "ENCODING", "k"],
    &["MEMORY", "USAGE", "k"],
    &["DEBUG", "DIGEST-VALUE", "k"],
    &["GET", "k"],
    &["PFCOUNT", "k"],
    &["LRANGE", "k", "0", "-1"],
    &["LPOS", "k", "a", "RANK", "-1"],
    &["SMEMBERS", "k"],
    &["SSCAN", "k", "0"],
    &["HGETALL", "k"],
    &["HSCAN", "k", "0"],
    &["HPTTL", "k", "FIELDS", "1", "f"],
    &["ZRANGE", "k", "0", "-1", "WITHSCORES"],
    &["ZRANGE", "k", "(1", "+inf", "BYSCORE"],
    &["ZSCAN", "k", "0"],
    &["XRANGE", "k", "-", "+"],
    &["XREVRANGE", "k", "+", "-", "COUNT", "3"],
    &["XINFO", "STREAM", "k", "FULL", "COUNT", "0"],
    &["JSON.GET", "k"],
    &["VINFO", "k"],
    &["COPY", "k", "copy"],
];

/// What then changes it.
const WRITES: &[&[&str]] = &[
    &["APPEND", "k", "x"],
    &["SETRANGE", "k", "3", "x"],
    &["PFADD", "k", "a"],
    &["LPUSH", "k", "a", "17"],
    &["LINSERT", "k", "BEFORE", "17", "b"],
    &["LSET", "k", "-1", "c"],
    &["LREM", "k", "0", "a"],
    &["LTRIM", "k", "0", "-2"],
    &["SADD", "k", "a", "17", "70000"],
    &["SREM", "k", "a"],
    &["SPOP", "k", "2"],
    &["HSET", "k", "f", "v"],
    &["HEXPIRE", "k", "100", "FIELDS", "1", "f"],
    &["HINCRBY", "k", "n", "1"],
    &["HDEL", "k", "f"],
    &["ZADD", "k", "1", "a", "-inf", "b"],
    &["ZINCRBY", "k", "2.5", "a"],
    &["ZPOPMIN", "k", "2"],
    &["ZREMRANGEBYRANK", "k", "-2", "-1"],
    &["XADD", "k", "*", "f", "v"],
    &["XREADGROUP", "GROUP", "group", "me", "STREAMS", "k", ">"],
    &["XAUTOCLAIM", "k", "group", "you", "0", "0"],
    &["XTRIM", "k", "MAXLEN", "1"],
    &["DUMP", "k"],
    &["DEL", "k"],
    &["DUMP", "copy"],
];

/// One keyspace for all inputs: making one takes longer than what is done with it.
static KEYSPACE: LazyLock<Mutex<Keyspace>> = LazyLock::new(|| {
    let mut options = Options::new();
    options.set("enable-debug-command", "yes").expect("an option");
    Mutex::new(Keyspace::new(&options).expect("a keyspace"))
});

fuzz_target!(|input: &[u8]| {
    let mut keyspace = KEYSPACE.lock().expect("nothing panicked before");
    keyspace.dispatch(&[b"FLUSHALL"]).expect("a reply");
    let payload = dump_payload(input);
    if keyspace.dispatch(&[b"RESTORE", b"k", b"0", &payload]).expect("a reply").bytes() != b"OK" {
        return;
    }
    for command in READS.iter().chain(WRITES) {
        let argv: Vec<&[u8]> = command.iter().map(|arg| arg.as_bytes()).collect();
        let reply = keyspace.dispatch(&argv).expect("a reply");
        if command[0] == "DUMP" && !reply.bytes().is_empty() {
            let payload = reply.bytes().to_vec();
            let restored = keyspace.dispatch(&[b"RESTORE", b"again", b"0", &payload, b"REPLACE"]);
            assert_eq!(restored.expect("a reply").bytes(), b"OK", "what was dumped is restored");
        }
    }
});
