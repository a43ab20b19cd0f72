//! Commands that are answered later: WAIT, WAITAOF, DEBUG SLEEP.
//!
//! Who owns the session does the waiting: a reactor goes on with its other connections, an in-process caller
//! sleeps.

use crate::command::session::Request;
use crate::resp::Writer;

use super::Engine;

/// The reply of a command that waits.
#[derive(Debug)]
pub enum Answer {
    /// OK when the time is over.
    Ok,
    /// How many replicas have `offsets`, as soon as there are `enough`. WAITAOF asks for `durable` ones.
    Replicas { enough: usize, offsets: Vec<u64>, durable: bool },
}

impl Engine {
    /// What answers a request, and after how many milliseconds at the latest; `None` for one that is not about
    /// waiting.
    pub fn waiting(&self, request: Request) -> Option<(Answer, Option<u64>)> {
        let (enough, timeout_ms, durable) = match request {
            Request::Sleep { ms } => return Some((Answer::Ok, Some(ms))),
            Request::WaitReplicas { replicas, timeout_ms } => (replicas, timeout_ms, false),
            Request::WaitDurable { replicas, timeout_ms } => (replicas, timeout_ms, true),
            Request::Close | Request::Replicate => return None,
        };
        let offsets = self.server.hooks.get().map(|hooks| hooks.offsets()).unwrap_or_default();
        Some((Answer::Replicas { enough, offsets, durable }, (timeout_ms > 0).then_some(timeout_ms)))
    }

    /// Writes the reply if it is due; `late` says that the time is over. True where it was written.
    pub fn answer(&self, answer: &Answer, late: bool, out: &mut Writer) -> bool {
        match answer {
            Answer::Ok if late => out.ok(),
            Answer::Ok => return false,
            Answer::Replicas { enough, offsets, durable } => {
                let count = self.server.hooks.get().map_or(0, |hooks| hooks.replicas_at(offsets, *durable));
                if count < *enough && !late {
                    return false;
                }
                if *durable {
                    // Nothing is on disk here.
                    out.array(2);
                    out.integer(0);
                }
                out.unsigned(count as u64);
            }
        }
        true
    }
}
