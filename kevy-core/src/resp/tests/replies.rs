//! Reading replies.

use crate::resp::reply::DEPTH_MAX;
use crate::resp::{ArgVec, Kind, ProtocolError, Tree, Value, decode_command};

fn parse(bytes: &[u8]) -> Value {
    let (value, consumed) = Value::parse(bytes).unwrap().expect("a whole reply");
    assert_eq!(consumed, bytes.len());
    value
}

fn bulk(text: &str) -> Value {
    Value::Bulk(text.into())
}

#[test]
fn every_type_is_read() {
    assert_eq!(parse(b"+OK\r\n"), Value::Simple("OK".into()));
    assert_eq!(parse(b"+\r\n"), Value::Simple(String::new()));
    assert_eq!(parse(b"-ERR no\r\n"), Value::Error("ERR no".into()));
    assert_eq!(parse(b"!6\r\nERR\r\nx\r\n"), Value::Error("ERR\r\nx".into()));
    assert_eq!(parse(b":0\r\n"), Value::Integer(0));
    assert_eq!(parse(b":-9223372036854775808\r\n"), Value::Integer(i64::MIN));
    assert_eq!(parse(b"$2\r\nhi\r\n"), bulk("hi"));
    assert_eq!(parse(b"$0\r\n\r\n"), bulk(""));
    for null in [b"$-1\r\n".as_slice(), b"*-1\r\n", b"_\r\n"] {
        assert_eq!(parse(null), Value::Null);
    }
    assert_eq!(parse(b",1.5e+300\r\n"), Value::Double(1.5e300));
    assert_eq!(parse(b",-inf\r\n"), Value::Double(f64::NEG_INFINITY));
    assert!(matches!(parse(b",nan\r\n"), Value::Double(value) if value.is_nan()));
    assert_eq!(parse(b"#t\r\n"), Value::Boolean(true));
    assert_eq!(parse(b"#f\r\n"), Value::Boolean(false));
    assert_eq!(parse(b"=6\r\ntxt:hi\r\n"), Value::Verbatim { format: "txt".into(), data: b"hi".into() });
    assert_eq!(parse(b"(-123456789012345678901\r\n"), Value::BigNumber("-123456789012345678901".into()));
    assert_eq!(parse(b"*0\r\n"), Value::Array(vec![]));
    assert_eq!(parse(b"*2\r\n:1\r\n*1\r\n$1\r\na\r\n"), {
        Value::Array(vec![Value::Integer(1), Value::Array(vec![bulk("a")])])
    });
    assert_eq!(
        parse(b"%1\r\n+k\r\n~0\r\n"),
        Value::Map(vec![(Value::Simple("k".into()), Value::Set(vec![]))])
    );
    assert_eq!(parse(b">1\r\n+x\r\n"), Value::Push(vec![Value::Simple("x".into())]));
}

#[test]
fn an_attribute_takes_the_place_of_the_reply_it_describes() {
    let bytes = b"*2\r\n|1\r\n+ttl\r\n:9\r\n$1\r\na\r\n:2\r\n";
    assert_eq!(parse(bytes), Value::Array(vec![bulk("a"), Value::Integer(2)]));
    let mut tree = Tree::new();
    assert_eq!(tree.parse(bytes), Ok(Some(bytes.len())));
    let attribute = tree.root(bytes).at(0).unwrap();
    assert_eq!((attribute.kind(), attribute.len()), (Kind::Attribute, 3));
    assert_eq!(attribute.at(1).unwrap().integer(), 9);
    assert_eq!(attribute.without_attributes().bytes(), b"a");
}

