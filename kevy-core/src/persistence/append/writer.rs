//! The thread that writes one shard's part of the log.
//!
//! It takes the shard's stream piece by piece, writes each as a record, and syncs as `appendfsync` says. What is not synced
//! is remembered, so that after a failure the file is cut back to what is surely on disk and written anew from there.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::base::log_sink;
use crate::io::DiskFile;
use crate::log::{Crowded, Gone, Horizon, Piece, SharedMark, Taker};
use crate::shard::Shards;

use super::record;

/// About how much is written with one call.
const WRITE_BYTES: usize = 256 << 10;
const PIECES_MAX: usize = 16;
/// How long a writer that nobody waits for lets work gather.
const GATHER: Duration = Duration::from_millis(2);
/// How long a sync is put off at most for more replies to share it, in parts of what the last one took.
const SHARE_PARTS: u32 = 4;
const SHARE_MAX: Duration = Duration::from_millis(2);
const SHARE_STEP: Duration = Duration::from_micros(100);
/// How long after a failure the next try is made.
const RETRY: Duration = Duration::from_millis(100);
/// What may be written without a sync, whatever `appendfsync` says, but with `no`.
const UNSYNCED_BYTES_MAX: u64 = 16 << 20;

/// When the log is synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Policy {
    No = 0,
    EverySecond = 1,
    Always = 2,
}

/// What the writers of all shards share.
pub struct Common {
    pub shards: Arc<Shards>,
    pub horizon: Arc<Horizon>,
    policy: AtomicU8,
    /// Why the disk fails, for each shard.
    failures: Mutex<Vec<Option<String>>>,
    /// Told whether writes are to be refused because the disk fails, and whether they are to wait because it is slow.
    pub refuse: Box<dyn Fn(bool) + Send + Sync>,
    pub slow: Arc<dyn Fn(bool) + Send + Sync>,
    is_slow: Arc<AtomicBool>,
    /// Somebody should look before the second is over.
    hurry: Mutex<bool>,
    hurried: Condvar,
    /// Syncs that took more than two seconds.
    pub delayed: AtomicU64,
}

impl fmt::Debug for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Common").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Common {
    pub fn new(
        shards: Arc<Shards>,
        refuse: Box<dyn Fn(bool) + Send + Sync>,
        slow: Arc<dyn Fn(bool) + Send + Sync>,
    ) -> Self {
        let failures = Mutex::new(vec![None; shards.len()]);
        Self {
            horizon: shards.horizon.clone(),
            shards,
            policy: AtomicU8::new(0),
            failures,
            refuse,
            slow,
            is_slow: Arc::default(),
            hurry: Mutex::new(false),
            hurried: Condvar::new(),
            delayed: AtomicU64::new(0),
        }
    }

    pub fn policy(&self) -> Policy {
        match self.policy.load(Ordering::Relaxed) {
            2 => Policy::Always,
            1 => Policy::EverySecond,
            _ => Policy::No,
        }
    }

    pub fn set_policy(&self, policy: Policy) {
        self.policy.store(policy as u8, Ordering::Relaxed);
    }

    /// Makes whoever rests look around.
    pub fn kick(&self) {
        *self.hurry.lock() = true;
        self.hurried.notify_all();
    }

    /// Rests for so long, or until somebody kicks; whether somebody did.
    pub fn rest(&self, at_most: Duration) -> bool {
        let mut hurry = self.hurry.lock();
        if !*hurry {
            self.hurried.wait_for(&mut hurry, at_most);
        }
        std::mem::take(&mut hurry)
    }

    /// What a stream tells when too much of it waits for the disk.
    pub fn crowded(&self) -> Crowded {
        let (horizon, slow, is_slow) = (self.horizon.clone(), self.slow.clone(), self.is_slow.clone());
        Crowded(Box::new(move |crowded| {
            if horizon.count_crowded(crowded) {
                is_slow.store(crowded, Ordering::Release);
                slow(crowded);
                horizon.announce();
            }
        }))
    }

    /// Why the disk fails, if it does.
    pub fn failure(&self) -> Option<String> {
        self.failures.lock().iter().flatten().next().cloned()
    }

    /// Notes that the disk of a shard fails, or no longer does.
    fn note(&self, shard: usize, failure: Option<String>) {
        let mut failures = self.failures.lock();
        if let Some(before) = failures.get_mut(shard) {
            match (&before, &failure) {
                (None, Some(text)) => {
                    log_sink::error(format_args!("cannot write the log of shard {shard}: {text}"))
                }
                (Some(_), None) => {
                    log_sink::warning(format_args!("the log of shard {shard} can be written again"))
                }
                _ => {}
            }
            *before = failure;
        }
        let fails = failures.iter().any(Option::is_some);
        // Writes are refused before replies are told of the failure, and replies wait again before writes are taken.
        if fails {
            (self.refuse)(true);
        }
        self.horizon.set_failed(fails);
        if !fails {
            (self.refuse)(false);
        }
    }
}

