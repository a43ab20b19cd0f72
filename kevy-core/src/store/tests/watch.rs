//! WATCH: flags rise when, and only when, a watched key changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{START, keyspace, keyspace_of};
use crate::store::limits::Policy;
use crate::store::{Expire, Keyspace, Limits};

/// Whether a flag on `k` of database 0, which holds a string, rises by `action`.
fn rises(action: impl FnOnce(&mut Keyspace)) -> bool {
    let mut keys = keyspace_of(Limits { policy: Policy::AllkeysRandom, ..Limits::default() });
    keys.set_bytes(0, b"k", b"v", Expire::Clear, START);
    rises_in(&mut keys, b"k", action)
}

fn rises_in(keys: &mut Keyspace, key: &[u8], action: impl FnOnce(&mut Keyspace)) -> bool {
    let flag = Arc::new(AtomicBool::new(false));
    keys.watch(0, key, Arc::clone(&flag), START);
    action(keys);
    let is_risen = flag.load(Ordering::Acquire);
    keys.unwatch(0, key, &flag);
    assert_eq!(Arc::strong_count(&flag), 1, "the keyspace lets go of flags");
    is_risen
}

#[test]
fn every_change_of_a_key_raises_its_flags() {
    assert!(rises(|keys| {
        let _ = keys.set_bytes(0, b"k", b"v", Expire::Clear, START);
    }));
    assert!(rises(|keys| {
        let _ = keys.set_int(0, b"k", 1, Expire::Clear, START);
    }));
    assert!(rises(|keys| {
        let _ = keys.edit_string(0, b"k", START, true, |_| ());
    }));
    assert!(rises(|keys| {
        let _ = keys.maybe_edit_string(0, b"k", START, true, |_| ((), true));
    }));
    assert!(rises(|keys| {
        let _ = keys.remove(0, b"k", START);
    }));
    assert!(rises(|keys| {
        let _ = keys.take(0, b"k", START);
    }));
    assert!(rises(|keys| {
        let _ = keys.rename(0, b"k", b"l", START);
    }));
    assert!(rises(|keys| {
        let _ = keys.set_expire(0, b"k", Some(START + 1), START);
    }));
    assert!(rises(|keys| {
        let _ = keys.evict_one(START);
    }));
    assert!(rises(|keys| {
        let _ = keys.flush(0);
    }));
    assert!(rises(|keys| {
        let _ = keys.flush_all();
    }));
    assert!(rises(|keys| keys.swap_db(0, 1, START)));
    assert!(rises(|keys| {
        let other = keys.peek(0, b"k", START).unwrap().to_owned();
        keys.put(0, b"k", other, START);
    }));
}

#[test]
fn reads_and_changes_elsewhere_raise_nothing() {
    assert!(!rises(|_| ()));
    assert!(!rises(|keys| {
        let _ = keys.get(0, b"k", START).is_some();
    }));
    assert!(!rises(|keys| {
        let _ = keys.set_bytes(1, b"k", b"v", Expire::Clear, START);
    }));
    assert!(!rises(|keys| {
        let _ = keys.set_bytes(0, b"l", b"v", Expire::Clear, START);
    }));
    assert!(!rises(|keys| {
        let _ = keys.flush(1);
    }));
    assert!(!rises(|keys| keys.swap_db(1, 2, START)));
}

#[test]
fn a_hash_that_is_looked_at_or_missed_is_not_changed() {
    let mut keys = keyspace();
    keys.hash_mut(0, b"h", START, true, |hash| hash.set(b"f", b"v", Expire::Clear)).unwrap();
    assert!(!rises_in(&mut keys, b"h", |keys| {
        let _ = keys.hash_mut(0, b"h", START, true, |hash| hash.delete(b"g"));
    }));
    assert!(!rises_in(&mut keys, b"h", |keys| {
        let _ = keys.hash_mut(0, b"h", START, false, |hash| hash.len());
    }));
    assert!(!rises_in(&mut keys, b"n", |keys| {
        let _ = keys.hash_mut(0, b"n", START, true, |hash| hash.len());
    }));
    assert!(rises_in(&mut keys, b"h", |keys| {
        let _ = keys.hash_mut(0, b"h", START, true, |hash| hash.delete(b"f"));
    }));
    assert!(rises_in(&mut keys, b"h", |keys| {
        keys.hash_mut(0, b"h", START, true, |hash| hash.set(b"f", b"v", Expire::Clear)).unwrap();
    }));
}

#[test]
fn a_missing_key_is_watched_until_it_comes() {
    let mut keys = keyspace();
    assert!(!rises_in(&mut keys, b"k", |keys| {
        let _ = keys.flush(0);
    }));
    assert!(!rises_in(&mut keys, b"k", |keys| keys.swap_db(0, 1, START)));
    assert!(!rises_in(&mut keys, b"k", |keys| {
        let _ = keys.remove(0, b"k", START);
    }));
    assert!(rises_in(&mut keys, b"k", |keys| {
        let _ = keys.set_bytes(0, b"k", b"v", Expire::Clear, START);
    }));
    keys.set_bytes(1, b"m", b"v", Expire::Clear, START);
    assert!(rises_in(&mut keys, b"m", |keys| keys.swap_db(0, 1, START)));
}

#[test]
fn expiry_raises_flags_unless_the_key_was_due_when_watched() {
    let mut keys = keyspace();
    keys.set_bytes(0, b"k", b"v", Expire::At(START + 1), START);
    assert!(rises_in(&mut keys, b"k", |keys| {
        let _ = keys.exists(0, b"k", START + 1);
    }));
    keys.set_bytes(0, b"k", b"v", Expire::At(START), START - 1);
    assert!(!rises_in(&mut keys, b"k", |keys| {
        let _ = keys.exists(0, b"k", START);
    }));
    keys.hash_mut(0, b"h", START, true, |hash| hash.set(b"f", b"v", Expire::At(START + 5))).unwrap();
    assert!(rises_in(&mut keys, b"h", |keys| {
        let _ = keys.expire_some(START + 5, 10);
    }));
}

#[test]
fn taking_over_another_keyspace_raises_flags_of_what_either_holds() {
    for (ours, theirs) in [(true, false), (false, true), (false, false)] {
        let (mut keys, mut other) = (keyspace(), keyspace());
        other.set_bytes(0, b"new", b"v", Expire::At(START + 3), START);
        if ours {
            keys.set_bytes(0, b"k", b"v", Expire::Clear, START);
        }
        if theirs {
            other.set_bytes(0, b"k", b"v", Expire::Clear, START);
        }
        assert_eq!(rises_in(&mut keys, b"k", |keys| keys.adopt(other)), ours || theirs);
        assert_eq!((keys.exists(0, b"k", START), keys.exists(0, b"new", START)), (theirs, true));
        assert_eq!(keys.next_expiry(), Some(START + 3));
    }
}

#[test]
fn databases_change_places_without_a_word_to_who_watches_what_is_due_there() {
    let mut keys = keyspace();
    for db in [0, 1] {
        keys.set_bytes(db, b"k", b"v", Expire::At(START + 1), START);
    }
    keys.set_bytes(1, b"other", b"v", Expire::At(START + 1), START);
    assert!(!rises_in(&mut keys, b"other", |keys| keys.swap_db(0, 1, START + 1)));
    keys.set_bytes(0, b"m", b"v", Expire::At(START + 1), START);
    assert!(rises_in(&mut keys, b"m", |keys| keys.swap_db(0, 1, START)));
}
