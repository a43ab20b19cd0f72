//! Commands queued one behind the other and run in one crossing.

use kevy_core::api::{ErrorKind, Kind, Reply};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::argument::Call;
use crate::error::{OrRaise, from_reply, raised, watch_failed};
use crate::local::{Local, open};
use crate::pace::Pace;
use crate::reply::{self, Shape};
use crate::wait;

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
    pace: Pace,
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
        self.pace = self.pace.max(Pace::of(&argv));
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

    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// True where a command may wait for others, unless they run as one transaction.
    pub fn waits(&self) -> bool {
        self.pace == Pace::Waiting
    }

    /// The commands as redis-py keeps them: tuples of arguments, each with a dict of options.
    pub fn stack<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let args = self.args();
        let mut first = 0;
        let stack = PyList::empty(py);
        for (end, _) in &self.commands {
            let words =
                args[std::mem::replace(&mut first, *end)..*end].iter().map(|arg| PyBytes::new(py, arg));
            stack.append((PyTuple::new(py, words)?, PyDict::new(py)))?;
        }
        Ok(stack)
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
    pub fn run_as_transaction<'py>(
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
        let is_transaction = argvs.first() == Some(&[b"MULTI".as_slice()].as_slice());
        let reply = match self.pace {
            Pace::Waiting if !is_transaction => {
                let interrupter = session.interrupter();
                wait::interruptible(py, &interrupter, || session.dispatch_batch(argvs))?
            }
            Pace::Short if argvs.len() <= HOLD_COMMANDS_MAX && !session.is_contended() => {
                session.dispatch_batch(argvs)
            }
            _ => py.detach(|| session.dispatch_batch(argvs)),
        }
        .or_raise(py)?;
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
