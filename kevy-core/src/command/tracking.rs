//! Server-assisted client-side caching: clients are told when keys change that they have read (CLIENT TRACKING).
//!
//! Each shard remembers who has read which of its keys ([`Tracked`]), under its token. All share the list of clients that
//! are to be told and how ([`Trackers`]). A change is told as soon as the command that made it has run, while the token
//! is held: nothing that was read before comes to a client after the message that it is stale.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use parking_lot::RwLock;
use smallvec::SmallVec;

use crate::base::options::Options;
use crate::resp::{Protocol, Writer};
use crate::store::Dropped;

use super::keys::keys_of;
use super::outbox::Message;
use super::pubsub::registry::PubSub;
use super::spec::Flags;
use super::{Client, Partition, Partitions, Server, Session, Spec};

/// The channel on which clients of RESP2 hear of changes.
const CHANNEL: &[u8] = b"__redis__:invalidate";

/// How a session is told of changes.
#[derive(Clone, Debug, Default)]
pub struct Tracking {
    /// The client that gets the messages in its place.
    pub redirect: Option<u64>,
    /// It hears of all keys with its prefixes, not of those that it has read.
    pub broadcast: bool,
    pub prefixes: Vec<Box<[u8]>>,
    /// Keys are remembered only after CLIENT CACHING YES.
    pub opt_in: bool,
    /// Keys are remembered but after CLIENT CACHING NO.
    pub opt_out: bool,
    /// It does not hear of its own changes.
    pub no_loop: bool,
    /// What CLIENT CACHING said about the next command.
    pub caching: Option<bool>,
}

impl Tracking {
    /// Whether the keys that the session reads now are to be remembered.
    fn remembers(&self) -> bool {
        !self.broadcast && if self.opt_in { self.caching == Some(true) } else { self.caching != Some(false) }
    }
}

/// A client that is told of changes, as all shards see it.
#[derive(Debug)]
struct Tracker {
    client: Arc<Client>,
    redirect: Option<u64>,
    broadcast: bool,
    no_loop: bool,
}

type Prefixes = BTreeMap<Box<[u8]>, BTreeSet<u64>>;

/// All clients that are told of changes.
#[derive(Debug, Default)]
pub struct Trackers {
    pubsub: Arc<PubSub>,
    is_on: AtomicBool,
    all: RwLock<HashMap<u64, Tracker, RandomState>>,
    /// The prefixes of those that hear of every key with one.
    prefixes: RwLock<Prefixes>,
    /// Clients that get the messages of others.
    targets: RwLock<HashMap<u64, Arc<Client>, RandomState>>,
    /// Keys that one shard may remember.
    keys_max: AtomicUsize,
    keys: AtomicUsize,
    items: AtomicUsize,
}

/// What changed.
enum Stale<'a> {
    Keys(&'a [&'a [u8]]),
    Everything,
}

impl Stale<'_> {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Keys(keys) => {
                out.array(keys.len());
                keys.iter().for_each(|key| out.bulk(key));
            }
            Self::Everything => out.null(),
        }
    }
}

impl Trackers {
    pub fn new(pubsub: Arc<PubSub>) -> Self {
        Self { pubsub, ..Self::default() }
    }

    /// Takes over the options that concern it.
    pub fn follow(&self, options: &Options, shards: usize) {
        let keys_max = match options.tracking_table_max_keys as usize {
            0 => usize::MAX,
            keys_max => keys_max.div_ceil(shards.max(1)),
        };
        self.keys_max.store(keys_max, Ordering::Relaxed);
    }

    /// Whether anybody is told of anything.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Clients that are told.
    pub fn clients(&self) -> usize {
        self.all.read().len()
    }

    /// Keys that are remembered, clients that are remembered for them, and prefixes.
    pub fn totals(&self) -> [usize; 3] {
        let load = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        [load(&self.keys), load(&self.items), self.prefixes.read().len()]
    }

    /// Has a client told from now on as `tracking` says.
    fn enlist(&self, client: &Arc<Client>, tracking: &Tracking, target: Option<Arc<Client>>) {
        if let Some(target) = target {
            self.targets.write().insert(target.id, target);
        }
        let Tracking { redirect, broadcast, no_loop, .. } = *tracking;
        let tracker = Tracker { client: client.clone(), redirect, broadcast, no_loop };
        self.all.write().insert(client.id, tracker);
        let mut prefixes = self.prefixes.write();
        for prefix in &tracking.prefixes {
            prefixes.entry(prefix.clone()).or_default().insert(client.id);
        }
        drop(prefixes);
        self.is_on.store(true, Ordering::Release);
    }

