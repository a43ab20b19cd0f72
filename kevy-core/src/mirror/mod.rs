//! A runtime that follows a primary: fetches its snapshot into a copy that nobody sees, puts that in place whole, and
//! applies every change after it.
//!
//! The runtime starts one [`Mirror`]; REPLICAOF and a stop tell it to look at the role anew. It has one thread, which
//! starts with the first primary to follow. Whom to follow, and how far it has come, stands in [`Role`](crate::dispatch::Role).

mod follow;
mod token;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::base::{Error, ErrorKind, OwnedGuard, Result, log_sink};
use crate::dispatch::Engine;
use crate::replication::cursor::PsyncCursor;
use crate::replication::{Interrupter, Place, Primary, SavedHistory, SavedPlace};
use crate::shard::Shard;

pub use token::{Token, token_of};

/// What the follower and whoever asks about it share.
#[derive(Debug)]
pub struct Mirror {
    engine: Arc<Engine>,
    primary: Arc<Primary>,
    log: Arc<dyn KeptLog>,
    state: Mutex<State>,
    /// Something of the state has changed.
    changed: Condvar,
    stopping: AtomicBool,
    /// Callers that wait for a place.
    waiters: AtomicUsize,
}

/// The log on disk, which has to hear where the keys are replaced by others that it does not tell of.
pub trait KeptLog: std::fmt::Debug + Send + Sync {
    /// Makes ready for [`KeptLog::replace`]. No token is held.
    ///
    /// # Errors
    /// Where the disk does not allow it.
    fn prepare_replacement(&self) -> Result<()>;

    /// Takes note that the shards, all of them, get other keys now. False where that has to be prepared first.
    fn replace(&self, shards: &mut [OwnedGuard<'_, Shard>]) -> bool;
}

#[derive(Debug, Default)]
struct State {
    thread: Option<JoinHandle<()>>,
    /// Ends the follower's wait.
    interrupter: Option<Interrupter>,
    /// Whether another primary is followed.
    follows: bool,
    /// Where this runtime stood, as a primary, when it became a replica with that turn of the role.
    own: Option<(u64, Vec<u8>)>,
    /// Where a file said that this runtime stood in a stream of bytes of the primary that it follows.
    restored: Option<Vec<u8>>,
    /// Where the thread stood when it ended; empty for nowhere.
    ended: Option<Vec<u8>>,
    /// The own offsets at which it became a primary with that turn.
    promoted: Option<(u64, Vec<u64>)>,
    /// Up to where the primary's changes have been applied, as far as it was told.
    place: Option<Place>,
}

impl Mirror {
    /// A mirror that follows nobody yet.
    pub fn new(engine: Arc<Engine>, primary: Arc<Primary>, log: Arc<dyn KeptLog>) -> Arc<Self> {
        Arc::new(Self {
            engine,
            primary,
            log,
            state: Mutex::default(),
            changed: Condvar::new(),
            stopping: AtomicBool::new(false),
            waiters: AtomicUsize::new(0),
        })
    }

    /// Looks at the role anew. Waits for nothing, so it may be called with tokens held.
    pub fn role_turned(self: &Arc<Self>) {
        let mut state = self.state.lock();
        state.place = None;
        let role = &self.engine.server.role;
        let is_replica = role.is_replica();
        match (state.follows, is_replica) {
            (false, true) => {
                let restored = state.restored.take();
                let own = restored.or_else(|| self.primary.place().map(|cursor| cursor.encode()));
                state.own = own.map(|cursor| (role.turns(), cursor));
            }
            (true, false) => {
                state.promoted = Some((role.turns(), self.primary.offsets()));
                self.primary.keep_history(false);
            }
            _ => {}
        }
        state.follows = is_replica;
        if let Some(interrupter) = &state.interrupter {
            interrupter.interrupt();
        }
        let is_wanted = (is_replica || self.primary.is_kept()) && !self.stopping.load(Ordering::Acquire);
        if state.thread.is_none() && is_wanted {
            let mirror = self.clone();
            let spawned =
                std::thread::Builder::new().name("kevy-mirror".into()).spawn(move || mirror.run_guarded());
            match spawned {
                Ok(thread) => state.thread = Some(thread),
                Err(error) => log_sink::error(format_args!("cannot start a thread that follows: {error}")),
            }
        }
        self.changed.notify_all();
    }

    /// Goes on where a file said that this runtime was in the histories of its keys. Before the role is first looked at.
    pub fn restore(&self, history: &SavedHistory) {
        let follows = self.engine.server.role.is_replica();
        if let Some(place) = history.place().filter(|_| follows && history.cursor.is_empty()) {
            let cursor =
                PsyncCursor { replid: place.id, offset: place.offset, db: place.db.unwrap_or_default() };
            self.state.lock().restored = Some(cursor.encode());
        }
        self.primary.restore(history, follows);
    }

    /// Where in which histories the keys are. The caller holds every token, or the runtime is stopping.
    pub fn history(&self) -> SavedHistory {
        let primary = &self.primary;
        let own = primary.offsets();
        let role = &self.engine.server.role;
        let ended = self.state.lock().ended.clone().filter(|cursor| role.is_replica() && !cursor.is_empty());
        let merged = primary.sequencer.place(&own);
        match ended.as_deref().map(Place::decode) {
            Some(Ok(Place::Psync(PsyncCursor { replid, offset, db }))) => {
                let place = SavedPlace { id: replid, offset, db: Some(db) };
                SavedHistory::default().with_place(Some(place))
            }
            Some(Ok(Place::Native(cursor))) => {
                SavedHistory { cursor: cursor.encode(), ..SavedHistory::default() }.with_place(merged)
            }
            _ => {
                let cursor =
                    if role.is_replica() { primary.ancestry.place_at(&own) } else { primary.place() };
                let cursor = cursor.map(|cursor| cursor.encode()).unwrap_or_default();
                SavedHistory { cursor, ..SavedHistory::default() }.with_place(merged)
            }
        }
    }

    /// Ends the thread. Idempotent.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        let thread = {
            let mut state = self.state.lock();
            if let Some(interrupter) = &state.interrupter {
                interrupter.interrupt();
            }
            self.changed.notify_all();
            state.thread.take()
        };
        if let Some(thread) = thread {
            // A panic of the thread has been reported as poison.
            let _ = thread.join();
        }
    }

