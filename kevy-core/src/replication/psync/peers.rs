//! The replicas that speak PSYNC, as INFO shows them and WAIT counts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::log::Subscribers;

/// How far a replica is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// It waits for its whole copy to begin.
    Waiting,
    /// It is sent a whole copy.
    Copying,
    Online,
}

impl Stage {
    /// As INFO names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "wait_bgsave",
            Self::Copying => "send_bulk",
            Self::Online => "online",
        }
    }
}

/// One replica.
#[derive(Clone, Debug)]
pub struct PeerInfo {
    number: u64,
    pub ip: String,
    pub port: u16,
    pub stage: Stage,
    /// Bytes of the stream that it has taken, and that it has on disk.
    pub acked: u64,
    pub durable: u64,
    /// When it last said so (Unix milliseconds).
    pub acked_ms: u64,
    /// When it last had everything that there was.
    pub whole_ms: u64,
}

impl PeerInfo {
    /// Seconds since it was last heard of.
    pub fn lag_seconds(&self, now: u64) -> u64 {
        now.saturating_sub(self.acked_ms) / 1000
    }
}

/// All of them, in the order in which they came.
#[derive(Debug)]
pub struct Peers {
    all: Mutex<Vec<PeerInfo>>,
    count: AtomicUsize,
    numbers: AtomicUsize,
    acks: Arc<Subscribers>,
}

impl Peers {
    /// None yet. `acks` are told of every acknowledgement, and of those who come and go.
    pub fn new(acks: Arc<Subscribers>) -> Self {
        Self { all: Mutex::default(), count: AtomicUsize::new(0), numbers: AtomicUsize::new(0), acks }
    }

    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Adds one, and returns the number by which it is known here.
    pub fn add(&self, ip: String, port: u16, now: u64) -> u64 {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) as u64;
        let stage = Stage::Waiting;
        let mut all = self.all.lock();
        all.push(PeerInfo { number, ip, port, stage, acked: 0, durable: 0, acked_ms: now, whole_ms: now });
        self.count.store(all.len(), Ordering::Release);
        number
    }

    pub fn remove(&self, number: u64) {
        let mut all = self.all.lock();
        all.retain(|peer| peer.number != number);
        self.count.store(all.len(), Ordering::Release);
        drop(all);
        self.acks.notify();
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut PeerInfo)) {
        if let Some(peer) = self.all.lock().iter_mut().find(|peer| peer.number == number) {
            change(peer);
        }
        self.acks.notify();
    }

    pub fn set_stage(&self, number: u64, stage: Stage, now: u64) {
        self.change(number, |peer| {
            peer.stage = stage;
            peer.acked_ms = now;
        });
    }

    /// The replica is known to have so much of the stream, though it did not say so.
    pub fn set_acked(&self, number: u64, acked: u64) {
        self.change(number, |peer| peer.acked = acked);
    }

    /// The replica has said what it has, and perhaps what of it is on disk, of `end` bytes that there are.
    pub fn acknowledge(&self, number: u64, acked: u64, durable: Option<u64>, (end, now): (u64, u64)) {
        self.change(number, |peer| {
            peer.acked = peer.acked.max(acked);
            peer.durable = peer.durable.max(durable.unwrap_or_default());
            peer.acked_ms = now;
            if acked >= end {
                peer.whole_ms = now;
            }
        });
    }

    /// How many are online and have `offset` bytes, on disk where `durable` says so.
    pub fn at_least(&self, offset: u64, durable: bool) -> usize {
        let has = |peer: &&PeerInfo| {
            peer.stage == Stage::Online && if durable { peer.durable } else { peer.acked } >= offset
        };
        self.all.lock().iter().filter(has).count()
    }

    pub fn list(&self) -> Vec<PeerInfo> {
        self.all.lock().clone()
    }
}
