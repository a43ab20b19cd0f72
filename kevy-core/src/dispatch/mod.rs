//! From arguments to a reply: looks the verb up, checks what may be checked without keys, routes it, and runs
//! it under the tokens it needs.
//!
//! Reactors call [`Engine::plan`] and run what lies on their own shard under the token they hold already;
//! in-process sessions call [`Engine::dispatch`], which does everything on the caller's thread.

mod apply;
mod cluster;
mod direct;
mod engine;
mod transaction;
mod waiting;

pub use apply::{Applied, Applier};
pub use direct::{Direct, State};
pub use engine::{Engine, Plan};
pub use waiting::Answer;

pub use crate::command::LinkState;
pub use crate::command::blocking::Waiter;
/// What reactors and the runtime handle without looking inside.
pub use crate::command::client::Wake;
pub use crate::command::cluster::Nodes;
pub use crate::command::introduction::{FailoverOrder, Introduction};
pub use crate::command::pause::{Purpose, Reach as PauseReach};
pub use crate::command::scripting::while_breathing;
pub use crate::command::server::{Gates, Hooks, SaveWork, ServerConfig, WritePosition};
pub use crate::command::session::{ReplyMode, Request};
pub use crate::command::{Client, ClientKind, CommandSet, Commands, Origin, Server, Session};
pub use crate::resp::{Protocol, Tree, Writer as Reply, fail_replies};
pub use crate::route::Route;
pub use crate::shard::{Goal, Parcel, Post, Shard, Standing, Subscription};

/// What a host needs to define commands of its own.
pub mod commands {
    pub use crate::command::spec::{
        Arg, ArgKind, Begin, Command, Fail, Find, Flags, KeySpec, Outcome, Run, Scope, Spec, one_key,
    };
    pub use crate::command::{CommandSet, Commands, Context, Expire, Origin, ValueRef};
}
