//! Reading a stream of an RDB part by part: one node at a time, then groups, whose pending entries are remembered
//! until their consumers are known.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::base::number::{format_i64, format_u64};
use crate::store::rdb::stream::{self, Form};
use crate::store::rdb::{RdbError, Reader};
use crate::store::stream::Counters;
use crate::store::{Stream, StreamId};

use super::rebuild::Rebuild;

/// The most entries that one XCLAIM names.
const CLAIM_IDS_MAX: usize = 128;

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Nodes { left: u64 },
    Counters,
    Groups { left: u64 },
    Pending { left: u64, groups: u64 },
    ConsumerCount { groups: u64 },
    Consumers { left: u64, groups: u64 },
    Ids { left: u64, consumers: u64, groups: u64 },
}

/// A stream that is being read.
#[derive(Debug)]
pub struct StreamParts {
    form: Form,
    phase: Phase,
    /// Of the entries so far, then those that were saved.
    counters: Counters,
    /// The names of the group and the consumer that are being read; each comes after the one before.
    group: Option<Vec<u8>>,
    consumer: Option<Vec<u8>>,
    /// Pending entries of the group whose consumer did not come yet: when and how often they were delivered.
    waiting: HashMap<StreamId, (u64, u64), RandomState>,
    /// Ids of the consumer that were delivered at one time and equally often, for one XCLAIM.
    claim: Vec<StreamId>,
    claimed: (u64, u64),
}

impl StreamParts {
    /// A stream of so many nodes, of which nothing has been read.
    pub fn new(form: Form, nodes: u64) -> Self {
        Self {
            form,
            phase: Phase::Nodes { left: nodes },
            counters: Counters::default(),
            group: None,
            consumer: None,
            waiting: HashMap::default(),
            claim: Vec::new(),
            claimed: (0, 0),
        }
    }

    /// Reads the next part; true where it was the last one. Nothing has happened where it is not there whole.
    pub fn read(
        &mut self,
        reader: &mut Reader<'_>,
        key: &[u8],
        rebuild: &mut Rebuild,
    ) -> Result<bool, RdbError> {
        self.phase = match self.phase {
            Phase::Nodes { left: 0 } => Phase::Counters,
            Phase::Nodes { left } => {
                self.read_node(reader, key, rebuild)?;
                Phase::Nodes { left: left - 1 }
            }
            Phase::Counters => {
                self.read_counters(reader, key, rebuild)?;
                Phase::Groups { left: reader.length()? }
            }
            Phase::Groups { left: 0 } => return Ok(true),
            Phase::Groups { left } => {
                Phase::Pending { left: self.read_group(reader, key, rebuild)?, groups: left - 1 }
            }
            Phase::Pending { left: 0, groups } => Phase::ConsumerCount { groups },
            Phase::Pending { left, groups } => {
                let (id, delivered_at, deliveries) = stream::read_pending(reader)?;
                if self.waiting.insert(id, (delivered_at, deliveries)).is_some() {
                    return Err(RdbError::Malformed);
                }
                Phase::Pending { left: left - 1, groups }
            }
            Phase::ConsumerCount { groups } => Phase::Consumers { left: reader.length()?, groups },
            Phase::Consumers { left: 0, groups } => {
                if !self.waiting.is_empty() {
                    return Err(RdbError::Malformed);
                }
                Phase::Groups { left: groups }
            }
            Phase::Consumers { left, groups } => {
                let head = stream::read_consumer(self.form, reader)?;
                if self.consumer.as_ref() >= Some(&head.name) {
                    return Err(RdbError::Malformed);
                }
                let group = self.group.as_deref().unwrap_or_default();
                rebuild.command([&b"XGROUP"[..], b"CREATECONSUMER", key, group, &head.name]);
                self.consumer = Some(head.name);
                Phase::Ids { left: head.pending, consumers: left - 1, groups }
            }
            Phase::Ids { left: 0, consumers, groups } => {
                self.end_claim(key, rebuild);
                Phase::Consumers { left: consumers, groups }
            }
            Phase::Ids { left, consumers, groups } => {
                let id = stream::read_raw_id(reader)?;
                let delivered = self.waiting.remove(&id).ok_or(RdbError::Malformed)?;
                if self.claimed != delivered || self.claim.len() >= CLAIM_IDS_MAX {
                    self.end_claim(key, rebuild);
                    self.claimed = delivered;
                }
                self.claim.push(id);
                Phase::Ids { left: left - 1, consumers, groups }
            }
        };
        Ok(false)
    }

