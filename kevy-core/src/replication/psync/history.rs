//! The names of the merged stream's history, as PSYNC knows them.

use crate::base::random::Random;

/// Forty hexadecimal digits.
pub type ReplicationId = [u8; 40];

/// No history.
pub const NONE: ReplicationId = [b'0'; 40];

/// The history that is recorded, and the one that it continues.
#[derive(Debug)]
pub struct History {
    pub id: ReplicationId,
    /// The id under which the history was known before a promotion, [`NONE`] without one.
    pub before: ReplicationId,
    /// How many bytes the earlier history and this one share.
    pub shared: u64,
    random: Random,
}

impl History {
    pub fn new(mut random: Random) -> Self {
        Self { id: random.hex_id(), before: NONE, shared: 0, random }
    }

    /// What is recorded from now on continues nothing.
    pub fn renew(&mut self) {
        self.id = self.random.hex_id();
        (self.before, self.shared) = (NONE, 0);
    }

    /// What is recorded from now on continues the history `id`, of which there are `shared` bytes.
    pub fn succeed(&mut self, id: ReplicationId, shared: u64) {
        (self.before, self.shared) = (id, shared);
        self.id = self.random.hex_id();
    }

    /// Whether a replica that knows `id` and has `offset` bytes of it has a beginning of this history.
    pub fn continues(&self, id: &[u8], offset: u64) -> bool {
        id == self.id || id == self.before && self.before != NONE && offset <= self.shared
    }

    /// `second_repl_offset`: the first byte that only this history has, -1 where there was no other.
    pub fn second_offset(&self) -> i64 {
        if self.before == NONE { -1 } else { i64::try_from(self.shared + 1).unwrap_or(i64::MAX) }
    }
}
