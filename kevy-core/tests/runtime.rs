//! A runtime as its host sees it: starting, ways in, stopping while it is used, several of them in one process.

mod common;

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Caller, Client, PATIENCE, Reply, eventually, is_end, options, start};
use kevy_core::api::{ErrorKind, Options, Runtime};

const SHARDS: [usize; 3] = [1, 3, 70];

/// A path for a Unix socket that no other test uses.
fn socket_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("kevy-test-{}-{name}", std::process::id()))
}

fn local(runtime: &Runtime) -> (Ipv4Addr, u16) {
    (Ipv4Addr::LOCALHOST, runtime.port().expect("a port"))
}

#[test]
fn no_port_is_opened_unless_asked_for() {
    let runtime = Runtime::start(&options(&[("shards", "2")])).expect("a runtime");
    assert_eq!(runtime.port(), None);
    assert_eq!(runtime.shards(), 2);
    assert_eq!(runtime.open_report().shards, 2);
    assert_eq!(runtime.open_report().keys_loaded, 0);
}

#[test]
fn there_is_a_shard_for_every_core_unless_told_otherwise() {
    let runtime = Runtime::start(&Options::new()).expect("a runtime");
    assert_eq!(runtime.shards(), thread::available_parallelism().expect("a number").get());
}

#[test]
fn the_system_chooses_port_0() {
    for shards in SHARDS {
        let runtime = start(shards, &[("port", "0")]);
        let mut client = Client::tcp(local(&runtime));
        assert_eq!(client.run("PING").text(), "PONG");
    }
}

#[test]
fn both_ip_versions_are_served_at_one_port() {
    let runtime = start(2, &[("port", "0"), ("bind", "127.0.0.1 ::1")]);
    let port = runtime.port().expect("a port");
    Client::tcp((Ipv4Addr::LOCALHOST, port)).run("SET k v");
    assert_eq!(Client::tcp((Ipv6Addr::LOCALHOST, port)).run("GET k"), Reply::bulk("v"));
}

#[test]
fn a_unix_socket_comes_and_goes_with_its_runtime() {
    let path = socket_path("unix");
    let runtime = start(3, &[("unixsocket", path.to_str().expect("text"))]);
    let mut client = Client::unix(&path);
    assert_eq!(client.run("SET k v"), Reply::ok());
    assert_eq!(runtime.port(), None);
    runtime.stop(PATIENCE).expect("an orderly stop");
    assert!(client.rest().is_empty());
    assert!(!path.exists());
}

#[test]
fn an_address_in_use_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let error = Runtime::start(&options(&[("port", &port)])).expect_err("the port is taken");
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains(&port), "{error}");

    let path = socket_path("taken");
    let text = path.to_str().expect("text");
    let _first = start(1, &[("unixsocket", text)]);
    let error = Runtime::start(&options(&[("unixsocket", text)])).expect_err("the socket is taken");
    assert!(error.to_string().contains(text), "{error}");
}

#[test]
fn bad_options_are_refused_by_name() {
    for (name, value) in
        [("port", "70000"), ("shards", "-1"), ("maxmemory-policy", "never"), ("no-such", "1")]
    {
        let error = Options::new().set(name, value).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(error.to_string().contains(name), "{error}");
    }
    let error =
        Runtime::start(&options(&[("port", "0"), ("bind", "no.such.host.invalid")])).expect_err("a host");
    assert!(error.to_string().contains("no.such.host.invalid"), "{error}");
}

#[test]
fn every_way_in_leads_to_the_same_keys() {
    for shards in SHARDS {
        let path = socket_path(&format!("all-{shards}"));
        let runtime = start(shards, &[("port", "0"), ("unixsocket", path.to_str().expect("text"))]);
        let mut ways: Vec<Box<dyn Caller>> = vec![
            Box::new(runtime.session().expect("a session")),
            Box::new(Client::paired(&runtime)),
            Box::new(Client::tcp(local(&runtime))),
            Box::new(Client::unix(&path)),
        ];
        for (writer, way) in ways.iter_mut().enumerate() {
            for number in 0..10 {
                way.run(&format!("SET key:{writer}:{number} {number}"));
            }
        }
        for caller in &mut ways {
            assert_eq!(caller.run("DBSIZE"), Reply::Integer(40));
            for writer in 0..4 {
                assert_eq!(caller.run(&format!("GET key:{writer}:7")), Reply::bulk("7"));
            }
        }
    }
}

