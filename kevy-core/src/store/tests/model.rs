//! The keyspace against a plain model of it, with time passing.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{START, keyspace_of};
use crate::store::hash::HashLimits;
use crate::store::{Dropped, Expire, Keyspace, Limits, Reason, Value, ValueRef, WrongType};

type Fields = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Text(Vec<u8>),
    Fields(Fields),
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    content: Content,
    expire_at: Option<u64>,
}

#[derive(Clone, Debug)]
enum Step {
    Set(u8, Vec<u8>, Expire),
    Append(u8, Vec<u8>),
    SetField(u8, u8, Vec<u8>, Expire),
    DeleteField(u8, u8),
    ExpireField(u8, u8, Option<u64>),
    Expire(u8, Option<u64>),
    Remove(u8),
    Rename(u8, u8),
    Move(u8),
    Copy(u8, u8),
    Pass(u64),
    ExpireSome(usize),
    Flush,
    Swap,
    Free,
}

fn expiry() -> impl Strategy<Value = Option<u64>> {
    prop::option::of(0u64..200)
}

fn expire() -> impl Strategy<Value = Expire> {
    prop_oneof![Just(Expire::Clear), Just(Expire::Keep), (1u64..200).prop_map(Expire::At)]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<i16>().prop_map(|value| value.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..40),
        (0usize..10_000).prop_map(|length| vec![b'x'; length]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..12, value(), expire()).prop_map(|(key, value, expire)| Step::Set(key, value, expire)),
        2 => (0u8..12, value()).prop_map(|(key, value)| Step::Append(key, value)),
        12 => (0u8..12, 0u8..30, value(), expire()).prop_map(|(k, f, v, e)| Step::SetField(k, f, v, e)),
        4 => (0u8..12, 0u8..30).prop_map(|(key, field)| Step::DeleteField(key, field)),
        4 => (0u8..12, 0u8..30, expiry()).prop_map(|(key, field, at)| Step::ExpireField(key, field, at)),
        3 => (0u8..12, expiry()).prop_map(|(key, at)| Step::Expire(key, at)),
        2 => (0u8..12).prop_map(Step::Remove),
        1 => (0u8..12, 0u8..12).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => (0u8..12).prop_map(Step::Move),
        1 => (0u8..12, 0u8..12).prop_map(|(from, to)| Step::Copy(from, to)),
        6 => (1u64..40).prop_map(Step::Pass),
        2 => (0usize..5).prop_map(Step::ExpireSome),
        1 => Just(Step::Flush),
        1 => Just(Step::Swap),
        1 => Just(Step::Free),
    ]
}

/// The model: both databases, without anything that is due.
#[derive(Default)]
struct Model {
    databases: [BTreeMap<Vec<u8>, Entry>; 2],
}

impl Model {
    fn settle(&mut self, now: u64) {
        for database in &mut self.databases {
            database.retain(|_, entry| {
                if let Content::Fields(fields) = &mut entry.content {
                    fields.retain(|_, (_, at)| at.is_none_or(|at| at > now));
                    if fields.is_empty() {
                        return false;
                    }
                }
                entry.expire_at.is_none_or(|at| at > now)
            });
        }
    }
}

fn read(keys: &mut Keyspace, db: usize, now: u64) -> BTreeMap<Vec<u8>, Entry> {
    let mut found: Vec<Vec<u8>> = keys.iterate(db, now).map(|found| found.key().to_vec()).collect();
    found.sort();
    let contents = found.into_iter().map(|key| {
        let found = keys.peek(db, &key, now).expect("what is iterated is there");
        let content = match found.value() {
            ValueRef::Hash(hash) => {
                let fields = hash.iter(now).map(|field| {
                    assert_eq!(hash.field(&field.name, now).as_ref(), Some(&field));
                    (field.name.to_vec(), (field.value.to_vec(), field.expire_at))
                });
                let fields: Fields = fields.collect();
                assert_eq!(hash.live_len(now), fields.len());
                Content::Fields(fields)
            }
            text => Content::Text(text.as_string().unwrap().to_vec()),
        };
        (key, Entry { content, expire_at: found.expire_at() })
    });
    contents.collect()
}

fn at(expire: Expire, kept: Option<u64>, now: u64) -> (Expire, Option<u64>) {
    match expire {
        Expire::Clear => (Expire::Clear, None),
        Expire::Keep => (Expire::Keep, kept),
        Expire::At(after) => (Expire::At(now + after), Some(now + after)),
    }
}

