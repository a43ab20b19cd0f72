//! A macro node: up to about a hundred entries in one listpack, byte for byte as Redis keeps and saves them.
//!
//! Format: t_stream.c. First the master entry: how many entries are there, how many are deleted, a number of fields,
//! their names, and 0. Then each entry: flags, the difference of its id to that of the node in milliseconds and in
//! sequence, unless [`SAME_FIELDS`] the number of fields, the values (each after its field unless `SAME_FIELDS`), and
//! the number of elements so far, for walking backwards.

use crate::base::number::parse_i64;
use crate::store::item::Item;
use crate::store::listpack::{Iter, Listpack, Malformed, Raw, item};

use super::StreamId;

/// The entry is no longer there.
const DELETED: i64 = 1;
/// The fields are those of the master entry.
const SAME_FIELDS: i64 = 2;

/// Some entries with consecutive ids.
#[derive(Clone, Debug)]
pub(super) struct Node {
    list: Listpack,
}

/// An entry of a stream.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The id.
    pub id: StreamId,
    is_deleted: bool,
    flags_at: usize,
    /// Where the names begin, if they are those of the master entry.
    names: Option<Iter<'a>>,
    /// Where fields and values begin.
    pairs: Iter<'a>,
    count: usize,
}

impl<'a> Entry<'a> {
    /// Number of fields.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no fields, which no client can add.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Fields and values in order.
    pub fn fields(&self) -> impl Iterator<Item = (Item<'a>, Item<'a>)> {
        let (mut names, mut pairs) = (self.names.clone(), self.pairs.clone());
        (0..self.count).map_while(move |_| {
            let (_, name) = names.as_mut().unwrap_or(&mut pairs).next()?;
            let (_, value) = pairs.next()?;
            Some((item(name), item(value)))
        })
    }
}

fn integer(elements: &mut Iter<'_>) -> Option<i64> {
    match elements.next()? {
        (_, Raw::Int(value)) => Some(value),
        (_, Raw::Bytes(_)) => None,
    }
}

fn is_name(raw: Raw<'_>, name: &[u8]) -> bool {
    match raw {
        Raw::Bytes(bytes) => bytes == name,
        Raw::Int(value) => parse_i64(name) == Some(value),
    }
}

/// What the entries of a node have in common.
#[derive(Clone, Debug)]
struct Master<'a> {
    id: StreamId,
    names: Iter<'a>,
    count: usize,
    first_entry: usize,
}

impl<'a> Master<'a> {
    fn read(id: StreamId, list: &'a Listpack) -> Option<Self> {
        let mut elements = list.iter();
        integer(&mut elements)?;
        integer(&mut elements)?;
        let count = usize::try_from(integer(&mut elements)?).ok()?;
        let names = elements.clone();
        for _ in 0..count {
            elements.next()?;
        }
        (integer(&mut elements)? == 0).then_some(())?;
        Some(Self { id, names, count, first_entry: elements.position() })
    }

    /// The entry that begins at `flags_at`.
    fn entry(&self, list: &'a Listpack, flags_at: usize) -> Option<Entry<'a>> {
        let mut elements = list.iter_from(flags_at);
        let flags = integer(&mut elements)?;
        let (ms, seq) = (integer(&mut elements)?, integer(&mut elements)?);
        let is_same = flags & SAME_FIELDS != 0;
        let count = if is_same { self.count } else { usize::try_from(integer(&mut elements)?).ok()? };
        Some(Entry {
            id: StreamId {
                ms: self.id.ms.wrapping_add(ms as u64),
                seq: self.id.seq.wrapping_add(seq as u64),
            },
            is_deleted: flags & DELETED != 0,
            flags_at,
            names: is_same.then(|| self.names.clone()),
            pairs: elements,
            count,
        })
    }
}

impl Node {
    /// A node whose first entry will have these fields. Nothing is in it yet.
    pub(super) fn new(pairs: &[[&[u8]; 2]]) -> Self {
        let mut list = Listpack::new();
        let names = pairs.iter().map(|[name, _]| Raw::Bytes(name));
        list.extend([0, 0, pairs.len() as i64].map(Raw::Int).into_iter().chain(names).chain([Raw::Int(0)]));
        Self { list }
    }

    /// Takes a listpack from outside after checking all that reading it relies on, and that ids ascend.
    pub(super) fn from_listpack(id: StreamId, list: Listpack) -> Result<Self, Malformed> {
        let node = Self { list };
        node.check(id).ok_or(Malformed)?;
        Ok(node)
    }

    fn check(&self, id: StreamId) -> Option<()> {
        let mut header = self.list.iter();
        let counts = (integer(&mut header)?, integer(&mut header)?);
        let master = Master::read(id, &self.list)?;
        let (mut live, mut deleted, mut latest) = (0, 0, None);
        let mut at = master.first_entry;
        while at < self.list.end() {
            let entry = master.entry(&self.list, at)?;
            let is_same = entry.names.is_some();
            let mut elements = entry.pairs.clone();
            for _ in 0..if is_same { entry.count } else { entry.count.checked_mul(2)? } {
                elements.next()?;
            }
            let parts = if is_same { 3 + entry.count } else { 4 + 2 * entry.count };
            let flags = integer(&mut self.list.iter_from(at))?;
            let is_right = integer(&mut elements)? == parts as i64
                && flags & !(DELETED | SAME_FIELDS) == 0
                && entry.id >= id
                && latest.is_none_or(|latest| latest < entry.id);
            is_right.then_some(())?;
            *(if entry.is_deleted { &mut deleted } else { &mut live }) += 1;
            latest = Some(entry.id);
            at = elements.position();
        }
        (counts == (live, deleted)).then_some(())
    }

