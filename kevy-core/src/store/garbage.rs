//! What is no longer reachable and too large to be freed at once.

use super::entry::{Collection, Content, Entry, Records, Remains, View};

/// Collections of up to this many parts are freed at once.
const PARTS_AT_ONCE_MAX: usize = 64;
/// Strings of up to this many bytes are freed at once, and longer ones in steps of it.
const BYTES_AT_ONCE_MAX: usize = 8 << 20;

#[derive(Debug)]
enum Heap {
    Remains(Box<Remains>),
    Bytes(Vec<u8>),
}

/// Values that wait to be freed a slice at a time.
#[derive(Debug, Default)]
pub struct Garbage {
    heaps: Vec<Heap>,
    bytes: usize,
}

impl Garbage {
    /// Bytes that are still allocated.
    #[inline]
    pub fn memory(&self) -> usize {
        self.bytes + self.heaps.capacity() * size_of::<Heap>()
    }

    /// Frees an entry, or keeps the part of it that is large.
    pub fn bury(&mut self, entry: Entry) {
        let is_large = match entry.view() {
            View::Int(_) | View::Inline(_) => false,
            View::Bytes(bytes) => bytes.capacity() > BYTES_AT_ONCE_MAX,
            View::Collection(Collection::Hash(hash)) => hash.len() > PARTS_AT_ONCE_MAX,
        };
        if is_large {
            entry.consume(|_, content| self.bury_content(content));
        }
    }

    fn bury_content(&mut self, content: Content<'_>) {
        match content {
            Content::Int(_) | Content::Inline(_) => {}
            Content::Bytes(bytes) => {
                self.bytes += bytes.capacity();
                self.heaps.push(Heap::Bytes(bytes));
            }
            Content::Collection(Collection::Hash(hash)) => {
                if let Some(records) = hash.into_records() {
                    self.bury_records(records);
                }
            }
        }
    }

    /// Keeps a whole table.
    pub fn bury_records(&mut self, records: Records) {
        if records.is_empty() {
            return;
        }
        let remains = Box::new(records.into_remains());
        self.bytes += remains.memory() + size_of::<Remains>();
        self.heaps.push(Heap::Remains(remains));
    }

    /// Frees about `budget` allocations. Whether more is left.
    pub fn free_some(&mut self, budget: usize) -> bool {
        for _ in 0..budget {
            match self.heaps.last_mut() {
                None => break,
                Some(Heap::Remains(remains)) => {
                    let before = remains.memory();
                    let entry = remains.next_entry();
                    self.bytes = self.bytes + remains.memory() - before;
                    match entry {
                        Some(entry) => self.bury(entry),
                        None => {
                            self.bytes -= size_of::<Remains>();
                            self.heaps.pop();
                        }
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
