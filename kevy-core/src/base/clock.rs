//! Time, injected so that the simulation and the tests can move it.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

/// A source of wall-clock time. Read once per turn or call and passed down as `now`.
pub trait Clock: Send + Sync + Debug {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;

    /// As [`Clock::now_ms`], in a third of the time: it lags by some milliseconds, and never runs ahead.
    fn rough_ms(&self) -> u64 {
        self.now_ms()
    }

    /// Microseconds since the Unix epoch, exact.
    fn now_us(&self) -> u64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

fn read(clock: libc::clockid_t) -> libc::timespec {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec that the call only writes to.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time
}

#[cfg(target_os = "linux")]
const ROUGH: libc::clockid_t = libc::CLOCK_REALTIME_COARSE;
#[cfg(not(target_os = "linux"))]
const ROUGH: libc::clockid_t = libc::CLOCK_REALTIME;

fn ms(time: libc::timespec) -> u64 {
    time.tv_sec as u64 * 1_000 + time.tv_nsec as u64 / 1_000_000
}

impl Clock for SystemClock {
    #[inline]
    fn now_ms(&self) -> u64 {
        ms(read(libc::CLOCK_REALTIME))
    }

    #[inline]
    fn rough_ms(&self) -> u64 {
        ms(read(ROUGH))
    }

    fn now_us(&self) -> u64 {
        let time = read(libc::CLOCK_REALTIME);
        time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock standing at `ms` milliseconds since the Unix epoch.
    pub fn new(ms: u64) -> Self {
        Self(AtomicU64::new(ms))
    }

    /// Moves the clock forward by `ms` milliseconds.
    pub fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn now_us(&self) -> u64 {
        self.now_ms() * 1_000
    }
}
