//! Why a core thread shall look around, and the way to tell it.

use std::fmt::Debug;

/// A parcel waits in the shard's mailbox.
pub const MAIL: u32 = 1;
/// A parcel has come back with its replies.
pub const REPLIES: u32 = 1 << 1;
/// A stream that feeds one of the thread's connections has grown.
pub const FEED: u32 = 1 << 2;
/// A connection shall end.
pub const KILL: u32 = 1 << 3;
/// A connection was handed over.
pub const ARRIVAL: u32 = 1 << 4;
/// An in-process call left the shard housekeeping.
pub const HOUSEKEEPING: u32 = 1 << 5;
/// The runtime stops.
pub const STOP: u32 = 1 << 6;
/// An option changed.
pub const OPTIONS: u32 = 1 << 7;
/// Commands that a pause held back may go on.
pub const RESUME: u32 = 1 << 20;
/// More of what was written is on disk.
pub const DISK: u32 = 1 << 21;
/// What a connection waited for has an outcome.
pub const ANSWER: u32 = 1 << 8;

/// Messages that nobody asked for wait for connections.
pub const PUSH: u32 = 1 << 9;

/// Whoever can be signalled.
pub trait Ring: Send + Sync + Debug {
    /// Signals the owner and wakes it if it waits. What it shall find must have been published before.
    fn ring(&self, signal: u32);
}