fn check(steps: Vec<Step>, limits: HashLimits) -> Result<(), TestCaseError> {
    let mut keys = keyspace_of(Limits { hash: limits, ..Limits::default() });
    let mut model = Model::default();
    let mut now = START;
    for step in steps {
        model.settle(now);
        match step {
            Step::Set(key, value, expire) => {
                let old = model.databases[0].get(&[key][..]);
                let (expire, expire_at) = at(expire, old.and_then(|old| old.expire_at), now);
                prop_assert_eq!(keys.set_bytes(0, &[key], &value, expire, now), old.is_some());
                model.databases[0].insert(vec![key], Entry { content: Content::Text(value), expire_at });
            }
            Step::Append(key, value) => {
                let result = keys.edit_string(0, &[key], now, true, |bytes| bytes.extend_from_slice(&value));
                let new = Entry { content: Content::Text(Vec::new()), expire_at: None };
                match &mut model.databases[0].entry(vec![key]).or_insert(new).content {
                    Content::Text(text) => {
                        prop_assert_eq!(result, Ok(Some(())));
                        text.extend_from_slice(&value);
                    }
                    Content::Fields(_) => prop_assert_eq!(result, Err(WrongType)),
                }
            }
            Step::SetField(key, field, value, expire) => {
                let new = Entry { content: Content::Fields(Fields::new()), expire_at: None };
                let entry = model.databases[0].entry(vec![key]).or_insert(new);
                let Content::Fields(fields) = &mut entry.content else {
                    prop_assert_eq!(keys.hash_mut(0, &[key], now, true, |_| ()), Err(WrongType));
                    continue;
                };
                let old = fields.get(&[field][..]);
                let (expire, expire_at) = at(expire, old.and_then(|old| old.1), now);
                let is_new = keys.hash_mut(0, &[key], now, true, |hash| hash.set(&[field], &value, expire));
                prop_assert_eq!(is_new, Ok(Some(old.is_none())));
                fields.insert(vec![field], (value, expire_at));
            }
            Step::DeleteField(key, field) => {
                let result = keys.hash_mut(0, &[key], now, false, |hash| hash.delete(&[field]));
                match model.databases[0].get_mut(&[key][..]).map(|entry| &mut entry.content) {
                    None => prop_assert_eq!(result, Ok(None)),
                    Some(Content::Text(_)) => prop_assert_eq!(result, Err(WrongType)),
                    Some(Content::Fields(fields)) => {
                        prop_assert_eq!(result, Ok(Some(fields.remove(&[field][..]).is_some())));
                        if fields.is_empty() {
                            model.databases[0].remove(&[key][..]);
                        }
                    }
                }
            }
            Step::ExpireField(key, field, after) => {
                let expire_at = after.map(|after| now + after);
                let set = keys.hash_mut(0, &[key], now, false, |hash| hash.set_expiry(&[field], expire_at));
                if let Some(Content::Fields(fields)) =
                    model.databases[0].get_mut(&[key][..]).map(|entry| &mut entry.content)
                {
                    prop_assert_eq!(set, Ok(Some(fields.contains_key(&[field][..]))));
                    fields.entry(vec![field]).and_modify(|field| field.1 = expire_at);
                }
            }
            Step::Expire(key, after) => {
                let expire_at = after.map(|after| now + after);
                let entry = model.databases[0].get_mut(&[key][..]);
                prop_assert_eq!(keys.set_expire(0, &[key], expire_at, now), entry.is_some());
                entry.into_iter().for_each(|entry| entry.expire_at = expire_at);
            }
            Step::Remove(key) => {
                let was_there = model.databases[0].remove(&[key][..]).is_some();
                prop_assert_eq!(keys.remove(0, &[key], now), was_there);
            }
            Step::Rename(from, to) => {
                let entry = model.databases[0].remove(&[from][..]);
                prop_assert_eq!(keys.rename(0, &[from], &[to], now), entry.is_some());
                entry.into_iter().for_each(|entry| {
                    model.databases[0].insert(vec![to], entry);
                });
            }
            Step::Move(key) => {
                if let Some(entry) = model.databases[0].remove(&[key][..]) {
                    let owned = keys.take(0, &[key], now).unwrap();
                    keys.put(1, &[key], owned, now);
                    model.databases[1].insert(vec![key], entry);
                }
            }
            Step::Copy(from, to) => {
                if let Some(entry) = model.databases[0].get(&[from][..]).cloned() {
                    let owned = keys.peek(0, &[from], now).unwrap().to_owned();
                    prop_assert!(
                        matches!(owned.value, Value::Hash(_)) == matches!(entry.content, Content::Fields(_))
                    );
                    keys.put(0, &[to], owned, now);
                    model.databases[0].insert(vec![to], entry);
                }
            }
            Step::Pass(by) => now += by,
            Step::ExpireSome(budget) => prop_assert!(keys.expire_some(now, budget) <= budget),
            Step::Flush => {
                keys.flush(0);
                model.databases[0].clear();
            }
            Step::Swap => {
                keys.swap_db(0, 1, now);
                model.databases.swap(0, 1);
            }
            Step::Free => while keys.free_some(10) {},
        }
        model.settle(now);
        for db in 0..2 {
            let expiring = model.databases[db].values().filter(|entry| entry.expire_at.is_some()).count();
            prop_assert!(keys.expires_len(db) >= expiring);
            prop_assert!(keys.len(db) >= model.databases[db].len());
        }
    }
    for db in 0..2 {
        prop_assert_eq!(&read(&mut keys, db, now), &model.databases[db]);
    }
    // What expires is reported, and nothing that is left has less time than the model says.
    while keys.expire_some(now, 3) > 0 {}
    prop_assert!(keys.next_expiry().is_none_or(|at| at > now));
    for db in 0..2 {
        prop_assert_eq!(keys.len(db), model.databases[db].len());
    }
    for dropped in &keys.drops {
        match dropped {
            Dropped::Key { reason, .. } => prop_assert_eq!(*reason, Reason::Expired),
            Dropped::HashFields { fields, .. } => prop_assert!(!fields.is_empty()),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 3 } else { 400 }, ..ProptestConfig::default() })]

    #[test]
    fn a_keyspace_of_small_hashes_is_a_map(steps in prop::collection::vec(step(), 0..300)) {
        check(steps, HashLimits { listpack_entries_max: 128, listpack_value_bytes_max: 1 << 20 })?;
    }

    #[test]
    fn a_keyspace_of_large_hashes_is_a_map(steps in prop::collection::vec(step(), 0..300)) {
        check(steps, HashLimits { listpack_entries_max: 0, listpack_value_bytes_max: 64 })?;
    }

    #[test]
    fn a_keyspace_of_hashes_that_outgrow_a_listpack_is_a_map(steps in prop::collection::vec(step(), 0..300)) {
        check(steps, HashLimits { listpack_entries_max: 8, listpack_value_bytes_max: 64 })?;
    }
}
