//! A running keyspace.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Result;
use crate::dispatch::commands::Commands;
use crate::runtime;

use super::{Options, Session};

pub use crate::runtime::OpenReport;

/// One running instance: shards, core threads, listeners. Clones share it; the last one to go stops it, once
/// its sessions are closed too.
#[derive(Clone, Debug)]
pub struct Runtime(Arc<runtime::Runtime>);

impl Runtime {
    /// Starts a runtime with the Redis command set. No port is opened unless `port` or `unixsocket` is set.
    ///
    /// # Errors
    /// Where an option cannot be honoured: an address in use, a directory that cannot be written.
    pub fn start(options: &Options) -> Result<Self> {
        Self::start_with(options, runtime::redis_commands())
    }

    /// Starts a runtime with a command set of the host's own.
    ///
    /// # Errors
    /// As [`Runtime::start`].
    pub fn start_with(options: &Options, commands: Arc<dyn Commands>) -> Result<Self> {
        runtime::Runtime::start(&options.0, commands, options.1.clone()).map(|inner| Self(Arc::new(inner)))
    }

    /// The TCP port it listens on, which the system chose where the option was 0.
    pub fn port(&self) -> Option<u16> {
        self.0.core().port
    }

    /// The port of the status page, where there is one.
    pub fn http_port(&self) -> Option<u16> {
        self.0.http_port()
    }

    /// How many shards the keyspace has.
    pub fn shards(&self) -> usize {
        self.0.core().engine.shards.len()
    }

    /// What opening found.
    pub fn open_report(&self) -> OpenReport {
        self.0.core().report.get().copied().unwrap_or_default()
    }

    /// Opens an in-process connection: the other end of the returned socket is a session. The descriptor is the
    /// caller's and blocks until set otherwise.
    ///
    /// # Errors
    /// Where no descriptor can be had or the runtime has stopped.
    pub fn connect(&self) -> Result<OwnedFd> {
        self.0.connect()
    }

    /// Opens a session that runs commands on the caller's thread.
    ///
    /// # Errors
    /// Where the runtime has stopped or lives in another process.
    pub fn session(&self) -> Result<Session> {
        Session::open(self.0.clone())
    }

    /// The place after everything that has been written here: a replica that has reached it shows all of that, see
    /// [`Runtime::wait_token`]. `INFO replication` tells it as `repl_token`.
    pub fn token(&self) -> String {
        runtime::token_of(&self.0.core().primary)
    }

    /// Waits on a replica until everything before `token` has been applied, so that its writer reads what it wrote. A
    /// token is what [`Runtime::token`] or `repl_token` told on the primary, or `<master_replid>:<master_repl_offset>` of
    /// Redis and Valkey.
    ///
    /// # Errors
    /// [`crate::api::ErrorKind::Timeout`] after `timeout`; [`crate::api::ErrorKind::Replica`] for a token of another
    /// history; [`crate::api::ErrorKind::InvalidArgument`] for what is no token.
    pub fn wait_token(&self, token: &str, timeout: Duration) -> Result<()> {
        let core = self.0.core();
        core.check()?;
        core.mirror.wait(&runtime::Token::parse(token)?, timeout)
    }

    /// Waits on a replica until its first copy is whole; false where `timeout` passed before. At once on a primary.
    ///
    /// # Errors
    /// [`crate::api::ErrorKind::Closed`] once the runtime has been stopped.
    pub fn wait_synced(&self, timeout: Duration) -> Result<bool> {
        let core = self.0.core();
        core.check()?;
        core.mirror.wait_synced(timeout)
    }

    /// How far the copy may lie behind its primary: `None` while there is none. Zero on a primary.
    pub fn staleness(&self) -> Option<Duration> {
        let server = &self.0.core().engine.server;
        server.role.staleness_ms(server.clock.now_ms()).map(Duration::from_millis)
    }

    /// Stops: refuses new work, lets connections take their last replies for at most `timeout`, ends the
    /// threads. Safe to call again.
    ///
    /// # Errors
    /// [`crate::api::ErrorKind::Timeout`] where threads had not ended in time; they still will.
    pub fn stop(&self, timeout: Duration) -> Result<()> {
        self.0.stop(timeout)
    }

    /// The value that an option has now, as `CONFIG GET` shows it.
    pub fn option(&self, name: &str) -> Option<String> {
        self.0.core().engine.server.options.read().get(name)
    }

    /// Says whether the stop is to take a snapshot, whatever the options say.
    pub fn save_at_stop(&self, save: bool) {
        self.0.core().disk.set_save_at_stop(Some(save));
    }

    /// Waits until the runtime has stopped, by [`Runtime::stop`] elsewhere or by the SHUTDOWN command.
    pub fn wait(&self) {
        self.0.wait();
    }
}
