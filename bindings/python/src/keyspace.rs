//! `Keyspace`: the bare engine.

use kevy_core::api::{self, ErrorKind, Options};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use try_lock::{Locked, TryLock};

use crate::argument::Call;
use crate::error::{OrRaise, raised};
use crate::options;
use crate::pace::Pace;
use crate::reply::Shape;

/// A keyspace of one shard without threads or I/O. One thread at a time may use it.
#[pyclass(frozen, generic, weakref, module = "kevy")]
#[derive(Debug)]
pub struct Keyspace {
    inner: TryLock<api::Keyspace>,
    decode: bool,
}

impl Keyspace {
    fn hold(&self, py: Python<'_>) -> PyResult<Locked<'_, api::Keyspace>> {
        self.inner
            .try_lock()
            .ok_or_else(|| raised(py, ErrorKind::Busy, "the keyspace is in use by another thread"))
    }
}

#[pymethods]
impl Keyspace {
    #[new]
    #[pyo3(signature = (*, decode_responses=false, **options))]
    fn new(py: Python<'_>, decode_responses: bool, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut settings = Options::new();
        options::each(options, |name, value| settings.set(name, value).or_raise(py))?;
        let inner = TryLock::new(api::Keyspace::new(&settings).or_raise(py)?);
        Ok(Self { inner, decode: decode_responses })
    }

    /// Runs any command and returns its reply as it is.
    #[pyo3(signature = (*args))]
    fn dispatch<'py>(&self, py: Python<'py>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let call = Call::of(args)?;
        let argv = call.argv();
        let mut held = self.hold(py)?;
        let inner = &mut *held;
        let reply = match Pace::of(&argv) {
            Pace::Short => inner.dispatch(&argv),
            _ => py.detach(|| inner.dispatch(&argv)),
        };
        Shape::Plain.read(py, reply.or_raise(py)?, self.decode)
    }

    /// Applies a frame of a primary's stream to database `db`.
    fn apply<'py>(
        &self,
        py: Python<'py>,
        db: usize,
        argv: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let call = Call::of(argv)?;
        let argv = call.argv();
        let mut held = self.hold(py)?;
        let inner = &mut *held;
        let reply = match Pace::of(&argv) {
            Pace::Short => inner.apply(db, &argv),
            _ => py.detach(|| inner.apply(db, &argv)),
        };
        Shape::Plain.read(py, reply.or_raise(py)?, self.decode)
    }

    /// Deletes what has expired, a bounded amount. True where more is left.
    fn tick(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.hold(py)?.tick())
    }
}
