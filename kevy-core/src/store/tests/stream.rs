//! Streams in DUMP payloads: to and from a real redis-server, of old versions, and damaged.

use proptest::prelude::*;

use crate::base::live_redis::{LiveRedis, Reply};
use crate::store::rdb::dump::RestoreError;
use crate::store::rdb::{dump, restore, write_length};
use crate::store::stream::model::Held;
use crate::store::stream::{StreamLimits, Trim, TrimTo};
use crate::store::{Limits, Pending, Seed, Stream, StreamId, Value, ValueRef};

fn restored(payload: &[u8]) -> Result<Stream, RestoreError> {
    match restore(payload, &Limits::default(), &Seed::new(1))? {
        Value::Stream(stream) => Ok(stream),
        other => panic!("no stream: {other:?}"),
    }
}

/// A payload around a type and a body.
fn sealed(mut payload: Vec<u8>) -> Vec<u8> {
    payload.extend_from_slice(&10u16.to_le_bytes());
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Redis, &payload);
    payload.extend_from_slice(&sum.to_le_bytes());
    payload
}

/// A stream with everything a stream can have. `is_active` says whether consumers were active when last seen.
fn sample(entries: u64, is_active: bool) -> Stream {
    let mut stream = Stream::default();
    let nodes = stream.nodes_mut();
    for at in 1..=entries {
        let (value, other) = (at.to_string(), "x".repeat((at % 60) as usize));
        let pairs: [[&[u8]; 2]; 2] = [[b"field", value.as_bytes()], [b"12", other.as_bytes()]];
        let pairs = if at % 7 == 0 { &pairs[..1] } else { &pairs };
        nodes.push(StreamId::new(1000 + at / 3, at), pairs, &StreamLimits::default());
    }
    nodes.trim(&Trim { to: TrimTo::Length(entries * 3 / 4), is_approximate: false, limit: None });
    nodes.delete(StreamId::new(1000 + entries / 3, entries));
    for (name, read) in [(&b"a group"[..], None), (b"another", Some(entries / 2))] {
        stream.add_group(name, StreamId::new(1000 + entries / 6, 7), read);
        stream.edit_group(name, |group, _| {
            for at in 1..=entries / 2 {
                let (consumer, _) = group.find_or_add(format!("consumer {}", at % 5).as_bytes(), 5_000 + at);
                let pending = Pending { consumer, delivered_at: 4_000 + at, deliveries: at % 3 + 1 };
                group.set_pending(StreamId::new(1000 + at / 3, at), pending);
                group.edit_consumer(consumer, |consumer| {
                    consumer.active_at = is_active.then_some(consumer.seen_at);
                });
            }
        });
    }
    stream
}

#[test]
fn redis_restores_what_was_dumped_and_the_other_way_round() {
    let mut redis = LiveRedis::start();
    for entries in [0, 1, 5, 99, 100, 1000] {
        let stream = sample(entries, true);
        let payload = dump(&ValueRef::Stream(&stream));
        let args: [&[u8]; 5] = [b"RESTORE", b"k", b"0", &payload, b"REPLACE"];
        assert_eq!(redis.command(&args), Reply::Simple("OK".into()), "{entries}");
        let theirs = redis.command(&[b"DUMP", b"k"]).into_bytes();
        let back = restored(&theirs).expect("what Redis dumps");
        assert_eq!(Held::of(&back), Held::of(&stream));
        // Redis leaves a long listpack that does not get shorter by it compressed otherwise.
        let again = dump(&ValueRef::Stream(&back));
        assert_eq!(again[0], theirs[0]);
        assert_eq!(again.len(), payload.len());
    }
}

#[test]
fn times_of_activity_take_the_later_form_and_come_back() {
    let stream = sample(20, false);
    let payload = dump(&ValueRef::Stream(&stream));
    assert_eq!((payload[0], payload[payload.len() - 10]), (21, 11));
    let back = restored(&payload).expect("a payload");
    assert_eq!(Held::of(&back), Held::of(&stream));
    let times = |stream: &Stream| -> Vec<_> {
        let consumers = stream.groups().iter().flat_map(|group| group.consumers());
        consumers.map(|consumer| (consumer.seen_at, consumer.active_at)).collect()
    };
    assert_eq!(times(&back), times(&stream));
}

#[test]
fn streams_of_redis_5_are_read() {
    let stream = sample(3, true);
    let (id, list) = stream.nodes().nodes().next().expect("a node");
    let mut body = vec![15, 1, 16];
    body.extend_from_slice(&id.to_bytes());
    write_length(&mut body, list.len() as u64);
    body.extend_from_slice(list);
    // Length and last id, and a group that has read everything, with one consumer who has seen 1001-3.
    body.extend_from_slice(&[1, 0x43, 0xe9, 3, 1, 1, b'g', 0x43, 0xe9, 3, 1]);
    body.extend_from_slice(&StreamId::new(1000, 2).to_bytes());
    body.extend_from_slice(&[77, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1, b'c', 88, 0, 0, 0, 0, 0, 0, 0, 1]);
    body.extend_from_slice(&StreamId::new(1000, 2).to_bytes());
    let read = restored(&sealed(body)).expect("a stream of type 15");
    let held = Held::of(&read);
    assert_eq!((held.counters.len, held.counters.added), (1, 1));
    let group = &held.groups[&b"g"[..]];
    assert_eq!(group.entries_read, Some(1));
    assert_eq!(group.pending[&StreamId::new(1000, 2)], (b"c".to_vec(), 77, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 5 } else { 3_000 }))]

    #[test]
    fn a_payload_changed_under_a_right_checksum_does_no_harm(
        entries in 0..12u64,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let payload = dump(&ValueRef::Stream(&sample(entries, entries % 2 == 0)));
        let mut body = payload[..payload.len() - 10].to_vec();
        for (at, byte) in changes {
            let at = at.index(body.len() - 1) + 1;
            body[at] = byte;
        }
        if let Ok(mut stream) = restored(&sealed(body)) {
            let held = Held::of(&stream);
            prop_assert_eq!(Held::of(&restored(&dump(&ValueRef::Stream(&stream))).unwrap()), held);
            let nodes = stream.nodes_mut();
            let ids: Vec<StreamId> = nodes.range(StreamId::MIN, StreamId::MAX).map(|entry| entry.id).collect();
            if let Some(id) = nodes.last_id.next() {
                nodes.push(id, &[[b"f", b"v"]], &StreamLimits::default());
            }
            ids.iter().for_each(|id| assert!(nodes.delete(*id)));
            nodes.trim(&Trim { to: TrimTo::Length(0), is_approximate: false, limit: None });
            prop_assert_eq!(nodes.len, 0);
        }
    }
}
