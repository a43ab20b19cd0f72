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
    /// Bytes of replies waiting to be sent, over all its connections.
    pub output_bytes: AtomicUsize,
}

impl Handle {
    pub fn new(alarm: Arc<Alarm>) -> Self {
        Self { alarm, arrivals: Mutex::default(), output_bytes: AtomicUsize::new(0) }
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

    pub fn note_output(&self, bytes: usize) {
        self.output_bytes.store(bytes, Ordering::Relaxed);
    }
}
