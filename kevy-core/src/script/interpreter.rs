//! The interpreter of a runtime: two Lua states, one for scripts and one for functions, made when they are first needed.
//!
//! Whoever runs Lua code holds every shard, so the lock around the states is never waited for. What may be asked while a
//! script runs (how it is ended, what it is called, how much there is) lies beside it.

use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::base::log_sink;
use crate::command::arguments::is_word;
use crate::command::scripting::{Figures, Functions, Scripts, Verb};
use crate::command::{Context, Fail, Outcome, Partition, Server};

use super::eval::Eval;
use super::fcall::Fcall;
use super::running::{Kind, Running};
use super::shebang::{ScriptFlags, of_script};

/// What runs the scripts of one runtime.
pub struct Interpreter {
    running: Arc<Running>,
    states: Mutex<States>,
    figures: Mutex<Figures>,
}

impl fmt::Debug for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interpreter").field("running", &self.running).finish_non_exhaustive()
    }
}

/// Libraries that could not be loaded, and why.
type Refused = Vec<(String, Fail)>;

/// The two states.
#[derive(Default)]
struct States {
    // In boxes, since they are taken out and put back.
    eval: Option<Box<Eval>>,
    fcall: Option<Box<Fcall>>,
}

impl States {
    fn eval(&mut self, running: &Arc<Running>) -> Result<&mut Eval, Fail> {
        let eval = match self.eval.take() {
            Some(eval) => eval,
            None => Box::new(Eval::new(running).map_err(no_state)?),
        };
        Ok(self.eval.insert(eval))
    }

    /// The state for functions, once it has these libraries, and what is wrong with those that it could not take.
    fn fcall(
        &mut self,
        running: &Arc<Running>,
        functions: &Functions,
    ) -> Result<(&mut Fcall, Refused), Fail> {
        let known = self.fcall.take_if(|fcall| fcall.version == functions.version());
        let (fcall, refused) = match known {
            Some(fcall) => (fcall, Vec::new()),
            None => {
                let (fcall, refused) = Fcall::with(running, functions).map_err(no_state)?;
                (Box::new(fcall), refused)
            }
        };
        Ok((self.fcall.insert(fcall), refused))
    }
}

fn no_state(error: mlua::Error) -> Fail {
    Fail::with(format!("ERR the interpreter cannot be started: {error}"))
}

const NO_SHARDS: Fail = Fail::new("ERR scripts need the shards of a keyspace");

/// Shard 0, where the libraries are.
pub fn home<'c>(ctx: &'c mut Context<'_>) -> Result<&'c mut Partition, Fail> {
    ctx.partitions.first().filter(|partition| partition.index == 0).ok_or(NO_SHARDS)
}

impl Interpreter {
    /// An interpreter for the runtime of `server`, which has run nothing.
    pub fn new(server: Weak<Server>) -> Self {
        Self { running: Running::new(server), states: Mutex::default(), figures: Mutex::default() }
    }

