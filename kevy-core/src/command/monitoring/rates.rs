//! How much happens in a second, from totals noted ten times a second while something happens.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// Milliseconds between two notes.
const RATE_INTERVAL_MS: u64 = 100;
/// Rates are those of this many notes.
const NOTES_MAX: usize = 16;

/// Totals since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub commands: u64,
    pub input_bytes: u64,
    pub output_bytes: u64,
}

/// Totals at several times.
#[derive(Debug, Default)]
pub struct Rates {
    next_ms: AtomicU64,
    notes: Mutex<VecDeque<(u64, Totals)>>,
}

impl Rates {
    /// Whether it is time for [`Rates::note`].
    #[inline]
    pub fn is_due(&self, now_ms: u64) -> bool {
        now_ms >= self.next_ms.load(Ordering::Relaxed)
    }

    /// Notes the totals of this moment.
    pub fn note(&self, now_ms: u64, totals: Totals) {
        self.next_ms.store(now_ms + RATE_INTERVAL_MS, Ordering::Relaxed);
        let mut notes = self.notes.lock();
        if notes.len() == NOTES_MAX {
            notes.pop_front();
        }
        notes.push_back((now_ms, totals));
    }

    /// Commands, bytes in and bytes out in a second: from the notes of the last moments to `totals` now, from the
    /// last note where nothing was noted for longer.
    pub fn per_second(&self, now_ms: u64, totals: Totals) -> [f64; 3] {
        let window_ms = RATE_INTERVAL_MS * NOTES_MAX as u64;
        let notes = self.notes.lock();
        let recent = notes.iter().find(|(at, _)| at + window_ms >= now_ms && *at < now_ms);
        let Some((at, before)) = recent.or(notes.back()) else { return [0.0; 3] };
        let seconds = now_ms.saturating_sub(*at).max(1) as f64 / 1_000.0;
        let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        [
            rate(totals.commands, before.commands),
            rate(totals.input_bytes, before.input_bytes),
            rate(totals.output_bytes, before.output_bytes),
        ]
    }

    /// Forgets the notes.
    pub fn reset(&self) {
        self.notes.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_last_moments() {
        let rates = Rates::default();
        let at = |commands| Totals { commands, input_bytes: commands * 10, output_bytes: 0 };
        for note in 0..40 {
            let now = 1_000 + note * RATE_INTERVAL_MS;
            assert!(rates.is_due(now));
            rates.note(now, at(note * 50));
            assert!(!rates.is_due(now + 1));
        }
        let [commands, input, output] = rates.per_second(1_000 + 39 * RATE_INTERVAL_MS, at(39 * 50));
        assert_eq!((commands.round(), input.round(), output), (500.0, 5_000.0, 0.0));
        // Long after the last note it is an average since then.
        let later = 1_000 + 39 * RATE_INTERVAL_MS + 10_000;
        assert_eq!(rates.per_second(later, at(39 * 50 + 100))[0], 10.0);
    }
}
