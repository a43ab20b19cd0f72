//! Field expiry as Redis 7.4 to 8 documents it; the installed reference is older, so replies stand here.

use crate::command::testing::{Harness, Held};

/// Each line with its reply, on a hash `h` of `f` 1, `g` 2 and `t` 3, the last of which expires at 2,000,000 ms.
fn replies(cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        let mut kevy = fresh();
        let reply = kevy.line(line).replace("\\r\\n", " ");
        assert_eq!(reply.trim_end(), *expected, "{line}");
    }
}

fn fresh() -> Harness {
    let mut kevy = Harness::new();
    kevy.now = 1_000_000;
    kevy.line("HSET h f 1 g 2 t 3");
    kevy.line("HPEXPIREAT h 2000000 FIELDS 1 t");
    kevy.line("SET s v");
    kevy
}

/// The fields of `h` with their expiries.
fn fields(kevy: &mut Harness) -> Vec<(String, String, Option<u64>)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    match kevy.held("h").0 {
        Held::Hash(all) => all.into_iter().map(|(name, (value, at))| (text(name), text(value), at)).collect(),
        _ => Vec::new(),
    }
}

const ARITY: &str = "-ERR wrong number of arguments for";
const MANDATORY: &str = "-ERR Mandatory argument FIELDS is missing or not at the right position";
const MISMATCH: &str = "-ERR The `numfields` parameter must match the number of arguments";
const POSITIVE: &str = "-ERR Number of fields must be a positive integer";
const NOT_INTEGER: &str = "-ERR value is not an integer or out of range";
const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

#[test]
fn hexpire_replies_one_code_a_field() {
    replies(&[
        ("HEXPIRE h 10 FIELDS 3 f t none", "*3 :1 :1 :-2"),
        ("HEXPIRE h 10 NX FIELDS 2 f t", "*2 :1 :0"),
        ("HEXPIRE h 10 XX FIELDS 2 f t", "*2 :0 :1"),
        ("HEXPIRE h 10 GT FIELDS 2 f t", "*2 :0 :0"),
        ("HEXPIRE h 9999 GT FIELDS 2 f t", "*2 :0 :1"),
        ("HEXPIRE h 10 LT FIELDS 2 f t", "*2 :1 :1"),
        ("HEXPIRE h 9999 LT FIELDS 2 f t", "*2 :1 :0"),
        ("HPEXPIREAT h 2000000 GT FIELDS 1 t", "*1 :0"),
        ("HPEXPIREAT h 2000000 LT FIELDS 1 t", "*1 :0"),
        ("HEXPIRE h 10 FIELDS 1 f NX", "*1 :1"),
        ("HEXPIRE h 0 FIELDS 2 f none", "*2 :2 :-2"),
        ("HPEXPIREAT h 999999 NX FIELDS 4 f g none t", "*4 :2 :2 :-2 :0"),
        ("HEXPIRE h 0 FIELDS 2 f f", "*2 :2 :-2"),
        ("HEXPIREAT h 2000 FIELDS 1 f", "*1 :1"),
        ("HEXPIRE none 10 FIELDS 2 f g", "*2 :-2 :-2"),
        ("HEXPIRE s 10 FIELDS 1 f", WRONG_TYPE),
    ]);
}

#[test]
fn hexpire_refuses_what_it_cannot_read() {
    replies(&[
        ("HEXPIRE h x FIELDS 1 f", NOT_INTEGER),
        ("HEXPIRE h NX FIELDS 1 f", NOT_INTEGER),
        ("HEXPIRE h -1 FIELDS 1 f", "-ERR invalid expire time, must be >= 0"),
        ("HEXPIRE h 70368744178 FIELDS 1 f", "-ERR invalid expire time in 'hexpire' command"),
        ("HPEXPIRE h 70368744177664 FIELDS 1 f", "-ERR invalid expire time in 'hpexpire' command"),
        ("HPEXPIREAT h 70368744177664 FIELDS 1 f", "-ERR invalid expire time in 'hpexpireat' command"),
        ("HPEXPIREAT h 70368744177663 FIELDS 1 f", "*1 :1"),
        ("HEXPIREAT h 9223372036854775807 FIELDS 1 f", "-ERR invalid expire time in 'hexpireat' command"),
        ("HEXPIRE h 10 FIELDS 0 f", "-ERR Parameter `numFields` should be greater than 0"),
        ("HEXPIRE h 10 FIELDS -1 f", "-ERR Parameter `numFields` should be greater than 0"),
        ("HEXPIRE h 10 FIELDS x f", "-ERR Parameter `numFields` should be greater than 0"),
        ("HEXPIRE h 10 FIELDS 2 f", "-ERR wrong number of arguments"),
        ("HEXPIRE h 10 FIELDS 1 f g", "-ERR unknown argument: g"),
        ("HEXPIRE h 10 FIELDS 1 f FIELDS 1 g", "-ERR FIELDS keyword specified multiple times"),
        ("HEXPIRE h 10 NX XX FIELDS 1 f", "-ERR Multiple condition flags specified"),
        ("HEXPIRE h 10 FIELDS 1 f NX GT", "-ERR Multiple condition flags specified"),
        ("HEXPIRE h 10 NX LT GT", "-ERR missing FIELDS argument"),
        ("HEXPIRE h 10 2 f g", "-ERR unknown argument: 2"),
        ("HEXPIRE h 10 FIELDS 1", "-ERR wrong number of arguments for 'hexpire' command"),
    ]);
}

