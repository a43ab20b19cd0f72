//! Runtimes: started by one thread, attached to by others, stopped once.

use std::collections::HashMap;
use std::os::fd::IntoRawFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use kevy_core::api::{Error, ErrorKind, Result, Runtime};
use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use parking_lot::Mutex;

use crate::error::{failed, failure, options};
use crate::wake::{Progress, Teller};

/// How long the end of the environment waits for the last replies of connections.
const GRACE_AT_EXIT: Duration = Duration::from_secs(2);

/// The runtimes of this process that a worker can attach to.
static RUNNING: Mutex<Option<HashMap<u32, Weak<Shared>>>> = Mutex::new(None);
static NEXT_ID: AtomicU32 = AtomicU32::new(1);

/// What every handle of one runtime holds, in whatever thread.
#[derive(Debug)]
pub struct Shared {
    id: u32,
    /// Taken out when the last handle goes.
    runtime: Option<Runtime>,
}

impl Shared {
    fn new(runtime: Runtime) -> Arc<Self> {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::new(Self { id, runtime: Some(runtime) });
        RUNNING.lock().get_or_insert_default().insert(id, Arc::downgrade(&shared));
        shared
    }

    pub fn runtime(&self) -> Result<&Runtime> {
        self.runtime.as_ref().ok_or_else(|| Error::new(ErrorKind::Closed, "the runtime has been stopped"))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(running) = RUNNING.lock().as_mut() {
            running.remove(&self.id);
        }
        // Stopping waits for core threads, which a finalizer of the collector must not; where no thread can be
        // had the closure is dropped, and the runtime with it, here.
        let runtime = self.runtime.take();
        let _ = std::thread::Builder::new().name("kevy-drop".into()).spawn(move || drop(runtime));
    }
}

/// A handle of a runtime.
#[napi(js_name = "NativeRuntime")]
#[derive(Debug)]
pub struct Handle {
    shared: Option<Arc<Shared>>,
}

#[napi]
impl Handle {
    #[napi(getter)]
    pub fn id(&self) -> napi::Result<u32> {
        Ok(self.shared()?.id)
    }

    #[napi(getter)]
    pub fn port(&self) -> napi::Result<Option<u16>> {
        Ok(self.runtime()?.port())
    }

    #[napi(getter)]
    pub fn shards(&self) -> napi::Result<u32> {
        // A runtime has at most as many shards as there are slots.
        Ok(u32::try_from(self.runtime()?.shards()).unwrap_or(u32::MAX))
    }

    #[napi]
    pub fn open_report(&self) -> napi::Result<OpenReport> {
        let report = self.runtime()?.open_report();
        Ok(OpenReport {
            shards: report.shards as f64,
            keys_loaded: report.keys_loaded as f64,
            keys_expired: report.keys_expired as f64,
            bytes_read: report.bytes_read as f64,
            commands_replayed: report.commands_replayed as f64,
            bytes_cut: report.bytes_cut as f64,
        })
    }

    /// The client's end of a socket pair; the descriptor is the caller's.
    #[napi]
    pub fn connect(&self) -> napi::Result<i32> {
        Ok(self.runtime()?.connect().map_err(|error| failure(&error))?.into_raw_fd())
    }

    #[napi(getter)]
    pub fn token(&self) -> napi::Result<String> {
        Ok(self.runtime()?.token())
    }

    /// Milliseconds, null while there is no copy.
    #[napi(getter)]
    pub fn staleness(&self) -> napi::Result<Option<f64>> {
        Ok(self.runtime()?.staleness().map(|age| age.as_secs_f64() * 1000.0))
    }

    /// Waits for a place of the primary's history, or without a token for the first copy; false after the time limit.
    #[napi]
    pub fn wait(&self, token: Option<String>, timeout_ms: f64) -> napi::Result<AsyncTask<Wait>> {
        let timeout = Duration::try_from_secs_f64(timeout_ms / 1000.0).unwrap_or(Duration::MAX);
        Ok(AsyncTask::new(Wait { shared: self.shared()?.clone(), token, timeout }))
    }

    /// Stops the runtime for every handle.
    #[napi]
    pub fn stop(&self, timeout_ms: u32) -> napi::Result<AsyncTask<Stop>> {
        let timeout = Duration::from_millis(timeout_ms.into());
        Ok(AsyncTask::new(Stop { shared: self.shared()?.clone(), timeout }))
    }

