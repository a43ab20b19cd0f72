//! The clients of a runtime, as `CLIENT LIST` shows them and `CLIENT KILL` ends them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::resp::Protocol;

use super::acl::DEFAULT_USER;
use super::blocking::Waiter;
use super::outbox::Outbox;
use super::tracking::Tracking;

/// What kind of peer a client is, as `CLIENT LIST TYPE` tells them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum ClientKind {
    Normal = 0,
    Replica = 1,
    Pubsub = 2,
    Primary = 3,
}

/// Why a session's owner is woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wake {
    /// The session shall end.
    Killed,
    /// What it waited for has an outcome.
    Answered,
    /// Its outbox has a message and was empty before.
    Pushed,
}

/// Makes a session's owner look at it soon.
pub type WakeOwner = Box<dyn Fn(Wake) + Send + Sync>;

/// One session as others see it. The session's owner writes, anyone reads.
pub struct Client {
    pub id: u64,
    /// `ip:port` of the peer, `path:0` on a Unix socket, empty for an in-process session.
    pub address: String,
    pub local_address: String,
    /// The file descriptor, or -1 for an in-process session.
    pub fd: i32,
    pub created_ms: u64,
    pub last_active_ms: AtomicU64,
    pub db: AtomicUsize,
    pub protocol: AtomicU32,
    pub kind: AtomicU32,
    /// Commands queued in MULTI, -1 outside.
    pub queued: AtomicI32,
    pub subscriptions: AtomicUsize,
    pub pattern_subscriptions: AtomicUsize,
    pub shard_subscriptions: AtomicUsize,
    /// Bytes waiting in the query buffer, and its free space.
    pub query_buffer: AtomicUsize,
    pub query_buffer_free: AtomicUsize,
    /// Bytes of the arguments under way, and of those queued in MULTI.
    pub args_memory: AtomicUsize,
    pub queue_memory: AtomicUsize,
    /// Bytes waiting to be sent.
    pub output_buffer: AtomicUsize,
    pub last_command: AtomicUsize,
    /// What it waits for.
    waiter: Mutex<Option<Arc<Waiter>>>,
    /// A pause holds its next command back.
    pub is_paused: AtomicBool,
    pub no_evict: AtomicBool,
    pub no_touch: AtomicBool,
    pub commands: AtomicU64,
    pub text: Mutex<ClientText>,
    /// It is told of changes of keys: which client gets the messages, 0 for itself; -1 where it is not.
    pub tracking: AtomicI64,
    pub is_tracking_broadcast: AtomicBool,
    /// The client that was to get the messages is gone.
    pub is_redirect_broken: AtomicBool,
    /// It sees every command.
    pub is_monitor: AtomicBool,
    /// What reaches it without its asking.
    pub outbox: Outbox,
    killed: AtomicBool,
    wake: WakeOwner,
}

/// The names a client gave itself.
#[derive(Clone, Debug, Default)]
pub struct ClientText {
    pub name: Vec<u8>,
    pub library_name: Vec<u8>,
    pub library_version: Vec<u8>,
    /// The name of the user that it has proved to be, that of the default user before.
    pub user: Vec<u8>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("address", &self.address).finish_non_exhaustive()
    }
}

impl Client {
    /// Bytes that the client takes, as `tot-mem` shows them.
    pub fn memory(&self) -> usize {
        let load = |number: &AtomicUsize| number.load(Ordering::Relaxed);
        size_of::<Self>()
            + self.address.len()
            + load(&self.query_buffer)
            + load(&self.query_buffer_free)
            + load(&self.args_memory)
            + load(&self.queue_memory)
            + load(&self.output_buffer)
            + self.outbox.bytes()
    }

    /// Asks the owner to end the session at its next chance; a waiting one is woken.
    pub fn kill(&self) {
        self.killed.store(true, Ordering::Release);
        self.wake(Wake::Killed);
    }

    /// Makes the owner look at the session soon.
    pub fn wake(&self, why: Wake) {
        (self.wake)(why);
    }

    /// What the session waits for, `None` where it does not.
    pub fn waiter(&self) -> Option<Arc<Waiter>> {
        self.waiter.lock().clone()
    }

    pub fn set_waiter(&self, waiter: Option<Arc<Waiter>>) {
        *self.waiter.lock() = waiter;
    }

    pub fn is_blocked(&self) -> bool {
        self.is_paused.load(Ordering::Relaxed) || self.waiter.lock().is_some()
    }

