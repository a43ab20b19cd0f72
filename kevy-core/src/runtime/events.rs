//! Waiting in-process: callers sleep until something they look for has come, or they are interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::base::{Error, ErrorKind, Result};

/// The in-process callers of one runtime that wait now.
#[derive(Debug, Default)]
pub struct Events {
    waiting: Mutex<Vec<Arc<Bell>>>,
}

/// Wakes one session, and can end its waits.
#[derive(Debug, Default)]
pub struct Bell {
    interrupted: AtomicBool,
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    /// The wait under way, or else the next one, ends.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Release);
        self.ring();
    }

    /// The wait under way looks again.
    pub fn ring(&self) {
        *self.rung.lock() = true;
        self.changed.notify_all();
    }

    fn take_interrupt(&self) -> bool {
        self.interrupted.swap(false, Ordering::AcqRel)
    }

    /// Sleeps until it is rung; false where the deadline passed first.
    fn sleep(&self, deadline: Option<Instant>) -> bool {
        let mut rung = self.rung.lock();
        while !*rung {
            match deadline {
                None => self.changed.wait(&mut rung),
                Some(deadline) if self.changed.wait_until(&mut rung, deadline).timed_out() => return false,
                Some(_) => {}
            }
        }
        *rung = false;
        true
    }
}

impl Events {
    /// Makes every waiting caller look again.
    pub fn announce(&self) {
        self.waiting.lock().iter().for_each(|bell| bell.ring());
    }

    /// Waits until `look` finds something; `None` when the deadline has passed.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`].
    pub fn wait<T>(
        &self,
        deadline: Option<Instant>,
        bell: &Arc<Bell>,
        look: impl FnMut() -> Option<T>,
    ) -> Result<Option<T>> {
        self.waiting.lock().push(bell.clone());
        let waited = Self::wait_for(deadline, bell, look);
        self.waiting.lock().retain(|waiting| !Arc::ptr_eq(waiting, bell));
        waited
    }

    fn wait_for<T>(
        deadline: Option<Instant>,
        bell: &Bell,
        mut look: impl FnMut() -> Option<T>,
    ) -> Result<Option<T>> {
        loop {
            if bell.take_interrupt() {
                return Err(Error::new(ErrorKind::Interrupted, "the wait was interrupted"));
            }
            if let Some(found) = look() {
                return Ok(Some(found));
            }
            if !bell.sleep(deadline) {
                return Ok(look());
            }
        }
    }
}
