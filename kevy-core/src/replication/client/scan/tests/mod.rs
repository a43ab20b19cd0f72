//! A link whose other end is a small keyspace that tracks, moved by hand.

mod peer;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::base::ErrorKind;
use crate::base::options::Secret;
use crate::resp::encode_command;

use super::super::super::cursor::{Place, PsyncCursor};
use super::super::frame::FrameKind;
use super::super::link::{LinkOptions, Step};
use super::super::options::{Follow, Speech};
use super::super::protocol::Protocol;
use super::{ScanCursor, ScanLink};

use peer::{Copy, EMPTIED, GREETING, OK, Peer, Value, bulk, push, seal};

/// Later than any test runs, in Unix milliseconds.
const LATER: u64 = 9_999_999_999_999;

fn options() -> LinkOptions {
    LinkOptions::of_test(1 << 20)
}

fn link() -> ScanLink {
    ScanLink::new(options(), None, None, String::new())
}

fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_command(&mut bytes, &words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>());
    bytes
}

/// Moves `piece` bytes at a time until nobody has anything to say.
fn settle(link: &mut ScanLink, peer: &mut Peer, copy: &mut Copy, piece: usize) -> crate::base::Result<()> {
    loop {
        while link.step()? == Step::Frame {
            copy.take(link);
        }
        let is_quiet = link.output.is_empty() && peer.changed.is_empty();
        peer.turn(&mut link.output);
        if is_quiet && peer.said.is_empty() {
            return Ok(());
        }
        let len = piece.min(peer.said.len());
        let bytes: Vec<u8> = peer.said.drain(..len).collect();
        link.input.push(&bytes);
    }
}

fn follow(peer: &mut Peer, piece: usize) -> (ScanLink, Copy) {
    let (mut link, mut copy) = (link(), Copy::default());
    link.connected();
    settle(&mut link, peer, &mut copy, piece).expect("no error");
    (link, copy)
}

