//! Libraries of functions: their code run once, and what it registers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mlua::{Function, Lua, MultiValue, Value};

use crate::command::Fail;

use super::running::{Kind, Run, Running};
use super::shebang::{ScriptFlags, of_library};
use super::vm::{Outcome, Vm};

/// A function that a library registered.
#[derive(Clone, Debug)]
pub struct Registered {
    pub function: Function,
    pub flags: ScriptFlags,
    pub description: Option<Vec<u8>>,
}

/// A library that was loaded.
#[derive(Clone, Debug)]
pub struct Library {
    pub name: Vec<u8>,
    pub code: Arc<[u8]>,
    pub functions: BTreeMap<Vec<u8>, Registered>,
}

const LIBRARY_NAME: Fail = Fail::new(
    "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
);
const FUNCTION_NAME: &str = "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";

type Functions = BTreeMap<Vec<u8>, Registered>;

thread_local! {
    /// The functions of the library that this thread loads.
    static LOADING: RefCell<Option<Functions>> = const { RefCell::new(None) };
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

impl Library {
    /// Runs the code of a library.
    ///
    /// # Errors
    /// The reply that says what is wrong with it.
    pub fn load(vm: &Vm, running: &Arc<Running>, code: &Arc<[u8]>) -> Result<Self, Fail> {
        let head = of_library(code)?;
        if !is_name(&head.name) {
            return Err(LIBRARY_NAME);
        }
        if !head.engine.eq_ignore_ascii_case(b"lua") {
            return Err(Fail::quoting("ERR Engine '{}' not found", &head.engine));
        }
        let function = vm
            .compile(head.code, "@user_function")
            .map_err(|text| Fail::of_bytes([b"ERR Error compiling function: ", text.as_bytes()].concat()))?;
        LOADING.set(Some(Functions::new()));
        running.begin(Run {
            kind: Kind::Library,
            name: String::new(),
            command: Vec::new(),
            started: Instant::now(),
            limit: Duration::MAX,
        });
        let outcome = vm.load(&function);
        let was_ended = running.is_ending();
        running.end();
        let functions = LOADING.take().unwrap_or_default();
        if was_ended {
            vm.watch_again(running).map_err(|error| Fail::with(format!("ERR {error}")))?;
        }
        let problem = match outcome {
            Outcome::Written | Outcome::Value(_) if functions.is_empty() => {
                return Err(Fail::new("ERR No functions registered"));
            }
            Outcome::Written | Outcome::Value(_) => {
                return Ok(Self { name: head.name, code: code.clone(), functions });
            }
            Outcome::Error(error) => vm.explain(&error).text,
            Outcome::Broken(text) => text.into_bytes(),
        };
        Err(Fail::of_bytes([&b"ERR Error registering functions: "[..], &problem].concat()))
    }
}

/// `redis.register_function`.
pub fn register_function(lua: &Lua) -> mlua::Result<Function> {
    lua.create_function(|_, args: MultiValue| {
        register(&args.into_vec()).map_err(|message| super::answer::reply_error(&message))
    })
}

fn register(args: &[Value]) -> Result<(), String> {
    LOADING.with_borrow_mut(|loading| {
        let functions =
            loading.as_mut().ok_or("redis.register_function can only be called on FUNCTION LOAD command")?;
        let (name, registered) = match args {
            [Value::Table(named)] => read_named(named)?,
            [_] => {
                return Err(
                    "calling redis.register_function with a single argument is only applicable to Lua \
                            table (representing named arguments)."
                        .to_owned(),
                );
            }
            [name, callback] => {
                let name =
                    text_of(name).ok_or("first argument to redis.register_function must be a string")?;
                let Value::Function(function) = callback else {
                    return Err("second argument to redis.register_function must be a function".to_owned());
                };
                let registered = Registered {
                    function: function.clone(),
                    flags: ScriptFlags::default(),
                    description: None,
                };
                (name, registered)
            }
            _ => return Err("wrong number of arguments to redis.register_function".to_owned()),
        };
        if !is_name(&name) {
            return Err(FUNCTION_NAME.to_owned());
        }
        if functions.insert(name, registered).is_some() {
            return Err("Function already exists in the library".to_owned());
        }
        Ok(())
    })
}

/// A string, or a number as its text.
fn text_of(value: &Value) -> Option<Vec<u8>> {
    super::answer::check_bytes(std::slice::from_ref(value), 0, "register_function").ok()
}

fn read_named(named: &mlua::Table) -> Result<(Vec<u8>, Registered), String> {
    let (mut name, mut description, mut function, mut flags) = (None, None, None, ScriptFlags::default());
    for pair in named.pairs::<Value, Value>() {
        let (key, value) = pair.map_err(|error| super::answer::broken(&error))?;
        let key =
            text_of(&key).ok_or("named argument key given to redis.register_function is not a string")?;
        let text = |what: &str| {
            text_of(&value)
                .ok_or_else(|| format!("{what} argument given to redis.register_function must be a string"))
        };
        if key.eq_ignore_ascii_case(b"function_name") {
            name = Some(text("function_name")?);
        } else if key.eq_ignore_ascii_case(b"description") {
            description = Some(text("description")?);
        } else if key.eq_ignore_ascii_case(b"callback") {
            let Value::Function(callback) = &value else {
                return Err(
                    "callback argument given to redis.register_function must be a function".to_owned()
                );
            };
            function = Some(callback.clone());
        } else if key.eq_ignore_ascii_case(b"flags") {
            let Value::Table(list) = &value else {
                return Err(
                    "flags argument to redis.register_function must be a table representing function flags"
                        .to_owned(),
                );
            };
            flags = read_flags(list)?;
        } else {
            return Err("unknown argument given to redis.register_function".to_owned());
        }
    }
    let name = name.ok_or("redis.register_function must get a function name argument")?;
    let function = function.ok_or("redis.register_function must get a callback argument")?;
    Ok((name, Registered { function, flags, description }))
}

fn read_flags(list: &mlua::Table) -> Result<ScriptFlags, String> {
    let mut flags = ScriptFlags::default();
    for at in 1.. {
        match list.raw_get::<Value>(at).map_err(|error| super::answer::broken(&error))? {
            Value::Nil => break,
            Value::String(name) => {
                flags = flags.or(ScriptFlags::named(&name.as_bytes()).ok_or("unknown flag given")?);
            }
            _ => return Err("unknown flag given".to_owned()),
        }
    }
    Ok(flags)
}