#[test]
fn runtimes_in_one_process_share_nothing() {
    let runtimes: Vec<Runtime> = (1..=4).map(|shards| start(shards, &[("port", "0")])).collect();
    for (number, runtime) in runtimes.iter().enumerate() {
        runtime.session().expect("a session").run(&format!("SET k {number}"));
    }
    for (number, runtime) in runtimes.iter().enumerate() {
        let seen = Client::tcp(local(runtime)).run("GET k");
        assert_eq!(seen, Reply::bulk(&number.to_string()));
    }
    runtimes[1].stop(PATIENCE).expect("an orderly stop");
    assert_eq!(Client::tcp(local(&runtimes[0])).run("DBSIZE"), Reply::Integer(1));
    assert_eq!(runtimes[1].session().expect_err("it has stopped").kind(), ErrorKind::Closed);
}

#[test]
fn stopping_ends_every_way_in() {
    for shards in SHARDS {
        let runtime = start(shards, &[("port", "0")]);
        let mut session = runtime.session().expect("a session");
        let mut clients: Vec<Client> =
            (0..10).flat_map(|_| [Client::paired(&runtime), Client::tcp(local(&runtime))]).collect();
        clients.iter_mut().for_each(|client| assert_eq!(client.run("PING").text(), "PONG"));
        let address = local(&runtime);

        runtime.stop(PATIENCE).expect("an orderly stop");
        clients.iter_mut().for_each(|client| assert!(client.rest().is_empty()));
        assert_eq!(session.dispatch(&[b"PING"]).expect_err("it has stopped").kind(), ErrorKind::Closed);
        assert_eq!(session.get(b"k").expect_err("it has stopped").kind(), ErrorKind::Closed);
        assert_eq!(session.set(b"k", b"v").expect_err("it has stopped").kind(), ErrorKind::Closed);
        assert_eq!(runtime.session().expect_err("it has stopped").kind(), ErrorKind::Closed);
        assert_eq!(runtime.connect().expect_err("it has stopped").kind(), ErrorKind::Closed);
        assert!(TcpStream::connect(address).is_err(), "the port is closed");
    }
}

#[test]
fn stopping_again_and_from_many_threads_is_stopping_once() {
    let runtime = start(3, &[("port", "0")]);
    let mut client = Client::tcp(local(&runtime));
    client.run("PING");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| runtime.stop(PATIENCE).expect("an orderly stop"));
        }
        scope.spawn(|| runtime.wait());
    });
    runtime.stop(Duration::ZERO).expect("nothing is left to stop");
    runtime.wait();
    assert!(client.rest().is_empty());
}

#[test]
fn a_stop_lets_replies_under_way_arrive() {
    for shards in [1, 3] {
        let runtime = start(shards, &[("port", "0")]);
        let value = vec![b'x'; 1 << 20];
        let mut session = runtime.session().expect("a session");
        for number in 0..8 {
            session.set(format!("big:{number}").as_bytes(), &value).expect("room");
        }
        drop(session);
        let mut client = Client::tcp(local(&runtime));
        for number in 0..24 {
            client.send_line(&format!("GET big:{}", number % 8)).expect("the runtime reads");
        }
        // One reply shows that the requests are there.
        assert_eq!(client.receive().expect("a reply"), Reply::Bulk(value.clone()));
        let stopper = runtime.clone();
        let stopping = thread::spawn(move || stopper.stop(PATIENCE));
        let rest = client.rest();
        assert_eq!(rest.len(), 23);
        assert!(rest.iter().all(|reply| *reply == Reply::Bulk(value.clone())));
        stopping.join().expect("no panic").expect("an orderly stop");
    }
}

