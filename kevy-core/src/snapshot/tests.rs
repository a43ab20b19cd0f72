use proptest::prelude::*;

use crate::base::ErrorKind;
use crate::store::json::{self, Node};
use crate::store::vector_set::{Form, Quantization};
use crate::store::{
    Config, End, Expire, Json, Keyspace, Limits, List, Pending, Seed, Set, SortedSet, Stream, StreamId, Trim,
    TrimTo, VectorSet,
};

use super::model::Copy;
use super::write::{self, Checksum};
use super::{Entries, Next, Sink};
use crate::store::rdb::Format;

fn keyspace() -> Keyspace {
    Keyspace::new(Config { databases: 4, seed: Seed::new(7), limits: Limits::default() })
}

/// Writes to a keyspace, for walks to be disturbed by.
#[derive(Clone, Debug)]
enum Write {
    Set { db: usize, key: u8, len: usize, expire: bool },
    Int { key: u8, value: i64 },
    Hash { db: usize, key: u8, fields: usize, expire: usize },
    List { db: usize, key: u8, elements: usize, len: usize },
    SortedSet { db: usize, key: u8, members: usize },
    Json { db: usize, key: u8, elements: usize, expire: bool },
    Members { db: usize, key: u8, members: usize, kind: u8 },
    Stream { db: usize, key: u8, entries: u64, read: u64 },
    Vectors { db: usize, key: u8, elements: usize },
    Remove { db: usize, key: u8 },
    Flush { db: usize },
}

fn write() -> impl Strategy<Value = Write> {
    let len = prop_oneof![9 => 0..50usize, 1 => 5_000..200_000usize];
    let fields = prop_oneof![8 => 1..20usize, 1 => 200..600usize];
    prop_oneof![
        8 => (0..4usize, any::<u8>(), len, any::<bool>())
            .prop_map(|(db, key, len, expire)| Write::Set { db, key, len, expire }),
        4 => (any::<u8>(), any::<i64>()).prop_map(|(key, value)| Write::Int { key, value }),
        4 => (0..4usize, any::<u8>(), fields, 0..5usize)
            .prop_map(|(db, key, fields, expire)| Write::Hash { db, key, fields, expire }),
        4 => (0..4usize, any::<u8>(), prop_oneof![8 => 1..20usize, 1 => 200..600usize], prop_oneof![9 => 0..50usize, 1 => 9_000..9_500usize])
            .prop_map(|(db, key, elements, len)| Write::List { db, key, elements, len: if elements < 20 { len } else { len % 50 } }),
        3 => (0..4usize, any::<u8>(), 1..400usize)
            .prop_map(|(db, key, members)| Write::SortedSet { db, key, members }),
        4 => (0..4usize, any::<u8>(), 0..50usize, any::<bool>())
            .prop_map(|(db, key, elements, expire)| Write::Json { db, key, elements, expire }),
        4 => (0..4usize, any::<u8>(), prop_oneof![1..20usize, 200..600usize], 0..3u8)
            .prop_map(|(db, key, members, kind)| Write::Members { db, key, members, kind }),
        4 => (0..4usize, any::<u8>(), 0..300u64, 0..300u64)
            .prop_map(|(db, key, entries, read)| Write::Stream { db, key, entries, read }),
        1 => (0..4usize, any::<u8>(), 1..20usize)
            .prop_map(|(db, key, elements)| Write::Vectors { db, key, elements }),
        2 => (0..4usize, any::<u8>()).prop_map(|(db, key)| Write::Remove { db, key }),
        1 => (0..4usize).prop_map(|db| Write::Flush { db }),
    ]
}

