//! The native half of the Python package `kevy`: classes over `kevy_core::api`.
//!
//! The package under `python/kevy` is what users import; everything here is private to it. Python is called
//! only from Python's own threads, and the GIL is kept for commands of constant time only.

use pyo3::prelude::*;

mod aio;
mod argument;
mod background;
mod error;
mod facade;
mod keyspace;
mod local;
mod log;
mod options;
mod pace;
mod pipeline;
mod queue;
mod replica;
mod reply;
mod runtime;
mod session;
mod subscription;
mod verbs;
mod wait;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[pymodule(gil_used = false)]
mod _kevy {
    use kevy_core::api::{self, ErrorKind};
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::aio::{AsyncPipeline, AsyncSession, Ready};
    #[pymodule_export]
    use crate::background::Background;
    #[pymodule_export]
    use crate::facade::{
        AsyncPipelineJson, AsyncPipelineVectorSet, AsyncSessionJson, AsyncSessionVectorSet, PipelineJson,
        PipelineVectorSet, SessionJson, SessionVectorSet,
    };
    #[pymodule_export]
    use crate::keyspace::Keyspace;
    #[pymodule_export]
    use crate::log::{log_close, log_next, log_open};
    #[pymodule_export]
    use crate::pipeline::Pipeline;
    #[pymodule_export]
    use crate::replica::{Batch, BatchIterator, Frame, Replica};
    #[pymodule_export]
    use crate::runtime::Runtime;
    #[pymodule_export]
    use crate::session::Session;
    #[pymodule_export]
    use crate::subscription::Subscription;

    /// Runs the stand-alone server until a signal or SHUTDOWN ends it; returns its exit code.
    #[pyfunction]
    fn main(py: Python<'_>, args: Vec<String>) -> i32 {
        py.detach(|| api::serve(&args))
    }

    /// Every kind of failure: its name, whether it can pass, and whether it is final.
    #[pyfunction]
    fn error_kinds() -> Vec<(&'static str, bool, bool)> {
        ErrorKind::ALL.iter().map(|kind| (kind.name(), kind.is_retriable(), kind.is_fatal())).collect()
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", api::VERSION)
    }
}
