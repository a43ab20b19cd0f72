//! Every HyperLogLog verb with good and bad arguments: replies and strings are those of a redis-server, byte for byte.

use crate::base::number::parse_i64;
use crate::command::testing::{Twin, shown, slices, words};

/// `PFADD k` with numbers.
fn add(key: &str, numbers: std::ops::Range<u32>) -> String {
    numbers.fold(format!("PFADD {key}"), |line, number| line + &format!(" {number}"))
}

fn check_each(lines: &[&str]) {
    let (few, many) = (add("k", 0..300), add("k", 0..3000));
    let (other, dense) = (add("s", 100..140), add("t", 2000..6000));
    let states: [&[&str]; 9] = [
        &[],
        &["PFADD k"],
        &["PFADD k a b c", "PFCOUNT k"],
        &[&few, &other, "PEXPIRE k 1000000"],
        &[&few, "PFCOUNT k", &dense],
        &[&many, &other],
        &["SET k abc", &other],
        &["SET k 10", "SET s \"\""],
        &["RPUSH k a", "HSET s f v"],
    ];
    let mut twin = Twin::new(&["k", "s", "t", "new"]);
    for state in states {
        for line in lines {
            twin.begin(state);
            twin.check(line);
        }
    }
}

#[test]
fn elements_are_added_counted_and_merged() {
    check_each(&[
        "PFADD k",
        "PFADD k 1",
        "PFADD k a b",
        "PFADD k \"\" x \"12345678\" \"123456789\" \"\\xff\\xfe\\xfd\\xfc\\xfb\\xfa\\xf9\"",
        "PFADD new a a a",
        "PFADD",
        "PFCOUNT",
        "PFCOUNT k",
        "PFCOUNT k k",
        "PFCOUNT none",
        "PFCOUNT none none",
        "PFCOUNT k s t none",
        "PFCOUNT s k",
        "PFMERGE",
        "PFMERGE k",
        "PFMERGE new",
        "PFMERGE k s",
        "PFMERGE k t",
        "PFMERGE new k s t none",
        "PFMERGE s k k s",
        "PFMERGE t new",
        "PFDEBUG GETREG k",
        "PFDEBUG getreg t",
        "PFDEBUG DECODE k",
        "PFDEBUG decode s",
        "PFDEBUG ENCODING k",
        "PFDEBUG encoding t",
        "PFDEBUG TODENSE k",
        "PFDEBUG todense t",
        "PFDEBUG other k",
        "PFDEBUG TODENSE none",
        "PFDEBUG other none",
        "PFDEBUG TODENSE",
        "PFDEBUG TODENSE k k",
    ]);
    Twin::new(&[]).check("PFSELFTEST");
}

#[test]
fn a_sketch_grows_as_redis_grows_it() {
    let mut twin = Twin::new(&["k"]);
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..3 {
        twin.begin(&[]);
        let mut is_dense = false;
        for step in 0..400 {
            let elements = 1 + step / 25;
            let line =
                (0..elements).fold("PFADD k".to_owned(), |line, _| line + &format!(" {}", random.u32(..)));
            twin.check(&line);
            if step % 20 == 0 {
                twin.check("PFCOUNT k");
                let form = twin.kevy.line("PFDEBUG ENCODING k");
                is_dense |= form.starts_with("+dense");
            }
        }
        assert!(is_dense, "the test should go on until the sketch is dense");
    }
}

#[test]
fn sketches_of_any_limit_are_made_dense_as_redis_makes_them() {
    for limit in ["0", "17", "18", "19", "20", "21", "50", "1000", "20000"] {
        let mut twin = Twin::new(&["k", "s", "d"]);
        twin.redis.command(&[b"CONFIG", b"SET", b"hll-sparse-max-bytes", limit.as_bytes()]);
        let mut limits = twin.kevy.partitions[0].keyspace.limits().clone();
        limits.hyperloglog_sparse_bytes_max = parse_i64(limit.as_bytes()).expect("a number") as usize;
        twin.kevy.partitions[0].keyspace.set_limits(limits);
        for elements in [1, 2, 3, 20, 500, 1500] {
            twin.begin(&[]);
            twin.check(&add("k", 0..elements));
            twin.check(&add("s", 1000..1010));
            twin.check("PFDEBUG ENCODING k");
            twin.check("PFMERGE d k s");
            twin.check("PFDEBUG ENCODING d");
            twin.check("PFMERGE k s");
            twin.check("PFCOUNT k s");
        }
    }
}

#[test]
fn estimates_are_those_of_redis_however_many_elements_there_are() {
    let mut twin = Twin::new(&["k"]);
    let mut next = 0u32;
    for step in [10, 90, 900, 9000, 20_000, 30_000, 60_000] {
        twin.check(&add("k", next..next + step));
        twin.check("PFCOUNT k");
        twin.check("PFCOUNT k none");
        next += step;
    }
}

#[test]
fn a_write_that_changes_no_register_is_none_to_who_watches() {
    let mut twin = Twin::new(&["k"]);
    twin.begin(&["PFADD k a b", "PFCOUNT k"]);
    let text = words("PFADD k b a");
    let before = twin.kevy.held("k");
    assert_eq!(shown(&twin.kevy.run(&slices(&text))), ":0\\r\\n");
    assert_eq!(twin.kevy.held("k"), before);
    assert!(twin.kevy.take_effects().is_empty());
}
