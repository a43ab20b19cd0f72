//! Verbs of hashes.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, amount_of, ask, cursor_of, fields_of, verbs};
use crate::argument::{Call, Expiry};
use crate::reply::Shape;

verbs! {{
    /// The value of a field, or None.
    fn hget<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, key: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("HGET").arg(name).arg(key), Shape::Plain)
    }

    /// Sets fields, given singly, as a mapping or as a flat list; returns how many are new.
    #[pyo3(signature = (name, key=None, value=None, mapping=None, items=None))]
    fn hset<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        key: Option<&Any<'py>>,
        value: Option<&Any<'py>>,
        mapping: Option<&Any<'py>>,
        items: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("HSET");
        call.arg(name);
        fields_of(&mut call, key, value, mapping, items);
        ask(slf, &mut call, Shape::Plain)
    }

    /// Sets a field unless it exists; returns 1 or 0.
    fn hsetnx<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, key: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("HSETNX").arg(name).arg(key).arg(value), Shape::Plain)
    }

    /// Sets several fields.
    fn hmset<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, mapping: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("HMSET").arg(name).pairs(mapping), Shape::Truth)
    }

    /// The values of several fields, None where there is none.
    #[pyo3(signature = (name, keys, *args))]
    fn hmget<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        keys: &Any<'py>,
        args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, Call::new("HMGET").arg(name).keys(keys).args(args), Shape::Plain)
    }

    /// Every field and value as a dict.
    fn hgetall<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("HGETALL").arg(name), Shape::Plain)
    }

    /// Deletes fields; returns how many there were.
    #[pyo3(signature = (name, *keys))]
    fn hdel<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, keys: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("HDEL").arg(name).args(keys), Shape::Plain)
    }

    /// Whether a field exists.
    fn hexists<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, key: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("HEXISTS").arg(name).arg(key), Shape::Truth)
    }

    /// Every field.
    fn hkeys<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("HKEYS").arg(name), Shape::Plain)
    }

    /// Every value.
    fn hvals<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("HVALS").arg(name), Shape::Plain)
    }

    /// How many fields there are.
    fn hlen<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("HLEN").arg(name), Shape::Plain)
    }

    /// The length of a value in bytes.
    fn hstrlen<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, key: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("HSTRLEN").arg(name).arg(key), Shape::Plain)
    }

    /// Adds a whole number to a field, 1 by default; returns the result.
    #[pyo3(signature = (name, key, amount=None))]
    fn hincrby<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        key: &Any<'py>,
        amount: Option<&Any<'py>>,
    ) -> Answer<'py> {
        ask(slf, amount_of(Call::new("HINCRBY").arg(name).arg(key), amount), Shape::Plain)
    }

    /// Adds a number to a field, 1 by default; returns the result.
    #[pyo3(signature = (name, key, amount=None))]
    fn hincrbyfloat<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        key: &Any<'py>,
        amount: Option<&Any<'py>>,
    ) -> Answer<'py> {
        ask(slf, amount_of(Call::new("HINCRBYFLOAT").arg(name).arg(key), amount), Shape::Float)
    }

    /// Some field, or `count` fields, with their values behind them if asked for.
    #[pyo3(signature = (key, count=None, withvalues=false))]
    fn hrandfield<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        count: Option<&Any<'py>>,
        withvalues: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("HRANDFIELD");
        call.arg(key);
        if let Some(count) = count {
            call.arg(count).flag("WITHVALUES", withvalues);
        }
        ask(slf, &mut call, Shape::Flat)
    }

    /// A page of fields: the next cursor, 0 at the end, and the fields with their values.
    #[pyo3(signature = (name, cursor=None, r#match=None, count=None, no_values=None))]
    fn hscan<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        cursor: Option<&Any<'py>>,
        r#match: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
        no_values: Option<bool>,
    ) -> Answer<'py> {
        let no_values = no_values.unwrap_or(false);
        let mut call = Call::new("HSCAN");
        cursor_of(call.arg(name), cursor);
        call.option("MATCH", r#match).option("COUNT", count).flag("NOVALUES", no_values);
        let shape = if no_values { Shape::Scan } else { Shape::ScanPairs };
        ask(slf, &mut call, shape)
    }

    /// The values of fields, which are deleted.
    #[pyo3(signature = (name, *keys))]
    fn hgetdel<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, keys: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("HGETDEL").arg(name).fields(keys), Shape::Plain)
    }

    /// The values of fields, whose expiry is changed.
    #[pyo3(signature = (name, *keys, ex=None, px=None, exat=None, pxat=None, persist=false))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn hgetex<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        keys: &Bound<'py, PyTuple>,
        ex: Option<&Any<'py>>,
        px: Option<&Any<'py>>,
        exat: Option<&Any<'py>>,
        pxat: Option<&Any<'py>>,
        persist: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("HGETEX");
        ask(
            slf,
            call.arg(name).expiry(&Expiry { ex, px, exat, pxat }).flag("PERSIST", persist).fields(keys),
            Shape::Plain,
        )
    }

    /// Sets fields with their expiry, all or none; returns 1 or 0.
    #[pyo3(signature = (
        name, key=None, value=None, mapping=None, items=None, ex=None, px=None, exat=None, pxat=None,
        data_persist_option=None, keepttl=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn hsetex<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        key: Option<&Any<'py>>,
        value: Option<&Any<'py>>,
        mapping: Option<&Any<'py>>,
        items: Option<&Any<'py>>,
        ex: Option<&Any<'py>>,
        px: Option<&Any<'py>>,
        exat: Option<&Any<'py>>,
        pxat: Option<&Any<'py>>,
        data_persist_option: Option<&Any<'py>>,
        keepttl: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("HSETEX");
        call.arg(name);
        if let Some(condition) = data_persist_option {
            call.arg(&condition.getattr("value").unwrap_or_else(|_| condition.clone()));
        }
        call.expiry(&Expiry { ex, px, exat, pxat }).flag("KEEPTTL", keepttl);
        let mut fields = Call::new("FIELDS");
        fields_of(&mut fields, key, value, mapping, items);
        ask(slf, call.counted(&mut fields), Shape::Plain)
    }

    /// Lets fields expire after seconds or a timedelta; returns a code for each.
    #[pyo3(signature = (name, seconds, *fields, nx=false, xx=false, gt=false, lt=false))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn hexpire<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        seconds: &Any<'py>,
        fields: &Bound<'py, PyTuple>,
        nx: bool,
        xx: bool,
        gt: bool,
        lt: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("HEXPIRE");
        call.arg(name).span(seconds, 1.0).flag("NX", nx).flag("XX", xx).flag("GT", gt).flag("LT", lt);
        ask(slf, call.fields(fields), Shape::Plain)
    }

    /// Lets fields expire after milliseconds or a timedelta; returns a code for each.
    #[pyo3(signature = (name, milliseconds, *fields, nx=false, xx=false, gt=false, lt=false))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn hpexpire<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        milliseconds: &Any<'py>,
        fields: &Bound<'py, PyTuple>,
        nx: bool,
        xx: bool,
        gt: bool,
        lt: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("HPEXPIRE");
        call.arg(name).span(milliseconds, 1000.0).flag("NX", nx).flag("XX", xx).flag("GT", gt).flag("LT", lt);
        ask(slf, call.fields(fields), Shape::Plain)
    }

    /// Lets fields expire at a time in seconds or a datetime; returns a code for each.
    #[pyo3(signature = (name, unix_time_seconds, *fields, nx=false, xx=false, gt=false, lt=false))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn hexpireat<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        unix_time_seconds: &Any<'py>,
        fields: &Bound<'py, PyTuple>,
        nx: bool,
        xx: bool,
        gt: bool,
        lt: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("HEXPIREAT");
        call.arg(name)
            .moment(unix_time_seconds, 1.0)
            .flag("NX", nx)
            .flag("XX", xx)
            .flag("GT", gt)
            .flag("LT", lt);
        ask(slf, call.fields(fields), Shape::Plain)
    }

    /// Lets fields expire at a time in milliseconds or a datetime; returns a code for each.
    #[pyo3(signature = (name, unix_time_milliseconds, *fields, nx=false, xx=false, gt=false, lt=false))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn hpexpireat<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        unix_time_milliseconds: &Any<'py>,
        fields: &Bound<'py, PyTuple>,
        nx: bool,
        xx: bool,
        gt: bool,
        lt: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("HPEXPIREAT");
        call.arg(name)
            .moment(unix_time_milliseconds, 1000.0)
            .flag("NX", nx)
            .flag("XX", xx)
            .flag("GT", gt)
            .flag("LT", lt);
        ask(slf, call.fields(fields), Shape::Plain)
    }

    /// Drops the expiry of fields; returns a code for each.
    #[pyo3(signature = (name, *fields))]
    fn hpersist<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, fields: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("HPERSIST").arg(name).fields(fields), Shape::Plain)
    }

    /// Seconds until each field expires; -1 where it does not, -2 where there is none.
    #[pyo3(signature = (key, *fields))]
    fn httl<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, fields: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("HTTL").arg(key).fields(fields), Shape::Plain)
    }

    /// Milliseconds until each field expires; -1 where it does not, -2 where there is none.
    #[pyo3(signature = (key, *fields))]
    fn hpttl<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, fields: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("HPTTL").arg(key).fields(fields), Shape::Plain)
    }

    /// When each field expires, in seconds since 1970.
    #[pyo3(signature = (key, *fields))]
    fn hexpiretime<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, fields: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("HEXPIRETIME").arg(key).fields(fields), Shape::Plain)
    }

    /// When each field expires, in milliseconds since 1970.
    #[pyo3(signature = (key, *fields))]
    fn hpexpiretime<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        fields: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, Call::new("HPEXPIRETIME").arg(key).fields(fields), Shape::Plain)
    }
}}
