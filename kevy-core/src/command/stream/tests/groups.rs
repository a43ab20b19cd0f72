//! Every verb of consumer groups.

use crate::command::testing::Twin;

fn states() -> Vec<Vec<&'static str>> {
    let ten: Vec<&str> = vec![
        "XADD k 1-0 f 1",
        "XADD k 2-0 f 2",
        "XADD k 3-0 f 3",
        "XADD k 4-0 f 4",
        "XADD k 5-0 f 5",
        "XADD k 6-0 f 6",
        "XADD k 7-0 f 7",
        "XADD k 8-0 f 8",
    ];
    let and = |more: &[&'static str]| [&ten[..], more].concat();
    vec![
        vec![],
        vec!["XGROUP CREATE k g $ MKSTREAM"],
        and(&[]),
        and(&["XGROUP CREATE k g 0"]),
        and(&["XGROUP CREATE k g $"]),
        and(&["XGROUP CREATE k g 3", "XREADGROUP GROUP g c COUNT 2 STREAMS k >"]),
        and(&[
            "XGROUP CREATE k g 0 ENTRIESREAD 0",
            "XREADGROUP GROUP g c COUNT 4 STREAMS k >",
            "XDEL k 2-0 6-0",
        ]),
        and(&[
            "XGROUP CREATE k g 0",
            "XREADGROUP GROUP g c COUNT 3 STREAMS k >",
            "XREADGROUP GROUP g d COUNT 2 STREAMS k >",
            "XGROUP CREATECONSUMER k g e",
            "XGROUP CREATE k h 5",
            "XREADGROUP GROUP h c NOACK COUNT 1 STREAMS k >",
        ]),
        and(&["XGROUP CREATE k g 0", "XREADGROUP GROUP g c STREAMS k >", "XTRIM k MAXLEN 3", "XDEL k 7-0"]),
        vec!["SET k v"],
    ]
}

fn check_all(lines: &[&str]) {
    let mut twin = Twin::new(&["k"]);
    for state in states() {
        for line in lines {
            twin.begin(&state);
            twin.check(line);
            twin.check("XPENDING k g");
            twin.check("XINFO GROUPS k");
        }
    }
}

#[test]
fn groups_come_and_go() {
    check_all(&[
        "XGROUP CREATE k g 0",
        "XGROUP CREATE k new 0",
        "XGROUP CREATE k new $",
        "XGROUP CREATE k new 5",
        "XGROUP CREATE k new 5-0 ENTRIESREAD 5",
        "XGROUP CREATE k new 5-0 ENTRIESREAD -1",
        "XGROUP CREATE k new 5-0 ENTRIESREAD -2",
        "XGROUP CREATE k new 5-0 ENTRIESREAD a",
        "XGROUP CREATE k new 5-0 ENTRIESREAD",
        "XGROUP CREATE k new 0 MKSTREAM",
        "XGROUP CREATE k new $ mkstream entriesread 3",
        "XGROUP CREATE k new a MKSTREAM",
        "XGROUP CREATE k new -",
        "XGROUP CREATE k new 0 FOO",
        "XGROUP CREATE k new",
        "XGROUP SETID k g 0",
        "XGROUP SETID k g $",
        "XGROUP SETID k g +",
        "XGROUP SETID k g -",
        "XGROUP SETID k g 4 ENTRIESREAD 4",
        "XGROUP SETID k g 4 ENTRIESREAD 100",
        "XGROUP SETID k none 0",
        "XGROUP SETID k g a",
        "XGROUP SETID k g 0 MKSTREAM",
        "XGROUP DESTROY k g",
        "XGROUP DESTROY k none",
        "XGROUP DESTROY k",
        "XGROUP CREATECONSUMER k g c",
        "XGROUP CREATECONSUMER k g new",
        "XGROUP CREATECONSUMER k none c",
        "XGROUP CREATECONSUMER k g",
        "XGROUP DELCONSUMER k g c",
        "XGROUP DELCONSUMER k g d",
        "XGROUP DELCONSUMER k g none",
        "XGROUP DELCONSUMER k none c",
        "XGROUP FOO k g",
        "XGROUP",
        "XINFO CONSUMERS k none",
        "XINFO CONSUMERS k",
    ]);
}