#[test]
fn the_time_left_is_told() {
    replies(&[
        ("HTTL h FIELDS 3 t f none", "*3 :1000 :-1 :-2"),
        ("HPTTL h FIELDS 3 t f none", "*3 :1000000 :-1 :-2"),
        ("HEXPIRETIME h FIELDS 3 t f none", "*3 :2000 :-1 :-2"),
        ("HPEXPIRETIME h FIELDS 3 t f none", "*3 :2000000 :-1 :-2"),
        ("HTTL none FIELDS 2 f g", "*2 :-2 :-2"),
        ("HTTL s FIELDS 1 f", WRONG_TYPE),
        ("HPERSIST h FIELDS 3 t f none", "*3 :1 :-1 :-2"),
        ("HPERSIST none FIELDS 1 f", "*1 :-2"),
        ("HPERSIST s FIELDS 1 f", WRONG_TYPE),
    ]);
    let mut kevy = fresh();
    kevy.line("HPEXPIREAT h 1001001 FIELDS 1 f");
    assert_eq!(kevy.line("HTTL h FIELDS 1 f"), "*1\\r\\n:2\\r\\n", "seconds are rounded up");
    assert_eq!(kevy.line("HEXPIRETIME h FIELDS 1 f"), "*1\\r\\n:1002\\r\\n");
    for verb in ["HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME", "HPERSIST", "HGETDEL"] {
        for (rest, expected) in [
            ("XFIELDS 1 f", MANDATORY),
            ("FIELDS 2 f", MISMATCH),
            ("FIELDS 1 f g", MISMATCH),
            ("FIELDS 0 f", POSITIVE),
            ("FIELDS -1 f", POSITIVE),
            ("FIELDS x f", POSITIVE),
            ("FIELDS 9223372036854775808 f", POSITIVE),
        ] {
            replies(&[(&format!("{verb} h {rest}"), expected)]);
        }
        let reply = fresh().line(&format!("{verb} h FIELDS 1"));
        assert!(reply.starts_with(ARITY), "{reply}");
    }
}

