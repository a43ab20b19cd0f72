//! Sockets, files and waiting: what the reactors, the replica client and the log on disk are built on.

pub mod connect;
pub mod disk;
pub mod socket;
pub mod timer;
mod tls;
mod tls_config;
pub mod upgrade;
pub mod uring;
pub mod wake;

pub use disk::{Disk, DiskFile};
pub use socket::{Listener, Moved, Socket, duplicate};
pub use timer::Timer;
pub use tls_config::{Acceptor, ClientTls, ServerTls, Trust};
pub use upgrade::{Sent, Upgrade};
pub use uring::Uring;
pub use wake::Alarm;
