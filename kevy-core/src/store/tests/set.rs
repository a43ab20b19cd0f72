//! Sets against a plain model, in all their forms.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{START, keyspace};
use crate::base::live_redis::{LiveRedis, Reply};
use crate::store::collection::ValueType;
use crate::store::rdb::{dump, restore};
use crate::store::set::{IntSet, SetLimits, difference, intersection, union};
use crate::store::{Item, Keyspace, Limits, Seed, Set, Value, ValueRef};

type Model = BTreeSet<Vec<u8>>;

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (0i64..40).prop_map(|value| value.to_string().into_bytes()),
        1 => (any::<i64>(), 0u32..64).prop_map(|(value, by)| (value >> by).to_string().into_bytes()),
        2 => (0u8..30).prop_map(|value| vec![b'm', value]),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ]
}

fn limits() -> impl Strategy<Value = SetLimits> {
    (0usize..20, 0usize..20, 0usize..8).prop_map(|(ints, entries, bytes)| SetLimits {
        intset_entries_max: ints,
        listpack_entries_max: entries,
        listpack_value_bytes_max: bytes,
    })
}

fn contents(set: &Set) -> Model {
    let contents: Model = set.iter().map(|member| member.to_vec()).collect();
    assert_eq!(contents.len(), set.len(), "no member comes twice");
    contents
}

fn of(members: &Model, limits: &SetLimits, seed: &Seed) -> Set {
    let mut set = Set::default();
    members.iter().for_each(|member| assert!(set.add(member, limits, seed)));
    set
}

fn texts<'a>(members: impl Iterator<Item = Item<'a>>) -> Vec<Vec<u8>> {
    let mut texts: Vec<_> = members.map(|member| member.to_vec()).collect();
    texts.sort();
    texts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 256 }, ..ProptestConfig::default() })]

    #[test]
    fn a_set_is_a_set(
        steps in prop::collection::vec((0u8..12, prop::collection::vec(member(), 1..8)), 0..80),
        limits in limits(),
    ) {
        let (seed, mut rng) = (Seed::new(3), fastrand::Rng::with_seed(4));
        let (mut set, mut model) = (Set::default(), Model::new());
        for (action, members) in steps {
            match action {
                0..6 => {
                    set.prepare(&members[0], members.len(), &limits, &seed);
                    for member in members {
                        prop_assert_eq!(set.add(&member, &limits, &seed), model.insert(member));
                    }
                }
                6..10 => {
                    for member in members {
                        prop_assert_eq!(set.remove(&member), model.remove(&member));
                    }
                }
                10 => {
                    let taken = set.take_random(&mut rng, members.len());
                    prop_assert_eq!(taken.len(), members.len().min(model.len()));
                    for member in taken {
                        prop_assert!(model.remove(&*member));
                    }
                }
                _ => {
                    let chosen = texts(set.random_distinct(&mut rng, members.len()).into_iter());
                    prop_assert_eq!(chosen.len(), members.len().min(model.len()));
                    prop_assert!(chosen.is_sorted_by(|one, two| one < two));
                    prop_assert!(chosen.iter().all(|member| model.contains(member)));
                    prop_assert_eq!(set.random(&mut rng).is_some(), !model.is_empty());
                    set.compact(&limits);
                }
            }
            prop_assert_eq!(contents(&set), model.clone());
            prop_assert!(model.iter().all(|member| set.contains(member)));
            let mut scanned = Model::new();
            let mut position = 0;
            loop {
                position = set.scan(position, 5, |member| {
                    scanned.insert(member.to_vec());
                });
                if position == 0 {
                    break;
                }
            }
            prop_assert_eq!(&scanned, &model);
            if !model.is_empty() {
                let again = restore(&dump(&ValueRef::Set(&set)), &Limits::compact(), &seed);
                let Ok(Value::Set(again)) = again else { panic!("{again:?}") };
                prop_assert_eq!(contents(&again), model.clone());
            }
        }
    }

    #[test]
    fn sets_are_combined(
        models in prop::collection::vec(prop::collection::btree_set(member(), 0..40), 1..6),
        limits in limits(),
    ) {
        let seed = Seed::new(3);
        let sets: Vec<Set> = models.iter().map(|model| of(model, &limits, &seed)).collect();
        let sets: Vec<&Set> = sets.iter().collect();
        let (first, others) = (&models[0], &models[1..]);
        let all: Vec<_> = first.iter().filter(|member| others.iter().all(|other| other.contains(*member))).collect();
        prop_assert!(texts(intersection(&sets)).iter().eq(all));
        let any: Model = models.iter().flatten().cloned().collect();
        prop_assert!(texts(union(&sets)).iter().eq(&any));
        let left: Vec<_> =
            first.iter().filter(|member| !others.iter().any(|other| other.contains(*member))).collect();
        prop_assert!(texts(difference(sets[0], &sets[1..])).iter().eq(left));
        let collected = Set::collect(union(&sets), &limits, &seed);
        prop_assert_eq!(contents(&collected), any);
    }

    #[test]
    fn an_array_of_integers_is_sorted_and_checked(
        values in prop::collection::btree_set((any::<i64>(), 0u32..64).prop_map(|(value, by)| value >> by), 1..40),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut ints = IntSet::default();
        let mut shuffled: Vec<i64> = values.iter().copied().collect();
        fastrand::Rng::with_seed(1).shuffle(&mut shuffled);
        for value in shuffled {
            prop_assert!(ints.add(value) && !ints.add(value) && ints.contains(value));
        }
        prop_assert!(ints.iter().eq(values.iter().copied()));
        let sorted: Vec<i64> = values.iter().copied().collect();
        prop_assert_eq!(&IntSet::from_sorted(&sorted), &ints);
        let mut bytes = ints.as_bytes().to_vec();
        prop_assert_eq!(IntSet::from_bytes(bytes.clone()), Ok(ints));
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(ints) = IntSet::from_bytes(bytes) {
            prop_assert!(ints.iter().is_sorted_by(|one, two| one < two));
        }
    }
}

