//! ACL LOG: what was denied lately, the latest first.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// Why something was denied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    Command,
    Key,
    Channel,
    Auth,
}

impl Reason {
    pub fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Key => "key",
            Self::Channel => "channel",
            Self::Auth => "auth",
        }
    }
}

/// Where it was tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    TopLevel,
    Multi,
    Lua,
}

impl Place {
    pub fn word(self) -> &'static str {
        match self {
            Self::TopLevel => "toplevel",
            Self::Multi => "multi",
            Self::Lua => "lua",
        }
    }
}

/// One event, or several of the same kind.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: u64,
    pub count: u64,
    pub reason: Reason,
    pub place: Place,
    /// The command, key, channel or verb of authentication.
    pub object: Vec<u8>,
    pub user: Vec<u8>,
    /// The line of CLIENT LIST of the client that did it last.
    pub client: Vec<u8>,
    /// Unix milliseconds of the first and the last such event.
    pub created_ms: u64,
    pub updated_ms: u64,
}

/// Events of one kind this close together are one entry.
const GROUPING_MS: u64 = 60_000;
/// How many of the latest entries are searched for one of the same kind.
const GROUPING_ENTRIES_MAX: usize = 10;

/// The entries, and the number of the next one.
#[derive(Debug, Default)]
pub struct Log(Mutex<(VecDeque<Entry>, u64)>);

impl Log {
    /// Adds an event, whose `id` and `count` are set here, and keeps at most `len_max` entries.
    pub fn add(&self, mut event: Entry, len_max: usize) {
        let (entries, next_id) = &mut *self.0.lock();
        let is_alike = |known: &Entry| {
            (known.reason, known.place) == (event.reason, event.place)
                && event.created_ms.abs_diff(known.updated_ms) <= GROUPING_MS
                && known.object == event.object
                && known.user == event.user
        };
        let alike = entries.iter().take(GROUPING_ENTRIES_MAX).position(is_alike);
        if let Some(mut known) = alike.and_then(|at| entries.remove(at)) {
            known.count += 1;
            known.client = event.client;
            known.updated_ms = event.created_ms;
            entries.push_front(known);
            return;
        }
        (event.id, event.count) = (*next_id, 1);
        *next_id += 1;
        entries.push_front(event);
        entries.truncate(len_max);
    }

    /// The latest entries, at most `count`.
    pub fn latest(&self, count: usize) -> Vec<Entry> {
        self.0.lock().0.iter().take(count).cloned().collect()
    }

    pub fn clear(&self) {
        self.0.lock().0.clear();
    }
}
