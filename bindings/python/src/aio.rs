//! The asyncio twins. Commands in-process never wait for I/O, so each runs inside its method and the awaitable
//! that the method returns is ready. Those that wait for others run on threads of their own.

use std::sync::Arc;

use pyo3::exceptions::PyStopIteration;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use try_lock::TryLock;

use crate::argument::Call;
use crate::background::{Background, Job};
use crate::local::Local;
use crate::pace::{Pace, is_of_own_writes};
use crate::pipeline::{Batch, Core};
use crate::queue::Queue;
use crate::reply::{self, Shape};
use crate::runtime::Runtime;
use crate::session::helper;
use crate::subscription::Subscription;
use crate::verbs::Runs;

/// An awaitable that is ready: awaiting it gives its value or raises its exception, once.
#[pyclass(frozen, generic, module = "kevy")]
#[derive(Debug)]
pub struct Ready(TryLock<Option<PyResult<Py<PyAny>>>>);

impl Ready {
    fn wrap<'py>(py: Python<'py>, outcome: PyResult<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let ready = Self(TryLock::new(Some(outcome.map(Bound::unbind))));
        Ok(Bound::new(py, ready)?.into_any())
    }
}

#[pymethods]
impl Ready {
    fn __await__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __next__(&self) -> PyResult<()> {
        match self.0.try_lock().and_then(|mut outcome| outcome.take()) {
            Some(Ok(value)) => Err(PyStopIteration::new_err((value,))),
            Some(Err(error)) => Err(error),
            None => Err(PyStopIteration::new_err(())),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.0.try_lock().as_deref() {
            Some(Some(Ok(value))) => visit.call(value),
            _ => Ok(()),
        }
    }
}

/// The session of `kevy.aio`: each method returns an awaitable, and the command has run by then.
#[pyclass(frozen, generic, weakref, module = "kevy")]
#[derive(Debug)]
pub struct AsyncSession {
    local: Arc<Local>,
    parent: Py<Runtime>,
}

impl AsyncSession {
    fn follow<'py>(
        &self,
        py: Python<'py>,
        verb: &'static str,
        names: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let native = Subscription::open(py, &self.local, &self.parent, verb, names)?;
        py.import("kevy._subscription")?.getattr("AsyncSubscription")?.call1((native,))
    }

    /// A session over `local` that belongs to `parent`.
    pub fn new(local: Local, parent: Py<Runtime>) -> Self {
        Self { local: Arc::new(local), parent }
    }
}

/// Runs a command, or gives an awaitable that does where it may wait. A wait for keys has a session of its own, so
/// that other tasks can go on with this one.
fn run_on<'py>(
    local: &Arc<Local>,
    call: &Call<'py>,
    shape: Shape,
    py: Python<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let argv = call.argv();
    if Pace::of(&argv) != Pace::Waiting {
        return Ready::wrap(py, local.run(py, call, shape));
    }
    if let Some(outcome) = local.run_at_once(py, &argv, &shape).transpose() {
        // Verbs that may wait give coroutines, which tasks are made of, whether they did or not.
        return helper(py, "settled")?.call1((Ready::wrap(py, outcome)?,));
    }
    let local = if is_of_own_writes(&argv) { local.clone() } else { Arc::new(local.sibling(py)?) };
    let job = Job::Command { argv: argv.iter().map(|arg| arg.to_vec()).collect(), shape, local };
    Background::start(py, job)
}

/// Runs a batch, or gives an awaitable that does where it may wait.
fn run_batch<'py>(py: Python<'py>, batch: Batch, raise_on_error: bool) -> PyResult<Bound<'py, PyAny>> {
    if batch.waits() {
        return Background::start(py, Job::Batch { batch, raise_on_error });
    }
    Ready::wrap(py, batch.run(py, raise_on_error).map(Bound::into_any))
}

impl Runs for AsyncSession {
    fn run<'py>(slf: &Bound<'py, Self>, call: &Call<'py>, shape: Shape) -> PyResult<Bound<'py, PyAny>> {
        run_on(&slf.get().local, call, shape, slf.py())
    }
}

