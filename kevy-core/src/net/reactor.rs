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

use crate::base::log_sink;
use crate::base::signal::{self, Ring};
use crate::dispatch::{Client, ClientKind, Engine, Introduction, Parcel, Post, Server, Session, Shard, Wake};
use crate::io::{Acceptor, Alarm, Listener, Moved, Socket, Upgrade};
use crate::resp::Batch;
use crate::resp::{Limits, glance};

use super::Handle;
use super::connection::{Connection, Fate, Waiting};
use super::disk_wait::DiskWait;
use super::flush::{self, OutputLimit};
use super::serve::{Counter, LOOK_AHEAD_MIN, run_parcel};

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
/// Bytes read from one connection at a time.
pub(super) const READ_BYTES: usize = 32 * 1024;
/// The most that a connection's own buffer grows ahead of the bytes received.
const READ_AHEAD_BYTES_MAX: usize = 1 << 20;
const ALARM: Token = Token(usize::MAX);
/// Tokens from here down are listeners.
const LISTENERS_END: usize = usize::MAX - 1;
const LISTENERS_MAX: usize = 1024;
/// How often connections are looked at for `timeout` and soft output limits.
const CRON_INTERVAL_MS: u64 = 1_000;
/// How often the memory of all clients is compared with `maxmemory-clients`.
const CLIENTS_INTERVAL_MS: u64 = 100;
/// How long the handshake of a TLS connection may take.
const HANDSHAKE_MS_MAX: u64 = 10_000;
/// Connections whose handshake goes on in one turn.
const HANDSHAKES_MAX: usize = 8;
/// How long to wait for descriptors or memory before connections are accepted again.
const ACCEPT_INTERVAL_MS: u64 = 100;

/// What a client of another machine is told where anybody could come in. The text is that of Redis, which monitoring knows.
const PROTECTED: &[u8] = b"-DENIED Redis is running in protected mode because protected mode is enabled and no password is \
set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect \
from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the \
command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is \
running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this \
change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and \
setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for \
testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. \
NOTE: You only need to do one of the above things in order for the server to start accepting connections from the \
outside.\r\n";

/// The settings that connections follow, read again when an option changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    bulk_len_max: usize,
    pub(super) query_buffer_max: usize,
    idle_timeout_ms: u64,
    keepalive: Duration,
    clients_max: usize,
    clients_bytes_max: u64,
    is_protected: bool,
    outputs: [OutputLimit; 3],
}

impl Settings {
    pub(super) fn read(server: &Server) -> Self {
        let options = server.options.read();
        let outputs = &options.client_output_buffer_limit;
        let outputs = [&outputs.normal, &outputs.replica, &outputs.pubsub].map(|class| OutputLimit {
            hard_bytes: class.hard_bytes as usize,
            soft_bytes: class.soft_bytes as usize,
            soft_ms: class.soft_seconds * 1_000,
        });
        Self {
            bulk_len_max: options.proto_max_bulk_len as usize,
            query_buffer_max: options.client_query_buffer_limit as usize,
            idle_timeout_ms: u64::from(options.timeout) * 1_000,
            keepalive: Duration::from_secs(u64::from(options.tcp_keepalive)),
            clients_max: options.maxclients as usize,
            clients_bytes_max: options.maxmemory_clients.bytes(options.maxmemory),
            is_protected: options.protected_mode,
            outputs,
        }
    }
}

impl Settings {
    /// How much may wait to be sent to a client.
    fn output_limit(&self, kind: ClientKind) -> &OutputLimit {
        let [normal, replica, pubsub] = &self.outputs;
        match kind {
            ClientKind::Normal | ClientKind::Primary => normal,
            ClientKind::Replica => replica,
            ClientKind::Pubsub => pubsub,
        }
    }
}

/// A listening socket, and the shard that replicas attach to there.
#[derive(Debug)]
pub struct Door {
    pub listener: Listener,
    pub shard: Option<usize>,
    /// The node of a cluster whose port it is: its reactor serves what comes in.
    pub node: Option<usize>,
    /// What its connections are encrypted with, if they are.
    pub tls: Option<Arc<Acceptor>>,
}

