//! What a client's bytes are taken for, with the replies that redis-server 7.0.15 gives to the same bytes.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crate::base::live_redis::LiveRedis;
use crate::resp::{ArgVec, Batch, Limits, ProtocolError, RequestParser, encode_command, glance};

pub type Commands = Vec<Vec<Vec<u8>>>;

/// Parses a connection's bytes that arrive `step` at a time, and returns the commands and the error that ends it.
pub fn parse_in_steps(bytes: &[u8], step: usize, limits: &Limits) -> (Commands, Option<ProtocolError>) {
    let (mut parser, mut batch, mut commands) = (RequestParser::new(), Batch::new(), Vec::new());
    let mut start = 0;
    for end in (0..bytes.len()).step_by(step).map(|at| (at + step).min(bytes.len())) {
        loop {
            let buf = &bytes[start..end];
            let progress = match parser.parse(buf, limits, 3, &mut batch) {
                Ok(progress) => progress,
                Err(error) => return (commands, Some(error)),
            };
            for i in 0..batch.len() {
                let mut args = ArgVec::new();
                batch.args(i, buf, &mut args);
                assert_eq!(args.len(), batch.argc(i));
                assert!((0..args.len()).all(|n| batch.arg(i, n, buf) == Some(args[n])));
                commands.push(args.iter().map(|arg| arg.to_vec()).collect());
            }
            start += progress.consumed;
            if !progress.more {
                break;
            }
        }
    }
    (commands, None)
}

fn parse(bytes: &[u8]) -> (Commands, Option<ProtocolError>) {
    parse_in_steps(bytes, bytes.len().max(1), &Limits::default())
}

/// Requests after each of which `ECHO` and `PING` make visible how the bytes were cut into arguments.
const REQUESTS: &[&[u8]] = &[
    b"*1\r\n$4\r\nPING\r\n",
    b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
    b"*2\r\n$4\r\nECHO\r\n$12\r\nhello\r\nworld\r\n",
    b"*0\r\nPING\r\n",
    b"*-1\r\nPING\r\n",
    b"*-5\r\nPING\r\n",
    b"*-9223372036854775808\r\nPING\r\n",
    b"\r\nPING\r\n",
    b"\n\nPING\n",
    b"   \r\nPING\r\n",
    b"*x\r\n",
    b"*\r\n",
    b"* 1\r\n",
    b"*+1\r\n$4\r\nPING\r\n",
    b"*01\r\n$4\r\nPING\r\n",
    b"*-0\r\nPING\r\n",
    b"*2147483648\r\n",
    b"*-9223372036854775809\r\n",
    b"*99999999999999999999999\r\n",
    b"*1\n$4\nPING\r\nPING\r\n",
    b"*1\rX$4\rXPINGXXPING\r\n",
    b"*1\r\r\n$4\r\nPING\r\n",
    b"*1\r\nPING\r\n",
    b"*1\r\n\r\n",
    b"*1\r\n\xff\r\n",
    b"*1\r\n$x\r\n",
    b"*1\r\n$\r\n",
    b"*1\r\n$+4\r\nPING\r\n",
    b"*1\r\n$04\r\nPING\r\n",
    b"*1\r\n$-0\r\n\r\n",
    b"*1\r\n$-1\r\n",
    b"*1\r\n$536870913\r\n",
    b"*1\r\n$9223372036854775808\r\n",
    b"PING\r\n*x\r\n",
    b"ECHO \"a\\x41\\n\\r\\t\\b\\a\\q\\\"\"\r\n",
    b"ECHO \"\\x4\"\r\n",
    b"ECHO \"\\xzz\"\r\n",
    b"ECHO \"\\xaF\"\r\n",
    b"ECHO 'it\\'s\\n'\r\n",
    b"ECHO a\"b c\"\r\n",
    b"ECHO a\"b c\"d\r\n",
    b"ECHO a'b'\r\n",
    b"ECHO \"\"\r\n",
    b"ECHO ''\r\n",
    b"ECHO ''''\r\n",
    b"ECHO a\x0bb\x0cc\r\n",
    b"\x0b\x0cECHO a\r\n",
    b"\tECHO\ta\r\n",
    b"ECHO \\\r\n",
    b"ECHO ab\r\r\n",
    b"ECHO a\x85b\xa0c\r\n",
    b"PING\rab\r\n",
    b"SET \"a\r\n",
    b"SET 'a'b\r\n",
    b"ECHO 'a\r\n'\r\n",
    b"ECHO '\\\r\n",
    b"ECHO \"\\\r\n",
];

