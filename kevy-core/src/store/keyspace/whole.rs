//! What concerns whole databases: flushing and swapping them.

use super::Keyspace;
use super::evict::Pool;
use super::read::is_hidden;

impl Keyspace {
    /// Removes every key of a database at once; the memory is freed by [`free_some`](Self::free_some), or once
    /// no walk needs the keys any more. Returns how many keys there were.
    pub fn flush(&mut self, db: usize) -> usize {
        let Some(records) = self.databases.get_mut(db) else { return 0 };
        let records = std::mem::take(records);
        let count = records.len();
        if self.is_observed {
            let seed = &self.seed;
            self.watchers
                .touch_if(|watched_db, key| watched_db == db && records.find(seed.hash(key), key).is_some());
        }
        if let Some(records) = self.walks.detach(db, records) {
            self.garbage.bury_records(records);
        }
        self.update_observed();
        count
    }

    /// Removes every key of every database. Returns how many keys there were.
    pub fn flush_all(&mut self) -> usize {
        (0..self.databases.len()).map(|db| self.flush(db)).sum()
    }

    /// Takes over the keys of a keyspace that was filled apart, in place of its own. Both have the same seed and
    /// the same number of databases.
    pub fn adopt(&mut self, mut other: Self) {
        self.flush_all();
        if self.is_observed {
            let seed = &self.seed;
            self.watchers.touch_if(|db, key| {
                other.databases.get(db).is_some_and(|records| records.find(seed.hash(key), key).is_some())
            });
            self.update_observed();
        }
        self.databases = std::mem::take(&mut other.databases);
        // What looked fit to go is gone, and its database may be too.
        self.pool = Pool::default();
    }

    /// Exchanges the keys of two databases.
    pub fn swap_db(&mut self, a: usize, b: usize, now: u64) {
        if a == b || a.max(b) >= self.databases_max {
            return;
        }
        self.open_database(a.max(b));
        if self.is_observed {
            let (databases, seed) = (&self.databases, &self.seed);
            self.watchers.touch_if(|db, key| {
                let hash = seed.hash(key);
                // What is due is as good as gone.
                let is_there = |&db: &usize| {
                    let records = &databases[db];
                    records.find(hash, key).is_some_and(|at| !is_hidden(records.get(at), now))
                };
                (db == a || db == b) && [a, b].iter().any(is_there)
            });
            self.walks.swap(a, b);
            self.update_observed();
        }
        self.databases.swap(a, b);
    }
}