/// Parcels as they travel over the rings, where a pointer is moved and not its contents.
type Parcels = Vec<Box<Parcel>>;

/// One core thread's loop.
#[derive(Debug)]
pub struct Reactor {
    pub(super) index: usize,
    pub(super) engine: Arc<Engine>,
    pub(super) upgrades: Arc<dyn Upgrades>,
    pub(super) poll: Poll,
    pub(super) handle: Arc<Handle>,
    /// All reactors, this one too.
    peers: Arc<[Arc<Handle>]>,
    next_peer: usize,
    listeners: Vec<Door>,
    pub(super) connections: Slab<Box<Connection>>,
    pub(super) readable: Vec<usize>,
    pub(super) dirty: Vec<usize>,
    pub(super) disk_wait: DiskWait,
    upgraded: Vec<usize>,
    /// Connections that messages have come for.
    pushed: Vec<usize>,
    /// Connections with a script to run.
    pub(super) scripts: Vec<usize>,
    /// Signals that came while a script ran.
    pub(super) kept_signals: u32,
    /// Connections with a command whose answer nobody tells.
    polled: Vec<usize>,
    /// Connections that a pause holds back.
    paused: Vec<usize>,
    /// When the pauses end by what was known when the last of them was listed (Unix milliseconds).
    paused_until: u64,
    /// When the waits of connections are over at the latest (Unix milliseconds).
    timeouts: BTreeSet<(u64, usize)>,
    posts: Vec<Option<Post>>,
    pub(super) outgoing: Parcels,
    spare: Parcels,
    /// A parcel that was too large for one turn, and who sent it.
    unfinished: Option<(usize, Box<Parcel>)>,
    next_sender: usize,
    pub(super) next_request: u64,
    guest: Session,
    arena: Box<[u8]>,
    batch: Batch,
    pub(super) settings: Settings,
    next_cron: u64,
    /// When connections that could not be accepted are tried again.
    accept_again: Option<u64>,
    /// When the handshakes of TLS connections must be over (Unix milliseconds), with their keys and clients, in this order.
    handshakes: VecDeque<(u64, usize, u64)>,
    next_deadline: Option<u64>,
    work_left: bool,
    /// A feed has ended here, and what it left must be looked after.
    feeds_ended: bool,
    stop_at: Option<Instant>,
}

impl Reactor {
    /// A reactor for shard `index`. `posts[i]` leads to shard i, `None` for its own.
    pub fn new(
        index: usize,
        engine: Arc<Engine>,
        upgrades: Arc<dyn Upgrades>,
        (poll, peers): (Poll, Arc<[Arc<Handle>]>),
        posts: Vec<Option<Post>>,
        listeners: Vec<Door>,
    ) -> io::Result<Self> {
        for (at, door) in listeners.iter().enumerate() {
            door.listener.register(poll.registry(), Token(LISTENERS_END - 1 - at))?;
        }
        let settings = Settings::read(&engine.server);
        let now = engine.server.clock.now_ms();
        let guest = engine.server.clients.add_hidden(now);
        Ok(Self {
            index,
            handle: peers[index].clone(),
            peers: peers.clone(),
            next_peer: 0,
            listeners,
            connections: Slab::new(),
            readable: Vec::new(),
            dirty: Vec::new(),
            disk_wait: DiskWait::new(engine.shards.horizon.subscribe({
                let alarm = peers[index].alarm.clone();
                Arc::new(move || alarm.ring(signal::DISK))
            })),
            upgraded: Vec::new(),
            pushed: Vec::new(),
            scripts: Vec::new(),
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
            poll,
        })
    }

