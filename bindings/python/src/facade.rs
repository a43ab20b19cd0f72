//! `json()` and `vset()`: the verbs of one type as an object over a session or pipeline, as redis-py has them.

use std::sync::Arc;

use pyo3::PyClass;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;

use crate::aio::{AsyncPipeline, AsyncSession};
use crate::argument::Call;
use crate::pipeline::Pipeline;
use crate::reply::Shape;
use crate::session::Session;
use crate::verbs::Runs;

/// Python's way to write and read JSON: objects with `encode` and `decode`, by default those of the module `json`.
#[derive(Debug)]
pub struct Coders {
    encoder: Option<Py<PyAny>>,
    decoder: Arc<Py<PyAny>>,
}

impl Coders {
    /// The coders that were given, or the usual ones.
    fn of(
        py: Python<'_>,
        encoder: Option<&Bound<'_, PyAny>>,
        decoder: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let decoder = match decoder {
            Some(decoder) => decoder.clone(),
            None => py.import("json.decoder")?.getattr("JSONDecoder")?.call0()?,
        };
        Ok(Self {
            encoder: encoder.map(|encoder| encoder.clone().unbind()),
            decoder: Arc::new(decoder.unbind()),
        })
    }

    /// What `function` of `kevy._replies` makes of a reply and the decoder.
    pub fn shape(&self, function: &'static str) -> Shape {
        Shape::Decoded(function, self.decoder.clone())
    }

    /// A value as JSON.
    pub fn encode<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match &self.encoder {
            Some(encoder) => encoder.bind(value.py()).call_method1("encode", (value,)),
            None => value.py().import("json")?.call_method1("dumps", (value,)),
        }
    }
}

/// A class with the JSON verbs.
pub trait Json: Runs + PyClass<Frozen = True> + Sync {
    /// How values are written and read.
    fn coders(&self) -> &Coders;
}

macro_rules! facades {
    ($($class:ident => $json:ident, $vectors:ident;)+) => {$(
        /// The JSON verbs of what `json()` was called on.
        #[pyclass(frozen, generic, module = "kevy")]
        #[derive(Debug)]
        pub struct $json {
            client: Py<$class>,
            coders: Coders,
        }

        impl Runs for $json {
            fn run<'py>(
                slf: &Bound<'py, Self>,
                call: &Call<'py>,
                shape: Shape,
            ) -> PyResult<Bound<'py, PyAny>> {
                $class::run(slf.get().client.bind(slf.py()), call, shape)
            }
        }

        impl Json for $json {
            fn coders(&self) -> &Coders {
                &self.coders
            }
        }

        #[pymethods]
        impl $json {
            fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
                visit.call(&self.client)
            }
        }

        /// The vector set verbs of what `vset()` was called on.
        #[pyclass(frozen, generic, module = "kevy")]
        #[derive(Debug)]
        pub struct $vectors {
            client: Py<$class>,
        }

        impl Runs for $vectors {
            fn run<'py>(
                slf: &Bound<'py, Self>,
                call: &Call<'py>,
                shape: Shape,
            ) -> PyResult<Bound<'py, PyAny>> {
                $class::run(slf.get().client.bind(slf.py()), call, shape)
            }
        }

        #[pymethods]
        impl $vectors {
            fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
                visit.call(&self.client)
            }
        }

        #[pymethods]
        impl $class {
            /// The JSON verbs. `encoder` and `decoder` have methods `encode` and `decode`, by default those of `json`.
            #[pyo3(signature = (encoder=None, decoder=None))]
            fn json<'py>(
                slf: &Bound<'py, Self>,
                encoder: Option<&Bound<'py, PyAny>>,
                decoder: Option<&Bound<'py, PyAny>>,
            ) -> PyResult<$json> {
                Ok($json { client: slf.clone().unbind(), coders: Coders::of(slf.py(), encoder, decoder)? })
            }

            /// The vector set verbs.
            #[pyo3(signature = ())]
            fn vset(slf: &Bound<'_, Self>) -> $vectors {
                $vectors { client: slf.clone().unbind() }
            }
        }
    )+};
}

facades! {
    Session => SessionJson, SessionVectorSet;
    Pipeline => PipelineJson, PipelineVectorSet;
    AsyncSession => AsyncSessionJson, AsyncSessionVectorSet;
    AsyncPipeline => AsyncPipelineJson, AsyncPipelineVectorSet;
}
