//! Keyword arguments as options: names and values as in redis.conf, with `_` for `-`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// Gives `set` the name and text of every keyword argument that is not None.
pub fn each(
    options: Option<&Bound<'_, PyDict>>,
    mut set: impl FnMut(&str, &str) -> PyResult<()>,
) -> PyResult<()> {
    let Some(options) = options else { return Ok(()) };
    for (name, value) in options {
        if value.is_none() {
            continue;
        }
        let name = name.cast_into::<PyString>()?.to_str()?.replace('_', "-");
        let value = text(&value).map_err(|error| {
            if error.is_instance_of::<PyTypeError>(value.py()) {
                PyTypeError::new_err(format!("{name}: {}", error.value(value.py())))
            } else {
                error
            }
        })?;
        set(&name, &value)?;
    }
    Ok(())
}

/// A value as redis.conf writes it: yes and no, numbers, texts and paths, and lists with spaces between.
fn text(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(if flag.is_true() { "yes" } else { "no" }.to_owned());
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_str()?.to_owned());
    }
    if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>() {
        return Ok(value.str()?.to_str()?.to_owned());
    }
    if value.is_instance_of::<PyBytes>() {
        return value.call_method0("decode")?.extract();
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let parts: Vec<String> = value.try_iter()?.map(|part| text(&part?)).collect::<PyResult<_>>()?;
        return Ok(parts.join(" "));
    }
    let path = value.py().import("os")?.getattr("fspath")?.call1((value,)).map_err(|_| {
        PyTypeError::new_err("an option is a text, a number, a bool, a path, or a list of these")
    })?;
    text(&path)
}