    /// The listpack as it is saved.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.list.as_bytes()
    }

    /// Bytes allocated.
    pub(super) fn memory(&self) -> usize {
        self.list.memory()
    }

    /// How many entries are there, and how many are deleted.
    pub(super) fn counts(&self) -> (u64, u64) {
        let mut elements = self.list.iter();
        let mut count = || integer(&mut elements).and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        (count(), count())
    }

    fn set_counts(&mut self, live: u64, deleted: u64) {
        if let Some(at) = self.list.first() {
            let next = self.list.replace_int(at, live as i64);
            self.list.replace_int(next, deleted as i64);
        }
    }

    /// Whether the pairs have the fields of the master entry, in their order.
    fn has_fields(&self, pairs: &[[&[u8]; 2]]) -> bool {
        let Some(master) = Master::read(StreamId::MIN, &self.list) else { return false };
        master.count == pairs.len()
            && pairs.iter().zip(master.names).all(|([name, _], (_, raw))| is_name(raw, name))
    }

    /// Adds an entry after all others. `id` is that of the node.
    pub(super) fn push(&mut self, id: StreamId, entry: StreamId, pairs: &[[&[u8]; 2]]) {
        let is_same = self.has_fields(pairs);
        let (live, deleted) = self.counts();
        self.set_counts(live + 1, deleted);
        let difference = |part: u64, first: u64| part.wrapping_sub(first) as i64;
        let head = [
            if is_same { SAME_FIELDS } else { 0 },
            difference(entry.ms, id.ms),
            difference(entry.seq, id.seq),
            pairs.len() as i64,
        ];
        // The number of fields and their names are left out where they are those of the master entry.
        let head = if is_same { &head[..3] } else { &head };
        let parts = head.len() + pairs.len() * if is_same { 1 } else { 2 };
        let pairs = pairs.iter().flat_map(|pair| &pair[usize::from(is_same)..]);
        self.list.extend(
            head.iter()
                .map(|number| Raw::Int(*number))
                .chain(pairs.map(|part| Raw::Bytes(part)))
                .chain([Raw::Int(parts as i64)]),
        );
    }

    /// All entries that are there, in order.
    pub(super) fn entries(&self, id: StreamId) -> impl Iterator<Item = Entry<'_>> {
        self.every(id).filter(|entry| !entry.is_deleted)
    }

    /// All entries, deleted ones too.
    fn every(&self, id: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let master = Master::read(id, &self.list);
        let mut at = master.as_ref().map_or(usize::MAX, |master| master.first_entry);
        std::iter::from_fn(move || {
            let master = master.as_ref()?;
            if at >= self.list.end() {
                return None;
            }
            let entry = master.entry(&self.list, at)?;
            let mut elements = entry.pairs.clone();
            let parts = if entry.names.is_some() { entry.count } else { 2 * entry.count };
            elements.nth(parts)?;
            at = elements.position();
            Some(entry)
        })
    }

    /// All entries that are there, last to first.
    pub(super) fn entries_back(&self, id: StreamId) -> impl Iterator<Item = Entry<'_>> {
        self.every_back(id).filter(|entry| !entry.is_deleted)
    }

    fn every_back(&self, id: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let master = Master::read(id, &self.list);
        let mut end = self.list.end();
        std::iter::from_fn(move || {
            let master = master.as_ref()?;
            let mut at = self.list.previous(end)?;
            // The master entry ends in a 0 where others have the number of their elements.
            let parts = integer(&mut self.list.iter_from(at)).filter(|parts| *parts > 0)?;
            for _ in 0..parts {
                at = self.list.previous(at)?;
            }
            end = at;
            master.entry(&self.list, at)
        })
    }

    /// The id of the last entry, deleted or not.
    pub(super) fn last_id(&self, id: StreamId) -> StreamId {
        self.every_back(id).next().map_or(id, |entry| entry.id)
    }

    /// Deletes the entries that `picked` picks until it says to stop by `None`; how many.
    pub(super) fn delete(&mut self, id: StreamId, mut picked: impl FnMut(StreamId) -> Option<bool>) -> u64 {
        let mut places = Vec::new();
        for entry in self.entries(id) {
            match picked(entry.id) {
                Some(true) => places.push(entry.flags_at),
                Some(false) => {}
                None => break,
            }
        }
        // From the end, so that a place is still right when its turn comes.
        for &at in places.iter().rev() {
            let flags = integer(&mut self.list.iter_from(at)).unwrap_or(0);
            self.list.replace_int(at, flags | DELETED);
        }
        let (live, deleted) = self.counts();
        let count = places.len() as u64;
        self.set_counts(live.saturating_sub(count), deleted + count);
        count
    }
}