    /// Lets go of the runtime, which goes on while others hold it.
    #[napi]
    pub fn release(&mut self) {
        self.shared = None;
    }
}

impl Handle {
    fn shared(&self) -> napi::Result<&Arc<Shared>> {
        self.shared.as_ref().ok_or_else(|| failed(ErrorKind::Closed, "the runtime has been closed"))
    }

    fn runtime(&self) -> napi::Result<&Runtime> {
        self.shared()?.runtime().map_err(|error| failure(&error))
    }
}

/// What opening found.
#[napi(object)]
#[derive(Clone, Copy, Debug)]
pub struct OpenReport {
    pub shards: f64,
    pub keys_loaded: f64,
    pub keys_expired: f64,
    pub bytes_read: f64,
    pub commands_replayed: f64,
    pub bytes_cut: f64,
}

/// Starts a runtime on a thread of the pool.
#[derive(Debug)]
pub struct Start {
    pairs: Vec<(String, String)>,
    on_load: Option<Teller>,
}

impl Task for Start {
    type Output = Arc<Shared>;
    type JsValue = Handle;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let on_load = self.on_load.take();
        let runtime = options(&self.pairs).and_then(|mut options| {
            if let Some(teller) = on_load {
                options.on_load(move |read, total| teller.tell(read, total));
            }
            Runtime::start(&options)
        });
        runtime.map(Shared::new).map_err(|error| failure(&error))
    }

    fn resolve(&mut self, env: Env, shared: Self::Output) -> napi::Result<Handle> {
        // The process may end without `close`: data that waits to be written must not be lost then.
        env.add_env_cleanup_hook(Arc::downgrade(&shared), |shared| {
            if let Some(runtime) = shared.upgrade().as_ref().and_then(|shared| shared.runtime.as_ref()) {
                // Nobody is left to tell of threads that take longer.
                let _ = runtime.stop(GRACE_AT_EXIT);
            }
        })?;
        Ok(Handle { shared: Some(shared) })
    }
}

/// Stops a runtime on a thread of the pool.
#[derive(Debug)]
pub struct Stop {
    shared: Arc<Shared>,
    timeout: Duration,
}

impl Task for Stop {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<()> {
        let runtime = self.shared.runtime().map_err(|error| failure(&error))?;
        runtime.stop(self.timeout).map_err(|error| failure(&error))
    }

    fn resolve(&mut self, _: Env, (): ()) -> napi::Result<()> {
        Ok(())
    }
}

/// Waits on a thread of the pool.
#[derive(Debug)]
pub struct Wait {
    shared: Arc<Shared>,
    token: Option<String>,
    timeout: Duration,
}

impl Task for Wait {
    type Output = bool;
    type JsValue = bool;

    fn compute(&mut self) -> napi::Result<bool> {
        let runtime = self.shared.runtime().map_err(|error| failure(&error))?;
        let waited = match &self.token {
            None => runtime.wait_synced(self.timeout),
            Some(token) => match runtime.wait_token(token, self.timeout) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == ErrorKind::Timeout => Ok(false),
                Err(error) => Err(error),
            },
        };
        waited.map_err(|error| failure(&error))
    }

    fn resolve(&mut self, _: Env, waited: bool) -> napi::Result<bool> {
        Ok(waited)
    }
}

/// Options are names and values of redis.conf. `on_load` gets the bytes read from disk and those of all files.
#[napi]
pub fn start(pairs: Vec<(String, String)>, on_load: Option<Progress>) -> AsyncTask<Start> {
    AsyncTask::new(Start { pairs, on_load: on_load.map(Teller::new) })
}

/// The runtime of this process with the given id.
pub fn find(id: u32) -> Result<Arc<Shared>> {
    let shared = RUNNING.lock().as_ref().and_then(|running| running.get(&id)?.upgrade());
    shared.ok_or_else(|| Error::new(ErrorKind::Closed, format!("no runtime of this process has the id {id}")))
}

/// Another handle of a runtime of this process.
#[napi]
pub fn attach(id: u32) -> napi::Result<Handle> {
    let shared = find(id).map_err(|error| failure(&error))?;
    Ok(Handle { shared: Some(shared) })
}
