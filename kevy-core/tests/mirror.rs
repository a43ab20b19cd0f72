//! Runtimes that follow others: what they show, when, and what they turn away.

mod common;

use std::time::Duration;

use common::{Caller, PATIENCE, Reply, eventually, options, start};
use kevy_core::api::{ErrorKind, Mirror, Runtime};

fn serving(shards: usize) -> Runtime {
    start(shards, &[("port", "0"), ("enable-debug-command", "yes"), ("repl-ping-replica-period", "1")])
}

fn url(primary: &Runtime) -> String {
    format!("kevy://127.0.0.1:{}", primary.port().expect("a port"))
}

fn mirror(primary: &Runtime, shards: usize, query: &str) -> Mirror {
    let options = options(&[("shards", &shards.to_string()), ("enable-debug-command", "yes"), ("port", "0")]);
    let mirror = Mirror::start(&format!("{}{query}", url(primary)), &options).expect("a mirror");
    assert!(mirror.wait_synced(PATIENCE).expect("a copy"));
    mirror
}

fn digest(runtime: &Runtime) -> String {
    runtime.session().expect("a session").run("DEBUG DIGEST").text()
}

/// Waits until `copy` shows what has been written to `primary` so far.
fn settle(primary: &Runtime, copy: &Runtime) {
    copy.wait_token(&primary.token(), PATIENCE).expect("the changes");
    assert_eq!(digest(copy), digest(primary));
}

#[test]
fn a_mirror_shows_the_snapshot_and_every_change_whatever_the_numbers_of_shards() {
    for (theirs, ours) in [(1, 1), (3, 2), (2, 5)] {
        let primary = serving(theirs);
        let mut writer = primary.session().expect("a session");
        for number in 0..200 {
            writer.run(&format!("SET before:{number} {number}"));
        }
        let copy = mirror(&primary, ours, "");
        for line in [
            "SET k v",
            "RPUSH list a b c",
            "HSET hash f v g w",
            "SADD set a b",
            "ZADD board 1 a 2 b",
            "XADD stream * f v",
            "XGROUP CREATE stream group 0",
            "XREADGROUP GROUP group me COUNT 1 STREAMS stream >",
            "SPOP set",
            "INCRBYFLOAT float 1.5",
            "SET gone v PX 1",
            "MSET a 1 b 2 c 3 d 4",
            "RENAME a {x}e",
            "SELECT 3",
            "SET other v EX 1000",
            "PFADD log a b c",
            "GEOADD geo 1 2 here",
            "SELECT 0",
        ] {
            assert!(!writer.run(line).is_error(), "{line}");
        }
        settle(&primary, &copy);
        writer.run("FLUSHALL");
        writer.run("SET after 1");
        settle(&primary, &copy);
        let mut reader = copy.session().expect("a session");
        assert_eq!(reader.run("GET after"), Reply::bulk("1"));
        assert_eq!(reader.set(b"k", b"v").map_err(|error| error.kind()), Err(ErrorKind::ReadOnly));
        assert!(reader.run("INFO replication").text().contains("master_link_status:up"));
        assert_eq!(reader.run("ROLE").list()[3], Reply::bulk("connected"));
    }
}

#[test]
fn a_transaction_is_seen_whole_or_not_at_all() {
    let primary = serving(3);
    let copy = mirror(&primary, 2, "");
    let mut writer = primary.session().expect("a session");
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut reader = copy.session().expect("a session");
            loop {
                let values = reader.run("MGET a b c d e f");
                let first = &values.list()[0];
                assert!(values.list().iter().all(|value| value == first), "{values:?}");
                if *first == Reply::bulk("300") {
                    return;
                }
            }
        });
        for number in 0..=300 {
            writer.run("MULTI");
            for key in ["a", "b", "c", "d", "e", "f"] {
                writer.run(&format!("SET {key} {number}"));
            }
            writer.run("EXEC");
        }
        reading.join().expect("values that belong together");
    });
}

#[test]
fn expired_keys_are_hidden_until_the_primary_deletes_them() {
    let primary = serving(1);
    let mut writer = primary.session().expect("a session");
    writer.run("DEBUG SET-ACTIVE-EXPIRE 0");
    let copy = mirror(&primary, 1, "");
    writer.run("SET k v PX 50");
    writer.run("SET other v");
    copy.wait_token(&primary.token(), PATIENCE).expect("the changes");
    let mut reader = copy.session().expect("a session");
    eventually("it is hidden", || reader.run("GET k") == Reply::Null);
    assert_eq!(reader.run("DBSIZE"), Reply::Integer(2));
    assert_eq!(writer.run("GET k"), Reply::Null);
    eventually("it is gone", || reader.run("DBSIZE") == Reply::Integer(1));
}

