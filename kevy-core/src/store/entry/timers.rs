//! When entries are due: a four-way heap whose items know their entries and whose entries know their place.

use super::layout::Handle;

/// Children of one item; four of them share one or two cache lines.
const ARITY: usize = 4;
/// Items of one chunk. The heap grows a chunk at a time, so that no insert copies it.
const CHUNK: usize = 4096;

#[derive(Clone, Copy)]
struct Item {
    at: u64,
    handle: Handle,
}

/// The heap. Every function that moves items writes their new places into the entries, and therefore demands
/// that every entry in the heap is alive: whoever frees an entry has removed it here before.
#[derive(Default)]
pub(super) struct Timers {
    chunks: Vec<Vec<Item>>,
    len: usize,
    bytes: usize,
}

impl Timers {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes allocated.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Time and entry of an item; the first is the earliest.
    pub(super) fn get(&self, place: usize) -> Option<(u64, &Handle)> {
        let item = self.chunks.get(place / CHUNK)?.get(place % CHUNK)?;
        Some((item.at, &item.handle))
    }

    /// Number of items due at `now`, in time proportional to it.
    pub(super) fn count_due(&self, now: u64) -> usize {
        let mut count = 0;
        let mut todo = vec![0];
        while let Some(place) = todo.pop() {
            if self.get(place).is_some_and(|(at, _)| at <= now) {
                count += 1;
                todo.extend(place * ARITY + 1..=place * ARITY + ARITY);
            }
        }
        count
    }

    /// # Safety
    /// Every entry in the heap and the one of `handle` is alive and timed, and nobody else touches their times.
    pub(super) unsafe fn insert(&mut self, at: u64, handle: Handle) {
        let place = self.len;
        if place / CHUNK == self.chunks.len() {
            let before = self.chunks.capacity();
            self.chunks.push(if place == 0 { Vec::new() } else { Vec::with_capacity(CHUNK) });
            self.bytes += (self.chunks.capacity() - before) * size_of::<Vec<Item>>();
            self.bytes += self.chunks[place / CHUNK].capacity() * size_of::<Item>();
        }
        let chunk = &mut self.chunks[place / CHUNK];
        let before = chunk.capacity();
        chunk.push(Item { at, handle });
        self.bytes += (chunk.capacity() - before) * size_of::<Item>();
        self.len += 1;
        // SAFETY: passed on from the caller.
        unsafe { self.rise(place, Item { at, handle }) }
    }

    /// # Safety
    /// As for [`insert`](Self::insert). The removed entry keeps a place that means nothing.
    pub(super) unsafe fn remove(&mut self, place: usize) {
        let Some(last) = self.pop_last() else { return };
        if place < self.len {
            // SAFETY: passed on from the caller.
            unsafe { self.settle(place, last) }
        }
    }

    /// # Safety
    /// As for [`insert`](Self::insert).
    pub(super) unsafe fn set(&mut self, place: usize, at: u64) {
        if let Some((before, &handle)) = self.get(place)
            && before != at
        {
            // SAFETY: passed on from the caller.
            unsafe { self.settle(place, Item { at, handle }) }
        }
    }

    /// Tells the heap that the entry at a place has a new address; the new entry has to be told its place.
    ///
    /// # Safety
    /// As for [`insert`](Self::insert), for the new entry.
    pub(super) unsafe fn relocate(&mut self, place: usize, handle: Handle) {
        if let Some(item) = self.chunks.get_mut(place / CHUNK).and_then(|chunk| chunk.get_mut(place % CHUNK))
        {
            item.handle = handle;
            // SAFETY: passed on from the caller.
            unsafe { handle.set_place(place) }
        }
    }

    /// Gives back one chunk. Only for a heap whose entries are not looked at any more.
    pub(super) fn free_chunk(&mut self) -> bool {
        match self.chunks.pop() {
            Some(chunk) => {
                self.bytes -= chunk.capacity() * size_of::<Item>();
                self.len = self.len.min(self.chunks.len() * CHUNK);
                true
            }
            None => {
                *self = Self::default();
                false
            }
        }
    }

    fn item(&self, place: usize) -> Item {
        self.chunks[place / CHUNK][place % CHUNK]
    }

    fn pop_last(&mut self) -> Option<Item> {
        let chunk = self.chunks.last_mut()?;
        let item = chunk.pop()?;
        self.len -= 1;
        if self.len == 0 {
            *self = Self::default();
        } else if chunk.is_empty() {
            self.bytes -= chunk.capacity() * size_of::<Item>();
            self.chunks.pop();
        }
        Some(item)
    }

    /// # Safety
    /// As for [`insert`](Self::insert).
    unsafe fn put(&mut self, place: usize, item: Item) {
        self.chunks[place / CHUNK][place % CHUNK] = item;
        // SAFETY: passed on from the caller.
        unsafe { item.handle.set_place(place) }
    }

    /// # Safety
    /// As for [`insert`](Self::insert).
    unsafe fn settle(&mut self, place: usize, item: Item) {
        // SAFETY: passed on from the caller.
        unsafe {
            if place > 0 && self.item((place - 1) / ARITY).at > item.at {
                self.rise(place, item);
            } else {
                self.sink(place, item);
            }
        }
    }

    /// # Safety
    /// As for [`insert`](Self::insert).
    unsafe fn rise(&mut self, mut place: usize, item: Item) {
        while place > 0 {
            let parent = (place - 1) / ARITY;
            let above = self.item(parent);
            if above.at <= item.at {
                break;
            }
            // SAFETY: passed on from the caller.
            unsafe { self.put(place, above) }
            place = parent;
        }
        // SAFETY: passed on from the caller.
        unsafe { self.put(place, item) }
    }

    /// # Safety
    /// As for [`insert`](Self::insert).
    unsafe fn sink(&mut self, mut place: usize, item: Item) {
        loop {
            let children = place * ARITY + 1..(place * ARITY + 1 + ARITY).min(self.len);
            let Some(child) = children.min_by_key(|&child| self.item(child).at) else { break };
            let below = self.item(child);
            if below.at >= item.at {
                break;
            }
            // SAFETY: passed on from the caller.
            unsafe { self.put(place, below) }
            place = child;
        }
        // SAFETY: passed on from the caller.
        unsafe { self.put(place, item) }
    }
}
