//! How times are distributed: counts in buckets whose width grows with the time.

/// Buckets for each power of two: times are known to about 3 %.
const STEPS: usize = 32;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Longer times count as this long.
const NANOS_MAX: u64 = 1_000_000_000;
const BUCKETS: usize = bucket_of(NANOS_MAX) + 1;

/// Counts of times up to a second.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Box<[u64; BUCKETS]>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: Box::new([0; BUCKETS]), total: 0 }
    }
}

const fn bucket_of(nanos: u64) -> usize {
    if nanos < STEPS as u64 {
        return nanos as usize;
    }
    let nanos = if nanos > NANOS_MAX { NANOS_MAX } else { nanos };
    let shift = nanos.ilog2() - STEP_BITS;
    (shift as usize + 1) * STEPS + (nanos >> shift) as usize - STEPS
}

/// The longest time that a bucket stands for.
const fn upper_end(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let shift = bucket / STEPS - 1;
    (((STEPS + bucket % STEPS) as u64 + 1) << shift) - 1
}

impl Histogram {
    /// Counts `times` commands that took `nanos`.
    pub fn record(&mut self, nanos: u64, times: u64) {
        self.counts[bucket_of(nanos)] += times;
        self.total += times;
    }

    /// Adds what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts[..]) {
            *count += more;
        }
        self.total += other.total;
    }

    /// How many were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The time in nanoseconds that `percent` of a hundred were not longer than.
    pub fn percentile(&self, percent: f64) -> u64 {
        let wanted = ((percent.clamp(0.0, 100.0) / 100.0 * self.total as f64) + 0.5).max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper_end(bucket);
            }
        }
        upper_end(BUCKETS - 1)
    }

    /// Microseconds with the number of times that were not longer, at each power of two that adds some.
    pub fn cumulative(&self) -> Vec<(u64, u64)> {
        let mut shown = Vec::new();
        let (mut bucket, mut seen, mut before) = (0, 0, 0);
        let mut end_ns = 1_024;
        while before < self.total {
            while bucket < BUCKETS && upper_end(bucket) <= end_ns {
                seen += self.counts[bucket];
                bucket += 1;
            }
            if seen > before {
                shown.push((end_ns / 1_000, seen));
                before = seen;
            }
            if bucket == BUCKETS {
                break;
            }
            end_ns *= 2;
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_lies_in_the_bucket_that_ends_at_or_behind_it() {
        for nanos in (0..100_000).chain([1 << 20, 999_999_999, NANOS_MAX]) {
            let bucket = bucket_of(nanos);
            assert!(upper_end(bucket) >= nanos, "{nanos}");
            assert!(bucket == 0 || upper_end(bucket - 1) < nanos, "{nanos}");
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_and_sums_follow_from_the_counts() {
        let mut histogram = Histogram::default();
        (1..=100).for_each(|us| histogram.record(us * 1_000, 1));
        let near = |percent: f64, us: f64| {
            let found = histogram.percentile(percent) as f64 / 1_000.0;
            assert!((found - us).abs() <= us * 0.04, "p{percent} is {found}");
        };
        near(50.0, 50.0);
        near(99.0, 99.0);
        near(100.0, 100.0);
        near(0.0, 1.0);
        let cumulative = histogram.cumulative();
        assert_eq!(cumulative.last(), Some(&(131, 100)));
        assert!(cumulative.is_sorted());
        assert_eq!(Histogram::default().cumulative(), []);
    }
}