#[test]
fn nodes_are_reached_by_position_and_by_index() {
    let bytes = b"*3\r\n%1\r\n+k\r\n,2.5\r\n$-1\r\n=6\r\nmkd:hi\r\n";
    let mut tree = Tree::new();
    assert_eq!(tree.parse(bytes), Ok(Some(bytes.len())));
    let root = tree.root(bytes);
    assert_eq!((root.kind(), root.len(), tree.len()), (Kind::Array, 3, 6));
    let map = root.at(0).unwrap();
    assert_eq!((map.kind(), map.len()), (Kind::Map, 2));
    assert_eq!(map.at(0).unwrap().bytes(), b"k");
    let double = map.at(1).unwrap();
    assert_eq!((double.double(), double.bytes()), (2.5, b"2.5".as_slice()));
    assert_eq!(tree.node(double.index(), bytes).double(), 2.5);
    assert_eq!(root.at(1).unwrap().kind(), Kind::Null);
    let text = root.at(2).unwrap();
    assert_eq!((text.format(), text.bytes()), (b"mkd".as_slice(), b"hi".as_slice()));
    assert!(root.at(3).is_none() && text.at(0).is_none());
    assert_eq!(root.children().map(|child| child.index()).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn malformed_replies_are_refused() {
    for (bytes, error) in [
        (b"hello\r\n".as_slice(), ProtocolError::UnknownType(b'h')),
        (b":\r\n", ProtocolError::InvalidNumber),
        (b":12x\r\n", ProtocolError::InvalidNumber),
        (b":9223372036854775808\r\n", ProtocolError::InvalidNumber),
        (b"$-2\r\n", ProtocolError::InvalidNumber),
        (b"%-1\r\n", ProtocolError::InvalidNumber),
        (b"!-1\r\n", ProtocolError::InvalidNumber),
        (b"*?\r\n", ProtocolError::InvalidNumber),
        (b"$1\r\nabc", ProtocolError::MissingLineEnd),
        (b"+a\rb", ProtocolError::MissingLineEnd),
        (b":1\rx", ProtocolError::MissingLineEnd),
        (b"#x\r\n", ProtocolError::InvalidScalar),
        (b",abc\r\n", ProtocolError::InvalidScalar),
        (b"(-\r\n", ProtocolError::InvalidScalar),
        (b"_x\r\n", ProtocolError::InvalidScalar),
        (b"=3\r\ntxt\r\n", ProtocolError::InvalidScalar),
        (b"=5\r\ntxt;a\r\n", ProtocolError::InvalidScalar),
    ] {
        assert_eq!(Value::parse(bytes), Err(error), "{}", bytes.escape_ascii());
    }
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| [b"*1\r\n".repeat(depth), b":1\r\n".to_vec()].concat();
    assert!(Value::parse(&nested(DEPTH_MAX)).unwrap().is_some());
    assert_eq!(Value::parse(&nested(DEPTH_MAX + 1)), Err(ProtocolError::TooDeep));
    assert_eq!(Value::parse(&b"|0\r\n".repeat(100_000)), Err(ProtocolError::TooDeep));
}

#[test]
fn a_declared_length_takes_no_memory() {
    let mut tree = Tree::new();
    for bytes in
        [b"*1000000000000\r\n:1\r\n".as_slice(), b"$1000000000000\r\nabc", b"%9223372036854775807\r\n"]
    {
        assert_eq!(tree.parse(bytes), Ok(None));
        assert!(tree.len() <= 1);
    }
    // Each level claims all that the bytes after it could hold.
    let bytes: Vec<u8> = (0..100).flat_map(|_| *b"*9999\r\n").chain([b'_'; 30_000]).collect();
    assert_eq!(tree.parse(&bytes), Ok(None));
    assert!(tree.len() <= bytes.len() / 3);
}

#[test]
fn replies_that_arrive_byte_by_byte_are_taken_up_where_reading_stopped() {
    let bytes =
        b"*5\r\n+some text\r\n%1\r\n$3\r\nkey\r\n:12\r\n=6\r\ntxt:hi\r\n|1\r\n+a\r\n+b\r\n_\r\n,1.25\r\n";
    let (mut whole, mut tree) = (Tree::new(), Tree::new());
    assert_eq!(whole.parse(bytes), Ok(Some(bytes.len())));
    assert_eq!(tree.parse(b""), Ok(None));
    for end in 1..bytes.len() {
        assert_eq!(tree.resume(&bytes[..end]), Ok(None));
        assert_eq!(Value::parse(&bytes[..end]), Ok(None));
    }
    assert_eq!(tree.resume(bytes), Ok(Some(bytes.len())));
    assert_eq!(Value::from(tree.root(bytes)), Value::from(whole.root(bytes)));
}

#[test]
fn commands_are_decoded_strictly() {
    let mut args = ArgVec::new();
    let bytes = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\nrest";
    assert_eq!(decode_command(bytes, &mut args), Ok(Some(bytes.len() - 4)));
    assert_eq!(args.as_slice(), [b"GET".as_slice(), b"k"]);
    for end in 0..bytes.len() - 4 {
        assert_eq!(decode_command(&bytes[..end], &mut args), Ok(None));
    }
    for (bytes, error) in [
        (b"GET k\r\n".as_slice(), ProtocolError::InvalidMultibulkLength),
        (b"*-1\r\n", ProtocolError::InvalidMultibulkLength),
        (b"*1\r\n:1\r\n", ProtocolError::ExpectedBulk(b':')),
        (b"*1\r\n$-1\r\n", ProtocolError::InvalidBulkLength),
        (b"*1\rx", ProtocolError::MissingLineEnd),
        (b"*1\r\n$1\r\nabc", ProtocolError::MissingLineEnd),
    ] {
        assert_eq!(decode_command(bytes, &mut args), Err(error), "{}", bytes.escape_ascii());
    }
}
