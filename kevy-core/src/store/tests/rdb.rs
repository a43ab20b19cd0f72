//! DUMP payloads against a real redis-server, and against damage.

use proptest::prelude::*;

use super::{START, keyspace};
use crate::base::live_redis::{LiveRedis, Reply};
use crate::store::Limits;
use crate::store::collection::ValueType;
use crate::store::hash::{HashEdit, HashLimits};
use crate::store::rdb::dump::RestoreError;
use crate::store::rdb::{dump, restore};
use crate::store::{Expire, Hash, Keyspace, Seed, Value, ValueRef};

fn pairs(hash: &Hash) -> Vec<(Vec<u8>, Vec<u8>, Option<u64>)> {
    let mut pairs: Vec<_> =
        hash.iter(0).map(|field| (field.name.to_vec(), field.value.to_vec(), field.expire_at)).collect();
    pairs.sort();
    pairs
}

fn same(one: &ValueRef<'_>, two: &ValueRef<'_>) -> bool {
    match (one, two) {
        (ValueRef::Hash(one), ValueRef::Hash(two)) => {
            pairs(one) == pairs(two) && one.encoding() == two.encoding()
        }
        _ => one.as_string().unwrap() == two.as_string().unwrap(),
    }
}

fn restored(payload: &[u8]) -> Result<Value, RestoreError> {
    restore(payload, &Limits::default(), &Seed::new(1))
}

/// Values of many lengths and kinds: text, numbers, repetitions of every period, noise.
fn strings() -> Vec<Vec<u8>> {
    let mut strings: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"a".to_vec(),
        b"-0".to_vec(),
        b"007".to_vec(),
        b" 7".to_vec(),
        b"3.25".to_vec(),
        b"999999999999999999999".to_vec(),
        b"The quick brown fox jumps over the lazy dog, and the lazy dog jumps over the fox".to_vec(),
    ];
    for bits in 0..64 {
        let power = 1i64 << bits;
        for value in
            [power, power.wrapping_sub(1), power.wrapping_neg(), power.wrapping_neg().wrapping_sub(1)]
        {
            strings.push(value.to_string().into_bytes());
        }
    }
    for period in 1..40 {
        for length in [20, 21, 22, 24, 25, 40, 63, 64, 65, 100, 264, 265, 266, 300, 600, 9_000] {
            strings.push((0..length).map(|at| b'a' + (at % period) as u8).collect());
        }
    }
    let mut rng = fastrand::Rng::with_seed(11);
    for length in (1..400).chain([4_095, 4_096, 4_097, 16_383, 16_384, 70_000]) {
        for letters in [2, 4, 16, 256] {
            strings.push((0..length).map(|_| rng.usize(..letters) as u8).collect());
        }
    }
    strings
}

fn redis_dump(redis: &mut LiveRedis, key: &[u8]) -> Vec<u8> {
    match redis.command(&[b"DUMP", key]) {
        Reply::Bulk(payload) => payload,
        other => panic!("DUMP replied {other:?}"),
    }
}

fn kevy_dump(keys: &mut Keyspace, key: &[u8]) -> Vec<u8> {
    dump(&keys.peek(0, key, START).unwrap().value())
}

#[test]
fn strings_are_dumped_as_redis_dumps_them() {
    let mut redis = LiveRedis::start();
    let mut keys = keyspace();
    for string in strings() {
        redis.command(&[b"SET", b"s", &string]);
        keys.set_bytes(0, b"s", &string, Expire::Clear, START);
        let (theirs, ours) = (redis_dump(&mut redis, b"s"), kevy_dump(&mut keys, b"s"));
        assert_eq!(ours, theirs, "of {} bytes: \"{}\"", string.len(), string.escape_ascii());
        let value = restored(&theirs).unwrap();
        assert_eq!(&*value.as_ref().as_string().unwrap(), &string[..]);
    }
}

