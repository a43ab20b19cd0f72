//! What is no longer reachable and too large to be freed at once.

use super::entry::{Content, Entry, Records, Remains, View};

/// Collections of up to this many parts are freed at once.
const PARTS_AT_ONCE_MAX: usize = 64;
/// Strings of up to this many bytes are freed at once, and longer ones in steps of it.
const BYTES_AT_ONCE_MAX: usize = 8 << 20;

/// Something that takes many steps to be freed.
#[derive(Debug)]
pub enum Heap {
    /// A table of entries, whose values may be heaps in turn: the parts of a collection.
    Records(Box<Remains>),
    /// The keys of a database.
    Keys(Box<Remains>),
    /// A long string.
    Bytes(Vec<u8>),
    /// The parts of another collection.
    Parts(Box<dyn Parts>),
}

/// The parts of a collection, freed one allocation after another.
pub trait Parts: std::fmt::Debug + Send + Sync {
    /// Bytes that are still allocated, the box of this included.
    fn memory(&self) -> usize;

    /// Frees about one allocation. False when none was left.
    fn free_one(&mut self) -> bool;
}

impl Heap {
    /// A whole table; `None` if there is nothing in it.
    pub fn of_records(records: Records) -> Option<Self> {
        (!records.is_empty()).then(|| Self::Records(Box::new(records.into_remains())))
    }

    fn memory(&self) -> usize {
        match self {
            Self::Records(remains) | Self::Keys(remains) => remains.memory() + size_of::<Remains>(),
            Self::Bytes(bytes) => bytes.capacity(),
            Self::Parts(parts) => parts.memory(),
        }
    }
}

/// Values that wait to be freed a slice at a time.
#[derive(Debug, Default)]
pub struct Garbage {
    heaps: Vec<Heap>,
    bytes: usize,
    freed: u64,
}

impl Garbage {
    /// Bytes that are still allocated.
    #[inline]
    pub fn memory(&self) -> usize {
        self.bytes + self.heaps.capacity() * size_of::<Heap>()
    }

    /// How many values are not freed yet.
    pub fn pending(&self) -> usize {
        let values = |heap: &Heap| if let Heap::Keys(remains) = heap { remains.len() } else { 1 };
        self.heaps.iter().map(values).sum()
    }

    /// How many have been, since [`Garbage::reset_freed`].
    pub fn freed(&self) -> u64 {
        self.freed
    }

    /// Counts from nothing again.
    pub fn reset_freed(&mut self) {
        self.freed = 0;
    }

    /// Frees an entry, or keeps the part of it that is large.
    pub fn bury(&mut self, entry: Entry) {
        let is_large = match entry.view() {
            View::Int(_) | View::Inline(_) => false,
            View::Bytes(bytes) => bytes.capacity() > BYTES_AT_ONCE_MAX,
            View::Collection(collection) => collection.len() > PARTS_AT_ONCE_MAX,
        };
        if is_large {
            entry.consume(|_, content| self.bury_content(content));
        }
    }

    fn bury_content(&mut self, content: Content<'_>) {
        match content {
            Content::Int(_) | Content::Inline(_) => {}
            Content::Bytes(bytes) => self.push(Some(Heap::Bytes(bytes))),
            Content::Collection(collection) => self.push(collection.into_heap()),
        }
    }

    /// Keeps a whole table.
    pub fn bury_records(&mut self, records: Records) {
        if !records.is_empty() {
            self.push(Some(Heap::Keys(Box::new(records.into_remains()))));
        }
    }

    fn push(&mut self, heap: Option<Heap>) {
        if let Some(heap) = heap {
            self.bytes += heap.memory();
            self.heaps.push(heap);
        }
    }

    /// Frees about `budget` allocations. Whether more is left.
    pub fn free_some(&mut self, budget: usize) -> bool {
        for _ in 0..budget {
            let are_keys = matches!(self.heaps.last(), Some(Heap::Keys(_)));
            match self.heaps.last_mut() {
                None => break,
                Some(Heap::Records(remains) | Heap::Keys(remains)) => {
                    let before = remains.memory();
                    let entry = remains.next_entry();
                    self.bytes = self.bytes + remains.memory() - before;
                    match entry {
                        Some(entry) => {
                            let before = self.heaps.len();
                            self.bury(entry);
                            self.freed += u64::from(are_keys && self.heaps.len() == before);
                        }
                        None => {
                            self.bytes -= size_of::<Remains>();
                            self.heaps.pop();
                            self.freed += u64::from(!are_keys);
                        }
                    }
                }
                Some(Heap::Parts(parts)) => {
                    let before = parts.memory();
                    let is_left = parts.free_one();
                    if is_left {
                        self.bytes = self.bytes + parts.memory() - before;
                    } else {
                        self.bytes -= before;
                        self.heaps.pop();
                        self.freed += 1;
                    }
                }
                Some(Heap::Bytes(bytes)) => {
                    let before = bytes.capacity();
                    if before > BYTES_AT_ONCE_MAX {
                        bytes.truncate(before - BYTES_AT_ONCE_MAX);
                        bytes.shrink_to(before - BYTES_AT_ONCE_MAX);
                        self.bytes -= before - bytes.capacity();
                    } else {
                        self.bytes -= before;
                        self.heaps.pop();
                        self.freed += 1;
                    }
                }
            }
        }
        if self.heaps.is_empty() {
            self.heaps = Vec::new();
        }
        !self.heaps.is_empty()
    }
}
