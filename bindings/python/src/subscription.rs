//! `Subscription`: the messages of channels and patterns, one after the other.

use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kevy_core::api::{ErrorKind, Interrupter, Kind, Reply, Session};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::argument::Call;
use crate::error::{OrRaise, from_core, raised};
use crate::local::{FOR_EVER, Local, open};
use crate::reply::{self, Shape};
use crate::runtime::Runtime;
use crate::wait;

/// Messages of the channels and patterns that it is subscribed to. It has a session of its own, so the session that
/// it was made by goes on with commands. One thread at a time may take messages; any may close it.
#[pyclass(frozen, weakref, module = "kevy")]
#[derive(Debug)]
pub struct Subscription {
    local: Arc<Local>,
    interrupter: Interrupter,
    /// `close` was called.
    is_closing: AtomicBool,
    doorbell: OnceLock<Doorbell>,
    parent: Py<Runtime>,
}

/// A pair of sockets, one of which can be read when there may be a message.
#[derive(Debug)]
struct Doorbell {
    inside: UnixStream,
    outside: Arc<UnixStream>,
}

impl Doorbell {
    fn new() -> std::io::Result<Self> {
        let (inside, outside) = UnixStream::pair()?;
        inside.set_nonblocking(true)?;
        outside.set_nonblocking(true)?;
        Ok(Self { inside, outside: Arc::new(outside) })
    }

    /// Where the socket takes nothing more it can be read.
    fn ring(mut outside: &UnixStream) {
        let _ = outside.write(&[1]);
    }

    /// What is looked for afterwards is all there was when it was rung.
    fn quiet(&self) {
        let mut rings = [0; 64];
        while matches!((&self.inside).read(&mut rings), Ok(n) if n == rings.len()) {}
    }
}

impl Subscription {
    /// Subscribes a sibling of `local` by `verb` to `names`.
    pub fn open(
        py: Python<'_>,
        local: &Local,
        parent: &Py<Runtime>,
        verb: &'static str,
        names: &Bound<'_, PyTuple>,
    ) -> PyResult<Self> {
        let local = Arc::new(local.sibling(py)?);
        let interrupter = local.interrupter(py)?;
        let subscription = Self {
            local,
            interrupter,
            is_closing: AtomicBool::new(false),
            doorbell: OnceLock::new(),
            parent: parent.clone_ref(py),
        };
        subscription.change(py, verb, names)?;
        Ok(subscription)
    }

    fn change(&self, py: Python<'_>, verb: &'static str, names: &Bound<'_, PyTuple>) -> PyResult<()> {
        let mut call = Call::new(verb);
        for name in names {
            call.arg(&name);
        }
        self.local.run(py, call.finish()?, Shape::Plain).map(drop)
    }

    /// The next message that is at hand.
    fn at_hand<'py>(&self, py: Python<'py>, session: &mut Session) -> PyResult<Option<Bound<'py, PyDict>>> {
        let decode = self.local.decode;
        match session.next_push(Duration::ZERO) {
            Ok(Some(push)) => message(py, push, decode).map(Some),
            Ok(None) => Ok(None),
            // Left over from a wait that had ended.
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(None),
            Err(error) => Err(from_core(py, &error)),
        }
    }

    /// The next message within `timeout`; `None` after it, or once closed.
    fn next<'py>(&self, py: Python<'py>, timeout: Duration) -> PyResult<Option<Bound<'py, PyDict>>> {
        if self.is_closing.load(Ordering::Acquire) {
            return Ok(None);
        }
        if let Some(doorbell) = self.doorbell.get() {
            doorbell.quiet();
        }
        let mut held = self.local.hold(py)?;
        loop {
            let session = open(&mut held).or_raise(py)?;
            if let Some(message) = self.at_hand(py, session)? {
                return Ok(Some(message));
            }
            if timeout.is_zero() {
                return Ok(None);
            }
            match wait::interruptible(py, &self.interrupter, || session.wait_push(timeout))? {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(_) if self.is_closing.load(Ordering::Acquire) => {
                    held.take();
                    return Ok(None);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(from_core(py, &error)),
            }
        }
    }
}

