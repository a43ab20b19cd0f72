//! A replica over real sockets, whose other end is moved by hand.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::base::ErrorKind;
use crate::resp::encode_command;

use super::{Batch, FrameKind, Replica, ReplicaOptions, Source};

const SOON: Option<Duration> = Some(Duration::from_secs(20));
const NOW: Option<Duration> = Some(Duration::ZERO);

fn options(set: &[(&str, &str)]) -> ReplicaOptions {
    let mut options = ReplicaOptions::default();
    for (name, value) in [("id", "tail"), ("reconnect-delay-min", "1"), ("reconnect-delay-max", "5")] {
        options.set(name, value).expect(name);
    }
    set.iter().for_each(|(name, value)| options.set(name, value).expect(name));
    options
}

/// A replica on one end of a socket pair.
fn pair(set: &[(&str, &str)]) -> (Replica, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let mut options = options(set);
    options.source = Some(Source::Fd(OwnedFd::from(theirs)));
    (Replica::open(options, b"").expect("a replica"), ours)
}

fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_command(&mut bytes, &words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>());
    bytes
}

fn frame(offset: u64, words: &[&str]) -> Vec<u8> {
    [format!("*2\r\n:{offset}\r\n").into_bytes(), command(words)].concat()
}

/// Reads what the replica must have sent.
fn expect(stream: &mut impl Read, words: &[&str]) {
    let wanted = command(words);
    let mut got = vec![0; wanted.len()];
    stream.read_exact(&mut got).expect("what the replica says");
    assert_eq!(got.escape_ascii().to_string(), wanted.escape_ascii().to_string());
}

const HELLO: [&str; 10] = ["REPLICATE", "FROM", "0", "0", "ID", "tail", "CAPA", "mux", "resync", "rebase"];

/// An empty snapshot of one shard in generation 9 at offset 0.
fn empty_snapshot() -> Vec<u8> {
    [&b"+ACK 9 0\r\n+SNAPSHOT\r\n$18\r\nREDIS0012\xff"[..], &[0; 8], b"\r\n+SNAPSHOT_END 0\r\n+SHARD 0\r\n"]
        .concat()
}

/// Takes the frames of the empty snapshot.
fn take_snapshot(replica: &mut Replica) {
    for kind in [FrameKind::Link, FrameKind::SnapshotBegin, FrameKind::SnapshotEnd] {
        assert_eq!(replica.next(SOON).expect("a frame").expect("in time").kind, kind);
    }
}

fn greet(replica: &mut Replica, stream: &mut (impl Read + Write)) {
    assert_eq!(replica.next(NOW), Ok(None));
    expect(stream, &HELLO);
    stream.write_all(&empty_snapshot()).expect("sent");
    take_snapshot(replica);
}

#[test]
fn frames_come_borrowed_and_are_confirmed_by_asking_for_more() {
    let (mut replica, mut primary) = pair(&[]);
    greet(&mut replica, &mut primary);
    primary.write_all(&frame(0, &["SELECT", "4"])).expect("sent");
    primary.write_all(&frame(1, &["SET", "k", "v"])).expect("sent");
    let seen = replica.next(SOON).expect("a frame").expect("in time");
    assert_eq!((seen.kind, seen.shard, seen.offset, seen.db), (FrameKind::Command, 0, 1, 4));
    assert_eq!(seen.argv.iter().collect::<Vec<_>>(), [&b"SET"[..], b"k", b"v"]);
    assert_eq!(replica.next(NOW), Ok(None));
    expect(&mut primary, &["REPLCONF", "ACK", "0", "APPLIED", "0"]);
    expect(&mut primary, &["REPLCONF", "ACK", "2", "APPLIED", "2"]);
    let stats = replica.stats();
    assert!(stats.up && stats.connections == 1 && stats.silent_ms.is_some());
    assert_eq!((stats.link.frames, stats.link.snapshots, stats.link.resyncs), (2, 1, 0));
}

