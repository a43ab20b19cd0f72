//! Whether a runtime is a primary or follows one, as commands, gates and INFO see it.
//!
//! REPLICAOF and fail-over turn the role while they hold every token; whoever follows the primary tells here how far it
//! has come; everybody reads.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::base::options::{Options, PrimaryAddress};

/// How far the link to the primary has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum LinkState {
    /// Nothing has been tried yet, or it is time to try again.
    Connect = 0,
    Connecting = 1,
    Handshake = 2,
    /// A snapshot arrives.
    Sync = 3,
    /// Changes arrive.
    Connected = 4,
}

impl LinkState {
    /// The word of ROLE.
    pub fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Connecting => "connecting",
            Self::Handshake => "handshake",
            Self::Sync => "sync",
            Self::Connected => "connected",
        }
    }
}

/// Stands for a moment that has not come.
const NEVER: u64 = 0;

/// The role of one runtime.
#[derive(Debug)]
pub struct Role {
    primary: RwLock<Option<PrimaryAddress>>,
    is_replica: AtomicBool,
    turns: AtomicU64,
    state: AtomicU8,
    /// Offsets of the primary's stream, over all its shards: received and applied.
    received: AtomicU64,
    applied: AtomicU64,
    /// Bytes that have arrived and were not applied.
    waiting: AtomicU64,
    /// Unix milliseconds at which the primary was last heard of, and since when the link is down.
    heard_ms: AtomicU64,
    down_since_ms: AtomicU64,
    /// Unix milliseconds of the last moment at which the copy was known to hold all that the primary had sent.
    fresh_ms: AtomicU64,
    /// Bytes of the snapshot under way that were read, and that it has; 0 where that is not known.
    sync_read: AtomicU64,
    sync_total: AtomicU64,
    /// Not all that the primary does arrives, as it forbids to be followed by its stream.
    is_weaker: AtomicBool,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            primary: RwLock::default(),
            is_replica: AtomicBool::new(false),
            turns: AtomicU64::new(0),
            state: AtomicU8::new(LinkState::Connect as u8),
            received: AtomicU64::new(0),
            applied: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            heard_ms: AtomicU64::new(NEVER),
            down_since_ms: AtomicU64::new(NEVER),
            fresh_ms: AtomicU64::new(NEVER),
            sync_read: AtomicU64::new(0),
            sync_total: AtomicU64::new(0),
            is_weaker: AtomicBool::new(false),
        }
    }
}

impl Role {
    /// Whether another primary is followed.
    #[inline]
    pub fn is_replica(&self) -> bool {
        self.is_replica.load(Ordering::Acquire)
    }

    /// The primary that is followed.
    pub fn primary(&self) -> Option<PrimaryAddress> {
        self.primary.read().clone()
    }

