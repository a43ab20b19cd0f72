//! Following a primary, frame by frame.

use std::ffi::{c_int, c_void};
use std::os::fd::RawFd;
use std::time::Duration;

use kevy_core::api::{Replica, ReplicaInterrupter};

use crate::boundary::{self, quietly};
use crate::bytes::{self, Growable, kevy_bytes};
use crate::error::kevy_error;
use crate::frame::{Frames, Single, kevy_batch, kevy_frame};
use crate::handle::{self, Opaque};
use crate::log::{Context, kevy_fn};
use crate::options::{self, kevy_options};
use crate::session::KEVY_FOREVER;
use crate::status::{KEVY_AGAIN, KEVY_OK, kevy_status};
use crate::wakeup::Wakeup;

/// A primary's snapshot and every change after it, as frames. One thread at a time. It has no thread of its own:
/// everything happens inside its calls.
pub struct kevy_replica {
    _opaque: [u8; 0],
}

/// A replica and what it gave last.
#[derive(Debug)]
pub struct Body {
    /// Ends before the replica whose descriptor it waits for.
    wakeup: Option<Wakeup>,
    replica: Replica,
    frame: Single,
    cursor: Vec<u8>,
}

/// What any thread may use.
#[derive(Debug)]
pub struct Shared {
    interrupter: ReplicaInterrupter,
    wakeup_fd: RawFd,
}

impl Body {
    /// Everything there was has been taken: the host wants to hear of what comes next.
    fn arm(&self) {
        if let Some(wakeup) = &self.wakeup {
            wakeup.arm();
        }
    }
}

impl Opaque for kevy_replica {
    type Body = Body;
    type Shared = Shared;
    const TAG: u32 = u32::from_le_bytes(*b"krpl");
    const NAME: &'static str = "kevy_replica";
}

/// What a replica has done since it was opened. Set struct_size to sizeof(kevy_replica_stats_t) before the call;
/// fields that this library does not know are left as they are.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kevy_replica_stats_t {
    /// In: the size of the caller's struct in bytes. Out: how many of them were filled.
    pub struct_size: u32,
    /// 1 while the primary is connected and has taken the handshake, else 0.
    pub up: u32,
    /// Frames of the stream handed out, with those that switch databases and mark transactions.
    pub frames: u64,
    /// Commands that rebuild keys of a snapshot.
    pub entries: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Transactions handed out.
    pub transactions: u64,
    /// Snapshots handed out whole.
    pub snapshots: u64,
    /// Positions that could not be continued.
    pub resyncs: u64,
    /// Connections made.
    pub connections: u64,
    /// Milliseconds since the primary was last heard of; UINT64_MAX if never.
    pub silent_ms: u64,
    /// 1 where the primary forbids to be followed by its stream, so that its keys are scanned and tracked: for each key
    /// the last value arrives, but not those in between, nor transactions. Else 0.
    pub weaker: u64,
}

impl Growable for kevy_replica_stats_t {
    const SIZE_MIN: u32 = 72;
}

/// The limit of a wait: none for KEVY_FOREVER.
fn limit(timeout_ms: u32) -> Option<Duration> {
    (timeout_ms != KEVY_FOREVER).then(|| Duration::from_millis(timeout_ms.into()))
}

/// Opens a replica of the primary that the option "source" names: "kevy://[user:password@]host[:port]" or
/// "kevy+unix:///path"; for Redis and Valkey "redis://[user:password@]host[:port][/db]" or "sentinel://host[:port]/name".
/// Where one of those forbids PSYNC, as managed services do, its keys are scanned and tracked (option "follow"), of one
/// database: kevy_replica_stats_t says so in `weaker`. `cursor` is where to resume; empty begins with a snapshot. It
/// connects in the calls that wait for frames. KEVY_ERROR_CORRUPT for bytes that are no cursor. Free it with kevy_replica_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_replica_open(
    options: *const kevy_options,
    cursor: kevy_bytes,
    out: *mut *mut kevy_replica,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |out: &mut *mut kevy_replica| {
        // SAFETY: the caller passes NULL or a live handle, and a readable view.
        let (options, cursor) = unsafe { (options::for_replica(options)?, cursor.read("cursor")?) };
        let replica = Replica::open(options, cursor)?;
        let shared = Shared { interrupter: replica.interrupter(), wakeup_fd: replica.wakeup_fd() };
        handle::give(out, shared, Body { wakeup: None, replica, frame: Single::new(), cursor: Vec::new() })
    };
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((out, "out"), err, work) }
}

/// Gives the next frame, waiting at most `timeout_ms` milliseconds; 0 only looks, KEVY_FOREVER has no limit.
/// KEVY_AGAIN where none came. `*frame` is borrowed until the replica is used again or freed. By calling again you
/// say that the frames before were applied, unless the option "acknowledge" is "manual".
///
/// A loop that applies the command of every ENTRY and COMMAND to its database, and begins anew at every
/// SNAPSHOT_BEGIN, holds a true copy. A link that breaks shows as a frame and is made again.
/// KEVY_ERROR_INTERRUPTED for an interrupt or a signal; KEVY_ERROR_AUTH, KEVY_ERROR_UNSUPPORTED and
/// KEVY_ERROR_REPLICA where the primary refuses; calling again tries again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_replica_next(
    replica: *mut kevy_replica,
    timeout_ms: u32,
    frame: *mut *const kevy_frame,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |frame: &mut *const kevy_frame| {
        let next = |body: &mut Body| {
            if let Some(found) = body.replica.next(limit(timeout_ms))? {
                *frame = body.frame.take(&found);
                return Ok(KEVY_OK);
            }
            body.arm();
            Ok(KEVY_AGAIN)
        };
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::exclusive(replica, next) }
    };
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((frame, "frame"), err, work) }
}

