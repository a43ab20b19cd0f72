//! In-process sessions: every command by name, and the hottest ones without a reply in between.

use std::sync::atomic::Ordering;

use crate::base::{Error, ErrorKind, OwnedGuard, Result};
use crate::command::client::WakeOwner;
use crate::command::monitor::Source;
use crate::command::monitoring::Fault;
use crate::command::server::Gates;
use crate::command::session::Request;
use crate::command::string::{self};
use crate::command::{Fail, Origin, Partition, Session, tracking};
use crate::resp::writer::{Protocol, Writer};
use crate::route;
use crate::shard::Shard;
use crate::shard::run::{self, Caller};

use super::Engine;

/// An in-process session.
#[derive(Debug)]
pub struct State {
    pub session: Session,
    /// Takes error replies of the hot verbs, which are rare.
    spill: Writer,
}

/// Whether a key was there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direct {
    Found,
    Missing,
}

impl Engine {
    /// Opens a session that needs no password: whoever links the engine owns it.
    /// `wake` is for waits.
    pub fn open(&self, wake: WakeOwner) -> State {
        let now = self.server.clock.now_ms();
        let client = self.server.clients.add(String::new(), String::new(), -1, now, wake);
        client.protocol.store(3, Ordering::Relaxed);
        State { session: Session::new(client, true), spill: Writer::new(Protocol::Resp3) }
    }

    /// Ends a session.
    pub fn close(&self, state: &mut State) {
        self.forget(&mut state.session);
        self.server.clients.remove(&state.session.client);
    }

    /// Runs one command; `out` gets exactly one reply, a null where the session wants none.
    #[inline]
    pub fn run(&self, state: &mut State, args: &[&[u8]], out: &mut Writer, origin: Origin) {
        let start = out.buf.len();
        let now = self.server.clock.now_ms();
        // What a primary's effects touch has not expired there, so nothing is due here while they are applied.
        let due_at = if origin == Origin::Replica { 0 } else { now };
        self.dispatch(&mut state.session, args, out, (due_at, origin));
        state.session.client.last_active_ms.store(now, Ordering::Relaxed);
        state.session.publish(0, 0, out.protocol);
        if out.buf.len() == start && state.session.request.is_none() {
            out.null();
        }
    }

    /// A handler asked for something that takes a connection, and an in-process session has none. `start` is
    /// where its reply begins.
    #[cold]
    pub fn decline(&self, state: &State, request: Request, out: &mut Writer, start: usize) {
        let closes = request == Request::Close;
        if let Some((answer, _)) = self.waiting(&state.session, &request, out) {
            self.end_wait(&answer);
        }
        if !closes {
            let name = self.server.commands.name(state.session.last_command);
            out.buf.truncate(start);
            out.error(&format!("ERR '{name}' needs a connection; this session is in-process"));
        } else if out.buf.len() == start {
            // SHUTDOWN answers a connection by its end.
            out.ok();
        }
    }

    /// Fails where the hot verbs cannot stand for a command: inside MULTI, or where the user may not run it.
    #[inline]
    fn check_direct(&self, session: &mut Session, args: &[&[u8]]) -> Result<()> {
        if session.transaction.is_none() && session.is_trusted() {
            return Ok(());
        }
        self.why_not_direct(session, args)
    }