fn texts(parts: &[&str]) -> Vec<Vec<u8>> {
    parts.iter().map(|part| part.as_bytes().to_vec()).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn every_type() -> Vec<(&'static str, Value)> {
    vec![
        ("hash", Value::Hash([(b"f".to_vec(), b"v".to_vec())].into())),
        ("list", Value::List(texts(&["b", "a", "b"]))),
        ("scores", Value::Scores([(b"m".to_vec(), 7)].into())),
        ("set", Value::Set(texts(&["x", "y"]).into_iter().collect())),
        ("text", text("v")),
    ]
}

#[test]
fn keys_are_scanned_and_changes_follow_however_they_arrive() {
    for piece in [1, 2, 3, 7, usize::MAX] {
        let mut peer = Peer::new(&every_type());
        peer.keys.get_mut(&b"text"[..]).expect("a key").1 = Some(LATER);
        let (mut link, mut copy) = follow(&mut peer, piece);
        assert_eq!(copy.keys, peer.keys);
        let entries = ["HSET hash f v", "RPUSH list b a b", "ZADD scores 7 m", "SADD set x y"]
            .map(|e| format!("entry {e}"));
        assert_eq!(copy.frames[1], "SnapshotBegin");
        assert_eq!(copy.frames[2..6], entries);
        assert_eq!(copy.frames[6..], [format!("entry SET text v PXAT {LATER}"), "SnapshotEnd".into()]);
        assert!(copy.frames[0].starts_with("up weaker than PSYNC") && copy.frames[0].contains("database 0"));
        copy.frames.clear();
        peer.set(b"text", text("w"), None);
        settle(&mut link, &mut peer, &mut copy, piece).expect("no error");
        peer.set(b"list", Value::List(texts(&["c"])), Some(LATER));
        settle(&mut link, &mut peer, &mut copy, piece).expect("no error");
        peer.remove(b"set");
        settle(&mut link, &mut peer, &mut copy, piece).expect("no error");
        let expiry = format!("1: PEXPIREAT list {LATER}");
        let seen =
            ["0: SET text w", "TxnBegin", "1: DEL list", "1: RPUSH list c", &expiry, "TxnEnd", "2: DEL set"];
        assert_eq!(copy.frames, seen);
        assert_eq!(copy.keys, peer.keys);
        assert_eq!(link.place(), Some(ScanCursor { offset: 3, db: 0 }));
        assert_eq!((link.offsets(), link.owes(), link.held()), ((3, 3), false, 0));
        let stats = (link.stats.snapshots, link.stats.entries, link.stats.transactions);
        assert_eq!(stats, (1, 5, 1));
    }
}

#[test]
fn the_greeting_names_user_database_and_prefixes_before_anything_is_scanned() {
    let mut options = options();
    options.user = "me".into();
    options.password = Secret("pass".into());
    options.database = Some(3);
    options.selection.prefixes = vec![b"user:1".to_vec(), b"user:".to_vec(), b"a*".to_vec()];
    let mut link = ScanLink::new(options.clone(), None, None, String::new());
    link.connected();
    let greeting = [
        command(&["HELLO", "3", "AUTH", "me", "pass", "SETNAME", "tail"]),
        command(&["SELECT", "3"]),
        command(&["CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a*", "PREFIX", "user:"]),
    ];
    assert_eq!(link.output, greeting.concat());
    link.output.clear();
    assert_eq!(link.step(), Ok(Step::Input));
    assert!(link.output.is_empty());
    link.input.push(&[GREETING, OK, OK].concat());
    while link.step().expect("a step") == Step::Frame {}
    assert_eq!(link.output, command(&["SCAN", "0", "COUNT", "512"]));
    options.selection.prefixes = vec![b"a*".to_vec()];
    let mut link = ScanLink::new(options, None, None, String::new());
    link.connected();
    link.output.clear();
    link.input.push(&[GREETING, OK, OK].concat());
    while link.step().expect("a step") == Step::Frame {}
    assert_eq!(link.output, command(&["SCAN", "0", "MATCH", "a\\**", "COUNT", "512"]));
}

#[test]
fn a_key_that_goes_between_the_scan_and_its_reading_is_no_part_of_the_copy() {
    let mut peer = Peer::new(&every_type());
    let (mut link, mut copy) = (link(), Copy::default());
    link.connected();
    // Up to where the keys are named.
    while link.reads.is_empty() {
        while link.step().expect("a step") == Step::Frame {
            copy.take(&link);
        }
        if link.reads.is_empty() {
            peer.turn(&mut link.output);
            let bytes: Vec<u8> = peer.said.drain(..).collect();
            link.input.push(&bytes);
        }
    }
    peer.remove(b"hash");
    peer.remove(b"list");
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert!(!copy.frames.iter().any(|frame| frame.starts_with("entry HSET") || frame.contains("RPUSH")));
    assert_eq!(copy.keys, peer.keys);
}

#[test]
fn a_key_that_the_scan_comes_to_twice_is_not_doubled() {
    let mut peer = Peer::new(&every_type());
    peer.is_rehashing = true;
    let (_, copy) = follow(&mut peer, usize::MAX);
    assert_eq!(copy.keys, peer.keys);
    assert!(copy.frames.contains(&"entry DEL list".into()), "{:?}", copy.frames);
}

#[test]
fn a_change_while_a_key_is_read_makes_it_be_read_again_and_a_storm_only_once() {
    let mut peer = Peer::new(&[("k", text("0"))]);
    let (mut link, mut copy) = follow(&mut peer, usize::MAX);
    peer.commands.clear();
    link.input.push(&push(&[b"k"]));
    assert_eq!(link.step(), Ok(Step::Input));
    // It is asked for and not answered. Whatever is told now is a reason to ask once more, and once only.
    for _ in 0..1000 {
        link.input.push(&push(&[b"k", b"k"]));
        assert_eq!(link.step(), Ok(Step::Input));
    }
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    let dumps = peer.commands.iter().filter(|command| *command == "DUMP k").count();
    assert_eq!(dumps, 2);
    // With the window full, names wait, each once.
    peer.commands.clear();
    let names: Vec<Vec<u8>> = (0..2000).map(|n| format!("key:{n}").into_bytes()).collect();
    for _ in 0..20 {
        for chunk in names.chunks(100) {
            link.input.push(&push(&chunk.iter().map(Vec::as_slice).collect::<Vec<_>>()));
        }
        assert_eq!(link.step(), Ok(Step::Input));
    }
    assert!(link.reads.len() <= super::READS_MAX && link.changed.len() <= names.len());
    assert!(link.held() < 500_000, "{}", link.held());
    let (told, done) = link.offsets();
    assert!(told - done >= names.len() as u64);
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert!(!link.owes());
    assert_eq!(copy.keys, peer.keys);
}

#[test]
fn names_that_take_too_much_end_the_link_with_the_option_that_limits_them() {
    let mut options = options();
    options.transaction_bytes_max = 100_000;
    let mut link = ScanLink::new(options, None, None, String::new());
    let mut peer = Peer::new(&[]);
    link.connected();
    settle(&mut link, &mut peer, &mut Copy::default(), usize::MAX).expect("no error");
    let error = (0..2000).find_map(|n| {
        link.input.push(&push(&[format!("a key of some length {n:050}").as_bytes()]));
        link.step().err()
    });
    let error = error.expect("a limit");
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    assert!(error.message().contains("transaction-bytes-max"), "{error}");
    // A list of names that does not end is as much.
    let (mut link, _) = follow(&mut Peer::new(&[]), usize::MAX);
    link.input.push(b">2\r\n$10\r\ninvalidate\r\n*1000000\r\n");
    let error = (0..200).find_map(|_| {
        link.input.push(&bulk(&[b'x'; 10_000]));
        link.step().err()
    });
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::OutOfMemory));
}

