//! Running what a connection sent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::base::slot::{shard_of_slot, slot_of};
use crate::base::token::OwnedGuard;
use crate::dispatch::{Engine, Origin, Parcel, Plan, Reply, ReplyMode, Request, Session, Shard};
use crate::io::Alarm;
use crate::resp::Batch;
use crate::resp::{ArgVec, ProtocolError};

use super::connection::{Connection, Fate, Pending, ScriptCall, Waiting};
use super::reactor::{Peer, Upgrades};

/// Commands parsed at a time, and run before a waiting thread may have the token.
const COMMANDS_MAX: usize = 128;
/// Commands from which on looking ahead pays.
pub const LOOK_AHEAD_MIN: usize = 4;
/// Commands packed for one shard before the connections that want more wait for replies.
const PARCEL_CALLS_MAX: usize = 1024;
/// Replies waiting for a slow reader beyond which its further commands wait.
const OUTPUT_PAUSE_BYTES: usize = 1 << 20;

/// What a reactor works with while it runs commands.
pub struct Counter<'e> {
    pub engine: &'e Engine,
    /// The reactor's own shard.
    pub shard: usize,
    /// Its token, except while a command needs several.
    pub token: Option<OwnedGuard<'e, Shard>>,
    pub now: u64,
    /// What goes to each shard at the end of the turn.
    pub outgoing: &'e mut [Box<Parcel>],
    pub next_request: &'e mut u64,
    pub upgrades: &'e dyn Upgrades,
    pub alarm: &'e Arc<Alarm>,
    /// The thread runs a script, which holds every token.
    pub holds_none: bool,
}

