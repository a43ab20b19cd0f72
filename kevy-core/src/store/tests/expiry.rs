//! What expires: order, budgets, fields, and replicas.

use super::{START, keyspace, keyspace_of};
use crate::store::hash::HashLimits;
use crate::store::{Dropped, Expire, Keyspace, Limits, Reason, ValueRef};

fn fields_dropped(keys: &Keyspace) -> usize {
    keys.drops
        .iter()
        .map(|dropped| match dropped {
            Dropped::HashFields { fields, .. } => fields.len(),
            Dropped::Key { .. } => 0,
        })
        .sum()
}

/// One keyspace whose hashes are listpacks and one whose hashes are tables.
fn both_forms() -> [Keyspace; 2] {
    [1_000, 0].map(|listpack_entries_max| {
        let hash = HashLimits { listpack_entries_max, ..HashLimits::default() };
        keyspace_of(Limits { hash, ..Limits::default() })
    })
}

#[test]
fn keys_go_in_the_order_of_their_expiry_and_within_the_budget() {
    let mut keys = keyspace();
    let mut rng = fastrand::Rng::with_seed(2);
    let total = if cfg!(miri) { 100 } else { 10_000 };
    let mut times: Vec<u64> = (0..total).map(|_| START + rng.u64(..5_000)).collect();
    for (number, &at) in times.iter().enumerate() {
        keys.set_bytes(number % 3, &number.to_le_bytes(), b"v", Expire::At(at), START - 1);
    }
    times.sort();
    assert_eq!(keys.next_expiry(), times.first().copied());
    let due = times.iter().filter(|&&at| at <= START + 2_500).count();
    let mut expired = 0;
    loop {
        let count = keys.expire_some(START + 2_500, 7);
        expired += count;
        if count < 7 {
            break;
        }
    }
    assert_eq!((expired, keys.drops.len()), (due, due));
    assert_eq!(keys.next_expiry(), times.get(due).copied());
    assert_eq!((0..3).map(|db| keys.expires_len(db)).sum::<usize>(), total as usize - due);
}

#[test]
fn due_fields_go_and_are_reported_and_the_last_takes_the_hash_along() {
    for mut keys in both_forms() {
        keys.hash_mut(2, b"h", START, true, |hash| {
            hash.set(b"a", b"1", Expire::At(START + 10));
            hash.set(b"b", b"2", Expire::At(START + 5));
            hash.set(b"c", b"3", Expire::Clear);
        })
        .unwrap();
        assert_eq!(keys.next_expiry(), Some(START + 5));
        assert_eq!(keys.expire_some(START + 5, 10), 1);
        let fields =
            |name: &[u8]| Dropped::HashFields { db: 2, key: (*b"h").into(), fields: vec![name.into()] };
        assert_eq!(keys.drops, [fields(b"b")]);
        let Some(ValueRef::Hash(hash)) = keys.get(2, b"h", START + 10).map(|found| found.value()) else {
            panic!()
        };
        assert_eq!((hash.len(), hash.next_expiry()), (1, None));
        assert_eq!(keys.drops, [fields(b"b"), fields(b"a")]);
        keys.hash_mut(2, b"h", START, false, |hash| hash.set_expiry(b"c", Some(START + 20))).unwrap();
        assert_eq!((keys.next_expiry(), keys.expires_len(2)), (Some(START + 20), 0));
        assert!(!keys.exists(2, b"h", START + 20));
        assert_eq!((keys.drops.last(), keys.len(2), keys.next_expiry()), (Some(&fields(b"c")), 0, None));
    }
}

#[test]
fn a_field_keeps_its_expiry_only_if_asked_to() {
    for mut keys in both_forms() {
        keys.hash_mut(0, b"h", START, true, |hash| {
            hash.set(b"f", b"1", Expire::At(START + 10));
            assert!(!hash.set(b"f", b"2", Expire::Keep));
            assert_eq!(hash.field(b"f", START).unwrap().expire_at, Some(START + 10));
            hash.set(b"f", b"3", Expire::Clear);
            assert_eq!(hash.field(b"f", START).unwrap().expire_at, None);
            assert!(!hash.set_expiry(b"absent", Some(START + 1)));
            assert!(hash.set_expiry(b"f", Some(START + 1)));
            assert!(hash.set_expiry(b"f", None));
        })
        .unwrap();
        assert_eq!(keys.next_expiry(), None);
    }
}

#[test]
fn a_replica_hides_due_fields_and_keeps_them() {
    for mut keys in both_forms() {
        keys.set_replica(true);
        keys.hash_mut(0, b"h", START, true, |hash| {
            hash.set(b"a", b"1", Expire::At(START + 10));
            hash.set(b"b", b"2", Expire::At(START + 20));
        })
        .unwrap();
        let Some(ValueRef::Hash(hash)) = keys.get(0, b"h", START + 10).map(|found| found.value()) else {
            panic!()
        };
        assert_eq!((hash.live_len(START + 10), hash.len()), (1, 2));
        assert!(hash.get(b"a", START + 10).is_none());
        assert_eq!(hash.iter(START + 10).count(), 1);
        assert!(hash.get(b"a", 0).is_some(), "the primary's effects see it");
        assert!(!keys.exists(0, b"h", START + 20));
        assert_eq!(keys.expire_some(START + 20, 10), 0);
        assert_eq!((keys.len(0), keys.drops.len()), (1, 0));
    }
}

#[test]
fn a_large_hash_whose_fields_are_all_due_goes_as_one() {
    let mut keys = keyspace();
    let total = if cfg!(miri) { 200 } else { 5_000 };
    let fill = |keys: &mut Keyspace| {
        keys.hash_mut(0, b"h", START, true, |hash| {
            for number in 0u32..total {
                hash.set(&number.to_le_bytes(), b"v", Expire::At(START + 1));
            }
        })
        .unwrap();
    };
    fill(&mut keys);
    assert!(keys.get(0, b"h", START + 1).is_none());
    let last = keys.drops.pop();
    assert_eq!(last, Some(Dropped::Key { db: 0, key: (*b"h").into(), reason: Reason::Expired }));
    assert!(fields_dropped(&keys) < total as usize);
    keys.drops.clear();
    fill(&mut keys);
    assert_eq!(keys.expire_some(START + 1, 150), 150);
    assert_eq!((keys.len(0), fields_dropped(&keys)), (1, 150));
    assert_eq!(keys.expire_some(START + 1, usize::MAX), total as usize - 150);
    assert_eq!((keys.len(0), fields_dropped(&keys)), (0, total as usize));
}
