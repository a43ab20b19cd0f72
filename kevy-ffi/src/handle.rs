//! Handles: what the opaque types of the header point to.
//!
//! A handle knows its type, the process it was made in and whether a thread is inside it, so that a wrong call
//! becomes an error wherever that can be told. A registry of what is alive makes a second free harmless.

use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use kevy_core::api::{Error, ErrorKind, Result, fork, log};
use parking_lot::Mutex;

use crate::boundary;
use crate::log::catch_panics;
use crate::status::{KEVY_OK, kevy_status};

/// Binds an opaque type of the header to what stands behind it.
pub trait Opaque: Sized {
    /// What one thread at a time uses.
    type Body: Send;
    /// What any thread uses at any time.
    type Shared: Send + Sync;
    /// Tells its handles from those of other types.
    const TAG: u32;
    /// Its name in the header.
    const NAME: &'static str;
}

/// What a pointer to an [`Opaque`] type points to. The tag comes first in every one.
#[repr(C)]
struct Handle<O: Opaque> {
    tag: u32,
    /// The fork generation it was made in.
    born: u32,
    state: AtomicU32,
    shared: O::Shared,
    body: UnsafeCell<O::Body>,
}

const IDLE: u32 = 0;
const BUSY: u32 = 1;
const POISONED: u32 = 2;
const FREED: u32 = 3;

/// Makes a handle and gives it to the caller, who frees it.
pub fn give<O: Opaque>(out: &mut *mut O, shared: O::Shared, body: O::Body) -> Result<kevy_status> {
    *out = make(shared, body);
    Ok(KEVY_OK)
}

/// Makes a handle.
pub fn make<O: Opaque>(shared: O::Shared, body: O::Body) -> *mut O {
    let born = fork::watch();
    catch_panics();
    let handle =
        Handle::<O> { tag: O::TAG, born, state: AtomicU32::new(IDLE), shared, body: UnsafeCell::new(body) };
    let handle = Box::into_raw(Box::new(handle)).cast::<O>();
    register(handle.cast(), O::TAG);
    handle
}

/// The handle behind a pointer, as far as a pointer can be checked.
///
/// # Safety
/// `pointer` is NULL or points to a live handle of any type.
#[inline]
unsafe fn look<'a, O: Opaque>(pointer: *const O) -> Result<&'a Handle<O>> {
    let handle = pointer.cast::<Handle<O>>();
    if handle.is_null() {
        return Err(boundary::null(O::NAME));
    }
    // SAFETY: a live handle of any type begins with a tag, and the alignment is tested first.
    if !handle.is_aligned() || unsafe { *handle.cast::<u32>() } != O::TAG {
        return Err(not_a::<O>());
    }
    // SAFETY: the tag says that it is one of these, and the caller says that it is alive.
    Ok(unsafe { &*handle })
}

/// Sets what becomes of the handle when the call ends, however it ends.
struct Turn<'a> {
    state: &'a AtomicU32,
    then: Option<u32>,
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(then) = self.then {
            self.state.store(then, Ordering::Release);
        }
    }
}

/// Runs `work` with the handle's body, which this thread has to itself; a panic poisons the handle.
///
/// # Safety
/// `pointer` is NULL or points to a live handle of any type.
#[inline]
pub unsafe fn exclusive<O: Opaque, T>(
    pointer: *const O,
    work: impl FnOnce(&mut O::Body) -> Result<T>,
) -> Result<T> {
    // SAFETY: passed on to the caller.
    let handle = unsafe { look(pointer) }?;
    if handle.born != fork::generation() {
        return Err(forked::<O>());
    }
    if let Err(state) = handle.state.compare_exchange(IDLE, BUSY, Ordering::Acquire, Ordering::Relaxed) {
        return Err(taken::<O>(state));
    }
    let mut turn = Turn { state: &handle.state, then: Some(POISONED) };
    // SAFETY: the state went from IDLE to BUSY here, so no other thread is between this line and the end of `turn`.
    let result = work(unsafe { &mut *handle.body.get() });
    turn.then = Some(IDLE);
    result
}

/// Runs `work` with the part of a handle that any number of threads use; a panic poisons the handle.
///
/// # Safety
/// `pointer` is NULL or points to a live handle of any type.
pub unsafe fn shared<O: Opaque, T>(
    pointer: *const O,
    work: impl FnOnce(&O::Shared) -> Result<T>,
) -> Result<T> {
    // SAFETY: passed on to the caller.
    let handle = unsafe { look(pointer) }?;
    if handle.born != fork::generation() {
        return Err(forked::<O>());
    }
    let state = handle.state.load(Ordering::Acquire);
    if state == POISONED {
        return Err(taken::<O>(state));
    }
    let mut turn = Turn { state: &handle.state, then: Some(POISONED) };
    let result = work(&handle.shared);
    turn.then = None;
    result
}

