//! Verbs of lists.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use super::{Answer, Any, ask, verbs};
use crate::argument::Call;
use crate::reply::Shape;

/// What SORT and SORT_RO have in common, with BY in front of LIMIT and GET.
fn sort_call<'py>(
    verb: &'static str,
    key: &Any<'py>,
    [start, num, by, get]: [Option<&Any<'py>>; 4],
    [desc, alpha]: [bool; 2],
) -> Call<'py> {
    let mut call = Call::new(verb);
    call.arg(key).option("BY", by).limit(start, num, "start and num").each("GET", get);
    call.flag("DESC", desc).flag("ALPHA", alpha);
    call
}

verbs! {{
    /// Adds values in front, one after the other; returns the length.
    #[pyo3(signature = (name, *values))]
    fn lpush<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, values: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("LPUSH").arg(name).args(values), Shape::Plain)
    }

    /// Adds values in front of a list that exists; returns the length.
    #[pyo3(signature = (name, *values))]
    fn lpushx<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, values: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("LPUSHX").arg(name).args(values), Shape::Plain)
    }

    /// Adds values at the end; returns the length.
    #[pyo3(signature = (name, *values))]
    fn rpush<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, values: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("RPUSH").arg(name).args(values), Shape::Plain)
    }

    /// Adds values at the end of a list that exists; returns the length.
    #[pyo3(signature = (name, *values))]
    fn rpushx<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, values: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("RPUSHX").arg(name).args(values), Shape::Plain)
    }

    /// Takes the first value, or a list of the first `count`.
    #[pyo3(signature = (name, count=None))]
    fn lpop<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, count: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("LPOP").arg(name).maybe(count), Shape::Plain)
    }

    /// Takes the last value, or a list of the last `count`.
    #[pyo3(signature = (name, count=None))]
    fn rpop<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, count: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("RPOP").arg(name).maybe(count), Shape::Plain)
    }

    /// Takes values from the LEFT or RIGHT of the first list that has any: its key and the values, or None.
    #[pyo3(signature = (num_keys, *args, direction, count=None))]
    fn lmpop<'py>(
        slf: &Bound<'py, Self>,
        num_keys: &Any<'py>,
        args: &Bound<'py, PyTuple>,
        direction: &Any<'py>,
        count: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("LMPOP");
        ask(slf, call.arg(num_keys).args(args).arg(direction).option("COUNT", count), Shape::Plain)
    }

    /// As `lmpop`, waiting up to `timeout` seconds for a value, 0 for ever.
    #[pyo3(signature = (timeout, numkeys, *args, direction, count=None))]
    fn blmpop<'py>(
        slf: &Bound<'py, Self>,
        timeout: &Any<'py>,
        numkeys: &Any<'py>,
        args: &Bound<'py, PyTuple>,
        direction: &Any<'py>,
        count: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("BLMPOP");
        call.arg(timeout).arg(numkeys).args(args).arg(direction);
        ask(slf, call.option("COUNT", count), Shape::Plain)
    }

    /// Takes the first value of the first list that has any, waiting up to `timeout` seconds for one, 0 for ever:
    /// its key and the value, or None.
    #[pyo3(signature = (keys, timeout=None))]
    fn blpop<'py>(slf: &Bound<'py, Self>, keys: &Any<'py>, timeout: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("BLPOP").keys(keys).either(timeout, "0"), Shape::Tuple)
    }

    /// Takes the last value of the first list that has any, waiting up to `timeout` seconds for one, 0 for ever: its
    /// key and the value, or None.
    #[pyo3(signature = (keys, timeout=None))]
    fn brpop<'py>(slf: &Bound<'py, Self>, keys: &Any<'py>, timeout: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("BRPOP").keys(keys).either(timeout, "0"), Shape::Tuple)
    }

    /// Moves the last value of a list to the front of another; returns it.
    fn rpoplpush<'py>(slf: &Bound<'py, Self>, src: &Any<'py>, dst: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("RPOPLPUSH").arg(src).arg(dst), Shape::Plain)
    }

    /// As `rpoplpush`, waiting up to `timeout` seconds for a value, 0 for ever.
    #[pyo3(signature = (src, dst, timeout=None))]
    fn brpoplpush<'py>(
        slf: &Bound<'py, Self>,
        src: &Any<'py>,
        dst: &Any<'py>,
        timeout: Option<&Any<'py>>,
    ) -> Answer<'py> {
        ask(slf, Call::new("BRPOPLPUSH").arg(src).arg(dst).either(timeout, "0"), Shape::Plain)
    }

    /// Moves a value from the LEFT or RIGHT of a list to the LEFT or RIGHT of another; returns it.
    #[pyo3(signature = (first_list, second_list, src=None, dest=None))]
    fn lmove<'py>(
        slf: &Bound<'py, Self>,
        first_list: &Any<'py>,
        second_list: &Any<'py>,
        src: Option<&Any<'py>>,
        dest: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("LMOVE");
        call.arg(first_list).arg(second_list).either(src, "LEFT").either(dest, "RIGHT");
        ask(slf, &mut call, Shape::Plain)
    }

    /// As `lmove`, waiting up to `timeout` seconds for a value, 0 for ever.
    #[pyo3(signature = (first_list, second_list, timeout, src=None, dest=None))]
    fn blmove<'py>(
        slf: &Bound<'py, Self>,
        first_list: &Any<'py>,
        second_list: &Any<'py>,
        timeout: &Any<'py>,
        src: Option<&Any<'py>>,
        dest: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("BLMOVE");
        call.arg(first_list).arg(second_list).either(src, "LEFT").either(dest, "RIGHT").arg(timeout);
        ask(slf, &mut call, Shape::Plain)
    }

    /// The value at a position; -1 is the last.
    fn lindex<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, index: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("LINDEX").arg(name).arg(index), Shape::Plain)
    }

    /// Adds a value BEFORE or AFTER another; returns the length, -1 where the other is not there.
    fn linsert<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        r#where: &Any<'py>,
        refvalue: &Any<'py>,
        value: &Any<'py>,
    ) -> Answer<'py> {
        ask(slf, Call::new("LINSERT").arg(name).arg(r#where).arg(refvalue).arg(value), Shape::Plain)
    }

    /// How many values there are.
    fn llen<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("LLEN").arg(name), Shape::Plain)
    }

    /// Part of a list; both ends are included.
    fn lrange<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, start: &Any<'py>, end: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("LRANGE").arg(name).arg(start).arg(end), Shape::Plain)
    }

    /// Removes `count` values that are equal: from the end where it is negative, all where it is 0; returns how many.
    fn lrem<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, count: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("LREM").arg(name).arg(count).arg(value), Shape::Plain)
    }

    /// Replaces the value at a position.
    fn lset<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, index: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("LSET").arg(name).arg(index).arg(value), Shape::Okay)
    }

    /// Keeps part of a list; both ends are included.
    fn ltrim<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, start: &Any<'py>, end: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("LTRIM").arg(name).arg(start).arg(end), Shape::Okay)
    }

    /// Where a value is, or a list of up to `count` positions.
    #[pyo3(signature = (name, value, rank=None, count=None, maxlen=None))]
    fn lpos<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        value: &Any<'py>,
        rank: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
        maxlen: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("LPOS");
        call.arg(name).arg(value).option("RANK", rank).option("COUNT", count);
        ask(slf, call.option("MAXLEN", maxlen), Shape::Plain)
    }

    /// The members of a list, set or sorted set in order, or what `get` finds for them; with `store` how many
    /// were stored. `groups` gives tuples of one item for each pattern in `get`.
    #[pyo3(signature = (
        name, start=None, num=None, by=None, get=None, desc=false, alpha=false, store=None, groups=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn sort<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        start: Option<&Any<'py>>,
        num: Option<&Any<'py>>,
        by: Option<&Any<'py>>,
        get: Option<&Any<'py>>,
        desc: bool,
        alpha: bool,
        store: Option<&Any<'py>>,
        groups: bool,
    ) -> Answer<'py> {
        let mut call = sort_call("SORT", name, [start, num, by, get], [desc, alpha]);
        call.option("STORE", store);
        let is_one = |get: &Any<'py>| get.is_instance_of::<PyString>() || get.is_instance_of::<PyBytes>();
        let size = get.filter(|get| !is_one(get)).map_or(Ok(0), |get| get.len());
        match size {
            _ if !groups => ask(slf, &mut call, Shape::Plain),
            Ok(size) if size > 1 => ask(slf, &mut call, Shape::Groups(size)),
            _ => Err(PyValueError::new_err("groups needs at least two patterns in get")),
        }
    }

    /// As `sort`, without storing.
    #[pyo3(signature = (key, start=None, num=None, by=None, get=None, desc=false, alpha=false))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn sort_ro<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        start: Option<&Any<'py>>,
        num: Option<&Any<'py>>,
        by: Option<&Any<'py>>,
        get: Option<&Any<'py>>,
        desc: bool,
        alpha: bool,
    ) -> Answer<'py> {
        let mut call = sort_call("SORT_RO", key, [start, num, by, get], [desc, alpha]);
        ask(slf, &mut call, Shape::Plain)
    }
}}
