//! A runtime under load, followed over TCP by a replica that is stopped again and again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kevy_core::api::{
    ErrorKind, FrameKind, Keyspace, Kind, Options, Replica, ReplicaOptions, ReplicaSource, Runtime, Session,
};

fn runtime(shards: &str) -> Runtime {
    let options = Options::new()
        .with("shards", shards)
        .and_then(|options| options.with("port", "0"))
        .and_then(|options| options.with("enable-debug-command", "yes"));
    Runtime::start(&options.expect("options")).expect("a runtime")
}

/// What a tail has made of the frames so far.
struct Tail {
    copy: Keyspace,
    cursor: Vec<u8>,
    snapshots: usize,
    resumed: usize,
    transactions: usize,
}

impl Tail {
    fn new() -> Self {
        let options = Options::new().with("enable-debug-command", "yes").expect("an option");
        let copy = Keyspace::new(&options).expect("a keyspace");
        Self { copy, cursor: Vec::new(), snapshots: 0, resumed: 0, transactions: 0 }
    }

    /// Follows until `stop`, leaving and coming back after every `stint` frames or so.
    fn follow(&mut self, port: u16, stint: usize, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let mut options = ReplicaOptions::default();
            options.set("source", &format!("kevy://127.0.0.1:{port}?id=tail")).expect("a URL");
            let mut replica = Replica::open(options, &self.cursor).expect("a replica");
            self.resumed += usize::from(!self.cursor.is_empty());
            let (mut frames, mut within, mut pair) = (0, false, Vec::new());
            loop {
                let frame = match replica.next(Some(Duration::from_millis(20))) {
                    Ok(Some(frame)) => frame,
                    Ok(None) if stop.load(Ordering::Relaxed) => break,
                    Ok(None) => continue,
                    Err(error) => panic!("{error}"),
                };
                match frame.kind {
                    FrameKind::SnapshotBegin => {
                        self.snapshots += 1;
                        self.copy.dispatch(&[b"FLUSHALL"]).expect("a reply");
                    }
                    FrameKind::Entry | FrameKind::Command => {
                        let argv: Vec<&[u8]> = frame.argv.iter().collect();
                        if within && argv[0] == b"SET" && argv[1].starts_with(b"pair") {
                            pair.push(argv[2].to_vec());
                        }
                        let reply = self.copy.apply(frame.db, &argv).expect("a reply");
                        let failed = reply.kind() == Kind::Error;
                        assert!(!failed, "{:?}: {}", frame.argv, reply.bytes().escape_ascii());
                    }
                    FrameKind::TxnBegin => (within, pair) = (true, Vec::new()),
                    FrameKind::TxnEnd => {
                        within = false;
                        self.transactions += 1;
                        assert!(pair.windows(2).all(|two| two[0] == two[1]), "half a transaction");
                    }
                    FrameKind::Resync => panic!("{}", frame.reason),
                    _ => {}
                }
                frames += 1;
                // Not inside a transaction, whose frames would come again, and not inside a snapshot.
                if frames >= stint && !within && !replica.cursor().is_empty() {
                    break;
                }
            }
            self.cursor = replica.cursor();
        }
    }

    fn digest(&mut self) -> Vec<u8> {
        self.copy.dispatch(&[b"DEBUG", b"DIGEST"]).expect("a reply").bytes().to_vec()
    }
}

/// Something to do, different for every number.
fn act(session: &mut Session, writer: usize, number: usize) {
    let (a, b) = (number * 7919 % 1000, number * 104_729 % 1000);
    let line = match number % 23 {
        0..7 => format!("SET key:{a} value:{number}:{}", "x".repeat(b % 90)),
        7 => format!("SET due:{a} {number} EX {}", 10_000 + b),
        8 => format!("INCRBY count:{} {b}", a % 50),
        9 => format!("APPEND key:{a} +{number}"),
        10..13 => format!("HSET hash:{} field:{b} {number} other:{a} x", a % 60),
        13 => format!("HDEL hash:{} field:{b}", a % 60),
        14 => format!("HPEXPIRE hash:{} {} FIELDS 1 field:{b}", a % 60, 10_000_000 + b),
        15 => format!("DEL key:{a} due:{b}"),
        16..19 => format!("MSET pair:a:{writer} {number} pair:b:{writer} {number} pair:c:{writer} {number}"),
        19 => format!("RENAME key:{a} key:{b}"),
        20 => format!("SELECT {}", number / 23 % 4),
        21 => format!("COPY key:{a} moved:{b} DB {} REPLACE", a % 4),
        _ if number % 900 == 22 => "FLUSHDB".to_owned(),
        _ => format!("GETEX due:{a} PX {}", 9_000_000 + b),
    };
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    session.dispatch(&args).expect("a reply");
}

