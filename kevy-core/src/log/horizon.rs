//! How much of every shard's stream a crash can no longer take.
//!
//! The writers of the log tell how far their files are on disk; from that follows, for all shards together, what would be
//! recovered: a transaction over several shards counts where all of its parts are there, and what comes after one that
//! does not count does not count either. Whoever owes a reply waits here for its goal, with or without blocking.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::{Condvar, Mutex};
use smallvec::SmallVec;

use super::backlog::Backlog;
use super::subscribers::{Subscribers, Subscription, Wake};
use super::taker::SharedMark;

/// The frames of each shard that a reply depends on: all before these offsets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Goal(SmallVec<[u64; 8]>);

/// What became of a goal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is reached, or nothing asks for it any more.
    Reached,
    Pending,
    /// The disk has failed since.
    Failed,
}

/// One shard's part of what the writers told.
#[derive(Debug, Default)]
struct Lane {
    /// The log begins with this frame.
    begin: u64,
    /// Frames before this are on disk.
    durable: u64,
    /// The last transaction over several shards before `durable`, 0 for none.
    transaction: u64,
    /// Those before `durable` that do not count yet.
    open: VecDeque<SharedMark>,
    /// The last one that counts.
    settled: u64,
}

/// What is on disk, and whoever waits for it.
#[derive(Debug)]
pub struct Horizon {
    backlogs: Vec<Arc<Backlog>>,
    /// Replies wait until what they tell of is on disk.
    strict: AtomicBool,
    /// Frames before this would be recovered, for each shard.
    safe: Box<[AtomicU64]>,
    /// Odd while the disk fails; it grows with every change.
    phase: AtomicU64,
    /// How many replies have come to wait so far.
    asked: AtomicU64,
    lanes: Mutex<Vec<Lane>>,
    /// In-process callers sleep here, with the lock of `lanes`.
    changed: Condvar,
    subscribers: Arc<Subscribers>,
    /// Too much waits for the disk.
    crowded: AtomicUsize,
}

impl Horizon {
    pub fn new(backlogs: Vec<Arc<Backlog>>) -> Self {
        Self {
            strict: AtomicBool::new(false),
            safe: backlogs.iter().map(|_| AtomicU64::new(0)).collect(),
            phase: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            lanes: Mutex::new(backlogs.iter().map(|_| Lane::default()).collect()),
            changed: Condvar::new(),
            subscribers: Arc::default(),
            crowded: AtomicUsize::new(0),
            backlogs,
        }
    }

    /// The stream of a shard as its readers see it.
    pub fn backlog(&self, shard: usize) -> &Arc<Backlog> {
        &self.backlogs[shard]
    }

    /// True where replies wait for the disk.
    #[inline]
    pub fn is_strict(&self) -> bool {
        self.strict.load(Ordering::Relaxed)
    }

    /// Lets replies wait for the disk, or not.
    pub fn set_strict(&self, strict: bool) {
        self.strict.store(strict, Ordering::Release);
        self.announce();
    }

    /// What was recorded so far: what a reply of now depends on.
    pub fn goal(&self) -> Goal {
        Goal(self.backlogs.iter().map(|backlog| backlog.next_offset()).collect())
    }

    /// A number that changes whenever the disk begins or ends to fail: to be taken before a command runs.
    #[inline]
    pub fn phase(&self) -> u64 {
        self.phase.load(Ordering::Acquire)
    }

    /// Where a goal stands whose commands ran since `phase`.
    pub fn standing(&self, goal: &Goal, phase: u64) -> Standing {
        if self.has_reached(goal) || !self.is_strict() {
            return Standing::Reached;
        }
        match self.phase() {
            // While the disk fails no write is taken, so such a reply tells of none.
            now if now % 2 == 1 && now == phase => Standing::Reached,
            now if now % 2 == 1 => Standing::Failed,
            _ => Standing::Pending,
        }
    }

    /// True where everything of the goal is on disk.
    pub fn has_reached(&self, goal: &Goal) -> bool {
        goal.0.iter().zip(&self.safe).all(|(goal, safe)| *goal <= safe.load(Ordering::Acquire))
    }

