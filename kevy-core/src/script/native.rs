//! The functions that the sandbox is built from and that Lua does not have.

use std::fmt::Write as _;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mlua::{Error, Function, Lua, LuaString, MultiValue, Result, Table, Value};
use sha1::{Digest, Sha1};

use crate::base::log_sink;
use crate::base::process::cpu_seconds;
use crate::command::version::REDIS_VERSION;
use crate::resp::{Kind, Protocol};

use super::answer::{Raised, bad_argument, check_number, function, raised, reply_error};
use super::caller::{Answer, Ask, Exchange, ask, last};
use super::library;
use super::number::parse_lua;
use super::running::Running;
use super::value::{Names, push_command_argument};
use super::{bit, cjson, cmsgpack, stack, structure};

/// Everything that `sandbox.lua` is given.
pub fn table(lua: &Lua, names: &Arc<Names>, running: &Arc<Running>, random: &Generator) -> Result<Table> {
    let native = lua.create_table()?;
    native.raw_set("redis", redis(lua, names, running)?)?;
    native.raw_set("register_function", library::register_function(lua)?)?;
    native.raw_set("log", lua.create_function(|_, args: MultiValue| log(&args))?)?;
    native.raw_set("position", lua.create_function(|lua, ()| position(lua))?)?;
    let known = names.clone();
    native.raw_set("raised", lua.create_function(move |lua, value| raised_value(lua, &known, value))?)?;
    native.raw_set("clock", lua.create_function(|_, ()| Ok(cpu_clock()))?)?;
    native.raw_set("bit", lua.create_table_from(bit::functions(lua)?)?)?;
    native.raw_set("cjson", lua.create_function(|lua, ()| cjson::module(lua))?)?;
    native.raw_set("cmsgpack", lua.create_table_from(cmsgpack::functions(lua)?)?)?;
    native.raw_set("math", lua.create_table_from(random_functions(lua, random)?)?)?;
    native.raw_set("struct", lua.create_table_from(structure::functions(lua)?)?)?;
    Ok(native)
}

/// The `redis` library.
fn redis(lua: &Lua, names: &Arc<Names>, running: &Arc<Running>) -> Result<Table> {
    let redis = lua.create_table()?;
    redis.raw_set("call", call(lua, names, running, true)?)?;
    redis.raw_set("pcall", call(lua, names, running, false)?)?;
    redis.raw_set("acl_check_cmd", check_access(lua)?)?;
    redis.raw_set("setresp", lua.create_function(|_, args: MultiValue| set_protocol(&args))?)?;
    redis.raw_set("set_repl", lua.create_function(|_, args: MultiValue| set_recording(&args))?)?;
    redis.raw_set("log", lua.create_function(|_, args: MultiValue| log(&args))?)?;
    redis.raw_set("sha1hex", lua.create_function(|lua, args: MultiValue| sha1_of(lua, &args))?)?;
    let known = names.clone();
    let error = lua.create_function(move |lua, args: MultiValue| error_reply(lua, &known, &args))?;
    redis.raw_set("error_reply", error)?;
    let known = names.clone();
    let status = lua.create_function(move |lua, args: MultiValue| status_reply(lua, &known, &args))?;
    redis.raw_set("status_reply", status)?;
    redis.raw_set("replicate_commands", lua.create_function(|_, _: MultiValue| Ok(true))?)?;
    // There is no debugger.
    redis.raw_set("breakpoint", lua.create_function(|_, _: MultiValue| Ok(false))?)?;
    redis.raw_set("debug", lua.create_function(|_, _: MultiValue| Ok(()))?)?;
    for (name, number) in [
        ("LOG_DEBUG", 0),
        ("LOG_VERBOSE", 1),
        ("LOG_NOTICE", 2),
        ("LOG_WARNING", 3),
        ("REPL_NONE", 0),
        ("REPL_AOF", 1),
        ("REPL_SLAVE", 2),
        ("REPL_REPLICA", 2),
        ("REPL_ALL", 3),
        ("REDIS_VERSION_NUM", version_number()),
    ] {
        redis.raw_set(name, number)?;
    }
    redis.raw_set("REDIS_VERSION", REDIS_VERSION)?;
    Ok(redis)
}

/// `redis.call`, which `raises` what goes wrong, and `redis.pcall`, which returns it.
fn call(lua: &Lua, names: &Arc<Names>, running: &Arc<Running>, raises: bool) -> Result<Function> {
    let (names, running) = (names.clone(), running.clone());
    let settle = lua.create_function(move |lua, ()| {
        let answered = settled(lua, &names);
        if running.is_ending() {
            // A script that is told to end must not go on until the clock is looked at again.
            running.tick().map_err(reply_error)?;
        }
        match answered? {
            Ok(value) => Ok(value),
            Err(raised) if raises => Err(Error::external(raised)),
            Err(Raised::Reply { text, counted }) => names.error(lua, &text, counted),
            Err(Raised::Text(text)) => lua.create_string(&text).map(Value::String),
        }
    })?;
    stack::command(lua, &settle)
}

