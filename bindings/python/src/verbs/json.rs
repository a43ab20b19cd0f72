//! Verbs of JSON values, as methods of the objects that `json()` gives.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, ask, verbs};
use crate::argument::Call;
use crate::facade::{AsyncPipelineJson, AsyncSessionJson, Json, PipelineJson, SessionJson};
use crate::reply::Shape;

/// Where a value is, with what Python made of it: the root where none is given.
struct Path<'py>(Option<Any<'py>>);

impl<'py> Path<'py> {
    fn of(path: Option<&Any<'py>>) -> PyResult<Self> {
        Ok(Self(path.map(|path| PyResult::Ok(path.str()?.into_any())).transpose()?))
    }

    fn add<'a>(&self, call: &'a mut Call<'py>) -> &'a mut Call<'py> {
        call.either(self.0.as_ref(), ".")
    }

    /// True for a path that finds many values, so that replies are lists.
    fn finds_many(&self) -> PyResult<bool> {
        match &self.0 {
            Some(path) => path.call_method1("startswith", ("$",))?.extract(),
            None => Ok(false),
        }
    }
}

/// A verb of a key and a path; its reply is read by `function` of `kevy._replies`.
fn at_path<'py, T: Json>(
    slf: &Bound<'py, T>,
    verb: &'static str,
    name: &Any<'py>,
    path: Option<&Any<'py>>,
    function: &'static str,
) -> Answer<'py> {
    let mut call = Call::new(verb);
    call.arg(name);
    Path::of(path)?.add(&mut call);
    ask(slf, &mut call, slf.get().coders().shape(function))
}

/// Adds values as JSON.
fn encoded<'py, T: Json>(json: &T, call: &mut Call<'py>, values: &Bound<'py, PyTuple>) -> PyResult<()> {
    for value in values.try_iter()? {
        call.arg(&json.coders().encode(&value?)?);
    }
    Ok(())
}

/// JSON.SET and JSON.MERGE up to the value.
fn value_call<'py, T: Json>(
    json: &T,
    verb: &'static str,
    name: &Any<'py>,
    path: &Any<'py>,
    value: &Any<'py>,
    decode_keys: bool,
) -> PyResult<Call<'py>> {
    let value = match decode_keys {
        true => value.py().import("kevy._helpers")?.call_method1("with_text_keys", (value,))?,
        false => value.clone(),
    };
    let mut call = Call::new(verb);
    Path::of(Some(path))?.add(call.arg(name)).arg(&json.coders().encode(&value)?);
    Ok(call)
}

/// JSON.NUMINCRBY and JSON.NUMMULTBY.
fn number_call<'py, T: Json>(
    slf: &Bound<'py, T>,
    verb: &'static str,
    name: &Any<'py>,
    path: &Any<'py>,
    number: &Any<'py>,
) -> Answer<'py> {
    let json = slf.get();
    let path = Path::of(Some(path))?;
    let mut call = Call::new(verb);
    path.add(call.arg(name)).arg(&json.coders().encode(number)?);
    let function = if path.finds_many()? { "json_value" } else { "json_single" };
    ask(slf, &mut call, json.coders().shape(function))
}