/// A message as redis-py gives it.
fn message<'py>(py: Python<'py>, push: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyDict>> {
    let parts: Vec<Reply<'_>> = push.children().collect();
    let (kind, pattern, rest) = match parts.as_slice() {
        [kind, pattern, rest @ ..] if kind.bytes() == b"pmessage" => (kind, Some(pattern), rest),
        [kind, rest @ ..] => (kind, None, rest),
        [] => return Err(raised(py, ErrorKind::Protocol, "a message without a type")),
    };
    let part = |at: usize| -> PyResult<Bound<'py, PyAny>> {
        match rest.get(at) {
            None => Ok(py.None().into_bound(py)),
            Some(part) if part.kind() == Kind::Integer => Ok(part.integer().into_pyobject(py)?.into_any()),
            Some(part) => reply::plain(py, *part, decode),
        }
    };
    let message = PyDict::new(py);
    message.set_item("type", &*String::from_utf8_lossy(kind.bytes()))?;
    message.set_item("pattern", pattern.map(|pattern| reply::plain(py, *pattern, decode)).transpose()?)?;
    message.set_item("channel", part(0)?)?;
    message.set_item("data", part(1)?)?;
    Ok(message)
}

#[pymethods]
impl Subscription {
    /// Subscribes to further channels.
    #[pyo3(signature = (*channels))]
    fn subscribe(&self, py: Python<'_>, channels: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.change(py, "SUBSCRIBE", channels)
    }

    /// Subscribes to further patterns.
    #[pyo3(signature = (*patterns))]
    fn psubscribe(&self, py: Python<'_>, patterns: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.change(py, "PSUBSCRIBE", patterns)
    }

    /// Subscribes to further shard channels.
    #[pyo3(signature = (*channels))]
    fn ssubscribe(&self, py: Python<'_>, channels: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.change(py, "SSUBSCRIBE", channels)
    }

    /// Ends subscriptions to channels, all of them where none is named.
    #[pyo3(signature = (*channels))]
    fn unsubscribe(&self, py: Python<'_>, channels: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.change(py, "UNSUBSCRIBE", channels)
    }

    /// Ends subscriptions to patterns, all of them where none is named.
    #[pyo3(signature = (*patterns))]
    fn punsubscribe(&self, py: Python<'_>, patterns: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.change(py, "PUNSUBSCRIBE", patterns)
    }

    /// Ends subscriptions to shard channels, all of them where none is named.
    #[pyo3(signature = (*channels))]
    fn sunsubscribe(&self, py: Python<'_>, channels: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.change(py, "SUNSUBSCRIBE", channels)
    }

    /// The next message; None where none comes within `timeout` seconds, which is for ever where it is None.
    #[pyo3(signature = (timeout=0.0))]
    fn get_message<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<f64>,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let timeout = timeout
            .map(Duration::try_from_secs_f64)
            .transpose()
            .map_err(|error| raised(py, ErrorKind::InvalidArgument, &format!("timeout: {error}")))?;
        self.next(py, timeout.unwrap_or(FOR_EVER))
    }

    /// A descriptor that can be read when there may be a message, or the end of the subscription. Asking for a message
    /// without a timeout makes it quiet. It is closed with the object.
    fn fileno(&self, py: Python<'_>) -> PyResult<RawFd> {
        if let Some(doorbell) = self.doorbell.get() {
            return Ok(doorbell.inside.as_raw_fd());
        }
        let made = Doorbell::new().map_err(|error| raised(py, ErrorKind::Io, &error.to_string()))?;
        let outside = made.outside.clone();
        let mut held = self.local.hold(py)?;
        let session = open(&mut held).or_raise(py)?;
        let doorbell = self.doorbell.get_or_init(|| made);
        session.set_push_waker(Some(Box::new(move || Doorbell::ring(&outside))));
        // What came before is not told again.
        Doorbell::ring(&doorbell.outside);
        Ok(doorbell.inside.as_raw_fd())
    }

    /// Ends it, and the wait of another thread. Safe to call again.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.is_closing.store(true, Ordering::Release);
        if self.local.close(py).is_err() {
            // Who waits closes it.
            self.interrupter.interrupt();
        }
        if let Some(doorbell) = self.doorbell.get() {
            Doorbell::ring(&doorbell.outside);
        }
        Ok(())
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.next(py, FOR_EVER)
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.parent)
    }
}
