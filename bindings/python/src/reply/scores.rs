//! Replies with scores of sorted sets.

use std::sync::Arc;

use kevy_core::api::{Kind, Reply};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyList};

use super::{float, plain, string};

/// What makes a score of its text; without a function a float. Shared, so that a queued command can keep it.
#[derive(Clone, Debug, Default)]
pub struct Cast(Option<Arc<Py<PyAny>>>);

impl Cast {
    /// A float.
    pub const FLOAT: Self = Self(None);

    /// What `function` makes of it, by default a float.
    pub fn of(function: Option<&Bound<'_, PyAny>>) -> Self {
        Self(
            function
                .filter(|function| !is_float(function))
                .map(|function| Arc::new(function.clone().unbind())),
        )
    }

    /// A function that does not take the text, such as `int` for `1e+20`, gets a float.
    fn score<'py>(&self, py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
        let Some(function) = &self.0 else { return float(py, reply) };
        let function = function.bind(py);
        match function.call1((string(py, reply.bytes(), decode)?,)) {
            Err(error)
                if error.is_instance_of::<PyValueError>(py) || error.is_instance_of::<PyTypeError>(py) =>
            {
                function.call1((float(py, reply)?,))
            }
            cast => cast,
        }
    }
}

fn is_float(function: &Bound<'_, PyAny>) -> bool {
    function.is(function.py().get_type::<PyFloat>())
}

/// Members and scores, in pairs or flat, as a list of tuples.
pub fn pairs<'py>(
    py: Python<'py>,
    reply: Reply<'_>,
    cast: &Cast,
    decode: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    let pair = |member, score| PyResult::Ok((plain(py, member, decode)?, cast.score(py, score, decode)?));
    let mut children = reply.children();
    while let Some(child) = children.next() {
        let (member, score) = match child.kind() {
            Kind::Array => (child.at(0), child.at(1)),
            _ => (Some(child), children.next()),
        };
        if let (Some(member), Some(score)) = (member, score) {
            list.append(pair(member, score)?)?;
        }
    }
    Ok(list.into_any())
}

/// A rank with its score, as a list.
pub fn rank<'py>(
    py: Python<'py>,
    reply: Reply<'_>,
    cast: &Cast,
    decode: bool,
) -> PyResult<Bound<'py, PyAny>> {
    match (reply.at(0), reply.at(1)) {
        (Some(rank), Some(score)) => {
            Ok(PyList::new(py, [plain(py, rank, decode)?, cast.score(py, score, decode)?])?.into_any())
        }
        _ => plain(py, reply, decode),
    }
}

/// A key, a member and its score, as a tuple.
pub fn keyed<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    match (reply.at(0), reply.at(1), reply.at(2)) {
        (Some(key), Some(member), Some(score)) => {
            let parts = (plain(py, key, decode)?, plain(py, member, decode)?, float(py, score)?);
            Ok(parts.into_pyobject(py)?.into_any())
        }
        _ => plain(py, reply, decode),
    }
}

/// The reply with floats as text.
pub fn written<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    match reply.kind() {
        Kind::Double => string(py, reply.bytes(), decode),
        Kind::Array => {
            let list = PyList::empty(py);
            for child in reply.children() {
                list.append(written(py, child, decode)?)?;
            }
            Ok(list.into_any())
        }
        _ => plain(py, reply, decode),
    }
}

/// Pairs as one flat list, with floats as text.
pub fn written_flat<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    for child in reply.children() {
        match child.kind() {
            Kind::Array => {
                for part in child.children() {
                    list.append(written(py, part, decode)?)?;
                }
            }
            _ => list.append(written(py, child, decode)?)?,
        }
    }
    Ok(list.into_any())
}
