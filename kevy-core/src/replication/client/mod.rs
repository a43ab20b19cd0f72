//! Following a primary: a snapshot, then every change, from where the last run stopped.
//!
//! [`Replica`] is what hosts use. It has no thread: everything happens inside its calls.

pub mod buffer;
pub mod decode;
pub mod filter;
pub mod frame;
pub mod lane;
pub mod link;
mod notes;
pub mod options;
pub mod protocol;
pub mod psync;
pub mod replica;
pub mod scan;
pub mod sentinel;
pub mod session;

pub use frame::{Batch, Frame, FrameKind};
pub use options::{Follow, ReplicaOption, ReplicaOptions, Source, Speech};
pub use replica::{Interrupter, Replica, ReplicaStats};

#[cfg(test)]
mod tests;