/// A file that a writer goes on with.
#[derive(Debug)]
pub struct Roll {
    pub file: DiskFile,
    /// The same, to be synced.
    pub twin: Arc<DiskFile>,
    /// How much of it is written, and how many records that are.
    pub len: u64,
    pub records: u64,
    /// The first frame that it is to hold.
    pub from: u64,
}

#[derive(Debug, Default)]
struct Inbox {
    rolls: VecDeque<Roll>,
    stop: bool,
    rung: bool,
}

/// What is written.
#[derive(Debug, Default)]
struct Written {
    /// The file, to be synced.
    file: Option<Arc<DiskFile>>,
    /// Which of the writer's files it is.
    turn: u64,
    /// How much of it is surely on disk, and how many records.
    len: u64,
    records: u64,
    /// What follows, how many bytes that are, and how much of it, from the front, is in the file.
    unsynced: VecDeque<Unsynced>,
    bytes: u64,
    complete: usize,
}

#[derive(Debug)]
struct Unsynced {
    next: u64,
    bytes: u64,
    records: u64,
    shared: Vec<SharedMark>,
    /// `None` where nobody would write it again.
    piece: Option<Piece>,
}

/// One shard's writer as others see it.
#[derive(Debug)]
pub struct Lane {
    shard: usize,
    common: Arc<Common>,
    inbox: Mutex<Inbox>,
    bell: Condvar,
    written: Mutex<Written>,
    /// Held while the file is synced: the system tells of a failure only once.
    syncing: Mutex<()>,
    failed: AtomicBool,
    /// The stream has lost what was not written; only another base makes up for it.
    lost: AtomicBool,
    /// Bytes of the file that is written.
    pub size: AtomicU64,
}

/// What the thread itself holds.
struct Open {
    file: DiskFile,
    len: u64,
    records: u64,
    taker: Taker,
}

impl Lane {
    pub fn new(shard: usize, common: Arc<Common>) -> Self {
        Self {
            shard,
            common,
            inbox: Mutex::default(),
            bell: Condvar::new(),
            written: Mutex::default(),
            syncing: Mutex::default(),
            failed: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            size: AtomicU64::new(0),
        }
    }

    /// Gives the writer another file. The shard's token is held.
    pub fn roll(&self, roll: Roll) {
        self.inbox.lock().rolls.push_back(roll);
        self.ring();
    }

    /// Lets the writer look around.
    pub fn ring(&self) {
        self.inbox.lock().rung = true;
        self.bell.notify_all();
    }

    /// Takes back [`Lane::stop`], before another thread runs.
    pub fn open(&self) {
        *self.inbox.lock() = Inbox::default();
        *self.written.lock() = Written::default();
        self.failed.store(false, Ordering::Release);
        self.size.store(0, Ordering::Relaxed);
    }

    /// Makes the thread write and sync what there is, and end.
    pub fn stop(&self) {
        self.inbox.lock().stop = true;
        self.bell.notify_all();
    }

    /// True where the stream has lost what was not written.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Bytes that are written and not surely on disk.
    pub fn unsynced_bytes(&self) -> u64 {
        self.written.lock().bytes
    }

