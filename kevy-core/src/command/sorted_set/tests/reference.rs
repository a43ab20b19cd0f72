//! Every sorted-set verb of Redis 7.0 with good and bad arguments on keys of every kind.

use crate::command::testing::Twin;

const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789";

fn states() -> Vec<Vec<String>> {
    let many = (0..200).map(|n| format!(" {} m{n}", n / 3)).collect::<String>();
    vec![
        vec![],
        vec!["ZADD k 1 a".to_owned()],
        vec!["ZADD k 1 a 2 b 3 c 3 d 3.5 e -inf f inf g 0 \"\" 7 7".to_owned()],
        vec![format!("ZADD k 1 a 2 {LONG}")],
        vec![format!("ZADD k 5 a{many}")],
        vec!["SET k v".to_owned()],
    ]
}

/// Runs each line on a fresh key of every state.
fn check_each(lines: &[&str]) {
    Twin::new(&["k", "d"]).check_each(&states(), lines);
}

#[test]
fn members_are_added_under_conditions() {
    check_each(&[
        "ZADD k 1 a",
        "ZADD k 2 a",
        "ZADD k 0.1 a",
        "ZADD k 2 a 3 new 4 new 5 a",
        "ZADD k NX 2 a 3 new",
        "ZADD k XX 2 a 3 new",
        "ZADD k XX 3 new",
        "ZADD k GT 0 a 9 b 9 new",
        "ZADD k LT 0 a 9 b 9 new",
        "ZADD k XX GT CH 0 a 9 b 9 new",
        "ZADD k xx lt ch 0 a 9 b 9 new",
        "ZADD k CH 2 a 3 new",
        "ZADD k INCR 2 a",
        "ZADD k INCR 2 new",
        "ZADD k INCR inf g",
        "ZADD k INCR -inf g",
        "ZADD k INCR NX 2 a",
        "ZADD k INCR XX 2 new",
        "ZADD k INCR GT -2 a",
        "ZADD k INCR LT -2 a",
        "ZADD k INCR CH GT 2 a",
        "ZADD k NX XX 1 a",
        "ZADD k NX GT 1 a",
        "ZADD k NX LT 1 a",
        "ZADD k GT LT 1 a",
        "ZADD k INCR 1 a 2 b",
        "ZADD k nan a",
        "ZADD k x a",
        "ZADD k 1 a x b",
        "ZADD k 1 new x b",
        "ZADD k 1 a 2",
        "ZADD k NX 1",
        "ZADD k NX XX",
        "ZADD k 1",
        "ZADD k NX NX CH CH 1 new",
        "ZADD k -0 a",
        "ZADD k 0x10 a 1e400 b",
        "ZADD k 1e-5 a 123456789.125 b 1e17 c 1e25 d",
        "ZINCRBY k 1 a",
        "ZINCRBY k 0.1 a",
        "ZINCRBY k 1 new",
        "ZINCRBY k 0 a",
        "ZINCRBY k -inf g",
        "ZINCRBY k nan a",
        "ZINCRBY k x a",
        "ZINCRBY k 1",
        "ZADD",
    ]);
}

#[test]
fn members_are_looked_at() {
    check_each(&[
        "ZCARD k",
        "ZSCORE k a",
        "ZSCORE k e",
        "ZSCORE k none",
        "ZSCORE k \"\"",
        "ZSCORE k 7",
        "ZMSCORE k a none a \"\"",
        "ZRANK k a",
        "ZRANK k c",
        "ZRANK k none",
        "ZREVRANK k a",
        "ZREVRANK k d",
        "ZREVRANK k none",
        "ZCOUNT k -inf +inf",
        "ZCOUNT k 1 3",
        "ZCOUNT k (1 3",
        "ZCOUNT k 1 (3",
        "ZCOUNT k (3 (3",
        "ZCOUNT k 3 1",
        "ZCOUNT k \"\" 3",
        "ZCOUNT k \" 1\" 3",
        "ZCOUNT k \" \" 3",
        "ZCOUNT k \"1 \" 3",
        "ZCOUNT k ( 3",
        "ZCOUNT k ((1 3",
        "ZCOUNT k 1\\x00 3",
        "ZCOUNT k \"1\\x00x\" 3",
        "ZCOUNT k 1e999 3",
        "ZCOUNT k -1e999 1e999",
        "ZCOUNT k 1e-999 3",
        "ZCOUNT k 0x1 3",
        "ZCOUNT k nan 3",
        "ZCOUNT k 1 x",
        "ZLEXCOUNT k - +",
        "ZLEXCOUNT k + -",
        "ZLEXCOUNT k x +",
        "ZLEXCOUNT k - \"\"",
        "ZCARD",
        "ZSCORE k",
        "ZMSCORE k",
        "ZRANK k",
        "ZCOUNT k 1",
    ]);
}