fn add(keys: &mut Keyspace, key: &[u8], members: &[Vec<u8>]) {
    keys.edit(0, key, START, true, |set: &mut Set, limits, seed| {
        let added = members.iter().filter(|member| set.add(member, &limits.set, seed)).count();
        (added, added > 0)
    })
    .unwrap();
}

#[test]
fn forms_change_at_the_limits_of_redis_7_2() {
    let (limits, seed) = (SetLimits::default(), Seed::new(1));
    let form = |ints: usize, texts: usize| {
        let mut set = Set::default();
        let ints = (0..ints).map(|value| value.to_string());
        for member in ints.chain((0..texts).map(|value| format!("m{value}"))) {
            assert!(set.add(member.as_bytes(), &limits, &seed));
        }
        set.encoding()
    };
    assert_eq!([form(512, 0), form(513, 0)], ["intset", "hashtable"]);
    assert_eq!([form(0, 128), form(0, 129)], ["listpack", "hashtable"]);
    assert_eq!([form(127, 1), form(128, 1)], ["listpack", "hashtable"]);
    let mut set = Set::default();
    set.add(&[b'x'; 64], &limits, &seed);
    assert_eq!(set.encoding(), "listpack");
    set.add(&[b'x'; 65], &limits, &seed);
    assert_eq!(set.encoding(), "hashtable");
    let mut set = Set::default();
    set.prepare(b"1", 513, &limits, &seed);
    assert_eq!(set.encoding(), "hashtable");
}

#[test]
fn payloads_are_those_of_redis() {
    let mut redis = LiveRedis::start();
    let mut keys = keyspace();
    let ints = |range: std::ops::Range<i64>, by: i64| -> Vec<Vec<u8>> {
        range.map(|value| (value * by).to_string().into_bytes()).collect()
    };
    let texts: Vec<Vec<u8>> = (0..1_000).map(|value| format!("member {value}").into_bytes()).collect();
    for members in [ints(0..3, 1), ints(-200..200, 1_000), ints(-9..10, 1_000_000_000_000), texts.clone()] {
        let name = b"s".as_slice();
        keys.remove(0, name, START);
        add(&mut keys, name, &members);
        redis.command(&[b"DEL", name]);
        let mut sadd: Vec<&[u8]> = vec![b"SADD", name];
        sadd.extend(members.iter().map(Vec::as_slice));
        redis.command(&sadd);
        let theirs = redis.command(&[b"DUMP", name]).into_bytes();
        let ours = dump(&keys.peek(0, name, START).unwrap().value());
        if members.len() < 513 {
            assert_eq!(ours, theirs);
        }
        assert_eq!(redis.command(&[b"RESTORE", name, b"0", &ours, b"REPLACE"]), Reply::Simple("OK".into()));
        let mut held = redis.command(&[b"SMEMBERS", name]).into_array();
        held.sort();
        let Ok(Value::Set(restored)) = restore(&theirs, &Limits::default(), &Seed::new(1)) else {
            panic!("no set")
        };
        assert!(contents(&restored).iter().eq(&held) && restored.len() == members.len());
    }
    // A set of Redis 7.2: its listpack needs version 11, which the reference does not read.
    keys.remove(0, b"s", START);
    add(&mut keys, b"s", &texts[..3]);
    let payload = dump(&keys.peek(0, b"s", START).unwrap().value());
    assert_eq!((payload[0], payload[payload.len() - 10]), (20, 11));
}

#[test]
fn damaged_payloads_are_refused() {
    let sealed = |body: &[u8]| {
        let mut payload = [body, &[11, 0]].concat();
        let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Redis, &payload);
        payload.extend_from_slice(&sum.to_le_bytes());
        restore(&payload, &Limits::default(), &Seed::new(1)).map(|value| value.as_ref().kind())
    };
    assert!(sealed(b"\x02\x02\x01a\x01b").is_ok());
    assert!(sealed(b"\x0B\x0C\x02\0\0\0\x02\0\0\0\x01\0\x02\0").is_ok());
    assert!(sealed(b"\x14\x09\x09\0\0\0\x01\0\x05\x01\xFF").is_ok());
    for body in [
        &b"\x02\x00"[..],
        b"\x02\x02\x01a\x01a",
        b"\x02\x03\x01a\x01b",
        b"\x02\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01a",
        b"\x0B\x00",
        b"\x0B\x08\x02\0\0\0\0\0\0\0",
        b"\x0B\x0C\x02\0\0\0\x02\0\0\0\x02\0\x01\0",
        b"\x0B\x0C\x02\0\0\0\x02\0\0\0\x01\0\x01\0",
        b"\x0B\x0C\x03\0\0\0\x02\0\0\0\x01\0\x02\0",
        b"\x0B\x0C\x02\0\0\0\x03\0\0\0\x01\0\x02\0",
        b"\x0B\x0C\x04\0\0\0\xFF\xFF\xFF\xFF\x01\0\x02\0",
        b"\x14\x07\x07\0\0\0\0\0\xFF",
        b"\x14\x0B\x0B\0\0\0\x02\0\x05\x01\x05\x01\xFF",
        b"\x14\x0A\x0A\0\0\0\x01\0\x815\x02\xFF",
    ] {
        assert!(sealed(body).is_err(), "{}", body.escape_ascii());
    }
}
