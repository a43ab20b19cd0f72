//! The loop of one core thread.
//!
//! A turn: wait; read the sockets that have something; take the shard's token and run what was read, what
//! other reactors sent, and housekeeping; give the token back; send parcels and replies. The token is never
//! held over a system call.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};
use slab::Slab;

use crate::base::signal::{self, Ring};
use crate::dispatch::{Client, ClientKind, Engine, Introduction, Parcel, Post, Session};
use crate::io::uring::Operation;
use crate::io::{Alarm, Socket, Upgrade, Uring};
use crate::resp::Batch;
use crate::resp::glance;

use super::Handle;
use super::admission::Door;
use super::care::CRON_INTERVAL_MS;
use super::connection::{Connection, Fate};
use super::disk_wait::DiskWait;
use super::flush;
use super::intake::{READ_BYTES, list, mark_dirty, read, serve_connection};
use super::mail::read_mail;
use super::serve::{Counter, LOOK_AHEAD_MIN};
use super::settings::Settings;
use super::uring::{BATCH_MIN, Piece, await_writable, end, launch, settle_intake};

/// What turns a connection into something that net does not know.
pub trait Upgrades: Send + Sync + Debug {
    /// Makes a replica's feed of a connection that sent a replication handshake.
    ///
    /// # Errors
    /// The text of the error reply.
    fn replicate(&self, args: &[&[u8]], peer: Peer<'_>) -> Result<Box<dyn Upgrade>, String>;

    /// Looks after what feeds leave behind. True where it shall be called again in a second.
    fn housekeep(&self) -> bool;
}

/// The connection that becomes a feed.
#[derive(Clone, Copy, Debug)]
pub struct Peer<'a> {
    pub client: &'a Arc<Client>,
    /// The alarm of the reactor that owns it.
    pub alarm: &'a Arc<Alarm>,
    /// The shard whose own port it came in at.
    pub shard: Option<usize>,
    /// What it has said of itself.
    pub introduction: &'a Introduction,
}

/// Bytes that one turn reads from all its connections together.
const ARENA_BYTES: usize = 1 << 20;
const ALARM: Token = Token(usize::MAX);
/// Tokens from here down are listeners.
pub(super) const LISTENERS_END: usize = usize::MAX - 1;
const LISTENERS_MAX: usize = 1024;
/// Connections whose handshake goes on in one turn.
const HANDSHAKES_MAX: usize = 8;

/// Parcels as they travel over the rings, where a pointer is moved and not its contents.
type Parcels = Vec<Box<Parcel>>;

