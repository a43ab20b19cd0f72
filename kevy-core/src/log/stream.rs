//! Appending to a shard's stream, under the shard's token.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

use crate::base::segment::{Appender, CAPACITY_MAX, RECORDS_MAX};

use super::backlog::{Backlog, LogSegment, MARK_BYTES, NOBODY, Place, SharedTransaction};
use super::frame;

/// How large a segment is: a share of the budget within these bounds, so that history goes in small steps.
const SEGMENT_BYTES_MIN: usize = 16 << 10;
const SEGMENT_BYTES_MAX: usize = 1 << 20;
const SEGMENTS_PER_BUDGET: usize = 8;

/// How much history is kept where only the log on disk wants the stream.
const LOG_BUDGET_BYTES: usize = 1 << 20;

/// How much history may wait for the disk before whoever writes has to wait as well.
const UNLOGGED_BYTES_MAX: usize = 64 << 20;

/// A transaction's buffer above this size is given back.
const KEEP_BYTES_MAX: usize = 1 << 20;

/// How much history is kept at most for whoever merges streams, in bytes.
const MERGED_BYTES_MAX: usize = 256 << 20;

/// Orders what is appended to several streams.
///
/// Whoever appends holds a shard's token; a stamp is drawn with the first append of such a hold and stands for all of it,
/// because nobody can know what a hold did before it ends. So what happened after something else never has a lower stamp,
/// on whatever shard. A merger reads the last stamp drawn and then, of every stream, whether somebody appends under an
/// earlier one: everything below that is published.
#[derive(Debug, Default)]
pub struct Ticks(AtomicU64);

impl Ticks {
    fn draw(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Everything with this stamp or an earlier one is published on all of `backlogs`.
    pub fn watermark<'a>(&self, backlogs: impl IntoIterator<Item = &'a Arc<Backlog>>) -> u64 {
        let last = self.0.load(Ordering::SeqCst);
        backlogs.into_iter().fold(last, |least, backlog| match backlog.appending.load(Ordering::SeqCst) {
            NOBODY => least,
            stamp => least.min(stamp.saturating_sub(1)),
        })
    }
}

/// One shard's stream of effects.
#[derive(Debug)]
pub struct Stream {
    backlog: Arc<Backlog>,
    /// Somebody wants the effects; the one or the other or both of the next two.
    active: bool,
    has_replicas: bool,
    is_logged: bool,
    /// Called once too much waits for the disk, and told when that is over.
    crowded: Option<Crowded>,
    is_crowded: bool,
    budget: usize,
    pinned_max: usize,
    /// Capacity of all segments of the backlog.
    held: usize,
    next: u64,
    /// The stream's database, unknown after a cut.
    db: Option<usize>,
    tail: Option<Tail>,
    spare: Option<Appender>,
    group: Group,
    /// The last transaction over several shards.
    transaction: u64,
    /// Something was appended since the last notification.
    unannounced: bool,
    /// Orders this stream among others, while somebody merges them.
    ticks: Option<Arc<Ticks>>,
    /// The stamp of this hold, 0 before one is drawn.
    stamp: u64,
    /// The stamp stands in the segment that is being filled, or none is wanted.
    is_stamped: bool,
    /// What is appended is not for the log on disk.
    is_passing: bool,
}

/// Told whether too much history of a stream waits for the disk.
pub struct Crowded(pub Box<dyn Fn(bool) + Send>);

impl std::fmt::Debug for Crowded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Crowded")
    }
}

/// The segment that is being filled.
#[derive(Debug)]
struct Tail {
    appender: Appender,
    segment: Arc<LogSegment>,
    next_mark: usize,
}

/// The transaction that is being collected; it becomes visible as a whole.
#[derive(Debug, Default)]
struct Group {
    open: bool,
    transaction: u64,
    shards: SmallVec<[usize; 4]>,
    bytes: Vec<u8>,
    frames: u32,
}

