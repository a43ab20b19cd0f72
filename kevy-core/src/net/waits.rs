//! Connections that wait: for an answer, for messages, or for the end of a pause.

use std::sync::atomic::Ordering;

use super::connection::{Connection, Waiting};
use super::intake::{list, mark_dirty};
use super::reactor::Reactor;

impl Reactor {
    /// Answers the commands whose wait is over.
    pub(super) fn answer_waiting(&mut self, now: u64) {
        for key in self.handle.take_answered() {
            self.answer(key, false);
        }
        while let Some(&(at, key)) = self.timeouts.first()
            && at <= now
        {
            self.timeouts.pop_first();
            self.answer(key, true);
        }
        for key in self.polled.clone() {
            self.answer(key, false);
        }
    }

    /// Answers the command of a connection that waits, if its wait is over; `late` where its time is.
    fn answer(&mut self, key: usize, late: bool) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Connection { waiting, out, session, .. } = &mut **connection;
        let start = out.buf.len();
        let Some(ended) = waiting.take_if(|waiting| self.engine.answer(&waiting.answer, late, out)) else {
            return;
        };
        self.engine.after(session, out, start);
        mark_dirty(&mut self.dirty, connection, key);
        if connection.unstall() {
            list(&mut self.readable, connection, key);
        }
        self.end_wait(key, &ended);
    }

    /// Forgets a connection's wait.
    pub(super) fn end_wait(&mut self, key: usize, waiting: &Waiting) {
        if let Some(deadline) = waiting.deadline {
            self.timeouts.remove(&(deadline, key));
        }
        if waiting.answer.is_polled() {
            self.polled.retain(|&polled| polled != key);
        }
        self.engine.end_wait(&waiting.answer);
    }

    /// Moves messages that nobody asked for to their connections.
    pub(super) fn collect_messages(&mut self) {
        self.handle.take_pushed(&mut self.pushed);
        for key in self.pushed.drain(..) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.take_messages();
            mark_dirty(&mut self.dirty, connection, key);
        }
    }

    /// Lets connections go on whose commands no pause holds back any more.
    #[cold]
    pub(super) fn resume_paused(&mut self, now: u64, changed: bool) {
        // Those that must wait on are listed again when they have tried.
        let until = self.engine.server.paused_until();
        if !changed && self.engine.server.paused(now).is_some() && until == self.paused_until {
            return;
        }
        for key in std::mem::take(&mut self.paused) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.paused = false;
            connection.session.client.is_paused.store(false, Ordering::Relaxed);
            if connection.unstall() {
                list(&mut self.readable, connection, key);
            }
        }
    }
}
