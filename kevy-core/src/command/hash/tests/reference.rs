//! Every hash verb of Redis 7.0 with good and bad arguments on keys of every kind.

use crate::command::testing::Twin;

const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789";

fn states() -> Vec<Vec<String>> {
    let many = (0..200).map(|n| format!(" f{n} {n}")).collect::<String>();
    [
        vec![],
        vec!["HSET k f v".to_owned()],
        vec!["HSET k f 10 g 3.5 h abc \"\" empty".to_owned()],
        vec![format!("HSET k f 10 g {LONG}")],
        vec![format!("HSET k f 1{many}")],
        vec!["SET k v".to_owned()],
    ]
    .to_vec()
}

#[test]
fn fields_are_read_and_written() {
    let mut twin = Twin::new(&["k"]);
    for state in states() {
        let state: Vec<&str> = state.iter().map(String::as_str).collect();
        for line in [
            "HGET k f",
            "HGET k none",
            "HGET k \"\"",
            "HMGET k f none f",
            "HEXISTS k f",
            "HEXISTS k none",
            "HSTRLEN k f",
            "HSTRLEN k none",
            "HLEN k",
            "HSET k f new",
            "HSET k new 1",
            "HSET k f 1 new 2 new 3",
            "HSET k \"\" \"\"",
            "HMSET k f 1 new 2",
            "HSETNX k f new",
            "HSETNX k new 1",
            "HDEL k f",
            "HDEL k none",
            "HDEL k f none f g h \"\"",
            "HSET k new 9223372036854775807",
            "HSET k new -9223372036854775808",
            "HSET k new 0123",
            "HGET k",
            "HSET k f",
            "HSET k f v g",
            "HMSET k f",
            "HMSET k f v g",
            "HSETNX k f",
            "HDEL k",
            "HMGET k",
            "HLEN",
            "HGETALL",
            "HKEYS k x",
            "HINCRBY k f",
            "HSCAN k",
            "HRANDFIELD",
        ] {
            twin.begin(&state);
            twin.check(line);
        }
        twin.begin(&state);
        for line in ["HGETALL k", "HKEYS k", "HVALS k", "HRANDFIELD k 1000", "HRANDFIELD k 1000 WITHVALUES"] {
            twin.check_unordered(line);
        }
    }
}

#[test]
fn a_hash_outgrows_its_listpack_where_redis_outgrows_it() {
    let mut twin = Twin::new(&["k"]);
    twin.begin(&[]);
    for n in 0..140 {
        twin.check(&format!("HSET k f{n} {n}"));
    }
    for len in 60..70 {
        twin.begin(&[&format!("HSET k {} v", "f".repeat(len))]);
        twin.begin(&[&format!("HSET k f {}", "v".repeat(len))]);
    }
    twin.begin(&[&format!("HSET k f {LONG}"), "HSET k f v"]);
}

#[test]
fn numbers_in_fields_are_added_to_numbers() {
    let numbers = [
        "0",
        "1",
        "-1",
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
        "0.1",
        "1e5000",
        "3.0e0",
    ];
    let mut twin = Twin::new(&["k"]);
    for step in numbers {
        for verb in ["HINCRBY", "HINCRBYFLOAT"] {
            for state in [&[][..], &["HSET k f v"], &["SET k v"]] {
                twin.begin(state);
                twin.check(&format!("{verb} k n {step}"));
                twin.check(&format!("{verb} k f {step}"));
            }
            for start in numbers {
                twin.begin(&[&format!("HSET k n {start}")]);
                twin.check(&format!("{verb} k n {step}"));
            }
        }
    }
}

#[test]
fn hashes_are_walked() {
    let mut twin = Twin::new(&["k"]);
    for state in states() {
        let state: Vec<&str> = state.iter().map(String::as_str).collect();
        twin.begin(&state);
        for line in [
            "HSCAN k 0 COUNT 10000",
            "HSCAN k 0 MATCH f* COUNT 10000",
            "HSCAN k 0 MATCH * COUNT 10000",
            "HSCAN k 0 MATCH none COUNT 10000",
            "HSCAN k 0 count 10000 match [fg]",
            "HSCAN k x",
            "HSCAN k 1.5",
            "HSCAN k 0 COUNT",
            "HSCAN k 0 COUNT 0",
            "HSCAN k 0 COUNT -1",
            "HSCAN k 0 COUNT x",
            "HSCAN k 0 MATCH",
            "HSCAN k 0 TYPE hash",
            "HSCAN k 0 no",
            "HSCAN k 0 COUNT 10 no",
        ] {
            twin.check_unordered(line);
        }
    }
}

