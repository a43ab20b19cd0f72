//! Whatever a client sends is answered.
//!
//! The input is what comes over a socket, in either form of requests.
#![no_main]

use kevy_core::api::{Keyspace, Options};
use kevy_core::fuzz::{ArgVec, Batch, Limits, RequestParser};
use kevy_fuzz as _;
use libfuzzer_sys::fuzz_target;

/// What takes as long or as much as it is told to: programs, and commands of DEBUG.
const LEFT_OUT: &[&str] =
    &["EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO", "FCALL", "FCALL_RO", "FUNCTION", "DEBUG", "CONFIG"];

/// What gives as many elements as it is asked for, several times over.
const REPEATING: &[&str] = &["SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER", "VRANDMEMBER"];

fn is_left_out(args: &[&[u8]]) -> bool {
    let is = |names: &[&str]| {
        args.first().is_some_and(|verb| names.iter().any(|name| verb.eq_ignore_ascii_case(name.as_bytes())))
    };
    is(LEFT_OUT) || (is(REPEATING) && args.get(2).is_some_and(|count| count.len() > 4))
}

fuzz_target!(|input: &[u8]| {
    let mut options = Options::new();
    for (name, value) in
        [("proto-max-bulk-len", "1mb"), ("maxmemory", "64mb"), ("maxmemory-policy", "allkeys-lru")]
    {
        options.set(name, value).expect("an option");
    }
    let mut keyspace = Keyspace::new(&options).expect("a keyspace");
    let limits = Limits { authenticated: true, ..Limits::default() };
    let (mut parser, mut batch, mut rest) = (RequestParser::new(), Batch::new(), input);
    while let Ok(progress) = parser.parse(rest, &limits, 64, &mut batch) {
        for at in 0..batch.len() {
            let mut args = ArgVec::new();
            batch.args(at, rest, &mut args);
            if !is_left_out(&args) {
                keyspace.dispatch(&args).expect("a reply");
            }
        }
        rest = &rest[progress.consumed..];
        if !progress.more {
            break;
        }
    }
    while keyspace.tick() {}
});
