//! The thread that follows: one primary after the other, as the role says.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::base::options::{Options, PrimaryAddress, Secret};
use crate::base::{ArgvBuf, Error, ErrorKind, Result, log_sink};
use crate::dispatch::{Applied, Applier, Engine, LinkState};

use crate::replication::cursor::Position;
use crate::replication::{Follow, Frame, FrameKind, Place, Replica, ReplicaOptions, Source, Speech, Trust};

use super::Mirror;

/// How long frames are waited for before clocks and options are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// The same where staleness is limited: a share of the limit.
const LOOKS_PER_LIMIT: u64 = 4;
/// Pauses after a primary's refusal, which asking again at once would not change.
const REFUSED_PAUSE: Duration = Duration::from_millis(500);
/// How often a primary that nobody may follow any more looks whether that is so.
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(1);
/// Frames applied between two looks at whether the figures are worth publishing.
const FRAMES_PER_NOTE: u32 = 64;

/// What is kept from one primary to the next, and from one connection to the next.
#[derive(Default)]
struct Thread {
    /// Where the copy stands, empty for nowhere.
    cursor: Vec<u8>,
    /// The turn for which the cursor holds.
    turn: u64,
    /// What the primary is asked in, and whether it has answered to that.
    speech: Speech,
    has_spoken: bool,
    /// The last refusal that was logged.
    refusal: String,
}

/// A copy under construction.
struct Shadow {
    engine: Engine,
    applier: Applier,
}

/// The commands of a transaction until it is whole.
#[derive(Default)]
struct Transaction {
    is_open: bool,
    /// For each its database and the primary's shard that it came from.
    commands: Vec<(usize, ArgvBuf)>,
    from: Vec<usize>,
}

/// One link's work.
struct Link<'a> {
    mirror: &'a Mirror,
    applier: Applier,
    shadow: Option<Shadow>,
    transaction: Transaction,
    turn: u64,
    /// The primary's and the own streams are compared, for whoever goes on here after a promotion.
    tracks: bool,
    /// The role turned before the last frames were applied.
    has_refused: bool,
}

/// Why a link's work ended.
enum End {
    /// The role has turned, or the runtime stops.
    Turned,
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Mirror {
    pub(super) fn run(&self) {
        let mut thread = Thread::default();
        while !self.stopping.load(Ordering::Acquire) {
            let role = &self.engine.server.role;
            let turn = role.turns();
            let Some(address) = role.primary() else {
                // What clients write from now on is in no primary's history.
                thread.cursor.clear();
                thread.turn = turn;
                let mut state = self.state.lock();
                if role.turns() == turn && !self.stopping.load(Ordering::Acquire) {
                    if self.primary.is_kept() {
                        self.changed.wait_for(&mut state, HOUSEKEEPING_INTERVAL);
                    } else {
                        self.changed.wait(&mut state);
                    }
                }
                drop(state);
                if self.primary.is_kept() {
                    // Whoever went on here, or could have, may be gone for too long by now.
                    self.primary.housekeep();
                }
                continue;
            };
            if thread.turn != turn {
                let own = self.state.lock().own.take().filter(|(at, _)| *at == turn);
                match own {
                    // A primary becomes a replica: what it has is a beginning of what another one has, or is not.
                    Some((_, cursor)) => {
                        thread.speech = match Place::decode(&cursor) {
                            Ok(Place::Psync(_)) => Speech::Psync,
                            _ => Speech::Native,
                        };
                        thread.cursor = cursor;
                    }
                    None if thread.turn + 1 != turn => thread.cursor.clear(),
                    None => {}
                }
                (thread.turn, thread.has_spoken) = (turn, false);
            }
            match self.follow(&mut thread, &address, turn) {
                End::Turned => {}
                End::Failed(error) => self.refused(&mut thread, &address, &error),
            }
            self.state.lock().interrupter = None;
        }
        self.state.lock().ended = Some(thread.cursor);
    }

    /// Takes note of why a primary cannot be followed the way it was tried.
    fn refused(&self, thread: &mut Thread, address: &PrimaryAddress, error: &Error) {
        let server = &self.engine.server;
        server.role.set_link_state(LinkState::Connect, server.clock.now_ms());
        server.settle_role();
        let is_other_protocol =
            matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Protocol) && !thread.has_spoken;
        if is_other_protocol {
            thread.speech = match thread.speech {
                Speech::Native => Speech::Psync,
                Speech::Psync => Speech::Native,
            };
            if thread.speech == Speech::Psync {
                return;
            }
        }
        if error.message() != thread.refusal {
            error.message().clone_into(&mut thread.refusal);
            log_sink::warning(format_args!("cannot follow {}: {error}", address.shown()));
        }
        let mut state = self.state.lock();
        if !self.stopping.load(Ordering::Acquire) && server.role.turns() == thread.turn {
            self.changed.wait_for(&mut state, REFUSED_PAUSE);
        }
    }

