//! What the sessions of one environment share: how errors are made, and the memory of small Buffers.

use std::cell::RefCell;

use kevy_core::api::{Error, ErrorKind};

use super::js::{Js, Kept, Refused, Result, Value};

/// Why a callback fails.
#[derive(Debug)]
pub enum Fail {
    /// Node refused a call; an exception may be pending.
    Refused,
    /// An argument has a type that no command takes.
    Type(&'static str),
    Kevy(Error),
}

impl From<Refused> for Fail {
    fn from(_: Refused) -> Self {
        Self::Refused
    }
}

impl From<Error> for Fail {
    fn from(error: Error) -> Self {
        Self::Kevy(error)
    }
}

/// What TypeScript hands over when it loads the module.
#[derive(Debug)]
struct Hooks {
    /// `(kind, message) => Error`
    make_error: Kept,
    /// `() => Buffer` over what was last put in the pool.
    take_buffer: Kept,
    /// Two numbers that TypeScript reads: where the last bytes in the pool are, and how many.
    place: (*mut i32, Kept),
}

/// Memory that small Buffers are cut from. Nothing is ever written twice, so no Buffer changes behind a program.
#[derive(Debug)]
struct Pool {
    data: *mut u8,
    len: usize,
    used: usize,
    kept: Kept,
}

/// The state of one environment.
#[derive(Debug, Default)]
pub struct State {
    hooks: RefCell<Option<Hooks>>,
    pool: RefCell<Option<Pool>>,
}

/// Buffers up to this many bytes are cut from the pool.
pub const POOLED_MAX: usize = 4096;
/// From this many bytes on a Buffer lies over memory of Rust's.
const EXTERNAL_MIN: usize = 16 << 10;

impl State {
    pub fn set_hooks(&self, js: Js, make_error: Value, take_buffer: Value, place: Value) -> Result<(), Fail> {
        let (memory, len) = js.memory(place).ok_or(Fail::Type("the place must be an Int32Array"))?;
        if len != 8 {
            return Err(Fail::Type("the place must have two numbers"));
        }
        let hooks = Hooks {
            make_error: js.keep(make_error)?,
            take_buffer: js.keep(take_buffer)?,
            place: (memory.cast(), js.keep(place)?),
        };
        *self.hooks.borrow_mut() = Some(hooks);
        Ok(())
    }

    /// Gives the pool new memory.
    pub fn set_pool(&self, js: Js, buffer: Value) -> Result<(), Fail> {
        let (data, len) = js.memory(buffer).ok_or(Fail::Type("the pool must be a Buffer"))?;
        let pool = Pool { data, len, used: 0, kept: js.keep(buffer)? };
        if let Some(old) = self.pool.replace(Some(pool)) {
            js.release(old.kept);
        }
        Ok(())
    }

    /// Copies `bytes` into the pool and tells TypeScript where they are. False where they do not fit.
    #[inline]
    pub fn put(&self, bytes: &[u8]) -> bool {
        let hooks = self.hooks.borrow();
        let mut pool = self.pool.borrow_mut();
        let (Some(hooks), Some(pool)) = (hooks.as_ref(), pool.as_mut()) else { return false };
        if bytes.len() > POOLED_MAX.min(pool.len - pool.used) {
            return false;
        }
        // SAFETY: the pool's Buffer is kept, TypeScript replaces one whose memory was taken away before it calls, and
        // `used + bytes.len()` is within it. The array of two numbers is kept and private to TypeScript.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), pool.data.add(pool.used), bytes.len());
            hooks.place.0.write(pool.used as i32);
            hooks.place.0.add(1).write(bytes.len() as i32);
        }
        // Eight by eight, so that a typed array of any kind can lie over a Buffer.
        pool.used = (pool.used + bytes.len()).next_multiple_of(8).min(pool.len);
        true
    }

    /// A Buffer with a copy of `bytes`, or undefined where the copy is the one last put in the pool.
    #[inline]
    pub fn buffer_or_pooled(&self, js: Js, bytes: &[u8]) -> Result<Value, Fail> {
        if self.put(bytes) { Ok(js.undefined()?) } else { large(js, bytes) }
    }

    /// A Buffer with a copy of `bytes`.
    pub fn buffer(&self, js: Js, bytes: &[u8]) -> Result<Value, Fail> {
        if !self.put(bytes) {
            return large(js, bytes);
        }
        let take = self.hooks.borrow().as_ref().map(|hooks| js.kept(&hooks.take_buffer));
        Ok(js.call(take.ok_or(Refused)??, &[])?)
    }

    /// The JavaScript error of a failure.
    pub fn error(&self, js: Js, kind: ErrorKind, message: &[u8]) -> Result<Value, Fail> {
        let args = [js.string(kind.name().as_bytes())?, js.string(message)?];
        let make = self.hooks.borrow().as_ref().map(|hooks| js.kept(&hooks.make_error));
        Ok(js.call(make.ok_or(Refused)??, &args)?)
    }

    #[cold]
    pub fn throw(&self, js: Js, fail: Fail) {
        let error = match fail {
            Fail::Refused => Err(Fail::Refused),
            Fail::Type(text) => return js.throw_type_error(c"ERR_INVALID_ARG_TYPE", text),
            Fail::Kevy(error) => self.error(js, error.kind(), error.message().as_bytes()),
        };
        // Where no error could be made, the reason is pending already.
        if let Ok(error) = error {
            js.throw(error);
        }
    }
}

fn large(js: Js, bytes: &[u8]) -> Result<Value, Fail> {
    let buffer =
        if bytes.len() < EXTERNAL_MIN { js.buffer_copy(bytes) } else { js.buffer_external(bytes.to_vec()) };
    Ok(buffer?)
}
