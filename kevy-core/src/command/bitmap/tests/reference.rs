//! Every bitmap verb with good and bad arguments on keys of every kind: replies, contents, expiry, replica.

use crate::command::testing::{Harness, Twin};

/// What `k` may hold when a case begins.
const STATES: &[&[&str]] = &[
    &[],
    &["SET k abc"],
    &["SET k 10"],
    &["SET k -9223372036854775808 PX 1000000"],
    &["SET k \"\""],
    &["SET k \"\\x00\\xff\\xf0\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01\\x00\" PX 1000000"],
    &["SET k \"\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\""],
    &["HSET k f v"],
];

const OFFSETS: &[&str] = &[
    "0",
    "1",
    "7",
    "8",
    "23",
    "24",
    "100",
    "-1",
    "-3",
    "-100",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "1.5",
    "abc",
    "\"\"",
    "#1",
    "+1",
    "01",
];

#[test]
fn single_bits() {
    let mut twin = Twin::new(&["k"]);
    for state in STATES {
        for offset in OFFSETS {
            twin.begin(state);
            twin.check(&format!("GETBIT k {offset}"));
            for bit in ["0", "1", "0", "2", "-1", "abc", "\"\"", "1.0", "4294967297"] {
                twin.check(&format!("SETBIT k {offset} {bit}"));
            }
            twin.check(&format!("GETBIT k {offset}"));
        }
    }
}

#[test]
fn counting_and_finding_in_every_range() {
    let mut twin = Twin::new(&["k"]);
    for state in STATES {
        twin.begin(state);
        // Since 7.2 a range is looked at before its key, and the whole of it before it may be empty.
        let holds_string = state.first().is_some_and(|line| line.starts_with("SET"));
        let numbers = |offset: &&&str| {
            // Redis reads integers without leading zeros or a plus.
            let is_plain = offset.parse::<i64>().is_ok_and(|number| number.to_string() == ***offset);
            holds_string || is_plain
        };
        let is_reversed = |start: &str, end: &str| match (start.parse::<i64>(), end.parse::<i64>()) {
            (Ok(start), Ok(end)) => start < 0 && end < 0 && start > end,
            _ => false,
        };
        twin.check("BITCOUNT k");
        for bit in ["0", "1"] {
            twin.check(&format!("BITPOS k {bit}"));
        }
        for start in OFFSETS.iter().filter(numbers) {
            if holds_string {
                twin.check(&format!("BITCOUNT k {start}"));
            }
            twin.check(&format!("BITPOS k {start}"));
            twin.check(&format!("BITPOS k 0 {start}"));
            twin.check(&format!("BITPOS k 1 {start}"));
            for end in OFFSETS.iter().filter(numbers) {
                for unit in ["", " BYTE", " bit", " bogus", " BIT BIT"] {
                    let is_bad = unit.starts_with(" bo") || unit.starts_with(" BIT");
                    if is_bad && (!holds_string || is_reversed(start, end)) {
                        continue;
                    }
                    for verb in ["BITCOUNT k", "BITPOS k 0", "BITPOS k 1", "BITPOS k 2"] {
                        twin.check(&format!("{verb} {start} {end}{unit}"));
                    }
                }
            }
        }
    }
}

#[test]
fn combining_strings() {
    let mut twin = Twin::new(&["k", "l", "d"]);
    for state in STATES {
        for other in ["SET l \"\\x0f\\xff\\x55\\xaa\"", "DEL l", "SET l 1234567", "RPUSH l a", "SET l \"\""] {
            for line in [
                "BITOP AND d k l",
                "bitop and d l k missing",
                "BITOP OR d k l",
                "BITOP OR k k k l",
                "BITOP XOR l k l",
                "BITOP XOR d k l k",
                "BITOP NOT d k",
                "BITOP not k k",
                "BITOP NOT d k l",
                "BITOP AND d l",
                "BITOP NAND d k l",
                "BITOP \"\" d k",
                "BITOP AND d",
            ] {
                twin.begin(state);
                twin.check(other);
                twin.check("SET d old PX 500000");
                twin.check(line);
            }
        }
    }
}

