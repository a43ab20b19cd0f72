//! The latest bytes of the merged stream, found by offset.
//!
//! One thread at a time appends; feeds read from any thread. What is older than the budget is kept only as long as a feed
//! still has to send it, and no longer than its limit allows: a reader that is too far behind finds its place gone.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::base::segment::{Appender, Segment};
use crate::log::subscribers::Wake;
use crate::log::{Subscribers, Subscription};

const BLOCK_BYTES_MIN: usize = 16 << 10;
const BLOCK_BYTES_MAX: usize = 1 << 20;
const BLOCKS_PER_BUDGET: usize = 8;

/// The place is not in the backlog any more, or belongs to a history that has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gone;

/// Consecutive bytes of the stream.
#[derive(Debug)]
struct Block {
    /// How many bytes of the stream lie before it.
    first: u64,
    bytes: Arc<Segment>,
}

impl Block {
    fn end(&self) -> u64 {
        self.first + self.bytes.published().len as u64
    }
}

#[derive(Debug, Default)]
struct Writer {
    tail: Option<Appender>,
    spare: Option<Appender>,
}

/// The bounded history of one byte stream.
#[derive(Debug, Default)]
pub struct ByteLog {
    writer: Mutex<Writer>,
    index: Mutex<VecDeque<Arc<Block>>>,
    active: AtomicBool,
    /// How many bytes have been appended ever.
    end: AtomicU64,
    /// The offset from which this history is recorded.
    begin: AtomicU64,
    /// Raised where what was appended before is no part of what follows.
    history: AtomicU64,
    budget: AtomicUsize,
    /// How far a feed may be behind.
    lag_max: AtomicU64,
    places: Mutex<Vec<Weak<AtomicU64>>>,
    subscribers: Arc<Subscribers>,
}

impl ByteLog {
    /// Takes over how much is kept, and how far a feed may be behind.
    pub fn follow(&self, budget: usize, lag_max: usize) {
        self.budget.store(budget, Ordering::Relaxed);
        self.lag_max.store(lag_max.max(budget) as u64, Ordering::Relaxed);
        self.trim(&mut self.writer.lock());
    }

    /// Starts a history at `offset`; whatever was recorded is gone.
    pub fn restart(&self, offset: u64) {
        self.forget();
        self.begin.store(offset, Ordering::Release);
        self.end.store(offset, Ordering::Release);
        self.active.store(true, Ordering::Release);
    }

    /// Drops everything: every reader's place is gone. The offset is kept.
    pub fn forget(&self) {
        let mut writer = self.writer.lock();
        self.active.store(false, Ordering::Release);
        self.history.fetch_add(1, Ordering::AcqRel);
        self.index.lock().clear();
        *writer = Writer::default();
        drop(writer);
        self.subscribers.notify();
    }

    /// True while bytes are recorded.
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// How many bytes precede the next one.
    pub fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// The offset at which this history begins.
    pub fn begin(&self) -> u64 {
        self.begin.load(Ordering::Acquire)
    }

    /// How many bytes precede the oldest one from which a replica may resume.
    pub fn first(&self) -> u64 {
        let budget = self.budget.load(Ordering::Relaxed) as u64;
        self.begin.load(Ordering::Acquire).max(self.end().saturating_sub(budget))
    }

    /// Bytes of memory that the history takes.
    #[cfg(test)]
    pub fn memory(&self) -> usize {
        self.index.lock().iter().map(|block| block.bytes.capacity()).sum()
    }

    /// Adds somebody to wake when bytes have been appended.
    pub fn subscribe(&self, wake: Wake) -> Subscription {
        self.subscribers.subscribe(wake)
    }

    /// Appends bytes, which readers then see.
    pub fn append(&self, mut bytes: &[u8]) {
        let mut writer = self.writer.lock();
        while !bytes.is_empty() {
            let room = writer.tail.as_ref().map_or(0, Appender::room);
            if room == 0 {
                self.roll(&mut writer);
                continue;
            }
            let Some(tail) = &mut writer.tail else { return };
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            tail.append(now);
            tail.publish(0);
            self.end.fetch_add(now.len() as u64, Ordering::AcqRel);
            bytes = later;
        }
        drop(writer);
        self.subscribers.notify();
    }

    fn roll(&self, writer: &mut Writer) {
        self.trim(writer);
        let budget = self.budget.load(Ordering::Relaxed);
        let capacity = (budget / BLOCKS_PER_BUDGET).clamp(BLOCK_BYTES_MIN, BLOCK_BYTES_MAX);
        let spare = writer.spare.take().filter(|spare| spare.segment().capacity() == capacity);
        let appender = spare.unwrap_or_else(|| Appender::new(capacity));
        let block = Arc::new(Block { first: self.end(), bytes: Arc::clone(appender.segment()) });
        self.index.lock().push_back(block);
        writer.tail = Some(appender);
    }

    /// Drops the blocks that are older than the budget and that no feed is still allowed to need.
    fn trim(&self, writer: &mut Writer) {
        let end = self.end();
        let lag_max = self.lag_max.load(Ordering::Relaxed);
        let mut needed = end.saturating_sub(self.budget.load(Ordering::Relaxed) as u64);
        self.places.lock().retain(|place| {
            let Some(place) = place.upgrade() else { return false };
            let place = place.load(Ordering::Acquire);
            if end.saturating_sub(place) <= lag_max {
                needed = needed.min(place);
            }
            true
        });
        let mut index = self.index.lock();
        while index.get(1).is_some_and(|second| second.first <= needed) {
            let freed = index.pop_front().and_then(Arc::into_inner);
            if let Some(appender) = freed.and_then(|block| Appender::recycle(block.bytes)) {
                writer.spare = Some(appender);
            }
        }
    }

