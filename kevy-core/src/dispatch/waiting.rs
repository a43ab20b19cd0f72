//! Commands that are answered later: WAIT, WAITAOF, DEBUG SLEEP, and those that wait for keys.
//!
//! Who owns the session does the waiting: a reactor goes on with its other connections, an in-process caller
//! sleeps.

use std::sync::Arc;

use crate::command::Session;
use crate::command::blocking::{Outcome, Retry, Waiter};
use crate::command::generic::wait::NO_LOG;
use crate::command::server::WritePosition;
use crate::command::session::Request;
use crate::resp::Writer;
use crate::route;
use crate::shard::Goal;

use super::Engine;

/// The reply of a command that waits. Whoever has one calls [`Engine::end_wait`] when it is written or unwanted.
#[derive(Debug)]
pub struct Answer {
    waiter: Arc<Waiter>,
    until: Until,
}

/// What ends a wait, besides its timeout and CLIENT UNBLOCK.
#[derive(Debug)]
enum Until {
    /// Nothing; then the reply is OK.
    TimeIsOver,
    /// So many replicas have come to `position`; the reply is how many.
    Replicas { enough: usize, position: WritePosition },
    /// So many replicas have it on disk and, if `local`, this server does; the reply is whether and how many.
    Durable { local: bool, enough: usize, position: WritePosition, goal: Goal },
    /// A key has what the command waits for, and the reply is what the waiter was given.
    Served,
}

impl Answer {
    /// True where the owner must ask from time to time; it is woken for any other.
    pub fn is_polled(&self) -> bool {
        matches!(self.until, Until::Replicas { .. } | Until::Durable { .. })
    }
}

impl Engine {
    /// What answers a request, and after how many milliseconds at the latest; `None` for one that is not about
    /// waiting.
    pub fn waiting(
        &self,
        session: &Session,
        request: &Request,
        out: &Writer,
    ) -> Option<(Answer, Option<u64>)> {
        let position = || self.server.hooks.get().map(|hooks| hooks.position()).unwrap_or_default();
        let (until, timeout_ms) = match *request {
            Request::Close | Request::Replicate | Request::Postpone => return None,
            Request::Block(ref waiter) => {
                let timeout_ms = (waiter.timeout_ms > 0).then_some(waiter.timeout_ms);
                return Some((Answer { waiter: waiter.clone(), until: Until::Served }, timeout_ms));
            }
            Request::Sleep { ms } => (Until::TimeIsOver, Some(ms)),
            Request::WaitReplicas { replicas: enough, timeout_ms } => {
                (Until::Replicas { enough, position: position() }, (timeout_ms > 0).then_some(timeout_ms))
            }
            Request::WaitDurable { local, replicas: enough, timeout_ms } => {
                let goal = self.shards.horizon.goal();
                let until = Until::Durable { local, enough, position: position(), goal };
                (until, (timeout_ms > 0).then_some(timeout_ms))
            }
        };
        let waiter = Waiter::new(session, out.protocol, timeout_ms.unwrap_or_default(), None);
        Some((Answer { waiter, until }, timeout_ms))
    }

    /// Writes the reply if it is due; `late` says that the time is over. True where it was written.
    pub fn answer(&self, answer: &Answer, late: bool, out: &mut Writer) -> bool {
        let Answer { waiter, until } = answer;
        let hooks = self.server.hooks.get();
        let (mut count, mut is_logged) = (0, false);
        match until {
            Until::Replicas { enough, position } => {
                count = hooks.map_or(0, |hooks| hooks.replicas_at(position, false));
                if count >= *enough {
                    waiter.end(Outcome::TimedOut);
                }
            }
            Until::Durable { local, enough, position, goal } => {
                if let Some(hooks) = hooks {
                    hooks.hurry_log();
                    count = hooks.replicas_at(position, true);
                }
                let is_enabled = self.server.options.read().appendonly;
                is_logged = is_enabled && self.shards.horizon.has_reached(goal);
                if *local && !is_enabled {
                    waiter.answer(|out| out.error_bytes(NO_LOG.bytes()));
                } else if count >= *enough && (is_logged || !local) {
                    waiter.end(Outcome::TimedOut);
                }
            }
            _ => {}
        }
        if late {
            waiter.end(Outcome::TimedOut);
        }
        match (waiter.take_outcome(), until) {
            (None | Some(Outcome::Waiting | Outcome::Over), _) => return false,
            (Some(Outcome::Reply(reply)), _) => out.raw(&reply),
            (_, Until::Served) => out.null_array(),
            (_, Until::TimeIsOver) => out.ok(),
            (_, Until::Replicas { .. }) => out.unsigned(count as u64),
            (_, Until::Durable { .. }) => {
                out.array(2);
                out.integer(i64::from(is_logged));
                out.unsigned(count as u64);
            }
        }
        true
    }

    /// Ends a wait without its timeout's reply; true where another was there before and is written.
    pub fn abandon(&self, answer: &Answer, out: &mut Writer) -> bool {
        answer.waiter.end(Outcome::Over);
        self.answer(answer, false, out)
    }

    /// Leaves nothing of a wait behind, answered or not. The caller holds no token.
    pub fn end_wait(&self, answer: &Answer) {
        let Answer { waiter, .. } = answer;
        waiter.end(Outcome::Over);
        for key in waiter.retry.iter().flat_map(Retry::keys) {
            let home = route::shard_of(key, self.shards.len());
            self.shards.take(home).partition.dequeue(key, waiter);
        }
    }
}
