//! What replicas are told of commands on keys of every type.

use crate::command::Origin;
use crate::command::testing::Harness;

/// Runs the lines and returns the words of the effects of the last one.
fn effects_of(bench: &mut Harness, lines: &[&str]) -> Vec<String> {
    let (last, first) = lines.split_last().expect("a line");
    for line in first {
        bench.line(line);
    }
    bench.take_effects();
    bench.line(last);
    bench.take_effect_lines()
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
    let mut bench = Harness::with_shards(1);
    assert_eq!(effects_of(&mut bench, &["SET a 1", "SET b 1", "DEL nope a b a"]), ["DEL a b"]);
    assert_eq!(effects_of(&mut bench, &["SET a 1", "UNLINK a nope"]), ["UNLINK a"]);
    assert!(effects_of(&mut bench, &["DEL nope"]).is_empty());
    let (first, second) = keys_on_both();
    let mut bench = Harness::with_shards(2);
    bench.line(&format!("SET {first} 1"));
    bench.line(&format!("SET {second} 1"));
    bench.take_effects();
    bench.line(&format!("DEL {second} {first} nope"));
    assert_eq!(bench.take_effect_lines(), [format!("DEL {first}"), format!("DEL {second}")]);
}

#[test]
fn expiries_are_told_as_absolute_times() {
    let mut bench = Harness::with_shards(1);
    let at = bench.now + 10_000;
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
    let mut bench = Harness::with_shards(1);
    bench.line("SET k v");
    bench.origin = Origin::Replica;
    for partition in &mut bench.partitions {
        partition.keyspace.set_replica(true);
    }
    assert_eq!(bench.line("PEXPIREAT k 1"), ":1\\r\\n");
    assert_eq!(bench.partitions[0].keyspace.len(0), 1);
    assert_eq!(bench.line("EXISTS k"), ":0\\r\\n");
}

#[test]
fn renaming_within_a_shard_is_told_as_it_was_asked() {
    let mut bench = Harness::with_shards(1);
    assert_eq!(effects_of(&mut bench, &["SET a 1", "RENAME a b"]), ["RENAME a b"]);
    assert_eq!(effects_of(&mut bench, &["RENAMENX b c"]), ["RENAME b c"]);
    assert!(effects_of(&mut bench, &["RENAME c c"]).is_empty());
    assert!(effects_of(&mut bench, &["SET d 1", "RENAMENX c d"]).is_empty());
    assert_eq!(effects_of(&mut bench, &["COPY c e DB 1 REPLACE"]), ["COPY c e DB 1 REPLACE"]);
    assert!(effects_of(&mut bench, &["COPY c e DB 1"]).is_empty());
    assert_eq!(effects_of(&mut bench, &["MOVE c 2"]), ["MOVE c 2"]);
    assert!(effects_of(&mut bench, &["MOVE c 2"]).is_empty());
}

#[test]
fn values_that_change_shards_are_rebuilt_by_their_effects() {
    let (first, second) = keys_on_both();
    let mut primary = Harness::with_shards(2);
    let mut copy = Harness::with_shards(1);
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
        let reply = primary.line(line);
        assert!(!reply.starts_with('-') && reply != ":0\\r\\n", "{line}: {reply}");
        let mut effects = primary.take_effects();
        // SWAPDB and the like happen on every shard and are one command for a copy that has one shard.
        effects.dedup();
        copy.apply(&effects);
        copy.session.db = 0;
        assert_eq!(copy.line("DEBUG DIGEST"), primary.line("DEBUG DIGEST"), "{line}");
    }
}

#[test]
fn a_rename_across_shards_is_a_deletion_and_a_restore() {
    let (first, second) = keys_on_both();
    let mut bench = Harness::with_shards(2);
    let set = format!("SET {first} 17 PX 4000");
    let effects = effects_of(&mut bench, &[&set, &format!("RENAME {first} {second}")]);
    assert_eq!(effects[0], format!("DEL {first}"));
    assert!(effects[1].starts_with(&format!("RESTORE {second} {} ", bench.now + 4000)), "{effects:?}");
    assert!(effects[1].ends_with(" REPLACE ABSTTL"));
    assert_eq!(effects.len(), 2);
}

#[test]
fn restores_are_told_with_absolute_times() {
    let mut bench = Harness::with_shards(1);
    let payload = r#""\x00\x05hello\x09\x00\xb3\x80\x8e\xba1\xb2C\xbb""#;
    let effects = effects_of(&mut bench, &[&format!("RESTORE k 1500 {payload} IDLETIME 9")]);
    assert!(effects[0].starts_with(&format!("RESTORE k {} ", bench.now + 1500)), "{effects:?}");
    assert!(effects[0].ends_with(" REPLACE ABSTTL IDLETIME 9"), "{effects:?}");
    let effects = effects_of(&mut bench, &[&format!("RESTORE k 1 {payload} REPLACE ABSTTL")]);
    assert_eq!(effects, ["DEL k"]);
    assert!(effects_of(&mut bench, &[&format!("RESTORE k 1 {payload} ABSTTL")]).is_empty());
}

#[test]
fn whole_databases_are_emptied_and_exchanged_on_every_shard() {
    let mut bench = Harness::with_shards(3);
    bench.line("SELECT 5");
    for (line, effect) in
        [("FLUSHDB ASYNC", "FLUSHDB"), ("FLUSHALL SYNC", "FLUSHALL"), ("SWAPDB 0 1", "SWAPDB 0 1")]
    {
        bench.take_effects();
        bench.line(line);
        let argv: Vec<Vec<u8>> = effect.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        assert_eq!(bench.take_effects(), vec![(5, argv); 3]);
    }
    bench.line("SWAPDB 1 1");
    assert!(bench.take_effects().is_empty());
}
