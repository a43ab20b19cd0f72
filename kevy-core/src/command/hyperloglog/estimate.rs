//! From elements to registers, and from registers to an estimate.
//!
//! An element's hash is MurmurHash64A, as the public domain code of Austin Appleby defines it. The estimate is that of
//! Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6.

use super::sketch::REGISTERS;

/// Bits of a hash that choose a register.
const INDEX_BITS: u32 = REGISTERS.trailing_zeros();
/// Bits of a hash whose zeros are counted.
const RANK_BITS: usize = 64 - INDEX_BITS as usize;
/// The seed that Redis hashes elements with.
const SEED: u64 = 0xadc8_3b19;
/// 1 / (2 ln 2), the limit of the paper's constant for many registers.
const ALPHA: f64 = std::f64::consts::LOG2_E / 2.0;

/// How many registers hold each value.
pub type Histogram = [u32; 64];

/// The register of an element, and the value that it must at least hold.
pub fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur_64a(element, SEED);
    let index = hash as usize % REGISTERS;
    let rank = (hash >> INDEX_BITS | 1 << RANK_BITS).trailing_zeros() + 1;
    (index, rank as u8)
}

fn murmur_64a(bytes: &[u8], seed: u64) -> u64 {
    const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
    const SHIFT: u32 = 47;
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word).wrapping_mul(FACTOR);
        let word = (word ^ word >> SHIFT).wrapping_mul(FACTOR);
        hash = (hash ^ word).wrapping_mul(FACTOR);
    }
    if !tail.is_empty() {
        let word = tail.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        hash = (hash ^ word).wrapping_mul(FACTOR);
    }
    hash = (hash ^ hash >> SHIFT).wrapping_mul(FACTOR);
    hash ^ hash >> SHIFT
}

/// About how many elements made the registers what they are. Registers that no elements can have made may give more than
/// an `i64` holds, which is 2^63 as in Redis.
pub fn estimate(histogram: &Histogram) -> u64 {
    let registers = REGISTERS as f64;
    let of = |value: usize| f64::from(histogram[value]);
    let mut sum = registers * tau((registers - of(RANK_BITS + 1)) / registers);
    for value in (1..=RANK_BITS).rev() {
        sum = (sum + of(value)) * 0.5;
    }
    sum += registers * sigma(of(0) / registers);
    let estimate = (ALPHA * registers * registers / sum).round();
    if estimate < (1u64 << 63) as f64 { estimate as u64 } else { 1 << 63 }
}

/// The paper's σ: what registers that hold nothing add.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut factor, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * factor;
        factor += factor;
        if before == sum {
            return sum;
        }
    }
}

/// The paper's τ: what registers add that hold the most.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut factor, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = sum;
        factor *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * factor;
        if before == sum {
            return sum / 3.0;
        }
    }
}