    /// Shows others how it is told of changes.
    pub fn show_tracking(&self, tracking: Option<&Tracking>) {
        let target = tracking.map_or(-1, |tracking| tracking.redirect.map_or(0, |id| id as i64));
        self.tracking.store(target, Ordering::Relaxed);
        let is_broadcast = tracking.is_some_and(|tracking| tracking.broadcast);
        self.is_tracking_broadcast.store(is_broadcast, Ordering::Relaxed);
    }

    /// Whether it is subscribed to anything.
    pub fn has_subscriptions(&self) -> bool {
        let counts = [&self.subscriptions, &self.pattern_subscriptions, &self.shard_subscriptions];
        counts.iter().any(|count| count.load(Ordering::Relaxed) > 0)
    }

    /// The version of the protocol that it speaks.
    pub fn protocol(&self) -> Protocol {
        if self.protocol.load(Ordering::Relaxed) == 3 { Protocol::Resp3 } else { Protocol::Resp2 }
    }

    pub fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    pub fn kind(&self) -> ClientKind {
        match self.kind.load(Ordering::Relaxed) {
            1 => ClientKind::Replica,
            2 => ClientKind::Pubsub,
            3 => ClientKind::Primary,
            _ => ClientKind::Normal,
        }
    }

    pub fn set_kind(&self, kind: ClientKind) {
        self.kind.store(kind as u32, Ordering::Relaxed);
    }
}

/// All sessions of a runtime.
#[derive(Debug, Default)]
pub struct Clients {
    next_id: AtomicU64,
    all: Mutex<BTreeMap<u64, Arc<Client>>>,
    /// Those that count against `maxclients`: all that came over a socket.
    connected: AtomicUsize,
}

impl Clients {
    /// Registers a session.
    pub fn add(
        &self,
        address: String,
        local_address: String,
        fd: i32,
        now: u64,
        wake: WakeOwner,
    ) -> Arc<Client> {
        let client = self.make(address, local_address, fd, now, wake);
        if fd >= 0 {
            self.connected.fetch_add(1, Ordering::Relaxed);
        }
        self.all.lock().insert(client.id, client.clone());
        client
    }

    /// A session that no list shows: what a reactor runs other reactors' commands under.
    pub fn add_hidden(&self, now: u64) -> Arc<Client> {
        self.make(String::new(), String::new(), -1, now, Box::new(|_| ()))
    }

    fn make(
        &self,
        address: String,
        local_address: String,
        fd: i32,
        now: u64,
        wake: WakeOwner,
    ) -> Arc<Client> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(Client {
            id,
            address,
            local_address,
            fd,
            created_ms: now,
            last_active_ms: AtomicU64::new(now),
            db: AtomicUsize::new(0),
            protocol: AtomicU32::new(2),
            kind: AtomicU32::new(0),
            queued: AtomicI32::new(-1),
            subscriptions: AtomicUsize::new(0),
            pattern_subscriptions: AtomicUsize::new(0),
            shard_subscriptions: AtomicUsize::new(0),
            query_buffer: AtomicUsize::new(0),
            query_buffer_free: AtomicUsize::new(0),
            args_memory: AtomicUsize::new(0),
            queue_memory: AtomicUsize::new(0),
            output_buffer: AtomicUsize::new(0),
            last_command: AtomicUsize::new(usize::MAX),
            waiter: Mutex::default(),
            is_paused: AtomicBool::new(false),
            no_evict: AtomicBool::new(false),
            no_touch: AtomicBool::new(false),
            commands: AtomicU64::new(0),
            text: Mutex::new(ClientText { user: DEFAULT_USER.into(), ..ClientText::default() }),
            tracking: AtomicI64::new(-1),
            is_tracking_broadcast: AtomicBool::new(false),
            is_redirect_broken: AtomicBool::new(false),
            is_monitor: AtomicBool::new(false),
            outbox: Outbox::default(),
            killed: AtomicBool::new(false),
            wake,
        })
    }

    pub fn remove(&self, client: &Client) {
        if self.all.lock().remove(&client.id).is_some() && client.fd >= 0 {
            self.connected.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub fn get(&self, id: u64) -> Option<Arc<Client>> {
        self.all.lock().get(&id).cloned()
    }

    /// All sessions, oldest first.
    pub fn list(&self) -> Vec<Arc<Client>> {
        self.all.lock().values().cloned().collect()
    }

    /// Sessions over sockets.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }
}
