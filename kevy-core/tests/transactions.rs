//! Transactions and commands on several keys, by what must hold however threads interleave: money is neither made
//! nor lost, nobody sees half of a change, and nothing that has been answered is unseen later.

mod common;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::thread;

use common::{Caller, Client, Reply, callers, start};
use kevy_core::api::Runtime;

const ACCOUNTS: u64 = 16;
const MONEY_EACH: i64 = 1_000;
const TOTAL: i64 = ACCOUNTS as i64 * MONEY_EACH;
/// Transfers of every thread.
const ROUNDS: u64 = 400;

/// Numbers without a pattern, the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Two different accounts and an amount.
    fn transfer(&mut self) -> (String, String, i64) {
        let from = self.below(ACCOUNTS);
        let to = (from + 1 + self.below(ACCOUNTS - 1)) % ACCOUNTS;
        (format!("account:{from}"), format!("account:{to}"), self.below(20) as i64 + 1)
    }
}

fn bank(shards: usize) -> Runtime {
    let runtime = start(shards, &[]);
    let mut session = runtime.session().expect("a session");
    for number in 0..ACCOUNTS {
        session.run(&format!("SET account:{number} {MONEY_EACH}"));
    }
    runtime
}

/// Reads two accounts and writes what they come to, if nobody touched them meanwhile.
fn transfer_watched(caller: &mut dyn Caller, draw: &mut Draw) {
    let (from, to, amount) = draw.transfer();
    loop {
        assert_eq!(caller.run(&format!("WATCH {from} {to}")), Reply::ok());
        let held = caller.run(&format!("MGET {from} {to}"));
        let [has, gets] = [held.list()[0].number(), held.list()[1].number()];
        assert_eq!(caller.run("MULTI"), Reply::ok());
        caller.run(&format!("SET {from} {}", has - amount));
        caller.run(&format!("SET {to} {}", gets + amount));
        match caller.run("EXEC") {
            Reply::Null => {}
            done => return assert_eq!(done, Reply::List(vec![Reply::ok(), Reply::ok()])),
        }
    }
}

/// Adds and subtracts at one instant, whatever the accounts hold.
fn transfer_blindly(caller: &mut dyn Caller, draw: &mut Draw) {
    let (from, to, amount) = draw.transfer();
    assert_eq!(caller.run("MULTI"), Reply::ok());
    caller.run(&format!("DECRBY {from} {amount}"));
    caller.run(&format!("INCRBY {to} {amount}"));
    assert_eq!(caller.run("EXEC").list().len(), 2);
}

fn all_accounts(verb: &str) -> String {
    (0..ACCOUNTS).fold(verb.to_owned(), |line, number| format!("{line} account:{number}"))
}

fn total_in_multi(caller: &mut dyn Caller) -> i64 {
    assert_eq!(caller.run("MULTI"), Reply::ok());
    for number in 0..ACCOUNTS {
        caller.run(&format!("GET account:{number}"));
    }
    caller.run("EXEC").list().iter().map(Reply::number).sum()
}

fn total_in_one_command(caller: &mut dyn Caller) -> i64 {
    caller.run(&all_accounts("MGET")).list().iter().map(Reply::number).sum()
}

/// Runs `writers` to their end while `readers` repeat theirs; every one gets its number to draw from.
fn against(
    runtime: &Runtime,
    writers: &[fn(&mut dyn Caller, &mut Draw)],
    readers: &[fn(&mut dyn Caller)],
    rounds: u64,
) {
    let running = AtomicUsize::new(writers.len());
    let running = &running;
    thread::scope(|scope| {
        let mut callers = callers(runtime, writers.len() + readers.len()).into_iter();
        for (number, write) in writers.iter().enumerate() {
            let mut caller = callers.next().expect("a caller");
            scope.spawn(move || {
                let _done = Done(running);
                let mut draw = Draw(number as u64);
                (0..rounds).for_each(|_| write(&mut *caller, &mut draw));
            });
        }
        for read in readers {
            let mut caller = callers.next().expect("a caller");
            scope.spawn(move || {
                while running.load(Ordering::Relaxed) > 0 {
                    read(&mut *caller);
                }
            });
        }
    });
}

/// Counts a writer out, also where it panics.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn money_stays(shards: usize) {
    let runtime = bank(shards);
    against(
        &runtime,
        &[transfer_watched, transfer_watched, transfer_blindly, transfer_blindly],
        &[
            |caller| assert_eq!(total_in_multi(caller), TOTAL),
            |caller| assert_eq!(total_in_multi(caller), TOTAL),
            |caller| assert_eq!(total_in_one_command(caller), TOTAL),
            |caller| assert_eq!(total_in_one_command(caller), TOTAL),
        ],
        ROUNDS,
    );
    assert_eq!(total_in_one_command(&mut runtime.session().expect("a session")), TOTAL);
}

#[test]
fn transfers_keep_the_total_on_one_shard() {
    money_stays(1);
}

#[test]
fn transfers_keep_the_total_on_three_shards() {
    money_stays(3);
}

