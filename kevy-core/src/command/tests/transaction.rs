//! MULTI, WATCH and their like; dispatch's tests run whole transactions.

use crate::command::testing::Harness;

use super::script::compare;

#[test]
fn transactions_begin_and_end_in_order() {
    compare(
        r#"
        EXEC
        DISCARD
        DISCARD x
        MULTI x
        MULTI
        MULTI
        WATCH k
        DISCARD
        WATCH
        WATCH k
        WATCH k nope
        UNWATCH
        UNWATCH x
        "#,
    );
}

#[test]
fn a_watch_breaks_when_its_key_changes_and_only_then() {
    for shards in [1, 3] {
        for (change, breaks) in [
            ("SET a 1", true),
            ("DEL a", true),
            ("EXPIRE a 100", true),
            ("RENAME a z", true),
            ("RENAME b a", true),
            ("COPY b a REPLACE", true),
            ("FLUSHALL", true),
            ("SWAPDB 0 1", true),
            ("MOVE a 1", true),
            ("GET a", false),
            ("SET other 1", false),
            ("DEL nope", false),
            ("PERSIST a", false),
            ("COPY b a", false),
            ("SELECT 1", false),
        ] {
            let mut bench = Harness::with_shards(shards);
            bench.line("MSET a 1 b 2");
            bench.line("WATCH a nope");
            let flag = bench.session.watch_broken.clone();
            let other = bench.open(-1, "", "");
            let me = std::mem::replace(&mut bench.session, other);
            bench.line(change);
            assert_eq!(me.is_watch_broken(), breaks, "{change} on {shards} shards");
            bench.session = me;
            bench.line("UNWATCH");
            assert!(!bench.session.is_watch_broken() && bench.session.watched.is_empty());
            flag.store(false, std::sync::atomic::Ordering::Release);
            bench.line("SET a changed");
            assert!(!flag.load(std::sync::atomic::Ordering::Acquire), "no watch is left behind");
        }
    }
}

#[test]
fn discard_forgets_the_watches() {
    let mut bench = Harness::with_shards(2);
    bench.line("WATCH a b c a");
    assert_eq!(bench.session.watched.len(), 3);
    bench.line("MULTI");
    assert_eq!(bench.line("DISCARD"), "+OK\\r\\n");
    assert!(bench.session.watched.is_empty());
}
