//! Accounting: what the keyspace says it uses is what it has allocated, to the byte.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{START, allocations, keyspace};
use crate::store::keyspace::WalkSink;
use crate::store::{Expire, Keyspace, Set, ValueRef};

struct Nothing;

impl WalkSink for Nothing {
    fn entry(&mut self, _: usize, _: &[u8], _: &ValueRef<'_>, _: Option<u64>) {}
}

/// What `keys` has allocated, given what had been before it was made.
fn allocated(keys: &mut Keyspace, before: isize) -> usize {
    // The names of what was dropped are the caller's.
    keys.drops = Vec::new();
    (allocations::live() - before) as usize
}

/// What a keyspace without keys uses: the list of the databases that have been written to.
fn of_databases(keys: &Keyspace) -> usize {
    let mut empty = keyspace();
    for db in 0..keys.databases_used() {
        empty.set_bytes(db, b"k", b"v", Expire::Clear, START);
        empty.remove(db, b"k", START);
    }
    empty.used_memory()
}

#[test]
fn used_memory_is_what_is_allocated() {
    let mut rng = fastrand::Rng::with_seed(1);
    let before = allocations::live();
    let mut keys = keyspace();
    let mut walks = Vec::new();
    let flags: Vec<_> = (0..10).map(|_| Arc::new(AtomicBool::new(false))).collect();
    let of_flags = 10 * (size_of::<AtomicBool>() + 2 * size_of::<usize>()).next_multiple_of(8)
        + flags.capacity() * size_of::<Arc<AtomicBool>>();
    let mut now = START;
    for step in 0..if cfg!(miri) { 300 } else { 60_000 } {
        let (db, name) = (rng.usize(..2), format!("key {}", rng.u32(..2_000)));
        let key = name.as_bytes();
        let value = vec![b'v'; if rng.u8(..20) == 0 { rng.usize(..9_000) } else { rng.usize(..60) }];
        let at = now + rng.u64(1..3_000);
        match rng.u32(..1_000) {
            0..300 => {
                keys.set_bytes(db, key, &value, if rng.bool() { Expire::At(at) } else { Expire::Keep }, now);
            }
            300..350 => {
                keys.set_int(db, key, rng.i64(..), Expire::Clear, now);
            }
            350..450 => {
                let (first, more) =
                    (rng.u32(..1_000), rng.u32(..40) * if rng.u8(..10) == 0 { 20 } else { 1 });
                let is_text = rng.bool();
                let _ = keys.edit(db, key, now, true, |set: &mut Set, limits, seed| {
                    for number in first..first + more {
                        let text = if is_text { format!("member {number}") } else { number.to_string() };
                        set.add(text.as_bytes(), &limits.set, seed);
                    }
                    set.take_random(&mut rng, more as usize / 4);
                    ((), true)
                });
            }
            450..600 => {
                let (field, more) = (format!("field {}", rng.u8(..)), rng.usize(..40));
                let expire = if rng.u8(..4) == 0 { Expire::At(at) } else { Expire::Keep };
                let _ = keys.hash_mut(db, key, now, true, |hash| {
                    for number in 0..more {
                        hash.set(format!("{field}{number}").as_bytes(), &value, expire);
                    }
                    hash.delete(field.as_bytes());
                });
            }
            600..700 => {
                let _ = keys.edit_string(db, key, now, true, |bytes| bytes.extend_from_slice(&value));
            }
            700..850 => {
                keys.remove(db, key, now);
            }
            850..900 => {
                keys.set_expire(db, key, (rng.u8(..3) > 0).then_some(at), now);
            }
            900..920 => {
                keys.rename(db, key, format!("key {}", rng.u32(..2_000)).as_bytes(), now);
            }
            920..940 => keys.watch(db, key, Arc::clone(&flags[rng.usize(..10)]), now),
            940..950 => keys.unwatch(db, key, &flags[rng.usize(..10)]),
            950..951 => walks.push(keys.start_walk(Box::new(Nothing))),
            951..970 => {
                if let Some(&walk) = walks.first()
                    && (rng.u8(..4) == 0 || keys.walk_step(walk, 50))
                {
                    keys.cancel_walk(walk);
                    walks.remove(0);
                }
            }
            970 => {
                keys.flush(db);
            }
            971..975 => keys.swap_db(0, 1, now),
            _ => {
                now += 100;
                keys.expire_some(now, 30);
                keys.free_some(100);
            }
        }
        drop((name, value));
        if step % 50 == 0 {
            let walks_vec = walks.capacity() * size_of::<crate::store::WalkId>();
            assert_eq!(
                keys.used_memory(),
                allocated(&mut keys, before) - of_flags - walks_vec,
                "at step {step}"
            );
        }
    }
    for walk in walks.drain(..) {
        keys.cancel_walk(walk);
    }
    for flag in &flags {
        for number in 0..2_000 {
            (0..2).for_each(|db| keys.unwatch(db, format!("key {number}").as_bytes(), flag));
        }
    }
    keys.flush_all();
    while keys.free_some(1_000) {}
    assert_eq!(keys.used_memory(), of_databases(&keys));
}

#[test]
fn a_keyspace_that_is_emptied_key_by_key_uses_no_more_than_a_new_one() {
    let mut keys = keyspace();
    let total = if cfg!(miri) { 200 } else { 20_000 };
    let key = |number: u32| format!("key {number}").into_bytes();
    for number in 0..total {
        let expire = if number % 2 == 0 { Expire::At(START + 1) } else { Expire::Clear };
        keys.set_bytes(0, &key(number), b"a value of some length", expire, START);
    }
    for number in 0..total {
        assert!(keys.remove(0, &key(number), START));
    }
    assert_eq!(keys.used_memory(), of_databases(&keys));
}

#[test]
fn large_values_and_flushed_keys_are_freed_a_slice_at_a_time() {
    let mut keys = keyspace();
    let fields = if cfg!(miri) { 300 } else { 20_000 };
    keys.hash_mut(0, b"h", START, true, |hash| {
        for number in 0..fields {
            hash.set(format!("field {number}").as_bytes(), b"value", Expire::Clear);
        }
    })
    .unwrap();
    free_slowly(&mut keys, b"h", fields);
}

#[test]
fn large_sets_are_freed_a_slice_at_a_time() {
    let mut keys = keyspace();
    let members = if cfg!(miri) { 300 } else { 20_000 };
    keys.edit(0, b"s", START, true, |set: &mut Set, limits, seed| {
        for number in 0..members {
            set.add(format!("member {number}").as_bytes(), &limits.set, seed);
        }
        ((), true)
    })
    .unwrap();
    free_slowly(&mut keys, b"s", members);
}

fn free_slowly(keys: &mut Keyspace, key: &[u8], parts: usize) {
    let full = keys.used_memory();
    assert!(keys.remove(0, key, START));
    assert!(keys.used_memory() + 200 > full, "removing a large value frees little by itself");
    assert!(keys.garbage_memory() > 0);
    let mut slices = 0;
    while keys.free_some(100) {
        slices += 1;
    }
    assert!(slices >= parts / 100 - 1);
    assert_eq!(keys.used_memory(), of_databases(keys));
}