/// One core thread's loop.
#[derive(Debug)]
pub struct Reactor {
    pub(super) index: usize,
    pub(super) engine: Arc<Engine>,
    pub(super) upgrades: Arc<dyn Upgrades>,
    /// What moves the bytes of plain connections, where it is not the poll. It watches the poll, so it goes first.
    pub(super) uring: Option<Uring>,
    pub(super) poll: Poll,
    pub(super) handle: Arc<Handle>,
    /// All reactors, this one too.
    pub(super) peers: Arc<[Arc<Handle>]>,
    pub(super) next_peer: usize,
    pub(super) listeners: Vec<Door>,
    /// How the ring accepts at each of them.
    pub(super) accepting: Vec<Option<Operation>>,
    /// What it has accepted, with the listener's place.
    pub(super) accepted: Vec<(usize, Socket)>,
    pub(super) connections: Slab<Box<Connection>>,
    pub(super) readable: Vec<usize>,
    /// What the ring has received, and for whom.
    pub(super) arrived: Vec<(usize, Piece)>,
    /// What it has sent since that was counted last: bytes, and how often.
    pub(super) flown: (usize, u64),
    /// It has told of something that the poll knows of.
    pub(super) is_poll_ready: bool,
    pub(super) dirty: Vec<usize>,
    pub(super) disk_wait: DiskWait,
    pub(super) upgraded: Vec<usize>,
    /// Connections that messages have come for.
    pub(super) pushed: Vec<usize>,
    /// Connections with a script to run.
    pub(super) scripts: Vec<usize>,
    /// What stands in for the session of one whose script runs.
    pub(super) stand_in: Option<Box<Session>>,
    /// Signals that came while a script ran.
    pub(super) kept_signals: u32,
    /// Connections with a command whose answer nobody tells.
    pub(super) polled: Vec<usize>,
    /// Connections that a pause holds back.
    pub(super) paused: Vec<usize>,
    /// When the pauses end by what was known when the last of them was listed (Unix milliseconds).
    pub(super) paused_until: u64,
    /// When the waits of connections are over at the latest (Unix milliseconds).
    pub(super) timeouts: BTreeSet<(u64, usize)>,
    pub(super) posts: Vec<Option<Post>>,
    pub(super) outgoing: Parcels,
    pub(super) spare: Parcels,
    /// A parcel that was too large for one turn, and who sent it.
    pub(super) unfinished: Option<(usize, Box<Parcel>)>,
    pub(super) next_sender: usize,
    pub(super) next_request: u64,
    pub(super) guest: Session,
    pub(super) arena: Box<[u8]>,
    pub(super) batch: Batch,
    pub(super) settings: Settings,
    pub(super) next_cron: u64,
    /// When connections that could not be accepted are tried again.
    pub(super) accept_again: Option<u64>,
    /// When the handshakes of TLS connections must be over (Unix milliseconds), with their keys and clients, in this order.
    pub(super) handshakes: VecDeque<(u64, usize, u64)>,
    pub(super) next_deadline: Option<u64>,
    pub(super) work_left: bool,
    /// A feed has ended here, and what it left must be looked after.
    pub(super) feeds_ended: bool,
    pub(super) stop_at: Option<Instant>,
}

impl Reactor {
    /// A reactor for shard `index`. `posts[i]` leads to shard i, `None` for its own.
    pub fn new(
        index: usize,
        engine: Arc<Engine>,
        upgrades: Arc<dyn Upgrades>,
        (poll, uring, peers): (Poll, Option<Uring>, Arc<[Arc<Handle>]>),
        posts: Vec<Option<Post>>,
        listeners: Vec<Door>,
    ) -> io::Result<Self> {
        let settings = Settings::read(&engine.server);
        let now = engine.server.clock.now_ms();
        let guest = engine.server.clients.add_hidden(now);
        let reactor = Self {
            index,
            handle: peers[index].clone(),
            peers: peers.clone(),
            next_peer: 0,
            listeners,
            accepting: Vec::new(),
            accepted: Vec::new(),
            connections: Slab::new(),
            readable: Vec::new(),
            arrived: Vec::new(),
            flown: (0, 0),
            is_poll_ready: false,
            dirty: Vec::new(),
            disk_wait: DiskWait::new(engine.shards.horizon.subscribe({
                let alarm = peers[index].alarm.clone();
                Arc::new(move || alarm.ring(signal::DISK))
            })),
            upgraded: Vec::new(),
            pushed: Vec::new(),
            scripts: Vec::new(),
            stand_in: None,
            kept_signals: 0,
            polled: Vec::new(),
            paused: Vec::new(),
            paused_until: 0,
            timeouts: BTreeSet::new(),
            outgoing: (0..posts.len()).map(|_| Box::default()).collect(),
            posts,
            spare: Vec::new(),
            unfinished: None,
            next_sender: 0,
            next_request: 0,
            guest: Session::new(guest, true),
            arena: vec![0; ARENA_BYTES].into_boxed_slice(),
            batch: Batch::new(),
            settings,
            next_cron: now + CRON_INTERVAL_MS,
            accept_again: None,
            handshakes: VecDeque::new(),
            next_deadline: None,
            work_left: false,
            feeds_ended: false,
            stop_at: None,
            engine,
            upgrades,
            uring,
            poll,
        };
        if reactor.uring.is_none() {
            reactor.register_doors()?;
        }
        Ok(reactor)
    }

