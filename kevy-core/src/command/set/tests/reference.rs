//! Every set verb of Redis 7.0 with good and bad arguments on keys of every kind.

use std::collections::BTreeSet;

use crate::command::testing::{Harness, Twin, slices, words};

const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789";

fn states() -> Vec<Vec<String>> {
    let many = (0..200).map(|n| format!(" m{n}")).collect::<String>();
    let ints = (0..600).map(|n| format!(" {n}")).collect::<String>();
    [
        vec![],
        vec!["SADD k a".to_owned(), "SADD l a b".to_owned()],
        vec!["SADD k 1 2 3".to_owned(), "SADD l 3 -1 9223372036854775807".to_owned()],
        vec!["SADD k 1 2 a \"\" 03".to_owned(), "SADD l 2 a z".to_owned()],
        vec![format!("SADD k a 1 {LONG}"), "SADD l a".to_owned(), "EXPIRE l 1000".to_owned()],
        vec![format!("SADD k a{many}"), format!("SADD l{ints}")],
        vec!["SET k v".to_owned(), "SADD l a".to_owned()],
        vec!["SADD k a b".to_owned(), "SET l v".to_owned()],
    ]
    .to_vec()
}

fn each_state(mut check: impl FnMut(&mut Twin, &[&str])) {
    let mut twin = Twin::new(&["k", "l", "d"]);
    for state in states() {
        check(&mut twin, &state.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn members_are_added_removed_and_asked_for() {
    each_state(|twin, state| {
        for line in [
            "SADD k a",
            "SADD k new other new",
            "SADD k 1 2 3",
            "SADD k 32768 -2147483649 5",
            "SADD k \"\"",
            &format!("SADD k {LONG}"),
            "SREM k a",
            "SREM k none 1 a a",
            "SREM k a 1 2 3 \"\" 03",
            "SCARD k",
            "SISMEMBER k a",
            "SISMEMBER k 3",
            "SISMEMBER k 03",
            "SMISMEMBER k a none 3 a",
            "SMOVE k l a",
            "SMOVE k l 1",
            "SMOVE k d 2",
            "SMOVE k k a",
            "SMOVE k k none",
            "SMOVE k l none",
            "SMOVE none l a",
            "SMOVE none k a",
            "SPOP k 0",
            "SPOP k -1",
            "SPOP k x",
            "SPOP k 1 2",
            "SPOP none",
            "SPOP none 2",
            "SPOP none -2",
            "SRANDMEMBER k 0",
            "SRANDMEMBER k x",
            "SRANDMEMBER k -9223372036854775808",
            "SRANDMEMBER k 1 2",
            "SRANDMEMBER none",
            "SRANDMEMBER none 3",
            "SRANDMEMBER none -3",
            "SADD k",
            "SREM k",
            "SCARD",
            "SCARD k l",
            "SISMEMBER k",
            "SISMEMBER k a b",
            "SMISMEMBER k",
            "SMEMBERS",
            "SMEMBERS k l",
            "SMOVE k l",
            "SPOP",
            "SRANDMEMBER",
        ] {
            twin.begin(state);
            twin.check(line);
        }
        for line in ["SMEMBERS k", "SMEMBERS none", "SPOP k 1000", "SRANDMEMBER k 1000"] {
            twin.begin(state);
            twin.check_unordered(line);
        }
    });
}

#[test]
fn sets_are_combined() {
    each_state(|twin, state| {
        for keys in ["k", "k l", "l k", "k none", "none k", "none", "k k l", "l l", "none none l k"] {
            for verb in ["SINTER", "SUNION", "SDIFF"] {
                twin.begin(state);
                twin.check_unordered(&format!("{verb} {keys}"));
            }
            for verb in ["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"] {
                for destination in ["d", "k", "l"] {
                    twin.begin(state);
                    twin.check(&format!("{verb} {destination} {keys}"));
                }
                twin.begin(state);
                twin.check("SET d v EX 1000");
                twin.check(&format!("{verb} d {keys}"));
            }
        }
        for line in [
            "SINTERCARD 1 k",
            "SINTERCARD 2 k l",
            "SINTERCARD 2 k none",
            "SINTERCARD 1 k LIMIT 1",
            "SINTERCARD 1 k limit 0",
            "SINTERCARD 2 k k LIMIT 2",
            "SINTERCARD 1 k LIMIT 9223372036854775807",
            "SINTERCARD 1 k LIMIT 1 LIMIT 2",
            "SINTERCARD 1 k LIMIT -1",
            "SINTERCARD 1 k LIMIT x",
            "SINTERCARD 1 k LIMIT",
            "SINTERCARD 1 k l",
            "SINTERCARD 1 k NO 1",
            "SINTERCARD 0 k",
            "SINTERCARD -1 k",
            "SINTERCARD x k",
            "SINTERCARD 3 k l",
            "SINTERCARD 9223372036854775807 k l",
            "SINTERCARD 1",
            "SINTER",
            "SUNION",
            "SDIFF",
            "SINTERSTORE d",
            "SUNIONSTORE d",
            "SDIFFSTORE d",
        ] {
            twin.begin(state);
            twin.check(line);
        }
    });
}

#[test]
fn the_larger_difference_is_the_same() {
    let mut twin = Twin::new(&["k", "l", "d"]);
    let many = (0..300).map(|n| format!(" m{n}")).collect::<String>();
    twin.begin(&[&format!("SADD k{many}"), "SADD l m1 m2 z", "SADD d m3"]);
    twin.check_unordered("SDIFF k l d");
    twin.check_unordered("SDIFF k l d l d");
    twin.check_unordered("SDIFF l k");
    twin.check("SDIFFSTORE d k l l l l");
    twin.check("SDIFFSTORE d k k k");
}

#[test]
fn a_set_of_integers_outgrows_its_array_where_redis_outgrows_it() {
    let mut twin = Twin::new(&["k"]);
    let ints = |from: i64, to: i64| (from..to).map(|n| format!(" {n}")).collect::<String>();
    twin.begin(&[&format!("SADD k{}", ints(0, 510))]);
    for n in 510..516 {
        twin.check(&format!("SADD k {n}"));
    }
    twin.begin(&[&format!("SADD k{}", ints(-300, 213))]);
    twin.check("SREM k 1");
    twin.begin(&["SADD k 1 2 3", "SADD k a", "SREM k a", "SADD k 4"]);
    for wide in ["32767", "32768", "-32769", "2147483648", "-9223372036854775808", "9223372036854775807"] {
        twin.begin(&["SADD k 1 2 3"]);
        twin.check(&format!("SADD k {wide}"));
        twin.check(&format!("SREM k {wide}"));
    }
}

#[test]
fn sets_are_walked() {
    each_state(|twin, state| {
        twin.begin(state);
        for line in [
            "SSCAN k 0 COUNT 10000",
            "SSCAN k 0 MATCH a* COUNT 10000",
            "SSCAN k 0 MATCH * COUNT 10000",
            "SSCAN k 0 MATCH none COUNT 10000",
            "SSCAN k 0 count 10000 match [a1]",
            "SSCAN none 0",
            "SSCAN none 0 no",
            "SSCAN k x",
            "SSCAN k 0 COUNT",
            "SSCAN k 0 COUNT 0",
            "SSCAN k 0 COUNT x",
            "SSCAN k 0 NOVALUES",
            "SSCAN k 0 TYPE set",
            "SSCAN k",
        ] {
            twin.check_unordered(line);
        }
    });
}

#[test]
fn random_members_come_from_the_set() {
    let mut kevy = Harness::new();
    let many = (0..1_000).map(|n| format!(" m{n}")).collect::<String>();
    for (members, count) in [(" 1 2 3", 3), (" a b 3", 3), (many.as_str(), 1_000)] {
        kevy.line("DEL k");
        kevy.line(&format!("SADD k{members}"));
        let all: BTreeSet<&str> = members.split(' ').skip(1).collect();
        let mut seen = BTreeSet::new();
        for _ in 0..count * 20 {
            seen.insert(kevy.line("SRANDMEMBER k").split("\\r\\n").nth(1).expect("a member").to_owned());
        }
        assert!(seen.iter().map(String::as_str).eq(all.iter().copied()));
        for wanted in [1, count / 2, count - 1, count, count + 5] {
            let reply = kevy.line(&format!("SRANDMEMBER k {wanted}"));
            let chosen: BTreeSet<&str> = reply.split("\\r\\n").skip(2).step_by(2).collect();
            assert_eq!(chosen.iter().filter(|member| all.contains(**member)).count(), wanted.min(count));
        }
        assert!(kevy.line(&format!("SRANDMEMBER k -{}", count * 2)).starts_with(&format!("*{}", count * 2)));
        let mut left = all.len();
        for wanted in [1, count / 3, count / 2] {
            let reply = kevy.line(&format!("SPOP k {wanted}"));
            let popped: BTreeSet<&str> =
                reply.split("\\r\\n").skip(2).step_by(2).filter(|m| !m.is_empty()).collect();
            assert!(popped.len() == wanted && popped.is_subset(&all));
            left -= wanted;
            assert_eq!(kevy.line("SCARD k"), format!(":{left}\\r\\n"));
        }
    }
    kevy.line(&format!("SADD long {}", "m".repeat(1 << 20)));
    assert_eq!(kevy.line("SRANDMEMBER long -9223372036854775807"), "-ERR value is out of range\\r\\n");
}

#[test]
fn resp3_has_sets() {
    let mut twin = Twin::new(&["k"]);
    twin.begin(&["SADD k 1"]);
    twin.use_resp3();
    for line in [
        "SMEMBERS k",
        "SMEMBERS nothing",
        "SINTER k k",
        "SINTER k nothing",
        "SUNION k nothing",
        "SDIFF k nothing",
        "SDIFF nothing k",
        "SRANDMEMBER k 5",
        "SRANDMEMBER k -2",
        "SRANDMEMBER nothing",
        "SRANDMEMBER nothing 2",
        "SMISMEMBER k 1 2",
        "SISMEMBER k 1",
        "SSCAN k 0",
        "SPOP nothing",
        "SPOP nothing 2",
        "SPOP k 0",
        "SPOP k 5",
        "SPOP k",
    ] {
        // The comparison of keys afterwards reads RESP2, so only the replies are compared here.
        let words = words(line);
        let args = slices(&words);
        let (ours, theirs) = (twin.kevy.run(&args), twin.redis.exchange(&args));
        assert_eq!(ours.escape_ascii().to_string(), theirs.escape_ascii().to_string(), "{line}");
    }
}
