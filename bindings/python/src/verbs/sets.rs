//! Verbs of sets.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, ask, cursor_of, verbs};
use crate::argument::Call;
use crate::reply::Shape;

verbs! {{
    /// Adds members; returns how many are new.
    #[pyo3(signature = (name, *values))]
    fn sadd<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, values: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("SADD").arg(name).args(values), Shape::Plain)
    }

    /// Removes members; returns how many there were.
    #[pyo3(signature = (name, *values))]
    fn srem<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, values: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("SREM").arg(name).args(values), Shape::Plain)
    }

    /// How many members there are.
    fn scard<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("SCARD").arg(name), Shape::Plain)
    }

    /// 1 for a member, 0 for others.
    fn sismember<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("SISMEMBER").arg(name).arg(value), Shape::Plain)
    }

    /// 1 or 0 for each value.
    #[pyo3(signature = (name, values, *args))]
    fn smismember<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        values: &Any<'py>,
        args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, Call::new("SMISMEMBER").arg(name).keys(values).args(args), Shape::Plain)
    }

    /// Every member.
    fn smembers<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("SMEMBERS").arg(name), Shape::Plain)
    }

    /// Moves a member to another set; false where there is none.
    fn smove<'py>(slf: &Bound<'py, Self>, src: &Any<'py>, dst: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("SMOVE").arg(src).arg(dst).arg(value), Shape::Truth)
    }

    /// Takes some member, or a list of `count` members.
    #[pyo3(signature = (name, count=None))]
    fn spop<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, count: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("SPOP").arg(name).maybe(count), Shape::List)
    }

    /// Some member, or a list of `number` members, with repetition where it is negative.
    #[pyo3(signature = (name, number=None))]
    fn srandmember<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, number: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("SRANDMEMBER").arg(name).maybe(number), Shape::List)
    }

    /// The members of the first set that no other has.
    #[pyo3(signature = (keys, *args))]
    fn sdiff<'py>(slf: &Bound<'py, Self>, keys: &Any<'py>, args: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("SDIFF").keys(keys).args(args), Shape::Plain)
    }

    /// Stores the members of the first set that no other has; returns how many.
    #[pyo3(signature = (dest, keys, *args))]
    fn sdiffstore<'py>(
        slf: &Bound<'py, Self>,
        dest: &Any<'py>,
        keys: &Any<'py>,
        args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, Call::new("SDIFFSTORE").arg(dest).keys(keys).args(args), Shape::Plain)
    }

    /// The members that every set has.
    #[pyo3(signature = (keys, *args))]
    fn sinter<'py>(slf: &Bound<'py, Self>, keys: &Any<'py>, args: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("SINTER").keys(keys).args(args), Shape::Plain)
    }

    /// How many members every set has, counted up to `limit`, 0 for no limit.
    #[pyo3(signature = (numkeys, keys, limit=None))]
    fn sintercard<'py>(
        slf: &Bound<'py, Self>,
        numkeys: &Any<'py>,
        keys: &Any<'py>,
        limit: Option<&Any<'py>>,
    ) -> Answer<'py> {
        ask(slf, Call::new("SINTERCARD").arg(numkeys).args(keys).option("LIMIT", limit), Shape::Plain)
    }

    /// Stores the members that every set has; returns how many.
    #[pyo3(signature = (dest, keys, *args))]
    fn sinterstore<'py>(
        slf: &Bound<'py, Self>,
        dest: &Any<'py>,
        keys: &Any<'py>,
        args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, Call::new("SINTERSTORE").arg(dest).keys(keys).args(args), Shape::Plain)
    }

    /// The members that any set has.
    #[pyo3(signature = (keys, *args))]
    fn sunion<'py>(slf: &Bound<'py, Self>, keys: &Any<'py>, args: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("SUNION").keys(keys).args(args), Shape::Plain)
    }

    /// Stores the members that any set has; returns how many.
    #[pyo3(signature = (dest, keys, *args))]
    fn sunionstore<'py>(
        slf: &Bound<'py, Self>,
        dest: &Any<'py>,
        keys: &Any<'py>,
        args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, Call::new("SUNIONSTORE").arg(dest).keys(keys).args(args), Shape::Plain)
    }

    /// A page of members: the next cursor, 0 at the end, and the members.
    #[pyo3(signature = (name, cursor=None, r#match=None, count=None))]
    fn sscan<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        cursor: Option<&Any<'py>>,
        r#match: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("SSCAN");
        cursor_of(call.arg(name), cursor);
        ask(slf, call.option("MATCH", r#match).option("COUNT", count), Shape::Scan)
    }
}}
