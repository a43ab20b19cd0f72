//! Walks: going over a consistent cut of the keyspace in slices, while it is written to.
//!
//! A walk goes through each database in hash order. What is written to before the walk has come by is passed on
//! right before the write, and its key remembered so that it is not passed on again; keys that come into being
//! later are remembered likewise. A database that is flushed meanwhile is handed over to the walks that need it.

use std::sync::Arc;

use super::Keyspace;
use crate::store::entry::{Content, Entry, Kind, Record, Records};
use crate::store::seed::Seed;
use crate::store::table::Table;
use crate::store::value::ValueRef;

/// Names a walk of one keyspace; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WalkId(u64);

/// Takes what a walk delivers.
pub trait WalkSink {
    /// A key as it was at the cut, due or not, in no order that means anything.
    fn entry(&mut self, db: usize, key: &[u8], value: &ValueRef<'_>, expire_at: Option<u64>);
}

/// Where the keys of one database of the cut are now.
enum Source {
    /// In the database of this number.
    Live(usize),
    /// Flushed.
    Detached(Arc<Records>),
}

struct Part {
    /// The number of the database at the cut.
    db: usize,
    source: Source,
    /// All hash positions before this one have been passed on.
    position: u64,
    /// Keys after it that were written to, or came into being, since the cut.
    written: Records,
}

struct Walk {
    id: WalkId,
    /// What has not been passed on whole, last part first.
    parts: Vec<Part>,
    sink: Box<dyn WalkSink + Send>,
}

/// All walks that are under way.
#[derive(Default)]
pub(super) struct Walks {
    walks: Vec<Walk>,
    next_id: u64,
    /// Bytes of the tables that only walks hold.
    detached_bytes: usize,
}

impl std::fmt::Debug for Walks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walks").field("len", &self.walks.len()).finish()
    }
}

impl Part {
    fn is_at(&self, db: usize) -> bool {
        matches!(self.source, Source::Live(live) if live == db)
    }

    fn before_write(
        &mut self,
        hash: u64,
        key: &[u8],
        old: Option<&Entry>,
        sink: &mut dyn WalkSink,
        seed: &Seed,
    ) {
        if Table::<Entry>::position(hash) < self.position || self.written.find(hash, key).is_some() {
            return;
        }
        if let Some(old) = old {
            sink.entry(self.db, key, &ValueRef::of(old), old.expire_at());
        }
        let content = Content::Inline(&[]);
        self.written.insert(
            hash,
            Record { key, kind: Kind::String, access: 0, content, expire_at: None },
            seed,
        );
    }
}

impl Walks {
    pub(super) fn is_empty(&self) -> bool {
        self.walks.is_empty()
    }

    pub(super) fn memory(&self) -> usize {
        let parts = |walk: &Walk| {
            walk.parts.capacity() * size_of::<Part>()
                + walk.parts.iter().map(|part| part.written.memory()).sum::<usize>()
        };
        self.detached_bytes
            + self.walks.capacity() * size_of::<Walk>()
            + self.walks.iter().map(parts).sum::<usize>()
    }

    /// To be called before a key is changed, removed or made.
    pub(super) fn before_write(
        &mut self,
        db: usize,
        hash: u64,
        key: &[u8],
        old: Option<&Entry>,
        seed: &Seed,
    ) {
        for walk in &mut self.walks {
            if let Some(part) = walk.parts.iter_mut().find(|part| part.is_at(db)) {
                part.before_write(hash, key, old, &mut *walk.sink, seed);
            }
        }
    }