#[test]
fn a_stop_waits_no_longer_than_told_for_a_client_that_reads_nothing() {
    let runtime = start(2, &[("port", "0")]);
    let mut session = runtime.session().expect("a session");
    session.set(b"big", &vec![b'x'; 1 << 20]).expect("room");
    let mut client = Client::tcp(local(&runtime));
    for _ in 0..100 {
        client.send_line("GET big").expect("the runtime reads");
    }
    client.receive().expect("a reply");
    let begun = Instant::now();
    // Whether it says that it had to cut the client off is its own affair.
    let _ = runtime.stop(Duration::from_millis(200));
    assert!(begun.elapsed() < PATIENCE / 2, "stopping took {:?}", begun.elapsed());
    runtime.wait();
}

#[test]
fn a_stop_under_load_answers_or_ends_every_caller() {
    for shards in SHARDS {
        let runtime = start(shards, &[("port", "0")]);
        let rounds = AtomicUsize::new(0);
        thread::scope(|scope| {
            for number in 0..3 {
                let rounds = &rounds;
                let (mut client, mut session) =
                    (Client::tcp(local(&runtime)), runtime.session().expect("a session"));
                scope.spawn(move || {
                    let lines =
                        ["SET a{} 1", "INCR b{}", "MSET a 1 b 2 c 3", "MULTI", "INCR a", "INCR b", "EXEC"];
                    'connected: loop {
                        for line in lines {
                            if let Err(error) = client.send_line(&line.replace("{}", &number.to_string())) {
                                assert!(is_end(&error), "{error}");
                                break 'connected;
                            }
                        }
                        for _ in lines {
                            match client.receive() {
                                Ok(reply) => assert!(!reply.is_error(), "{reply:?}"),
                                Err(error) => {
                                    assert!(is_end(&error), "{error}");
                                    break 'connected;
                                }
                            }
                        }
                        rounds.fetch_add(1, Ordering::Relaxed);
                    }
                });
                scope.spawn(move || {
                    loop {
                        for argv in [&[b"INCR".as_slice(), b"a"][..], &[b"MGET", b"a", b"b", b"c", b"d"]] {
                            match session.dispatch(argv) {
                                Ok(_) => {}
                                Err(error) => return assert_eq!(error.kind(), ErrorKind::Closed),
                            }
                        }
                        rounds.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            eventually("callers are served", || rounds.load(Ordering::Relaxed) > 100);
            runtime.stop(PATIENCE).expect("an orderly stop");
        });
    }
}

#[test]
fn connecting_while_it_stops_neither_hangs_nor_serves() {
    let runtime = start(3, &[("port", "0")]);
    let address = local(&runtime);
    let stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stopped.load(Ordering::Relaxed) {
                    let Ok(stream) = TcpStream::connect(address) else { continue };
                    drop(stream);
                    if runtime.connect().is_err() {
                        continue;
                    }
                }
            });
        }
        let mut client = Client::tcp(address);
        assert_eq!(client.run("PING").text(), "PONG");
        runtime.stop(PATIENCE).expect("an orderly stop");
        stopped.store(true, Ordering::Relaxed);
    });
}

#[test]
fn shutdown_stops_the_runtime() {
    for over_socket in [false, true] {
        let runtime = start(2, &[("port", "0")]);
        let mut other = Client::tcp(local(&runtime));
        other.run("PING");
        if over_socket {
            let mut client = Client::paired(&runtime);
            client.send_line("SHUTDOWN NOSAVE").expect("the runtime reads");
            assert!(client.rest().is_empty());
        } else {
            let mut session = runtime.session().expect("a session");
            // What a call says whose runtime goes away under it is not part of the promise.
            let _ = session.dispatch(&[b"SHUTDOWN", b"NOSAVE"]);
        }
        runtime.wait();
        assert!(other.rest().is_empty());
        assert_eq!(runtime.session().expect_err("it has stopped").kind(), ErrorKind::Closed);
    }
}

#[test]
fn dropping_the_last_handle_stops_it() {
    let runtime = start(3, &[("port", "0")]);
    let address = local(&runtime);
    let mut client = Client::tcp(address);
    assert_eq!(client.run("PING").text(), "PONG");
    let copy = runtime.clone();
    drop(runtime);
    assert_eq!(client.run("PING").text(), "PONG");
    let mut session = copy.session().expect("a session");
    drop(copy);
    session.set(b"k", b"v").expect("a session keeps its runtime");
    assert_eq!(client.run("GET k"), Reply::bulk("v"));
    drop(session);
    assert!(client.rest().is_empty());
    assert!(TcpStream::connect(address).is_err(), "the port is closed");
}

