//! A command set of the host's own on the runtime: alone, beside the Redis commands, in their place.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{Caller, Client, Reply, options};
use kevy_core::api::{
    Begin, Command, CommandSet, Context, ErrorKind, Fail, Find, Flags, KeySpec, Keyspace, Kind, ManualClock,
    Options, Outcome, Runtime, Spec, one_key,
};

/// Replies with its arguments in reverse order.
fn reverse(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    ctx.out.array(args.len() - 1);
    args[1..].iter().rev().for_each(|arg| ctx.out.bulk(arg));
    Ok(())
}

const REVERSE: Spec =
    Spec::new("demo.reverse", -2, Flags::FAST).with_summary("Replies with its arguments in reverse order.");

/// Sets a string only to something longer, and replies with the length it then has.
fn keep_longest(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (key, value) = (args[1], args[2]);
    if value.is_empty() {
        return Err(Fail::new("ERR nothing is longer than nothing"));
    }
    let (keyspace, db, now) = ctx.keys(key);
    let kept = keyspace.edit_string(db, key, now, true, |bytes| {
        if value.len() > bytes.len() {
            *bytes = value.to_vec();
        }
        bytes.len()
    });
    let length = kept.map_err(|_| Fail::WRONG_TYPE)?.unwrap_or_default();
    ctx.out.integer(length as i64);
    Ok(())
}

const KEEP_LONGEST: Spec =
    Spec::new("demo.longest", 3, Flags::WRITE.or(Flags::DENYOOM)).with_keys(&[one_key(&["RW", "update"])]);

/// Appends a suffix to each of several keys, on whatever shards they lie, at one instant.
fn append_all(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    for key in &args[2..] {
        let (keyspace, db, now) = ctx.keys(key);
        keyspace
            .edit_string(db, key, now, true, |bytes| bytes.extend_from_slice(args[1]))
            .map_err(|_| Fail::WRONG_TYPE)?;
    }
    ctx.out.ok();
    Ok(())
}

const APPEND_ALL: Spec = Spec::new("demo.append", -3, Flags::WRITE).with_keys(&[KeySpec {
    flags: &["RW", "update"],
    begin: Begin::Index(2),
    find: Find::Range { last: -1, step: 1, limit: 0 },
}]);

fn panic(_: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    panic!("a handler of the host's went wrong")
}

fn demo_set(set: CommandSet) -> CommandSet {
    set.with(Command::new(REVERSE, reverse))
        .with(Command::new(KEEP_LONGEST, keep_longest))
        .with(Command::new(APPEND_ALL, append_all))
}

fn start(shards: usize, set: CommandSet) -> Runtime {
    Runtime::start_with(&options(&[("shards", &shards.to_string())]), Arc::new(set)).expect("a runtime")
}

fn both_ways(runtime: &Runtime) -> [Box<dyn Caller>; 2] {
    [Box::new(runtime.session().expect("a session")), Box::new(Client::paired(runtime))]
}

#[test]
fn a_set_of_ones_own_is_all_there_is() {
    for shards in [1, 3] {
        let runtime = start(shards, demo_set(CommandSet::new()));
        for mut caller in both_ways(&runtime) {
            let reversed = caller.run("DEMO.REVERSE a b c");
            assert_eq!(reversed, Reply::List(["c", "b", "a"].map(Reply::bulk).into()));
            assert_eq!(
                caller.run("demo.reverse").text(),
                "ERR wrong number of arguments for 'demo.reverse' command"
            );
            assert_eq!(
                caller.run("GET k").text(),
                "ERR unknown command 'GET', with args beginning with: 'k' "
            );
        }
    }
}

#[test]
fn own_commands_live_beside_those_of_redis() {
    for shards in [1, 3, 70] {
        let runtime = start(shards, demo_set(CommandSet::redis()));
        for (number, mut caller) in both_ways(&runtime).into_iter().enumerate() {
            for key in 0..20 {
                let key = format!("{number}:{key}");
                assert_eq!(caller.run(&format!("DEMO.LONGEST {key} abc")), Reply::Integer(3));
                assert_eq!(caller.run(&format!("DEMO.LONGEST {key} ab")), Reply::Integer(3));
                assert_eq!(caller.run(&format!("DEMO.LONGEST {key} abcde")), Reply::Integer(5));
                assert_eq!(caller.run(&format!("GET {key}")), Reply::bulk("abcde"));
            }
            let keys = (0..20).fold(String::new(), |keys, key| format!("{keys} {number}:{key}"));
            assert_eq!(caller.run(&format!("DEMO.APPEND !{keys}")), Reply::ok());
            let values = caller.run(&format!("MGET{keys}"));
            assert!(values.list().iter().all(|value| *value == Reply::bulk("abcde!")), "{values:?}");
            assert_eq!(
                caller.call(&[b"DEMO.LONGEST", b"k", b""]).text(),
                "ERR nothing is longer than nothing"
            );
            caller.run("HSET hash f v");
            assert!(caller.run("DEMO.LONGEST hash x").text().starts_with("WRONGTYPE "));
        }
    }
}

