//! What happened to a group, as commands that come to the same on a replica.

use smallvec::SmallVec;

use crate::base::number::{format_i64, format_u64};
use crate::command::Effects;
use crate::store::{DroppedEntries, Pending, StreamId};

/// The most ids that one command names.
const IDS_MAX: usize = 128;

/// The effects of one command on one group.
#[derive(Debug)]
pub(super) struct GroupEffects<'a> {
    pub effects: &'a mut Effects,
    pub db: usize,
    pub key: &'a [u8],
    pub group: &'a [u8],
}

impl GroupEffects<'_> {
    /// A consumer has come into being.
    pub(super) fn new_consumer(&mut self, consumer: &[u8]) {
        let argv = [b"XGROUP", &b"CREATECONSUMER"[..], self.key, self.group, consumer];
        self.effects.push(self.db, &argv);
    }

    /// Entries wait for the acknowledgement of `consumer` now. `last_id` is the last one delivered to the group.
    pub(super) fn pending(&mut self, consumer: &[u8], entries: &[(StreamId, Pending)], last_id: StreamId) {
        if !self.effects.wanted {
            return;
        }
        let last_id = last_id.to_text();
        let delivery = |(_, pending): &(StreamId, Pending)| (pending.delivered_at, pending.deliveries);
        for same in entries.chunk_by(|one, other| delivery(one) == delivery(other)) {
            let (at, deliveries) = delivery(&same[0]);
            let (at, deliveries) = (format_u64(at), format_u64(deliveries));
            for some in same.chunks(IDS_MAX) {
                let ids: Vec<Vec<u8>> = some.iter().map(|(id, _)| id.to_text()).collect();
                let mut argv: SmallVec<[&[u8]; 16]> =
                    SmallVec::from_slice(&[b"XCLAIM", self.key, self.group, consumer, b"0"]);
                argv.extend(ids.iter().map(Vec::as_slice));
                argv.extend_from_slice(&[b"TIME", at.as_bytes(), b"RETRYCOUNT", deliveries.as_bytes()]);
                argv.extend_from_slice(&[b"FORCE", b"JUSTID", b"LASTID", &last_id]);
                self.effects.push(self.db, &argv);
            }
        }
    }

    /// Entries no longer wait for acknowledgement.
    pub(super) fn acknowledged(&mut self, ids: &[StreamId]) {
        for some in ids.chunks(IDS_MAX) {
            let ids: Vec<Vec<u8>> = some.iter().map(|id| id.to_text()).collect();
            let mut argv: SmallVec<[&[u8]; 16]> = SmallVec::from_slice(&[b"XACK", self.key, self.group]);
            argv.extend(ids.iter().map(Vec::as_slice));
            self.effects.push(self.db, &argv);
        }
    }

    /// The group has come further.
    pub(super) fn progress(&mut self, last_id: StreamId, entries_read: Option<u64>) {
        let (last_id, read) = (last_id.to_text(), format_read(entries_read));
        let head = [b"XGROUP", &b"SETID"[..], self.key, self.group];
        let mut argv: SmallVec<[&[u8]; 16]> = SmallVec::from_slice(&head);
        argv.extend_from_slice(&[&last_id, b"ENTRIESREAD", &read]);
        self.effects.push(self.db, &argv);
    }
}

/// Entries were deleted one by one, and references to entries.
pub(super) fn push_dropped(effects: &mut Effects, db: usize, key: &[u8], dropped: &DroppedEntries) {
    for (group, ids) in &dropped.acknowledged {
        GroupEffects { effects, db, key, group }.acknowledged(ids);
    }
    for some in dropped.deleted.chunks(IDS_MAX) {
        let ids: Vec<Vec<u8>> = some.iter().map(|id| id.to_text()).collect();
        let mut argv: SmallVec<[&[u8]; 16]> = SmallVec::from_slice(&[b"XDEL", key]);
        argv.extend(ids.iter().map(Vec::as_slice));
        effects.push(db, &argv);
    }
}

/// The number of entries that a group has read, -1 where it is not known.
fn format_read(read: Option<u64>) -> Vec<u8> {
    format_i64(read.and_then(|read| i64::try_from(read).ok()).unwrap_or(-1)).as_bytes().to_vec()
}
