//! Clients that wait for keys, by what must hold however threads interleave: every element is delivered once or still
//! there, waiters of a key are served in the order in which they came, and whoever leaves takes nothing along.

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use common::{Caller, Client, PATIENCE, Reply, callers, eventually, info, start};
use kevy_core::api::{ErrorKind, Runtime, Session};

const SHARDS: [usize; 2] = [1, 3];

#[track_caller]
fn until_blocked(caller: &mut dyn Caller, count: u64) {
    eventually("clients wait", || info(caller, "blocked_clients") == count);
}

fn session(runtime: &Runtime) -> Session {
    runtime.session().expect("a session")
}

/// The element of a BLPOP.
#[track_caller]
fn popped(reply: &Reply) -> String {
    reply.list()[1].text()
}

#[test]
fn every_element_is_delivered_once() {
    const PRODUCERS: usize = 3;
    const CONSUMERS: usize = 6;
    const EACH: usize = 1_000;
    for shards in SHARDS {
        let runtime = start(shards, &[]);
        let left = AtomicUsize::new(PRODUCERS * EACH);
        let got = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for (number, mut caller) in callers(&runtime, CONSUMERS).into_iter().enumerate() {
                let (left, got) = (&left, &got);
                scope.spawn(move || {
                    let line = match number % 3 {
                        0 => "BLPOP one two three 0",
                        1 => "BRPOP three one two 0",
                        _ => "BLMPOP 0 3 two three one LEFT COUNT 3",
                    };
                    loop {
                        let reply = caller.run(line);
                        let elements = match &reply.list()[1] {
                            Reply::List(many) => many.iter().map(Reply::text).collect(),
                            one => vec![one.text()],
                        };
                        let mut stop = false;
                        for element in elements {
                            if element == "stop" {
                                // Taken more than one, it goes back for the others.
                                if stop {
                                    caller.run("RPUSH one stop");
                                }
                                stop = true;
                            } else {
                                got.lock().expect("no panic").push(element);
                                left.fetch_sub(1, Ordering::Relaxed);
                            }
                        }
                        if stop {
                            return;
                        }
                    }
                });
            }
            let mut producers = Vec::new();
            for (producer, mut caller) in callers(&runtime, PRODUCERS).into_iter().enumerate() {
                producers.push(scope.spawn(move || {
                    for number in 0..EACH {
                        let key = ["one", "two", "three"][(producer + number) % 3];
                        if number % 10 == 0 {
                            caller.run("MULTI");
                            caller.run(&format!("RPUSH {key} {producer}:{number}"));
                            caller.run("EXEC");
                        } else {
                            caller.run(&format!("RPUSH {key} {producer}:{number}"));
                        }
                    }
                }));
            }
            producers.into_iter().for_each(|producer| producer.join().expect("no panic"));
            eventually("all is delivered", || left.load(Ordering::Relaxed) == 0);
            let mut last = session(&runtime);
            for _ in 0..CONSUMERS {
                last.run("RPUSH one stop");
            }
        });
        let got = got.into_inner().expect("no panic");
        assert_eq!(got.len(), PRODUCERS * EACH);
        assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), got.len(), "nothing is delivered twice");
        let mut last = session(&runtime);
        assert_eq!(last.run("DBSIZE"), Reply::Integer(0));
        assert_eq!(info(&mut last, "blocked_clients"), 0);
        assert_eq!(info(&mut last, "total_blocking_keys"), 0);
    }
}

#[test]
fn waiters_are_served_in_the_order_of_coming() {
    const WAITERS: usize = 40;
    for shards in SHARDS {
        let runtime = start(shards, &[]);
        let mut pusher = session(&runtime);
        // Every other waiter needs two shards where there are several.
        let mut waiters: Vec<Client> = (0..WAITERS).map(|_| Client::paired(&runtime)).collect();
        for (number, waiter) in waiters.iter_mut().enumerate() {
            let line = if number % 2 == 0 { "BLPOP queue 0" } else { "BLPOP nothing queue never 0" };
            waiter.send_line(line).expect("sent");
            until_blocked(&mut pusher, number as u64 + 1);
        }
        for number in 0..WAITERS {
            pusher.run(&format!("RPUSH queue {number}"));
        }
        for (number, waiter) in waiters.iter_mut().enumerate() {
            assert_eq!(popped(&waiter.receive().expect("a reply")), number.to_string());
        }
    }
}

