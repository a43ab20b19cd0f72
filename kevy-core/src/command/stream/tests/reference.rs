//! Every verb without groups, with good and bad arguments on streams of every kind.

use crate::command::testing::Twin;

fn states() -> Vec<Vec<String>> {
    let of_many = |count: u64, fields: &str| {
        (1..=count).map(|at| format!("XADD k {at}-{} {fields} v{at}", at % 3)).collect::<Vec<_>>()
    };
    let line = |text: &str| text.to_owned();
    vec![
        vec![],
        vec![line("XADD k 5-3 f v")],
        vec![line("XADD k 5-3 f v"), line("XADD k 5-4 f v g 12"), line("XADD k 7 12 -5 \"\" \"\"")],
        of_many(250, "f"),
        [of_many(30, "f"), vec![line("XDEL k 3-0 4-1 11-2 30-0"), line("XDEL k 1-1")]].concat(),
        vec![line("XADD k 5-3 f v"), line("XDEL k 5-3")],
        vec![line("XADD k 18446744073709551615-18446744073709551614 f v")],
        vec![line("XADD k 18446744073709551615-18446744073709551615 f v")],
        vec![line("SET k v")],
    ]
}

fn check_all(lines: &[&str]) {
    Twin::new(&["k"]).check_each(&states(), lines);
}

#[test]
fn entries_are_added() {
    check_all(&[
        "XADD k 5-3 f v",
        "XADD k 5-4 f v",
        "XADD k 5-* f v",
        "XADD k 6-* f v",
        "XADD k 0-* f v",
        "XADD k 18446744073709551615-* f v",
        "XADD k 6 f v",
        "XADD k 006-07 f v",
        "XADD k \" 6-7\" f v",
        "XADD k 6--7 f v",
        "XADD k 0-0 f v",
        "XADD k 0 f v",
        "XADD k 300-1 f v g w",
        "XADD k 300-1 f v g",
        "XADD k 300-1",
        "XADD k 300-1 f",
        "XADD k a f v",
        "XADD k - f v",
        "XADD k + f v",
        "XADD k \"\" f v",
        "XADD k *-1 f v",
        "XADD k 1-2-3 f v",
        "XADD k 18446744073709551616-1 f v",
        "XADD k NOMKSTREAM 300-1 f v",
        "xadd k nomkstream 300-1 f v",
        "XADD k NOMKSTREAM",
        "XADD k MAXLEN 2 300-1 f v",
        "XADD k MAXLEN = 2 300-1 f v",
        "XADD k MAXLEN ~ 2 300-1 f v",
        "XADD k MAXLEN 0 300-1 f v",
        "XADD k MAXLEN -1 300-1 f v",
        "XADD k MAXLEN a 300-1 f v",
        "XADD k MAXLEN ~ 2 LIMIT 50 300-1 f v",
        "XADD k MAXLEN ~ 2 LIMIT 100 300-1 f v",
        "XADD k MAXLEN ~ 2 LIMIT 0 300-1 f v",
        "XADD k MAXLEN ~ 2 LIMIT -1 300-1 f v",
        "XADD k MAXLEN 2 LIMIT 5 300-1 f v",
        "XADD k LIMIT 5 300-1 f v",
        "XADD k LIMIT 0 300-1 f v",
        "XADD k MAXLEN 2 MAXLEN 3 300-1 f v",
        "XADD k MAXLEN 2 MINID 3 300-1 f v",
        "XADD k MINID 5-4 300-1 f v",
        "XADD k MINID = 20 300-1 f v",
        "XADD k MINID ~ 150 300-1 f v",
        "XADD k MINID a 300-1 f v",
        "XADD k MINID ~ 300-1 f v",
        "XADD k MINID - 300-1 f v",
        "XADD k MAXLEN",
        "XADD k",
        "XADD",
    ]);
}

