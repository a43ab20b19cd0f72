//! The engine: one command set over one set of shards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use smallvec::SmallVec;

use crate::base::options::EvictionPolicy;
use crate::base::{OwnedGuard, log_sink};
use crate::command::acl::{self, Place};
use crate::command::help::unknown_subcommand;
use crate::command::monitoring::{CommandStats, Fault};
use crate::command::server::Gates;
use crate::command::session::{ReplyMode, Request};
use crate::command::spec::{Flags, Scope, shown};
use crate::command::{ClientKind, Command, Commands, Fail, Origin, Server, Session, Spec};
use crate::resp::{Protocol, Writer};
use crate::route::{self, Route};
use crate::shard::run::Caller;
use crate::shard::{Shard, Shards, run_alone, run_many, unblock};

const LOADING: Fail = Fail::new("LOADING Redis is loading the dataset in memory");
const TOO_STALE: Fail = Fail::new("MASTERDOWN The copy of the MASTER is older than max-staleness allows.");

/// What a command needs before it can run.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: its reply is written.
    Done,
    /// No shard. Run it with [`Engine::run_here`].
    Here(usize),
    /// The token of one shard, no matter which, and that it overtakes nothing that the session has under way elsewhere.
    Any(usize),
    /// The token of one shard.
    One { command: usize, shard: usize },
    /// The tokens of several shards, or it must not overtake what the session has under way elsewhere. Run it
    /// with [`Engine::run_several`] while holding no token.
    Several { command: usize, route: Route },
    /// The end of a pause. Nothing has happened: plan it again then.
    Paused,
}

impl Plan {
    /// What the command `number` needs to run on the shards of `route`.
    #[inline]
    pub(super) fn of(number: usize, spec: &Spec, route: Route) -> Self {
        match route {
            Route::Nowhere if spec.scope == Scope::Anywhere => Self::Any(number),
            Route::Nowhere => Self::Here(number),
            Route::One(shard)
                if !spec.flags.has(Flags::OWN_SESSION.or(Flags::BLOCKING).or(Flags::SCRIPT)) =>
            {
                Self::One { command: number, shard }
            }
            route => Self::Several { command: number, route },
        }
    }
}

/// A command set over shards.
#[derive(Debug)]
pub struct Engine {
    pub server: Arc<Server>,
    pub shards: Arc<Shards>,
    poisoned: AtomicBool,
    /// The numbers of GET and SET, where the command set has them.
    pub(super) get: Option<usize>,
    pub(super) set: Option<usize>,
}

/// How long a token is waited for before it is asked whether a script holds it.
const PATIENCE: Duration = Duration::from_millis(5);

/// Where the keyspace uses no more than this, one SCAN goes through several shards.
const SMALL_KEYSPACE_BYTES: usize = 1 << 20;

const NO_AUTH: Fail = Fail::new("NOAUTH Authentication required.");

/// At most this much of an unknown command's arguments is shown in the error.
const SHOWN_BYTES_MAX: usize = 128;

impl Engine {
    pub fn new(server: Arc<Server>, shards: Arc<Shards>) -> Self {
        let (get, set) = (server.commands.find(&[b"get"]), server.commands.find(&[b"set"]));
        Self { server, shards, poisoned: AtomicBool::new(false), get, set }
    }

