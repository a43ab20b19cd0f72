//! Options: their names, types, defaults and limits, under the names of redis.conf.
//!
//! [`table`] is the one place that defines an option; the command line, the configuration file, CONFIG GET and
//! SET, the bindings, `--help` and the reference pages all read it. Nothing here acts on a value: the
//! modules that honour an option read its field.

mod choices;
mod closest;
mod config_set;
mod error;
mod events;
mod file;
mod kind;
mod rewrite;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub use choices::{AppendFsync, Choice, ClientAuth, DebugAccess, EvictionPolicy, IoBackend};
pub use events::EventClasses;
pub use kind::Mutability;
pub use table::{Options, find, table};
pub use values::{PrimaryAddress, SavePoints, Secret, UserLines};
