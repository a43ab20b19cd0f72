//! One client's state, owned by whoever runs its commands.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use crate::resp::writer::{Protocol, Writer};

use super::acl::User;
use super::blocking::Waiter;
use super::introduction::Introduction;
use super::pubsub::Subscriptions;
use super::tracking::Tracking;
use super::{Client, Fail, Server, monitor, pubsub, tracking};

/// Whether the session wants replies (`CLIENT REPLY`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReplyMode {
    On,
    Off,
    /// The next command's reply is left out.
    SkipNext,
    /// The reply of the command under way is left out.
    Skip,
}

/// A queued command of MULTI: its place in the command set and its own copy of the arguments.
#[derive(Clone, Debug)]
pub struct Queued {
    pub command: usize,
    pub args: Vec<Vec<u8>>,
}

/// The state of MULTI.
#[derive(Debug, Default)]
pub struct Transaction {
    pub queue: Vec<Queued>,
    /// A command was refused while queueing: EXEC must fail with EXECABORT.
    pub refused: bool,
    /// Bytes of the arguments queued.
    pub memory: usize,
}

/// Something only the owner of the connection can do, done after the handler returned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// Close the connection after the reply.
    Close,
    /// The connection becomes a replica's feed; its arguments are with the caller.
    Replicate,
    /// Answer with the number of replicas that have acknowledged everything recorded up to now, as soon as
    /// there are this many, or after `timeout_ms` milliseconds; 0 is for ever.
    WaitReplicas { replicas: usize, timeout_ms: u64 },
    /// As `WaitReplicas`, but for replicas that hold it on disk, and with `local` for this server's own log too; the
    /// answer is an array of how many logs here (0 or 1) and how many replicas there hold it.
    WaitDurable { local: bool, replicas: usize, timeout_ms: u64 },
    /// Run the command again when no pause holds it back any more.
    Postpone,
    /// Answer OK after this many milliseconds.
    Sleep { ms: u64 },
    /// Answer when the waiter has a reply; it is registered at its keys.
    Block(Arc<Waiter>),
}

impl Request {
    /// True where the reply comes later.
    pub fn is_wait(&self) -> bool {
        !matches!(self, Self::Close | Self::Replicate)
    }
}

/// What a session follows, and so what reaches it without its asking.
#[derive(Debug, Default)]
pub struct Follows {
    /// Whether it follows anything: then its outbox is looked at around every command.
    pub any: bool,
    pub subscriptions: Subscriptions,
    /// How it is told of changes of keys.
    pub tracking: Option<Box<Tracking>>,
    /// Whether it sees every command.
    pub monitor: bool,
}

impl Follows {
    /// To be called after any change.
    pub fn update(&mut self) {
        self.any = !self.subscriptions.is_empty() || self.tracking.is_some() || self.monitor;
    }
}

/// Ends everything that sends a session messages.
pub fn unfollow(server: &Server, session: &mut Session) {
    pubsub::leave_all(server, session);
    tracking::untrack(server, session);
    monitor::leave(server, session);
}

/// One client's state.
#[derive(Debug)]
pub struct Session {
    pub client: Arc<Client>,
    pub db: usize,
    /// What it may do. Without a proof of who it is that is the default user.
    pub user: Arc<User>,
    pub authenticated: bool,
    pub reply_mode: ReplyMode,
    /// The reply of the command under way is wanted whatever `reply_mode` says.
    pub keeps_reply: bool,
    pub follows: Follows,
    /// `CLIENT NO-TOUCH`: reads leave access times alone.
    pub no_touch: bool,
    pub transaction: Option<Transaction>,
    /// Keys under WATCH with their database.
    pub watched: HashSet<(usize, Vec<u8>), RandomState>,
    /// Set by the keyspace when a watched key changes.
    pub watch_broken: Arc<AtomicBool>,
    /// Something only the connection's owner can do.
    pub request: Option<Request>,
    /// True while EXEC runs the queue.
    pub in_exec: bool,
    /// Why what EXEC runs may not write, as it stood when EXEC began.
    pub exec_writes: Result<(), Fail>,
    /// True for the session of a script.
    pub in_script: bool,
    /// True while a command of a blocked client is tried again.
    pub retrying: bool,
    /// What a replica has said of itself.
    pub introduction: Introduction,
    /// Number of the last command, for `CLIENT LIST`.
    pub last_command: usize,
    /// Whose command it runs, where that is another client's; 0 for its own.
    pub on_behalf_of: u64,
    /// The node of a cluster that the client talks to; `None` where it may ask for any key.
    pub node: Option<usize>,
    /// Pauses do not hold it back.
    pub is_exempt: bool,
}

