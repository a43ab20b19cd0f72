//! Functions of the sandbox that are written in Rust, and the errors that they raise.
//!
//! An error of Rust's travels through Lua as an opaque value. `pcall` and whatever else lets a script see it make of it
//! what [`Raised`] says: the text of Lua's own errors, or a table as the `redis` library raises.

use std::fmt;

use mlua::{Error, Function, Lua, MultiValue, Result, Value};

use super::value::Names;

/// An error as scripts are to see it.
#[derive(Clone, Debug)]
pub enum Raised {
    /// A string, the place of the caller in front.
    Text(Vec<u8>),
    /// A table with the text of a reply. `counted` says that the statistics know of it.
    Reply { text: Vec<u8>, counted: bool },
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Text(text) | Self::Reply { text, .. }) = self;
        f.write_str(&String::from_utf8_lossy(text))
    }
}

impl std::error::Error for Raised {}

/// What a message of Lua's own core begins with, for keys that no table takes.
pub const OF_CORE: &str = "table index is";

/// The results, or the message of an error.
pub type Answer = std::result::Result<Vec<Value>, String>;

/// Makes a function of the sandbox of one that answers.
pub fn function(
    lua: &Lua,
    name: &'static str,
    run: impl Fn(&Lua, &[Value]) -> Answer + Send + 'static,
) -> Result<(&'static str, Function)> {
    let function = lua.create_function(move |lua, args: MultiValue| {
        run(lua, &args.into_vec()).map(MultiValue::from_vec).map_err(|message| {
            // The core raises these, in no place.
            let is_of_core = message.starts_with(OF_CORE);
            if is_of_core {
                Error::external(Raised::Text(message.into_bytes()))
            } else {
                at_caller(lua, &message)
            }
        })
    })?;
    Ok((name, function))
}

/// The error with the place of the function that called the running one, as Lua's libraries raise it.
pub fn at_caller(lua: &Lua, message: &str) -> Error {
    let place = lua.inspect_stack(1, |debug| {
        let line = debug.current_line()?;
        let source = debug.source();
        Some(format!("{}:{line}: ", source.short_src.as_deref().unwrap_or("?")))
    });
    let text = [place.flatten().unwrap_or_default().as_bytes(), message.as_bytes()].concat();
    Error::external(Raised::Text(text))
}

/// The error that the `redis` library raises.
pub fn reply_error(message: &str) -> Error {
    Error::external(Raised::Reply { text: format!("ERR {message}").into_bytes(), counted: false })
}

/// What a script sees of an error that Rust raised.
pub fn raised(lua: &Lua, names: &Names, error: &Error) -> Result<Value> {
    match error.downcast_ref::<Raised>() {
        Some(Raised::Text(text)) => lua.create_string(text).map(Value::String),
        Some(Raised::Reply { text, counted }) => names.error(lua, text, *counted),
        None => lua.create_string(broken(error)).map(Value::String),
    }
}

/// The type of an argument as Lua's errors name it.
pub fn type_name(value: Option<&Value>) -> &'static str {
    match value {
        None => "no value",
        Some(Value::Integer(_)) => "number",
        Some(Value::LightUserData(_)) => "userdata",
        Some(value) => value.type_name(),
    }
}

/// The message about argument `number`, from 1.
pub fn bad_argument(number: usize, function: &str, why: &str) -> String {
    format!("bad argument #{number} to '{function}' ({why})")
}

/// Argument `at`, from 0, as a number: strings of one count too.
pub fn check_number(args: &[Value], at: usize, function: &str) -> std::result::Result<f64, String> {
    let found = args.get(at);
    let number = match found {
        Some(Value::Integer(number)) => Some(*number as f64),
        Some(Value::Number(number)) => Some(*number),
        Some(Value::String(text)) => super::number::parse_lua(&text.as_bytes()),
        _ => None,
    };
    number
        .ok_or_else(|| bad_argument(at + 1, function, &format!("number expected, got {}", type_name(found))))
}

/// Argument `at`, from 0, as bytes: a number counts as its text.
pub fn check_bytes(args: &[Value], at: usize, function: &str) -> std::result::Result<Vec<u8>, String> {
    match args.get(at) {
        Some(Value::String(text)) => Ok(text.as_bytes().to_vec()),
        Some(Value::Integer(number)) => Ok(super::number::format_g(*number as f64, 14).into_bytes()),
        Some(Value::Number(number)) => Ok(super::number::format_g(*number, 14).into_bytes()),
        found => Err(bad_argument(at + 1, function, &format!("string expected, got {}", type_name(found)))),
    }
}

/// A failure of the interpreter itself, which has no memory left.
pub fn broken(error: &Error) -> String {
    match error {
        Error::MemoryError(_) => "not enough memory".to_owned(),
        Error::RuntimeError(text) => text.clone(),
        Error::CallbackError { cause, .. } => broken(cause),
        other => other.to_string(),
    }
}
