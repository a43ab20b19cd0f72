//! Commands of asyncio that wait for others: each runs on a thread of its own, and its outcome goes to the event loop.

use std::sync::Arc;

use kevy_core::api::Interrupter;
use pyo3::prelude::*;

use crate::local::Local;
use crate::pace::Pace;
use crate::pipeline::Batch;
use crate::reply::Shape;
use crate::session::helper;

/// What is run.
#[derive(Debug)]
pub enum Job {
    Command { argv: Vec<Vec<u8>>, shape: Shape, local: Arc<Local> },
    Batch { batch: Batch, raise_on_error: bool },
}

impl Job {
    fn local(&self) -> &Local {
        match self {
            Self::Command { local, .. } => local,
            Self::Batch { batch, .. } => &batch.local,
        }
    }
}

/// A job of `kevy._helpers.wait`.
#[pyclass(frozen, module = "kevy")]
#[derive(Debug)]
pub struct Background {
    job: Job,
    interrupter: Interrupter,
}

impl Background {
    /// A coroutine that runs a job on a thread of its own and interrupts it where it is cancelled.
    pub fn start(py: Python<'_>, job: Job) -> PyResult<Bound<'_, PyAny>> {
        let interrupter = job.local().interrupter(py)?;
        helper(py, "wait")?.call1((Self { job, interrupter },))
    }
}

#[pymethods]
impl Background {
    /// Runs the job; the thread that calls this waits.
    fn run<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.job {
            Job::Command { argv, shape, local } => {
                let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
                local.run_at(py, &argv, shape, Pace::Long)
            }
            Job::Batch { batch, raise_on_error } => batch.run(py, *raise_on_error).map(Bound::into_any),
        }
    }

    /// Ends the wait.
    fn interrupt(&self) {
        self.interrupter.interrupt();
    }
}
