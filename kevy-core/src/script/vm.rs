//! One Lua state in its sandbox.

use std::sync::Arc;

use mlua::chunk::ChunkMode;
use mlua::{Function, HookTriggers, Lua, LuaOptions, StdLib, Table, Value, VmState};

use crate::command::Fail;

use super::answer::reply_error;
use super::native::{self, Generator};
use super::running::Running;
use super::stack::{Call, Runner};
use super::value::Names;

/// The most that a state may use: what a script wants beyond fails in it as "not enough memory".
const MEMORY_BYTES_MAX: usize = 512 << 20;
/// Instructions between two looks at the clock.
const TICK_INSTRUCTIONS: u32 = 100_000;
const SANDBOX: &str = include_str!("sandbox.lua");

/// A state, and its doors.
#[derive(Debug)]
pub struct Vm {
    pub lua: Lua,
    pub names: Arc<Names>,
    runner: Runner,
    load: Function,
}

/// What running Lua code came to.
#[derive(Debug)]
pub enum Outcome {
    /// The reply is the output of this thread's last question.
    Written,
    Value(Value),
    /// The error as a table, as scripts see it.
    Error(Value),
    /// There was no memory even for that.
    Broken(String),
}

impl Vm {
    pub fn new(running: &Arc<Running>) -> mlua::Result<Self> {
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH;
        let lua = Lua::new_with(libraries, LuaOptions::new())?;
        let names = Arc::new(Names::new(&lua)?);
        let random = Generator::default();
        let natives = native::table(&lua, &names, running, &random)?;
        let doors: Table =
            lua.load(SANDBOX).set_name("=user_script").set_mode(ChunkMode::Text).call(natives)?;
        lua.set_globals(doors.raw_get("globals")?)?;
        lua.set_memory_limit(MEMORY_BYTES_MAX)?;
        watch(&lua, running)?;
        Ok(Self { names, runner: Runner::new(&lua, &doors)?, load: doors.raw_get("load")?, lua })
    }

    /// Compiles `code`; `name` is what its errors are told with.
    ///
    /// # Errors
    /// The text of the compiler's error.
    pub fn compile(&self, code: &[u8], name: &str) -> Result<Function, String> {
        let chunk = self.lua.load(code).set_name(name).set_mode(ChunkMode::Text);
        chunk.into_function().map_err(|error| match error {
            mlua::Error::SyntaxError { message, .. } => message,
            other => super::answer::broken(&other),
        })
    }

    /// Runs a script, or a function of a library.
    pub fn run(&self, function: &Function, call: &Call<'_>) -> Outcome {
        match self.runner.run(function, call) {
            Ok((None, _)) => Outcome::Written,
            result => self.finish(result.map(|(is_done, value)| (is_done.unwrap_or_default(), value))),
        }
    }

    /// Runs the code of a library.
    pub fn load(&self, function: &Function) -> Outcome {
        self.finish(self.load.call::<(bool, Value)>(function))
    }

    fn finish(&self, result: mlua::Result<(bool, Value)>) -> Outcome {
        match result {
            Ok((true, value)) => Outcome::Value(value),
            // What the handler of errors did not see, for lack of memory or stack.
            Ok((false, Value::String(text))) => {
                self.collect();
                Outcome::Broken(text.to_string_lossy())
            }
            Ok((false, value)) => {
                if self.lua.used_memory() > MEMORY_BYTES_MAX / 2 {
                    self.collect();
                }
                Outcome::Error(value)
            }
            Err(error) => {
                self.collect();
                Outcome::Broken(super::answer::broken(&error))
            }
        }
    }

    /// Frees what is not used any more.
    pub fn collect(&self) {
        // Finalizers of scripts can fail; there is nobody to tell.
        let _ = self.lua.gc_collect();
    }

    /// An error table's text, and where it was raised. `counted` says whether statistics know of it.
    pub fn explain(&self, error: &Value) -> Explained {
        let Value::Table(table) = error else {
            return Explained { text: b"ERR unknown error".to_vec(), place: None, counted: false };
        };
        let field = |name| table.raw_get::<Value>(name).unwrap_or_default();
        let text = match field(&self.names.err) {
            Value::String(text) => text.as_bytes().to_vec(),
            _ => b"ERR unknown error".to_vec(),
        };
        let place = match (field(&self.names.source), field(&self.names.line)) {
            (Value::String(source), Value::Integer(line)) => {
                Some((source.as_bytes().to_vec(), line.to_string()))
            }
            _ => None,
        };
        let counted = matches!(field(&self.names.ignore_stats), Value::Boolean(true));
        Explained { text, place, counted }
    }

    /// The error as the reply of the script `name`.
    pub fn reply_of(&self, error: &Value, name: &str) -> (Fail, bool) {
        let Explained { text, place, counted } = self.explain(error);
        let mut text = text;
        if let Some((source, line)) = place {
            text.extend_from_slice(format!(" script: {name}, on ").as_bytes());
            text.extend_from_slice(&source);
            text.extend_from_slice(format!(":{line}.").as_bytes());
        }
        (Fail::of_bytes(text), counted)
    }
}

/// What an error table says.
#[derive(Debug)]
pub struct Explained {
    pub text: Vec<u8>,
    /// Source and line.
    pub place: Option<(Vec<u8>, String)>,
    pub counted: bool,
}

/// Lets `running` look after what runs. A script that is told to end gets an error at once and at every line from then
/// on, so that it cannot go on by catching it.
fn watch(lua: &Lua, running: &Arc<Running>) -> mlua::Result<()> {
    let running = running.clone();
    let triggers = HookTriggers::new().every_nth_instruction(TICK_INSTRUCTIONS);
    lua.set_global_hook(triggers, move |lua, _| match running.tick() {
        Ok(()) => Ok(VmState::Continue),
        Err(text) => {
            lua.set_global_hook(HookTriggers::new().every_line(), move |_, _| Err(reply_error(text)))?;
            Err(reply_error(text))
        }
    })
}

impl Vm {
    /// Watches scripts as at the beginning, after one was ended.
    pub fn watch_again(&self, running: &Arc<Running>) -> mlua::Result<()> {
        watch(&self.lua, running)
    }
}
