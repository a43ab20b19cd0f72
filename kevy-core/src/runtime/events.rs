//! Waiting in-process: callers sleep until something they look for has come, or they are interrupted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::base::{Error, ErrorKind, Result};

/// Where in-process callers of one runtime wait. Events are rare, so one condition serves all.
#[derive(Debug, Default)]
pub struct Events {
    lock: Mutex<()>,
    changed: Condvar,
}

/// Ends one session's waits.
#[derive(Debug, Default)]
pub struct Interrupt(AtomicBool);

impl Interrupt {
    /// The wait under way, or else the next one, ends. Follow it with [`Events::announce`].
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}

impl Events {
    /// Makes every waiting caller look again.
    pub fn announce(&self) {
        // Taken so that no caller is between looking and sleeping.
        drop(self.lock.lock());
        self.changed.notify_all();
    }

    /// Waits until `look` finds something; `None` when the deadline has passed.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`].
    pub fn wait<T>(
        &self,
        deadline: Option<Instant>,
        interrupt: &Interrupt,
        mut look: impl FnMut() -> Option<T>,
    ) -> Result<Option<T>> {
        let mut guard = self.lock.lock();
        loop {
            if interrupt.take() {
                return Err(Error::new(ErrorKind::Interrupted, "the wait was interrupted"));
            }
            if let Some(found) = look() {
                return Ok(Some(found));
            }
            match deadline {
                None => self.changed.wait(&mut guard),
                Some(deadline) if self.changed.wait_until(&mut guard, deadline).timed_out() => {
                    return Ok(look());
                }
                Some(_) => {}
            }
        }
    }
}
