//! The `cjson` library: JSON, as lua-cjson 2.1.0 writes and reads it.

mod decode;
mod encode;

use std::sync::Arc;

use mlua::{Lua, Result, Table, Value};
use parking_lot::Mutex;

use super::answer::{Answer, bad_argument, broken, check_bytes, check_number, function, type_name};
use super::number::format_g;

/// How an instance of the library writes and reads.
#[derive(Clone, Copy, Debug)]
struct Settings {
    sparse_convert: bool,
    sparse_ratio: u32,
    sparse_safe: u32,
    encode_depth_max: usize,
    encode_precision: usize,
    encode_invalid: Invalid,
    keeps_buffer: bool,
    decode_depth_max: usize,
    decode_invalid: bool,
}

/// What becomes of numbers that JSON does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Invalid {
    Error,
    Write,
    Null,
}

/// The deepest nesting that may be set: encoding and decoding go by the thread's own stack.
const DEPTH_LIMIT: usize = 1_000;

impl Default for Settings {
    fn default() -> Self {
        Self {
            sparse_convert: false,
            sparse_ratio: 2,
            sparse_safe: 10,
            encode_depth_max: DEPTH_LIMIT,
            encode_precision: 14,
            encode_invalid: Invalid::Error,
            keeps_buffer: true,
            decode_depth_max: DEPTH_LIMIT,
            decode_invalid: true,
        }
    }
}

type Shared = Arc<Mutex<Settings>>;
type Checked<T> = std::result::Result<T, String>;

/// An instance of the library with settings of its own.
pub fn module(lua: &Lua) -> Result<Table> {
    let settings = Shared::default();
    let table = lua.create_table()?;
    table.raw_set("null", Value::NULL)?;
    let add = |name: &'static str, run: fn(&Lua, &[Value], &mut Settings) -> Answer| {
        let settings = settings.clone();
        let (name, function) = function(lua, name, move |lua, args| {
            let mut own = *settings.lock();
            let answer = run(lua, args, &mut own);
            *settings.lock() = own;
            answer
        })?;
        table.raw_set(name, function)
    };
    add("encode", |lua, args, settings| {
        let [value] = args else { return Err(bad_argument(1, "encode", "expected 1 argument")) };
        let text = encode::encode(value, settings)?;
        Ok(vec![Value::String(lua.create_string(&text).map_err(|error| broken(&error))?)])
    })?;
    add("decode", |lua, args, settings| {
        if args.len() != 1 {
            return Err(bad_argument(1, "decode", "expected 1 argument"));
        }
        let text = check_bytes(args, 0, "decode")?;
        Ok(vec![decode::decode(lua, &text, settings)?])
    })?;
    add("encode_sparse_array", sparse_array)?;
    add("encode_max_depth", |_, args, settings| {
        depth(args, "encode_max_depth", &mut settings.encode_depth_max)
    })?;
    add("decode_max_depth", |_, args, settings| {
        depth(args, "decode_max_depth", &mut settings.decode_depth_max)
    })?;
    add("encode_number_precision", |_, args, settings| {
        let precision = integer(args, 0, "encode_number_precision", 1, 14)?;
        if let Some(precision) = precision {
            settings.encode_precision = precision;
        }
        Ok(vec![Value::Number(settings.encode_precision as f64)])
    })?;
    add("encode_keep_buffer", |_, args, settings| {
        if let Some(keeps) = switch(args, 0, "encode_keep_buffer")? {
            settings.keeps_buffer = keeps;
        }
        Ok(vec![Value::Boolean(settings.keeps_buffer)])
    })?;
    add("decode_invalid_numbers", |_, args, settings| {
        if let Some(takes) = switch(args, 0, "decode_invalid_numbers")? {
            settings.decode_invalid = takes;
        }
        Ok(vec![Value::Boolean(settings.decode_invalid)])
    })?;
    add("encode_invalid_numbers", invalid_numbers)?;
    Ok(table)
}

/// At most `most` arguments are for settings.
fn count(args: &[Value], most: usize, name: &str) -> Checked<()> {
    if args.len() > most { Err(bad_argument(most + 1, name, "found too many arguments")) } else { Ok(()) }
}

fn integer(args: &[Value], at: usize, name: &str, min: i64, max: i64) -> Checked<Option<usize>> {
    count(args, at + 1, name)?;
    if matches!(args.get(at), None | Some(Value::Nil)) {
        return Ok(None);
    }
    let number = check_number(args, at, name)? as i64;
    if !(min..=max).contains(&number) {
        let why = format!("expected integer between {min} and {max}");
        return Err(bad_argument(at + 1, name, &why));
    }
    Ok(usize::try_from(number).ok())
}

fn switch(args: &[Value], at: usize, name: &str) -> Checked<Option<bool>> {
    match args.get(at) {
        None | Some(Value::Nil) => Ok(None),
        Some(Value::Boolean(value)) => Ok(Some(*value)),
        Some(Value::String(text)) if text.as_bytes() == &b"on"[..] => Ok(Some(true)),
        Some(Value::String(text)) if text.as_bytes() == &b"off"[..] => Ok(Some(false)),
        Some(Value::String(text)) => {
            Err(bad_argument(at + 1, name, &format!("invalid option '{}'", text.to_string_lossy())))
        }
        found => Err(bad_argument(at + 1, name, &format!("string expected, got {}", type_name(found)))),
    }
}

fn depth(args: &[Value], name: &str, place: &mut usize) -> Answer {
    if let Some(depth) = integer(args, 0, name, 1, i32::MAX.into())? {
        *place = depth;
    }
    Ok(vec![Value::Number(*place as f64)])
}

fn sparse_array(_: &Lua, args: &[Value], settings: &mut Settings) -> Answer {
    let name = "encode_sparse_array";
    count(args, 3, name)?;
    if let Some(convert) = switch(args, 0, name)? {
        settings.sparse_convert = convert;
    }
    if let Some(ratio) = integer(&args[..args.len().min(2)], 1, name, 0, i32::MAX.into())? {
        settings.sparse_ratio = ratio as u32;
    }
    if let Some(safe) = integer(args, 2, name, 0, i32::MAX.into())? {
        settings.sparse_safe = safe as u32;
    }
    Ok(vec![
        Value::Boolean(settings.sparse_convert),
        Value::Number(settings.sparse_ratio.into()),
        Value::Number(settings.sparse_safe.into()),
    ])
}

fn invalid_numbers(lua: &Lua, args: &[Value], settings: &mut Settings) -> Answer {
    let name = "encode_invalid_numbers";
    match args.first() {
        Some(Value::String(text)) if text.as_bytes() == &b"null"[..] => {
            settings.encode_invalid = Invalid::Null;
        }
        _ => {
            if let Some(write) = switch(args, 0, name)? {
                settings.encode_invalid = if write { Invalid::Write } else { Invalid::Error };
            }
        }
    }
    Ok(vec![match settings.encode_invalid {
        Invalid::Error => Value::Boolean(false),
        Invalid::Write => Value::Boolean(true),
        Invalid::Null => Value::String(lua.create_string("null").map_err(|error| broken(&error))?),
    }])
}

/// A number as an instance writes it.
fn number_text(number: f64, settings: &Settings) -> String {
    format_g(number, settings.encode_precision)
}
