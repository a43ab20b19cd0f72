//! What list verbs put on the replication stream.

use crate::command::testing::effects;

#[test]
fn what_was_changed_is_said() {
    for (line, expected) in [
        ("LPUSH l x y", "LPUSH l x y"),
        ("RPUSH l x y", "RPUSH l x y"),
        ("LPUSHX l x", "LPUSHX l x"),
        ("RPUSHX l x", "RPUSHX l x"),
        ("LPOP l", "LPOP l"),
        ("RPOP l", "RPOP l"),
        ("LPOP l 2", "LPOP l 2"),
        ("RPOP l 100", "RPOP l 4"),
        ("LSET l 1 x", "LSET l 1 x"),
        ("LINSERT l BEFORE b x", "LINSERT l BEFORE b x"),
        ("LREM l 0 a", "LREM l 0 a"),
        ("LTRIM l 1 2", "LTRIM l 1 2"),
        ("LTRIM l 5 2", "LTRIM l 5 2"),
        ("LMPOP 2 none l LEFT COUNT 10", "LPOP l 4"),
        ("LMPOP 1 l right", "RPOP l 1"),
        ("LMOVE l m left right", "LMOVE l m LEFT RIGHT"),
        ("RPOPLPUSH l m", "LMOVE l m RIGHT LEFT"),
        ("RPOPLPUSH l l", "LMOVE l l RIGHT LEFT"),
    ] {
        assert_eq!(effects(&["RPUSH l a b a c", line]), [expected], "{line}");
    }
}

#[test]
fn nothing_changed_is_nothing_said() {
    for line in [
        "LPUSHX none x",
        "RPUSHX none x",
        "LPOP none",
        "RPOP none 3",
        "LPOP l 0",
        "LINSERT l BEFORE none x",
        "LINSERT none BEFORE a x",
        "LREM l 0 none",
        "LREM none 0 a",
        "LTRIM l 0 -1",
        "LTRIM none 0 1",
        "LMPOP 1 none LEFT",
        "LMOVE none l LEFT LEFT",
        "RPOPLPUSH none l",
    ] {
        assert_eq!(effects(&["RPUSH l a b", line]), [""; 0], "{line}");
    }
}
