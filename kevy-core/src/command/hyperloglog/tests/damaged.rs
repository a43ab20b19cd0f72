//! Strings that look like HyperLogLogs and are none: answered as a redis-server answers, and never more than an error.

use crate::command::hyperloglog::sketch;
use crate::command::testing::{Held, Twin};

const HEADER: &[u8] = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80";

fn set(text: &[u8]) -> String {
    let text: String = text.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("SET k \"{text}\"")
}

const LINES: &[&str] = &[
    "PFCOUNT k",
    "PFCOUNT k o",
    "PFADD k x",
    "PFADD k 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "PFMERGE k o",
    "PFMERGE o k",
    "PFDEBUG GETREG k",
    "PFDEBUG TODENSE k",
    "PFDEBUG DECODE k",
    "PFDEBUG ENCODING k",
];

#[test]
fn headers_that_are_none_are_refused() {
    let mut twin = Twin::new(&["k", "o"]);
    let dense = |form: u8, len: usize| {
        let mut text = HEADER.to_vec();
        text[4] = form;
        text.resize(len, 0);
        text
    };
    for text in [
        b"".to_vec(),
        b"HYLL".to_vec(),
        HEADER[..15].to_vec(),
        HEADER.to_vec(),
        b"hYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff".to_vec(),
        dense(0, 18),
        dense(0, sketch::DENSE_LEN - 1),
        dense(0, sketch::DENSE_LEN),
        dense(0, sketch::DENSE_LEN + 1),
        dense(2, sketch::DENSE_LEN),
        dense(255, sketch::DENSE_LEN),
    ] {
        for line in LINES {
            twin.begin(&[&set(&text), "PFADD o 1 2 3"]);
            twin.check(line);
        }
    }
}

#[test]
fn registers_that_no_elements_can_have_made_are_counted_as_redis_counts_them() {
    let mut twin = Twin::new(&["k", "o"]);
    let mut random = fastrand::Rng::with_seed(5);
    for round in 0..12 {
        let mut text = HEADER.to_vec();
        text[4] = 0;
        let bytes = sketch::DENSE_LEN - text.len();
        match round {
            0 => text.resize(sketch::DENSE_LEN, 0xff),
            1 => text.extend((0..bytes).map(|_| random.u8(..))),
            _ => text.extend((0..bytes).map(|at| if at % (1 << round) == 0 { random.u8(..) } else { 0 })),
        }
        for line in LINES {
            twin.begin(&[&set(&text), "PFADD o 1 2 3"]);
            twin.check(line);
        }
    }
}

#[test]
fn runs_that_end_too_early_or_too_late_are_refused_where_redis_refuses_them() {
    let mut twin = Twin::new(&["k", "o"]);
    for runs in [
        &b""[..],
        b"\x7f",
        b"\x7f\xfe",
        b"\x7f\xff\x80",
        b"\x7f\xff\x00",
        b"\x7f\xff\x40",
        b"\x7f\xfe\x81",
        b"\x7e\xff\x40\xfe\x40",
        b"\x7f\xfd\x40\x00\x80",
        b"\x40\x00\x7f\xfe",
        b"\xff\xff\xff\xff\x7f\xef",
        b"\x80\x80\x80\x80\x80\x7f\xfa",
        b"\x84\x80\x84\x80\x00\x00\x7f\xf9",
    ] {
        for line in LINES {
            let text = [HEADER, runs].concat();
            twin.begin(&[&set(&text), "PFADD o 1 2 3"]);
            twin.check(line);
        }
    }
}

#[test]
fn damaged_sketches_are_answered_as_redis_answers() {
    let mut twin = Twin::new(&["k", "o"]);
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..400 {
        let elements = random.usize(0..60);
        let line = (0..elements).fold("PFADD k".to_owned(), |line, _| line + &format!(" {}", random.u16(..)));
        twin.begin(&[&line, "PFADD o 1 2 3"]);
        let (Held::String(mut text), ..) = twin.kevy.held("k") else { panic!("no string") };
        for _ in 0..random.usize(1..4) {
            let at = random.usize(sketch::HEADER_LEN..text.len());
            match random.u8(..4) {
                0 => text[at] = random.u8(..),
                1 => text[at] ^= 1 << random.u8(..8),
                2 => text.insert(at, random.u8(..)),
                _ => text.truncate(at.max(sketch::HEADER_LEN + 1)),
            }
        }
        twin.begin(&[&set(&text), "PFADD o 1 2 3"]);
        for _ in 0..3 {
            twin.check(random.choice(LINES).expect("a line"));
        }
    }
}

#[test]
fn no_bytes_make_any_function_fail_otherwise_than_by_an_error() {
    let mut random = fastrand::Rng::with_seed(9);
    for _ in 0..3000 {
        let mut text = HEADER.to_vec();
        text.extend((0..random.usize(0..200)).map(|_| random.u8(..)));
        assert!(sketch::form(&text).is_some());
        let mut registers = [0; sketch::REGISTERS];
        let is_valid = sketch::merge(&mut registers, &text).is_ok();
        assert_eq!(sketch::count(&text).is_ok(), is_valid);
        assert_eq!(sketch::dense(&text).is_ok(), is_valid);
        assert!(sketch::shown_runs(&text).is_ok());
        for _ in 0..20 {
            let element = random.u64(..).to_le_bytes();
            let would_change = sketch::would_change(&text, &element);
            let before = text.clone();
            match sketch::add(&mut text, &element, usize::MAX) {
                Ok(changed) => assert_eq!(would_change, Ok(changed)),
                Err(_) => assert_eq!(text, before),
            }
            assert!(sketch::form(&text).is_some());
        }
    }
}
