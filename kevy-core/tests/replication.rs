//! A copy made from a replica's frames alone equals the primary, through the api.

use std::time::Duration;

use kevy_core::api::{
    FrameKind, Keyspace, Options, Replica, ReplicaOptions, ReplicaSource, Result, Runtime, Session,
};

const PATIENCE: Duration = Duration::from_secs(20);

fn options(shards: usize) -> Options {
    let mut options = Options::new();
    options.set("shards", &shards.to_string()).expect("an option");
    options.set("enable-debug-command", "yes").expect("an option");
    options
}

fn run(session: &mut Session, line: &str) {
    let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let reply = session.dispatch(&argv).expect("a reply");
    assert_ne!(
        reply.kind(),
        kevy_core::api::Kind::Error,
        "{line}: {}",
        String::from_utf8_lossy(reply.bytes())
    );
}

/// Writes `name` at one instant with a key on every shard: whoever has it has everything before it.
fn mark(session: &mut Session, name: &str) {
    run(session, "MULTI");
    run(session, &format!("SET {name} 1"));
    for number in 0..64 {
        run(session, &format!("SET mark:{number} {name}"));
    }
    run(session, "EXEC");
}

fn digest(session: &mut Session) -> Vec<u8> {
    session.dispatch(&[b"DEBUG", b"DIGEST"]).expect("a reply").bytes().to_vec()
}

/// A copy in a bare keyspace, and what it has seen.
struct Copy {
    keyspace: Keyspace,
    snapshots: usize,
    commands: Vec<String>,
    open_transaction: bool,
}

impl Copy {
    fn new() -> Self {
        let keyspace = Keyspace::new(&options(1)).expect("a keyspace");
        Self { keyspace, snapshots: 0, commands: Vec::new(), open_transaction: false }
    }

    fn digest(&mut self) -> Vec<u8> {
        self.keyspace.dispatch(&[b"DEBUG", b"DIGEST"]).expect("a reply").bytes().to_vec()
    }

    /// Applies frames until the key `until` is written and the transaction around it is whole.
    fn follow(&mut self, replica: &mut Replica, until: &str) -> Result<()> {
        let mut seen = false;
        loop {
            if seen && !self.open_transaction {
                return Ok(());
            }
            let frame = replica.next(Some(PATIENCE))?.expect("a frame in time");
            match frame.kind {
                FrameKind::SnapshotBegin => {
                    self.snapshots += 1;
                    self.keyspace.dispatch(&[b"FLUSHALL"])?;
                }
                FrameKind::TxnBegin => self.open_transaction = true,
                FrameKind::TxnEnd => self.open_transaction = false,
                FrameKind::Entry | FrameKind::Command => {
                    let argv: Vec<&[u8]> = frame.argv.iter().collect();
                    if frame.kind == FrameKind::Command {
                        let words: Vec<_> = argv.iter().map(|arg| String::from_utf8_lossy(arg)).collect();
                        self.commands.push(words.join(" "));
                    }
                    self.keyspace.apply(frame.db, &argv)?;
                    seen |= argv.get(1) == Some(&until.as_bytes());
                }
                _ => {}
            }
        }
    }
}

fn attach(runtime: &Runtime, cursor: &[u8]) -> Replica {
    let source = Some(ReplicaSource::Fd(runtime.connect().expect("a connection")));
    let options = ReplicaOptions { source, ..ReplicaOptions::default() };
    Replica::open(options, cursor).expect("a replica")
}

#[test]
fn whole_keyspace_commands_inside_a_transaction_keep_their_place() {
    for shards in [1, 3, 8] {
        let runtime = Runtime::start(&options(shards)).expect("a runtime");
        let mut session = runtime.session().expect("a session");
        mark(&mut session, "ready");
        let mut replica = attach(&runtime, b"");
        let mut copy = Copy::new();
        copy.follow(&mut replica, "ready").expect("the snapshot");
        for line in [
            "MULTI",
            "MSET a 1 b 2 c 3 d 4 e 5",
            "FLUSHALL",
            "MSET f 6 g 7 h 8 i 9",
            "SWAPDB 0 1",
            "MSET k 1 l 2 m 3 n 4",
            "EXEC",
        ] {
            run(&mut session, line);
        }
        mark(&mut session, "done");
        copy.follow(&mut replica, "done").expect("the changes");
        assert_eq!(copy.digest(), digest(&mut session), "{shards} shards: {:?}", copy.commands);
        for whole in ["FLUSHALL", "SWAPDB 0 1"] {
            let count = copy.commands.iter().filter(|command| *command == whole).count();
            assert_eq!(count, 1, "{shards} shards: {:?}", copy.commands);
        }
    }
}