#[test]
fn a_batch_owns_its_frames_and_is_confirmed_by_the_next() {
    let (mut replica, mut primary) = pair(&[("batch-bytes-max", "20")]);
    greet(&mut replica, &mut primary);
    for offset in 0..10u64 {
        primary.write_all(&frame(offset, &["SET", "key", &format!("value {offset}")])).expect("sent");
    }
    let first = replica.next_batch(100, SOON).expect("a batch");
    assert_eq!(first.len(), 2, "limited by its bytes");
    let second = replica.next_batch(3, SOON).expect("a batch");
    let offsets = |batch: &Batch| batch.iter().map(|frame| frame.offset).collect::<Vec<_>>();
    assert_eq!((offsets(&first), offsets(&second)), (vec![0, 1], vec![2, 3]));
    let argv = second.get(1).expect("a frame").argv;
    assert_eq!(argv.iter().collect::<Vec<_>>(), [&b"SET"[..], b"key", b"value 3"]);
    assert!(second.get(2).is_none());
    let mut again = Replica::open(options(&[("source", "kevy://127.0.0.1:1")]), first.cursor());
    assert_eq!(again.as_mut().expect("a replica").cursor(), first.cursor());
    while !replica.next_batch(100, NOW).expect("a batch").is_empty() {}
    let mut said = Vec::new();
    primary.set_nonblocking(true).expect("a socket");
    let _ = primary.read_to_end(&mut said);
    assert!(said.ends_with(&command(&["REPLCONF", "ACK", "10", "APPLIED", "10"])), "{}", said.escape_ascii());
}

#[test]
fn frames_of_a_batch_are_not_confirmed_before_it_was_handed_out() {
    let (mut replica, mut primary) = pair(&[]);
    greet(&mut replica, &mut primary);
    primary.write_all(&frame(0, &["DEL", "a"])).expect("sent");
    assert_eq!(replica.next_batch(100, SOON).expect("a batch").len(), 1);
    expect(&mut primary, &["REPLCONF", "ACK", "0", "APPLIED", "0"]);
    expect(&mut primary, &["REPLCONF", "ACK", "1", "APPLIED", "0"]);
    assert!(replica.next_batch(100, NOW).expect("a batch").is_empty());
    expect(&mut primary, &["REPLCONF", "ACK", "1", "APPLIED", "1"]);
}

#[test]
fn what_was_applied_is_said_by_hand_where_asked_for() {
    let (mut replica, mut primary) = pair(&[("acknowledge", "manual")]);
    greet(&mut replica, &mut primary);
    primary.write_all(&[frame(0, &["DEL", "a"]), frame(1, &["DEL", "b"])].concat()).expect("sent");
    assert!(replica.next(SOON).expect("a frame").is_some());
    let cursor = replica.cursor();
    assert!(replica.next(SOON).expect("a frame").is_some());
    assert_eq!(replica.next(NOW), Ok(None));
    expect(&mut primary, &["REPLCONF", "ACK", "0", "APPLIED", "0"]);
    expect(&mut primary, &["REPLCONF", "ACK", "2", "APPLIED", "0"]);
    replica.ack(&cursor).expect("its own cursor");
    expect(&mut primary, &["REPLCONF", "ACK", "2", "APPLIED", "1"]);
    assert_eq!(replica.ack(b"nonsense").map_err(|error| error.kind()), Err(ErrorKind::Corrupt));
}

#[test]
fn a_given_connection_ends_for_good() {
    let (mut replica, mut primary) = pair(&[]);
    greet(&mut replica, &mut primary);
    primary.write_all(&frame(0, &["DEL", "a"])).expect("sent");
    drop(primary);
    assert_eq!(replica.next(SOON).expect("a frame").expect("in time").kind, FrameKind::Command);
    let down = replica.next(SOON).expect("a frame").expect("in time");
    assert_eq!((down.kind, down.up, down.reason), (FrameKind::Link, false, "the primary closed the link"));
    assert!(!replica.cursor().is_empty());
    for _ in 0..2 {
        assert_eq!(replica.next(SOON).map_err(|error| error.kind()), Err(ErrorKind::Closed));
    }
}