    /// Syncs what is written.
    pub fn sync(&self) -> io::Result<()> {
        let _syncing = self.syncing.lock();
        if self.failed.load(Ordering::Acquire) {
            return Err(io::Error::other("the file has to be healed first"));
        }
        let (file, count, turn) = {
            let written = self.written.lock();
            let Some(file) = written.file.clone().filter(|_| written.complete > 0) else {
                return Ok(());
            };
            (file, written.complete, written.turn)
        };
        let began = Instant::now();
        file.pass("log-sync");
        let result = file.sync();
        file.pass("log-synced");
        if began.elapsed() > Duration::from_secs(2) {
            self.common.delayed.fetch_add(1, Ordering::Relaxed);
        }
        if let Err(error) = result {
            self.fail(&error);
            return Err(error);
        }
        let written = self.written.lock();
        if written.turn == turn {
            self.settle(written, count);
        }
        Ok(())
    }

    /// Takes the first `count` pieces for synced.
    fn settle(&self, mut written: MutexGuard<'_, Written>, count: usize) {
        let mut shared = Vec::new();
        let mut offset = None;
        for one in (0..count).map_while(|_| written.unsynced.pop_front()).collect::<Vec<_>>() {
            written.len += one.bytes;
            written.records += one.records;
            written.bytes -= one.bytes;
            written.complete = written.complete.saturating_sub(1);
            shared.extend(one.shared);
            offset = Some(one.next);
        }
        drop(written);
        let Some(offset) = offset else { return };
        let Common { shards, horizon, is_slow, .. } = &*self.common;
        shards.backlog(self.shard).set_logged(offset);
        horizon.advance(self.shard, offset, shared);
        if is_slow.load(Ordering::Acquire) {
            shards.take(self.shard).stream.trim_logged();
        }
    }

    fn fail(&self, error: &io::Error) {
        self.failed.store(true, Ordering::Release);
        self.common.note(self.shard, Some(reason(error)));
        self.ring();
    }

    /// The thread: writes until it is told to stop.
    pub fn run(self: Arc<Self>) {
        let this = self.clone();
        let backlog = self.common.shards.backlog(self.shard).clone();
        let subscription = backlog.subscribe(Arc::new(move || this.ring()));
        let mut open: Option<Open> = None;
        // How many replies shared the last sync, and how many had asked for one by then.
        let (mut shared_by, mut asked) = (0, 0);
        let mut sync_took = Duration::ZERO;
        loop {
            if self.failed.load(Ordering::Acquire) && !self.heal(open.as_mut()) {
                if self.inbox.lock().stop {
                    return;
                }
                self.sleep(Some(RETRY));
                continue;
            }
            let is_always = self.common.policy() == Policy::Always;
            if is_always && shared_by > 1 {
                self.gather(asked + shared_by, (sync_took / SHARE_PARTS).min(SHARE_MAX));
            }
            let asked_now = self.common.horizon.asked();
            match self.write_some(open.as_mut()) {
                Ok(true) => {
                    (shared_by, asked) = (asked_now - asked, asked_now);
                    let too_much = self.written.lock().bytes > UNSYNCED_BYTES_MAX;
                    if is_always {
                        let began = Instant::now();
                        // A failure is noted, and seen in the next round.
                        let _ = self.sync();
                        sync_took = began.elapsed();
                    } else {
                        if too_much {
                            self.common.kick();
                        }
                        self.sleep(Some(GATHER));
                    }
                    continue;
                }
                Ok(false) => {}
                Err(error) => {
                    self.fail(&error);
                    continue;
                }
            }
            let next = self.next_roll(open.as_ref());
            if let Some(roll) = next {
                // The file before has to be whole once there is something in the next.
                if self.sync().is_ok() || self.is_lost() {
                    open = Some(self.turn(roll, &backlog));
                } else {
                    self.inbox.lock().rolls.push_front(roll);
                }
                continue;
            }
            if self.inbox.lock().stop {
                // A failure is noted.
                let _ = self.sync();
                return;
            }
            if !subscription.arm_unless_armed() {
                // Something may have come just before.
                continue;
            }
            self.sleep(None);
        }
    }

