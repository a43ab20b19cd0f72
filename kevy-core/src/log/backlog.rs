//! The shared side of a stream: the segments that hold its latest frames, found by offset.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::base::segment::{Published, Segment};

use super::subscribers::{Subscribers, Subscription, Wake};

/// A place between two units of a segment: how many bytes and how many frames lie before it.
///
/// A unit is what becomes visible at once: a frame, or a whole transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    pub bytes: usize,
    pub frames: u32,
}

impl Place {
    fn pack(self) -> u64 {
        Published { len: self.bytes, records: self.frames }.pack()
    }

    fn unpack(word: u64) -> Self {
        Published::unpack(word).into()
    }
}

impl From<Published> for Place {
    fn from(published: Published) -> Self {
        Self { bytes: published.len, frames: published.records }
    }
}

/// The part of a transaction over several shards that one segment holds.
#[derive(Clone, Debug)]
pub struct SharedTransaction {
    pub start: Place,
    pub end: Place,
    pub transaction: u64,
    /// The shards that take part, ascending.
    pub shards: SmallVec<[usize; 4]>,
}

/// Bytes between two entries of a segment's index, unless one unit is longer.
pub const MARK_BYTES: usize = 4096;

/// Consecutive frames in one segment, with what is needed to find a place in it.
#[derive(Debug)]
pub struct LogSegment {
    pub bytes: Arc<Segment>,
    /// The offset of the first frame.
    pub first: u64,
    /// The latest transaction over several shards before this segment, 0 for none.
    pub transaction_before: u64,
    marks: Box<[AtomicU64]>,
    marks_len: AtomicUsize,
    /// The places where the order among several streams is told, with what tells it; see [`Ticks`](super::Ticks).
    stamps: Mutex<Vec<(Place, u64)>>,
    transactions: Mutex<Vec<SharedTransaction>>,
    transactions_len: AtomicUsize,
    /// Whole units from the one place to the other that the log on disk does not hold.
    passing: Mutex<Vec<(Place, Place)>>,
    has_passing: AtomicBool,
    sealed: AtomicBool,
}

impl LogSegment {
    pub fn new(bytes: Arc<Segment>, first: u64, transaction_before: u64) -> Self {
        let marks = bytes.capacity() / MARK_BYTES + 1;
        Self {
            bytes,
            first,
            transaction_before,
            marks: (0..marks).map(|_| AtomicU64::new(0)).collect(),
            marks_len: AtomicUsize::new(0),
            stamps: Mutex::default(),
            transactions: Mutex::new(Vec::new()),
            transactions_len: AtomicUsize::new(0),
            passing: Mutex::default(),
            has_passing: AtomicBool::new(false),
            sealed: AtomicBool::new(false),
        }
    }

    /// Notes that a unit starts at `place`: called by the writer before that unit is published.
    pub fn mark(&self, place: Place) {
        let at = self.marks_len.load(Ordering::Relaxed);
        let Some(mark) = self.marks.get(at) else { return };
        mark.store(place.pack(), Ordering::Relaxed);
        self.marks_len.store(at + 1, Ordering::Relaxed);
    }

    /// The entry of the index with number `at`.
    fn mark_at(&self, at: usize) -> Place {
        Place::unpack(self.marks[at].load(Ordering::Relaxed))
    }

