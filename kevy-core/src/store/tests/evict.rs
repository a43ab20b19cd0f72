//! Eviction: each policy by what it removes.

use super::{START, keyspace_of};
use crate::base::options::Choice;
use crate::store::limits::Policy;
use crate::store::{Dropped, Expire, Limits, Reason};

#[test]
fn each_policy_evicts_what_it_is_named_for() {
    for policy in (0..Policy::WORDS.len()).map(Policy::at) {
        let mut keys = keyspace_of(Limits { policy, samples: 10, ..Limits::default() });
        for number in 0u32..400 {
            let expire = if number % 2 == 0 {
                Expire::At(START + 1_000_000 - u64::from(number))
            } else {
                Expire::Clear
            };
            keys.set_bytes(0, &number.to_le_bytes(), b"v", expire, START);
        }
        // The upper half was used often and a minute later.
        for number in 200u32..400 {
            for _ in 0..100 {
                keys.get(0, &number.to_le_bytes(), START + 59_000);
            }
        }
        let before = keys.used_memory();
        let mut evicted = Vec::new();
        while evicted.len() < 100 {
            let Some(bytes) = keys.evict_one(START + 59_000) else { break };
            assert!(bytes >= 16);
            let Some(Dropped::Key { db: 0, key, reason: Reason::Evicted }) = keys.drops.pop() else {
                panic!("an eviction is reported")
            };
            evicted.push(u32::from_le_bytes(key[..].try_into().unwrap()));
        }
        if policy == Policy::NoEviction {
            assert!(evicted.is_empty());
            continue;
        }
        assert_eq!((evicted.len(), keys.len(0)), (100, 300), "{policy:?}");
        assert!(keys.used_memory() < before);
        if policy.is_volatile() {
            assert!(evicted.iter().all(|number| number % 2 == 0), "{policy:?}");
        }
        let upper = evicted.iter().filter(|&&number| number >= 200).count();
        match policy {
            Policy::AllkeysLru | Policy::AllkeysLfu | Policy::VolatileLru | Policy::VolatileLfu => {
                assert!(upper <= 15, "{policy:?} evicted {upper} of the used half");
            }
            Policy::VolatileTtl => assert!(upper >= 70, "{upper} of those that expire sooner"),
            _ => assert!((30..=70).contains(&upper), "{policy:?} evicted {upper} of the upper half"),
        }
    }
}

#[test]
fn a_volatile_policy_finds_nothing_where_nothing_expires() {
    for policy in (0..Policy::WORDS.len()).map(Policy::at).filter(|policy| policy.is_volatile()) {
        let mut keys = keyspace_of(Limits { policy, ..Limits::default() });
        keys.set_bytes(0, b"k", b"v", Expire::Clear, START);
        keys.hash_mut(1, b"h", START, true, |hash| hash.set(b"f", b"v", Expire::At(START + 9))).unwrap();
        assert_eq!(keys.evict_one(START), None);
    }
}

#[test]
fn the_one_key_that_expires_is_found_among_many_whose_fields_do() {
    for policy in (0..Policy::WORDS.len()).map(Policy::at).filter(|policy| policy.is_volatile()) {
        let mut keys = keyspace_of(Limits { policy, ..Limits::default() });
        for number in 0u32..3_000 {
            keys.hash_mut(0, &number.to_le_bytes(), START, true, |hash| {
                hash.set(b"f", b"v", Expire::At(START + 9))
            })
            .unwrap();
        }
        keys.set_bytes(0, b"k", b"v", Expire::At(START + 9), START);
        assert!(keys.evict_one(START).is_some());
        assert!(!keys.exists(0, b"k", START));
    }
}

#[test]
fn what_was_sampled_before_a_takeover_is_forgotten() {
    let lru = Limits { policy: Policy::AllkeysLru, ..Limits::default() };
    let (mut keys, mut other) = (keyspace_of(lru.clone()), keyspace_of(lru));
    for number in 0u32..100 {
        keys.set_bytes(9, &number.to_le_bytes(), b"v", Expire::Clear, START);
    }
    assert!(keys.evict_one(START + 1_000).is_some());
    other.set_bytes(0, b"new", b"v", Expire::Clear, START);
    keys.adopt(other);
    assert!(keys.evict_one(START + 1_000).is_some());
    assert_eq!((keys.evict_one(START + 1_000), keys.is_empty()), (None, true));
}