    /// Runs until the runtime stops. `grace` is how long connections get to take their last replies.
    pub fn run(&mut self, grace: impl Fn() -> Duration) {
        let mut events = Events::with_capacity(1024);
        while !self.has_stopped() {
            self.wait(&mut events);
            let now = self.engine.server.clock.now_ms();
            let signals = self.handle.alarm.take_signals() | std::mem::take(&mut self.kept_signals);
            if signals & signal::STOP != 0 && self.stop_at.is_none() {
                self.stop_at = Some(Instant::now() + grace());
                self.listeners.clear();
            }
            if signals & signal::OPTIONS != 0 {
                self.settings = Settings::read(&self.engine.server);
                self.next_cron = now;
                match self.engine.take_unless_busy(self.index) {
                    Some(mut shard) => shard.follow(&self.engine.server.options.read()),
                    None => self.kept_signals |= signal::OPTIONS,
                }
            }
            for event in &events {
                self.note(event, now);
            }
            if self.accept_again.is_some_and(|at| now >= at) {
                self.accept_again = None;
                (0..self.listeners.len()).for_each(|at| self.accept(at, now));
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
            if !self.serve(now) {
                self.send_only();
                continue;
            }
            self.run_scripts(now);
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
        // An interrupted wait is a turn without events.
        let _ = self.poll.poll(events, timeout);
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

    /// Accepts what waits at a listener and hands the connections round the reactors.
    fn accept(&mut self, at: usize, now: u64) {
        let Some(Door { listener, shard, node, tls }) = self.listeners.get(at) else { return };
        let (shard, node) = (*shard, *node);
        let tls = tls.as_ref().map(|tls| tls.current());
        let mut here = Vec::new();
        loop {
            match listener.accept() {
                Ok(Some(mut socket)) => {
                    self.engine.server.stats.connections_received.fetch_add(1, Ordering::Relaxed);
                    if tls.as_ref().is_some_and(|tls| socket.accept_tls(tls).is_err()) {
                        continue;
                    }
                    let peer = node.unwrap_or(self.next_peer % self.peers.len());
                    self.next_peer = self.next_peer.wrapping_add(1);
                    if peer == self.index { here.push(socket) } else { self.peers[peer].admit(socket, shard) }
                }
                Ok(None) => break,
                Err(_) => {
                    // Out of descriptors or memory: the connection stays in the kernel's queue, which will not tell
                    // of it again.
                    self.accept_again = Some(now + ACCEPT_INTERVAL_MS);
                    break;
                }
            }
        }
        here.into_iter().for_each(|socket| self.admit(socket, (shard, node), now));
    }

    pub(super) fn arrivals(&mut self, now: u64) {
        for (socket, shard) in self.handle.take_arrivals() {
            self.admit(socket, (shard, None), now);
        }
    }

    /// Makes a connection of a socket.
    fn admit(&mut self, mut socket: Socket, (shard, node): (Option<usize>, Option<usize>), now: u64) {
        let server = &self.engine.server;
        if self.stop_at.is_some() {
            return;
        }
        if self.settings.is_protected && !socket.is_local() && server.acl.takes_any_password() {
            server.stats.connections_rejected.fetch_add(1, Ordering::Relaxed);
            // The peer is turned away whether or not it reads why.
            let _ = socket.send(PROTECTED);
            return;
        }
        if server.clients.connected() >= self.settings.clients_max {
            server.stats.connections_rejected.fetch_add(1, Ordering::Relaxed);
            log_sink::warning(format_args!(
                "maxclients is reached: a connection from {} is refused",
                socket.peer
            ));
            // The peer is turned away whether or not it reads why.
            let _ = socket.send(b"-ERR max number of clients reached\r\n");
            return;
        }
        if !self.settings.keepalive.is_zero() {
            // Without probes a dead peer is only noticed later.
            let _ = socket.set_keepalive(self.settings.keepalive);
        }
        let handle = self.handle.clone();
        let key = self.connections.vacant_key();
        let client = server.clients.add(
            socket.peer.clone(),
            socket.local.clone(),
            socket.fd(),
            now,
            Box::new(move |why| match why {
                Wake::Killed => handle.alarm.ring(signal::KILL),
                Wake::Answered => handle.answered(key),
                Wake::Pushed => handle.pushed(key),
            }),
        );
        let mut session = Session::new(client, false);
        session.log_out(&server.acl);
        session.node = node;
        let limits = Limits { bulk_len_max: self.settings.bulk_len_max, ..Limits::default() };
        let mut connection = Box::new(Connection::new(socket, session, limits));
        connection.listed = true;
        connection.shard = shard;
        if connection.socket.register(self.poll.registry(), Token(key)).is_err() {
            server.clients.remove(&connection.session.client);
            return;
        }
        if connection.socket.is_handshaking() {
            self.handshakes.push_back((now + HANDSHAKE_MS_MAX, key, connection.session.client.id));
        }
        self.connections.insert(connection);
        self.readable.push(key);
    }

    /// Closes connections that have not come to terms about keys in time.
    #[cold]
    fn end_handshakes(&mut self, now: u64) {
        while let Some(&(at, key, id)) = self.handshakes.front()
            && at <= now
        {
            self.handshakes.pop_front();
            let is_late = |connection: &Box<Connection>| {
                connection.session.client.id == id && connection.socket.is_handshaking()
            };
            if self.connections.get(key).is_some_and(is_late) {
                self.close(key);
            }
        }
    }

    /// Takes replies that other shards sent back.
    fn collect_replies(&mut self) {
        for shard in 0..self.posts.len() {
            while let Some(mut parcel) = self.posts[shard].as_mut().and_then(Post::receive) {
                self.hand_out(&parcel);
                if parcel.clear() {
                    self.spare.push(parcel);
                }
            }
        }
    }

    /// Gives the replies of a finished parcel to their connections.
    fn hand_out(&mut self, parcel: &Parcel) {
        for (call, reply) in parcel.answers() {
            let Some(connection) = self.connections.get_mut(call.connection) else { continue };
            connection.answer(call.request, reply);
            mark_dirty(&mut self.dirty, connection, call.connection);
            if connection.unstall() {
                list(&mut self.readable, connection, call.connection);
            }
        }
    }

    /// Answers the commands whose wait is over.
    fn answer_waiting(&mut self, now: u64) {
        for key in self.handle.take_answered() {
            self.answer(key, false);
        }
        while let Some(&(at, key)) = self.timeouts.first()
            && at <= now
        {
            self.timeouts.pop_first();
            self.answer(key, true);
        }
        for key in self.polled.clone() {
            self.answer(key, false);
        }
    }

    /// Moves messages that nobody asked for to their connections.
    fn collect_messages(&mut self) {
        self.handle.take_pushed(&mut self.pushed);
        for key in self.pushed.drain(..) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.take_messages();
            mark_dirty(&mut self.dirty, connection, key);
        }
    }

    /// Answers the command of a connection that waits, if its wait is over; `late` where its time is.
    fn answer(&mut self, key: usize, late: bool) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Connection { waiting, out, session, .. } = &mut **connection;
        let start = out.buf.len();
        let Some(ended) = waiting.take_if(|waiting| self.engine.answer(&waiting.answer, late, out)) else {
            return;
        };
        self.engine.after(session, out, start);
        mark_dirty(&mut self.dirty, connection, key);
        if connection.unstall() {
            list(&mut self.readable, connection, key);
        }
        self.end_wait(key, &ended);
    }

    /// Lets connections go on whose commands no pause holds back any more.
    #[cold]
    fn resume_paused(&mut self, now: u64, changed: bool) {
        // Those that must wait on are listed again when they have tried.
        let until = self.engine.server.paused_until();
        if !changed && self.engine.server.paused(now).is_some() && until == self.paused_until {
            return;
        }
        for key in std::mem::take(&mut self.paused) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.paused = false;
            connection.session.client.is_paused.store(false, Ordering::Relaxed);
            if connection.unstall() {
                list(&mut self.readable, connection, key);
            }
        }
    }

