//! `Replica`: a primary's snapshot and changes, frame by frame.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kevy_core::api::{self, ErrorKind, FrameKind, ReplicaInterrupter, ReplicaOptions, ReplicaSource};
use pyo3::exceptions::PyIndexError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use try_lock::{Locked, TryLock};

use crate::error::{OrRaise, from_core, raised};
use crate::options;
use crate::runtime::Runtime;

static KINDS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The member of `kevy.FrameKind` for a kind.
fn kind_object<'py>(py: Python<'py>, kind: FrameKind) -> PyResult<Bound<'py, PyAny>> {
    let kinds = KINDS.get_or_try_init(py, || -> PyResult<_> {
        Ok(py.import("kevy._frames")?.getattr("BY_NUMBER")?.unbind())
    })?;
    kinds.bind(py).get_item(kind as i32)
}

/// One event of a primary's stream.
#[pyclass(frozen, weakref, module = "kevy")]
#[derive(Debug)]
pub struct Frame {
    kind: FrameKind,
    /// The shard of the primary that it comes from.
    #[pyo3(get)]
    shard: usize,
    /// The offset in that shard's stream.
    #[pyo3(get)]
    offset: u64,
    /// The database that the command is for.
    #[pyo3(get)]
    db: usize,
    /// The command, empty for frames that are none.
    #[pyo3(get)]
    argv: Py<PyList>,
    /// Why the position could not be continued, or the link went down.
    #[pyo3(get)]
    reason: String,
    /// Whether the link is up.
    #[pyo3(get)]
    up: bool,
}

impl Frame {
    fn of(py: Python<'_>, frame: &api::Frame<'_>) -> PyResult<Self> {
        let argv = PyList::empty(py);
        for arg in frame.argv.iter() {
            argv.append(PyBytes::new(py, arg))?;
        }
        Ok(Self {
            kind: frame.kind,
            shard: frame.shard,
            offset: frame.offset,
            db: frame.db,
            argv: argv.unbind(),
            reason: frame.reason.to_owned(),
            up: frame.up,
        })
    }
}

#[pymethods]
impl Frame {
    /// What it is.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        kind_object(py, self.kind)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let kind = kind_object(py, self.kind)?.getattr("name")?;
        let argv = self.argv.bind(py).repr()?;
        Ok(format!("<kevy.Frame {kind} shard={} offset={} db={} {argv}>", self.shard, self.offset, self.db))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.argv)
    }
}

/// Frames that arrived together, and the cursor after the last of them.
#[pyclass(frozen, weakref, sequence, module = "kevy")]
#[derive(Debug)]
pub struct Batch(api::Batch);

#[pymethods]
impl Batch {
    /// The position after the last frame: save it with what was applied, and begin there the next time.
    #[getter]
    fn cursor<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.cursor())
    }

    /// Bytes of all arguments together.
    #[getter]
    fn nbytes(&self) -> usize {
        self.0.byte_len()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __getitem__(&self, py: Python<'_>, index: isize) -> PyResult<Frame> {
        let at = if index < 0 { index + self.0.len() as isize } else { index };
        let frame = usize::try_from(at).ok().and_then(|at| self.0.get(at));
        Frame::of(py, &frame.ok_or_else(|| PyIndexError::new_err("no such frame"))?)
    }

    fn __iter__(slf: &Bound<'_, Self>) -> BatchIterator {
        BatchIterator { batch: slf.clone().unbind(), at: AtomicUsize::new(0) }
    }

    fn __repr__(&self) -> String {
        format!("<kevy.Batch of {} frames>", self.0.len())
    }
}

/// Goes through a batch.
#[pyclass(frozen, module = "kevy")]
#[derive(Debug)]
pub struct BatchIterator {
    batch: Py<Batch>,
    at: AtomicUsize,
}

#[pymethods]
impl BatchIterator {
    fn __iter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Frame>> {
        let at = self.at.fetch_add(1, Ordering::Relaxed);
        self.batch.get().0.get(at).map(|frame| Frame::of(py, &frame)).transpose()
    }
}

/// What one attempt to get frames came to.
enum Waited<T> {
    Got(T),
    Passed,
}

