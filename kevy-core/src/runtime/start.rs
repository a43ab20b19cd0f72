//! Starting and stopping.

use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::{Poll, Token};
use parking_lot::{Condvar, Mutex};

use crate::base::options::{Options, SavePoints};
use crate::base::random::Random;
use crate::base::signal::{self, Ring};
use crate::base::{Clock, Error, ErrorKind, Result, SystemClock, fork, log_sink};
use crate::dispatch::{
    CommandSet, Commands, Direct, Engine, Gates, Nodes, Origin, Reply, Request, Server, ServerConfig, State,
};
use crate::dispatch::{Standing, fail_replies};
use crate::io::{Acceptor, Alarm, Socket};
use crate::mirror::Mirror;
use crate::net::{Door, Handle, Reactor};
use crate::replication::{Primary, Subscription};
use crate::script::Interpreter;
use crate::shard::{Historian, Seed, Shard, Shards};

use super::disk::{Disk, Loaded, MirroredLog};
use super::events::{Bell, Events};
use super::failover::Failover;
use super::hooks::{Feeds, RuntimeHooks};
use super::http::Http;
use super::listen;
use super::on_load::OnLoad;
use super::urings::Urings;

/// What opening found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    pub shards: usize,
    /// Keys that were read from disk.
    pub keys_loaded: u64,
    /// Keys that were left out because their time had passed.
    pub keys_expired: u64,
    /// Bytes that were read.
    pub bytes_read: u64,
    /// Commands of the append-only log that were run.
    pub commands_replayed: u64,
    /// Bytes at the end of the append-only log that made no whole transaction. They were cut off and are kept in files
    /// beside it, which the log of messages names.
    pub bytes_cut: u64,
}

/// What every holder of a runtime shares.
#[derive(Debug)]
pub struct Core {
    pub engine: Arc<Engine>,
    pub primary: Arc<Primary>,
    pub mirror: Arc<Mirror>,
    pub failover: Failover,
    pub handles: Arc<[Arc<Handle>]>,
    pub port: Option<u16>,
    /// What connections of the TLS port are made with, where there is one.
    pub tls: Option<Arc<Acceptor>>,
    /// What opening found, once it is over.
    pub report: OnceLock<OpenReport>,
    pub disk: Disk,
    next_handle: AtomicUsize,
    stopping: AtomicBool,
    grace: Mutex<Duration>,
    running: Mutex<usize>,
    stopped: Condvar,
    /// What in-process callers wait on.
    pub events: Arc<Events>,
    /// Wakes them and the reactors when a replica acknowledges.
    pub acks: Subscription,
    /// Wakes them when more is on disk.
    pub synced: Subscription,
    /// Given by [`fork::watch`] when the runtime started.
    pub born: u32,
}

impl Core {
    /// Tells every reactor to drain and end.
    pub fn begin_stop(&self) {
        self.stopping.store(true, Ordering::Release);
        if let Some(scripts) = self.engine.server.scripts.get() {
            scripts.stop(false);
        }
        self.handles.iter().for_each(|handle| handle.alarm.ring(signal::STOP));
        self.events.announce();
    }

