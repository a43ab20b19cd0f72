//! Choosing what goes when memory is short: random samples, of which the best are remembered for the next time, as
//! in Redis since 3.0.

use super::{Dropped, Keyspace, Reason, access};
use crate::store::entry::Entry;
use crate::store::limits::{Limits, Policy};

const POOL_SIZE: usize = 16;
/// Rounds of sampling without a key found before giving up.
const ROUNDS_MAX: usize = 16;

/// A key that looked fit to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Candidate {
    /// The higher, the sooner it goes.
    score: u64,
    db: usize,
    hash: u64,
}

/// The best candidates seen, in ascending order of score.
#[derive(Debug, Default)]
pub(super) struct Pool {
    candidates: Vec<Candidate>,
}

impl Pool {
    pub(super) fn memory(&self) -> usize {
        self.candidates.capacity() * size_of::<Candidate>()
    }

    fn offer(&mut self, candidate: Candidate) {
        let is_known = |known: &Candidate| known.db == candidate.db && known.hash == candidate.hash;
        if self.candidates.iter().any(is_known) {
            return;
        }
        if self.candidates.len() == POOL_SIZE {
            if candidate.score <= self.candidates[0].score {
                return;
            }
            self.candidates.remove(0);
        }
        if self.candidates.capacity() == 0 {
            self.candidates.reserve_exact(POOL_SIZE);
        }
        let place = self.candidates.partition_point(|known| known.score < candidate.score);
        self.candidates.insert(place, candidate);
    }
}

fn score(entry: &Entry, now: u64, limits: &Limits) -> u64 {
    match limits.policy {
        Policy::VolatileTtl => entry.expire_at().map_or(0, |at| u64::MAX - at),
        policy if policy.is_lfu() => u64::from(255 - access::frequency(entry.access(), now, limits)),
        _ => access::idle_seconds(entry.access(), now),
    }
}

impl Keyspace {
    /// Removes the key that the policy chooses, and returns how many bytes go with it, now or by and by in
    /// [`free_some`](Self::free_some). `None` if no key may go. What went is in [`drops`](Self::drops).
    pub fn evict_one(&mut self, now: u64) -> Option<usize> {
        self.notice(now);
        let (db, hash) = match self.limits.policy {
            Policy::NoEviction => return None,
            Policy::AllkeysRandom | Policy::VolatileRandom => self.any_candidate()?,
            _ => self.best_candidate(now)?,
        };
        let is_volatile = self.limits.policy.is_volatile();
        let seed = &self.seed;
        let at = self.databases[db].table().find(hash, |entry| fits(entry, hash, is_volatile, seed))?;
        let entry = self.databases[db].get(at);
        let (bytes, key) = (entry.memory(), entry.key().into());
        self.delete_at(db, at);
        self.drops.push(Dropped::Key { db, key, reason: Reason::Evicted });
        Some(bytes)
    }

    fn any_candidate(&mut self) -> Option<(usize, u64)> {
        let is_volatile = self.limits.policy.is_volatile();
        for _ in 0..self.databases.len() * ROUNDS_MAX {
            let db = self.next_db % self.databases.len();
            self.next_db = db + 1;
            let records = &self.databases[db];
            let entry = if is_volatile {
                records.random_timed(&mut self.rng).filter(|entry| entry.expire_at().is_some())
            } else {
                records.table().random(&mut self.rng)
            };
            if let Some(entry) = entry {
                return Some((db, self.seed.hash(entry.key())));
            }
        }
        self.rare_candidate()
    }

    /// A key that expires, where samples found none among many hashes of which only fields expire.
    fn rare_candidate(&self) -> Option<(usize, u64)> {
        let (db, records) = self.databases.iter().enumerate().find(|(_, records)| records.expiring() > 0)?;
        let entry = records.iter().find(|entry| entry.expire_at().is_some())?;
        self.limits.policy.is_volatile().then(|| (db, self.seed.hash(entry.key())))
    }

    fn best_candidate(&mut self, now: u64) -> Option<(usize, u64)> {
        for _ in 0..ROUNDS_MAX {
            self.sample(now);
            while let Some(best) = self.pool.candidates.pop() {
                let is_volatile = self.limits.policy.is_volatile();
                let table = self.databases[best.db].table();
                let seed = &self.seed;
                if table.find(best.hash, |entry| fits(entry, best.hash, is_volatile, seed)).is_some() {
                    return Some((best.db, best.hash));
                }
            }
        }
        self.rare_candidate()
    }

    fn sample(&mut self, now: u64) {
        for (db, records) in self.databases.iter().enumerate() {
            let mut offer = |entry: &Entry| {
                let hash = self.seed.hash(entry.key());
                self.pool.offer(Candidate { score: score(entry, now, &self.limits), db, hash });
            };
            if self.limits.policy.is_volatile() {
                for _ in 0..self.limits.samples {
                    let entry = records.random_timed(&mut self.rng);
                    entry.filter(|entry| entry.expire_at().is_some()).into_iter().for_each(&mut offer);
                }
            } else {
                records.table().sample(&mut self.rng, self.limits.samples).for_each(&mut offer);
            }
        }
    }
}

/// Whether an entry is the one that was remembered and may still go.
fn fits(entry: &Entry, hash: u64, is_volatile: bool, seed: &crate::store::Seed) -> bool {
    seed.hash(entry.key()) == hash && (!is_volatile || entry.expire_at().is_some())
}
