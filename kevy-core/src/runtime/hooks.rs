//! What commands and reactors ask of the runtime.

use std::sync::{Arc, Weak};

use crate::base::signal::{self, Ring};
use crate::dispatch::Hooks;
use crate::io::Upgrade;
use crate::net::{Peer, Upgrades};
use crate::replication::Primary;

use super::start::Core;

/// The runtime as its commands see it. Weak: a command must not keep a stopped runtime alive.
#[derive(Debug)]
pub struct RuntimeHooks(pub Weak<Core>);

impl Hooks for RuntimeHooks {
    fn shutdown(&self) {
        if let Some(core) = self.0.upgrade() {
            core.begin_stop();
        }
    }

    fn options_changed(&self, _names: &[&str]) {
        if let Some(core) = self.0.upgrade() {
            core.primary.follow(&core.engine.server.options.read());
            core.handles.iter().for_each(|handle| handle.alarm.ring(signal::OPTIONS));
        }
    }

    fn replication_info(&self) -> String {
        self.0.upgrade().map(|core| core.primary.info()).unwrap_or_default()
    }

    fn replicas(&self) -> Vec<(String, u16, u64)> {
        let Some(core) = self.0.upgrade() else { return Vec::new() };
        let connected = core.primary.replicas().into_iter().filter(|replica| replica.connected);
        connected.map(|replica| (replica.ip, replica.port, replica.offset)).collect()
    }

    fn offsets(&self) -> Vec<u64> {
        self.0.upgrade().map(|core| core.primary.offsets()).unwrap_or_default()
    }

    fn syncs(&self) -> [u64; 3] {
        let Some(core) = self.0.upgrade() else { return [0; 3] };
        let syncs = core.primary.syncs();
        [syncs.full, syncs.partial, syncs.partial_refused]
    }

    fn reset_syncs(&self) {
        if let Some(core) = self.0.upgrade() {
            core.primary.reset_syncs();
        }
    }

    fn replicas_at(&self, offsets: &[u64], durable: bool) -> usize {
        // Nothing is written to disk, so nothing is durable.
        let Some(core) = self.0.upgrade().filter(|_| !durable) else { return 0 };
        // Whoever asks goes on to wait, and must hear of what comes after this look.
        core.acks.arm();
        core.primary.acked_at_least(offsets)
    }

    fn replication_offset(&self) -> u64 {
        self.0.upgrade().map_or(0, |core| core.primary.offset())
    }

    fn replicas_in_sync(&self) -> usize {
        self.0.upgrade().map_or(0, |core| core.primary.in_sync())
    }

    fn port(&self) -> Option<u16> {
        self.0.upgrade().and_then(|core| core.port)
    }
}

/// Makes feeds of connections.
#[derive(Debug)]
pub struct Feeds(pub Arc<Primary>);

impl Upgrades for Feeds {
    fn housekeep(&self) -> bool {
        self.0.housekeep()
    }

    fn replicate(&self, args: &[&[u8]], peer: Peer<'_>) -> Result<Box<dyn Upgrade>, String> {
        let alarm = peer.alarm.clone();
        self.0.attach(args, peer.shard, &peer.client.address, Arc::new(move || alarm.ring(signal::FEED)))
    }
}