#[test]
fn what_waiting_clients_take_is_told_as_what_it_did() {
    const EACH: usize = 50;
    for shards in [1, 3] {
        let runtime = Runtime::start(&options(shards)).expect("a runtime");
        let mut session = runtime.session().expect("a session");
        mark(&mut session, "ready");
        let mut replica = attach(&runtime, b"");
        let mut copy = Copy::new();
        copy.follow(&mut replica, "ready").expect("the snapshot");
        std::thread::scope(|scope| {
            for line in [
                "BLMOVE a b LEFT RIGHT 0",
                "BLPOP c b 0",
                "BRPOP c a 0",
                "BZPOPMIN z y 0",
                "BZMPOP 0 2 y z MAX",
            ] {
                let mut waiter = runtime.session().expect("a session");
                scope.spawn(move || (0..EACH).for_each(|_| run(&mut waiter, line)));
            }
            for number in 0..2 * EACH + 10 {
                run(&mut session, &format!("RPUSH a {number}"));
                run(
                    &mut session,
                    &format!("ZADD {} {number} m:{number}", if number % 2 == 0 { "y" } else { "z" }),
                );
            }
        });
        mark(&mut session, "done");
        copy.follow(&mut replica, "done").expect("the changes");
        assert_eq!(copy.digest(), digest(&mut session), "{shards} shards: {:?}", copy.commands);
        assert!(!copy.commands.iter().any(|command| command.starts_with('B')), "{:?}", copy.commands);
    }
}

#[test]
fn a_copy_resumes_from_its_cursor_without_a_second_snapshot() {
    let runtime = Runtime::start(&options(3)).expect("a runtime");
    let mut session = runtime.session().expect("a session");
    for number in 0..500 {
        run(&mut session, &format!("HSET hash:{number} field {number} other x"));
    }
    run(&mut session, "SET ready 1");
    let mut copy = Copy::new();
    let mut cursor = Vec::new();
    for round in 0..5 {
        let mut replica = attach(&runtime, &cursor);
        if round == 0 {
            copy.follow(&mut replica, "ready").expect("the snapshot");
        }
        for number in 0..200 {
            run(&mut session, &format!("SET key:{number} {round} EX 1000"));
            run(&mut session, &format!("MSET a:{number} {round} b:{number} {round} c:{number} {round}"));
            run(&mut session, &format!("HINCRBY hash:{number} field 7"));
        }
        run(&mut session, "SELECT 2");
        run(&mut session, &format!("SET round {round}"));
        run(&mut session, "SELECT 0");
        mark(&mut session, &format!("done:{round}"));
        copy.follow(&mut replica, &format!("done:{round}")).expect("the changes");
        cursor = replica.cursor();
        assert_eq!(copy.digest(), digest(&mut session), "round {round}");
    }
    assert_eq!(copy.snapshots, 1);
}

fn attach_part(runtime: &Runtime, set: &[(&str, &str)], cursor: &[u8]) -> Replica {
    let source = Some(ReplicaSource::Fd(runtime.connect().expect("a connection")));
    let mut options = ReplicaOptions { source, ..ReplicaOptions::default() };
    set.iter().for_each(|(name, value)| options.set(name, value).expect("an option"));
    Replica::open(options, cursor).expect("a replica")
}

/// Keys that begin with `prefix`, with their types, payloads and expiries.
fn dumps(mut call: impl FnMut(&[&[u8]]) -> Vec<Vec<u8>>, prefix: &str) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let mut keys = call(&[b"KEYS", format!("{prefix}*").as_bytes()]);
    keys.sort();
    keys.into_iter()
        .map(|key| {
            let about = [&b"TYPE"[..], b"DUMP", b"PEXPIRETIME"].map(|verb| call(&[verb, &key]).concat());
            (key, about.to_vec())
        })
        .collect()
}

fn words(reply: kevy_core::api::Reply<'_>) -> Vec<Vec<u8>> {
    match reply.kind() {
        kevy_core::api::Kind::Array => reply.children().map(|item| item.bytes().to_vec()).collect(),
        kevy_core::api::Kind::Integer => vec![reply.integer().to_string().into_bytes()],
        _ => vec![reply.bytes().to_vec()],
    }
}

