//! Connections whose bytes an io_uring moves.
//!
//! The ring receives without being asked again, into buffers of its own, so what arrives is here before it is wanted: a
//! connection that may not go on keeps it in its input, up to a bound beyond which the ring is told to stop. TLS and all
//! else that needs readiness stays with the poll, which the ring waits for as well.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use mio::{Events, Token};

use crate::base::log_sink;
use crate::io::Uring;
use crate::io::uring::{Chunk, Completion, Operation, Retired};

use super::admission::ACCEPT_INTERVAL_MS;
use super::connection::{Connection, Fate, Intake};
use super::intake::{READ_BYTES, list, mark_dirty};
use super::reactor::{LISTENERS_END, Reactor};

/// From how many connections on the ring sends for them together. Fewer are served sooner by a call each.
pub(super) const BATCH_MIN: usize = 3;
/// The most that the ring sends for one connection at a time; more takes long enough for a call of its own.
const LAUNCH_BYTES_MAX: usize = 16 * 1024;

/// Something that a connection sent.
#[derive(Debug)]
pub(super) enum Piece {
    /// Where it is in the reactor's arena.
    Read(usize, usize),
    Chunk(Chunk),
    /// The peer has sent its last byte.
    End,
}

impl Piece {
    /// Its bytes.
    pub(super) fn bytes<'a>(&self, arena: &'a [u8], uring: Option<&'a Uring>) -> &'a [u8] {
        match self {
            Self::Read(start, len) => &arena[*start..start + len],
            Self::Chunk(chunk) => uring.map_or(&[], |uring| uring.bytes(chunk)),
            Self::End => &[],
        }
    }
}

impl Reactor {
    /// Takes the ring into use on this thread.
    pub(super) fn begin(&mut self) {
        let Some(uring) = &mut self.uring else { return };
        let Err(error) = uring.enable() else { return self.open_doors() };
        log_sink::warning(format_args!("shard {} does without io_uring: {error}", self.index));
        self.uring = None;
        if let Err(error) = self.register_doors() {
            log_sink::error(format_args!("shard {} cannot listen: {error}", self.index));
        }
    }

    /// Has the poll tell of who comes.
    pub(super) fn register_doors(&self) -> io::Result<()> {
        for (at, door) in self.listeners.iter().enumerate() {
            door.listener.register(self.poll.registry(), Token(LISTENERS_END - 1 - at))?;
        }
        Ok(())
    }

    /// Accepts again where that failed.
    pub(super) fn try_doors(&mut self, now: u64) {
        match self.uring {
            Some(_) => self.open_doors(),
            None => (0..self.listeners.len()).for_each(|at| self.accept(at, now)),
        }
    }

    /// Has the ring accept at every listener where it does not.
    fn open_doors(&mut self) {
        let Some(uring) = &mut self.uring else { return };
        self.accepting.resize(self.listeners.len(), None);
        for (at, (door, accepting)) in self.listeners.iter().zip(&mut self.accepting).enumerate() {
            accepting.get_or_insert_with(|| uring.accept(&door.listener, at));
        }
    }

    /// Closes the listeners.
    pub(super) fn close_doors(&mut self) {
        let listeners = self.listeners.drain(..).map(|door| door.listener);
        let Some(uring) = &mut self.uring else { return drop(listeners) };
        self.accepting.drain(..).flatten().for_each(|operation| uring.abandon(operation));
        listeners.for_each(|listener| uring.retire(Retired::Listener(listener)));
    }

    /// Waits until something happens, at most for `timeout`; [`Reactor::take_events`] says what it was.
    pub(super) fn await_events(&mut self, events: &mut Events, timeout: Option<Duration>) {
        if self.uring.is_none() {
            // An interrupted wait is a turn without events.
            let _ = self.poll.poll(events, timeout);
            return;
        }
        // What was sent ends a wait at once, and is no reason for a turn.
        if !self.await_completions(timeout) && timeout != Some(Duration::ZERO) {
            self.await_completions(timeout);
        }
    }

    /// As [`Reactor::await_events`], with the ring. False where all that happened is that everything was sent.
    fn await_completions(&mut self, timeout: Option<Duration>) -> bool {
        let Some(uring) = &mut self.uring else { return true };
        // As with a poll, a wait that fails is a turn without events.
        let _ = uring.wait(timeout);
        let (mut is_sent, mut is_more) = (false, false);
        while let Some(completion) = self.uring.as_mut().and_then(Uring::next) {
            is_sent |= matches!(completion, Completion::Sent { .. });
            is_more |= self.note_completion(completion);
        }
        is_more || !is_sent
    }