#[test]
fn hashes_are_dumped_as_redis_dumps_them() {
    let mut redis = LiveRedis::start();
    let mut keys = keyspace();
    let mut rng = fastrand::Rng::with_seed(5);
    for round in 0..600 {
        redis.command(&[b"DEL", b"h"]);
        keys.remove(0, b"h", START);
        for _ in 0..rng.usize(1..=if round % 20 == 0 { 128 } else { 12 }) {
            let field = match rng.u8(..3) {
                0 => rng.i64(..).wrapping_shr(rng.u32(..64)).to_string().into_bytes(),
                1 => format!("field:{}", rng.u8(..)).into_bytes(),
                _ => (0..rng.usize(..64)).map(|_| rng.u8(..)).collect(),
            };
            let value = match rng.u8(..3) {
                0 => rng.i64(..).wrapping_shr(rng.u32(..64)).to_string().into_bytes(),
                1 => b"the same value again and again"[..rng.usize(..30)].to_vec(),
                _ => (0..rng.usize(..=64)).map(|_| rng.u8(..4)).collect(),
            };
            if rng.u8(..8) == 0 {
                redis.command(&[b"HDEL", b"h", &field]);
                keys.hash_mut(0, b"h", START, false, |hash| hash.delete(&field)).unwrap();
            } else {
                redis.command(&[b"HSET", b"h", &field, &value]);
                keys.hash_mut(0, b"h", START, true, |hash| hash.set(&field, &value, Expire::Clear)).unwrap();
            }
        }
        if !keys.exists(0, b"h", START) {
            continue;
        }
        let (theirs, ours) = (redis_dump(&mut redis, b"h"), kevy_dump(&mut keys, b"h"));
        assert_eq!(ours, theirs);
        let (value, found) = (restored(&theirs).unwrap(), keys.peek(0, b"h", START).unwrap());
        assert!(same(&value.as_ref(), &found.value()));
    }
}

#[test]
fn redis_restores_what_kevy_dumps_of_a_large_hash() {
    let mut redis = LiveRedis::start();
    let mut keys = keyspace();
    for index in 0..1_000 {
        let (field, value) = (format!("field {index}"), format!("{}", index * index));
        let set = |hash: &mut HashEdit<'_>| hash.set(field.as_bytes(), value.as_bytes(), Expire::Clear);
        keys.hash_mut(0, b"h", START, true, set).unwrap();
    }
    let payload = kevy_dump(&mut keys, b"h");
    assert_eq!(redis.command(&[b"RESTORE", b"h", b"0", &payload]), Reply::Simple("OK".into()));
    assert_eq!(redis.command(&[b"HLEN", b"h"]), Reply::Integer(1_000));
    assert_eq!(redis.command(&[b"HGET", b"h", b"field 999"]), Reply::Bulk(b"998001".to_vec()));
    let value = restored(&redis_dump(&mut redis, b"h")).unwrap();
    assert!(same(&value.as_ref(), &keys.peek(0, b"h", START).unwrap().value()));
}

#[test]
fn what_redis_had_before_listpacks_is_restored() {
    let seal = |value_type: u8, string: &[u8]| {
        let mut payload = vec![value_type, string.len() as u8];
        payload.extend_from_slice(string);
        payload.extend_from_slice(&[9, 0]);
        let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Redis, &payload);
        payload.extend_from_slice(&sum.to_le_bytes());
        payload
    };
    let zipmap = b"\x02\x03foo\x03\x00bar\x01n\x02\x0112\0\xFF";
    let ziplist = b"\x18\0\0\0\x15\0\0\0\x04\0\0\x03foo\x05\xFE\xFB\x03\x01n\x03\xF1\xFF";
    for (payload, expected) in [
        (seal(9, zipmap), [(&b"foo"[..], &b"bar"[..]), (b"n", b"12")]),
        (seal(13, ziplist), [(b"foo", b"-5"), (b"n", b"0")]),
    ] {
        let Ok(Value::Hash(hash)) = restored(&payload) else { panic!("{payload:?}") };
        let expected = expected.map(|(name, value)| (name.to_vec(), value.to_vec(), None));
        assert_eq!(pairs(&hash), expected);
    }
    for length in 0..zipmap.len() {
        assert!(restored(&seal(9, &zipmap[..length])).is_err());
    }
    for length in 0..ziplist.len() {
        assert!(restored(&seal(13, &ziplist[..length])).is_err());
    }
}