    /// Sleeps until a goal stands elsewhere than pending.
    pub fn wait(&self, goal: &Goal, phase: u64) -> Standing {
        let first = self.standing(goal, phase);
        if first != Standing::Pending {
            return first;
        }
        self.ask(1);
        let mut lanes = self.lanes.lock();
        loop {
            let standing = self.standing(goal, phase);
            if standing != Standing::Pending {
                return standing;
            }
            self.changed.wait(&mut lanes);
        }
    }

    /// Counts replies that come to wait, here or elsewhere.
    pub fn ask(&self, replies: u64) {
        self.asked.fetch_add(replies, Ordering::Relaxed);
    }

    /// How many replies have come to wait so far.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Adds somebody to wake whenever something here changes.
    pub fn subscribe(&self, wake: Wake) -> Subscription {
        self.subscribers.subscribe(wake)
    }

    /// Notes that the disk fails, or no longer does.
    pub fn set_failed(&self, failed: bool) {
        if (self.phase() % 2 == 1) != failed {
            self.phase.fetch_add(1, Ordering::AcqRel);
            self.announce();
        }
    }

    /// Notes that a shard's stream is crowded, or no longer is. True where that changes it for the runtime.
    pub fn count_crowded(&self, crowded: bool) -> bool {
        if crowded {
            self.crowded.fetch_add(1, Ordering::AcqRel) == 0
        } else {
            self.crowded.fetch_sub(1, Ordering::AcqRel) == 1
        }
    }

    /// Begins anew: everything before `offset` of `shard` is somewhere else than in the log.
    pub fn begin(&self, shard: usize, offset: u64) {
        let mut lanes = self.lanes.lock();
        if let Some(lane) = lanes.get_mut(shard) {
            *lane = Lane { begin: offset, durable: offset, ..Lane::default() };
        }
        self.settle(&mut lanes);
        drop(lanes);
        self.announce();
    }

    /// Notes that the frames of `shard` before `offset` are on disk, with the transactions over several shards among them
    /// that were not told of before.
    pub fn advance(&self, shard: usize, offset: u64, shared: impl IntoIterator<Item = SharedMark>) {
        let mut lanes = self.lanes.lock();
        if let Some(lane) = lanes.get_mut(shard) {
            lane.durable = lane.durable.max(offset);
            // The other shards' parts of what was before are not waited for any more.
            for mark in shared.into_iter().filter(|mark| mark.first >= lane.begin) {
                lane.transaction = mark.transaction;
                lane.open.push_back(mark);
            }
        }
        self.settle(&mut lanes);
        drop(lanes);
        self.announce();
    }

    /// Of streams with so many whole frames and these transactions over several shards, how many frames of each make
    /// one instant.
    pub fn recoverable(streams: &[(u64, &[SharedMark])]) -> Vec<u64> {
        let lanes: Vec<Lane> = streams
            .iter()
            .map(|(frames, shared)| Lane {
                durable: *frames,
                transaction: shared.last().map_or(0, |mark| mark.transaction),
                open: shared.iter().cloned().collect(),
                ..Lane::default()
            })
            .collect();
        settled(&lanes).into_iter().map(|(frames, _)| frames).collect()
    }

    /// Works out what would be recovered.
    fn settle(&self, lanes: &mut [Lane]) {
        let found = settled(lanes);
        for ((lane, safe), (offset, transaction)) in lanes.iter_mut().zip(&self.safe).zip(found) {
            while lane.open.front().is_some_and(|mark| mark.transaction <= transaction) {
                lane.open.pop_front();
            }
            lane.settled = lane.settled.max(transaction);
            safe.store(offset, Ordering::Release);
        }
    }

    /// Wakes whoever waits. Taking the lock keeps it from coming between a look and a sleep.
    pub fn announce(&self) {
        drop(self.lanes.lock());
        self.changed.notify_all();
        self.subscribers.notify();
    }
}