    /// As [`Core::begin_stop`]; connections get `grace` to take their last replies.
    pub fn begin_stop_within(&self, grace: Duration) {
        *self.grace.lock() = grace;
        self.begin_stop();
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Fails where the runtime can no longer be used from here.
    #[inline]
    pub fn check(&self) -> Result<()> {
        if self.born == fork::generation() && !self.is_stopping() && !self.engine.is_poisoned() {
            return Ok(());
        }
        Err(self.why_not())
    }

    /// Runs one command in-process. The panic of a handler poisons the runtime and becomes an error; so does
    /// an interrupt for a command that waits.
    #[inline]
    pub fn run(
        &self,
        state: &mut State,
        args: &[&[u8]],
        out: &mut Reply,
        origin: Origin,
        bell: &Arc<Bell>,
    ) -> Result<()> {
        self.run_around(state, args, out, (origin, bell), |wait| wait()).map(drop)
    }

    /// As [`Core::run`]. A command that has to wait does so where `around` calls what it is given, on any thread; false,
    /// and nothing done, where `around` does not.
    #[inline]
    pub fn run_around(
        &self,
        state: &mut State,
        args: &[&[u8]],
        out: &mut Reply,
        (origin, bell): (Origin, &Arc<Bell>),
        around: impl FnOnce(&mut (dyn FnMut() + Send)),
    ) -> Result<bool> {
        let start = out.buf.len();
        let horizon = &self.engine.shards.horizon;
        if !horizon.is_strict() {
            return self.run_to_reply(state, args, out, (origin, bell), around);
        }
        let phase = horizon.phase();
        let is_answered = self.run_to_reply(state, args, out, (origin, bell), around)?;
        self.wait_for_disk(out, start, phase);
        Ok(is_answered)
    }

    /// As [`Core::run`], where many replies wait for the disk together: see [`Core::wait_for_disk`].
    pub fn run_ahead(
        &self,
        state: &mut State,
        args: &[&[u8]],
        out: &mut Reply,
        origin: Origin,
        bell: &Arc<Bell>,
    ) -> Result<()> {
        self.run_to_reply(state, args, out, (origin, bell), |wait| wait()).map(drop)
    }

    /// A number for [`Core::wait_for_disk`], to be taken before commands run.
    pub fn disk_phase(&self) -> u64 {
        self.engine.shards.horizon.phase()
    }

    /// Waits until what the replies from `start` on tell of is on disk, where they have to be; they become errors where
    /// that fails.
    #[cold]
    pub fn wait_for_disk(&self, out: &mut Reply, start: usize, phase: u64) {
        if self.reach_disk(phase).is_err() {
            let end = out.buf.len();
            fail_replies(&mut out.buf, start, end, &self.engine.log_failure());
        }
    }

    #[cold]
    fn reach_disk(&self, phase: u64) -> Result<()> {
        let horizon = &self.engine.shards.horizon;
        match horizon.wait(&horizon.goal(), phase) {
            Standing::Failed => Err(Error::new(ErrorKind::Server, self.engine.log_failure())),
            _ => Ok(()),
        }
    }

    #[inline]
    fn run_to_reply(
        &self,
        state: &mut State,
        args: &[&[u8]],
        out: &mut Reply,
        (origin, bell): (Origin, &Arc<Bell>),
        around: impl FnOnce(&mut (dyn FnMut() + Send)),
    ) -> Result<bool> {
        let start = out.buf.len();
        let mut around = Some(around);
        loop {
            self.guard(|| self.engine.run(state, args, out, origin))?;
            let request = match state.session.request.take() {
                None => return Ok(true),
                Some(request) => request,
            };
            if request != Request::Postpone {
                return match around {
                    Some(around) => self.grant(request, state, out, (start, bell), around),
                    None => self.grant(request, state, out, (start, bell), |wait| wait()),
                };
            }
            if !self.wait_for_pause(state, bell, around.take())? {
                return Ok(false);
            }
        }
    }

    /// Waits until no pause holds a session's command back. False where `around` did not call the wait.
    #[cold]
    fn wait_for_pause(
        &self,
        state: &State,
        bell: &Arc<Bell>,
        around: Option<impl FnOnce(&mut (dyn FnMut() + Send))>,
    ) -> Result<bool> {
        let server = &self.engine.server;
        let client = &state.session.client;
        let mut waited = None;
        client.is_paused.store(true, Ordering::Relaxed);
        let mut wait = || {
            let left_ms = server.paused_until().saturating_sub(server.clock.now_ms());
            let deadline = Instant::now().checked_add(Duration::from_millis(left_ms.max(1)));
            waited = Some(self.events.wait(deadline, bell, || {
                let is_over = server.paused(server.clock.now_ms()).is_none();
                (is_over || self.is_stopping() || client.is_killed()).then_some(())
            }));
        };
        match around {
            Some(around) => around(&mut wait),
            None => wait(),
        }
        client.is_paused.store(false, Ordering::Relaxed);
        let Some(waited) = waited else { return Ok(false) };
        waited?;
        self.check()?;
        if client.is_killed() {
            return Err(Error::new(ErrorKind::Closed, "the session was ended by CLIENT KILL"));
        }
        Ok(true)
    }

    /// Waits for what answers a command.
    #[cold]
    fn grant(
        &self,
        request: Request,
        state: &mut State,
        out: &mut Reply,
        (start, bell): (usize, &Arc<Bell>),
        around: impl FnOnce(&mut (dyn FnMut() + Send)),
    ) -> Result<bool> {
        let session = &mut state.session;
        let Some((answer, timeout_ms)) = self.engine.waiting(session, &request, out) else {
            self.engine.decline(state, request, out, start);
            return Ok(true);
        };
        // A timeout beyond what the clock can count is for ever.
        let deadline = timeout_ms.and_then(|ms| Instant::now().checked_add(Duration::from_millis(ms)));
        let (mut answered, mut waited) = (false, None);
        around(&mut || {
            waited = Some(self.events.wait(deadline, bell, || {
                answered = self.engine.answer(&answer, false, out);
                (answered || self.is_stopping() || session.client.is_killed()).then_some(())
            }));
        });
        if !answered {
            answered = match waited {
                Some(Ok(None)) => self.engine.answer(&answer, true, out),
                _ => self.engine.abandon(&answer, out),
            };
        }
        if !self.engine.is_poisoned() {
            self.engine.end_wait(&answer);
        }
        match waited {
            // What was served before the interrupt came is not lost, and the interrupt is for the next wait.
            Some(Err(_)) if answered => bell.interrupt(),
            Some(Err(error)) => return Err(error),
            None if !answered => return Ok(false),
            _ => {}
        }
        if answered {
            self.engine.after(session, out, start);
            if out.buf.len() == start {
                out.null();
            }
            return Ok(true);
        }
        self.check()?;
        Err(Error::new(ErrorKind::Closed, "the session was ended by CLIENT KILL"))
    }

    /// GET without a reply to decode: appends the value to `into`.
    #[inline]
    pub fn get(&self, state: &mut State, key: &[u8], into: &mut Vec<u8>) -> Result<Direct> {
        let found = self.guard(|| self.engine.get(state, key, into))?;
        if self.engine.shards.horizon.is_strict() {
            self.reach_disk(self.disk_phase())?;
        }
        found
    }

    /// As [`Core::get`]; `None` where another thread holds the shard's token.
    #[inline]
    pub fn try_get(&self, state: &mut State, key: &[u8], into: &mut Vec<u8>) -> Result<Option<Direct>> {
        let horizon = &self.engine.shards.horizon;
        if horizon.is_strict() && !horizon.has_reached(&horizon.goal()) {
            return Ok(None);
        }
        self.guard(|| self.engine.try_get(state, key, into))?
    }

    /// As [`Core::set`]; false, and nothing done, where another thread holds the shard's token.
    #[inline]
    pub fn try_set(&self, state: &mut State, key: &[u8], value: &[u8]) -> Result<bool> {
        if self.engine.shards.horizon.is_strict() {
            return Ok(false);
        }
        self.guard(|| self.engine.try_set(state, key, value))?
    }

    /// SET without a reply to decode.
    #[inline]
    pub fn set(&self, state: &mut State, key: &[u8], value: &[u8]) -> Result<()> {
        let horizon = &self.engine.shards.horizon;
        if !horizon.is_strict() {
            return self.guard(|| self.engine.set(state, key, value))?;
        }
        let phase = horizon.phase();
        self.guard(|| self.engine.set(state, key, value))??;
        self.reach_disk(phase)
    }

    #[inline]
    fn guard<T>(&self, work: impl FnOnce() -> T) -> Result<T> {
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| self.poisoned())
    }

