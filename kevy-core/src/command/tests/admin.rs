//! The server as a whole: its state, its options, its databases.

use std::collections::BTreeMap;

use crate::base::live_redis::LiveRedis;
use crate::command::session::Request;
use crate::command::testing::Harness;

use super::script::compare;

#[test]
fn the_server_answers_as_redis_does() {
    compare(
        r#"
        MSET a 1 b 2 c 3
        DBSIZE
        FLUSHDB x
        FLUSHDB ASYNC SYNC
        FLUSHDB async
        DBSIZE
        FLUSHALL x
        FLUSHALL SYNC
        SWAPDB
        SWAPDB 0
        SWAPDB x 1
        SWAPDB 0 x
        SWAPDB 99999999999 0
        SWAPDB 0 99
        SWAPDB -1 0
        SET a 1
        SWAPDB 0 1
        EXISTS a
        SWAPDB 1 0
        EXISTS a
        SWAPDB 0 0
        ~TIME
        TIME x
        ROLE
        ROLE x
        SHUTDOWN x
        SHUTDOWN SAVE NOSAVE
        SHUTDOWN ABORT NOW
        SHUTDOWN ABORT SAVE
        SHUTDOWN ABORT
        INFO nope
        ~INFO cluster
        CONFIG GET
        CONFIG GET nope
        CONFIG GET maxmemory
        CONFIG GET MAXMEMORY maxmemory nope
        %CONFIG GET maxmemory-[ps]*
        CONFIG SET
        CONFIG SET maxmemory
        CONFIG SET nope x
        CONFIG SET nope
        CONFIG SET maxmemory 1 port
        CONFIG SET maxmemory x
        CONFIG SET maxmemory 1 maxmemory 2
        CONFIG SET databases 3
        CONFIG SET maxmemory-policy foo
        CONFIG SET hash-max-listpack-entries 8 maxmemory-policy bar
        CONFIG GET hash-max-listpack-entries
        CONFIG SET hash-max-listpack-entries 8 maxmemory-samples 7
        CONFIG GET hash-max-listpack-entries
        CONFIG GET maxmemory-samples
        CONFIG SET hash-max-listpack-entries 512 maxmemory-samples 5
        CONFIG RESETSTAT
        CONFIG RESETSTAT x
        CONFIG FOO
        CONFIG
        MEMORY USAGE nope
        MEMORY USAGE a SAMPLES
        MEMORY USAGE a SAMPLES x
        MEMORY USAGE a SAMPLES -1
        MEMORY USAGE a FOO 1
        ~MEMORY USAGE a SAMPLES 0
        MEMORY USAGE
        MEMORY PURGE
        MEMORY FOO
        DEBUG DIGEST
        DEBUG DIGEST-VALUE a nope
        DEBUG OBJECT nope
        DEBUG PROTOCOL string
        DEBUG PROTOCOL integer
        DEBUG PROTOCOL double
        DEBUG PROTOCOL bignum
        DEBUG PROTOCOL null
        DEBUG PROTOCOL array
        DEBUG PROTOCOL set
        DEBUG PROTOCOL map
        DEBUG PROTOCOL verbatim
        DEBUG PROTOCOL true
        DEBUG PROTOCOL false
        DEBUG PROTOCOL nope
        DEBUG ERROR "ERR my text"
        DEBUG SET-ACTIVE-EXPIRE 0
        DEBUG SET-ACTIVE-EXPIRE 1
        DEBUG POPULATE x
        DEBUG POPULATE -1
        DEBUG POPULATE 5
        GET key:3
        DEBUG POPULATE 2 other 3
        GET other:1
        DEBUG POPULATE 2 large 12
        GET large:1
        DBSIZE
        "#,
    );
}

#[test]
fn options_that_keyspaces_follow_take_effect_on_every_shard() {
    let mut bench = Harness::with_shards(3);
    for number in 0..20 {
        bench.line(&format!("HSET h{number} a 1 b 2 c 3"));
    }
    assert_eq!(bench.line("CONFIG SET hash-max-listpack-entries 2 maxmemory 1gb"), "+OK\\r\\n");
    for number in 0..20 {
        bench.line(&format!("HSET h{number} d 4"));
        assert!(bench.line(&format!("OBJECT ENCODING h{number}")).contains("hashtable"));
    }
    assert_eq!(bench.server.maxmemory(), 1 << 30);
    assert!(
        bench.line("CONFIG SET maxmemory 2gb maxmemory-policy nope").starts_with("-ERR CONFIG SET failed")
    );
    assert_eq!(bench.server.maxmemory(), 1 << 30, "all or nothing");
}