    /// Does something with the state for scripts.
    fn with_eval(
        &self,
        ctx: &mut Context<'_>,
        run: impl FnOnce(&mut Eval, &mut Context<'_>) -> Outcome,
    ) -> Outcome {
        let mut states = self.states.lock();
        let eval = states.eval(&self.running)?;
        let result = run(eval, ctx);
        let mut figures = self.figures.lock();
        figures.eval_vm_memory = eval.vm.lua.used_memory();
        (figures.scripts, figures.script_memory) = eval.size();
        result
    }

    /// Does something with the state for functions.
    fn with_fcall(
        &self,
        ctx: &mut Context<'_>,
        run: impl FnOnce(&mut Fcall, &mut Context<'_>) -> Outcome,
    ) -> Outcome {
        let mut states = self.states.lock();
        let (fcall, refused) = states.fcall(&self.running, &home(ctx)?.functions)?;
        for (name, fail) in refused {
            log_sink::warning(format_args!("the library of functions {name} is left out: {}", fail.text()));
        }
        let result = run(fcall, ctx);
        self.note(fcall);
        result
    }

    fn note(&self, fcall: &Fcall) {
        let mut figures = self.figures.lock();
        figures.function_vm_memory = fcall.vm.lua.used_memory();
        (figures.libraries, figures.functions, figures.library_memory) = fcall.size();
    }

    fn flush_scripts(&self, ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
        match args {
            [_, _] => {}
            [_, _, mode] if is_word(mode, "SYNC") || is_word(mode, "ASYNC") => {}
            _ => return Err(Fail::new("ERR SCRIPT FLUSH only support SYNC|ASYNC option")),
        }
        self.states.lock().eval = None;
        let mut figures = self.figures.lock();
        (figures.eval_vm_memory, figures.scripts, figures.script_memory) = (0, 0, 0);
        ctx.out.ok();
        Ok(())
    }

    fn kill(&self, ctx: &mut Context<'_>, kind: Kind) -> Outcome {
        self.running.kill(kind)?;
        ctx.out.ok();
        Ok(())
    }
}

/// There is no debugger to turn on.
fn debug(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    match args {
        [_, _, mode] if is_word(mode, "NO") => {
            ctx.out.ok();
            Ok(())
        }
        [_, _, mode] if is_word(mode, "YES") || is_word(mode, "SYNC") => {
            Err(Fail::new("ERR kevy has no debugger of scripts"))
        }
        _ => Err(Fail::new("ERR Use SCRIPT DEBUG YES/SYNC/NO")),
    }
}

impl Scripts for Interpreter {
    fn run(&self, verb: Verb, ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
        let running = &self.running;
        match verb {
            Verb::Eval { by_digest, read_only } => {
                self.with_eval(ctx, |eval, ctx| eval.run(running, ctx, args, by_digest, read_only))
            }
            Verb::ScriptExists => self.with_eval(ctx, |eval, ctx| eval.exists(ctx, &args[2..])),
            Verb::ScriptLoad => self.with_eval(ctx, |eval, ctx| eval.load(ctx, args[2])),
            Verb::ScriptFlush => self.flush_scripts(ctx, args),
            Verb::ScriptDebug => debug(ctx, args),
            Verb::ScriptKill => self.kill(ctx, Kind::Script),
            Verb::FunctionKill => self.kill(ctx, Kind::Function),
            Verb::FunctionStats => super::fcall::stats(ctx, running, &self.figures()),
            Verb::Fcall { read_only } => {
                self.with_fcall(ctx, |fcall, ctx| fcall.run(running, ctx, args, read_only))
            }
            Verb::FunctionDelete => self.with_fcall(ctx, |fcall, ctx| fcall.delete(ctx, args)),
            Verb::FunctionDump => super::fcall::dump(ctx),
            Verb::FunctionFlush => self.with_fcall(ctx, |fcall, ctx| fcall.flush(ctx, args)),
            Verb::FunctionList => self.with_fcall(ctx, |fcall, ctx| fcall.list(ctx, args)),
            Verb::FunctionLoad => self.with_fcall(ctx, |fcall, ctx| fcall.load(running, ctx, args)),
            Verb::FunctionRestore => self.with_fcall(ctx, |fcall, ctx| fcall.restore(running, ctx, args)),
        }
    }

    fn only_reads(&self, args: &[&[u8]]) -> bool {
        let [verb, what, ..] = args else { return false };
        if is_word(verb, "EVAL") {
            return of_script(what).is_ok_and(|(flags, _)| flags.has(ScriptFlags::NO_WRITES));
        }
        // Where something runs it is not waited for: whoever asks may hold up others.
        let Some(states) = self.states.try_lock() else { return false };
        if is_word(verb, "EVALSHA") {
            states.eval.as_ref().is_some_and(|eval| eval.only_reads(what))
        } else {
            is_word(verb, "FCALL") && states.fcall.as_ref().is_some_and(|fcall| fcall.only_reads(what))
        }
    }

    fn busy(&self) -> Fail {
        self.running.busy()
    }

    fn stop(&self, at_once: bool) {
        self.running.stop(at_once);
    }

    fn adopt(&self, partition: &Partition) -> Vec<(String, Fail)> {
        let mut states = self.states.lock();
        match states.fcall(&self.running, &partition.functions) {
            Ok((fcall, refused)) => {
                self.note(fcall);
                refused
            }
            Err(fail) => vec![(String::new(), fail)],
        }
    }

    fn figures(&self) -> Figures {
        *self.figures.lock()
    }
}
