//! The bare engine: one shard, no threads, no I/O.

use std::sync::Arc;

use crate::base::{Clock, Error, ErrorKind, Result, SystemClock};
use crate::dispatch::commands::{Commands, Origin};
use crate::dispatch::{Engine, State};
use crate::resp::{Node, Protocol, Tree, Writer};
use crate::runtime;

use super::Options;

/// A keyspace that does nothing by itself: for tests, and for keeping a copy of a primary in a store of one's
/// own. Expired keys go when they are touched or when [`Keyspace::tick`] is called.
#[derive(Debug)]
pub struct Keyspace {
    engine: Arc<Engine>,
    state: State,
    out: Writer,
    tree: Tree,
}

impl Keyspace {
    /// A keyspace with the Redis command set and the machine's clock.
    ///
    /// # Errors
    /// Where an option is not one a bare keyspace can honour.
    pub fn new(options: &Options) -> Result<Self> {
        Self::with(options, runtime::redis_commands(), Arc::new(SystemClock))
    }

    /// A keyspace with a command set and a clock of the host's own.
    ///
    /// # Errors
    /// As [`Keyspace::new`].
    pub fn with(options: &Options, commands: Arc<dyn Commands>, clock: Arc<dyn Clock>) -> Result<Self> {
        let mut options = options.clone();
        options.set("shards", "1")?;
        let (engine, _) = runtime::assemble(&options.0, commands, clock)?;
        let state = engine.open(Box::new(|_| ()));
        Ok(Self { engine, state, out: Writer::new(Protocol::Resp3), tree: Tree::new() })
    }

    /// Runs one command; `argv[0]` is the verb.
    ///
    /// # Errors
    /// Where `argv` is empty.
    pub fn dispatch(&mut self, argv: &[&[u8]]) -> Result<Node<'_>> {
        self.run(argv, Origin::Client)
    }

    /// Applies a frame of a primary's stream to database `db`.
    ///
    /// # Errors
    /// As [`Keyspace::dispatch`].
    pub fn apply(&mut self, db: usize, argv: &[&[u8]]) -> Result<Node<'_>> {
        self.state.session.db = db;
        self.run(argv, Origin::Replica)
    }

    fn run(&mut self, argv: &[&[u8]], origin: Origin) -> Result<Node<'_>> {
        if argv.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, "argv is empty: a command needs a verb"));
        }
        self.out.buf.clear();
        self.engine.run(&mut self.state, argv, &mut self.out, origin);
        if let Some(request) = self.state.session.request.take() {
            self.engine.decline(&self.state, request, &mut self.out, 0);
        }
        self.tree.parse(&self.out.buf).map_err(|error| {
            Error::new(ErrorKind::Protocol, format!("a reply that is not RESP: {error:?}"))
        })?;
        Ok(self.tree.root(&self.out.buf))
    }

    /// Deletes what has expired and frees what was unlinked, a bounded amount. True where more is left.
    pub fn tick(&mut self) -> bool {
        let now = self.engine.server.clock.now_ms();
        self.engine.shards.take(0).housekeep(&self.engine.server, now)
    }
}
