//! What single keys do.

use super::{START, keyspace};
use crate::store::{Dropped, Expire, Kind, Reason, ValueRef, WrongType};

fn text(keyspace: &mut crate::store::Keyspace, key: &[u8], now: u64) -> Option<Vec<u8>> {
    keyspace.get(0, key, now).and_then(|found| found.value().as_string().map(|text| text.to_vec()))
}

#[test]
fn a_string_is_read_back_and_says_how_it_is_stored() {
    let mut keys = keyspace();
    let long = vec![b'x'; 10_000];
    let cases: [(&[u8], &str); 9] = [
        (b"", "embstr"),
        (b"12", "int"),
        (b"-9223372036854775808", "int"),
        (b"9223372036854775808", "embstr"),
        (b"012", "embstr"),
        (b"+1", "embstr"),
        (&long[..44], "embstr"),
        (&long[..45], "raw"),
        (&long, "raw"),
    ];
    for (value, encoding) in cases {
        keys.set_bytes(0, b"key", value, Expire::Clear, START);
        assert_eq!(text(&mut keys, b"key", START).as_deref(), Some(value));
        assert_eq!(keys.peek(0, b"key", START).unwrap().encoding(), encoding);
        assert_eq!(keys.type_of(0, b"key", START), Some(Kind::String));
    }
    assert_eq!(keys.len(0), 1);
    assert!(keys.remove(0, b"key", START));
    assert!(!keys.remove(0, b"key", START));
    assert!(keys.get(0, b"key", START).is_none());
}

#[test]
fn a_key_of_16_bytes_with_a_value_of_32_takes_56_bytes() {
    let mut keys = keyspace();
    keys.set_bytes(0, b"0123456789abcdef", &[b'v'; 32], Expire::Clear, START);
    assert_eq!(keys.peek(0, b"0123456789abcdef", START).unwrap().memory_usage(), 56);
}

#[test]
fn keys_of_any_length_work() {
    let mut keys = keyspace();
    for length in [0, 1, 255, 65_535, 65_536, 1 << 20] {
        let key = vec![b'k'; length];
        keys.set_bytes(0, &key, b"value", Expire::At(START + 5), START);
        assert_eq!(text(&mut keys, &key, START).as_deref(), Some(&b"value"[..]));
        assert_eq!(keys.peek(0, &key, START).unwrap().key(), key);
    }
    assert_eq!(keys.expire_some(START + 5, 100), 6);
    assert_eq!(keys.len(0), 0);
}

#[test]
fn a_due_key_is_gone_and_reported_once() {
    let mut keys = keyspace();
    keys.set_bytes(3, b"a", b"1", Expire::At(START + 10), START);
    keys.set_bytes(3, b"b", b"2", Expire::At(START + 20), START);
    assert_eq!(keys.next_expiry(), Some(START + 10));
    assert!(keys.exists(3, b"a", START + 9));
    assert!(!keys.exists(3, b"a", START + 10));
    assert_eq!(keys.expires_len(3), 1);
    assert_eq!(keys.expire_some(START + 19, 10), 0);
    assert_eq!(keys.expire_some(START + 20, 10), 1);
    let dropped = |key: &[u8]| Dropped::Key { db: 3, key: key.into(), reason: Reason::Expired };
    assert_eq!(keys.drops, [dropped(b"a"), dropped(b"b")]);
    assert_eq!(keys.next_expiry(), None);
}

#[test]
fn a_replica_hides_a_due_key_and_keeps_it() {
    let mut keys = keyspace();
    keys.set_replica(true);
    keys.set_bytes(0, b"a", b"1", Expire::At(START), START - 1);
    assert!(!keys.exists(0, b"a", START));
    assert_eq!((keys.len(0), keys.expire_some(START, 10), keys.next_expiry()), (1, 0, None));
    assert!(keys.get(0, b"a", 0).is_some(), "the primary's effects see it");
    assert!(!keys.remove(0, b"a", START));
    assert_eq!(keys.len(0), 0);
    assert!(keys.drops.is_empty());
}