    /// Runs until the runtime stops. `grace` is how long connections get to take their last replies.
    pub fn run(&mut self, grace: impl Fn() -> Duration) {
        let mut events = Events::with_capacity(1024);
        self.begin();
        while !self.has_stopped() {
            self.wait(&mut events);
            let now = self.engine.server.clock.now_ms();
            let signals = self.handle.alarm.take_signals() | std::mem::take(&mut self.kept_signals);
            if signals & signal::STOP != 0 && self.stop_at.is_none() {
                self.stop_at = Some(Instant::now() + grace());
                self.close_doors();
            }
            if signals & signal::OPTIONS != 0 {
                self.settings = Settings::read(&self.engine.server);
                self.next_cron = now;
                match self.engine.take_unless_busy(self.index) {
                    Some(mut shard) => shard.follow(&self.engine.server.options.read()),
                    None => self.kept_signals |= signal::OPTIONS,
                }
            }
            self.take_events(&mut events, now);
            if self.accept_again.is_some_and(|at| now >= at) {
                self.accept_again = None;
                self.try_doors(now);
            }
            self.collect_replies();
            self.arrivals(now);
            if !self.handshakes.is_empty() {
                self.end_handshakes(now);
            }
            if !self.paused.is_empty() {
                self.resume_paused(now, signals & signal::RESUME != 0);
            }
            if signals & signal::KILL != 0 {
                self.kill_marked();
            }
            if !self.serve_with_scripts(now) {
                self.send_only();
                continue;
            }
            self.deliver(now);
            self.answer_waiting(now);
            self.collect_messages();
            self.send(now);
            if now >= self.next_cron {
                self.cron(now);
            }
            if self.stop_at.is_some() {
                self.close_idle();
            }
        }
        let all: Vec<usize> = self.connections.iter().map(|(key, _)| key).collect();
        all.into_iter().for_each(|key| self.close(key));
        // What it holds is closed when the runtime says that it has stopped.
        drop(self.uring.take());
    }

    fn has_stopped(&self) -> bool {
        self.stop_at.is_some_and(|at| self.connections.is_empty() || Instant::now() >= at)
    }

    /// Waits for sockets, signals or a deadline.
    fn wait(&mut self, events: &mut Events) {
        let busy = self.work_left
            || !self.readable.is_empty()
            || self.unfinished.is_some()
            || self.disk_wait.has_ready(&self.engine)
            || self.posts.iter().flatten().any(Post::has_reply);
        let now = self.engine.server.clock.now_ms();
        let mut timeout = self.next_deadline.map(|at| Duration::from_millis(at.saturating_sub(now).max(1)));
        if self.stop_at.is_some() {
            let soon = Duration::from_millis(10);
            timeout = Some(timeout.map_or(soon, |timeout| timeout.min(soon)));
        }
        if busy || !self.handle.alarm.park() {
            timeout = Some(Duration::ZERO);
        }
        self.await_events(events, timeout);
        self.handle.alarm.unpark();
    }

