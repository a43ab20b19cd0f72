//! Serving the clients that wait for keys, right after what changed the keys and before anything else can.
//!
//! Whoever ran a command calls [`serve`] with the shards it holds. Where a waiter's command needs a shard that is not
//! held, everything from there on stays owed, which [`Shard::owes`] tells: the next step is then to give all tokens
//! back, take all of them in their order and call [`serve`] again. Nobody runs a command on a shard that owes, so
//! giving the tokens back loses no waiter its place.

use smallvec::SmallVec;

use crate::base::slot::{shard_of_slot, slot_of};
use crate::command::blocking::{Outcome, Retry, Waiter};
use crate::command::client::Wake;
use crate::command::{Origin, Server, Session};
use crate::resp::Writer;

use super::run::{Caller, Step, commit};
use super::{Shard, Shards};

/// Shards that are held, ascending.
pub type Held<'s> = SmallVec<[&'s mut Shard; 8]>;

/// What a try of a command came to.
enum Tried {
    Served,
    /// It would wait on.
    InVain,
    /// It needs a shard that is not held.
    Elsewhere,
}

/// Serves every client that a changed key can serve, in the order in which keys changed and clients came, and those
/// that are served by what this changes.
#[cold]
pub fn serve(shards: Option<&Shards>, held: &mut Held<'_>, server: &Server) {
    // Not the time of the command before: on a replica that may have none.
    let now = server.clock.now_ms();
    while let Some((at, changed)) = take_first(held) {
        let mut ticket = 0;
        while let Some(waiter) = held[at].partition.next_waiter(changed.db, &changed.key, ticket, now) {
            ticket = waiter.ticket;
            if let Tried::Elsewhere = try_again(shards, held, server, &waiter, now) {
                held[at].partition.keyspace.put_back(changed);
                return;
            }
        }
        held[at].settle();
    }
}

/// Takes the key that changed first, with the place of its shard.
fn take_first(held: &mut Held<'_>) -> Option<(usize, crate::store::Changed)> {
    let first = |at: &usize| held[*at].partition.keyspace.first_change();
    let at = (0..held.len()).filter(|at| first(at).is_some()).min_by_key(first)?;
    Some((at, held[at].partition.keyspace.take_changed()?))
}

fn position(held: &Held<'_>, shard: usize) -> Option<usize> {
    held.binary_search_by_key(&shard, |shard| shard.partition.index).ok()
}

/// Runs a waiter's command once more and hands its reply over, if it has one now.
fn try_again(
    shards: Option<&Shards>,
    held: &mut Held<'_>,
    server: &Server,
    waiter: &Waiter,
    now: u64,
) -> Tried {
    let Some(retry) = &waiter.retry else { return Tried::InVain };
    if retry.shards.iter().any(|&shard| position(held, shard).is_none()) {
        return Tried::Elsewhere;
    }
    let Some(wait) = waiter.hold() else { return Tried::InVain };
    let before: SmallVec<[usize; 8]> =
        held.iter().map(|shard| shard.partition.keyspace.changed_len()).collect();
    let reply = run(shards, held, server, waiter, retry, now);
    if reply.is_empty() {
        // What a try in vain touched is no reason for another one.
        for (shard, len) in held.iter_mut().zip(before) {
            shard.partition.keyspace.forget_changes(len);
        }
        return Tried::InVain;
    }
    for key in retry.keys() {
        let home = shard_of_slot(slot_of(key), server.shards);
        if let Some(at) = position(held, home) {
            held[at].partition.dequeue(key, waiter);
        }
    }
    wait.end(Outcome::Reply(reply));
    waiter.client.wake(Wake::Answered);
    Tried::Served
}

fn run(
    shards: Option<&Shards>,
    held: &mut Held<'_>,
    server: &Server,
    waiter: &Waiter,
    retry: &Retry,
    now: u64,
) -> Vec<u8> {
    let mut session = Session::new(waiter.client.clone(), true);
    session.db = waiter.db;
    session.no_touch = retry.no_touch;
    session.last_command = retry.command;
    session.retrying = true;
    let mut out = Writer::new(waiter.protocol);
    let mut caller = Caller {
        server,
        session: &mut session,
        out: &mut out,
        now,
        origin: Origin::Client,
        number: retry.command,
    };
    let args: SmallVec<[&[u8]; 8]> = retry.args.iter().map(|arg| &**arg).collect();
    let members: SmallVec<[usize; 8]> = held.iter().map(|shard| shard.partition.index).collect();
    Step::new(held, &members, server.shards, &mut caller).call(retry.command, &args);
    commit(shards, held);
    out.take()
}
