//! A copy of a keyspace made of commands alone, to compare with the original.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::base::Argv;
use crate::base::number::{parse_f64, parse_u64};
use crate::store::stream::{StreamId, model as stream};
use crate::store::{Keyspace, ValueRef, VectorSet};

type Fields = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    String(Vec<u8>),
    List(Vec<Vec<u8>>),
    Hash(Fields),
    /// Members with the bits of their scores.
    SortedSet(BTreeMap<Vec<u8>, u64>),
    Json(Vec<u8>),
    Set(BTreeSet<Vec<u8>>),
    Stream(stream::Held),
    /// Elements with all that follows their key in a VADD.
    VectorSet(BTreeMap<Vec<u8>, Vec<Vec<u8>>>),
}

/// What a VADD says of each element of sets that the tests make: bytes, and attributes for some.
fn vectors(set: &VectorSet) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
    let said = |name: &[u8]| {
        let number = set.number(name).expect("an element");
        let components = set.vector(number).expect("a vector").components();
        let mut said = vec![components.iter().flat_map(|component| component.to_le_bytes()).collect()];
        said.extend([&b"Q8"[..], b"M", b"16"].map(<[u8]>::to_vec));
        said.extend(
            set.attributes(number)
                .into_iter()
                .flat_map(|attributes| [b"SETATTR".to_vec(), attributes.to_vec()]),
        );
        (name.to_vec(), said)
    };
    set.range(Bound::Unbounded).map(said).collect()
}

/// Keys with their values and expiries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copy(pub BTreeMap<(usize, Vec<u8>), (Held, Option<u64>)>);

impl Copy {
    /// What a keyspace holds, due or not.
    pub fn of(keys: &Keyspace) -> Self {
        let mut copy = Self::default();
        for db in 0..keys.databases() {
            for key in keys.iterate(db, 0) {
                let held = match key.value() {
                    ValueRef::Stream(stream) => Held::Stream(stream::Held::of(stream)),
                    ValueRef::List(list) => Held::List(list.iter().map(|element| element.to_vec()).collect()),
                    ValueRef::Hash(hash) => Held::Hash(
                        hash.iter(0)
                            .map(|field| (field.name.to_vec(), (field.value.to_vec(), field.expire_at)))
                            .collect(),
                    ),
                    ValueRef::SortedSet(set) => Held::SortedSet(
                        set.iter()
                            .map(|element| (element.member.to_vec(), element.score.to_bits()))
                            .collect(),
                    ),
                    ValueRef::Json(json) => Held::Json(json.to_text()),
                    ValueRef::Set(set) => Held::Set(set.iter().map(|member| member.to_vec()).collect()),
                    ValueRef::VectorSet(set) => Held::VectorSet(vectors(set)),
                    value => Held::String(value.as_string().expect("a string").to_vec()),
                };
                copy.0.insert((db, key.key().to_vec()), (held, key.expire_at()));
            }
        }
        copy
    }

    /// The stream of a key, which is made if there is none.
    fn stream(&mut self, db: usize, key: &[u8]) -> &mut stream::Held {
        let new = || (Held::Stream(stream::Held::default()), None);
        match self.0.entry((db, key.to_vec())).or_insert_with(new) {
            (Held::Stream(stream), _) => stream,
            other => panic!("no stream: {other:?}"),
        }
    }

