//! How often and for how long each command ran.
//!
//! Calls are counted one by one. Reading the clock costs more than that, so of a command that has run often one call in
//! sixteen is timed, and the calls up to the next one count as lasting as long. [`super::Monitoring::times_all`] has all timed.

use std::time::Instant;

use super::Histogram;

/// So many calls of each command are timed one by one.
const EXACT_CALLS: u64 = 1_024;
/// Then one in so many, a power of two.
const SAMPLE_EVERY: u64 = 16;

/// One command.
#[derive(Clone, Debug, Default)]
pub struct CommandStat {
    pub calls: u64,
    /// What all calls but the untimed ones took, in nanoseconds.
    timed_ns: u64,
    /// Calls since the last timed one, and how long that took.
    untimed: u64,
    last_ns: u64,
    histogram: Option<Histogram>,
}

/// What one shard has counted of every command, by its number.
#[derive(Clone, Debug, Default)]
pub struct CommandStats {
    rows: Vec<CommandStat>,
}

impl CommandStat {
    /// What all calls took, in nanoseconds.
    pub fn nanos(&self) -> u64 {
        self.timed_ns + self.untimed * self.last_ns
    }

    /// How their times are distributed; `None` where that is not tracked.
    pub fn histogram(&self) -> Option<Histogram> {
        let mut histogram = self.histogram.clone()?;
        histogram.record(self.last_ns, self.untimed);
        Some(histogram).filter(|histogram| histogram.total() > 0)
    }

    fn settle(&mut self) {
        self.timed_ns += self.untimed * self.last_ns;
        if let Some(histogram) = &mut self.histogram
            && self.untimed > 0
        {
            histogram.record(self.last_ns, self.untimed);
        }
        self.untimed = 0;
    }

    fn add(&mut self, other: &Self) {
        self.settle();
        self.calls += other.calls;
        self.timed_ns += other.nanos();
        if let Some(more) = other.histogram() {
            self.histogram.get_or_insert_default().add(&more);
        }
    }
}

impl CommandStats {
    /// Counts a call of the command `number`, and gives its start where it is timed.
    #[inline]
    pub fn begin(&mut self, number: usize, times_all: bool) -> Option<Instant> {
        if number >= self.rows.len() {
            self.grow(number);
        }
        let row = &mut self.rows[number];
        row.calls += 1;
        if row.calls > EXACT_CALLS && !row.calls.is_multiple_of(SAMPLE_EVERY) && !times_all {
            row.untimed += 1;
            return None;
        }
        Some(Instant::now())
    }

    #[cold]
    fn grow(&mut self, number: usize) {
        self.rows.resize_with(number + 1, CommandStat::default);
    }

    /// Notes how long a call took that was timed; `tracks` says whether the distribution is kept.
    pub fn end(&mut self, number: usize, nanos: u64, tracks: bool) {
        let Some(row) = self.rows.get_mut(number) else { return };
        row.settle();
        row.timed_ns += nanos;
        row.last_ns = nanos;
        if tracks {
            row.histogram.get_or_insert_default().record(nanos, 1);
        } else {
            row.histogram = None;
        }
    }

    /// Takes back the call that began last, because it is tried again later.
    pub fn cancel(&mut self, number: usize, was_timed: bool) {
        let Some(row) = self.rows.get_mut(number) else { return };
        row.calls = row.calls.saturating_sub(1);
        if !was_timed {
            row.untimed = row.untimed.saturating_sub(1);
        }
    }

    /// Adds what another shard has counted.
    pub fn add(&mut self, other: &Self) {
        if self.rows.len() < other.rows.len() {
            self.rows.resize_with(other.rows.len(), CommandStat::default);
        }
        for (row, more) in self.rows.iter_mut().zip(&other.rows) {
            row.add(more);
        }
    }

    /// Every command that was called, with its number.
    pub fn called(&self) -> impl Iterator<Item = (usize, &CommandStat)> {
        self.rows.iter().enumerate().filter(|(_, row)| row.calls > 0)
    }

    /// One command, if it was ever looked at.
    pub fn get(&self, number: usize) -> Option<&CommandStat> {
        self.rows.get(number)
    }

    /// All calls of all commands.
    pub fn calls(&self) -> u64 {
        self.rows.iter().map(|row| row.calls).sum()
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untimed_calls_count_as_lasting_as_long_as_the_one_before() {
        let mut stats = CommandStats::default();
        let mut timed = 0;
        for _ in 0..EXACT_CALLS + 10 * SAMPLE_EVERY {
            if stats.begin(3, false).is_some() {
                timed += 1;
                stats.end(3, 1_000, true);
            }
        }
        assert_eq!(timed, EXACT_CALLS + 10);
        let row = stats.get(3).unwrap();
        assert_eq!(row.nanos(), row.calls * 1_000);
        assert_eq!(row.histogram().unwrap().total(), row.calls);
        let mut sum = CommandStats::default();
        sum.add(&stats);
        sum.add(&stats);
        let both = sum.get(3).unwrap();
        assert_eq!((both.calls, both.nanos()), (2 * row.calls, 2 * row.nanos()));
        assert_eq!(both.histogram().unwrap().total(), both.calls);
        assert_eq!(sum.called().count(), 1);
    }
}
