//! A link fed by hand with what servers of Redis send.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::base::ErrorKind;
use crate::resp::encode_command;

use super::super::super::cursor::Place;
use super::super::frame::FrameKind;
use super::super::link::{LinkOptions, Step};
use super::{PsyncCursor, PsyncLink};

const ID: &str = "0123456789abcdef0123456789abcdef01234567";
const OTHER: &str = "ffffffffffffffffffffffffffffffffffffffff";

fn link(cursor: Option<PsyncCursor>) -> PsyncLink {
    let options = LinkOptions { transaction_bytes_max: 1000, ..LinkOptions::of_test(1 << 20) };
    PsyncLink::new(options, cursor, None)
}

fn cursor(id: &str, offset: u64, db: u32) -> PsyncCursor {
    PsyncCursor { replid: id.as_bytes().try_into().expect("forty digits"), offset, db }
}

fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_command(&mut bytes, &words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>());
    bytes
}

/// Frames as text, up to where input is needed.
fn take(link: &mut PsyncLink) -> Vec<String> {
    let mut seen = Vec::new();
    while link.step().expect("a step") == Step::Frame {
        let frame = link.frame();
        let words: Vec<_> = frame.argv.iter().map(|arg| String::from_utf8_lossy(arg).into_owned()).collect();
        seen.push(match frame.kind {
            FrameKind::Entry => format!("entry {} {}", frame.db, words.join(" ")),
            FrameKind::Command => format!("{}@{} {}", frame.offset, frame.db, words.join(" ")),
            FrameKind::Resync => format!("resync {}", frame.reason),
            FrameKind::Link => format!("link {}", frame.up),
            kind => format!("{kind:?}"),
        });
    }
    seen
}

/// An RDB with `k` = `v` in database 2, without a checksum.
fn rdb() -> Vec<u8> {
    [&b"REDIS0010\xfa\x0erepl-stream-db\xc0\x03\xfe\x02\x00\x01k\x01v\xff"[..], &[0; 8]].concat()
}

fn greet(link: &mut PsyncLink, reply: &str) {
    link.connected();
    link.input.push(format!("+PONG\r\n+OK\r\n{reply}\r\n").as_bytes());
}

/// All that a primary sends from the connection on.
fn conversation(is_marked: bool) -> (Vec<u8>, Vec<String>, PsyncCursor) {
    let rdb = rdb();
    let mut bytes = format!("+PONG\r\n+OK\r\n\n+FULLRESYNC {ID} 100\r\n\n\n").into_bytes();
    if is_marked {
        bytes.extend([&b"$EOF:"[..], OTHER.as_bytes(), b"\r\n", &rdb, OTHER.as_bytes()].concat());
    } else {
        bytes.extend([format!("${}\r\n", rdb.len()).as_bytes(), &rdb].concat());
    }
    let stream = [
        command(&["set", "a", "1"]),
        command(&["SELECT", "5"]),
        command(&["DEL", "a"]),
        command(&["PING"]),
        command(&["MULTI"]),
        command(&["SELECT", "1"]),
        command(&["SET", "x", ""]),
        command(&["PUBLISH", "__sentinel__:hello", "…"]),
        command(&["INCR", "y"]),
        command(&["EXEC"]),
        command(&["PUBLISH", "__sentinel__:hello", "…"]),
        command(&["REPLCONF", "GETACK", "*"]),
        command(&["DEL", "z"]),
    ];
    bytes.extend(stream.concat());
    let at = |count: usize| 100 + stream[..count].concat().len() as u64;
    let frames = vec![
        "link true".into(),
        "SnapshotBegin".into(),
        "entry 2 SET k v".into(),
        "SnapshotEnd".into(),
        format!("{}@3 set a 1", at(0)),
        format!("{}@5 DEL a", at(2)),
        "TxnBegin".into(),
        format!("{}@1 SET x ", at(4)),
        format!("{}@1 INCR y", at(4)),
        "TxnEnd".into(),
        format!("{}@1 DEL z", at(12)),
    ];
    (bytes, frames, cursor(ID, at(13), 1))
}

#[test]
fn a_full_sync_and_what_follows_are_handed_out_wherever_they_are_cut() {
    for is_marked in [false, true] {
        let (bytes, frames, end) = conversation(is_marked);
        for cut in 0..bytes.len() {
            let mut link = link(None);
            link.connected();
            let mut seen = Vec::new();
            for piece in [&bytes[..cut], &bytes[cut..]] {
                link.input.push(piece);
                seen.extend(take(&mut link));
            }
            assert_eq!(seen, frames, "cut at {cut}");
            assert_eq!(Place::decode(&link.cursor()), Ok(Place::Psync(end)));
        }
    }
}

#[test]
fn every_cursor_on_the_way_leads_to_the_same_frames() {
    let (bytes, frames, _) = conversation(true);
    let start = bytes.windows(9).position(|window| window == b"set\r\n$1\r\n").expect("the stream") - 8;
    let mut first = link(None);
    first.connected();
    first.input.push(&bytes);
    let mut seen = 0;
    while first.step().expect("a step") == Step::Frame {
        seen += 1;
        let Ok(Place::Psync(place)) = Place::decode(&first.cursor()) else { continue };
        let mut second = link(Some(place));
        greet(&mut second, "+CONTINUE");
        second.input.push(&bytes[start + (place.offset - 100) as usize..]);
        let rest: Vec<String> = take(&mut second).into_iter().skip(1).collect();
        let expected = &frames[seen..];
        // Inside a transaction the cursor lies before it.
        let from = expected.len().max(rest.len()) - rest.len();
        assert_eq!(
            &rest[rest.len().saturating_sub(expected.len())..],
            &expected[from..],
            "after {seen} frames"
        );
    }
    assert_eq!(seen, frames.len());
}