    /// Applies one of the commands that streams are made of.
    pub fn apply(&mut self, db: usize, argv: Argv<'_>) {
        let args: Vec<&[u8]> = argv.iter().collect();
        let time = |text: &[u8]| parse_u64(text).expect("a time");
        let id = |text: &[u8]| {
            let parts: Vec<u64> = text.split(|byte| *byte == b'-').map(time).collect();
            StreamId::new(parts[0], parts[1])
        };
        let mut fields = |key: &[u8], change: &mut dyn FnMut(&mut Fields)| {
            let at = (db, key.to_vec());
            let (held, _) = self.0.entry(at.clone()).or_insert((Held::Hash(Fields::new()), None));
            let Held::Hash(fields) = held else { panic!("{argv:?} is for a string") };
            change(fields);
            if fields.is_empty() {
                self.0.remove(&at);
            }
        };
        match &args[..] {
            [b"SET", key, value, rest @ ..] => {
                let expire_at = match rest {
                    [] => None,
                    [b"PXAT", at] => Some(time(at)),
                    _ => panic!("{argv:?}"),
                };
                self.0.insert((db, key.to_vec()), (Held::String(value.to_vec()), expire_at));
            }
            [b"RPUSH", key, elements @ ..] => {
                let (held, _) = self.0.entry((db, key.to_vec())).or_insert((Held::List(Vec::new()), None));
                let Held::List(list) = held else { panic!("{argv:?} is for another type") };
                list.extend(elements.iter().map(|element| element.to_vec()));
            }
            [b"VADD", key, b"FP32", components, name, rest @ ..] => {
                let empty = (Held::VectorSet(BTreeMap::new()), None);
                let (held, _) = self.0.entry((db, key.to_vec())).or_insert(empty);
                let Held::VectorSet(elements) = held else { panic!("{argv:?} is for another type") };
                let said = [components].into_iter().chain(rest).map(|word| word.to_vec()).collect();
                elements.insert(name.to_vec(), said);
            }
            [b"JSON.SET", key, b"$", text] => {
                self.0.insert((db, key.to_vec()), (Held::Json(text.to_vec()), None));
            }
            // What an empty stream is made by.
            [b"XADD", key, b"MAXLEN", b"0", ..] => drop(self.stream(db, key)),
            [b"XADD", key, at, pairs @ ..] => {
                let pairs =
                    pairs.as_chunks::<2>().0.iter().map(|[name, value]| (name.to_vec(), value.to_vec()));
                let stream = self.stream(db, key);
                stream.entries.insert(id(at), pairs.collect());
                stream.counters.len += 1;
                stream.counters.first_id = *stream.entries.keys().next().expect("an entry");
            }
            [b"XSETID", key, last, b"ENTRIESADDED", added, b"MAXDELETEDID", max_deleted] => {
                let counters = &mut self.stream(db, key).counters;
                (counters.last_id, counters.max_deleted_id) = (id(last), id(max_deleted));
                counters.added = time(added);
            }
            [b"XGROUP", b"CREATE", key, name, last, b"ENTRIESREAD", read] => {
                let group = stream::GroupHeld {
                    last_id: id(last),
                    entries_read: parse_u64(read),
                    ..stream::GroupHeld::default()
                };
                assert_eq!(self.stream(db, key).groups.insert(name.to_vec(), group), None);
            }
            [b"XGROUP", b"CREATECONSUMER", key, name, consumer] => {
                let group = self.stream(db, key).groups.get_mut(*name).expect("a group");
                assert!(group.consumers.insert(consumer.to_vec()));
            }
            [
                b"XCLAIM",
                key,
                name,
                consumer,
                b"0",
                ids @ ..,
                b"TIME",
                at,
                b"RETRYCOUNT",
                count,
                b"JUSTID",
                b"FORCE",
            ] => {
                let group = self.stream(db, key).groups.get_mut(*name).expect("a group");
                assert!(group.consumers.contains(*consumer));
                for one in ids {
                    group.pending.insert(id(one), (consumer.to_vec(), time(at), time(count)));
                }
            }
            [b"HSET", key, pairs @ ..] => fields(key, &mut |fields| {
                for [name, value] in pairs.as_chunks().0 {
                    fields.insert(name.to_vec(), (value.to_vec(), None));
                }
            }),
            [b"HPEXPIREAT", key, at, b"FIELDS", count, names @ ..] => fields(key, &mut |fields| {
                assert_eq!(time(count), names.len() as u64);
                for name in names {
                    fields.get_mut(*name).expect("a field").1 = Some(time(at));
                }
            }),
            [b"HDEL", key, names @ ..] => fields(key, &mut |fields| {
                names.iter().for_each(|name| drop(fields.remove(*name)));
            }),
            [b"ZADD", key, pairs @ ..] => {
                let empty = (Held::SortedSet(BTreeMap::new()), None);
                let (held, _) = self.0.entry((db, key.to_vec())).or_insert(empty);
                let Held::SortedSet(members) = held else { panic!("{argv:?} is for another type") };
                for [score, member] in pairs.as_chunks().0 {
                    members.insert(member.to_vec(), parse_f64(score).expect("a score").to_bits());
                }
            }
            [b"SADD", key, members @ ..] => {
                let new = (Held::Set(BTreeSet::new()), None);
                let (held, _) = self.0.entry((db, key.to_vec())).or_insert(new);
                let Held::Set(set) = held else { panic!("{argv:?} is for another type") };
                set.extend(members.iter().map(|member| member.to_vec()));
            }
            [b"PEXPIREAT", key, at] => {
                self.0.get_mut(&(db, key.to_vec())).expect("a key").1 = Some(time(at));
            }
            [b"DEL", keys @ ..] => keys.iter().for_each(|key| drop(self.0.remove(&(db, key.to_vec())))),
            [b"FLUSHDB"] => self.0.retain(|(at, _), _| *at != db),
            _ => panic!("{argv:?}"),
        }
    }
}