    /// Forgets a connection's wait.
    fn end_wait(&mut self, key: usize, waiting: &Waiting) {
        if let Some(deadline) = waiting.deadline {
            self.timeouts.remove(&(deadline, key));
        }
        if waiting.answer.is_polled() {
            self.polled.retain(|&polled| polled != key);
        }
        self.engine.end_wait(&waiting.answer);
    }

    /// Reads the readable connections and runs what they sent, then what other reactors sent. False where a script keeps
    /// every token, so that nothing was run but what a busy server does.
    fn serve(&mut self, now: u64) -> bool {
        self.work_left = false;
        let limits_clients = self.limits_clients();
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
            received.push((key, arena_used, got));
            arena_used += got;
        }
        self.readable = later;

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
            let firsts =
                received.iter().filter_map(|&(_, start, len)| glance(&self.arena[start..start + len]));
            counter.look_ahead(0, firsts);
        }
        let phase = engine.shards.horizon.phase();
        for &(key, start, len) in &received {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            input_bytes += len as u64;
            let bytes = &self.arena[start..start + len];
            let waited = connection.waiting.is_some();
            if !waited && connection.pending.is_empty() {
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
            server.stats.reads.fetch_add(received.len() as u64, Ordering::Relaxed);
        }
        if server.monitoring.rates.is_due(now) {
            server.monitoring.rates.note(now, server.totals());
        }
        true
    }

    /// Brings parcels to other shards: runs them in place where the shard is idle, and posts them otherwise.
    fn deliver(&mut self, now: u64) {
        let engine = self.engine.clone();
        for shard in 0..self.outgoing.len() {
            if self.outgoing[shard].is_empty() {
                continue;
            }
            let Some(post) = &mut self.posts[shard] else { continue };
            if !post.has_room() {
                continue;
            }
            let next = self.spare.pop().unwrap_or_default();
            let mut parcel = std::mem::replace(&mut self.outgoing[shard], next);
            // In place only where nothing sent before is still under way: it must not be overtaken.
            let idle = if post.is_busy() { None } else { engine.shards.try_take(shard) };
            if let Some(mut token) = idle {
                while !run_parcel(&engine, &mut token, &mut self.guest, &mut parcel, now) {
                    if token.owes() {
                        drop(token);
                        token = engine.take(shard);
                    } else {
                        token.stream.notify();
                        token.yield_fairly();
                    }
                }
                engine.leave(token);
                self.hand_out(&parcel);
                if parcel.clear() {
                    self.spare.push(parcel);
                }
            } else {
                post.send(parcel);
                self.peers[shard].alarm.ring(signal::MAIL);
            }
        }
    }

    /// Sends replies and the bytes of upgraded connections.
    fn send(&mut self, now: u64) {
        for key in self.upgraded.clone() {
            let connection = &mut self.connections[key];
            mark_dirty(&mut self.dirty, connection, key);
        }
        let (mut total, mut writes) = (0, 0);
        let holds = self.engine.shards.horizon.is_strict() || !self.disk_wait.is_idle();
        if holds {
            self.disk_wait.hold(&self.engine, &mut self.connections, &self.dirty);
            self.disk_wait.release(&self.engine, &mut self.connections, &mut self.dirty);
        }
        for key in std::mem::take(&mut self.dirty) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.dirty = false;
            let more = flush::fill(connection, now);
            let holds = holds && connection.upgrade.is_none();
            if !holds {
                connection.safe = connection.out.buf.len();
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
            connection.session.client.output_buffer.store(connection.unsent(), Ordering::Relaxed);
            writes += u64::from(sent > 0);
            self.work_left |= more && connection.writable;
            let limit = self.settings.output_limit(connection.session.client.kind());
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

    /// Looks after what only time changes.
    fn cron(&mut self, now: u64) {
        self.next_cron = now + CRON_INTERVAL_MS;
        if self.limits_clients() {
            self.next_cron = now + CLIENTS_INTERVAL_MS;
            self.evict_clients();
        }
        let timeout = self.settings.idle_timeout_ms;
        let mut output = 0;
        let mut over = Vec::new();
        for (key, connection) in &mut self.connections {
            let client = &connection.session.client;
            output += connection.unsent();
            let idle = now.saturating_sub(client.last_active_ms.load(Ordering::Relaxed));
            let kind = client.kind();
            let limit = self.settings.output_limit(kind);
            let may_idle = kind == ClientKind::Normal && connection.waiting.is_none() && !connection.paused;
            let over_limit = flush::enforce(connection, limit, now);
            if over_limit {
                self.engine.server.stats.output_buffer_disconnections.fetch_add(1, Ordering::Relaxed);
            }
            if (timeout > 0 && idle > timeout && may_idle) || over_limit {
                over.push(key);
            }
        }
        over.into_iter().for_each(|key| self.close(key));
        self.handle.note_output(output);
        self.feeds_ended = self.feeds_ended && self.upgrades.housekeep();
    }

    /// Whether this reactor looks after the memory of all clients: one does.
    fn limits_clients(&self) -> bool {
        self.index == 0 && self.settings.clients_bytes_max > 0
    }

    /// Ends the clients that take most until all together are within `maxmemory-clients`.
    fn evict_clients(&self) {
        let server = &self.engine.server;
        let is_counted = |client: &Arc<Client>| {
            matches!(client.kind(), ClientKind::Normal | ClientKind::Pubsub) && client.fd >= 0
        };
        let mut clients: Vec<(usize, Arc<Client>)> = server
            .clients
            .list()
            .into_iter()
            .filter(is_counted)
            .map(|client| (client.memory(), client))
            .collect();
        let mut total: u64 = clients.iter().map(|(bytes, _)| *bytes as u64).sum();
        clients.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (bytes, client) in clients {
            if total <= self.settings.clients_bytes_max {
                return;
            }
            if !client.no_evict.load(Ordering::Relaxed) {
                total -= bytes as u64;
                server.stats.evicted_clients.fetch_add(1, Ordering::Relaxed);
                log_sink::info(format_args!(
                    "client {} is disconnected: maxmemory-clients is reached",
                    client.id
                ));
                client.kill();
            }
        }
    }

    fn kill_marked(&mut self) {
        let marked: Vec<usize> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.session.client.is_killed())
            .map(|(key, _)| key)
            .collect();
        for key in marked {
            let connection = &mut self.connections[key];
            // A client that kills itself still gets its reply.
            if connection.fate == Fate::CloseWhenSent {
                continue;
            }
            if self.disk_wait.is_idle() && !self.engine.shards.horizon.is_strict() {
                connection.safe = connection.out.buf.len();
            }
            flush::flush(connection);
            self.close(key);
        }
    }

    fn close_idle(&mut self) {
        let idle: Vec<usize> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.is_idle())
            .map(|(key, _)| key)
            .collect();
        idle.into_iter().for_each(|key| self.close(key));
    }

    fn close(&mut self, key: usize) {
        let Some(mut connection) = self.connections.try_remove(key) else { return };
        self.upgraded.retain(|&upgraded| upgraded != key);
        self.paused.retain(|&paused| paused != key);
        if let Some(waiting) = connection.waiting.take() {
            self.end_wait(key, &waiting);
        }
        // The descriptor is closed below, which deregisters it as well.
        let _ = connection.socket.deregister(self.poll.registry());
        if let Some(upgrade) = &mut connection.upgrade {
            upgrade.closed(self.engine.server.clock.now_ms());
            self.feeds_ended = true;
        }
        self.engine.forget(&mut connection.session);
        self.engine.server.clients.remove(&connection.session.client);
    }
}

