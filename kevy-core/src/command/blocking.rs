//! Clients that wait for keys: who waits, for what, and how a wait ends.
//!
//! A handler that finds nothing calls [`Context::block`]. That registers a [`Waiter`] at each of its keys while their
//! tokens are held, so nothing that comes later is missed. The shard layer tries the command again when one of the keys
//! has changed; the session's owner waits for the outcome and takes the waiter off the shards if it ends otherwise.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;

use crate::resp::Writer;
use crate::resp::writer::Protocol;
use crate::store::Kind;

use super::client::Wake;
use super::session::Request;
use super::{Client, Context, Partition, Session};

/// The reply of a client that cannot wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nil {
    Null,
    NullArray,
}

impl Nil {
    fn write(self, out: &mut Writer) {
        match self {
            Self::Null => out.null(),
            Self::NullArray => out.null_array(),
        }
    }
}

/// What a command waits for.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// A change of any of these is worth another try.
    pub keys: &'a [&'a [u8]],
    /// The type that a key must have for a try.
    pub kind: Kind,
    /// Tries also where a key has gone or holds another type, because that is an error to report.
    pub on_any_change: bool,
    /// Milliseconds, 0 for ever.
    pub timeout_ms: u64,
    /// The reply where the client cannot wait. After the timeout it is a null array whatever the command.
    pub nil: Nil,
    /// What is tried again: the command with everything resolved that must not change meanwhile.
    pub args: &'a [&'a [u8]],
}

/// How far a wait has come.
#[derive(Debug)]
pub enum Outcome {
    Waiting,
    /// The whole reply.
    Reply(Vec<u8>),
    /// It is over without one.
    TimedOut,
    /// Nobody wants to know any more.
    Over,
}

/// A client's wait and the command that ends it. Waits for something else than keys have no command.
#[derive(Debug)]
pub struct Waiter {
    /// Later waits have higher numbers.
    pub ticket: u64,
    pub client: Arc<Client>,
    pub db: usize,
    pub protocol: Protocol,
    pub timeout_ms: u64,
    pub retry: Option<Retry>,
    outcome: Mutex<Outcome>,
}

/// The command that is tried again.
#[derive(Debug)]
pub struct Retry {
    pub command: usize,
    pub args: Vec<Box<[u8]>>,
    pub no_touch: bool,
    /// The shards it touches, ascending.
    pub shards: SmallVec<[usize; 4]>,
    keys: Vec<Box<[u8]>>,
    kind: Kind,
    on_any_change: bool,
}

static TICKETS: AtomicU64 = AtomicU64::new(0);

impl PartialEq for Waiter {
    fn eq(&self, other: &Self) -> bool {
        self.ticket == other.ticket
    }
}

impl Eq for Waiter {}

impl Waiter {
    /// Blocks the client of `session` for at most `timeout_ms` milliseconds, 0 for ever.
    pub fn new(session: &Session, protocol: Protocol, timeout_ms: u64, retry: Option<Retry>) -> Arc<Self> {
        let waiter = Arc::new(Self {
            ticket: TICKETS.fetch_add(1, Ordering::Relaxed) + 1,
            client: session.client.clone(),
            db: session.db,
            protocol,
            timeout_ms,
            retry,
            outcome: Mutex::new(Outcome::Waiting),
        });
        session.client.set_waiter(Some(waiter.clone()));
        waiter
    }

    /// Holds the wait in its state for as long as the guard lives; `None` where it is over.
    pub fn hold(&self) -> Option<Held<'_>> {
        let outcome = self.outcome.lock();
        matches!(*outcome, Outcome::Waiting).then_some(Held { waiter: self, outcome })
    }

    /// Ends the wait with an error reply or, without one, as its timeout does, and wakes the owner. False where it was
    /// over.
    pub fn unblock(&self, error: Option<&str>) -> bool {
        let Some(held) = self.hold() else { return false };
        let outcome = match error {
            None => Outcome::TimedOut,
            Some(text) => {
                let mut out = Writer::new(self.protocol);
                out.error(text);
                Outcome::Reply(out.take())
            }
        };
        held.end(outcome);
        self.client.wake(Wake::Answered);
        true
    }

    /// Ends the wait with its whole reply, and wakes the owner. Nothing happens where it was over.
    pub fn answer(&self, write: impl FnOnce(&mut Writer)) {
        if let Some(held) = self.hold() {
            let mut out = Writer::new(self.protocol);
            write(&mut out);
            held.end(Outcome::Reply(out.take()));
            self.client.wake(Wake::Answered);
        }
    }

    /// Ends the wait if it is not over.
    pub fn end(&self, outcome: Outcome) {
        if let Some(held) = self.hold() {
            held.end(outcome);
        }
    }

    /// The outcome, once; `None` while it waits.
    pub fn take_outcome(&self) -> Option<Outcome> {
        let mut outcome = self.outcome.lock();
        match *outcome {
            Outcome::Waiting => None,
            _ => Some(std::mem::replace(&mut *outcome, Outcome::Over)),
        }
    }
}

