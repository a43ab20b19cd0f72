//! Waking a thread that waits in its poll, at no cost while it is awake.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use mio::{Registry, Token, Waker};

use crate::base::signal::Ring;

/// One reactor's alarm. The reactor says when it is about to wait; the system is asked to wake it only then.
#[derive(Debug)]
pub struct Alarm {
    waker: Waker,
    parked: AtomicBool,
    signals: AtomicU32,
}

impl Alarm {
    /// An alarm that makes the poll of `registry` return with an event for `token`.
    pub fn new(registry: &Registry, token: Token) -> std::io::Result<Self> {
        Ok(Self {
            waker: Waker::new(registry, token)?,
            parked: AtomicBool::new(false),
            signals: AtomicU32::new(0),
        })
    }

    /// The owner is about to wait. False where signals are there already: then it must not wait.
    pub fn park(&self) -> bool {
        self.parked.store(true, Ordering::SeqCst);
        self.signals.load(Ordering::SeqCst) == 0
    }

    /// The owner is awake.
    pub fn unpark(&self) {
        self.parked.store(false, Ordering::Relaxed);
    }

    /// Takes back a signal whose cause the owner is about to look at.
    pub fn clear(&self, signal: u32) {
        self.signals.fetch_and(!signal, Ordering::AcqRel);
    }

    /// Takes the signals that have come since the last call.
    pub fn take_signals(&self) -> u32 {
        if self.signals.load(Ordering::Relaxed) == 0 { 0 } else { self.signals.swap(0, Ordering::AcqRel) }
    }
}

impl Ring for Alarm {
    #[inline]
    fn ring(&self, signal: u32) {
        // Set also where it is set already: the owner may be about to take it without having seen what was just
        // published, and this store makes it look again.
        self.signals.fetch_or(signal, Ordering::SeqCst);
        if self.parked.load(Ordering::SeqCst) && self.parked.swap(false, Ordering::AcqRel) {
            // A failure means that the poll is gone, and with it whoever would be woken.
            let _ = self.waker.wake();
        }
    }
}
