use std::collections::BTreeMap;

use proptest::prelude::*;

use super::model::{Held, Pairs};
use super::{Dropped, Pending, References, Stream, StreamId, StreamLimits, Trim, TrimTo};
use crate::store::collection::ValueType;
use crate::store::tests::allocations;

#[derive(Clone, Debug)]
enum Write {
    Add { after: u64, fields: usize, value: usize },
    Delete(u64),
    Trim { to: u64, is_length: bool, is_approximate: bool },
}

fn write() -> impl Strategy<Value = Write> {
    let value = prop_oneof![20 => 0..40usize, 1 => 4000..9000usize];
    prop_oneof![
        20 => (1..5u64, 0..4usize, value)
            .prop_map(|(after, fields, value)| Write::Add { after, fields, value }),
        6 => any::<u64>().prop_map(Write::Delete),
        2 => (any::<u64>(), any::<bool>(), any::<bool>())
            .prop_map(|(to, is_length, is_approximate)| Write::Trim { to, is_length, is_approximate }),
    ]
}

fn pairs_of(fields: usize, value: usize) -> Pairs {
    let names = ["name", "12", "", "a longer name"];
    (0..=fields).map(|at| (names[at].into(), vec![b'0' + at as u8; value])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 60 }))]

    #[test]
    fn entries_are_those_of_a_map(
        writes in prop::collection::vec(write(), 0..400),
        entries_max in 1..20u64,
    ) {
        let limits = StreamLimits { node_entries_max: Some(entries_max), ..StreamLimits::default() };
        let before = allocations::live();
        let mut stream = Stream::default();
        let mut model: BTreeMap<StreamId, Pairs> = BTreeMap::new();
        let mut last = StreamId::new(1000, 5);
        let (mut added, mut max_deleted) = (0, StreamId::MIN);
        for write in &writes {
            let nodes = stream.nodes_mut();
            match *write {
                Write::Add { after, fields, value } => {
                    last = if after == 1 { StreamId::new(last.ms, last.seq + 1) } else { StreamId::new(last.ms + after, 3) };
                    let pairs = pairs_of(fields, value);
                    let given: Vec<[&[u8]; 2]> = pairs.iter().map(|(name, value)| [&**name, &**value]).collect();
                    nodes.push(last, &given, &limits);
                    model.insert(last, pairs);
                    added += 1;
                }
                Write::Delete(number) => {
                    let ids: Vec<StreamId> = model.keys().copied().collect();
                    let there = ids.get((number % (ids.len() as u64 + 1)) as usize).copied();
                    let id = there.unwrap_or(StreamId::new(number, number));
                    prop_assert_eq!(nodes.delete(id), model.remove(&id).is_some());
                    max_deleted = max_deleted.max(there.unwrap_or_default());
                }
                Write::Trim { to, is_length, is_approximate } => {
                    let to = if is_length {
                        TrimTo::Length(to % (model.len() as u64 + 2))
                    } else {
                        TrimTo::Id(StreamId::new(1000 + to % (last.ms - 999), 2))
                    };
                    let (len, whole) = (model.len() as u64, nodes.len);
                    let removed = nodes.trim(&Trim { to, is_approximate, limit: None });
                    prop_assert_eq!(whole - removed, nodes.len);
                    let goes = match to {
                        TrimTo::Length(max) => len.saturating_sub(max),
                        TrimTo::Id(min) => model.range(..min).count() as u64,
                    };
                    prop_assert!(if is_approximate { removed <= goes } else { removed == goes }, "{} of {}", removed, goes);
                    for _ in 0..removed {
                        model.pop_first();
                    }
                }
            }
            prop_assert_eq!(stream.nodes().last_entry_id(), model.keys().next_back().copied());
        }
        let held = Held::of(&stream);
        prop_assert_eq!(&held.entries, &model);
        prop_assert_eq!((held.counters.added, held.counters.max_deleted_id), (added, max_deleted));
        for id in model.keys() {
            prop_assert!(stream.nodes().get(*id).is_some());
            let next = id.next().expect("an id behind it");
            prop_assert_eq!(stream.nodes().get(next).is_some(), model.contains_key(&next));
            let rest = stream.nodes().range(next, StreamId::MAX).map(|entry| entry.id);
            prop_assert!(rest.eq(model.range(next..).map(|(id, _)| *id)));
        }
        drop((held, model));
        prop_assert_eq!((allocations::live() - before) as usize, stream.memory());
    }
}