verbs! { [SessionJson, PipelineJson, AsyncSessionJson, AsyncPipelineJson] {
    /// Sets the value at a path, with `nx` only a new one, with `xx` only one that exists: True, or None where that
    /// kept it. `decode_keys` makes text of keys that are bytes.
    #[pyo3(signature = (name, path, obj, nx=false, xx=false, decode_keys=false))]
    fn set<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        path: &Any<'py>,
        obj: &Any<'py>,
        nx: bool,
        xx: bool,
        decode_keys: bool,
    ) -> Answer<'py> {
        if nx && xx {
            return Err(PyValueError::new_err("only one of nx and xx is given"));
        }
        let mut call = value_call(slf.get(), "JSON.SET", name, path, obj, decode_keys)?;
        ask(slf, call.flag("NX", nx).flag("XX", xx), Shape::OkayOrNone)
    }

    /// Sets the values of several keys, given as triplets of a key, a path and a value.
    fn mset<'py>(slf: &Bound<'py, Self>, triplets: &Any<'py>) -> Answer<'py> {
        let mut call = Call::new("JSON.MSET");
        for triplet in triplets.try_iter()? {
            let (name, path, value): (Any<'py>, Any<'py>, Any<'py>) = triplet?.extract()?;
            Path::of(Some(&path))?.add(call.arg(&name)).arg(&slf.get().coders().encode(&value)?);
        }
        ask(slf, &mut call, Shape::OkayOrNone)
    }

    /// Merges a value into those at a path, as RFC 7396 has it.
    #[pyo3(signature = (name, path, obj, decode_keys=false))]
    fn merge<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        path: &Any<'py>,
        obj: &Any<'py>,
        decode_keys: bool,
    ) -> Answer<'py> {
        let mut call = value_call(slf.get(), "JSON.MERGE", name, path, obj, decode_keys)?;
        ask(slf, &mut call, Shape::OkayOrNone)
    }

    /// The value at a path, by default at the root, or a dict of paths and values; None where there is no key. The
    /// text on its way to the decoder is laid out with `indent`, `newline` and `space`.
    #[pyo3(signature = (name, *args, no_escape=false, indent=None, newline=None, space=None))]
    fn get<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        args: &Bound<'py, PyTuple>,
        no_escape: bool,
        indent: Option<&Any<'py>>,
        newline: Option<&Any<'py>>,
        space: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("JSON.GET");
        call.arg(name).flag("NOESCAPE", no_escape).option("INDENT", indent);
        call.option("NEWLINE", newline).option("SPACE", space);
        if args.is_empty() {
            call.word(".");
        }
        for path in args.try_iter()? {
            Path::of(Some(&path?))?.add(&mut call);
        }
        ask(slf, &mut call, slf.get().coders().shape("json_value"))
    }

    /// The values at a path of several keys, None where there is none.
    fn mget<'py>(slf: &Bound<'py, Self>, keys: &Any<'py>, path: &Any<'py>) -> Answer<'py> {
        let mut call = Call::new("JSON.MGET");
        Path::of(Some(path))?.add(call.args(keys));
        ask(slf, &mut call, slf.get().coders().shape("json_values"))
    }

    /// Deletes the values at a path, by default the key; returns how many there were.
    #[pyo3(signature = (key, path=None))]
    fn delete<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, path: Option<&Any<'py>>) -> Answer<'py> {
        at_path(slf, "JSON.DEL", key, path, "json_value")
    }

    /// As `delete`.
    #[pyo3(signature = (key, path=None))]
    fn forget<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, path: Option<&Any<'py>>) -> Answer<'py> {
        at_path(slf, "JSON.FORGET", key, path, "json_value")
    }

    /// Empties arrays and objects and makes numbers 0; returns how many changed.
    #[pyo3(signature = (name, path=None))]
    fn clear<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, path: Option<&Any<'py>>) -> Answer<'py> {
        at_path(slf, "JSON.CLEAR", name, path, "json_value")
    }

    /// The type of the value at a path, or None.
    #[pyo3(signature = (name, path=None))]
    fn r#type<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, path: Option<&Any<'py>>) -> Answer<'py> {
        let many = Path::of(path)?.finds_many()?;
        at_path(slf, "JSON.TYPE", name, path, if many { "json_types" } else { "json_type" })
    }

    /// The value at a path as RESP has it: arrays and objects as lists that begin with a bracket.
    #[pyo3(signature = (name, path=None))]
    fn resp<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, path: Option<&Any<'py>>) -> Answer<'py> {
        at_path(slf, "JSON.RESP", name, path, "json_resp")
    }

    /// Adds to the numbers at a path; returns the results.
    fn numincrby<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        path: &Any<'py>,
        number: &Any<'py>,
    ) -> Answer<'py> {
        number_call(slf, "JSON.NUMINCRBY", name, path, number)
    }

    /// Multiplies the numbers at a path; returns the results.
    fn nummultby<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        path: &Any<'py>,
        number: &Any<'py>,
    ) -> Answer<'py> {
        number_call(slf, "JSON.NUMMULTBY", name, path, number)
    }

    /// Turns true into false and false into true; returns the results.
    #[pyo3(signature = (name, path=None))]
    fn toggle<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, path: Option<&Any<'py>>) -> Answer<'py> {
        at_path(slf, "JSON.TOGGLE", name, path, "json_value")
    }

    /// Appends to the strings at a path; returns their lengths.
    #[pyo3(signature = (name, value, path=None))]
    fn strappend<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        value: &Any<'py>,
        path: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let json = slf.get();
        let mut call = Call::new("JSON.STRAPPEND");
        Path::of(path)?.add(call.arg(name)).arg(&json.coders().encode(value)?);
        ask(slf, &mut call, json.coders().shape("json_value"))
    }

    /// The lengths of the strings at a path.
    #[pyo3(signature = (name, path=None))]
    fn strlen<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, path: Option<&Any<'py>>) -> Answer<'py> {
        at_path(slf, "JSON.STRLEN", name, path, "json_value")
    }

    /// Adds values at the end of the arrays at a path; returns their lengths.
    #[pyo3(signature = (name, path=None, *args))]
    fn arrappend<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        path: Option<&Any<'py>>,
        args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        let json = slf.get();
        let mut call = Call::new("JSON.ARRAPPEND");
        Path::of(path)?.add(call.arg(name));
        encoded(json, &mut call, args)?;
        ask(slf, &mut call, json.coders().shape("json_value"))
    }

    /// Where a value is in the arrays at a path, from `start` up to `stop`; -1 where it is not there.
    #[pyo3(signature = (name, path, scalar, start=None, stop=None))]
    fn arrindex<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        path: &Any<'py>,
        scalar: &Any<'py>,
        start: Option<&Any<'py>>,
        stop: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let json = slf.get();
        let mut call = Call::new("JSON.ARRINDEX");
        Path::of(Some(path))?.add(call.arg(name)).arg(&json.coders().encode(scalar)?);
        ask(slf, call.maybe(start).maybe(start.and(stop)), json.coders().shape("json_value"))
    }

    /// Adds values in front of a position of the arrays at a path; returns their lengths.
    #[pyo3(signature = (name, path, index, *args))]
    fn arrinsert<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        path: &Any<'py>,
        index: &Any<'py>,
        args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        let json = slf.get();
        let mut call = Call::new("JSON.ARRINSERT");
        Path::of(Some(path))?.add(call.arg(name)).arg(index);
        encoded(json, &mut call, args)?;
        ask(slf, &mut call, json.coders().shape("json_value"))
    }

    /// The lengths of the arrays at a path.
    #[pyo3(signature = (name, path=None))]
    fn arrlen<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, path: Option<&Any<'py>>) -> Answer<'py> {
        at_path(slf, "JSON.ARRLEN", name, path, "json_value")
    }

    /// Takes a value, by default the last, from the arrays at a path.
    #[pyo3(signature = (name, path=None, index=None))]
    fn arrpop<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        path: Option<&Any<'py>>,
        index: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("JSON.ARRPOP");
        Path::of(path)?.add(call.arg(name)).either(index, "-1");
        ask(slf, &mut call, slf.get().coders().shape("json_value"))
    }

    /// Keeps part of the arrays at a path, both ends included; returns their lengths.
    fn arrtrim<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        path: &Any<'py>,
        start: &Any<'py>,
        stop: &Any<'py>,
    ) -> Answer<'py> {
        let mut call = Call::new("JSON.ARRTRIM");
        Path::of(Some(path))?.add(call.arg(name)).arg(start).arg(stop);
        ask(slf, &mut call, slf.get().coders().shape("json_value"))
    }

    /// The names in the objects at a path.
    #[pyo3(signature = (name, path=None))]
    fn objkeys<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, path: Option<&Any<'py>>) -> Answer<'py> {
        at_path(slf, "JSON.OBJKEYS", name, path, "json_value")
    }

    /// How many names the objects at a path have.
    #[pyo3(signature = (name, path=None))]
    fn objlen<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, path: Option<&Any<'py>>) -> Answer<'py> {
        at_path(slf, "JSON.OBJLEN", name, path, "json_value")
    }

    /// MEMORY: how many bytes the values at a path take. HELP: what there is.
    #[pyo3(signature = (subcommand, key=None, path=None))]
    fn debug<'py>(
        slf: &Bound<'py, Self>,
        subcommand: &Any<'py>,
        key: Option<&Any<'py>>,
        path: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("JSON.DEBUG");
        call.arg(subcommand);
        if let Some(key) = key {
            Path::of(path)?.add(call.arg(key));
        }
        ask(slf, &mut call, slf.get().coders().shape("json_value"))
    }
}}
