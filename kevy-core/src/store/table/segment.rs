//! A segment: an array of cache-line buckets that covers one contiguous range of hashes.

use super::{Element, TagMatches};
use crate::store::seed::Seed;

/// Slots of one bucket.
pub(super) const SLOTS: usize = 7;
/// Buckets of a segment that has to split rather than grow.
pub(super) const BUCKETS_MAX: usize = 64;
/// Hash bits a segment may be told apart by; SCAN positions have 36 bits and a full segment uses six of them.
pub(super) const DEPTH_MAX: u8 = 30;
/// Entries up to which two halves of one segment are joined again.
pub(super) const MERGE_MAX: usize = BUCKETS_MAX * SLOTS * 3 / 8;

const OVERFLOW: usize = 7;

/// Bytes of an element in which a short key ends.
const HASHED_BYTES: usize = 24;

/// One cache line: seven elements, a tag byte for each (0 where empty), and the number of elements that found
/// this bucket full and live in a later one. The counter stays at 255 once it gets there, as in F14
/// (Bronson and Shi, "Open-sourcing F14 for faster, more memory-efficient hash tables").
#[repr(C, align(64))]
pub(super) struct Bucket<E> {
    slots: [Option<E>; SLOTS],
    meta: [u8; 8],
}

#[inline]
fn tag_of(hash: u64) -> u8 {
    (hash as u8).max(1)
}

impl<E> Bucket<E> {
    const FITS_A_CACHE_LINE: () = assert!(size_of::<Self>() == 64);

    fn empty() -> Self {
        let () = Self::FITS_A_CACHE_LINE;
        Self { slots: [const { None }; SLOTS], meta: [0; 8] }
    }

    #[inline]
    fn matches(&self, tag: u8) -> TagMatches {
        TagMatches::new(u64::from_le_bytes(self.meta), tag)
    }

    #[inline]
    fn overflow(&self) -> u8 {
        self.meta[OVERFLOW]
    }

    fn overflowed(&mut self) {
        self.meta[OVERFLOW] = self.meta[OVERFLOW].saturating_add(1);
    }

    fn overflow_left(&mut self) {
        if self.meta[OVERFLOW] != u8::MAX {
            self.meta[OVERFLOW] -= 1;
        }
    }

    /// Removes any one element.
    pub(super) fn pop(&mut self) -> Option<E> {
        self.slots.iter_mut().find_map(Option::take)
    }

    pub(super) fn slots(&self) -> &[Option<E>] {
        &self.slots
    }

    #[inline]
    pub(super) fn elements(&self) -> impl Iterator<Item = &E> {
        self.slots.iter().flatten()
    }

    #[inline]
    pub(super) fn get(&self, slot: usize) -> Option<&E> {
        self.slots.get(slot)?.as_ref()
    }
}

/// The elements whose hashes begin with `depth` given bits.
pub(super) struct Segment<E> {
    buckets: Box<[Bucket<E>]>,
    len: u32,
    depth: u8,
    /// 63 less the number of hash bits that choose a bucket.
    shift: u8,
    /// Holds `true`; its other 254 values let the enum around a segment be no larger than the segment.
    _niche: bool,
}

impl<E> Segment<E> {
    fn with_buckets(count: usize, depth: u8) -> Self {
        Self {
            buckets: (0..count).map(|_| Bucket::empty()).collect(),
            len: 0,
            depth,
            shift: 63 - count.trailing_zeros() as u8,
            _niche: true,
        }
    }

    /// The first segment of a table.
    pub(super) fn first() -> Self {
        Self::with_buckets(1, 0)
    }

    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    #[inline]
    pub(super) fn depth(&self) -> u8 {
        self.depth
    }

    pub(super) fn buckets(&self) -> &[Bucket<E>] {
        &self.buckets
    }

    pub(super) fn into_buckets(self) -> Box<[Bucket<E>]> {
        self.buckets
    }