#[test]
fn transfers_keep_the_total_on_seventy_shards() {
    money_stays(70);
}

/// Writers set a group of keys to one value with one MSET; no MGET sees two values.
fn groups_agree(shards: usize) {
    fn write(caller: &mut dyn Caller, draw: &mut Draw) {
        let (group, value) = (draw.below(3), draw.below(1_000_000));
        let line = (0..8).fold("MSET".to_owned(), |line, key| format!("{line} group:{group}:{key} {value}"));
        assert_eq!(caller.run(&line), Reply::ok());
    }
    fn read(caller: &mut dyn Caller) {
        for group in 0..3 {
            let line = (0..8).fold("MGET".to_owned(), |line, key| format!("{line} group:{group}:{key}"));
            let values = caller.run(&line);
            assert!(values.list().windows(2).all(|two| two[0] == two[1]), "half of an MSET: {values:?}");
        }
    }
    against(&start(shards, &[]), &[write, write, write, write], &[read, read, read, read], ROUNDS);
}

#[test]
fn an_mset_is_seen_whole_on_one_shard() {
    groups_agree(1);
}

#[test]
fn an_mset_is_seen_whole_on_three_shards() {
    groups_agree(3);
}

#[test]
fn an_mset_is_seen_whole_on_seventy_shards() {
    groups_agree(70);
}

/// One key wanders from name to name; whoever looks finds it under exactly one.
fn one_key_wanders(shards: usize) {
    const PLACES: u64 = 12;
    fn write(caller: &mut dyn Caller, draw: &mut Draw) {
        let (from, to) = (draw.below(PLACES), draw.below(PLACES));
        let renamed = caller.run(&format!("RENAME place:{from} place:{to}"));
        assert!(renamed == Reply::ok() || renamed == Reply::Error("ERR no such key".into()), "{renamed:?}");
    }
    fn read(caller: &mut dyn Caller) {
        let line = (0..PLACES).fold("EXISTS".to_owned(), |line, place| format!("{line} place:{place}"));
        assert_eq!(caller.run(&line), Reply::Integer(1));
        assert_eq!(caller.run("DBSIZE"), Reply::Integer(1));
        assert_eq!(caller.run("KEYS place:*").list().len(), 1);
    }
    let runtime = start(shards, &[]);
    runtime.session().expect("a session").run("SET place:0 it");
    against(&runtime, &[write, write, write, write], &[read, read], ROUNDS * 2);
}

#[test]
fn a_renamed_key_is_never_gone_nor_doubled_on_one_shard() {
    one_key_wanders(1);
}

#[test]
fn a_renamed_key_is_never_gone_nor_doubled_on_three_shards() {
    one_key_wanders(3);
}

#[test]
fn a_renamed_key_is_never_gone_nor_doubled_on_seventy_shards() {
    one_key_wanders(70);
}

/// Two transactions that each read what the other writes cannot both commit.
fn no_write_skew(shards: usize) {
    fn leave(caller: &mut dyn Caller, draw: &mut Draw) {
        let who = draw.below(2);
        assert_eq!(caller.run("WATCH duty:0 duty:1"), Reply::ok());
        let on_duty = caller.run("MGET duty:0 duty:1").list().iter().filter(|one| one.number() == 1).count();
        caller.run("MULTI");
        // One of the two may leave only where both are there; both come back otherwise.
        if on_duty == 2 {
            caller.run(&format!("SET duty:{who} 0"));
        } else {
            caller.run("MSET duty:0 1 duty:1 1");
        }
        caller.run("EXEC");
    }
    fn read(caller: &mut dyn Caller) {
        let duty = caller.run("MGET duty:0 duty:1");
        assert!(duty.list().iter().any(|one| one.number() == 1), "both left: {duty:?}");
    }
    let runtime = start(shards, &[]);
    runtime.session().expect("a session").run("MSET duty:0 1 duty:1 1");
    against(&runtime, &[leave, leave, leave, leave], &[read, read], ROUNDS * 2);
}

#[test]
fn watched_keys_exclude_write_skew_on_one_shard() {
    no_write_skew(1);
}

#[test]
fn watched_keys_exclude_write_skew_on_three_shards() {
    no_write_skew(3);
}

/// What has been answered to one caller is seen by every command that another caller sends afterwards.
fn answers_are_final(shards: usize) {
    let runtime = start(shards, &[]);
    let answered = AtomicI64::new(0);
    let running = AtomicUsize::new(1);
    let (answered, running) = (&answered, &running);
    thread::scope(|scope| {
        let mut callers = callers(&runtime, 5).into_iter();
        let mut writer = callers.next().expect("a caller");
        scope.spawn(move || {
            let _done = Done(running);
            for number in 1..=(ROUNDS * 4) as i64 {
                writer.run("MULTI");
                (0..4).for_each(|key| drop(writer.run(&format!("SET final:{key} {number}"))));
                assert_eq!(writer.run("EXEC").list().len(), 4);
                answered.store(number, Ordering::Release);
            }
        });
        for (number, mut reader) in callers.enumerate() {
            scope.spawn(move || {
                while running.load(Ordering::Relaxed) > 0 {
                    let at_least = answered.load(Ordering::Acquire);
                    let seen = match reader.run(&format!("GET final:{number}")) {
                        Reply::Null => 0,
                        value => value.number(),
                    };
                    assert!(seen >= at_least, "{seen} was read after {at_least} had been answered");
                }
            });
        }
    });
}

