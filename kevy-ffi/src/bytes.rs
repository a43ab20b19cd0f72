//! Byte strings across the boundary.

use std::ptr;
use std::slice;

use kevy_core::api::{Error, ErrorKind, Result};

/// A view of bytes, which may contain NUL. As an argument it is read before the call returns and never kept; as a
/// result it is borrowed from the handle it came from. `data` may be NULL where `len` is 0. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kevy_bytes {
    /// The first byte.
    pub data: *const u8,
    /// How many bytes there are.
    pub len: usize,
}

/// The arguments of one command; the first is the verb. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kevy_argv {
    /// The first argument.
    pub argv: *const kevy_bytes,
    /// How many arguments there are.
    pub argc: usize,
}

impl kevy_bytes {
    /// No value: what a missing key gives.
    pub const NONE: Self = Self { data: ptr::null(), len: 0 };

    /// A view of `bytes`, whose pointer is never NULL.
    #[inline]
    pub fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), len: bytes.len() }
    }

    /// The bytes that a caller passed.
    ///
    /// # Safety
    /// `data` points to `len` readable bytes that nobody changes during `'a`, unless it is NULL.
    #[inline]
    pub unsafe fn read<'a>(self, what: &str) -> Result<&'a [u8]> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.data.is_null() || self.len > isize::MAX as usize {
            return Err(bad_view(what, self));
        }
        // SAFETY: the caller vouches for `len` bytes at `data`, which is not NULL.
        Ok(unsafe { slice::from_raw_parts(self.data, self.len) })
    }

    /// Text that a caller passed.
    ///
    /// # Safety
    /// As [`kevy_bytes::read`].
    pub unsafe fn read_text<'a>(self, what: &str) -> Result<&'a str> {
        // SAFETY: passed on to the caller.
        let bytes = unsafe { self.read(what) }?;
        std::str::from_utf8(bytes).map_err(|_| {
            let shown = bytes[..bytes.len().min(SHOWN_BYTES_MAX)].escape_ascii();
            Error::new(ErrorKind::InvalidArgument, format!("{what} is not UTF-8: '{shown}'"))
        })
    }
}

/// At most this much of a caller's bytes is shown in an error.
const SHOWN_BYTES_MAX: usize = 64;

#[cold]
fn bad_view(what: &str, view: kevy_bytes) -> Error {
    let len = view.len;
    let problem = if view.data.is_null() { "data is NULL" } else { "it is longer than memory" };
    Error::new(ErrorKind::InvalidArgument, format!("{what}: {problem} and len is {len}"))
}

/// Runs `work` with the arguments that a caller passed.
///
/// # Safety
/// `argv` points to `argc` views, each as [`kevy_bytes::read`] needs it, unless it is NULL.
#[inline]
pub unsafe fn with_args<T>(
    argv: *const kevy_bytes,
    argc: usize,
    work: impl FnOnce(&[&[u8]]) -> Result<T>,
) -> Result<T> {
    // SAFETY: passed on to the caller.
    let views = unsafe { read_slice(argv, argc, "argv") }?;
    // Most commands have few arguments: those need no allocation.
    let mut few: [&[u8]; FEW] = [&[]; FEW];
    if let Some(args) = few.get_mut(..argc) {
        for (arg, view) in args.iter_mut().zip(views) {
            // SAFETY: passed on to the caller.
            *arg = unsafe { view.read("an argument") }?;
        }
        return work(args);
    }
    // SAFETY: passed on to the caller.
    let many: Vec<&[u8]> =
        views.iter().map(|view| unsafe { view.read("an argument") }).collect::<Result<_>>()?;
    work(&many)
}

const FEW: usize = 8;

/// An array that a caller passed.
///
/// # Safety
/// `first` points to `count` readable values that nobody changes during `'a`, unless it is NULL.
#[inline]
pub unsafe fn read_slice<'a, T>(first: *const T, count: usize, what: &str) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if first.is_null() || count > isize::MAX as usize / size_of::<T>() {
        return Err(Error::new(ErrorKind::InvalidArgument, format!("{what} is no array of {count} values")));
    }
    // SAFETY: the caller vouches for `count` values at `first`, which is not NULL.
    Ok(unsafe { slice::from_raw_parts(first, count) })
}

/// A struct of the header that may grow; its first field is its size as the caller knows it.
pub trait Growable: Copy {
    /// The size of its first version in bytes: no caller has a smaller one.
    const SIZE_MIN: u32;
}

/// Fills a caller's struct as far as both sides know it, and notes in it how far that is.
///
/// # Safety
/// `inout` is NULL or points to a struct that begins with a `u32`, its own size in bytes.
pub unsafe fn fill<T: Growable>(inout: *mut T, value: T) -> Result<()> {
    if inout.is_null() {
        return Err(crate::boundary::null("inout"));
    }
    // SAFETY: not NULL, so the caller vouches for the size at its start.
    let theirs = unsafe { inout.cast::<u32>().read() };
    if theirs < T::SIZE_MIN {
        let text =
            format!("struct_size is {theirs}: set it to the size of the struct, at least {}", T::SIZE_MIN);
        return Err(Error::new(ErrorKind::InvalidArgument, text));
    }
    let size = theirs.min(size_of::<T>() as u32);
    // SAFETY: both sides have `size` bytes, and a value on this stack does not overlap with the caller's.
    unsafe {
        ptr::copy_nonoverlapping((&raw const value).cast::<u8>(), inout.cast::<u8>(), size as usize);
        inout.cast::<u32>().write(size);
    }
    Ok(())
}