/// The bulk strings anywhere in a reply that begin with `prefix`.
fn named(reply: &Reply, prefix: &str) -> Vec<String> {
    match reply {
        Reply::List(items) => items.iter().flat_map(|item| named(item, prefix)).collect(),
        Reply::Bulk(bytes) if bytes.starts_with(prefix.as_bytes()) => vec![reply.text()],
        _ => Vec::new(),
    }
}

/// A type of collection that elements are put in and taken from.
struct Queue {
    /// What makes the keys, if anything has to.
    prepare: &'static [&'static str],
    /// What takes elements, waiting for some or not.
    takes: &'static [&'static str],
    put: fn(&str, &str) -> String,
}

const QUEUES: [Queue; 3] = [
    Queue {
        prepare: &[],
        takes: &[
            "BLMPOP 0 3 one two three RIGHT COUNT 2",
            "BLPOP three one two 0",
            "LMPOP 3 two three one LEFT COUNT 3",
        ],
        put: |key, name| format!("RPUSH {key} {name}"),
    },
    Queue {
        prepare: &[],
        takes: &[
            "BZMPOP 0 3 one two three MAX COUNT 2",
            "BZPOPMIN three one two 0",
            "BZPOPMAX two 0",
            "ZMPOP 3 two three one MIN COUNT 3",
        ],
        put: |key, name| format!("ZADD {key} 1 {name}"),
    },
    Queue {
        prepare: &[
            "XGROUP CREATE one g $ MKSTREAM",
            "XGROUP CREATE two g $ MKSTREAM",
            "XGROUP CREATE three g $ MKSTREAM",
        ],
        takes: &[
            "XREADGROUP GROUP g ada COUNT 2 BLOCK 0 STREAMS one two three > > >",
            "XREADGROUP GROUP g bob BLOCK 0 STREAMS three one two > > >",
            "XREADGROUP GROUP g eve COUNT 1 STREAMS two three one > > >",
        ],
        put: |key, name| format!("XADD {key} * f {name}"),
    },
];

#[test]
fn every_element_of_any_type_is_delivered_once() {
    const PRODUCERS: usize = 2;
    const EACH: usize = 150;
    for (shards, queue) in
        SHARDS.into_iter().flat_map(|shards| QUEUES.iter().map(move |queue| (shards, queue)))
    {
        let runtime = start(shards, &[]);
        let mut last = session(&runtime);
        queue.prepare.iter().for_each(|line| assert_eq!(last.run(line), Reply::ok()));
        let got = Mutex::new(Vec::new());
        thread::scope(|scope| {
            let consumers = callers(&runtime, 2 * queue.takes.len());
            let count = consumers.len();
            for (line, mut caller) in queue.takes.iter().cycle().zip(consumers) {
                let got = &got;
                scope.spawn(move || {
                    loop {
                        let reply = caller.run(line);
                        assert!(!reply.is_error(), "{line}: {reply:?}");
                        got.lock().expect("no panic").extend(named(&reply, "element:"));
                        let mut stops = named(&reply, "stop:").into_iter();
                        if stops.next().is_some() {
                            // Those taken along are for others.
                            stops.for_each(|stop| drop(caller.run(&(queue.put)("two", &stop))));
                            return;
                        }
                        thread::yield_now();
                    }
                });
            }
            for (producer, mut caller) in callers(&runtime, PRODUCERS).into_iter().enumerate() {
                scope.spawn(move || {
                    for number in 0..EACH {
                        let put = |key| (queue.put)(key, &format!("element:{producer}:{key}:{number}"));
                        if number % 7 == 0 {
                            for line in ["MULTI", &put("one"), &put("two"), &put("three"), "EXEC"] {
                                caller.run(line);
                            }
                        } else {
                            ["one", "two", "three"].iter().for_each(|key| drop(caller.run(&put(key))));
                        }
                    }
                });
            }
            let all = 3 * PRODUCERS * EACH;
            eventually("all is delivered", || got.lock().expect("no panic").len() >= all);
            // Every consumer looks at this key.
            (0..count).for_each(|number| drop(last.run(&(queue.put)("two", &format!("stop:{number}")))));
        });
        let got = got.into_inner().expect("no panic");
        assert_eq!(got.len(), 3 * PRODUCERS * EACH);
        assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), got.len(), "nothing is delivered twice");
        assert_eq!(info(&mut last, "blocked_clients"), 0);
        assert_eq!(info(&mut last, "total_blocking_keys"), 0);
    }
}

