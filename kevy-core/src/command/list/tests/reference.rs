//! Every list verb with good and bad arguments on keys of every kind.

use crate::command::testing::Twin;

fn states() -> Vec<Vec<String>> {
    let long = "0123456789".repeat(30);
    let many = (0..60).map(|n| format!(" {n}")).collect::<String>();
    vec![
        vec![],
        vec!["RPUSH k a".to_owned()],
        vec!["RPUSH k a b a 10 \"\" a -5".to_owned()],
        vec![format!("RPUSH k {long} a {long}x b a")],
        vec![format!("RPUSH k{many} a{many} a")],
        vec!["SET k v".to_owned()],
        vec!["RPUSH k a b".to_owned(), "PEXPIREAT k 4000000000000".to_owned()],
    ]
}

/// Runs each line on a fresh key in each state.
fn check_each(lines: &[&str]) {
    let mut twin = Twin::new(&["k", "m", "s"]);
    for state in states() {
        let mut setup: Vec<&str> = state.iter().map(String::as_str).collect();
        setup.extend(["RPUSH m x y", "SET s v"]);
        for line in lines {
            twin.begin(&setup);
            twin.check(line);
        }
    }
}

#[test]
fn elements_are_added_at_the_ends() {
    check_each(&[
        "LPUSH k x",
        "RPUSH k x y z",
        "LPUSH k \"\" 12 x",
        "LPUSHX k x y",
        "RPUSHX k x y",
        "LPUSH k",
        "RPUSH k",
        "LPUSHX k",
        "RPUSHX k",
        "LPUSH",
    ]);
}

#[test]
fn elements_are_removed_from_the_ends() {
    check_each(&[
        "LPOP k",
        "RPOP k",
        "LPOP k 0",
        "LPOP k 1",
        "RPOP k 3",
        "LPOP k 1000",
        "RPOP k 9223372036854775807",
        "LPOP k -1",
        "LPOP k x",
        "LPOP k 1.5",
        "RPOP k 9223372036854775808",
        "LPOP k 1 2",
        "RPOP k 1 2",
        "LPOP none x",
        "LPOP none 0",
        "LMPOP 1 k LEFT",
        "LMPOP 2 none k RIGHT COUNT 2",
        "LMPOP 2 m k LEFT COUNT 1000",
        "LMPOP 2 k m right count 9223372036854775807",
        "LMPOP 3 none s k LEFT",
        "LMPOP 2 none nothing LEFT",
        "LMPOP 0 k LEFT",
        "LMPOP -1 k LEFT",
        "LMPOP x k LEFT",
        "LMPOP 2 k LEFT",
        "LMPOP 1 k",
        "LMPOP 1 k up",
        "LMPOP 1 k LEFT COUNT",
        "LMPOP 1 k LEFT COUNT 0",
        "LMPOP 1 k LEFT COUNT -1",
        "LMPOP 1 k LEFT COUNT x",
        "LMPOP 1 k LEFT COUNT 1 COUNT 2",
        "LMPOP 1 k LEFT COUNT COUNT 2",
        "LMPOP 1 k LEFT more 1",
        "LMPOP 9223372036854775807 k LEFT",
    ]);
}

