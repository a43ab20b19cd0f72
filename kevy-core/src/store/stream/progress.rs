//! How far a group has come: counting entries that are no longer there without having counted them.
//!
//! Ids say nothing about how many entries lie between them, so the number of entries up to an id is known for few of
//! them: the first and last of the stream, and those that a group reads one after another from there on. Deleting
//! from the middle makes it unknown again. The rules are those of Redis 7.0, so that `entries-read` and `lag` agree.

use super::{Counters, Group, StreamId};

impl Counters {
    /// Whether they do not contradict each other, and are numbers that a client could set.
    pub fn are_possible(&self) -> bool {
        self.max_deleted_id <= self.last_id && self.len <= self.added && i64::try_from(self.added).is_ok()
    }

    /// Whether an entry at or after `start` was deleted from the middle of the stream.
    fn has_deleted_from(&self, start: StreamId) -> bool {
        self.len > 0 && self.max_deleted_id != StreamId::MIN && start <= self.max_deleted_id
    }

    /// How many entries were ever added up to an id, where that can be told.
    pub fn count_up_to(&self, id: StreamId) -> Option<u64> {
        if self.added == 0 {
            return Some(0);
        }
        if self.len == 0 && id <= self.last_id {
            return Some(self.added);
        }
        if id >= self.last_id {
            return (id == self.last_id).then_some(self.added);
        }
        let max_deleted = self.max_deleted_id;
        if max_deleted != StreamId::MIN && max_deleted >= self.first_id {
            return None;
        }
        let before_first = self.added.saturating_sub(self.len);
        match id.cmp(&self.first_id) {
            std::cmp::Ordering::Less => Some(before_first),
            std::cmp::Ordering::Equal => Some(before_first + 1),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// How many entries a group has yet to read, where that can be told.
    pub fn lag(&self, group: &Group) -> Option<i64> {
        if self.added == 0 {
            return Some(0);
        }
        let read = match group.entries_read {
            Some(read) if !self.has_deleted_from(group.last_id) => read,
            _ => self.count_up_to(group.last_id)?,
        };
        Some((self.added as i64).wrapping_sub(read as i64))
    }
}

impl Group {
    /// Takes note that an entry was delivered; whether the group has come further by that.
    pub fn deliver(&mut self, id: StreamId, counters: &Counters) -> bool {
        if id <= self.last_id {
            return false;
        }
        match self.entries_read {
            Some(read) if !counters.has_deleted_from(id) => self.entries_read = Some(read.saturating_add(1)),
            _ if counters.added > 0 => self.entries_read = counters.count_up_to(id),
            _ => {}
        }
        self.last_id = id;
        true
    }
}