    /// Notes what has happened.
    pub(super) fn take_events(&mut self, events: &mut Events, now: u64) {
        if self.uring.is_some() {
            events.clear();
        }
        while std::mem::take(&mut self.is_poll_ready) {
            let _ = self.poll.poll(events, Some(Duration::ZERO));
            if events.iter().count() == events.capacity() {
                events.iter().for_each(|event| self.note(event, now));
                self.is_poll_ready = true;
            }
        }
        events.iter().for_each(|event| self.note(event, now));
        for (at, socket) in std::mem::take(&mut self.accepted) {
            self.welcome(at, socket, now);
        }
    }

    /// Notes a completion. False where nothing is left to do about it.
    fn note_completion(&mut self, completion: Completion) -> bool {
        match completion {
            Completion::Ready => self.is_poll_ready = true,
            Completion::Received { operation, key, result, goes_on } => {
                self.note_received(operation, key, result, goes_on);
            }
            Completion::Accepted { key, result, goes_on } => self.note_accepted(key, result, goes_on),
            Completion::Sent { operation, key, bytes, result } => {
                return self.note_sent(operation, key, bytes, result);
            }
            Completion::Writable { key } => {
                let Some(connection) = self.connections.get_mut(key) else { return false };
                connection.drained = None;
                connection.writable = true;
                let is_due = connection.unsent() > 0 || connection.upgrade.is_some();
                if !connection.dirty && is_due {
                    connection.dirty = true;
                    self.dirty.push(key);
                }
            }
            Completion::HungUp { key } => {
                let Some(connection) = self.connections.get_mut(key) else { return false };
                connection.hang_up = None;
                if connection.waiting.is_some() || connection.paused {
                    // Nobody is there for the answer.
                    connection.fate = Fate::Close;
                    list(&mut self.readable, connection, key);
                }
            }
        }
        true
    }

    fn note_received(
        &mut self,
        operation: Operation,
        key: usize,
        result: io::Result<Option<Chunk>>,
        goes_on: bool,
    ) {
        let connection = self.connections.get_mut(key).filter(|connection| connection.intake.is(operation));
        let Some(connection) = connection else {
            if let (Ok(Some(chunk)), Some(uring)) = (result, &mut self.uring) {
                uring.give_back(chunk);
            }
            return;
        };
        if !goes_on {
            connection.intake = Intake::Resting;
            list(&mut self.readable, connection, key);
        }
        match result {
            Ok(Some(chunk)) => self.arrived.push((key, Piece::Chunk(chunk))),
            Err(error) if is_no_end(&error) => {}
            Ok(None) | Err(_) => {
                connection.ending = true;
                self.arrived.push((key, Piece::End));
            }
        }
    }

    /// Notes that the ring has sent, or not. True where something is left to do for the connection.
    fn note_sent(
        &mut self,
        operation: Operation,
        key: usize,
        bytes: Vec<u8>,
        result: io::Result<usize>,
    ) -> bool {
        let Some(connection) = self.connections.get_mut(key).filter(|c| c.flight == Some(operation)) else {
            return false;
        };
        connection.flight = None;
        let flying = std::mem::take(&mut connection.flying);
        let sent = match result {
            Ok(sent) => sent.min(flying),
            Err(error) if is_no_end(&error) => 0,
            Err(_) => {
                connection.fate = Fate::Close;
                0
            }
        };
        self.flown.0 += sent;
        self.flown.1 += 1;
        if sent < flying {
            put_back(connection, bytes, flying - sent);
        } else if let Some(uring) = &mut self.uring {
            uring.keep(bytes);
        }
        let is_due = connection.session.client.outbox.is_filled();
        if is_due && !connection.dirty {
            connection.dirty = true;
            self.dirty.push(key);
        }
        mark_dirty(&mut self.dirty, connection, key);
        connection.dirty
    }

    fn note_accepted(&mut self, at: usize, result: io::Result<OwnedFd>, goes_on: bool) {
        if !goes_on && let Some(accepting) = self.accepting.get_mut(at) {
            *accepting = None;
            // Out of descriptors or memory, a moment is waited for some.
            let wait_ms = if result.is_ok() { 0 } else { ACCEPT_INTERVAL_MS };
            self.accept_again = Some(self.engine.server.clock.now_ms() + wait_ms);
        }
        let Some(door) = self.listeners.get(at) else { return };
        // A peer that has left between connecting and here is nobody.
        if let Ok(fd) = result
            && let Ok(socket) = door.listener.adopt(fd)
        {
            self.accepted.push((at, socket));
        }
    }
}

