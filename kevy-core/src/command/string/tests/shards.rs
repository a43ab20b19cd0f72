//! Verbs whose keys lie on several shards.

use crate::command::testing::{Harness, slices};

#[test]
fn several_shards_each_record_what_they_got() {
    let mut kevy = Harness::with_shards(4);
    kevy.line("MSET a 1 b 2 c 3 d 4 e 5 f 6 {a}2 7 a 8");
    assert_eq!(kevy.line("MGET a b c d e f {a}2 none").matches("\\r\\n").count(), 16);
    let effects = kevy.take_effects();
    assert!((2..=4).contains(&effects.len()), "{effects:?}");
    let mut keys: Vec<String> = Vec::new();
    for (_, argv) in &effects {
        assert_eq!(argv[0], b"MSET");
        let names: Vec<_> =
            argv[1..].iter().step_by(2).map(|key| String::from_utf8_lossy(key).into_owned()).collect();
        keys.extend(names);
    }
    keys.sort();
    assert_eq!(keys, ["a", "a", "b", "c", "d", "e", "f", "{a}2"]);
    let mut replica = Harness::with_shards(4);
    replica.apply(&effects);
    for key in ["a", "b", "c", "d", "e", "f", "{a}2"] {
        assert_eq!(kevy.held(key), replica.held(key));
    }
    assert_eq!(kevy.line("GET a"), "$1\\r\\n8\\r\\n");
}

#[test]
fn msetnx_looks_at_every_shard_first() {
    let mut kevy = Harness::with_shards(4);
    kevy.line("SET d 1");
    assert_eq!(kevy.line("MSETNX a 1 b 2 c 3 d 4"), ":0\\r\\n");
    assert_eq!(kevy.line("MGET a b c"), "*3\\r\\n$-1\\r\\n$-1\\r\\n$-1\\r\\n");
    assert_eq!(kevy.line("MSETNX a 1 b 2 c 3"), ":1\\r\\n");
    kevy.take_effects();
    kevy.line("SET a ohmytext");
    kevy.line("SET b mynewtext");
    let words = [&b"LCS"[..], b"a", b"b"].map(<[u8]>::to_vec);
    assert_eq!(kevy.run(&slices(&words)), b"$6\r\nmytext\r\n");
}
