//! Holding clients' commands back for a while (`CLIENT PAUSE`, a planned change of primaries, a disk that is too slow for
//! the log).

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::server::Gates;
use super::session::Queued;
use super::spec::Flags;
use super::{ClientKind, Server, Session, Spec};

/// Who asked for the pause. Pauses of different purposes hold beside each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    Command,
    Failover,
    Disk,
}

/// Which commands wait.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reach {
    /// Those that may change something or reach a replica.
    Writes,
    All,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    reach: Reach,
    /// Unix milliseconds.
    until: u64,
}

/// The pauses under way.
#[derive(Debug, Default)]
pub struct Pauses {
    /// By purpose.
    events: Mutex<[Option<Event>; 3]>,
    changed: Condvar,
}

/// Commands that write nothing by themselves but may reach a replica.
const MAY_REPLICATE: &[&str] = &["pfcount", "publish", "spublish", "eval", "evalsha", "fcall"];

/// Whether a command may change something though it is no write.
pub fn may_replicate(spec: &Spec) -> bool {
    MAY_REPLICATE.contains(&spec.name)
}

/// How often a thread that waits for a pause to end looks at the clock, which may be moved.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

impl Server {
    /// Holds commands back until the Unix time `until` in milliseconds. A pause of the same purpose that lasts longer
    /// or reaches further keeps its end and its reach. Returns when the last pause ends.
    pub fn pause(&self, purpose: Purpose, reach: Reach, until: u64) -> u64 {
        let mut events = self.pauses.events.lock();
        let event = &mut events[purpose as usize];
        let before = event.unwrap_or(Event { reach, until });
        *event = Some(Event { reach: reach.max(before.reach), until: until.max(before.until) });
        let (now, end) = (self.clock.now_ms(), end_of(&events));
        self.show_pauses(&mut events, now);
        end
    }

    /// Ends the pauses of one purpose, and lets everybody who waits look again. Returns when the last one that is left
    /// ends.
    pub fn unpause(&self, purpose: Purpose) -> u64 {
        let end = {
            let mut events = self.pauses.events.lock();
            events[purpose as usize] = None;
            let now = self.clock.now_ms();
            self.show_pauses(&mut events, now);
            end_of(&events)
        };
        self.pauses.changed.notify_all();
        if let Some(hooks) = self.hooks.get() {
            hooks.unpaused();
        }
        end
    }

    fn show_pauses(&self, events: &mut [Option<Event>; 3], now: u64) {
        for event in events.iter_mut() {
            *event = event.filter(|event| event.until > now);
        }
        let reaches = |reach| events.iter().flatten().any(|event| event.reach >= reach);
        self.gates.set(Gates::PAUSED_WRITES, reaches(Reach::Writes));
        self.gates.set(Gates::PAUSED_ALL, reaches(Reach::All));
    }

    /// Which commands wait at this moment. Notices the end of pauses whose time is over.
    pub fn paused(&self, now: u64) -> Option<Reach> {
        if !self.gates.is_closed(Gates::PAUSED_WRITES) {
            return None;
        }
        self.show_pauses(&mut self.pauses.events.lock(), now);
        match (self.gates.is_closed(Gates::PAUSED_ALL), self.gates.is_closed(Gates::PAUSED_WRITES)) {
            (true, _) => Some(Reach::All),
            (_, true) => Some(Reach::Writes),
            _ => None,
        }
    }

    /// When the last pause ends in Unix milliseconds; 0 where none is under way.
    pub fn paused_until(&self) -> u64 {
        end_of(&self.pauses.events.lock())
    }

    /// Whether a command of this client has to wait.
    #[cold]
    pub fn must_wait(&self, session: &Session, spec: &Spec, args: &[&[u8]], now: u64) -> bool {
        if session.is_exempt || matches!(session.client.kind(), ClientKind::Replica | ClientKind::Primary) {
            return false;
        }
        let only_reads = |args: &[&[u8]]| self.scripts.get().is_some_and(|scripts| scripts.only_reads(args));
        let changes = |spec: &Spec, args: &[&[u8]]| {
            spec.flags.has(Flags::WRITE)
                || may_replicate(spec) && !(spec.flags.has(Flags::SCRIPT) && only_reads(args))
        };
        match self.paused(now) {
            None => false,
            Some(Reach::All) => true,
            Some(Reach::Writes) => {
                let queue = session.transaction.iter().flat_map(|transaction| &transaction.queue);
                let queued_changes = |queued: &Queued| {
                    let args: Vec<&[u8]> = queued.args.iter().map(Vec::as_slice).collect();
                    changes(&self.commands.command(queued.command).spec, &args)
                };
                changes(spec, args) || spec.name == "exec" && queue.into_iter().any(queued_changes)
            }
        }
    }

    /// Sleeps until no pause holds a write (or, where that is no write, any command) back.
    #[cold]
    pub fn wait_for_pauses(&self, is_write: bool) {
        let mut events = self.pauses.events.lock();
        loop {
            let now = self.clock.now_ms();
            self.show_pauses(&mut events, now);
            let gate = if is_write { Gates::PAUSED_WRITES } else { Gates::PAUSED_ALL };
            if !self.gates.is_closed(gate) {
                return;
            }
            self.pauses.changed.wait_for(&mut events, LOOK_INTERVAL);
        }
    }
}

fn end_of(events: &[Option<Event>; 3]) -> u64 {
    events.iter().flatten().map(|event| event.until).max().unwrap_or_default()
}
