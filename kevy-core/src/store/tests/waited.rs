//! Keys that clients wait for: each change is noted once, in its order, until somebody looks.

use super::{START, keyspace};
use crate::store::{Expire, Keyspace};

fn set(keys: &mut Keyspace, db: usize, key: &[u8]) {
    keys.set_bytes(db, key, b"v", Expire::Clear, START);
}

/// The keys that changed, first to last.
fn changes(keys: &mut Keyspace) -> Vec<(usize, Vec<u8>)> {
    std::iter::from_fn(|| keys.take_changed()).map(|changed| (changed.db, changed.key.into())).collect()
}

#[test]
fn changes_of_waited_keys_are_noted_in_their_order() {
    let mut keys = keyspace();
    for key in [b"a", b"b", b"c"] {
        keys.wait_for(0, key);
    }
    set(&mut keys, 0, b"other");
    set(&mut keys, 1, b"a");
    assert!(!keys.has_changed());
    set(&mut keys, 0, b"c");
    set(&mut keys, 0, b"a");
    keys.remove(0, b"c", START);
    assert!(keys.has_changed());
    assert_eq!(changes(&mut keys), [(0, b"c".to_vec()), (0, b"a".to_vec())]);
    assert!(!keys.has_changed());
    set(&mut keys, 0, b"c");
    assert_eq!(changes(&mut keys), [(0, b"c".to_vec())]);
}

#[test]
fn whole_databases_change_the_keys_they_hold() {
    let mut keys = keyspace();
    keys.wait_for(0, b"a");
    keys.wait_for(1, b"a");
    keys.swap_db(0, 1, START);
    assert!(!keys.has_changed());
    set(&mut keys, 2, b"a");
    keys.swap_db(0, 2, START);
    assert_eq!(changes(&mut keys), [(0, b"a".to_vec())]);
    keys.flush(1);
    assert!(!keys.has_changed());
    keys.flush_all();
    assert_eq!(changes(&mut keys), [(0, b"a".to_vec())]);
}

#[test]
fn what_is_put_back_comes_first_and_once() {
    let mut keys = keyspace();
    keys.wait_for(0, b"a");
    keys.wait_for(0, b"b");
    set(&mut keys, 0, b"a");
    set(&mut keys, 0, b"b");
    let first = keys.first_change();
    let changed = keys.take_changed().expect("a change");
    set(&mut keys, 0, b"a");
    keys.put_back(changed);
    assert_eq!(keys.first_change(), first);
    assert_eq!(changes(&mut keys), [(0, b"a".to_vec()), (0, b"b".to_vec())]);
}

#[test]
fn forgotten_changes_may_come_again() {
    let mut keys = keyspace();
    keys.wait_for(0, b"a");
    keys.wait_for(0, b"b");
    set(&mut keys, 0, b"a");
    let before = keys.changed_len();
    set(&mut keys, 0, b"b");
    keys.forget_changes(before);
    assert_eq!(keys.changed_len(), before);
    set(&mut keys, 0, b"b");
    assert_eq!(changes(&mut keys), [(0, b"a".to_vec()), (0, b"b".to_vec())]);
}

#[test]
fn nothing_is_left_of_keys_that_nobody_waits_for() {
    let mut keys = keyspace();
    let before = keys.used_memory();
    keys.wait_for(0, &[b'k'; 1000]);
    assert!(keys.used_memory() >= before + 1000);
    keys.wait_for(0, &[b'k'; 1000]);
    keys.unwait(0, &[b'k'; 1000]);
    assert_eq!(keys.used_memory(), before);
    set(&mut keys, 0, &[b'k'; 1000]);
    assert!(!keys.has_changed());
}