fn apply(keys: &mut Keyspace, write: &Write) {
    match *write {
        Write::Set { db, key, len, expire } => {
            let expire = if expire { Expire::At(5_000_000 + len as u64) } else { Expire::Clear };
            let value: Vec<u8> = (0..len).map(|at| (at * 7 + usize::from(key)) as u8).collect();
            keys.set_bytes(db, &[b'k', key], &value, expire, 1);
        }
        Write::Int { key, value } => {
            keys.set_int(0, &[b'k', key], value, Expire::Clear, 1);
        }
        Write::Hash { db, key, fields, expire } => {
            let key = [b'h', key];
            keys.hash_mut(db, &key, 1, true, |hash| {
                for field in 0..fields {
                    let name = format!("field {field}");
                    let at = (field < expire).then_some(9_000_000 + (field as u64 / 2));
                    hash.set(name.as_bytes(), name.as_bytes(), at.map_or(Expire::Clear, Expire::At));
                }
            })
            .expect("a hash");
            keys.set_expire(db, &key, (expire == 2).then_some(8_000_000), 1);
        }
        Write::List { db, key, elements, len } => {
            let key = [b'l', key];
            keys.edit(db, &key, 1, true, |list: &mut List, limits, _| {
                for element in 0..elements {
                    let element = format!("{element:len$}");
                    list.push(
                        if len % 2 == 0 { End::Head } else { End::Tail },
                        element.as_bytes(),
                        limits.list,
                    );
                }
                ((), true)
            })
            .expect("a list");
            keys.set_expire(db, &key, (len == 2).then_some(8_000_000), 1);
        }
        Write::SortedSet { db, key, members } => {
            keys.edit(db, &[b'z', key], 1, true, |set: &mut SortedSet, limits, seed| {
                for member in 0..members {
                    let score = member as f64 / 3.0 - 20.0;
                    set.set(format!("member {member}").as_bytes(), score, &limits.sorted_set, seed);
                }
                ((), true)
            })
            .expect("a sorted set");
        }
        Write::Vectors { db, key, elements } => {
            let form = Form { quantization: Quantization::Bytes, dim: 3, input_dim: None, m: 16 };
            keys.edit(db, &[b'v', key], 1, true, |set: &mut VectorSet, _, _| {
                for element in 0..elements {
                    let components = [element as f32 + 0.3, -1.7, f32::from(key) / 3.0];
                    let attributes: &[u8] = if element % 2 == 0 { b"{}" } else { b"" };
                    set.add(format!("element {element}").as_bytes(), &components, Some(attributes), 20, form);
                }
                ((), true)
            })
            .expect("a vector set");
        }
        Write::Json { db, key, elements, expire } => {
            let key = [b'j', key];
            keys.edit(db, &key, 1, true, |json: &mut Json, _, _| {
                let element = |at: usize| json::parse(&format!("{{\"n\":{at},\"f\":{at}.5}}")).expect("JSON");
                ((), json.replace(&[], Node::Array((0..elements).map(element).collect())))
            })
            .expect("a document");
            keys.set_expire(db, &key, expire.then_some(8_000_000), 1);
        }
        Write::Members { db, key, members, kind } => {
            let key = [b's', key];
            keys.edit(db, &key, 1, true, |set: &mut Set, limits, seed| {
                for member in 0..members {
                    let name = if kind == 0 { member.to_string() } else { format!("member {member}") };
                    set.add(name.as_bytes(), &limits.set, seed);
                }
                ((), true)
            })
            .expect("a set");
            keys.set_expire(db, &key, (kind == 2).then_some(8_000_000), 1);
        }
        Write::Stream { db, key, entries, read } => {
            let key = [b'x', key];
            keys.edit(db, &key, 1, true, |stream: &mut Stream, limits: &Limits, _| {
                let (nodes, value) = (stream.nodes_mut(), vec![b'v'; (read % 90) as usize]);
                let start = nodes.last_id.ms;
                for at in 1..=entries {
                    nodes.push(StreamId::new(start + at, at % 5), &[[b"field", &value]], &limits.stream);
                }
                nodes.trim(&Trim { to: TrimTo::Length(read * 2), is_approximate: false, limit: None });
                nodes.delete(StreamId::new(read, read % 5));
                let last_id = nodes.last_id;
                for group in 0..read % 4 {
                    let name = [b'g', group as u8];
                    stream.add_group(&name, last_id, (group < 2).then_some(read));
                    stream.edit_group(&name, |group, _| {
                        for at in 0..read {
                            let (consumer, _) = group.find_or_add(&[b'c', (at * at % 7) as u8], at);
                            let pending = Pending { consumer, delivered_at: at / 9, deliveries: 1 + at / 50 };
                            group.set_pending(StreamId::new(start + at, at % 5), pending);
                        }
                    });
                }
                ((), true)
            })
            .expect("a stream");
            keys.set_expire(db, &key, (read == 2).then_some(8_000_000), 1);
        }
        Write::Remove { db, key } => {
            keys.remove(db, &[b'x', key], 1);
            keys.remove(db, &[b'z', key], 1);
            keys.remove(db, &[b'k', key], 1);
            keys.remove(db, &[b's', key], 1);
            keys.remove(db, &[b'h', key], 1);
            keys.remove(db, &[b'l', key], 1);
            keys.remove(db, &[b'j', key], 1);
            keys.remove(db, &[b'v', key], 1);
        }
        Write::Flush { db } => {
            keys.flush(db);
        }
    }
}

