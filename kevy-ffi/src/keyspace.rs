//! The bare engine.

use kevy_core::api::{Keyspace, Reply, Result};

use crate::boundary;
use crate::bytes::{self, kevy_bytes};
use crate::error::kevy_error;
use crate::handle::{self, Opaque};
use crate::options::{self, kevy_options};
use crate::reply::{Tree, kevy_reply};
use crate::status::{KEVY_OK, kevy_status};

/// A keyspace that does nothing by itself: no threads, no I/O. For tests, and for keeping a copy of a primary.
/// One thread at a time.
pub struct kevy_keyspace {
    _opaque: [u8; 0],
}

/// A keyspace and the reply it gave last.
#[derive(Debug)]
pub struct Body {
    keyspace: Keyspace,
    reply: Tree,
}

impl Opaque for kevy_keyspace {
    type Body = Body;
    type Shared = ();
    const TAG: u32 = u32::from_le_bytes(*b"kkey");
    const NAME: &'static str = "kevy_keyspace";
}

/// Runs `work` and keeps the reply it gives.
///
/// # Safety
/// `keyspace` is NULL or a live handle; `reply` and `err` are each NULL or point to a place for a pointer.
unsafe fn run(
    keyspace: *mut kevy_keyspace,
    (argv, argc): (*const kevy_bytes, usize),
    reply: *mut *const kevy_reply,
    err: *mut *mut kevy_error,
    work: impl for<'a> FnOnce(&'a mut Keyspace, &[&[u8]]) -> Result<Reply<'a>>,
) -> kevy_status {
    let work = |reply: &mut *const kevy_reply| {
        let run = |args: &[&[u8]]| {
            let run = |body: &mut Body| {
                *reply = body.reply.take(work(&mut body.keyspace, args)?);
                Ok(KEVY_OK)
            };
            // SAFETY: passed on to the caller.
            unsafe { handle::exclusive(keyspace, run) }
        };
        // SAFETY: the caller passes NULL or `argc` readable views.
        unsafe { bytes::with_args(argv, argc, run) }
    };
    // SAFETY: passed on to the caller.
    unsafe { boundary::give((reply, "reply"), err, work) }
}

/// Makes an empty keyspace. `options` may be NULL for the defaults; of them, those that need threads or files do
/// not apply. Free it with kevy_keyspace_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_keyspace_new(
    options: *const kevy_options,
    out: *mut *mut kevy_keyspace,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |out: &mut *mut kevy_keyspace| {
        // SAFETY: the caller passes NULL or a live handle.
        let options = unsafe { options::for_runtime(options) }?;
        handle::give(out, (), Body { keyspace: Keyspace::new(&options)?, reply: Tree::new() })
    };
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((out, "out"), err, work) }
}

/// Runs one command; `argv[0]` is the verb. `*reply` is borrowed until the keyspace is used again or freed. An
/// error reply of the command is KEVY_OK and a reply of kind KEVY_REPLY_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_keyspace_dispatch(
    keyspace: *mut kevy_keyspace,
    argv: *const kevy_bytes,
    argc: usize,
    reply: *mut *const kevy_reply,
    err: *mut *mut kevy_error,
) -> kevy_status {
    // SAFETY: the caller passes what the prologue of the header asks for.
    unsafe { run(keyspace, (argv, argc), reply, err, |keyspace, args| keyspace.dispatch(args)) }
}

/// Applies a frame of a primary's stream to database `db`: as kevy_keyspace_dispatch(), but limits on memory do
/// not apply. An error reply means that the frame does not fit this copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_keyspace_apply(
    keyspace: *mut kevy_keyspace,
    db: u32,
    argv: *const kevy_bytes,
    argc: usize,
    reply: *mut *const kevy_reply,
    err: *mut *mut kevy_error,
) -> kevy_status {
    // SAFETY: the caller passes what the prologue of the header asks for.
    unsafe { run(keyspace, (argv, argc), reply, err, |keyspace, args| keyspace.apply(db as usize, args)) }
}

/// Deletes what has expired and frees what was unlinked, a bounded amount. `*more` is 1 where some is left, else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_keyspace_tick(
    keyspace: *mut kevy_keyspace,
    more: *mut i32,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |more: &mut i32| {
        // SAFETY: the caller passes NULL or a live handle.
        *more = i32::from(unsafe { handle::exclusive(keyspace, |body| Ok(body.keyspace.tick())) }?);
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or places for the values.
    unsafe { boundary::give((more, "more"), err, work) }
}

/// Frees a keyspace; NULL is left alone.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_keyspace_free(keyspace: *mut kevy_keyspace) {
    handle::free(keyspace);
}
