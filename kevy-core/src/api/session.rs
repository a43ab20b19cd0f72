//! Commands in-process, on the caller's thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::{Error, ErrorKind, Result};
use crate::dispatch::commands::Origin;
use crate::dispatch::{Direct, State};
use crate::resp::{Node, Protocol, Tree, Writer};
use crate::runtime::{self, Bell, Waker};

/// One client's state, used by one thread at a time: database, MULTI, WATCH, RESP version.
///
/// Replies are borrowed until the next call.
#[derive(Debug)]
pub struct Session {
    runtime: Arc<runtime::Runtime>,
    state: State,
    out: Writer,
    tree: Tree,
    bell: Arc<Bell>,
}

/// Ends a session's wait from any thread.
#[derive(Clone, Debug)]
pub struct Interrupter(Arc<Bell>);

impl Interrupter {
    /// The wait under way, or else the next one, returns [`ErrorKind::Interrupted`].
    pub fn interrupt(&self) {
        self.0.interrupt();
    }
}

/// A reply buffer that one large reply grew beyond this is given back.
const KEEP_BYTES_MAX: usize = 1 << 20;

impl Session {
    pub(super) fn open(runtime: Arc<runtime::Runtime>) -> Result<Self> {
        let core = runtime.core();
        core.check()?;
        let bell = Arc::<Bell>::default();
        let waker = bell.clone();
        let state = core.engine.open(Box::new(move |_| waker.ring()));
        Ok(Self { state, out: Writer::new(Protocol::Resp3), tree: Tree::new(), bell, runtime })
    }