impl Stream {
    /// A stream that is not recorded yet and will keep at least `budget_bytes` of history.
    pub fn new(budget_bytes: usize) -> Self {
        Self {
            backlog: Arc::new(Backlog::new()),
            active: false,
            has_replicas: false,
            is_logged: false,
            crowded: None,
            is_crowded: false,
            budget: budget_bytes,
            pinned_max: budget_bytes,
            held: 0,
            next: 0,
            db: None,
            tail: None,
            spare: None,
            group: Group::default(),
            transaction: 0,
            unannounced: false,
            ticks: None,
            stamp: 0,
            is_stamped: true,
            is_passing: false,
        }
    }

    /// Stamps what is appended from here on, or ends that.
    pub fn order_by(&mut self, ticks: Option<Arc<Ticks>>) {
        self.end_hold();
        self.ticks = ticks;
        self.is_stamped = self.ticks.is_none();
    }

    /// Starts recording for replicas; the shard must collect effects from now on.
    pub fn activate(&mut self) {
        self.has_replicas = true;
        self.record();
    }

    /// Stops recording for replicas and drops the history that was kept for them. What happens until the next
    /// activation may have no offsets, so whoever calls this begins a new generation.
    pub fn deactivate(&mut self) {
        self.has_replicas = false;
        self.stop_recording();
    }

    /// Starts recording for the log on disk, and returns the offset of the first frame that it has to hold. That frame
    /// begins a segment and says which database it is for. `crowded` is told when too much waits for the disk.
    pub fn begin_log(&mut self, crowded: Option<Crowded>) -> u64 {
        if let Some(tail) = self.tail.take() {
            tail.segment.seal();
        }
        if !self.is_logged {
            self.is_logged = true;
            self.crowded = crowded;
            self.backlog.set_logged(self.next);
            self.record();
        }
        self.cut()
    }

    /// Stops recording for the log.
    pub fn end_log(&mut self) {
        self.is_logged = false;
        self.backlog.set_logged(u64::MAX);
        self.note_crowd();
        self.crowded = None;
        self.stop_recording();
    }

    /// Lets go of what has been logged meanwhile.
    pub fn trim_logged(&mut self) {
        self.trim();
        self.note_crowd();
    }

    fn record(&mut self) {
        if !self.active {
            self.active = true;
            self.db = None;
            self.backlog.first.store(self.next, Ordering::Release);
            self.backlog.active.store(true, Ordering::Release);
        }
    }

    fn stop_recording(&mut self) {
        if self.has_replicas || self.is_logged {
            return self.trim();
        }
        self.active = false;
        self.backlog.active.store(false, Ordering::Release);
        self.forget();
        self.spare = None;
    }

    /// Tells where too much waits for the disk, and where it no longer does.
    fn note_crowd(&mut self) {
        let limit = UNLOGGED_BYTES_MAX.max(self.kept_bytes().saturating_mul(2));
        let limit = if self.is_crowded { limit / 2 } else { limit };
        let is_crowded = self.is_logged && self.held > limit.max(self.kept_bytes()) && self.is_behind();
        if is_crowded != self.is_crowded {
            self.is_crowded = is_crowded;
            if let Some(Crowded(tell)) = &self.crowded {
                tell(is_crowded);
            }
        }
    }

    /// True where the oldest history is kept for the disk.
    fn is_behind(&self) -> bool {
        let index = self.backlog.index.lock();
        let unlogged = self.backlog.unlogged.load(Ordering::Acquire);
        index.get(1).is_some_and(|second| second.first > unlogged)
    }

    /// How much history is kept at least.
    fn kept_bytes(&self) -> usize {
        if self.has_replicas { self.budget } else { self.budget.min(LOG_BUDGET_BYTES) }
    }

    /// True while effects are recorded.
    #[inline]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// True while effects are recorded for the log on disk.
    #[inline]
    pub fn is_logged(&self) -> bool {
        self.is_logged
    }

    /// True while effects are recorded for replicas.
    pub fn has_replicas(&self) -> bool {
        self.has_replicas
    }

    /// What feeds on other threads read.
    pub fn shared(&self) -> Arc<Backlog> {
        Arc::clone(&self.backlog)
    }

    /// Makes the next frame say which database it is for: whoever reads from here has not seen an earlier one.
    pub fn cut(&mut self) -> u64 {
        self.db = None;
        self.next
    }

