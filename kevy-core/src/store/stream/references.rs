//! Entries that go while consumer groups still know of them.

use super::{Group, Stream, StreamId, Trim};

/// What becomes of the pending entries of groups when the entries of the stream go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// They stay.
    #[default]
    Keep,
    /// They go as well.
    Delete,
    /// An entry that some group has not been given, or has not acknowledged, does not go.
    Acked,
}

/// What went from a stream and its groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Ids of entries that were deleted one by one.
    pub deleted: Vec<StreamId>,
    /// How many entries went by trimming to a length or an id.
    pub trimmed: u64,
    /// Names of groups, each with the ids that no longer wait for acknowledgement.
    pub acknowledged: Vec<(Box<[u8]>, Vec<StreamId>)>,
}

impl Dropped {
    /// Whether anything changed.
    pub fn is_some(&self) -> bool {
        self.trimmed > 0 || !self.deleted.is_empty() || !self.acknowledged.is_empty()
    }

    /// How many entries are gone from the stream.
    pub fn len(&self) -> u64 {
        self.trimmed + self.deleted.len() as u64
    }

    /// Whether no entry is gone from the stream.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Notes that `id` no longer waits for acknowledgement in a group.
    pub fn acknowledge(&mut self, group: &[u8], id: StreamId) {
        match self.acknowledged.iter_mut().find(|(name, _)| **name == *group) {
            Some((_, ids)) => ids.push(id),
            None => self.acknowledged.push((group.into(), vec![id])),
        }
    }
}

/// Whether one of `groups` has not been given the entry of this id yet, or waits for its acknowledgement.
fn is_referenced(groups: &[Group], id: StreamId) -> bool {
    groups.iter().any(|group| group.last_id < id || group.get_pending(id).is_some())
}

impl Stream {
    /// Whether a group has not been given the entry of this id yet, or waits for its acknowledgement.
    pub fn is_referenced(&self, id: StreamId) -> bool {
        is_referenced(self.groups(), id)
    }

    /// Takes an id out of the pending entries of all groups.
    pub fn drop_references(&mut self, id: StreamId, dropped: &mut Dropped) {
        let body = &mut *self.body;
        for group in &mut body.groups {
            let before = group.memory();
            if group.acknowledge(id) {
                dropped.acknowledge(group.name(), id);
            }
            body.group_bytes = body.group_bytes + group.memory() - before;
        }
    }

    /// Trims, and does with the groups what `references` says.
    pub fn trim(&mut self, trim: &Trim, references: References) -> Dropped {
        let mut dropped = Dropped::default();
        match references {
            References::Keep => dropped.trimmed = self.nodes_mut().trim(trim),
            References::Delete if self.groups().iter().all(|group| group.pending_len() == 0) => {
                dropped.trimmed = self.nodes_mut().trim(trim);
            }
            References::Delete => {
                let mut gone = Vec::new();
                dropped.trimmed = self.nodes_mut().trim_telling(trim, Some(&mut |id| gone.push(id)));
                gone.into_iter().for_each(|id| self.drop_references(id, &mut dropped));
            }
            References::Acked => {
                let body = &mut *self.body;
                let groups = &body.groups;
                dropped.deleted = body.nodes.trim_around(trim, &|id| is_referenced(groups, id));
            }
        }
        dropped
    }
}