#[test]
fn ranges_of_ranks_and_scores_are_read() {
    let mut lines = Vec::new();
    for verb in ["ZRANGE", "ZREVRANGE"] {
        for (start, stop) in
            [("0", "-1"), ("1", "2"), ("-3", "-2"), ("-1", "0"), ("5", "1000"), ("-1000", "1"), ("x", "1")]
        {
            lines.push(format!("{verb} k {start} {stop}"));
            lines.push(format!("{verb} k {start} {stop} WITHSCORES"));
        }
    }
    for limits in ["-inf +inf", "1 3", "(1 3", "1 (3", "3 1", "x 1", "1 x", "\"\" 5"] {
        for rest in [
            "",
            "WITHSCORES",
            "LIMIT 0 2",
            "LIMIT 1 2 WITHSCORES",
            "WITHSCORES LIMIT 2 -1",
            "LIMIT -1 2",
            "LIMIT 0 0",
            "LIMIT 1000 1",
            "LIMIT 0 -2",
            "LIMIT x 1",
            "LIMIT 0",
            "REV",
            "NO",
        ] {
            for verb in ["ZRANGEBYSCORE", "ZREVRANGEBYSCORE"] {
                lines.push(format!("{verb} k {limits} {rest}"));
            }
            lines.push(format!("ZRANGE k {limits} BYSCORE {rest}"));
        }
    }
    for line in [
        "ZRANGE k +inf -inf BYSCORE REV",
        "ZRANGE k 3 1 REV BYSCORE LIMIT 1 1 WITHSCORES",
        "ZRANGE k 0 -1 REV",
        "ZRANGE k 0 -1 REV REV",
        "ZRANGE k 0 -1 LIMIT 0 -1",
        "ZRANGE k 0 -1 LIMIT 0 1",
        "ZRANGE k - + BYLEX WITHSCORES",
        "ZRANGE k - + BYLEX BYLEX",
        "ZRANGE k - + BYLEX BYSCORE",
        "ZRANGE k 0",
        "ZRANGE k 0 x",
        "ZREVRANGE k 0 1 BYSCORE",
        "ZREVRANGE k 0 1 LIMIT 0 1",
        "ZRANGESTORE d k 0 -1",
        "ZRANGESTORE d k 1 2",
        "ZRANGESTORE d k (1 3 BYSCORE",
        "ZRANGESTORE d k 3 1 BYSCORE REV LIMIT 0 2",
        "ZRANGESTORE d k 100 200",
        "ZRANGESTORE k k 0 0",
        "ZRANGESTORE d none 0 -1",
        "ZRANGESTORE d k 0 -1 WITHSCORES",
        "ZRANGESTORE d k 0",
    ] {
        lines.push(line.to_owned());
    }
    check_each(&lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn ranges_of_members_are_read_where_scores_are_equal() {
    let mut twin = Twin::new(&["k", "d"]);
    let many = (0..300).map(|n| format!(" 0 m{n}")).collect::<String>();
    for state in ["ZADD k 0 a 0 b 0 bb 0 c 0 \"\" 0 10 0 9", &format!("ZADD k 0 a 0 b{many}")] {
        for limits in [
            "- +", "+ -", "[a [c", "(a (c", "[b [b", "(b (b", "[b (b", "[c [a", "[ +", "( +", "- (m2",
            "[m1 [m2", "a c", "- x", "\"\" +", "-x +", "-\\x00 +",
        ] {
            twin.begin(&[state]);
            for verb in ["ZRANGEBYLEX", "ZREVRANGEBYLEX", "ZLEXCOUNT"] {
                twin.check(&format!("{verb} k {limits}"));
            }
            twin.check(&format!("ZRANGEBYLEX k {limits} LIMIT 1 2"));
            twin.check(&format!("ZREVRANGEBYLEX k {limits} LIMIT 1 -1"));
            twin.check(&format!("ZRANGE k {limits} BYLEX LIMIT 0 3"));
            twin.check(&format!("ZRANGE k {limits} BYLEX REV"));
            twin.check(&format!("ZRANGESTORE d k {limits} BYLEX"));
            twin.check(&format!("ZREMRANGEBYLEX k {limits}"));
        }
        twin.begin(&[state]);
        twin.check("ZRANGEBYLEX k - + WITHSCORES");
    }
}

#[test]
fn members_are_removed() {
    check_each(&[
        "ZREM k a",
        "ZREM k none",
        "ZREM k a none a b c d e f g 7 \"\"",
        "ZREM k",
        "ZREMRANGEBYRANK k 0 0",
        "ZREMRANGEBYRANK k 0 -1",
        "ZREMRANGEBYRANK k 1 -2",
        "ZREMRANGEBYRANK k -2 1000",
        "ZREMRANGEBYRANK k 5 2",
        "ZREMRANGEBYRANK k x 2",
        "ZREMRANGEBYRANK k 0 9223372036854775807",
        "ZREMRANGEBYRANK k -9223372036854775808 0",
        "ZREMRANGEBYSCORE k 1 3",
        "ZREMRANGEBYSCORE k (1 (3",
        "ZREMRANGEBYSCORE k -inf +inf",
        "ZREMRANGEBYSCORE k 3 1",
        "ZREMRANGEBYSCORE k x 1",
        "ZREMRANGEBYLEX k x +",
        "ZREMRANGEBYLEX k + -",
        "ZPOPMIN k",
        "ZPOPMAX k",
        "ZPOPMIN k 0",
        "ZPOPMIN k 2",
        "ZPOPMAX k 3",
        "ZPOPMIN k 1000",
        "ZPOPMAX k -1",
        "ZPOPMIN k x",
        "ZPOPMIN k 1 2",
        "ZMPOP 1 k MIN",
        "ZMPOP 2 none k MAX COUNT 3",
        "ZMPOP 2 k none min count 1000",
        "ZMPOP 1 none MIN",
        "ZMPOP 0 k MIN",
        "ZMPOP x k MIN",
        "ZMPOP 2 k MIN",
        "ZMPOP 1 k",
        "ZMPOP 1 k MID",
        "ZMPOP 1 k MIN COUNT",
        "ZMPOP 1 k MIN COUNT 0",
        "ZMPOP 1 k MIN COUNT 1 COUNT 1",
        "ZMPOP 1 k MIN LIMIT 1",
    ]);
}

#[test]
fn sorted_sets_are_combined() {
    let mut twin = Twin::new(&["k", "x", "y", "d"]);
    let many = (0..200).map(|n| format!(" {n} m{n}")).collect::<String>();
    let large = format!("ZADD k 5 a{many}");
    for state in [
        &["ZADD k 1 a 2 b 3 c", "ZADD x 10 b 20 c 30 z", "ZADD y 0.1 c 0.2 a inf i -inf j"][..],
        &[&large, "ZADD x 1 m5 2 m6 3 none", "ZADD y -1 m6 5 m100"],
        &["ZADD k inf a 0 b", "ZADD x -inf a nan", "ZADD x -inf a 0 b"],
        &["ZADD k 1 a 2 b", "SADD x 1 2 3", "SADD y b a"],
        &["ZADD k 1 a", "SET x v"],
        &[],
    ] {
        for verb in
            ["ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD", "ZUNIONSTORE d", "ZINTERSTORE d", "ZDIFFSTORE d"]
        {
            for keys in ["1 k", "2 k x", "2 x k", "3 k x y", "3 y y k", "2 k none", "2 none k", "2 k k"] {
                twin.begin(state);
                twin.check(&format!("{verb} {keys}"));
            }
            for rest in [
                "2 k x WITHSCORES",
                "2 k x WEIGHTS 2 0.5",
                "2 k x WEIGHTS 2 0.5 WITHSCORES",
                "2 k x AGGREGATE MIN WITHSCORES",
                "2 k x AGGREGATE MAX WITHSCORES",
                "3 k x y aggregate sum weights 1 -1 0 withscores",
                "2 k x WEIGHTS 0 inf WITHSCORES",
                "2 k x WEIGHTS 1",
                "2 k x WEIGHTS 1 x",
                "2 k x AGGREGATE AVG",
                "2 k x AGGREGATE",
                "2 k x LIMIT 1",
                "2 k x LIMIT 0",
                "2 k x LIMIT -1",
                "2 k x LIMIT x",
                "2 k x NO",
                "0 k",
                "-1 k",
                "x k",
                "3 k x",
                "9223372036854775807 k",
                "1",
            ] {
                twin.begin(state);
                twin.check(&format!("{verb} {rest}"));
            }
        }
        twin.begin(state);
        twin.check("ZUNIONSTORE k 2 k x");
        twin.begin(state);
        twin.check("SET d v PX 100000");
        twin.check("ZUNIONSTORE d 2 k x");
        twin.check("ZINTERSTORE d 2 k none");
    }
}

#[test]
fn sets_grow_where_redis_lets_them_grow() {
    let mut twin = Twin::new(&["k", "d"]);
    twin.begin(&[]);
    for n in 0..140 {
        twin.check(&format!("ZADD k {} m{n}", n % 7));
    }
    for len in 60..70 {
        twin.begin(&[&format!("ZADD k 1 {}", "m".repeat(len))]);
        twin.check(&format!("ZADD k 2 b 1.5 {}", "n".repeat(len)));
        twin.check("ZUNIONSTORE d 1 k");
    }
    twin.begin(&[&format!("ZADD k 1 {LONG}"), "ZADD k 2 a"]);
    twin.check(&format!("ZREM k {LONG}"));
    twin.check("ZUNIONSTORE d 1 k");
}

#[test]
fn sorted_sets_are_walked_and_picked_from() {
    let mut twin = Twin::new(&["k"]);
    for state in states() {
        let state: Vec<&str> = state.iter().map(String::as_str).collect();
        twin.begin(&state);
        for line in [
            "ZSCAN k 0 COUNT 10000",
            "ZSCAN k 0 MATCH m1* COUNT 10000",
            "ZSCAN k 0 MATCH none COUNT 10000",
            "ZSCAN k x",
            "ZSCAN k 0 COUNT 0",
            "ZSCAN k 0 NOVALUES",
            "ZRANDMEMBER k 1000",
            "ZRANDMEMBER k 1000 WITHSCORES",
        ] {
            twin.check_unordered(line);
        }
        for line in [
            "ZRANDMEMBER k 0",
            "ZRANDMEMBER k x",
            "ZRANDMEMBER k -9223372036854775808",
            "ZRANDMEMBER k -9223372036854775807 WITHSCORES",
            "ZRANDMEMBER k 1 NO",
            "ZRANDMEMBER k 1 WITHSCORES NO",
            "ZRANDMEMBER none",
            "ZRANDMEMBER none 5",
            "ZRANDMEMBER none -5 WITHSCORES",
            "ZSCAN none 0",
        ] {
            twin.check(line);
        }
    }
    twin.begin(&["ZADD k 1 a 2 b 3 c"]);
    assert!(twin.kevy.line("ZRANDMEMBER k -50 WITHSCORES").starts_with("*100\\r\\n"));
    assert!(twin.kevy.line("ZRANDMEMBER k 2").starts_with("*2\\r\\n"));
}

#[test]
fn resp3_has_doubles_and_pairs() {
    let mut twin = Twin::new(&["k", "d"]);
    twin.begin(&["ZADD k 1 a 2.5 b inf c", "ZADD d 1 a"]);
    twin.use_resp3();
    for line in [
        "ZSCORE k b",
        "ZSCORE k none",
        "ZMSCORE k a none c",
        "ZINCRBY k 1 a",
        "ZADD k INCR 0.5 a",
        "ZADD k NX INCR 0.5 a",
        "ZRANGE k 0 -1 WITHSCORES",
        "ZRANGEBYSCORE k -inf +inf WITHSCORES",
        "ZREVRANGE k 0 0 WITHSCORES",
        "ZRANGE k 0 -1",
        "ZUNION 2 k d WITHSCORES",
        "ZRANDMEMBER d 10 WITHSCORES",
        "ZSCAN k 0",
        "ZRANK k none",
        "ZRANDMEMBER none",
        "ZMPOP 1 none MIN",
        "ZMPOP 1 d MIN",
        "ZPOPMIN none",
        "ZPOPMIN none 1",
        "ZPOPMIN k",
        "ZPOPMAX k 2",
    ] {
        // The comparison of keys afterwards reads RESP2, so only the replies are compared here.
        let words = crate::command::testing::words(line);
        let args = crate::command::testing::slices(&words);
        let (ours, theirs) = (twin.kevy.run(&args), twin.redis.exchange(&args));
        assert_eq!(ours.escape_ascii().to_string(), theirs.escape_ascii().to_string(), "{line}");
    }
}
