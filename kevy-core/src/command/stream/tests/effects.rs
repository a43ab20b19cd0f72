//! What stream verbs put on the replication stream.

use crate::command::testing::{Harness, effects};

#[test]
fn entries_have_ids_and_trims_have_limits() {
    for (line, expected) in [
        ("XADD s * f v", "XADD s 1000000-0 f v"),
        ("XADD s 5-* f v", "XADD s 5-2 f v"),
        ("XADD s 9 f v g w", "XADD s 9-0 f v g w"),
        ("XADD s MAXLEN ~ 1 9 f v", "XADD s MAXLEN = 3 9-0 f v"),
        ("XADD s MAXLEN 1 9 f v", "XADD s MAXLEN = 1 9-0 f v"),
        ("XADD s NOMKSTREAM MINID ~ 5 LIMIT 5 9 f v", "XADD s MINID = 5-0 9-0 f v"),
        ("XADD s MINID 5-1 9 f v", "XADD s MINID = 5-1 9-0 f v"),
        ("XTRIM s MAXLEN 1", "XTRIM s MAXLEN = 1"),
        ("XTRIM s MAXLEN ~ 0", "XTRIM s MAXLEN = 0"),
        ("XTRIM s MINID 5-1", "XTRIM s MINID = 5-1"),
        ("XDEL s 5-1 9", "XDEL s 5-1 9"),
        ("XSETID s 9 ENTRIESADDED 5", "XSETID s 9 ENTRIESADDED 5"),
        ("XGROUP CREATE s g $", "XGROUP CREATE s g 5-1"),
    ] {
        assert_eq!(effects(&["XADD s 5 f v", "XADD s 5-1 f v", line]), [expected], "{line}");
    }
    assert_eq!(effects(&["XGROUP CREATE s g $ MKSTREAM"]), ["XGROUP CREATE s g 0-0 MKSTREAM"]);
}

#[test]
fn deliveries_are_claims() {
    let entries = ["XADD s 5 f v", "XADD s 6 f v", "XADD s 7 f v", "XGROUP CREATE s g 0 ENTRIESREAD 0"];
    let after = |more: &[&str]| effects(&[&entries[..], more].concat());
    assert_eq!(
        after(&["XREADGROUP GROUP g c COUNT 2 STREAMS s >"]),
        [
            "XGROUP CREATECONSUMER s g c",
            "XCLAIM s g c 0 5-0 6-0 TIME 1000000 RETRYCOUNT 1 FORCE JUSTID LASTID 6-0",
            "XGROUP SETID s g 6-0 ENTRIESREAD 2",
        ]
    );
    assert_eq!(
        after(&["XREADGROUP GROUP g c NOACK COUNT 2 STREAMS s >"]),
        ["XGROUP CREATECONSUMER s g c", "XGROUP SETID s g 6-0 ENTRIESREAD 2"]
    );
    let read = "XREADGROUP GROUP g c COUNT 2 STREAMS s >";
    assert_eq!(
        after(&[read, "XREADGROUP GROUP g c STREAMS s 5"]),
        ["XCLAIM s g c 0 6-0 TIME 1000000 RETRYCOUNT 2 FORCE JUSTID LASTID 6-0"]
    );
    assert_eq!(
        after(&[read, "XCLAIM s g d 0 5 TIME 77"]),
        ["XGROUP CREATECONSUMER s g d", "XCLAIM s g d 0 5-0 TIME 77 RETRYCOUNT 2 FORCE JUSTID LASTID 6-0",]
    );
    assert_eq!(
        after(&[read, "XDEL s 5", "XAUTOCLAIM s g c 0 0 JUSTID"]),
        ["XCLAIM s g c 0 6-0 TIME 1000000 RETRYCOUNT 1 FORCE JUSTID LASTID 6-0", "XACK s g 5-0"]
    );
    assert_eq!(after(&[read, "XACK s g 5 9"]), ["XACK s g 5-0"]);
    assert_eq!(after(&[read, "XGROUP DELCONSUMER s g c"]), ["XGROUP DELCONSUMER s g c"]);
    assert_eq!(after(&["XGROUP DESTROY s g"]), ["XGROUP DESTROY s g"]);
    assert_eq!(after(&["XCLAIM s g c 0 9 LASTID 6"]), ["XGROUP SETID s g 6-0 ENTRIESREAD 0"]);
}