    /// Lets replies gather that can share a sync, as many as shared the last one.
    fn gather(&self, enough: u64, at_most: Duration) {
        let until = Instant::now() + at_most;
        while self.common.horizon.asked() < enough && Instant::now() < until {
            std::thread::sleep(SHARE_STEP);
        }
    }

    /// Sleeps until somebody rings, or for so long.
    fn sleep(&self, at_most: Option<Duration>) {
        let mut inbox = self.inbox.lock();
        if at_most.is_some() {
            // Whoever rings only because there is more to write may wait.
            if let Some(at_most) = at_most.filter(|_| !inbox.stop && inbox.rolls.is_empty()) {
                self.bell.wait_for(&mut inbox, at_most);
            }
            return;
        }
        while !inbox.rung && !inbox.stop {
            self.bell.wait(&mut inbox);
        }
        inbox.rung = false;
    }

    /// The first frame that is to be in the next file, if there is to be one.
    fn next_file_from(&self) -> Option<u64> {
        self.inbox.lock().rolls.front().map(|roll| roll.from)
    }

    /// The next file, once everything before it is written.
    fn next_roll(&self, open: Option<&Open>) -> Option<Roll> {
        let mut inbox = self.inbox.lock();
        let first = inbox.rolls.front()?;
        let is_due = open.is_none_or(|open| open.taker.next_offset() >= first.from) || self.is_lost();
        if is_due { inbox.rolls.pop_front() } else { None }
    }

    /// Goes on with another file.
    fn turn(&self, roll: Roll, backlog: &Arc<crate::log::Backlog>) -> Open {
        let Roll { file, twin, len, records, from } = roll;
        file.pass("log-roll");
        let mut written = self.written.lock();
        *written = Written { file: Some(twin), turn: written.turn + 1, len, records, ..Written::default() };
        drop(written);
        self.size.store(len, Ordering::Relaxed);
        if self.lost.swap(false, Ordering::AcqRel) {
            self.recovered();
        }
        Open { file, len, records, taker: Taker::at(backlog.clone(), from) }
    }

    /// Writes some of what there is; whether there was anything.
    fn write_some(&self, open: Option<&mut Open>) -> io::Result<bool> {
        let Some(open) = open else { return Ok(false) };
        let mut pieces = Vec::new();
        let mut bytes = 0;
        while pieces.len() < PIECES_MAX && bytes < WRITE_BYTES {
            match open.taker.take(WRITE_BYTES) {
                Ok(Some(piece)) => {
                    // Asked afterwards: a file is given before anything that it is to hold can be taken.
                    if let Some(from) = self.next_file_from()
                        && piece.next > from
                    {
                        let backlog = self.common.shards.backlog(self.shard).clone();
                        open.taker = Taker::at(backlog, from);
                        break;
                    }
                    bytes += piece.bytes().len();
                    pieces.push(piece);
                }
                Ok(None) => break,
                Err(gone @ (Gone::Inactive | Gone::Trimmed { .. })) if pieces.is_empty() => {
                    if !self.lost.swap(true, Ordering::AcqRel) {
                        self.common.note(self.shard, Some(gone.to_string()));
                        self.common.kick();
                    }
                    return Ok(false);
                }
                Err(_) => break,
            }
        }
        if pieces.is_empty() {
            return Ok(false);
        }
        // What is taken is remembered first: where writing it fails, it is written again.
        let keep = self.common.policy() != Policy::No;
        {
            let mut written = self.written.lock();
            for piece in &pieces {
                let is_record = !piece.bytes().is_empty();
                let size = record::RECORD_HEADER_BYTES + piece.bytes().len();
                let size = if is_record { size as u64 } else { 0 };
                written.bytes += size;
                written.unsynced.push_back(Unsynced {
                    next: piece.next,
                    bytes: size,
                    records: u64::from(is_record),
                    shared: piece.shared.to_vec(),
                    piece: Some(piece.clone()),
                });
            }
        }
        self.write_records(open, &pieces)?;
        self.written.lock().complete += pieces.len();
        if !keep {
            self.forget(pieces.len());
        }
        Ok(true)
    }

