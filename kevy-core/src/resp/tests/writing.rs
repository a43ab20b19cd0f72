//! The bytes of every reply in both versions of the protocol.

use crate::resp::{Protocol, Writer};

fn written(protocol: Protocol, write: impl Fn(&mut Writer)) -> String {
    let mut writer = Writer::new(protocol);
    write(&mut writer);
    String::from_utf8(writer.take()).unwrap()
}

#[track_caller]
fn check(resp2: &str, resp3: &str, write: impl Fn(&mut Writer)) {
    assert_eq!(written(Protocol::Resp2, &write), resp2);
    assert_eq!(written(Protocol::Resp3, &write), resp3);
}

#[track_caller]
fn check_both(encoded: &str, write: impl Fn(&mut Writer)) {
    check(encoded, encoded, write);
}

#[test]
fn types_that_both_versions_have() {
    check_both("+OK\r\n", Writer::ok);
    check_both("+PONG\r\n", |w| w.simple("PONG"));
    check_both("-ERR no\r\n", |w| w.error("ERR no"));
    check_both("$0\r\n\r\n", |w| w.bulk(b""));
    check_both("$2\r\n-7\r\n", |w| w.bulk_integer(-7));
    check_both("*12\r\n", |w| w.array(12));
    for value in [0, 9, 10, 99, 100, 12345, -1, i64::MIN, i64::MAX] {
        check_both(&format!(":{value}\r\n"), |w| w.integer(value));
    }
    for len in [1, 9, 10, 99, 100, 999, 1000, 12345] {
        let text = "x".repeat(len);
        check_both(&format!("${len}\r\n{text}\r\n"), |w| w.bulk(text.as_bytes()));
    }
}

#[test]
fn types_of_resp3_have_a_form_in_resp2() {
    check("$-1\r\n", "_\r\n", Writer::null);
    check("*-1\r\n", "_\r\n", Writer::null_array);
    check("*6\r\n", "%3\r\n", |w| w.map(3));
    check("*3\r\n", "~3\r\n", |w| w.set(3));
    check("*3\r\n", ">3\r\n", |w| w.push(3));
    check("$3\r\n1.5\r\n", ",1.5\r\n", |w| w.double(1.5));
    check("$4\r\n-inf\r\n", ",-inf\r\n", |w| w.double(f64::NEG_INFINITY));
    check("$3\r\nnan\r\n", ",nan\r\n", |w| w.double(f64::NAN));
    check(":1\r\n", "#t\r\n", |w| w.boolean(true));
    check(":0\r\n", "#f\r\n", |w| w.boolean(false));
    check("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n", |w| w.verbatim("txt", b"hi"));
    check("$2\r\nhi\r\n", "=6\r\nx  :hi\r\n", |w| w.verbatim("x", b"hi"));
    check("$2\r\n12\r\n", "(12\r\n", |w| w.big_number("12"));
    check("$20\r\n18446744073709551615\r\n", "(18446744073709551615\r\n", |w| w.unsigned(u64::MAX));
    check(":7\r\n", ":7\r\n", |w| w.unsigned(7));
    assert_eq!(written(Protocol::Resp3, |w| w.attribute(1)), "|1\r\n");
}

#[test]
fn a_line_end_in_a_message_cannot_start_another_reply() {
    check_both("-ERR a  b c\r\n", |w| w.error("ERR a\r\nb\nc"));
    check_both("+a  :1\r\n", |w| w.simple("a\r\n:1"));
}

#[test]
fn a_length_may_be_written_after_the_elements() {
    for n in [0, 1, 9, 10, 11, 1000] {
        let elements = ":1\r\n".repeat(n);
        check_both(&format!("+a\r\n*{n}\r\n{elements}+b\r\n"), |w| {
            w.simple("a");
            let later = w.array_later();
            (0..n).for_each(|_| w.integer(1));
            w.finish_array(later, n);
            w.simple("b");
        });
    }
    check("*2\r\n*0\r\n*1\r\n+a\r\n", "%1\r\n~0\r\n~1\r\n+a\r\n", |w| {
        let outer = w.map_later();
        let key = w.set_later();
        w.finish_set(key, 0);
        let value = w.set_later();
        w.simple("a");
        w.finish_set(value, 1);
        w.finish_map(outer, 1);
    });
}