    fn strike(&self, client: &Client, tracking: &Tracking) {
        let mut all = self.all.write();
        all.remove(&client.id);
        if all.is_empty() {
            self.is_on.store(false, Ordering::Release);
        }
        drop(all);
        let mut prefixes = self.prefixes.write();
        for prefix in &tracking.prefixes {
            if let Some(clients) = prefixes.get_mut(prefix) {
                clients.remove(&client.id);
                if clients.is_empty() {
                    prefixes.remove(prefix);
                }
            }
        }
    }

    /// A client that others may have their messages sent to is gone.
    fn lose_target(&self, client: &Client) {
        self.targets.write().remove(&client.id);
    }

    fn tell(&self, tracker: &Tracker, stale: &Stale<'_>) {
        let targets;
        let target = match tracker.redirect {
            None => &tracker.client,
            Some(id) => {
                targets = self.targets.read();
                match targets.get(&id) {
                    Some(target) => target,
                    None => return self.tell_broken(&tracker.client, id),
                }
            }
        };
        if target.protocol() == Protocol::Resp3 {
            self.pubsub.push(
                target,
                &Message::new(&|out| {
                    out.push(2);
                    out.bulk(b"invalidate");
                    stale.write(out);
                }),
            );
        } else if tracker.redirect.is_some() && target.has_subscriptions() {
            self.pubsub.push(
                target,
                &Message::new(&|out| {
                    out.push(3);
                    out.bulk(b"message");
                    out.bulk(CHANNEL);
                    stale.write(out);
                }),
            );
        }
    }

    fn tell_broken(&self, client: &Client, redirect: u64) {
        client.is_redirect_broken.store(true, Ordering::Relaxed);
        if client.protocol() == Protocol::Resp3 {
            self.pubsub.push(
                client,
                &Message::new(&|out| {
                    out.push(2);
                    out.bulk(b"tracking-redir-broken");
                    out.unsigned(redirect);
                }),
            );
        }
    }

    /// Tells everybody that nothing is as it was.
    pub fn invalidate_all(&self) {
        for tracker in self.all.read().values() {
            self.tell(tracker, &Stale::Everything);
        }
    }

    fn broadcast(&self, changed: &[(&[u8], u64)]) {
        let all = self.all.read();
        for (prefix, clients) in &*self.prefixes.read() {
            let meant = || changed.iter().filter(|(key, _)| key.starts_with(prefix));
            if meant().next().is_none() {
                continue;
            }
            for tracker in clients.iter().filter_map(|id| all.get(id)) {
                let foreign = |actor: u64| !tracker.no_loop || actor != tracker.client.id;
                let keys: BTreeSet<&[u8]> =
                    meant().filter(|(_, actor)| foreign(*actor)).map(|(key, _)| *key).collect();
                if !keys.is_empty() {
                    self.tell(tracker, &Stale::Keys(&keys.into_iter().collect::<Vec<_>>()));
                }
            }
        }
    }
}

/// The keys of one shard that clients have read.
#[derive(Debug, Default)]
pub struct Tracked {
    /// Each key, whatever its database, with the numbers of the clients.
    keys: HashMap<Box<[u8]>, SmallVec<[u64; 2]>, RandomState>,
}

impl Partition {
    /// Remembers that a client has read a key.
    fn remember(&mut self, key: &[u8], client: u64) {
        // It has read what was changed before it in the same transaction.
        self.invalidate(client);
        self.keyspace.note_changes(true);
        let Self { tracked, trackers, .. } = self;
        match tracked.keys.get_mut(key) {
            Some(clients) if clients.contains(&client) => return,
            Some(clients) => clients.push(client),
            None => {
                tracked.keys.insert(key.into(), SmallVec::from_slice(&[client]));
                trackers.keys.fetch_add(1, Ordering::Relaxed);
            }
        }
        trackers.items.fetch_add(1, Ordering::Relaxed);
        let keys_max = trackers.keys_max.load(Ordering::Relaxed);
        while self.tracked.keys.len() > keys_max {
            let Some(other) = self.tracked.any_but(key) else { return };
            self.tell_readers(&other, 0);
        }
    }

