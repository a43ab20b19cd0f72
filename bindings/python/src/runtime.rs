//! `Runtime`: one running keyspace.

use std::os::fd::{IntoRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kevy_core::api::{self, ErrorKind, Options};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::aio::AsyncSession;
use crate::error::{OrRaise, raised};
use crate::local::Local;
use crate::options;
use crate::session::Session;
use crate::wait::without_signals;

/// One running keyspace: shards, core threads, listeners. Any thread may use it.
#[pyclass(frozen, subclass, weakref, module = "kevy")]
#[derive(Debug)]
pub struct Runtime {
    inner: api::Runtime,
    /// The process that started it; elsewhere it is dead.
    process: u32,
    is_closed: AtomicBool,
}

/// How long a wait goes on before signals are looked at.
const WAIT_PIECE: Duration = Duration::from_millis(100);

impl Runtime {
    /// Waits with the interpreter left to other threads, and with Ctrl-C heard.
    fn wait_in_pieces(
        &self,
        py: Python<'_>,
        timeout: Option<f64>,
        wait: impl Fn(Duration) -> api::Result<bool> + Sync,
    ) -> PyResult<bool> {
        let timeout = timeout
            .map(|seconds| {
                Duration::try_from_secs_f64(seconds)
                    .map_err(|error| raised(py, ErrorKind::InvalidArgument, &format!("timeout: {error}")))
            })
            .transpose()?;
        let begun = Instant::now();
        loop {
            let left = timeout.map(|timeout| timeout.saturating_sub(begun.elapsed()));
            let piece = left.map_or(WAIT_PIECE, |left| left.min(WAIT_PIECE));
            if py.detach(|| wait(piece)).or_raise(py)? {
                return Ok(true);
            }
            py.check_signals()?;
            if left.is_some_and(|left| left <= piece) {
                return Ok(false);
            }
        }
    }

    /// An in-process connection.
    pub fn connect(&self) -> api::Result<OwnedFd> {
        self.inner.connect()
    }
}

/// Calls a Python function with two numbers. What it raises goes to `sys.unraisablehook`: reading goes on.
fn teller(call: Bound<'_, PyAny>) -> PyResult<impl Fn(u64, u64) + Send + Sync + 'static> {
    if !call.is_callable() {
        return Err(PyTypeError::new_err("on_load is a function of the bytes read and of all bytes"));
    }
    let call = call.unbind();
    Ok(move |read: u64, total: u64| {
        Python::attach(|py| {
            if let Err(error) = call.call1(py, (read, total)) {
                error.write_unraisable(py, Some(call.bind(py)));
            }
        });
    })
}

#[pymethods]
impl Runtime {
    #[new]
    #[pyo3(signature = (*, on_load=None, **options))]
    fn new(
        py: Python<'_>,
        on_load: Option<Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut settings = Options::new();
        if let Some(call) = on_load {
            settings.on_load(teller(call)?);
        }
        options::each(options, |name, value| settings.set(name, value).or_raise(py))?;
        let inner = py.detach(|| without_signals(|| api::Runtime::start(&settings))).or_raise(py)?;
        Ok(Self { inner, process: std::process::id(), is_closed: AtomicBool::new(false) })
    }

    /// The TCP port that it listens on, None where it does not.
    #[getter]
    fn port(&self) -> Option<u16> {
        self.inner.port()
    }

    /// How many shards the keyspace has.
    #[getter]
    fn shards(&self) -> usize {
        self.inner.shards()
    }

    /// What opening found, as a dict.
    #[getter]
    fn open_report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let report = self.inner.open_report();
        let dict = PyDict::new(py);
        dict.set_item("shards", report.shards)?;
        dict.set_item("keys_loaded", report.keys_loaded)?;
        dict.set_item("keys_expired", report.keys_expired)?;
        dict.set_item("bytes_read", report.bytes_read)?;
        dict.set_item("commands_replayed", report.commands_replayed)?;
        dict.set_item("bytes_cut", report.bytes_cut)?;
        Ok(dict)
    }

    /// The place after everything that has been written here, for a replica's `wait`.
    #[getter]
    fn token(&self) -> String {
        self.inner.token()
    }

    /// Seconds by which the copy of a primary may lie behind it: None while there is none, 0 on a primary.
    #[getter]
    fn staleness(&self) -> Option<f64> {
        self.inner.staleness().map(|age| age.as_secs_f64())
    }

    /// Waits until the first copy of the primary is whole; False where `timeout` seconds passed before.
    #[pyo3(signature = (timeout=None))]
    fn wait_synced(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        self.wait_in_pieces(py, timeout, |piece| self.inner.wait_synced(piece))
    }

    /// Waits until everything before `token` can be read here; False where `timeout` seconds passed before.
    #[pyo3(signature = (token, timeout=None))]
    fn wait_token(&self, py: Python<'_>, token: &str, timeout: Option<f64>) -> PyResult<bool> {
        self.wait_in_pieces(py, timeout, |piece| match self.inner.wait_token(token, piece) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Timeout => Ok(false),
            Err(error) => Err(error),
        })
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Opens a session that runs commands on the caller's thread, with bytes or text coming back.
    #[pyo3(signature = (decode_responses=false))]
    fn session(slf: &Bound<'_, Self>, decode_responses: bool) -> PyResult<Session> {
        let local = Local::open(&slf.get().inner, decode_responses).or_raise(slf.py())?;
        Ok(Session::new(local, slf.clone().unbind()))
    }

    /// As `session`, with methods to await.
    #[pyo3(signature = (decode_responses=false))]
    fn async_session(slf: &Bound<'_, Self>, decode_responses: bool) -> PyResult<AsyncSession> {
        let local = Local::open(&slf.get().inner, decode_responses).or_raise(slf.py())?;
        Ok(AsyncSession::new(local, slf.clone().unbind()))
    }

    /// Opens an in-process connection and returns its descriptor, which is the caller's to close.
    fn connect_fd(&self, py: Python<'_>) -> PyResult<i32> {
        self.connect().or_raise(py).map(IntoRawFd::into_raw_fd)
    }

    /// Stops it: connections take their last replies for at most `timeout` seconds. Safe to call again.
    #[pyo3(signature = (timeout=5.0))]
    fn close(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        let timeout = Duration::try_from_secs_f64(timeout)
            .map_err(|error| raised(py, ErrorKind::InvalidArgument, &format!("timeout: {error}")))?;
        if self.process != std::process::id() {
            return Ok(());
        }
        self.is_closed.store(true, Ordering::Relaxed);
        py.detach(|| self.inner.stop(timeout)).or_raise(py)
    }

    /// Whether nobody closed it in the process that started it.
    fn _is_leaked(&self) -> bool {
        self.process == std::process::id() && !self.closed()
    }

    fn __repr__(&self) -> String {
        let state = if self.closed() { "closed" } else { "running" };
        let port = self.inner.port().map_or(String::new(), |port| format!(", port {port}"));
        format!("<kevy.Runtime: {state}, {} shards{port}>", self.inner.shards())
    }
}