/// For each lane the offset up to which it would be recovered, and the last transaction over several shards before it.
fn settled(lanes: &[Lane]) -> SmallVec<[(u64, u64); 8]> {
    let mut found: SmallVec<[(u64, u64); 8]> =
        lanes.iter().map(|lane| (lane.durable, lane.transaction.max(lane.settled))).collect();
    if lanes.iter().all(|lane| lane.open.is_empty()) {
        return found;
    }
    let mut changed = true;
    while changed {
        changed = false;
        for (shard, lane) in lanes.iter().enumerate() {
            let mut before = lane.settled;
            for mark in &lane.open {
                if mark.transaction > found[shard].1 {
                    break;
                }
                let is_whole = mark
                    .shards
                    .iter()
                    .all(|&other| found.get(other).is_some_and(|(_, last)| *last >= mark.transaction));
                if !is_whole {
                    found[shard] = (mark.first, before);
                    changed = true;
                    break;
                }
                before = mark.transaction;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(first: u64, transaction: u64, shards: &[usize]) -> SharedMark {
        SharedMark { first, transaction, shards: shards.into() }
    }

    fn horizon(shards: usize) -> Horizon {
        Horizon::new((0..shards).map(|_| Arc::new(Backlog::new())).collect())
    }

    fn safe(horizon: &Horizon) -> Vec<u64> {
        horizon.safe.iter().map(|safe| safe.load(Ordering::Relaxed)).collect()
    }

    #[test]
    fn a_transaction_counts_once_all_of_it_is_on_disk() {
        let horizon = horizon(3);
        horizon.advance(0, 10, [mark(4, 1, &[0, 1])]);
        assert_eq!(safe(&horizon), [4, 0, 0]);
        horizon.advance(2, 5, []);
        assert_eq!(safe(&horizon), [4, 0, 5]);
        horizon.advance(1, 3, [mark(0, 1, &[0, 1])]);
        assert_eq!(safe(&horizon), [10, 3, 5]);
    }

    #[test]
    fn what_follows_a_transaction_that_is_missing_somewhere_does_not_count() {
        let horizon = horizon(3);
        // 1 over shards 1 and 2 is missing in 2, so 2 over 0 and 1 has to wait too, though both parts are there.
        horizon.advance(1, 20, [mark(2, 1, &[1, 2]), mark(9, 2, &[0, 1])]);
        horizon.advance(0, 8, [mark(6, 2, &[0, 1])]);
        assert_eq!(safe(&horizon), [6, 2, 0]);
        horizon.advance(2, 4, [mark(0, 1, &[1, 2])]);
        assert_eq!(safe(&horizon), [8, 20, 4]);
    }

    #[test]
    fn what_was_written_before_the_log_began_anew_is_not_waited_for() {
        let horizon = horizon(2);
        horizon.advance(1, 3, [mark(0, 1, &[0, 1])]);
        horizon.begin(0, 10);
        horizon.begin(1, 5);
        // The writer of shard 0 comes to its part of the old transaction only now.
        horizon.advance(0, 8, [mark(6, 1, &[0, 1])]);
        assert_eq!(safe(&horizon), [10, 5]);
    }

    #[test]
    fn replies_tell_of_what_is_on_disk_or_of_the_failure() {
        let horizon = horizon(1);
        let goal = Goal([3].into_iter().collect());
        assert_eq!(horizon.standing(&goal, 0), Standing::Reached);
        horizon.set_strict(true);
        assert_eq!(horizon.standing(&goal, 0), Standing::Pending);
        horizon.set_failed(true);
        assert_eq!(horizon.standing(&goal, 0), Standing::Failed);
        // A command that ran while writes were refused wrote nothing.
        assert_eq!(horizon.standing(&goal, horizon.phase()), Standing::Reached);
        horizon.set_failed(false);
        assert_eq!(horizon.standing(&goal, 0), Standing::Pending);
        horizon.advance(0, 3, []);
        assert_eq!(horizon.wait(&goal, 0), Standing::Reached);
    }
}