pub(super) fn mark_dirty(dirty: &mut Vec<usize>, connection: &mut Connection, key: usize) {
    let due = connection.unsent() > 0
        || connection.upgrade.is_some()
        || connection.fate != Fate::Open
        || connection.stalled
        || connection.socket.has_pending();
    if due && !connection.dirty {
        connection.dirty = true;
        dirty.push(key);
    }
}

pub(super) fn list(readable: &mut Vec<usize>, connection: &mut Connection, key: usize) {
    if !connection.listed {
        connection.listed = true;
        readable.push(key);
    }
}

/// Reads into `arena`, or into the connection's own buffer where an argument is half received. Returns how many
/// bytes are in the arena.
pub(super) fn read(connection: &mut Connection, arena: &mut [u8]) -> usize {
    if connection.stalled || connection.fate != Fate::Open || !connection.readable {
        return 0;
    }
    let own = connection.want > READ_BYTES / 2;
    let (start, moved) = if own {
        let start = connection.input.len();
        let room = connection.want.clamp(READ_BYTES, READ_AHEAD_BYTES_MAX);
        connection.input.resize(start + room, 0);
        (start, connection.socket.receive(&mut connection.input[start..]))
    } else {
        (0, connection.socket.receive(&mut arena[..READ_BYTES]))
    };
    let got = match moved {
        Ok(Moved::Bytes(n)) => n,
        Ok(Moved::Later) => 0,
        Ok(Moved::Closed) | Err(_) => {
            connection.ended = true;
            0
        }
    };
    let offered = if own { connection.input.len() - start } else { READ_BYTES };
    // A short read has emptied the socket, unless its end stands behind what was read.
    connection.readable = got == offered || (connection.ending && got > 0) || connection.socket.has_more();
    if own {
        connection.input.truncate(start + got);
        0
    } else {
        got
    }
}

