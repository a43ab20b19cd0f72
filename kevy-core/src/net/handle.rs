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
    arrivals: Mutex<Vec<Socket>>,
    /// Bytes of replies waiting to be sent, over all its connections.
    pub output_bytes: AtomicUsize,
}

impl Handle {
    pub fn new(alarm: Arc<Alarm>) -> Self {
        Self { alarm, arrivals: Mutex::default(), output_bytes: AtomicUsize::new(0) }
    }

    /// Hands a connected socket over.
    pub fn admit(&self, socket: Socket) {
        self.arrivals.lock().push(socket);
        self.alarm.ring(signal::ARRIVAL);
    }

    /// The sockets handed over since the last call.
    pub fn take_arrivals(&self) -> Vec<Socket> {
        std::mem::take(&mut *self.arrivals.lock())
    }

    pub fn note_output(&self, bytes: usize) {
        self.output_bytes.store(bytes, Ordering::Relaxed);
    }
}