/// Puts the last `len` of the bytes that the ring could not send in front of what has been written since.
#[cold]
fn put_back(connection: &mut Connection, mut bytes: Vec<u8>, len: usize) {
    bytes.drain(..bytes.len() - len);
    bytes.extend_from_slice(&connection.out.buf[connection.sent..]);
    // Nothing of what was written since has been sent: it comes after these.
    connection.out.buf = bytes;
    connection.safe += len - connection.sent;
    for held in &mut connection.held_for_disk {
        held.end += len - connection.sent;
    }
    connection.sent = 0;
    connection.writable = false;
}

/// Has the ring send what a connection has ready, where that is not much: with the sends of others it takes one system call.
pub(super) fn launch(uring: &mut Option<Uring>, connection: &mut Connection, key: usize) {
    let Some(uring) = uring else { return };
    let len = connection.out.buf.len() - connection.sent;
    let is_fit = connection.intake != Intake::Polled
        && connection.flight.is_none()
        && connection.writable
        && connection.upgrade.is_none()
        && connection.fate != Fate::Close
        // What waits for the disk stays here, where it is counted.
        && connection.safe == connection.out.buf.len()
        && (1..=LAUNCH_BYTES_MAX).contains(&len);
    if is_fit {
        let bytes = std::mem::replace(&mut connection.out.buf, uring.spare());
        connection.flight = Some(uring.send(connection.socket.fd(), key, bytes, connection.sent));
        connection.flying = len;
        (connection.sent, connection.safe) = (0, 0);
    }
}

/// Whether a receive ended without the connection having ended.
fn is_no_end(error: &io::Error) -> bool {
    let passing = [libc::ENOBUFS, libc::ECANCELED, libc::EINTR, libc::EAGAIN];
    error.raw_os_error().is_some_and(|number| passing.contains(&number))
}

/// Gives the buffer of a piece back that has been dealt with, and has the ring receive for the connection, or not, as its
/// state asks for.
#[inline]
pub(super) fn settle_intake(
    uring: &mut Option<Uring>,
    connection: &mut Connection,
    key: usize,
    piece: Piece,
) {
    let Some(uring) = uring else { return };
    if let Piece::Chunk(chunk) = piece {
        uring.give_back(chunk);
    }
    let is_full = connection.stalled && connection.input.len() >= READ_BYTES;
    let is_open = connection.fate == Fate::Open && !connection.ending;
    match connection.intake {
        Intake::Receiving(operation) if is_full || !is_open => {
            uring.cancel(operation);
            connection.intake = Intake::Ending(operation);
        }
        Intake::Resting if is_open && is_full => {
            connection.hang_up.get_or_insert_with(|| uring.await_hang_up(connection.socket.fd(), key));
        }
        Intake::Resting if is_open => {
            connection.intake = Intake::Receiving(uring.receive(connection.socket.fd(), key));
            connection.hang_up.take().into_iter().for_each(|operation| uring.abandon(operation));
        }
        // It may have come too late for what was just being received.
        Intake::Ending(operation) if is_full => uring.cancel(operation),
        _ => {}
    }
}

/// Has the ring tell when a connection's socket takes bytes again, where it takes none.
pub(super) fn await_writable(uring: &mut Option<Uring>, connection: &mut Connection, key: usize) {
    if let Some(uring) = uring
        && !connection.writable
        && connection.intake != Intake::Polled
    {
        connection.drained.get_or_insert_with(|| uring.await_writable(connection.socket.fd(), key));
    }
}

/// The peer of a connection has sent its last byte.
pub(super) fn end(connection: &mut Connection) {
    connection.ended = true;
    if connection.waiting.is_some() || connection.paused {
        // Nobody is there for the answer.
        connection.fate = Fate::Close;
    }
}

/// Closes a connection's socket once nothing of the ring knows it.
pub(super) fn close_socket(uring: &mut Option<Uring>, connection: Connection) {
    let Connection { socket, intake, hang_up, drained, flight, .. } = connection;
    let Some(uring) = uring.as_mut().filter(|_| intake != Intake::Polled) else { return };
    let receiving = match intake {
        Intake::Receiving(operation) | Intake::Ending(operation) => Some(operation),
        Intake::Polled | Intake::Resting => None,
    };
    for operation in [receiving, hang_up, drained, flight].into_iter().flatten() {
        uring.abandon(operation);
    }
    uring.retire(Retired::Socket(socket));
}
