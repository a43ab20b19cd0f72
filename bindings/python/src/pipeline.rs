//! `Pipeline`: commands queued here and run together, with redis-py's rules for WATCH and MULTI.

use std::sync::Arc;

use kevy_core::api::ErrorKind;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use try_lock::TryLock;

use crate::argument::Call;
use crate::error::raised;
use crate::local::Local;
use crate::queue::Queue;
use crate::reply::Shape;
use crate::runtime::Runtime;
use crate::verbs::Runs;

/// What a pipeline holds between calls.
#[derive(Debug, Default)]
struct Work {
    queue: Queue,
    /// Keys are watched: commands run at once until `multi`.
    watching: bool,
    /// `multi` was called.
    explicit: bool,
    /// A session of this pipeline's own once it watches, so that no other EXEC ends its watch.
    own: Option<Arc<Local>>,
}

/// What the pipelines of both worlds are.
#[derive(Debug)]
pub struct Core {
    work: TryLock<Work>,
    session: Arc<Local>,
    transaction: bool,
}

/// What a pipeline has to run.
#[derive(Debug)]
pub struct Batch {
    queue: Queue,
    pub local: Arc<Local>,
    watching: bool,
    transaction: bool,
}

impl Batch {
    /// Commands that run one after the other.
    pub fn new(queue: Queue, local: Arc<Local>) -> Self {
        Self { queue, local, watching: false, transaction: false }
    }

    /// True where it may wait for others.
    pub fn waits(&self) -> bool {
        self.queue.waits() && !self.transaction
    }

    /// Runs it and returns the replies.
    pub fn run<'py>(&self, py: Python<'py>, raise_on_error: bool) -> PyResult<Bound<'py, PyList>> {
        if self.queue.is_empty() && !self.watching {
            Ok(PyList::empty(py))
        } else if self.transaction {
            self.queue.run_as_transaction(py, &self.local, raise_on_error)
        } else {
            self.queue.run(py, &self.local, raise_on_error)
        }
    }
}

impl Core {
    /// An empty pipeline over a session.
    pub fn new(session: Arc<Local>, transaction: bool) -> Self {
        Self { work: TryLock::new(Work::default()), session, transaction }
    }

    fn work(&self, py: Python<'_>) -> PyResult<try_lock::Locked<'_, Work>> {
        self.work
            .try_lock()
            .ok_or_else(|| raised(py, ErrorKind::Busy, "the pipeline is in use by another thread"))
    }

    /// How many commands are queued.
    pub fn len(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.work(py)?.queue.len())
    }

    /// The commands that are queued, as redis-py keeps them.
    pub fn stack<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.work(py)?.queue.stack(py)
    }

    /// Queues a command, or gives the session on which it has to run at once: while keys are watched and `multi` has
    /// not been called.
    pub fn take(&self, py: Python<'_>, call: &Call<'_>, shape: &Shape) -> PyResult<Option<Arc<Local>>> {
        let mut work = self.work(py)?;
        if work.watching && !work.explicit {
            return Ok(Some(work.own.clone().unwrap_or_else(|| self.session.clone())));
        }
        work.queue.push(call, shape.clone());
        Ok(None)
    }

    /// Watches keys.
    pub fn watch<'py>(&self, py: Python<'py>, names: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let mut work = self.work(py)?;
        if work.explicit {
            return Err(raised(py, ErrorKind::InvalidArgument, "watch after multi has no effect"));
        }
        let local = match &work.own {
            Some(local) => local.clone(),
            None => {
                let local = Arc::new(self.session.sibling(py)?);
                work.own = Some(local.clone());
                local
            }
        };
        let done = local.run(py, Call::new("WATCH").args(names).finish()?, Shape::Okay)?;
        work.watching = true;
        Ok(done)
    }

    /// Forgets the watched keys.
    pub fn unwatch<'py>(&self, py: Python<'py>) -> PyResult<bool> {
        let mut work = self.work(py)?;
        if let Some(local) = &work.own {
            local.run(py, &Call::new("UNWATCH"), Shape::Okay)?;
        }
        work.watching = false;
        Ok(true)
    }

    /// Begins to queue after `watch`.
    pub fn multi(&self, py: Python<'_>) -> PyResult<()> {
        let mut work = self.work(py)?;
        if work.explicit {
            return Err(raised(py, ErrorKind::InvalidArgument, "multi was called already"));
        }
        if !work.queue.is_empty() {
            return Err(raised(py, ErrorKind::InvalidArgument, "commands were queued before multi"));
        }
        work.explicit = true;
        Ok(())
    }

    /// Takes out what is queued, to be run; the pipeline is empty afterwards.
    pub fn finish(&self, py: Python<'_>) -> PyResult<Batch> {
        let Work { queue, watching, explicit, own } = std::mem::take(&mut *self.work(py)?);
        let local = own.unwrap_or_else(|| self.session.clone());
        Ok(Batch { queue, local, watching, transaction: self.transaction || explicit })
    }

    /// Drops what is queued and watched.
    pub fn reset(&self, py: Python<'_>) -> PyResult<()> {
        *self.work(py)? = Work::default();
        Ok(())
    }
}

/// Commands queued and run together. Its methods are the session's; each returns the pipeline.
#[pyclass(frozen, generic, weakref, module = "kevy")]
#[derive(Debug)]
pub struct Pipeline {
    core: Core,
    parent: Py<Runtime>,
}

impl Pipeline {
    /// An empty pipeline over a session of `parent`.
    pub fn new(session: Arc<Local>, parent: Py<Runtime>, transaction: bool) -> Self {
        Self { core: Core::new(session, transaction), parent }
    }
}

impl Runs for Pipeline {
    fn run<'py>(slf: &Bound<'py, Self>, call: &Call<'py>, shape: Shape) -> PyResult<Bound<'py, PyAny>> {
        match slf.get().core.take(slf.py(), call, &shape)? {
            None => Ok(slf.clone().into_any()),
            Some(local) => local.run(slf.py(), call, shape),
        }
    }
}

#[pymethods]
impl Pipeline {
    /// Queues any command.
    #[pyo3(signature = (*args))]
    fn execute_command<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::run(slf, &Call::of(args)?, Shape::Plain)
    }

    /// Runs what is queued and returns the replies in order. The first error reply is raised once all have run,
    /// or stands among the replies where `raise_on_error` is false. Raises WatchError where a watched key changed.
    #[pyo3(signature = (raise_on_error=true))]
    fn execute<'py>(&self, py: Python<'py>, raise_on_error: bool) -> PyResult<Bound<'py, PyList>> {
        self.core.finish(py)?.run(py, raise_on_error)
    }

    /// Watches keys: until `multi`, commands run at once; `execute` fails where one of the keys changed.
    #[pyo3(signature = (*names))]
    fn watch<'py>(&self, py: Python<'py>, names: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.core.watch(py, names)
    }

    /// Forgets the watched keys.
    fn unwatch(&self, py: Python<'_>) -> PyResult<bool> {
        self.core.unwatch(py)
    }

    /// Begins the transaction after `watch`.
    fn multi(&self, py: Python<'_>) -> PyResult<()> {
        self.core.multi(py)
    }

    /// Drops what is queued and watched.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.core.reset(py)
    }

    /// Drops what is queued and watched.
    fn discard(&self, py: Python<'_>) -> PyResult<()> {
        self.core.reset(py)
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

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.core.reset(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.parent)
    }
}
