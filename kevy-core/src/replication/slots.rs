//! Which replicas there are, how far each has come, and how long those that left are remembered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::log::{Backlog, Subscribers};

/// The most replicas that are remembered; beyond it the one that left first is forgotten.
const SLOTS_MAX: usize = 1024;

/// How far one replica has come on one shard.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The link that serves the shard, 0 for none.
    link: u64,
    /// The next frame that it has to receive, to apply; `None` before it has a snapshot.
    received: Option<u64>,
    applied: Option<u64>,
    /// History that a snapshot under way needs.
    cut: Option<u64>,
}

impl Place {
    /// The first frame that may be needed again.
    fn needed(&self) -> Option<u64> {
        match (self.received, self.cut) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// One replica.
#[derive(Clone, Debug)]
struct Slot {
    address: String,
    /// When it was last heard of, in unix milliseconds.
    seen: u64,
    bytes: u64,
    /// When it last had applied everything that there was.
    whole_ms: u64,
    /// It follows a part of the keyspace.
    is_partial: bool,
    places: SmallVec<[Place; 8]>,
}

impl Slot {
    fn is_connected(&self) -> bool {
        self.places.iter().any(|place| place.link != 0)
    }
}

/// A replica as INFO and ROLE show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaInfo {
    pub id: String,
    pub ip: String,
    pub port: u16,
    pub connected: bool,
    /// It has the whole copy, and only changes are sent.
    pub online: bool,
    /// It follows a part of the keyspace.
    pub partial: bool,
    /// Frames of all shards that it has applied.
    pub offset: u64,
    /// Seconds since it was last heard of.
    pub lag: u64,
    /// Bytes sent to it since it was first seen.
    pub bytes: u64,
    /// What it has not applied yet: frames of all shards, their bytes to within a few kilobytes, and the milliseconds since it
    /// last had applied everything.
    pub behind: Behind,
}

/// How far a replica is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    pub frames: u64,
    pub bytes: u64,
    pub ms: u64,
}

/// The table of replicas.
#[derive(Debug)]
pub struct Slots {
    table: Mutex<BTreeMap<String, Slot>>,
    backlogs: Vec<Arc<Backlog>>,
    links: AtomicU64,
    acks: Arc<Subscribers>,
}

impl Slots {
    /// No replicas yet; `backlogs` are the streams of all shards.
    pub fn new(backlogs: Vec<Arc<Backlog>>) -> Self {
        Self { table: Mutex::default(), backlogs, links: AtomicU64::new(0), acks: Arc::default() }
    }

    /// Who is woken when a replica acknowledges.
    pub fn acks(&self) -> &Arc<Subscribers> {
        &self.acks
    }

    /// Replica `id` has connected and wants `shards`. An older link of the same replica for a shard is over.
    pub fn connect(self: &Arc<Self>, id: &str, address: &str, shards: &[usize], now: u64) -> Link {
        let number = self.links.fetch_add(1, Ordering::Relaxed) + 1;
        let mut table = self.table.lock();
        if !table.contains_key(id) && table.len() >= SLOTS_MAX {
            forget_oldest(&mut table);
        }
        let slot = table.entry(id.to_owned()).or_insert_with(|| Slot {
            address: String::new(),
            seen: now,
            bytes: 0,
            whole_ms: now,
            is_partial: false,
            places: SmallVec::from_elem(Place::default(), self.backlogs.len()),
        });
        address.clone_into(&mut slot.address);
        slot.seen = now;
        for &shard in shards {
            slot.places[shard].link = number;
        }
        Link { slots: Arc::clone(self), id: id.to_owned(), number, shards: shards.into() }
    }

    /// Forgets replicas that have been away for longer than `window_ms`. True where none is left.
    pub fn expire(&self, now: u64, window_ms: u64) -> bool {
        let mut table = self.table.lock();
        let before = table.len();
        table.retain(|_, slot| slot.is_connected() || now.saturating_sub(slot.seen) <= window_ms);
        if table.len() != before {
            (0..self.backlogs.len()).for_each(|shard| self.pin(&table, shard));
        }
        table.is_empty()
    }

