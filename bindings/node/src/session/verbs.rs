//! The functions of a session.

use kevy_core::api::Kind;
use napi::sys;
use smallvec::SmallVec;

use super::args::{Args, one};
use super::js::{Js, Value};
use super::reply::{self, Mode};
use super::state::Fail;
use super::{Bound, Engine, MISSING, Work, callbacks, closed, enter, wait};

type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> Value;

/// The functions that every session has, by their names in TypeScript.
pub(super) const FUNCTIONS: &[(&str, Callback, Mode)] = &[
    ("get", get, Mode::Text),
    ("getBuffer", get_buffer, Mode::Values),
    ("getInto", get_into, Mode::Values),
    ("set", set, Mode::Text),
    ("call", run, Mode::Text),
    ("callBuffer", run, Mode::Bytes),
    ("callValues", run, Mode::Values),
    ("apply", apply, Mode::Text),
    ("batch", batch, Mode::Text),
    ("transaction", transaction, Mode::Text),
    ("wait", wait::start, Mode::Text),
    ("bind", super::on_bind, Mode::Text),
    ("tick", tick, Mode::Text),
    ("close", close, Mode::Text),
];

callbacks! {
    /// `(key) => string | null`
    fn get = on_get as Bound, |bound| &bound.state;
    /// `(key) => Buffer | null`, or undefined for one in the pool.
    fn get_buffer = on_get_buffer as Bound, |bound| &bound.state;
    /// `(key, target) => number`: the length of the value, -1 where there is none.
    fn get_into = on_get_into as Bound, |bound| &bound.state;
    /// `(key, value) => undefined`
    fn set = on_set as Bound, |bound| &bound.state;
    /// `(...argv) => reply`
    pub(super) fn run = on_run as Bound, |bound| &bound.state;
    /// `(db, ...argv) => reply`
    fn apply = on_apply as Bound, |bound| &bound.state;
    /// `(length and mode of each, argv of all) => replies`
    fn batch = on_batch as Bound, |bound| &bound.state;
    /// As `batch`, but at once or not at all: null where a watched key has changed.
    fn transaction = on_transaction as Bound, |bound| &bound.state;
    /// `() => boolean`
    fn tick = on_tick as Bound, |bound| &bound.state;
    /// `() => undefined`
    fn close = on_close as Bound, |bound| &bound.state;
}

/// Finds a string value and hands it, or its absence, to `found`.
#[inline(always)]
fn look_up<T>(
    js: Js,
    bound: &Bound,
    key: Option<&Value>,
    found: impl FnOnce(Option<&[u8]>) -> Result<T, Fail>,
) -> Result<T, Fail> {
    let mut work = bound.work()?;
    let Work { engine, scratch, .. } = &mut *work;
    let key = one(js, *key.ok_or(MISSING)?, scratch)?;
    match engine {
        Some(Engine::Session(session)) => found(session.get(key)?),
        Some(Engine::Keyspace(keyspace)) => {
            let reply = keyspace.dispatch(&[b"GET", key])?;
            match reply.kind() {
                Kind::Error => Err(reply::refused(reply)),
                Kind::Null => found(None),
                _ => found(Some(reply.bytes())),
            }
        }
        None => Err(closed()),
    }
}

#[inline(always)]
fn on_get(js: Js, bound: &Bound, args: &[Value]) -> Result<Value, Fail> {
    look_up(js, bound, args.first(), |value| {
        Ok(match value {
            Some(bytes) => js.string(bytes)?,
            None => js.null()?,
        })
    })
}

#[inline(always)]
fn on_get_buffer(js: Js, bound: &Bound, args: &[Value]) -> Result<Value, Fail> {
    look_up(js, bound, args.first(), |value| match value {
        Some(bytes) => bound.state.buffer_or_pooled(js, bytes),
        None => Ok(js.null()?),
    })
}

fn on_get_into(js: Js, bound: &Bound, args: &[Value]) -> Result<Value, Fail> {
    let (target, room) =
        args.get(1).and_then(|target| js.memory(*target)).ok_or(Fail::Type("the target must be a Buffer"))?;
    let len = look_up(js, bound, args.first(), |value| {
        let Some(bytes) = value else { return Ok(-1) };
        // SAFETY: the target's memory has room for `room` bytes, and no code of the program has run since it was
        // asked for.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len().min(room)) };
        // No value is longer than proto-max-bulk-len, which is below 2^63.
        Ok(bytes.len() as i64)
    })?;
    Ok(js.integer(len)?)
}

#[inline(always)]
fn on_set(js: Js, bound: &Bound, args: &[Value]) -> Result<Value, Fail> {
    let [key, value] = *args else { return Err(MISSING) };
    let mut work = bound.work()?;
    let Work { engine, scratch, .. } = &mut *work;
    let mut args = Args::new(scratch);
    args.push(js, key)?;
    args.push(js, value)?;
    let (key, value) = args.pair();
    match engine {
        Some(Engine::Session(session)) => session.set(key, value)?,
        Some(Engine::Keyspace(keyspace)) => {
            let reply = keyspace.dispatch(&[b"SET", key, value])?;
            if reply.kind() == Kind::Error {
                return Err(reply::refused(reply));
            }
        }
        None => return Err(closed()),
    }
    Ok(js.undefined()?)
}

#[inline]
fn on_run(js: Js, bound: &Bound, args: &[Value]) -> Result<Value, Fail> {
    let mut work = bound.work()?;
    let Work { engine, scratch, .. } = &mut *work;
    let engine = engine.as_mut().ok_or_else(closed)?;
    let mut argv = Args::new(scratch);
    if !bound.verb.is_empty() {
        argv.push_bytes(&bound.verb);
    }
    for arg in args {
        argv.push(js, *arg)?;
    }
    reply::whole(&bound.state, js, engine.dispatch(&argv.argv())?, bound.mode)
}

