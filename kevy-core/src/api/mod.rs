//! The public surface: what every binding and every Rust program uses.
//!
//! A [`Runtime`] is one running keyspace; a [`Session`] runs commands on it from the caller's thread; a
//! [`Replica`] follows a primary frame by frame; a [`Mirror`] is a copy of one to
//! read from; a [`Keyspace`] is the bare engine without threads or I/O.
//! [`Commands`] lets a host run a command set of its own.
//!
//! ```
//! use kevy_core::api::{Options, Runtime};
//!
//! let runtime = Runtime::start(&Options::new())?;
//! let mut session = runtime.session()?;
//! session.set(b"greeting", b"hello")?;
//! assert_eq!(session.get(b"greeting")?, Some(&b"hello"[..]));
//! let reply = session.dispatch(&[b"STRLEN", b"greeting"])?;
//! assert_eq!(reply.integer(), 5);
//! # Ok::<(), kevy_core::api::Error>(())
//! ```

mod keyspace;
mod mirror;
mod options;
mod replica;
mod runtime;
mod server;
mod server_log;
mod session;
mod tail;

pub use crate::base::fork;
pub use crate::base::log_sink as log;
pub use crate::base::{Argv, Clock, Error, ErrorKind, ManualClock, Result};
pub use crate::dispatch::commands::{
    Arg, ArgKind, Begin, Command, CommandSet, Commands, Context, Expire, Fail, Find, Flags, KeySpec, Origin,
    Outcome, Run, Scope, Spec, ValueRef, one_key,
};
pub use crate::resp::{Kind, Node as Reply, Value};

pub use keyspace::Keyspace;
pub use mirror::Mirror;
pub use options::{OptionInfo, Options};
pub use replica::{
    Batch, Frame, FrameKind, Replica, ReplicaInterrupter, ReplicaOption, ReplicaOptions, ReplicaSource,
    ReplicaSpeech, ReplicaStats,
};
pub use runtime::{OpenReport, Runtime};
pub use server::serve;
pub use session::{Interrupter, LastReply, Session};

/// This build's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
