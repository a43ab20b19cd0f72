//! What went wrong, in full.

use kevy_core::api::Error;

use crate::boundary::quietly;
use crate::bytes::kevy_bytes;
use crate::handle::{self, Opaque};
use crate::status::{self, KEVY_ERROR_INVALID_ARGUMENT, kevy_status};

/// Why a call failed. The caller owns it and frees it; any number of threads may read it.
pub struct kevy_error {
    _opaque: [u8; 0],
}

impl Opaque for kevy_error {
    type Body = ();
    type Shared = Error;
    const TAG: u32 = u32::from_le_bytes(*b"kerr");
    const NAME: &'static str = "kevy_error";
}

/// The same call may succeed later without any change by the caller.
pub const KEVY_FLAG_RETRIABLE: u32 = 1;
/// The handle cannot be used again: free it and make another.
pub const KEVY_FLAG_FATAL: u32 = 2;

/// Makes an error for the caller.
pub fn make(error: Error) -> *mut kevy_error {
    handle::make(error, ())
}

/// The status that came with the error; KEVY_ERROR_INVALID_ARGUMENT where `error` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_error_status(error: *const kevy_error) -> kevy_status {
    // SAFETY: the caller passes NULL or a live handle.
    quietly(KEVY_ERROR_INVALID_ARGUMENT, || match unsafe { handle::peek(error) } {
        Some(error) => status::of(error.kind()),
        None => KEVY_ERROR_INVALID_ARGUMENT,
    })
}

/// A sentence for people that names what was wrong, in UTF-8; borrowed from `error`, and without a NUL at its end.
/// Empty where `error` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_error_message(error: *const kevy_error) -> kevy_bytes {
    // SAFETY: the caller passes NULL or a live handle.
    quietly(kevy_bytes::NONE, || match unsafe { handle::peek(error) } {
        Some(error) => kevy_bytes::of(error.message().as_bytes()),
        None => kevy_bytes::NONE,
    })
}

/// KEVY_FLAG_RETRIABLE and KEVY_FLAG_FATAL as they apply; 0 where `error` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_error_flags(error: *const kevy_error) -> u32 {
    // SAFETY: the caller passes NULL or a live handle.
    quietly(0, || match unsafe { handle::peek(error) } {
        Some(error) => {
            let kind = error.kind();
            u32::from(kind.is_retriable()) * KEVY_FLAG_RETRIABLE
                + u32::from(kind.is_fatal()) * KEVY_FLAG_FATAL
        }
        None => 0,
    })
}

/// Frees an error; NULL is left alone.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_error_free(error: *mut kevy_error) {
    handle::free(error);
}
