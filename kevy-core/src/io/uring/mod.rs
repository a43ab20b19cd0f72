//! An io_uring for one reactor: what its plain connections receive and send, and what its listeners accept.
//!
//! The ring knows descriptors and numbers only. An operation stands in a table until the system has said its last word
//! about it, and the table owns what the system reads meanwhile; so nothing is freed, and no number is given anew, while
//! an operation goes on, whatever becomes of its connection. Everything that has no operation of its own here stays
//! with a poll, whose descriptor the ring watches.

#[cfg(target_os = "linux")]
mod buffers;
#[cfg(target_os = "linux")]
#[path = "system.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "absent.rs"]
mod system;
#[cfg(all(test, target_os = "linux"))]
mod tests;

use std::io;
use std::os::fd::OwnedFd;

pub use system::Uring;

use super::{Listener, Socket};

/// One operation under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operation(usize);

/// Bytes that were received, in a buffer that is the ring's: see [`Uring::bytes`] and [`Uring::give_back`].
#[derive(PartialEq, Eq, Debug)]
pub struct Chunk(u16);

/// What the system did. `key` is the number that the operation was begun with.
#[derive(Debug)]
pub enum Completion {
    /// Something that is registered with the poll has happened.
    Ready,
    /// The connection's bytes, or its end. The operation is over unless it `goes_on`.
    Received { operation: Operation, key: usize, result: io::Result<Option<Chunk>>, goes_on: bool },
    /// How many of the bytes were taken; the bytes are given back.
    Sent { operation: Operation, key: usize, bytes: Vec<u8>, result: io::Result<usize> },
    /// The socket takes bytes again, or an attempt to send would tell why it never will.
    Writable { key: usize },
    /// The peer is gone or will send no more.
    HungUp { key: usize },
    /// A connection of a listener. The operation is over unless it `goes_on`.
    Accepted { key: usize, result: io::Result<OwnedFd>, goes_on: bool },
}

/// What is closed only once the system knows of everything that was asked of it.
#[derive(Debug)]
#[expect(dead_code, reason = "only dropped")]
pub enum Retired {
    Socket(Socket),
    Listener(Listener),
}