    #[cold]
    fn poisoned(&self) -> Error {
        log_sink::error(format_args!("a command panicked: the runtime stops"));
        self.engine.poison();
        self.begin_stop();
        Error::new(ErrorKind::Panic, "a command panicked: the runtime is poisoned")
    }

    /// Ends an in-process session. In a forked child the parent's state is left alone.
    pub fn close(&self, state: &mut State) {
        if self.born == fork::generation() && !self.engine.is_poisoned() {
            self.engine.close(state);
        }
    }

    #[cold]
    fn why_not(&self) -> Error {
        if self.born != fork::generation() {
            Error::new(ErrorKind::Forked, "the runtime was started before fork and lives in the parent")
        } else if self.engine.is_poisoned() {
            Error::new(ErrorKind::Panic, "the runtime is poisoned: a command panicked")
        } else {
            Error::new(ErrorKind::Closed, "the runtime has been stopped")
        }
    }
}

/// A running instance. Dropping it stops it.
#[derive(Debug)]
pub struct Runtime {
    core: Arc<Core>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    http: Mutex<Option<Http>>,
}

/// How long connections get to take their last replies where nobody says otherwise.
const GRACE: Duration = Duration::from_secs(5);
const ALARM: Token = Token(usize::MAX);

impl Runtime {
    /// Starts shards, core threads and listeners. `on_load` is told how far reading from disk has come.
    pub fn start(options: &Options, commands: Arc<dyn Commands>, on_load: Option<OnLoad>) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let born = fork::watch();
        let (engine, primary) = assemble(options, commands, clock)?;
        let shards = engine.shards.len();
        let disk = Disk::open(&engine, options, engine.server.clock.clone())?;
        let mut doors = listen::open(options)?;
        if options.cluster_enabled {
            let nodes =
                if doors.nodes.is_empty() { vec![0; shards] } else { std::mem::take(&mut doors.nodes) };
            let nodes = Nodes::new(&engine.server.run_id, nodes, &options.cluster_announce_ip);
            // Nothing else makes a cluster of a server made here.
            let _ = engine.server.cluster.set(nodes);
        }
        // Nobody gets in before the keys are there.
        engine.server.gates.set(Gates::LOADING, disk.is_kept());

