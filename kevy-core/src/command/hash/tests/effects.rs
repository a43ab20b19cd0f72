//! What hash verbs put on the replication stream.

use crate::command::testing::{Harness, effects};

#[test]
fn fields_and_their_expiries() {
    for (line, expected) in [
        ("HSET h f 2 g 3", &["HSET h f 2 g 3"][..]),
        ("HMSET h f 2", &["HMSET h f 2"]),
        ("HSETNX h g 2", &["HSET h g 2"]),
        ("HDEL h f none", &["HDEL h f none"]),
        ("HINCRBY h f 2", &["HINCRBY h f 2"]),
        ("HINCRBY h g 2", &["HSET h g 2"]),
        ("HINCRBYFLOAT h f 0.5", &["HSET h f 1.5"]),
        ("HINCRBYFLOAT h t 0.5", &["HSET h t 7.5", "HPEXPIREAT h 2000000 FIELDS 1 t"]),
        ("HEXPIRE h 10 FIELDS 3 f none t", &["HPEXPIREAT h 1010000 FIELDS 2 f t"]),
        ("HPEXPIRE h 10 FIELDS 1 f", &["HPEXPIREAT h 1000010 FIELDS 1 f"]),
        ("HEXPIREAT h 2000 NX FIELDS 2 f t", &["HPEXPIREAT h 2000000 FIELDS 1 f"]),
        ("HPEXPIREAT h 5 FIELDS 2 f none", &["HDEL h f"]),
        ("HEXPIRE h 0 FIELDS 1 f", &["HDEL h f"]),
        ("HPERSIST h FIELDS 2 f t", &["HPERSIST h FIELDS 1 t"]),
        ("HGETDEL h FIELDS 3 f none f", &["HDEL h f"]),
        ("HGETEX h EX 10 FIELDS 2 f none", &["HPEXPIREAT h 1010000 FIELDS 1 f"]),
        ("HGETEX h EXAT 1 FIELDS 2 f none", &["HDEL h f"]),
        ("HGETEX h PERSIST FIELDS 2 f t", &["HPERSIST h FIELDS 1 t"]),
        ("HSETEX h FIELDS 1 f 2", &["HSET h f 2"]),
        ("HSETEX h EX 10 FIELDS 2 f 2 g 3", &["HSET h f 2 g 3", "HPEXPIREAT h 1010000 FIELDS 2 f g"]),
        ("HSETEX h KEEPTTL FIELDS 2 f 2 t 3", &["HSET h f 2 t 3", "HPEXPIREAT h 2000000 FIELDS 1 t"]),
        ("HSETEX h PXAT 1 FIELDS 2 f 2 none 3", &["HDEL h f"]),
    ] {
        assert_eq!(effects(&["HSET h f 1 t 7", "HPEXPIREAT h 2000000 FIELDS 1 t", line]), expected, "{line}");
    }
}

#[test]
fn nothing_changed_is_nothing_said() {
    for line in [
        "HDEL h none",
        "HDEL none f",
        "HSETNX h f 2",
        "HGETDEL h FIELDS 1 none",
        "HGETEX h FIELDS 1 f",
        "HGETEX h PERSIST FIELDS 1 f",
        "HPERSIST h FIELDS 1 f",
        "HEXPIRE h 10 XX FIELDS 1 f",
        "HEXPIRE h 10 FIELDS 1 none",
        "HEXPIRE none 10 FIELDS 1 f",
        "HSETEX h FXX FIELDS 1 none v",
        "HSETEX h FNX FIELDS 1 f v",
        "HSETEX none PXAT 1 FIELDS 1 f v",
    ] {
        assert_eq!(effects(&["HSET h f 1", line]), [""; 0], "{line}");
    }
}

#[test]
fn an_expired_field_goes_before_what_takes_its_place() {
    let mut kevy = Harness::new();
    kevy.now = 1000;
    kevy.line("HSET h f 5 g 1");
    kevy.line("HPEXPIRE h 10 FIELDS 1 f");
    kevy.take_effects();
    kevy.now = 2000;
    assert_eq!(kevy.line("HINCRBY h f 1"), ":1\\r\\n");
    assert_eq!(kevy.take_effect_lines(), ["HDEL h f", "HSET h f 1"]);
}
