//! What replicas are told of commands on keys of every type.

use crate::command::Origin;

use super::bench::{Bench, START_MS};

/// Runs the lines and returns the words of the effects of the last one.
fn effects_of(bench: &mut Bench, lines: &[&str]) -> Vec<String> {
    let (last, first) = lines.split_last().expect("a line");
    for line in first {
        bench.run(line);
    }
    bench.effects();
    bench.run(last);
    bench.effects().into_iter().map(|(_, _, words)| words).collect()
}

/// Two keys of the names `{prefix}0…` that lie on the first and on the second of two shards.
fn keys_on_both() -> (String, String) {
    let shard_of =
        |key: &str| crate::base::slot::shard_of_slot(crate::base::slot::slot_of(key.as_bytes()), 2);
    let key_on = |shard| (0..).map(|number| format!("key{number}")).find(|key| shard_of(key) == shard);
    (key_on(0).expect("a key"), key_on(1).expect("a key"))
}

#[test]
fn removals_tell_only_of_keys_that_were_there() {
    let mut bench = Bench::new(1);
    assert_eq!(effects_of(&mut bench, &["SET a 1", "SET b 1", "DEL nope a b a"]), ["DEL a b"]);
    assert_eq!(effects_of(&mut bench, &["SET a 1", "UNLINK a nope"]), ["UNLINK a"]);
    assert!(effects_of(&mut bench, &["DEL nope"]).is_empty());
    let (first, second) = keys_on_both();
    let mut bench = Bench::new(2);
    bench.run(&format!("SET {first} 1"));
    bench.run(&format!("SET {second} 1"));
    bench.effects();
    bench.run(&format!("DEL {second} {first} nope"));
    assert_eq!(bench.effects(), [(0, 0, format!("DEL {first}")), (1, 0, format!("DEL {second}"))]);
}

#[test]
fn expiries_are_told_as_absolute_times() {
    let mut bench = Bench::new(1);
    let at = START_MS + 10_000;
    for line in ["EXPIRE k 10", "PEXPIRE k 10000 NX"] {
        assert_eq!(effects_of(&mut bench, &["SET k v", line]), [format!("PEXPIREAT k {at}")]);
    }
    assert_eq!(effects_of(&mut bench, &["EXPIREAT k 9999999999"]), ["PEXPIREAT k 9999999999000"]);
    assert!(effects_of(&mut bench, &["EXPIRE k 10 NX"]).is_empty());
    assert!(effects_of(&mut bench, &["EXPIRE nope 10"]).is_empty());
    assert_eq!(effects_of(&mut bench, &["PERSIST k"]), ["PERSIST k"]);
    assert!(effects_of(&mut bench, &["PERSIST k"]).is_empty());
    assert_eq!(effects_of(&mut bench, &["EXPIRE k -1"]), ["DEL k"]);
}

#[test]
fn a_replica_keeps_what_is_past_until_told() {
    let mut bench = Bench::new(1);
    bench.run("SET k v");
    bench.origin = Origin::Replica;
    for partition in &mut bench.partitions {
        partition.keyspace.set_replica(true);
    }
    assert_eq!(bench.run("PEXPIREAT k 1"), ":1\\r\\n");
    assert_eq!(bench.partitions[0].keyspace.len(0), 1);
    assert_eq!(bench.run("EXISTS k"), ":0\\r\\n");
}

#[test]
fn renaming_within_a_shard_is_told_as_it_was_asked() {
    let mut bench = Bench::new(1);
    assert_eq!(effects_of(&mut bench, &["SET a 1", "RENAME a b"]), ["RENAME a b"]);
    assert_eq!(effects_of(&mut bench, &["RENAMENX b c"]), ["RENAME b c"]);
    assert!(effects_of(&mut bench, &["RENAME c c"]).is_empty());
    assert!(effects_of(&mut bench, &["SET d 1", "RENAMENX c d"]).is_empty());
    assert_eq!(effects_of(&mut bench, &["COPY c e DB 1 REPLACE"]), ["COPY c e DB 1 REPLACE"]);
    assert!(effects_of(&mut bench, &["COPY c e DB 1"]).is_empty());
    assert_eq!(effects_of(&mut bench, &["MOVE c 2"]), ["MOVE c 2"]);
    assert!(effects_of(&mut bench, &["MOVE c 2"]).is_empty());
}

