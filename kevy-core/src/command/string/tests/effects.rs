//! What string verbs put on the replication stream.

use crate::command::testing::{Harness, effects};

#[test]
fn expiries_are_absolute() {
    for (line, effect) in [
        ("SET k v", "SET k v"),
        ("SET k v EX 10", "SET k v PXAT 1010000"),
        ("SET k v PX 10", "SET k v PXAT 1000010"),
        ("SET k v EXAT 2000", "SET k v PXAT 2000000"),
        ("SET k v PXAT 2000000 NX GET", "SET k v PXAT 2000000"),
        ("SET k v NX", "SET k v"),
        ("SET k v KEEPTTL", "SET k v KEEPTTL"),
        ("SETEX k 10 v", "SET k v PXAT 1010000"),
        ("PSETEX k 10 v", "SET k v PXAT 1000010"),
        ("SETNX k v", "SET k v"),
        ("GETSET k v", "SET k v"),
        ("MSETNX k v l w", "MSET k v l w"),
        ("INCRBYFLOAT k 1.5", "SET k 1.5 KEEPTTL"),
        ("INCRBY k 5", "INCRBY k 5"),
        ("DECR k", "DECR k"),
        ("APPEND k v", "APPEND k v"),
        ("SETRANGE k 2 v", "SETRANGE k 2 v"),
    ] {
        assert_eq!(effects(&[line]), [effect], "{line}");
    }
}

#[test]
fn verbs_that_read_say_only_what_they_changed() {
    for (line, effect) in [
        ("GETEX k EX 10", "PEXPIREAT k 1010000"),
        ("GETEX k PXAT 2000000", "PEXPIREAT k 2000000"),
        ("GETEX k EXAT 1", "DEL k"),
        ("GETEX k PERSIST", "PERSIST k"),
        ("GETDEL k", "DEL k"),
        ("SET k w PXAT 5", "DEL k"),
    ] {
        assert_eq!(effects(&["SET k v PX 500", line]), [effect], "{line}");
    }
}

#[test]
fn nothing_changed_is_nothing_said() {
    for line in [
        "GET k",
        "GETEX k",
        "GETEX k PERSIST",
        "SET k w NX",
        "SETNX k w",
        "MSETNX l 1 k 2",
        "SETRANGE k 0 \"\"",
        "GETDEL l",
        "GETEX l EX 5",
        "SET l v XX",
        "SET l v PXAT 1",
    ] {
        assert_eq!(effects(&["SET k v", line]), [""; 0], "{line}");
    }
}

#[test]
fn an_expired_key_goes_before_what_takes_its_place() {
    let mut kevy = Harness::new();
    kevy.now = 1000;
    kevy.line("SET n 5 PX 10");
    kevy.take_effects();
    kevy.now = 2000;
    assert_eq!(kevy.line("INCR n"), ":1\\r\\n");
    assert_eq!(kevy.take_effect_lines(), ["DEL n", "INCR n"]);
}