#[test]
fn groups_read() {
    check_all(&[
        "XREADGROUP GROUP g c STREAMS k >",
        "XREADGROUP GROUP g c COUNT 2 STREAMS k >",
        "XREADGROUP GROUP g new COUNT 0 STREAMS k >",
        "XREADGROUP GROUP g c NOACK STREAMS k >",
        "XREADGROUP GROUP g new NOACK COUNT 1 STREAMS k >",
        "XREADGROUP GROUP g c STREAMS k 0",
        "XREADGROUP GROUP g c STREAMS k 2",
        "XREADGROUP GROUP g c COUNT 1 STREAMS k 0",
        "XREADGROUP GROUP g new STREAMS k 0",
        "XREADGROUP GROUP g c STREAMS k k > 0",
        "XREADGROUP GROUP g c STREAMS k 18446744073709551615-18446744073709551615",
        "XREADGROUP GROUP none c STREAMS k >",
        "XREADGROUP GROUP g c STREAMS none >",
        "XREADGROUP GROUP g c STREAMS k $",
        "XREADGROUP GROUP g c STREAMS k a",
        "XREADGROUP GROUP g c STREAMS k",
        "XREADGROUP GROUP g c STREAMS k k >",
        "XREADGROUP COUNT 1 NOACK STREAMS k >",
        "XREADGROUP GROUP g STREAMS k > >",
        "XREADGROUP GROUP g c FOO STREAMS k >",
        "XREADGROUP GROUP g c COUNT a STREAMS k >",
        "XREADGROUP GROUP g c BLOCK -1 STREAMS k >",
    ]);
}

#[test]
fn what_waits_for_acknowledgement_is_told_and_acknowledged() {
    check_all(&[
        "XACK k g 1-0",
        "XACK k g 1-0 2-0 4-0 4-0 9-9",
        "XACK k g a",
        "XACK k g 1-0 a",
        "XACK k none a",
        "XACK k g",
        "XPENDING k g IDLE 100000 - + 10",
        "XPENDING k g - + 0",
        "XPENDING k g - + -1",
        "XPENDING k g - + 10 none",
        "XPENDING k none",
        "XPENDING k g -",
        "XPENDING k g - +",
        "XPENDING k g - + a",
        "XPENDING k g a + 1",
        "XPENDING k g - a 1",
        "XPENDING k g (18446744073709551615-18446744073709551615 + 1",
        "XPENDING k g - (0-0 1",
        "XPENDING k g IDLE",
        "XPENDING k g IDLE a - + 1",
        "XPENDING k g IDLE 1 2 3",
        "XPENDING k g - + 10 none b c d e",
    ]);
}

#[test]
fn entries_are_claimed() {
    check_all(&[
        "XCLAIM k g d 0 1-0",
        "XCLAIM k g d 0 1-0 2-0 4-0 9-9",
        "XCLAIM k g c 0 1-0 4-0 JUSTID",
        "XCLAIM k g new 0 5-0",
        "XCLAIM k g new 0 5-0 FORCE",
        "XCLAIM k g new 0 5-0 9-9 FORCE JUSTID",
        "XCLAIM k g new 0 5-0 2-0 FORCE RETRYCOUNT 7",
        "XCLAIM k g new 0 4-0 RETRYCOUNT -7",
        "XCLAIM k g new 0 4-0 RETRYCOUNT a",
        "XCLAIM k g new 100000 4-0",
        "XCLAIM k g new -5 4-0",
        "XCLAIM k g new a 4-0",
        "XCLAIM k g new 0 4-0 IDLE a",
        "XCLAIM k g new 0 4-0 TIME a",
        "XCLAIM k g new 0 4-0 TIME 1000",
        "XCLAIM k g new 0 4-0 TIME -1000",
        "XCLAIM k g new 0 4-0 TIME 99999999999999",
        "XCLAIM k g new 0 4-0 IDLE 10000",
        "XCLAIM k g new 0 4-0 IDLE -10000",
        "XCLAIM k g new 0 4-0 LASTID 7-0",
        "XCLAIM k g new 0 9-9 LASTID 7-0",
        "XCLAIM k g new 0 4-0 LASTID 1-0",
        "XCLAIM k g new 0 4-0 LASTID a",
        "XCLAIM k g new 0 4-0 FOO",
        "XCLAIM k g new 0 FORCE",
        "XCLAIM k g new 0",
        "XCLAIM k none new 0 4-0",
        "XAUTOCLAIM k g d 0 0",
        "XAUTOCLAIM k g d 0 0 COUNT 1",
        "XAUTOCLAIM k g new 0 2 COUNT 2 JUSTID",
        "XAUTOCLAIM k g new 0 (2 COUNT 2",
        "XAUTOCLAIM k g new 0 - JUSTID",
        "XAUTOCLAIM k g new 100000 -",
        "XAUTOCLAIM k g new 0 +",
        "XAUTOCLAIM k g new a 0",
        "XAUTOCLAIM k g new 0 a",
        "XAUTOCLAIM k g new 0 0 COUNT 0",
        "XAUTOCLAIM k g new 0 0 COUNT a",
        "XAUTOCLAIM k g new 0 0 COUNT 9223372036854775807",
        "XAUTOCLAIM k g new 0 0 COUNT",
        "XAUTOCLAIM k g new 0 0 FOO",
        "XAUTOCLAIM k none new 0 0",
    ]);
}

