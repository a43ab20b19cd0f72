//! Keys of every type, as Redis answers.

use crate::command::testing::Harness;

use super::script::compare;

#[test]
fn keys_are_removed_counted_and_named() {
    compare(
        r#"
        SET a 1
        SET b two
        HSET h f v
        EXISTS a b h nope a
        EXISTS
        TYPE a
        TYPE h
        TYPE nope
        TYPE
        TYPE a b
        TOUCH a nope h a
        TOUCH
        DEL nope
        DEL a nope b a
        DEL
        UNLINK h h nope
        UNLINK
        EXISTS a b h
        DBSIZE
        DBSIZE x
        "#,
    );
}

#[test]
fn expiries_are_set_under_their_conditions() {
    let mut script = String::new();
    for verb in ["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"] {
        let base: i64 = match verb {
            "EXPIRE" => 1_000,
            "PEXPIRE" => 1_000_000,
            "EXPIREAT" => 9_999_999_000,
            _ => 9_999_999_000_000,
        };
        let (sooner, later) = (base - 500, base + 500);
        script.push_str(&format!(
            "SET k v\n{verb} k {base}\n~TTL k\n~PTTL k\n~EXPIRETIME k\n~PEXPIRETIME k\n\
             {verb} k {later} NX\n{verb} k {later} XX\n{verb} k {sooner} GT\n{verb} k {sooner} LT\n\
             {verb} k {later} gt\n{verb} k {later} xx lt\n{verb} k {sooner} XX LT\n{verb} k {base} NX NX\n\
             PERSIST k\nPERSIST k\nTTL k\nPTTL k\nEXPIRETIME k\nPEXPIRETIME k\n\
             {verb} k {base} GT\n{verb} k {base} XX\n{verb} k {base} LT\n\
             {verb} k {base} NX XX\n{verb} k {base} NX GT\n{verb} k {base} NX LT\n{verb} k {base} GT LT\n\
             {verb} k {base} FOO\n{verb} k {base} NX FOO\n{verb} k x\n{verb} k 1.5\n{verb} k\n{verb}\n\
             {verb} k 9223372036854775807 FOO\n{verb} nope {base}\n{verb} nope x\n{verb} nope {base} FOO\n\
             {verb} k 0\nEXISTS k\nSET k v\n{verb} k -1\nEXISTS k\nTTL k\nPTTL k\nEXPIRETIME k\nPEXPIRETIME k\n\
             SET k v\n{verb} k -9223372036854775808\n{verb} k -9223372036854775807\nDEL k\n"
        ));
    }
    script.push_str(
        "SET k v\nEXPIRE k 9223372036854775807\nEXPIRE k 9223372036854775\nPEXPIRE k 9223372036854775807\n\
         EXPIREAT k 9223372036854775807\nEXPIREAT k 9223372036854775\n~PEXPIRETIME k\n\
         PEXPIREAT k 9223372036854775807\nPEXPIRETIME k\nPERSIST nope\nPERSIST\nTTL\nPTTL a b\nEXPIRETIME\n",
    );
    compare(&script);
}

#[test]
fn times_are_rounded_to_seconds_as_redis_rounds_them() {
    let mut bench = Harness::with_shards(1);
    bench.line("SET k v");
    for (ms, seconds) in [(1499, 1), (1500, 2), (499, 0), (500, 1), (10_000, 10)] {
        bench.line(&format!("PEXPIRE k {ms}"));
        assert_eq!(bench.line("TTL k"), format!(":{seconds}\\r\\n"), "{ms}");
        assert_eq!(bench.line("PTTL k"), format!(":{ms}\\r\\n"));
        assert_eq!(bench.line("PEXPIRETIME k"), format!(":{}\\r\\n", bench.now + ms));
    }
    bench.line("PEXPIRE k 500");
    bench.now += 500;
    assert_eq!(bench.line("EXISTS k"), ":0\\r\\n");
    assert_eq!(bench.line("TTL k"), ":-2\\r\\n");
}