    /// Hands over the keys of a database that is being flushed, or gives them back if no walk needs them.
    pub(super) fn detach(&mut self, db: usize, records: Records) -> Option<Records> {
        let parts = self.walks.iter_mut().flat_map(|walk| &mut walk.parts).filter(|part| part.is_at(db));
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return Some(records);
        }
        self.detached_bytes += detached_bytes(&records);
        let shared = Arc::new(records);
        for part in parts {
            part.source = Source::Detached(Arc::clone(&shared));
        }
        None
    }

    /// To be called when two databases are exchanged.
    pub(super) fn swap(&mut self, a: usize, b: usize) {
        for part in self.walks.iter_mut().flat_map(|walk| &mut walk.parts) {
            if let Source::Live(db) = &mut part.source {
                *db = match *db {
                    db if db == a => b,
                    db if db == b => a,
                    db => db,
                };
            }
        }
    }
}

/// Bytes of a table that is shared: its own, and an `Arc` with its two counters.
fn detached_bytes(records: &Records) -> usize {
    records.memory() + size_of::<Records>() + 2 * size_of::<usize>()
}

impl Keyspace {
    /// Begins a walk over the keyspace as it is now. `sink` is given every key, each once, in the calls of
    /// [`walk_step`](Self::walk_step) and of whatever writes in between, and dropped at the end.
    pub fn start_walk(&mut self, sink: Box<dyn WalkSink + Send>) -> WalkId {
        let id = WalkId(self.walks.next_id);
        self.walks.next_id += 1;
        let parts = self.databases.iter().enumerate().rev().filter(|(_, records)| !records.is_empty());
        let parts = parts.map(|(db, _)| Part {
            db,
            source: Source::Live(db),
            position: 0,
            written: Records::default(),
        });
        self.walks.walks.push(Walk { id, parts: parts.collect(), sink });
        self.is_observed = true;
        id
    }

    /// Passes on about `entries_max` keys. Whether the walk is done; one that is done or unknown stays so.
    pub fn walk_step(&mut self, id: WalkId, entries_max: usize) -> bool {
        let Some(index) = self.walks.walks.iter().position(|walk| walk.id == id) else { return true };
        let walk = &mut self.walks.walks[index];
        let mut left = entries_max.max(1);
        while left > 0
            && let Some(part) = walk.parts.last_mut()
        {
            let records = match &part.source {
                Source::Live(db) => &self.databases[*db],
                Source::Detached(records) => records,
            };
            let (from, written, sink, seed) = (part.position, &part.written, &mut walk.sink, &self.seed);
            let mut looked_at = 0;
            let next = records.table().scan(from, left, seed, |entry| {
                looked_at += 1;
                let hash = seed.hash(entry.key());
                // Segments that were joined make for buckets that begin before the position.
                if Table::<Entry>::position(hash) >= from && written.find(hash, entry.key()).is_none() {
                    sink.entry(part.db, entry.key(), &ValueRef::of(entry), entry.expire_at());
                }
            });
            left = left.saturating_sub(looked_at.max(1));
            part.position = next;
            if next == 0
                && let Some(part) = walk.parts.pop()
            {
                self.walks.detached_bytes -= bury(part, &mut self.garbage);
            }
        }
        let is_done = walk.parts.is_empty();
        if is_done {
            self.end_walk(index);
        }
        is_done
    }

    /// Ends a walk before it is done.
    pub fn cancel_walk(&mut self, id: WalkId) {
        if let Some(index) = self.walks.walks.iter().position(|walk| walk.id == id) {
            self.end_walk(index);
        }
    }

    fn end_walk(&mut self, index: usize) {
        let walk = self.walks.walks.remove(index);
        for part in walk.parts {
            self.walks.detached_bytes -= bury(part, &mut self.garbage);
        }
        if self.walks.walks.is_empty() {
            self.walks.walks = Vec::new();
        }
        self.update_observed();
    }
}

/// Lets go of a part. Returns how many bytes are no longer held by any walk.
fn bury(part: Part, garbage: &mut crate::store::garbage::Garbage) -> usize {
    garbage.bury_records(part.written);
    let Source::Detached(records) = part.source else { return 0 };
    match Arc::try_unwrap(records) {
        Ok(records) => {
            let bytes = detached_bytes(&records);
            garbage.bury_records(records);
            bytes
        }
        Err(_) => 0,
    }
}
