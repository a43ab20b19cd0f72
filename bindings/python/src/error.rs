//! Failures of the engine as exceptions of `kevy._errors`, which holds one class for each kind.

use kevy_core::api::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

static CLASSES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
static WATCH: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The exception class of a kind.
fn class<'py>(py: Python<'py>, kind: ErrorKind) -> PyResult<Bound<'py, PyAny>> {
    let classes = CLASSES.get_or_try_init(py, || -> PyResult<_> {
        Ok(py.import("kevy._errors")?.getattr("CLASSES")?.cast_into::<PyDict>()?.unbind())
    })?;
    classes.bind(py).as_any().get_item(kind.name())
}

/// The exception object for a failure of this kind.
pub fn exception<'py>(py: Python<'py>, kind: ErrorKind, message: &str) -> PyResult<Bound<'py, PyAny>> {
    class(py, kind)?.call1((message,))
}

/// A failure of this kind, ready to raise.
#[cold]
pub fn raised(py: Python<'_>, kind: ErrorKind, message: &str) -> PyErr {
    match exception(py, kind, message) {
        Ok(value) => PyErr::from_value(value),
        Err(error) => error,
    }
}

/// An engine's error, ready to raise.
#[cold]
pub fn from_core(py: Python<'_>, error: &Error) -> PyErr {
    raised(py, error.kind(), error.message())
}

/// An error reply, ready to raise by its first word.
#[cold]
pub fn from_reply(py: Python<'_>, text: &str) -> PyErr {
    raised(py, ErrorKind::of_reply(text), text)
}

/// The exception that says that a watched key changed.
#[cold]
pub fn watch_failed(py: Python<'_>) -> PyErr {
    let class = WATCH.import(py, "kevy._errors", "WatchError");
    match class.and_then(|class| class.call1(("a watched key changed",))) {
        Ok(value) => PyErr::from_value(value),
        Err(error) => error,
    }
}

/// Turns an engine's result into Python's.
pub trait OrRaise<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for Result<T, Error> {
    #[inline]
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| from_core(py, &error))
    }
}
