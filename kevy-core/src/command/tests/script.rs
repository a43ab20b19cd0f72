//! Scripts that are run on a live redis-server and on harnesses, whose replies must be the same bytes.
//!
//! A line is a command, its words quoted as in redis-cli. Before the command may stand `~`, where only the digits
//! may differ (times, sizes), or `%`, where the order of the elements may. Empty lines and `#` are skipped.

use crate::base::live_redis::LiveRedis;
use crate::base::{Clock, SystemClock};
use crate::command::testing::{Harness, slices, words};
use crate::resp::Protocol;

#[derive(Clone, Copy, PartialEq)]
enum Ignore {
    Nothing,
    Digits,
    Order,
}

fn shown(reply: &[u8], ignore: Ignore) -> String {
    let text = reply.escape_ascii().to_string();
    match ignore {
        Ignore::Nothing => text,
        Ignore::Digits => {
            let mut shown = String::new();
            for letter in text.chars() {
                match letter {
                    '0'..='9' if shown.ends_with('9') => {}
                    '0'..='9' => shown.push('9'),
                    other => shown.push(other),
                }
            }
            shown
        }
        Ignore::Order => {
            let mut lines: Vec<&str> = text.split("\\r\\n").collect();
            lines.sort_unstable();
            lines.join("\\r\\n")
        }
    }
}

/// Runs `script` on redis-server and on shards of a harness, one and of three shards, in both versions of the protocol.
pub fn compare(script: &str) {
    let mut redis = LiveRedis::start();
    for (protocol, version) in [(Protocol::Resp2, "2"), (Protocol::Resp3, "3")] {
        for shards in [1, 3] {
            let mut bench = Harness::with_shards(shards);
            bench.protocol = protocol;
            redis.exchange(&[b"FLUSHALL"]);
            redis.exchange(&[b"RESET"]);
            redis.exchange(&[b"HELLO", version.as_bytes()]);
            for line in
                script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
            {
                let (ignore, command) = match line.split_at(1) {
                    ("~", command) => (Ignore::Digits, command),
                    ("%", command) => (Ignore::Order, command),
                    _ => (Ignore::Nothing, line),
                };
                let command = words(command);
                let command = slices(&command);
                bench.now = SystemClock.now_ms();
                let expected = shown(&redis.exchange(&command), ignore);
                let found = shown(&bench.run(&command), ignore);
                assert_eq!(found, expected, "{line} on {shards} shards in {protocol:?}");
            }
        }
    }
}
