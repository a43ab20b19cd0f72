//! Waits for every key that a snapshot takes or brings, which `rdb-key-save-delay` and `key-load-delay` ask for so that whoever
//! tests a client can see a save or a load under way.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a wait looks whether it still has to be.
const LOOK: Duration = Duration::from_millis(10);

/// What is waited for each key.
#[derive(Debug, Default)]
pub struct Pace {
    saving: Delay,
    loading: Delay,
    /// The runtime stops, and nobody waits any more.
    is_over: AtomicBool,
}

/// Microseconds for each key; if negative, one for so many keys.
#[derive(Debug, Default)]
struct Delay(AtomicI32);

impl Delay {
    fn of(&self, keys: u64) -> Duration {
        let delay = i64::from(self.0.load(Ordering::Relaxed));
        let micros = match delay.unsigned_abs() {
            delay_us if delay > 0 => keys.saturating_mul(delay_us),
            keys_per_us => keys.checked_div(keys_per_us).unwrap_or_default(),
        };
        Duration::from_micros(micros)
    }
}

impl Pace {
    /// Takes the values of the two options.
    pub fn set(&self, saving: i32, loading: i32) {
        self.saving.0.store(saving, Ordering::Relaxed);
        self.loading.0.store(loading, Ordering::Relaxed);
    }

    /// Ends every wait, now and later.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    /// How long whoever has saved so many keys has to wait before the next one. May change from one call to the next.
    pub fn of_saving(&self, keys: u64) -> Duration {
        if self.is_over.load(Ordering::Acquire) { Duration::ZERO } else { self.saving.of(keys) }
    }

    /// Waits for keys that were saved, for as long as `goes_on` says so. The caller holds no token.
    pub fn wait_saved(&self, keys: u64, goes_on: &dyn Fn() -> bool) {
        self.wait(|| self.saving.of(keys), goes_on);
    }

    /// Waits for keys that were loaded. The caller holds no token.
    pub fn wait_loaded(&self, keys: u64) {
        self.wait(|| self.loading.of(keys), &|| true);
    }

    fn wait(&self, delay: impl Fn() -> Duration, goes_on: &dyn Fn() -> bool) {
        if delay().is_zero() {
            return;
        }
        let began = Instant::now();
        while !self.is_over.load(Ordering::Acquire) && goes_on() {
            let left = delay().saturating_sub(began.elapsed());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(LOOK));
        }
    }
}