    /// The offset of the next frame.
    pub fn next_offset(&self) -> u64 {
        self.next
    }

    /// Sees to it that whoever has read everything and is in database `db` needs no more to understand the next frame.
    pub fn expect_db(&mut self, db: Option<usize>) {
        if self.db != db {
            self.db = None;
        }
    }

    /// How much history is kept whether anybody needs it or not, in bytes.
    pub fn set_budget(&mut self, bytes: usize) {
        self.budget = bytes;
        self.trim();
    }

    /// How much history is kept at most for a replica that is away or has a snapshot under way, in bytes.
    pub fn set_pinned_max(&mut self, bytes: usize) {
        self.pinned_max = bytes;
        self.trim();
    }

    /// Appends one effect, an array of bulk strings, that happened in database `db`.
    #[inline]
    pub fn append(&mut self, db: usize, argv: &[u8]) {
        if !self.active {
            return;
        }
        if self.db != Some(db) {
            self.switch_db(db);
        }
        self.push(argv);
    }

    /// Appends one effect outside of a transaction that replicas are to have, and the log on disk is not.
    pub fn pass_on(&mut self, db: usize, argv: &[u8]) {
        if !self.has_replicas {
            return;
        }
        if self.db != Some(db) {
            self.switch_db(db);
        }
        self.is_passing = true;
        self.push(argv);
        self.is_passing = false;
    }

    /// Begins a transaction. `shards` are its participants in ascending order where there are several, and
    /// `transaction` its number, above that of every earlier one with a common participant.
    pub fn begin(&mut self, transaction: u64, shards: &[usize]) {
        if !self.active {
            return;
        }
        self.group.open = true;
        self.group.transaction = if shards.len() > 1 { transaction } else { 0 };
        self.group.shards = SmallVec::from_slice(shards);
        self.push(&frame::multi(transaction, shards));
    }

    /// Ends a transaction: all of it becomes visible at once.
    pub fn end(&mut self) {
        if !self.group.open {
            return;
        }
        self.push(frame::EXEC);
        self.group.open = false;
        let mut bytes = std::mem::take(&mut self.group.bytes);
        let frames = std::mem::take(&mut self.group.frames);
        if bytes.len() <= CAPACITY_MAX && frames <= RECORDS_MAX {
            self.publish(&bytes, &[], frames);
        } else {
            self.forget();
        }
        bytes.clear();
        if bytes.capacity() <= KEEP_BYTES_MAX {
            self.group.bytes = bytes;
        }
    }

    /// Wakes the feeds that wait for frames, if there are both.
    #[inline]
    pub fn notify(&mut self) {
        if self.unannounced {
            self.unannounced = false;
            if self.stamp != 0 {
                self.end_hold();
            }
            self.backlog.subscribers.notify();
        }
    }

    /// What was appended under one stamp is whole.
    #[cold]
    fn end_hold(&mut self) {
        self.stamp = 0;
        self.is_stamped = self.ticks.is_none();
        self.backlog.appending.store(NOBODY, Ordering::SeqCst);
    }

    /// The stamp of what is appended now, and notes it in the segment being filled.
    #[cold]
    fn stamp_hold(&mut self) {
        let (Some(ticks), Some(tail)) = (&self.ticks, &self.tail) else { return };
        if self.stamp == 0 {
            // Whoever sees the stamp drawn sees this as well, and waits for the stamp.
            self.backlog.appending.store(0, Ordering::SeqCst);
            self.stamp = ticks.draw();
            self.backlog.appending.store(self.stamp, Ordering::SeqCst);
        }
        let place = Place { bytes: tail.appender.len(), frames: tail.appender.records() };
        tail.segment.stamp(place, self.stamp);
        self.is_stamped = true;
    }

    #[cold]
    fn switch_db(&mut self, db: usize) {
        self.db = Some(db);
        self.backlog.db.store(db as u64, Ordering::Release);
        self.push(&frame::select(db));
    }

