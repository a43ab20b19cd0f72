use crate::command::testing::Harness;

const DOCUMENT: &str =
    r#"{"n":1,"f":1.5,"s":"text","b":true,"z":null,"a":[1,2,[3,4],{"n":5}],"o":{"n":2,"s":"x","a":[]}}"#;

fn fresh() -> Harness {
    let mut kevy = Harness::new();
    kevy.run(&[b"JSON.SET", b"j", b"$", DOCUMENT.as_bytes()]);
    kevy.take_effects();
    kevy
}

#[test]
fn a_replica_follows_every_change() {
    let lines = [
        r#"JSON.SET j $.new '{"x":[1]}'"#,
        "JSON.SET j $..n 7",
        "JSON.SET j .a[0] '\"first\"'",
        "JSON.SET j $.n 8 XX",
        "JSON.SET j $.m 8 NX",
        r#"JSON.MERGE j $ '{"n":null,"o":{"s":null,"t":{"u":null,"v":1}}}'"#,
        r#"JSON.MERGE j $..o '{"n":9}'"#,
        "JSON.MERGE j $.merged 1",
        "JSON.NUMINCRBY j $..n 2",
        "JSON.NUMINCRBY j .f 0.1",
        "JSON.NUMMULTBY j $..n 3",
        "JSON.NUMINCRBY j $.f 1e308",
        "JSON.STRAPPEND j $..s '\"tail\"'",
        "JSON.TOGGLE j $.b",
        "JSON.ARRAPPEND j $..a 1 '[2]' '{\"k\":3}'",
        "JSON.ARRINSERT j $.a 1 0 0",
        "JSON.ARRINSERT j $..a -1 '\"z\"'",
        "JSON.ARRPOP j $..a 0",
        "JSON.ARRPOP j .a",
        "JSON.ARRTRIM j $.a 1 3",
        "JSON.CLEAR j $.new",
        "JSON.DEL j $..[0]",
        "JSON.FORGET j $.a",
        "JSON.MSET j $.p 1 k $ '{}' j $.q 2",
        "JSON.SET j $ '[1,2,3]'",
        "JSON.DEL j $[*]",
        "JSON.DEL j",
    ];
    let mut kevy = fresh();
    let mut replica = fresh();
    for line in lines {
        let reply = kevy.line(line);
        assert!(!reply.starts_with('-'), "{line}: {reply}");
        let effects = kevy.take_effects();
        assert_eq!(effects.len(), 1, "{line}: {effects:?}");
        replica.apply(&effects);
        for key in ["j", "k"] {
            assert_eq!(kevy.held(key), replica.held(key), "{line}");
        }
    }
}

#[test]
fn nothing_changed_is_nothing_said() {
    for line in [
        "JSON.SET j $ 1 NX",
        "JSON.SET none $ 1 XX",
        "JSON.SET j $.n 1 NX",
        "JSON.SET j $.none 1 XX",
        "JSON.SET j $.none.deeper 1",
        "JSON.SET j $..none 1",
        "JSON.DEL none",
        "JSON.DEL j $.none",
        "JSON.NUMINCRBY j $.s 1",
        "JSON.NUMINCRBY j $..n 1e309",
        "JSON.STRAPPEND j $.n '\"x\"'",
        "JSON.TOGGLE j $.n",
        "JSON.ARRAPPEND j $.n 1",
        "JSON.ARRINSERT j $.a 99 1",
        "JSON.ARRPOP j $.o.a",
        "JSON.ARRTRIM j $.a 0 -1",
        "JSON.CLEAR j $.s",
        "JSON.CLEAR j $.o.a",
        "JSON.MSET new $ 1 none $.x 1",
        "JSON.GET j",
    ] {
        let mut kevy = fresh();
        let before = kevy.held("j");
        kevy.line(line);
        assert_eq!(kevy.take_effect_lines(), [""; 0], "{line}");
        assert_eq!(kevy.held("j"), before, "{line}");
        assert_eq!(kevy.held("new").2, "", "{line}");
    }
}