    /// Leaves the thread alone, as it lives in another process.
    pub fn forget(&self) {
        if let Some(thread) = self.state.lock().thread.take() {
            std::mem::forget(thread);
        }
    }

    /// Waits until everything before `token` has been applied here. On the runtime that gave the token that is at once.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] after `timeout`; [`ErrorKind::Replica`] where the history is another one; [`ErrorKind::Closed`]
    /// once the runtime stops.
    pub fn wait(&self, token: &Token, timeout: Duration) -> Result<()> {
        let deadline = Instant::now().checked_add(timeout);
        self.waiters.fetch_add(1, Ordering::AcqRel);
        let result = self.wait_until(token, deadline);
        self.waiters.fetch_sub(1, Ordering::AcqRel);
        result
    }

    /// Waits until there is a whole copy; false where `timeout` passed before.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] once the runtime stops.
    pub fn wait_synced(&self, timeout: Duration) -> Result<bool> {
        let server = &self.engine.server;
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.state.lock();
        loop {
            if self.stopping.load(Ordering::Acquire) {
                return Err(Error::new(ErrorKind::Closed, "the runtime has been stopped"));
            }
            if server.role.staleness_ms(server.clock.now_ms()).is_some() {
                return Ok(true);
            }
            match deadline {
                None => self.changed.wait(&mut state),
                Some(deadline) if self.changed.wait_until(&mut state, deadline).timed_out() => {
                    return Ok(false);
                }
                Some(_) => {}
            }
        }
    }

    fn wait_until(&self, token: &Token, deadline: Option<Instant>) -> Result<()> {
        let mut state = self.state.lock();
        loop {
            if self.stopping.load(Ordering::Acquire) {
                return Err(Error::new(ErrorKind::Closed, "the runtime has been stopped"));
            }
            if !self.engine.server.role.is_replica() {
                return token.check_own(&self.primary);
            }
            match &state.place {
                Some(place) if token.is_reached(place)? => return Ok(()),
                _ => {}
            }
            match deadline {
                None => self.changed.wait(&mut state),
                Some(deadline) if self.changed.wait_until(&mut state, deadline).timed_out() => {
                    return Err(Error::new(
                        ErrorKind::Timeout,
                        "the primary's changes have not arrived in time",
                    ));
                }
                Some(_) => {}
            }
        }
    }

    fn run_guarded(self: Arc<Self>) {
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.run()));
        if run.is_err() {
            log_sink::error(format_args!("the thread that follows the primary panicked"));
            self.engine.poison();
        }
    }
}