/// The replies that the commands must have, as far as PING and ECHO can tell, and the error that ends them.
fn expected_replies(bytes: &[u8]) -> Vec<u8> {
    let (commands, error) = parse(bytes);
    let mut replies = Vec::new();
    for command in commands {
        match command.iter().map(Vec::as_slice).collect::<Vec<_>>().as_slice() {
            [b"PING"] => replies.extend_from_slice(b"+PONG\r\n"),
            [b"ECHO" | b"PING", text] => {
                replies.extend_from_slice(format!("${}\r\n", text.len()).as_bytes());
                replies.extend_from_slice(&[text, b"\r\n".as_slice()].concat());
            }
            other => panic!("the test cannot tell the reply to {other:?}"),
        }
    }
    if let Some(error) = error {
        replies.extend_from_slice(&[b"-", error.reply().as_slice(), b"\r\n"].concat());
    }
    replies
}

#[test]
fn requests_are_taken_as_redis_takes_them() {
    let redis = LiveRedis::start();
    for request in REQUESTS {
        let mut stream = UnixStream::connect(redis.socket()).unwrap();
        stream.write_all(request).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut replies = Vec::new();
        stream.read_to_end(&mut replies).unwrap();
        assert_eq!(
            expected_replies(request).escape_ascii().to_string(),
            replies.escape_ascii().to_string(),
            "{}",
            request.escape_ascii()
        );
    }
}

#[test]
fn requests_are_the_same_however_they_arrive() {
    for request in REQUESTS {
        let twice = [b"*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n", *request, b"PING\r\n"].concat();
        let whole = parse(&twice);
        for step in 1..twice.len() {
            assert_eq!(
                parse_in_steps(&twice, step, &Limits::default()),
                whole,
                "{} by {step}",
                twice.escape_ascii()
            );
        }
    }
}

#[test]
fn a_line_that_does_not_end_is_refused_at_64_kib() {
    let limits = Limits::default();
    for (prefix, error) in [
        (b"A".as_slice(), ProtocolError::TooBigInline),
        (b"*", ProtocolError::TooBigMultibulkCount),
        (b"*1\r\n$", ProtocolError::TooBigBulkCount),
    ] {
        let line_start = prefix.len() - 1;
        let mut bytes = prefix.to_vec();
        bytes.resize(line_start + 64 * 1024, b'1');
        assert_eq!(parse_in_steps(&bytes, 1000, &limits), (vec![], None));
        bytes.push(b'1');
        assert_eq!(parse_in_steps(&bytes, 1000, &limits), (vec![], Some(error)));
        bytes.extend_from_slice(b"\r\n");
        assert_eq!(parse_in_steps(&bytes, bytes.len(), &limits), (vec![], Some(error)));
    }
}

#[test]
fn an_unauthenticated_client_may_send_ten_arguments_of_16_kib() {
    let limits = Limits { authenticated: false, ..Limits::default() };
    let parse = |bytes: &[u8]| parse_in_steps(bytes, bytes.len(), &limits).1;
    assert_eq!(parse(b"*10\r\n"), None);
    assert_eq!(parse(b"*11\r\n"), Some(ProtocolError::UnauthenticatedMultibulkLength));
    assert_eq!(parse(b"*2147483648\r\n"), Some(ProtocolError::InvalidMultibulkLength));
    assert_eq!(parse(b"*1\r\n$16384\r\n"), None);
    assert_eq!(parse(b"*1\r\n$16385\r\n"), Some(ProtocolError::UnauthenticatedBulkLength));
    assert_eq!(parse(b"*1\r\n$536870913\r\n"), Some(ProtocolError::InvalidBulkLength));
}

#[test]
fn what_follows_a_password_is_parsed_once_the_password_was_tried() {
    let bytes = b"*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n*11\r\n";
    let (mut parser, mut batch) = (RequestParser::new(), Batch::new());
    let mut limits = Limits { authenticated: false, ..Limits::default() };
    let progress = parser.parse(bytes, &limits, 100, &mut batch).unwrap();
    assert_eq!((batch.len(), progress.consumed, progress.more), (1, 21, true));
    limits.authenticated = true;
    let progress = parser.parse(&bytes[21..], &limits, 100, &mut batch).unwrap();
    assert_eq!((batch.len(), progress.more), (0, false));
}