    /// Lets go of the pieces that were written last: nobody syncs them soon.
    fn forget(&self, count: usize) {
        let mut written = self.written.lock();
        let mut next = None;
        for _ in 0..count {
            let Some(mut last) = written.unsynced.pop_back() else { break };
            last.piece = None;
            match &mut next {
                None => next = Some(last),
                Some(Unsynced { bytes, records, shared, .. }) => {
                    *bytes += last.bytes;
                    *records += last.records;
                    last.shared.append(shared);
                    *shared = last.shared;
                }
            }
        }
        let Some(mut joined) = next else { return };
        let offset = joined.next;
        if let Some(back) = written.unsynced.back_mut().filter(|back| back.piece.is_none()) {
            back.next = joined.next;
            back.bytes += joined.bytes;
            back.records += joined.records;
            back.shared.append(&mut joined.shared);
        } else {
            written.unsynced.push_back(joined);
        }
        written.complete = written.unsynced.len();
        drop(written);
        let shards = &self.common.shards;
        shards.backlog(self.shard).set_logged(offset);
        if self.common.is_slow.load(Ordering::Acquire) {
            shards.take(self.shard).stream.trim_logged();
        }
    }

    fn write_records(&self, open: &mut Open, pieces: &[Piece]) -> io::Result<()> {
        let pieces: Vec<&Piece> = pieces.iter().filter(|piece| !piece.bytes().is_empty()).collect();
        if pieces.is_empty() {
            return Ok(());
        }
        let headers: Vec<_> = pieces
            .iter()
            .zip(open.records..)
            .map(|(piece, number)| {
                record::record_header(piece.bytes(), number, piece.frames, piece.shared.len() as u32)
            })
            .collect();
        let mut parts: Vec<_> = headers
            .iter()
            .zip(&pieces)
            .flat_map(|(header, piece)| record::slices(header, piece.bytes()))
            .collect();
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        open.file.pass("log-write");
        open.file.write_parts(&mut parts)?;
        open.file.pass("log-written");
        open.len += bytes as u64;
        open.records += pieces.len() as u64;
        self.size.store(open.len, Ordering::Relaxed);
        Ok(())
    }

    /// Cuts the file back to what is surely on disk, and writes anew what followed. Whether that worked.
    fn heal(&self, open: Option<&mut Open>) -> bool {
        let Some(open) = open else {
            self.recovered();
            return true;
        };
        let (pieces, len, records) = {
            let mut written = self.written.lock();
            // A sync that is under way tells nothing of what is written now.
            (written.turn, written.complete) = (written.turn + 1, 0);
            let pieces: Option<Vec<Piece>> = written.unsynced.iter().map(|one| one.piece.clone()).collect();
            match pieces {
                Some(pieces) => (pieces, written.len, written.records),
                // With appendfsync no some of it is gone from memory: the file ends with what is written.
                None => {
                    let kept = written.unsynced.iter().filter(|one| one.piece.is_none());
                    let (bytes, records) =
                        kept.fold((0, 0), |sum, one| (sum.0 + one.bytes, sum.1 + one.records));
                    let pieces = written.unsynced.iter().filter_map(|one| one.piece.clone()).collect();
                    (pieces, written.len + bytes, written.records + records)
                }
            }
        };
        let result = open.file.truncate(len).and_then(|()| {
            (open.len, open.records) = (len, records);
            pieces.chunks(PIECES_MAX).try_for_each(|pieces| self.write_records(open, pieces))?;
            open.file.sync()
        });
        match result {
            Ok(()) => {
                let written = self.written.lock();
                let count = written.unsynced.len();
                self.settle(written, count);
                self.recovered();
                true
            }
            Err(error) => {
                self.common.note(self.shard, Some(reason(&error)));
                false
            }
        }
    }

    fn recovered(&self) {
        self.failed.store(false, Ordering::Release);
        self.common.note(self.shard, None);
    }
}

/// What the system says of an error, without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