    /// Forgets everybody's place, for the history has ended.
    pub fn forget_places(&self) {
        let mut table = self.table.lock();
        for place in table.values_mut().flat_map(|slot| &mut slot.places) {
            *place = Place { link: place.link, ..Place::default() };
        }
        (0..self.backlogs.len()).for_each(|shard| self.pin(&table, shard));
    }

    /// Keeps the history that replicas still have to get, as far as it is there.
    fn pin(&self, table: &BTreeMap<String, Slot>, shard: usize) {
        let first = self.backlogs[shard].first_offset();
        let needed = table.values().filter_map(|slot| slot.places[shard].needed());
        self.backlogs[shard].pin(needed.filter(|offset| *offset >= first).min().unwrap_or(u64::MAX));
    }

    /// How many connected replicas have everything before `offsets`, one for each shard, applied.
    pub fn acked_at_least(&self, offsets: &[u64]) -> usize {
        let has = |slot: &&Slot| {
            slot.places
                .iter()
                .zip(offsets)
                .all(|(place, offset)| place.link != 0 && place.applied.is_some_and(|at| at >= *offset))
        };
        self.table.lock().values().filter(has).count()
    }

    /// Whether one connected replica has everything before `offsets` applied.
    pub fn has_all(&self, id: &str, offsets: &[u64]) -> bool {
        self.table.lock().get(id).is_some_and(|slot| {
            let mut places = slot.places.iter().zip(offsets);
            places.all(|(place, offset)| place.link != 0 && place.applied.is_some_and(|at| at >= *offset))
        })
    }

    /// Every replica, in the order of their names.
    pub fn list(&self, now: u64) -> Vec<ReplicaInfo> {
        let table = self.table.lock();
        table
            .iter()
            .map(|(id, slot)| {
                let (ip, port) = slot.address.rsplit_once(':').unwrap_or((&slot.address, "0"));
                let served = || slot.places.iter().filter(|place| place.link != 0 || place.applied.is_some());
                ReplicaInfo {
                    id: id.clone(),
                    ip: ip.trim_start_matches('[').trim_end_matches(']').to_owned(),
                    port: port.parse().unwrap_or(0),
                    connected: slot.is_connected(),
                    partial: slot.is_partial,
                    online: served().all(|place| place.received.is_some()),
                    offset: served().filter_map(|place| place.applied).sum(),
                    lag: now.saturating_sub(slot.seen) / 1000,
                    bytes: slot.bytes,
                    behind: self.behind(slot, now),
                }
            })
            .collect()
    }
}

impl Slots {
    fn behind(&self, slot: &Slot, now: u64) -> Behind {
        let mut behind = Behind::default();
        for (place, backlog) in slot.places.iter().zip(&self.backlogs) {
            let Some(applied) = place.applied.filter(|_| place.received.is_some()) else { continue };
            behind.frames += backlog.next_offset().saturating_sub(applied);
            behind.bytes += backlog.bytes_from(applied);
        }
        if behind.frames > 0 || slot.places.iter().any(|place| place.cut.is_some()) {
            behind.ms = now.saturating_sub(slot.whole_ms);
        }
        behind
    }
}

fn forget_oldest(table: &mut BTreeMap<String, Slot>) {
    let away = table.iter().filter(|(_, slot)| !slot.is_connected());
    if let Some(id) = away.min_by_key(|(_, slot)| slot.seen).map(|(id, _)| id.clone()) {
        table.remove(&id);
    }
}

/// One connection of a replica.
#[derive(Debug)]
pub struct Link {
    slots: Arc<Slots>,
    id: String,
    number: u64,
    /// The shards it serves.
    shards: SmallVec<[usize; 8]>,
}

