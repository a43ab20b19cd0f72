//! `redis.call` and what else a running script asks of the server.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use crate::base::lend::Lend;
use crate::command::acl::{self, Place};
use crate::command::monitor::Source;
use crate::command::monitoring::Fault;
use crate::command::pause::may_replicate;
use crate::command::server::Gates;
use crate::command::spec::Flags;
use crate::command::{Context, Fail, Origin, Session, Spec, tracking};
use crate::resp::{ArgVec, Protocol, Tree, Writer};

use super::running::Running;
use super::shebang::ScriptFlags;

/// What a script asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ask {
    /// To run a command.
    #[default]
    Call,
    /// Whether the client may run a command.
    CheckAccess,
    /// To speak this version of the protocol from now on.
    Protocol(u8),
    /// Whether effects are recorded from now on.
    Record(bool),
}

/// What came of a question.
#[derive(Debug, Default)]
pub enum Answer {
    /// No script runs.
    #[default]
    Nobody,
    /// It was no question: why.
    Misused(&'static str),
    Refused(Fail),
    /// The panic of what was asked.
    Panic(Box<dyn Any + Send>),
    Given,
}

/// A question of a script, and its answer.
#[derive(Debug, Default)]
pub struct Exchange {
    pub ask: Ask,
    /// The arguments of a command, one after the other.
    pub bytes: Vec<u8>,
    /// Where each ends.
    pub ends: Vec<usize>,
    pub answer: Answer,
    /// The reply of a command.
    pub out: Writer,
    /// The reply once more, where it could be read back.
    pub tree: Tree,
    pub is_read: bool,
    /// The answer to [`Ask::CheckAccess`].
    pub is_allowed: bool,
    /// The script has been told to end.
    pub is_ending: bool,
}

/// What a buffer that one call grew beyond this is given back.
const KEEP_BYTES_MAX: usize = 1 << 20;

impl Exchange {
    /// Empties it for another question.
    pub fn begin(&mut self, ask: Ask) {
        self.ask = ask;
        self.bytes.clear();
        self.ends.clear();
        self.out.buf.clear();
        self.answer = Answer::Nobody;
        (self.is_read, self.is_ending) = (false, false);
        if self.bytes.capacity() + self.out.buf.capacity() > KEEP_BYTES_MAX {
            self.bytes = Vec::new();
            self.out.buf = Vec::new();
        }
    }

    /// Where another reply is written.
    pub fn reply(&mut self) -> &mut Writer {
        self.out.buf.clear();
        &mut self.out
    }
}

thread_local! {
    static CALLER: Lend<Exchange, ()> = const { Lend::new() };
    static LAST: Cell<Option<Box<Exchange>>> = const { Cell::new(None) };
    /// A session that no script uses.
    static SPARE: Cell<Option<Box<Session>>> = const { Cell::new(None) };
}

/// Asks the caller of the script that runs on this thread, unless the question is wrong; `fill` begins it.
pub fn ask(fill: impl FnOnce(&mut Exchange)) {
    last(|exchange| {
        fill(exchange);
        if matches!(exchange.answer, Answer::Nobody) {
            CALLER.with(|caller| caller.call(exchange));
        }
    });
}

/// Does something with the last question of this thread.
pub fn last<T>(work: impl FnOnce(&mut Exchange) -> T) -> T {
    let mut exchange = LAST.take().unwrap_or_default();
    let done = work(&mut exchange);
    LAST.set(Some(exchange));
    done
}

/// Where the last question of this thread is, for who looks at it while nothing is asked.
pub fn last_place() -> *const Exchange {
    last(|exchange| std::ptr::from_ref(exchange))
}

/// Lets what runs in `body` ask `caller`.
pub fn answering<T>(caller: &mut Caller<'_, '_>, body: impl FnOnce() -> T) -> T {
    CALLER.with(|place| place.during(&mut |exchange: &mut Exchange| caller.answer(exchange), body))
}

/// What a script may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rights {
    pub read_only: bool,
    pub allow_oom: bool,
}

/// The client's command that a script runs in.
#[derive(Debug)]
pub struct Caller<'a, 'c> {
    ctx: &'a mut Context<'c>,
    session: Box<Session>,
    protocol: Protocol,
    rights: Rights,
    running: &'a Running,
    /// Memory was over the limit when the script began.
    is_full: bool,
    records: bool,
    /// A handler panicked: nothing can go on.
    panic: Option<Box<dyn Any + Send>>,
}

