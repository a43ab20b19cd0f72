//! What a stream holds, in plain maps, for tests to compare.

use std::collections::{BTreeMap, BTreeSet};

use super::{Counters, Stream, StreamId};

/// Fields with values.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// What a stream holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub counters: Counters,
    pub entries: BTreeMap<StreamId, Pairs>,
    pub groups: BTreeMap<Vec<u8>, GroupHeld>,
}

/// What a group holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupHeld {
    pub last_id: StreamId,
    pub entries_read: Option<u64>,
    /// Consumer, time of the last delivery, number of deliveries.
    pub pending: BTreeMap<StreamId, (Vec<u8>, u64, u64)>,
    pub consumers: BTreeSet<Vec<u8>>,
}

impl Held {
    pub fn of(stream: &Stream) -> Self {
        let pairs = |entry: super::Entry<'_>| {
            let pairs: Pairs = entry.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
            assert_eq!(pairs.len(), entry.len());
            (entry.id, pairs)
        };
        let nodes = stream.nodes();
        let held = Self {
            counters: **nodes,
            entries: nodes.range(StreamId::MIN, StreamId::MAX).map(pairs).collect(),
            groups: stream
                .groups()
                .iter()
                .map(|group| (group.name().to_vec(), GroupHeld::of(group)))
                .collect(),
        };
        let back: BTreeMap<_, _> = nodes.range_back(StreamId::MIN, StreamId::MAX).map(pairs).collect();
        assert_eq!(back, held.entries, "backwards");
        assert_eq!(held.entries.len() as u64, held.counters.len);
        assert_eq!(held.entries.keys().next().copied().unwrap_or_default(), held.counters.first_id);
        held
    }
}

impl GroupHeld {
    fn of(group: &super::Group) -> Self {
        let record = |(id, pending): (StreamId, &super::Pending)| {
            let name = group.consumer(pending.consumer).name().to_vec();
            (id, (name, pending.delivered_at, pending.deliveries))
        };
        let held = Self {
            last_id: group.last_id,
            entries_read: group.entries_read,
            pending: group.pending(StreamId::MIN).map(record).collect(),
            consumers: group.consumers().map(|consumer| consumer.name().to_vec()).collect(),
        };
        for consumer in group.consumers() {
            let of_group =
                held.pending.iter().filter(|(_, (name, ..))| name == consumer.name()).map(|(id, _)| *id);
            assert!(consumer.pending(StreamId::MIN).eq(of_group), "the ids of a consumer");
        }
        held
    }
}