#[test]
fn nothing_changed_is_nothing_said() {
    let state = ["XADD s 5 f v", "XGROUP CREATE s g $", "XGROUP CREATECONSUMER s g c"];
    for line in [
        "XDEL s 9",
        "XTRIM s MAXLEN 5",
        "XTRIM s MINID 5",
        "XADD none NOMKSTREAM * f v",
        "XACK s g 5",
        "XREADGROUP GROUP g c STREAMS s >",
        "XREADGROUP GROUP g new STREAMS s >",
        "XREADGROUP GROUP g c STREAMS s 0",
        "XCLAIM s g c 0 5",
        "XAUTOCLAIM s g c 0 0",
        "XGROUP DESTROY s none",
        "XGROUP CREATECONSUMER s g c",
        "XGROUP DELCONSUMER s g none",
    ] {
        assert_eq!(effects(&[&state[..], &[line]].concat()), [""; 0], "{line}");
    }
}

#[test]
fn the_last_id_stays_behind_what_was_deleted() {
    let mut kevy = Harness::new();
    kevy.line("XADD s 5 f v");
    kevy.line("XDEL s 5");
    assert_eq!(
        kevy.line("XSETID s 4"),
        "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id\\r\\n"
    );
}

#[test]
fn a_snapshot_keeps_what_waits_for_an_entry_that_is_gone() {
    let mut replica = Harness::new();
    let line = |text: &str| (0, crate::command::testing::words(text));
    replica.apply(&[line("XADD s 5 f v"), line("XGROUP CREATE s g 5"), line("XDEL s 5")]);
    replica.apply(&[line("XCLAIM s g c 0 5 TIME 77 RETRYCOUNT 3 JUSTID FORCE")]);
    assert!(replica.line("XPENDING s g").starts_with("*4\\r\\n:1"));
    replica.apply(&[line("XCLAIM s g c 0 5 TIME 77 RETRYCOUNT 3 FORCE JUSTID LASTID 5-0")]);
    assert!(replica.line("XPENDING s g").starts_with("*4\\r\\n:0"));
}

#[test]
fn entries_that_go_with_their_references_are_deletions_and_acknowledgements() {
    let read = [
        "XADD s 1 f v",
        "XADD s 2 f v",
        "XADD s 3 f v",
        "XGROUP CREATE s g 0",
        "XGROUP CREATE s h 0",
        "XREADGROUP GROUP g c COUNT 2 STREAMS s >",
        "XREADGROUP GROUP h c STREAMS s >",
    ];
    for (line, expected) in [
        ("XDELEX s IDS 2 1 9", &["XDEL s 1-0"][..]),
        ("XDELEX s DELREF IDS 2 1 3", &["XACK s g 1-0", "XACK s h 1-0 3-0", "XDEL s 1-0 3-0"]),
        ("XDELEX s ACKED IDS 1 1", &[]),
        ("XACKDEL s g IDS 1 2", &["XACK s g 2-0", "XDEL s 2-0"]),
        ("XACKDEL s g DELREF IDS 1 2", &["XACK s g 2-0", "XACK s h 2-0", "XDEL s 2-0"]),
        ("XACKDEL s g ACKED IDS 1 2", &["XACK s g 2-0"]),
        ("XACKDEL s g IDS 1 3", &[]),
        ("XTRIM s MAXLEN 1 KEEPREF", &["XTRIM s MAXLEN = 1"]),
        ("XTRIM s MAXLEN 1 DELREF", &["XACK s g 1-0 2-0", "XACK s h 1-0 2-0", "XTRIM s MAXLEN = 1"]),
        ("XTRIM s MAXLEN 1 ACKED", &[]),
        ("XADD s ACKED MAXLEN 1 4 f v", &["XADD s 4-0 f v"]),
        ("XADD s DELREF MINID 2 4 f v", &["XADD s MINID = 2-0 4-0 f v", "XACK s g 1-0", "XACK s h 1-0"]),
    ] {
        assert_eq!(effects(&[&read[..], &[line]].concat()), expected, "{line}");
    }
    let acked = [&read[..], &["XACK s g 1 2", "XACK s h 1 3", "XTRIM s MAXLEN 0 ACKED"]].concat();
    assert_eq!(effects(&acked), ["XDEL s 1-0"]);
}