#[test]
fn expiry_is_kept_cleared_or_set_as_asked() {
    let mut keys = keyspace();
    let expiry = |keys: &mut crate::store::Keyspace| keys.peek(0, b"k", START).unwrap().expire_at();
    keys.set_bytes(0, b"k", b"v", Expire::At(START + 1), START);
    keys.set_bytes(0, b"k", b"w", Expire::Keep, START);
    assert_eq!(expiry(&mut keys), Some(START + 1));
    keys.set_bytes(0, b"k", b"w", Expire::Clear, START);
    assert_eq!((expiry(&mut keys), keys.expires_len(0)), (None, 0));
    assert!(keys.set_expire(0, b"k", Some(START + 9), START));
    assert_eq!((expiry(&mut keys), keys.expires_len(0)), (Some(START + 9), 1));
    assert!(keys.set_expire(0, b"k", None, START));
    assert_eq!((expiry(&mut keys), keys.next_expiry()), (None, None));
    assert!(!keys.set_expire(0, b"absent", None, START));
}

#[test]
fn an_edited_string_stays_raw_until_set_anew() {
    let mut keys = keyspace();
    let append = |keys: &mut crate::store::Keyspace, more: &[u8], create| {
        keys.edit_string(0, b"k", START, create, |bytes| {
            bytes.extend_from_slice(more);
            bytes.len()
        })
    };
    assert_eq!(append(&mut keys, b"1", false), Ok(None));
    keys.set_bytes(0, b"k", b"1", Expire::At(START + 5), START);
    assert_eq!(append(&mut keys, b"2", false), Ok(Some(2)));
    assert_eq!(text(&mut keys, b"k", START).as_deref(), Some(&b"12"[..]));
    let found = keys.peek(0, b"k", START).unwrap();
    assert_eq!((found.encoding(), found.expire_at()), ("raw", Some(START + 5)));
    keys.remove(0, b"k", START);
    assert_eq!(append(&mut keys, b"xyz", true), Ok(Some(3)));
    assert_eq!(keys.hash_mut(0, b"k", START, true, |_| ()), Err(WrongType));
}

#[test]
fn a_hash_comes_and_goes_with_its_fields() {
    let mut keys = keyspace();
    assert_eq!(keys.hash_mut(0, b"h", START, false, |_| ()), Ok(None));
    assert_eq!(
        keys.hash_mut(0, b"h", START, true, |hash| hash.set(b"f", b"v", Expire::Clear)),
        Ok(Some(true))
    );
    assert_eq!(
        keys.hash_mut(0, b"h", START, true, |hash| hash.set(b"f", b"w", Expire::Clear)),
        Ok(Some(false))
    );
    let Some(ValueRef::Hash(hash)) = keys.get(0, b"h", START).map(|found| found.value()) else { panic!() };
    assert_eq!(&*hash.get(b"f", START).unwrap(), b"w");
    assert_eq!(keys.edit_string(0, b"h", START, true, |_| ()), Err(WrongType));
    assert_eq!(keys.hash_mut(0, b"h", START, false, |hash| hash.delete(b"f")), Ok(Some(true)));
    assert_eq!(keys.len(0), 0);
    assert_eq!(keys.hash_mut(0, b"h", START, true, |_| ()), Ok(Some(())));
    assert_eq!(keys.len(0), 0);
}

#[test]
fn values_move_between_keyspaces_and_names() {
    let (mut one, mut two) = (keyspace(), keyspace());
    one.set_bytes(0, b"k", b"v", Expire::At(START + 7), START);
    let owned = one.take(0, b"k", START).unwrap();
    assert!(!two.put(5, b"l", owned, START));
    assert!(two.rename(5, b"l", b"m", START));
    assert!(!two.rename(5, b"l", b"m", START));
    let found = two.peek(5, b"m", START).unwrap();
    assert_eq!((found.expire_at(), &*found.value().as_string().unwrap()), (Some(START + 7), &b"v"[..]));
    assert_eq!((one.len(0), one.expires_len(0), two.len(5), two.expires_len(5)), (0, 0, 1, 1));
}