    /// The number of the first indexed place for which `before` is false.
    fn marks_before(&self, before: impl Fn(Place) -> bool) -> usize {
        let (mut low, mut high) = (0, self.marks_len.load(Ordering::Relaxed));
        while low < high {
            let middle = low.midpoint(high);
            if before(self.mark_at(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The last indexed place at or below `bytes`, if it lies above `above`.
    pub fn last_mark(&self, above: usize, bytes: usize) -> Option<Place> {
        let at = self.marks_before(|place| place.bytes <= bytes).checked_sub(1)?;
        Some(self.mark_at(at)).filter(|place| place.bytes > above)
    }

    /// The first indexed place above `above` and at most at `bytes`.
    pub fn next_mark(&self, above: usize, bytes: usize) -> Option<Place> {
        let at = self.marks_before(|place| place.bytes <= above);
        let len = self.marks_len.load(Ordering::Relaxed);
        (at < len).then(|| self.mark_at(at)).filter(|place| place.bytes <= bytes)
    }

    /// The last indexed place with at most `frames` frames before it.
    pub fn mark_of_frame(&self, frames: u32) -> Place {
        let at = self.marks_before(|place| place.frames <= frames);
        at.checked_sub(1).map_or(Place::default(), |at| self.mark_at(at))
    }

    /// Notes that what follows `place` was appended at `stamp`, which ascends: called by the writer before it is
    /// published.
    pub fn stamp(&self, place: Place, stamp: u64) {
        self.stamps.lock().push((place, stamp));
    }

    /// The stamp of what begins at `bytes`; 0 where it has none.
    pub fn stamp_at(&self, bytes: usize) -> u64 {
        let stamps = self.stamps.lock();
        let after = stamps.partition_point(|(place, _)| place.bytes <= bytes);
        after.checked_sub(1).and_then(|at| stamps.get(at)).map_or(0, |(_, stamp)| *stamp)
    }

    /// The first place whose stamp is `stamp` or a later one; `None` where there is none yet.
    pub fn place_of_stamp(&self, stamp: u64) -> Option<Place> {
        let stamps = self.stamps.lock();
        stamps.get(stamps.partition_point(|(_, earlier)| *earlier < stamp)).map(|(place, _)| *place)
    }

    /// Notes a transaction over several shards: called by the writer before it is published.
    pub fn add_transaction(&self, transaction: SharedTransaction) {
        let mut all = self.transactions.lock();
        all.push(transaction);
        self.transactions_len.store(all.len(), Ordering::Relaxed);
    }

    /// Notes that the log on disk does not hold the unit between two places: called by the writer before it is published.
    pub fn add_passing(&self, start: Place, end: Place) {
        let mut all = self.passing.lock();
        match all.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => all.push((start, end)),
        }
        self.has_passing.store(true, Ordering::Relaxed);
    }

    /// The first units behind or at `bytes` that the log on disk does not hold.
    #[inline]
    pub fn next_passing(&self, bytes: usize) -> Option<(Place, Place)> {
        if !self.has_passing.load(Ordering::Relaxed) {
            return None;
        }
        let all = self.passing.lock();
        all.get(all.partition_point(|(_, end)| end.bytes <= bytes)).copied()
    }

    /// The transaction over several shards with number `at` in this segment.
    #[inline]
    pub fn transaction(&self, at: usize) -> Option<SharedTransaction> {
        if at >= self.transactions_len.load(Ordering::Relaxed) {
            return None;
        }
        self.transactions.lock().get(at).cloned()
    }

    /// How many transactions over several shards lie whole before `bytes`, and the number of the last of them.
    pub fn transactions_before(&self, bytes: usize) -> (usize, u64) {
        let all = self.transactions.lock();
        let count = all.partition_point(|one| one.end.bytes <= bytes);
        let last = count.checked_sub(1).and_then(|at| all.get(at));
        (count, last.map_or(self.transaction_before, |one| one.transaction))
    }

    /// Nothing more will be published here.
    pub fn seal(&self) {
        self.sealed.store(true, Ordering::Release);
    }

    pub fn is_sealed(&self) -> bool {
        self.sealed.load(Ordering::Acquire)
    }
}

/// Why a stream cannot be read from an offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gone {
    /// The frame is older than the backlog.
    Trimmed { offset: u64, first: u64 },
    /// The stream has not come to the frame.
    Beyond { offset: u64, next: u64 },
    /// The frame is not the first of its transaction, and half a transaction is never sent.
    InsideTransaction { offset: u64 },
    /// Nothing is recorded.
    Inactive,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Trimmed { offset, first } => {
                write!(f, "offset {offset} is older than the backlog, which begins at {first}")
            }
            Self::Beyond { offset, next } => {
                write!(f, "offset {offset} lies beyond the stream, which ends at {next}")
            }
            Self::InsideTransaction { offset } => write!(f, "offset {offset} lies inside a transaction"),
            Self::Inactive => f.write_str("the stream is not recorded"),
        }
    }
}

impl std::error::Error for Gone {}

/// Nobody appends.
pub const NOBODY: u64 = u64::MAX;

