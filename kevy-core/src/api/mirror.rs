//! A copy of a primary, in this process, to read from.

use std::ops::Deref;
use std::time::Duration;

use crate::base::Result;

use super::{Options, Runtime};

/// A read-only copy of a primary, kept up to date by its stream and read at the speed of memory.
///
/// It is a [`Runtime`] that follows: sessions read from it, it may listen, and replicas may follow it in turn. Until the
/// first snapshot is in place it is empty; while another one is fetched it shows what it had. Sentinels are not told of it
/// and never promote it, unless options say otherwise.
#[derive(Clone, Debug)]
pub struct Mirror(Runtime);

impl Mirror {
    /// Starts to follow `source`: `host port`, or a URL such as `kevy://host:port`, `redis://host:port` or
    /// `sentinel://host:port/name`, with the options of a replica behind a `?`. `?prefix=user:` copies a part.
    ///
    /// # Errors
    /// Where the source or an option cannot be honoured. A primary that is not there is waited for.
    pub fn start(source: &str, options: &Options) -> Result<Self> {
        let mut own = Options::new();
        own.set("replica-priority", "0")?;
        own.set("replica-announced", "no")?;
        for option in Options::table() {
            let given = options.get(option.name);
            let default = Options::new().get(option.name);
            if given != default
                && let Some(value) = given
            {
                own.set(option.name, &value)?;
            }
        }
        own.1.clone_from(&options.1);
        own.set("replicaof", source)?;
        Runtime::start(&own).map(Self)
    }

    /// Waits until the first copy is whole; false where `timeout` passed before.
    ///
    /// # Errors
    /// [`crate::api::ErrorKind::Closed`] once the mirror has been stopped.
    pub fn wait_synced(&self, timeout: Duration) -> Result<bool> {
        self.0.wait_synced(timeout)
    }

    /// The runtime that holds the copy.
    pub fn runtime(&self) -> &Runtime {
        &self.0
    }
}

impl Deref for Mirror {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        &self.0
    }
}
