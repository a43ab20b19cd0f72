//! Which kevy this is.

use std::ffi::{CStr, c_char};

/// The number in the SONAME of the library this header belongs to. Within one number functions and fields are
/// only added.
pub const KEVY_ABI_VERSION: u32 = 0;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("the version of a crate holds no NUL"),
};

/// The KEVY_ABI_VERSION that the loaded library was built with. From any thread.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_abi_version() -> u32 {
    KEVY_ABI_VERSION
}

/// The version of the loaded library, such as "0.1.0": a string that lives for ever. From any thread.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_version() -> *const c_char {
    VERSION.as_ptr()
}