/// What readers share with the writer of a stream.
#[derive(Debug)]
pub struct Backlog {
    pub(super) index: Mutex<VecDeque<Arc<LogSegment>>>,
    pub(super) active: AtomicBool,
    pub(super) first: AtomicU64,
    pub(super) next: AtomicU64,
    /// The database that the last SELECT named.
    pub(super) db: AtomicU64,
    /// History from this offset is kept beyond the budget; `u64::MAX` for none.
    pub(super) pinned: AtomicU64,
    /// As `pinned`, for whoever merges this stream with others and is never far behind.
    pub(super) merged: AtomicU64,
    /// The stamp under which somebody appends at this moment; [`NOBODY`] between two of them, 0 while it is drawn.
    pub(super) appending: AtomicU64,
    /// History from this offset is not on disk and is kept whatever it takes; `u64::MAX` where there is no log.
    pub(super) unlogged: AtomicU64,
    pub(super) subscribers: Arc<Subscribers>,
}

impl Backlog {
    pub(super) fn new() -> Self {
        Self {
            index: Mutex::default(),
            active: AtomicBool::new(false),
            first: AtomicU64::new(0),
            next: AtomicU64::new(0),
            db: AtomicU64::new(0),
            pinned: AtomicU64::new(u64::MAX),
            merged: AtomicU64::new(u64::MAX),
            appending: AtomicU64::new(NOBODY),
            unlogged: AtomicU64::new(u64::MAX),
            subscribers: Arc::default(),
        }
    }

    /// True while frames are recorded.
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// The offset of the oldest frame that can be read.
    pub fn first_offset(&self) -> u64 {
        self.first.load(Ordering::Acquire)
    }

    /// The offset that the next frame will have.
    pub fn next_offset(&self) -> u64 {
        self.next.load(Ordering::Acquire)
    }

    /// The database that whoever has read everything is in.
    pub fn db(&self) -> u64 {
        self.db.load(Ordering::Acquire)
    }

    /// Bytes of the frames from `offset` on, to within a few kilobytes; what is gone is not counted.
    pub fn bytes_from(&self, offset: u64) -> u64 {
        let index = self.index.lock();
        let after = index.partition_point(|segment| segment.first <= offset);
        let whole = index.iter().skip(after).map(|segment| segment.bytes.published().len as u64);
        let begun = after.checked_sub(1).and_then(|at| index.get(at)).map_or(0, |segment| {
            let frames = u32::try_from(offset - segment.first).unwrap_or(u32::MAX);
            let published = segment.bytes.published();
            if frames >= published.records {
                return 0;
            }
            (published.len - segment.mark_of_frame(frames).bytes.min(published.len)) as u64
        });
        begun + whole.sum::<u64>()
    }

    /// Bytes of memory that the backlog takes.
    #[cfg(test)]
    pub fn memory(&self) -> usize {
        self.index.lock().iter().map(|segment| segment.bytes.capacity()).sum()
    }

    /// Asks the writer to keep the history from `offset` on, up to its cap; `u64::MAX` lets it go.
    pub fn pin(&self, offset: u64) {
        self.pinned.store(offset, Ordering::Release);
    }

    /// As [`Backlog::pin`], for whoever merges streams.
    pub fn pin_merged(&self, offset: u64) {
        self.merged.store(offset, Ordering::Release);
    }

    /// Says that everything before `offset` is on disk.
    pub fn set_logged(&self, offset: u64) {
        self.unlogged.store(offset, Ordering::Release);
    }

    /// Adds somebody to wake when frames have been appended.
    pub fn subscribe(&self, wake: Wake) -> Subscription {
        self.subscribers.subscribe(wake)
    }

    /// Whether the stream can be read from `offset`.
    pub fn check(&self, offset: u64) -> Result<(), Gone> {
        let next = self.next_offset();
        if !self.is_active() {
            return Err(Gone::Inactive);
        }
        if offset > next {
            return Err(Gone::Beyond { offset, next });
        }
        let first = self.first_offset();
        if offset < first { Err(Gone::Trimmed { offset, first }) } else { Ok(()) }
    }

    /// The segment in which the frame at `offset` is or will be; `None` where the segment does not exist yet.
    ///
    /// The frame before `offset` has been seen by the caller or announced by [`Backlog::next_offset`].
    pub(super) fn find(&self, offset: u64) -> Result<Option<Arc<LogSegment>>, Gone> {
        let index = self.index.lock();
        if !self.is_active() {
            return Err(Gone::Inactive);
        }
        let first = self.first_offset();
        if offset < first {
            return Err(Gone::Trimmed { offset, first });
        }
        let at = index.partition_point(|segment| segment.first <= offset);
        Ok(at.checked_sub(1).and_then(|at| index.get(at)).cloned())
    }
}
