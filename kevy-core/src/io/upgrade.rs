//! A protocol that takes a connection over after its handshake, such as a replica's feed.
//!
//! The reactor that owns the connection moves its bytes and calls these methods; it never knows what they
//! mean. None of the methods may block for longer than a reactor's turn.

use std::fmt::Debug;

/// What [`Upgrade::output`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// More is ready: call again as soon as the socket takes it.
    More,
    /// More may be ready, but finding this took long enough for one turn.
    Later,
    /// Nothing more until the wake-up given at creation is called or the deadline passes.
    Idle,
    /// Close the connection once what was appended has been sent.
    Close,
    /// Close the connection at once: a peer that is too slow would never take the rest.
    Abort,
}

/// A connection's protocol after the handshake.
pub trait Upgrade: Send + Debug {
    /// Takes bytes that arrived and returns how many it used; the rest is offered again with what follows.
    /// An error closes the connection; its text is logged.
    fn input(&mut self, bytes: &[u8], now: u64) -> Result<usize, String>;

    /// Appends at most about `budget` bytes to `out`. With a budget of 0, while the peer takes nothing, it only
    /// decides whether to go on.
    fn output(&mut self, out: &mut Vec<u8>, budget: usize, now: u64) -> Sent;

    /// When [`Upgrade::output`] wants to be called though nothing happened (Unix milliseconds).
    fn deadline(&self) -> Option<u64>;

    /// The connection is gone.
    fn closed(&mut self, now: u64);
}