const UNKNOWN: Fail = Fail::new("ERR Unknown Redis command called from script");
const ARITY: Fail = Fail::new("ERR Wrong number of args calling Redis command from script");
const FORBIDDEN: Fail = Fail::new("ERR This Redis command is not allowed from script");
const ONLY_READS: Fail = Fail::new("ERR Write commands are not allowed from read-only scripts.");
const INVALID_COMMAND: Fail = Fail::new("ERR Invalid command passed to redis.acl_check_cmd()");
const STALE_REPLICA: Fail = Fail::new("ERR Can not execute the command on a stale replica");
const ENDING: Fail = Fail::new("ERR Script killed by user.");

impl<'a, 'c> Caller<'a, 'c> {
    pub fn new(ctx: &'a mut Context<'c>, rights: Rights, running: &'a Running) -> Self {
        let limit = ctx.server.maxmemory();
        let session = match SPARE.take() {
            Some(mut spare) => {
                ctx.session.lend(&mut spare);
                spare
            }
            None => Box::new(ctx.session.for_script()),
        };
        Self {
            session,
            protocol: Protocol::Resp2,
            rights,
            running,
            is_full: is_over(limit, ctx),
            records: true,
            panic: None,
            ctx,
        }
    }

    /// The panic of a handler that the script called. Keeps the session for another script. What a panic has left of one is not used again.
    pub fn end(self) -> Option<Box<dyn Any + Send>> {
        if self.panic.is_none() {
            SPARE.set(Some(self.session));
        }
        self.panic
    }

    /// True where the script speaks RESP3.
    pub fn is_resp3(&self) -> bool {
        self.protocol == Protocol::Resp3
    }

    fn answer(&mut self, exchange: &mut Exchange) {
        let done = match exchange.ask {
            Ask::Call => self.call(exchange).inspect(|()| {
                exchange.is_read = matches!(exchange.tree.parse(&exchange.out.buf), Ok(Some(_)));
            }),
            Ask::CheckAccess => self.check_access(exchange),
            Ask::Protocol(version) => {
                self.protocol = if version == 3 { Protocol::Resp3 } else { Protocol::Resp2 };
                Ok(())
            }
            Ask::Record(records) => {
                self.records = records;
                Ok(())
            }
        };
        exchange.answer = done.map_or_else(Answer::Refused, |()| Answer::Given);
        exchange.is_ending = self.running.is_ending();
    }

    fn call(&mut self, exchange: &mut Exchange) -> Result<(), Fail> {
        let Exchange { bytes, ends, out, .. } = exchange;
        let args = split(bytes, ends);
        let server = self.ctx.server;
        let Some(number) = server.commands.find(&args) else {
            server.count_error(UNKNOWN.bytes());
            return Err(UNKNOWN);
        };
        let command = server.commands.command(number);
        let is_known = command.subcommands.is_empty() || args.len() == 1;
        let checked = if is_known { self.admit(number, &command.spec, &args) } else { Err(UNKNOWN) };
        checked.inspect_err(|fail| server.count_fault(number, Fault::Rejected, fail.bytes()))?;
        let mut context = Context {
            out,
            session: &mut self.session,
            server,
            now: self.ctx.now,
            origin: self.ctx.origin,
            partitions: self.ctx.partitions.reborrow(),
        };
        context.out.protocol = self.protocol;
        let wanted = (!self.records).then(|| stop_recording(&mut context));
        let monitoring = &server.monitoring;
        let first = context.partitions.first();
        let started = first.and_then(|one| one.commands.begin(number, monitoring.times_all()));
        let outcome = catch_unwind(AssertUnwindSafe(|| command.call(&mut context, &args)));
        if let (Some(started), Some(first)) = (started, context.partitions.first()) {
            first.commands.end(number, started.elapsed().as_nanos() as u64, monitoring.tracks());
        }
        if let Some(wanted) = wanted {
            for (partition, wanted) in context.every().into_iter().zip(wanted) {
                partition.effects.wanted = wanted;
            }
        }
        context.session.request = None;
        if self.ctx.session.follows.any {
            tracking::remember(&mut context.partitions, self.ctx.session, &command.spec, &args);
        }
        if server.monitors.is_on() && !command.spec.flags.has(Flags::ADMIN.or(Flags::SKIP_MONITOR)) {
            server.show_all(context.session.db, Source::Script, &args);
        }
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(fail)) => {
                server.count_fault(number, Fault::Failed, fail.bytes());
                Err(fail)
            }
            Err(panic) => {
                self.panic = Some(panic);
                self.running.stop(true);
                Err(ENDING)
            }
        }
    }

    /// Looks whether a command may run, as `scriptCall` of Redis does.
    fn admit(&mut self, number: usize, spec: &Spec, args: &[&[u8]]) -> Result<(), Fail> {
        let flags = spec.flags;
        if !spec.takes(args.len()) {
            return Err(ARITY);
        }
        let is_free = self.ctx.server.debug.scripts_unrestricted.load(Ordering::Relaxed);
        if flags.has(Flags::SCRIPT) || flags.has(Flags::NOSCRIPT) && !is_free {
            return Err(FORBIDDEN);
        }
        if is_stale(self.ctx) && !flags.has(Flags::STALE) {
            return Err(STALE_REPLICA);
        }
        if let Err(denied) = acl::may(&self.session, number, spec, args) {
            self.ctx.server.note_denied_command(&self.session, Place::Lua, denied, number, args);
            return Err(denied.script_reply());
        }
        if self.rights.read_only && (flags.has(Flags::WRITE) || may_replicate(spec)) {
            return Err(ONLY_READS);
        }
        let is_first_write = !self.running.has_written();
        if is_first_write && flags.has(Flags::WRITE) {
            check_write(self.ctx)?;
        }
        // In the middle of its changes a script is not stopped.
        let is_full = self.is_full && !self.rights.allow_oom && is_first_write;
        if is_full && flags.has(Flags::DENYOOM) {
            return Err(Fail::OUT_OF_MEMORY);
        }
        if flags.has(Flags::WRITE) && !self.running.write() {
            return Err(ENDING);
        }
        Ok(())
    }

    fn check_access(&self, exchange: &mut Exchange) -> Result<(), Fail> {
        let args = split(&exchange.bytes, &exchange.ends);
        let commands = &self.ctx.server.commands;
        let number = commands.find(&args).ok_or(INVALID_COMMAND)?;
        let spec = &commands.command(number).spec;
        exchange.is_allowed = acl::may(&self.session, number, spec, &args).is_ok();
        Ok(())
    }
}