        let mut urings = Urings::new(options.io_backend)?;
        let mut polls = Vec::with_capacity(shards);
        let mut handles = Vec::with_capacity(shards);
        for _ in 0..shards {
            let poll = Poll::new().map_err(|error| Error::io("cannot open a poll", &error))?;
            let alarm = Alarm::new(poll.registry(), ALARM)
                .map_err(|error| Error::io("cannot open a waker", &error))?;
            polls.push((urings.make(&poll)?, poll));
            handles.push(Arc::new(Handle::new(Arc::new(alarm))));
        }
        // Nothing else says what serves a server made here.
        let _ = engine.server.io_backend.set(urings.name());
        let handles: Arc<[Arc<Handle>]> = handles.into();
        let events = Arc::<Events>::default();
        let core = Arc::new(Core {
            engine: engine.clone(),
            primary: primary.clone(),
            mirror: Mirror::new(engine.clone(), primary.clone(), Arc::new(MirroredLog(disk.log.clone()))),
            failover: Failover::default(),
            handles: handles.clone(),
            port: doors.port.or(doors.tls_port),
            tls: doors.tls.clone(),
            report: OnceLock::new(),
            disk,
            next_handle: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            grace: Mutex::new(GRACE),
            running: Mutex::new(shards),
            stopped: Condvar::new(),
            synced: engine.shards.horizon.subscribe({
                let (events, handles) = (events.clone(), handles.clone());
                Arc::new(move || {
                    events.announce();
                    handles.iter().for_each(|handle| handle.alarm.ring(signal::DISK));
                })
            }),
            acks: primary.subscribe_acks({
                let (events, handles) = (events.clone(), handles.clone());
                Arc::new(move || {
                    events.announce();
                    handles.iter().for_each(|handle| handle.alarm.ring(signal::FEED));
                })
            }),
            events,
            born,
        });
        let weak = Arc::downgrade(&core.mirror);
        let history = move || weak.upgrade().map(|mirror| mirror.history()).unwrap_or_default();
        // Nothing else tells of the history of shards made here.
        let _ = engine.shards.historian.set(Historian(Box::new(history)));
        // Nothing else sets the hooks of a server made here.
        let _ = engine.server.hooks.set(Box::new(RuntimeHooks(Arc::downgrade(&core))));