/// A whole stream of a keyspace, taken in slices between which it is written to.
fn stream(keys: &mut Keyspace, disturb: &[Write], slice: usize) -> Vec<u8> {
    let (sink, handle) = Sink::new(usize::MAX, Format::PLAIN, None);
    let walk = keys.start_walk(Box::new(sink));
    let mut out = Vec::new();
    write::begin(&mut out, &[(b"made-by", b"a test")]);
    let mut disturb = disturb.iter();
    let mut piece = Vec::new();
    loop {
        if let Some(write) = disturb.next() {
            apply(keys, write);
        }
        handle.set_asked(true);
        let done = keys.walk_step(walk, slice);
        handle.set_asked(false);
        piece.clear();
        handle.take(&mut piece, Some(3));
        out.extend_from_slice(&piece);
        if done {
            break;
        }
    }
    let mut checksum = Checksum::default();
    checksum.update(&out);
    checksum.end(&mut out);
    out
}

/// What a stream rebuilds, given in pieces that end at `cuts`.
fn rebuild(stream: &[u8], cuts: &[usize]) -> crate::base::Result<Copy> {
    let mut entries = Entries::new(1 << 20);
    let mut copy = Copy::default();
    let mut start = 0;
    for end in cuts.iter().copied().chain([stream.len()]) {
        entries.push(&stream[start..end])?;
        start = end;
        while entries.next()? == Next::Argv {
            assert!(entries.argv().iter().map(<[u8]>::len).sum::<usize>() < 400_000);
            copy.apply(entries.db(), entries.argv());
        }
    }
    if entries.is_whole() { Ok(copy) } else { Err(crate::base::Error::new(ErrorKind::Corrupt, "cut short")) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_snapshot_rebuilds_the_cut_whatever_is_written_meanwhile(
        before in prop::collection::vec(write(), 0..120),
        during in prop::collection::vec(write(), 0..60),
        slice in 1..40usize,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut keys = keyspace();
        before.iter().for_each(|write| apply(&mut keys, write));
        let cut = Copy::of(&keys);
        let stream = stream(&mut keys, &during, slice);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.sort_unstable();
        prop_assert_eq!(rebuild(&stream, &cuts).expect("a stream"), cut);
    }

    #[test]
    fn damaged_and_foreign_streams_are_refused(
        writes in prop::collection::vec(write(), 1..20),
        at in any::<prop::sample::Index>(),
        flip in 1..=255u8,
        junk in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut keys = keyspace();
        writes.iter().for_each(|write| apply(&mut keys, write));
        let mut stream = stream(&mut keys, &[], 100);
        let end = stream.len();
        prop_assert!(rebuild(&stream[..at.index(end)], &[]).is_err());
        // The last eight bytes are a checksum that may be left out, as zeros.
        stream[at.index(end)] ^= flip;
        let left_out = stream.ends_with(&[0; 8]);
        prop_assert!(rebuild(&stream, &[]).is_err() || left_out);
        prop_assert!(rebuild(&junk, &[]).is_err());
    }
}

#[test]
fn every_byte_alone_gives_the_same_keys() {
    let mut keys = keyspace();
    for key in 0..20 {
        apply(&mut keys, &Write::Set { db: 0, key, len: 300, expire: key % 2 == 0 });
        apply(&mut keys, &Write::Hash { db: 1, key, fields: 10 + 30 * usize::from(key), expire: 3 });
        apply(&mut keys, &Write::List { db: 2, key, elements: 5 + 30 * usize::from(key), len: 20 });
        apply(&mut keys, &Write::Members { db: 1, key, members: 10 + 30 * usize::from(key), kind: key % 3 });
    }
    let stream = stream(&mut keys, &[], 3);
    let cuts: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(rebuild(&stream, &cuts).expect("a stream"), Copy::of(&keys));
}

#[test]
fn a_large_hash_is_rebuilt_by_bounded_commands() {
    let mut keys = keyspace();
    apply(&mut keys, &Write::Hash { db: 0, key: 1, fields: 10_000, expire: 500 });
    let stream = stream(&mut keys, &[], 1);
    let mut entries = Entries::new(1 << 20);
    let (mut longest, mut commands) = (0, 0);
    for piece in stream.chunks(1000) {
        entries.push(piece).expect("room");
        while entries.next().expect("a stream") == Next::Argv {
            longest = longest.max(entries.argv().len());
            commands += 1;
        }
    }
    assert!(entries.is_whole() && longest <= 130 && commands > 150, "{longest} {commands}");
}

#[test]
fn a_large_list_is_rebuilt_by_bounded_commands() {
    let mut keys = keyspace();
    apply(&mut keys, &Write::List { db: 0, key: 1, elements: 10_000, len: 5 });
    let stream = stream(&mut keys, &[], 1);
    let mut entries = Entries::new(1 << 20);
    let (mut longest, mut commands) = (0, 0);
    for piece in stream.chunks(1000) {
        entries.push(piece).expect("room");
        while entries.next().expect("a stream") == Next::Argv {
            longest = longest.max(entries.argv().len());
            commands += 1;
        }
    }
    assert!(entries.is_whole() && longest <= 130 && commands > 75, "{longest} {commands}");
    assert_eq!(rebuild(&stream, &[]).expect("a stream"), Copy::of(&keys));
}

#[test]
fn a_large_set_is_rebuilt_by_bounded_commands() {
    let mut keys = keyspace();
    apply(&mut keys, &Write::Members { db: 0, key: 1, members: 10_000, kind: 2 });
    let stream = stream(&mut keys, &[], 1);
    let mut entries = Entries::new(1 << 20);
    let (mut longest, mut commands) = (0, 0);
    for piece in stream.chunks(1000) {
        entries.push(piece).expect("room");
        while entries.next().expect("a stream") == Next::Argv {
            longest = longest.max(entries.argv().len());
            commands += 1;
        }
    }
    assert!(
        entries.is_whole() && longest <= 130 && commands == 10_000usize.div_ceil(128) + 1,
        "{longest} {commands}"
    );
}

#[test]
fn a_large_stream_is_rebuilt_by_bounded_commands() {
    let mut keys = keyspace();
    apply(&mut keys, &Write::Stream { db: 0, key: 1, entries: 10_000, read: 3_003 });
    let stream = stream(&mut keys, &[], 1);
    let mut entries = Entries::new(1 << 20);
    let (mut longest, mut commands) = (0, 0);
    for piece in stream.chunks(1000) {
        entries.push(piece).expect("room");
        while entries.next().expect("a stream") == Next::Argv {
            longest = longest.max(entries.argv().len());
            commands += 1;
        }
    }
    assert!(entries.is_whole() && longest <= 140 && commands > 6_000, "{longest} {commands}");
    let cuts: Vec<usize> = (1..stream.len()).step_by(777).collect();
    assert_eq!(rebuild(&stream, &cuts).expect("a stream"), Copy::of(&keys));
}

#[test]
fn strings_beyond_the_limit_are_refused() {
    let mut keys = keyspace();
    apply(&mut keys, &Write::Set { db: 0, key: 1, len: 100_000, expire: false });
    let stream = stream(&mut keys, &[], 1);
    let mut entries = Entries::new(10_000);
    let mut refused = None;
    for piece in stream.chunks(1000) {
        refused = entries.push(piece).err().or_else(|| entries.next().err());
        if refused.is_some() {
            break;
        }
    }
    assert_eq!(refused.map(|error| error.kind()), Some(ErrorKind::OutOfMemory));
}

#[test]
fn a_string_that_unpacks_beyond_the_limit_is_refused() {
    let mut stream = b"REDIS0012\x00\x01k".to_vec();
    // 3 bytes that say they become 8 million.
    stream.extend_from_slice(b"\xc3\x03\x80\x00\x7a\x12\x00\xe0\xff\x00");
    assert_eq!(rebuild(&stream, &[]).map_err(|error| error.kind()), Err(ErrorKind::Corrupt));
}

#[test]
fn versions_and_types_that_are_not_known_are_told() {
    for (stream, kind, text) in [
        (&b"REDIS0099"[..], ErrorKind::Unsupported, "version 99"),
        (b"REDIS0012\x06\x01kmodule", ErrorKind::Unsupported, "type 6"),
        (b"VALKEY080\x17\x01k", ErrorKind::Unsupported, "type 23"),
        (b"VALKEY081", ErrorKind::Unsupported, "version 81"),
        (b"NOREDIS12", ErrorKind::Corrupt, "damaged"),
    ] {
        let error = rebuild(stream, &[]).expect_err(text);
        assert!(error.kind() == kind && error.message().contains(text), "{error}");
    }
}

#[test]
fn a_value_of_a_module_that_is_not_known_is_left_out() {
    let stream = [
        &b"REDIS0012\x07\x01k\x81"[..],
        &u64::MAX.to_be_bytes(),
        b"\x02\x05\x03\0\0\x80\x3f\x04\0\0\0\0\0\0\xf0\x3f\x05\x03abc\0",
        b"\0\x01s\x01v\xff",
        &[0; 8],
    ]
    .concat();
    let mut entries = Entries::new(1 << 20);
    entries.push(&stream).expect("an RDB");
    assert_eq!(entries.next().expect("a command"), Next::Argv);
    assert!(entries.argv().iter().any(|word| word == b"s") && entries.argv().iter().any(|word| word == b"v"));
    assert_eq!(entries.next().expect("nothing more"), Next::End);
}

#[test]
fn what_writers_make_a_walk_deliver_is_bounded() {
    let mut keys = keyspace();
    for key in 0..200 {
        apply(&mut keys, &Write::Set { db: 0, key, len: 1000, expire: false });
    }
    let (sink, handle) = Sink::new(20_000, Format::PLAIN, None);
    let walk = keys.start_walk(Box::new(sink));
    for key in 0..10 {
        keys.remove(0, &[b'k', key], 1);
    }
    assert!(!handle.has_overflowed());
    let mut piece = Vec::new();
    assert!(handle.take(&mut piece, None) && piece.len() > 10_000);
    for key in 10..100 {
        keys.remove(0, &[b'k', key], 1);
    }
    assert!(handle.has_overflowed() && handle.pending() == 0);
    keys.cancel_walk(walk);
}
