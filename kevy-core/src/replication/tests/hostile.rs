//! Primaries that lie, and what is made of it.

use crate::base::ErrorKind;
use crate::base::options::Secret;

use super::super::client::link::{Link, LinkOptions, Step};
use super::super::cursor::Cursor;
use super::{frame, link_options, streaming};

#[test]
fn hostile_lines_are_protocol_errors() {
    for bytes in [
        &b"HTTP/1.1 400\r\n"[..],
        b"+OK\r\n",
        b"+ACK 0 0\r\n",
        b"+ACK 5\r\n",
        b"+ACK 5 0\r\n*2\r\n:0\r\n*1\r\n$1\r\nx\r\n",
        b"+ACK 5 0\r\n+SHARD 0\r\n",
        b"+ACK 5 0\r\n+SNAPSHOT_END 0\r\n",
        b"+ACK 5 0\r\n+SNAPSHOT\r\n+SNAPSHOT_END 0\r\n",
        b"+ACK 5 0\r\n+SNAPSHOT\r\n$-1\r\n",
        b"+ACK 5 0\r\n+SNAPSHOT\r\n$999999999\r\n",
        b"+ACK 5 0\r\n+SNAPSHOT\r\n$9\r\nREDIS0012xx",
        b"+ACK 5 0\r\n+SNAPSHOT\r\n:1\r\n",
    ] {
        let mut link = Link::new(link_options(), &Cursor::default());
        link.connected();
        link.input.push(bytes);
        let error = loop {
            match link.step() {
                Ok(Step::Frame) => {}
                Ok(Step::Input) => panic!("{} was taken", bytes.escape_ascii()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Protocol, "{}: {error}", bytes.escape_ascii());
    }
}

#[test]
fn streams_that_contradict_themselves_are_protocol_errors() {
    let shard0 = b"+SHARD 0\r\n".to_vec();
    for (pieces, text) in [
        (vec![frame(1, &["DEL", "a"])], "offset 1 where 0 comes next"),
        (vec![frame(0, &["EXEC"])], "has not begun"),
        (vec![frame(0, &["MULTI"]), frame(1, &["MULTI"])], "inside another"),
        (vec![frame(0, &["MULTI", "x", "0"])], "participants"),
        (vec![frame(0, &["MULTI", "1"])], "participants"),
        (vec![frame(0, &["MULTI", "1", "1", "0"])], "participants"),
        (vec![frame(0, &["MULTI", "1", "1"]), frame(1, &["EXEC"])], "does not name the shard"),
        (vec![frame(0, &["MULTI", "1", "0", "7"]), frame(1, &["EXEC"])], "shard 7"),
        (vec![frame(0, &["SELECT", "x"])], "no database"),
        (vec![frame(0, &["SELECT"])], "without its database"),
        (vec![b"*2\r\n:0\r\n*0\r\n".to_vec()], "no verb"),
        (vec![b"*2\r\n:99999999999999999999\r\n".to_vec()], "where a frame must stand"),
        (vec![b"*3\r\n".to_vec()], "where a frame must stand"),
        (vec![b"+SHARD 2\r\n".to_vec()], "shard 2"),
        (vec![b"+PING 6 0,0\r\n".to_vec()], "history 6"),
        (vec![b"+PING 5 0,1\r\n".to_vec()], "other offsets"),
    ] {
        let mut link = streaming();
        link.input.push(&shard0);
        pieces.iter().for_each(|piece| link.input.push(piece));
        let error = loop {
            match link.step() {
                Ok(Step::Frame) => {}
                Ok(Step::Input) => panic!("taken where '{text}' was expected"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.message().contains(text), "{error}");
    }
}

#[test]
fn what_a_primary_refuses_for_has_a_kind() {
    for (line, kind) in [
        ("-NOAUTH Authentication required.", ErrorKind::Auth),
        ("-WRONGPASS invalid username-password pair", ErrorKind::Auth),
        ("-ERR unknown command 'REPLICATE'", ErrorKind::Unsupported),
        ("-LOADING loading", ErrorKind::Io),
        ("-RESYNC too slow", ErrorKind::Io),
        ("-ERR REPLICATE: no", ErrorKind::Replica),
    ] {
        let mut link =
            Link::new(LinkOptions { password: Secret("x".into()), ..link_options() }, &Cursor::default());
        link.connected();
        assert!(link.output.starts_with(b"*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n"));
        link.input.push(line.as_bytes());
        link.input.push(b"\r\n");
        assert_eq!(link.step().map_err(|error| error.kind()), Err(kind), "{line}");
    }
}
