//! An append-only buffer of records: one writer, any number of readers, no locks.
//!
//! The capacity is fixed at creation, bytes never move and published bytes never change, so a reader may
//! borrow them while the writer goes on behind them.

use std::cell::UnsafeCell;
use std::fmt;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many bits of the published word count bytes; the others count records.
const LEN_BITS: u32 = 38;

/// The most records one segment counts.
pub const RECORDS_MAX: u32 = (1 << (64 - LEN_BITS)) - 1;
/// The most bytes one segment holds.
pub const CAPACITY_MAX: usize = (1 << LEN_BITS) - 1;

/// How far the writer has published.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Published {
    /// Bytes that readers may see.
    pub len: usize,
    /// Records that those bytes hold.
    pub records: u32,
}

impl Published {
    /// Both numbers in one word.
    #[inline]
    pub fn pack(self) -> u64 {
        u64::from(self.records) << LEN_BITS | self.len as u64
    }

    /// The numbers that [`Published::pack`] packed.
    #[inline]
    pub fn unpack(word: u64) -> Self {
        Self { len: (word & CAPACITY_MAX as u64) as usize, records: (word >> LEN_BITS) as u32 }
    }
}

/// The shared side of the buffer.
pub struct Segment {
    bytes: Box<[MaybeUninit<UnsafeCell<u8>>]>,
    published: AtomicU64,
}

// SAFETY: bytes below the published length are never written again, bytes above it are touched only by the one
// `Appender`, and the length is published with release and read with acquire ordering.
unsafe impl Sync for Segment {}

impl Segment {
    /// What the writer has published so far.
    #[inline]
    pub fn published(&self) -> Published {
        Published::unpack(self.published.load(Ordering::Acquire))
    }

    /// The published bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let len = self.published().len;
        // SAFETY: the appender wrote the first `len` bytes before it published that length, and writes none of
        // them again while the segment is shared.
        unsafe { std::slice::from_raw_parts(self.bytes.as_ptr().cast(), len) }
    }

    /// How many bytes fit.
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let published = self.published();
        f.debug_struct("Segment").field("capacity", &self.capacity()).field("published", &published).finish()
    }
}

/// The writer of one [`Segment`].
#[derive(Debug)]
pub struct Appender {
    segment: Arc<Segment>,
    len: usize,
    records: u32,
}

impl Appender {
    /// An empty segment of `capacity` bytes and its writer. The memory is reserved, not touched.
    ///
    /// # Panics
    /// Where `capacity` is above [`CAPACITY_MAX`].
    pub fn new(capacity: usize) -> Self {
        assert!(capacity <= CAPACITY_MAX, "a segment of {capacity} bytes");
        let segment = Segment { bytes: Box::new_uninit_slice(capacity), published: AtomicU64::new(0) };
        Self { segment: Arc::new(segment), len: 0, records: 0 }
    }

    /// Empties a segment for another use, if nobody reads it any more.
    pub fn recycle(mut segment: Arc<Segment>) -> Option<Self> {
        *Arc::get_mut(&mut segment)?.published.get_mut() = 0;
        Some(Self { segment, len: 0, records: 0 })
    }

    /// The side that readers share.
    pub fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    /// Bytes appended, published or not.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Records published.
    pub fn records(&self) -> u32 {
        self.records
    }

    /// Bytes that still fit.
    #[inline]
    pub fn room(&self) -> usize {
        self.segment.bytes.len() - self.len
    }

    /// Appends `bytes`; readers see them after [`Appender::publish`].
    ///
    /// # Panics
    /// Where they do not fit.
    #[inline]
    pub fn append(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= self.room(), "a segment ran over");
        // SAFETY: the target lies inside the allocation by the assertion, above the published length, where
        // only this appender writes and nobody reads; `bytes` cannot overlap it, being initialised memory that
        // readers may hold.
        unsafe {
            let target = self.segment.bytes.as_ptr().add(self.len).cast::<u8>().cast_mut();
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len());
        }
        self.len += bytes.len();
    }

    /// Shows everything appended so far to the readers, as `records` more records.
    ///
    /// # Panics
    /// Where the segment would count more than [`RECORDS_MAX`] records.
    #[inline]
    pub fn publish(&mut self, records: u32) {
        self.records += records;
        assert!(self.records <= RECORDS_MAX, "a segment of too many records");
        let published = Published { len: self.len, records: self.records };
        self.segment.published.store(published.pack(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_see_what_was_published_and_nothing_else() {
        let mut writer = Appender::new(8);
        let segment = Arc::clone(writer.segment());
        assert_eq!(segment.bytes(), b"");
        writer.append(b"ab");
        writer.append(b"c");
        assert_eq!(segment.bytes(), b"");
        writer.publish(2);
        assert_eq!(segment.bytes(), b"abc");
        assert_eq!(segment.published(), Published { len: 3, records: 2 });
        assert_eq!((writer.room(), writer.len(), writer.records()), (5, 3, 2));
    }

    #[test]
    #[should_panic(expected = "ran over")]
    fn more_than_the_capacity_is_refused() {
        Appender::new(2).append(b"abc");
    }

    #[test]
    fn a_segment_is_recycled_only_when_nobody_reads_it() {
        let mut writer = Appender::new(4);
        writer.append(b"abcd");
        writer.publish(1);
        let reader = Arc::clone(writer.segment());
        let segment = Arc::clone(writer.segment());
        drop(writer);
        assert!(Appender::recycle(segment).is_none());
        let fresh = Appender::recycle(reader).expect("the last holder");
        assert_eq!((fresh.room(), fresh.segment().bytes()), (4, &b""[..]));
    }

    /// Meant for miri as much as for the machine: every interleaving must show a prefix of whole records.
    #[test]
    fn readers_on_other_threads_see_whole_records_in_order() {
        let records = if cfg!(miri) { 40 } else { 20_000 };
        let mut writer = Appender::new(records * 4);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                let segment = Arc::clone(writer.segment());
                scope.spawn(move || {
                    let mut seen = 0;
                    while seen < records {
                        let published = segment.published();
                        let bytes = segment.bytes();
                        assert!(bytes.len() >= published.len && published.len >= seen * 4);
                        assert_eq!(published.len, published.records as usize * 4);
                        for (at, record) in bytes.chunks_exact(4).enumerate().skip(seen) {
                            assert_eq!(record, (at as u32).to_le_bytes());
                        }
                        seen = bytes.len() / 4;
                        std::thread::yield_now();
                    }
                });
            }
            scope.spawn(move || {
                for at in 0..records {
                    let bytes = (at as u32).to_le_bytes();
                    writer.append(&bytes[..2]);
                    writer.append(&bytes[2..]);
                    writer.publish(1);
                }
            });
        });
    }
}
