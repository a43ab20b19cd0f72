//! Verbs whose keys lie on several shards, and operations that the reference does not know.

use crate::command::testing::Harness;

const OPERATIONS: [&str; 8] = ["AND", "OR", "XOR", "NOT", "DIFF", "DIFF1", "ANDOR", "ONE"];

const TEXTS: [&[u8]; 6] =
    [b"", b"\xff", b"abc", b"\x0f\xf0\xaa\x55", b"a longer text than words are", b"\0\0\xff\xff\xff\xff"];

/// What an operation makes of one bit of every string.
fn expected(operation: &str, bits: &[bool]) -> bool {
    let (first, others) = bits.split_first().unwrap();
    let any_other = others.contains(&true);
    match operation {
        "AND" => !bits.contains(&false),
        "OR" => bits.contains(&true),
        "XOR" => bits.iter().filter(|bit| **bit).count() % 2 == 1,
        "NOT" => !first,
        "DIFF" => *first && !any_other,
        "DIFF1" => !first && any_other,
        "ANDOR" => *first && any_other,
        _ => bits.iter().filter(|bit| **bit).count() == 1,
    }
}

fn check(kevy: &mut Harness, replica: &mut Harness, operation: &str, texts: &[&[u8]]) {
    let keys: Vec<String> = (0..texts.len()).map(|at| format!("key{at}")).collect();
    for (key, text) in keys.iter().zip(texts) {
        kevy.run(&[b"SET", key.as_bytes(), text]);
    }
    let mut args: Vec<&[u8]> = vec![b"BITOP", operation.as_bytes(), b"d"];
    args.extend(keys.iter().map(|key| key.as_bytes()));
    let len = texts.iter().map(|text| text.len()).max().unwrap();
    let bit = |text: &[u8], at: usize| text.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0);
    let mut wanted = vec![0u8; len];
    for at in 0..len * 8 {
        let bits: Vec<bool> = texts.iter().map(|text| bit(text, at)).collect();
        wanted[at / 8] |= u8::from(expected(operation, &bits)) << (7 - at % 8);
    }
    assert_eq!(kevy.run(&args), format!(":{len}\r\n").into_bytes());
    let got = kevy.run(&[b"STRLEN", b"d"]);
    assert_eq!(got, format!(":{len}\r\n").into_bytes(), "{operation} {texts:?}");
    let mut reply = format!("${len}\r\n").into_bytes();
    reply.extend_from_slice(&wanted);
    reply.extend_from_slice(b"\r\n");
    if len > 0 {
        assert_eq!(kevy.run(&[b"GET", b"d"]), reply, "{operation} {texts:?}");
    }
    replica.apply(&kevy.take_effects());
    assert_eq!(kevy.held("d"), replica.held("d"), "{operation} {texts:?}");
}

#[test]
fn every_operation_on_strings_of_any_length_wherever_they_lie() {
    for shards in [1, 4] {
        let (mut kevy, mut replica) = (Harness::with_shards(shards), Harness::with_shards(3));
        for operation in OPERATIONS {
            for first in TEXTS {
                if operation == "NOT" {
                    check(&mut kevy, &mut replica, operation, &[first]);
                    continue;
                }
                for second in TEXTS {
                    check(&mut kevy, &mut replica, operation, &[first, second]);
                    for third in TEXTS {
                        check(&mut kevy, &mut replica, operation, &[first, second, third, b"x"]);
                    }
                }
            }
        }
    }
}

#[test]
fn the_result_is_sent_where_sources_lie_elsewhere() {
    let mut kevy = Harness::with_shards(4);
    for key in ["a", "b", "c", "e", "f"] {
        kevy.line(&format!("SET {key} {key}"));
    }
    kevy.line("SET {d}1 q");
    kevy.take_effects();
    assert_eq!(kevy.line("BITOP OR d a b c e f"), ":1\\r\\n");
    assert_eq!(kevy.take_effect_lines(), ["SET d g"]);
    assert_eq!(kevy.line("BITOP OR d {d}1"), ":1\\r\\n");
    assert_eq!(kevy.take_effect_lines(), ["BITOP OR d {d}1"]);
    assert_eq!(kevy.line("BITOP OR d none nothing naught void"), ":0\\r\\n");
    assert_eq!(kevy.take_effect_lines(), ["DEL d"]);
}

#[test]
fn operations_refuse_what_they_cannot_combine() {
    let mut kevy = Harness::with_shards(4);
    kevy.line("SET a a");
    kevy.line("HSET h f v");
    for operation in ["DIFF", "diff1", "AndOr"] {
        let name = operation.to_uppercase();
        let error = format!("-ERR BITOP {name} must be called with at least two source keys.\\r\\n");
        assert_eq!(kevy.line(&format!("BITOP {operation} d a")), error);
    }
    for operation in ["ONE", "DIFF", "DIFF1", "ANDOR"] {
        assert!(kevy.line(&format!("BITOP {operation} d a h")).starts_with("-WRONGTYPE"));
    }
    assert_eq!(kevy.line("BITOP ONE d a"), ":1\\r\\n");
    assert_eq!(kevy.line("GET d"), "$1\\r\\na\\r\\n");
}