    /// How many times the role was turned: what was fetched for an earlier turn must not be applied. Read with a
    /// token held it stays as it is until that is given back.
    #[inline]
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Acquire)
    }

    /// Follows `primary`, or nobody. To be called with all tokens held, or before there are clients.
    pub fn turn(&self, primary: Option<PrimaryAddress>) {
        let mut own = self.primary.write();
        self.is_replica.store(primary.is_some(), Ordering::Release);
        *own = primary;
        self.turns.fetch_add(1, Ordering::AcqRel);
        self.state.store(LinkState::Connect as u8, Ordering::Release);
        self.is_weaker.store(false, Ordering::Relaxed);
        for moment in [&self.heard_ms, &self.down_since_ms, &self.fresh_ms] {
            moment.store(NEVER, Ordering::Relaxed);
        }
    }

    /// How far the link to the primary has come; without meaning on a primary.
    pub fn link_state(&self) -> LinkState {
        match self.state.load(Ordering::Acquire) {
            1 => LinkState::Connecting,
            2 => LinkState::Handshake,
            3 => LinkState::Sync,
            4 => LinkState::Connected,
            _ => LinkState::Connect,
        }
    }

    /// Takes note of how far the link has come.
    pub fn set_link_state(&self, state: LinkState, now: u64) {
        let before = self.link_state();
        self.state.store(state as u8, Ordering::Release);
        if before == LinkState::Connected && state != before {
            self.down_since_ms.store(now, Ordering::Relaxed);
        }
    }

    /// Takes note that the primary was heard of.
    pub fn hear(&self, now: u64) {
        self.heard_ms.store(now, Ordering::Relaxed);
    }

    /// Takes note of how far the primary's stream was received and applied, and of how many bytes wait.
    pub fn set_offsets(&self, received: u64, applied: u64, waiting_bytes: u64) {
        self.waiting.store(waiting_bytes, Ordering::Relaxed);
        self.received.store(received, Ordering::Relaxed);
        self.applied.store(applied, Ordering::Relaxed);
    }

    /// The offset up to which the primary's stream has been applied; `None` where the link is down.
    pub fn applied_if_linked(&self) -> Option<u64> {
        (self.link_state() == LinkState::Connected).then(|| self.applied.load(Ordering::Relaxed))
    }

    /// Takes note of how many bytes of a snapshot were read, and how many it has, 0 for unknown.
    pub fn set_sync(&self, read: u64, total: u64) {
        self.sync_read.store(read, Ordering::Relaxed);
        self.sync_total.store(total, Ordering::Relaxed);
    }

    /// Takes note of whether the primary's keys are scanned and tracked, in place of following its stream.
    pub fn set_weaker(&self, is_weaker: bool) {
        self.is_weaker.store(is_weaker, Ordering::Relaxed);
    }

    /// Takes note that at `now` the copy held all that the primary had done up to then.
    pub fn freshen(&self, now: u64) {
        self.fresh_ms.store(now, Ordering::Relaxed);
    }

    /// Milliseconds by which the copy may lie behind its primary; `None` where there never was a whole copy. A primary is
    /// never stale.
    pub fn staleness_ms(&self, now: u64) -> Option<u64> {
        if !self.is_replica() {
            return Some(0);
        }
        let fresh = self.fresh_ms.load(Ordering::Relaxed);
        (fresh != NEVER).then(|| now.saturating_sub(fresh))
    }

    /// The lines of `INFO replication` that tell of the role.
    pub fn info(&self, options: &Options, now: u64) -> String {
        let Some(PrimaryAddress { host, port, .. }) = self.primary() else { return "role:master\r\n".into() };
        let state = self.link_state();
        let is_up = state == LinkState::Connected;
        let load = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let seconds_since = |moment: u64| {
            if moment == NEVER { -1 } else { (now.saturating_sub(moment) / 1000) as i64 }
        };
        let mut text = String::from("role:slave\r\n");
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "master_host:{host}\r\nmaster_port:{port}\r\nmaster_link_status:{}\r\n\
             master_last_io_seconds_ago:{}\r\nmaster_sync_in_progress:{}\r\nslave_read_repl_offset:{}\r\n\
             slave_repl_offset:{}\r\n",
            if is_up { "up" } else { "down" },
            if is_up { seconds_since(load(&self.heard_ms)) } else { -1 },
            u8::from(state == LinkState::Sync),
            load(&self.received),
            load(&self.applied),
        );
        if state == LinkState::Sync {
            let (read, total) = (load(&self.sync_read), load(&self.sync_total));
            let percent = if total == 0 { 0.0 } else { read as f64 * 100.0 / total as f64 };
            let _ = write!(
                text,
                "master_sync_total_bytes:{total}\r\nmaster_sync_read_bytes:{read}\r\n\
                 master_sync_left_bytes:{}\r\nmaster_sync_perc:{percent:.2}\r\n\
                 master_sync_last_io_seconds_ago:{}\r\n",
                total.saturating_sub(read),
                seconds_since(load(&self.heard_ms)),
            );
        }
        if !is_up {
            let down = seconds_since(load(&self.down_since_ms));
            let _ = write!(text, "master_link_down_since_seconds:{down}\r\n");
        }
        let _ = write!(
            text,
            "slave_priority:{}\r\nslave_read_only:{}\r\nreplica_announced:{}\r\n",
            options.replica_priority,
            u8::from(options.replica_read_only),
            u8::from(options.replica_announced),
        );
        if let Some(staleness) = self.staleness_ms(now) {
            let _ = write!(text, "replica_staleness_ms:{staleness}\r\n");
        }
        let guarantee = if self.is_weaker.load(Ordering::Relaxed) { "weaker" } else { "exact" };
        let _ = write!(text, "replica_guarantee:{guarantee}\r\n");
        let behind = load(&self.received).saturating_sub(load(&self.applied));
        let _ = write!(text, "replica_lag_offset:{behind}\r\nreplica_lag_bytes:{}\r\n", load(&self.waiting));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica() -> Role {
        let role = Role::default();
        role.turn(Some(PrimaryAddress::new("db", 7)));
        role
    }

    #[test]
    fn a_turn_begins_with_a_link_that_was_never_up() {
        let role = replica();
        role.set_link_state(LinkState::Connected, 5000);
        role.set_link_state(LinkState::Connect, 6000);
        assert!(role.info(&Options::default(), 9000).contains("master_link_down_since_seconds:3\r\n"));
        role.turn(Some(PrimaryAddress::new("other", 7)));
        let text = role.info(&Options::default(), 9000);
        assert!(
            text.contains("master_host:other\r\n") && text.contains("down_since_seconds:-1\r\n"),
            "{text}"
        );
        assert_eq!(role.turns(), 2);
    }

    #[test]
    fn a_source_that_is_followed_the_weaker_way_is_shown() {
        let role = replica();
        assert!(role.info(&Options::default(), 9000).contains("replica_guarantee:exact\r\n"));
        role.set_weaker(true);
        assert!(role.info(&Options::default(), 9000).contains("replica_guarantee:weaker\r\n"));
        role.turn(Some(PrimaryAddress::new("other", 7)));
        assert!(role.info(&Options::default(), 9000).contains("replica_guarantee:exact\r\n"));
    }

    #[test]
    fn staleness_is_counted_from_the_last_moment_at_which_nothing_was_missing() {
        let role = replica();
        assert_eq!(role.staleness_ms(100), None);
        role.freshen(100);
        assert_eq!(role.staleness_ms(350), Some(250));
        role.turn(None);
        assert_eq!(role.staleness_ms(400), Some(0));
        assert_eq!(role.info(&Options::default(), 400), "role:master\r\n");
    }
}
