//! What commands and reactors ask of the runtime.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::base::log_sink;
use crate::base::options::Options;
use crate::base::signal::{self, Ring};
use crate::dispatch::{FailoverOrder, Hooks, SaveWork, Waiter, WritePosition};
use crate::io::{ServerTls, Upgrade};
use crate::mirror::token_of;
use crate::net::{Peer, Upgrades};
use crate::replication::wire::Handshake;
use crate::replication::{Primary, psync};

use super::failover::Failover;
use super::start::Core;

/// The runtime as its commands see it. Weak: a command must not keep a stopped runtime alive.
#[derive(Debug)]
pub struct RuntimeHooks(pub Weak<Core>);

impl Hooks for RuntimeHooks {
    fn shutdown(&self, save: Option<bool>) {
        if let Some(core) = self.0.upgrade() {
            core.disk.set_save_at_stop(save);
            if let (Some(scripts), Some(false)) = (core.engine.server.scripts.get(), save) {
                scripts.stop(true);
            }
            let seconds = core.engine.server.options.read().shutdown_timeout;
            core.begin_stop_within(Duration::from_secs(seconds.into()));
        }
    }

    fn begin_save(&self, schedule: bool) -> Result<bool, String> {
        let core = self.0.upgrade().ok_or("the runtime is stopping")?;
        core.disk.snapshots.start(schedule).map_err(|error| error.to_string())
    }

    fn save(&self, work: SaveWork, waiter: Arc<Waiter>) {
        let weak = self.0.clone();
        let answer = waiter.clone();
        let spawned = std::thread::Builder::new().name("kevy-save".into()).spawn(move || {
            let done = match weak.upgrade() {
                Some(core) => core.disk.work(work).map_err(|error| error.to_string()),
                None => Err("the runtime is stopping".to_owned()),
            };
            answer.answer(|out| match done {
                Ok(()) => out.ok(),
                Err(text) => out.error(&format!("ERR {text}")),
            });
        });
        if let Err(error) = spawned {
            waiter.answer(|out| out.error(&format!("ERR cannot start a thread: {error}")));
        }
    }