impl Session {
    /// A session of the engine's owner, who may do everything.
    pub fn new(client: Arc<Client>, authenticated: bool) -> Self {
        Self {
            client,
            db: 0,
            user: User::owner(),
            authenticated,
            reply_mode: ReplyMode::On,
            keeps_reply: false,
            follows: Follows::default(),
            no_touch: false,
            transaction: None,
            watched: HashSet::default(),
            watch_broken: Arc::default(),
            request: None,
            in_exec: false,
            exec_writes: Ok(()),
            in_script: false,
            retrying: false,
            introduction: Introduction::default(),
            last_command: usize::MAX,
            on_behalf_of: 0,
            node: None,
            is_exempt: false,
        }
    }

    /// A session in this one's place while a script runs under this one: it sees no keys and cannot wait for any.
    pub fn stand_in(&self) -> Self {
        let mut session = Self::new(self.client.clone(), self.authenticated);
        session.db = self.db;
        session.user = self.user.clone();
        session
    }

    /// The session under which a script of this one runs its commands: its own database and protocol, and nothing waits.
    pub fn for_script(&self) -> Self {
        let mut session = Self::new(self.client.clone(), true);
        session.db = self.db;
        session.user = self.user.clone();
        session.no_touch = self.no_touch;
        session.in_exec = true;
        session.in_script = true;
        session
    }

    /// Makes of a session that stood in for another one what [`Session::stand_in`] makes.
    pub fn replace(&self, other: &mut Self) {
        self.share(other);
        other.authenticated = self.authenticated;
    }

    /// Makes of a session that another script had what [`Session::for_script`] makes.
    pub fn lend(&self, script: &mut Self) {
        self.share(script);
        (script.no_touch, script.request, script.last_command) = (self.no_touch, None, usize::MAX);
    }

    /// Lets another session be this one's client in its database.
    fn share(&self, other: &mut Self) {
        if !Arc::ptr_eq(&self.client, &other.client) {
            other.client = self.client.clone();
        }
        if !Arc::ptr_eq(&self.user, &other.user) {
            other.user = self.user.clone();
        }
        other.db = self.db;
    }

    /// Shows others what the session is at, for `CLIENT LIST`.
    pub fn publish(&self, query_bytes: usize, output_bytes: usize, protocol: Protocol) {
        let client = &self.client;
        client.db.store(self.db, Ordering::Relaxed);
        client.last_command.store(self.last_command, Ordering::Relaxed);
        let queued = self.transaction.as_ref().map_or(-1, |transaction| transaction.queue.len() as i32);
        client.queued.store(queued, Ordering::Relaxed);
        let memory = self.transaction.as_ref().map_or(0, |transaction| transaction.memory);
        client.queue_memory.store(memory, Ordering::Relaxed);
        client.args_memory.store(0, Ordering::Relaxed);
        client.query_buffer.store(query_bytes, Ordering::Relaxed);
        client.output_buffer.store(output_bytes, Ordering::Relaxed);
        client.protocol.store(if protocol == Protocol::Resp3 { 3 } else { 2 }, Ordering::Relaxed);
    }

    /// Whether commands are queued for EXEC, or run by it.
    pub fn is_queueing(&self) -> bool {
        self.transaction.is_some() || self.in_exec
    }

    /// Writes the messages that wait for a connection: the caller is about to write something that belongs after them.
    pub fn take_messages(&self, out: &mut Writer) {
        if self.client.fd >= 0 && !self.in_exec && self.client.outbox.is_filled() {
            self.client.outbox.take_into(&mut out.buf, usize::MAX);
        }
    }

    /// Whether it may only change its subscriptions: it has some, and a protocol in which messages look like replies.
    pub fn is_confined(&self, protocol: Protocol) -> bool {
        protocol == Protocol::Resp2 && !self.follows.subscriptions.is_empty()
    }

    pub fn is_watch_broken(&self) -> bool {
        self.watch_broken.load(Ordering::Acquire)
    }
}