#[test]
fn keys_that_cross_the_edge_of_a_part_come_whole_or_go() {
    let lines = [
        "SET out:1 1",
        "SET in:1 1",
        "RENAME out:1 in:2",
        "RENAME in:1 out:2",
        "RENAMENX out:2 in:3",
        "COPY in:3 out:3",
        "COPY out:3 in:4",
        "SADD out:set a b c",
        "SADD in:set c d",
        "SINTERSTORE in:inter out:set in:set",
        "SUNIONSTORE out:union out:set in:set",
        "SMOVE out:set in:set a",
        "SMOVE in:set out:set d",
        "RPUSH out:list a b c",
        "LMOVE out:list in:list LEFT RIGHT",
        "LMOVE in:list out:list LEFT RIGHT",
        "RPOPLPUSH out:list in:list",
        "BITOP OR in:bits out:3 in:3",
        "MSET in:5 1 out:5 2 in:6 3",
        "ZADD out:board 1 a 2 b",
        "ZUNIONSTORE in:board 1 out:board",
        "HSET out:hash f v g w",
        "RENAME out:hash in:hash",
        "HINCRBY in:hash n 4",
        "PEXPIREAT in:hash 99999999999999",
        "COPY in:hash out:hash",
        "MOVE in:hash 3",
        "PFADD out:log a b",
        "PFMERGE in:log out:log",
        "DEL in:5 out:5",
        "SORT out:list ALPHA STORE in:sorted",
        "XADD out:stream 1-1 f v",
        "RENAME out:stream in:stream",
    ];
    for shards in [1, 3] {
        let runtime = Runtime::start(&options(shards)).expect("a runtime");
        let mut session = runtime.session().expect("a session");
        run(&mut session, "SET out:before 1");
        run(&mut session, "SET in:before 1");
        mark(&mut session, "in:ready");
        let mut replica = attach_part(&runtime, &[("prefix", "in:")], b"");
        let mut copy = Copy::new();
        copy.follow(&mut replica, "in:ready").expect("the snapshot");
        for (at, line) in lines.iter().enumerate() {
            run(&mut session, line);
            mark(&mut session, &format!("in:done:{at}"));
            copy.follow(&mut replica, &format!("in:done:{at}")).expect("the changes");
            for db in ["0", "3"] {
                run(&mut session, &format!("SELECT {db}"));
                copy.keyspace.dispatch(&[b"SELECT", db.as_bytes()]).expect("a reply");
                let wanted = dumps(|args| words(session.dispatch(args).expect("a reply")), "in:");
                let got = dumps(|args| words(copy.keyspace.dispatch(args).expect("a reply")), "");
                assert_eq!(got, wanted, "{shards} shards after {line}: {:?}", copy.commands);
            }
            run(&mut session, "SELECT 0");
            copy.keyspace.dispatch(&[b"SELECT", b"0"]).expect("a reply");
        }
        assert_eq!(copy.snapshots, 1);
        // What was recorded for the part goes on after a break.
        let cursor = replica.cursor();
        drop(replica);
        run(&mut session, "RENAME in:2 out:9");
        mark(&mut session, "in:again");
        let mut replica = attach_part(&runtime, &[("prefix", "in:")], &cursor);
        copy.follow(&mut replica, "in:again").expect("the changes");
        assert_eq!(copy.snapshots, 1);
        let wanted = dumps(|args| words(session.dispatch(args).expect("a reply")), "in:");
        assert_eq!(dumps(|args| words(copy.keyspace.dispatch(args).expect("a reply")), ""), wanted);
    }
}

#[test]
fn values_of_some_types_are_followed_whatever_replaces_them() {
    let runtime = Runtime::start(&options(2)).expect("a runtime");
    let mut session = runtime.session().expect("a session");
    run(&mut session, "HSET h f v");
    run(&mut session, "SET s v");
    mark(&mut session, "ready");
    let mut replica = attach_part(&runtime, &[("type", "string,zset")], b"");
    let mut copy = Copy::new();
    copy.follow(&mut replica, "ready").expect("the snapshot");
    for line in [
        "HSET a f v",
        "SET b v",
        "RENAME a b",
        "SET c v",
        "RENAME b c",
        "SET c w",
        "ZADD z 1 m",
        "SADD set m",
        "SUNIONSTORE c set",
        "GEOADD g 1 1 m",
        "COPY c d",
        "COPY g h REPLACE",
        "LPUSH l v",
        "SETBIT bits 3 1",
        "DEL s l",
    ] {
        run(&mut session, line);
    }
    mark(&mut session, "done");
    copy.follow(&mut replica, "done").expect("the changes");
    let is_followed = |about: &(Vec<u8>, Vec<Vec<u8>>)| [&b"string"[..], b"zset"].contains(&&about.1[0][..]);
    let mut wanted = dumps(|args| words(session.dispatch(args).expect("a reply")), "");
    wanted.retain(is_followed);
    let got = dumps(|args| words(copy.keyspace.dispatch(args).expect("a reply")), "");
    assert_eq!(got, wanted, "{:?}", copy.commands);
}

#[test]
fn history_that_was_recorded_for_whole_copies_is_not_guessed_at() {
    let runtime = Runtime::start(&options(1)).expect("a runtime");
    let mut session = runtime.session().expect("a session");
    run(&mut session, "SET out:1 1");
    mark(&mut session, "in:ready");
    let mut whole = attach(&runtime, b"");
    let mut copy = Copy::new();
    copy.follow(&mut whole, "in:ready").expect("the snapshot");
    let cursor = whole.cursor();
    run(&mut session, "RENAME out:1 in:1");
    mark(&mut session, "in:done");
    let mut part = attach_part(&runtime, &[("prefix", "in:")], &cursor);
    let mut copy = Copy::new();
    // The key may come in the middle of the snapshot.
    copy.follow(&mut part, "in:done").expect("a snapshot");
    mark(&mut session, "in:end");
    copy.follow(&mut part, "in:end").expect("the changes");
    assert_eq!(copy.snapshots, 1);
    let wanted = dumps(|args| words(session.dispatch(args).expect("a reply")), "in:");
    assert_eq!(dumps(|args| words(copy.keyspace.dispatch(args).expect("a reply")), ""), wanted);
}