/// Runs what a connection sent, now and before.
pub(super) fn serve_connection(
    counter: &mut Counter<'_>,
    connection: &mut Connection,
    key: usize,
    bytes: &[u8],
    batch: &mut Batch,
    now: u64,
) {
    let client = connection.session.client.clone();
    client.last_active_ms.store(now, Ordering::Relaxed);
    if connection.upgrade.is_some() {
        connection.input.extend_from_slice(bytes);
    } else if connection.input.is_empty() {
        let used = counter.serve(connection, key, bytes, batch);
        connection.input.extend_from_slice(&bytes[used..]);
    } else {
        let mut input = std::mem::take(&mut connection.input);
        input.extend_from_slice(bytes);
        let used = counter.serve(connection, key, &input, batch);
        input.drain(..used);
        // A buffer that one large argument grew is given back once that is done.
        if !input.is_empty() || input.capacity() <= READ_BYTES {
            connection.input = input;
        }
    }
    if let Some(upgrade) = &mut connection.upgrade {
        match upgrade.input(&connection.input, now) {
            Ok(used) => {
                connection.input.drain(..used);
            }
            Err(text) => {
                log_sink::warning(format_args!("the link of {} is closed: {text}", connection.socket.peer));
                connection.fate = Fate::Close;
            }
        }
    }
    if connection.ended && !connection.stalled && connection.fate == Fate::Open {
        connection.fate = Fate::CloseWhenSent;
    }
    connection.session.publish(connection.input.len(), connection.unsent(), connection.out.protocol);
}

/// Runs parcels that other reactors sent to this shard. True where more wait.
fn read_mail(
    engine: &Engine,
    shard: &mut crate::base::token::OwnedGuard<'_, Shard>,
    first: usize,
    guest: &mut Session,
    unfinished: &mut Option<(usize, Box<Parcel>)>,
    now: u64,
) -> bool {
    if let Some((from, mut parcel)) = unfinished.take() {
        if !run_parcel(engine, shard, guest, &mut parcel, now) {
            *unfinished = Some((from, parcel));
            return true;
        }
        shard.mailbox.answer(from, parcel);
    }
    let senders = shard.mailbox.senders();
    for at in 0..senders {
        let from = (first + at) % senders;
        let Some(mut parcel) = shard.mailbox.receive(from) else { continue };
        if !run_parcel(engine, shard, guest, &mut parcel, now) {
            *unfinished = Some((from, parcel));
            return true;
        }
        shard.mailbox.answer(from, parcel);
        shard.stream.notify();
        shard.yield_fairly();
    }
    shard.mailbox.has_mail()
}