#[test]
fn own_commands_take_part_in_transactions() {
    let runtime = start(3, demo_set(CommandSet::redis()));
    for mut caller in both_ways(&runtime) {
        caller.run("FLUSHALL");
        caller.run("WATCH a");
        caller.run("MULTI");
        assert_eq!(caller.run("DEMO.APPEND x a b c d").text(), "QUEUED");
        assert_eq!(caller.run("DEMO.LONGEST e long").text(), "QUEUED");
        assert_eq!(caller.run("EXEC"), Reply::List(vec![Reply::ok(), Reply::Integer(4)]));
        assert_eq!(caller.run("MGET a b c d e").list().last(), Some(&Reply::bulk("long")));
        caller.run("WATCH a");
        runtime.session().expect("a session").run("DEMO.APPEND y a");
        caller.run("MULTI");
        assert_eq!(caller.run("EXEC"), Reply::Null);
    }
}

#[test]
fn the_table_tells_of_own_commands() {
    let runtime = start(1, demo_set(CommandSet::redis()));
    let mut session = runtime.session().expect("a session");
    let info = session.run("COMMAND INFO demo.append");
    let row = info.list()[0].list();
    assert_eq!(row[0], Reply::bulk("demo.append"));
    assert_eq!(row[1], Reply::Integer(-3));
    assert_eq!(row[3..6], [Reply::Integer(2), Reply::Integer(-1), Reply::Integer(1)]);
    let docs = session.run("COMMAND DOCS demo.reverse");
    assert!(format!("{docs:?}").contains("summary") || !docs.list().is_empty());
    let keys = session.run("COMMAND GETKEYS demo.append x a b");
    assert_eq!(keys, Reply::List(vec![Reply::bulk("a"), Reply::bulk("b")]));
}

#[test]
fn a_handler_may_carry_state_and_replace_a_command() {
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    let ping = Command::shared(Spec::new("ping", -1, Flags::FAST), move |ctx, _| {
        ctx.out.integer(count.fetch_add(1, Ordering::Relaxed) as i64 + 1);
        Ok(())
    });
    let runtime = start(2, CommandSet::redis().with(ping));
    let [mut session, mut client] = both_ways(&runtime);
    assert_eq!(session.run("PING"), Reply::Integer(1));
    assert_eq!(client.run("PING"), Reply::Integer(2));
    assert_eq!(session.run("ECHO x"), Reply::bulk("x"));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[test]
fn a_panic_of_a_handler_poisons_the_runtime_and_nothing_else() {
    for over_socket in [false, true] {
        let set = || CommandSet::redis().with(Command::new(Spec::new("demo.panic", 1, Flags::NONE), panic));
        let (runtime, bystander) = (start(2, set()), start(2, set()));
        let mut session = runtime.session().expect("a session");
        let mut client = Client::paired(&runtime);
        assert_eq!(client.run("PING").text(), "PONG");
        if over_socket {
            client.send_line("DEMO.PANIC").expect("the runtime reads");
        } else {
            assert_eq!(session.dispatch(&[b"DEMO.PANIC"]).expect_err("a panic").kind(), ErrorKind::Panic);
        }
        // Nobody gets an answer from a keyspace that may be half changed.
        assert!(client.rest().is_empty());
        runtime.wait();
        assert_eq!(session.dispatch(&[b"PING"]).expect_err("poison").kind(), ErrorKind::Panic);
        assert_eq!(session.get(b"k").expect_err("poison").kind(), ErrorKind::Panic);
        assert_eq!(runtime.session().expect_err("poison").kind(), ErrorKind::Panic);
        assert_eq!(bystander.session().expect("a session").run("PING").text(), "PONG");
    }
}

#[test]
fn a_bare_keyspace_runs_own_commands_on_a_clock_of_ones_own() {
    let clock = Arc::new(ManualClock::new(1_000_000));
    let set = Arc::new(demo_set(CommandSet::redis()));
    let mut keyspace = Keyspace::with(&Options::new(), set, clock.clone()).expect("a keyspace");
    let longest = keyspace.dispatch(&[b"DEMO.LONGEST", b"k", b"abc"]).expect("a reply");
    assert_eq!(longest.integer(), 3);
    keyspace.dispatch(&[b"PEXPIRE", b"k", b"500"]).expect("a reply");
    clock.advance(499);
    assert_eq!(keyspace.dispatch(&[b"PTTL", b"k"]).expect("a reply").integer(), 1);
    clock.advance(1);
    assert_eq!(keyspace.dispatch(&[b"GET", b"k"]).expect("a reply").kind(), Kind::Null);
    assert_eq!(keyspace.dispatch(&[b"DBSIZE"]).expect("a reply").integer(), 0);
}

#[test]
fn ticks_delete_what_has_expired_in_a_bare_keyspace() {
    let clock = Arc::new(ManualClock::new(1_000_000));
    let mut keyspace =
        Keyspace::with(&Options::new(), Arc::new(CommandSet::redis()), clock.clone()).expect("a keyspace");
    for number in 0..1_000 {
        let key = format!("key:{number}");
        keyspace.dispatch(&[b"SET", key.as_bytes(), b"v", b"PX", b"100"]).expect("a reply");
    }
    clock.advance(101);
    assert_eq!(keyspace.dispatch(&[b"DBSIZE"]).expect("a reply").integer(), 1_000);
    let mut ticks = 0;
    while keyspace.tick() {
        ticks += 1;
        assert!(ticks < 1_000, "ticks make no headway");
    }
    assert_eq!(keyspace.dispatch(&[b"DBSIZE"]).expect("a reply").integer(), 0);
}
