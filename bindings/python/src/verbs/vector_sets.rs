//! Verbs of vector sets, as methods of the objects that `vset()` gives.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use super::{Answer, Any, ask, verbs};
use crate::argument::Call;
use crate::facade::{AsyncPipelineVectorSet, AsyncSessionVectorSet, PipelineVectorSet, SessionVectorSet};
use crate::reply::Shape;

/// FP32 and bytes, or VALUES, their number and the numbers.
fn vector_of<'py>(call: &mut Call<'py>, vector: &Any<'py>) {
    match vector.is_instance_of::<PyBytes>() {
        true => call.word("FP32").arg(vector),
        false => call.word("VALUES").numbered(vector),
    };
}

/// Attributes as JSON, which they are already unless they are a dict.
fn attributes_of<'py>(attributes: &Any<'py>) -> Answer<'py> {
    match attributes.is_instance_of::<PyDict>() {
        true => attributes.py().import("json")?.call_method1("dumps", (attributes,)),
        false => Ok(attributes.clone()),
    }
}

verbs! { [SessionVectorSet, PipelineVectorSet, AsyncSessionVectorSet, AsyncPipelineVectorSet] {
    /// Adds an element with its vector, a sequence of numbers or bytes of 32-bit floats, or changes it; returns 1
    /// where it is new. `quantization` is NOQUANT, BIN or Q8.
    #[pyo3(signature = (
        key, vector, element, reduce_dim=None, cas=false, quantization=None, ef=None, attributes=None, numlinks=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn vadd<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        vector: &Any<'py>,
        element: &Any<'py>,
        reduce_dim: Option<&Any<'py>>,
        cas: bool,
        quantization: Option<&Any<'py>>,
        ef: Option<&Any<'py>>,
        attributes: Option<&Any<'py>>,
        numlinks: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("VADD");
        vector_of(call.arg(key).option("REDUCE", reduce_dim), vector);
        call.arg(element).flag("CAS", cas);
        if let Some(quantization) = quantization {
            call.arg(&quantization.getattr("value").unwrap_or_else(|_| quantization.clone()));
        }
        call.option("EF", ef);
        if let Some(attributes) = attributes {
            call.word("SETATTR").arg(&attributes_of(attributes)?);
        }
        ask(slf, call.option("M", numlinks), Shape::Integer)
    }

    /// The elements nearest to a vector or, where `input` is text, to an element; as a dict with their scores, their
    /// attributes or both if asked for.
    #[pyo3(signature = (
        key, input, with_scores=false, with_attribs=false, count=None, ef=None, filter=None, filter_ef=None,
        truth=false, no_thread=false, epsilon=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn vsim<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        input: &Any<'py>,
        with_scores: bool,
        with_attribs: bool,
        count: Option<&Any<'py>>,
        ef: Option<&Any<'py>>,
        filter: Option<&Any<'py>>,
        filter_ef: Option<&Any<'py>>,
        truth: bool,
        no_thread: bool,
        epsilon: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("VSIM");
        call.arg(key);
        let is_vector = input.is_instance_of::<PyBytes>()
            || input.is_instance_of::<PyList>()
            || input.is_instance_of::<PyTuple>();
        match is_vector {
            true => vector_of(&mut call, input),
            false => {
                call.word("ELE").arg(input);
            }
        }
        call.flag("WITHSCORES", with_scores).flag("WITHATTRIBS", with_attribs).option("COUNT", count);
        call.option("EPSILON", epsilon).option("EF", ef).option("FILTER", filter).option("FILTER-EF", filter_ef);
        let shape = match (with_scores, with_attribs) {
            (false, false) => Shape::Plain,
            (true, false) => Shape::Made("vsim_scores"),
            (false, true) => Shape::Made("vsim_attributes"),
            (true, true) => Shape::Made("vsim_both"),
        };
        ask(slf, call.flag("TRUTH", truth).flag("NOTHREAD", no_thread), shape)
    }

    /// How many numbers a vector has.
    fn vdim<'py>(slf: &Bound<'py, Self>, key: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("VDIM").arg(key), Shape::Plain)
    }

    /// How many elements there are.
    fn vcard<'py>(slf: &Bound<'py, Self>, key: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("VCARD").arg(key), Shape::Plain)
    }

    /// Removes an element; returns 1 where there was one.
    fn vrem<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, element: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("VREM").arg(key).arg(element), Shape::Integer)
    }

    /// The vector of an element as a list, or as a dict of how it is kept if `raw`; None where there is none.
    #[pyo3(signature = (key, element, raw=false))]
    fn vemb<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, element: &Any<'py>, raw: bool) -> Answer<'py> {
        let shape = if raw { Shape::Raw("vemb_raw") } else { Shape::Made("vemb") };
        ask(slf, Call::new("VEMB").arg(key).arg(element).flag("RAW", raw), shape)
    }

    /// The neighbours of an element on each level, as dicts with their scores if asked for.
    #[pyo3(signature = (key, element, with_scores=false))]
    fn vlinks<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        element: &Any<'py>,
        with_scores: bool,
    ) -> Answer<'py> {
        let shape = if with_scores { Shape::Made("vlinks_scores") } else { Shape::Plain };
        ask(slf, Call::new("VLINKS").arg(key).arg(element).flag("WITHSCORES", with_scores), shape)
    }

    /// What is known of a vector set, as a dict.
    fn vinfo<'py>(slf: &Bound<'py, Self>, key: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("VINFO").arg(key), Shape::Plain)
    }

    /// Sets the attributes of an element, a dict or JSON; returns 1 where there is one.
    #[pyo3(signature = (key, element, attributes=None))]
    fn vsetattr<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        element: &Any<'py>,
        attributes: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let attributes = attributes.map(attributes_of).transpose()?;
        let mut call = Call::new("VSETATTR");
        ask(slf, call.arg(key).arg(element).either(attributes.as_ref(), "{}"), Shape::Integer)
    }

    /// The attributes of an element as a dict, or None.
    fn vgetattr<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, element: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("VGETATTR").arg(key).arg(element), Shape::Made("vgetattr"))
    }

    /// Some element, or a list of `count` elements, with repetition where it is negative.
    #[pyo3(signature = (key, count=None))]
    fn vrandmember<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, count: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::new("VRANDMEMBER").arg(key).maybe(count), Shape::Plain)
    }

    /// Elements in the order of their bytes, from `start` to `end` (`[` includes, `(` excludes, `-` and `+` are the ends),
    /// at most `count`.
    #[pyo3(signature = (key, start, end, count=None))]
    fn vrange<'py>(
        slf: &Bound<'py, Self>,
        key: &Any<'py>,
        start: &Any<'py>,
        end: &Any<'py>,
        count: Option<&Any<'py>>,
    ) -> Answer<'py> {
        ask(slf, Call::new("VRANGE").arg(key).arg(start).arg(end).maybe(count), Shape::Plain)
    }
}}
