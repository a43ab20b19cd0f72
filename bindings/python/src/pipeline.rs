//! `Pipeline`: commands queued here and run together, with redis-py's rules for WATCH and MULTI.

use std::sync::Arc;

use kevy_core::api::{ErrorKind, Kind, Reply};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use try_lock::TryLock;

use crate::argument::{Call, Pace};
use crate::error::{OrRaise, from_reply, raised, watch_failed};
use crate::local::{Local, open};
use crate::reply::{self, Shape};
use crate::runtime::Runtime;
use crate::verbs::Runs;

/// More commands than this let other Python threads run meanwhile.
const HOLD_COMMANDS_MAX: usize = 32;
/// How much of a command an error message shows.
const SHOWN_BYTES_MAX: usize = 100;

/// Commands that wait to be run, one behind the other.
#[derive(Debug, Default)]
pub struct Queue {
    bytes: Vec<u8>,
    /// Where each argument ends.
    args: Vec<usize>,
    /// How many arguments there are up to the end of each command, and what becomes of its reply.
    commands: Vec<(usize, Shape)>,
    long: bool,
}

impl Queue {
    /// A queue of commands given as sequences of arguments.
    pub fn of(commands: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut queue = Self::default();
        for command in commands.try_iter()? {
            queue.push(&Call::of(&command?)?, Shape::Plain);
        }
        Ok(queue)
    }

    /// Adds a command.
    pub fn push(&mut self, call: &Call<'_>, shape: Shape) {
        let argv = call.argv();
        self.long |= Pace::of(&argv) != Pace::Short;
        for arg in &argv {
            self.bytes.extend_from_slice(arg);
            self.args.push(self.bytes.len());
        }
        self.commands.push((self.args.len(), shape));
    }

    /// How many commands there are.
    pub fn len(&self) -> usize {
        self.commands.len()
    }

    fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    fn args(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(0).chain(self.args.iter().copied());
        starts.zip(&self.args).map(|(start, end)| &self.bytes[start..*end]).collect()
    }

    /// Runs everything and returns the replies.
    pub fn run<'py>(
        &self,
        py: Python<'py>,
        local: &Local,
        raise_on_error: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut first = 0;
        let args = self.args();
        let argvs: Vec<&[&[u8]]> =
            self.commands.iter().map(|(end, _)| &args[std::mem::replace(&mut first, *end)..*end]).collect();
        self.cross(py, local, &argvs, |reply| {
            self.replies(py, reply.children(), local.decode, &argvs, raise_on_error)
        })
    }

    /// Runs everything as one transaction.
    fn run_as_transaction<'py>(
        &self,
        py: Python<'py>,
        local: &Local,
        raise_on_error: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut first = 0;
        let args = self.args();
        let mut argvs: Vec<&[&[u8]]> = vec![&[b"MULTI"]];
        argvs.extend(self.commands.iter().map(|(end, _)| &args[std::mem::replace(&mut first, *end)..*end]));
        argvs.push(&[b"EXEC"]);
        self.cross(py, local, &argvs, |reply| {
            let queued = &argvs[1..argvs.len() - 1];
            let Some(exec) = reply.at(argvs.len() - 1) else { return Ok(PyList::empty(py)) };
            match exec.kind() {
                Kind::Null => Err(watch_failed(py)),
                Kind::Error => Err(self.refused(py, reply, exec, queued)),
                _ => self.replies(py, exec.children(), local.decode, queued, raise_on_error),
            }
        })
    }

    /// Why EXEC did not run: the first command that could not be queued.
    fn refused(&self, py: Python<'_>, reply: Reply<'_>, exec: Reply<'_>, queued: &[&[&[u8]]]) -> PyErr {
        let mut acks = reply.children();
        if let Some(multi) = acks.next()
            && multi.kind() == Kind::Error
        {
            return from_reply(py, &String::from_utf8_lossy(multi.bytes()));
        }
        let refusal = acks.zip(queued).enumerate().find(|(_, (ack, _))| ack.kind() == Kind::Error);
        match refusal {
            Some((i, (ack, argv))) if i < queued.len() => annotated(py, i, argv, ack),
            _ => from_reply(py, &String::from_utf8_lossy(exec.bytes())),
        }
    }

    fn cross<'py, T>(
        &self,
        py: Python<'py>,
        local: &Local,
        argvs: &[&[&[u8]]],
        read: impl FnOnce(Reply<'_>) -> PyResult<T>,
    ) -> PyResult<T> {
        let mut held = local.hold(py)?;
        let session = open(&mut held).or_raise(py)?;
        let reply = if self.long || argvs.len() > HOLD_COMMANDS_MAX || session.is_contended() {
            py.detach(|| session.dispatch_batch(argvs)).or_raise(py)?
        } else {
            session.dispatch_batch(argvs).or_raise(py)?
        };
        read(reply)
    }

    fn replies<'py, 'r>(
        &self,
        py: Python<'py>,
        replies: impl Iterator<Item = Reply<'r>>,
        decode: bool,
        argvs: &[&[&[u8]]],
        raise_on_error: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        let mut first_error = None;
        for (i, (reply, (_, shape))) in replies.zip(&self.commands).enumerate() {
            if reply.kind() != Kind::Error {
                list.append(shape.read(py, reply, decode)?)?;
            } else if raise_on_error {
                first_error.get_or_insert_with(|| annotated(py, i, argvs[i], reply));
            } else {
                list.append(reply::plain(py, reply, decode)?)?;
            }
        }
        first_error.map_or(Ok(list), Err)
    }
}

