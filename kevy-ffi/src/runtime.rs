//! A running keyspace.

use std::ffi::c_int;
use std::os::fd::IntoRawFd;
use std::time::Duration;

use kevy_core::api::{Error, ErrorKind, Runtime};

use crate::boundary;
use crate::bytes::{self, Growable, kevy_bytes};
use crate::error::kevy_error;
use crate::handle::{self, Opaque};
use crate::options::{self, kevy_options};
use crate::status::{KEVY_AGAIN, KEVY_OK, kevy_status};

/// One running keyspace: shards, core threads, listeners. Any number of threads may use it, and a process may
/// hold several.
pub struct kevy_runtime {
    _opaque: [u8; 0],
}

impl Opaque for kevy_runtime {
    type Body = ();
    type Shared = Runtime;
    const TAG: u32 = u32::from_le_bytes(*b"krun");
    const NAME: &'static str = "kevy_runtime";
}

/// What opening found. Set struct_size to sizeof(kevy_open_report) before the call; fields that this library does
/// not know are left as they are.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kevy_open_report {
    /// In: the size of the caller's struct in bytes. Out: how many of them were filled.
    pub struct_size: u32,
    /// How many shards the keyspace has.
    pub shards: u32,
    /// How many keys were read from disk.
    pub keys_loaded: u64,
    /// How many keys on disk were left out because their time had passed.
    pub keys_expired: u64,
    /// How many bytes were read from disk.
    pub bytes_read: u64,
    /// How many commands of the append-only log were run.
    pub commands_replayed: u64,
    /// How many bytes at the end of the append-only log made no whole transaction. They were cut off and are kept in
    /// files beside it, which the messages of the library name.
    pub bytes_cut: u64,
}

impl Growable for kevy_open_report {
    const SIZE_MIN: u32 = 16;
}

/// Starts a runtime. `options` may be NULL for the defaults. It opens no port unless the options name one. Stop it
/// with kevy_runtime_stop() and free it with kevy_runtime_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_runtime_start(
    options: *const kevy_options,
    out: *mut *mut kevy_runtime,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |out: &mut *mut kevy_runtime| {
        // SAFETY: the caller passes NULL or a live handle.
        let options = unsafe { options::for_runtime(options) }?;
        handle::give(out, Runtime::start(&options)?, ())
    };
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((out, "out"), err, work) }
}

/// Gives the TCP port, which the system chose where the option "port" was 0. KEVY_ERROR_UNSUPPORTED where the
/// runtime listens on no TCP port.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_runtime_port(
    runtime: *const kevy_runtime,
    port: *mut u16,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |port: &mut u16| {
        // SAFETY: the caller passes NULL or a live handle.
        let found = unsafe { handle::shared(runtime, |runtime| Ok(runtime.port())) }?;
        *port = found.ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                "the runtime has no TCP port: set the option 'port' to have one",
            )
        })?;
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or places for the values.
    unsafe { boundary::give((port, "port"), err, work) }
}

/// Opens one end of a socket pair whose other end is a session of the runtime: give it to any client library that
/// takes a descriptor. The caller owns and closes it. It blocks until set otherwise; -1 on failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_runtime_connect_fd(
    runtime: *mut kevy_runtime,
    fd: *mut c_int,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |fd: &mut c_int| {
        // SAFETY: the caller passes NULL or a live handle.
        *fd = unsafe { handle::shared(runtime, |runtime| runtime.connect()) }?.into_raw_fd();
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or places for the values.
    unsafe { boundary::give((fd, "fd"), err, work) }
}

/// Tells what opening found: fills as much of `inout` as its struct_size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_runtime_open_report(
    runtime: *const kevy_runtime,
    inout: *mut kevy_open_report,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = || {
        // SAFETY: the caller passes NULL or a live handle.
        let report = unsafe { handle::shared(runtime, |runtime| Ok(runtime.open_report())) }?;
        let filled = kevy_open_report {
            struct_size: size_of::<kevy_open_report>() as u32,
            shards: u32::try_from(report.shards).unwrap_or(u32::MAX),
            keys_loaded: report.keys_loaded,
            keys_expired: report.keys_expired,
            bytes_read: report.bytes_read,
            commands_replayed: report.commands_replayed,
            bytes_cut: report.bytes_cut,
        };
        // SAFETY: the caller passes NULL or a struct as large as it says.
        unsafe { bytes::fill(inout, filled) }?;
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// Waits on a runtime with the option "replicaof" until its first copy is whole: KEVY_AGAIN where `timeout_ms` passed
/// before. At once on one that follows nobody.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_runtime_wait_synced(
    runtime: *const kevy_runtime,
    timeout_ms: u32,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = || {
        let timeout = Duration::from_millis(timeout_ms.into());
        // SAFETY: the caller passes NULL or a live handle.
        let is_synced = unsafe { handle::shared(runtime, |runtime| runtime.wait_synced(timeout)) }?;
        Ok(if is_synced { KEVY_OK } else { KEVY_AGAIN })
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// Waits until everything that its writer did before it got `token` can be read here: KEVY_AGAIN where `timeout_ms`
/// passed before, KEVY_ERROR_REPLICA for a token of another history. A token is the field repl_token of INFO replication
/// on a kevy primary, or master_replid, a colon and master_repl_offset on Redis and Valkey.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_runtime_wait_token(
    runtime: *const kevy_runtime,
    token: kevy_bytes,
    timeout_ms: u32,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = || {
        let timeout = Duration::from_millis(timeout_ms.into());
        // SAFETY: the caller passes bytes that live as long as the call.
        let token = unsafe { token.read_text("token") }?;
        // SAFETY: the caller passes NULL or a live handle.
        match unsafe { handle::shared(runtime, |runtime| runtime.wait_token(token, timeout)) } {
            Err(error) if error.kind() == ErrorKind::Timeout => Ok(KEVY_AGAIN),
            Err(error) => Err(error),
            Ok(()) => Ok(KEVY_OK),
        }
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// Gives the milliseconds by which the copy of a primary may lie behind it: UINT64_MAX while there is none, 0 on a runtime
/// that follows nobody.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_runtime_staleness(
    runtime: *const kevy_runtime,
    ms: *mut u64,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |ms: &mut u64| {
        // SAFETY: the caller passes NULL or a live handle.
        let found = unsafe { handle::shared(runtime, |runtime| Ok(runtime.staleness())) }?;
        *ms = found.map_or(u64::MAX, |age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or places for the values.
    unsafe { boundary::give((ms, "ms"), err, work) }
}

/// Stops: refuses new work, lets connections take their last replies for at most `timeout_ms`, ends the core
/// threads. KEVY_ERROR_TIMEOUT where they had not ended in time; they still will. Safe to call again, from any
/// thread; not from a callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_runtime_stop(
    runtime: *mut kevy_runtime,
    timeout_ms: u32,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = || {
        let timeout = Duration::from_millis(timeout_ms.into());
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::shared(runtime, |runtime| runtime.stop(timeout)) }?;
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// Frees a runtime; NULL is left alone. It is stopped first, unless sessions are still open: then it runs on until
/// the last of them is freed.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_runtime_free(runtime: *mut kevy_runtime) {
    handle::free(runtime);
}
