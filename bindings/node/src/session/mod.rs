//! Sessions and bare keyspaces as JavaScript functions that own what they work on.
//!
//! A function carries its session as the data that Node-API hands to its callback, so a call needs no look-up and
//! no program can call it on a wrong object. TypeScript keeps the functions in private fields of its classes.

mod args;
mod js;
mod reply;
mod state;
mod verbs;
mod wait;

use std::cell::{RefCell, RefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Arc;

use kevy_core::api::{self, Error, ErrorKind, Reply};
use napi::bindgen_prelude::{JsValue, Object};
use napi::{Env, sys};
use smallvec::SmallVec;

use crate::runtime::{self, Shared};

use js::{Js, Value};
use reply::Mode;
use state::{Fail, State};

/// What commands run on.
#[derive(Debug)]
enum Engine {
    Session(api::Session),
    Keyspace(api::Keyspace),
}

impl Engine {
    #[inline]
    fn dispatch(&mut self, argv: &[&[u8]]) -> api::Result<Reply<'_>> {
        match self {
            Self::Session(session) => session.dispatch(argv),
            Self::Keyspace(keyspace) => keyspace.dispatch(argv),
        }
    }

    fn apply(&mut self, db: usize, argv: &[&[u8]]) -> api::Result<Reply<'_>> {
        match self {
            Self::Session(session) => session.apply(db, argv),
            Self::Keyspace(keyspace) => keyspace.apply(db, argv),
        }
    }
}

/// A session or keyspace and what its calls use again and again.
#[derive(Debug)]
struct Work {
    /// `None` once closed.
    engine: Option<Engine>,
    scratch: Vec<u8>,
    /// Keeps the runtime until the session is gone. Dropped after it, in the order of the fields.
    runtime: Option<Arc<Shared>>,
}

/// What a function of JavaScript owns.
#[derive(Clone, Debug)]
struct Bound {
    state: Rc<State>,
    work: Rc<RefCell<Work>>,
    /// Put before the arguments; empty for functions that take any command.
    verb: Box<[u8]>,
    mode: Mode,
}

impl Bound {
    /// The work, for one call. An error's `prepareStackTrace` could call back in while a reply is being decoded.
    #[inline(always)]
    fn work(&self) -> Result<RefMut<'_, Work>, Fail> {
        self.work.try_borrow_mut().map_err(|_| Fail::Kevy(busy()))
    }
}

#[cold]
fn busy() -> Error {
    Error::new(ErrorKind::Busy, "the session is in use by a call that has not returned")
}

#[cold]
fn closed() -> Fail {
    Fail::Kevy(Error::new(ErrorKind::Closed, "the session has been closed"))
}

/// Runs a callback's work. Failures become exceptions; a panic must not unwind into Node.
#[inline(always)]
fn enter<T>(
    (env, info): (sys::napi_env, sys::napi_callback_info),
    state: impl Fn(&T) -> &State,
    work: impl FnOnce(Js, &T, &[Value]) -> Result<Value, Fail>,
) -> Value {
    const INLINE: usize = 6;
    // SAFETY: Node calls with its live environment, and the result is used during this call only.
    let js = unsafe { Js::new(env) };
    let mut inline = [null_mut(); INLINE];
    let (mut argc, mut data) = (INLINE, null_mut());
    // SAFETY: `inline` has room for `argc` values. The data is the box that `Js::function` gave the function, which
    // lives as long as the function does.
    let data = unsafe {
        sys::napi_get_cb_info(env, info, &mut argc, inline.as_mut_ptr(), null_mut(), &mut data);
        &*data.cast::<T>()
    };
    let result = catch_unwind(AssertUnwindSafe(|| {
        if argc <= INLINE {
            return work(js, data, &inline[..argc]);
        }
        let mut args: SmallVec<[Value; 32]> = SmallVec::from_elem(null_mut(), argc);
        // SAFETY: `args` has room for the `argc` values there are.
        unsafe { sys::napi_get_cb_info(env, info, &mut argc, args.as_mut_ptr(), null_mut(), null_mut()) };
        work(js, data, &args)
    }));
    match result {
        Ok(Ok(value)) => value,
        Ok(Err(fail)) => fall(state(data), js, fail),
        Err(_) => fall(state(data), js, Fail::Kevy(Error::new(ErrorKind::Panic, "the binding panicked"))),
    }
}

#[cold]
fn fall(state: &State, js: Js, fail: Fail) -> Value {
    state.throw(js, fail);
    null_mut()
}

