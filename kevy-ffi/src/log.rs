//! The library's own messages.

use std::ffi::c_void;
use std::panic;
use std::sync::{Arc, Once};

use kevy_core::api::{Error, ErrorKind, log};

use crate::boundary;
use crate::bytes::kevy_bytes;
use crate::error::kevy_error;
use crate::status::{KEVY_OK, kevy_status};

/// A callback: `ctx` is what was given with it.
pub type kevy_fn = Option<unsafe extern "C" fn(ctx: *mut c_void)>;

/// Takes a message of the library: `level` is one of KEVY_LOG_*, `message` is UTF-8 and good until it returns. It
/// is called from any thread, also from several at once and in the middle of the library's work: it must return soon
/// and call no function of kevy.
pub type kevy_log_fn = Option<unsafe extern "C" fn(ctx: *mut c_void, level: i32, message: kevy_bytes)>;

/// Something failed and somebody has to act.
pub const KEVY_LOG_ERROR: i32 = 1;
/// Something is wrong and the library goes on.
pub const KEVY_LOG_WARNING: i32 = 2;
/// A change of state: started, stopped, a replica attached.
pub const KEVY_LOG_INFO: i32 = 3;
/// What only helps to find a defect.
pub const KEVY_LOG_DEBUG: i32 = 4;

/// A host's context, and what the host wants called once nothing uses it any more.
#[derive(Debug)]
pub struct Context {
    ctx: *mut c_void,
    drop: kevy_fn,
}

// SAFETY: the host says with every callback that its context may be used from any thread.
unsafe impl Send for Context {}
// SAFETY: as above; nothing here changes the pointer.
unsafe impl Sync for Context {}

impl Context {
    /// Takes the context over.
    pub fn new(ctx: *mut c_void, drop: kevy_fn) -> Self {
        Self { ctx, drop }
    }

    /// What to pass to the host's callback.
    pub fn get(&self) -> *mut c_void {
        self.ctx
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            // SAFETY: the host gave function and context together for this one call.
            unsafe { drop(self.ctx) };
        }
    }
}

/// Names the function that gets the library's messages up to `level_max`, for the whole process; NULL for silence,
/// which is how a process begins. `drop`, which may be NULL, is called with `ctx` once the function is replaced and
/// no thread is inside of it; at once where `function` is NULL or this call fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_log_set(
    function: kevy_log_fn,
    ctx: *mut c_void,
    drop: kevy_fn,
    level_max: i32,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let context = Context::new(ctx, drop);
    let work = move || {
        let level_max = level(level_max)?;
        let sink = function.map(|function| -> Arc<log::Sink> {
            Arc::new(move |level: log::Level, text: &str| {
                // SAFETY: the host gave function and context together, for calls from any thread.
                unsafe { function(context.get(), level as i32, kevy_bytes::of(text.as_bytes())) };
            })
        });
        log::set(sink, level_max);
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// Sends the text of a panic to the log instead of the host's standard error, from the first handle on.
pub fn catch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|panic| log::write(log::Level::Error, format_args!("defect: {panic}"))));
    });
}

fn level(number: i32) -> Result<log::Level, Error> {
    match number {
        KEVY_LOG_ERROR => Ok(log::Level::Error),
        KEVY_LOG_WARNING => Ok(log::Level::Warning),
        KEVY_LOG_INFO => Ok(log::Level::Info),
        KEVY_LOG_DEBUG => Ok(log::Level::Debug),
        _ => Err(Error::new(ErrorKind::InvalidArgument, format!("level_max is {number}: it is 1 to 4"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_the_numbers_of_the_core() {
        for number in KEVY_LOG_ERROR..=KEVY_LOG_DEBUG {
            assert_eq!(level(number).map(|level| level as i32), Ok(number));
        }
        assert!(level(0).is_err());
    }
}
