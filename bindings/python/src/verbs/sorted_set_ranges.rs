//! Verbs of ranges of sorted sets: by rank, by score and by name.

use pyo3::prelude::*;

use super::{Answer, Any, ask, verbs};
use crate::argument::Call;
use crate::reply::{Cast, Shape};

/// The members of a range, or the members with their scores.
fn found(withscores: bool, score_cast_func: Option<&Any<'_>>) -> Shape {
    if withscores { Shape::Scores(Cast::of(score_cast_func)) } else { Shape::Plain }
}

const LIMIT: &str = "start and num";

verbs! {{
    /// The members of a range of ranks or, as asked for, of scores or names; both ends are included.
    #[pyo3(signature = (
        name, start, end, desc=false, withscores=false, score_cast_func=None, byscore=false, bylex=false,
        offset=None, num=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn zrange<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        start: &Any<'py>,
        end: &Any<'py>,
        desc: bool,
        withscores: bool,
        score_cast_func: Option<&Any<'py>>,
        byscore: bool,
        bylex: bool,
        offset: Option<&Any<'py>>,
        num: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZRANGE");
        call.arg(name).arg(start).arg(end).flag("BYSCORE", byscore).flag("BYLEX", bylex).flag("REV", desc);
        call.limit(offset, num, "offset and num").flag("WITHSCORES", withscores);
        ask(slf, &mut call, found(withscores, score_cast_func))
    }

    /// The members of a range of ranks from the highest score down; both ends are included.
    #[pyo3(signature = (name, start, end, withscores=false, score_cast_func=None))]
    fn zrevrange<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        start: &Any<'py>,
        end: &Any<'py>,
        withscores: bool,
        score_cast_func: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZREVRANGE");
        call.arg(name).arg(start).arg(end).flag("WITHSCORES", withscores);
        ask(slf, &mut call, found(withscores, score_cast_func))
    }

    /// Stores the members of a range of ranks or, as asked for, of scores or names; returns how many.
    #[pyo3(signature = (
        dest, name, start, end, byscore=false, bylex=false, desc=false, offset=None, num=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn zrangestore<'py>(
        slf: &Bound<'py, Self>,
        dest: &Any<'py>,
        name: &Any<'py>,
        start: &Any<'py>,
        end: &Any<'py>,
        byscore: bool,
        bylex: bool,
        desc: bool,
        offset: Option<&Any<'py>>,
        num: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZRANGESTORE");
        call.arg(dest).arg(name).arg(start).arg(end).flag("BYSCORE", byscore).flag("BYLEX", bylex);
        ask(slf, call.flag("REV", desc).limit(offset, num, "offset and num"), Shape::Plain)
    }

    /// The members of a range of scores; `(1` leaves 1 out, `-inf` and `+inf` are the ends.
    #[pyo3(signature = (name, min, max, start=None, num=None, withscores=false, score_cast_func=None))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn zrangebyscore<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        min: &Any<'py>,
        max: &Any<'py>,
        start: Option<&Any<'py>>,
        num: Option<&Any<'py>>,
        withscores: bool,
        score_cast_func: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZRANGEBYSCORE");
        call.arg(name).arg(min).arg(max).limit(start, num, LIMIT).flag("WITHSCORES", withscores);
        ask(slf, &mut call, found(withscores, score_cast_func))
    }

    /// The members of a range of scores from the highest down.
    #[pyo3(signature = (name, max, min, start=None, num=None, withscores=false, score_cast_func=None))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn zrevrangebyscore<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        max: &Any<'py>,
        min: &Any<'py>,
        start: Option<&Any<'py>>,
        num: Option<&Any<'py>>,
        withscores: bool,
        score_cast_func: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZREVRANGEBYSCORE");
        call.arg(name).arg(max).arg(min).limit(start, num, LIMIT).flag("WITHSCORES", withscores);
        ask(slf, &mut call, found(withscores, score_cast_func))
    }

    /// The members of a range of names where all scores are the same; `[a` includes a, `(a` does not, `-` and `+` are
    /// the ends.
    #[pyo3(signature = (name, min, max, start=None, num=None))]
    fn zrangebylex<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        min: &Any<'py>,
        max: &Any<'py>,
        start: Option<&Any<'py>>,
        num: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZRANGEBYLEX");
        ask(slf, call.arg(name).arg(min).arg(max).limit(start, num, LIMIT), Shape::Plain)
    }

    /// The members of a range of names from the last to the first.
    #[pyo3(signature = (name, max, min, start=None, num=None))]
    fn zrevrangebylex<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        max: &Any<'py>,
        min: &Any<'py>,
        start: Option<&Any<'py>>,
        num: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZREVRANGEBYLEX");
        ask(slf, call.arg(name).arg(max).arg(min).limit(start, num, LIMIT), Shape::Plain)
    }

    /// How many members a range of scores has.
    fn zcount<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, min: &Any<'py>, max: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("ZCOUNT").arg(name).arg(min).arg(max), Shape::Plain)
    }

    /// How many members a range of names has.
    fn zlexcount<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, min: &Any<'py>, max: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("ZLEXCOUNT").arg(name).arg(min).arg(max), Shape::Plain)
    }

    /// Removes the members of a range of names; returns how many.
    fn zremrangebylex<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        min: &Any<'py>,
        max: &Any<'py>,
    ) -> Answer<'py> {
        ask(slf, Call::new("ZREMRANGEBYLEX").arg(name).arg(min).arg(max), Shape::Plain)
    }

    /// Removes the members of a range of ranks; returns how many.
    fn zremrangebyrank<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        min: &Any<'py>,
        max: &Any<'py>,
    ) -> Answer<'py> {
        ask(slf, Call::new("ZREMRANGEBYRANK").arg(name).arg(min).arg(max), Shape::Plain)
    }

    /// Removes the members of a range of scores; returns how many.
    fn zremrangebyscore<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        min: &Any<'py>,
        max: &Any<'py>,
    ) -> Answer<'py> {
        ask(slf, Call::new("ZREMRANGEBYSCORE").arg(name).arg(min).arg(max), Shape::Plain)
    }
}}