/// Applies effects of both shards to a keyspace of its own, as a replica does.
fn replay(effects: &[(usize, usize, String)], onto: &mut Bench) {
    onto.origin = Origin::Replica;
    for (_, db, words) in effects {
        onto.session.db = *db;
        let reply = onto.run(&format!("\"{}\"", words.replace(' ', "\" \"")));
        assert!(!reply.starts_with('-'), "{words}: {reply}");
    }
    onto.session.db = 0;
    onto.origin = Origin::Client;
}

#[test]
fn values_that_change_shards_are_rebuilt_by_their_effects() {
    let (first, second) = keys_on_both();
    let mut primary = Bench::new(2);
    let mut copy = Bench::new(1);
    let lines = [
        format!("HSET {first} f v g w"),
        format!("PEXPIRE {first} 100000"),
        format!("RENAME {first} {second}"),
        format!("SET {first} 17"),
        format!("COPY {first} {second} REPLACE"),
        format!("COPY {second} {first} DB 3"),
        format!("PEXPIRE {second} 5000"),
        format!("RENAME {second} {first}"),
        format!("RENAMENX {first} {second}"),
        "SWAPDB 3 4".to_owned(),
        format!("MOVE {second} 9"),
    ];
    for line in &lines {
        let reply = primary.run(line);
        assert!(!reply.starts_with('-') && reply != ":0\\r\\n", "{line}: {reply}");
        // SWAPDB and the like happen on every shard and are one command for a copy that has one shard.
        let mut effects = primary.effects();
        effects.dedup_by(|a, b| a.2 == b.2);
        replay(&effects, &mut copy);
        assert_eq!(copy.run("DEBUG DIGEST"), primary.run("DEBUG DIGEST"), "{line}");
    }
}

#[test]
fn a_rename_across_shards_is_a_deletion_and_a_restore() {
    let (first, second) = keys_on_both();
    let mut bench = Bench::new(2);
    let set = format!("SET {first} 17 PX 4000");
    let effects = effects_of(&mut bench, &[&set, &format!("RENAME {first} {second}")]);
    assert_eq!(effects[0], format!("DEL {first}"));
    assert!(effects[1].starts_with(&format!("RESTORE {second} {} ", START_MS + 4000)), "{effects:?}");
    assert!(effects[1].ends_with(" REPLACE ABSTTL"));
    assert_eq!(effects.len(), 2);
}

#[test]
fn restores_are_told_with_absolute_times() {
    let mut bench = Bench::new(1);
    let payload = r#""\x00\x05hello\x09\x00\xb3\x80\x8e\xba1\xb2C\xbb""#;
    let effects = effects_of(&mut bench, &[&format!("RESTORE k 1500 {payload} IDLETIME 9")]);
    assert!(effects[0].starts_with(&format!("RESTORE k {} ", START_MS + 1500)), "{effects:?}");
    assert!(effects[0].ends_with(" REPLACE ABSTTL IDLETIME 9"), "{effects:?}");
    let effects = effects_of(&mut bench, &[&format!("RESTORE k 1 {payload} REPLACE ABSTTL")]);
    assert_eq!(effects, ["DEL k"]);
    assert!(effects_of(&mut bench, &[&format!("RESTORE k 1 {payload} ABSTTL")]).is_empty());
}

#[test]
fn whole_databases_are_emptied_and_exchanged_on_every_shard() {
    let mut bench = Bench::new(3);
    bench.run("SELECT 5");
    for (line, effect) in
        [("FLUSHDB ASYNC", "FLUSHDB"), ("FLUSHALL SYNC", "FLUSHALL"), ("SWAPDB 0 1", "SWAPDB 0 1")]
    {
        bench.effects();
        bench.run(line);
        let expected: Vec<_> = (0..3).map(|shard| (shard, 5, effect.to_owned())).collect();
        assert_eq!(bench.effects(), expected);
    }
    bench.run("SWAPDB 1 1");
    assert!(bench.effects().is_empty());
}
