//! Verbs of keys of every type.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, ask, cursor_of, verbs};
use crate::argument::Call;
use crate::reply::Shape;

verbs! {{
    /// Deletes keys; returns how many there were.
    #[pyo3(signature = (*names))]
    fn delete<'py>(slf: &Bound<'py, Self>, names: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("DEL").args(names), Shape::Plain)
    }

    /// Deletes keys and frees their memory later; returns how many there were.
    #[pyo3(signature = (*names))]
    fn unlink<'py>(slf: &Bound<'py, Self>, names: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("UNLINK").args(names), Shape::Plain)
    }

    /// How many of these keys there are.
    #[pyo3(signature = (*names))]
    fn exists<'py>(slf: &Bound<'py, Self>, names: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("EXISTS").args(names), Shape::Plain)
    }

    /// Marks keys as used; returns how many there are.
    #[pyo3(signature = (*args))]
    fn touch<'py>(slf: &Bound<'py, Self>, args: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("TOUCH").args(args), Shape::Plain)
    }

    /// Copies a key; false where there is none or the destination exists.
    #[pyo3(signature = (source, destination, destination_db=None, replace=false))]
    fn copy<'py>(
        slf: &Bound<'py, Self>,
        source: &Any<'py>,
        destination: &Any<'py>,
        destination_db: Option<&Any<'py>>,
        replace: bool,
    ) -> Answer<'py> {
        ask(
            slf,
            Call::new("COPY")
                .arg(source)
                .arg(destination)
                .option("DB", destination_db)
                .flag("REPLACE", replace),
            Shape::Truth,
        )
    }

    /// Renames a key, replacing `dst`.
    fn rename<'py>(slf: &Bound<'py, Self>, src: &Any<'py>, dst: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("RENAME").arg(src).arg(dst), Shape::Okay)
    }

    /// Renames a key unless `dst` exists.
    fn renamenx<'py>(slf: &Bound<'py, Self>, src: &Any<'py>, dst: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("RENAMENX").arg(src).arg(dst), Shape::Truth)
    }

    /// Moves a key to another database.
    fn r#move<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, db: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("MOVE").arg(name).arg(db), Shape::Truth)
    }

    /// The type of a key, or none.
    fn r#type<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("TYPE").arg(name), Shape::Plain)
    }

    /// Some key, or None.
    #[pyo3(signature = ())]
    fn randomkey<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::new("RANDOMKEY"), Shape::Plain)
    }

    /// Every key that matches a pattern, by default all.
    #[pyo3(signature = (pattern=None))]
    fn keys<'py>(slf: &Bound<'py, Self>, pattern: Option<&Any<'py>>) -> Answer<'py> {
        let mut call = Call::new("KEYS");
        match pattern {
            Some(pattern) => call.arg(pattern),
            None => call.word("*"),
        };
        ask(slf, &mut call, Shape::Plain)
    }

    /// The serialised value of a key, or None.
    fn dump<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("DUMP").arg(name), Shape::Bytes)
    }

    /// Makes a key from what `dump` returned.
    #[pyo3(signature = (name, ttl, value, replace=false, absttl=false, idletime=None, frequency=None))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn restore<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        ttl: &Any<'py>,
        value: &Any<'py>,
        replace: bool,
        absttl: bool,
        idletime: Option<&Any<'py>>,
        frequency: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("RESTORE");
        call.arg(name).arg(ttl).arg(value).flag("REPLACE", replace).flag("ABSTTL", absttl);
        ask(slf, call.option("IDLETIME", idletime).option("FREQ", frequency), Shape::Plain)
    }

    /// What is known of the object at a key: encoding, freq, idletime or refcount.
    fn object<'py>(slf: &Bound<'py, Self>, infotype: &Any<'py>, key: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("OBJECT").arg(infotype).arg(key), Shape::Plain)
    }

    /// Drops a key's expiry.
    fn persist<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("PERSIST").arg(name), Shape::Truth)
    }

    /// Lets a key expire after seconds or a timedelta.
    #[pyo3(signature = (name, time, nx=false, xx=false, gt=false, lt=false))]
    fn expire<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        time: &Any<'py>,
        nx: bool,
        xx: bool,
        gt: bool,
        lt: bool,
    ) -> Answer<'py> {
        ask(
            slf,
            Call::new("EXPIRE")
                .arg(name)
                .span(time, 1.0)
                .flag("NX", nx)
                .flag("XX", xx)
                .flag("GT", gt)
                .flag("LT", lt),
            Shape::Truth,
        )
    }

    /// Lets a key expire after milliseconds or a timedelta.
    #[pyo3(signature = (name, time, nx=false, xx=false, gt=false, lt=false))]
    fn pexpire<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        time: &Any<'py>,
        nx: bool,
        xx: bool,
        gt: bool,
        lt: bool,
    ) -> Answer<'py> {
        ask(
            slf,
            Call::new("PEXPIRE")
                .arg(name)
                .span(time, 1000.0)
                .flag("NX", nx)
                .flag("XX", xx)
                .flag("GT", gt)
                .flag("LT", lt),
            Shape::Truth,
        )
    }

    /// Lets a key expire at a time in seconds or a datetime.
    #[pyo3(signature = (name, when, nx=false, xx=false, gt=false, lt=false))]
    fn expireat<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        when: &Any<'py>,
        nx: bool,
        xx: bool,
        gt: bool,
        lt: bool,
    ) -> Answer<'py> {
        ask(
            slf,
            Call::new("EXPIREAT")
                .arg(name)
                .moment(when, 1.0)
                .flag("NX", nx)
                .flag("XX", xx)
                .flag("GT", gt)
                .flag("LT", lt),
            Shape::Truth,
        )
    }

    /// Lets a key expire at a time in milliseconds or a datetime.
    #[pyo3(signature = (name, when, nx=false, xx=false, gt=false, lt=false))]
    fn pexpireat<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        when: &Any<'py>,
        nx: bool,
        xx: bool,
        gt: bool,
        lt: bool,
    ) -> Answer<'py> {
        ask(
            slf,
            Call::new("PEXPIREAT")
                .arg(name)
                .moment(when, 1000.0)
                .flag("NX", nx)
                .flag("XX", xx)
                .flag("GT", gt)
                .flag("LT", lt),
            Shape::Truth,
        )
    }

    /// Seconds until a key expires; -1 where it does not, -2 where there is no key.
    fn ttl<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("TTL").arg(name), Shape::Plain)
    }

    /// Milliseconds until a key expires; -1 where it does not, -2 where there is no key.
    fn pttl<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("PTTL").arg(name), Shape::Plain)
    }

    /// When a key expires, in seconds since 1970.
    fn expiretime<'py>(slf: &Bound<'py, Self>, key: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("EXPIRETIME").arg(key), Shape::Plain)
    }

    /// When a key expires, in milliseconds since 1970.
    fn pexpiretime<'py>(slf: &Bound<'py, Self>, key: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("PEXPIRETIME").arg(key), Shape::Plain)
    }

    /// A page of keys: the next cursor, 0 at the end, and the keys.
    #[pyo3(signature = (cursor=None, r#match=None, count=None, _type=None))]
    fn scan<'py>(
        slf: &Bound<'py, Self>,
        cursor: Option<&Any<'py>>,
        r#match: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
        _type: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("SCAN");
        cursor_of(&mut call, cursor);
        ask(slf, call.option("MATCH", r#match).option("COUNT", count).option("TYPE", _type), Shape::Scan)
    }

    /// Waits until replicas have the writes so far, at most `timeout` milliseconds; returns how many have.
    fn wait<'py>(slf: &Bound<'py, Self>, num_replicas: &Any<'py>, timeout: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("WAIT").arg(num_replicas).arg(timeout), Shape::Plain)
    }
}}
