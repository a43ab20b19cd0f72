//! `Session`: commands in-process, on the caller's thread.

use std::sync::Arc;

use kevy_core::api::ErrorKind;
use pyo3::exceptions::PyKeyError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::argument::{Call, Expiry};
use crate::error::{OrRaise, from_core};
use crate::local::{Local, open};
use crate::pipeline::Pipeline;
use crate::queue::Queue;
use crate::reply::{self, Shape};
use crate::runtime::Runtime;
use crate::subscription::Subscription;
use crate::verbs::{Runs, set_call};

/// One client's state: database, MULTI, WATCH. One thread at a time may use it.
#[pyclass(frozen, generic, weakref, module = "kevy")]
#[derive(Debug)]
pub struct Session {
    local: Arc<Local>,
    /// Keeps the runtime's Python object, which stops the runtime when it goes.
    parent: Py<Runtime>,
}

impl Session {
    /// A session over `local` that belongs to `parent`.
    pub fn new(local: Local, parent: Py<Runtime>) -> Self {
        Self { local: Arc::new(local), parent }
    }

    /// GET for every case that the direct path does not take.
    #[cold]
    fn get_by_name<'py>(&self, py: Python<'py>, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.local.run(py, Call::new("GET").arg(name).finish()?, Shape::Plain)
    }

    #[inline]
    fn get_direct<'py>(&self, py: Python<'py>, key: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut held = self.local.hold(py)?;
        let session = open(&mut held).or_raise(py)?;
        match session.try_get(key) {
            Ok(Some(Some(value))) => reply::string(py, value, self.local.decode).map(Some),
            Ok(Some(None)) => Ok(Some(py.None().into_bound(py))),
            Ok(None) => match py.detach(|| session.get(key)).or_raise(py)? {
                Some(value) => reply::string(py, value, self.local.decode).map(Some),
                None => Ok(Some(py.None().into_bound(py))),
            },
            // Inside MULTI the command has to be queued.
            Err(error) if error.kind() == ErrorKind::InvalidArgument => Ok(None),
            Err(error) => Err(from_core(py, &error)),
        }
    }

    #[inline]
    fn set_direct(&self, py: Python<'_>, key: &[u8], value: &[u8]) -> PyResult<bool> {
        let mut held = self.local.hold(py)?;
        let session = open(&mut held).or_raise(py)?;
        match session.try_set(key, value) {
            Ok(true) => Ok(true),
            Ok(false) => py.detach(|| session.set(key, value)).or_raise(py).map(|()| true),
            Err(error) if error.kind() == ErrorKind::InvalidArgument => Ok(false),
            Err(error) => Err(from_core(py, &error)),
        }
    }
}

/// The bytes of an argument that can be borrowed without asking further.
#[inline]
fn borrow<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<Option<&'a [u8]>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Some(text.to_str()?.as_bytes()));
    }
    Ok(value.cast::<PyBytes>().ok().map(|bytes| bytes.as_bytes()))
}

/// Values beyond this are copied while other Python threads run.
const HOLD_VALUE_BYTES_MAX: usize = 64 << 10;

impl Runs for Session {
    fn run<'py>(slf: &Bound<'py, Self>, call: &Call<'py>, shape: Shape) -> PyResult<Bound<'py, PyAny>> {
        slf.get().local.run(slf.py(), call, shape)
    }
}