fn accept(listener: &TcpListener, replica: &mut Replica) -> TcpStream {
    listener.set_nonblocking(true).expect("a listener");
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false).expect("a socket");
            return stream;
        }
        // Connecting happens in the replica's calls.
        let seen = replica.next(Some(Duration::from_millis(2))).expect("no error");
        assert!(seen.is_none_or(|frame| frame.kind == FrameKind::Link));
    }
}

#[test]
fn a_lost_link_is_made_again_and_goes_on_from_the_cursor() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("kevy://me:secret@{}", listener.local_addr().expect("an address"));
    let mut replica = Replica::open(options(&[("source", &url)]), b"").expect("a replica");
    let mut primary = accept(&listener, &mut replica);
    assert_eq!(replica.next(NOW), Ok(None));
    expect(&mut primary, &["AUTH", "me", "secret"]);
    expect(&mut primary, &HELLO);
    primary.write_all(b"+OK\r\n").expect("sent");
    primary.write_all(&empty_snapshot()).expect("sent");
    take_snapshot(&mut replica);
    primary.write_all(&frame(0, &["DEL", "a"])).expect("sent");
    assert!(replica.next(SOON).expect("a frame").is_some());
    // Half a frame is lost with the link.
    primary.write_all(b"*2\r\n:1\r\n*2\r\n$3\r\nDE").expect("sent");
    drop(primary);
    let down = replica.next(SOON).expect("a frame").expect("in time");
    assert!(down.kind == FrameKind::Link && !down.up);
    let mut primary = accept(&listener, &mut replica);
    assert_eq!(replica.next(NOW), Ok(None));
    expect(&mut primary, &["AUTH", "me", "secret"]);
    expect(&mut primary, &["REPLICATE", "FROM", "9", "1", "ID", "tail", "CAPA", "mux", "resync", "rebase"]);
    primary.write_all(b"+OK\r\n+ACK 9 1\r\n+SHARD 0\r\n").expect("sent");
    primary.write_all(&frame(1, &["DEL", "b"])).expect("sent");
    let up = replica.next(SOON).expect("a frame").expect("in time");
    assert!(up.kind == FrameKind::Link && up.up);
    assert_eq!(replica.next(SOON).expect("a frame").expect("in time").offset, 1);
    assert_eq!(replica.stats().connections, 2);
}

#[test]
fn a_unix_socket_is_followed_too() {
    let dir = std::env::temp_dir().join(format!("kevy-replica-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let path = dir.join("primary.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let url = format!("kevy+unix://{}", path.display());
    let mut replica = Replica::open(options(&[("source", &url)]), b"").expect("a replica");
    assert_eq!(replica.next(NOW), Ok(None));
    let (mut primary, _) = listener.accept().expect("a connection");
    greet(&mut replica, &mut primary);
    std::fs::remove_dir_all(&dir).expect("an empty directory");
}

/// A port that is taken, though nobody listens yet.
fn silent_port() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
    let address = socket.local_addr().ok().and_then(|address| address.as_socket()).expect("an address");
    (socket, address)
}

#[test]
fn a_primary_that_is_not_there_is_told_of_once() {
    let (_socket, address) = silent_port();
    let url = format!("kevy://{address}");
    let mut replica = Replica::open(options(&[("source", &url)]), b"").expect("a replica");
    let down = replica.next(SOON).expect("a frame").expect("in time");
    assert!(
        down.kind == FrameKind::Link && !down.up && down.reason.contains(&address.to_string()),
        "{down:?}"
    );
    let begun = Instant::now();
    assert_eq!(replica.next(Some(Duration::from_millis(30))), Ok(None));
    assert!(begun.elapsed() >= Duration::from_millis(30));
}

#[test]
fn a_refusal_is_an_error_and_may_be_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("kevy://{}", listener.local_addr().expect("an address"));
    let mut replica = Replica::open(options(&[("source", &url)]), b"").expect("a replica");
    for (line, kind) in [
        ("-NOAUTH Authentication required.\r\n", ErrorKind::Auth),
        ("-ERR unknown command 'REPLICATE'\r\n", ErrorKind::Unsupported),
    ] {
        let mut primary = accept(&listener, &mut replica);
        assert_eq!(replica.next(NOW), Ok(None));
        expect(&mut primary, &HELLO);
        primary.write_all(line.as_bytes()).expect("sent");
        assert_eq!(replica.next(SOON).map_err(|error| error.kind()), Err(kind));
    }
    let mut primary = accept(&listener, &mut replica);
    greet(&mut replica, &mut primary);
}