#[test]
fn several_shards_get_their_own_part_of_an_mset() {
    let mut kevy = Harness::with_shards(3);
    let mut replica = Harness::with_shards(3);
    kevy.line("JSON.MSET a $ 1 b $ 2 c $ 3 d $ 4 e $ 5");
    let effects = kevy.take_effects();
    assert!(effects.len() > 1, "{effects:?}");
    replica.apply(&effects);
    for key in ["a", "b", "c", "d", "e"] {
        assert_eq!(kevy.held(key), replica.held(key), "{key}");
    }
    assert_eq!(kevy.line("JSON.MGET a c none $"), r"*3\r\n$3\r\n[1]\r\n$3\r\n[3]\r\n$-1\r\n");
}

#[test]
fn an_expiry_stays_and_an_expired_document_is_gone() {
    let mut kevy = fresh();
    let at = kevy.now + 1000;
    kevy.line(&format!("PEXPIREAT j {at}"));
    kevy.line("JSON.SET j $ '{}'");
    assert_eq!(kevy.held("j").1, Some(at));
    kevy.now += 2000;
    assert_eq!(kevy.line("JSON.GET j"), r"$-1\r\n");
    assert_eq!(kevy.line("JSON.SET j $ 1 XX"), r"$-1\r\n");
    assert_eq!(kevy.line("JSON.SET j $ 1 NX"), r"+OK\r\n");
    assert_eq!(kevy.held("j").1, None);
}

#[test]
fn documents_stay_within_limits() {
    let mut kevy = fresh();
    kevy.line("JSON.SET deep $ '[]'");
    // Every command fits; all of them together must not.
    let nested = format!("{}{}", "[".repeat(50), "]".repeat(50));
    let mut path = "$".to_owned();
    let mut refused = false;
    for _ in 0..4 {
        let reply = kevy.line(&format!("JSON.ARRAPPEND deep {path} '{nested}'"));
        refused |= reply.starts_with("-ERR recursion limit exceeded");
        path.push_str(&"[0]".repeat(50));
    }
    assert!(refused);
    let places = vec!["0"; 100_000].join(",");
    kevy.line("JSON.SET wide $ '[\"\"]'");
    let long = "x".repeat(100_000);
    for line in [
        format!("JSON.STRAPPEND wide $[{places}] '\"{long}\"'"),
        format!("JSON.ARRAPPEND wide $[?(@)]..[{places}] '\"{long}\"'"),
    ] {
        kevy.line(&line);
    }
    assert!(kevy.line("MEMORY USAGE wide").len() < 15);
    kevy.line(&format!("JSON.SET wide $ '[\"{long}\"]'"));
    assert_eq!(
        kevy.line(&format!("JSON.GET wide $[{places}]")),
        r"-ERR the reply would be longer than 512 megabytes\r\n"
    );
    assert_eq!(kevy.run(&[b"JSON.SET", b"j", b"$", b"\"\xff\""]), b"-Couldn't parse as UTF-8 string\r\n");
}

#[test]
fn a_document_survives_dump_and_restore() {
    let mut kevy = fresh();
    let dump = kevy.run(&[b"DUMP", b"j"]);
    let payload = &dump[dump.iter().position(|byte| *byte == b'\n').unwrap() + 1..dump.len() - 2];
    // The type, and the id of "ReJSON-RL" of version 3 as Redis writes it.
    assert_eq!(payload[..10], [7, 0x81, 0x45, 0xE2, 0x52, 0x38, 0xDF, 0x91, 0x2C, 0x03]);
    assert_eq!(kevy.run(&[b"RESTORE", b"k", b"0", payload]), b"+OK\r\n");
    assert_eq!(kevy.held("k").0, kevy.held("j").0);
    assert_eq!(kevy.line("DEBUG DIGEST-VALUE j"), kevy.line("DEBUG DIGEST-VALUE k"));
    kevy.line("JSON.SET k .n 2");
    assert_ne!(kevy.line("DEBUG DIGEST-VALUE j"), kevy.line("DEBUG DIGEST-VALUE k"));
    let mut damaged = payload.to_vec();
    damaged[5] ^= 1;
    assert!(kevy.run(&[b"RESTORE", b"x", b"0", &damaged]).starts_with(b"-ERR"));
}
