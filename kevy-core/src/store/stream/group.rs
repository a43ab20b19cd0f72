//! Consumer groups: how far a group has read, and which entries wait for whose acknowledgement.
//!
//! A pending entry is one record in its group, which names its consumer by number; the consumer has the set of its
//! ids. A number stays with a consumer for as long as that lives.

use crate::store::ordered::Ordered;

use super::StreamId;

/// An entry that was delivered and not acknowledged yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The number of the consumer that has it.
    pub consumer: u32,
    /// When it was last delivered, in unix milliseconds.
    pub delivered_at: u64,
    /// How often it was delivered.
    pub deliveries: u64,
}

/// A consumer of a group.
#[derive(Clone, Debug)]
pub struct Consumer {
    name: Box<[u8]>,
    pending: Ordered<StreamId, ()>,
    /// When it last asked for entries, in unix milliseconds.
    pub seen_at: u64,
    /// When it last got any, in unix milliseconds.
    pub active_at: Option<u64>,
}

impl Consumer {
    /// The name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// How many entries wait for its acknowledgement.
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// Those entries from `start` on.
    pub fn pending(&self, start: StreamId) -> impl Iterator<Item = StreamId> {
        self.pending.from(start).map(|(id, ())| *id)
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.pending.memory()
    }
}

/// A consumer group.
#[derive(Debug)]
pub struct Group {
    name: Box<[u8]>,
    /// The last entry that was delivered to any consumer.
    pub last_id: StreamId,
    /// How many entries of the stream the group has read; `None` where that cannot be told.
    pub entries_read: Option<u64>,
    pending: Ordered<StreamId, Pending>,
    /// By number.
    consumers: Vec<Option<Box<Consumer>>>,
    /// Numbers in the order of names.
    order: Vec<u32>,
    /// Bytes allocated by the consumers.
    consumer_bytes: usize,
}

impl Clone for Group {
    fn clone(&self) -> Self {
        let consumers = self.consumers.clone();
        let consumer_bytes = consumers.iter().flatten().map(|consumer| consumer.memory()).sum();
        Self {
            name: self.name.clone(),
            pending: self.pending.clone(),
            consumers,
            order: self.order.clone(),
            consumer_bytes,
            ..*self
        }
    }
}

impl Group {
    pub(super) fn new(name: &[u8], last_id: StreamId, entries_read: Option<u64>) -> Self {
        Self {
            name: name.into(),
            last_id,
            entries_read,
            pending: Ordered::default(),
            consumers: Vec::new(),
            order: Vec::new(),
            consumer_bytes: 0,
        }
    }

    /// The name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    pub(super) fn memory(&self) -> usize {
        self.name.len()
            + self.pending.memory()
            + self.consumers.capacity() * size_of::<Option<Box<Consumer>>>()
            + self.order.capacity() * size_of::<u32>()
            + self.consumer_bytes
    }

    /// Consumers in the order of their names.
    pub fn consumers(&self) -> impl DoubleEndedIterator<Item = &Consumer> + ExactSizeIterator {
        self.order.iter().map(|number| self.consumer(*number))
    }

    /// The consumer with a number that [`Pending`] or [`Group::find`] gave.
    ///
    /// # Panics
    /// Where the group has none of that number.
    pub fn consumer(&self, number: u32) -> &Consumer {
        self.consumers[number as usize].as_deref().expect("a consumer that is there")
    }

    fn place(&self, name: &[u8]) -> Result<usize, usize> {
        self.order.binary_search_by(|number| self.consumer(*number).name().cmp(name))
    }

    /// The number of a consumer.
    pub fn find(&self, name: &[u8]) -> Option<u32> {
        Some(self.order[self.place(name).ok()?])
    }

    /// The number of a consumer, which is made if there is none, and whether it was.
    pub fn find_or_add(&mut self, name: &[u8], now: u64) -> (u32, bool) {
        let place = match self.place(name) {
            Ok(place) => return (self.order[place], false),
            Err(place) => place,
        };
        let consumer =
            Consumer { name: name.into(), pending: Ordered::default(), seen_at: now, active_at: None };
        self.consumer_bytes += consumer.memory();
        let has_hole = self.consumers.len() > self.order.len();
        let hole = if has_hole { self.consumers.iter().position(Option::is_none) } else { None };
        let number = hole.unwrap_or_else(|| {
            self.consumers.push(None);
            self.consumers.len() - 1
        });
        self.consumers[number] = Some(Box::new(consumer));
        self.order.insert(place, number as u32);
        (number as u32, true)
    }

    /// Lets `edit` change the times of a consumer.
    pub fn edit_consumer(&mut self, number: u32, edit: impl FnOnce(&mut Consumer)) {
        if let Some(Some(consumer)) = self.consumers.get_mut(number as usize) {
            edit(consumer);
        }
    }

    /// Removes a consumer with the entries that wait for its acknowledgement; how many there were.
    pub fn remove_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let place = self.place(name).ok()?;
        let number = self.order.remove(place);
        let consumer = self.consumers[number as usize].take()?;
        self.consumer_bytes -= consumer.memory();
        for (id, ()) in consumer.pending.iter() {
            self.pending.remove(*id);
        }
        Some(consumer.pending.len())
    }

    /// How many entries wait for acknowledgement.
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// The pending entries from `start` on.
    pub fn pending(&self, start: StreamId) -> impl Iterator<Item = (StreamId, &Pending)> {
        self.pending.from(start).map(|(id, pending)| (*id, pending))
    }

    /// The greatest id of a pending entry.
    pub fn last_pending(&self) -> Option<StreamId> {
        self.pending.last().map(|(id, _)| *id)
    }

    /// The record of a pending entry.
    pub fn get_pending(&self, id: StreamId) -> Option<&Pending> {
        self.pending.get(id)
    }

    fn change_ids(&mut self, number: u32, change: impl FnOnce(&mut Ordered<StreamId, ()>) -> Option<()>) {
        if let Some(Some(consumer)) = self.consumers.get_mut(number as usize) {
            let before = consumer.memory();
            change(&mut consumer.pending);
            self.consumer_bytes = self.consumer_bytes + consumer.memory() - before;
        }
    }

    /// Makes an entry wait for acknowledgement, or changes the record of one that does already.
    pub fn set_pending(&mut self, id: StreamId, pending: Pending) {
        let old = self.pending.insert(id, pending);
        if old.is_none_or(|old| old.consumer != pending.consumer) {
            if let Some(old) = old {
                self.change_ids(old.consumer, |ids| ids.remove(id));
            }
            self.change_ids(pending.consumer, |ids| ids.insert(id, ()));
        }
    }

    /// An entry no longer waits for acknowledgement; whether it did.
    pub fn acknowledge(&mut self, id: StreamId) -> bool {
        let Some(old) = self.pending.remove(id) else { return false };
        self.change_ids(old.consumer, |ids| ids.remove(id));
        true
    }

    /// Frees some of the parts. False when none was left.
    pub(super) fn free_some(&mut self) -> bool {
        if self.pending.pop_chunk().is_some() {
            return true;
        }
        let Some(consumer) = self.consumers.last_mut() else { return false };
        let mut is_left = false;
        if let Some(consumer) = consumer {
            let before = consumer.memory();
            is_left = consumer.pending.pop_chunk().is_some();
            let after = if is_left { consumer.memory() } else { 0 };
            self.consumer_bytes = self.consumer_bytes + after - before;
        }
        if !is_left {
            self.consumers.pop();
        }
        true
    }
}
