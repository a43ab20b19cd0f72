//! Commands that one reactor sends to another's shard, and their replies.
//!
//! A parcel travels over a ring with one producer and one consumer, carries all commands of a turn for that
//! shard, and comes back with their replies in the same allocation. The shard's ends of the rings belong to
//! the shard, so whoever holds its token may empty them.

use std::sync::Arc;

use rtrb::{Consumer, Producer, RingBuffer};

use crate::base::signal::{self, Ring};
use crate::resp::writer::{Protocol, Writer};

/// One command in a parcel.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Which connection of the sender asked, and its how-manieth outstanding request this is.
    pub connection: usize,
    pub request: u64,
    pub command: usize,
    pub db: usize,
    pub protocol: Protocol,
    pub no_touch: bool,
    /// The client that asked.
    pub client: u64,
    /// Where its arguments end in the parcel's list of arguments.
    args_end: usize,
    /// Where its reply ends in the parcel's replies.
    reply_end: usize,
}

/// A turn's commands from one reactor for one shard, then their replies.
#[derive(Debug)]
pub struct Parcel {
    calls: Vec<Call>,
    bytes: Vec<u8>,
    args: Vec<usize>,
    pub replies: Writer,
    done: usize,
}

impl Default for Parcel {
    fn default() -> Self {
        Self {
            calls: Vec::new(),
            bytes: Vec::new(),
            args: Vec::new(),
            replies: Writer::new(Protocol::Resp2),
            done: 0,
        }
    }
}

/// A parcel larger than this is not kept for reuse.
const KEEP_BYTES_MAX: usize = 1 << 20;

impl Parcel {
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Packs a command; its arguments are copied.
    pub fn push(
        &mut self,
        connection: usize,
        request: u64,
        command: usize,
        (db, protocol, no_touch, client): (usize, Protocol, bool, u64),
        args: &[&[u8]],
    ) {
        for arg in args {
            self.bytes.extend_from_slice(arg);
            self.args.push(self.bytes.len());
        }
        self.calls.push(Call {
            connection,
            request,
            command,
            db,
            protocol,
            no_touch,
            client,
            args_end: self.args.len(),
            reply_end: 0,
        });
    }

    /// The database of the next command to run, and the first arguments of those among the next `calls_max` that are
    /// for it.
    pub fn next_keys(&self, calls_max: usize) -> (usize, impl Iterator<Item = &[u8]>) {
        let next = &self.calls[self.done..self.calls.len().min(self.done + calls_max)];
        let db = next.first().map_or(0, |call| call.db);
        let mut first = self.done.checked_sub(1).map_or(0, |before| self.calls[before].args_end);
        let keys = next.iter().filter_map(move |call| {
            let key = first + 1;
            first = call.args_end;
            (call.db == db && key < call.args_end).then(|| &self.bytes[self.args[key - 1]..self.args[key]])
        });
        (db, keys)
    }

    /// Runs every command that has no reply yet through `run`, at most `calls_max`, up to the first that `run` says
    /// false to, which has not run then. True when all are done.
    pub fn run(
        &mut self,
        calls_max: usize,
        mut run: impl FnMut(&Call, &[&[u8]], &mut Writer) -> bool,
    ) -> bool {
        let end = self.calls.len().min(self.done + calls_max);
        let mut args: crate::resp::ArgVec<'_> = smallvec::SmallVec::new();
        for at in self.done..end {
            let first = if at == 0 { 0 } else { self.calls[at - 1].args_end };
            args.clear();
            for arg in first..self.calls[at].args_end {
                let start = if arg == 0 { 0 } else { self.args[arg - 1] };
                args.push(&self.bytes[start..self.args[arg]]);
            }
            let call = &mut self.calls[at];
            self.replies.protocol = call.protocol;
            if !run(call, &args, &mut self.replies) {
                return false;
            }
            self.done = at + 1;
            call.reply_end = self.replies.buf.len();
        }
        self.done == self.calls.len()
    }

    /// Each command with its reply, once all are done.
    pub fn answers(&self) -> impl Iterator<Item = (&Call, &[u8])> {
        let mut start = 0;
        self.calls.iter().map(move |call| {
            let reply = &self.replies.buf[start..call.reply_end];
            start = call.reply_end;
            (call, reply)
        })
    }

    /// Empties the parcel for reuse; false where it has grown too large to keep.
    pub fn clear(&mut self) -> bool {
        let keep = self.bytes.capacity() + self.replies.buf.capacity() <= KEEP_BYTES_MAX;
        self.calls.clear();
        self.bytes.clear();
        self.args.clear();
        self.replies.buf.clear();
        self.done = 0;
        keep
    }
}