#[test]
fn elements_are_read_by_index() {
    let mut lines =
        vec!["LLEN k".to_owned(), "LLEN".to_owned(), "LINDEX k".to_owned(), "LRANGE k 0".to_owned()];
    let numbers = [
        "0",
        "1",
        "2",
        "-1",
        "-2",
        "-7",
        "-8",
        "50",
        "119",
        "1000",
        "-1000",
        "9223372036854775807",
        "-9223372036854775808",
        "x",
        "1.5",
    ];
    for number in numbers {
        lines.push(format!("LINDEX k {number}"));
        lines.push(format!("LSET k {number} new"));
        for stop in numbers {
            lines.push(format!("LRANGE k {number} {stop}"));
            lines.push(format!("LTRIM k {number} {stop}"));
        }
    }
    lines.push("LINDEX none x".to_owned());
    lines.push("LSET none x v".to_owned());
    check_each(&lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn elements_are_found() {
    let mut lines = Vec::new();
    for value in ["a", "10", "\"\"", "-5", "none", "59"] {
        lines.push(format!("LPOS k {value}"));
        for rank in ["1", "2", "-1", "-2", "100"] {
            lines.push(format!("LPOS k {value} RANK {rank}"));
            lines.push(format!("LPOS k {value} rank {rank} count 0"));
            lines.push(format!("LPOS k {value} RANK {rank} COUNT 2 MAXLEN 4"));
            lines.push(format!("LPOS k {value} MAXLEN 3 RANK {rank}"));
        }
    }
    lines.extend(
        [
            "LPOS k a RANK 0",
            "LPOS k a RANK x",
            "LPOS k a RANK -9223372036854775807",
            "LPOS k a RANK 9223372036854775807",
            "LPOS k a RANK 9223372036854775808",
            "LPOS k a COUNT -1",
            "LPOS k a COUNT x",
            "LPOS k a MAXLEN -1",
            "LPOS k a MAXLEN x",
            "LPOS k a MAXLEN 0 COUNT 0",
            "LPOS k a COUNT 1 COUNT 0",
            "LPOS k a COUNT",
            "LPOS k a up 1",
            "LPOS k",
            "LPOS none a COUNT 1",
            "LPOS none a COUNT x",
        ]
        .map(str::to_owned),
    );
    check_each(&lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_rank_that_has_no_opposite_is_refused() {
    let mut twin = Twin::new(&["k"]);
    twin.begin(&["RPUSH k a"]);
    let reply = twin.kevy.line("LPOS k a RANK -9223372036854775808");
    assert!(reply.starts_with("-ERR value is out of range"), "{reply}");
}

#[test]
fn elements_are_put_in_and_taken_out_of_the_middle() {
    check_each(&[
        "LINSERT k BEFORE a x",
        "LINSERT k AFTER a x",
        "LINSERT k after 10 x",
        "LINSERT k before \"\" 7",
        "LINSERT k AFTER 59 x",
        "LINSERT k AFTER none x",
        "LINSERT k beside a x",
        "LINSERT none beside a x",
        "LINSERT k AFTER a",
        "LREM k 0 a",
        "LREM k 1 a",
        "LREM k 2 a",
        "LREM k -1 a",
        "LREM k -2 a",
        "LREM k 0 10",
        "LREM k 0 \"\"",
        "LREM k 0 none",
        "LREM k 9223372036854775807 a",
        "LREM k -9223372036854775808 a",
        "LREM k x a",
        "LREM k 0",
        "LREM none x a",
    ]);
}

#[test]
fn elements_are_moved() {
    let mut lines = Vec::new();
    for (from, to) in
        [("k", "m"), ("k", "k"), ("k", "new"), ("k", "s"), ("none", "k"), ("none", "s"), ("m", "k")]
    {
        for ends in ["LEFT LEFT", "LEFT RIGHT", "right left", "RIGHT RIGHT"] {
            lines.push(format!("LMOVE {from} {to} {ends}"));
        }
        lines.push(format!("RPOPLPUSH {from} {to}"));
    }
    lines.extend(
        ["LMOVE k m LEFT up", "LMOVE k m up LEFT", "LMOVE k m LEFT", "RPOPLPUSH k", "LMOVE none m up LEFT"]
            .map(str::to_owned),
    );
    check_each(&lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn resp3_has_one_null() {
    let mut twin = Twin::new(&["k"]);
    twin.begin(&["RPUSH k a b"]);
    twin.use_resp3();
    for line in [
        "LPOP none",
        "LPOP none 1",
        "LMPOP 1 none LEFT",
        "LPOS k none",
        "LPOS k a COUNT 0",
        "RPOPLPUSH none k",
        "LMPOP 1 k LEFT",
    ] {
        // The comparison of keys afterwards reads RESP2, so only the replies are compared here.
        let words = crate::command::testing::words(line);
        let args = crate::command::testing::slices(&words);
        let (ours, theirs) = (twin.kevy.run(&args), twin.redis.exchange(&args));
        assert_eq!(ours.escape_ascii().to_string(), theirs.escape_ascii().to_string(), "{line}");
    }
}

#[test]
fn large_lists_hold_what_redis_holds() {
    let mut twin = Twin::new(&["k", "m"]);
    let mut rng = fastrand::Rng::with_seed(3);
    for option in ["-1", "-2", "3", "0"] {
        twin.begin(&[]);
        twin.kevy.line(&format!("CONFIG SET list-max-listpack-size {option}"));
        let limits = crate::store::Limits::from(&*twin.kevy.server.options.read());
        twin.kevy.partitions[0].keyspace.set_limits(limits);
        for _ in 0..400 {
            let value = |rng: &mut fastrand::Rng| match rng.u8(..6) {
                0 => "x".repeat(rng.usize(..10_000)),
                1 => rng.i64(..).to_string(),
                _ => format!("v{}", rng.u8(..5)),
            };
            let index = rng.i64(-60..60);
            let line = match rng.u8(..14) {
                0..=3 => format!("LPUSH k {} {}", value(&mut rng), value(&mut rng)),
                4..=6 => format!("RPUSH k {} {}", value(&mut rng), value(&mut rng)),
                7 => format!("LINSERT k AFTER v{} {}", rng.u8(..5), value(&mut rng)),
                8 => format!("LSET k {index} {}", value(&mut rng)),
                9 => format!("LREM k {} v{}", rng.i64(-2..3), rng.u8(..5)),
                10 => format!("LTRIM k {} {}", rng.u8(..4), -1 - rng.i64(..4)),
                11 => format!("LRANGE k {index} {}", rng.i64(-60..60)),
                12 => format!(
                    "LPOS k v{} RANK {} COUNT 0",
                    rng.u8(..5),
                    rng.i64(1..4) * if rng.bool() { 1 } else { -1 }
                ),
                _ => "LMOVE k m RIGHT LEFT".to_owned(),
            };
            twin.check(&line);
        }
    }
}