/// An error reply with the command that it answers.
#[cold]
fn annotated(py: Python<'_>, i: usize, argv: &[&[u8]], reply: Reply<'_>) -> PyErr {
    let text = String::from_utf8_lossy(reply.bytes());
    let mut shown = String::from_utf8_lossy(&argv.join(&b' ')).into_owned();
    if shown.len() > SHOWN_BYTES_MAX {
        shown.truncate((0..=SHOWN_BYTES_MAX).rev().find(|&at| shown.is_char_boundary(at)).unwrap_or(0));
        shown.push_str("...");
    }
    let message = format!("{text} (command {} of the pipeline: {shown})", i + 1);
    raised(py, ErrorKind::of_reply(&text), &message)
}

/// What a pipeline holds between calls.
#[derive(Debug, Default)]
struct Work {
    queue: Queue,
    /// Keys are watched: commands run at once until `multi`.
    watching: bool,
    /// `multi` was called.
    explicit: bool,
    /// A session of this pipeline's own once it watches, so that no other EXEC ends its watch.
    own: Option<Arc<Local>>,
}

/// What the pipelines of both worlds are.
#[derive(Debug)]
pub struct Core {
    work: TryLock<Work>,
    session: Arc<Local>,
    transaction: bool,
}

/// What a pipeline did with a command.
#[derive(Debug)]
pub enum Outcome<'py> {
    Queued,
    Ran(Bound<'py, PyAny>),
}

impl Core {
    /// An empty pipeline over a session.
    pub fn new(session: Arc<Local>, transaction: bool) -> Self {
        Self { work: TryLock::new(Work::default()), session, transaction }
    }

    fn work(&self, py: Python<'_>) -> PyResult<try_lock::Locked<'_, Work>> {
        self.work
            .try_lock()
            .ok_or_else(|| raised(py, ErrorKind::Busy, "the pipeline is in use by another thread"))
    }

    /// How many commands are queued.
    pub fn len(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.work(py)?.queue.len())
    }

    /// Queues a command, or runs it at once while keys are watched and `multi` has not been called.
    pub fn take<'py>(&self, py: Python<'py>, call: &Call<'py>, shape: Shape) -> PyResult<Outcome<'py>> {
        let mut work = self.work(py)?;
        if work.watching && !work.explicit {
            let local = work.own.clone().unwrap_or_else(|| self.session.clone());
            return local.run(py, call, shape).map(Outcome::Ran);
        }
        work.queue.push(call, shape);
        Ok(Outcome::Queued)
    }