/// The shard's ends: parcels in from every reactor, parcels back, and the alarms of their senders.
#[derive(Debug, Default)]
pub struct Mailbox {
    boxes: Vec<Option<Letterbox>>,
}

#[derive(Debug)]
struct Letterbox {
    requests: Consumer<Box<Parcel>>,
    replies: Producer<Box<Parcel>>,
    sender: Arc<dyn Ring>,
}

/// A reactor's ends of the rings to one shard.
#[derive(Debug)]
pub struct Post {
    requests: Producer<Box<Parcel>>,
    replies: Consumer<Box<Parcel>>,
    /// Parcels under way; never more than the rings hold, so neither end ever finds its ring full.
    under_way: usize,
}

/// How many parcels may be under way from one reactor to one shard.
const PARCELS_MAX: usize = 8;

impl Mailbox {
    /// Opens the way from reactor `from`, whose alarm is rung when replies are there.
    pub fn open(&mut self, from: usize, sender: Arc<dyn Ring>) -> Post {
        let (request_in, request_out) = RingBuffer::new(PARCELS_MAX);
        let (reply_in, reply_out) = RingBuffer::new(PARCELS_MAX);
        if self.boxes.len() <= from {
            self.boxes.resize_with(from + 1, || None);
        }
        self.boxes[from] = Some(Letterbox { requests: request_out, replies: reply_in, sender });
        Post { requests: request_in, replies: reply_out, under_way: 0 }
    }

    /// True where a parcel waits.
    pub fn has_mail(&self) -> bool {
        self.boxes.iter().flatten().any(|letterbox| !letterbox.requests.is_empty())
    }

    /// The next parcel and its sender's number, fair among senders only as far as calls rotate `from`.
    pub fn receive(&mut self, from: usize) -> Option<Box<Parcel>> {
        self.boxes.get_mut(from)?.as_mut()?.requests.pop().ok()
    }

    /// How many senders there are.
    pub fn senders(&self) -> usize {
        self.boxes.len()
    }

    /// Sends a finished parcel back and wakes its sender.
    pub fn answer(&mut self, from: usize, parcel: Box<Parcel>) {
        if let Some(Some(letterbox)) = self.boxes.get_mut(from) {
            // The sender counts its parcels, so the ring has room; a sender that is gone needs no reply.
            let _ = letterbox.replies.push(parcel);
            letterbox.sender.ring(signal::REPLIES);
        }
    }
}

impl Post {
    /// True where another parcel may be sent.
    pub fn has_room(&self) -> bool {
        self.under_way < PARCELS_MAX
    }

    /// True where replies are outstanding.
    pub fn is_busy(&self) -> bool {
        self.under_way > 0
    }

    /// True where a finished parcel has come back.
    pub fn has_reply(&self) -> bool {
        !self.replies.is_empty()
    }

    /// Sends a parcel. The caller made sure of [`Post::has_room`] and rings the shard's reactor.
    pub fn send(&mut self, parcel: Box<Parcel>) {
        self.under_way += 1;
        let sent = self.requests.push(parcel).is_ok();
        debug_assert!(sent, "more parcels under way than the ring holds");
    }

    /// A parcel that has come back with its replies.
    pub fn receive(&mut self) -> Option<Box<Parcel>> {
        let parcel = self.replies.pop().ok()?;
        self.under_way -= 1;
        Some(parcel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_keys_of_a_parcel_are_those_of_the_database_of_the_next_command() {
        let mut parcel = Parcel::default();
        let calls: [(usize, &[&[u8]]); 5] = [
            (1, &[b"GET", b"a"]),
            (0, &[b"SET", b"b", b"value"]),
            (0, &[b"DBSIZE"]),
            (1, &[b"GET", b"c"]),
            (0, &[b"GET", b"d"]),
        ];
        for (db, args) in calls {
            parcel.push(0, 0, 0, (db, Protocol::Resp2, false, 0), args);
        }
        let keys = |parcel: &Parcel| {
            let (db, keys) = parcel.next_keys(128);
            (db, keys.map(<[u8]>::to_vec).collect::<Vec<_>>())
        };
        assert_eq!(keys(&parcel), (1, vec![b"a".to_vec(), b"c".to_vec()]));
        assert!(!parcel.run(1, |_, _, _| true));
        assert_eq!(keys(&parcel), (0, vec![b"b".to_vec(), b"d".to_vec()]));
        assert!(parcel.run(128, |_, _, _| true));
        assert_eq!(keys(&parcel), (0, vec![]));
    }
}
