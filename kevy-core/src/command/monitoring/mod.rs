//! What a runtime keeps about its own work: how often and how long commands ran, what was slow, what failed.
//!
//! What is counted for every command is kept by the shard that ran it, without locks ([`CommandStats`]). What is rare,
//! such as a slow command or an error, goes to what all shards share.

mod faults;
mod histogram;
mod latency;
mod rates;
mod slow_log;
mod statistics;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::base::options::Options;

pub use faults::{Fault, Faults};
pub use histogram::Histogram;
pub use latency::{LatencyEvent, LatencyMonitor};
pub use rates::{Rates, Totals};
#[expect(unused_imports, reason = "MONITOR shows commands in the same way")]
pub use slow_log::redacted;
pub use slow_log::{SlowEntry, SlowLog};
pub use statistics::CommandStats;

/// Where every command faster than this many microseconds may be slow enough for the slow log, every one is timed.
const EXACT_BELOW_US: i64 = 1_000;

/// What all shards share of it.
#[derive(Debug)]
pub struct Monitoring {
    pub slow_log: SlowLog,
    pub latency: LatencyMonitor,
    pub faults: Mutex<Faults>,
    pub rates: Rates,
    /// Commands that ran under no token.
    pub elsewhere: Mutex<CommandStats>,
    /// A command that took this many nanoseconds is looked at more closely.
    noteworthy_ns: AtomicU64,
    times_all: AtomicBool,
    tracks: AtomicBool,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            slow_log: SlowLog::default(),
            latency: LatencyMonitor::default(),
            faults: Mutex::default(),
            rates: Rates::default(),
            elsewhere: Mutex::default(),
            noteworthy_ns: AtomicU64::new(u64::MAX),
            times_all: AtomicBool::new(false),
            tracks: AtomicBool::new(true),
        }
    }
}

impl Monitoring {
    /// Takes over the options that concern it.
    pub fn follow(&self, options: &Options) {
        let slower_than_us = options.slowlog_log_slower_than;
        self.slow_log.follow(slower_than_us, options.slowlog_max_len);
        self.latency.set_threshold(options.latency_monitor_threshold);
        self.tracks.store(options.latency_tracking, Ordering::Relaxed);
        let slow_ns = u64::try_from(slower_than_us).map_or(u64::MAX, |us| us.saturating_mul(1_000));
        let latent_ns = match options.latency_monitor_threshold {
            0 => u64::MAX,
            ms => ms.saturating_mul(1_000_000),
        };
        self.noteworthy_ns.store(slow_ns.min(latent_ns), Ordering::Relaxed);
        let is_exact = (0..EXACT_BELOW_US).contains(&slower_than_us) || latent_ns != u64::MAX;
        self.times_all.store(is_exact, Ordering::Relaxed);
    }

    /// Whether every command is timed, and not only some of those that run all the time.
    #[inline]
    pub fn times_all(&self) -> bool {
        self.times_all.load(Ordering::Relaxed)
    }

    /// Whether the distribution of times is kept (`latency-tracking`).
    #[inline]
    pub fn tracks(&self) -> bool {
        self.tracks.load(Ordering::Relaxed)
    }

    /// Whether a command that took so long may belong to the slow log or is an event of the latency monitor.
    #[inline]
    pub fn is_noteworthy(&self, nanos: u64) -> bool {
        nanos >= self.noteworthy_ns.load(Ordering::Relaxed)
    }
}
