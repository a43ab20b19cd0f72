//! Replies with places on the earth.

use kevy_core::api::{Kind, Reply};
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::{float, plain};

fn position<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    match (reply.at(0), reply.at(1)) {
        (Some(longitude), Some(latitude)) => {
            Ok((float(py, longitude)?, float(py, latitude)?).into_pyobject(py)?.into_any())
        }
        _ => plain(py, reply, decode),
    }
}

/// Longitudes and latitudes, None where there is no such member.
pub fn positions<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    for child in reply.children() {
        list.append(position(py, child, decode)?)?;
    }
    Ok(list.into_any())
}

/// Members, or lists of a member and, as far as asked for, its distance, its hash and its position.
pub fn places<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    for place in reply.children() {
        if place.kind() != Kind::Array {
            list.append(plain(py, place, decode)?)?;
            continue;
        }
        let parts = PyList::empty(py);
        for (i, part) in place.children().enumerate() {
            parts.append(match part.kind() {
                Kind::Array => position(py, part, decode)?,
                Kind::Bulk | Kind::Double if i > 0 => float(py, part)?,
                _ => plain(py, part, decode)?,
            })?;
        }
        list.append(parts)?;
    }
    Ok(list.into_any())
}
