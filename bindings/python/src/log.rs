//! The engine's messages, kept until a Python thread fetches them: core threads never call Python.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, TryLockError};

use kevy_core::api::log::{self, Level};
use pyo3::prelude::*;

/// Messages that wait at most; more are counted and dropped.
const WAITING_MAX: usize = 1024;
/// How often a thread that must not wait tries to get at the queue.
const ATTEMPTS_MAX: usize = 1000;

#[derive(Debug)]
struct Queue {
    messages: VecDeque<(Level, String)>,
    lost: u64,
    is_open: bool,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue { messages: VecDeque::new(), lost: 0, is_open: false });
static ARRIVED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The queue, unless whoever holds it does not let go: in a forked child, that thread may not exist.
fn lock_soon() -> Option<MutexGuard<'static, Queue>> {
    for _ in 0..ATTEMPTS_MAX {
        match QUEUE.try_lock() {
            Ok(queue) => return Some(queue),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

fn put(level: Level, text: &str) {
    let Some(mut queue) = lock_soon() else { return };
    if queue.messages.len() < WAITING_MAX {
        queue.messages.push_back((level, text.to_owned()));
    } else {
        queue.lost += 1;
    }
    ARRIVED.notify_one();
}

/// Begins to keep the engine's messages, with those for finding defects where `debug`. False where that cannot be.
#[pyfunction]
pub fn log_open(debug: bool) -> bool {
    let Some(mut queue) = lock_soon() else { return false };
    queue.is_open = true;
    drop(queue);
    log::set(Some(Arc::new(put)), if debug { Level::Debug } else { Level::Info });
    true
}

/// Stops keeping messages; `log_next` gives None from then on.
#[pyfunction]
pub fn log_close(py: Python<'_>) {
    log::set(None, Level::Error);
    py.detach(|| lock().is_open = false);
    ARRIVED.notify_all();
}

/// The next message and its level in Python's terms, waiting for it; None once closed.
#[pyfunction]
pub fn log_next(py: Python<'_>) -> Option<(u8, String)> {
    py.detach(|| {
        let mut queue = lock();
        loop {
            if queue.lost > 0 {
                let lost = std::mem::take(&mut queue.lost);
                return Some((
                    30,
                    format!("{lost} messages were lost: they came faster than they were fetched"),
                ));
            }
            if let Some((level, text)) = queue.messages.pop_front() {
                let number = match level {
                    Level::Error => 40,
                    Level::Warning => 30,
                    Level::Info => 20,
                    Level::Debug => 10,
                };
                return Some((number, text));
            }
            if !queue.is_open {
                return None;
            }
            queue = ARRIVED.wait(queue).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    })
}
