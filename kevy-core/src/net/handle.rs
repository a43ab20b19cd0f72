//! What other threads hold of a reactor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::base::signal::{self, Ring};
use crate::io::{Alarm, Socket};

/// A reactor as other threads see it: its alarm and its door.
#[derive(Debug)]
pub struct Handle {
    pub alarm: Arc<Alarm>,
    arrivals: Mutex<Vec<(Socket, Option<usize>)>>,
    /// Connections that a wait may be over for.
    answered: Mutex<Vec<usize>>,
    /// Connections that messages wait for, and whether there are any.
    pushed: Mutex<Vec<usize>>,
    has_pushed: AtomicBool,
    /// Bytes of replies waiting to be sent, over all its connections.
    pub output_bytes: AtomicUsize,
}

impl Handle {
    pub fn new(alarm: Arc<Alarm>) -> Self {
        Self {
            alarm,
            arrivals: Mutex::default(),
            answered: Mutex::default(),
            pushed: Mutex::default(),
            has_pushed: AtomicBool::new(false),
            output_bytes: AtomicUsize::new(0),
        }
    }

    /// Hands a connected socket over; `shard` is that whose own port it came in at.
    pub fn admit(&self, socket: Socket, shard: Option<usize>) {
        self.arrivals.lock().push((socket, shard));
        self.alarm.ring(signal::ARRIVAL);
    }

    /// The sockets handed over since the last call.
    pub fn take_arrivals(&self) -> Vec<(Socket, Option<usize>)> {
        std::mem::take(&mut *self.arrivals.lock())
    }

    /// Says that what a connection waited for has an outcome.
    pub fn answered(&self, connection: usize) {
        self.answered.lock().push(connection);
        self.alarm.ring(signal::ANSWER);
    }

    /// The connections of [`Handle::answered`] since the last call. Some may be gone, or wait anew.
    pub fn take_answered(&self) -> Vec<usize> {
        std::mem::take(&mut *self.answered.lock())
    }

    /// Says that a message waits for a connection.
    pub fn pushed(&self, connection: usize) {
        let mut pushed = self.pushed.lock();
        pushed.push(connection);
        // Whoever found the list empty rings for all that come until it is taken.
        if pushed.len() == 1 {
            self.has_pushed.store(true, Ordering::Release);
            drop(pushed);
            self.alarm.ring(signal::PUSH);
        }
    }

    /// Moves the connections of [`Handle::pushed`] since the last call to `into`. Some may be gone.
    pub fn take_pushed(&self, into: &mut Vec<usize>) {
        if self.has_pushed.load(Ordering::Acquire) {
            self.alarm.clear(signal::PUSH);
            let mut pushed = self.pushed.lock();
            self.has_pushed.store(false, Ordering::Release);
            into.append(&mut pushed);
        }
    }

    pub fn note_output(&self, bytes: usize) {
        self.output_bytes.store(bytes, Ordering::Relaxed);
    }
}
