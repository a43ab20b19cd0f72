//! Who is subscribed to what, over all shards.
//!
//! A message is put into its receivers' outboxes under the lock of its channel's part of the registry. So all receivers
//! of a channel see its messages in one order whoever publishes them, and after an UNSUBSCRIBE nothing of the
//! channel is on its way any more. No token is needed, and a lock is never held while one is waited for.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use indexmap::IndexMap;
use parking_lot::{Mutex, RwLock};

use crate::base::options::{EventClasses, Options};
use crate::base::{Clock, SystemClock, glob};
use crate::command::Client;
use crate::command::outbox::{Message, OutboxLimit};

/// The clients of one channel or pattern, by their numbers.
type Subscribers = IndexMap<u64, Arc<Client>, RandomState>;
type Names = HashMap<Box<[u8]>, Subscribers, RandomState>;

/// Locks that channels are spread over, so that publishers of different channels seldom meet.
const PARTS: usize = 16;

/// The channels of one kind: ordinary ones or those of shards.
#[derive(Debug, Default)]
pub struct Channels {
    hasher: RandomState,
    parts: [Mutex<Names>; PARTS],
    count: AtomicUsize,
}

impl Channels {
    fn part(&self, channel: &[u8]) -> &Mutex<Names> {
        &self.parts[self.hasher.hash_one(channel) as usize % PARTS]
    }

    /// Adds a subscriber, which was none before.
    pub fn add(&self, channel: &[u8], client: &Arc<Client>) {
        if add(&mut self.part(channel).lock(), channel, client) {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes a subscriber off; once that returns, no further message of the channel reaches it.
    pub fn remove(&self, channel: &[u8], client: &Client) {
        if remove(&mut self.part(channel).lock(), channel, client) {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// How many channels have subscribers.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The channels that have subscribers and names that `pattern` describes.
    pub fn matching(&self, pattern: Option<&[u8]>) -> Vec<Box<[u8]>> {
        let is_meant = |channel: &[u8]| pattern.is_none_or(|pattern| describes(pattern, channel));
        let mut found = Vec::new();
        for part in &self.parts {
            found.extend(part.lock().keys().filter(|channel| is_meant(channel)).cloned());
        }
        found
    }

    /// How many clients are subscribed to a channel.
    pub fn subscribers(&self, channel: &[u8]) -> usize {
        self.part(channel).lock().get(channel).map_or(0, IndexMap::len)
    }
}

/// True where a name had no subscriber before.
fn add(names: &mut Names, name: &[u8], client: &Arc<Client>) -> bool {
    if let Some(subscribers) = names.get_mut(name) {
        subscribers.insert(client.id, client.clone());
        return false;
    }
    let subscribers = std::iter::once((client.id, client.clone())).collect();
    names.insert(name.into(), subscribers);
    true
}

/// True where a name has no subscriber any more.
fn remove(names: &mut Names, name: &[u8], client: &Client) -> bool {
    let Some(subscribers) = names.get_mut(name) else { return false };
    subscribers.swap_remove(&client.id);
    let is_last = subscribers.is_empty();
    if is_last {
        names.remove(name);
    }
    is_last
}

fn describes(pattern: &[u8], name: &[u8]) -> bool {
    glob::matches(pattern, name, false)
}

/// All subscriptions of a runtime, and what it takes to send a client messages.
#[derive(Debug)]
pub struct PubSub {
    clock: Arc<dyn Clock>,
    pub limit: OutboxLimit,
    /// The classes of keyspace events that are published.
    events: AtomicU32,
    pub channels: Channels,
    pub shard_channels: Channels,
    patterns: RwLock<Names>,
    pattern_count: AtomicUsize,
}

impl Default for PubSub {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock))
    }
}

impl PubSub {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            limit: OutboxLimit::default(),
            events: AtomicU32::new(0),
            channels: Channels::default(),
            shard_channels: Channels::default(),
            patterns: RwLock::default(),
            pattern_count: AtomicUsize::new(0),
        }
    }

    /// Takes over the options that concern it.
    pub fn follow(&self, options: &Options) {
        self.limit.follow(options);
        self.events.store(options.notify_keyspace_events.effective().0, Ordering::Relaxed);
    }

    /// The classes of keyspace events that are published.
    #[inline]
    pub fn events(&self) -> EventClasses {
        EventClasses(self.events.load(Ordering::Relaxed))
    }

    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Adds a pattern's subscriber, which was none before.
    pub fn add_pattern(&self, pattern: &[u8], client: &Arc<Client>) {
        if add(&mut self.patterns.write(), pattern, client) {
            self.pattern_count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// As [`Channels::remove`].
    pub fn remove_pattern(&self, pattern: &[u8], client: &Client) {
        if remove(&mut self.patterns.write(), pattern, client) {
            self.pattern_count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The clients that are subscribed to a name that `is_meant`; it is told whether a name is a pattern.
    pub fn clients_where(&self, is_meant: impl Fn(&[u8], bool) -> bool) -> Vec<Arc<Client>> {
        let mut found: IndexMap<u64, Arc<Client>, RandomState> = IndexMap::default();
        let mut add_all = |names: &Names, is_pattern| {
            let meant = names.iter().filter(|(name, _)| is_meant(name, is_pattern));
            let clients = meant.flat_map(|(_, subscribers)| subscribers);
            found.extend(clients.map(|(id, client)| (*id, client.clone())));
        };
        for part in self.channels.parts.iter().chain(&self.shard_channels.parts) {
            add_all(&part.lock(), false);
        }
        add_all(&self.patterns.read(), true);
        found.into_values().collect()
    }

    /// How many different patterns have subscribers.
    pub fn patterns(&self) -> usize {
        self.pattern_count.load(Ordering::Relaxed)
    }
}

fn push_all(pubsub: &PubSub, subscribers: &Subscribers, message: &Message<'_>) -> usize {
    subscribers.values().for_each(|client| pubsub.push(client, message));
    subscribers.len()
}

impl PubSub {
    /// Sends a message to whoever is subscribed to a channel or to a pattern that describes it, and says how many times.
    pub fn publish(&self, channel: &[u8], payload: &[u8]) -> usize {
        let part = self.channels.part(channel).lock();
        let mut receivers = 0;
        if let Some(subscribers) = part.get(channel) {
            receivers += push_all(
                self,
                subscribers,
                &Message::new(&|out| {
                    out.push(3);
                    out.bulk(b"message");
                    out.bulk(channel);
                    out.bulk(payload);
                }),
            );
        }
        if self.patterns() > 0 {
            for (pattern, subscribers) in &*self.patterns.read() {
                if describes(pattern, channel) {
                    receivers += push_all(
                        self,
                        subscribers,
                        &Message::new(&|out| {
                            out.push(4);
                            out.bulk(b"pmessage");
                            out.bulk(pattern);
                            out.bulk(channel);
                            out.bulk(payload);
                        }),
                    );
                }
            }
        }
        receivers
    }

    /// Sends a message to whoever is subscribed to a shard's channel, and says to how many.
    pub fn publish_sharded(&self, channel: &[u8], payload: &[u8]) -> usize {
        let part = self.shard_channels.part(channel).lock();
        let Some(subscribers) = part.get(channel) else { return 0 };
        push_all(
            self,
            subscribers,
            &Message::new(&|out| {
                out.push(3);
                out.bulk(b"smessage");
                out.bulk(channel);
                out.bulk(payload);
            }),
        )
    }
}
