//! Walks deliver the keyspace as it was at the cut, whatever is written meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::{START, keyspace_of};
use crate::store::hash::HashLimits;
use crate::store::keyspace::WalkSink;
use crate::store::limits::Policy;
use crate::store::{Expire, Keyspace, Limits, ValueRef, rdb};

/// Database and key with the dumped value and the expiry.
type Image = BTreeMap<(usize, Vec<u8>), (Vec<u8>, Option<u64>)>;

fn dumped(value: &ValueRef<'_>) -> Vec<u8> {
    match value {
        // Of equal tables the order need not be the same.
        ValueRef::Hash(hash) => {
            let mut fields: Vec<_> = hash.iter(0).map(|field| format!("{field:?}")).collect();
            fields.sort();
            fields.concat().into_bytes()
        }
        _ => rdb::dump(value),
    }
}

/// What a walk passed on, in its order.
type Entries = Vec<((usize, Vec<u8>), (Vec<u8>, Option<u64>))>;

#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Entries>>);

impl WalkSink for Taken {
    fn entry(&mut self, db: usize, key: &[u8], value: &ValueRef<'_>, expire_at: Option<u64>) {
        self.0.lock().unwrap().push(((db, key.to_vec()), (dumped(value), expire_at)));
    }
}

fn image(keys: &Keyspace) -> Image {
    let mut image = Image::new();
    for db in 0..keys.databases() {
        for found in keys.iterate(db, 0) {
            image.insert((db, found.key().to_vec()), (dumped(&found.value()), found.expire_at()));
        }
    }
    image
}

