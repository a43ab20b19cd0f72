//! Passwords as they are kept: the hexadecimal SHA-256 of each, never the password.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Hexadecimal digits of a hash.
const HEX_LEN: usize = 64;

/// The hash of one password, in lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash([u8; HEX_LEN]);

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hidden")
    }
}

impl Hash {
    /// The hash of `password`.
    pub fn of(password: &[u8]) -> Self {
        let mut text = [0; HEX_LEN];
        hex(&Sha256::digest(password), &mut text);
        Self(text)
    }

    /// A hash as it is written in rules: exactly 64 digits, letters in lower case.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text: [u8; HEX_LEN] = text.try_into().ok()?;
        text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).then_some(Self(text))
    }

    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// Compares in a time that tells nothing about where two hashes differ.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// Writes two lower-case digits for each byte, as many as fit.
fn hex(bytes: &[u8], into: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in into.chunks_mut(2).zip(bytes) {
        for (digit, half) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = DIGITS[usize::from(half)];
        }
    }
}

/// A password of so many random bits, as hexadecimal digits of which the last may carry fewer than four.
///
/// # Errors
/// Where the system has no random numbers to give.
pub fn generate(bits: usize) -> Result<Vec<u8>, getrandom::Error> {
    let digits = bits.div_ceil(4);
    let mut bytes = vec![0; digits.div_ceil(2)];
    getrandom::fill(&mut bytes)?;
    let mut text = vec![0; digits];
    hex(&bytes, &mut text);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_sha256() {
        // The second example of FIPS 180-2, and the empty text.
        let hash = Hash::of(b"abc");
        assert_eq!(hash.text(), b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let empty = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(Hash::parse(empty).expect("a hash").is_same(&Hash::of(b"")));
        assert!(!hash.is_same(&Hash::of(b"abd")));
    }

    #[test]
    fn only_lower_case_digits_are_a_hash() {
        let good = [b'a'; 64];
        assert!(Hash::parse(&good).is_some());
        for bad in [&good[1..], &[b'A'; 64], &[b'g'; 64], b"", &[b'a'; 65]] {
            assert!(Hash::parse(bad).is_none());
        }
    }

    #[test]
    fn generated_passwords_have_their_length_and_differ() {
        for (bits, digits) in [(1, 1), (4, 1), (5, 2), (256, 64), (4096, 1024)] {
            assert_eq!(generate(bits).expect("random bits").len(), digits);
        }
        assert_ne!(generate(256).expect("random bits"), generate(256).expect("random bits"));
    }
}
