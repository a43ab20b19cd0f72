//! Tells a handle made before `fork` from one made after it.
//!
//! Threads do not survive `fork`, so a runtime's handles are dead in the child. A generation that the
//! child bumps makes that one comparison, far cheaper than asking for the process id.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static REGISTER: Once = Once::new();

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// The fork generation of the current process. Equal values mean that no `fork` lies between.
#[inline]
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Starts watching for `fork` and returns the current generation: call it when a handle is made.
pub fn watch() -> u32 {
    REGISTER.call_once(|| {
        // SAFETY: the handler only touches an atomic, which is async-signal-safe.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
    generation()
}
