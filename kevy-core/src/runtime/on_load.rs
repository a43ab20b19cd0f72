//! Telling a host how far reading from disk has come.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

/// How many parts of the whole are told of, about.
const STEPS: u64 = 1000;

/// What a host wants called with the bytes read and those of all files.
pub type Call = dyn Fn(u64, u64) + Send + Sync;

/// A host's function, called by one thread at a time and with numbers that grow.
#[derive(Clone)]
pub struct OnLoad {
    call: Arc<Call>,
    told: Arc<Mutex<Told>>,
}

/// What was told last.
#[derive(Default)]
struct Told {
    total: u64,
    next: u64,
    is_whole: bool,
}

impl OnLoad {
    pub fn new(call: Arc<Call>) -> Self {
        Self { call, told: Arc::default() }
    }

    /// Begins anew, for another start.
    pub fn begin(&self) {
        *self.told.lock() = Told::default();
    }

    /// Notes how far reading has come. A thread that finds another one telling goes on, unless this is the end.
    pub fn advance(&self, read: u64, total: u64) {
        if total == 0 {
            return;
        }
        let is_whole = read >= total;
        let told = if is_whole { Some(self.told.lock()) } else { self.told.try_lock() };
        let Some(mut told) = told else { return };
        if told.is_whole || read < told.next {
            return;
        }
        if told.total == 0 && read > 0 {
            (self.call)(0, total);
        }
        *told = Told { total, next: read.saturating_add((total / STEPS).max(1)), is_whole };
        (self.call)(read.min(total), total);
    }

    /// Tells that everything was read, where anything was told and that was not: a last part may hold nothing to be applied.
    pub fn end(&self) {
        let mut told = self.told.lock();
        if told.total > 0 && !told.is_whole {
            told.is_whole = true;
            (self.call)(told.total, told.total);
        }
    }
}

impl fmt::Debug for OnLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnLoad")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(steps: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let calls: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
        let into = calls.clone();
        let on_load = OnLoad::new(Arc::new(move |read, total| into.lock().push((read, total))));
        on_load.begin();
        steps.iter().for_each(|(read, total)| on_load.advance(*read, *total));
        on_load.end();
        let calls = calls.lock();
        calls.clone()
    }

    #[test]
    fn it_hears_of_the_beginning_and_of_the_end_once() {
        assert_eq!(told(&[]), []);
        assert_eq!(told(&[(9, 9)]), [(0, 9), (9, 9)]);
        assert_eq!(told(&[(3, 9), (2, 9), (9, 9), (9, 9)]), [(0, 9), (3, 9), (9, 9)]);
        assert_eq!(told(&[(3, 9)]), [(0, 9), (3, 9), (9, 9)]);
    }

    #[test]
    fn small_steps_of_much_are_not_told() {
        let steps: Vec<(u64, u64)> = (1..=100_000).map(|read| (read, 100_000)).collect();
        let calls = told(&steps);
        assert!((900..=1002).contains(&calls.len()), "{}", calls.len());
        assert!(calls.is_sorted());
        assert_eq!(calls.last(), Some(&(100_000, 100_000)));
    }
}