#[test]
fn entries_are_read() {
    let mut twin = Twin::new(&["k"]);
    for state in states() {
        let state: Vec<&str> = state.iter().map(String::as_str).collect();
        twin.begin(&state);
        for line in [
            "XLEN k",
            "XRANGE k - +",
            "XRANGE k 5-3 5-3",
            "XRANGE k 5 5",
            "XRANGE k 3 7",
            "XRANGE k (5-3 +",
            "XRANGE k - (5-4",
            "XRANGE k (5 (7",
            "XRANGE k 7 3",
            "XRANGE k + -",
            "XRANGE k 100 + COUNT 3",
            "XRANGE k 99-0 (201-0",
            "XRANGE k - + COUNT 0",
            "XRANGE k - + COUNT -1",
            "XRANGE k - + COUNT 2 COUNT 3",
            "XRANGE k - + COUNT a",
            "XRANGE k - + COUNT",
            "XRANGE k - + FOO",
            "XRANGE k a +",
            "XRANGE k - a",
            "XRANGE k (- +",
            "XRANGE k ( +",
            "XRANGE k - (0-0",
            "XRANGE k (18446744073709551615-18446744073709551615 +",
            "XRANGE k -",
            "XREVRANGE k + -",
            "XREVRANGE k + - COUNT 3",
            "XREVRANGE k (201 99",
            "XREVRANGE k 5-3 5-3",
            "XREVRANGE k - +",
            "XREVRANGE k + (5-3 COUNT 1",
            "XREVRANGE k + a",
            "XREAD STREAMS k 0",
            "XREAD COUNT 2 STREAMS k 5-3",
            "XREAD COUNT 0 STREAMS k 5-3",
            "XREAD COUNT -5 STREAMS k 248",
            "XREAD STREAMS k k 5-3 0-0",
            "XREAD STREAMS none k 0 4",
            "XREAD STREAMS k $",
            "XREAD STREAMS none $",
            "XREAD STREAMS k 18446744073709551615-18446744073709551615",
            "XREAD BLOCK -1 STREAMS k 0",
            "XREAD BLOCK 1.5 STREAMS k 0",
            "XREAD BLOCK 0 STREAMS k a",
            "XREAD COUNT a STREAMS k 0",
            "XREAD STREAMS k >",
            "XREAD STREAMS k -",
            "XREAD STREAMS k k 0",
            "XREAD COUNT 1 STREAMS",
            "XREAD COUNT 1 FOO k 0",
            "XREAD NOACK STREAMS k 0",
            "XREAD GROUP g c STREAMS k 0",
            "XREAD STREAMS k",
            "XINFO STREAM k",
            "XINFO STREAM k FULL",
            "XINFO STREAM k FULL COUNT 3",
            "XINFO STREAM k FULL COUNT 0",
            "XINFO STREAM k FULL COUNT -1",
            "XINFO STREAM k FULL COUNT a",
            "XINFO STREAM k FULL COUNT",
            "XINFO STREAM k FOO",
            "XINFO STREAM none FOO",
            "XINFO GROUPS k",
            "XINFO",
            "XINFO FOO",
            "XINFO STREAM",
            "DEBUG DIGEST-VALUE k",
            "TYPE k",
            "OBJECT ENCODING k",
        ] {
            twin.check(line);
        }
    }
}

#[test]
fn entries_go() {
    check_all(&[
        "XDEL k 5-3",
        "XDEL k 5-3 5-3 1-1 7",
        "XDEL k 5-3 a",
        "XDEL k a",
        "XDEL k -",
        "XDEL k",
        "XDEL k 250-1 249-0",
        "XTRIM k MAXLEN 0",
        "XTRIM k MAXLEN 1",
        "XTRIM k MAXLEN = 149",
        "XTRIM k MAXLEN ~ 149",
        "XTRIM k MAXLEN ~ 60",
        "XTRIM k MAXLEN ~ 0 LIMIT 150",
        "XTRIM k MAXLEN ~ 0 LIMIT 0",
        "XTRIM k MAXLEN 1 LIMIT 1",
        "XTRIM k MAXLEN a",
        "XTRIM k MAXLEN -1",
        "XTRIM k MAXLEN",
        "XTRIM k MAXLEN 1 FOO",
        "XTRIM k FOO 1",
        "XTRIM k LIMIT 0",
        "XTRIM k LIMIT 1",
        "XTRIM k MINID 5-4",
        "XTRIM k MINID 120",
        "XTRIM k MINID ~ 220",
        "XTRIM k MINID = 18446744073709551615-18446744073709551615",
        "XTRIM k MINID a",
        "XTRIM k MINID 1 MAXLEN 1",
        "XSETID k 5-3",
        "XSETID k 300",
        "XSETID k a",
        "XSETID k 300 ENTRIESADDED 5",
        "XSETID k 300 ENTRIESADDED 500",
        "XSETID k 300 ENTRIESADDED -1",
        "XSETID k 300 ENTRIESADDED a",
        "XSETID k 300 MAXDELETEDID 299",
        "XSETID k 300 MAXDELETEDID 301",
        "XSETID k 300 MAXDELETEDID 0-0",
        "XSETID k 300 MAXDELETEDID a",
        "XSETID k 300 MAXDELETEDID",
        "XSETID k 300 MAXDELETEDID 299 ENTRIESADDED 1000",
        "XSETID k 300 FOO",
        "XSETID k",
        "XADD k 400 f v",
        "COPY k c",
        "EXPIRE k 100",
    ]);
}

#[test]
fn streams_stay_what_they_were_through_many_changes() {
    let mut twin = Twin::new(&["k", "other"]);
    twin.begin(&[]);
    let mut rng = fastrand::Rng::with_seed(8);
    for at in 1..600 {
        let line = match rng.u8(..12) {
            0 => format!("XDEL k {} {} {}", rng.u64(..at), rng.u64(..at), rng.u64(..at)),
            1 => format!("XTRIM k MAXLEN {} {}", ["~", "="][rng.usize(..2)], rng.u64(..at)),
            2 => format!("XTRIM k MINID {} {}", ["~", "="][rng.usize(..2)], rng.u64(..at / 2 + 1)),
            3 => format!("XADD k MAXLEN ~ {} {at} f {}", rng.u64(..300), rng.u32(..)),
            4 => format!("XADD k {at} f {} g x", "v".repeat(rng.usize(..900))),
            5 => "RENAME k other".to_owned(),
            6 => "RENAME other k".to_owned(),
            7 if rng.bool() => "COPY k other REPLACE".to_owned(),
            _ => format!("XADD k {at} name {} f {at}", rng.u32(..)),
        };
        twin.check(&line);
    }
    for line in ["XINFO STREAM k", "XRANGE k - +", "XREVRANGE k + -", "DEBUG DIGEST-VALUE k other"] {
        twin.check(line);
    }
}
