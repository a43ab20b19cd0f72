//! Sockets and waiting: what the reactors and the replica client are built on.

pub mod upgrade;

pub use upgrade::{Sent, Upgrade};
