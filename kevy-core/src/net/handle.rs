//! What other threads hold of a reactor.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    /// Bytes of replies waiting to be sent, over all its connections.
    pub output_bytes: AtomicUsize,
}

impl Handle {
    pub fn new(alarm: Arc<Alarm>) -> Self {
        Self {
            alarm,
            arrivals: Mutex::default(),
            answered: Mutex::default(),
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

    pub fn note_output(&self, bytes: usize) {
        self.output_bytes.store(bytes, Ordering::Relaxed);
    }
}
