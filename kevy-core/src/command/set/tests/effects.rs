//! What set verbs put on the replication stream.

use crate::command::testing::{Harness, effects};

#[test]
fn members_come_and_go() {
    for (line, expected) in [
        ("SADD s d e", &["SADD s d e"][..]),
        ("SADD s a d", &["SADD s a d"]),
        ("SREM s a none", &["SREM s a none"]),
        ("SREM s a b c", &["SREM s a b c"]),
        ("SMOVE s t a", &["SMOVE s t a"]),
        ("SPOP one", &["SREM one x"]),
        ("SPOP one 1", &["DEL one"]),
        ("SPOP s 3", &["DEL s"]),
        ("SPOP s 100", &["DEL s"]),
        ("SINTERSTORE d s t", &["SINTERSTORE d s t"]),
        ("SUNIONSTORE d s t none", &["SUNIONSTORE d s t none"]),
        ("SDIFFSTORE s s t", &["SDIFFSTORE s s t"]),
        ("SINTERSTORE s s none", &["DEL s"]),
    ] {
        assert_eq!(effects(&["SADD s a b c", "SADD t b c z", "SADD one x", line]), expected, "{line}");
    }
    let popped = effects(&["SADD s a b c d e", "SPOP s 2"]);
    assert!(popped.len() == 1 && popped[0].starts_with("SREM s "), "{popped:?}");
    let all = (0..5_000).map(|n| format!(" {n}")).collect::<String>();
    let popped = effects(&[&format!("SADD s{all}"), "SPOP s 3000"]);
    assert_eq!(popped.len(), 3);
    assert_eq!(popped.iter().map(|line| line.split(' ').count() - 2).sum::<usize>(), 3_000);
}

#[test]
fn nothing_changed_is_nothing_said() {
    for line in [
        "SADD s a b",
        "SREM s none",
        "SREM none a",
        "SMOVE s t none",
        "SMOVE s s a",
        "SMOVE none t a",
        "SPOP none",
        "SPOP none 5",
        "SPOP s 0",
        "SRANDMEMBER s",
        "SINTERSTORE none s absent",
        "SDIFFSTORE none s s",
    ] {
        assert_eq!(effects(&["SADD s a b c", "SADD t b", line]), [""; 0], "{line}");
    }
}

#[test]
fn several_shards_each_record_their_own() {
    let mut kevy = Harness::with_shards(4);
    let mut replica = Harness::with_shards(4);
    for line in [
        "SADD a 1 2 3 x",
        "SADD b 2 3 4 y",
        "SADD c 3 x y",
        "SADD e 9",
        "SMOVE a b 1",
        "SMOVE a b 2",
        "SMOVE a f 3",
        "SMOVE a f none",
        "SINTERSTORE d a b",
        "SUNIONSTORE d a b c",
        "SUNIONSTORE e a b c",
        "SDIFFSTORE {a}d a b",
        "SDIFFSTORE {a}d a {a}d",
        "SINTERSTORE e a nothing",
        "SPOP b 2",
    ] {
        kevy.line(line);
        let effects = kevy.take_effects();
        replica.apply(&effects);
        for key in ["a", "b", "c", "d", "e", "f", "{a}d"] {
            assert_eq!(
                kevy.held(key),
                replica.held(key),
                "{key} after {line}, whose effects are {effects:?}"
            );
        }
    }
    assert_eq!(kevy.line("SINTERCARD 3 a b c"), kevy.line("SINTERCARD 3 c b a"));
    assert_eq!(kevy.line("SUNION nothing e"), "*0\\r\\n");
}