#[test]
fn fields_are_read_with_a_change_of_expiry() {
    replies(&[
        ("HGETEX h FIELDS 2 f none", "*2 $1 1 $-1"),
        ("HGETEX none FIELDS 2 f none", "*2 $-1 $-1"),
        ("HGETEX h EX 10 FIELDS 1 f", "*1 $1 1"),
        ("HGETEX h FIELDS 1 f EX 10", "*1 $1 1"),
        ("HGETEX h EXAT 1 FIELDS 2 f f", "*2 $1 1 $-1"),
        ("HGETEX s FIELDS 1 f", WRONG_TYPE),
        ("HGETEX s FIELDS 0 f", "-ERR invalid number of fields"),
        ("HGETEX h FIELDS x f", "-ERR invalid number of fields"),
        ("HGETEX h FIELDS 2147483648 f", "-ERR invalid number of fields"),
        ("HGETEX h FIELDS 2147483647 f", "-ERR wrong number of arguments for 'hgetex' command"),
        ("HGETEX h FIELDS 2 f", "-ERR wrong number of arguments for 'hgetex' command"),
        ("HGETEX h EX 10 FIELDS", "-ERR wrong number of arguments for 'hgetex' command"),
        ("HGETEX h FIELDS 1 f g", "-ERR unknown argument: g"),
        ("HGETEX h KEEPTTL FIELDS 1 f", "-ERR unknown argument: KEEPTTL"),
        ("HGETEX h FIELDS 1 f FIELDS 1 g", "-ERR FIELDS keyword specified multiple times"),
        ("HGETEX h FIELDS 1 f EX", "-ERR missing expire time"),
        (
            "HGETEX h EX 1 PERSIST",
            "-ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified",
        ),
        ("HGETEX h EX 1 EX 2", "-ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified"),
        ("HGETEX h EX FIELDS 1 f", NOT_INTEGER),
        ("HGETEX h PX -1 FIELDS 1 f", "-ERR invalid expire time, must be >= 0"),
        ("HGETEX h PXAT 70368744177664 FIELDS 1 f", "-ERR invalid expire time in 'hgetex' command"),
        (
            "HGETEX h PERSIST EX 10",
            "-ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified",
        ),
        (
            "HGETEX h EX 10 PERSIST",
            "-ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified",
        ),
        ("HGETDEL h FIELDS 3 f none f", "*3 $1 1 $-1 $-1"),
        ("HGETDEL none FIELDS 1 f", "*1 $-1"),
        ("HGETDEL s FIELDS 1 f", WRONG_TYPE),
    ]);
    let mut kevy = fresh();
    kevy.line("HGETEX h EX 10 FIELDS 1 f");
    kevy.line("HGETEX h PERSIST FIELDS 1 t");
    kevy.line("HGETEX h EXAT 1 FIELDS 1 g");
    let expected = [("f", "1", Some(1_010_000)), ("t", "3", None)];
    assert_eq!(fields(&mut kevy), expected.map(|(name, value, at)| (name.into(), value.into(), at)));
}

#[test]
fn fields_are_set_with_their_expiry() {
    replies(&[
        ("HSETEX h FIELDS 1 f 5", ":1"),
        ("HSETEX new FIELDS 2 f 5 g 6", ":1"),
        ("HSETEX h FNX FIELDS 2 f 5 new 6", ":0"),
        ("HSETEX h FNX FIELDS 1 new 6", ":1"),
        ("HSETEX h FXX FIELDS 2 f 5 new 6", ":0"),
        ("HSETEX h FIELDS 1 f 5 FXX EX 10", ":1"),
        ("HSETEX none FXX FIELDS 1 f 5", ":0"),
        ("HSETEX none FXX EX -5 FIELDS 1 f 5", "-ERR invalid expire time, must be >= 0"),
        ("HSETEX h EXAT 1 FIELDS 1 f 5", ":1"),
        ("HSETEX s FIELDS 1 f 5", WRONG_TYPE),
        ("HSETEX s FIELDS 0 f 5", "-ERR invalid number of fields"),
        ("HSETEX h FIELDS 2 f 5", "-ERR wrong number of arguments for 'hsetex' command"),
        ("HSETEX h FIELDS 2 f 5 g", "-ERR wrong number of arguments for 'hsetex' command"),
        ("HSETEX h FIELDS 1 f 5 g 6", "-ERR unknown argument: g"),
        ("HSETEX h NX FIELDS 1 f 5", "-ERR unknown argument: NX"),
        ("HSETEX h PERSIST FIELDS 1 f 5", "-ERR unknown argument: PERSIST"),
        ("HSETEX h FNX FXX FIELDS 1 f 5", "-ERR Only one of FXX or FNX arguments can be specified"),
        ("HSETEX h FXX FXX FIELDS 1 f 5", "-ERR Only one of FXX or FNX arguments can be specified"),
        ("HSETEX h EX 60 KEEPTTL", "-ERR wrong number of arguments for 'hsetex' command"),
        (
            "HSETEX h EX 60 KEEPTTL FIELDS 1 f 5",
            "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
        ),
        (
            "HSETEX h FXX KEEPTTL EX 10",
            "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
        ),
        ("HSETEX h FXX EX 10 FNX", "-ERR Only one of FXX or FNX arguments can be specified"),
        ("HSETEX h FXX KEEPTTL FNX 10", "-ERR Only one of FXX or FNX arguments can be specified"),
        ("HSETEX h EX abc FIELDS 1 f 5", NOT_INTEGER),
        ("HSETEX h EXAT 99999999999 FIELDS 1 f 5", "-ERR invalid expire time in 'hsetex' command"),
        ("HSETEX h FXX KEEPTTL no f", "-ERR unknown argument: no"),
    ]);
    let mut kevy = fresh();
    kevy.line("HSETEX h KEEPTTL FIELDS 2 f 5 t 6");
    kevy.line("HSETEX h EX 10 FIELDS 1 g 7");
    let expected = [("f", "5", None), ("g", "7", Some(1_010_000)), ("t", "6", Some(2_000_000))];
    assert_eq!(fields(&mut kevy), expected.map(|(name, value, at)| (name.into(), value.into(), at)));
    kevy.line("HSETEX h FIELDS 1 t 8");
    assert_eq!(kevy.line("HTTL h FIELDS 1 t"), "*1\\r\\n:-1\\r\\n", "a plain set takes the expiry off");
}