    /// A reader that continues at `offset`, as a replica that was here before asks for.
    pub fn resume(self: &Arc<Self>, offset: u64) -> Result<ByteReader, Gone> {
        if !self.is_active() || !(self.first()..=self.end()).contains(&offset) {
            return Err(Gone);
        }
        Ok(self.read_from(offset))
    }

    /// A reader at `offset`, which holds on to what follows it.
    pub fn read_from(self: &Arc<Self>, offset: u64) -> ByteReader {
        let place = Arc::new(AtomicU64::new(offset));
        self.places.lock().push(Arc::downgrade(&place));
        ByteReader {
            log: Arc::clone(self),
            history: self.history.load(Ordering::Acquire),
            block: None,
            place,
            at: offset,
        }
    }

    fn find(&self, offset: u64) -> Result<Arc<Block>, Gone> {
        let index = self.index.lock();
        let at = index.partition_point(|block| block.first <= offset);
        at.checked_sub(1).and_then(|at| index.get(at)).cloned().ok_or(Gone)
    }
}

/// A place in the stream. What follows it is kept as far as the feed's limit allows.
#[derive(Debug)]
pub struct ByteReader {
    log: Arc<ByteLog>,
    history: u64,
    block: Option<Arc<Block>>,
    place: Arc<AtomicU64>,
    at: u64,
}

impl ByteReader {
    /// How many bytes of the stream lie before the next one to be read.
    pub fn offset(&self) -> u64 {
        self.at
    }

    /// How many bytes are to be read at this moment.
    pub fn behind(&self) -> u64 {
        self.log.end().saturating_sub(self.at)
    }

    /// Appends at most `budget` bytes; says whether more may follow at once.
    ///
    /// # Errors
    /// Where the place is gone. Nothing was appended then.
    pub fn read(&mut self, out: &mut Vec<u8>, budget: usize) -> Result<bool, Gone> {
        self.check()?;
        let stop = out.len().saturating_add(budget);
        while self.at < self.log.end() {
            let room = stop.saturating_sub(out.len());
            if room == 0 {
                return Ok(true);
            }
            let block = match &self.block {
                Some(block) if self.at < block.end() => block,
                _ => self.block.insert(self.log.find(self.at)?),
            };
            let from = usize::try_from(self.at - block.first).unwrap_or(usize::MAX);
            let Some(rest) = block.bytes.bytes().get(from..) else { return Err(Gone) };
            let rest = &rest[..rest.len().min(room)];
            if rest.is_empty() {
                break;
            }
            out.extend_from_slice(rest);
            self.at += rest.len() as u64;
        }
        self.place.store(self.at, Ordering::Release);
        Ok(false)
    }

    /// # Errors
    /// Where the place is gone.
    pub fn check(&self) -> Result<(), Gone> {
        let oldest = self.log.index.lock().front().map_or_else(|| self.log.end(), |block| block.first);
        if self.history != self.log.history.load(Ordering::Acquire) || self.at < oldest {
            return Err(Gone);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(budget: usize, lag_max: usize) -> Arc<ByteLog> {
        let log = Arc::new(ByteLog::default());
        log.follow(budget, lag_max);
        log.restart(1000);
        log
    }

    fn bytes(from: u64, to: u64) -> Vec<u8> {
        (from..to).map(|at| (at % 251) as u8).collect()
    }

    #[test]
    fn what_was_appended_is_read_from_any_place() {
        let log = log(1 << 20, 1 << 20);
        for from in (1000..200_000u64).step_by(777) {
            log.append(&bytes(from, (from + 777).min(200_000)));
        }
        assert_eq!((log.first(), log.end()), (1000, 200_000));
        for start in [1000, 1001, 17_384, 199_999, 200_000] {
            let mut reader = log.resume(start).expect("a place of the history");
            let mut out = Vec::new();
            while reader.read(&mut out, 5000).expect("it is there") {}
            assert!(out == bytes(start, 200_000), "from {start}");
        }
        assert!(log.resume(999).is_err() && log.resume(200_001).is_err());
    }

    #[test]
    fn a_replica_may_resume_to_the_byte() {
        let log = log(10_000, 10_000);
        log.append(&bytes(1000, 11_000));
        assert!(log.resume(1000).is_ok());
        log.append(&[0]);
        assert!(log.resume(1000).is_err());
        let mut out = Vec::new();
        log.resume(1001).expect("the oldest byte").read(&mut out, usize::MAX).expect("it is there");
        assert_eq!(out.len(), 10_000);
    }

    #[test]
    fn a_reader_keeps_what_it_needs_up_to_its_limit() {
        let log = log(16 << 10, 1 << 20);
        let mut reader = log.resume(1000).expect("the beginning");
        log.append(&vec![1; 900 << 10]);
        assert!(log.memory() >= 900 << 10);
        assert!(log.resume(1000).is_err(), "only the budget is offered to those who come back");
        let mut out = Vec::new();
        while reader.read(&mut out, 10_000).expect("within its limit") {}
        assert_eq!(out.len(), 900 << 10);
        let late = log.read_from(log.end());
        log.append(&vec![1; 2 << 20]);
        assert!(late.check().is_err());
        assert!(log.memory() <= (1 << 20) + (64 << 10), "{}", log.memory());
    }

    #[test]
    fn nothing_of_an_earlier_history_is_read() {
        let log = log(1 << 20, 1 << 20);
        log.append(b"before");
        let mut reader = log.resume(1000).expect("the beginning");
        log.restart(1003);
        log.append(b"after");
        assert_eq!(reader.read(&mut Vec::new(), 100), Err(Gone));
        let mut out = Vec::new();
        log.resume(1003).expect("the new one").read(&mut out, 100).expect("it is there");
        assert_eq!(out, b"after");
    }
}
