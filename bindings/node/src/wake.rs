//! Waking JavaScript from other threads.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::FnArgs;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue};
use parking_lot::Mutex;

/// The JavaScript function that is called, without arguments.
pub type Function = ThreadsafeFunction<(), UnknownReturnValue, (), napi::Status, false, true>;

/// Wakes JavaScript, and keeps the process alive only while somebody waits. A clone wakes the same function.
#[derive(Clone)]
pub struct Waker(Arc<Mutex<Function>>);

impl Waker {
    pub fn new(function: Function) -> Self {
        Self(Arc::new(Mutex::new(function)))
    }

    /// Has the function called. Without an environment there is nobody to wake.
    pub fn wake(&self) {
        self.0.lock().call((), ThreadsafeFunctionCallMode::NonBlocking);
    }

    /// Whether the process stays alive until the function is called.
    pub fn hold(&self, env: Env, is_held: bool) -> napi::Result<()> {
        let mut function = self.0.lock();
        #[expect(deprecated, reason = "napi-rs has no other way to count a wait that comes and goes")]
        let done = if is_held { function.refer(&env) } else { function.unref(&env) };
        done
    }
}

/// The JavaScript function that is told how far something has come: how much, and of how much.
pub type Progress =
    ThreadsafeFunction<FnArgs<(f64, f64)>, UnknownReturnValue, FnArgs<(f64, f64)>, napi::Status, false, true>;

/// Tells JavaScript how far something has come, from any thread and without waiting for it.
pub struct Teller(Progress);

impl Teller {
    pub fn new(function: Progress) -> Self {
        Self(function)
    }

    /// Has the function called. Without an environment there is nobody to tell.
    pub fn tell(&self, done: u64, total: u64) {
        self.0.call((done as f64, total as f64).into(), ThreadsafeFunctionCallMode::NonBlocking);
    }
}

impl std::fmt::Debug for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Teller")
    }
}