/// The shared part of a handle that only holds data, which a forked child may read too.
///
/// # Safety
/// `pointer` is NULL or points to a live handle of any type.
#[inline]
pub unsafe fn peek<'a, O: Opaque + 'a>(pointer: *const O) -> Option<&'a O::Shared> {
    // SAFETY: passed on to the caller.
    unsafe { look(pointer) }.ok().map(|handle| &handle.shared)
}

/// Frees a handle. NULL, a handle that was freed before, one of another type and one of the parent process are
/// left alone; so is one that another thread is inside of.
pub fn free<O: Opaque>(pointer: *mut O) {
    boundary::quietly((), || {
        let handle = pointer.cast::<Handle<O>>();
        let ended = end(pointer.cast(), O::TAG, || {
            // SAFETY: the registry holds it under this tag, so it is alive and of this type.
            let state = unsafe { &(*handle).state };
            let end =
                |from| state.compare_exchange(from, FREED, Ordering::Acquire, Ordering::Relaxed).is_ok();
            end(IDLE) || end(POISONED)
        });
        match ended {
            Ended::Yes => {
                // SAFETY: it left the registry just now, so this is the one call that frees it; the tag is wiped
                // with a volatile write so that a stale pointer is told for as long as the memory lies unused.
                let handle = unsafe {
                    (&raw mut (*handle).tag).write_volatile(0);
                    Box::from_raw(handle)
                };
                drop(handle);
            }
            Ended::InUse => log::write(
                log::Level::Error,
                format_args!("{} was freed while another thread was inside of it: it stays", O::NAME),
            ),
            Ended::Unknown => {}
        }
    });
}

/// What is alive, by address.
struct Registry {
    generation: u32,
    alive: Mutex<HashMap<usize, u32>>,
}

static REGISTRY: AtomicPtr<Registry> = AtomicPtr::new(std::ptr::null_mut());

/// The registry of this process. A forked child begins with an empty one: the parent's may have been locked by a
/// thread that the child does not have, and what it lists belongs to the parent.
fn registry() -> &'static Registry {
    loop {
        let current = REGISTRY.load(Ordering::Acquire);
        let generation = fork::generation();
        // SAFETY: what the pointer holds was leaked below and lives for ever.
        if let Some(registry) = unsafe { current.as_ref() }
            && registry.generation == generation
        {
            return registry;
        }
        let fresh = Box::into_raw(Box::new(Registry { generation, alive: Mutex::default() }));
        if REGISTRY.compare_exchange(current, fresh, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            // SAFETY: another thread was first, so nobody else has seen this one.
            drop(unsafe { Box::from_raw(fresh) });
        }
    }
}

/// Notes something that the caller will free.
pub fn register(pointer: *const u8, tag: u32) {
    registry().alive.lock().insert(pointer.addr(), tag);
}

/// Whether the registry let go of something.
#[derive(PartialEq, Eq)]
pub enum Ended {
    Yes,
    Unknown,
    InUse,
}

/// Takes something out of the registry if it is there under `tag` and `ready` says so.
pub fn end(pointer: *const u8, tag: u32, ready: impl FnOnce() -> bool) -> Ended {
    let mut alive = registry().alive.lock();
    match alive.get(&pointer.addr()) {
        Some(found) if *found == tag => {
            if !ready() {
                return Ended::InUse;
            }
            alive.remove(&pointer.addr());
            Ended::Yes
        }
        _ => Ended::Unknown,
    }
}

#[cold]
fn not_a<O: Opaque>() -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("the handle is no {}, or it was freed", O::NAME))
}

#[cold]
fn forked<O: Opaque>() -> Error {
    let text = format!("the {} was made before fork and belongs to the parent process", O::NAME);
    Error::new(ErrorKind::Forked, text)
}

#[cold]
fn taken<O: Opaque>(state: u32) -> Error {
    match state {
        POISONED => Error::new(ErrorKind::Panic, format!("the {} is poisoned by an earlier defect", O::NAME)),
        FREED => Error::new(ErrorKind::InvalidArgument, format!("the {} was freed", O::NAME)),
        _ => Error::new(ErrorKind::Busy, format!("the {} is in use by another thread", O::NAME)),
    }
}
