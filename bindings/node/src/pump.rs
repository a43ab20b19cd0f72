//! The thread that waits for a replica's frames, and the queue between it and JavaScript.
//!
//! The thread starts with the first wait. It stops taking frames while the queue is full, so a slow program slows the
//! link down and nothing piles up.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use kevy_core::api::{Batch, Error, ErrorKind, FrameKind, Replica, ReplicaStats};
use parking_lot::{Condvar, Mutex};

/// Frames as JavaScript reads them.
#[derive(Debug)]
pub struct Packed {
    /// The arguments of all frames, one after the other.
    pub bytes: Vec<u8>,
    /// [`HEAD`] numbers for each frame, then the end in `bytes` of each argument.
    pub table: Vec<u32>,
    pub frames: u32,
    pub cursor: Vec<u8>,
}

/// Numbers that a frame has in the table: kind, 1 where the link is up, shard, database, offset (low, high), where its
/// first end stands in the table, arguments.
const HEAD: usize = 8;

impl Packed {
    /// `None` where the batch has more bytes than the table's numbers can tell.
    fn new(batch: &Batch) -> Option<Self> {
        let mut bytes = Vec::with_capacity(batch.byte_len());
        let mut table = Vec::with_capacity(batch.len() * (HEAD + 4));
        table.resize(batch.len() * HEAD, 0);
        for (at, frame) in batch.iter().enumerate() {
            let first = table.len();
            let mut count = 0u32;
            let mut add = |part: &[u8]| {
                bytes.extend_from_slice(part);
                table.push(u32::try_from(bytes.len()).ok()?);
                count += 1;
                Some(())
            };
            frame.argv.iter().try_for_each(&mut add)?;
            if matches!(frame.kind, FrameKind::Resync | FrameKind::Link) {
                add(frame.reason.as_bytes())?;
            }
            let head = [
                frame.kind as u32,
                frame.up.into(),
                u32::try_from(frame.shard).ok()?,
                u32::try_from(frame.db).ok()?,
                frame.offset as u32,
                (frame.offset >> 32) as u32,
                u32::try_from(first).ok()?,
                count,
            ];
            table.get_mut(at * HEAD..(at + 1) * HEAD)?.copy_from_slice(&head);
        }
        let frames = u32::try_from(batch.len()).ok()?;
        Some(Self { bytes, table, frames, cursor: batch.cursor().to_vec() })
    }
}

/// What the program waits for. After a failure no frames come until it asks again.
pub type Item = Result<Packed, Error>;

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    stats: VecDeque<ReplicaStats>,
    /// The program wants to be woken.
    is_awaited: bool,
    /// A failure was queued; the program has not asked for more since.
    is_resting: bool,
    stats_wanted: usize,
    ack: Option<Vec<u8>>,
    is_closed: bool,
}

/// What the thread and JavaScript share.
#[derive(Debug, Default)]
pub struct Channel {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Channel {
    /// The next item.
    pub fn take(&self) -> Option<Item> {
        let mut queue = self.queue.lock();
        let item = queue.items.pop_front();
        self.changed.notify_all();
        item
    }

    /// The next answer to [`Channel::ask_stats`].
    pub fn take_stats(&self) -> Option<ReplicaStats> {
        self.queue.lock().stats.pop_front()
    }

    /// Asks to be woken when something comes of what is wanted; false where it is there already.
    pub fn listen(&self, wants_items: bool, wants_stats: bool) -> bool {
        let mut queue = self.queue.lock();
        if wants_items && !queue.items.is_empty() || wants_stats && !queue.stats.is_empty() {
            return false;
        }
        queue.is_awaited = true;
        if wants_items && std::mem::take(&mut queue.is_resting) {
            self.changed.notify_all();
        }
        true
    }

    /// The thread has to be told of these, as it may wait for frames: interrupt the replica afterwards.
    pub fn ask_stats(&self) {
        self.queue.lock().stats_wanted += 1;
        self.changed.notify_all();
    }

    /// As [`Channel::ask_stats`].
    pub fn ack(&self, cursor: Vec<u8>) {
        self.queue.lock().ack = Some(cursor);
        self.changed.notify_all();
    }

    /// As [`Channel::ask_stats`].
    pub fn close(&self) {
        self.queue.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn push(&self, add: impl FnOnce(&mut Queue), wake: &impl Fn()) {
        let mut queue = self.queue.lock();
        add(&mut queue);
        let is_awaited = std::mem::take(&mut queue.is_awaited);
        drop(queue);
        if is_awaited {
            wake();
        }
    }

    fn push_item(&self, item: Item, wake: &impl Fn()) {
        let add = |queue: &mut Queue| {
            queue.is_resting = item.is_err();
            queue.items.push_back(item);
        };
        self.push(add, wake);
    }

    /// Does what was asked for and waits until there is room. False once closed.
    fn prepare(&self, replica: &mut Replica, batches_max: usize, wake: &impl Fn()) -> bool {
        loop {
            let mut queue = self.queue.lock();
            if queue.is_closed {
                return false;
            }
            let (ack, stats_wanted) = (queue.ack.take(), std::mem::take(&mut queue.stats_wanted));
            if ack.is_none() && stats_wanted == 0 {
                if queue.items.len() < batches_max && !queue.is_resting {
                    return true;
                }
                self.changed.wait(&mut queue);
                continue;
            }
            drop(queue);
            if let Some(Err(error)) = ack.map(|cursor| replica.ack(&cursor)) {
                self.push_item(Err(error), wake);
            }
            for _ in 0..stats_wanted {
                let stats = replica.stats();
                self.push(|queue| queue.stats.push_back(stats), wake);
            }
        }
    }
}

/// Takes frames until the channel is closed. `wake` tells JavaScript that an item is there.
pub fn run(mut replica: Replica, channel: &Channel, frames_max: usize, batches_max: usize, wake: &impl Fn()) {
    let mut batch = Batch::default();
    while channel.prepare(&mut replica, batches_max, wake) {
        let filled = catch_unwind(AssertUnwindSafe(|| replica.fill_batch(&mut batch, frames_max, None)));
        let item = match filled {
            Ok(Ok(())) if batch.is_empty() => continue,
            Ok(Ok(())) => Packed::new(&batch).ok_or_else(|| {
                let text = "a batch of more than 4 GB: lower frame-bytes-max";
                Error::new(ErrorKind::OutOfMemory, text)
            }),
            // Somebody asks for something, or a signal came.
            Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => continue,
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let error = Error::new(ErrorKind::Panic, "the replica panicked");
                return channel.push_item(Err(error), wake);
            }
        };
        channel.push_item(item, wake);
    }
}