/// A primary's snapshot and changes. One thread at a time may use it; any may call `interrupt`.
#[pyclass(frozen, subclass, weakref, module = "kevy")]
#[derive(Debug)]
pub struct Replica {
    /// `None` once closed.
    inner: TryLock<Option<api::Replica>>,
    interrupter: ReplicaInterrupter,
    /// `interrupt` was called: tells it from a signal, which ends the same wait.
    is_interrupted: AtomicBool,
    /// The link was up when last heard of, so that frames can be taken without waiting for a connection.
    is_up: AtomicBool,
    fd: i32,
    process: u32,
}

impl Replica {
    fn hold(&self, py: Python<'_>) -> PyResult<Locked<'_, Option<api::Replica>>> {
        if self.process != std::process::id() {
            return Err(raised(
                py,
                ErrorKind::Forked,
                "the replica was opened before fork and lives in the parent",
            ));
        }
        match self.inner.try_lock() {
            Some(held) if held.is_some() => Ok(held),
            Some(_) => Err(raised(py, ErrorKind::Closed, "the replica is closed")),
            None => Err(raised(py, ErrorKind::Busy, "the replica is in use by another thread")),
        }
    }

    /// Calls `take` until it gives something or the time has passed. Other Python threads run while it waits, and
    /// signals are handled.
    fn wait<T: Send>(
        &self,
        py: Python<'_>,
        replica: &mut api::Replica,
        timeout: Option<f64>,
        mut take: impl FnMut(&mut api::Replica, Option<Duration>) -> api::Result<Option<T>> + Send,
    ) -> PyResult<Waited<T>> {
        let timeout = timeout
            .map(Duration::try_from_secs_f64)
            .transpose()
            .map_err(|error| raised(py, ErrorKind::InvalidArgument, &format!("timeout: {error}")))?;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            match py.detach(|| take(replica, left)) {
                Ok(Some(got)) => return Ok(Waited::Got(got)),
                Ok(None) => return Ok(Waited::Passed),
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    py.check_signals()?;
                    if self.is_interrupted.swap(false, Ordering::Relaxed) {
                        return Err(from_core(py, &error));
                    }
                }
                Err(error) => return Err(from_core(py, &error)),
            }
        }
    }

    /// The next frame that is there already, without letting other threads run.
    fn at_hand(&self, py: Python<'_>, replica: &mut api::Replica) -> PyResult<Option<Frame>> {
        if !self.is_up.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match replica.next(Some(Duration::ZERO)) {
            Ok(Some(frame)) => self.note(py, &frame).map(Some),
            Ok(None) => Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                py.check_signals()?;
                if self.is_interrupted.swap(false, Ordering::Relaxed) {
                    return Err(from_core(py, &error));
                }
                Ok(None)
            }
            Err(error) => Err(from_core(py, &error)),
        }
    }

    fn note(&self, py: Python<'_>, frame: &api::Frame<'_>) -> PyResult<Frame> {
        if frame.kind == FrameKind::Link {
            self.is_up.store(frame.up, Ordering::Relaxed);
        }
        Frame::of(py, frame)
    }
}

#[pymethods]
impl Replica {
    #[new]
    #[pyo3(signature = (source, cursor=None, *, prefixes=None, **options))]
    fn new(
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        cursor: Option<&[u8]>,
        prefixes: Option<Vec<Bound<'_, PyAny>>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut settings = ReplicaOptions::default();
        for prefix in prefixes.iter().flatten() {
            settings.prefixes.push(match prefix.cast::<PyString>() {
                Ok(text) => text.to_str()?.as_bytes().to_vec(),
                Err(_) => prefix.extract()?,
            });
        }
        options::each(options, |name, value| settings.set(name, value).or_raise(py))?;
        if let Ok(runtime) = source.cast::<Runtime>() {
            settings.source = Some(ReplicaSource::Fd(runtime.get().connect().or_raise(py)?));
        } else if let Ok(url) = source.cast::<PyString>() {
            settings.set("source", url.to_str()?).or_raise(py)?;
        } else {
            let fd: i32 = source.call_method0("fileno").unwrap_or_else(|_| source.clone()).extract()?;
            settings.source = Some(ReplicaSource::duplicate(fd).or_raise(py)?);
        }
        let replica = api::Replica::open(settings, cursor.unwrap_or_default()).or_raise(py)?;
        Ok(Self {
            interrupter: replica.interrupter(),
            fd: replica.wakeup_fd(),
            inner: TryLock::new(Some(replica)),
            is_interrupted: AtomicBool::new(false),
            is_up: AtomicBool::new(false),
            process: std::process::id(),
        })
    }