    pub(super) fn note(&mut self, event: &mio::event::Event, now: u64) {
        let token = event.token();
        if token == ALARM {
            return;
        }
        if token.0 >= LISTENERS_END - LISTENERS_MAX {
            self.accept(LISTENERS_END - 1 - token.0, now);
            return;
        }
        let Some(connection) = self.connections.get_mut(token.0) else { return };
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            connection.readable = true;
            connection.ending |= event.is_read_closed() || event.is_error();
            if connection.ending && (connection.waiting.is_some() || connection.paused) {
                // Nobody is there for the answer, and a connection that waits is not read.
                connection.fate = Fate::Close;
            }
            if !connection.listed {
                connection.listed = true;
                self.readable.push(token.0);
            }
        }
        if event.is_writable() {
            connection.writable = true;
            let is_due =
                connection.unsent() > 0 || connection.upgrade.is_some() || connection.socket.has_pending();
            if !connection.dirty && is_due {
                connection.dirty = true;
                self.dirty.push(token.0);
            }
        }
    }

    /// Reads the readable connections, as many as the arena has room for, and adds what the ring has received.
    fn gather(&mut self) -> Vec<(usize, Piece)> {
        let mut arena_used = 0;
        let mut received = Vec::with_capacity(self.readable.len());
        let mut later = Vec::new();
        let mut handshakes = 0;
        for key in std::mem::take(&mut self.readable) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if arena_used + READ_BYTES > self.arena.len() {
                later.push(key);
                continue;
            }
            if connection.socket.is_handshaking() {
                // Keys cost a millisecond, and others wait meanwhile.
                if handshakes == HANDSHAKES_MAX {
                    later.push(key);
                    continue;
                }
                handshakes += 1;
            }
            connection.listed = false;
            let got = read(connection, &mut self.arena[arena_used..]);
            if connection.readable && !connection.stalled && connection.fate == Fate::Open {
                connection.listed = true;
                later.push(key);
            }
            received.push((key, Piece::Read(arena_used, got)));
            arena_used += got;
        }
        self.readable = later;
        received.append(&mut self.arrived);
        received
    }

    /// Reads the readable connections and runs what they sent, then what other reactors sent. False where a script keeps
    /// every token, so that nothing was run but what a busy server does.
    pub(super) fn serve(&mut self, now: u64) -> bool {
        let limits_clients = self.limits_clients();
        let received = self.gather();
        let engine = self.engine.clone();
        let alarm = self.handle.alarm.clone();
        let mut counter = Counter {
            engine: &engine,
            shard: self.index,
            token: engine.take_unless_busy(self.index),
            now,
            outgoing: &mut self.outgoing,
            next_request: &mut self.next_request,
            upgrades: &*self.upgrades,
            alarm: &alarm,
            holds_none: false,
        };
        let mut input_bytes = 0;
        if received.len() >= LOOK_AHEAD_MIN {
            let firsts = received
                .iter()
                .filter_map(|(_, piece)| glance(piece.bytes(&self.arena, self.uring.as_ref())));
            counter.look_ahead(0, firsts);
        }
        let phase = engine.shards.horizon.phase();
        let reads = received.len() as u64;
        for (key, piece) in received {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            let bytes = piece.bytes(&self.arena, self.uring.as_ref());
            input_bytes += bytes.len() as u64;
            if matches!(piece, Piece::End) {
                end(connection);
            }
            let waited = connection.waiting.is_some();
            // Replies that are held for one goal go by when the first of their commands ran.
            if !waited && connection.pending.is_empty() && connection.out.buf.len() <= connection.accounted()
            {
                connection.phase = phase;
            }
            serve_connection(&mut counter, connection, key, bytes, &mut self.batch, now);
            if connection.input.len() > self.settings.query_buffer_max {
                engine.server.stats.query_buffer_disconnections.fetch_add(1, Ordering::Relaxed);
                connection.fate = Fate::Close;
            }
            if connection.upgrade.is_some() && !self.upgraded.contains(&key) {
                self.engine.unfollow(&mut connection.session);
                connection.session.client.set_kind(ClientKind::Replica);
                self.upgraded.push(key);
            }
            if let Some(waiting) = &connection.waiting
                && !waited
            {
                self.timeouts.extend(waiting.deadline.map(|deadline| (deadline, key)));
                if waiting.answer.is_polled() {
                    self.polled.push(key);
                }
            }
            if connection.script.is_some() && !self.scripts.contains(&key) {
                self.scripts.push(key);
            }
            if connection.paused && !self.paused.contains(&key) {
                self.paused.push(key);
                self.paused_until = engine.server.paused_until();
            }
            mark_dirty(&mut self.dirty, connection, key);
            settle_intake(&mut self.uring, connection, key, piece);
        }
        counter.settle();
        if counter.token.is_none() && !counter.take_again() {
            self.work_left = true;
            return false;
        }
        let Some(mut token) = counter.token.take() else { return false };
        self.work_left |=
            read_mail(&engine, &mut token, self.next_sender, &mut self.guest, &mut self.unfinished, now);
        self.next_sender = self.next_sender.wrapping_add(1);
        if self.next_deadline.is_some_and(|at| now >= at) || token.wants_reactor() {
            self.work_left |= token.housekeep(&engine.server, now);
        }
        if token.owes() {
            token.stream.notify();
            drop(token);
            let Some(again) = engine.take_unless_busy(self.index) else {
                self.work_left = true;
                return false;
            };
            token = again;
        }
        let cron = (self.feeds_ended
            || self.settings.idle_timeout_ms > 0
            || limits_clients
            || self.settings.outputs.iter().any(|o| o.soft_bytes > 0))
        .then_some(self.next_cron.max(now + 1));
        let timeout = self.timeouts.first().map(|&(at, _)| at);
        let upgrades =
            self.upgraded.iter().filter_map(|&key| self.connections[key].upgrade.as_ref()?.deadline());
        self.next_deadline = upgrades
            .chain(timeout)
            .chain(cron)
            .chain(self.accept_again)
            .chain(self.handshakes.front().map(|&(at, ..)| at))
            .chain((!self.paused.is_empty()).then_some(self.paused_until))
            .chain(token.next_deadline(&engine.server, now))
            .min();
        token.armed_until = self.next_deadline.unwrap_or(u64::MAX);
        token.publish_memory(&engine.server);
        token.stream.notify();
        token.release_fairly();
        let server = &engine.server;
        if input_bytes > 0 {
            server.stats.net_input_bytes.fetch_add(input_bytes, Ordering::Relaxed);
            server.stats.reads.fetch_add(reads, Ordering::Relaxed);
        }
        if server.monitoring.rates.is_due(now) {
            server.monitoring.rates.note(now, server.totals());
        }
        true
    }

    /// Sends replies and the bytes of upgraded connections.
    fn send(&mut self, now: u64) {
        for key in self.upgraded.clone() {
            let connection = &mut self.connections[key];
            mark_dirty(&mut self.dirty, connection, key);
        }
        let (mut total, mut writes) = std::mem::take(&mut self.flown);
        let holds = self.engine.shards.horizon.is_strict() || !self.disk_wait.is_idle();
        if holds {
            self.disk_wait.hold(&self.engine, &mut self.connections, &self.dirty);
            self.disk_wait.release(&self.engine, &mut self.connections, &mut self.dirty);
        }
        let dirty = std::mem::take(&mut self.dirty);
        let is_batch = dirty.len() >= BATCH_MIN;
        for key in dirty {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.dirty = false;
            let more = flush::fill(connection, now);
            let holds = holds && connection.upgrade.is_none();
            if !holds {
                connection.safe = connection.out.buf.len();
            }
            if is_batch {
                launch(&mut self.uring, connection, key);
            }
            let mut sent = flush::flush(connection);
            while !holds && connection.writable && connection.take_messages() {
                connection.safe = connection.out.buf.len();
                sent += flush::flush(connection);
            }
            if holds && sent > 0 && connection.session.client.outbox.is_filled() {
                // There is room for more messages, which take their turn.
                connection.dirty = true;
                self.dirty.push(key);
                self.work_left = true;
            }
            total += sent;
            connection.session.client.output_buffer.store(connection.kept(), Ordering::Relaxed);
            writes += u64::from(sent > 0);
            self.work_left |= more && connection.writable && connection.flight.is_none();
            let limit = self.settings.output_limit(connection.session.client.kind());
            await_writable(&mut self.uring, connection, key);
            if flush::enforce(connection, limit, now) {
                self.engine.server.stats.output_buffer_disconnections.fetch_add(1, Ordering::Relaxed);
            }
            if connection.pending.is_empty() && connection.unsent() == 0 && connection.unstall() {
                list(&mut self.readable, connection, key);
            }
            let done = connection.fate == Fate::CloseWhenSent
                && connection.unsent() == 0
                && !connection.socket.has_pending()
                && connection.pending.is_empty();
            if done || connection.fate == Fate::Close {
                self.close(key);
            }
        }
        if total > 0 {
            self.engine.server.stats.net_output_bytes.fetch_add(total as u64, Ordering::Relaxed);
            self.engine.server.stats.writes.fetch_add(writes, Ordering::Relaxed);
        }
    }
}