#[test]
fn starting_and_stopping_many_times_leaves_nothing_behind() {
    let path = socket_path("again");
    for round in 0..30 {
        let runtime = start(1 + round % 4, &[("port", "0"), ("unixsocket", path.to_str().expect("text"))]);
        let mut client = Client::unix(&path);
        assert_eq!(client.run("DBSIZE"), Reply::Integer(0));
        client.run("SET k v");
        if round % 2 == 0 {
            runtime.stop(PATIENCE).expect("an orderly stop");
        }
    }
    assert!(!path.exists());
}

#[test]
fn hundreds_of_shards_are_one_keyspace() {
    let runtime = start(200, &[("port", "0")]);
    assert_eq!(runtime.shards(), 200);
    let mut client = Client::tcp(local(&runtime));
    for number in 0..2_000 {
        client.send_line(&format!("SET key:{number} {number}")).expect("the runtime reads");
    }
    for _ in 0..2_000 {
        assert_eq!(client.receive().expect("a reply"), Reply::ok());
    }
    assert_eq!(client.run("DBSIZE"), Reply::Integer(2_000));
    let mut session = runtime.session().expect("a session");
    for number in 0..2_000 {
        assert_eq!(
            session.get(format!("key:{number}").as_bytes()).expect("a string"),
            Some(number.to_string().as_bytes())
        );
    }
    let line = (0..300).fold("MGET".to_owned(), |line, number| format!("{line} key:{number}"));
    assert_eq!(client.run(&line).list().len(), 300);
    assert_eq!(session.run("FLUSHALL"), Reply::ok());
    assert_eq!(client.run("DBSIZE"), Reply::Integer(0));
}

#[test]
fn a_batch_runs_in_order_and_answers_as_one() {
    let runtime = start(3, &[]);
    let mut session = runtime.session().expect("a session");
    let replies = session
        .dispatch_batch(&[
            &[b"SET", b"a", b"1"],
            &[b"INCR", b"a"],
            &[b"INCR", b"missing", b"too many"],
            &[b"MGET", b"a", b"b"],
        ])
        .expect("replies");
    let replies = Reply::from(replies);
    assert_eq!(replies.list()[..2], [Reply::ok(), Reply::Integer(2)]);
    assert!(replies.list()[2].is_error());
    assert_eq!(replies.list()[3], Reply::List(vec![Reply::bulk("2"), Reply::Null]));
    assert_eq!(session.dispatch(&[]).expect_err("no verb").kind(), ErrorKind::InvalidArgument);
    assert_eq!(
        session.dispatch_batch(&[&[b"PING"], &[]]).expect_err("no verb").kind(),
        ErrorKind::InvalidArgument
    );
}

#[test]
fn typed_calls_report_errors_by_kind() {
    let runtime = start(3, &[]);
    let mut session = runtime.session().expect("a session");
    session.run("HSET h f v");
    assert_eq!(session.get(b"h").expect_err("a hash").kind(), ErrorKind::WrongType);
    assert_eq!(session.get(b"missing").expect("no error"), None);
    session.run("MULTI");
    assert_eq!(session.get(b"k").expect_err("inside MULTI").kind(), ErrorKind::InvalidArgument);
    assert_eq!(session.set(b"k", b"v").expect_err("inside MULTI").kind(), ErrorKind::InvalidArgument);
    assert_eq!(session.run("DISCARD"), Reply::ok());
    session.set(b"k", b"v").expect("no error");
    assert_eq!(session.get(b"k").expect("no error"), Some(&b"v"[..]));
}

#[test]
fn a_wait_for_messages_can_be_interrupted() {
    let runtime = start(1, &[]);
    let mut session = runtime.session().expect("a session");
    assert!(session.next_push(Duration::ZERO).expect("no error").is_none());
    let interrupter = session.interrupter();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| session.next_push(PATIENCE).map(|_| ()));
        interrupter.interrupt();
        let error = waiting.join().expect("no panic").expect_err("an interruption");
        assert_eq!(error.kind(), ErrorKind::Interrupted);
    });
}
