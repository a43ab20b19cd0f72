//! What a call returns.

use std::ffi::{CStr, c_char};

use kevy_core::api::ErrorKind;

/// What a call returns: 0 or more is no failure, a negative number is one. Numbers are never reused.
pub type kevy_status = i32;

/// The call did what it says.
pub const KEVY_OK: kevy_status = 0;
/// The time limit passed and nothing had come. Not a failure: call again.
pub const KEVY_AGAIN: kevy_status = 1;
/// There is nothing more to come, ever.
pub const KEVY_END: kevy_status = 2;

/// An argument is outside what the function takes: NULL, a handle of another type, a number out of range.
pub const KEVY_ERROR_INVALID_ARGUMENT: kevy_status = -1;
/// An option's name or value is not known.
pub const KEVY_ERROR_INVALID_OPTION: kevy_status = -2;
/// A handle for one thread at a time is in use by another thread.
pub const KEVY_ERROR_BUSY: kevy_status = -3;
/// The runtime, session or replica was stopped or closed.
pub const KEVY_ERROR_CLOSED: kevy_status = -4;
/// The handle was made before `fork` and is used in the child.
pub const KEVY_ERROR_FORKED: kevy_status = -5;
/// An interrupt function ended the wait.
pub const KEVY_ERROR_INTERRUPTED: kevy_status = -6;
/// A defect of kevy was caught; the handle is poisoned and only good for its free function.
pub const KEVY_ERROR_PANIC: kevy_status = -7;
/// The operating system reported a failure.
pub const KEVY_ERROR_IO: kevy_status = -8;
/// The peer sent bytes that are not the protocol.
pub const KEVY_ERROR_PROTOCOL: kevy_status = -9;
/// The peer refused the credentials or the permission.
pub const KEVY_ERROR_AUTH: kevy_status = -10;
/// Memory could not be had, or `maxmemory` forbids it.
pub const KEVY_ERROR_OUT_OF_MEMORY: kevy_status = -11;
/// The peer or this build does not do what was asked.
pub const KEVY_ERROR_UNSUPPORTED: kevy_status = -12;
/// A time limit passed before the work was done.
pub const KEVY_ERROR_TIMEOUT: kevy_status = -13;
/// Stored or received bytes are damaged.
pub const KEVY_ERROR_CORRUPT: kevy_status = -14;
/// The key holds another type.
pub const KEVY_ERROR_WRONG_TYPE: kevy_status = -15;
/// Writes are refused here.
pub const KEVY_ERROR_READ_ONLY: kevy_status = -16;
/// The peer refused to serve a replica.
pub const KEVY_ERROR_REPLICA: kevy_status = -17;
/// The server answered a command with an error reply that no other number stands for.
pub const KEVY_ERROR_SERVER: kevy_status = -18;

/// The name of a status, such as "BUSY": a string that lives for ever. "UNKNOWN" for a number of a later version.
/// From any thread.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_status_name(status: kevy_status) -> *const c_char {
    name(status).as_ptr()
}

fn name(status: kevy_status) -> &'static CStr {
    match status {
        KEVY_OK => c"OK",
        KEVY_AGAIN => c"AGAIN",
        KEVY_END => c"END",
        KEVY_ERROR_INVALID_ARGUMENT => c"INVALID_ARGUMENT",
        KEVY_ERROR_INVALID_OPTION => c"INVALID_OPTION",
        KEVY_ERROR_BUSY => c"BUSY",
        KEVY_ERROR_CLOSED => c"CLOSED",
        KEVY_ERROR_FORKED => c"FORKED",
        KEVY_ERROR_INTERRUPTED => c"INTERRUPTED",
        KEVY_ERROR_PANIC => c"PANIC",
        KEVY_ERROR_IO => c"IO",
        KEVY_ERROR_PROTOCOL => c"PROTOCOL",
        KEVY_ERROR_AUTH => c"AUTH",
        KEVY_ERROR_OUT_OF_MEMORY => c"OUT_OF_MEMORY",
        KEVY_ERROR_UNSUPPORTED => c"UNSUPPORTED",
        KEVY_ERROR_TIMEOUT => c"TIMEOUT",
        KEVY_ERROR_CORRUPT => c"CORRUPT",
        KEVY_ERROR_WRONG_TYPE => c"WRONG_TYPE",
        KEVY_ERROR_READ_ONLY => c"READ_ONLY",
        KEVY_ERROR_REPLICA => c"REPLICA",
        KEVY_ERROR_SERVER => c"SERVER",
        _ => c"UNKNOWN",
    }
}

/// The status that stands for a kind of error.
pub fn of(kind: ErrorKind) -> kevy_status {
    kind as kevy_status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_its_number_and_name() {
        for kind in ErrorKind::ALL {
            assert_eq!(name(of(kind)).to_str(), Ok(kind.name()));
        }
    }

    #[test]
    fn numbers_of_a_later_version_have_a_name_too() {
        assert_eq!(name(-1000), c"UNKNOWN");
        assert_eq!(name(1000), c"UNKNOWN");
    }
}