#[test]
fn limits_apply_to_lengths_of_any_number_of_digits() {
    let limits = Limits { bulk_len_max: 5, multibulk_len_max: 3, ..Limits::default() };
    let parse = |bytes: &[u8]| parse_in_steps(bytes, bytes.len(), &limits).1;
    assert_eq!(parse(b"*3\r\n$5\r\nabcde\r\n"), None);
    assert_eq!(parse(b"*4\r\n$5\r\nabcde\r\n"), Some(ProtocolError::InvalidMultibulkLength));
    for header in [b"$6\r\nabcdef\r\n".as_slice(), b"$66\r\nabcdef", b"$666\r\nabcdef", b"$6666\r\nabcdef"] {
        assert_eq!(parse(&[b"*1\r\n", header].concat()), Some(ProtocolError::InvalidBulkLength));
    }
}

#[test]
fn a_big_argument_says_how_much_of_it_is_missing() {
    let (mut parser, mut batch) = (RequestParser::new(), Batch::new());
    let mut bytes = b"*2\r\n$3\r\nGET\r\n$100000\r\nabc".to_vec();
    let progress = parser.parse(&bytes, &Limits::default(), 10, &mut batch).unwrap();
    assert_eq!((progress.consumed, progress.want, progress.more), (0, 99_999, false));
    bytes.resize(bytes.len() + 99_999, b'x');
    let progress = parser.parse(&bytes, &Limits::default(), 10, &mut batch).unwrap();
    assert_eq!((progress.consumed, progress.want, batch.len()), (bytes.len(), 0, 1));
    assert_eq!(batch.arg(0, 1, &bytes).map(<[u8]>::len), Some(100_000));
}

#[test]
fn a_caller_can_stop_inside_a_batch_and_parse_the_rest_again() {
    let mut bytes = Vec::new();
    for word in [b"a", b"b", b"c"] {
        encode_command(&mut bytes, &[word]);
    }
    bytes.extend_from_slice(b"*2\r\n$1");
    let (mut parser, mut batch) = (RequestParser::new(), Batch::new());
    parser.parse(&bytes, &Limits::default(), 10, &mut batch).unwrap();
    assert_eq!(batch.len(), 3);
    let rest = &bytes[batch.end(0)..];
    parser.rewind();
    let progress = parser.parse(rest, &Limits::default(), 10, &mut batch).unwrap();
    assert_eq!(
        (batch.len(), batch.arg(0, 0, rest), batch.arg(1, 0, rest)),
        (2, Some(&b"b"[..]), Some(&b"c"[..]))
    );
    assert_eq!(&rest[progress.consumed..], b"*2\r\n$1");
}

#[test]
fn a_command_of_many_arguments_arrives_in_pieces() {
    let words: Vec<Vec<u8>> = (0..5000).map(|n: u32| n.to_string().into_bytes()).collect();
    let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let mut bytes = b"PING\r\n".to_vec();
    encode_command(&mut bytes, &args);
    bytes.extend_from_slice(b"PING\r\n");
    let (commands, error) = parse_in_steps(&bytes, 777, &Limits::default());
    assert_eq!((commands.len(), error), (3, None));
    assert_eq!(commands[1], words);
}

#[test]
fn a_glance_sees_the_first_argument_of_a_whole_command_and_takes_no_harm_from_anything_else() {
    let command = b"*3\r\n$3\r\nSET\r\n$4\r\nname\r\n$3\r\nada\r\n";
    assert_eq!(glance(command), Some(&b"name"[..]));
    for end in 0..command.len() {
        let seen = glance(&command[..end]);
        assert!(seen.is_none_or(|key| key == b"name"), "{end}: {seen:?}");
    }
    for odd in [
        &b"PING\r\n"[..],
        b"*1\r\n$4\r\nPING\r\n",
        b"*2\r\n$999\r\nGET\r\n$4\r\nname\r\n",
        b"*2\r\n$-1\r\n$9999\r\n",
    ] {
        assert_eq!(glance(odd), None, "{odd:?}");
    }
}
