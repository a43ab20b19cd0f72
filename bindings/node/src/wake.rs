//! Waking JavaScript from other threads.

use std::sync::Arc;

use napi::Env;
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
