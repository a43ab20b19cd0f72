//! A planned change of primaries: drain, fence, promote.
//!
//! Clients' writes wait while a replica takes what is left; then nothing is written here any more, the replica is made a
//! primary, and this server its replica. Whatever fails before the promotion leaves everything as it was.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::base::log_sink;
use crate::dispatch::{FailoverOrder, Gates, Origin, PauseReach, Purpose, Reply, Session};
use crate::replication::primary::Candidate;
use crate::resp::{Protocol, encode_command};

use super::start::Core;

/// How often it is looked whether a replica has everything.
const LOOK: Duration = Duration::from_millis(10);
/// How long the replica gets for what was written just before the fence.
const FENCED: Duration = Duration::from_secs(2);
/// How long the replica gets to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// What INFO shows.
const NONE: &str = "no-failover";
const DRAINING: &str = "waiting-for-sync";
const PROMOTING: &str = "failover-in-progress";

/// The change under way, if there is one.
#[derive(Debug)]
pub struct Failover {
    state: Mutex<&'static str>,
    aborted: AtomicBool,
}

impl Default for Failover {
    fn default() -> Self {
        Self { state: Mutex::new(NONE), aborted: AtomicBool::new(false) }
    }
}

impl Failover {
    /// As `master_failover_state` of INFO.
    pub fn state(&self) -> &'static str {
        *self.state.lock()
    }

    /// Gives up a change that has not come to the promotion.
    ///
    /// # Errors
    /// The text of the error reply.
    pub fn abort(&self) -> Result<(), String> {
        if *self.state.lock() == NONE {
            return Err("ERR No failover in progress.".into());
        }
        self.aborted.store(true, Ordering::Release);
        Ok(())
    }

    /// Begins a change.
    ///
    /// # Errors
    /// The text of the error reply.
    pub fn begin(core: &Arc<Core>, order: FailoverOrder) -> Result<(), String> {
        if core.failover.state() != NONE {
            return Err("ERR FAILOVER already in progress.".into());
        }
        let candidates = core.primary.candidates();
        if core.engine.server.role.is_replica() {
            return Err("ERR FAILOVER is not valid when server is a replica.".into());
        }
        if candidates.is_empty() {
            return Err("ERR FAILOVER requires connected replicas.".into());
        }
        if order.force && (order.target.is_none() || order.timeout_ms == 0) {
            return Err(
                "ERR FAILOVER with force option requires both a timeout and target HOST and IP.".into()
            );
        }
        if let Some((host, port)) = &order.target {
            match candidates.iter().find(|one| one.is_at(host, *port)) {
                None => return Err("ERR FAILOVER target HOST and PORT is not a replica.".into()),
                Some(one) if !one.is_online => {
                    return Err("ERR FAILOVER target replica is not online.".into());
                }
                Some(_) => {}
            }
        }
        {
            let mut state = core.failover.state.lock();
            if *state != NONE {
                return Err("ERR FAILOVER already in progress.".into());
            }
            *state = DRAINING;
        }
        core.failover.aborted.store(false, Ordering::Release);
        core.engine.server.pause(Purpose::Failover, PauseReach::Writes, u64::MAX);
        let weak = Arc::downgrade(core);
        let work = move || run(&weak, &order);
        if let Err(error) = std::thread::Builder::new().name("kevy-failover".into()).spawn(work) {
            end(core);
            return Err(format!("ERR cannot start a thread: {error}"));
        }
        Ok(())
    }
}

/// Lets clients go on.
fn end(core: &Core) {
    core.engine.server.settle_role();
    *core.failover.state.lock() = NONE;
    core.engine.server.unpause(Purpose::Failover);
}

