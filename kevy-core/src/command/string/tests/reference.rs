//! Every string verb with good and bad arguments on keys of every kind: replies, contents, expiry, replica.

use crate::command::testing::Twin;

/// What `k` may hold when a case begins.
const STATES: &[&[&str]] = &[
    &[],
    &["SET k abc"],
    &["SET k 10"],
    &["SET k 10 PX 1000000"],
    &["SET k \"\""],
    &["SET k 3.5"],
    &["HSET k f v"],
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "5",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "1.5",
    "-2.25",
    "abc",
    "\"\"",
    "\" 1\"",
    "\"1 \"",
    "+1",
    "01",
    "0x10",
    "1e3",
    "1e400",
    "inf",
    "-inf",
    "nan",
    "-0",
    "1e-5",
    "0.1",
    "3.0",
    "12345678901234567890",
    "1e5000",
    "\"1\\x00\"",
];

/// Every sequence of up to `len_max` options.
fn sequences(options: &[&str], len_max: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..len_max {
        last = last
            .iter()
            .flat_map(|head| options.iter().map(move |option| format!("{head} {option}")))
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

#[test]
fn set_with_every_two_options() {
    let options = [
        "NX",
        "XX",
        "GET",
        "KEEPTTL",
        "EX 100",
        "PX 100000",
        "EXAT 99999999999",
        "PXAT 99999999999999",
        "EXAT 1",
        "PXAT 1",
        "EX 0",
        "PX -5",
        "EX abc",
        "EX",
        "PERSIST",
        "bogus",
        "ex 9223372036854775807",
        "PX 9223372036854775807",
        "EXAT 9223372036854775",
        "nx",
        "get",
    ];
    let mut twin = Twin::new(&["k"]);
    for state in STATES {
        for options in sequences(&options, 2) {
            twin.begin(state);
            twin.check(&format!("SET k new{options}"));
        }
    }
}

#[test]
fn set_with_every_four_options_that_go_together_or_not() {
    let options = ["NX", "XX", "GET", "KEEPTTL", "EX 100", "PX 70000000"];
    let mut twin = Twin::new(&["k"]);
    for state in [STATES[0], STATES[3], STATES[6]] {
        for options in sequences(&options, 4) {
            twin.begin(state);
            twin.check(&format!("SET k new{options}"));
        }
    }
}

#[test]
fn getex_with_every_three_options() {
    let options = [
        "PERSIST",
        "EX 100",
        "PX 100000",
        "EXAT 99999999999",
        "PXAT 99999999999999",
        "EXAT 1",
        "EX 0",
        "EX x",
        "EX",
        "KEEPTTL",
        "GET",
    ];
    let mut twin = Twin::new(&["k"]);
    for state in STATES {
        let len_max = if state.len() == 1 && state[0].contains("PX") { 3 } else { 2 };
        for options in sequences(&options, len_max) {
            twin.begin(state);
            twin.check(&format!("GETEX k{options}"));
        }
    }
}

#[test]
fn the_older_forms_of_get_and_set() {
    let mut twin = Twin::new(&["k"]);
    for state in STATES {
        for line in
            ["GET k", "GETDEL k", "GETSET k new", "GETSET k 12", "SETNX k new", "SET k 12", "STRLEN k"]
        {
            twin.begin(state);
            twin.check(line);
        }
        for verb in ["SETEX", "PSETEX"] {
            for time in ["100", "100000", "0", "-1", "x", "1.5", "9223372036854775807", "9223372036854775"] {
                twin.begin(state);
                twin.check(&format!("{verb} k {time} new"));
            }
        }
    }
    for line in [
        "GET",
        "GET k k",
        "SET k",
        "GETDEL",
        "GETDEL k k",
        "GETSET k",
        "SETNX k",
        "SETNX k v v",
        "SETEX k 1",
        "SETEX k 1 v v",
        "PSETEX k 1",
        "STRLEN",
        "APPEND k",
        "SETRANGE k 1",
        "GETRANGE k 1",
        "SUBSTR k 1",
        "MGET",
        "MSET",
        "MSET k",
        "MSETNX k",
        "INCR",
        "INCR k k",
        "INCRBY k",
        "DECRBY k",
        "INCRBYFLOAT k",
        "LCS k",
        "GETEX",
    ] {
        twin.begin(&[]);
        twin.check(line);
    }
}

#[test]
fn numbers_are_added_to_numbers() {
    let mut twin = Twin::new(&["k"]);
    for start in NUMBERS {
        for verb in ["INCR k", "DECR k"] {
            twin.begin(&[&format!("SET k {start}")]);
            twin.check(verb);
        }
        for step in NUMBERS {
            for verb in ["INCRBY", "DECRBY", "INCRBYFLOAT"] {
                twin.begin(&[&format!("SET k {start} PX 1000000")]);
                twin.check(&format!("{verb} k {step}"));
            }
        }
    }
    for state in [STATES[0], STATES[6]] {
        for step in NUMBERS {
            for verb in ["INCRBY", "DECRBY", "INCRBYFLOAT"] {
                twin.begin(state);
                twin.check(&format!("{verb} k {step}"));
            }
        }
    }
}

#[test]
fn parts_of_strings_are_read() {
    let positions = [
        "0",
        "1",
        "2",
        "3",
        "4",
        "9",
        "-1",
        "-2",
        "-3",
        "-4",
        "-9",
        "9223372036854775807",
        "-9223372036854775808",
        "x",
        "1.0",
    ];
    let mut twin = Twin::new(&["k"]);
    for state in [STATES[0], STATES[1], STATES[2], STATES[4], STATES[6]] {
        twin.begin(state);
        for start in positions {
            for end in positions {
                twin.check(&format!("GETRANGE k {start} {end}"));
            }
            twin.check(&format!("SUBSTR k {start} -1"));
        }
    }
}

#[test]
fn parts_of_strings_are_written() {
    let offsets =
        ["0", "1", "3", "7", "60", "-1", "x", "536870912", "536870911", "9223372036854775807", "1.5"];
    let mut twin = Twin::new(&["k"]);
    for state in STATES {
        for offset in offsets {
            for value in
                ["\"\"", "xy", "0123456789012345678901234567890123456789012345678901234567890123456789"]
            {
                twin.begin(state);
                twin.check(&format!("SETRANGE k {offset} {value}"));
            }
        }
        for value in
            ["\"\"", "xy", "12", "0123456789012345678901234567890123456789012345678901234567890123456789"]
        {
            twin.begin(state);
            twin.check(&format!("APPEND k {value}"));
            twin.check(&format!("APPEND k {value}"));
            twin.check("STRLEN k");
        }
    }
}

#[test]
fn strings_stay_below_the_bulk_limit() {
    let mut twin = Twin::new(&["k"]);
    twin.redis.command(&[b"CONFIG", b"SET", b"proto-max-bulk-len", b"1048576"]);
    twin.kevy.server.options.write().proto_max_bulk_len = 1 << 20;
    twin.begin(&["SETRANGE k 1048575 x"]);
    twin.check("SETRANGE k 1048576 x");
    twin.check("SETRANGE k 1048575 xy");
    twin.check("SETRANGE k 1048576 \"\"");
    twin.check("APPEND k x");
    twin.check("APPEND k \"\"");
    twin.check("STRLEN k");
}

#[test]
fn several_keys_at_once() {
    let mut twin = Twin::new(&["k", "l", "m"]);
    for state in STATES {
        for line in [
            "MSET k 1 l 2 m 3",
            "MSET k 1 k 2",
            "MSET k 1 l",
            "MSETNX k 1 l 2",
            "MSETNX l 1 k 2",
            "MSETNX l 1 m 2",
            "MSETNX l 1 l 2",
            "MSETNX k 1 l",
        ] {
            twin.begin(state);
            twin.check(line);
            twin.check("MGET k l m k nothing");
        }
    }
}

#[test]
fn common_subsequences() {
    let strings = ["\"\"", "a", "abc", "ohmytext", "mynewtext", "xxxxx", "axbxcxaxbxc", "123456", "cba"];
    let options = [
        "LEN",
        "IDX",
        "WITHMATCHLEN",
        "MINMATCHLEN 2",
        "MINMATCHLEN -1",
        "MINMATCHLEN x",
        "MINMATCHLEN",
        "no",
    ];
    let mut twin = Twin::new(&[]);
    for left in strings {
        for right in strings {
            twin.begin(&[&format!("MSET k {left} l {right}")]);
            for options in sequences(&options, 1) {
                twin.check(&format!("LCS k l{options}"));
            }
            twin.check("LCS k l IDX WITHMATCHLEN MINMATCHLEN 2");
        }
    }
    for options in sequences(&options, 3) {
        twin.check(&format!("LCS k l{options}"));
    }
    twin.check("HSET h f v");
    for line in ["LCS k h", "LCS h k", "LCS h nothing", "LCS k nothing", "LCS nothing k IDX", "LCS h k no"] {
        twin.check(line);
    }
    twin.use_resp3();
    twin.check("LCS k l IDX WITHMATCHLEN");
    twin.check("GET nothing");
    twin.check("MGET k nothing h");
}

#[test]
fn reads_count_hits_and_misses_as_redis_does() {
    let mut twin = Twin::new(&[]);
    for line in [
        "SET k v",
        "HSET h f v",
        "GET k",
        "GET nothing",
        "GET h",
        "MGET k nothing h",
        "STRLEN k",
        "STRLEN nothing",
        "GETRANGE k 0 1",
        "GETEX k",
        "GETEX nothing EX 5",
        "GETSET k w",
        "SET k w GET",
        "SETNX k w",
        "APPEND k w",
        "INCR nothing2",
        "GETDEL nothing",
        "LCS k nothing",
        "HGET h f",
        "HGET nothing f",
        "HMGET h f g",
        "HGETALL nothing",
        "HLEN h",
        "HEXISTS nothing f",
        "HSTRLEN h f",
        "HRANDFIELD h",
        "HSCAN h 0",
        "HSCAN nothing 0",
        "HINCRBY h n 1",
        "HSETNX h n 1",
        "HDEL h n",
        "HKEYS h",
        "HVALS nothing",
    ] {
        twin.check(line);
        let info = twin.redis.command(&[b"INFO", b"stats"]).into_bytes();
        let info = String::from_utf8(info).expect("text");
        let count = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name)).expect("a line of INFO");
            line.trim_start_matches(':').trim().parse::<u64>().expect("a number")
        };
        let counters = &twin.kevy.partitions[0].counters;
        assert_eq!(
            (counters.hits, counters.misses),
            (count("keyspace_hits"), count("keyspace_misses")),
            "{line}"
        );
    }
}