#[test]
fn resp3_has_maps() {
    let mut twin = Twin::new(&["k"]);
    twin.begin(&["XADD k 1 f v", "XGROUP CREATE k g 0"]);
    twin.use_resp3();
    for line in [
        "XREAD STREAMS k none 0 0",
        "XREAD STREAMS none 0",
        "XRANGE k - +",
        "XRANGE k - + COUNT 0",
        "XINFO STREAM k",
        "XINFO GROUPS k",
        "XINFO STREAM k FULL",
        "XREADGROUP GROUP g c STREAMS k >",
        "XREADGROUP GROUP g c STREAMS k >",
        "XREADGROUP GROUP g c STREAMS k 0",
        "XPENDING k g",
        "XDEL k 1",
        "XREADGROUP GROUP g c STREAMS k 0",
        "XINFO STREAM k",
        "XCLAIM k g d 0 1",
        "XPENDING k g",
        "XAUTOCLAIM k g d 0 0",
    ] {
        // The comparison of keys afterwards reads RESP2, so only the replies are compared here.
        let words = crate::command::testing::words(line);
        let args = crate::command::testing::slices(&words);
        let (ours, theirs) = (twin.kevy.run(&args), twin.redis.exchange(&args));
        assert_eq!(ours.escape_ascii().to_string(), theirs.escape_ascii().to_string(), "{line}");
    }
}

#[test]
fn groups_keep_up_with_random_work() {
    let mut twin = Twin::new(&["k"]);
    twin.begin(&["XGROUP CREATE k g 0 MKSTREAM ENTRIESREAD 0"]);
    let mut rng = fastrand::Rng::with_seed(11);
    let mut top = 1;
    for _ in 0..700 {
        let consumer = ["a", "b", "c"][rng.usize(..3)];
        let mut id = || rng.u64(..top + 1);
        let (one, two) = (id(), id());
        let line = match rng.u8(..14) {
            0..4 => {
                top += 1;
                format!("XADD k {top} f {one}")
            }
            4..7 => format!("XREADGROUP GROUP g {consumer} COUNT 2 STREAMS k >"),
            7 => format!("XREADGROUP GROUP g {consumer} COUNT 3 STREAMS k {one}"),
            8 => format!("XACK k g {one} {two}"),
            9 => format!("XCLAIM k g {consumer} 0 {one} {two} {}", ["FORCE", "JUSTID"][rng.usize(..2)]),
            10 => format!("XAUTOCLAIM k g {consumer} 0 {one} COUNT 2"),
            11 => format!("XDEL k {one} {two}"),
            12 if rng.bool() => format!("XGROUP DELCONSUMER k g {consumer}"),
            12 => format!("XTRIM k MAXLEN {}", 3 + one),
            _ if rng.u8(..4) == 0 => format!("XGROUP SETID k g {one}"),
            _ => format!("XPENDING k g {one} + 5 {consumer}"),
        };
        if line.starts_with("XPENDING") {
            // Idle times differ by the moment.
            twin.check("XPENDING k g");
        } else {
            twin.check(&line);
        }
        twin.check("XINFO GROUPS k");
    }
}