#[test]
fn an_emptied_database_is_told_as_one_change_and_another_one_makes_all_be_read_again() {
    let mut peer = Peer::new(&every_type());
    let (mut link, mut copy) = follow(&mut peer, usize::MAX);
    peer.flush();
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert_eq!(copy.frames.last().map(String::as_str), Some("0: FLUSHDB"));
    assert!(copy.keys.is_empty());
    peer.set(b"k", text("v"), None);
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    // One that this link does not follow: its own keys are still there.
    peer.say(EMPTIED);
    peer.say(EMPTIED);
    copy.frames.clear();
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert!(copy.frames.is_empty() && !link.is_checking, "{:?}", copy.frames);
    // This one, where the same key is made anew before anybody looks.
    for piece in [1, usize::MAX] {
        peer.flush();
        peer.set(b"k", text("w"), None);
        settle(&mut link, &mut peer, &mut copy, piece).expect("no error");
        assert!(copy.frames.iter().any(|frame| frame.starts_with("resync ")), "{:?}", copy.frames);
        copy.frames.clear();
    }
    peer.set(b"k", text("v"), Some(LATER));
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    // A key that expires might have gone by itself, so it tells nothing.
    peer.say(EMPTIED);
    copy.frames.clear();
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert!(copy.frames[0].starts_with("resync a database of the primary was emptied"), "{:?}", copy.frames);
    let entry = format!("entry SET k v PXAT {LATER}");
    assert_eq!(copy.frames[1..], ["SnapshotBegin", &entry, "SnapshotEnd"]);
    assert_eq!(copy.keys, peer.keys);
    assert_eq!((link.stats.resyncs, link.stats.snapshots), (3, 4));
}

#[test]
fn a_database_that_is_emptied_during_the_scan_is_scanned_from_the_start() {
    let mut peer = Peer::new(&every_type());
    peer.step = 1;
    let (mut link, mut copy) = (link(), Copy::default());
    link.connected();
    while !copy.frames.iter().any(|frame| frame.starts_with("entry")) {
        while link.step().expect("a step") == Step::Frame {
            copy.take(&link);
        }
        peer.turn(&mut link.output);
        let bytes: Vec<u8> = peer.said.drain(..).collect();
        link.input.push(&bytes);
    }
    peer.flush();
    peer.set(b"new", text("v"), None);
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert_eq!(copy.frames.iter().filter(|frame| *frame == "SnapshotBegin").count(), 2);
    assert_eq!(copy.keys, peer.keys);
}