#[test]
fn renaming_moves_values_with_their_expiry() {
    compare(
        r#"
        SET a 1
        EXPIRE a 100
        RENAME a b
        EXISTS a
        GET b
        ~TTL b
        SET c 2
        RENAME b c
        GET c
        ~TTL c
        DBSIZE
        HSET h f v
        RENAME h c
        HGETALL c
        TTL c
        RENAME nope x
        RENAME nope nope
        RENAME c c
        RENAME c
        RENAMENX c c
        RENAMENX nope nope
        RENAMENX nope c
        SET d 1
        RENAMENX c d
        RENAMENX c e
        HGETALL e
        RENAMENX c
        "#,
    );
}

#[test]
fn values_are_copied_and_moved_between_keys_and_databases() {
    compare(
        r#"
        SET a 1
        HSET h f v g w
        EXPIRE h 100
        COPY a b
        GET b
        COPY a b
        COPY a h
        COPY h a REPLACE
        HGETALL a
        ~TTL a
        HSET h f changed
        HGET a f
        COPY nope x
        COPY nope nope
        COPY a a
        COPY a a DB 0
        COPY a a DB 1
        COPY a a DB 1
        COPY a a REPLACE DB 1 REPLACE
        COPY a b DB 99
        COPY a b DB -1
        COPY a b DB x
        COPY a b DB
        COPY a b FOO
        COPY a b REPLACE DB 1 x
        COPY a
        SELECT 1
        HGET a f
        ~TTL a
        MOVE a 0
        MOVE a 1
        MOVE nope 1
        MOVE nope 2
        MOVE a 2
        MOVE a 2
        EXISTS a
        SELECT 2
        HGET a f
        ~TTL a
        MOVE a x
        MOVE a 99
        MOVE a -1
        MOVE a
        "#,
    );
}

#[test]
fn keys_are_found_by_pattern_and_by_cursor() {
    let mut script = String::new();
    for number in 0..200 {
        script.push_str(&format!("SET key:{number} {number}\n"));
    }
    script.push_str(
        r#"
        %KEYS *
        %KEYS key:1*
        %KEYS key:[0-3]
        %KEYS k?y:19?
        KEYS nope*
        KEYS ""
        KEYS
        KEYS a b
        %SCAN 0 COUNT 100000 MATCH key:7*
        SCAN 0 MATCH nope COUNT 100000 TYPE foo
        SCAN x
        SCAN 1x
        SCAN 99999999999999999999
        SCAN 0 COUNT 0
        SCAN 0 COUNT -1
        SCAN 0 COUNT x
        SCAN 0 MATCH
        SCAN 0 COUNT
        SCAN 0 FOO 1
        SCAN 0 TYPE
        SCAN
        RANDOMKEY x
        FLUSHDB
        RANDOMKEY
        SCAN 0
        KEYS *
        "#,
    );
    let mut lines: Vec<&str> = script.lines().collect();
    // A whole walk takes as many calls as there are shards, so only the calls that Redis ends at once are compared.
    lines.retain(|line| {
        !line.contains("SCAN 0 COUNT 100000") && !line.trim().starts_with("SCAN 0 MATCH nope")
    });
    let (benches, one_call): (Vec<&str>, Vec<&str>) =
        lines.into_iter().partition(|line| line.trim() != "SCAN 0");
    assert_eq!(one_call.len(), 1);
    compare(&benches.join("\n"));
}

/// Walks the whole keyspace and returns the keys, in the order in which they came.
fn scan_all(bench: &mut Harness, options: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut cursor = "0".to_owned();
    for _ in 0..100_000 {
        let reply = bench.line(&format!("SCAN {cursor} {options}"));
        let mut parts = reply.split("\\r\\n");
        assert_eq!(parts.next(), Some("*2"));
        parts.next();
        cursor = parts.next().expect("a cursor").to_owned();
        parts.next();
        keys.extend(parts.filter(|part| !part.is_empty() && !part.starts_with('$')).map(str::to_owned));
        if cursor == "0" {
            return keys;
        }
    }
    panic!("the walk does not end");
}