#[test]
fn a_walk_of_a_large_hash_finds_every_field() {
    let mut kevy = Twin::new(&["k"]).kevy;
    for n in 0..3000 {
        kevy.line(&format!("HSET k field-{n} {n}"));
    }
    let mut found = std::collections::BTreeSet::new();
    let (mut cursor, mut calls) = ("0".to_owned(), 0);
    loop {
        let reply = kevy.line(&format!("HSCAN k {cursor} COUNT 50 NOVALUES"));
        let parts: Vec<&str> = reply.split("\\r\\n").collect();
        cursor = parts[2].to_owned();
        found.extend(parts.iter().filter(|part| part.starts_with("field-")).map(|part| part.to_string()));
        calls += 1;
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(found.len(), 3000);
    assert!((10..1000).contains(&calls), "{calls} calls");
}

#[test]
fn random_fields_come_from_the_hash() {
    let mut twin = Twin::new(&["k"]);
    for state in states() {
        let state: Vec<&str> = state.iter().map(String::as_str).collect();
        twin.begin(&state);
        for line in [
            "HRANDFIELD k 0",
            "HRANDFIELD k 0 WITHVALUES",
            "HRANDFIELD k x",
            "HRANDFIELD k 1.5",
            "HRANDFIELD k -9223372036854775808",
            "HRANDFIELD k -9223372036854775808 WITHVALUES",
            "HRANDFIELD k -9223372036854775807 WITHVALUES",
            "HRANDFIELD k 9223372036854775807 WITHVALUES",
            "HRANDFIELD k 1 no",
            "HRANDFIELD k 1 WITHVALUES no",
            "HRANDFIELD nothing",
            "HRANDFIELD nothing 5",
            "HRANDFIELD nothing -5 WITHVALUES",
            "HRANDFIELD k x no",
        ] {
            twin.check(line);
        }
    }
    for (state, fields) in [("HSET k a 1", &["a"][..]), ("HSET k a 1 b 2 c 3", &["a", "b", "c"])] {
        twin.begin(&[state]);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let reply = twin.kevy.line("HRANDFIELD k");
            seen.insert(reply.split("\\r\\n").nth(1).expect("a field").to_owned());
        }
        assert!(seen.iter().eq(fields), "{seen:?}");
        let reply = twin.kevy.line("HRANDFIELD k -50 WITHVALUES");
        assert!(reply.starts_with("*100\\r\\n"), "{reply}");
    }
    let distinct = twin.kevy.line("HRANDFIELD k 2");
    assert!(distinct.starts_with("*2\\r\\n"), "{distinct}");
}

#[test]
fn an_endless_reply_is_refused() {
    let mut twin = Twin::new(&["k"]);
    twin.begin(&[&format!("HSET k {} v", "f".repeat(1 << 20))]);
    assert_eq!(twin.kevy.line("HRANDFIELD k -9223372036854775807"), "-ERR value is out of range\\r\\n");
}

#[test]
fn resp3_has_maps_and_pairs() {
    let mut twin = Twin::new(&["k"]);
    twin.begin(&["HSET k a 1"]);
    twin.use_resp3();
    for line in [
        "HGETALL k",
        "HGETALL nothing",
        "HKEYS k",
        "HVALS k",
        "HRANDFIELD k 5 WITHVALUES",
        "HRANDFIELD k -1 WITHVALUES",
        "HRANDFIELD nothing",
        "HGET k none",
        "HMGET k a none",
        "HSCAN k 0",
        "HINCRBYFLOAT k a 0.5",
    ] {
        // The comparison of keys afterwards reads RESP2, so only the replies are compared here.
        let words = crate::command::testing::words(line);
        let args = crate::command::testing::slices(&words);
        let (ours, theirs) = (twin.kevy.run(&args), twin.redis.exchange(&args));
        assert_eq!(ours.escape_ascii().to_string(), theirs.escape_ascii().to_string(), "{line}");
    }
}