#[test]
fn a_part_of_a_primary_is_copied_by_prefix() {
    let primary = serving(2);
    let mut writer = primary.session().expect("a session");
    writer.run("MSET user:1 a order:1 b");
    let copy = mirror(&primary, 2, "?prefix=user:");
    writer.run("SET user:2 c");
    writer.run("SET order:2 d");
    copy.wait_token(&primary.token(), PATIENCE).expect("the changes");
    let mut keys: Vec<String> =
        copy.session().expect("a session").run("KEYS *").list().iter().map(Reply::text).collect();
    keys.sort();
    assert_eq!(keys, ["user:1", "user:2"]);
}

#[test]
fn a_mirror_of_a_mirror_follows_too_and_both_can_be_promoted() {
    let primary = serving(2);
    let mut writer = primary.session().expect("a session");
    writer.run("SET k v");
    let middle = mirror(&primary, 3, "");
    let last = mirror(&middle, 1, "");
    writer.run("SET k w");
    settle(&primary, &middle);
    settle(&middle, &last);
    let mut promoted = middle.session().expect("a session");
    assert_eq!(promoted.run("REPLICAOF NO ONE"), Reply::ok());
    assert_eq!(promoted.run("SET k x PX 100000"), Reply::ok());
    writer.run("SET k lost");
    settle(&middle, &last);
    assert_eq!(last.session().expect("a session").run("GET k"), Reply::bulk("x"));
    // Back behind the old primary, whose data wins.
    promoted.run(&format!("REPLICAOF 127.0.0.1 {}", primary.port().expect("a port")));
    eventually("the old primary is followed again", || promoted.run("GET k") == Reply::bulk("lost"));
    eventually("so does the last", || last.session().expect("a session").run("GET k") == Reply::bulk("lost"));
}

#[test]
fn the_old_copy_is_shown_while_the_primary_is_away_unless_it_is_too_old() {
    let primary = serving(1);
    primary.session().expect("a session").run("SET k v");
    let copy = mirror(&primary, 1, "?reconnect-delay-max=50");
    let mut reader = copy.session().expect("a session");
    let port = primary.port().expect("a port");
    primary.stop(Duration::from_secs(5)).expect("a stop");
    drop(primary);
    eventually("the link is down", || {
        reader.run("INFO replication").text().contains("master_link_status:down")
    });
    assert_eq!(reader.run("GET k"), Reply::bulk("v"));
    reader.run("CONFIG SET max-staleness 1");
    eventually("it is too old", || reader.run("GET k").text().starts_with("MASTERDOWN"));
    let again = start(1, &[("port", &port.to_string())]);
    again.session().expect("a session").run("SET k w");
    reader.run("CONFIG SET max-staleness 10000");
    eventually("the new copy is there", || reader.run("GET k") == Reply::bulk("w"));
    assert!(copy.staleness().is_some_and(|staleness| staleness < Duration::from_secs(10)));
}

#[test]
fn an_idle_primary_that_is_asked_keeps_a_mirror_fresh() {
    let primary = start(2, &[("port", "0"), ("repl-ping-replica-period", "3600")]);
    let options = options(&[("max-staleness", "400")]);
    let copy = Mirror::start(&url(&primary), &options).expect("a mirror");
    assert!(copy.wait_synced(PATIENCE).expect("a copy"));
    let mut reader = copy.session().expect("a session");
    let (mut renewals, mut before) = (0, Duration::ZERO);
    eventually("the primary was asked, and more than once", || {
        assert!(!reader.run("GET k").is_error());
        let staleness = copy.staleness().expect("a copy");
        renewals += usize::from(staleness < before);
        before = staleness;
        renewals == 3
    });
}

#[test]
fn a_token_is_waited_for_and_one_of_another_history_refused() {
    let primary = serving(2);
    let copy = mirror(&primary, 1, "");
    let mut writer = primary.session().expect("a session");
    let mut reader = copy.session().expect("a session");
    for number in 0..200 {
        writer.run(&format!("SET k {number}"));
        copy.wait_token(&primary.token(), PATIENCE).expect("the write");
        assert_eq!(reader.run("GET k"), Reply::bulk(&number.to_string()));
    }
    let kind = |token: &str| copy.wait_token(token, Duration::from_millis(1)).map_err(|error| error.kind());
    assert_eq!(kind("7:1,2"), Err(ErrorKind::Replica));
    assert_eq!(kind("nonsense"), Err(ErrorKind::InvalidArgument));
    let token = primary.token();
    let (generation, _) = token.split_once(':').expect("a token");
    assert_eq!(kind(&format!("{generation}:{0},{0}", u32::MAX)), Err(ErrorKind::Timeout));
}