/// What became of the last command: what is not pushed at once.
fn settled(lua: &Lua, names: &Names) -> Result<std::result::Result<Value, Raised>> {
    let raised = |text: Vec<u8>, counted| Ok(Err(Raised::Reply { text, counted }));
    let wrong = |text: &str| raised(format!("ERR {text}").into_bytes(), false);
    last(|exchange| match &mut exchange.answer {
        Answer::Nobody => wrong("redis.call/pcall can only be called inside a script invocation"),
        Answer::Misused(why) => wrong(why),
        Answer::Refused(fail) => raised(fail.bytes().to_vec(), true),
        Answer::Panic(panic) => resume_unwind(std::mem::replace(panic, Box::new(()))),
        Answer::Given => {
            let Exchange { out, tree, is_read, .. } = exchange;
            // What a handler writes is RESP; a reply deeper than is read back is an error of this call alone.
            if !*is_read {
                return raised(b"ERR the reply cannot be read by a script".to_vec(), true);
            }
            let root = tree.root(&out.buf);
            if root.kind() == Kind::Error {
                return raised(root.bytes().to_vec(), true);
            }
            names.to_lua(lua, root, out.protocol == Protocol::Resp3).map(Ok)
        }
    })
}

/// `redis.acl_check_cmd`.
fn check_access(lua: &Lua) -> Result<Function> {
    lua.create_function(|_, args: MultiValue| {
        if args.is_empty() {
            return Err(reply_error("Please specify at least one argument for this redis lib call"));
        }
        ask(|exchange| {
            exchange.begin(Ask::CheckAccess);
            for arg in args.iter() {
                if !push_command_argument(&mut exchange.bytes, arg) {
                    exchange.answer = Answer::Misused(ACCESS_ARGUMENTS);
                }
                exchange.ends.push(exchange.bytes.len());
            }
        });
        last(|exchange| match &exchange.answer {
            Answer::Given => Ok(exchange.is_allowed),
            Answer::Misused(why) => Err(reply_error(why)),
            Answer::Refused(fail) => {
                Err(Error::external(Raised::Reply { text: fail.bytes().to_vec(), counted: false }))
            }
            _ => Err(reply_error("redis.acl_check_cmd() can only be called inside a script invocation")),
        })
    })
}

const ACCESS_ARGUMENTS: &str = "redis.acl_check_cmd() require all arguments to be strings or integers";

/// Tells the caller of the script something; nobody listens outside of one.
fn tell(what: Ask) {
    ask(|exchange| exchange.begin(what));
}

/// The SHA-1 of bytes in hexadecimal digits.
pub fn sha1_hex(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().fold(String::with_capacity(40), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn sha1_of(lua: &Lua, args: &MultiValue) -> Result<String> {
    if args.len() != 1 {
        return Err(reply_error("wrong number of arguments"));
    }
    Ok(match args.front().map(|value| lua.coerce_string(value.clone())) {
        Some(Ok(Some(text))) => sha1_hex(&text.as_bytes()),
        _ => sha1_hex(b""),
    })
}

/// `redis.log`.
fn log(args: &MultiValue) -> Result<()> {
    if args.len() < 2 {
        return Err(reply_error("redis.log() requires two arguments or more."));
    }
    let mut args = args.iter();
    let level = args
        .next()
        .and_then(number_of)
        .ok_or_else(|| reply_error("First argument must be a number (log level)."))?;
    if !(0.0..=3.0).contains(&level) {
        return Err(reply_error("Invalid debug level."));
    }
    let mut text = Vec::new();
    for part in args {
        let start = text.len();
        text.push(b' ');
        if !push_command_argument(&mut text, part) {
            text.truncate(start);
        }
    }
    let text = String::from_utf8_lossy(text.get(1..).unwrap_or_default());
    let importance = match level as u8 {
        3 => log_sink::Level::Warning,
        2 => log_sink::Level::Info,
        _ => log_sink::Level::Debug,
    };
    log_sink::write(importance, format_args!("{text}"));
    Ok(())
}

/// `redis.setresp`.
fn set_protocol(args: &MultiValue) -> Result<()> {
    let version = match args.front().and_then(number_of) {
        Some(version) if args.len() == 1 => version,
        _ => return Err(reply_error("redis.setresp() requires one argument.")),
    };
    if version != 2.0 && version != 3.0 {
        return Err(reply_error("RESP version must be 2 or 3."));
    }
    tell(Ask::Protocol(version as u8));
    Ok(())
}

/// `redis.set_repl`. There is one stream of effects, for replicas and the log: what is kept from one of them alone goes
/// to both.
fn set_recording(args: &MultiValue) -> Result<()> {
    if args.len() != 1 {
        return Err(reply_error("redis.set_repl() requires two arguments."));
    }
    let flags = args.front().and_then(number_of).unwrap_or(0.0);
    if !(0.0..=3.0).contains(&flags) {
        return Err(reply_error(
            "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.",
        ));
    }
    tell(Ask::Record(flags >= 1.0));
    Ok(())
}

/// The one string of a call; the error that is returned where it is something else.
fn one_string<'a>(
    lua: &Lua,
    names: &Names,
    args: &'a MultiValue,
) -> Result<std::result::Result<&'a LuaString, Value>> {
    match args.front() {
        Some(Value::String(text)) if args.len() == 1 => Ok(Ok(text)),
        _ => names.error(lua, b"ERR wrong number or type of arguments", false).map(Err),
    }
}