#[test]
fn a_hash_without_fields_is_gone() {
    for line in [
        "HDEL h f g t",
        "HGETDEL h FIELDS 3 f g t",
        "HEXPIRE h 0 FIELDS 3 f g t",
        "HGETEX h EXAT 1 FIELDS 3 f g t",
        "HSETEX h EXAT 1 FIELDS 3 f 1 g 1 t 1",
    ] {
        let mut kevy = fresh();
        kevy.line(line);
        assert_eq!(kevy.held("h").0, Held::Nothing, "{line}");
        assert_eq!(kevy.partitions[0].keyspace.len(0), 1, "{line}");
    }
    let mut kevy = fresh();
    kevy.line("HSETEX other EXAT 1 FIELDS 1 f 1");
    kevy.line("HSETEX other FXX FIELDS 1 f 1");
    kevy.line("HINCRBY other f x");
    assert_eq!(kevy.partitions[0].keyspace.len(0), 2);
}

#[test]
fn expired_fields_are_not_there() {
    let mut kevy = fresh();
    kevy.line("HEXPIRE h 10 FIELDS 2 f g");
    kevy.now += 10_000;
    for (line, expected) in [
        ("HGET h f", "$-1"),
        ("HMGET h f g t", "*3 $-1 $-1 $1 3"),
        ("HGETALL h", "*2 $1 t $1 3"),
        ("HKEYS h", "*1 $1 t"),
        ("HVALS h", "*1 $1 3"),
        ("HLEN h", ":1"),
        ("HEXISTS h f", ":0"),
        ("HSTRLEN h f", ":0"),
        ("HRANDFIELD h 5", "*1 $1 t"),
        ("HRANDFIELD h", "$1 t"),
        ("HSCAN h 0", "*2 $1 0 *2 $1 t $1 3"),
        ("HSCAN h 0 NOVALUES", "*2 $1 0 *1 $1 t"),
        ("HTTL h FIELDS 2 f t", "*2 :-2 :990"),
        ("HDEL h f", ":0"),
        ("HSETNX h f 9", ":1"),
        ("HINCRBY h g 1", ":1"),
    ] {
        assert_eq!(kevy.line(line).replace("\\r\\n", " ").trim_end(), expected, "{line}");
    }
}

#[test]
fn writes_keep_or_take_off_an_expiry_as_redis_does() {
    for (line, at) in [
        ("HSET h t 9", None),
        ("HMSET h t 9", None),
        ("HINCRBY h t 6", Some(2_000_000)),
        ("HINCRBYFLOAT h t 6", Some(2_000_000)),
        ("HSETNX h t 9", Some(2_000_000)),
    ] {
        let mut kevy = fresh();
        kevy.line(line);
        let field = fields(&mut kevy).into_iter().find(|field| field.0 == "t").expect("t");
        assert_eq!(field.2, at, "{line}");
    }
}

#[test]
fn a_replica_follows_every_change_of_fields() {
    let mut kevy = fresh();
    let mut replica = Harness::new();
    replica.now = 0;
    replica.apply(&kevy.take_effects());
    let lines = [
        "HINCRBYFLOAT h t 0.5",
        "HSETEX h KEEPTTL FIELDS 2 t 5 f 6",
        "HEXPIRE h 100 FIELDS 2 f none",
        "HGETEX h PERSIST FIELDS 1 t",
        "HSETEX h PX 500 FIELDS 2 x 1 y 2",
        "HPERSIST h FIELDS 1 x",
        "HGETDEL h FIELDS 1 g",
        "HSET h y 3",
        "HSETNX h z 1",
        "HINCRBY h f 1",
        "HPEXPIRE h 300 FIELDS 3 x y z",
        "HSETEX h EXAT 1 FIELDS 1 f 1",
    ];
    for line in lines {
        kevy.line(line);
        replica.apply(&kevy.take_effects());
        assert_eq!(kevy.held("h").0, replica.held("h").0, "{line}");
    }
    kevy.now += 400;
    kevy.line("HLEN h");
    replica.apply(&kevy.take_effects());
    assert_eq!(kevy.held("h").0, replica.held("h").0);
}