    fn follow(&self, thread: &mut Thread, address: &PrimaryAddress, turn: u64) -> End {
        let options = self.engine.server.options.read().clone();
        let opened = self.replica_options(&options, address, thread.speech).and_then(|options| {
            let is_partial = options.is_partial();
            Replica::open(options, &thread.cursor).map(|replica| (replica, is_partial))
        });
        let is_partial = opened.as_ref().is_ok_and(|(_, is_partial)| *is_partial);
        let mut replica = match opened.map(|(replica, _)| replica) {
            Ok(replica) => replica,
            Err(error) => return End::Failed(error),
        };
        {
            let mut state = self.state.lock();
            state.interrupter = Some(replica.interrupter());
            state.place = Some(replica.place());
        }
        let mut link = Link {
            applier: Applier::new(&self.engine, Some(turn)),
            shadow: None,
            transaction: Transaction::default(),
            mirror: self,
            turn,
            tracks: false,
            has_refused: false,
        };
        // Others go on here after a promotion only where they can connect to, and find everything.
        link.tracks = thread.speech == Speech::Native && self.port() != 0 && !is_partial;
        if link.tracks {
            link.applier.track(self.engine.shards.len());
        } else {
            self.primary.keep_history(false);
        }
        self.engine.server.role.set_link_state(LinkState::Connecting, self.engine.server.clock.now_ms());
        let end = link.run(&mut replica, thread);
        thread.cursor = if link.is_torn() { Vec::new() } else { replica.cursor() };
        if link.tracks && !link.is_torn() && !link.has_refused {
            let promoted = self.state.lock().promoted.take().filter(|(at, _)| *at == turn + 1);
            if let (Some((_, own)), Place::Native(cursor)) = (promoted, replica.place()) {
                self.primary.ancestry.settle(&cursor, &own);
            }
        }
        end
    }

    fn replica_options(
        &self,
        options: &Options,
        address: &PrimaryAddress,
        speech: Speech,
    ) -> Result<ReplicaOptions> {
        let server = &self.engine.server;
        let mut replica = ReplicaOptions {
            id: Some(format!("mirror-{}", &server.run_id[..server.run_id.len().min(16)])),
            bookmarks: true,
            trust: Trust::of_links(options),
            receive_timeout: Duration::from_secs(options.repl_timeout.into()),
            announce_ip: options.replica_announce_ip.clone(),
            ..ReplicaOptions::default()
        };
        let own_port = self.port();
        let announced = options.replica_announce_port;
        replica.announce_port = if announced != 0 { announced } else { own_port };
        if address.url.is_empty() {
            replica.source = Some(Source::Tcp {
                host: address.host.clone(),
                port: address.port,
                tls: options.tls_replication,
            });
            replica.speech = speech;
            // Who is named as REPLICAOF names primaries is followed whole, with every database, or not at all.
            replica.follow = Follow::Psync;
        } else {
            replica.set("source", &address.url)?;
        }
        if replica.is_partial() {
            // Nobody may take a part for the whole.
            replica.announce_port = 0;
        }
        if replica.password.0.is_empty() {
            replica.user.clone_from(&options.masteruser);
            replica.password = Secret(options.masterauth.0.clone());
        }
        Ok(replica)
    }

    /// The port that clients of this runtime connect to; 0 for none.
    fn port(&self) -> u16 {
        self.engine.server.hooks.get().and_then(|hooks| hooks.port()).unwrap_or_default()
    }

    /// Publishes how far the copy has come.
    fn note(&self, replica: &Replica) {
        let (received, applied) = replica.offsets();
        let stats = replica.stats();
        let role = &self.engine.server.role;
        role.set_offsets(received, applied, stats.lag_bytes);
        role.set_weaker(stats.weaker);
        if self.waiters.load(Ordering::Acquire) > 0 {
            self.state.lock().place = Some(replica.place());
            self.changed.notify_all();
        }
    }
}