    /// The next frame, or None once `timeout` seconds have passed. Asking for more confirms what came before,
    /// unless `acknowledge="manual"`.
    #[pyo3(signature = (timeout=None))]
    fn next(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<Frame>> {
        let mut held = self.hold(py)?;
        let Some(replica) = held.as_mut() else { return Ok(None) };
        if let Some(frame) = self.at_hand(py, replica)? {
            return Ok(Some(frame));
        }
        let waited = self.wait(py, replica, timeout, |replica, left| {
            // Other threads run meanwhile, so the frame owns its bytes.
            replica.next_owned(left)
        })?;
        match waited {
            Waited::Got(batch) => batch.get(0).map(|frame| self.note(py, &frame)).transpose(),
            Waited::Passed => Ok(None),
        }
    }

    /// Up to `max` frames: waits for the first, then takes those that are there. None once `timeout` seconds have
    /// passed.
    #[pyo3(signature = (max=1024, timeout=None))]
    fn next_batch(&self, py: Python<'_>, max: usize, timeout: Option<f64>) -> PyResult<Option<Batch>> {
        let mut held = self.hold(py)?;
        let Some(replica) = held.as_mut() else { return Ok(None) };
        let waited = self.wait(py, replica, timeout, |replica, left| {
            replica.next_batch(max, left).map(|batch| Some(batch).filter(|batch| !batch.is_empty()))
        })?;
        match waited {
            Waited::Got(batch) => Ok(Some(Batch(batch))),
            Waited::Passed => Ok(None),
        }
    }

    /// The position after the last frame, or after its transaction's last: save it with what was applied, and
    /// begin there the next time. Empty until a snapshot was whole.
    #[getter]
    fn cursor<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let held = self.hold(py)?;
        Ok(PyBytes::new(py, &held.as_ref().map(api::Replica::cursor).unwrap_or_default()))
    }

    /// Tells the primary that everything before `cursor`, by default all that was handed out, has been applied.
    #[pyo3(signature = (cursor=None))]
    fn ack(&self, py: Python<'_>, cursor: Option<&[u8]>) -> PyResult<()> {
        let mut held = self.hold(py)?;
        let Some(replica) = held.as_mut() else { return Ok(()) };
        match cursor {
            Some(cursor) => replica.ack(cursor),
            None => replica.ack(&replica.cursor()),
        }
        .or_raise(py)
    }

    /// Counters of the link, as a dict.
    #[getter]
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let held = self.hold(py)?;
        let stats = held.as_ref().map(api::Replica::stats).unwrap_or_default();
        let dict = PyDict::new(py);
        dict.set_item("up", stats.up)?;
        dict.set_item("connections", stats.connections)?;
        dict.set_item("silent_ms", stats.silent_ms)?;
        dict.set_item("lag_offset", stats.lag_offset)?;
        dict.set_item("lag_bytes", stats.lag_bytes)?;
        dict.set_item("lag_ms", stats.lag_ms)?;
        dict.set_item("weaker", stats.weaker)?;
        dict.set_item("frames", stats.link.frames)?;
        dict.set_item("entries", stats.link.entries)?;
        dict.set_item("bytes", stats.link.bytes)?;
        dict.set_item("transactions", stats.link.transactions)?;
        dict.set_item("snapshots", stats.link.snapshots)?;
        dict.set_item("resyncs", stats.link.resyncs)?;
        Ok(dict)
    }

    /// A descriptor that is readable when there may be something to do: then call `next` or `next_batch` with a
    /// timeout of 0 until it gives None. It is the replica's own.
    fn fileno(&self) -> i32 {
        self.fd
    }

    /// Ends the wait under way, or else the next one, with InterruptedError. Any thread may call it.
    fn interrupt(&self) {
        self.is_interrupted.store(true, Ordering::Relaxed);
        self.interrupter.interrupt();
    }

    /// Ends the link. Safe to call again.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        match self.inner.try_lock() {
            Some(mut held) => {
                held.take();
                Ok(())
            }
            None => Err(raised(
                py,
                ErrorKind::Busy,
                "the replica is in use by another thread: interrupt it first",
            )),
        }
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.inner.try_lock().is_some_and(|held| held.is_none())
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Frame>> {
        self.next(py, None)
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(py)
    }
}

impl Drop for Replica {
    /// In a forked child the descriptors are shared with the parent, so nothing is closed there.
    fn drop(&mut self) {
        if self.process != std::process::id()
            && let Some(mut held) = self.inner.try_lock()
        {
            std::mem::forget(held.take());
        }
    }
}