/// Gives up to `frames_max` frames that own their bytes: waits for the first as kevy_replica_next() does, then
/// takes those that are there. KEVY_AGAIN, and no batch, where none came. Free the batch with kevy_batch_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_replica_next_batch(
    replica: *mut kevy_replica,
    frames_max: usize,
    timeout_ms: u32,
    batch: *mut *mut kevy_batch,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |batch: &mut *mut kevy_batch| {
        let next = |body: &mut Body| {
            let found = body.replica.next_batch(frames_max, limit(timeout_ms))?;
            if found.is_empty() {
                body.arm();
                return Ok(KEVY_AGAIN);
            }
            handle::give(batch, Frames::of(found), ())
        };
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::exclusive(replica, next) }
    };
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((batch, "batch"), err, work) }
}

/// Gives the place after the last frame that was handed out, to resume from: opaque bytes, borrowed until the
/// replica is used again or freed. Always between two transactions, and empty, which means to start again, as long
/// as no snapshot was whole. Keep it together with what you applied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_replica_cursor(
    replica: *const kevy_replica,
    cursor: *mut kevy_bytes,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |cursor: &mut kevy_bytes| {
        let read = |body: &mut Body| {
            body.cursor = body.replica.cursor();
            *cursor = kevy_bytes::of(&body.cursor);
            Ok(KEVY_OK)
        };
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::exclusive(replica, read) }
    };
    // SAFETY: the caller passes NULL or places for the values.
    unsafe { boundary::give((cursor, "cursor"), err, work) }
}

/// Tells the primary that everything before `cursor` was applied. KEVY_ERROR_INVALID_ARGUMENT for a cursor that
/// does not belong to what was handed out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_replica_ack(
    replica: *mut kevy_replica,
    cursor: kevy_bytes,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = || {
        // The view may be the replica's own, which the call would otherwise read and change at once.
        // SAFETY: the caller passes a readable view.
        let cursor = unsafe { cursor.read("cursor") }?.to_vec();
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::exclusive(replica, |body| body.replica.ack(&cursor)) }?;
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// Tells what the replica has done: fills as much of `inout` as its struct_size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_replica_stats(
    replica: *const kevy_replica,
    inout: *mut kevy_replica_stats_t,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = || {
        // SAFETY: the caller passes NULL or a live handle.
        let stats = unsafe { handle::exclusive(replica, |body| Ok(body.replica.stats())) }?;
        let filled = kevy_replica_stats_t {
            struct_size: size_of::<kevy_replica_stats_t>() as u32,
            up: stats.up.into(),
            frames: stats.link.frames,
            entries: stats.link.entries,
            bytes: stats.link.bytes,
            transactions: stats.link.transactions,
            snapshots: stats.link.snapshots,
            resyncs: stats.link.resyncs,
            connections: stats.connections,
            silent_ms: stats.silent_ms.unwrap_or(u64::MAX),
            weaker: stats.weaker.into(),
        };
        // SAFETY: the caller passes NULL or a struct as large as it says.
        unsafe { bytes::fill(inout, filled) }?;
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// A descriptor for your event loop, readable while there may be something to do: then call kevy_replica_next()
/// with a `timeout_ms` of 0 until it gives KEVY_AGAIN. It belongs to the replica: do not read, write or close it.
/// -1 where `replica` is NULL. From any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_replica_wakeup_fd(replica: *const kevy_replica) -> c_int {
    // SAFETY: the caller passes NULL or a live handle.
    quietly(-1, || unsafe { handle::peek(replica) }.map_or(-1, |shared| shared.wakeup_fd))
}

/// Names a function that is called with `ctx` from a thread of the library when there may be something to do: soon
/// after this call, and once after each time that the replica gave KEVY_AGAIN. It must only tell your own thread
/// and return. NULL ends it. `drop`, which may be NULL, is called with `ctx` when the function is replaced or the
/// replica freed, neither of which may happen inside the function; at once where `function` is NULL or this
/// call fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_replica_set_wakeup(
    replica: *mut kevy_replica,
    function: kevy_fn,
    ctx: *mut c_void,
    drop: kevy_fn,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let context = Context::new(ctx, drop);
    let work = move || {
        let set = |body: &mut Body| {
            // The old one ends before the new one begins.
            body.wakeup = None;
            if let Some(function) = function {
                let fd = body.replica.wakeup_fd();
                // SAFETY: the host gave function and context together, for calls from any thread.
                body.wakeup = Some(Wakeup::start(fd, move || unsafe { function(context.get()) })?);
            }
            Ok(KEVY_OK)
        };
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::exclusive(replica, set) }
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// Ends the wait that the replica is in, or else its next call, with KEVY_ERROR_INTERRUPTED. From any thread, as
/// long as the replica is not freed; NULL is left alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_replica_interrupt(replica: *const kevy_replica) {
    let interrupt = |shared: &Shared| {
        shared.interrupter.interrupt();
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or a live handle, and NULL for the error.
    unsafe { boundary::call(std::ptr::null_mut(), || handle::shared(replica, interrupt)) };
}

/// Frees a replica; NULL is left alone. No thread may be inside of it.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_replica_free(replica: *mut kevy_replica) {
    handle::free(replica);
}