fn with_groups(rng: &mut fastrand::Rng) -> Stream {
    let mut stream = Stream::default();
    for number in 1..200 {
        stream.nodes_mut().push(StreamId::new(number, 0), &[[b"f", b"v"]], &StreamLimits::default());
    }
    for group in 0..5 {
        assert!(stream.add_group(format!("group {group}").as_bytes(), StreamId::MIN, Some(0)));
    }
    for _ in 0..3_000 {
        let name = format!("group {}", rng.u8(..5));
        let consumer = format!("consumer {}", rng.u8(..9));
        let id = StreamId::new(rng.u64(..300), 0);
        stream.edit_group(name.as_bytes(), |group, _| match rng.u8(..10) {
            0 => drop(group.remove_consumer(consumer.as_bytes())),
            1..4 => drop(group.acknowledge(id)),
            _ => {
                let (consumer, _) = group.find_or_add(consumer.as_bytes(), 7);
                group.set_pending(id, Pending { consumer, delivered_at: id.ms, deliveries: 1 });
            }
        });
    }
    stream
}

#[test]
fn groups_and_consumers_agree_and_know_their_memory() {
    let mut rng = fastrand::Rng::with_seed(5);
    let before = allocations::live();
    let stream = with_groups(&mut rng);
    assert_eq!((allocations::live() - before) as usize, stream.memory());
    let held = Held::of(&stream);
    assert!(held.groups.values().all(|group| group.pending.len() > 20));
    drop(held);
    let copy = stream.clone();
    assert_eq!(Held::of(&copy), Held::of(&stream));
    drop(stream);
    assert_eq!((allocations::live() - before) as usize, copy.memory());
}

#[test]
fn what_is_left_of_a_stream_is_freed_in_steps() {
    let mut rng = fastrand::Rng::with_seed(6);
    let before = allocations::live();
    let mut stream = with_groups(&mut rng);
    assert!(stream.remove_group(b"group 3"));
    let Some(crate::store::garbage::Heap::Parts(mut parts)) = stream.into_heap() else { panic!("no parts") };
    let mut steps = 0;
    loop {
        assert_eq!((allocations::live() - before) as usize, parts.memory());
        if !parts.free_one() {
            break;
        }
        steps += 1;
    }
    assert!(steps > 30, "{steps}");
    drop(parts);
    assert_eq!(allocations::live(), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 60 }))]

    /// A trim around what groups still need deletes the same entries as looking at one entry after another.
    #[test]
    fn trims_leave_what_groups_need(
        count in 0..60u64,
        entries_max in 1..8u64,
        read in 0..60u64,
        acknowledged in any::<u64>(),
        to in 0..70u64,
        is_length in any::<bool>(),
        references in prop_oneof![Just(References::Delete), Just(References::Acked)],
    ) {
        let limits = StreamLimits { node_entries_max: Some(entries_max), ..StreamLimits::default() };
        let mut stream = Stream::default();
        for ms in 1..=count {
            stream.nodes_mut().push(StreamId::new(ms, 0), &[[b"f", b"v"]], &limits);
        }
        stream.add_group(b"g", StreamId::new(read.min(count), 0), None);
        stream.edit_group(b"g", |group, _| {
            let (consumer, _) = group.find_or_add(b"c", 0);
            for ms in (1..=read.min(count)).filter(|ms| (acknowledged >> (ms % 64)) & 1 == 0) {
                group.set_pending(StreamId::new(ms, 0), Pending { consumer, delivered_at: 0, deliveries: 1 });
            }
        });
        let trim_to = if is_length { TrimTo::Length(to) } else { TrimTo::Id(StreamId::new(to, 0)) };
        let mut model = Held::of(&stream);
        let ids: Vec<StreamId> = model.entries.keys().copied().collect();
        let mut expected = Dropped::default();
        for id in ids {
            let is_done = if is_length { model.entries.len() as u64 <= to } else { id.ms >= to };
            if is_done {
                break;
            }
            if references == References::Acked && stream.is_referenced(id) {
                continue;
            }
            model.entries.remove(&id);
            if references == References::Acked {
                expected.deleted.push(id);
                model.counters.max_deleted_id = id;
            } else {
                expected.trimmed += 1;
                if stream.group(b"g").is_some_and(|group| group.get_pending(id).is_some()) {
                    expected.acknowledge(b"g", id);
                    model.groups.values_mut().for_each(|group| drop(group.pending.remove(&id)));
                }
            }
        }
        model.counters.len = model.entries.len() as u64;
        model.counters.first_id = model.entries.keys().next().copied().unwrap_or_default();
        let dropped = stream.trim(&Trim { to: trim_to, is_approximate: false, limit: None }, references);
        prop_assert_eq!(dropped, expected);
        prop_assert_eq!(Held::of(&stream), model);
    }
}