    /// Watches keys.
    pub fn watch<'py>(&self, py: Python<'py>, names: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let mut work = self.work(py)?;
        if work.explicit {
            return Err(raised(py, ErrorKind::InvalidArgument, "watch after multi has no effect"));
        }
        let local = match &work.own {
            Some(local) => local.clone(),
            None => {
                let local = Arc::new(self.sibling(py)?);
                work.own = Some(local.clone());
                local
            }
        };
        let done = local.run(py, Call::new("WATCH").args(names).finish()?, Shape::Okay)?;
        work.watching = true;
        Ok(done)
    }

    /// A session in the same database.
    fn sibling(&self, py: Python<'_>) -> PyResult<Local> {
        let db = open(&mut self.session.hold(py)?).or_raise(py)?.db();
        let local = Local::open(&self.session.runtime, self.session.decode).or_raise(py)?;
        local.run(py, Call::new("SELECT").integer(db as i64).finish()?, Shape::Okay)?;
        Ok(local)
    }

    /// Forgets the watched keys.
    pub fn unwatch<'py>(&self, py: Python<'py>) -> PyResult<bool> {
        let mut work = self.work(py)?;
        if let Some(local) = &work.own {
            local.run(py, &Call::new("UNWATCH"), Shape::Okay)?;
        }
        work.watching = false;
        Ok(true)
    }

    /// Begins to queue after `watch`.
    pub fn multi(&self, py: Python<'_>) -> PyResult<()> {
        let mut work = self.work(py)?;
        if work.explicit {
            return Err(raised(py, ErrorKind::InvalidArgument, "multi was called already"));
        }
        if !work.queue.is_empty() {
            return Err(raised(py, ErrorKind::InvalidArgument, "commands were queued before multi"));
        }
        work.explicit = true;
        Ok(())
    }

    /// Runs what is queued and returns the replies; the pipeline is empty afterwards.
    pub fn execute<'py>(&self, py: Python<'py>, raise_on_error: bool) -> PyResult<Bound<'py, PyList>> {
        let mut work = self.work(py)?;
        let Work { queue, watching, explicit, own } = std::mem::take(&mut *work);
        let local = own.unwrap_or_else(|| self.session.clone());
        if queue.is_empty() && !watching {
            return Ok(PyList::empty(py));
        }
        if self.transaction || explicit {
            queue.run_as_transaction(py, &local, raise_on_error)
        } else {
            queue.run(py, &local, raise_on_error)
        }
    }

    /// Drops what is queued and watched.
    pub fn reset(&self, py: Python<'_>) -> PyResult<()> {
        *self.work(py)? = Work::default();
        Ok(())
    }
}

/// Commands queued and run together. Its methods are the session's; each returns the pipeline.
#[pyclass(frozen, generic, weakref, module = "kevy")]
#[derive(Debug)]
pub struct Pipeline {
    core: Core,
    parent: Py<Runtime>,
}

impl Pipeline {
    /// An empty pipeline over a session of `parent`.
    pub fn new(session: Arc<Local>, parent: Py<Runtime>, transaction: bool) -> Self {
        Self { core: Core::new(session, transaction), parent }
    }
}

impl Runs for Pipeline {
    fn run<'py>(slf: &Bound<'py, Self>, call: &Call<'py>, shape: Shape) -> PyResult<Bound<'py, PyAny>> {
        match slf.get().core.take(slf.py(), call, shape)? {
            Outcome::Queued => Ok(slf.clone().into_any()),
            Outcome::Ran(reply) => Ok(reply),
        }
    }
}

#[pymethods]
impl Pipeline {
    /// Queues any command.
    #[pyo3(signature = (*args))]
    fn execute_command<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::run(slf, &Call::of(args)?, Shape::Plain)
    }

    /// Runs what is queued and returns the replies in order. The first error reply is raised once all have run,
    /// or stands among the replies where `raise_on_error` is false. Raises WatchError where a watched key changed.
    #[pyo3(signature = (raise_on_error=true))]
    fn execute<'py>(&self, py: Python<'py>, raise_on_error: bool) -> PyResult<Bound<'py, PyList>> {
        self.core.execute(py, raise_on_error)
    }

    /// Watches keys: until `multi`, commands run at once; `execute` fails where one of the keys changed.
    #[pyo3(signature = (*names))]
    fn watch<'py>(&self, py: Python<'py>, names: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.core.watch(py, names)
    }

    /// Forgets the watched keys.
    fn unwatch(&self, py: Python<'_>) -> PyResult<bool> {
        self.core.unwatch(py)
    }

    /// Begins the transaction after `watch`.
    fn multi(&self, py: Python<'_>) -> PyResult<()> {
        self.core.multi(py)
    }

    /// Drops what is queued and watched.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.core.reset(py)
    }

    /// Drops what is queued and watched.
    fn discard(&self, py: Python<'_>) -> PyResult<()> {
        self.core.reset(py)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.core.len(py)
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.core.reset(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.parent)
    }
}