#[test]
fn a_walk_by_cursor_finds_every_key_of_every_shard() {
    for shards in [1, 2, 3, 7] {
        let mut bench = Harness::with_shards(shards);
        for number in 0..500 {
            bench.line(&format!("SET s{number} x"));
            bench.line(&format!("HSET h{number} f v"));
        }
        bench.line("SET gone x PX 5");
        bench.now += 10;
        for options in ["", "COUNT 1", "COUNT 1000000"] {
            let mut keys = scan_all(&mut bench, options);
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), 1000, "{options} on {shards}");
        }
        assert_eq!(scan_all(&mut bench, "MATCH s4?").len(), 10);
        assert_eq!(scan_all(&mut bench, "TYPE HASH COUNT 50").len(), 500);
        assert_eq!(scan_all(&mut bench, "TYPE nope").len(), 0);
        assert_eq!(bench.line("SCAN 18446744073709551615").split("\\r\\n").next(), Some("*2"));
    }
}

#[test]
fn keys_present_throughout_a_walk_are_found_though_others_come_and_go() {
    let mut bench = Harness::with_shards(2);
    for number in 0..300 {
        bench.line(&format!("SET stay{number} x"));
    }
    let mut found = std::collections::BTreeSet::new();
    let mut cursor = "0".to_owned();
    let mut round = 0;
    loop {
        let reply = bench.line(&format!("SCAN {cursor} COUNT 5"));
        let parts: Vec<&str> = reply.split("\\r\\n").collect();
        cursor = parts[2].to_owned();
        found.extend(parts[4..].iter().filter(|part| part.starts_with("stay")).map(|part| part.to_string()));
        for number in 0..20 {
            bench.line(&format!("SET come{round}:{number} x"));
            bench.line(&format!("DEL come{}:{number}", round as i64 - 2));
        }
        round += 1;
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(found.len(), 300);
}

#[test]
fn a_random_key_is_one_of_the_keys() {
    for shards in [1, 3] {
        let mut bench = Harness::with_shards(shards);
        assert_eq!(bench.line("RANDOMKEY"), "$-1\\r\\n");
        bench.line("SET due x PX 1");
        bench.now += 5;
        assert_eq!(bench.line("RANDOMKEY"), "$-1\\r\\n");
        for number in 0..50 {
            bench.line(&format!("SET key{number} x"));
        }
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..2000 {
            seen.insert(bench.line("RANDOMKEY"));
        }
        assert_eq!(seen.len(), 50, "on {shards} shards");
    }
}

#[test]
fn objects_tell_how_they_are_kept() {
    compare(
        r#"
        SET i 12
        SET s short
        SET l 012345678901234567890123456789012345678901234567890123456789
        HSET h f v
        HSET big f 0123456789012345678901234567890123456789012345678901234567890123456789
        OBJECT ENCODING i
        OBJECT ENCODING s
        OBJECT ENCODING l
        OBJECT ENCODING h
        OBJECT ENCODING big
        OBJECT ENCODING nope
        OBJECT ENCODING
        OBJECT REFCOUNT s
        OBJECT REFCOUNT nope
        OBJECT IDLETIME s
        OBJECT IDLETIME nope
        OBJECT FREQ s
        OBJECT FREQ nope
        OBJECT FOO s
        OBJECT
        CONFIG SET maxmemory-policy allkeys-lfu
        OBJECT IDLETIME s
        OBJECT IDLETIME nope
        SET fresh x
        OBJECT FREQ fresh
        CONFIG SET maxmemory-policy noeviction
        "#,
    );
}

#[test]
fn restore_takes_what_dump_gave_and_nothing_else() {
    compare(
        r#"
        RESTORE
        RESTORE k 0
        RESTORE k 0 abc
        RESTORE k 0 ""
        RESTORE k x abc
        RESTORE k -1 abc
        RESTORE k 0 abc FOO
        RESTORE k 0 abc IDLETIME
        RESTORE k 0 abc IDLETIME -1
        RESTORE k 0 abc IDLETIME x
        RESTORE k 0 abc FREQ -1
        RESTORE k 0 abc FREQ 256
        RESTORE k 0 abc FREQ x
        RESTORE k 0 abc IDLETIME 1 FREQ 1
        RESTORE k 0 abc FREQ 1 IDLETIME 1
        SET k v
        RESTORE k 0 abc
        RESTORE k x abc
        RESTORE k 0 abc REPLACE
        RESTORE k x abc REPLACE
        RESTORE k -1 abc REPLACE ABSTTL
        GET k
        DUMP nope
        DUMP
        # The string "hello", as any version of Redis writes it.
        RESTORE new 0 "\x00\x05hello\x09\x00\xb3\x80\x8e\xba1\xb2C\xbb"
        GET new
        TTL new
        RESTORE new 0 "\x00\x05hello\x09\x00\xb3\x80\x8e\xba1\xb2C\xbb"
        RESTORE new 100000 "\x00\x05hello\x09\x00\xb3\x80\x8e\xba1\xb2C\xbb" REPLACE
        ~TTL new
        RESTORE new 9999999999999 "\x00\x05hello\x09\x00\xb3\x80\x8e\xba1\xb2C\xbb" replace absttl
        PEXPIRETIME new
        RESTORE new 1 "\x00\x05hello\x09\x00\xb3\x80\x8e\xba1\xb2C\xbb" REPLACE ABSTTL
        EXISTS new
        RESTORE new 0 "\x00\x05hello\x09\x00\xb3\x80\x8e\xba1\xb2C\xbb" IDLETIME 1000
        ~OBJECT IDLETIME new
        RESTORE new 0 "\x00\x05hello\x09\x00\xb3\x80\x8e\xba1\xb2C\xbc" REPLACE
        "#,
    );
}

#[test]
fn a_dumped_value_comes_back_whole() {
    for shards in [1, 3] {
        let mut bench = Harness::with_shards(shards);
        let mut args: Vec<Vec<u8>> = vec![b"HSET".to_vec(), b"large".to_vec()];
        for number in 0..1000 {
            args.push(format!("field{number}").into_bytes());
            args.push(vec![number as u8; 100]);
        }
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        bench.run(&args);
        bench.line("SET number 42");
        bench.line("SET text hello");
        for key in ["large", "number", "text"] {
            let reply = bench.run(&[b"DUMP", key.as_bytes()]);
            let start = reply.windows(2).position(|pair| pair == b"\r\n").expect("a header") + 2;
            let payload = reply[start..reply.len() - 2].to_vec();
            let restored = bench.run(&[b"RESTORE", b"copy", b"0", &payload, b"REPLACE"]);
            assert_eq!(restored, b"+OK\r\n");
            assert_eq!(
                bench.line("DEBUG DIGEST-VALUE copy"),
                bench.line(&format!("DEBUG DIGEST-VALUE {key}")),
                "{key}"
            );
        }
    }
}

#[test]
fn waiting_for_replicas_checks_its_arguments_as_redis_does() {
    compare(
        r#"
        WAIT x 1
        WAIT 1 x
        WAIT 1 -1
        WAIT -1 0
        WAIT 0 0
        WAIT 0
        WAIT
        "#,
    );
    let mut bench = Harness::with_shards(1);
    assert_eq!(bench.line("WAIT 1 50"), "", "the session's owner answers");
    let request = bench.session.request.take();
    assert_eq!(request, Some(crate::command::session::Request::WaitReplicas { replicas: 1, timeout_ms: 50 }));
    bench.session.in_exec = true;
    assert_eq!(bench.line("WAIT 1 50"), ":0\\r\\n", "a transaction does not wait");
    assert_eq!(bench.line("WAITAOF 0 0 0"), "*2\\r\\n:0\\r\\n:0\\r\\n");
    assert!(bench.line("WAITAOF 1 0 0").contains("appendonly is disabled"));
    assert!(bench.line("WAITAOF 2 0 0").starts_with("-ERR value is out of range"));
}