#[test]
fn what_was_answered_is_seen_on_one_shard() {
    answers_are_final(1);
}

#[test]
fn what_was_answered_is_seen_on_three_shards() {
    answers_are_final(3);
}

#[test]
fn what_was_answered_is_seen_on_seventy_shards() {
    answers_are_final(70);
}

/// Blind increments from many callers, each pipelined over a socket, are all counted.
#[test]
fn no_increment_is_lost() {
    let runtime = start(3, &[]);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut client = Client::paired(&runtime);
                for _ in 0..10 {
                    for number in 0..200 {
                        client
                            .send_line(&format!("INCR counter:{}", number % 20))
                            .expect("the runtime reads");
                    }
                    for _ in 0..200 {
                        client.receive().expect("a reply").integer();
                    }
                }
            });
        }
    });
    let mut session = runtime.session().expect("a session");
    for number in 0..20 {
        assert_eq!(session.run(&format!("GET counter:{number}")), Reply::bulk("600"));
    }
}

/// What one connection sends without waiting is done in its order, on every shard, while others keep the shards busy.
#[test]
fn a_pipeline_keeps_its_order_on_every_shard() {
    const KEYS: usize = 8;
    let runtime = start(3, &[]);
    let running = AtomicUsize::new(4);
    let (runtime, running) = (&runtime, &running);
    thread::scope(|scope| {
        for name in 0..4 {
            scope.spawn(move || {
                let _done = Done(running);
                let mut client = Client::paired(runtime);
                let mut expected = vec![String::new(); KEYS];
                for round in 0..150 {
                    for number in 0..400 {
                        let text = format!("{round}.{number},");
                        client
                            .send_line(&format!("APPEND order:{name}:{} {text}", number % KEYS))
                            .expect("room");
                        expected[number % KEYS].push_str(&text);
                    }
                    for _ in 0..400 {
                        assert!(client.receive().expect("a reply").integer() > 0);
                    }
                }
                for (key, text) in expected.iter().enumerate() {
                    let value = client.run(&format!("GET order:{name}:{key}")).text();
                    assert!(value == *text, "key {key} was appended to in another order");
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(move || {
                let mut session = runtime.session().expect("a session");
                let mut draw = Draw(7);
                while running.load(Ordering::Relaxed) > 0 {
                    session.run(&format!("INCR noise:{}", draw.below(50)));
                    session.run("MGET noise:1 noise:2 noise:3 noise:4");
                }
            });
        }
    });
}

#[test]
fn a_watch_breaks_wherever_its_key_and_its_connection_lie() {
    let runtime = start(3, &[]);
    // One connection on each core thread, so that most keys are another one's.
    let mut clients: Vec<Client> = (0..3).map(|_| Client::paired(&runtime)).collect();
    let mut other = Client::paired(&runtime);
    for number in 0..30 {
        for client in &mut clients {
            let key = format!("key{number}");
            for (change, reply) in
                [("GET", Reply::List(vec![Reply::Simple("PONG".into())])), ("INCR", Reply::Null)]
            {
                assert_eq!(client.run(&format!("WATCH {key}")), Reply::ok());
                assert_eq!(client.run("MULTI"), Reply::ok());
                client.run("PING");
                other.run(&format!("{change} {key}"));
                assert_eq!(client.run("EXEC"), reply, "{change} {key}");
            }
        }
    }
}

#[test]
fn only_transactions_commands_run_at_once_inside_one() {
    let runtime = start(2, &[]);
    let mut client = Client::paired(&runtime);
    assert_eq!(client.run("WATCH a b c"), Reply::ok());
    assert_eq!(client.run("MULTI"), Reply::ok());
    assert_eq!(client.run("WATCH a").text(), "ERR WATCH inside MULTI is not allowed");
    assert_eq!(client.run("MULTI").text(), "ERR MULTI calls can not be nested");
    for queued in ["UNWATCH", "DEBUG DIGEST", "CLIENT SETNAME x", "SET a 1"] {
        assert_eq!(client.run(queued).text(), "QUEUED", "{queued}");
    }
    assert_eq!(client.run("RESET").text(), "RESET");
    assert_eq!(client.run("EXEC").text(), "ERR EXEC without MULTI");
    assert_eq!(client.run("EXISTS a"), Reply::Integer(0));
}

#[test]
fn debug_asks_for_leave_wherever_the_key_lies() {
    let runtime = start(4, &[]);
    let mut client = Client::paired(&runtime);
    for number in 0..20 {
        client.run(&format!("SET key{number} 1"));
        let reply = client.run(&format!("DEBUG OBJECT key{number}"));
        assert!(reply.text().starts_with("ERR DEBUG command not allowed"), "{reply:?}");
    }
}