#[test]
fn waiters_of_any_type_are_served_in_the_order_of_coming() {
    const WAITERS: usize = 12;
    for (shards, queue) in
        SHARDS.into_iter().flat_map(|shards| QUEUES.iter().map(move |queue| (shards, queue)))
    {
        let runtime = start(shards, &[]);
        let mut pusher = session(&runtime);
        queue.prepare.iter().for_each(|line| assert_eq!(pusher.run(line), Reply::ok()));
        let lines = queue.takes.iter().filter(|line| line.starts_with('B') || line.contains("BLOCK"));
        let mut waiters: Vec<Client> = (0..WAITERS).map(|_| Client::paired(&runtime)).collect();
        for (number, (waiter, line)) in waiters.iter_mut().zip(lines.cycle()).enumerate() {
            waiter.send_line(line).expect("sent");
            until_blocked(&mut pusher, number as u64 + 1);
        }
        for number in 0..WAITERS {
            pusher.run(&(queue.put)("two", &format!("element:{number}")));
        }
        for (number, waiter) in waiters.iter_mut().enumerate() {
            let reply = waiter.receive().expect("a reply");
            assert_eq!(named(&reply, "element:"), [format!("element:{number}")]);
        }
        assert_eq!(info(&mut pusher, "blocked_clients"), 0);
    }
}