    /// Appends one frame, to the open transaction or to the stream.
    #[inline]
    fn push(&mut self, argv: &[u8]) {
        let head = frame::Head::new(self.next);
        self.next += 1;
        if self.group.open {
            self.group.bytes.extend_from_slice(head.as_bytes());
            self.group.bytes.extend_from_slice(argv);
            self.group.frames += 1;
        } else {
            self.publish(head.as_bytes(), argv, 1);
        }
    }

    /// Publishes a unit made of `frames` frames, its bytes in two pieces.
    #[inline]
    fn publish(&mut self, head: &[u8], rest: &[u8], frames: u32) {
        let len = head.len() + rest.len();
        let fits =
            |tail: &Tail| tail.appender.room() >= len && RECORDS_MAX - tail.appender.records() >= frames;
        if !self.tail.as_ref().is_some_and(fits) {
            self.roll(len, frames);
        }
        if !self.is_stamped {
            self.stamp_hold();
        }
        let Some(Tail { appender, segment, next_mark }) = &mut self.tail else { return };
        let start = Place { bytes: appender.len(), frames: appender.records() };
        if start.bytes >= *next_mark {
            segment.mark(start);
            *next_mark = start.bytes + MARK_BYTES;
        }
        let end = Place { bytes: start.bytes + len, frames: start.frames + frames };
        if self.is_passing {
            segment.add_passing(start, end);
        }
        if self.group.transaction != 0 {
            let transaction = std::mem::take(&mut self.group.transaction);
            let shards = std::mem::take(&mut self.group.shards);
            segment.add_transaction(SharedTransaction { start, end, transaction, shards });
            self.transaction = transaction;
        }
        appender.append(head);
        appender.append(rest);
        appender.publish(frames);
        self.backlog.next.store(self.next, Ordering::Release);
        self.unannounced = true;
    }

    /// Drops all history: whoever needs any of it has to begin with a snapshot.
    fn forget(&mut self) {
        let mut index = self.backlog.index.lock();
        index.clear();
        self.backlog.first.store(self.next, Ordering::Release);
        if let Some(tail) = self.tail.take() {
            tail.segment.seal();
        }
        (self.held, self.db) = (0, None);
        self.backlog.next.store(self.next, Ordering::Release);
        self.unannounced = true;
    }

    /// Opens a segment for a unit of `len` bytes and `frames` frames.
    #[cold]
    fn roll(&mut self, len: usize, frames: u32) {
        let usual = (self.kept_bytes() / SEGMENTS_PER_BUDGET).clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX);
        let capacity = len.max(usual);
        self.held += capacity;
        self.trim();
        let spare = self.spare.take().filter(|spare| spare.segment().capacity() == capacity);
        let appender = spare.unwrap_or_else(|| Appender::new(capacity));
        self.is_stamped = self.ticks.is_none();
        let first = self.next - u64::from(frames);
        let segment = Arc::new(LogSegment::new(Arc::clone(appender.segment()), first, self.transaction));
        self.backlog.index.lock().push_back(Arc::clone(&segment));
        // Readers at the end of the old segment look for the new one once they see the seal.
        if let Some(old) = self.tail.replace(Tail { appender, segment, next_mark: 0 }) {
            old.segment.seal();
        }
        if self.is_logged {
            self.note_crowd();
        }
    }

    /// Drops segments that are neither within the budget nor pinned nor still to be logged.
    fn trim(&mut self) {
        let budget = self.kept_bytes();
        let mut index = self.backlog.index.lock();
        let unlogged = self.backlog.unlogged.load(Ordering::Acquire);
        let pinned = self.backlog.pinned.load(Ordering::Acquire);
        let merged = self.backlog.merged.load(Ordering::Acquire);
        while let [oldest, second, ..] = index.make_contiguous() {
            let left = self.held - oldest.bytes.capacity();
            let needed = second.first > pinned && left < self.pinned_max
                || second.first > merged && left < MERGED_BYTES_MAX;
            if left < budget || needed || second.first > unlogged {
                break;
            }
            self.held = left;
            self.backlog.first.store(second.first, Ordering::Release);
            let freed = index.pop_front().and_then(Arc::into_inner);
            if let Some(appender) = freed.and_then(|freed| Appender::recycle(freed.bytes)) {
                self.spare = Some(appender);
            }
        }
    }
}
