//! EVAL and its kin, and the scripts that are known.

use std::any::Any;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use mlua::Function;

use crate::command::arguments::integer;
use crate::command::monitor::Source;
use crate::command::{Context, Fail, Outcome};

use super::caller::{Caller, Rights, answering, check_run, last};
use super::native::sha1_hex;
use super::running::{Kind, Run, Running};
use super::shebang::{ScriptFlags, of_script};
use super::stack::Call;
use super::vm::{self, Vm};

const NO_SCRIPT: Fail = Fail::new("NOSCRIPT No matching script. Please use EVAL.");
const DIGEST_LEN: usize = 40;

/// The SHA-1 of a script in lower-case hexadecimal digits.
type Digest = [u8; DIGEST_LEN];

#[derive(Debug)]
struct Script {
    function: Function,
    flags: ScriptFlags,
}

/// The state for scripts.
#[derive(Debug)]
pub struct Eval {
    // Before the state that they belong to.
    scripts: HashMap<Digest, Script, RandomState>,
    code_bytes: usize,
    pub vm: Vm,
}

impl Eval {
    pub fn new(running: &Arc<Running>) -> mlua::Result<Self> {
        Ok(Self { scripts: HashMap::default(), code_bytes: 0, vm: Vm::new(running)? })
    }

    /// How many scripts are known, and the bytes of their code.
    pub fn size(&self) -> (usize, usize) {
        (self.scripts.len(), self.code_bytes)
    }

    /// Whether a script that is known by this digest declares that it writes nothing.
    pub fn only_reads(&self, digest: &[u8]) -> bool {
        let script = digest_of(digest).and_then(|digest| self.scripts.get(&digest));
        script.is_some_and(|script| script.flags.has(ScriptFlags::NO_WRITES))
    }

    /// EVAL, EVALSHA and those that only read.
    pub fn run(
        &mut self,
        running: &Arc<Running>,
        ctx: &mut Context<'_>,
        args: &[&[u8]],
        by_digest: bool,
        read_only: bool,
    ) -> Outcome {
        let known =
            by_digest.then(|| digest_of(args[1])).map(|digest| digest.ok_or(NO_SCRIPT)).transpose()?;
        let (keys, arguments) = split_keys(args)?;
        let digest = match known {
            Some(digest) if self.scripts.contains_key(&digest) => digest,
            Some(_) => return Err(NO_SCRIPT),
            None => self.learn(args[1])?,
        };
        let Some(script) = self.scripts.get(&digest) else { return Err(NO_SCRIPT) };
        let rights = check_run(ctx, script.flags, read_only)?;
        let run = Run {
            kind: Kind::Script,
            name: String::new(),
            command: Vec::new(),
            started: Instant::now(),
            limit: limit(ctx),
        };
        let name = str::from_utf8(&digest).unwrap_or_default();
        execute(&self.vm, running, ctx, (run, rights, name, args), |vm| {
            vm.run(&script.function, &Call { keys, arguments, is_function: false })
        })
    }

    /// Compiles a script that is not known.
    fn learn(&mut self, code: &[u8]) -> Result<Digest, Fail> {
        let digest = digest_of(sha1_hex(code).as_bytes()).unwrap_or([0; DIGEST_LEN]);
        if !self.scripts.contains_key(&digest) {
            let (flags, body) = of_script(code)?;
            let function = self.vm.compile(body, "@user_script").map_err(|text| {
                Fail::of_bytes([b"ERR Error compiling script (new function): ", text.as_bytes()].concat())
            })?;
            self.code_bytes += code.len();
            self.scripts.insert(digest, Script { function, flags });
        }
        Ok(digest)
    }

    /// SCRIPT LOAD.
    pub fn load(&mut self, ctx: &mut Context<'_>, code: &[u8]) -> Outcome {
        let digest = self.learn(code)?;
        ctx.out.bulk(&digest);
        Ok(())
    }

    /// SCRIPT EXISTS.
    pub fn exists(&self, ctx: &mut Context<'_>, digests: &[&[u8]]) -> Outcome {
        ctx.out.array(digests.len());
        for digest in digests {
            let is_known = digest_of(digest).is_some_and(|digest| self.scripts.contains_key(&digest));
            ctx.out.integer(is_known.into());
        }
        Ok(())
    }
}

/// Forty digits in lower case; `None` for anything else.
fn digest_of(text: &[u8]) -> Option<Digest> {
    let mut digest: Digest = text.try_into().ok()?;
    digest.make_ascii_lowercase();
    Some(digest)
}

/// Keys and other arguments.
type Split<'a, 'b> = (&'a [&'b [u8]], &'a [&'b [u8]]);

/// The keys and the other arguments behind a count of keys.
fn split_keys<'a, 'b>(args: &'a [&'b [u8]]) -> Result<Split<'a, 'b>, Fail> {
    let count = integer(args[2])?;
    let rest = args.get(3..).unwrap_or_default();
    if count > rest.len() as i64 {
        return Err(Fail::new("ERR Number of keys can't be greater than number of args"));
    }
    let count = usize::try_from(count).map_err(|_| Fail::new("ERR Number of keys can't be negative"))?;
    Ok(rest.split_at(count))
}

/// How long a script may run before others are told that it does.
pub fn limit(ctx: &Context<'_>) -> Duration {
    match ctx.server.options.read().busy_reply_threshold {
        0 => Duration::ZERO,
        ms => Duration::from_millis(ms),
    }
}

fn broken(text: &str) -> Fail {
    Fail::with(format!("ERR {text}"))
}

/// Runs Lua code for a client and writes what it comes to as the reply.
pub fn execute(
    vm: &Vm,
    running: &Arc<Running>,
    ctx: &mut Context<'_>,
    (run, rights, name, args): (Run, Rights, &str, &[&[u8]]),
    body: impl FnOnce(&Vm) -> vm::Outcome,
) -> Outcome {
    if ctx.server.monitors.is_on() {
        // Before the commands that it calls, for which the verb itself is kept from being shown behind them.
        ctx.server.show_all(ctx.session.db, Source::Session(&ctx.session.client), args);
    }
    running.begin(run);
    let mut caller = Caller::new(ctx, rights, running);
    let outcome = answering(&mut caller, || body(vm));
    let resp3 = caller.is_resp3();
    let panic: Option<Box<dyn Any + Send>> = caller.end();
    running.end();
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
    if running.is_ending() {
        vm.watch_again(running).map_err(|error| broken(&super::answer::broken(&error)))?;
        if running.is_stopped() {
            // Half of what it would have done must not outlive the runtime.
            ctx.every().into_iter().for_each(|partition| partition.effects.clear());
        }
    }
    match outcome {
        vm::Outcome::Written => {
            last(|exchange| ctx.out.raw(&exchange.out.buf));
            Ok(())
        }
        vm::Outcome::Value(value) => {
            let start = ctx.out.len();
            vm.names.write(ctx.out, &value, resp3).map_err(|error| {
                ctx.out.truncate(start);
                broken(&super::answer::broken(&error))
            })
        }
        vm::Outcome::Error(error) => match vm.reply_of(&error, name) {
            (fail, false) => Err(fail),
            (fail, true) => {
                // The command that failed was counted.
                ctx.out.error_bytes(fail.bytes());
                Ok(())
            }
        },
        vm::Outcome::Broken(text) => Err(Fail::with(format!("ERR Error running script {name}, {text}"))),
    }
}