impl Link<'_> {
    /// True where what was handed out has not been applied whole.
    fn is_torn(&self) -> bool {
        self.shadow.is_some()
    }

    fn run(&mut self, replica: &mut Replica, thread: &mut Thread) -> End {
        loop {
            match self.step(replica, thread) {
                Ok(()) => {}
                Err(end) => return end,
            }
        }
    }

    fn step(&mut self, replica: &mut Replica, thread: &mut Thread) -> Result<(), End> {
        let server = &self.mirror.engine.server;
        let limit = server.options.read().max_staleness;
        let look = match limit {
            0 => LOOK_INTERVAL,
            limit => LOOK_INTERVAL.min(Duration::from_millis((limit / LOOKS_PER_LIMIT).max(1))),
        };
        for _ in 0..FRAMES_PER_NOTE {
            if self.mirror.stopping.load(Ordering::Acquire) || server.role.turns() != self.turn {
                return Err(End::Turned);
            }
            let frame = match replica.next(Some(look)) {
                Ok(Some(frame)) => frame,
                Ok(None) => {
                    self.idle(replica, limit > 0);
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => break,
                Err(error) => return Err(error.into()),
            };
            let (kind, shard, offset, db) = (frame.kind, frame.shard, frame.offset, frame.db);
            self.take(&frame, thread)?;
            if self.tracks {
                self.compare(kind, (shard, offset, db), replica);
            }
            if kind == FrameKind::SnapshotEnd {
                self.put_in_place(&replica.place())?;
                // From here on the copy is the primary's.
                server.role.set_link_state(LinkState::Connected, server.clock.now_ms());
                self.freshen(replica);
                let state = self.mirror.state.lock();
                self.mirror.changed.notify_all();
                drop(state);
            }
        }
        self.mirror.note(replica);
        if replica.link_is_quiet() {
            self.freshen(replica);
        }
        if self.shadow.is_some() {
            server.role.set_sync(replica.stats().link.bytes, 0);
        }
        Ok(())
    }

    /// Takes note of where the own streams stand now that a frame has been taken.
    fn compare(&mut self, kind: FrameKind, (shard, offset, db): (usize, u64, usize), replica: &Replica) {
        let primary = &self.mirror.primary;
        match kind {
            FrameKind::Command if !self.transaction.is_open => {
                let theirs = Position { offset: offset + 1, db: db as u32 };
                let own = || primary.offsets().get(shard).copied().unwrap_or_default();
                let step = self.applier.steps.iter().find(|step| step.shard == shard);
                let ours = step.map_or_else(|| (own(), own()), |step| (step.before, step.after));
                primary.ancestry.advance(shard, theirs, ours);
            }
            FrameKind::TxnEnd => {
                let Place::Native(cursor) = replica.place() else { return };
                for step in &self.applier.steps {
                    if let Some(theirs) = cursor.shards.get(step.shard) {
                        primary.ancestry.advance(step.shard, *theirs, (step.before, step.after));
                    }
                }
            }
            // Here the primary may have said that it goes on in another history.
            FrameKind::Link if replica.stats().up => self.rebase(replica),
            _ => {}
        }
    }

    /// Compares from here on, in the history that is followed now.
    fn rebase(&self, replica: &Replica) {
        let primary = &self.mirror.primary;
        primary.keep_history(true);
        if let Place::Native(cursor) = replica.place() {
            primary.continue_from(&cursor);
        }
    }

    /// Nothing arrives at the moment.
    fn idle(&self, replica: &mut Replica, is_limited: bool) {
        if is_limited {
            // A primary that can be asked says at once that nothing is missing.
            replica.probe();
        }
        if !self.tracks && self.mirror.primary.is_kept() {
            self.mirror.primary.housekeep();
        }
        self.mirror.engine.server.settle_role();
    }

    /// Takes note that nothing was missing when bytes of the primary last arrived.
    fn freshen(&self, replica: &Replica) {
        let server = &self.mirror.engine.server;
        let now = server.clock.now_ms();
        let Some(heard) = replica.heard() else { return };
        server.role.hear(now.saturating_sub(Instant::now().duration_since(heard).as_millis() as u64));
        if self.shadow.is_none() && server.role.link_state() == LinkState::Connected {
            server.role.freshen(now.saturating_sub(heard.elapsed().as_millis() as u64));
            server.settle_role();
        }
    }

    fn take(&mut self, frame: &Frame<'_>, thread: &mut Thread) -> Result<(), End> {
        let server = &self.mirror.engine.server;
        let now = server.clock.now_ms();
        match frame.kind {
            FrameKind::Link if frame.up => {
                thread.refusal.clear();
                thread.has_spoken = true;
                log_sink::info(format_args!("the primary has taken the handshake"));
                let is_copy = !thread.cursor.is_empty() || server.role.staleness_ms(now).is_some();
                server
                    .role
                    .set_link_state(if is_copy { LinkState::Connected } else { LinkState::Handshake }, now);
                server.settle_role();
            }
            FrameKind::Link => {
                log_sink::warning(format_args!("the link to the primary is down: {}", frame.reason));
                self.shadow = None;
                self.transaction = Transaction::default();
                server.role.set_link_state(LinkState::Connecting, now);
                server.settle_role();
            }
            FrameKind::Resync => {
                log_sink::warning(format_args!("the primary sends a snapshot anew: {}", frame.reason));
            }
            FrameKind::SnapshotBegin => {
                server.role.set_link_state(LinkState::Sync, now);
                server.settle_role();
                let engine = self.mirror.engine.twin();
                let applier = Applier::new(&engine, None);
                self.shadow = Some(Shadow { engine, applier });
            }
            FrameKind::Entry => {
                let args: Vec<&[u8]> = frame.argv.iter().collect();
                let Some(shadow) = &mut self.shadow else { return Ok(()) };
                if let [b"FUNCTION", .., code] = args[..] {
                    // Only kept: it is compiled once the copy is in its place.
                    shadow.engine.shards.take(0).partition.functions.load(code);
                } else {
                    shadow.applier.apply(&shadow.engine, 0, frame.db, &args)?;
                }
            }
            FrameKind::TxnBegin => self.transaction.is_open = true,
            FrameKind::Command if self.transaction.is_open => {
                let mut argv = ArgvBuf::default();
                frame.argv.iter().for_each(|arg| argv.push(arg));
                self.transaction.commands.push((frame.db, argv));
                self.transaction.from.push(frame.shard);
            }
            FrameKind::Command => {
                let args: Vec<&[u8]> = frame.argv.iter().collect();
                self.applied(|link| link.applier.apply(&link.mirror.engine, frame.shard, frame.db, &args))?;
            }
            FrameKind::TxnEnd => {
                let Transaction { commands, from, .. } = std::mem::take(&mut self.transaction);
                let args: Vec<(usize, Vec<&[u8]>)> =
                    commands.iter().map(|(db, argv)| (*db, argv.as_argv().iter().collect())).collect();
                let args: Vec<(usize, &[&[u8]])> = args.iter().map(|(db, args)| (*db, &args[..])).collect();
                self.applied(|link| link.applier.apply_together(&link.mirror.engine, &from, &args))?;
            }
            FrameKind::SnapshotEnd | FrameKind::Bookmark => {}
        }
        Ok(())
    }

    fn applied(&mut self, work: impl FnOnce(&mut Self) -> Result<Applied>) -> Result<(), End> {
        match work(self)? {
            Applied::Done => Ok(()),
            Applied::Turned => {
                self.has_refused = true;
                Err(End::Turned)
            }
        }
    }

    /// Puts the copy that is whole in the place of what clients have seen so far, at one instant.
    fn put_in_place(&mut self, place: &Place) -> Result<(), End> {
        // It stays where it is until it is in place: a copy that is left counts as torn.
        let Some(shadow) = &self.shadow else { return Ok(()) };
        let Mirror { engine, primary, log, .. } = self.mirror;
        let turn = self.turn;
        let mut is_done = false;
        while !is_done {
            log.prepare_replacement()?;
            let mut has_turned = false;
            is_done = primary.renew(|guards| {
                has_turned = engine.server.role.turns() != turn;
                if has_turned || !log.replace(guards) {
                    return false;
                }
                for (shard, mut filled) in guards.iter_mut().zip(shadow.engine.shards.take_all()) {
                    shard.adopt(&mut filled);
                    shard.publish_memory(&engine.server);
                }
                true
            });
            if has_turned {
                return Err(End::Turned);
            }
        }
        self.shadow = None;
        if let Place::Native(cursor) = place
            && self.tracks
        {
            primary.ancestry.begin(cursor, &primary.offsets());
        }
        engine.serve_blocked();
        if let Some(scripts) = engine.server.scripts.get() {
            for (name, fail) in scripts.adopt(&engine.shards.take(0).partition) {
                log_sink::warning(format_args!("the library {name} cannot be loaded: {}", fail.text()));
            }
        }
        if let Some(hooks) = engine.server.hooks.get() {
            hooks.keys_replaced();
        }
        log_sink::info(format_args!("the primary's snapshot is in place"));
        Ok(())
    }
}
