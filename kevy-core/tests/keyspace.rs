//! The keyspace as callers see it: SCAN while keys come and go, expiry with and without anyone looking, the memory
//! limit under every policy, and memory given back.

mod common;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{Caller, Client, Reply, eventually, info, start};
use kevy_core::api::{Runtime, Session};

fn session(runtime: &Runtime) -> Session {
    runtime.session().expect("a session")
}

/// Every key that one whole SCAN returns, in order.
fn scan(caller: &mut dyn Caller, options: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = "0".to_owned();
    loop {
        let reply = caller.run(&format!("SCAN {cursor}{options}"));
        cursor = reply.list()[0].text();
        found.extend(reply.list()[1].list().iter().map(Reply::text));
        if cursor == "0" {
            return found;
        }
    }
}

/// What is there all the time is found, and what never is is not, while others write as fast as they can.
fn scan_keeps_its_guarantee(shards: usize) {
    const STABLE: usize = 2_000;
    let runtime = start(shards, &[]);
    for number in 0..STABLE {
        session(&runtime).run(&format!("SET stable:{number} v"));
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for writer in 0..2 {
            let (mut session, done) = (session(&runtime), &done);
            scope.spawn(move || {
                // The table grows and shrinks by a multiple of what is stable.
                while !done.load(Ordering::Relaxed) {
                    for number in 0..4_000 {
                        session.run(&format!("SET passing:{writer}:{number} v"));
                    }
                    for number in 0..4_000 {
                        session.run(&format!("DEL passing:{writer}:{number}"));
                    }
                }
            });
        }
        let mut scanners: Vec<Box<dyn Caller>> =
            vec![Box::new(session(&runtime)), Box::new(Client::paired(&runtime))];
        for round in 0..10 {
            let found = scan(&mut *scanners[round % 2], " COUNT 50");
            let found: HashSet<&str> = found.iter().map(String::as_str).collect();
            let stable = found.iter().filter(|key| key.starts_with("stable:")).count();
            if stable != STABLE
                || found.iter().any(|key| !key.starts_with("stable:") && !key.starts_with("passing:"))
            {
                done.store(true, Ordering::Relaxed);
                panic!("round {round} found {stable} of {STABLE} keys");
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn scan_finds_what_stays_on_one_shard() {
    scan_keeps_its_guarantee(1);
}

#[test]
fn scan_finds_what_stays_on_three_shards() {
    scan_keeps_its_guarantee(3);
}

#[test]
fn scan_finds_every_key_once_where_nothing_changes() {
    for shards in [1, 3, 70] {
        let runtime = start(shards, &[]);
        let mut session = session(&runtime);
        for number in 0..5_000 {
            session.run(&format!("SET key:{number} v"));
        }
        let mut found = scan(&mut session, " COUNT 100");
        assert_eq!(found.len(), 5_000);
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 5_000);
        assert_eq!(scan(&mut session, " MATCH key:12*").len(), 111);
        assert_eq!(scan(&mut session, " TYPE hash").len(), 0);
    }
}

#[test]
fn expired_keys_go_without_anyone_looking() {
    for shards in [1, 3] {
        let runtime = start(shards, &[]);
        let mut session = session(&runtime);
        for number in 0..3_000 {
            session.run(&format!("SET short:{number} v PX {}", 20 + number % 50));
        }
        session.run("SET long v EX 1000");
        session.run("SET always v");
        eventually("expired keys are gone", || session.run("DBSIZE") == Reply::Integer(2));
        assert_eq!(info(&mut session, "expired_keys"), 3_000);
        // Their memory too.
        assert_eq!(session.run("KEYS *").list().len(), 2);
    }
}

#[test]
fn an_idle_runtime_wakes_for_the_next_expiry() {
    let runtime = start(3, &[]);
    let mut client = Client::paired(&runtime);
    // Far ahead first: the reactors plan for it, and must plan anew for the nearer one.
    client.run("SET far v EX 1000");
    session(&runtime).run("SET near v PX 30");
    eventually("the key is gone", || client.run("DBSIZE") == Reply::Integer(1));
}

#[test]
fn an_expired_key_is_gone_for_whoever_asks_before_it_is_deleted() {
    for shards in [1, 3] {
        let runtime = start(shards, &[("enable-debug-command", "yes")]);
        let mut session = session(&runtime);
        assert_eq!(session.run("DEBUG SET-ACTIVE-EXPIRE 0"), Reply::ok());
        for number in 0..20 {
            session.run(&format!("SET key:{number} v PX 1"));
            session.run(&format!("HSET hash:{number} f v"));
            session.run(&format!("PEXPIRE hash:{number} 1"));
        }
        eventually("time passes", || session.run("GET key:0") == Reply::Null);
        eventually("time passes", || session.run("HGET hash:19 f") == Reply::Null);
        assert!(session.run("DBSIZE").integer() > 2, "nothing deletes what nobody asks for");
        for number in 0..20 {
            assert_eq!(session.run(&format!("EXISTS key:{number} hash:{number}")), Reply::Integer(0));
        }
        assert_eq!(session.run("DBSIZE"), Reply::Integer(0));
        assert_eq!(session.run("DEBUG SET-ACTIVE-EXPIRE 1"), Reply::ok());
    }
}

#[test]
fn expired_fields_go_and_take_an_empty_hash_with_them() {
    for shards in [1, 3] {
        let runtime = start(shards, &[]);
        let mut session = session(&runtime);
        for number in 0..200 {
            session.run(&format!("HSET hash:{number} short v long v"));
            session.run(&format!("HPEXPIRE hash:{number} 20 FIELDS 1 short"));
            session.run(&format!("HSET passing:{number} a v b v"));
            session.run(&format!("HPEXPIRE passing:{number} 30 FIELDS 2 a b"));
        }
        eventually("hashes without fields are gone", || session.run("DBSIZE") == Reply::Integer(200));
        eventually("expired fields are gone", || {
            (0..200).all(|number| session.run(&format!("HLEN hash:{number}")) == Reply::Integer(1))
        });
    }
}

#[test]
fn a_write_lets_no_expired_value_shine_through() {
    let runtime = start(3, &[("enable-debug-command", "yes")]);
    let mut session = session(&runtime);
    session.run("DEBUG SET-ACTIVE-EXPIRE 0");
    session.run("SET n 100 PX 1");
    session.run("SET s old PX 1");
    session.run("HSET h f old");
    session.run("PEXPIRE h 1");
    eventually("time passes", || session.run("EXISTS n s h") == Reply::Integer(0));
    // EXISTS deleted them; set them up again and go straight to the write.
    session.run("SET n 100 PX 1");
    session.run("SET probe v PX 2");
    eventually("time passes", || session.run("EXISTS probe") == Reply::Integer(0));
    assert_eq!(session.run("INCR n"), Reply::Integer(1));
    assert_eq!(session.run("TTL n"), Reply::Integer(-1));
}

const LIMIT: u64 = 8 << 20;

/// A runtime with a limit on memory and the policy under test.
fn limited(shards: usize, policy: &str) -> Runtime {
    start(
        shards,
        &[("maxmemory", &LIMIT.to_string()), ("maxmemory-policy", policy), ("maxmemory-samples", "10")],
    )
}

/// Writes keys of half a kilobyte until 2.5 times the limit has been written; how many were refused.
fn overfill(caller: &mut dyn Caller, options: &str) -> usize {
    let value = "x".repeat(500);
    (0..40_000).filter(|number| caller.run(&format!("SET fill:{number} {value}{options}")).is_error()).count()
}

fn assert_within_limit(caller: &mut dyn Caller) {
    let used = info(caller, "used_memory");
    assert!(used < LIMIT + LIMIT / 20, "{used} bytes are used under a limit of {LIMIT}");
}

#[test]
fn noeviction_refuses_writes_and_keeps_keys() {
    for shards in [1, 3] {
        let runtime = limited(shards, "noeviction");
        let mut session = session(&runtime);
        let refused = overfill(&mut session, "");
        assert!(refused > 10_000, "{refused} writes were refused");
        assert_within_limit(&mut session);
        let kept = session.run("DBSIZE").integer();
        assert_eq!(kept as usize, 40_000 - refused);
        let text = session.run("SET more v").text();
        assert_eq!(text, "OOM command not allowed when used memory > 'maxmemory'.");
        assert_eq!(info(&mut session, "evicted_keys"), 0);
        // What reads, deletes or expires still works, and makes room.
        assert_eq!(session.run("GET fill:0").text().len(), 500);
        for number in 0..5_000 {
            session.run(&format!("DEL fill:{number}"));
        }
        eventually("there is room again", || session.run("SET more v") == Reply::ok());
        // A transaction with a refused command has no effect.
        overfill(&mut session, "");
        session.run("MULTI");
        session.run("SET a 1");
        session.run("EXEC");
        assert_eq!(session.run("EXISTS a"), Reply::Integer(0));
    }
}

#[test]
fn policies_for_all_keys_evict_whatever_is_there() {
    for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
        for shards in [1, 3] {
            let runtime = limited(shards, policy);
            let mut session = session(&runtime);
            assert_eq!(overfill(&mut session, ""), 0, "{policy}");
            assert_within_limit(&mut session);
            let kept = session.run("DBSIZE").integer() as u64;
            assert!((5_000..20_000).contains(&kept), "{policy} kept {kept} keys");
            assert_eq!(info(&mut session, "evicted_keys"), 40_000 - kept, "{policy}");
        }
    }
}

#[test]
fn policies_for_volatile_keys_spare_the_others() {
    for policy in ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"] {
        for shards in [1, 3] {
            let runtime = limited(shards, policy);
            let mut session = session(&runtime);
            for number in 0..2_000 {
                session.run(&format!("SET precious:{number} v"));
            }
            assert_eq!(overfill(&mut session, " EX 1000"), 0, "{policy}");
            assert_within_limit(&mut session);
            let precious = (0..2_000)
                .filter(|number| session.run(&format!("EXISTS precious:{number}")) == Reply::Integer(1));
            assert_eq!(precious.count(), 2_000, "{policy}");
            assert!(info(&mut session, "evicted_keys") > 10_000, "{policy}");

            // With nothing volatile left to evict, writes are refused.
            session.run("FLUSHALL");
            assert!(overfill(&mut session, "") > 10_000, "{policy}");
        }
    }
}

#[test]
fn volatile_ttl_evicts_what_would_go_first() {
    let runtime = limited(1, "volatile-ttl");
    let mut session = session(&runtime);
    let value = "x".repeat(500);
    for number in 0..6_000 {
        session.run(&format!("SET late:{number} {value} EX 100000"));
        session.run(&format!("SET soon:{number} {value} EX 1000"));
    }
    for number in 0..4_000 {
        session.run(&format!("SET more:{number} {value} EX 50000"));
    }
    let mut count = |name: &str| session.run(&format!("KEYS {name}:*")).list().len();
    let (late, soon) = (count("late"), count("soon"));
    assert!(late > 5_800 && soon < 5_000, "{late} late keys and {soon} soon ones are left");
}

/// Keys in use survive under a policy that goes by use.
fn keeps_what_is_used(policy: &str) {
    let runtime = limited(1, policy);
    let mut session = session(&runtime);
    let value = "x".repeat(500);
    for number in 0..1_000 {
        session.run(&format!("SET used:{number} {value} EX 100000"));
    }
    for round in 0..40 {
        for number in 0..1_000 {
            session.run(&format!("GET used:{number}"));
        }
        for number in 0..1_000 {
            session.run(&format!("SET passing:{round}:{number} {value} EX 100000"));
        }
    }
    let used = session.run("KEYS used:*").list().len();
    assert!(used > 900, "{policy} kept {used} of the 1000 keys in use");
}

#[test]
fn lru_and_lfu_keep_what_is_used() {
    for policy in ["allkeys-lfu", "volatile-lfu"] {
        keeps_what_is_used(policy);
    }
}

#[test]
fn a_lower_limit_holds_from_the_next_write_on() {
    for shards in [1, 3] {
        let runtime = start(shards, &[("maxmemory-policy", "allkeys-random")]);
        let mut session = session(&runtime);
        overfill(&mut session, "");
        assert_eq!(session.run("DBSIZE"), Reply::Integer(40_000));
        assert_eq!(session.run(&format!("CONFIG SET maxmemory {LIMIT}")), Reply::ok());
        eventually("what is too much is evicted", || {
            for number in 0..100 {
                session.run(&format!("SET more:{number} v"));
            }
            info(&mut session, "used_memory") < LIMIT + LIMIT / 20
        });
        assert_eq!(session.run("CONFIG SET maxmemory 0"), Reply::ok());
        overfill(&mut session, "");
        assert!(info(&mut session, "used_memory") > 2 * LIMIT);
    }
}

#[test]
fn memory_returns_to_where_it_was() {
    for shards in [1, 3] {
        for flush in ["FLUSHALL", "FLUSHALL ASYNC", "FLUSHDB"] {
            let runtime = start(shards, &[]);
            let mut session = session(&runtime);
            // What the first keys make a shard set up stays.
            for number in 0..500 {
                session.run(&format!("SET warm:{number} v"));
            }
            session.run("FLUSHALL");
            let before = info(&mut session, "used_memory");
            overfill(&mut session, "");
            for number in 0..20_000 {
                session.run(&format!("HSET hash {number} {}", "v".repeat(100)));
            }
            session.run("WATCH hash fill:1");
            session.run("UNWATCH");
            assert!(info(&mut session, "used_memory") > before + 20_000_000);
            assert_eq!(session.run(flush), Reply::ok());
            let mut after = 0;
            eventually("memory is given back", || {
                after = info(&mut session, "used_memory");
                after < before + (1 << 20)
            });
        }
    }
}

#[test]
fn deleting_large_values_gives_their_memory_back() {
    let runtime = start(3, &[]);
    let mut session = session(&runtime);
    session.run("SET warm v");
    let before = info(&mut session, "used_memory");
    for verb in ["DEL", "UNLINK", "SET", "RENAME"] {
        session.run("DEL large");
        for number in 0..20_000 {
            session.run(&format!("HSET large {number} {}", "v".repeat(100)));
        }
        assert!(info(&mut session, "used_memory") > before + 2_000_000);
        match verb {
            "SET" => session.run("SET large v"),
            "RENAME" => session.run("RENAME warm large"),
            _ => session.run(&format!("{verb} large")),
        };
        eventually(verb, || info(&mut session, "used_memory") < before + (1 << 20));
    }
}
