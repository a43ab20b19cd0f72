//! Verbs of strings.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, amount_of, ask, set_call, verbs};
use crate::aio::{AsyncPipeline, AsyncSession};
use crate::argument::{Call, Expiry};
use crate::pipeline::Pipeline;
use crate::reply::Shape;

verbs! {{
    /// Appends to a string; returns its length.
    fn append<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("APPEND").arg(key).arg(value), Shape::Plain)
    }

    /// Adds a whole number, 1 by default; returns the result.
    #[pyo3(signature = (name, amount=None))]
    fn incr<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, amount: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, amount_of(Call::new("INCRBY").arg(name), amount), Shape::Plain)
    }

    /// Adds a whole number, 1 by default; returns the result.
    #[pyo3(signature = (name, amount=None))]
    fn incrby<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, amount: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, amount_of(Call::new("INCRBY").arg(name), amount), Shape::Plain)
    }

    /// Subtracts a whole number, 1 by default; returns the result.
    #[pyo3(signature = (name, amount=None))]
    fn decr<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, amount: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, amount_of(Call::new("DECRBY").arg(name), amount), Shape::Plain)
    }

    /// Subtracts a whole number, 1 by default; returns the result.
    #[pyo3(signature = (name, amount=None))]
    fn decrby<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, amount: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, amount_of(Call::new("DECRBY").arg(name), amount), Shape::Plain)
    }

    /// Adds a number, 1 by default; returns the result.
    #[pyo3(signature = (name, amount=None))]
    fn incrbyfloat<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, amount: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, amount_of(Call::new("INCRBYFLOAT").arg(name), amount), Shape::Float)
    }

    /// The value of a key, which is deleted.
    fn getdel<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("GETDEL").arg(name), Shape::Plain)
    }

    /// The value of a key, whose expiry is changed.
    #[pyo3(signature = (name, ex=None, px=None, exat=None, pxat=None, persist=false))]
    fn getex<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        ex: Option<&Any<'py>>,
        px: Option<&Any<'py>>,
        exat: Option<&Any<'py>>,
        pxat: Option<&Any<'py>>,
        persist: bool,
    ) -> Answer<'py> {
        ask(
            slf,
            Call::new("GETEX").arg(name).expiry(&Expiry { ex, px, exat, pxat }).flag("PERSIST", persist),
            Shape::Plain,
        )
    }

    /// Part of a string; both ends are included.
    fn getrange<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        start: &Any<'py>,
        end: &Any<'py>,
    ) -> Answer<'py> {
        ask(slf, Call::new("GETRANGE").arg(key).arg(start).arg(end), Shape::Plain)
    }

    /// Part of a string; both ends are included.
    #[pyo3(signature = (name, start, end=None))]
    fn substr<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        start: &Any<'py>,
        end: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("SUBSTR");
        call.arg(name).arg(start);
        match end {
            Some(end) => call.arg(end),
            None => call.word("-1"),
        };
        ask(slf, &mut call, Shape::Plain)
    }

    /// Sets a string; returns the value before.
    fn getset<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("GETSET").arg(name).arg(value), Shape::Plain)
    }

    /// The values of several keys, None where there is none.
    #[pyo3(signature = (keys, *args))]
    fn mget<'py>(slf: &Bound<'py, Self>, keys: &Any<'py>, args: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("MGET").keys(keys).args(args), Shape::Plain)
    }

    /// Sets several strings at once.
    fn mset<'py>(slf: &Bound<'py, Self>, mapping: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("MSET").pairs(mapping), Shape::Okay)
    }

    /// Sets several strings at once unless one of the keys exists.
    fn msetnx<'py>(slf: &Bound<'py, Self>, mapping: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("MSETNX").pairs(mapping), Shape::Truth)
    }

    /// Sets a string that expires after seconds or a timedelta.
    fn setex<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, time: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("SETEX").arg(name).span(time, 1.0).arg(value), Shape::Truth)
    }

    /// Sets a string that expires after milliseconds or a timedelta.
    fn psetex<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        time_ms: &Any<'py>,
        value: &Any<'py>,
    ) -> Answer<'py> {
        ask(slf, Call::new("PSETEX").arg(name).span(time_ms, 1000.0).arg(value), Shape::Truth)
    }

    /// Sets a string unless the key exists.
    fn setnx<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("SETNX").arg(name).arg(value), Shape::Truth)
    }

    /// Overwrites part of a string; returns its length.
    fn setrange<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        offset: &Any<'py>,
        value: &Any<'py>,
    ) -> Answer<'py> {
        ask(slf, Call::new("SETRANGE").arg(name).arg(offset).arg(value), Shape::Plain)
    }

    /// The length of a string in bytes.
    fn strlen<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("STRLEN").arg(name), Shape::Plain)
    }

    /// The longest common subsequence of two strings.
    #[pyo3(signature = (key1, key2, len=false, idx=false, minmatchlen=None, withmatchlen=false))]
    fn lcs<'py>(
        slf: &Bound<'py, Self>,
        key1: &Any<'py>,
        key2: &Any<'py>,
        len: bool,
        idx: bool,
        minmatchlen: Option<&Any<'py>>,
        withmatchlen: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("LCS");
        call.arg(key1).arg(key2).flag("LEN", len).flag("IDX", idx).option("MINMATCHLEN", minmatchlen);
        ask(slf, call.flag("WITHMATCHLEN", withmatchlen), Shape::Flat)
    }
}}

// A session has these two itself, without a reply to decode.
verbs! { [Pipeline, AsyncSession, AsyncPipeline] {
    /// The value of a string key, or None.
    fn get<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("GET").arg(name), Shape::Plain)
    }

    /// Sets a string key: True, or None where a condition kept it; with `get` the old value.
    #[pyo3(signature = (
        name, value, ex=None, px=None, nx=false, xx=false, keepttl=false, get=false, exat=None, pxat=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn set<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        value: &Any<'py>,
        ex: Option<&Any<'py>>,
        px: Option<&Any<'py>>,
        nx: bool,
        xx: bool,
        keepttl: bool,
        get: bool,
        exat: Option<&Any<'py>>,
        pxat: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let times = Expiry { ex, px, exat, pxat };
        let (mut call, shape) = set_call(name, value, &times, [nx, xx, keepttl, get]);
        ask(slf, &mut call, shape)
    }
}}