#[pymethods]
impl AsyncSession {
    /// Runs any command; awaiting gives its reply as it is.
    #[pyo3(signature = (*args))]
    fn execute<'py>(&self, py: Python<'py>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        run_on(&self.local, &Call::of(args)?, Shape::Plain, py)
    }

    /// Runs commands one after the other in one crossing; awaiting gives their replies.
    #[pyo3(signature = (commands, raise_on_error=true))]
    fn execute_batch<'py>(
        &self,
        py: Python<'py>,
        commands: &Bound<'py, PyAny>,
        raise_on_error: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        run_batch(py, Batch::new(Queue::of(commands)?, self.local.clone()), raise_on_error)
    }

    /// Applies a frame of a primary's stream to database `db`, without limits and without replicating it again.
    fn apply<'py>(&self, db: usize, argv: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        Ready::wrap(argv.py(), self.local.apply(argv.py(), db, &Call::of(argv)?))
    }

    /// Queues commands and runs them together, by default as one transaction.
    #[pyo3(signature = (transaction=true))]
    fn pipeline(&self, py: Python<'_>, transaction: bool) -> AsyncPipeline {
        let core = Core::new(self.local.clone(), transaction);
        AsyncPipeline { core, parent: self.parent.clone_ref(py) }
    }

    /// Subscribes to channels: an asynchronous iterator of their messages.
    #[pyo3(signature = (*channels))]
    fn subscribe<'py>(&self, py: Python<'py>, channels: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.follow(py, "SUBSCRIBE", channels)
    }

    /// Subscribes to patterns: an asynchronous iterator of the messages of all channels that they describe.
    #[pyo3(signature = (*patterns))]
    fn psubscribe<'py>(
        &self,
        py: Python<'py>,
        patterns: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.follow(py, "PSUBSCRIBE", patterns)
    }

    /// Subscribes to shard channels: an asynchronous iterator of their messages.
    #[pyo3(signature = (*channels))]
    fn ssubscribe<'py>(
        &self,
        py: Python<'py>,
        channels: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.follow(py, "SSUBSCRIBE", channels)
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
        helper(slf.py(), "async_transaction")?.call1((slf, func, watches, value_from_callable))
    }

    /// Every key, in pages of SCAN.
    #[pyo3(signature = (r#match=None, count=None, _type=None))]
    fn scan_iter<'py>(
        slf: &Bound<'py, Self>,
        r#match: Option<&Bound<'py, PyAny>>,
        count: Option<&Bound<'py, PyAny>>,
        _type: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        helper(slf.py(), "async_scan_iter")?.call1((slf, r#match, count, _type))
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
        helper(slf.py(), "async_hscan_iter")?.call1((slf, name, r#match, count, no_values))
    }

    /// Every member of a set, in pages of SSCAN.
    #[pyo3(signature = (name, r#match=None, count=None))]
    fn sscan_iter<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyAny>,
        r#match: Option<&Bound<'py, PyAny>>,
        count: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        helper(slf.py(), "async_sscan_iter")?.call1((slf, name, r#match, count))
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
        helper(slf.py(), "async_zscan_iter")?.call1((slf, name, r#match, count, score_cast_func))
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

    fn __aenter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ready::wrap(slf.py(), Ok(slf.clone().into_any()))
    }

    #[pyo3(signature = (*_exc))]
    fn __aexit__<'py>(&self, py: Python<'py>, _exc: &Bound<'_, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        Ready::wrap(py, self.close(py).map(|()| py.None().into_bound(py)))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.parent)
    }
}

/// The pipeline of `kevy.aio`. Queueing returns the pipeline; everything that runs returns an awaitable.
#[pyclass(frozen, generic, weakref, module = "kevy")]
#[derive(Debug)]
pub struct AsyncPipeline {
    core: Core,
    parent: Py<Runtime>,
}

impl Runs for AsyncPipeline {
    fn run<'py>(slf: &Bound<'py, Self>, call: &Call<'py>, shape: Shape) -> PyResult<Bound<'py, PyAny>> {
        match slf.get().core.take(slf.py(), call, &shape) {
            Ok(None) => Ok(slf.clone().into_any()),
            Ok(Some(local)) => run_on(&local, call, shape, slf.py()),
            Err(error) => Ready::wrap(slf.py(), Err(error)),
        }
    }
}

#[pymethods]
impl AsyncPipeline {
    /// Queues any command.
    #[pyo3(signature = (*args))]
    fn execute_command<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::run(slf, &Call::of(args)?, Shape::Plain)
    }

    /// Runs what is queued; awaiting gives the replies in order.
    #[pyo3(signature = (raise_on_error=true))]
    fn execute<'py>(&self, py: Python<'py>, raise_on_error: bool) -> PyResult<Bound<'py, PyAny>> {
        run_batch(py, self.core.finish(py)?, raise_on_error)
    }

    /// Watches keys: until `multi`, commands run at once; `execute` fails where one of the keys changed.
    #[pyo3(signature = (*names))]
    fn watch<'py>(&self, py: Python<'py>, names: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        Ready::wrap(py, self.core.watch(py, names))
    }

    /// Forgets the watched keys.
    fn unwatch<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ready::wrap(py, self.core.unwatch(py).map(|done| reply::truth(py, done)))
    }

    /// Begins the transaction after `watch`.
    fn multi(&self, py: Python<'_>) -> PyResult<()> {
        self.core.multi(py)
    }

    /// Drops what is queued and watched.
    fn reset<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ready::wrap(py, self.core.reset(py).map(|()| py.None().into_bound(py)))
    }

    /// Drops what is queued and watched.
    fn discard<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.reset(py)
    }

    /// What is queued: tuples of arguments, each with an empty dict of options.
    #[getter]
    fn command_stack<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.core.stack(py)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.core.len(py)
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __aenter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ready::wrap(slf.py(), Ok(slf.clone().into_any()))
    }

    #[pyo3(signature = (*_exc))]
    fn __aexit__<'py>(&self, py: Python<'py>, _exc: &Bound<'_, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.reset(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.parent)
    }
}
