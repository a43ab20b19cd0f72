//! Vectors as they are kept: plain, in bytes or in bits.
//!
//! What is kept can be read and kept again without a change, so that a copy made element by element equals its
//! original. Distances are those of the cosine: 0 for the same direction, 2 for the opposite one.

/// How the components of vectors are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantization {
    /// `NOQUANT`: as 32-bit floats.
    None,
    /// `Q8`: as signed bytes of which 127 stands for the largest component.
    #[default]
    Bytes,
    /// `BIN`: as their signs.
    Bits,
}

/// The highest magnitude of a component in bytes.
const BYTE_MAX: f32 = 127.0;

/// A vector.
#[derive(Clone, Debug)]
pub enum Vector {
    Floats {
        components: Box<[f32]>,
        norm: f32,
    },
    /// `range` is the magnitude that 127 stands for, `norm` that of the bytes.
    Bytes {
        components: Box<[i8]>,
        range: f32,
        norm: f32,
    },
    /// One bit for each component, set where it is positive.
    Bits {
        words: Box<[u64]>,
        dim: u32,
    },
}

impl Vector {
    /// Keeps finite `components`.
    pub fn new(components: &[f32], quantization: Quantization) -> Self {
        match quantization {
            Quantization::None => {
                let square: f64 = components.iter().map(|c| f64::from(*c) * f64::from(*c)).sum();
                Self::Floats { components: components.into(), norm: square.sqrt() as f32 }
            }
            Quantization::Bytes => {
                let range = components.iter().fold(0.0_f32, |max, c| max.max(c.abs()));
                let byte = |c: &f32| if range > 0.0 { (c / range * BYTE_MAX).round() as i8 } else { 0 };
                let components: Box<[i8]> = components.iter().map(byte).collect();
                let norm = (dot_bytes(&components, &components) as f32).sqrt();
                Self::Bytes { components, range, norm }
            }
            Quantization::Bits => {
                let word = |chunk: &[f32]| {
                    chunk.iter().enumerate().fold(0, |word, (at, c)| word | u64::from(*c > 0.0) << at)
                };
                Self::Bits { words: components.chunks(64).map(word).collect(), dim: components.len() as u32 }
            }
        }
    }

    /// The components, as far as they were kept.
    pub fn components(&self) -> Vec<f32> {
        match self {
            Self::Floats { components, .. } => components.to_vec(),
            Self::Bytes { components, range, .. } => {
                // The largest component is exactly the range, from which the same bytes follow again.
                let component = |byte: &i8| match byte {
                    127 => *range,
                    -127 => -range,
                    byte => f32::from(*byte) * (range / BYTE_MAX),
                };
                components.iter().map(component).collect()
            }
            Self::Bits { words, dim } => {
                let is_set =
                    |at: u32| words.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1);
                (0..*dim).map(|at| if is_set(at) { 1.0 } else { -1.0 }).collect()
            }
        }
    }

    /// The length of the vector that is kept.
    pub fn norm(&self) -> f32 {
        match self {
            Self::Floats { norm, .. } => *norm,
            Self::Bytes { range, norm, .. } => norm * (range / BYTE_MAX),
            Self::Bits { dim, .. } => (*dim as f32).sqrt(),
        }
    }

    /// What `VEMB RAW` shows of the vector of length 1: its bytes and, where they are quantized, the range of them.
    pub fn raw(&self) -> (Vec<u8>, Option<f32>) {
        match self {
            Self::Floats { components, norm } => {
                let unit = |c: &f32| if *norm > 0.0 { c / norm } else { *c };
                (components.iter().flat_map(|c| unit(c).to_le_bytes()).collect(), None)
            }
            Self::Bytes { components, norm, .. } => {
                let range = if *norm > 0.0 { BYTE_MAX / norm } else { 0.0 };
                (components.iter().map(|byte| *byte as u8).collect(), Some(range))
            }
            Self::Bits { words, .. } => (words.iter().flat_map(|word| word.to_le_bytes()).collect(), None),
        }
    }

    /// Bytes allocated.
    pub fn memory(&self) -> usize {
        match self {
            Self::Floats { components, .. } => size_of_val(&**components),
            Self::Bytes { components, .. } => components.len(),
            Self::Bits { words, .. } => size_of_val(&**words),
        }
    }

    /// The distance of two vectors of the same dimension and form. One without a direction is at distance 1 to all.
    pub fn distance(&self, other: &Self) -> f32 {
        let (dot, norms) = match (self, other) {
            (Self::Floats { components: a, norm: m }, Self::Floats { components: b, norm: n }) => {
                (dot_floats(a, b), m * n)
            }
            (Self::Bytes { components: a, norm: m, .. }, Self::Bytes { components: b, norm: n, .. }) => {
                (dot_bytes(a, b) as f32, m * n)
            }
            (Self::Bits { words: a, dim }, Self::Bits { words: b, .. }) => {
                let opposite: u32 = a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum();
                return 2.0 * opposite as f32 / *dim as f32;
            }
            _ => return 1.0,
        };
        let cosine = dot / norms;
        if cosine.is_finite() { (1.0 - cosine).clamp(0.0, 2.0) } else { 1.0 }
    }
}

fn dot_bytes(a: &[i8], b: &[i8]) -> i32 {
    // 65,536 products of at most 127 * 127 fit.
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// Sums in eight lanes, which compilers turn into vector instructions.
fn dot_floats(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0.0_f32; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// Reduces a vector to `dim` components, each a sum with the signs of a row of Hadamard's matrix.
pub fn project(input: &[f32], dim: usize) -> Vec<f32> {
    let scale = 1.0 / (input.len() as f32).sqrt();
    let row = |row: usize| {
        let signed = |(at, c): (usize, &f32)| if (row & at).count_ones().is_multiple_of(2) { *c } else { -c };
        input.iter().enumerate().map(signed).sum::<f32>() * scale
    };
    (0..dim).map(row).collect()
}