impl Link {
    /// Changes the places of this link's shards. `None` where another link of the same replica has them.
    fn change<R>(&self, change: impl FnOnce(&mut Slot) -> R) -> Option<R> {
        let mut table = self.slots.table.lock();
        let slot = table.get_mut(&self.id)?;
        if !self.shards.iter().all(|&shard| slot.places[shard].link == self.number) {
            return None;
        }
        let result = change(slot);
        self.shards.iter().for_each(|&shard| self.slots.pin(&table, shard));
        Some(result)
    }

    /// False where the replica has connected anew.
    pub fn is_current(&self) -> bool {
        let table = self.slots.table.lock();
        table
            .get(&self.id)
            .is_some_and(|slot| self.shards.iter().all(|&shard| slot.places[shard].link == self.number))
    }

    /// A snapshot of the cut at `offsets` has begun.
    pub fn begin_snapshot(&self, offsets: &[u64]) {
        self.change(|slot| {
            for (&shard, offset) in self.shards.iter().zip(offsets) {
                slot.places[shard] = Place { link: self.number, cut: Some(*offset), ..Place::default() };
            }
        });
    }

    /// Frames are sent from `offsets` on.
    pub fn begin_stream(&self, offsets: &[u64]) {
        self.change(|slot| {
            for (&shard, offset) in self.shards.iter().zip(offsets) {
                let place = &mut slot.places[shard];
                place.cut = None;
                place.received = Some(*offset);
                place.applied.get_or_insert(0);
            }
        });
    }

    /// The replica has said what it received and applied. False where another link has taken its place.
    pub fn acknowledge(&self, received: &[u64], applied: Option<&[u64]>, now: u64) -> bool {
        let current = self.change(|slot| {
            slot.seen = now;
            for (at, &shard) in self.shards.iter().enumerate() {
                let place = &mut slot.places[shard];
                place.received = place.received.max(received.get(at).copied());
                let applied = applied.unwrap_or(received).get(at).copied();
                place.applied = place.applied.max(applied.min(place.received));
            }
            let mut places = slot.places.iter().zip(&self.slots.backlogs);
            if places.all(|(place, backlog)| place.applied.is_none_or(|at| at >= backlog.next_offset())) {
                slot.whole_ms = now;
            }
        });
        self.slots.acks.notify();
        current.is_some()
    }

    /// The replica follows a part of the keyspace, or all of it.
    pub fn set_partial(&self, is_partial: bool) {
        if let Some(slot) = self.slots.table.lock().get_mut(&self.id) {
            slot.is_partial = is_partial;
        }
    }

    /// The replica has everything before `applied` that it follows: the last of that was not sent to it.
    pub fn pass_over(&self, applied: &[u64]) {
        self.change(|slot| {
            for (&shard, offset) in self.shards.iter().zip(applied) {
                let place = &mut slot.places[shard];
                place.applied = place.applied.max(Some(*offset));
            }
            let mut places = slot.places.iter().zip(&self.slots.backlogs);
            if places.all(|(place, backlog)| place.applied.is_none_or(|at| at >= backlog.next_offset())) {
                slot.whole_ms = slot.seen;
            }
        });
        self.slots.acks.notify();
    }

    /// The replica is alive.
    pub fn seen(&self, now: u64) {
        if let Some(slot) = self.slots.table.lock().get_mut(&self.id) {
            slot.seen = now;
        }
    }

    /// So many bytes were sent.
    pub fn count(&self, bytes: u64) {
        if let Some(slot) = self.slots.table.lock().get_mut(&self.id) {
            slot.bytes += bytes;
        }
    }

    /// The connection is gone; the place is kept.
    pub fn disconnect(&self, now: u64) {
        self.change(|slot| {
            slot.seen = now;
            for &shard in &self.shards {
                slot.places[shard].link = 0;
                slot.places[shard].cut = None;
            }
        });
        self.slots.acks.notify();
    }
}
