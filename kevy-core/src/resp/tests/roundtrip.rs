//! What is written is read back, however it arrives, and hostile bytes are refused in bounded memory.

use proptest::collection::vec;
use proptest::prelude::*;

use super::requests::parse_in_steps;
use crate::resp::{ArgVec, Limits, Protocol, Tree, Value, Writer, decode_command, encode_command};

fn argument() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(any::<u8>(), 0..20),
        2 => proptest::sample::select(b"\r\n$*:\"' 01".to_vec()).prop_flat_map(|byte| vec(Just(byte), 0..5)),
        1 => vec(any::<u8>(), 90..1100),
    ]
}

fn commands() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
    vec(vec(argument(), 1..12), 0..6)
}

/// Bytes that look like the protocol and mostly are not.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        proptest::sample::select(b"*$%~>|+-:_,#!=(\r\n\"'\\x0123456789 -\0\xff".to_vec())
            .prop_map(|byte| vec![byte]),
        proptest::sample::select(vec![
            b"\r\n".to_vec(),
            b"*3\r\n".to_vec(),
            b"$3\r\nGET\r\n".to_vec(),
            b"*999999999\r\n".to_vec(),
            b"$536870912\r\n".to_vec(),
            b"%1\r\n".to_vec(),
            b"|0\r\n".to_vec(),
            b"=4\r\ntxt:\r\n".to_vec(),
            b"-9223372036854775808".to_vec(),
        ]),
        vec(any::<u8>(), 0..4),
    ];
    vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

fn line() -> impl Strategy<Value = String> {
    "[^\r\n]{0,12}"
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        line().prop_map(Value::Simple),
        line().prop_map(Value::Error),
        any::<i64>().prop_map(Value::Integer),
        (-120i64..120).prop_map(Value::Integer),
        argument().prop_map(Value::Bulk),
        Just(Value::Null),
        (any::<f64>()).prop_filter("NaN equals nothing", |value| !value.is_nan()).prop_map(Value::Double),
        any::<bool>().prop_map(Value::Boolean),
        ("[a-z]{3}", argument()).prop_map(|(format, data)| Value::Verbatim { format, data }),
        "-?[1-9][0-9]{0,40}".prop_map(Value::BigNumber),
    ];
    scalar.prop_recursive(4, 60, 12, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..12).prop_map(Value::Array),
            vec((inner.clone(), inner.clone()), 0..6).prop_map(Value::Map),
            vec(inner.clone(), 0..6).prop_map(Value::Set),
            vec(inner, 0..6).prop_map(Value::Push),
        ]
    })
}

proptest! {
    #[test]
    fn commands_are_parsed_back_however_they_are_split(commands in commands()) {
        let mut bytes = Vec::new();
        for command in &commands {
            let args: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
            let before = bytes.len();
            encode_command(&mut bytes, &args);
            let mut decoded = ArgVec::new();
            prop_assert_eq!(decode_command(&bytes[before..], &mut decoded), Ok(Some(bytes.len() - before)));
            prop_assert_eq!(decoded.as_slice(), args.as_slice());
        }
        for step in [1, 2, 3, 7, 64, bytes.len() / 2 + 1, bytes.len() + 1] {
            prop_assert_eq!(parse_in_steps(&bytes, step, &Limits::default()), (commands.clone(), None));
        }
    }

    #[test]
    fn a_command_split_at_any_byte_is_the_same(command in vec(argument(), 1..6)) {
        let args: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &args);
        for split in 1..bytes.len() {
            prop_assert_eq!(parse_in_steps(&bytes, split, &Limits::default()), (vec![command.clone()], None));
        }
    }

    #[test]
    fn values_are_read_back(value in value()) {
        let mut writer = Writer::new(Protocol::Resp3);
        value.write(&mut writer);
        let bytes = writer.take();
        prop_assert_eq!(Value::parse(&bytes), Ok(Some((value, bytes.len()))));
        for end in 0..bytes.len() {
            prop_assert_eq!(Value::parse(&bytes[..end]), Ok(None));
        }
    }

    #[test]
    fn values_are_well_formed_in_resp2_too(value in value()) {
        let mut writer = Writer::new(Protocol::Resp2);
        value.write(&mut writer);
        let bytes = writer.take();
        let (_, consumed) = Value::parse(&bytes).unwrap().unwrap();
        prop_assert_eq!(consumed, bytes.len());
    }

    #[test]
    fn hostile_requests_end_the_same_however_they_are_split(bytes in hostile()) {
        let limits = Limits { inline_len_max: 64, ..Limits::default() };
        let whole = parse_in_steps(&bytes, bytes.len().max(1), &limits);
        for step in [1, 2, 5, 13] {
            prop_assert_eq!(&parse_in_steps(&bytes, step, &limits), &whole);
        }
    }

    #[test]
    fn hostile_replies_take_no_more_nodes_than_their_bytes_allow(bytes in hostile()) {
        let mut tree = Tree::new();
        let whole = tree.parse(&bytes);
        prop_assert!(tree.len() <= bytes.len() / 3 + 1);
        let mut pieces = Tree::new();
        let mut outcome = pieces.parse(b"");
        for end in 1..=bytes.len() {
            if outcome != Ok(None) {
                break;
            }
            outcome = pieces.resume(&bytes[..end]);
        }
        prop_assert_eq!(outcome, whole);
        let mut args = ArgVec::new();
        if let Ok(Some(consumed)) = decode_command(&bytes, &mut args) {
            let mut again = Vec::new();
            encode_command(&mut again, &args);
            prop_assert_eq!(&again, &bytes[..consumed]);
        }
    }
}