    /// Bytes of the bucket array.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.buckets)
    }

    /// Whether one more element may come in without growing: seven eighths are the limit.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        let slots = self.buckets.len() * SLOTS;
        self.len() < slots - slots / 8
    }

    /// The bucket where an element of this hash belongs.
    #[inline]
    pub(super) fn home(&self, hash: u64) -> usize {
        ((hash << self.depth) >> 1 >> self.shift) as usize
    }

    /// Hashes that belong to one bucket, or `None` if one bucket holds all.
    fn bucket_width(&self) -> Option<u64> {
        1u64.checked_shl(64 - u32::from(self.depth) - u32::from(63 - self.shift))
    }

    /// The first hash of the bucket that `hash` belongs to.
    pub(super) fn start_of_bucket(&self, hash: u64) -> u64 {
        self.bucket_width().map_or(0, |width| hash & !(width - 1))
    }

    /// The first hash after the bucket that `hash` belongs to, or `None` after the last bucket of the table.
    pub(super) fn end_of_bucket(&self, hash: u64) -> Option<u64> {
        self.start_of_bucket(hash).checked_add(self.bucket_width()?)
    }

    #[inline]
    fn next(&self, bucket: usize) -> usize {
        (bucket + 1) & (self.buckets.len() - 1)
    }

    /// Bucket and slot of the element of this hash for which `eq` is true.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut eq: impl FnMut(&E) -> bool) -> Option<(usize, usize)> {
        let tag = tag_of(hash);
        let mut at = self.home(hash);
        for _ in 0..self.buckets.len() {
            let bucket = &self.buckets[at];
            for slot in bucket.matches(tag) {
                if let Some(element) = bucket.get(slot)
                    && eq(element)
                {
                    return Some((at, slot));
                }
            }
            if bucket.overflow() == 0 {
                return None;
            }
            at = self.next(at);
        }
        None
    }

    #[inline]
    pub(super) fn get(&self, bucket: usize, slot: usize) -> Option<&E> {
        self.buckets.get(bucket)?.get(slot)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, bucket: usize, slot: usize) -> Option<&mut E> {
        self.buckets.get_mut(bucket)?.slots.get_mut(slot)?.as_mut()
    }

    /// Puts an element that is known to be absent; the caller has made sure of [`has_room`](Self::has_room).
    pub(super) fn insert(&mut self, hash: u64, element: E) -> (usize, usize) {
        let mut at = self.home(hash);
        loop {
            let bucket = &mut self.buckets[at];
            if let Some(slot) = bucket.slots.iter().position(Option::is_none) {
                bucket.slots[slot] = Some(element);
                bucket.meta[slot] = tag_of(hash);
                self.len += 1;
                return (at, slot);
            }
            bucket.overflowed();
            at = self.next(at);
        }
    }

    /// Takes the element at a place that [`find`](Self::find) gave for `hash`.
    pub(super) fn remove(&mut self, hash: u64, bucket: usize, slot: usize) -> Option<E> {
        let element = self.buckets.get_mut(bucket)?.slots.get_mut(slot)?.take()?;
        self.buckets[bucket].meta[slot] = 0;
        self.len -= 1;
        let mut at = self.home(hash);
        while at != bucket {
            self.buckets[at].overflow_left();
            at = self.next(at);
        }
        Some(element)
    }
}

impl<E: Element> Segment<E> {
    /// Moves every element into `low`, or into `high` where the hash bit after `low`'s depth says so.
    fn pour(self, seed: &Seed, mut place: impl FnMut(u64, E)) {
        // All the cache misses are started before the first is waited for, which is what keeps a split short.
        for element in self.buckets.iter().flat_map(Bucket::elements) {
            let address = element.address();
            super::prefetch(address);
            // What is hashed begins in the first cache line and often ends in the next.
            super::prefetch(address.wrapping_add(HASHED_BYTES));
        }
        for bucket in self.buckets {
            for element in bucket.slots.into_iter().flatten() {
                place(element.hash(seed), element);
            }
        }
    }

    /// The same elements over another number of buckets.
    pub(super) fn resized(self, buckets: usize, seed: &Seed) -> Self {
        let mut to = Self::with_buckets(buckets, self.depth);
        self.pour(seed, |hash, element| {
            to.insert(hash, element);
        });
        to
    }

    /// The two halves of the segment, one bit deeper.
    pub(super) fn split(self, seed: &Seed) -> (Self, Self) {
        let depth = self.depth;
        let mut low = Self::with_buckets(BUCKETS_MAX, depth + 1);
        let mut high = Self::with_buckets(BUCKETS_MAX, depth + 1);
        self.pour(seed, |hash, element| {
            let half = if (hash << depth) >> 63 == 0 { &mut low } else { &mut high };
            half.insert(hash, element);
        });
        (low, high)
    }

    /// The segment that two halves came from.
    pub(super) fn joined(self, other: Self, seed: &Seed) -> Self {
        let mut to = Self::with_buckets(BUCKETS_MAX, self.depth - 1);
        for half in [self, other] {
            half.pour(seed, |hash, element| {
                to.insert(hash, element);
            });
        }
        to
    }

    /// Passes on the elements that belong to `bucket`, wherever they live.
    pub(super) fn emit(&self, bucket: usize, seed: &Seed, emit: &mut impl FnMut(&E)) {
        let before = bucket.wrapping_sub(1) & (self.buckets.len() - 1);
        if self.buckets[bucket].overflow() == 0 && self.buckets[before].overflow() == 0 {
            self.buckets[bucket].elements().for_each(emit);
            return;
        }
        let mut at = bucket;
        for _ in 0..self.buckets.len() {
            for element in self.buckets[at].elements() {
                if self.home(element.hash(seed)) == bucket {
                    emit(element);
                }
            }
            if self.buckets[at].overflow() == 0 {
                return;
            }
            at = self.next(at);
        }
    }
}
