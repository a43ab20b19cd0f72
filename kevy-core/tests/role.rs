//! The role of a runtime: who may write, what is answered, and what is said of it.

mod common;

use common::{Caller, Reply, eventually, start};
use kevy_core::api::{ErrorKind, Runtime};

/// A port that nobody listens on, as the system has just given it away and got it back.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn caller(runtime: &Runtime) -> impl Caller {
    runtime.session().expect("a session")
}

const READ_ONLY: &str = "READONLY You can't write against a read only replica.";

#[test]
fn clients_of_a_replica_may_read_and_not_write() {
    for shards in [1, 3] {
        let runtime = start(shards, &[]);
        let mut client = caller(&runtime);
        client.run("SET k v");
        let port = closed_port();
        assert_eq!(client.run(&format!("REPLICAOF 127.0.0.1 {port}")), Reply::ok());
        assert_eq!(
            client.run(&format!("SLAVEOF 127.0.0.1 {port}")).text(),
            "OK Already connected to specified master"
        );
        assert_eq!(client.run("GET k"), Reply::bulk("v"));
        for line in ["SET k w", "DEL k", "LPUSH l a", "FLUSHALL", "MSET a 1 b 2", "BLPOP l 0"] {
            assert_eq!(client.run(line).text(), READ_ONLY, "{line}");
        }
        client.run("MULTI");
        assert_eq!(client.run("GET k").text(), "QUEUED");
        assert_eq!(client.run("SET k w").text(), READ_ONLY);
        assert!(client.run("EXEC").text().starts_with("EXECABORT"));
        let mut session = runtime.session().expect("a session");
        assert_eq!(session.set(b"k", b"w").map_err(|error| error.kind()), Err(ErrorKind::ReadOnly));
        assert_eq!(session.get(b"k"), Ok(Some(&b"v"[..])));
        assert_eq!(client.run("HELLO").list()[11], Reply::bulk("replica"));
        assert_eq!(client.run("REPLICAOF no one"), Reply::ok());
        assert_eq!(client.run("SET k w"), Reply::ok());
        assert_eq!(client.run("ROLE").list()[0], Reply::bulk("master"));
    }
}

#[test]
fn a_queue_that_writes_is_refused_when_the_role_turned_meanwhile() {
    let runtime = start(2, &[]);
    let (mut client, mut other) = (caller(&runtime), caller(&runtime));
    client.run("MULTI");
    client.run("SET k v");
    other.run(&format!("REPLICAOF 127.0.0.1 {}", closed_port()));
    assert_eq!(client.run("EXEC").text(), format!("EXECABORT Transaction discarded because of: {READ_ONLY}"));
}

#[test]
fn a_writable_replica_takes_writes() {
    let runtime = start(1, &[("replica-read-only", "no")]);
    let mut client = caller(&runtime);
    client.run(&format!("REPLICAOF 127.0.0.1 {}", closed_port()));
    assert_eq!(client.run("SET k v"), Reply::ok());
    client.run("CONFIG SET replica-read-only yes");
    assert_eq!(client.run("SET k v").text(), READ_ONLY);
}

#[test]
fn stale_data_is_served_as_the_options_say() {
    let port = closed_port();
    let runtime = start(2, &[("replicaof", &format!("127.0.0.1 {port}"))]);
    let mut client = caller(&runtime);
    assert_eq!(client.run("GET k"), Reply::Null);
    client.run("CONFIG SET replica-serve-stale-data no");
    let down = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    assert_eq!(client.run("GET k").text(), down);
    assert_eq!(
        runtime.session().expect("a session").get(b"k").map_err(|e| e.message().to_owned()),
        Err(down.into())
    );
    assert!(client.run("INFO replication").text().contains("role:slave"));
    client.run("CONFIG SET replica-serve-stale-data yes max-staleness 1000");
    assert!(client.run("GET k").text().starts_with("MASTERDOWN"));
    client.run("CONFIG SET max-staleness 0");
    assert_eq!(client.run("GET k"), Reply::Null);
}

#[test]
fn waiting_clients_are_told_when_the_role_turns() {
    let runtime = start(2, &[]);
    let mut other = caller(&runtime);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| caller(&runtime).run("BLPOP list 0").text());
        eventually("the client waits", || other.run("INFO clients").text().contains("blocked_clients:1"));
        other.run(&format!("REPLICAOF 127.0.0.1 {}", closed_port()));
        assert!(waiting.join().expect("a reply").starts_with("UNBLOCKED force unblock"));
    });
}

#[test]
fn what_the_role_is_shows_in_info_role_and_config() {
    let runtime = start(1, &[("replica-priority", "7")]);
    let mut client = caller(&runtime);
    let port = closed_port();
    client.run(&format!("REPLICAOF 127.0.0.1 {port}"));
    let info = client.run("INFO replication").text();
    for line in [
        "role:slave",
        "master_host:127.0.0.1",
        &format!("master_port:{port}"),
        "master_link_status:down",
        "master_last_io_seconds_ago:-1",
        "master_link_down_since_seconds:-1",
        "slave_priority:7",
        "slave_read_only:1",
        "replica_announced:1",
        "connected_slaves:0",
    ] {
        assert!(info.lines().any(|own| own == line), "{line} in {info}");
    }
    let role = client.run("ROLE");
    assert_eq!(
        role.list()[..3],
        [Reply::bulk("slave"), Reply::bulk("127.0.0.1"), Reply::Integer(port.into())]
    );
    assert_eq!(role.list()[4], Reply::Integer(-1));
    let config = client.run("CONFIG GET replicaof");
    assert_eq!(config.list()[1], Reply::bulk(&format!("127.0.0.1 {port}")));
    for (line, error) in [
        ("REPLICAOF h x", "ERR Invalid master port"),
        ("REPLICAOF h 65536", "ERR Invalid master port"),
        ("REPLICAOF h", "ERR wrong number of arguments for 'replicaof' command"),
        (
            "CONFIG SET replicaof h",
            "ERR CONFIG SET failed (possibly related to argument 'replicaof') - can't set immutable config",
        ),
    ] {
        assert_eq!(client.run(line).text(), error);
    }
}
