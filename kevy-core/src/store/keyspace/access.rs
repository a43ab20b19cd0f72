//! The access field: when a key was last used, or how often (Redis's approximated LRU and LFU).

use crate::store::entry::ACCESS_MASK;
use crate::store::limits::Limits;

/// What a new key starts with, so that it is not the first to go.
const LFU_INITIAL: u32 = 5;

/// Seconds, in 24 bits.
#[inline]
fn lru_clock(now: u64) -> u32 {
    (now / 1_000) as u32 & ACCESS_MASK
}

/// Minutes, in 16 bits.
#[inline]
fn lfu_clock(now: u64) -> u32 {
    (now / 60_000) as u32 & 0xFFFF
}

/// The access field of a new key.
#[inline]
pub(super) fn initial(now: u64, limits: &Limits) -> u32 {
    if limits.policy.is_lfu() { lfu_clock(now) << 8 | LFU_INITIAL } else { lru_clock(now) }
}

/// The access field of a key that is used at `now`.
#[inline]
pub(super) fn touched(access: u32, now: u64, limits: &Limits, rng: &mut fastrand::Rng) -> u32 {
    if limits.policy.is_lfu() {
        let count = frequency(access, now, limits);
        lfu_clock(now) << 8 | increment(count, limits, rng)
    } else {
        lru_clock(now)
    }
}

/// Seconds since the last use.
pub(super) fn idle_seconds(access: u32, now: u64) -> u64 {
    u64::from(lru_clock(now).wrapping_sub(access) & ACCESS_MASK)
}

/// The logarithmic count of uses, 0 to 255, less what it lost since the last one.
pub(super) fn frequency(access: u32, now: u64, limits: &Limits) -> u32 {
    let elapsed = lfu_clock(now).wrapping_sub(access >> 8) & 0xFFFF;
    let lost = elapsed.checked_div(limits.lfu_decay_minutes).unwrap_or(0);
    (access & 0xFF).saturating_sub(lost)
}

/// The access field of a key that was idle for so long, for `RESTORE IDLETIME`.
pub(super) fn of_idle_seconds(seconds: u64, now: u64) -> u32 {
    lru_clock(now).wrapping_sub(seconds.min(u64::from(ACCESS_MASK)) as u32) & ACCESS_MASK
}

/// The access field of a key of this frequency, for `RESTORE FREQ`.
pub(super) fn of_frequency(frequency: u8, now: u64) -> u32 {
    lfu_clock(now) << 8 | u32::from(frequency)
}

fn increment(count: u32, limits: &Limits, rng: &mut fastrand::Rng) -> u32 {
    if count == 255 {
        return count;
    }
    let base = f64::from(count.saturating_sub(LFU_INITIAL));
    let chance = 1.0 / (base * f64::from(limits.lfu_log_factor) + 1.0);
    count + u32::from(rng.f64() < chance)
}