fn run(weak: &Weak<Core>, order: &FailoverOrder) {
    let started = Instant::now();
    let limit = (order.timeout_ms > 0).then(|| Duration::from_millis(order.timeout_ms));
    loop {
        // Not kept over a pause: a runtime that is stopped meanwhile must not wait for this thread.
        let Some(core) = weak.upgrade().filter(|core| !core.is_stopping()) else { return };
        if core.failover.aborted.load(Ordering::Acquire) {
            log_sink::warning(format_args!("the fail-over was given up"));
            return end(&core);
        }
        let is_late = limit.is_some_and(|limit| started.elapsed() >= limit);
        let chosen = core.primary.candidates().into_iter().find(|one| {
            let is_wanted = order.target.as_ref().is_none_or(|(host, port)| one.is_at(host, *port));
            is_wanted && one.port > 0 && (one.is_online && one.has_all || is_late && order.force)
        });
        if let Some(chosen) = chosen {
            match hand_over(&core, &chosen, order.force && is_late) {
                Ok(()) => return end(&core),
                Err(reason) => log_sink::warning(format_args!("the fail-over did not succeed: {reason}")),
            }
            core.engine.server.settle_role();
            *core.failover.state.lock() = DRAINING;
        }
        if is_late {
            log_sink::warning(format_args!("no replica was ready for the fail-over in time"));
            return end(&core);
        }
        core.primary.ask_replicas();
        drop(core);
        std::thread::sleep(LOOK);
    }
}

/// Fences this server, makes `chosen` a primary and follows it.
fn hand_over(core: &Arc<Core>, chosen: &Candidate, is_forced: bool) -> Result<(), String> {
    let server = &core.engine.server;
    server.gates.set(Gates::READ_ONLY, true);
    // Whoever was let in before the fence has ended with its token.
    drop(core.engine.shards.take_all());
    if !is_forced {
        await_last_write(core, chosen)?;
    }
    *core.failover.state.lock() = PROMOTING;
    let (user, password) = {
        let options = server.options.read();
        (options.masteruser.clone(), options.masterauth.0.clone())
    };
    promote(chosen, &user, &password)?;
    log_sink::warning(format_args!("{}:{} is the primary from now on", chosen.ip, chosen.port));
    let mut session = Session::new(server.clients.add_hidden(server.clock.now_ms()), true);
    session.is_exempt = true;
    let mut out = Reply::new(Protocol::Resp2);
    let args: [&[u8]; 3] = [b"REPLICAOF", chosen.ip.as_bytes(), &chosen.port.to_string().into_bytes()];
    core.engine.dispatch(&mut session, &args, &mut out, (server.clock.now_ms(), Origin::Client));
    Ok(())
}

/// Waits until `chosen` has acknowledged everything written before the fence, for `FENCED` at most.
fn await_last_write(core: &Core, chosen: &Candidate) -> Result<(), String> {
    let fenced = Instant::now();
    loop {
        let now = core.primary.candidates();
        match now.iter().find(|one| one.is_at(&chosen.ip, chosen.port)) {
            Some(same) if same.has_all => return Ok(()),
            Some(_) if fenced.elapsed() < FENCED => {
                core.primary.ask_replicas();
                std::thread::sleep(LOOK);
            }
            _ => return Err("the replica does not acknowledge what was written last".into()),
        }
    }
}

/// Tells a replica that it follows nobody any more.
fn promote(chosen: &Candidate, user: &str, password: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}:{}: {error}", chosen.ip, chosen.port);
    let mut addresses = (&*chosen.ip, chosen.port).to_socket_addrs().map_err(failed)?;
    let address = addresses.next().ok_or("its address is unknown")?;
    let mut stream = TcpStream::connect_timeout(&address, ANSWER).map_err(failed)?;
    stream.set_read_timeout(Some(ANSWER)).map_err(failed)?;
    stream.set_write_timeout(Some(ANSWER)).map_err(failed)?;
    let mut reader = BufReader::new(stream.try_clone().map_err(failed)?);
    let mut ask = |args: &[&[u8]]| -> Result<String, String> {
        let mut request = Vec::new();
        encode_command(&mut request, args);
        stream.write_all(&request).map_err(failed)?;
        let mut line = String::new();
        reader.read_line(&mut line).map_err(failed)?;
        Ok(line.trim_end().to_owned())
    };
    if !password.is_empty() {
        let reply = match user {
            "" => ask(&[b"AUTH", password.as_bytes()])?,
            user => ask(&[b"AUTH", user.as_bytes(), password.as_bytes()])?,
        };
        if reply != "+OK" {
            return Err(format!("it refuses masterauth: {reply}"));
        }
    }
    match ask(&[b"REPLICAOF", b"NO", b"ONE"])? {
        reply if reply.starts_with("+OK") => Ok(()),
        reply => Err(format!("it does not become a primary: {reply}")),
    }
}
