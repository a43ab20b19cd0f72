//! A hash table that grows and shrinks a segment at a time and never rehashes itself whole.
//!
//! Extendible hashing (Fagin et al., 1979): the top bits of a hash choose a segment, the next bits a bucket in
//! it, so that the order of buckets is the order of hashes. A full segment splits alone, sparse halves join
//! again, and the directory is a radix tree of small nodes, so that its growth is as bounded as the rest.
//! The keyspace and the large collections are made of it. It holds elements of one word and never looks
//! inside them but through [`Element`].

mod directory;
mod segment;
mod visit;

use directory::Slot;
use segment::{BUCKETS_MAX, DEPTH_MAX, SLOTS, Segment};
pub use visit::{Drain, Iter};

use super::seed::Seed;

pub const CACHE_LINE: usize = 64;

/// What a table can hold: a pointer of one word that can tell the hash of what it points to.
pub trait Element {
    /// The hash under which the element was put.
    fn hash(&self, seed: &Seed) -> u64;
    /// Where the element's bytes begin, to prefetch them.
    fn address(&self) -> *const u8;
}

/// Where an element is, until the table is next changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    hash: u64,
    bucket: u32,
    slot: u32,
}

impl Location {
    /// The hash of the element that is there.
    #[inline]
    pub fn hash(self) -> u64 {
        self.hash
    }
}

/// See the module's description.
pub struct Table<E> {
    root: Slot<E>,
    len: usize,
    segments: usize,
    bytes: usize,
}

impl<E> Default for Table<E> {
    fn default() -> Self {
        Self { root: Slot::Shared, len: 0, segments: 0, bytes: 0 }
    }
}

impl<E> std::fmt::Debug for Table<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("len", &self.len).field("segments", &self.segments).finish()
    }
}

impl<E> Table<E> {
    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes the table has allocated, without those of its elements.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Asks for the bucket of a hash to be brought into the cache.
    #[inline]
    pub fn prefetch_bucket(&self, hash: u64) {
        if let Some(segment) = self.root.segment(hash) {
            prefetch((&raw const segment.buckets()[segment.home(hash)]).cast());
        }
    }

    /// The element of this hash for which `eq` is true.
    #[inline]
    pub fn find(&self, hash: u64, eq: impl FnMut(&E) -> bool) -> Option<Location> {
        let (bucket, slot) = self.root.segment(hash)?.find(hash, eq)?;
        Some(Location { hash, bucket: bucket as u32, slot: slot as u32 })
    }

    /// As [`find`](Self::find), together with the element, to be changed. Inlined always, because a location that
    /// is returned through memory costs as much as the lookup.
    #[inline(always)]
    pub fn find_mut(&mut self, hash: u64, eq: impl FnMut(&E) -> bool) -> Option<(Location, &mut E)> {
        let segment = self.root.segment_mut(hash)?;
        let (bucket, slot) = segment.find(hash, eq)?;
        let location = Location { hash, bucket: bucket as u32, slot: slot as u32 };
        Some((location, segment.get_mut(bucket, slot)?))
    }

    /// The element at a location.
    #[inline]
    pub fn get(&self, at: Location) -> Option<&E> {
        self.root.segment(at.hash)?.get(at.bucket as usize, at.slot as usize)
    }

    /// The element at a location, to be changed or exchanged for another of the same hash.
    #[inline]
    pub fn get_mut(&mut self, at: Location) -> Option<&mut E> {
        self.root.segment_mut(at.hash)?.get_mut(at.bucket as usize, at.slot as usize)
    }
}

impl<E: Element> Table<E> {
    /// Asks for the elements that a lookup of this hash would compare to be brought into the cache.
    #[inline]
    pub fn prefetch_entry(&self, hash: u64) {
        if let Some(segment) = self.root.segment(hash) {
            segment.find(hash, |element| {
                prefetch(element.address());
                prefetch(element.address().wrapping_add(CACHE_LINE - 1));
                false
            });
        }
    }

    /// Adds an element that is known to be absent. Splits at most the segment it falls into.
    pub fn insert(&mut self, hash: u64, element: E, seed: &Seed) -> Location {
        loop {
            let Some(segment) = self.root.segment_mut(hash) else {
                let segment = Segment::first();
                self.bytes += segment.bytes();
                self.segments = 1;
                self.root = Slot::Segment(segment);
                continue;
            };
            if segment.has_room() {
                let (bucket, slot) = segment.insert(hash, element);
                self.len += 1;
                return Location { hash, bucket: bucket as u32, slot: slot as u32 };
            }
            let buckets = segment.buckets().len();
            if buckets < BUCKETS_MAX || segment.depth() >= DEPTH_MAX {
                self.bytes += segment.bytes();
                self.root.resize(hash, buckets * 2, seed);
            } else {
                directory::split(&mut self.root, hash, seed, &mut self.bytes);
                self.segments += 1;
            }
        }
    }

    /// Takes the element at a location out, and joins its segment with its other half if both became sparse.
    pub fn remove(&mut self, at: Location, seed: &Seed) -> Option<E> {
        let segment = self.root.segment_mut(at.hash)?;
        let element = segment.remove(at.hash, at.bucket as usize, at.slot as usize)?;
        self.len -= 1;
        let (len, depth, buckets) = (segment.len(), segment.depth(), segment.buckets().len());
        if self.len == 0 {
            *self = Self::default();
        } else if depth > 0 {
            if len <= segment::MERGE_MAX / 2 {
                self.segments -= directory::join(&mut self.root, at.hash, seed, &mut self.bytes);
            }
        } else if buckets > 1 && len <= buckets * SLOTS / 4 {
            self.root.resize(at.hash, buckets / 2, seed);
            self.bytes /= 2;
        }
        Some(element)
    }
}

/// The slots of a bucket whose tag equals the one looked for, found eight bytes at a time
/// (Warren, "Hacker's Delight", on finding a zero byte).
struct TagMatches(u64);

impl TagMatches {
    #[inline]
    fn new(meta: u64, tag: u8) -> Self {
        const LOW_BITS: u64 = 0x7F7F_7F7F_7F7F_7F7F;
        // The top byte of the word is the overflow counter, not a tag.
        const TAG_TOPS: u64 = 0x0080_8080_8080_8080;
        let differences = meta ^ (u64::from(tag) * 0x0101_0101_0101_0101);
        Self(!(((differences & LOW_BITS) + LOW_BITS) | differences | LOW_BITS) & TAG_TOPS)
    }
}

impl Iterator for TagMatches {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let slot = (self.0.trailing_zeros() / 8) as usize;
        self.0 &= self.0 - 1;
        Some(slot)
    }
}

/// Asks for a cache line to be brought in; a wrong address costs nothing.
#[inline]
pub fn prefetch(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch reads nothing that the program can see and faults on no address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}