#[test]
fn a_history_goes_on_under_another_identity() {
    let mut link = link(Some(cursor(ID, 41, 2)));
    greet(&mut link, &format!("+CONTINUE {OTHER}"));
    link.input.push(&command(&["DEL", "a"]));
    assert_eq!(take(&mut link), ["link true", "41@2 DEL a"]);
    let sent = String::from_utf8_lossy(&link.output).into_owned();
    assert!(sent.ends_with(&format!("PSYNC\r\n$40\r\n{ID}\r\n$2\r\n42\r\n")), "{sent}");
    let len = command(&["DEL", "a"]).len() as u64;
    assert_eq!(Place::decode(&link.cursor()), Ok(Place::Psync(cursor(OTHER, 41 + len, 2))));
}

#[test]
fn a_place_that_is_lost_is_told_before_the_snapshot() {
    let mut link = link(Some(cursor(ID, 41, 2)));
    greet(&mut link, &format!("+FULLRESYNC {OTHER} 7"));
    let seen = take(&mut link);
    assert_eq!(seen[0], "link true");
    assert!(seen[1].starts_with("resync ") && seen[1].contains(ID), "{seen:?}");
    assert!(link.cursor().is_empty());
    link.disconnected("gone");
    link.connected();
    assert!(link.output.ends_with(&command(&["REPLCONF", "capa", "eof", "capa", "psync2"])));
    link.input.push(b"+PONG\r\n+OK\r\n");
    assert_eq!(take(&mut link), ["link false"]);
    assert!(link.output.ends_with(&command(&["PSYNC", "?", "-1"])));
}

#[test]
fn acknowledgements_go_out_in_time_and_when_asked_for() {
    let mut link = link(Some(cursor(ID, 10, 0)));
    greet(&mut link, "+CONTINUE");
    assert_eq!(take(&mut link), ["link true"]);
    link.output.clear();
    let now = Instant::now();
    link.acknowledge(false, now);
    assert_eq!(link.output, command(&["REPLCONF", "ACK", "10"]));
    link.output.clear();
    link.acknowledge(false, now + Duration::from_millis(999));
    assert!(link.output.is_empty());
    assert_eq!(link.deadline(), Some(now + Duration::from_secs(1)));
    let stream = [command(&["DEL", "a"]), command(&["REPLCONF", "GETACK", "*"])];
    link.input.push(&stream.concat());
    assert_eq!(take(&mut link).len(), 1);
    link.acknowledge(false, now);
    assert!(link.output.is_empty(), "the command is not applied yet");
    link.confirm();
    link.acknowledge(false, now);
    let asked = (10 + stream[0].len()).to_string();
    assert_eq!(link.output, command(&["REPLCONF", "ACK", &asked]));
    link.output.clear();
    link.acknowledge(false, now + Duration::from_secs(1));
    let after = (10 + stream.concat().len()).to_string();
    assert_eq!(link.output, command(&["REPLCONF", "ACK", &after]));
}

#[test]
fn what_is_wrong_ends_the_link() {
    for (reply, kind) in [
        ("-NOAUTH Authentication required.", ErrorKind::Auth),
        ("-NOPERM no permissions", ErrorKind::Auth),
        ("-NOMASTERLINK Can't SYNC while not connected with my master", ErrorKind::Io),
        ("-LOADING Redis is loading the dataset in memory", ErrorKind::Io),
        ("-ERR unknown command 'PSYNC'", ErrorKind::Unsupported),
        ("+CONTINUE", ErrorKind::Protocol),
        ("+FULLRESYNC x 1", ErrorKind::Protocol),
        ("+WHAT", ErrorKind::Protocol),
    ] {
        let mut link = link(None);
        greet(&mut link, reply);
        let error = loop {
            match link.step() {
                Ok(step) => assert_eq!(step, Step::Frame, "{reply}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), kind, "{reply}: {error}");
    }
    for stream in [
        &b"hello\r\n"[..],
        b"*0\r\n",
        b"*1\r\n:1\r\n",
        b"*1\r\n$4\r\nEXEC\r\n",
        b"*2\r\n$6\r\nSELECT\r\n$1\r\nx\r\n",
    ] {
        let mut link = link(Some(cursor(ID, 10, 0)));
        greet(&mut link, "+CONTINUE");
        link.input.push(stream);
        assert_eq!(link.step(), Ok(Step::Frame));
        assert_eq!(link.step().map_err(|error| error.kind()), Err(ErrorKind::Protocol));
    }
    let mut link = link(Some(cursor(ID, 10, 0)));
    greet(&mut link, "+CONTINUE");
    link.input.push(&[command(&["MULTI"]), command(&["SET", "k", &"v".repeat(1000)])].concat());
    assert_eq!(link.step(), Ok(Step::Frame));
    assert_eq!(link.step().map_err(|error| error.kind()), Err(ErrorKind::OutOfMemory));
}

proptest! {
    #[test]
    fn damage_is_an_error_or_frames_and_never_a_panic(at: prop::sample::Index, byte: u8, is_marked: bool) {
        let (mut bytes, _, _) = conversation(is_marked);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let mut link = link(None);
        link.connected();
        link.input.push(&bytes);
        for _ in 0..100 {
            match link.step() {
                Ok(Step::Frame) => {
                    link.frame();
                }
                _ => break,
            }
        }
    }
}