/// Declares callbacks in the form that Node-API wants.
macro_rules! callbacks {
    ($($(#[$doc:meta])* $vis:vis fn $name:ident = $work:path as $data:ty, $state:expr;)*) => {$(
        $(#[$doc])*
        $vis unsafe extern "C" fn $name(env: sys::napi_env, info: sys::napi_callback_info) -> Value {
            enter::<$data>((env, info), $state, $work)
        }
    )*};
}
use callbacks;

/// The functions of one session or keyspace, as an object.
fn functions(js: Js, state: &Rc<State>, engine: Engine, runtime: Option<Arc<Shared>>) -> Result<Value, Fail> {
    let work = Work { engine: Some(engine), scratch: Vec::with_capacity(4096), runtime };
    let bound = Bound {
        state: state.clone(),
        work: Rc::new(RefCell::new(work)),
        verb: Box::default(),
        mode: Mode::Text,
    };
    let object = js.object()?;
    for (name, callback, mode) in verbs::FUNCTIONS {
        let data = Box::new(Bound { mode: *mode, ..bound.clone() });
        let function = js.function(name, Some(*callback), data)?;
        js.set_property(object, js.string(name.as_bytes())?, function)?;
    }
    Ok(object)
}

/// `(verb, mode) => function`: a command with its verb fixed.
fn bind(js: Js, bound: &Bound, args: &[Value]) -> Result<Value, Fail> {
    let mut verb = Vec::new();
    args::one(js, args.first().copied().ok_or(MISSING)?, &mut verb)?;
    let name = String::from_utf8_lossy(&verb).into_owned();
    let mode = args
        .get(1)
        .and_then(|mode| js.number(*mode))
        .map_or(Mode::Text, |mode| Mode::from_number(mode as u32));
    let data = Box::new(Bound { verb: verb.into(), mode, ..bound.clone() });
    Ok(js.function(&name, Some(verbs::run), data)?)
}

const MISSING: Fail = Fail::Type("an argument is missing");

/// What the functions of the module itself own.
type Root = Rc<State>;

fn setup(js: Js, state: &Root, args: &[Value]) -> Result<Value, Fail> {
    let [make_error, take_buffer, place] = *args else { return Err(MISSING) };
    state.set_hooks(js, make_error, take_buffer, place)?;
    Ok(js.undefined()?)
}

fn set_pool(js: Js, state: &Root, args: &[Value]) -> Result<Value, Fail> {
    state.set_pool(js, args.first().copied().ok_or(MISSING)?)?;
    Ok(js.undefined()?)
}

/// `(id of the runtime) => functions`
fn open_session(js: Js, state: &Root, args: &[Value]) -> Result<Value, Fail> {
    let id = args.first().and_then(|id| js.number(*id)).ok_or(MISSING)?;
    let shared = runtime::find(id as u32)?;
    let session = shared.runtime()?.session()?;
    functions(js, state, Engine::Session(session), Some(shared))
}

/// `([name, value, …]) => functions`
fn open_keyspace(js: Js, state: &Root, args: &[Value]) -> Result<Value, Fail> {
    let mut scratch = Vec::new();
    let mut options = api::Options::new();
    let mut texts = Vec::with_capacity(args.len());
    for arg in args {
        texts.push(String::from_utf8_lossy(args::one(js, *arg, &mut scratch)?).into_owned());
    }
    for pair in texts.chunks_exact(2) {
        options.set(&pair[0], &pair[1])?;
    }
    functions(js, state, Engine::Keyspace(api::Keyspace::new(&options)?), None)
}

callbacks! {
    fn on_setup = setup as Root, |state| state;
    fn on_set_pool = set_pool as Root, |state| state;
    fn on_open_session = open_session as Root, |state| state;
    fn on_open_keyspace = open_keyspace as Root, |state| state;
    fn on_bind = bind as Bound, |bound| &bound.state;
}

/// Adds the functions of this module to the exports, once in every environment.
#[napi_derive::napi(module_exports)]
pub fn export(exports: Object, env: Env) -> napi::Result<()> {
    // SAFETY: this runs during the initialisation of the environment.
    let js = unsafe { Js::new(env.raw()) };
    let state: Root = Rc::default();
    let functions: [(&str, sys::napi_callback); 4] = [
        ("setup", Some(on_setup)),
        ("setPool", Some(on_set_pool)),
        ("openSession", Some(on_open_session)),
        ("openKeyspace", Some(on_open_keyspace)),
    ];
    for (name, callback) in functions {
        let add = |state: Root| {
            let function = js.function(name, callback, Box::new(state))?;
            js.set_property(exports.value().value, js.string(name.as_bytes())?, function)
        };
        add(state.clone()).map_err(|_| napi::Error::from_reason("Node refused a function of the module"))?;
    }
    Ok(())
}
