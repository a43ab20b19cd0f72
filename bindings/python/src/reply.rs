//! Replies as Python objects.

use std::sync::Arc;

use kevy_core::api::{ErrorKind, Kind, Reply};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PySet, PyString, PyTuple};

use crate::error;

mod places;
mod scores;
mod streams;

pub use scores::Cast;

/// What a typed method makes of its reply: the types that redis-py's method of the same name returns.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Whatever the reply is.
    Plain,
    /// `bool(reply)`.
    Truth,
    /// Whether the reply is OK.
    Okay,
    /// True for OK, None for null.
    OkayOrNone,
    /// A float.
    Float,
    /// Text, whatever the session decodes.
    Text,
    /// Bytes, whatever the session decodes.
    Bytes,
    /// Whether the reply is PONG.
    Pong,
    /// Seconds and microseconds as a tuple.
    Time,
    /// A map or an array of pairs as one flat list.
    Flat,
    /// A cursor and what was found.
    Scan,
    /// A cursor and a dict of fields and values.
    ScanPairs,
    /// A list, also of what is a set.
    List,
    /// A tuple, None for null.
    Tuple,
    /// A list of tuples of this many items.
    Groups(usize),
    /// Floats as text, as RESP2 has them.
    Written,
    /// Pairs as one flat list, with floats as text.
    WrittenFlat,
    /// A list of members with their scores.
    Scores(Cast),
    /// A rank with its score.
    RankScore(Cast),
    /// A key, a member and its score.
    KeyScore,
    /// A cursor and members with their scores.
    ScanScores(Cast),
    /// A list of stream entries: their ids and fields.
    Entries,
    /// A list of streams: their names and entries.
    Streams,
    /// Where to go on, entries, and ids of entries that are gone.
    Claimed,
    /// The ids that XAUTOCLAIM claimed.
    ClaimedIds,
    /// A list of longitudes and latitudes.
    Positions,
    /// A list of places, each with its distance, hash and position as far as asked for.
    Places,
    /// What this function of `kevy._replies` makes of it.
    Made(&'static str),
    /// As `Made`, of bytes, whatever the session decodes, and of whether it decodes.
    Raw(&'static str),
    /// As `Made`, with a decoder of JSON behind it.
    Decoded(&'static str, Arc<Py<PyAny>>),
    /// 1 or 0 for true and false.
    Integer,
}

impl Shape {
    /// The Python object for a reply. An error reply is raised.
    #[inline]
    pub fn read<'py>(&self, py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
        if reply.kind() == Kind::Error {
            return Err(error::from_reply(py, &String::from_utf8_lossy(reply.bytes())));
        }
        match self {
            Self::Plain => plain(py, reply, decode),
            Self::Truth => Ok(truth(py, is_true(reply))),
            Self::Okay => Ok(truth(py, reply.bytes() == b"OK")),
            Self::OkayOrNone if reply.kind() == Kind::Null => Ok(py.None().into_bound(py)),
            Self::OkayOrNone => Ok(truth(py, reply.bytes() == b"OK")),
            Self::Float => float(py, reply),
            Self::Text => plain(py, reply, true),
            Self::Bytes => plain(py, reply, false),
            Self::Pong => Ok(truth(py, reply.bytes() == b"PONG")),
            Self::Time => {
                let part = |i| reply.at(i).map_or(0, decimal);
                Ok((part(0), part(1)).into_pyobject(py)?.into_any())
            }
            Self::Flat => flat(py, reply, decode),
            Self::Scan => scan(py, reply, |found| plain(py, found, decode)),
            Self::ScanPairs => scan(py, reply, |found| pairs(py, found, decode)),
            Self::Made(function) => {
                py.import("kevy._replies")?.getattr(*function)?.call1((plain(py, reply, decode)?,))
            }
            Self::Raw(function) => {
                py.import("kevy._replies")?.getattr(*function)?.call1((plain(py, reply, false)?, decode))
            }
            Self::Decoded(function, decoder) => py
                .import("kevy._replies")?
                .getattr(*function)?
                .call1((plain(py, reply, decode)?, decoder.bind(py))),
            Self::Integer if reply.kind() == Kind::Boolean => {
                Ok(reply.integer().into_pyobject(py)?.into_any())
            }
            Self::Integer => plain(py, reply, decode),
            Self::Written => scores::written(py, reply, decode),
            Self::Streams if reply.kind() == Kind::Null => Ok(PyList::empty(py).into_any()),
            // Null, or QUEUED inside MULTI.
            _ if !reply.kind().is_aggregate() => plain(py, reply, decode),
            Self::List => list(py, reply, decode),
            Self::Tuple => tuple(py, reply, decode),
            Self::Groups(size) => groups(py, reply, *size, decode),
            Self::WrittenFlat => scores::written_flat(py, reply, decode),
            Self::Scores(cast) => scores::pairs(py, reply, cast, decode),
            Self::RankScore(cast) => scores::rank(py, reply, cast, decode),
            Self::KeyScore => scores::keyed(py, reply, decode),
            Self::ScanScores(cast) => scan(py, reply, |found| scores::pairs(py, found, cast, decode)),
            Self::Entries => streams::entries(py, reply, decode),
            Self::Streams => streams::streams(py, reply, decode),
            Self::Claimed => streams::claimed(py, reply, decode),
            Self::ClaimedIds => {
                reply.at(1).map_or_else(|| plain(py, reply, decode), |ids| list(py, ids, decode))
            }
            Self::Positions => places::positions(py, reply, decode),
            Self::Places => places::places(py, reply, decode),
        }
    }
}

/// True or False.
pub fn truth(py: Python<'_>, value: bool) -> Bound<'_, PyAny> {
    PyBool::new(py, value).to_owned().into_any()
}

fn is_true(reply: Reply<'_>) -> bool {
    match reply.kind() {
        Kind::Integer | Kind::Boolean => reply.integer() != 0,
        kind if kind.is_aggregate() => !reply.is_empty(),
        _ => !reply.bytes().is_empty(),
    }
}

fn decimal(reply: Reply<'_>) -> i64 {
    match reply.kind() {
        Kind::Integer => reply.integer(),
        _ => std::str::from_utf8(reply.bytes()).ok().and_then(|text| text.parse().ok()).unwrap_or(0),
    }
}

/// A string of the session's type.
#[inline]
pub fn string<'py>(py: Python<'py>, bytes: &[u8], decode: bool) -> PyResult<Bound<'py, PyAny>> {
    if decode {
        Ok(PyString::from_bytes(py, bytes)?.into_any())
    } else {
        Ok(PyBytes::new(py, bytes).into_any())
    }
}

