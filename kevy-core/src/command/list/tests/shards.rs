//! List verbs whose keys lie on several shards.

use crate::command::testing::{Harness, Held};

fn list(elements: &[&str]) -> Held {
    Held::List(elements.iter().map(|element| element.as_bytes().to_vec()).collect())
}

/// Two keys of which each shard of two owns one.
fn keys(kevy: &mut Harness) -> (String, String) {
    let mut of = |shard| {
        (0..)
            .map(|n| format!("k{n}"))
            .find(|key| {
                let many = kevy.partitions.iter_mut().map(Some).collect();
                crate::command::Partitions::Many(many).at(key.as_bytes()).index == shard
            })
            .expect("a key")
    };
    (of(0), of(1))
}

#[test]
fn elements_move_between_shards_and_each_stream_tells_its_part() {
    let mut kevy = Harness::with_shards(2);
    let (a, b) = keys(&mut kevy);
    kevy.line(&format!("RPUSH {a} 1 2 3"));
    kevy.take_effects();
    for (line, reply, effects) in [
        (
            format!("LMOVE {a} {b} LEFT RIGHT"),
            "$1\\r\\n1\\r\\n",
            [format!("LPOP {a}"), format!("RPUSH {b} 1")],
        ),
        (format!("RPOPLPUSH {a} {b}"), "$1\\r\\n3\\r\\n", [format!("RPOP {a}"), format!("LPUSH {b} 3")]),
    ] {
        assert_eq!(kevy.line(&line), reply);
        assert_eq!(kevy.take_effect_lines(), effects);
    }
    assert_eq!((kevy.held(&a).0, kevy.held(&b).0), (list(&["2"]), list(&["3", "1"])));
    assert_eq!(
        kevy.line(&format!("LMPOP 2 none {b} RIGHT COUNT 5")),
        "*2\\r\\n$2\\r\\nk0\\r\\n*2\\r\\n$1\\r\\n1\\r\\n$1\\r\\n3\\r\\n".replace("k0", &b)
    );
    assert_eq!(kevy.take_effect_lines(), [format!("RPOP {b} 2")]);
}

#[test]
fn nothing_moves_to_a_key_of_another_type_on_another_shard() {
    let mut kevy = Harness::with_shards(2);
    let (a, b) = keys(&mut kevy);
    kevy.line(&format!("RPUSH {a} 1"));
    kevy.line(&format!("SET {b} v"));
    kevy.take_effects();
    assert!(kevy.line(&format!("LMOVE {a} {b} LEFT RIGHT")).starts_with("-WRONGTYPE"));
    assert_eq!(kevy.take_effect_lines(), [""; 0]);
    assert_eq!(kevy.held(&a).0, list(&["1"]));
}