impl Counter<'_> {
    /// Lets a thread that waits for the shard have it between two batches.
    pub fn yield_token(&mut self) {
        if let Some(token) = &mut self.token {
            token.stream.notify();
            token.yield_fairly();
        }
    }

    /// Gives the own shard's token back, for a command that takes tokens of its own.
    fn give_back(&mut self) {
        if let Some(mut token) = self.token.take() {
            token.stream.notify();
        }
    }

    /// Takes the own shard's token again; false where a script keeps it.
    pub fn take_again(&mut self) -> bool {
        if !self.holds_none {
            self.token = self.engine.take_unless_busy(self.shard);
        }
        self.token.is_some()
    }

    /// Serves the waiting clients that the own shard owes, for which it needs all tokens.
    pub fn settle(&mut self) {
        if self.token.as_ref().is_some_and(|token| token.owes()) {
            self.give_back();
            self.take_again();
        }
    }

    /// Brings what commands on the own shard will touch into the cache; `keys` are the first arguments of commands,
    /// most of which are keys.
    pub fn look_ahead<'k>(&self, db: usize, keys: impl Iterator<Item = &'k [u8]>) {
        let Some(token) = &self.token else { return };
        let shards = self.engine.shards.len();
        let keyspace = &token.partition.keyspace;
        if shards == 1 {
            keyspace.look_ahead(db, keys);
        } else {
            keyspace.look_ahead(db, keys.filter(|key| shard_of_slot(slot_of(key), shards) == self.shard));
        }
    }

    /// Runs every whole command of `bytes`, unless one must wait, and returns how many bytes are done with.
    pub fn serve(
        &mut self,
        connection: &mut Connection,
        key: usize,
        bytes: &[u8],
        batch: &mut Batch,
    ) -> usize {
        let mut at = 0;
        while connection.fate == Fate::Open && !connection.stalled && connection.upgrade.is_none() {
            connection.limits.authenticated =
                connection.session.authenticated || self.engine.server.acl.is_open();
            let rest = &bytes[at..];
            // Behind a script the others would be parsed again.
            let commands_max = if connection.scripted { 1 } else { COMMANDS_MAX };
            match connection.parser.parse(rest, &connection.limits, commands_max, batch) {
                Ok(progress) => {
                    if batch.len() >= LOOK_AHEAD_MIN {
                        let keys = (0..batch.len()).filter_map(|i| batch.arg(i, 1, rest));
                        self.look_ahead(connection.session.db, keys);
                    }
                    let used = self.run(connection, key, rest, batch);
                    if used < batch.len() {
                        connection.parser.rewind();
                        at += if used == 0 { 0 } else { batch.end(used - 1) };
                        break;
                    }
                    at += progress.consumed;
                    connection.want = progress.want;
                    self.yield_token();
                    if !progress.more {
                        break;
                    }
                }
                Err(error) => {
                    refuse(connection, error);
                    return bytes.len();
                }
            }
        }
        at
    }

    /// Runs the batch in order and returns how many of its commands are done with.
    fn run(&mut self, connection: &mut Connection, key: usize, bytes: &[u8], batch: &Batch) -> usize {
        let mut args = ArgVec::new();
        for i in 0..batch.len() {
            if connection.backed_up() > OUTPUT_PAUSE_BYTES {
                connection.stalled = true;
                return i;
            }
            batch.args(i, bytes, &mut args);
            if connection.session.follows.any {
                connection.take_messages();
            }
            if !self.run_command(connection, key, &args) {
                connection.stalled = true;
                return i;
            }
            if connection.session.follows.any {
                connection.take_messages();
            }
            connection.scripted = connection.script.is_some();
            if connection.waiting.is_some() || connection.script.is_some() {
                connection.stalled = true;
                return i + 1;
            }
            if connection.fate != Fate::Open || connection.upgrade.is_some() {
                return i + 1;
            }
        }
        batch.len()
    }

    /// Runs one command. False where it must wait for replies under way.
    #[inline]
    fn run_command(&mut self, connection: &mut Connection, key: usize, args: &[&[u8]]) -> bool {
        let Connection { session, out, late, pending, reply_bytes, script, .. } = connection;
        let waiting = !pending.is_empty();
        if waiting {
            late.protocol = out.protocol;
        }
        let reply = if waiting { late } else { out };
        let start = reply.buf.len();
        match self.engine.plan(session, args, reply) {
            Plan::Done => {}
            Plan::Paused => {
                connection.paused = true;
                session.client.is_paused.store(true, Ordering::Relaxed);
                return false;
            }
            Plan::Here(number) => {
                let stats = self.token.as_mut().map(|token| {
                    token.partition.counters.commands += 1;
                    &mut token.partition.commands
                });
                self.engine.run_here(session, number, args, reply, (self.now, stats));
            }
            // What a busy server still does needs no shard.
            _ if self.token.is_none() && !self.take_again() => return false,
            Plan::Any(_) if waiting => return false,
            Plan::Any(command) => self.run_own(session, command, args, reply),
            Plan::One { command, shard } if shard == self.shard => {
                self.run_own(session, command, args, reply)
            }
            // Another thread does not know what it takes to run it.
            Plan::One { .. } if waiting && self.needs_session(session) => return false,
            Plan::One { command, shard } if self.needs_session(session) => {
                self.token = None;
                let at = (self.now, Origin::Client);
                self.engine.run_elsewhere(session, command, shard, args, reply, at);
                self.take_again();
            }
            Plan::One { command, shard } => {
                let ahead = pending.len().saturating_mul(*reply_bytes);
                if ahead > OUTPUT_PAUSE_BYTES
                    || !self.send(session, pending, key, command, shard, args, reply.protocol)
                {
                    return false;
                }
            }
            Plan::Several { .. } if waiting => return false,
            Plan::Several { command, route } if self.engine.runs_script(session, command) => {
                let args = args.iter().map(|arg| arg.to_vec()).collect();
                *script = Some(Box::new(ScriptCall { command, route, args }));
                return true;
            }
            Plan::Several { command, route } => {
                self.give_back();
                let at = (self.now, Origin::Client);
                self.engine.run_several(session, command, &route, args, reply, at);
                self.take_again();
            }
        }
        if !session.request.as_ref().is_some_and(Request::is_wait) {
            self.engine.after(session, reply, start);
        }
        if waiting {
            connection.out.protocol = connection.late.protocol;
            connection.tuck();
        }
        if let Some(request) = connection.session.request.take() {
            self.grant(connection, request, args);
        }
        true
    }

    /// Whether a command must run under its own session: who it is for, or who ran it, is somebody's to know.
    fn needs_session(&self, session: &Session) -> bool {
        session.follows.tracking.is_some() || self.engine.server.monitors.is_on()
    }

    /// Runs a command on the own shard.
    #[inline]
    fn run_own(&mut self, session: &mut Session, command: usize, args: &[&[u8]], reply: &mut Reply) {
        self.settle();
        let at = (self.now, Origin::Client);
        match &mut self.token {
            Some(token) => self.engine.run_one(token, session, command, args, reply, at),
            None => self.engine.refuse_busy(session, args, reply),
        }
    }

    /// Packs a command for another shard. False where too much is under way to it.
    #[expect(clippy::too_many_arguments, reason = "the parts of one connection, borrowed apart")]
    fn send(
        &mut self,
        session: &Session,
        pending: &mut VecDeque<Pending>,
        key: usize,
        command: usize,
        shard: usize,
        args: &[&[u8]],
        protocol: crate::resp::Protocol,
    ) -> bool {
        let parcel = &mut self.outgoing[shard];
        if parcel.len() >= PARCEL_CALLS_MAX {
            return false;
        }
        *self.next_request += 1;
        let request = *self.next_request;
        parcel.push(key, request, command, (session.db, protocol, session.no_touch, session.client.id), args);
        let silent = !matches!(session.reply_mode, ReplyMode::On | ReplyMode::SkipNext);
        pending.push_back(Pending { request, reply: None, silent, behind: Vec::new() });
        true
    }

    /// Does what a handler asked of the connection's owner.
    #[cold]
    fn grant(&mut self, connection: &mut Connection, request: Request, args: &[&[u8]]) {
        match request {
            Request::Close => connection.fate = Fate::CloseWhenSent,
            Request::Replicate => {
                // The feed takes tokens of its own, in their order.
                self.give_back();
                let session = &connection.session;
                let peer = Peer {
                    client: &session.client,
                    alarm: self.alarm,
                    shard: connection.shard,
                    introduction: &session.introduction,
                };
                match self.upgrades.replicate(args, peer) {
                    Ok(upgrade) => connection.upgrade = Some(upgrade),
                    Err(text) => connection.out.error(&text),
                }
                self.take_again();
            }
            // Only sessions without a connection are asked for that.
            Request::Postpone => {}
            request => {
                let Connection { session, out, .. } = connection;
                let waiting = self.engine.waiting(session, &request, out);
                connection.waiting = waiting.map(|(answer, timeout_ms)| Waiting {
                    deadline: timeout_ms.map(|ms| self.now.saturating_add(ms)),
                    answer,
                });
            }
        }
    }
}

/// Runs a parcel's commands on the shard they were sent to, and says whether it is done. It ends early where the shard
/// owes something.
pub fn run_parcel(
    engine: &Engine,
    shard: &mut Shard,
    guest: &mut Session,
    parcel: &mut Parcel,
    now: u64,
) -> bool {
    if parcel.len() >= LOOK_AHEAD_MIN {
        let (db, keys) = parcel.next_keys(COMMANDS_MAX);
        shard.partition.keyspace.look_ahead(db, keys);
    }
    parcel.run(COMMANDS_MAX, |call, args, out| {
        if shard.owes() {
            return false;
        }
        guest.db = call.db;
        guest.no_touch = call.no_touch;
        guest.on_behalf_of = call.client;
        engine.run_one(shard, guest, call.command, args, out, (now, Origin::Client));
        true
    })
}

/// Ends a connection whose bytes are not the protocol, telling it why.
fn refuse(connection: &mut Connection, error: ProtocolError) {
    let reply = if connection.pending.is_empty() { &mut connection.out } else { &mut connection.late };
    reply.error_bytes(&error.reply());
    connection.tuck();
    connection.fate = Fate::CloseWhenSent;
}
