//! What bitmap verbs put on the replication stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::command::testing::{Harness, effects};

#[test]
fn what_changed_is_said() {
    for (line, effect) in [
        ("SETBIT k 1 0", "SETBIT k 1 0"),
        ("SETBIT k 100 0", "SETBIT k 100 0"),
        ("SETBIT n 0 0", "SETBIT n 0 0"),
        ("BITFIELD k SET u8 0 98", "BITFIELD k SET u8 0 98"),
        ("BITFIELD k GET u8 0 INCRBY u8 #1 1", "BITFIELD k GET u8 0 INCRBY u8 #1 1"),
        ("BITFIELD n OVERFLOW FAIL SET u8 0 300", "BITFIELD n OVERFLOW FAIL SET u8 0 300"),
        ("BITFIELD k OVERFLOW SAT INCRBY u8 0 300", "BITFIELD k OVERFLOW SAT INCRBY u8 0 300"),
        ("BITOP NOT d k", "BITOP NOT d k"),
        ("BITOP DIFF k k n", "BITOP DIFF k k n"),
        ("BITOP OR k n m", "DEL k"),
    ] {
        assert_eq!(effects(&["SET k abc", line]), [effect], "{line}");
    }
}

#[test]
fn nothing_changed_is_nothing_said() {
    for line in [
        "GETBIT k 1",
        "BITCOUNT k",
        "BITPOS k 1",
        "BITFIELD k GET u8 0",
        "BITFIELD n GET u8 100",
        "BITFIELD k",
        "BITFIELD_RO k GET u8 0",
        "SETBIT k 1 1",
        "SETBIT k 0 0",
        "BITFIELD k SET u8 0 97",
        "BITFIELD k INCRBY u8 0 0",
        "BITFIELD k INCRBY u8 0 256",
        "BITFIELD k OVERFLOW FAIL INCRBY u8 0 200",
        "BITOP AND n m o",
    ] {
        assert_eq!(effects(&["SET k abc", line]), [""; 0], "{line}");
    }
}

#[test]
fn an_expiry_stays_with_a_bit_and_goes_with_a_result() {
    let mut kevy = Harness::new();
    kevy.line("SET k a PX 1000");
    kevy.line("SETBIT k 7 0");
    kevy.line("BITFIELD k INCRBY u8 0 1");
    let (_, expire_at, encoding) = kevy.held("k");
    assert_eq!((expire_at, &*encoding), (Some(kevy.now + 1000), "raw"));
    kevy.line("BITOP NOT k k");
    assert_eq!(kevy.held("k").1, None);
}

#[test]
fn a_source_that_is_due_goes_before_what_is_made_of_the_others() {
    let mut kevy = Harness::new();
    kevy.now = 1000;
    kevy.line("SET a abc PX 10");
    kevy.line("SET b b");
    kevy.take_effects();
    kevy.now = 2000;
    assert_eq!(kevy.line("BITOP OR d a b"), ":1\\r\\n");
    assert_eq!(kevy.take_effect_lines(), ["DEL a", "BITOP OR d a b"]);
}

#[test]
fn who_watches_a_key_hears_of_changes_only() {
    for (line, is_change) in [
        ("SETBIT k 1 1", false),
        ("SETBIT k 1 0", true),
        ("SETBIT k 24 0", true),
        ("BITFIELD k SET u8 0 97", false),
        ("BITFIELD k SET u8 0 98", true),
        ("BITFIELD k OVERFLOW FAIL SET u8 0 300", false),
        ("BITOP NOT k k", true),
    ] {
        let mut kevy = Harness::new();
        kevy.line("SET k abc");
        let flag = Arc::new(AtomicBool::new(false));
        kevy.partitions[0].keyspace.watch(0, b"k", flag.clone(), kevy.now);
        kevy.line(line);
        assert_eq!(flag.load(Ordering::Acquire), is_change, "{line}");
    }
}
