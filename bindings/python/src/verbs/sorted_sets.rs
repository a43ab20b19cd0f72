//! Verbs of sorted sets, except those of their ranges.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, ask, cursor_of, verbs};
use crate::argument::Call;
use crate::reply::{Cast, Shape};

/// MIN or MAX, as exactly one of the two says.
fn end_of<'py>(call: &mut Call<'py>, min: bool, max: bool) {
    match (min, max) {
        (true, false) => {
            call.word("MIN");
        }
        (false, true) => {
            call.word("MAX");
        }
        _ => call.fail(PyValueError::new_err("exactly one of min and max is given")),
    }
}

verbs! {{
    /// Sets the scores of members, given as a mapping; returns how many are new or, with `ch`, changed. With `incr`
    /// adds to the score of one member and returns it, None where a condition kept it.
    #[pyo3(signature = (name, mapping, nx=false, xx=false, ch=false, incr=false, gt=false, lt=false))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn zadd<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        mapping: &Any<'py>,
        nx: bool,
        xx: bool,
        ch: bool,
        incr: bool,
        gt: bool,
        lt: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("ZADD");
        call.arg(name).flag("NX", nx).flag("XX", xx).flag("CH", ch).flag("INCR", incr);
        call.flag("GT", gt).flag("LT", lt).scores(mapping);
        ask(slf, &mut call, if incr { Shape::Float } else { Shape::Plain })
    }

    /// Adds to the score of a member; returns it.
    fn zincrby<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, amount: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("ZINCRBY").arg(name).arg(amount).arg(value), Shape::Float)
    }

    /// Removes members; returns how many there were.
    #[pyo3(signature = (name, *values))]
    fn zrem<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, values: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("ZREM").arg(name).args(values), Shape::Plain)
    }

    /// How many members there are.
    fn zcard<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("ZCARD").arg(name), Shape::Plain)
    }

    /// The score of a member, or None.
    fn zscore<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("ZSCORE").arg(name).arg(value), Shape::Float)
    }

    /// The scores of members, None where there is none.
    fn zmscore<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, members: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("ZMSCORE").arg(key).args(members), Shape::Plain)
    }

    /// How many members are before this one, or that and its score, or None.
    #[pyo3(signature = (name, value, withscore=false, score_cast_func=None))]
    fn zrank<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        value: &Any<'py>,
        withscore: bool,
        score_cast_func: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let shape = Shape::RankScore(Cast::of(score_cast_func));
        ask(slf, Call::new("ZRANK").arg(name).arg(value).flag("WITHSCORE", withscore), shape)
    }

    /// How many members are behind this one, or that and its score, or None.
    #[pyo3(signature = (name, value, withscore=false, score_cast_func=None))]
    fn zrevrank<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        value: &Any<'py>,
        withscore: bool,
        score_cast_func: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let shape = Shape::RankScore(Cast::of(score_cast_func));
        ask(slf, Call::new("ZREVRANK").arg(name).arg(value).flag("WITHSCORE", withscore), shape)
    }

    /// Takes the members with the highest scores, with them; one by default.
    #[pyo3(signature = (name, count=None))]
    fn zpopmax<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, count: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("ZPOPMAX").arg(name).maybe(count), Shape::Scores(Cast::FLOAT))
    }

    /// Takes the members with the lowest scores, with them; one by default.
    #[pyo3(signature = (name, count=None))]
    fn zpopmin<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, count: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("ZPOPMIN").arg(name).maybe(count), Shape::Scores(Cast::FLOAT))
    }

    /// Takes the member with the highest score from the first sorted set that has any, waiting up to `timeout`
    /// seconds for one, 0 for ever: its key, the member and the score, or None.
    #[pyo3(signature = (keys, timeout=None))]
    fn bzpopmax<'py>(slf: &Bound<'py, Self>, keys: &Any<'py>, timeout: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("BZPOPMAX").keys(keys).either(timeout, "0"), Shape::KeyScore)
    }

    /// Takes the member with the lowest score from the first sorted set that has any, waiting up to `timeout`
    /// seconds for one, 0 for ever: its key, the member and the score, or None.
    #[pyo3(signature = (keys, timeout=None))]
    fn bzpopmin<'py>(slf: &Bound<'py, Self>, keys: &Any<'py>, timeout: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("BZPOPMIN").keys(keys).either(timeout, "0"), Shape::KeyScore)
    }

    /// Takes members with the lowest or highest scores from the first sorted set that has any: its key and a list of
    /// members and scores, or None.
    #[pyo3(signature = (num_keys, keys, min=false, max=false, count=None))]
    fn zmpop<'py>(
        slf: &Bound<'py, Self>,
        num_keys: &Any<'py>,
        keys: &Any<'py>,
        min: bool,
        max: bool,
        count: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZMPOP");
        end_of(call.arg(num_keys).args(keys), min, max);
        ask(slf, call.option("COUNT", count), Shape::Written)
    }

    /// As `zmpop`, waiting up to `timeout` seconds for a member, 0 for ever.
    #[pyo3(signature = (timeout, numkeys, keys, min=false, max=false, count=None))]
    fn bzmpop<'py>(
        slf: &Bound<'py, Self>,
        timeout: &Any<'py>,
        numkeys: &Any<'py>,
        keys: &Any<'py>,
        min: bool,
        max: bool,
        count: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("BZMPOP");
        end_of(call.arg(timeout).arg(numkeys).args(keys), min, max);
        ask(slf, call.option("COUNT", count), Shape::Written)
    }

    /// Some member, or `count` members, with repetition where it is negative, and with their scores behind them if
    /// asked for.
    #[pyo3(signature = (key, count=None, withscores=false))]
    fn zrandmember<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        count: Option<&Any<'py>>,
        withscores: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("ZRANDMEMBER");
        ask(slf, call.arg(key).maybe(count).flag("WITHSCORES", withscores), Shape::WrittenFlat)
    }

    /// A page of members: the next cursor, 0 at the end, and the members with their scores.
    #[pyo3(signature = (name, cursor=None, r#match=None, count=None, score_cast_func=None))]
    fn zscan<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        cursor: Option<&Any<'py>>,
        r#match: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
        score_cast_func: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZSCAN");
        cursor_of(call.arg(name), cursor);
        let shape = Shape::ScanScores(Cast::of(score_cast_func));
        ask(slf, call.option("MATCH", r#match).option("COUNT", count), shape)
    }

    /// The members of the first sorted set that no other has, with their scores behind them if asked for.
    #[pyo3(signature = (keys, withscores=false))]
    fn zdiff<'py>(slf: &Bound<'py, Self>, keys: &Any<'py>, withscores: bool) -> Answer<'py> {
        ask(slf, Call::new("ZDIFF").numbered(keys).flag("WITHSCORES", withscores), Shape::WrittenFlat)
    }

    /// Stores the members of the first sorted set that no other has; returns how many.
    fn zdiffstore<'py>(slf: &Bound<'py, Self>, dest: &Any<'py>, keys: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("ZDIFFSTORE").arg(dest).numbered(keys), Shape::Plain)
    }

    /// The members that every sorted set has. A dict of keys gives their weights; `aggregate` is SUM, MIN or MAX.
    #[pyo3(signature = (keys, aggregate=None, withscores=false))]
    fn zinter<'py>(
        slf: &Bound<'py, Self>,
        keys: &Any<'py>,
        aggregate: Option<&Any<'py>>,
        withscores: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("ZINTER");
        call.weighted(keys).option("AGGREGATE", aggregate).flag("WITHSCORES", withscores);
        ask(slf, &mut call, if withscores { Shape::Scores(Cast::FLOAT) } else { Shape::Plain })
    }

    /// Stores the members that every sorted set has; returns how many. A dict of keys gives their weights.
    #[pyo3(signature = (dest, keys, aggregate=None))]
    fn zinterstore<'py>(
        slf: &Bound<'py, Self>,
        dest: &Any<'py>,
        keys: &Any<'py>,
        aggregate: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZINTERSTORE");
        ask(slf, call.arg(dest).weighted(keys).option("AGGREGATE", aggregate), Shape::Plain)
    }

    /// How many members every sorted set has, counted up to `limit`, 0 for no limit.
    #[pyo3(signature = (numkeys, keys, limit=None))]
    fn zintercard<'py>(
        slf: &Bound<'py, Self>,
        numkeys: &Any<'py>,
        keys: &Any<'py>,
        limit: Option<&Any<'py>>,
    ) -> Answer<'py> {
        ask(slf, Call::new("ZINTERCARD").arg(numkeys).args(keys).option("LIMIT", limit), Shape::Plain)
    }

    /// The members that any sorted set has. A dict of keys gives their weights; `aggregate` is SUM, MIN or MAX.
    #[pyo3(signature = (keys, aggregate=None, withscores=false, score_cast_func=None))]
    fn zunion<'py>(
        slf: &Bound<'py, Self>,
        keys: &Any<'py>,
        aggregate: Option<&Any<'py>>,
        withscores: bool,
        score_cast_func: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZUNION");
        call.weighted(keys).option("AGGREGATE", aggregate).flag("WITHSCORES", withscores);
        let shape = if withscores { Shape::Scores(Cast::of(score_cast_func)) } else { Shape::Plain };
        ask(slf, &mut call, shape)
    }

    /// Stores the members that any sorted set has; returns how many. A dict of keys gives their weights.
    #[pyo3(signature = (dest, keys, aggregate=None))]
    fn zunionstore<'py>(
        slf: &Bound<'py, Self>,
        dest: &Any<'py>,
        keys: &Any<'py>,
        aggregate: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("ZUNIONSTORE");
        ask(slf, call.arg(dest).weighted(keys).option("AGGREGATE", aggregate), Shape::Plain)
    }
}}
