//! SCAN's promise: what is there throughout is seen, whatever comes and goes meanwhile.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::{START, keyspace};
use crate::store::{Expire, HashEdit};

fn key(prefix: &str, number: usize) -> Vec<u8> {
    format!("{prefix}{number}").into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn keys_that_stay_are_all_seen(
        staying in 0usize..3_000,
        passing in 0usize..6_000,
        count in 1usize..200,
        rounds in prop::collection::vec((any::<bool>(), 0usize..3_000), 1..60),
    ) {
        let mut keys = keyspace();
        for number in 0..staying {
            keys.set_bytes(0, &key("s", number), b"v", Expire::Clear, START);
        }
        for number in 0..passing {
            keys.set_bytes(0, &key("p", number), b"v", Expire::Clear, START);
        }
        let mut seen = HashMap::<Vec<u8>, usize>::new();
        let (mut position, mut inserted, mut removed) = (0, passing, 0);
        let mut rounds = rounds.into_iter().cycle();
        loop {
            position = keys.scan(0, position, count, START, |found| *seen.entry(found.key().to_vec()).or_default() += 1);
            prop_assert!(position < 1 << 36);
            if position == 0 {
                break;
            }
            let (grow, by) = rounds.next().unwrap();
            for _ in 0..by {
                if grow && inserted < 20_000 {
                    keys.set_bytes(0, &key("p", inserted), b"v", Expire::Clear, START);
                    inserted += 1;
                } else if !grow && removed < inserted {
                    keys.remove(0, &key("p", removed), START);
                    removed += 1;
                }
            }
        }
        for number in 0..staying {
            prop_assert!(seen.contains_key(&key("s", number)));
        }
    }

    #[test]
    fn keys_are_seen_once_while_nothing_is_removed(start in 0usize..2_000, count in 1usize..50) {
        let mut keys = keyspace();
        for number in 0..start {
            keys.set_bytes(0, &key("s", number), b"v", Expire::Clear, START);
        }
        let mut seen = HashMap::<Vec<u8>, usize>::new();
        let (mut position, mut inserted) = (0, start);
        loop {
            position = keys.scan(0, position, count, START, |found| *seen.entry(found.key().to_vec()).or_default() += 1);
            if position == 0 {
                break;
            }
            for _ in 0..count * 2 {
                keys.set_bytes(0, &key("s", inserted), b"v", Expire::Clear, START);
                inserted += usize::from(inserted < 10_000);
            }
        }
        prop_assert!(seen.values().all(|&times| times == 1));
        prop_assert!((0..start).all(|number| seen.contains_key(&key("s", number))));
    }

    #[test]
    fn fields_that_stay_are_all_seen(staying in 130usize..1_000, count in 1usize..50) {
        let mut keys = keyspace();
        let set = |name: Vec<u8>| move |hash: &mut HashEdit<'_>| hash.set(&name, b"v", Expire::Clear);
        for number in 0..staying {
            keys.hash_mut(0, b"h", START, true, set(key("s", number))).unwrap();
        }
        let mut seen = HashMap::<Vec<u8>, usize>::new();
        let (mut position, mut inserted) = (0, 0);
        loop {
            let Some(crate::store::ValueRef::Hash(hash)) = keys.get(0, b"h", START).map(|found| found.value()) else {
                unreachable!()
            };
            position = hash.scan(position, count, START, |field| *seen.entry(field.name.to_vec()).or_default() += 1);
            if position == 0 {
                break;
            }
            for _ in 0..inserted.min(20) {
                keys.hash_mut(0, b"h", START, true, |hash| hash.delete(&key("p", inserted % 20))).unwrap();
            }
            keys.hash_mut(0, b"h", START, true, set(key("p", inserted))).unwrap();
            inserted += 1;
        }
        prop_assert!((0..staying).all(|number| seen.contains_key(&key("s", number))));
    }
}

#[test]
fn a_position_from_elsewhere_ends_or_goes_on() {
    let mut keys = keyspace();
    for number in 0..1_000 {
        keys.set_bytes(0, &key("s", number), b"v", Expire::Clear, START);
    }
    for position in [1 << 36, u64::MAX] {
        assert_eq!(keys.scan(0, position, 10, START, |_| panic!("past the end")), 0);
    }
    for position in [1, (1 << 36) - 1, 12_345_678] {
        assert!(keys.scan(0, position, 10, START, |_| ()) < 1 << 36);
    }
    assert_eq!(keys.scan(99, 0, 10, START, |_| ()), 0);
}

#[test]
fn what_is_due_goes_when_a_scan_comes_by() {
    let mut keys = keyspace();
    for number in 0..50 {
        let expire = if number % 2 == 0 { Expire::At(START + 1) } else { Expire::Clear };
        keys.set_bytes(0, &key("k", number), b"v", expire, START);
    }
    let (mut position, mut seen) = (0, HashSet::new());
    loop {
        position = keys.scan(0, position, 10, START + 1, |found| {
            seen.insert(found.key().to_vec());
        });
        if position == 0 {
            break;
        }
    }
    assert_eq!((seen.len(), keys.len(0)), (25, 25));
}