    /// Marks the runtime as broken by a panic: no command is run any more.
    pub fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
    }

    #[inline]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    #[inline]
    fn commands(&self) -> &dyn Commands {
        &*self.server.commands
    }

    #[inline]
    pub fn command(&self, number: usize) -> &Command {
        self.commands().command(number)
    }

    /// Checks a command and says what it needs. An error reply is written here, and so is `QUEUED`.
    #[inline]
    pub fn plan(&self, session: &mut Session, args: &[&[u8]], out: &mut Writer) -> Plan {
        if session.reply_mode == ReplyMode::SkipNext {
            session.reply_mode = ReplyMode::Skip;
        }
        match self.check(session, args, out.protocol) {
            Ok(plan) if session.transaction.is_none() => plan,
            Ok(plan) => self.queue(session, args, out, plan),
            Err(fail) => self.refuse(session, args, out, &fail),
        }
    }

    /// Answers a command that cannot run. Inside MULTI that dooms the transaction.
    #[cold]
    fn refuse(&self, session: &mut Session, args: &[&[u8]], out: &mut Writer, fail: &Fail) -> Plan {
        if let Some(transaction) = &mut session.transaction {
            transaction.refused = true;
        }
        match self.commands().find(args) {
            Some(number) => self.server.count_fault(number, Fault::Rejected, fail.bytes()),
            None if is_http(args) => {
                // A page in a browser could have its reader's commands in what it posts.
                log_sink::warning(format_args!(
                    "client {} speaks HTTP and is disconnected: it may be a page that attacks this server",
                    session.client.id
                ));
                session.request = Some(Request::Close);
                return Plan::Done;
            }
            None => self.server.count_error(fail.bytes()),
        }
        let is_exec = |number| self.commands().name(number) == "exec";
        let is_elsewhere = fail.bytes().starts_with(b"MOVED ") || fail.bytes().starts_with(b"CROSSSLOT ");
        if !self.commands().find(args).is_some_and(is_exec) {
            out.error_bytes(fail.bytes());
            return Plan::Done;
        }
        session.transaction = None;
        if is_elsewhere {
            out.error_bytes(fail.bytes());
        } else {
            out.error_bytes(&super::transaction::discarded(fail));
        }
        Plan::Done
    }

    /// Refuses what the runtime as a whole does not take at the moment; false for what has to wait.
    #[cold]
    fn check_gates(&self, session: &Session, spec: &Spec, args: &[&[u8]]) -> Result<bool, Fail> {
        self.refuse_gates(session, spec)?;
        let is_paused = self.server.gates.is_closed(Gates::PAUSED_WRITES);
        Ok(!is_paused || !self.server.must_wait(session, spec, args, self.server.clock.now_ms()))
    }

    /// Refuses what the runtime as a whole does not take at the moment.
    #[cold]
    pub(super) fn refuse_gates(&self, session: &Session, spec: &Spec) -> Result<(), Fail> {
        let gates = &self.server.gates;
        // What a primary sends has been admitted there.
        if session.client.kind() == ClientKind::Primary {
            return Ok(());
        }
        if self.any_flags(session, spec, |flags| flags.has(Flags::WRITE)) {
            self.server.check_write(Origin::Client)?;
        } else if spec.name == "ping" {
            // Whoever only asks whether this server is well is told of its disk.
            self.server.check_disk()?;
        }
        if gates.is_closed(Gates::STALE) && self.any_flags(session, spec, |flags| !flags.has(Flags::STALE)) {
            let serves = self.server.options.read().replica_serve_stale_data;
            return Err(if serves { TOO_STALE } else { Fail::LINK_DOWN });
        }
        if gates.is_closed(Gates::LOADING) && !spec.flags.has(Flags::LOADING) {
            return Err(LOADING);
        }
        if gates.is_closed(Gates::BUSY)
            && !spec.flags.has(Flags::ALLOW_BUSY)
            && let Some(scripts) = self.server.scripts.get()
        {
            return Err(scripts.busy());
        }
        Ok(())
    }

    /// Whether `holds` of the command's flags or, for EXEC, of those of a command in the queue.
    fn any_flags(&self, session: &Session, spec: &Spec, holds: impl Fn(Flags) -> bool) -> bool {
        let queue = session.transaction.iter().flat_map(|transaction| &transaction.queue);
        let is_exec = spec.flags.has(Flags::SESSION_KEYS) && spec.name == "exec";
        holds(spec.flags)
            || is_exec && queue.into_iter().any(|queued| holds(self.command(queued.command).spec.flags))
    }

    /// Over `maxmemory`, refuses what a transaction would queue, and EXEC of one that would make the keyspace grow. Where
    /// keys may be evicted that is seen to when its commands run.
    #[cold]
    fn check_memory(&self, session: &Session, spec: &Spec) -> Result<(), Fail> {
        let server = &self.server;
        let is_full = session.client.kind() != ClientKind::Primary
            && server.used_memory() > server.maxmemory()
            && server.options.read().maxmemory_policy == EvictionPolicy::NoEviction;
        let queues = !spec.flags.has(Flags::IN_MULTI);
        if is_full && (queues || self.any_flags(session, spec, |flags| flags.has(Flags::DENYOOM))) {
            return Err(Fail::OUT_OF_MEMORY);
        }
        Ok(())
    }

    /// Refuses what the session may not do, for want of a password or of a permission.
    #[cold]
    pub(super) fn check_access(
        &self,
        session: &mut Session,
        number: usize,
        spec: &Spec,
        args: &[&[u8]],
    ) -> Result<(), Fail> {
        if !session.authenticated && !spec.flags.has(Flags::NO_AUTH) && !self.server.acl.is_open() {
            return Err(NO_AUTH);
        }
        acl::may(session, number, spec, args).map_err(|denied| {
            session.last_command = number;
            let place = if session.transaction.is_some() { Place::Multi } else { Place::TopLevel };
            self.server.note_denied_command(session, place, denied, number, args);
            denied.reply(self.commands().name(number))
        })
    }

    #[inline]
    fn check(&self, session: &mut Session, args: &[&[u8]], protocol: Protocol) -> Result<Plan, Fail> {
        let Some(number) = self.commands().find(args) else { return Err(unknown(args)) };
        let command = self.command(number);
        let spec = &command.spec;
        if !command.subcommands.is_empty() && args.len() > 1 {
            return Err(unknown_subcommand(args[0], args[1]));
        }
        if !spec.takes(args.len()) {
            return Err(Fail::arity(self.commands().name(number)));
        }
        if !session.is_trusted() {
            self.check_access(session, number, spec, args)?;
        }
        if session.follows.any && session.is_confined(protocol) && !is_allowed_to_subscribers(spec) {
            return Err(confined(self.commands().name(number)));
        }
        session.last_command = number;
        if self.server.gates.any() && !self.check_gates(session, spec, args)? {
            return Ok(Plan::Paused);
        }
        if let Some(node) = session.node {
            self.check_node(node, session, spec, args)?;
        }
        if session.transaction.is_some() {
            if self.server.maxmemory() > 0 {
                self.check_memory(session, spec)?;
            }
            return Ok(Plan::Here(number));
        }
        if spec.flags.has(Flags::SESSION_KEYS) {
            return Ok(self.plan_session_keys(session, number));
        }
        let shards = self.shards.len();
        let route = match spec.scope {
            // One step answers for a small keyspace as it does in Redis; in a large one it would hold up other shards.
            Scope::Cursor if self.server.used_memory() <= SMALL_KEYSPACE_BYTES => {
                route::from_cursor_on(args, shards)
            }
            // What its patterns may read is for the session's user to say.
            Scope::Sort if !session.is_trusted() => {
                return Ok(Plan::Several { command: number, route: route::route(spec, args, shards)? });
            }
            _ => route::route(spec, args, shards)?,
        };
        let route = match session.node {
            Some(node) => self.route_at_node(node, spec, route),
            None => route,
        };
        Ok(Plan::of(number, spec, route))
    }

    /// Runs a command that touches no shard. `stats` counts it; without, what no shard owns does.
    pub fn run_here(
        &self,
        session: &mut Session,
        number: usize,
        args: &[&[u8]],
        out: &mut Writer,
        (now, stats): (u64, Option<&mut CommandStats>),
    ) {
        let monitoring = &self.server.monitoring;
        let Some(stats) = stats else {
            // The handler may want what the lock guards.
            let started = monitoring.elsewhere.lock().begin(number, true);
            let mut own = CommandStats::default();
            self.run_here(session, number, args, out, (now, Some(&mut own)));
            if let Some(started) = started {
                let nanos = started.elapsed().as_nanos() as u64;
                monitoring.elsewhere.lock().end(number, nanos, monitoring.tracks());
            }
            return;
        };
        let started = stats.begin(number, monitoring.times_all());
        let mut context = crate::command::Context {
            out,
            session,
            server: &self.server,
            now,
            origin: Origin::Client,
            partitions: crate::command::Partitions::None,
        };
        if let Err(fail) = self.command(number).call(&mut context, args) {
            context.out.error_bytes(fail.bytes());
            self.server.count_fault(number, Fault::Failed, fail.bytes());
        }
        if self.server.monitors.is_on() {
            self.server.show(session, &self.command(number).spec, args);
        }
        if let Some(started) = started {
            let nanos = started.elapsed().as_nanos() as u64;
            stats.end(number, nanos, monitoring.tracks());
            let sleeps = matches!(session.request, Some(Request::Sleep { .. }));
            if monitoring.is_noteworthy(nanos) || sleeps {
                self.server.note_slow(session, number, args, nanos);
            }
        }
    }

    /// The error reply, without its `-`, to a write that is not on disk because that fails.
    #[cold]
    pub fn log_failure(&self) -> String {
        let why = self.server.hooks.get().map(|hooks| hooks.log_failure()).unwrap_or_default();
        format!("MISCONF Errors writing to the AOF file: {why}")
    }

    /// Whether a command of a log is about whole databases and not about keys, so that every shard recorded it.
    pub fn is_general(&self, args: &[&[u8]]) -> bool {
        let found = self.commands().find(args);
        // Libraries of functions are kept, and recorded, at one place.
        found.is_some_and(|number| self.command(number).spec.scope == Scope::Everything)
            && !args.first().is_some_and(|verb| verb.eq_ignore_ascii_case(b"FUNCTION"))
    }

    /// The command of a log, which no client asked for: nothing but its name and the number of its arguments is checked.
    ///
    /// # Errors
    /// The text of the error.
    pub fn find_for_replay(&self, args: &[&[u8]]) -> Result<usize, Fail> {
        let number = self.commands().find(args).ok_or_else(|| unknown(args))?;
        if self.command(number).spec.takes(args.len()) {
            Ok(number)
        } else {
            Err(Fail::arity(self.commands().name(number)))
        }
    }

    /// Runs a command of a log on the shards that own its keys. The caller holds no token.
    ///
    /// # Errors
    /// As [`Engine::find_for_replay`].
    pub fn replay(&self, session: &mut Session, args: &[&[u8]], out: &mut Writer) -> Result<(), Fail> {
        let number = self.find_for_replay(args)?;
        let spec = &self.command(number).spec;
        let at = (0, Origin::Replica);
        match Plan::of(number, spec, route::route(spec, args, self.shards.len())?) {
            Plan::One { command, shard } => {
                let mut guard = self.take(shard);
                self.run_one(&mut guard, session, command, args, out, at);
                self.leave(guard);
            }
            Plan::Several { command, route } => self.run_several(session, command, &route, args, out, at),
            _ => self.run_here(session, number, args, out, (0, None)),
        }
        Ok(())
    }

    /// Serves the waiting clients that some shard owes. The caller holds no token.
    #[cold]
    pub fn serve_blocked(&self) {
        let mut guards = self.shards.take_all();
        {
            let mut held = guards.iter_mut().map(|guard| &mut **guard).collect();
            unblock::serve(Some(&self.shards), &mut held, &self.server);
        }
        guards.iter_mut().for_each(|guard| guard.leave());
    }

    /// Takes the token of one shard, once that owes nothing. The caller holds none.
    #[inline]
    pub fn take(&self, shard: usize) -> OwnedGuard<'_, Shard> {
        loop {
            let guard = self.shards.take(shard);
            if !guard.owes() {
                return guard;
            }
            drop(guard);
            self.serve_blocked();
        }
    }

    /// As [`Engine::take`]; `None` where a script holds it for too long.
    #[inline]
    pub fn take_unless_busy(&self, shard: usize) -> Option<OwnedGuard<'_, Shard>> {
        loop {
            let guard = self.take_patiently(shard)?;
            if !guard.owes() {
                return Some(guard);
            }
            drop(guard);
            self.serve_blocked();
        }
    }

    #[inline]
    fn take_patiently(&self, shard: usize) -> Option<OwnedGuard<'_, Shard>> {
        loop {
            let guard = self.shards.take_within(shard, PATIENCE);
            if guard.is_some() || self.is_busy() {
                return guard;
            }
        }
    }

    /// True while a script runs for longer than it should.
    #[inline]
    pub fn is_busy(&self) -> bool {
        self.server.gates.is_closed(Gates::BUSY)
    }

    /// Answers a command that a script keeps from running.
    #[cold]
    pub fn refuse_busy(&self, session: &mut Session, args: &[&[u8]], out: &mut Writer) {
        if let Some(scripts) = self.server.scripts.get() {
            self.refuse(session, args, out, &scripts.busy());
        }
    }

    /// True where a command runs a script, or is an EXEC that will.
    pub fn runs_script(&self, session: &Session, number: usize) -> bool {
        self.any_flags(session, &self.command(number).spec, |flags| flags.has(Flags::SCRIPT))
    }

    /// Gives a token back with what that takes.
    #[inline]
    pub fn leave(&self, mut guard: OwnedGuard<'_, Shard>) {
        guard.leave();
        if guard.owes() {
            drop(guard);
            self.serve_blocked();
        }
    }

    /// Runs a command on the one shard it needs, which owes nothing.
    #[inline]
    pub fn run_one(
        &self,
        shard: &mut Shard,
        session: &mut Session,
        number: usize,
        args: &[&[u8]],
        out: &mut Writer,
        (now, origin): (u64, Origin),
    ) {
        let mut caller = Caller { server: &self.server, session, out, now, origin, number };
        run_alone(shard, &mut caller, self.command(number), args);
    }

    /// Takes the tokens a command needs, runs it, and gives them back. The caller holds none.
    pub fn run_several(
        &self,
        session: &mut Session,
        number: usize,
        route: &Route,
        args: &[&[u8]],
        out: &mut Writer,
        (now, origin): (u64, Origin),
    ) {
        let members = route::members(route, self.shards.len());
        let mut guards = loop {
            let guards: Option<SmallVec<[OwnedGuard<'_, Shard>; 8]>> =
                members.iter().map(|&shard| self.take_patiently(shard)).collect();
            let Some(guards) = guards else { return self.refuse_busy(session, args, out) };
            if guards.iter().all(|guard| !guard.owes()) {
                break guards;
            }
            drop(guards);
            self.serve_blocked();
        };
        let mut caller = Caller { server: &self.server, session, out, now, origin, number };
        let command = self.command(number);
        let exec = self.is_exec(command, caller.session);
        run_many(&self.shards, &mut guards, &members, &mut caller, |step| {
            if exec { self.exec(step, number) } else { step.call(number, args) }
        });
        if exec && self.server.monitors.is_on() {
            self.server.show(caller.session, &command.spec, args);
        }
        guards.iter_mut().for_each(|guard| guard.leave());
        if guards.iter().any(|guard| guard.owes()) {
            drop(guards);
            self.serve_blocked();
        }
    }

    /// Runs a command on a shard whose token the caller does not hold; it holds none.
    #[inline]
    pub fn run_elsewhere(
        &self,
        session: &mut Session,
        number: usize,
        shard: usize,
        args: &[&[u8]],
        out: &mut Writer,
        at: (u64, Origin),
    ) {
        let Some(mut guard) = self.take_unless_busy(shard) else {
            return self.refuse_busy(session, args, out);
        };
        self.run_one(&mut guard, session, number, args, out, at);
        self.leave(guard);
    }

    /// Runs a command to its reply on the caller's thread.
    pub fn dispatch(
        &self,
        session: &mut Session,
        args: &[&[u8]],
        out: &mut Writer,
        (now, origin): (u64, Origin),
    ) {
        let start = out.buf.len();
        session.is_exempt = origin == Origin::Replica;
        match self.plan(session, args, out) {
            Plan::Done => {}
            Plan::Paused => session.request = Some(Request::Postpone),
            Plan::Here(number) => self.run_here(session, number, args, out, (now, None)),
            Plan::One { command, shard } => {
                self.run_elsewhere(session, command, shard, args, out, (now, origin));
            }
            Plan::Any(command) => {
                let home = self.home(session);
                self.run_elsewhere(session, command, home, args, out, (now, origin));
            }
            Plan::Several { command, route } => {
                self.run_several(session, command, &route, args, out, (now, origin));
            }
        }
        if !session.request.as_ref().is_some_and(Request::is_wait) {
            self.after(session, out, start);
        }
    }

    /// What CLIENT CACHING said holds for one command, or for one transaction.
    #[cold]
    fn end_caching(&self, session: &mut Session) {
        if let Some(tracking) = &mut session.follows.tracking
            && session.transaction.is_none()
            && !self.commands().name(session.last_command).starts_with("client|")
        {
            tracking.caching = None;
        }
    }

    /// The shard on which a session without one of its own does what may be done on any: always the same, so that it
    /// stays in order.
    pub(super) fn home(&self, session: &Session) -> usize {
        (session.client.id % self.shards.len() as u64) as usize
    }

    /// Takes back a reply that the session does not want (`CLIENT REPLY`).
    #[inline]
    pub fn after(&self, session: &mut Session, out: &mut Writer, start: usize) {
        if session.follows.any {
            self.end_caching(session);
        }
        match session.reply_mode {
            ReplyMode::On | ReplyMode::SkipNext => {}
            ReplyMode::Off => {
                if !std::mem::take(&mut session.keeps_reply) {
                    out.buf.truncate(start);
                }
            }
            ReplyMode::Skip => {
                if !std::mem::take(&mut session.keeps_reply) {
                    out.buf.truncate(start);
                }
                session.reply_mode = ReplyMode::On;
            }
        }
    }
}