    /// Runs one command; `argv[0]` is the verb. An error reply of the server is a reply, not an error.
    ///
    /// # Errors
    /// Where the runtime cannot run commands any more, or `argv` is empty.
    #[inline]
    pub fn dispatch(&mut self, argv: &[&[u8]]) -> Result<Node<'_>> {
        self.run(argv, Origin::Client)?;
        self.tree.parse(&self.out.buf).map_err(|error| garbled(&error))?;
        Ok(self.tree.root(&self.out.buf))
    }

    /// As [`Session::dispatch`] for a command that may have to wait: only then is `around` called, and the wait is what it
    /// is given to call, on any thread. `None` where it does not call it, so that the command has done nothing.
    ///
    /// # Errors
    /// As [`Session::dispatch`].
    pub fn dispatch_around(
        &mut self,
        argv: &[&[u8]],
        around: impl FnOnce(&mut (dyn FnMut() + Send)),
    ) -> Result<Option<Node<'_>>> {
        if argv.is_empty() {
            return Err(no_verb());
        }
        self.start()?;
        self.out.buf.clear();
        let how = (Origin::Client, &self.bell);
        if !self.runtime.core().run_around(&mut self.state, argv, &mut self.out, how, around)? {
            return Ok(None);
        }
        self.tree.parse(&self.out.buf).map_err(|error| garbled(&error))?;
        Ok(Some(self.tree.root(&self.out.buf)))
    }

    /// Runs the session's last command. The reply owns the session, so that a thread which waited for it can hand it
    /// to another.
    ///
    /// # Errors
    /// As [`Session::dispatch`].
    pub fn dispatch_last(mut self, argv: &[&[u8]]) -> Result<LastReply> {
        self.dispatch(argv)?;
        Ok(LastReply { session: self })
    }

    /// Applies a frame of a primary's stream to database `db`: as [`Session::dispatch`], but limits on memory do
    /// not apply and the change is not replicated again.
    ///
    /// # Errors
    /// As [`Session::dispatch`]; an error reply means that the frame does not fit this copy.
    pub fn apply(&mut self, db: usize, argv: &[&[u8]]) -> Result<Node<'_>> {
        self.state.session.db = db;
        self.run(argv, Origin::Replica)?;
        self.tree.parse(&self.out.buf).map_err(|error| garbled(&error))?;
        Ok(self.tree.root(&self.out.buf))
    }

    #[inline]
    fn run(&mut self, argv: &[&[u8]], origin: Origin) -> Result<()> {
        if argv.is_empty() {
            return Err(no_verb());
        }
        self.start()?;
        self.out.buf.clear();
        self.runtime.core().run(&mut self.state, argv, &mut self.out, origin, &self.bell)
    }

    /// Runs commands one after the other in one call and returns their replies as one array. They are not a
    /// transaction.
    ///
    /// # Errors
    /// As [`Session::dispatch`]; nothing has run then where an argv is empty.
    pub fn dispatch_batch(&mut self, commands: &[&[&[u8]]]) -> Result<Node<'_>> {
        if commands.iter().any(|argv| argv.is_empty()) {
            return Err(no_verb());
        }
        self.start()?;
        self.out.buf.clear();
        self.out.array(commands.len());
        let (core, first) = (self.runtime.core(), self.out.buf.len());
        let phase = core.disk_phase();
        for argv in commands {
            core.run_ahead(&mut self.state, argv, &mut self.out, Origin::Client, &self.bell)?;
        }
        if core.engine.shards.horizon.is_strict() {
            core.wait_for_disk(&mut self.out, first, phase);
        }
        self.tree.parse(&self.out.buf).map_err(|error| garbled(&error))?;
        Ok(self.tree.root(&self.out.buf))
    }

    #[inline]
    fn start(&mut self) -> Result<()> {
        self.runtime.core().check()?;
        if self.state.session.client.is_killed() {
            return Err(killed());
        }
        if self.out.buf.capacity() > KEEP_BYTES_MAX {
            self.out.buf = Vec::new();
        }
        Ok(())
    }

    /// The value of a string key: GET without a reply to decode.
    ///
    /// # Errors
    /// [`ErrorKind::WrongType`] for another type; inside MULTI [`ErrorKind::InvalidArgument`].
    #[inline]
    pub fn get(&mut self, key: &[u8]) -> Result<Option<&[u8]>> {
        self.start()?;
        self.out.buf.clear();
        match self.runtime.core().get(&mut self.state, key, &mut self.out.buf)? {
            Direct::Found => Ok(Some(&self.out.buf)),
            Direct::Missing => Ok(None),
        }
    }

    /// Sets a string key and drops its expiry: SET without a reply to decode.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfMemory`] where `maxmemory` forbids it; inside MULTI [`ErrorKind::InvalidArgument`].
    #[inline]
    pub fn set(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        self.start()?;
        self.runtime.core().set(&mut self.state, key, value)
    }

    /// As [`Session::get`]; `None`, and nothing done, where it would have to wait for the shard. Whoever holds a
    /// lock of the host's, such as an interpreter's, gives that up before it waits in [`Session::get`].
    ///
    /// # Errors
    /// As [`Session::get`].
    #[inline]
    pub fn try_get(&mut self, key: &[u8]) -> Result<Option<Option<&[u8]>>> {
        self.start()?;
        self.out.buf.clear();
        Ok(match self.runtime.core().try_get(&mut self.state, key, &mut self.out.buf)? {
            Some(Direct::Found) => Some(Some(&self.out.buf)),
            Some(Direct::Missing) => Some(None),
            None => None,
        })
    }

    /// As [`Session::set`]; false, and nothing done, where it would have to wait for the shard.
    ///
    /// # Errors
    /// As [`Session::set`].
    #[inline]
    pub fn try_set(&mut self, key: &[u8], value: &[u8]) -> Result<bool> {
        self.start()?;
        self.runtime.core().try_set(&mut self.state, key, value)
    }

    /// True where some shard is in use at this moment, or replies wait for the disk, so that a command might have to wait.
    #[inline]
    pub fn is_contended(&self) -> bool {
        let shards = &self.runtime.core().engine.shards;
        shards.is_contended() || shards.horizon.is_strict()
    }

    /// Waits for a message that nobody asked for, of a channel that the session is subscribed to for instance; `None` when
    /// `timeout` has passed.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`] after [`Interrupter::interrupt`], and [`ErrorKind::Closed`] where more messages waited
    /// than `client-output-buffer-limit` allows a subscriber.
    pub fn next_push(&mut self, timeout: Duration) -> Result<Option<Node<'_>>> {
        if !self.wait_push(timeout)? {
            return Ok(None);
        }
        let Some(message) = self.state.session.client.outbox.take() else { return Ok(None) };
        self.out.buf.clear();
        self.out.buf.extend_from_slice(&message);
        self.tree.parse(&self.out.buf).map_err(|error| garbled(&error))?;
        Ok(Some(self.tree.root(&self.out.buf)))
    }

    /// Waits until [`Session::next_push`] has a message at hand; false when `timeout` has passed.
    ///
    /// # Errors
    /// As [`Session::next_push`].
    pub fn wait_push(&mut self, timeout: Duration) -> Result<bool> {
        let core = self.runtime.core();
        core.check()?;
        let client = &self.state.session.client;
        if client.outbox.is_filled() {
            return Ok(true);
        }
        // A timeout beyond what the clock can count is for ever.
        let deadline = Instant::now().checked_add(timeout);
        let found = core.events.wait(deadline, &self.bell, || {
            (client.outbox.is_filled() || core.is_stopping() || client.is_killed()).then_some(())
        })?;
        match found {
            None => Ok(false),
            Some(()) if client.outbox.is_filled() => Ok(true),
            Some(()) if client.is_killed() => Err(killed()),
            Some(()) => Err(core.check().err().unwrap_or_else(stopped)),
        }
    }

    /// Has `wake` called, in place of what was given before, when there may be something for [`Session::next_push`]: a first
    /// message, or the end of the session or the runtime. It is called on whichever thread that happens, at times with a
    /// shard held, so it must return at once and not use kevy. It may be called for nothing; after `None` at most by a
    /// thread that was about to.
    pub fn set_push_waker(&mut self, wake: Option<Box<dyn Fn() + Send + Sync>>) {
        self.runtime.core().events.tell(&self.bell, wake.map(Waker::new));
    }

    /// A handle that ends this session's waits from another thread.
    pub fn interrupter(&self) -> Interrupter {
        Interrupter(self.bell.clone())
    }

    /// The database that commands run in.
    pub fn db(&self) -> usize {
        self.state.session.db
    }

    /// The session's number, as CLIENT ID tells it.
    pub fn id(&self) -> u64 {
        self.state.session.client.id
    }
}

/// The reply of [`Session::dispatch_last`], which ends the session when it is dropped.
#[derive(Debug)]
pub struct LastReply {
    session: Session,
}

impl LastReply {
    /// The reply.
    pub fn reply(&self) -> Node<'_> {
        self.session.tree.root(&self.session.out.buf)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.runtime.core().events.leave(&self.bell);
        self.runtime.core().close(&mut self.state);
    }
}

fn killed() -> Error {
    Error::new(ErrorKind::Closed, "the session was ended by CLIENT KILL, or did not take its messages")
}

fn stopped() -> Error {
    Error::new(ErrorKind::Closed, "the runtime has been stopped")
}

fn no_verb() -> Error {
    Error::new(ErrorKind::InvalidArgument, "argv is empty: a command needs a verb")
}

fn garbled(error: &dyn std::fmt::Debug) -> Error {
    Error::new(ErrorKind::Protocol, format!("a command wrote a reply that is not RESP: {error:?}"))
}