#[test]
fn a_lost_link_leads_to_a_new_copy_that_says_why() {
    let mut peer = Peer::new(&[("gone", text("1")), ("kept", text("1"))]);
    let (mut link, mut copy) = follow(&mut peer, usize::MAX);
    peer.set(b"kept", text("2"), None);
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    let cursor = link.place().expect("a place").encode();
    assert_eq!(Place::decode(&cursor), Ok(Place::Scan(ScanCursor { offset: 1, db: 0 })));
    link.disconnected("cut");
    (peer.is_tracking, peer.said) = (false, VecDeque::new());
    peer.keys.remove(&b"gone"[..]);
    copy.frames.clear();
    link.connected();
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert_eq!(copy.frames[0], "down cut");
    assert!(copy.frames[1].starts_with("up ") && copy.frames[2].starts_with("resync "), "{:?}", copy.frames);
    assert!(copy.frames[2].contains("weaker than PSYNC"), "{:?}", copy.frames);
    assert_eq!(copy.keys, peer.keys);
    // The same by a cursor, whose count goes on.
    let mut again = Protocol::new(
        Speech::Psync,
        LinkOptions { follow: Follow::Scan, ..options() },
        Place::decode(&cursor).expect("a cursor"),
    );
    again.connected();
    let mut peer = Peer::new(&[]);
    let Protocol::Scan(link) = &mut again else { panic!("scanned") };
    let mut copy = Copy::default();
    settle(link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert!(copy.frames[1].starts_with("resync ") && copy.frames[1].contains("weaker"), "{:?}", copy.frames);
    peer.set(b"k", text("v"), None);
    settle(link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert_eq!(copy.frames.last().map(String::as_str), Some("1: SET k v"));
    assert!(link.ack(&ScanCursor { offset: 2, db: 0 }).is_ok());
    assert!(link.ack(&ScanCursor { offset: 3, db: 0 }).is_err());
}

#[test]
fn a_primary_without_absolute_expiries_is_asked_for_what_is_left() {
    let mut peer = Peer::new(&every_type());
    peer.is_old = true;
    peer.keys.get_mut(&b"text"[..]).expect("a key").1 = Some(LATER);
    let (_, copy) = follow(&mut peer, usize::MAX);
    assert_eq!(copy.keys.len(), peer.keys.len());
    let (_, at) = copy.keys.get(&b"text"[..]).expect("a key");
    assert!(at.is_some_and(|at| at > 1_000_000 && at < LATER), "{at:?}");
    let asked = |words: &str| peer.commands.iter().filter(|command| *command == words).count();
    assert_eq!((asked("PEXPIRETIME hash"), asked("PTTL hash"), asked("PTTL text")), (1, 1, 1));
}

#[test]
fn what_the_user_may_not_read_is_left_out_and_what_is_needed_is_an_error() {
    let mut peer = Peer::new(&every_type());
    peer.secret = Some(b"list".to_vec());
    let (mut link, mut copy) = follow(&mut peer, usize::MAX);
    assert_eq!((copy.keys.len(), link.stats.skipped), (4, 1));
    peer.set(b"list", Value::List(texts(&["x"])), None);
    peer.set(b"text", text("w"), None);
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert_eq!(copy.frames.last().map(String::as_str), Some("0: SET text w"));
    let noperm = |verb: &str| format!("NOPERM this user has no permissions to run the '{verb}' command");
    for (verb, said, kind) in [
        ("HELLO", "ERR unknown command `HELLO`".into(), ErrorKind::Unsupported),
        ("HELLO", "NOPROTO unsupported protocol version".into(), ErrorKind::Unsupported),
        ("HELLO", "WRONGPASS invalid username-password pair".into(), ErrorKind::Auth),
        ("HELLO", "LOADING Redis is loading the dataset in memory".into(), ErrorKind::Io),
        ("CLIENT", noperm("client|tracking"), ErrorKind::Auth),
        ("SCAN", noperm("scan"), ErrorKind::Auth),
        ("DUMP", noperm("dump"), ErrorKind::Auth),
        ("DUMP", "ERR unknown command 'DUMP'".into(), ErrorKind::Unsupported),
    ] {
        let mut peer = Peer::new(&every_type());
        peer.refusals.insert(verb.into(), said.clone());
        let mut link = greeting();
        let error = settle(&mut link, &mut peer, &mut Copy::default(), usize::MAX).expect_err(&said);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(said.split(' ').next_back().unwrap_or_default()), "{error}");
    }
    // Without DBSIZE nobody knows which database was emptied.
    let mut peer = Peer::new(&[]);
    peer.refusals.insert("DBSIZE".into(), noperm("dbsize"));
    let (mut link, mut copy) = follow(&mut peer, usize::MAX);
    peer.flush();
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert_eq!(copy.frames.last().map(String::as_str), Some("SnapshotEnd"));
}

fn greeting() -> ScanLink {
    let mut link = link();
    link.connected();
    link
}

#[test]
fn garbage_is_an_error() {
    for said in [
        &b">2\r\n$10\r\ninvalidate\r\n:1\r\n"[..],
        b">2\r\n$10\r\ninvalidate\r\n*1\r\n:1\r\n",
        b">1\r\n$10\r\ninvalidate\r\n",
        b"+OK\r\n",
        b"$3\r\nabc\r\n",
        b"?what\r\n",
        b"*-7\r\n",
        b"$-3\r\n",
        b"$99999999999999999999\r\n",
    ] {
        let (mut link, _) = follow(&mut Peer::new(&[]), usize::MAX);
        link.input.push(said);
        assert_eq!(
            link.step().map_err(|error| error.kind()),
            Err(ErrorKind::Protocol),
            "{}",
            said.escape_ascii()
        );
    }
    // What is no word of changes is none of this link's business.
    let (mut link, _) = follow(&mut Peer::new(&[]), usize::MAX);
    link.input.push(b">0\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n>1\r\n:1\r\n");
    assert_eq!(link.step(), Ok(Step::Input));
    for reply in [
        &b"*1\r\n*0\r\n"[..],
        b"*2\r\n$1\r\nx\r\n*0\r\n",
        b"*2\r\n$1\r\n0\r\n:1\r\n",
        b"*2\r\n$1\r\n0\r\n*1\r\n:1\r\n",
        b"+OK\r\n",
    ] {
        let mut link = greeting();
        link.input.push(&[GREETING, OK].concat());
        while link.step().expect("a step") == Step::Frame {}
        link.input.push(reply);
        assert_eq!(
            link.step().map_err(|error| error.kind()),
            Err(ErrorKind::Protocol),
            "{}",
            reply.escape_ascii()
        );
    }
    let good = text("v").payload();
    let twice = seal(&[0, 1, b'v', 0, 1, b'k', 1, b'v'], 10);
    let cut = seal(&[1, 2, 1, b'v'], 10);
    let (opcode, later) = (seal(&[255, 0, 0], 10), seal(&[0, 1, b'v'], 70));
    for (payload, kind) in [
        (&good[..good.len() - 1], ErrorKind::Corrupt),
        (&twice[..], ErrorKind::Corrupt),
        (&cut, ErrorKind::Corrupt),
        (&opcode, ErrorKind::Corrupt),
        (b"", ErrorKind::Corrupt),
        (&later, ErrorKind::Unsupported),
        (&seal(&[77], 10), ErrorKind::Unsupported),
    ] {
        let (mut link, _) = follow(&mut Peer::new(&[]), usize::MAX);
        link.input.push(&push(&[b"k"]));
        assert_eq!(link.step(), Ok(Step::Input));
        link.input.push(&[b":-1\r\n", &bulk(payload)[..]].concat());
        let error = loop {
            match link.step() {
                Ok(step) => assert_eq!(step, Step::Frame, "{}", payload.escape_ascii()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), kind, "{}: {error}", payload.escape_ascii());
    }
}

#[test]
fn payloads_of_valkey_are_read_too() {
    let (mut link, mut copy) = follow(&mut Peer::new(&[]), usize::MAX);
    link.input.push(&push(&[b"k"]));
    assert_eq!(link.step(), Ok(Step::Input));
    link.input.push(&[b":-1\r\n", &bulk(&seal(&[0, 1, b'v'], 80))[..]].concat());
    assert_eq!(link.step(), Ok(Step::Frame));
    copy.take(&link);
    assert_eq!(copy.frames.last().map(String::as_str), Some("0: SET k v"));
}

#[test]
fn a_sign_of_life_is_asked_for_in_time_and_nothing_missing_is_a_bookmark() {
    let mut options = options();
    options.bookmarks = true;
    let mut link = ScanLink::new(options, None, None, String::new());
    let (mut peer, mut copy) = (Peer::new(&[]), Copy::default());
    link.connected();
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    let now = Instant::now();
    link.acknowledge(false, now);
    assert_eq!(link.output, command(&["PING"]));
    assert_eq!(link.deadline(), Some(now + Duration::from_secs(1)));
    link.acknowledge(true, now + Duration::from_secs(5));
    assert_eq!(link.output, command(&["PING"]), "one is under way");
    settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
    assert_eq!(copy.frames.last().map(String::as_str), Some("Bookmark"));
}

/// A link of PSYNC that has said what it has to say and got these replies.
fn refused(follow: Follow, place: Place, replies: &str) -> (Protocol, crate::base::Result<Step>) {
    let mut protocol = Protocol::new(Speech::Psync, LinkOptions { follow, ..options() }, place);
    protocol.connected();
    protocol.input().push(replies.as_bytes());
    let result = loop {
        match protocol.step() {
            Ok(Step::Frame) => {}
            result => break result,
        }
    };
    (protocol, result)
}

#[test]
fn a_primary_that_forbids_psync_is_scanned_over_the_same_connection() {
    let history = PsyncCursor { replid: [b'7'; 40], offset: 9, db: 0 };
    for (replies, why) in [
        (
            "+PONG\r\n+OK\r\n-ERR unknown command 'PSYNC', with args beginning with: '?' '-1' \r\n",
            "unknown command",
        ),
        ("+PONG\r\n+OK\r\n-NOPERM this user has no permissions to run the 'psync' command\r\n", "'psync'"),
        ("+PONG\r\n-NOPERM this user has no permissions to run the 'replconf' command\r\n", "'replconf'"),
        ("-NOPERM this user has no permissions to run the 'ping' command\r\n-NOPERM replconf\r\n", "'ping'"),
        (
            "+PONG\r\n-ERR unknown command 'REPLCONF'\r\n-ERR Command is not available: 'PSYNC'\r\n",
            "not available",
        ),
    ] {
        let (mut protocol, result) = refused(Follow::Psync, Place::Nowhere, replies);
        assert!(result.is_err() && !protocol.fall_back(), "{replies}");
        for place in [Place::Nowhere, Place::Psync(history), Place::Scan(ScanCursor { offset: 4, db: 0 })] {
            let (mut protocol, result) = refused(Follow::Auto, place.clone(), replies);
            assert!(result.is_err() && protocol.fall_back() && protocol.is_weaker(), "{replies}");
            let Protocol::Scan(link) = &mut protocol else { panic!("scanned") };
            let (mut peer, mut copy) = (Peer::new(&[("k", text("v"))]), Copy::default());
            settle(link, &mut peer, &mut copy, usize::MAX).expect("no error");
            assert!(copy.frames[0].contains(why), "{:?}", copy.frames);
            let is_told = copy.frames.iter().any(|frame| frame.starts_with("resync "));
            assert_eq!(is_told, place != Place::Nowhere, "{:?}", copy.frames);
            let offset = if matches!(place, Place::Scan(_)) { 4 } else { 0 };
            assert_eq!(protocol.place(), Place::Scan(ScanCursor { offset, db: 0 }));
        }
    }
}

#[test]
fn what_passes_by_itself_is_no_reason_to_scan() {
    for replies in [
        "+PONG\r\n+OK\r\n-LOADING Redis is loading the dataset in memory\r\n",
        "+PONG\r\n+OK\r\n-NOMASTERLINK Can't SYNC while not connected with my master\r\n",
        "+PONG\r\n+OK\r\n-MASTERDOWN Link with MASTER is down\r\n",
        "+PONG\r\n+OK\r\n-ERR Can't SYNC while a fail-over is in progress\r\n",
        "-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n",
        "-LOADING Redis is loading the dataset in memory\r\n",
        "+PONG\r\n+OK\r\n+WHAT\r\n",
    ] {
        let (mut protocol, result) = refused(Follow::Auto, Place::Nowhere, replies);
        assert!(result.is_err() && !protocol.fall_back(), "{replies}");
    }
}

#[derive(Clone, Debug)]
enum Act {
    Set(u8, u8, bool),
    List(u8, u8),
    Set2(u8, u8),
    Remove(u8),
    Flush,
    Other,
    /// The link moves so many bytes.
    Move(usize),
    Cut,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..12u8, any::<u8>(), any::<bool>()).prop_map(|(key, value, expires)| Act::Set(key, value, expires)),
        4 => (0..12u8, 1..9u8).prop_map(|(key, len)| Act::List(key, len)),
        4 => (0..12u8, 1..9u8).prop_map(|(key, len)| Act::Set2(key, len)),
        4 => (0..12u8).prop_map(Act::Remove),
        1 => Just(Act::Flush),
        1 => Just(Act::Other),
        12 => (1..400usize).prop_map(Act::Move),
        1 => Just(Act::Cut),
    ]
}