#[test]
fn a_silent_primary_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("kevy://{}", listener.local_addr().expect("an address"));
    let set = [("source", &url[..]), ("receive-timeout", "20")];
    let mut replica = Replica::open(options(&set), b"").expect("a replica");
    // The system takes the connection; only `next` looks at how long nothing came.
    let down = replica.next(SOON).expect("a frame").expect("in time");
    assert!(down.kind == FrameKind::Link && down.reason.contains("silent"), "{down:?}");
}

#[test]
fn another_thread_ends_a_wait() {
    let (mut replica, _primary) = pair(&[]);
    let interrupter = replica.interrupter();
    std::thread::scope(|scope| {
        scope.spawn(move || interrupter.interrupt());
        assert_eq!(replica.next(None).map_err(|error| error.kind()), Err(ErrorKind::Interrupted));
    });
    assert_eq!(replica.next(NOW), Ok(None));
    replica.interrupter().interrupt();
    assert_eq!(replica.next(NOW).map_err(|error| error.kind()), Err(ErrorKind::Interrupted));
}

/// Waits until the replica's descriptor is readable; false where it was not for a while.
fn readable(poll: &mut Poll, timeout: Duration) -> bool {
    let mut events = Events::with_capacity(4);
    poll.poll(&mut events, Some(timeout)).expect("a poll");
    !events.is_empty()
}

#[test]
fn the_descriptor_tells_when_to_call_again() {
    let (mut replica, mut primary) = pair(&[]);
    let mut poll = Poll::new().expect("a poll");
    let fd = replica.wakeup_fd();
    poll.registry().register(&mut SourceFd(&fd), Token(0), Interest::READABLE).expect("registered");
    greet(&mut replica, &mut primary);
    assert_eq!(replica.next(NOW), Ok(None));
    while readable(&mut poll, Duration::ZERO) {}
    for offset in 0..3 {
        primary.write_all(&frame(offset, &["DEL", "a"])).expect("sent");
        assert!(readable(&mut poll, Duration::from_secs(20)));
        assert!(replica.next(NOW).expect("a frame").is_some());
        assert_eq!(replica.next(NOW), Ok(None));
    }
}

#[test]
fn the_descriptor_tells_when_it_is_time_to_connect_again() {
    let (socket, address) = silent_port();
    let url = format!("kevy://{address}");
    let set = [("source", &url[..]), ("reconnect-delay-min", "20"), ("reconnect-delay-max", "20")];
    let mut replica = Replica::open(options(&set), b"").expect("a replica");
    let mut poll = Poll::new().expect("a poll");
    let fd = replica.wakeup_fd();
    poll.registry().register(&mut SourceFd(&fd), Token(0), Interest::READABLE).expect("registered");
    while replica.next(NOW).expect("no error").is_some() {}
    socket.listen(1).expect("a listener");
    let listener = TcpListener::from(socket);
    listener.set_nonblocking(true).expect("a listener");
    let begun = Instant::now();
    while listener.accept().is_err() {
        assert!(readable(&mut poll, Duration::from_secs(20)) && begun.elapsed() < Duration::from_secs(20));
        while replica.next(NOW).expect("no error").is_some() {}
    }
}

#[test]
fn options_without_a_source_and_bytes_that_are_no_cursor_are_refused() {
    let kind = |result: crate::base::Result<Replica>| result.map(drop).map_err(|error| error.kind());
    assert_eq!(kind(Replica::open(options(&[]), b"")), Err(ErrorKind::InvalidOption));
    let source = options(&[("source", "kevy://localhost")]);
    assert_eq!(kind(Replica::open(source, b"cursor")), Err(ErrorKind::Corrupt));
}
