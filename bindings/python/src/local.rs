//! One engine session, as the Python classes share it.

use std::time::Duration;

use kevy_core::api::{Error, ErrorKind, Interrupter, Runtime, Session};
use pyo3::prelude::*;
use try_lock::{Locked, TryLock};

use crate::argument::Call;
use crate::error::{OrRaise, raised};
use crate::pace::Pace;
use crate::reply::Shape;
use crate::wait;

/// A session that one thread at a time may use. Overlapping use is an error, never a wait.
#[derive(Debug)]
pub struct Local {
    /// `None` once closed.
    session: TryLock<Option<Session>>,
    pub runtime: Runtime,
    /// Strings come back as `str`, not `bytes`.
    pub decode: bool,
}

/// A wait that only a message, an interrupt or the end ends.
pub const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);

/// The session while a call uses it.
pub type Held<'a> = Locked<'a, Option<Session>>;

impl Local {
    /// Opens a session of `runtime`.
    pub fn open(runtime: &Runtime, decode: bool) -> Result<Self, Error> {
        let session = runtime.session()?;
        Ok(Self { session: TryLock::new(Some(session)), runtime: runtime.clone(), decode })
    }

    /// The session for the length of one call.
    #[inline]
    pub fn hold(&self, py: Python<'_>) -> PyResult<Held<'_>> {
        match self.session.try_lock() {
            Some(held) if held.is_some() => Ok(held),
            refused => Err(no_session(py, refused.is_some())),
        }
    }

    /// Ends the session; it may be closed already.
    pub fn close(&self, py: Python<'_>) -> PyResult<()> {
        match self.session.try_lock() {
            Some(mut held) => {
                held.take();
                Ok(())
            }
            None => Err(no_session(py, false)),
        }
    }

    /// True once closed.
    pub fn is_closed(&self) -> bool {
        self.session.try_lock().is_some_and(|held| held.is_none())
    }

    /// Another session in the same database.
    pub fn sibling(&self, py: Python<'_>) -> PyResult<Self> {
        let db = open(&mut self.hold(py)?).or_raise(py)?.db();
        let local = Self::open(&self.runtime, self.decode).or_raise(py)?;
        local.run(py, Call::new("SELECT").integer(db as i64).finish()?, Shape::Okay)?;
        Ok(local)
    }

    /// What ends this session's waits.
    pub fn interrupter(&self, py: Python<'_>) -> PyResult<Interrupter> {
        Ok(open(&mut self.hold(py)?).or_raise(py)?.interrupter())
    }

    /// Runs a command and shapes its reply.
    pub fn run<'py>(&self, py: Python<'py>, call: &Call<'py>, shape: Shape) -> PyResult<Bound<'py, PyAny>> {
        let argv = call.argv();
        self.run_at(py, &argv, &shape, Pace::of(&argv))
    }

    /// Runs a command at a pace and shapes its reply.
    pub fn run_at<'py>(
        &self,
        py: Python<'py>,
        argv: &[&[u8]],
        shape: &Shape,
        pace: Pace,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut held = self.hold(py)?;
        let session = open(&mut held).or_raise(py)?;
        let reply = match pace {
            Pace::Short if !session.is_contended() => session.dispatch(argv),
            Pace::Short | Pace::Long => py.detach(|| session.dispatch(argv)),
            Pace::Waiting => return self.wait(py, session, argv, shape),
        };
        shape.read(py, reply.or_raise(py)?, self.decode)
    }

    /// Runs a command that may have to wait; signals end the wait.
    fn wait<'py>(
        &self,
        py: Python<'py>,
        session: &mut Session,
        argv: &[&[u8]],
        shape: &Shape,
    ) -> PyResult<Bound<'py, PyAny>> {
        let interrupter = session.interrupter();
        let mut waited = Ok(());
        let reply = py.detach(|| {
            session.dispatch_around(argv, |wait| {
                waited = Python::attach(|py| wait::interruptible(py, &interrupter, wait));
            })
        });
        waited?;
        match reply.or_raise(py)? {
            Some(reply) => shape.read(py, reply, self.decode),
            None => Err(raised(py, ErrorKind::Interrupted, "the wait was interrupted")),
        }
    }

    /// Runs a command unless it has to wait: then `None`, and it has done nothing.
    pub fn run_at_once<'py>(
        &self,
        py: Python<'py>,
        argv: &[&[u8]],
        shape: &Shape,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut held = self.hold(py)?;
        let session = open(&mut held).or_raise(py)?;
        let reply = py.detach(|| session.dispatch_around(argv, |_| ())).or_raise(py)?;
        reply.map(|reply| shape.read(py, reply, self.decode)).transpose()
    }

    /// Applies a frame of a primary's stream.
    pub fn apply<'py>(&self, py: Python<'py>, db: usize, call: &Call<'py>) -> PyResult<Bound<'py, PyAny>> {
        let argv = call.argv();
        let mut held = self.hold(py)?;
        let session = open(&mut held).or_raise(py)?;
        let reply = match Pace::of(&argv) {
            Pace::Short if !session.is_contended() => session.apply(db, &argv),
            _ => py.detach(|| session.apply(db, &argv)),
        };
        Shape::Plain.read(py, reply.or_raise(py)?, self.decode)
    }
}

/// The session of a held cell.
#[inline]
pub fn open<'a>(held: &'a mut Held<'_>) -> Result<&'a mut Session, Error> {
    held.as_mut().ok_or_else(|| Error::new(ErrorKind::Closed, CLOSED))
}

const CLOSED: &str = "the session is closed";

#[cold]
fn no_session(py: Python<'_>, is_closed: bool) -> PyErr {
    if is_closed {
        raised(py, ErrorKind::Closed, CLOSED)
    } else {
        raised(py, ErrorKind::Busy, "the session is in use by another thread: open one session for each")
    }
}