#[test]
fn moves_between_shards_keep_every_element() {
    const MOVERS: usize = 8;
    const ELEMENTS: usize = 5;
    for shards in SHARDS {
        let runtime = start(shards, &[]);
        let mut watcher = session(&runtime);
        let moves = AtomicUsize::new(0);
        thread::scope(|scope| {
            for (number, mut caller) in callers(&runtime, MOVERS).into_iter().enumerate() {
                let moves = &moves;
                scope.spawn(move || {
                    let (from, to) = (number % 4, (number + 1) % 4);
                    let line = format!("BLMOVE ring:{from} ring:{to} LEFT RIGHT 0");
                    loop {
                        let moved = caller.run(&line);
                        if moved.is_error() {
                            return assert!(moved.text().starts_with("UNBLOCKED"), "{moved:?}");
                        }
                        moves.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            for element in 0..ELEMENTS {
                watcher.run(&format!("RPUSH ring:0 {element}"));
            }
            let count = |watcher: &mut Session| -> Vec<String> {
                watcher.run("MULTI");
                (0..4).for_each(|at| drop(watcher.run(&format!("LRANGE ring:{at} 0 -1"))));
                let all = watcher.run("EXEC");
                all.list().iter().flat_map(|one| one.list().iter().map(Reply::text)).collect()
            };
            eventually("elements go round", || {
                let mut seen = count(&mut watcher);
                seen.sort();
                assert_eq!(seen, ["0", "1", "2", "3", "4"]);
                moves.load(Ordering::Relaxed) > 2_000
            });
            watcher.run("DEL ring:0 ring:1 ring:2 ring:3");
            // An element under way between two commands of a mover is none: moves are atomic.
            until_blocked(&mut watcher, MOVERS as u64);
            for line in watcher.run("CLIENT LIST").text().lines().filter(|line| line.contains(" flags=b ")) {
                let id = line.strip_prefix("id=").and_then(|rest| rest.split(' ').next()).expect("a number");
                assert_eq!(watcher.run(&format!("CLIENT UNBLOCK {id} ERROR")), Reply::Integer(1));
            }
        });
    }
}

#[test]
fn a_chain_over_all_shards_is_served_before_the_push_is_answered() {
    const LINKS: usize = 12;
    for shards in SHARDS {
        let runtime = start(shards, &[]);
        let mut pusher = session(&runtime);
        let mut links: Vec<Client> = (0..LINKS).map(|_| Client::paired(&runtime)).collect();
        for (at, link) in links.iter_mut().enumerate().rev() {
            link.send_line(&format!("BLMOVE chain:{at} chain:{} LEFT RIGHT 0", at + 1)).expect("sent");
            until_blocked(&mut pusher, (LINKS - at) as u64);
        }
        for (at, element) in ["first", "second"].into_iter().enumerate() {
            pusher.run(&format!("RPUSH chain:0 {element}"));
            let end = if at == 0 { LINKS } else { 0 };
            assert_eq!(
                pusher.run(&format!("LRANGE chain:{end} 0 -1")),
                Reply::List(vec![Reply::bulk(element)])
            );
        }
        for link in &mut links {
            assert_eq!(link.receive().expect("a reply"), Reply::bulk("first"));
        }
        assert_eq!(info(&mut pusher, "blocked_clients"), 0);
    }
}

#[test]
fn an_interrupted_wait_takes_nothing() {
    for shards in SHARDS {
        let runtime = start(shards, &[]);
        let mut other = session(&runtime);
        let mut waiter = session(&runtime);
        let interrupter = waiter.interrupter();
        let waiting = thread::spawn(move || {
            let error = waiter.dispatch(&[b"BLPOP", b"k", b"l", b"0"]).expect_err("an interrupt").kind();
            (waiter, error)
        });
        until_blocked(&mut other, 1);
        interrupter.interrupt();
        let (mut waiter, error) = waiting.join().expect("no panic");
        assert_eq!(error, ErrorKind::Interrupted);
        assert_eq!(info(&mut other, "blocked_clients"), 0);
        assert_eq!(info(&mut other, "total_blocking_keys"), 0);
        other.run("RPUSH l v");
        assert_eq!(popped(&waiter.run("BLPOP k l 0")), "v");
    }
}

#[test]
fn interrupts_in_the_middle_lose_nothing() {
    const ELEMENTS: usize = 2_000;
    let runtime = start(3, &[]);
    let (tell, interrupters) = mpsc::channel();
    let got = thread::scope(|scope| {
        let consumer = scope.spawn(|| {
            let mut session = session(&runtime);
            tell.send(session.interrupter()).expect("somebody interrupts");
            let mut got = Vec::new();
            while got.len() < ELEMENTS {
                match session.dispatch(&[b"BLPOP", b"k", b"l", b"0"]).map(Reply::from) {
                    Ok(reply) => got.push(popped(&reply)),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Interrupted),
                }
            }
            got
        });
        let interrupter = interrupters.recv().expect("an interrupter");
        let mut pusher = session(&runtime);
        for number in 0..ELEMENTS {
            pusher.run(&format!("RPUSH {} {number}", if number % 2 == 0 { "k" } else { "l" }));
            interrupter.interrupt();
        }
        consumer.join().expect("no panic")
    });
    assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), ELEMENTS);
}

#[test]
fn timeouts_in_the_middle_lose_nothing() {
    const ELEMENTS: usize = 500;
    let runtime = start(3, &[]);
    let left = AtomicUsize::new(ELEMENTS);
    thread::scope(|scope| {
        for mut caller in callers(&runtime, 4) {
            let left = &left;
            scope.spawn(move || {
                while left.load(Ordering::Relaxed) > 0 {
                    match caller.run("BLPOP k l 0.001") {
                        Reply::Null => {}
                        reply => {
                            popped(&reply);
                            left.fetch_sub(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
        let mut pusher = session(&runtime);
        for number in 0..ELEMENTS {
            pusher.run(&format!("RPUSH {} {number}", if number % 2 == 0 { "k" } else { "l" }));
        }
    });
    let mut last = session(&runtime);
    assert_eq!(last.run("EXISTS k l"), Reply::Integer(0));
    assert_eq!(info(&mut last, "total_blocking_keys"), 0);
}

#[test]
fn who_leaves_takes_nothing_along() {
    for shards in SHARDS {
        let runtime = start(shards, &[]);
        let mut other = session(&runtime);
        for round in 0..50 {
            let mut leaving = Client::paired(&runtime);
            let mut staying = Client::paired(&runtime);
            leaving.send_line("BLPOP k l 0").expect("sent");
            until_blocked(&mut other, 1);
            staying.send_line("BLPOP l k 0").expect("sent");
            until_blocked(&mut other, 2);
            drop(leaving);
            until_blocked(&mut other, 1);
            other.run(&format!("RPUSH k {round}"));
            assert_eq!(popped(&staying.receive().expect("a reply")), round.to_string());
        }
        assert_eq!(info(&mut other, "total_blocking_keys"), 0);
    }
}

#[test]
fn a_killed_session_waits_no_more() {
    let runtime = start(2, &[]);
    let mut other = session(&runtime);
    let mut waiter = session(&runtime);
    let id = waiter.id();
    let waiting =
        thread::spawn(move || waiter.dispatch(&[b"BLPOP", b"k", b"0"]).expect_err("it is killed").kind());
    until_blocked(&mut other, 1);
    other.run(&format!("CLIENT KILL ID {id}"));
    assert_eq!(waiting.join().expect("no panic"), ErrorKind::Closed);
    other.run("RPUSH k v");
    assert_eq!(other.run("LLEN k"), Reply::Integer(1));
}

#[test]
fn stopping_ends_waits_at_once() {
    for shards in SHARDS {
        let runtime = start(shards, &[]);
        let mut other = session(&runtime);
        let mut connection = Client::paired(&runtime);
        connection.send_line("BLPOP k 0").expect("sent");
        let mut waiter = session(&runtime);
        let waiting =
            thread::spawn(move || waiter.dispatch(&[b"BLPOP", b"k", b"0"]).expect_err("it stops").kind());
        until_blocked(&mut other, 2);
        runtime.stop(PATIENCE).expect("an orderly stop");
        assert_eq!(waiting.join().expect("no panic"), ErrorKind::Closed);
        assert!(connection.rest().is_empty());
    }
}

#[test]
fn a_timeout_beyond_the_clock_is_for_ever() {
    let runtime = start(1, &[]);
    let mut other = session(&runtime);
    let mut waiter = session(&runtime);
    let waiting = thread::spawn(move || popped(&waiter.run("BLPOP k 9000000000000")));
    let mut connection = Client::paired(&runtime);
    connection.send_line("BLPOP k 9000000000000").expect("sent");
    until_blocked(&mut other, 2);
    other.run("RPUSH k v v");
    assert_eq!(waiting.join().expect("no panic"), "v");
    assert_eq!(popped(&connection.receive().expect("a reply")), "v");
}

#[test]
fn commands_inside_the_process_are_not_held_up_by_a_waiter() {
    let runtime = start(2, &[]);
    let mut waiter = session(&runtime);
    let mut other = session(&runtime);
    let waiting = thread::spawn(move || popped(&waiter.run("BLPOP a b c 0")));
    until_blocked(&mut other, 1);
    for number in 0..1_000 {
        other.set(format!("key:{number}").as_bytes(), b"v").expect("set");
    }
    other.set(b"a", b"a string is nothing to a waiter for lists").expect("set");
    assert_eq!(other.next_push(Duration::ZERO).expect("no interrupt").map(Reply::from), None);
    other.run("DEL a");
    other.run("RPUSH a v");
    assert_eq!(waiting.join().expect("no panic"), "v");
}