        if let Some(address) = &options.replicaof {
            engine.shards.take_all().iter_mut().for_each(|shard| shard.partition.keyspace.set_replica(true));
            engine.server.role.turn(Some(address.clone()));
        }
        engine.server.settle_role();

        let http = options
            .http_port
            .map(|port| Http::start(&options.http_bind, port, engine.clone()))
            .transpose()?;
        let runtime = Self { core, threads: Mutex::default(), http: Mutex::new(http) };
        for (index, (uring, poll)) in polls.into_iter().enumerate() {
            let uring = uring.filter(|_| urings.is_on());
            let posts = (0..shards)
                .map(|to| {
                    let alarm = handles[index].alarm.clone();
                    (to != index).then(|| engine.shards.take(to).mailbox.open(index, alarm))
                })
                .collect();
            engine.shards.take(index).keeper = Some(handles[index].alarm.clone());
            let is_its = |door: &mut Door| door.node.unwrap_or_default() == index;
            let listeners = doors.listeners.extract_if(.., is_its).collect();
            let feeds = Arc::new(Feeds(primary.clone()));
            let reactor =
                Reactor::new(index, engine.clone(), feeds, (poll, uring, handles.clone()), posts, listeners)
                    .map_err(|error| Error::io("cannot register a listener", &error))?;
            runtime.spawn(index, reactor)?;
        }
        runtime.load(options, on_load)?;
        runtime.core.mirror.role_turned();
        match runtime.core.port {
            Some(port) => log_sink::info(format_args!("runtime started: {shards} shards, port {port}")),
            None => log_sink::info(format_args!("runtime started: {shards} shards")),
        }
        Ok(runtime)
    }

    /// Reads what was kept, and from then on keeps what the options say.
    fn load(&self, options: &Options, on_load: Option<OnLoad>) -> Result<()> {
        let disk = &self.core.disk;
        // What was read of a file that is refused must not be written over it.
        let refused = |_: &Error| disk.set_save_at_stop(Some(false));
        let restore = |loaded: &Loaded| {
            if !loaded.load.history.is_empty() {
                self.core.mirror.restore(&loaded.load.history);
            }
        };
        let loaded = if disk.is_kept() {
            disk.open_all(on_load, restore).inspect_err(refused)?
        } else {
            Loaded::default()
        };
        let report = OpenReport {
            shards: self.core.engine.shards.len(),
            keys_loaded: loaded.load.keys_loaded,
            keys_expired: loaded.load.keys_expired,
            bytes_read: loaded.load.bytes,
            commands_replayed: loaded.commands,
            bytes_cut: loaded.bytes_cut,
        };
        // Nothing else sets the report.
        let _ = self.core.report.set(report);
        disk.snapshots.follow(options);
        Ok(())
    }

    fn spawn(&self, index: usize, mut reactor: Reactor) -> Result<()> {
        let core = self.core.clone();
        let thread = std::thread::Builder::new()
            .name(format!("kevy-{index}"))
            .spawn(move || {
                let grace = || *core.grace.lock();
                if catch_unwind(AssertUnwindSafe(|| reactor.run(grace))).is_err() {
                    log_sink::error(format_args!(
                        "the core thread of shard {index} panicked: the runtime stops"
                    ));
                    core.engine.poison();
                    core.begin_stop();
                }
                *core.running.lock() -= 1;
                core.stopped.notify_all();
            })
            .map_err(|error| Error::io("cannot start a core thread", &error))?;
        self.threads.lock().push(thread);
        Ok(())
    }

    /// The port of the status page.
    pub fn http_port(&self) -> Option<u16> {
        self.http.lock().as_ref().map(|http| http.port)
    }

    /// What sessions hold.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Opens an in-process connection and returns the client's end.
    pub fn connect(&self) -> Result<OwnedFd> {
        self.core.check()?;
        let (ours, theirs) =
            Socket::pair().map_err(|error| Error::io("cannot open a socket pair", &error))?;
        let at = self.core.next_handle.fetch_add(1, Ordering::Relaxed) % self.core.handles.len();
        self.core.handles[at].admit(ours, None);
        Ok(theirs)
    }

    /// Waits until the runtime has stopped, by [`Runtime::stop`] elsewhere or by SHUTDOWN.
    pub fn wait(&self) {
        let mut running = self.core.running.lock();
        while *running > 0 {
            self.core.stopped.wait(&mut running);
        }
    }

    /// Stops: no new connections, replies under way are sent for at most `grace`, threads end. Idempotent.
    pub fn stop(&self, grace: Duration) -> Result<()> {
        if self.core.born != fork::generation() {
            return Err(self.core.why_not());
        }
        *self.core.grace.lock() = grace;
        self.core.begin_stop();
        self.core.mirror.stop();
        let deadline = Instant::now() + grace + Duration::from_secs(1);
        let mut running = self.core.running.lock();
        while *running > 0 {
            if self.core.stopped.wait_until(&mut running, deadline).timed_out() {
                return Err(Error::new(ErrorKind::Timeout, "core threads are still draining"));
            }
        }
        drop(running);
        self.core.primary.sequencer.stop();
        let mut threads = self.threads.lock();
        if !threads.is_empty() {
            log_sink::info(format_args!("runtime stopped"));
        }
        for thread in threads.drain(..) {
            // A panic of the thread has been reported as poison.
            let _ = thread.join();
        }
        drop(threads);
        drop(self.http.lock().take());
        if self.core.engine.is_poisoned() { Ok(()) } else { self.core.disk.close() }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if self.core.born == fork::generation() {
            // Whoever wants to know whether it drained in time calls `stop`.
            let _ = self.stop(GRACE);
        } else {
            // The threads live in the parent: joining them here would wait for ever.
            self.threads.lock().drain(..).for_each(std::mem::forget);
            self.core.mirror.forget();
            std::mem::forget(self.http.lock().take());
        }
    }
}

