//! Commands in-process, on the caller's thread.

use std::time::Duration;

use kevy_core::api::{Interrupter, Reply, Result, Session};

use crate::boundary;
use crate::bytes::{self, kevy_argv, kevy_bytes};
use crate::error::kevy_error;
use crate::handle::{self, Opaque};
use crate::reply::{Tree, kevy_reply};
use crate::runtime::kevy_runtime;
use crate::status::{KEVY_AGAIN, KEVY_OK, kevy_status};

/// One client's state: database, MULTI, WATCH. One thread at a time. A session keeps its runtime alive.
pub struct kevy_session {
    _opaque: [u8; 0],
}

/// A session and the reply it gave last.
#[derive(Debug)]
pub struct Body {
    session: Session,
    reply: Tree,
}

impl Opaque for kevy_session {
    type Body = Body;
    type Shared = Interrupter;
    const TAG: u32 = u32::from_le_bytes(*b"kses");
    const NAME: &'static str = "kevy_session";
}

impl Body {
    /// Runs `work` and keeps the reply it gives.
    #[inline]
    fn reply<'a>(
        &'a mut self,
        out: &mut *const kevy_reply,
        work: impl FnOnce(&'a mut Session) -> Result<Reply<'a>>,
    ) -> Result<kevy_status> {
        *out = self.reply.take(work(&mut self.session)?);
        Ok(KEVY_OK)
    }
}

/// A command's `argc` may be wrong, so memory for no more arguments than this is taken before they are read.
const ARGS_FORESEEN_MAX: usize = 64;

/// Waits without a limit where it is given as `timeout_ms`.
pub const KEVY_FOREVER: u32 = 0xFFFF_FFFF;

/// The time that a caller's limit stands for.
pub fn timeout(timeout_ms: u32) -> Duration {
    match timeout_ms {
        // Longer than any process runs, and not too long to be added to a point in time.
        KEVY_FOREVER => Duration::from_secs(100 * 365 * 24 * 3600),
        limited => Duration::from_millis(limited.into()),
    }
}

/// Opens a session. It needs no password: whoever links the library owns the keyspace. Free it with
/// kevy_session_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_session_open(
    runtime: *mut kevy_runtime,
    out: *mut *mut kevy_session,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |out: &mut *mut kevy_session| {
        // SAFETY: the caller passes NULL or a live handle.
        let session = unsafe { handle::shared(runtime, |runtime| runtime.session()) }?;
        handle::give(out, session.interrupter(), Body { session, reply: Tree::new() })
    };
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((out, "out"), err, work) }
}

/// Runs one command; `argv[0]` is the verb. `*reply` is borrowed until the session is used again or freed. An
/// error reply of the command, such as WRONGTYPE, is KEVY_OK and a reply of kind KEVY_REPLY_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_session_dispatch(
    session: *mut kevy_session,
    argv: *const kevy_bytes,
    argc: usize,
    reply: *mut *const kevy_reply,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |reply: &mut *const kevy_reply| {
        let run = |args: &[&[u8]]| {
            let run = |body: &mut Body| body.reply(reply, |session| session.dispatch(args));
            // SAFETY: the caller passes NULL or a live handle.
            unsafe { handle::exclusive(session, run) }
        };
        // SAFETY: the caller passes NULL or `argc` readable views.
        unsafe { bytes::with_args(argv, argc, run) }
    };
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((reply, "reply"), err, work) }
}

/// Runs `count` commands one after the other in one call. `*reply` is an array of their replies, borrowed until
/// the session is used again or freed. They are no transaction; nothing has run where this fails for an argument.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_session_dispatch_batch(
    session: *mut kevy_session,
    commands: *const kevy_argv,
    count: usize,
    reply: *mut *const kevy_reply,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |reply: &mut *const kevy_reply| {
        // SAFETY: the caller passes NULL or `count` readable commands.
        let commands = unsafe { bytes::read_slice(commands, count, "commands") }?;
        let mut args =
            Vec::with_capacity(commands.iter().map(|command| command.argc.min(ARGS_FORESEEN_MAX)).sum());
        for command in commands {
            // SAFETY: the caller passes NULL or `argc` readable views in each.
            let views = unsafe { bytes::read_slice(command.argv, command.argc, "argv") }?;
            for view in views {
                // SAFETY: as above.
                args.push(unsafe { view.read("an argument") }?);
            }
        }
        let mut rest = &args[..];
        let mut split = Vec::with_capacity(count);
        for command in commands {
            let (argv, after) = rest.split_at(command.argc);
            split.push(argv);
            rest = after;
        }
        let run = |body: &mut Body| body.reply(reply, |session| session.dispatch_batch(&split));
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::exclusive(session, run) }
    };
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((reply, "reply"), err, work) }
}