const STALE_SCRIPT: Fail = Fail::new(
    "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and 'allow-stale' flag is not set \
     on the script.",
);

const FULL_SCRIPT: Fail =
    Fail::new("OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'");

/// Whether memory is over a limit, where there is one that holds here.
fn is_over(limit: usize, ctx: &Context<'_>) -> bool {
    limit > 0 && ctx.origin == Origin::Client && ctx.server.used_memory() > limit
}

/// Refuses what changes something while the runtime takes no writes.
fn check_write(ctx: &Context<'_>) -> Result<(), Fail> {
    if ctx.session.in_exec {
        return ctx.session.exec_writes.clone();
    }
    if ctx.server.gates.any() { ctx.server.check_write(ctx.origin) } else { Ok(()) }
}

/// Whether a primary is followed that has not been heard of for too long.
fn is_stale(ctx: &Context<'_>) -> bool {
    ctx.origin == Origin::Client && ctx.server.gates.is_closed(Gates::STALE)
}

fn split<'b>(bytes: &'b [u8], ends: &[usize]) -> ArgVec<'b> {
    let mut start = 0;
    ends.iter()
        .map(|&end| {
            let arg = bytes.get(start..end).unwrap_or_default();
            start = end;
            arg
        })
        .collect()
}

/// Stops recording effects on every shard, and says where they were recorded.
fn stop_recording(context: &mut Context<'_>) -> Vec<bool> {
    let every = context.every();
    every.into_iter().map(|partition| std::mem::replace(&mut partition.effects.wanted, false)).collect()
}

/// Why a script with flags may not run now, in the order in which Redis asks. Outside of a transaction the flags stand for
/// those of the command that runs it, so it is refused as any other command is; within one, as `scriptPrepareForRun` of
/// Redis tells it.
pub fn check_run(ctx: &Context<'_>, flags: ScriptFlags, read_only: bool) -> Result<Rights, Fail> {
    let rights = Rights {
        read_only: read_only || flags.has(ScriptFlags::NO_WRITES),
        allow_oom: flags.has(ScriptFlags::ALLOW_OOM),
    };
    if flags.has(ScriptFlags::COMPATIBLE) {
        return if is_stale(ctx) { Err(Fail::LINK_DOWN) } else { Ok(rights) };
    }
    let writes = !flags.has(ScriptFlags::NO_WRITES);
    let limit = ctx.server.maxmemory();
    let is_full = is_over(limit, ctx) && !flags.has(ScriptFlags::ALLOW_OOM.or(ScriptFlags::NO_WRITES));
    let is_stale = is_stale(ctx) && !flags.has(ScriptFlags::ALLOW_STALE);
    if ctx.session.in_exec {
        if is_stale {
            return Err(STALE_SCRIPT);
        }
        if writes {
            check_write(ctx)?;
        }
    } else {
        if is_full {
            return Err(Fail::OUT_OF_MEMORY);
        }
        if writes {
            check_write(ctx)?;
        }
        if is_stale {
            return Err(Fail::LINK_DOWN);
        }
    }
    if writes && read_only {
        return Err(Fail::new("ERR Can not execute a script with write flag using *_ro command."));
    }
    if is_full { Err(FULL_SCRIPT) } else { Ok(rights) }
}
