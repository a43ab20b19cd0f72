//! Sockets and waiting: what the reactors and the replica client are built on.

pub mod connect;
pub mod socket;
pub mod timer;
pub mod upgrade;
pub mod wake;

pub use socket::{Listener, Moved, Socket, duplicate};
pub use timer::Timer;
pub use upgrade::{Sent, Upgrade};
pub use wake::Alarm;