/// The fields of a reply of INFO.
fn fields(reply: &str) -> BTreeMap<String, String> {
    let lines = reply.split("\\r\\n").filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn sections(reply: &str) -> Vec<&str> {
    reply.split("\\r\\n").filter_map(|line| line.strip_prefix("# ")).collect()
}

#[test]
fn info_has_the_fields_of_redis_and_true_values() {
    let mut redis = LiveRedis::start();
    let theirs = redis.command(&[b"INFO", b"everything"]).into_bytes().escape_ascii().to_string();
    let theirs = fields(&theirs);
    let mut bench = Harness::with_shards(3);
    bench.line("MSET a 1 b 2 c 3");
    bench.line("SET d 1 PX 1000");
    bench.line("GET a");
    bench.line("GET nope");
    bench.now += 90_000_000;
    let reply = bench.line("INFO");
    let ours = fields(&reply);
    const OWN: &[&str] = &[
        "kevy_version",
        "shards",
        "shard0",
        "shard1",
        "shard2",
        "in_process_sessions",
        "lazyfree_pending_bytes",
        "expired_subkeys",
        "total_blocking_keys",
        "total_blocking_keys_on_nokey",
        "acl_access_denied_auth",
        "acl_access_denied_channel",
        "acl_access_denied_cmd",
        "acl_access_denied_key",
        "client_output_buffer_limit_disconnections",
        "client_query_buffer_limit_disconnections",
        "repl_token",
        "listener0",
        "db0",
    ];
    for name in ours.keys() {
        assert!(theirs.contains_key(name) || OWN.contains(&name.as_str()), "{name} is no field of Redis");
    }
    for (name, value) in [
        ("redis_version", "7.2.4"),
        ("uptime_in_seconds", "90000"),
        ("uptime_in_days", "1"),
        ("role", "master"),
        ("connected_slaves", "0"),
        ("keyspace_hits", "1"),
        ("keyspace_misses", "1"),
        ("cluster_enabled", "0"),
        ("shards", "3"),
        ("in_process_sessions", "1"),
        ("loading", "0"),
        ("db0", "keys=4,expires=1,avg_ttl=0"),
    ] {
        assert_eq!(ours.get(name).map(String::as_str), Some(value), "{name}");
    }
    let number = |name: &str| ours[name].parse::<u64>().expect("a number");
    assert!(number("used_memory") > 0 && number("used_memory_rss") > number("used_memory"));
    assert_eq!(number("server_time_usec"), bench.now * 1000);
    assert_eq!(number("process_id"), u64::from(std::process::id()));
}

#[test]
fn info_gives_the_sections_that_are_asked_for() {
    let mut bench = Harness::with_shards(1);
    assert_eq!(sections(&bench.line("INFO CPU server nope")), ["Server", "CPU"]);
    let default = bench.line("INFO");
    assert_eq!(sections(&default), sections(&bench.line("INFO default")));
    let everything = bench.line("INFO everything");
    let everything = sections(&everything);
    assert!(sections(&default).iter().all(|section| everything.contains(section)));
    for more in ["Commandstats", "Latencystats"] {
        assert!(everything.contains(&more) && !sections(&default).contains(&more), "{more}");
    }
    assert!(sections(&default).contains(&"Modules"));
    assert!(!sections(&bench.line("INFO all")).contains(&"Modules"));
    assert!(bench.line("INFO clients").starts_with("$"));
    bench.line("HELLO 3");
    assert!(bench.line("INFO clients").contains("txt:# Clients\\r\\n"));
}

#[test]
fn counters_start_again_after_resetstat() {
    let mut bench = Harness::with_shards(2);
    bench.line("GET nope");
    assert!(bench.line("INFO stats").contains("keyspace_misses:1"));
    bench.line("CONFIG RESETSTAT");
    assert!(bench.line("INFO stats").contains("keyspace_misses:0"));
}

#[test]
fn shutdown_needs_something_to_stop() {
    let mut bench = Harness::with_shards(1);
    assert!(bench.line("SHUTDOWN").starts_with("-ERR there is no server to stop"));
    assert_eq!(bench.session.request, None);
}

#[test]
fn debug_is_for_those_who_are_let_in() {
    let refused = "-ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\"";
    let mut bench = Harness::with_options(1, &[]);
    assert!(bench.line("DEBUG DIGEST").replace("\\\"", "\"").starts_with(refused));
    let mut bench = Harness::with_options(1, &[("enable-debug-command", "local")]);
    assert!(bench.line("DEBUG DIGEST").starts_with('+'), "an in-process session is local");
    for (address, local) in [
        ("127.0.0.1:5", true),
        ("[::1]:5", true),
        ("/tmp/kevy.sock:0", true),
        ("10.1.2.3:5", false),
        ("[2001:db8::1]:5", false),
    ] {
        bench.session = bench.open(9, address, "");
        assert_eq!(bench.line("DEBUG DIGEST").starts_with('+'), local, "{address}");
    }
}

#[test]
fn debug_sleep_lets_the_owner_of_the_session_wait() {
    let mut bench = Harness::with_shards(1);
    assert_eq!(bench.line("DEBUG SLEEP 0.25"), "");
    assert_eq!(bench.session.request.take(), Some(Request::Sleep { ms: 250 }));
    for wrong in ["-1", "nan", "1e9", "x"] {
        assert!(bench.line(&format!("DEBUG SLEEP {wrong}")).starts_with("-ERR"), "{wrong}");
    }
    // Nothing of a transaction may be left for later, so its thread sleeps.
    bench.session.in_exec = true;
    assert_eq!(bench.line("DEBUG SLEEP 0.001"), "+OK\\r\\n");
    assert_eq!(bench.session.request, None);
}

#[test]
fn a_digest_is_the_same_for_every_shard_count_and_as_redis_has_it() {
    let mut redis = LiveRedis::start();
    let script = [
        "SET a 1",
        "SET b hello",
        "HSET small f v g w",
        "HSET large f 0123456789012345678901234567890123456789012345678901234567890123456789",
        "SELECT 3",
        "SET a 1",
        "SET gone 1",
        "DEL gone",
        "SELECT 0",
    ];
    let mut benches: Vec<Harness> = [1, 2, 5].into_iter().map(Harness::with_shards).collect();
    for line in script {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        redis.command(&words);
        let theirs = String::from_utf8(redis.command(&[b"DEBUG", b"DIGEST"]).into_bytes()).expect("text");
        for bench in &mut benches {
            bench.line(line);
            assert_eq!(bench.line("DEBUG DIGEST"), format!("+{theirs}\\r\\n"), "{line}");
        }
    }
}

#[test]
fn a_digest_tells_expiries_databases_and_encodings_apart_only_where_contents_differ() {
    let digest = |lines: &[&str]| {
        let mut bench = Harness::with_shards(2);
        for line in lines {
            bench.line(line);
        }
        bench.line("DEBUG DIGEST")
    };
    let plain = digest(&["SET k v"]);
    assert_ne!(plain, digest(&["SELECT 1", "SET k v"]));
    assert_ne!(plain, digest(&["SET k w"]));
    assert_ne!(plain, digest(&["SET k v PX 1000"]));
    // As in Redis, that there is an expiry counts, and not when it is.
    assert_eq!(digest(&["SET k v PX 1001"]), digest(&["SET k v PX 1000"]));
    assert_ne!(digest(&["HSET h f v"]), digest(&["HSET h f v", "HPEXPIRE h 1000 FIELDS 1 f"]));
    assert_eq!(digest(&["HSET h f v g w"]), digest(&["HSET h g w f v"]));
    assert_eq!(
        digest(&["HSET h f v g w"]),
        digest(&["CONFIG SET hash-max-listpack-entries 0", "HSET h f v g w"])
    );
    assert_eq!(digest(&["SET k 12"]), digest(&["SET k 1", "APPEND k 2"]));
}

#[test]
fn memory_usage_is_what_the_keyspace_counts() {
    let mut bench = Harness::with_shards(1);
    let usage = |bench: &mut Harness, key: &str| {
        let reply = bench.line(&format!("MEMORY USAGE {key}"));
        reply.trim_start_matches(':').trim_end_matches("\\r\\n").parse::<usize>().expect("a number")
    };
    bench.line("SET small x");
    let large = "x".repeat(10_000);
    bench.line(&format!("SET large {large}"));
    assert!(usage(&mut bench, "small") < 100);
    assert!((10_000..10_200).contains(&usage(&mut bench, "large")));
    assert!(bench.line("MEMORY STATS").contains("keys.count\\r\\n:2\\r\\n"));
    assert!(bench.line("MEMORY DOCTOR").contains("too few to judge by"));
}