    #[cold]
    fn why_not_direct(&self, session: &mut Session, args: &[&[u8]]) -> Result<()> {
        if session.transaction.is_some() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "inside MULTI commands are queued: use dispatch",
            ));
        }
        let Some(number) = self.server.commands.find(args) else { return Ok(()) };
        self.check_access(session, number, &self.command(number).spec, args).map_err(|fail| {
            self.server.count_fault(number, Fault::Rejected, fail.bytes());
            Error::new(ErrorKind::of_reply(&fail.text()), fail.text())
        })
    }

    #[inline]
    fn wait_while_paused(&self, is_write: bool) {
        if self.server.gates.is_closed(Gates::PAUSED_WRITES) {
            self.server.wait_for_pauses(is_write);
        }
    }

    /// Whether GET may run now.
    #[inline]
    fn admit_get(&self, session: &mut Session, key: &[u8]) -> Result<()> {
        self.check_direct(session, &[b"GET", key])?;
        if self.server.gates.any() {
            let refused = |fail: Fail| Error::new(ErrorKind::of_reply(&fail.text()), fail.text());
            self.refuse_gates(session, string::PLAIN_GET).map_err(refused)?;
        }
        Ok(())
    }

    #[inline]
    fn take_or_fail(&self, shard: usize) -> Result<OwnedGuard<'_, Shard>> {
        self.take_unless_busy(shard).ok_or_else(|| self.busy())
    }

    #[cold]
    fn busy(&self) -> Error {
        let text =
            self.server.scripts.get().map(|scripts| scripts.busy().text().into_owned()).unwrap_or_default();
        Error::new(ErrorKind::of_reply(&text), text)
    }

    /// GET: appends the value to `into`.
    ///
    /// # Errors
    /// Another type, or MULTI.
    #[inline]
    pub fn get(&self, state: &mut State, key: &[u8], into: &mut Vec<u8>) -> Result<Direct> {
        self.admit_get(&mut state.session, key)?;
        self.wait_while_paused(false);
        let shard = self.take_or_fail(route::shard_of(key, self.shards.len()))?;
        self.get_from(shard, state, key, into)
    }

    /// As [`Engine::get`]; `None`, and nothing done, where another thread holds the shard's token.
    ///
    /// # Errors
    /// As [`Engine::get`].
    #[inline]
    pub fn try_get(&self, state: &mut State, key: &[u8], into: &mut Vec<u8>) -> Result<Option<Direct>> {
        self.admit_get(&mut state.session, key)?;
        match self.shards.try_take(route::shard_of(key, self.shards.len())) {
            Some(shard) if !shard.owes() && !self.server.gates.is_closed(Gates::PAUSED_WRITES) => {
                self.get_from(shard, state, key, into).map(Some)
            }
            _ => Ok(None),
        }
    }

    #[inline]
    fn get_from(
        &self,
        mut shard: OwnedGuard<'_, Shard>,
        state: &State,
        key: &[u8],
        into: &mut Vec<u8>,
    ) -> Result<Direct> {
        // Where nothing expires the time only says which keys were used lately.
        let clock = &self.server.clock;
        let expires = shard.partition.keyspace.expires_len(state.session.db) > 0;
        let now = if expires { clock.now_ms() } else { clock.rough_ms() };
        let Partition { counters, commands, .. } = &mut shard.partition;
        counters.commands += 1;
        let monitoring = &self.server.monitoring;
        let started = self.get.and_then(|get| commands.begin(get, monitoring.times_all()));
        let found = string::read(&mut shard.partition, &state.session, key, now, into);
        if let (Some(started), Some(get)) = (started, self.get) {
            let nanos = started.elapsed().as_nanos() as u64;
            shard.partition.commands.end(get, nanos, monitoring.tracks());
            if monitoring.is_noteworthy(nanos) {
                self.server.note_slow(&state.session, get, &[b"GET", key], nanos);
            }
        }
        if state.session.follows.any {
            tracking::remember_key(&mut shard.partition, &state.session, key);
        }
        if self.server.monitors.is_on() {
            let Session { client, db, .. } = &state.session;
            self.server.show_all(*db, Source::Session(client), &[b"GET", key]);
        }
        shard.settle();
        if shard.owes() {
            drop(shard);
            self.serve_blocked();
        }
        match found {
            Ok(true) => Ok(Direct::Found),
            Ok(false) => Ok(Direct::Missing),
            Err(fail) => Err(Error::new(ErrorKind::of_reply(&fail.text()), fail.text())),
        }
    }

    /// SET without options.
    ///
    /// # Errors
    /// No memory, or MULTI.
    #[inline]
    pub fn set(&self, state: &mut State, key: &[u8], value: &[u8]) -> Result<()> {
        self.check_direct(&mut state.session, &[b"SET", key, value])?;
        self.wait_while_paused(true);
        self.set_in(self.take_or_fail(route::shard_of(key, self.shards.len()))?, state, key, value)
    }

    /// As [`Engine::set`]; false, and nothing done, where another thread holds the shard's token.
    ///
    /// # Errors
    /// As [`Engine::set`].
    #[inline]
    pub fn try_set(&self, state: &mut State, key: &[u8], value: &[u8]) -> Result<bool> {
        self.check_direct(&mut state.session, &[b"SET", key, value])?;
        match self.shards.try_take(route::shard_of(key, self.shards.len())) {
            Some(shard) if !shard.owes() && !self.server.gates.is_closed(Gates::PAUSED_WRITES) => {
                self.set_in(shard, state, key, value).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    #[inline]
    fn set_in(
        &self,
        mut shard: OwnedGuard<'_, Shard>,
        state: &mut State,
        key: &[u8],
        value: &[u8],
    ) -> Result<()> {
        // What it sets does not expire, and what it replaces is gone in any case.
        let now = self.server.clock.rough_ms();
        let State { session, spill } = state;
        spill.buf.clear();
        let number = self.set.unwrap_or_default();
        let mut caller =
            Caller { server: &self.server, session, out: spill, now, origin: Origin::Client, number };
        run::run_alone(&mut shard, &mut caller, &string::PLAIN_SET, &[b"SET", key, value]);
        self.leave(shard);
        match spill.buf.first() {
            Some(b'-') => Err(refused(&spill.buf)),
            _ => Ok(()),
        }
    }
}

#[cold]
fn refused(reply: &[u8]) -> Error {
    let text = String::from_utf8_lossy(&reply[1..]).trim_end().to_owned();
    Error::new(ErrorKind::of_reply(&text), text)
}
