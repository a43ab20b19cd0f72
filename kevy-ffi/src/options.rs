//! Settings by name.

use std::ffi::c_void;
use std::sync::Arc;

use kevy_core::api::{Error, ErrorKind, Options, ReplicaOptions, Result};

use crate::boundary;
use crate::bytes::kevy_bytes;
use crate::error::kevy_error;
use crate::handle::{self, Opaque};
use crate::log::{Context, kevy_fn};
use crate::status::{KEVY_OK, kevy_status};

/// Settings for what is about to be started or opened. One thread at a time.
pub struct kevy_options {
    _opaque: [u8; 0],
}

impl Opaque for kevy_options {
    type Body = Named;
    type Shared = ();
    const TAG: u32 = u32::from_le_bytes(*b"kopt");
    const NAME: &'static str = "kevy_options";
}

/// Is told while a runtime starts how far reading from disk has come: `bytes_read` of `bytes_total`, with numbers that
/// grow. First nothing has been read, last everything; it is not called where there is nothing to read. Calls come from
/// the thread that starts the runtime and from others, but from one at a time, and reading waits for them. It must call
/// no function of kevy.
pub type kevy_load_fn = Option<unsafe extern "C" fn(ctx: *mut c_void, bytes_read: u64, bytes_total: u64)>;

/// What was set, by name and value, in order. Each passed the checks of a runtime or of a replica.
#[derive(Clone, Debug, Default)]
pub struct Named {
    pairs: Vec<(String, String)>,
    on_load: Option<OnLoad>,
}

/// What a host wants called while a runtime reads from disk.
#[derive(Clone, Debug)]
struct OnLoad {
    function: unsafe extern "C" fn(ctx: *mut c_void, bytes_read: u64, bytes_total: u64),
    context: Arc<Context>,
}

impl Named {
    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let of_a_replica = ReplicaOptions::TABLE.iter().any(|option| option.name.eq_ignore_ascii_case(name));
        let of_a_runtime = Options::new().get(name).is_some();
        if of_a_replica && !of_a_runtime {
            ReplicaOptions::default().set(name, value)?;
        } else {
            Options::new().set(name, value)?;
        }
        self.pairs.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

/// What a caller set, nothing where it passed NULL.
///
/// # Safety
/// `options` is NULL or points to a live handle.
unsafe fn copy(options: *const kevy_options) -> Result<Named> {
    if options.is_null() {
        return Ok(Named::default());
    }
    // SAFETY: passed on to the caller.
    unsafe { handle::exclusive(options, |named| Ok(named.clone())) }
}

/// The options of a runtime or a keyspace that a caller passed. One that only a replica has is an error.
///
/// # Safety
/// `options` is NULL or points to a live handle.
pub unsafe fn for_runtime(options: *const kevy_options) -> Result<Options> {
    let mut set = Options::new();
    // SAFETY: passed on to the caller.
    let Named { pairs, on_load } = unsafe { copy(options) }?;
    for (name, value) in pairs {
        set.set(&name, &value)?;
    }
    if let Some(OnLoad { function, context }) = on_load {
        // SAFETY: the host gave function and context together, for calls from any thread.
        set.on_load(move |read, total| unsafe { function(context.get(), read, total) });
    }
    Ok(set)
}

/// The options of a replica that a caller passed. One that only a runtime has is an error.
///
/// # Safety
/// `options` is NULL or points to a live handle.
pub unsafe fn for_replica(options: *const kevy_options) -> Result<ReplicaOptions> {
    let mut set = ReplicaOptions::default();
    // SAFETY: passed on to the caller.
    let Named { pairs, on_load } = unsafe { copy(options) }?;
    if on_load.is_some() {
        return Err(Error::new(
            ErrorKind::InvalidOption,
            "a replica reads nothing from disk: on_load is for a runtime",
        ));
    }
    for (name, value) in pairs {
        set.set(&name, &value)?;
    }
    Ok(set)
}

/// Makes options that are all at their default: no port, one shard for each core. Free them with
/// kevy_options_free(), at once after use if you like: what is started or opened with them keeps a copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_options_new(
    out: *mut *mut kevy_options,
    err: *mut *mut kevy_error,
) -> kevy_status {
    // SAFETY: the caller passes NULL or places for the pointers.
    unsafe { boundary::give((out, "out"), err, |out| handle::give(out, (), Named::default())) }
}

/// Sets one option. For a runtime or a keyspace, names and values are those of redis.conf, such as "maxmemory" and
/// "1gb", and "shards". A replica takes: source, id, user, password, connect-timeout, receive-timeout,
/// reconnect-delay-min, reconnect-delay-max, batch-bytes-max, transaction-bytes-max, frame-bytes-max, acknowledge,
/// bookmarks, follow, database, batches, compression, and prefix (given again it adds another) and type, which a kevy
/// primary sends no others of.
/// KEVY_ERROR_INVALID_OPTION tells what the option takes; so it does where options of the one are given to the other.
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
        unsafe { handle::exclusive(options, |named| named.set(name, value)) }?;
        Ok(KEVY_OK)
    };
    // SAFETY: the caller passes NULL or a place for a pointer.
    unsafe { boundary::call(err, work) }
}

/// Names the function that is told how far reading from disk has come while a runtime starts with these options; NULL for
/// none. `drop`, which may be NULL, is called with `ctx` once neither the options nor a runtime that was started with them
/// hold the function; at once where `function` is NULL or this call fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_options_set_on_load(
    options: *mut kevy_options,
    function: kevy_load_fn,
    ctx: *mut c_void,
    drop: kevy_fn,
    err: *mut *mut kevy_error,
) -> kevy_status {
    let context = Arc::new(Context::new(ctx, drop));
    let work = move || {
        let on_load = function.map(|function| OnLoad { function, context });
        let replace = move |named: &mut Named| Ok(std::mem::replace(&mut named.on_load, on_load));
        // SAFETY: the caller passes NULL or a live handle.
        let before = unsafe { handle::exclusive(options, replace) }?;
        // Outside of the handle: the host's function may take its time.
        std::mem::drop(before);
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