/// A wait that nobody else can end.
#[derive(Debug)]
pub struct Held<'a> {
    waiter: &'a Waiter,
    outcome: MutexGuard<'a, Outcome>,
}

impl Held<'_> {
    /// Ends it.
    pub fn end(mut self, outcome: Outcome) {
        *self.outcome = outcome;
        self.waiter.client.set_waiter(None);
    }
}

impl Retry {
    /// The keys it waits for, each once.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(|key| &**key)
    }

    fn wants(&self, kind: Option<Kind>) -> bool {
        self.on_any_change || kind == Some(self.kind)
    }
}

/// The waiters of one key, in the order in which they came.
#[derive(Debug, Default)]
struct Queue {
    waiters: BTreeMap<u64, Arc<Waiter>>,
    /// How many of them try on any change.
    on_any_change: usize,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Place {
    db: usize,
    key: Box<[u8]>,
}

/// The waiters of one shard.
#[derive(Debug, Default)]
pub struct Blocked {
    queues: HashMap<Place, Queue, RandomState>,
}

impl Blocked {
    /// How many keys clients wait for.
    pub fn keys(&self) -> usize {
        self.queues.len()
    }

    /// How many of them have a client that waits for their end as well.
    pub fn keys_on_any_change(&self) -> usize {
        self.queues.values().filter(|queue| queue.on_any_change > 0).count()
    }
}

impl Partition {
    fn enqueue(&mut self, db: usize, key: &[u8], waiter: &Arc<Waiter>, on_any_change: bool) {
        let queue = self.blocked.queues.entry(Place { db, key: key.into() }).or_default();
        queue.on_any_change += usize::from(on_any_change);
        queue.waiters.insert(waiter.ticket, waiter.clone());
        self.keyspace.wait_for(db, key);
    }

    /// Takes a waiter off one of its keys. Harmless where it is off already.
    pub fn dequeue(&mut self, key: &[u8], waiter: &Waiter) {
        let place = Place { db: waiter.db, key: key.into() };
        let Some(queue) = self.blocked.queues.get_mut(&place) else { return };
        if queue.waiters.remove(&waiter.ticket).is_none() {
            return;
        }
        let on_any_change = waiter.retry.as_ref().is_some_and(|retry| retry.on_any_change);
        queue.on_any_change -= usize::from(on_any_change);
        if queue.waiters.is_empty() {
            self.blocked.queues.remove(&place);
            if self.blocked.queues.is_empty() {
                self.blocked.queues = HashMap::default();
            }
            self.keyspace.unwait(waiter.db, key);
        }
    }

    /// The first waiter behind `ticket` that a key as it is now may serve.
    pub fn next_waiter(&mut self, db: usize, key: &[u8], ticket: u64, now: u64) -> Option<Arc<Waiter>> {
        let Self { blocked, keyspace, .. } = self;
        // A key that is due is for nobody, and goes when somebody asks for it.
        let kind = keyspace.view(db, key, now).map(|found| found.kind());
        let queue = blocked.queues.get(&Place { db, key: key.into() })?;
        if kind.is_none() && queue.on_any_change == 0 {
            return None;
        }
        let behind = (Bound::Excluded(ticket), Bound::Unbounded);
        let wants = |waiter: &&Arc<Waiter>| waiter.retry.as_ref().is_some_and(|retry| retry.wants(kind));
        queue.waiters.range(behind).map(|(_, waiter)| waiter).find(wants).cloned()
    }
}

impl Context<'_> {
    /// Has the client wait until another try of the command may succeed; the handler returns without a reply. Where
    /// a client cannot wait (in a transaction, on a primary's link) it replies at once.
    pub fn block(&mut self, block: &Block<'_>) {
        if self.session.retrying {
            return;
        }
        if !self.may_block() {
            return block.nil.write(self.out);
        }
        let mut keys: Vec<Box<[u8]>> = Vec::new();
        for key in block.keys {
            if !keys.iter().any(|known| **known == **key) {
                keys.push((*key).into());
            }
        }
        let Block { kind, on_any_change, .. } = *block;
        let retry = Retry {
            command: self.session.last_command,
            args: block.args.iter().map(|arg| (*arg).into()).collect(),
            no_touch: self.session.no_touch,
            shards: self.every().iter().map(|partition| partition.index).collect(),
            keys,
            kind,
            on_any_change,
        };
        let waiter = Waiter::new(self.session, self.out.protocol, block.timeout_ms, Some(retry));
        for key in waiter.retry.iter().flat_map(Retry::keys) {
            self.at(key).enqueue(waiter.db, key, &waiter, on_any_change);
        }
        self.session.request = Some(Request::Block(waiter));
    }

    /// False where the client gets its reply at once whatever it is.
    fn may_block(&self) -> bool {
        !self.session.in_exec && self.origin == super::Origin::Client
    }
}