/// `redis.error_reply`.
fn error_reply(lua: &Lua, names: &Names, args: &MultiValue) -> Result<Value> {
    let text = match one_string(lua, names, args)? {
        Ok(text) => text.as_bytes(),
        Err(value) => return Ok(value),
    };
    let text = text.strip_prefix(b"-").unwrap_or(&text);
    let code: &[u8] = if text.contains(&b' ') { b"" } else { b"ERR " };
    names.error(lua, trim(&[code, text].concat()), false)
}

/// `redis.status_reply`.
fn status_reply(lua: &Lua, names: &Names, args: &MultiValue) -> Result<Value> {
    match one_string(lua, names, args)? {
        Ok(text) => names.status(lua, text),
        Err(value) => Ok(value),
    }
}

fn trim(text: &[u8]) -> &[u8] {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let start = text.iter().position(|byte| !is_end(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_end(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// A value that is a number or spells one.
fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        Value::String(text) => parse_lua(&text.as_bytes()),
        _ => None,
    }
}

/// The place that runs: source and line of the innermost function of a script.
fn position(lua: &Lua) -> Result<(Option<String>, Option<usize>)> {
    // Level 0 is this function and level 1 the sandbox, which asks.
    for level in 2..LEVELS_MAX {
        let found = lua.inspect_stack(level, |debug| {
            let source = debug.source();
            let is_script = source.what != "C" && source.source.as_deref() != Some("=user_script");
            let name = source.source.as_deref().map(str::to_owned);
            (is_script && source.what != "tail").then(|| (name, debug.current_line()))
        });
        match found {
            None => break,
            Some(Some(place)) => return Ok(place),
            Some(None) => {}
        }
    }
    Ok((None, None))
}

/// How far up the place of an error is looked for.
const LEVELS_MAX: usize = 32;

/// What a script sees of a value that was raised.
fn raised_value(lua: &Lua, names: &Names, value: Value) -> Result<Value> {
    match value {
        Value::Error(error) => raised(lua, names, &error),
        other => Ok(other),
    }
}

fn cpu_clock() -> f64 {
    let used = cpu_seconds();
    used.user + used.system
}

/// The version as one number, a byte for each part.
fn version_number() -> u32 {
    REDIS_VERSION.split('.').fold(0, |number, part| number << 8 | part.parse::<u32>().unwrap_or(0))
}

/// The generator of `math.random`: the 48-bit linear congruential one of `lrand48`, so that a script always draws the same.
#[derive(Clone, Debug)]
pub struct Generator(Arc<AtomicU64>);

impl Default for Generator {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(0x1234_ABCD_330E)))
    }
}

impl Generator {
    /// Begins anew.
    fn seed(&self, seed: i32) {
        self.0.store(u64::from(seed as u32) << 16 | 0x330E, Ordering::Relaxed);
    }

    /// A number from 0 up to, but without, 1.
    fn draw(&self) -> f64 {
        const MULTIPLIER: u64 = 0x5_DEEC_E66D;
        const INCREMENT: u64 = 0xB;
        const MASK: u64 = (1 << 48) - 1;
        let next = self.0.load(Ordering::Relaxed).wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT) & MASK;
        self.0.store(next, Ordering::Relaxed);
        let number = (next >> 17) as u32;
        f64::from(number % i32::MAX as u32) / f64::from(i32::MAX)
    }
}

fn random_functions(lua: &Lua, random: &Generator) -> Result<Vec<(&'static str, Function)>> {
    let drawn = random.clone();
    let draw = function(lua, "random", move |_, args| {
        let r = drawn.draw();
        let (low, high) = match args.len() {
            0 => return Ok(vec![Value::Number(r)]),
            1 => (1.0, check_number(args, 0, "random")?.trunc()),
            2 => (check_number(args, 0, "random")?.trunc(), check_number(args, 1, "random")?.trunc()),
            _ => return Err("wrong number of arguments".to_owned()),
        };
        if low > high {
            return Err(bad_argument(args.len(), "random", "interval is empty"));
        }
        Ok(vec![Value::Number((r * (high - low + 1.0)).floor() + low)])
    })?;
    let random = random.clone();
    let seed = function(lua, "randomseed", move |_, args| {
        random.seed(check_number(args, 0, "randomseed")? as i64 as i32);
        Ok(Vec::new())
    })?;
    Ok(vec![draw, seed])
}
