//! MULTI, EXEC and the commands whose shards follow from the session.

use std::time::Instant;

use crate::command::acl::{self, Place};
use crate::command::monitoring::Fault;
use crate::command::session::{Queued, Transaction, unfollow};
use crate::command::spec::{Fail, Flags, Scope};
use crate::command::{Command, Session, tracking};
use crate::resp::Writer;
use crate::route::{self, Route};
use crate::shard::run::Step;

use super::{Engine, Plan};

const NOT_IN_MULTI: Fail = Fail::new("ERR Command not allowed inside a transaction");
const EXEC_ABORT: &str = "EXECABORT Transaction discarded because of previous errors.";

/// The error reply of EXEC, without its `-`, where what it would run is refused.
pub(super) fn discarded(fail: &Fail) -> Vec<u8> {
    let why = fail.bytes().strip_prefix(b"ERR ").unwrap_or(fail.bytes());
    [b"EXECABORT Transaction discarded because of: ", why].concat()
}

impl Engine {
    /// Inside MULTI: queues the command, unless it is one that runs at once.
    pub(super) fn queue(&self, session: &mut Session, args: &[&[u8]], out: &mut Writer, plan: Plan) -> Plan {
        let Plan::Here(number) = plan else { return plan };
        let spec = &self.command(number).spec;
        if spec.flags.has(Flags::IN_MULTI) {
            if spec.flags.has(Flags::SESSION_KEYS) {
                return self.plan_session_keys(session, number);
            }
            return match route::route(spec, args, self.shards.len()) {
                Ok(route) => Plan::of(number, spec, route),
                Err(_) => Plan::Here(number),
            };
        }
        let Some(transaction) = &mut session.transaction else { return Plan::Here(number) };
        if spec.flags.has(Flags::NO_MULTI) {
            transaction.refused = true;
            self.server.count_fault(number, Fault::Rejected, NOT_IN_MULTI.bytes());
            out.error_bytes(NOT_IN_MULTI.bytes());
        } else {
            transaction.memory += args.iter().map(|arg| arg.len() + size_of::<Vec<u8>>()).sum::<usize>();
            let args = args.iter().map(|arg| arg.to_vec()).collect();
            transaction.queue.push(Queued { command: number, args });
            out.simple("QUEUED");
        }
        Plan::Done
    }

    /// The shards of EXEC, DISCARD and UNWATCH: those of the queue and of the watched keys.
    pub(super) fn plan_session_keys(&self, session: &Session, number: usize) -> Plan {
        let shards = self.shards.len();
        let mut all = session
            .watched
            .iter()
            .map(|(_, key)| Route::One(route::shard_of(key, shards)))
            .fold(Route::Nowhere, |all, one| route::union(all, one, shards));
        if self.is_exec(self.command(number), session) {
            let queue = session.transaction.iter().flat_map(|transaction| &transaction.queue);
            for queued in queue {
                let args: Vec<&[u8]> = queued.args.iter().map(Vec::as_slice).collect();
                let spec = &self.command(queued.command).spec;
                let one = route::route(spec, &args, shards).unwrap_or(Route::Nowhere);
                all = route::union(all, one, shards);
            }
            let mut queue = session.transaction.iter().flat_map(|transaction| &transaction.queue);
            if all == Route::Nowhere
                && queue.any(|queued| self.command(queued.command).spec.scope == Scope::Anywhere)
            {
                all = Route::One(self.home(session));
            }
            return Plan::Several { command: number, route: all };
        }
        match all {
            Route::Nowhere => Plan::Here(number),
            route => Plan::Several { command: number, route },
        }
    }

    /// True for EXEC with a transaction to run.
    pub(super) fn is_exec(&self, command: &Command, session: &Session) -> bool {
        command.spec.flags.has(Flags::SESSION_KEYS)
            && session.transaction.is_some()
            && command.spec.name == "exec"
    }

    /// Runs the queue on the held shards.
    pub(super) fn exec(&self, step: &mut Step<'_, '_, '_>, number: usize) {
        let started = Instant::now();
        let Some(Transaction { queue, refused, .. }) = step.session().transaction.take() else { return };
        step.expire_watched();
        let broken = step.session().is_watch_broken();
        step.forget_watches();
        if refused {
            self.server.count_error(EXEC_ABORT.as_bytes());
            return step.out().error(EXEC_ABORT);
        }
        if broken {
            return step.out().null_array();
        }
        let holds = |flag| queue.iter().any(|queued| self.command(queued.command).spec.flags.has(flag));
        if let Err(fail) = step.admit_all(holds(Flags::WRITE), holds(Flags::DENYOOM)) {
            self.server.count_fault(number, Fault::Rejected, fail.bytes());
            return step.out().error_bytes(&discarded(&fail));
        }
        step.out().array(queue.len());
        step.session().in_exec = true;
        for queued in &queue {
            let args: Vec<&[u8]> = queued.args.iter().map(Vec::as_slice).collect();
            let spec = &self.command(queued.command).spec;
            // What was allowed when it was queued may have been taken away since.
            if let Err(denied) = acl::may(step.session(), queued.command, spec, &args) {
                self.server.note_denied_command(step.session(), Place::Multi, denied, queued.command, &args);
                let fail = denied.exec_reply();
                self.server.count_fault(queued.command, Fault::Rejected, fail.bytes());
                step.out().error_bytes(fail.bytes());
                continue;
            }
            step.call(queued.command, &args);
        }
        step.session().in_exec = false;
        step.count(number, started);
    }

    /// Ends everything that sends a session messages.
    pub fn unfollow(&self, session: &mut Session) {
        unfollow(&self.server, session);
        tracking::leave(&self.server, session);
        session.client.outbox.close();
    }

    /// Ends what a closing session has left: its watches and what it follows.
    pub fn forget(&self, session: &mut Session) {
        self.unfollow(session);
        let shards = self.shards.len();
        for (db, key) in std::mem::take(&mut session.watched) {
            let mut guard = self.shards.take(route::shard_of(&key, shards));
            guard.partition.keyspace.unwatch(db, &key, &session.watch_broken);
        }
        session.transaction = None;
    }
}