#[test]
fn fields_of_every_encoding() {
    let encodings = [
        "i1", "i5", "i8", "i63", "i64", "u1", "u7", "u8", "u63", "u64", "i65", "i0", "u0", "i-1", "x8", "8",
        "i", "U8", "i08", "\"\"",
    ];
    let values = [
        "0",
        "1",
        "-1",
        "100",
        "-300",
        "255",
        "9223372036854775807",
        "-9223372036854775808",
        "-9223372036854775807",
        "9223372036854775808",
        "abc",
    ];
    let mut twin = Twin::new(&["k"]);
    for state in STATES {
        for encoding in encodings {
            for offset in ["0", "3", "#1", "#2"] {
                twin.begin(state);
                twin.check(&format!("BITFIELD k GET {encoding} {offset}"));
                twin.check(&format!("BITFIELD_RO k GET {encoding} {offset}"));
                for overflow in ["", "OVERFLOW WRAP ", "OVERFLOW sat ", "overflow FAIL "] {
                    for value in values {
                        twin.check(&format!("BITFIELD k {overflow}SET {encoding} {offset} {value}"));
                        twin.check(&format!("BITFIELD k {overflow}INCRBY {encoding} {offset} {value}"));
                        twin.check(&format!("BITFIELD k GET {encoding} {offset}"));
                    }
                }
            }
        }
    }
}

#[test]
fn several_operations_and_what_is_wrong_with_them() {
    let mut twin = Twin::new(&["k"]);
    for protocol in 2..=3 {
        if protocol == 3 {
            twin.use_resp3();
        }
        // What a hash holds is not read in RESP3.
        for state in STATES.iter().take(if protocol == 2 { STATES.len() } else { STATES.len() - 1 }) {
            for line in [
                "BITFIELD k",
                "BITFIELD_RO k",
                "BITFIELD k GET u8 0 GET i8 8 GET u63 100",
                "BITFIELD k SET u8 0 1 GET u8 0 INCRBY u8 0 254 OVERFLOW FAIL INCRBY u8 0 1 OVERFLOW SAT INCRBY u8 0 1 GET u8 0",
                "BITFIELD k OVERFLOW SAT OVERFLOW FAIL SET u2 0 4",
                "BITFIELD k OVERFLOW FAIL SET u2 1000 4 GET u8 0",
                "BITFIELD k OVERFLOW FAIL",
                "BITFIELD k OVERFLOW",
                "BITFIELD k OVERFLOW BOGUS GET u8 0",
                "BITFIELD k GET u8",
                "BITFIELD k GET",
                "BITFIELD k SET u8 0",
                "BITFIELD k INCRBY u8 0",
                "BITFIELD k SET u8 0 1 BOGUS",
                "BITFIELD k SET u8 0 1 SET u8 0 x",
                "BITFIELD k SET u8 -1 1",
                "BITFIELD k SET u8 #-1 1",
                "BITFIELD k SET u8 # 1",
                "BITFIELD k SET u8 4294967296 1",
                "BITFIELD k GET u8 4294967295",
                "BITFIELD k GET u8 #536870911",
                "BITFIELD k GET u8 #536870912",
                "BITFIELD_RO k SET u8 0 1",
                "BITFIELD_RO k INCRBY u8 0 1",
                "BITFIELD_RO k OVERFLOW SAT GET u8 0",
                "BITFIELD_RO k GET u8 0 SET u8 0 x",
                "BITFIELD_RO k GET u8 0 GET u8 #1",
                "BITFIELD",
                "BITFIELD_RO",
            ] {
                twin.begin(state);
                twin.check(line);
            }
        }
    }
}

#[test]
fn no_offset_is_too_large_to_be_refused() {
    let mut kevy = Harness::with_options(1, &[("proto-max-bulk-len", "1048576")]);
    let error = "-ERR bit offset is not an integer or out of range\\r\\n";
    for offset in ["8388608", "4294967295", "9223372036854775807"] {
        for line in [
            format!("SETBIT k {offset} 1"),
            format!("GETBIT k {offset}"),
            format!("BITFIELD k SET u8 {offset} 1"),
            format!("BITFIELD k GET u8 #{offset}"),
        ] {
            assert_eq!(kevy.line(&line), error, "{line}");
        }
    }
    assert_eq!(kevy.line("SETBIT k 8388607 1"), ":0\\r\\n");
    assert_eq!(kevy.line("STRLEN k"), ":1048576\\r\\n");
    assert_eq!(kevy.line("BITPOS k 1"), ":8388607\\r\\n");
    assert_eq!(kevy.line("BITFIELD k GET u8 #2305843009213693952"), error);
}