#[pymethods]
impl Session {
    /// The value of a string key, or None.
    fn get<'py>(&self, py: Python<'py>, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(key) = borrow(name)?
            && let Some(value) = self.get_direct(py, key)?
        {
            return Ok(value);
        }
        self.get_by_name(py, name)
    }

    /// Sets a string key: True, or None where a condition kept it; with `get` the old value.
    #[pyo3(signature = (
        name, value, ex=None, px=None, nx=false, xx=false, keepttl=false, get=false, exat=None, pxat=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn set<'py>(
        &self,
        py: Python<'py>,
        name: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
        ex: Option<&Bound<'py, PyAny>>,
        px: Option<&Bound<'py, PyAny>>,
        nx: bool,
        xx: bool,
        keepttl: bool,
        get: bool,
        exat: Option<&Bound<'py, PyAny>>,
        pxat: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let times = Expiry { ex, px, exat, pxat };
        if times.is_none()
            && !(nx || xx || keepttl || get)
            && let (Some(key), Some(data)) = (borrow(name)?, borrow(value)?)
            && data.len() <= HOLD_VALUE_BYTES_MAX
            && self.set_direct(py, key, data)?
        {
            return Ok(reply::truth(py, true));
        }
        let (mut call, shape) = set_call(name, value, &times, [nx, xx, keepttl, get]);
        self.local.run(py, call.finish()?, shape)
    }

    /// Runs any command and returns its reply as it is: maps are dicts, doubles are floats.
    #[pyo3(signature = (*args))]
    fn execute<'py>(&self, py: Python<'py>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.local.run(py, &Call::of(args)?, Shape::Plain)
    }

    /// Runs commands one after the other in one crossing and returns their replies. The first error reply is
    /// raised once all have run, or stands among the replies where `raise_on_error` is false.
    #[pyo3(signature = (commands, raise_on_error=true))]
    fn execute_batch<'py>(
        &self,
        py: Python<'py>,
        commands: &Bound<'py, PyAny>,
        raise_on_error: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        Queue::of(commands)?.run(py, &self.local, raise_on_error)
    }

    /// Applies a frame of a primary's stream to database `db`, without limits and without replicating it again.
    fn apply<'py>(&self, db: usize, argv: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.local.apply(argv.py(), db, &Call::of(argv)?)
    }

    /// Queues commands and runs them together, by default as one transaction.
    #[pyo3(signature = (transaction=true))]
    fn pipeline(&self, py: Python<'_>, transaction: bool) -> Pipeline {
        Pipeline::new(self.local.clone(), self.parent.clone_ref(py), transaction)
    }

    /// Subscribes to channels: an iterator of their messages.
    #[pyo3(signature = (*channels))]
    fn subscribe(&self, py: Python<'_>, channels: &Bound<'_, PyTuple>) -> PyResult<Subscription> {
        Subscription::open(py, &self.local, &self.parent, "SUBSCRIBE", channels)
    }

    /// Subscribes to patterns: an iterator of the messages of all channels that they describe.
    #[pyo3(signature = (*patterns))]
    fn psubscribe(&self, py: Python<'_>, patterns: &Bound<'_, PyTuple>) -> PyResult<Subscription> {
        Subscription::open(py, &self.local, &self.parent, "PSUBSCRIBE", patterns)
    }

    /// Subscribes to shard channels: an iterator of their messages.
    #[pyo3(signature = (*channels))]
    fn ssubscribe(&self, py: Python<'_>, channels: &Bound<'_, PyTuple>) -> PyResult<Subscription> {
        Subscription::open(py, &self.local, &self.parent, "SSUBSCRIBE", channels)
    }

    /// Calls `func` with a pipeline that watches `watches`, runs what it queued, and does so again where a
    /// watched key changed.
    #[pyo3(signature = (func, *watches, value_from_callable=false))]
    fn transaction<'py>(
        slf: &Bound<'py, Self>,
        func: &Bound<'py, PyAny>,
        watches: &Bound<'py, PyTuple>,
        value_from_callable: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        helper(slf.py(), "transaction")?.call1((slf, func, watches, value_from_callable))
    }

    /// Every key, in pages of SCAN.
    #[pyo3(signature = (r#match=None, count=None, _type=None))]
    fn scan_iter<'py>(
        slf: &Bound<'py, Self>,
        r#match: Option<&Bound<'py, PyAny>>,
        count: Option<&Bound<'py, PyAny>>,
        _type: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        helper(slf.py(), "scan_iter")?.call1((slf, r#match, count, _type))
    }

    /// Every field and value of a hash, in pages of HSCAN.
    #[pyo3(signature = (name, r#match=None, count=None, no_values=None))]
    fn hscan_iter<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyAny>,
        r#match: Option<&Bound<'py, PyAny>>,
        count: Option<&Bound<'py, PyAny>>,
        no_values: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        helper(slf.py(), "hscan_iter")?.call1((slf, name, r#match, count, no_values))
    }

    /// Every member of a set, in pages of SSCAN.
    #[pyo3(signature = (name, r#match=None, count=None))]
    fn sscan_iter<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyAny>,
        r#match: Option<&Bound<'py, PyAny>>,
        count: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        helper(slf.py(), "sscan_iter")?.call1((slf, name, r#match, count))
    }

    /// Every member and score of a sorted set, in pages of ZSCAN.
    #[pyo3(signature = (name, r#match=None, count=None, score_cast_func=None))]
    fn zscan_iter<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyAny>,
        r#match: Option<&Bound<'py, PyAny>>,
        count: Option<&Bound<'py, PyAny>>,
        score_cast_func: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        helper(slf.py(), "zscan_iter")?.call1((slf, name, r#match, count, score_cast_func))
    }

    /// Ends the session. Safe to call again.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.local.close(py)
    }

    /// Whether the session was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.local.is_closed()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let value = self.get(py, name)?;
        if value.is_none() { Err(PyKeyError::new_err(name.clone().unbind())) } else { Ok(value) }
    }

    fn __setitem__<'py>(&self, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> PyResult<()> {
        self.set(name.py(), name, value, None, None, false, false, false, false, None, None).map(drop)
    }

    fn __delitem__<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<()> {
        self.local.run(name.py(), Call::new("DEL").arg(name).finish()?, Shape::Plain).map(drop)
    }

    fn __contains__<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<bool> {
        self.local.run(name.py(), Call::new("EXISTS").arg(name).finish()?, Shape::Truth)?.is_truthy()
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

/// A function of `kevy._helpers`.
pub fn helper<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("kevy._helpers")?.getattr(name)
}
