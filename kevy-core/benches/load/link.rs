//! One connection of the load.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::Settings;
use crate::cells::request;

/// Requests prepared per connection, so that keys repeat rarely.
const PREPARED_PER_CONNECTION: usize = 4096;

/// A connection, with requests made beforehand.
pub struct Link {
    pub stream: mio::net::TcpStream,
    prepared: Vec<u8>,
    /// Where each pipeline ends in `prepared`, and how many line ends its replies have.
    batches: Vec<(usize, usize)>,
    next: usize,
    unsent: (usize, usize),
    missing: usize,
}

impl Link {
    pub fn new(settings: &Settings, random: &mut fastrand::Rng) -> Self {
        let stream = TcpStream::connect(&settings.address).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        stream.set_nonblocking(true).expect("a TCP socket");
        let mut prepared = Vec::new();
        let mut batches = Vec::new();
        for _ in 0..(PREPARED_PER_CONNECTION / settings.pipeline).max(1) {
            let lines = (0..settings.pipeline).map(|_| request(settings, random, &mut prepared)).sum();
            batches.push((prepared.len(), lines));
        }
        let stream = mio::net::TcpStream::from_std(stream);
        Self { stream, prepared, batches, next: 0, unsent: (0, 0), missing: 0 }
    }

    /// Sends the next pipeline.
    pub fn start(&mut self) {
        let at = self.next % self.batches.len();
        let begin = if at == 0 { 0 } else { self.batches[at - 1].0 };
        self.unsent = (begin, self.batches[at].0);
        self.missing = self.batches[at].1;
        self.next += 1;
        self.send();
    }

    pub fn send(&mut self) {
        while self.unsent.0 < self.unsent.1 {
            match self.stream.write(&self.prepared[self.unsent.0..self.unsent.1]) {
                Ok(n) => self.unsent.0 += n,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(error) => panic!("the server went away: {error}"),
            }
        }
    }

    /// Takes what has arrived; true once all replies are there.
    pub fn receive(&mut self, buffer: &mut [u8]) -> bool {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => panic!("the server closed a connection"),
                Ok(n) => {
                    self.missing -= memchr::memchr_iter(b'\n', &buffer[..n]).count();
                    if self.missing == 0 {
                        return true;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                Err(error) => panic!("the server went away: {error}"),
            }
        }
    }
}
