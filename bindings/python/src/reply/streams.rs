//! Replies with entries of streams.

use kevy_core::api::{Kind, Reply};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use super::{pairs, plain};

/// Entries as tuples of an id and a dict of fields, and of what else comes with them. An entry that is gone is a tuple
/// of None; one whose fields are gone has none.
pub fn entries<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    for entry in reply.children() {
        let (Some(id), Some(fields)) = (entry.at(0), entry.at(1)) else {
            list.append((py.None(), py.None()))?;
            continue;
        };
        let mut parts = vec![plain(py, id, decode)?, pairs(py, fields, decode)?];
        for rest in entry.children().skip(2) {
            parts.push(plain(py, rest, decode)?);
        }
        list.append(PyTuple::new(py, parts)?)?;
    }
    Ok(list.into_any())
}

/// Streams as lists of a name and entries.
pub fn streams<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    let add =
        |name, found| list.append(PyList::new(py, [plain(py, name, decode)?, entries(py, found, decode)?])?);
    let mut children = reply.children();
    while let Some(child) = children.next() {
        let (name, found) = match child.kind() {
            Kind::Array => (child.at(0), child.at(1)),
            _ => (Some(child), children.next()),
        };
        if let (Some(name), Some(found)) = (name, found) {
            add(name, found)?;
        }
    }
    Ok(list.into_any())
}

/// What XAUTOCLAIM claimed: the id to go on from, entries, and ids of entries that are gone.
pub fn claimed<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    for (i, part) in reply.children().enumerate() {
        list.append(if i == 1 { entries(py, part, decode)? } else { plain(py, part, decode)? })?;
    }
    Ok(list.into_any())
}