    fn begin_rewrite(&self) -> Result<&'static str, String> {
        let core = self.0.upgrade().ok_or("the runtime is stopping")?;
        core.disk.begin_rewrite().map_err(|error| error.to_string())
    }

    fn log_failure(&self) -> String {
        self.0.upgrade().and_then(|core| core.disk.log.failure()).unwrap_or_default()
    }

    fn hurry_log(&self) {
        if let Some(core) = self.0.upgrade() {
            core.synced.arm();
            core.disk.log.hurry();
        }
    }

    fn is_log_synced(&self) -> bool {
        self.0.upgrade().is_some_and(|core| {
            let horizon = &core.engine.shards.horizon;
            core.disk.log.is_on() && horizon.has_reached(&horizon.goal())
        })
    }

    fn break_disk(&self, args: &[&[u8]]) -> Result<(), String> {
        let core = self.0.upgrade().ok_or("the runtime is stopping")?;
        core.disk.make_faulty(args)
    }

    fn last_save_ms(&self) -> u64 {
        self.0.upgrade().map_or(0, |core| core.disk.snapshots.last_save_ms())
    }

    fn persistence_info(&self, changes: u64) -> String {
        let text = |core: Arc<Core>| core.disk.snapshots.info(changes) + &core.disk.log.info();
        self.0.upgrade().map(text).unwrap_or_default()
    }

    fn check_options(&self, options: &Options, names: &[&str]) -> Result<(), (String, String)> {
        let Some(tls) = self.0.upgrade().and_then(|core| core.tls.clone()) else { return Ok(()) };
        let Some(name) = names.iter().find(|name| name.to_ascii_lowercase().starts_with("tls-")) else {
            return Ok(());
        };
        match ServerTls::new(options) {
            Ok(config) => {
                tls.change(config);
                Ok(())
            }
            Err(text) => {
                log_sink::warning(format_args!("TLS: {text}"));
                let told = "Unable to update TLS configuration. Check server logs.".into();
                Err(((*name).to_owned(), told))
            }
        }
    }

    fn options_changed(&self, _names: &[&str]) {
        if let Some(core) = self.0.upgrade() {
            let options = core.engine.server.options.read().clone();
            core.primary.follow(&options);
            core.disk.follow(&options);
            core.engine.server.settle_role();
            core.handles.iter().for_each(|handle| handle.alarm.ring(signal::OPTIONS));
        }
    }

    fn unpaused(&self) {
        if let Some(core) = self.0.upgrade() {
            core.handles.iter().for_each(|handle| handle.alarm.ring(signal::RESUME));
            core.events.announce();
        }
    }

    fn replication_info(&self) -> String {
        let Some(core) = self.0.upgrade() else { return String::new() };
        let server = &core.engine.server;
        let role = server.role.info(&server.options.read(), server.clock.now_ms());
        format!(
            "{role}{}repl_token:{}\r\n",
            core.primary.info(core.failover.state()),
            token_of(&core.primary)
        )
    }

    fn role_turned(&self) {
        if let Some(core) = self.0.upgrade() {
            core.mirror.role_turned();
        }
    }

    fn keys_replaced(&self) {
        let Some(core) = self.0.upgrade().filter(|core| core.disk.is_logged()) else { return };
        if let Err(error) = core.disk.begin_rewrite() {
            log_sink::error(format_args!("the log does not hold the primary's keys yet: {error}"));
        }
    }

    fn keys_flushed(&self) {
        if let Some(core) = self.0.upgrade() {
            core.disk.snapshots.abandon();
        }
    }

    fn replicas(&self) -> Vec<(String, u16, u64)> {
        self.0.upgrade().map(|core| core.primary.online()).unwrap_or_default()
    }

    fn position(&self) -> WritePosition {
        let Some(core) = self.0.upgrade() else { return WritePosition::default() };
        let frames = core.primary.offsets();
        let merged = core.primary.sequencer.mark(frames.clone());
        WritePosition { merged: merged.map(|mark| mark.shared()), frames }
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

    fn replicas_at(&self, position: &WritePosition, durable: bool) -> usize {
        let Some(core) = self.0.upgrade() else { return 0 };
        // Whoever asks goes on to wait, and must hear of what comes after this look.
        core.acks.arm();
        // Replicas by the native protocol do not tell what they have on disk.
        let native = if durable { 0 } else { core.primary.acked_at_least(&position.frames) };
        let merged = position.merged.as_ref().map_or(0, |offset| {
            core.primary.sequencer.peers.at_least(offset.load(Ordering::Acquire), durable)
        });
        native + merged
    }

    fn replicas_near(&self, lag_seconds: u64) -> usize {
        self.0.upgrade().map_or(0, |core| core.primary.near(lag_seconds))
    }

    fn begin_failover(&self, order: FailoverOrder) -> Result<(), String> {
        let core = self.0.upgrade().ok_or("ERR the runtime is stopping")?;
        Failover::begin(&core, order)
    }

    fn abort_failover(&self) -> Result<(), String> {
        let core = self.0.upgrade().ok_or("ERR the runtime is stopping")?;
        core.failover.abort()
    }

    fn rename_history(&self) {
        if let Some(core) = self.0.upgrade() {
            core.primary.sequencer.history.lock().renew();
        }
    }

    fn replication_offset(&self) -> u64 {
        self.0.upgrade().map_or(0, |core| core.primary.shown_offset())
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
        let wake = Arc::new(move || alarm.ring(signal::FEED));
        let said = peer.introduction.clone();
        if args.first().is_some_and(|verb| verb.eq_ignore_ascii_case(b"REPLICATE")) {
            if let Some(part) = &said.part {
                let wanted = Handshake::parse(args)?.selection.prefixes;
                let is_seen = |prefix: &Vec<u8>| part.iter().any(|seen| prefix.starts_with(seen));
                if wanted.is_empty() || !wanted.iter().all(is_seen) {
                    return Err("NOPERM this user may see only the keys that its patterns name, so its replica has to ask for \
                                those by prefix"
                        .into());
                }
            }
            // A replica that tells where its clients connect to is shown by that.
            let address = match (said.address, said.port) {
                (_, 0) => peer.client.address.clone(),
                (Some(ip), port) => format!("{ip}:{port}"),
                (None, port) => {
                    let ip = peer.client.address.rsplit_once(':').map_or("", |(ip, _)| ip);
                    format!("{ip}:{port}")
                }
            };
            return self.0.attach(args, peer.shard, &address, wake);
        }
        let address = &peer.client.address;
        let introduction = psync::Introduction {
            port: said.port,
            address: said.address,
            eof: said.eof,
            psync2: said.psync2,
            rdb_only: said.rdb_only,
            no_keys: said.no_keys,
        };
        self.0.attach_psync(args, psync::Order { introduction, address, wake })
    }
}
