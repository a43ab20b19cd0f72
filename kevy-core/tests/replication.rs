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