/// Applies a frame of a primary's stream to database `db`: as kevy_session_dispatch(), but limits on memory do not
/// apply and the change is not replicated again. An error reply means that the frame does not fit this copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_session_apply(
    session: *mut kevy_session,
    db: u32,
    argv: *const kevy_bytes,
    argc: usize,
    reply: *mut *const kevy_reply,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |reply: &mut *const kevy_reply| {
        let run = |args: &[&[u8]]| {
            let apply = |body: &mut Body| body.reply(reply, |session| session.apply(db as usize, args));
            // SAFETY: the caller passes NULL or a live handle.
            unsafe { handle::exclusive(session, apply) }
        };
        // SAFETY: the caller passes NULL or `argc` readable views.
        unsafe { bytes::with_args(argv, argc, run) }
    };
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((reply, "reply"), err, work) }
}

/// GET without a reply in between. `*value` is borrowed until the session is used again or freed; its data is NULL
/// where the key is not there, and not NULL where the value is empty. KEVY_ERROR_WRONG_TYPE for a key that holds
/// another type; KEVY_ERROR_INVALID_ARGUMENT inside MULTI.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_session_get(
    session: *mut kevy_session,
    key: kevy_bytes,
    value: *mut kevy_bytes,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |value: &mut kevy_bytes| {
        // SAFETY: the caller passes a readable view.
        let key = unsafe { key.read("key") }?;
        let get = |body: &mut Body| {
            *value = body.session.get(key)?.map_or(kevy_bytes::NONE, kevy_bytes::of);
            Ok(KEVY_OK)
        };
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::exclusive(session, get) }
    };
    // SAFETY: the caller passes NULL or places for the values.
    unsafe { boundary::give((value, "value"), err, work) }
}

/// SET without a reply in between: the key gets this value and no expiry. KEVY_ERROR_OUT_OF_MEMORY where maxmemory
/// forbids it; KEVY_ERROR_INVALID_ARGUMENT inside MULTI.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_session_set(
    session: *mut kevy_session,
    key: kevy_bytes,
    value: kevy_bytes,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = || {
        // SAFETY: the caller passes readable views.
        let (key, value) = unsafe { (key.read("key")?, value.read("value")?) };
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::exclusive(session, |body| body.session.set(key, value)) }?;
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// Waits for a message that nobody asked for, at most `timeout_ms` milliseconds; 0 only looks, KEVY_FOREVER has no
/// limit. KEVY_AGAIN where none came. `*message` is borrowed until the session is used again or freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_session_next_push(
    session: *mut kevy_session,
    timeout_ms: u32,
    message: *mut *const kevy_reply,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let work = |message: &mut *const kevy_reply| {
        let next = |body: &mut Body| {
            Ok(match body.session.next_push(timeout(timeout_ms))? {
                Some(found) => {
                    *message = body.reply.take(found);
                    KEVY_OK
                }
                None => KEVY_AGAIN,
            })
        };
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::exclusive(session, next) }
    };
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((message, "message"), err, work) }
}

/// Ends the wait that the session is in, or else its next one, with KEVY_ERROR_INTERRUPTED. From any thread, as
/// long as the session is not freed; NULL is left alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_session_interrupt(session: *const kevy_session) {
    let interrupt = |interrupter: &Interrupter| {
        interrupter.interrupt();
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or a live handle, and NULL for the error.
    unsafe { boundary::call(std::ptr::null_mut(), || handle::shared(session, interrupt)) };
}

/// Frees a session; NULL is left alone. No thread may be inside of it.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_session_free(session: *mut kevy_session) {
    handle::free(session);
}

/// Panics inside the session, for the test of the boundary.
///
/// cbindgen:ignore
#[cfg(feature = "panic-test")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_test_panic(
    session: *mut kevy_session,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let panic = |_: &mut Body| -> Result<kevy_status> { panic!("the test asked for it") };
    // SAFETY: the caller passes NULL or a live handle, and NULL or a place for a pointer.
    unsafe { boundary::call(err, || handle::exclusive(session, panic)) }
}
