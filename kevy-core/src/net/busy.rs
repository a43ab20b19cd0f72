//! Running scripts, and what a reactor does while one takes long.
//!
//! A script runs between two connections' turns, when nothing of the reactor is borrowed. One that takes longer than
//! `busy-reply-threshold` calls back from time to time, and the reactor then reads and answers its connections as far as
//! that takes no shard: it says that it is busy, and it lets the script be ended. The other reactors do the same as soon as
//! they find that a script keeps their token from them.

use std::time::Duration;

use mio::Events;

use crate::dispatch::{Origin, Reply, while_breathing};
use crate::resp::Batch;

use super::connection::Fate;
use super::flush;
use super::intake::{READ_BYTES, list, mark_dirty, read, serve_connection};
use super::reactor::Reactor;
use super::serve::Counter;
use super::uring::{Piece, await_writable, end, settle_intake};

/// How long replies may be held back for those of scripts that are still to run.
const SCRIPTS_MS: u64 = 2;
/// Events looked at in one turn of a busy reactor.
const EVENTS_MAX: usize = 256;

impl Reactor {
    /// Serves connections, and runs the scripts that they sent. False where a script of another thread keeps every token.
    ///
    /// What was received behind a script is served before replies are sent, so that those of a pipeline go out together.
    pub(super) fn serve_with_scripts(&mut self, mut now: u64) -> bool {
        let until = now + SCRIPTS_MS;
        self.work_left = false;
        loop {
            if !self.serve(now) {
                return false;
            }
            if !self.run_scripts(now) {
                return true;
            }
            now = self.engine.server.clock.now_ms();
            if now >= until {
                return true;
            }
        }
    }

    /// Runs the scripts that connections sent; true where more stands behind one of them.
    fn run_scripts(&mut self, now: u64) -> bool {
        let mut goes_on = false;
        for key in std::mem::take(&mut self.scripts) {
            goes_on |= self.run_script(key, now);
        }
        goes_on
    }

    fn run_script(&mut self, key: usize, now: u64) -> bool {
        let Some(connection) = self.connections.get_mut(key) else { return false };
        let Some(call) = &mut connection.script else { return false };
        let (command, route) = (call.command, call.route.clone());
        let args = std::mem::take(&mut call.args);
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let client = connection.session.client.id;
        // From here on, the connection's own.
        let mut session = match self.stand_in.take() {
            Some(mut stand_in) => {
                connection.session.replace(&mut stand_in);
                stand_in
            }
            None => Box::new(connection.session.stand_in()),
        };
        std::mem::swap(&mut connection.session, &mut *session);
        let mut reply = Reply::new(connection.out.protocol);
        let engine = self.engine.clone();
        while_breathing(&mut || self.busy_turn(), || {
            let at = (now, Origin::Client);
            engine.run_several(&mut session, command, &route, &args, &mut reply, at);
        });
        match self.connections.get_mut(key) {
            Some(connection) if connection.session.client.id == client => {
                std::mem::swap(&mut connection.session, &mut *session);
                self.stand_in = Some(session);
                engine.after(&mut connection.session, &mut reply, 0);
                if connection.session.follows.any {
                    connection.take_messages();
                }
                connection.out.raw(&reply.buf);
                connection.script = None;
                let goes_on = connection.unstall();
                if goes_on {
                    list(&mut self.readable, connection, key);
                }
                mark_dirty(&mut self.dirty, connection, key);
                goes_on && !connection.input.is_empty()
            }
            _ => {
                engine.forget(&mut session);
                false
            }
        }
    }

    /// A turn while this thread runs a script, which holds every token.
    fn busy_turn(&mut self) {
        let now = self.engine.server.clock.now_ms();
        let mut events = Events::with_capacity(EVENTS_MAX);
        self.await_events(&mut events, Some(Duration::ZERO));
        self.kept_signals |= self.handle.alarm.take_signals();
        self.take_events(&mut events, now);
        self.arrivals(now);
        let engine = self.engine.clone();
        let alarm = self.handle.alarm.clone();
        let mut arena = vec![0; READ_BYTES];
        let mut batch = Batch::new();
        let mut later = Vec::new();
        let listed = std::mem::take(&mut self.readable).into_iter().map(|key| (key, Piece::Read(0, 0)));
        let arrived = std::mem::take(&mut self.arrived);
        for (key, piece) in listed.chain(arrived) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if matches!(piece, Piece::End) {
                end(connection);
            }
            if connection.stalled || connection.fate != Fate::Open || connection.upgrade.is_some() {
                connection.input.extend_from_slice(piece.bytes(&[], self.uring.as_ref()));
                if matches!(piece, Piece::Read(..)) || (connection.upgrade.is_some() && !connection.listed) {
                    connection.listed = true;
                    later.push(key);
                }
                mark_dirty(&mut self.dirty, connection, key);
                settle_intake(&mut self.uring, connection, key, piece);
                continue;
            }
            let got = match piece {
                Piece::Read(..) => {
                    connection.listed = false;
                    read(connection, &mut arena)
                }
                _ => 0,
            };
            let bytes = if got > 0 { &arena[..got] } else { piece.bytes(&[], self.uring.as_ref()) };
            let mut counter = Counter {
                engine: &engine,
                shard: self.index,
                token: None,
                now,
                outgoing: &mut self.outgoing,
                next_request: &mut self.next_request,
                upgrades: &*self.upgrades,
                alarm: &alarm,
                holds_none: true,
            };
            serve_connection(&mut counter, connection, key, bytes, &mut batch, now);
            if connection.input.len() > self.settings.query_buffer_max {
                connection.fate = Fate::Close;
            }
            if connection.readable && !connection.stalled && connection.fate == Fate::Open {
                connection.listed = true;
                later.push(key);
            }
            mark_dirty(&mut self.dirty, connection, key);
            settle_intake(&mut self.uring, connection, key, piece);
        }
        self.readable.extend(later);
        self.send_only();
    }

    /// Sends replies that are there, and leaves everything else of a connection's life for later.
    pub(super) fn send_only(&mut self) {
        let holds = self.engine.shards.horizon.is_strict() || !self.disk_wait.is_idle();
        if holds {
            self.disk_wait.hold(&self.engine, &mut self.connections, &self.dirty);
            self.disk_wait.release(&self.engine, &mut self.connections, &mut self.dirty);
        }
        for &key in &self.dirty {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if connection.upgrade.is_none() {
                if !holds {
                    connection.safe = connection.out.buf.len();
                }
                flush::flush(connection);
                await_writable(&mut self.uring, connection, key);
            }
        }
    }
}
