//! What reactors send each other: parcels of calls, and their replies.

use crate::base::signal::{self, Ring};
use crate::base::token::OwnedGuard;
use crate::dispatch::{Engine, Parcel, Post, Session, Shard};

use super::intake::{list, mark_dirty};
use super::reactor::Reactor;
use super::serve::run_parcel;

impl Reactor {
    /// Brings parcels to other shards: runs them in place where the shard is idle, and posts them otherwise.
    pub(super) fn deliver(&mut self, now: u64) {
        let engine = self.engine.clone();
        for shard in 0..self.outgoing.len() {
            if self.outgoing[shard].is_empty() {
                continue;
            }
            let Some(post) = &mut self.posts[shard] else { continue };
            if !post.has_room() {
                continue;
            }
            let next = self.spare.pop().unwrap_or_default();
            let mut parcel = std::mem::replace(&mut self.outgoing[shard], next);
            // In place only where nothing sent before is still under way: it must not be overtaken.
            let idle = if post.is_busy() { None } else { engine.shards.try_take(shard) };
            if let Some(mut token) = idle {
                while !run_parcel(&engine, &mut token, &mut self.guest, &mut parcel, now) {
                    if token.owes() {
                        drop(token);
                        token = engine.take(shard);
                    } else {
                        token.stream.notify();
                        token.yield_fairly();
                    }
                }
                engine.leave(token);
                self.hand_out(&parcel);
                if parcel.clear() {
                    self.spare.push(parcel);
                }
            } else {
                post.send(parcel);
                self.peers[shard].alarm.ring(signal::MAIL);
            }
        }
    }

    /// Takes replies that other shards sent back.
    pub(super) fn collect_replies(&mut self) {
        for shard in 0..self.posts.len() {
            while let Some(mut parcel) = self.posts[shard].as_mut().and_then(Post::receive) {
                self.hand_out(&parcel);
                if parcel.clear() {
                    self.spare.push(parcel);
                }
            }
        }
    }

    /// Gives the replies of a finished parcel to their connections.
    fn hand_out(&mut self, parcel: &Parcel) {
        for (call, reply) in parcel.answers() {
            let Some(connection) = self.connections.get_mut(call.connection) else { continue };
            connection.answer(call.request, reply);
            mark_dirty(&mut self.dirty, connection, call.connection);
            if connection.unstall() {
                list(&mut self.readable, connection, call.connection);
            }
        }
    }
}

/// Runs parcels that other reactors sent to this shard. True where more wait.
pub fn read_mail(
    engine: &Engine,
    shard: &mut OwnedGuard<'_, Shard>,
    first: usize,
    guest: &mut Session,
    unfinished: &mut Option<(usize, Box<Parcel>)>,
    now: u64,
) -> bool {
    if let Some((from, mut parcel)) = unfinished.take() {
        if !run_parcel(engine, shard, guest, &mut parcel, now) {
            *unfinished = Some((from, parcel));
            return true;
        }
        shard.mailbox.answer(from, parcel);
    }
    let senders = shard.mailbox.senders();
    for at in 0..senders {
        let from = (first + at) % senders;
        let Some(mut parcel) = shard.mailbox.receive(from) else { continue };
        if !run_parcel(engine, shard, guest, &mut parcel, now) {
            *unfinished = Some((from, parcel));
            return true;
        }
        shard.mailbox.answer(from, parcel);
        shard.stream.notify();
        shard.yield_fairly();
    }
    shard.mailbox.has_mail()
}