proptest! {
    #[test]
    fn in_the_end_the_copy_is_the_source(acts in prop::collection::vec(act(), 1..80), rehash: bool, step in 1..9usize) {
        let mut peer = Peer::new(&every_type());
        (peer.step, peer.is_rehashing) = (step, rehash);
        let (mut link, mut copy) = (link(), Copy::default());
        link.connected();
        for act in acts {
            match act {
                Act::Set(key, value, expires) => peer.set(&[b'k', key], Value::Text(vec![value]), expires.then_some(LATER)),
                Act::List(key, len) => peer.set(&[b'k', key], Value::List(vec![vec![len]; len as usize]), None),
                Act::Set2(key, len) => peer.set(&[b'k', key], Value::Set((0..len).map(|n| vec![n]).collect()), None),
                Act::Remove(key) => peer.remove(&[b'k', key]),
                Act::Flush => peer.flush(),
                Act::Other => peer.say(EMPTIED),
                Act::Cut => {
                    while link.step().expect("a step") == Step::Frame {
                        copy.take(&link);
                    }
                    link.disconnected("cut");
                    copy.in_transaction = false;
                    (peer.is_tracking, peer.said) = (false, VecDeque::new());
                    peer.changed.clear();
                    link.connected();
                }
                Act::Move(len) => {
                    while link.step().expect("a step") == Step::Frame {
                        copy.take(&link);
                    }
                    peer.turn(&mut link.output);
                    let bytes: Vec<u8> = peer.said.drain(..len.min(peer.said.len())).collect();
                    link.input.push(&bytes);
                }
            }
        }
        settle(&mut link, &mut peer, &mut copy, usize::MAX).expect("no error");
        prop_assert_eq!(&copy.keys, &peer.keys);
        prop_assert!(!link.owes());
    }

    #[test]
    fn any_payload_is_an_error_or_frames_of_its_own_key(
        kind in 0..30u8,
        body in prop::collection::vec(any::<u8>(), 0..120),
        version in prop_oneof![Just(10), Just(13), Just(80)],
    ) {
        let (mut link, _) = follow(&mut Peer::new(&[]), usize::MAX);
        link.input.push(&push(&[b"key"]));
        prop_assert_eq!(link.step(), Ok(Step::Input));
        link.input.push(&[b":-1\r\n", &bulk(&seal(&[&[kind], &body[..]].concat(), version))[..]].concat());
        while link.step() == Ok(Step::Frame) {
            let frame = link.frame();
            if frame.kind == FrameKind::Command {
                let args: Vec<&[u8]> = frame.argv.iter().collect();
                prop_assert!(args.iter().take(3).any(|arg| *arg == b"key"), "{args:?}");
            }
        }
    }

    #[test]
    fn damage_is_an_error_or_frames_and_never_a_panic(at: prop::sample::Index, byte: u8) {
        let said = [
            GREETING,
            OK,
            b"*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n",
            b":-1\r\n",
            &bulk(&Value::List(texts(&["x", "y"])).payload()),
            b":77\r\n",
            &bulk(&text("v").payload()),
            &push(&[b"a", b"b"]),
            b":-2\r\n_\r\n:-1\r\n",
            &bulk(&Value::Hash([(b"f".to_vec(), b"v".to_vec())].into()).payload()),
            EMPTIED,
            b":0\r\n",
        ];
        let mut all = said.concat();
        let at = at.index(all.len());
        all[at] = byte;
        let mut link = link();
        link.connected();
        let mut from = 0;
        for piece in said {
            link.input.push(&all[from..from + piece.len()]);
            from += piece.len();
            for _ in 0..50 {
                match link.step() {
                    Ok(Step::Frame) => {
                        link.frame();
                    }
                    Ok(Step::Input) => break,
                    Err(_) => return Ok(()),
                }
            }
            link.output.clear();
        }
    }
}