/// The engine of a runtime or of a bare keyspace: shards and what they share, without threads.
pub fn assemble(
    options: &Options,
    commands: Arc<dyn Commands>,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<Engine>, Arc<Primary>)> {
    let count = options.shard_count();
    let mut random = Random::from_system();
    let generation = random.generation();
    let mut options = options.clone();
    // From here on it is known which points hold.
    options.save = SavePoints::At(options.save.with(&options.dir));
    let options = &options;
    let server = Arc::new(Server::new(ServerConfig {
        options: options.clone(),
        commands,
        clock: clock.clone(),
        shards: count,
        run_id: String::from_utf8_lossy(&random.hex_id::<40>()).into_owned(),
    }));
    server
        .acl
        .configure(options, &*server.commands)
        .map_err(|text| Error::new(ErrorKind::InvalidOption, text))?;
    // Nothing else sets what runs the scripts of a server made here.
    let _ = server.scripts.set(Box::new(Interpreter::new(Arc::downgrade(&server))));
    let seed = Seed::new(random.next_u64());
    let shards = (0..count).map(|index| {
        let mut shard = Shard::new(index, options, seed.clone(), random.fork());
        shard.partition.join(&server);
        shard
    });
    let shards = shards.collect();
    let shards = Arc::new(Shards::new(shards));
    let primary = Arc::new(Primary::new(shards.clone(), generation, options, clock));
    Ok((Arc::new(Engine::new(server, shards)), primary))
}

/// The Redis command set.
pub fn redis_commands() -> Arc<dyn Commands> {
    Arc::new(CommandSet::redis())
}
