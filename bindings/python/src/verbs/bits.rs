//! Verbs of bitmaps and HyperLogLogs.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, ask, verbs};
use crate::argument::Call;
use crate::reply::Shape;

verbs! {{
    /// Sets or clears a bit; returns what it was.
    fn setbit<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        offset: &Any<'py>,
        value: &Any<'py>,
    ) -> Answer<'py> {
        let bit = if value.is_truthy()? { "1" } else { "0" };
        ask(slf, Call::new("SETBIT").arg(name).arg(offset).word(bit), Shape::Plain)
    }

    /// A bit.
    fn getbit<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, offset: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("GETBIT").arg(name).arg(offset), Shape::Plain)
    }

    /// How many bits are set, between two positions in BYTEs or, as `mode` says, BITs.
    #[pyo3(signature = (key, start=None, end=None, mode=None))]
    fn bitcount<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        start: Option<&Any<'py>>,
        end: Option<&Any<'py>>,
        mode: Option<&Any<'py>>,
    ) -> Answer<'py> {
        if start.is_some() != end.is_some() {
            return Err(PyValueError::new_err("start and end are given together"));
        }
        ask(slf, Call::new("BITCOUNT").arg(key).maybe(start).maybe(end).maybe(mode), Shape::Plain)
    }

    /// Where the first bit is that is set or clear, between two positions in BYTEs or, as `mode` says, BITs.
    #[pyo3(signature = (key, bit, start=None, end=None, mode=None))]
    fn bitpos<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        bit: &Any<'py>,
        start: Option<&Any<'py>>,
        end: Option<&Any<'py>>,
        mode: Option<&Any<'py>>,
    ) -> Answer<'py> {
        if start.is_none() && end.is_some() {
            return Err(PyValueError::new_err("end needs start"));
        }
        ask(slf, Call::new("BITPOS").arg(key).arg(bit).maybe(start).maybe(end).maybe(mode), Shape::Plain)
    }

    /// Combines strings bit by bit with AND, OR, XOR or NOT and stores the result; returns its length.
    #[pyo3(signature = (operation, dest, *keys))]
    fn bitop<'py>(
        slf: &Bound<'py, Self>,
        operation: &Any<'py>,
        dest: &Any<'py>,
        keys: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, Call::new("BITOP").arg(operation).arg(dest).args(keys), Shape::Plain)
    }

    /// Collects operations on integers within a string; `execute` runs them.
    #[pyo3(signature = (key, default_overflow=None))]
    fn bitfield<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        default_overflow: Option<&Any<'py>>,
    ) -> Answer<'py> {
        slf.py().import("kevy._bitfield")?.getattr("BitFieldOperation")?.call1((slf, key, default_overflow))
    }

    /// Integers within a string: the one of a format at an offset, and those of more pairs of both.
    #[pyo3(signature = (key, encoding, offset, items=None))]
    fn bitfield_ro<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        encoding: &Any<'py>,
        offset: &Any<'py>,
        items: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("BITFIELD_RO");
        call.arg(key).word("GET").arg(encoding).arg(offset);
        if let Some(items) = items {
            for item in items.try_iter()? {
                let (encoding, offset): (Any<'py>, Any<'py>) = item?.extract()?;
                call.word("GET").arg(&encoding).arg(&offset);
            }
        }
        ask(slf, &mut call, Shape::Plain)
    }

    /// Adds values to a HyperLogLog; returns 1 where its estimate may have changed.
    #[pyo3(signature = (name, *values))]
    fn pfadd<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, values: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("PFADD").arg(name).args(values), Shape::Plain)
    }

    /// About how many different values HyperLogLogs have together.
    #[pyo3(signature = (*sources))]
    fn pfcount<'py>(slf: &Bound<'py, Self>, sources: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("PFCOUNT").args(sources), Shape::Plain)
    }

    /// Merges HyperLogLogs into one.
    #[pyo3(signature = (dest, *sources))]
    fn pfmerge<'py>(slf: &Bound<'py, Self>, dest: &Any<'py>, sources: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("PFMERGE").arg(dest).args(sources), Shape::Okay)
    }
}}
