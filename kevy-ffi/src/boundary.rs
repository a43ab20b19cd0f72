//! The one way in: every export runs its work through here.
//!
//! `*err` and `*out` are cleared first, a failure becomes a status and, where the caller wants one, a
//! `kevy_error`; a panic becomes `KEVY_ERROR_PANIC` and never unwinds into foreign code.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use kevy_core::api::{Error, ErrorKind, Result};

use crate::bytes::kevy_bytes;
use crate::error::{self, kevy_error};
use crate::status::{self, kevy_status};

/// What an out parameter holds while nothing was given.
pub trait Cleared {
    const CLEARED: Self;
}

impl<T> Cleared for *mut T {
    const CLEARED: Self = std::ptr::null_mut();
}

impl<T> Cleared for *const T {
    const CLEARED: Self = std::ptr::null();
}

impl Cleared for kevy_bytes {
    const CLEARED: Self = Self::NONE;
}

impl Cleared for u16 {
    const CLEARED: Self = 0;
}

/// Milliseconds of which none are known.
impl Cleared for u64 {
    const CLEARED: Self = u64::MAX;
}

/// A descriptor.
impl Cleared for i32 {
    const CLEARED: Self = -1;
}

/// Runs a call that gives nothing but a status.
///
/// # Safety
/// `err` is NULL or points to a place for a pointer.
#[inline]
pub unsafe fn call(err: *mut *mut kevy_error, work: impl FnOnce() -> Result<kevy_status>) -> kevy_status {
    if !err.is_null() {
        // SAFETY: not NULL, so the caller vouches for it.
        unsafe { *err = std::ptr::null_mut() };
    }
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(status)) => status,
        // SAFETY: passed on to the caller.
        Ok(Err(error)) => unsafe { fail(err, error) },
        // SAFETY: passed on to the caller.
        Err(panic) => unsafe { fail(err, caught(&*panic)) },
    }
}

/// Runs a call that gives something through `out`, which must not be NULL; `name` is its name in the header.
///
/// # Safety
/// `out` and `err` are each NULL or point to a place for their value.
#[inline]
pub unsafe fn give<T: Cleared>(
    (out, name): (*mut T, &'static str),
    err: *mut *mut kevy_error,
    work: impl FnOnce(&mut T) -> Result<kevy_status>,
) -> kevy_status {
    if !out.is_null() {
        // SAFETY: not NULL, so the caller vouches for it; nothing there needs to be dropped.
        unsafe { out.write(T::CLEARED) };
    }
    let work = || {
        // SAFETY: it was written above where it is not NULL, and nobody else uses it during the call.
        let out = unsafe { out.as_mut() }.ok_or_else(|| null(name))?;
        work(out)
    };
    // SAFETY: passed on to the caller.
    unsafe { call(err, work) }
}

/// Runs what can tell nobody about a failure: `otherwise` stands in for a panic.
#[inline]
pub fn quietly<T>(otherwise: T, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(otherwise)
}

/// The error for an argument that must not be NULL.
#[cold]
pub fn null(name: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("{name} is NULL"))
}

#[cold]
unsafe fn fail(err: *mut *mut kevy_error, error: Error) -> kevy_status {
    let status = status::of(error.kind());
    if !err.is_null() {
        // SAFETY: not NULL, so the caller vouches for it.
        unsafe { *err = quietly(std::ptr::null_mut(), || error::make(error)) };
    }
    status
}

#[cold]
fn caught(panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Error::new(ErrorKind::Panic, format!("a defect of kevy was caught: {text}"))
}
