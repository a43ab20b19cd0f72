//! The latency monitor: the times at which something took longer than `latency-monitor-threshold`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// Spikes kept of each event, one a second at most.
const SPIKES_MAX: usize = 160;

/// What is known of one kind of event.
#[derive(Clone, Debug, Default)]
pub struct LatencyEvent {
    /// Unix seconds and milliseconds of each spike, oldest first.
    pub spikes: VecDeque<(u64, u64)>,
    /// The longest ever, in milliseconds.
    pub max_ms: u64,
}

/// Spikes by event: `command`, `fast-command`, `expire-cycle`, `eviction-cycle`.
#[derive(Debug, Default)]
pub struct LatencyMonitor {
    /// In milliseconds; 0 for off.
    threshold_ms: AtomicU64,
    events: Mutex<BTreeMap<&'static str, LatencyEvent>>,
}

impl LatencyMonitor {
    pub fn set_threshold(&self, ms: u64) {
        self.threshold_ms.store(ms, Ordering::Relaxed);
    }

    /// Milliseconds from which something is an event; 0 for never.
    #[inline]
    pub fn threshold_ms(&self) -> u64 {
        self.threshold_ms.load(Ordering::Relaxed)
    }

    /// Notes that `event` took `ms` milliseconds, if that is long enough.
    pub fn note(&self, event: &'static str, ms: u64, now_ms: u64) {
        let threshold = self.threshold_ms();
        if threshold == 0 || ms < threshold {
            return;
        }
        let mut events = self.events.lock();
        let event = events.entry(event).or_default();
        event.max_ms = event.max_ms.max(ms);
        let second = now_ms / 1_000;
        match event.spikes.back_mut() {
            Some((at, longest)) if *at == second => *longest = ms.max(*longest),
            _ => {
                if event.spikes.len() == SPIKES_MAX {
                    event.spikes.pop_front();
                }
                event.spikes.push_back((second, ms));
            }
        }
    }

    /// Every event with what is known of it.
    pub fn events(&self) -> Vec<(&'static str, LatencyEvent)> {
        self.events.lock().iter().map(|(name, event)| (*name, event.clone())).collect()
    }

    /// One event, in any case.
    pub fn event(&self, name: &[u8]) -> Option<(&'static str, LatencyEvent)> {
        self.events().into_iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Forgets the events that `names` lists, all of them where it is empty; how many that were.
    pub fn reset(&self, names: &[&[u8]]) -> usize {
        let mut events = self.events.lock();
        let before = events.len();
        events.retain(|known, _| {
            !names.is_empty() && !names.iter().any(|name| known.as_bytes().eq_ignore_ascii_case(name))
        });
        before - events.len()
    }
}
