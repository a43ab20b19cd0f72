//! Settings by name.

use kevy_core::api::{Options, Result};

use crate::boundary;
use crate::bytes::kevy_bytes;
use crate::error::kevy_error;
use crate::handle::{self, Opaque};
use crate::status::{KEVY_OK, kevy_status};

/// Settings for what is about to be started or opened. One thread at a time.
pub struct kevy_options {
    _opaque: [u8; 0],
}

impl Opaque for kevy_options {
    type Body = Options;
    type Shared = ();
    const TAG: u32 = u32::from_le_bytes(*b"kopt");
    const NAME: &'static str = "kevy_options";
}

/// A copy of the options that a caller passed, the defaults where it passed NULL.
///
/// # Safety
/// `options` is NULL or points to a live handle.
pub unsafe fn copy(options: *const kevy_options) -> Result<Options> {
    if options.is_null() {
        return Ok(Options::new());
    }
    // SAFETY: passed on to the caller.
    unsafe { handle::exclusive(options, |options| Ok(options.clone())) }
}

/// Makes options that are all at their default: no port, one shard for each core. Free them with
/// kevy_options_free(), at once after use if you like: what is started or opened with them keeps a copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_options_new(
    out: *mut *mut kevy_options,
    err: *mut *mut kevy_error,
) -> kevy_status {
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((out, "out"), err, |out| handle::give(out, (), Options::new())) }
}

/// Sets one option. Names and values are those of redis.conf, such as "maxmemory" and "1gb".
/// KEVY_ERROR_INVALID_OPTION tells what the option takes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_options_set(
    options: *mut kevy_options,
    name: kevy_bytes,
    value: kevy_bytes,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = || {
        // SAFETY: the caller passes readable views.
        let (name, value) = unsafe { (name.read_text("name")?, value.read_text("value")?) };
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::exclusive(options, |options| options.set(name, value)) }?;
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// Frees options; NULL is left alone.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_options_free(options: *mut kevy_options) {
    handle::free(options);
}