fn ask(session: &mut Session, line: &str) -> String {
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let reply = session.dispatch(&args).expect("a reply");
    String::from_utf8_lossy(reply.bytes()).into_owned()
}

#[test]
fn a_tail_that_comes_and_goes_under_load_holds_a_true_copy_after_one_snapshot() {
    for shards in ["1", "3"] {
        let runtime = runtime(shards);
        let port = runtime.port().expect("a port");
        let mut tail = Tail::new();
        let stop = AtomicBool::new(false);
        let mut session = runtime.session().expect("a session");
        (0..3000).for_each(|number| act(&mut session, 9, number));
        std::thread::scope(|scope| {
            let follower = scope.spawn(|| tail.follow(port, 3000, &stop));
            let writers: Vec<_> = (0..2)
                .map(|writer| {
                    let mut session = runtime.session().expect("a session");
                    scope.spawn(move || (0..40_000).for_each(|number| act(&mut session, writer, number + 1)))
                })
                .collect();
            writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
            // Every effect of the writers is before this one.
            session.dispatch(&[b"SET", b"last", b"1"]).expect("a reply");
            let acked = session.dispatch(&[b"WAIT", b"1", b"60000"]).expect("a reply").integer();
            stop.store(true, Ordering::Relaxed);
            follower.join().expect("a follower");
            assert_eq!(acked, 1, "the replica has applied everything in time");
        });
        assert_eq!(tail.digest(), session.dispatch(&[b"DEBUG", b"DIGEST"]).expect("a reply").bytes());
        let whole = tail.transactions > 1000 || shards == "1";
        assert!(tail.resumed > 3 && whole, "{} {}", tail.resumed, tail.transactions);
        assert_eq!(tail.snapshots, 1);
        let info = ask(&mut session, "INFO stats");
        assert!(info.contains("sync_full:1\r\n") && info.contains("sync_partial_err:0\r\n"), "{info}");
    }
}

#[test]
fn a_replica_with_a_wrong_password_is_told_so() {
    let options = Options::new().with("port", "0").and_then(|options| options.with("requirepass", "secret"));
    let runtime = Runtime::start(&options.expect("options")).expect("a runtime");
    let port = runtime.port().expect("a port");
    for (login, kind) in [("", ErrorKind::Auth), (":wrong@", ErrorKind::Auth)] {
        let mut options = ReplicaOptions::default();
        options.set("source", &format!("kevy://{login}127.0.0.1:{port}")).expect("a URL");
        let mut replica = Replica::open(options, b"").expect("a replica");
        let error = replica.next(Some(Duration::from_secs(20))).map(|_| ()).expect_err("a refusal");
        assert_eq!(error.kind(), kind, "{error}");
    }
    let mut options = ReplicaOptions::default();
    options.set("source", &format!("kevy://:secret@127.0.0.1:{port}")).expect("a URL");
    let mut replica = Replica::open(options, b"").expect("a replica");
    for kind in [FrameKind::Link, FrameKind::SnapshotBegin, FrameKind::SnapshotEnd] {
        let frame = replica.next(Some(Duration::from_secs(20))).expect("no error").expect("in time");
        assert_eq!(frame.kind, kind);
    }
}

#[test]
fn a_replica_follows_over_a_connection_that_it_is_given() {
    let runtime = runtime("2");
    let mut session = runtime.session().expect("a session");
    session.set(b"k", b"v").expect("set");
    let fd = runtime.connect().expect("a connection");
    let options = ReplicaOptions { source: Some(ReplicaSource::Fd(fd)), ..ReplicaOptions::default() };
    let mut replica = Replica::open(options, b"").expect("a replica");
    let mut kinds = Vec::new();
    while kinds.last() != Some(&FrameKind::SnapshotEnd) {
        kinds.push(replica.next(Some(Duration::from_secs(20))).expect("no error").expect("in time").kind);
    }
    assert!(kinds.contains(&FrameKind::Entry));
    session.set(b"k", b"w").expect("set");
    let frame = replica.next(Some(Duration::from_secs(20))).expect("no error").expect("in time");
    assert_eq!(frame.argv.iter().collect::<Vec<_>>(), [&b"SET"[..], b"k", b"w"]);
    // A runtime that stops ends the link.
    runtime.stop(Duration::from_secs(5)).expect("stopped");
    let frame = replica.next(Some(Duration::from_secs(20))).expect("no error").expect("in time");
    assert!(frame.kind == FrameKind::Link && !frame.up);
}