fn on_apply(js: Js, bound: &Bound, args: &[Value]) -> Result<Value, Fail> {
    let Some((db, args)) = args.split_first() else { return Err(MISSING) };
    let db = js.number(*db).filter(|db| *db >= 0.0 && db.fract() == 0.0);
    let db = db.ok_or(Fail::Type("the database must be a number from 0 on"))? as usize;
    let mut work = bound.work()?;
    let Work { engine, scratch, .. } = &mut *work;
    let engine = engine.as_mut().ok_or_else(closed)?;
    let mut argv = Args::new(scratch);
    for arg in args {
        argv.push(js, *arg)?;
    }
    reply::whole(&bound.state, js, engine.apply(db, &argv.argv())?, bound.mode)
}

/// Commands that JavaScript hands over one after the other, with length and mode of each.
struct Commands<'a> {
    args: Args<'a>,
    shapes: SmallVec<[(usize, Mode); 16]>,
}

impl<'a> Commands<'a> {
    /// Reads `(shape, arguments)` or, where they are few, `(shape, ...arguments)`. The shape is a Uint32Array.
    fn read(js: Js, args: &[Value], scratch: &'a mut Vec<u8>) -> Result<Self, Fail> {
        let Some((shape, values)) = args.split_first() else { return Err(MISSING) };
        let numbers = js.numbers(*shape).ok_or(MISSING)?;
        let shapes = numbers.iter().map(|number| ((number >> 2) as usize, Mode::from_number(number & 3)));
        let shapes = shapes.collect();
        let mut args = Args::new(scratch);
        match values {
            [list] if js.is_array(*list) => {
                for at in 0..js.array_len(*list)? {
                    js.scoped(|| args.push(js, js.element(*list, at)?))?;
                }
            }
            values => values.iter().try_for_each(|value| args.push(js, *value))?,
        }
        Ok(Self { args, shapes })
    }

    fn split<'b>(&self, flat: &'b [&'b [u8]]) -> Result<SmallVec<[&'b [&'b [u8]]; 16]>, Fail> {
        let mut rest = flat;
        let mut commands = SmallVec::new();
        for (argc, _) in &self.shapes {
            let (argv, after) = rest.split_at_checked(*argc).ok_or(MISSING)?;
            commands.push(argv);
            rest = after;
        }
        Ok(commands)
    }

    fn modes(&self) -> impl Iterator<Item = Mode> + '_ {
        self.shapes.iter().map(|(_, mode)| *mode)
    }
}

fn on_batch(js: Js, bound: &Bound, args: &[Value]) -> Result<Value, Fail> {
    let mut work = bound.work()?;
    let Work { engine, scratch, .. } = &mut *work;
    let engine = engine.as_mut().ok_or_else(closed)?;
    let batch = Commands::read(js, args, scratch)?;
    let flat = batch.args.argv();
    let commands = batch.split(&flat)?;
    match engine {
        Engine::Session(session) => {
            let replies = session.dispatch_batch(&commands)?;
            reply::each(&bound.state, js, replies, batch.modes())
        }
        Engine::Keyspace(keyspace) => {
            let replies = js.array(commands.len())?;
            for (at, (argv, mode)) in commands.iter().zip(batch.modes()).enumerate() {
                let value = reply::part(&bound.state, js, keyspace.dispatch(argv)?, mode)?;
                js.set_element(replies, at as u32, value)?;
            }
            Ok(replies)
        }
    }
}

fn on_transaction(js: Js, bound: &Bound, args: &[Value]) -> Result<Value, Fail> {
    let mut work = bound.work()?;
    let Work { engine, scratch, .. } = &mut *work;
    let engine = engine.as_mut().ok_or_else(closed)?;
    let batch = Commands::read(js, args, scratch)?;
    let flat = batch.args.argv();
    let commands = batch.split(&flat)?;
    let begun = engine.dispatch(&[b"MULTI"])?;
    if begun.kind() == Kind::Error {
        return Err(reply::refused(begun));
    }
    let mut first_refusal = None;
    for argv in &commands {
        let queued = engine.dispatch(argv)?;
        if queued.kind() == Kind::Error && first_refusal.is_none() {
            first_refusal = Some(reply::part(&bound.state, js, queued, Mode::Text)?);
        }
    }
    let done = engine.dispatch(&[b"EXEC"])?;
    match (done.kind(), first_refusal) {
        (Kind::Error, Some(cause)) => {
            let error = reply::part(&bound.state, js, done, Mode::Text)?;
            js.set_property(error, js.string(b"cause")?, cause)?;
            js.throw(error);
            Err(Fail::Refused)
        }
        (Kind::Error, None) => Err(reply::refused(done)),
        // A key that was watched has changed.
        (Kind::Null, _) => Ok(js.null()?),
        _ => reply::each(&bound.state, js, done, batch.modes()),
    }
}

fn on_tick(js: Js, bound: &Bound, _: &[Value]) -> Result<Value, Fail> {
    match &mut bound.work()?.engine {
        Some(Engine::Keyspace(keyspace)) => Ok(js.boolean(keyspace.tick())?),
        Some(Engine::Session(_)) => Err(Fail::Type("a runtime's session does its housekeeping itself")),
        None => Err(closed()),
    }
}

fn on_close(js: Js, bound: &Bound, _: &[Value]) -> Result<Value, Fail> {
    bound.work()?.engine = None;
    Ok(js.undefined()?)
}
