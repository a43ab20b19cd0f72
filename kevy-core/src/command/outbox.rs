//! Messages that reach a client without its asking: what is published, invalidations, lines of MONITOR.
//!
//! Any thread puts an encoded message into a client's [`Outbox`]. The session's owner moves messages behind the replies
//! that are there when it looks, so that they come in one order with them. Whoever brings a client more than its
//! limit lets it wait ends it, on the spot: a client that does not read costs a bounded amount of memory, whatever its
//! owner is doing.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::base::log_sink;
use crate::base::options::Options;
use crate::resp::{Protocol, Writer};

use super::Client;
use super::client::Wake;
use super::pubsub::registry::PubSub;

/// A message for any number of clients, encoded once for each version of the protocol that one of them speaks.
pub struct Message<'a> {
    write: &'a dyn Fn(&mut Writer),
    encoded: [OnceCell<Arc<[u8]>>; 2],
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("encoded", &self.encoded).finish_non_exhaustive()
    }
}

impl<'a> Message<'a> {
    /// The message that `write` writes.
    pub fn new(write: &'a dyn Fn(&mut Writer)) -> Self {
        Self { write, encoded: Default::default() }
    }

    fn encoded(&self, protocol: Protocol) -> &Arc<[u8]> {
        self.encoded[usize::from(protocol == Protocol::Resp3)].get_or_init(|| {
            let mut out = Writer::new(protocol);
            (self.write)(&mut out);
            out.take().into()
        })
    }
}

/// Messages on their way to one client.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: Mutex<Queue>,
    /// Whether there are any.
    filled: AtomicBool,
    /// Their bytes.
    bytes: AtomicUsize,
}

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<Arc<[u8]>>,
    bytes: usize,
    /// When the bytes first passed the soft limit (Unix milliseconds).
    over_soft_limit_since: Option<u64>,
    /// The client is being ended: it gets nothing more.
    closed: bool,
}

/// An empty queue that many messages have grown is given back.
const KEEP_MESSAGES_MAX: usize = 1024;

impl Outbox {
    /// Whether messages wait.
    #[inline]
    pub fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }

    /// Bytes of the messages that wait.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The oldest message.
    pub fn take(&self) -> Option<Arc<[u8]>> {
        if !self.is_filled() {
            return None;
        }
        let mut queue = self.queue.lock();
        let message = queue.messages.pop_front()?;
        self.note_taken(&mut queue, message.len());
        Some(message)
    }

    /// Appends messages to `out` until there are none or `out` has grown by `bytes_max`, and returns by how much it has.
    pub fn take_into(&self, out: &mut Vec<u8>, bytes_max: usize) -> usize {
        let mut queue = self.queue.lock();
        let mut taken = 0;
        while taken < bytes_max
            && let Some(message) = queue.messages.pop_front()
        {
            out.extend_from_slice(&message);
            taken += message.len();
        }
        self.note_taken(&mut queue, taken);
        taken
    }

    fn note_taken(&self, queue: &mut Queue, bytes: usize) {
        queue.bytes -= bytes;
        self.bytes.store(queue.bytes, Ordering::Relaxed);
        if queue.messages.is_empty() {
            queue.over_soft_limit_since = None;
            if queue.messages.capacity() > KEEP_MESSAGES_MAX {
                queue.messages = VecDeque::new();
            }
            self.filled.store(false, Ordering::Release);
        }
    }

    /// Drops what waits and whatever comes later.
    pub fn close(&self) {
        self.close_queue(&mut self.queue.lock());
    }

    fn close_queue(&self, queue: &mut Queue) {
        *queue = Queue { closed: true, ..Queue::default() };
        self.bytes.store(0, Ordering::Relaxed);
        self.filled.store(false, Ordering::Release);
    }
}

/// How much may wait for a client that follows something: the `pubsub` class of `client-output-buffer-limit`.
#[derive(Debug, Default)]
pub struct OutboxLimit {
    hard_bytes: AtomicUsize,
    soft_bytes: AtomicUsize,
    soft_ms: AtomicU64,
}

impl OutboxLimit {
    /// Takes the option's value.
    pub fn follow(&self, options: &Options) {
        let class = &options.client_output_buffer_limit.pubsub;
        self.hard_bytes.store(usize::try_from(class.hard_bytes).unwrap_or(usize::MAX), Ordering::Relaxed);
        self.soft_bytes.store(usize::try_from(class.soft_bytes).unwrap_or(usize::MAX), Ordering::Relaxed);
        self.soft_ms.store(class.soft_seconds.saturating_mul(1_000), Ordering::Relaxed);
    }

    /// Whether `bytes` that wait are too many.
    fn is_passed(&self, bytes: usize, since: &mut Option<u64>, now: impl FnOnce() -> u64) -> bool {
        let hard = self.hard_bytes.load(Ordering::Relaxed);
        if hard > 0 && bytes > hard {
            return true;
        }
        let soft = self.soft_bytes.load(Ordering::Relaxed);
        if soft == 0 || bytes <= soft {
            *since = None;
            return false;
        }
        let now = now();
        let first = *since.get_or_insert(now);
        now.saturating_sub(first) > self.soft_ms.load(Ordering::Relaxed)
    }
}

impl PubSub {
    /// Gives a client a message and wakes its owner, or ends the client where too much waits for it already.
    pub fn push(&self, client: &Client, message: &Message<'_>) {
        let encoded = message.encoded(client.protocol());
        let outbox = &client.outbox;
        let mut queue = outbox.queue.lock();
        if queue.closed {
            return;
        }
        let bytes = queue.bytes + encoded.len();
        let waiting = bytes + client.output_buffer.load(Ordering::Relaxed);
        if self.limit.is_passed(waiting, &mut queue.over_soft_limit_since, || self.now_ms()) {
            outbox.close_queue(&mut queue);
            drop(queue);
            return Self::cut_off(client);
        }
        let is_first = queue.messages.is_empty();
        queue.messages.push_back(encoded.clone());
        queue.bytes = bytes;
        outbox.bytes.store(bytes, Ordering::Relaxed);
        if is_first {
            outbox.filled.store(true, Ordering::Release);
        }
        drop(queue);
        if is_first {
            client.wake(Wake::Pushed);
        }
    }

    #[cold]
    fn cut_off(client: &Client) {
        log_sink::warning(format_args!(
            "client {} at '{}' does not read what it follows and is ended: client-output-buffer-limit is passed",
            client.id, client.address
        ));
        client.kill();
    }
}