    fn read_node(
        &mut self,
        reader: &mut Reader<'_>,
        key: &[u8],
        rebuild: &mut Rebuild,
    ) -> Result<(), RdbError> {
        let mut node = Stream::default();
        stream::read_node(reader, &mut node)?;
        let mut parts = Vec::new();
        for entry in node.nodes().range(StreamId::MIN, StreamId::MAX) {
            if entry.id <= self.counters.last_id {
                return Err(RdbError::Malformed);
            }
            self.counters.last_id = entry.id;
            self.counters.len += 1;
            if self.counters.len == 1 {
                self.counters.first_id = entry.id;
            }
            parts.clear();
            parts.extend(entry.fields());
            let id = entry.id.to_text();
            let pairs = parts.iter().flat_map(|(field, value)| [&**field, &**value]);
            rebuild.command([b"XADD", key, &*id].into_iter().chain(pairs));
        }
        Ok(())
    }

    fn read_counters(
        &mut self,
        reader: &mut Reader<'_>,
        key: &[u8],
        rebuild: &mut Rebuild,
    ) -> Result<(), RdbError> {
        let mut ahead = reader.clone();
        let counters = stream::read_counters(self.form, &mut ahead)?;
        // The number of groups is read with them, so it has to be there.
        ahead.clone().length()?;
        let is_right = counters.len == self.counters.len
            && counters.last_id >= self.counters.last_id
            && counters.are_possible();
        if !is_right {
            return Err(RdbError::Malformed);
        }
        *reader = ahead;
        self.counters = Counters { first_id: self.counters.first_id, ..counters };
        if counters.len == 0 {
            // A stream without entries is one that has lost them.
            rebuild.command([&b"XADD"[..], key, b"MAXLEN", b"0", b"0-1", b"x", b"y"]);
        }
        let (last_id, max_deleted_id) = (counters.last_id.to_text(), counters.max_deleted_id.to_text());
        let added = format_u64(counters.added);
        rebuild.command([
            &b"XSETID"[..],
            key,
            &last_id,
            b"ENTRIESADDED",
            added.as_bytes(),
            b"MAXDELETEDID",
            &max_deleted_id,
        ]);
        Ok(())
    }

    /// Reads what precedes the pending entries of a group; how many there are.
    fn read_group(
        &mut self,
        reader: &mut Reader<'_>,
        key: &[u8],
        rebuild: &mut Rebuild,
    ) -> Result<u64, RdbError> {
        let head = stream::read_group(self.form, reader)?;
        if self.group.as_ref() >= Some(&head.name) {
            return Err(RdbError::Malformed);
        }
        let entries_read = head.entries_read.unwrap_or_else(|| self.counters.count_up_to(head.last_id));
        let entries_read = entries_read.and_then(|read| i64::try_from(read).ok()).unwrap_or(-1);
        let last_id = head.last_id.to_text();
        rebuild.command([
            &b"XGROUP"[..],
            b"CREATE",
            key,
            &head.name,
            &last_id,
            b"ENTRIESREAD",
            format_i64(entries_read).as_bytes(),
        ]);
        self.group = Some(head.name);
        self.consumer = None;
        Ok(head.pending)
    }

    /// Lets the consumer have the ids that came.
    fn end_claim(&mut self, key: &[u8], rebuild: &mut Rebuild) {
        if self.claim.is_empty() {
            return;
        }
        let ids: Vec<Vec<u8>> = self.claim.drain(..).map(StreamId::to_text).collect();
        let (delivered_at, deliveries) = (format_u64(self.claimed.0), format_u64(self.claimed.1));
        let group = self.group.as_deref().unwrap_or_default();
        let consumer = self.consumer.as_deref().unwrap_or_default();
        let head = [&b"XCLAIM"[..], key, group, consumer, b"0"];
        let tail = [
            &b"TIME"[..],
            delivered_at.as_bytes(),
            b"RETRYCOUNT",
            deliveries.as_bytes(),
            b"JUSTID",
            b"FORCE",
        ];
        rebuild.command(head.into_iter().chain(ids.iter().map(Vec::as_slice)).chain(tail));
    }
}