/// Whether a client may call it while messages could be mistaken for its reply.
#[cold]
fn is_allowed_to_subscribers(spec: &Spec) -> bool {
    (spec.flags.has(Flags::PUBSUB) && spec.name.ends_with("subscribe"))
        || matches!(spec.name, "ping" | "quit" | "reset")
}

#[cold]
fn confined(name: &str) -> Fail {
    let allowed = "only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";
    Fail::with(format!("ERR Can't execute '{name}': {allowed}"))
}

/// Whether the first word of a line of HTTP stands where a command should.
fn is_http(args: &[&[u8]]) -> bool {
    args.first()
        .is_some_and(|word| [&b"POST"[..], b"Host:"].iter().any(|http| http.eq_ignore_ascii_case(word)))
}

fn unknown(args: &[&[u8]]) -> Fail {
    let cut = |arg: &[u8], bytes_max: usize| shown(&arg[..arg.len().min(bytes_max)]).to_vec();
    let mut list = Vec::new();
    // A file may hold a command without a name.
    let name = args.first().copied().unwrap_or_default();
    for arg in args.iter().skip(1) {
        if list.len() >= SHOWN_BYTES_MAX {
            break;
        }
        let text = cut(arg, SHOWN_BYTES_MAX - list.len());
        list.extend([b"'", &text[..], b"' "].concat());
    }
    Fail::quoting("ERR unknown command '{}', with args beginning with: ", &cut(name, SHOWN_BYTES_MAX))
        .and(&list)
}
