//! The secret that places keys in tables: whoever does not know it cannot make keys that collide.

use std::fmt;
use std::hash::Hasher;

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

/// Hashes keys and fields to 64 bits. One seed serves every shard of a process, so that a value can move from
/// one shard to another without rehashing its parts.
#[derive(Clone)]
pub struct Seed {
    shared: SharedSeed,
    own: u64,
}

impl Seed {
    /// The seed that follows from `secret`, which should be random and different in each process.
    pub fn new(secret: u64) -> Self {
        Self { shared: SharedSeed::from_u64(secret), own: secret.rotate_left(32) ^ 0x9E37_79B9_7F4A_7C15 }
    }

    /// The hash of `bytes`. All 64 bits are usable: tables take segments from the top and tags from the bottom.
    #[inline]
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.own, &self.shared);
        hasher.write(bytes);
        hasher.finish()
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}
