//! Randomness, injected so that the simulation can repeat a run from its seed.
//!
//! Never used for secrets: identities and samples only.

use std::hash::{BuildHasher, RandomState};

/// A source of random numbers owned by one shard, session or link.
#[derive(Clone, Debug)]
pub struct Random(fastrand::Rng);

impl Random {
    /// The same seed gives the same numbers.
    pub fn with_seed(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Seeded by the operating system, differently in every process and at every call.
    pub fn from_system() -> Self {
        Self::with_seed(RandomState::new().hash_one(std::process::id()))
    }

    /// An independent source that continues from this one's state.
    pub fn fork(&mut self) -> Self {
        Self(self.0.fork())
    }

    /// Any `u64`.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number below `bound`, each equally likely; zero if `bound` is zero.
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { self.0.usize(..bound) }
    }

    /// A number from zero up to but without one.
    #[inline]
    pub fn unit_f64(&mut self) -> f64 {
        self.0.f64()
    }

    /// An identity such as a run id: `N` hexadecimal digits in lower case.
    pub fn hex_id<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| b"0123456789abcdef"[self.0.usize(..16)])
    }

    /// The identity of one history: 53 bits, so that every language's numbers hold it, and never zero.
    pub fn generation(&mut self) -> u64 {
        self.0.u64(1..1 << 53)
    }

    /// Puts `items` into random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        let draw = |mut random: Random| (random.hex_id::<40>(), random.generation(), random.below(1000));
        assert_eq!(draw(Random::with_seed(9)), draw(Random::with_seed(9)));
        assert_ne!(draw(Random::from_system()), draw(Random::from_system()));
    }

    #[test]
    fn identities_have_the_promised_shape() {
        let mut random = Random::from_system();
        assert!(random.hex_id::<40>().iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        for _ in 0..1000 {
            assert!((1..1 << 53).contains(&random.generation()));
            assert_eq!(random.below(1), 0);
        }
        assert_eq!(random.below(0), 0);
    }
}
