//! Commands that wait: each on a thread and a session of its own, so that neither JavaScript nor Node's pool of
//! threads stands still meanwhile.

use std::cell::RefCell;
use std::rc::Rc;

use kevy_core::api::{Error, ErrorKind, Interrupter, Kind, LastReply, Session};
use napi::bindgen_prelude::{FnArgs, FromNapiValue, Function, Unknown};
use napi::sys;
use napi::threadsafe_function::{ThreadsafeCallContext, ThreadsafeFunctionCallMode};

use super::args::Args;
use super::js::{Js, Value};
use super::reply::{self, Mode};
use super::state::{Fail, State};
use super::{Bound, Engine, MISSING, Work, callbacks, closed, enter};

callbacks! {
    /// `(mode, done, ...argv) => interrupt`: runs a command in the session's database. `done` gets a function that
    /// gives the reply, or throws why there is none; it is called later, never before this function has returned.
    pub fn start = on_start as Bound, |bound| &bound.state;
    fn interrupt = on_interrupt as Interrupt, |interrupt| &interrupt.state;
    fn finish = on_finish as Finish, |finish| &finish.state;
}

/// What the function owns that ends a wait.
#[derive(Debug)]
struct Interrupt {
    state: Rc<State>,
    interrupter: Interrupter,
}

/// How a wait ended.
type Ended = Result<LastReply, Error>;

/// What the function owns that gives the reply, once.
#[derive(Debug)]
struct Finish {
    state: Rc<State>,
    mode: Mode,
    ended: RefCell<Option<Ended>>,
}

fn on_start(js: Js, bound: &Bound, args: &[Value]) -> Result<Value, Fail> {
    let [mode, done, args @ ..] = args else { return Err(MISSING) };
    let mode = Mode::from_number(js.number(*mode).ok_or(MISSING)? as u32);
    let session = twin(bound)?;
    let argv = owned(js, bound, args)?;
    let state = bound.state.clone();
    let interrupter = session.interrupter();
    let stop = Box::new(Interrupt { state: state.clone(), interrupter });
    let stop = js.function("interrupt", Some(interrupt), stop)?;

    // SAFETY: the environment and the value are alive during the callback.
    let done = unsafe { Function::<Unknown<'_>, Unknown<'_>>::from_napi_value(js.env(), *done) };
    let done = done.map_err(|_| Fail::Type("what is told of the end must be a function"))?;
    let tell = move |context: ThreadsafeCallContext<Ended>| {
        // SAFETY: napi-rs calls this on the thread of its environment, and the result is used during this call only.
        let js = unsafe { Js::new(context.env.raw()) };
        let ended = RefCell::new(Some(context.value));
        let finished = Box::new(Finish { state: state.clone(), mode, ended });
        let finished = js.function("finish", Some(finish), finished);
        Ok(FnArgs::from((finished.map_err(|_| napi::Error::from_reason("Node refused a function"))?,)))
    };
    // It keeps the process alive until it is dropped.
    let done = done
        .build_threadsafe_function::<Ended>()
        .build_callback::<FnArgs<(sys::napi_value,)>, _>(tell)
        .map_err(|_| Fail::Refused)?;
    let work = move || {
        let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
        // Without an environment there is nobody to tell.
        done.call(session.dispatch_last(&argv), ThreadsafeFunctionCallMode::NonBlocking);
    };
    let thread = std::thread::Builder::new().name("kevy-wait".into()).spawn(work);
    thread.map_err(|error| Error::new(ErrorKind::Io, format!("cannot start a thread: {error}")))?;
    Ok(stop)
}

/// Another session of the same runtime, in the same database.
fn twin(bound: &Bound) -> Result<Session, Fail> {
    let work = bound.work()?;
    let (engine, runtime) = (work.engine.as_ref().ok_or_else(closed)?, work.runtime.as_ref());
    let (Engine::Session(own), Some(shared)) = (engine, runtime) else {
        return Err(Fail::Type("nobody writes to a bare keyspace while it waits"));
    };
    let mut session = shared.runtime()?.session()?;
    let selected = session.dispatch(&[b"SELECT", own.db().to_string().as_bytes()])?;
    if selected.kind() == Kind::Error {
        return Err(reply::refused(selected));
    }
    Ok(session)
}

/// Copies of a command's arguments.
fn owned(js: Js, bound: &Bound, args: &[Value]) -> Result<Vec<Vec<u8>>, Fail> {
    let mut work = bound.work()?;
    let Work { scratch, .. } = &mut *work;
    let mut argv = Args::new(scratch);
    for arg in args {
        argv.push(js, *arg)?;
    }
    Ok(argv.argv().iter().map(|arg| arg.to_vec()).collect())
}

fn on_interrupt(js: Js, interrupt: &Interrupt, _: &[Value]) -> Result<Value, Fail> {
    interrupt.interrupter.interrupt();
    Ok(js.undefined()?)
}

fn on_finish(js: Js, finish: &Finish, _: &[Value]) -> Result<Value, Fail> {
    let ended = finish.ended.borrow_mut().take().ok_or_else(closed)??;
    reply::whole(&finish.state, js, ended.reply(), finish.mode)
}
