//! Waiting in-process: callers sleep until something they look for has come, or they are interrupted.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::base::{Error, ErrorKind, Result};

/// The in-process callers of one runtime that wait now.
#[derive(Debug, Default)]
pub struct Events {
    waiting: Mutex<Vec<Arc<Bell>>>,
    /// Those that do not wait but are told.
    told: Mutex<Vec<Arc<Bell>>>,
}

/// What is called when there may be something for a session.
#[derive(Clone)]
pub struct Waker(Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}

impl Waker {
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(wake))
    }
}

/// Wakes one session, and can end its waits.
#[derive(Debug, Default)]
pub struct Bell {
    interrupted: AtomicBool,
    rung: Mutex<bool>,
    changed: Condvar,
    waker: Mutex<Option<Waker>>,
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
        let waker = self.waker.lock().clone();
        if let Some(Waker(wake)) = waker {
            wake();
        }
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
        self.told.lock().iter().for_each(|bell| bell.ring());
    }

    /// Calls `waker` from now on whenever `bell` is rung, or nothing where there is none.
    pub fn tell(&self, bell: &Arc<Bell>, waker: Option<Waker>) {
        let mut told = self.told.lock();
        told.retain(|other| !Arc::ptr_eq(other, bell));
        if waker.is_some() {
            told.push(bell.clone());
        }
        *bell.waker.lock() = waker;
    }

    /// As [`Events::tell`] of nothing, for a bell that may never have been told.
    pub fn leave(&self, bell: &Arc<Bell>) {
        if bell.waker.lock().is_some() {
            self.tell(bell, None);
        }
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