fn float<'py>(py: Python<'py>, reply: Reply<'_>) -> PyResult<Bound<'py, PyAny>> {
    match reply.kind() {
        Kind::Bulk | Kind::Simple => {
            let text = PyString::from_bytes(py, reply.bytes())?;
            py.get_type::<PyFloat>().call1((text,))
        }
        Kind::Double | Kind::Integer => Ok(PyFloat::new(py, reply.double()).into_any()),
        _ => plain(py, reply, true),
    }
}

/// The Python object of the reply's own type. Errors inside an aggregate become exception objects.
#[inline]
pub fn plain<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    match reply.kind() {
        Kind::Bulk | Kind::Simple | Kind::Verbatim => string(py, reply.bytes(), decode),
        Kind::Integer => Ok(reply.integer().into_pyobject(py)?.into_any()),
        Kind::Null => Ok(py.None().into_bound(py)),
        _ => uncommon(py, reply, decode),
    }
}

fn uncommon<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    match reply.kind() {
        Kind::Double => Ok(PyFloat::new(py, reply.double()).into_any()),
        Kind::Boolean => Ok(truth(py, reply.boolean())),
        Kind::BigNumber => py.get_type::<PyInt>().call1((PyString::from_bytes(py, reply.bytes())?,)),
        Kind::Error => {
            let text = String::from_utf8_lossy(reply.bytes());
            error::exception(py, ErrorKind::of_reply(&text), &text)
        }
        Kind::Array | Kind::Push => list(py, reply, decode),
        Kind::Map => map(py, reply, decode),
        Kind::Set => set(py, reply, decode),
        _ => plain(py, reply.without_attributes(), decode),
    }
}

fn list<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    for child in reply.children() {
        list.append(plain(py, child, decode)?)?;
    }
    Ok(list.into_any())
}

fn tuple<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    let items: PyResult<Vec<_>> = reply.children().map(|child| plain(py, child, decode)).collect();
    Ok(PyTuple::new(py, items?)?.into_any())
}

/// What is left over at the end is dropped.
fn groups<'py>(py: Python<'py>, reply: Reply<'_>, size: usize, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    let mut group = Vec::with_capacity(size);
    for child in reply.children() {
        group.push(plain(py, child, decode)?);
        if group.len() == size {
            list.append(PyTuple::new(py, group.drain(..))?)?;
        }
    }
    Ok(list.into_any())
}

/// Keys that cannot be hashed, which no built-in command sends, leave the map a list of its parts.
fn map<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    if reply.children().step_by(2).any(|key| key.kind().is_aggregate()) {
        return list(py, reply, decode);
    }
    pairs(py, reply, decode)
}

fn set<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    if reply.children().any(|member| member.kind().is_aggregate()) {
        return list(py, reply, decode);
    }
    let set = PySet::empty(py)?;
    for child in reply.children() {
        set.add(plain(py, child, decode)?)?;
    }
    Ok(set.into_any())
}

/// Keys and values in turn, as a dict.
fn pairs<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    let mut children = reply.children();
    while let (Some(key), Some(value)) = (children.next(), children.next()) {
        dict.set_item(plain(py, key, decode)?, plain(py, value, decode)?)?;
    }
    Ok(dict.into_any())
}

fn flat<'py>(py: Python<'py>, reply: Reply<'_>, decode: bool) -> PyResult<Bound<'py, PyAny>> {
    if !reply.kind().is_aggregate() {
        return plain(py, reply, decode);
    }
    let list = PyList::empty(py);
    for child in reply.children() {
        if reply.kind() == Kind::Array && child.kind() == Kind::Array {
            for part in child.children() {
                list.append(plain(py, part, decode)?)?;
            }
        } else {
            list.append(plain(py, child, decode)?)?;
        }
    }
    Ok(list.into_any())
}

fn scan<'py>(
    py: Python<'py>,
    reply: Reply<'_>,
    found: impl FnOnce(Reply<'_>) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    match (reply.at(0), reply.at(1)) {
        // QUEUED inside MULTI.
        (None, _) | (_, None) => plain(py, reply, true),
        (Some(cursor), Some(items)) => {
            let cursor = py.get_type::<PyInt>().call1((PyString::from_bytes(py, cursor.bytes())?,))?;
            Ok((cursor, found(items)?).into_pyobject(py)?.into_any())
        }
    }
}
