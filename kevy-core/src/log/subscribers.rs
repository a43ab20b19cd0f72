//! Waking whoever waits for something to change, for one load where nobody does.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use parking_lot::Mutex;

/// What wakes a waiter. It must be quick, must not block and must not subscribe or unsubscribe.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Everybody who may want to be woken.
#[derive(Debug, Default)]
pub struct Subscribers {
    /// Set where at least one subscriber is armed.
    armed: AtomicBool,
    list: Mutex<Vec<Arc<Subscriber>>>,
}

struct Subscriber {
    armed: AtomicBool,
    wake: Wake,
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber").field("armed", &self.armed).finish_non_exhaustive()
    }
}

impl Subscribers {
    /// Adds a subscriber, until what is returned is dropped. It is woken only after [`Subscription::arm`].
    pub fn subscribe(self: &Arc<Self>, wake: Wake) -> Subscription {
        let me = Arc::new(Subscriber { armed: AtomicBool::new(false), wake });
        self.list.lock().push(Arc::clone(&me));
        Subscription { all: Arc::clone(self), me }
    }

    /// Wakes every armed subscriber once. What they shall find must have been published before.
    #[inline]
    pub fn notify(&self) {
        // Orders the caller's publication before the load; `arm` has the other half.
        fence(Ordering::SeqCst);
        if self.armed.load(Ordering::Relaxed) {
            self.wake_armed();
        }
    }

    #[cold]
    fn wake_armed(&self) {
        self.armed.store(false, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        for subscriber in self.list.lock().iter() {
            if subscriber.armed.swap(false, Ordering::AcqRel) {
                (subscriber.wake)();
            }
        }
    }
}

/// One subscriber's side.
#[derive(Debug)]
pub struct Subscription {
    all: Arc<Subscribers>,
    me: Arc<Subscriber>,
}

impl Subscription {
    /// Asks to be woken by the next notification. The caller must look once more for what it waits for after
    /// this call, since it may have happened just before.
    pub fn arm(&self) {
        self.me.armed.store(true, Ordering::Relaxed);
        // A notifier that sees the common flag must see this subscriber's own.
        fence(Ordering::SeqCst);
        self.all.armed.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// As [`Subscription::arm`]; true where the wish stood already, so that nothing can have been missed since.
    pub fn arm_unless_armed(&self) -> bool {
        let stands = self.me.armed.load(Ordering::Acquire);
        if !stands {
            self.arm();
        }
        stands
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.all.list.lock().retain(|other| !Arc::ptr_eq(other, &self.me));
    }
}