#[test]
fn fields_that_expire_survive_a_payload() {
    for count in [3, 500] {
        let mut keys = keyspace();
        for index in 0..count {
            let field = format!("f{index}");
            let expire = if index % 3 == 0 { Expire::Clear } else { Expire::At(START + 1 + index % 7) };
            keys.hash_mut(0, b"h", START, true, |hash| hash.set(field.as_bytes(), b"v", expire)).unwrap();
        }
        let payload = kevy_dump(&mut keys, b"h");
        assert_eq!(payload[payload.len() - 10], 12, "the version that knows of such fields");
        let value = restored(&payload).unwrap();
        assert!(same(&value.as_ref(), &keys.peek(0, b"h", START).unwrap().value()));
    }
}

#[test]
fn a_changed_payload_is_refused() {
    let payload = dump(&ValueRef::Bytes(b"some value or other"));
    for at in 0..payload.len() {
        let mut changed = payload.clone();
        changed[at] ^= 1;
        assert_eq!(restored(&changed).unwrap_err(), RestoreError::VersionOrChecksum);
        assert_eq!(restored(&payload[..at]).unwrap_err(), RestoreError::VersionOrChecksum);
    }
}

/// A payload with a right checksum around bytes that need not be a value.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    body.extend_from_slice(&[10, 0]);
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Redis, &body);
    body.extend_from_slice(&sum.to_le_bytes());
    body
}

fn hash_type() -> impl Strategy<Value = u8> {
    prop::sample::select(vec![0u8, 4, 9, 13, 16, 22, 23, 24, 25])
}

proptest! {
    #[test]
    fn damaged_payloads_are_refused_or_make_whole_values(
        value_type in hash_type(),
        body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut bytes = vec![value_type];
        bytes.extend(body);
        if let Ok(value) = restored(&sealed(bytes)) {
            let again = restored(&dump(&value.as_ref())).unwrap();
            prop_assert!(same(&value.as_ref(), &again.as_ref()));
        }
    }

    #[test]
    fn a_payload_changed_under_a_right_checksum_does_no_harm(
        fields in prop::collection::btree_map(
            prop::collection::vec(any::<u8>(), 0..8),
            (prop::collection::vec(any::<u8>(), 0..70), prop::option::of(1u64..1_000)),
            1..20,
        ),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (limits, seed) = (HashLimits::default(), Seed::new(3));
        let mut hash = Hash::default();
        let mut edit = HashEdit::new(&mut hash, &limits, &seed, 0);
        for (field, (value, at)) in &fields {
            edit.set(field, value, at.map_or(Expire::Clear, Expire::At));
        }
        let payload = dump(&ValueRef::Hash(&hash));
        let value = restored(&payload).unwrap();
        prop_assert!(same(&value.as_ref(), &ValueRef::Hash(&hash)));
        let mut body = payload[..payload.len() - 10].to_vec();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Ok(value) = restored(&sealed(body)) {
            dump(&value.as_ref());
        }
    }

    #[test]
    fn any_string_survives_a_payload(
        string in prop::collection::vec(prop_oneof![3 => 0u8..3, 1 => any::<u8>()], 0..2_000),
    ) {
        let value = restored(&dump(&ValueRef::Bytes(&string))).unwrap();
        prop_assert_eq!(&*value.as_ref().as_string().unwrap(), &string[..]);
    }
}
