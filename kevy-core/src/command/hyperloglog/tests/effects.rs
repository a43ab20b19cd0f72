//! What HyperLogLog verbs put on the replication stream, and verbs whose keys lie on several shards.

use crate::command::testing::{Harness, effects};

#[test]
fn changes_are_told_and_nothing_else() {
    let cases: [(&[&str], &[&str]); 10] = [
        (&["PFADD k"], &["PFADD k"]),
        (&["PFADD k", "PFADD k"], &[]),
        (&["PFADD k a", "PFADD k a b"], &["PFADD k a b"]),
        (&["PFADD k a", "PFADD k a"], &[]),
        (&["PFADD k a", "PFCOUNT k"], &["PFCOUNT k"]),
        (&["PFADD k a", "PFCOUNT k", "PFCOUNT k"], &[]),
        (&["PFADD k a", "PFCOUNT k k"], &[]),
        (&["PFADD k a", "PFMERGE k"], &[]),
        (&["PFADD k a", "PFDEBUG GETREG k"], &["PFDEBUG TODENSE k"]),
        (&["PFADD k a", "PFDEBUG TODENSE k", "PFDEBUG TODENSE k"], &[]),
    ];
    for (lines, expected) in cases {
        assert_eq!(effects(lines), expected, "{lines:?}");
    }
    let [merged] = &effects(&["PFADD k a", "PFMERGE new k"])[..] else { panic!("no effect") };
    assert!(merged.starts_with("SET new HYLL\\x01") && merged.ends_with(" KEEPTTL"), "{merged}");
}

#[test]
fn a_replica_with_a_limit_of_its_own_holds_the_same() {
    let mut kevy = Harness::with_options(1, &[("hll-sparse-max-bytes", "100")]);
    for limit in ["0", "3000"] {
        let mut replica = Harness::with_options(1, &[("hll-sparse-max-bytes", limit)]);
        kevy.forget(&["k", "l"]);
        for step in 0..60 {
            kevy.line(&format!("PFADD k {step} a{step}"));
            kevy.line(&format!("PFADD l b{step}"));
            kevy.line("PFCOUNT k");
            kevy.line("PFMERGE l k");
            let told = kevy.take_effects();
            replica.apply(&told);
            assert_eq!(kevy.held("k").0, replica.held("k").0, "after {step}");
            assert_eq!(kevy.held("l").0, replica.held("l").0, "after {step}");
        }
        assert_eq!(kevy.line("PFDEBUG ENCODING k"), "+dense\\r\\n");
    }
}

#[test]
fn a_replica_keeps_no_count_for_its_own_clients() {
    let mut replica = Harness::new();
    replica.line("PFADD k a b c");
    replica.take_effects();
    replica.partitions[0].keyspace.set_replica(true);
    let before = replica.held("k");
    assert_eq!(replica.line("PFCOUNT k"), ":3\\r\\n");
    assert_eq!(replica.held("k"), before);
    assert!(replica.take_effects().is_empty());
}

#[test]
fn keys_may_lie_on_any_shards() {
    let (mut one, mut many) = (Harness::new(), Harness::with_shards(4));
    for line in [
        "PFADD a 1 2 3",
        "PFADD b 3 4 5",
        "PFADD c 5 6 7",
        "PFDEBUG TODENSE c",
        "PFCOUNT a b c none",
        "PFMERGE d a b",
        "PFMERGE d",
        "PFMERGE none",
        "PFMERGE e a b c",
        "PFCOUNT d",
        "PFCOUNT e d",
    ] {
        assert_eq!(one.line(line), many.line(line), "{line}");
    }
    let mut replica = Harness::with_shards(3);
    replica.apply(&many.take_effects());
    for key in ["a", "b", "c", "d", "e"] {
        assert_eq!(one.held(key), many.held(key), "{key}");
        assert_eq!(many.held(key).0, replica.held(key).0, "{key}");
    }
}