#[derive(Clone, Debug)]
enum Step {
    Set(usize, u16, u8, bool),
    Field(usize, u16, u8, bool),
    Append(usize, u16),
    DeleteField(usize, u16, u8),
    Remove(usize, u16),
    RemoveMany(usize, u16, u16),
    SetMany(usize, u16, u16),
    Expire(usize, u16),
    Move(usize, u16),
    Pass(u64),
    ExpireSome(usize),
    Evict,
    Flush(usize),
    FlushAll,
    Swap(usize, usize),
    Free,
    Start,
    Walk(usize, usize),
    Cancel(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (db, key) = (0usize..3, 0u16..800);
    prop_oneof![
        8 => (db.clone(), key.clone(), any::<u8>(), any::<bool>()).prop_map(|(d, k, v, e)| Step::Set(d, k, v, e)),
        6 => (db.clone(), key.clone(), any::<u8>(), any::<bool>()).prop_map(|(d, k, f, e)| Step::Field(d, k, f, e)),
        2 => (db.clone(), key.clone()).prop_map(|(d, k)| Step::Append(d, k)),
        3 => (db.clone(), key.clone(), any::<u8>()).prop_map(|(d, k, f)| Step::DeleteField(d, k, f)),
        3 => (db.clone(), key.clone()).prop_map(|(d, k)| Step::Remove(d, k)),
        2 => (db.clone(), key.clone(), 0u16..700).prop_map(|(d, k, n)| Step::RemoveMany(d, k, n)),
        3 => (db.clone(), key.clone(), 0u16..700).prop_map(|(d, k, n)| Step::SetMany(d, k, n)),
        2 => (db.clone(), key.clone()).prop_map(|(d, k)| Step::Expire(d, k)),
        2 => (db.clone(), key).prop_map(|(d, k)| Step::Move(d, k)),
        2 => (1u64..60).prop_map(Step::Pass),
        2 => (0usize..20).prop_map(Step::ExpireSome),
        1 => Just(Step::Evict),
        1 => db.clone().prop_map(Step::Flush),
        1 => Just(Step::FlushAll),
        1 => (db.clone(), db).prop_map(|(a, b)| Step::Swap(a, b)),
        2 => Just(Step::Free),
        3 => Just(Step::Start),
        20 => (0usize..4, 1usize..300).prop_map(|(walk, entries)| Step::Walk(walk, entries)),
        1 => (0usize..4).prop_map(Step::Cancel),
    ]
}

fn finish(walks: &mut Vec<(crate::store::WalkId, Taken, Image)>, index: usize) -> Result<(), TestCaseError> {
    let (_, taken, expected) = walks.remove(index);
    let taken = std::mem::take(&mut *taken.0.lock().unwrap());
    let count = taken.len();
    let taken: Image = taken.into_iter().collect();
    prop_assert_eq!(count, taken.len(), "a key was passed on twice");
    prop_assert_eq!(taken, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 300 }, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_delivers_the_cut(steps in prop::collection::vec(step(), 0..120)) {
        let hash = HashLimits { listpack_entries_max: 3, ..HashLimits::default() };
        let mut keys = keyspace_of(Limits { hash, policy: Policy::AllkeysLru, ..Limits::default() });
        let mut walks = Vec::new();
        let mut now = START;
        for step in steps {
            match step {
                Step::Set(db, key, value, expires) => {
                    let expire = if expires { Expire::At(now + u64::from(value) + 1) } else { Expire::Keep };
                    keys.set_bytes(db, &key.to_le_bytes(), &[value], expire, now);
                }
                Step::Field(db, key, field, expires) => {
                    let expire = if expires { Expire::At(now + u64::from(field) + 1) } else { Expire::Keep };
                    let _ = keys.hash_mut(db, &key.to_le_bytes(), now, true, |hash| hash.set(&[field % 6], b"v", expire));
                }
                Step::Append(db, key) => {
                    let _ = keys.edit_string(db, &key.to_le_bytes(), now, true, |bytes| bytes.push(b'+'));
                }
                Step::DeleteField(db, key, field) => {
                    let _ = keys.hash_mut(db, &key.to_le_bytes(), now, false, |hash| hash.delete(&[field % 6]));
                }
                Step::Remove(db, key) => {
                    keys.remove(db, &key.to_le_bytes(), now);
                }
                Step::RemoveMany(db, key, count) => {
                    for key in key..key + count {
                        keys.remove(db, &key.to_le_bytes(), now);
                    }
                }
                Step::SetMany(db, key, count) => {
                    for key in key..key + count {
                        keys.set_bytes(db, &key.to_le_bytes(), b"many", Expire::Clear, now);
                    }
                }
                Step::Expire(db, key) => {
                    keys.set_expire(db, &key.to_le_bytes(), Some(now + 20), now);
                }
                Step::Move(db, key) => {
                    if let Some(owned) = keys.take(db, &key.to_le_bytes(), now) {
                        keys.put((db + 1) % 3, &(key + 1).to_le_bytes(), owned, now);
                    }
                }
                Step::Pass(by) => now += by,
                Step::ExpireSome(budget) => {
                    keys.expire_some(now, budget);
                }
                Step::Evict => {
                    keys.evict_one(now);
                }
                Step::Flush(db) => {
                    keys.flush(db);
                }
                Step::FlushAll => {
                    keys.flush_all();
                }
                Step::Swap(a, b) => keys.swap_db(a, b, now),
                Step::Free => {
                    keys.free_some(500);
                }
                Step::Start if walks.len() < 4 => {
                    let taken = Taken::default();
                    let expected = image(&keys);
                    walks.push((keys.start_walk(Box::new(taken.clone())), taken, expected));
                }
                Step::Start => {}
                Step::Walk(walk, entries) => {
                    if walk < walks.len() && keys.walk_step(walks[walk].0, entries) {
                        finish(&mut walks, walk)?;
                    }
                }
                Step::Cancel(walk) => {
                    if walk < walks.len() {
                        keys.cancel_walk(walks.remove(walk).0);
                    }
                }
            }
        }
        while !walks.is_empty() {
            while !keys.walk_step(walks[0].0, 100) {}
            finish(&mut walks, 0)?;
        }
        keys.flush_all();
        while keys.free_some(1_000) {}
        prop_assert_eq!(keys.garbage_memory(), 0);
    }
}

#[test]
fn a_walk_of_an_empty_keyspace_is_done_at_once() {
    let mut keys = super::keyspace();
    let walk = keys.start_walk(Box::new(Taken::default()));
    keys.set_bytes(0, b"k", b"v", Expire::Clear, START);
    assert!(keys.walk_step(walk, 1));
    assert!(keys.walk_step(walk, 1), "a walk that is done stays so");
}
