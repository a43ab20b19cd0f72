//! Going over a table: in resumable steps, whole, at random, and to take it apart.

use super::directory::Slot;
use super::segment::{Bucket, SLOTS};
use super::{Element, Table};
use crate::store::seed::Seed;

/// Bits of a SCAN position; the other 28 bits of a hash are never needed to tell two buckets apart.
pub const POSITION_BITS: u32 = 36;
const POSITION_SHIFT: u32 = 64 - POSITION_BITS;

/// Buckets that one call looks at for each element it was asked for.
const BUCKETS_PER_ELEMENT_MAX: usize = 10;

/// Random places that are tried before an element is taken from the next place that has one.
const TRIES_MAX: usize = 128;

impl<E: Element> Table<E> {
    /// The position of a hash in the order in which [`scan`](Self::scan) goes.
    #[inline]
    pub fn position(hash: u64) -> u64 {
        hash >> POSITION_SHIFT
    }

    /// Passes on the elements of whole buckets from `position` on until it has passed on `count` or looked at ten
    /// times as many buckets. Returns where to go on, 0 when done. An element that is there from the first call
    /// to the last is passed on at least once, and only once unless segments were joined in between.
    /// Positions are below 2^36; any other is the end.
    pub fn scan(&self, position: u64, count: usize, seed: &Seed, mut emit: impl FnMut(&E)) -> u64 {
        if position >> POSITION_BITS != 0 {
            return 0;
        }
        let mut hash = position << POSITION_SHIFT;
        let (mut emitted, mut buckets) = (0, 0);
        while let Some(segment) = self.root.segment(hash) {
            segment.emit(segment.home(hash), seed, &mut |element| {
                emitted += 1;
                emit(element);
            });
            buckets += 1;
            let Some(end) = segment.end_of_bucket(hash) else { return 0 };
            let is_enough = emitted >= count || buckets / BUCKETS_PER_ELEMENT_MAX >= count;
            // A stop is only possible where a bucket ends on a whole position.
            if is_enough && end.trailing_zeros() >= POSITION_SHIFT {
                return Self::position(end);
            }
            hash = end;
        }
        0
    }

    /// A random element, each about equally likely, in bounded time.
    pub fn random(&self, rng: &mut fastrand::Rng) -> Option<&E> {
        if self.is_empty() {
            return None;
        }
        // A shallow segment covers more hashes than a deep one without holding more elements, so it is turned
        // down more often.
        let deep = self.segments.next_power_of_two().trailing_zeros() + 1;
        for _ in 0..TRIES_MAX {
            let hash = rng.u64(..);
            let segment = self.root.segment(hash)?;
            let surplus =
                if self.segments == 1 { 0 } else { deep.saturating_sub(u32::from(segment.depth())) };
            if surplus > 0 && rng.u64(..) >> (64 - surplus.min(63)) != 0 {
                continue;
            }
            let found = segment.buckets()[segment.home(hash)].get(rng.usize(..SLOTS));
            if found.is_some() {
                return found;
            }
        }
        self.sample(rng, 1).next()
    }

    /// Up to `count` elements of neighbouring buckets from a random place on. Not uniform, but cheap: meant for
    /// the choice of what to evict.
    pub fn sample(&self, rng: &mut fastrand::Rng, count: usize) -> impl Iterator<Item = &E> {
        let first = rng.u64(..);
        let mut next = self.root.segment(first).map(|segment| segment.start_of_bucket(first));
        let stop = next.unwrap_or(0);
        let mut wrapped = false;
        std::iter::from_fn(move || {
            let hash = next?;
            let segment = self.root.segment(hash)?;
            let end = segment.end_of_bucket(hash).unwrap_or(0);
            wrapped |= end == 0;
            next = (!wrapped || end < stop).then_some(end);
            Some(&segment.buckets()[segment.home(hash)])
        })
        .flat_map(Bucket::elements)
        .take(count)
    }
}

impl<E> Table<E> {
    /// Every element, in no order that means anything.
    pub fn iter(&self) -> Iter<'_, E> {
        Iter { slots: vec![std::slice::from_ref(&self.root).iter()], buckets: [].iter(), elements: [].iter() }
    }

    /// Takes the table apart, an element at a time.
    pub fn into_drain(self) -> Drain<E> {
        Drain { slots: vec![self.root], buckets: Box::default(), next: 0, bytes: self.bytes }
    }
}

/// See [`Table::iter`].
pub struct Iter<'a, E> {
    slots: Vec<std::slice::Iter<'a, Slot<E>>>,
    buckets: std::slice::Iter<'a, Bucket<E>>,
    elements: std::slice::Iter<'a, Option<E>>,
}

impl<E> std::fmt::Debug for Iter<'_, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Iter")
    }
}

impl<'a, E> Iterator for Iter<'a, E> {
    type Item = &'a E;

    fn next(&mut self) -> Option<&'a E> {
        loop {
            if let Some(element) = self.elements.by_ref().flatten().next() {
                return Some(element);
            }
            if let Some(bucket) = self.buckets.next() {
                self.elements = bucket.slots().iter();
                continue;
            }
            match self.slots.last_mut()?.next() {
                Some(Slot::Segment(segment)) => self.buckets = segment.buckets().iter(),
                Some(Slot::Node(node)) => self.slots.push(node.slots().iter()),
                Some(Slot::Shared) => {}
                None => {
                    self.slots.pop();
                }
            }
        }
    }
}

/// See [`Table::into_drain`]. Frees each bucket array as it becomes empty.
pub struct Drain<E> {
    slots: Vec<Slot<E>>,
    buckets: Box<[Bucket<E>]>,
    next: usize,
    bytes: usize,
}

impl<E> std::fmt::Debug for Drain<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drain").field("bytes", &self.bytes()).finish()
    }
}

impl<E> Drain<E> {
    /// Bytes that are still allocated, without those of the elements.
    pub fn bytes(&self) -> usize {
        self.bytes + self.slots.capacity() * size_of::<Slot<E>>()
    }
}

impl<E> Iterator for Drain<E> {
    type Item = E;

    fn next(&mut self) -> Option<E> {
        loop {
            while let Some(bucket) = self.buckets.get_mut(self.next) {
                if let Some(element) = bucket.pop() {
                    return Some(element);
                }
                self.next += 1;
            }
            self.bytes -= size_of_val(&*self.buckets);
            self.buckets = Box::default();
            self.next = 0;
            match self.slots.pop() {
                Some(Slot::Segment(segment)) => self.buckets = segment.into_buckets(),
                Some(Slot::Node(node)) => {
                    self.bytes -= node.bytes();
                    self.slots.extend(node.into_slots());
                }
                Some(Slot::Shared) => {}
                None => {
                    self.slots = Vec::new();
                    return None;
                }
            }
        }
    }
}