    /// Tells whoever has read a key that it is stale, and forgets that they have.
    fn tell_readers(&mut self, key: &[u8], actor: u64) {
        let Some(clients) = self.tracked.keys.remove(key) else { return };
        self.trackers.keys.fetch_sub(1, Ordering::Relaxed);
        self.trackers.items.fetch_sub(clients.len(), Ordering::Relaxed);
        let all = self.trackers.all.read();
        for tracker in clients.iter().filter_map(|id| all.get(id)) {
            let is_own = tracker.no_loop && tracker.client.id == actor;
            if !tracker.broadcast && !is_own {
                self.trackers.tell(tracker, &Stale::Keys(&[key]));
            }
        }
    }

    /// Tells of the keys that a command of client `actor` changed; 0 is nobody.
    #[cold]
    pub fn invalidate(&mut self, actor: u64) {
        let changed = self.keyspace.take_changed_keys();
        if changed.is_empty() {
            return;
        }
        // What expires or is evicted is nobody's own change.
        let went = |key: &[u8]| {
            self.keyspace.drops.iter().any(|dropped| match dropped {
                Dropped::Key { key: dropped, .. } | Dropped::HashFields { key: dropped, .. } => {
                    **dropped == *key
                }
            })
        };
        let changed: Vec<(Box<[u8]>, u64)> = changed
            .into_iter()
            .map(|key| {
                let actor = if went(&key) { 0 } else { actor };
                (key, actor)
            })
            .collect();
        for (key, actor) in &changed {
            self.tell_readers(key, *actor);
        }
        if !self.trackers.prefixes.read().is_empty() {
            let changed: Vec<(&[u8], u64)> = changed.iter().map(|(key, actor)| (&**key, *actor)).collect();
            self.trackers.broadcast(&changed);
        }
        if !self.trackers.is_on() {
            self.forget_tracked();
        }
    }

    /// Forgets who has read what, as nobody is told any more.
    fn forget_tracked(&mut self) {
        self.forget_readers();
        self.keyspace.note_changes(false);
    }

    /// Forgets who has read what.
    pub fn forget_readers(&mut self) {
        let keys = std::mem::take(&mut self.tracked.keys);
        self.trackers.keys.fetch_sub(keys.len(), Ordering::Relaxed);
        self.trackers.items.fetch_sub(keys.values().map(SmallVec::len).sum(), Ordering::Relaxed);
        self.keyspace.take_changed_keys();
    }
}

impl Tracked {
    /// Some key other than `key`.
    fn any_but(&self, key: &[u8]) -> Option<Box<[u8]>> {
        self.keys.keys().find(|other| ***other != *key).cloned()
    }
}

/// Begins or changes how a session is told.
pub fn track(server: &Server, session: &mut Session, tracking: Tracking, target: Option<Arc<Client>>) {
    server.trackers.enlist(&session.client, &tracking, target);
    session.client.is_redirect_broken.store(false, Ordering::Relaxed);
    session.client.show_tracking(Some(&tracking));
    session.follows.tracking = Some(Box::new(tracking));
    session.follows.update();
}

/// Ends it.
pub fn untrack(server: &Server, session: &mut Session) {
    if let Some(tracking) = session.follows.tracking.take() {
        server.trackers.strike(&session.client, &tracking);
        session.client.show_tracking(None);
        session.follows.update();
    }
}

/// Leaves nothing of a session that ends.
pub fn leave(server: &Server, session: &mut Session) {
    untrack(server, session);
    server.trackers.lose_target(&session.client);
}

/// Remembers the keys that a session has just read, where it is told of changes.
#[cold]
pub fn remember(partitions: &mut Partitions<'_>, session: &Session, spec: &Spec, args: &[&[u8]]) {
    let Some(tracking) = &session.follows.tracking else { return };
    // A script reads what its commands read, whatever keys it is given.
    let reads = spec.flags.has(Flags::READONLY) && !spec.flags.has(Flags::SCRIPT);
    if !reads || !tracking.remembers() {
        return;
    }
    let Ok(keys) = keys_of(spec, args) else { return };
    for position in keys {
        if let Some(key) = args.get(position) {
            partitions.at(key).remember(key, session.client.id);
        }
    }
}

/// As [`remember`], for one key.
#[cold]
pub fn remember_key(partition: &mut Partition, session: &Session, key: &[u8]) {
    if session.follows.tracking.as_ref().is_some_and(|tracking| tracking.remembers()) {
        partition.remember(key, session.client.id);
    }
}
