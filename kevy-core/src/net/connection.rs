//! One connection: its socket, its session, and the bytes between them.

use std::collections::VecDeque;

use crate::dispatch::{Answer, Route, Session};
use crate::io::uring::Operation;
use crate::io::{Socket, Upgrade};
use crate::resp::writer::{Protocol, Writer};
use crate::resp::{Limits, RequestParser};

/// A command whose reply comes from another shard.
#[derive(Debug)]
pub struct Pending {
    pub request: u64,
    pub reply: Option<Vec<u8>>,
    /// The session wants no reply to it (`CLIENT REPLY`).
    pub silent: bool,
    /// Replies of later commands that were ready first.
    pub behind: Vec<u8>,
}

/// How large replies of other shards are taken to be before one has come.
const REPLY_BYTES_FIRST: usize = 64 * 1024;

/// Messages are moved to a connection as long as this much waits to be sent at most; the rest stays shared by all
/// their receivers.
const MESSAGES_BYTES: usize = 256 * 1024;

/// Replies that wait until what they tell of is on disk.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Which of the reactor's turns they are from.
    pub turn: u64,
    /// Where they end in the connection's output.
    pub end: usize,
    /// The disk's state when the first of their commands began.
    pub phase: u64,
}

/// Why a connection's next command must wait, and what answers the one under way.
#[derive(Debug)]
pub struct Waiting {
    /// When it ends all the same (Unix milliseconds); `None` for never.
    pub deadline: Option<u64>,
    pub answer: Answer,
}

/// A command that runs a script.
#[derive(Debug)]
pub struct ScriptCall {
    pub command: usize,
    pub route: Route,
    pub args: Vec<Vec<u8>>,
}

/// How a connection's bytes come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intake {
    /// The poll tells that there are some, and they are read.
    Polled,
    /// The ring would receive them, but was not told to.
    Resting,
    /// The ring receives them.
    Receiving(Operation),
    /// The ring was told to receive no more, and may still do so.
    Ending(Operation),
}

impl Intake {
    /// Whether an operation is the one that receives.
    pub fn is(self, operation: Operation) -> bool {
        self == Self::Receiving(operation) || self == Self::Ending(operation)
    }
}

/// What becomes of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    Open,
    /// Close it once everything written has been sent; read no more.
    CloseWhenSent,
    Close,
}

/// A connection and its session.
#[derive(Debug)]
pub struct Connection {
    pub socket: Socket,
    pub session: Session,
    pub parser: RequestParser,
    pub limits: Limits,
    /// Bytes received that no command has used yet.
    pub input: Vec<u8>,
    /// How many more bytes the argument being received needs, 0 unknown.
    pub want: usize,
    pub intake: Intake,
    /// What the ring tells of besides: that the peer goes, and that bytes can be sent again.
    pub hang_up: Option<Operation>,
    pub drained: Option<Operation>,
    /// What the ring sends, and how many bytes that is; what is in `out` comes after them.
    pub flight: Option<Operation>,
    pub flying: usize,
    /// The socket may hold bytes to read.
    pub readable: bool,
    pub writable: bool,
    /// The peer will send no more than what the socket holds.
    pub ending: bool,
    /// The peer has sent its last byte; what it sent is still answered.
    pub ended: bool,
    /// In the reactor's list of connections to read.
    pub listed: bool,
    /// In the reactor's list of connections to send.
    pub dirty: bool,
    /// Replies ready to be sent, and how much of them has been.
    pub out: Writer,
    pub sent: usize,
    /// How much of the replies may be sent: what they tell of is on disk.
    pub safe: usize,
    /// The replies behind that, by what they wait for.
    pub held_for_disk: VecDeque<Held>,
    /// The disk's state when nothing of the connection was under way last.
    pub phase: u64,
    /// Where replies go that must wait behind a pending one.
    pub late: Writer,
    pub pending: VecDeque<Pending>,
    /// How large the replies of other shards have been lately: it tells how many to ask for ahead of a slow reader.
    pub reply_bytes: usize,
    /// Bytes of replies that wait behind pending ones.
    pub held: usize,
    /// `input` holds a command that waits until nothing is pending.
    pub stalled: bool,
    /// A script that is to be run, or runs; nothing else of the connection runs meanwhile.
    pub script: Option<Box<ScriptCall>>,
    /// Its last command was a script, so that commands are taken one by one.
    pub scripted: bool,
    /// A command that is answered later; nothing else of the connection runs meanwhile.
    pub waiting: Option<Waiting>,
    /// A pause holds its next command back.
    pub paused: bool,
    /// Replicas that attach over this connection get this shard: it came in at the shard's own port.
    pub shard: Option<usize>,
    pub fate: Fate,
    pub upgrade: Option<Box<dyn Upgrade>>,
    /// When the replies not sent first passed the soft limit (Unix milliseconds).
    pub over_soft_limit_since: Option<u64>,
}

impl Connection {
    pub fn new(socket: Socket, session: Session, limits: Limits) -> Self {
        Self {
            socket,
            session,
            parser: RequestParser::new(),
            limits,
            input: Vec::new(),
            want: 0,
            intake: Intake::Polled,
            hang_up: None,
            drained: None,
            flight: None,
            flying: 0,
            readable: true,
            writable: true,
            ending: false,
            ended: false,
            listed: false,
            dirty: false,
            out: Writer::new(Protocol::Resp2),
            sent: 0,
            safe: 0,
            held_for_disk: VecDeque::new(),
            phase: 0,
            late: Writer::new(Protocol::Resp2),
            pending: VecDeque::new(),
            reply_bytes: REPLY_BYTES_FIRST,
            held: 0,
            stalled: false,
            script: None,
            scripted: false,
            waiting: None,
            paused: false,
            shard: None,
            fate: Fate::Open,
            upgrade: None,
            over_soft_limit_since: None,
        }
    }

    /// Bytes of replies that are not sent.
    pub fn unsent(&self) -> usize {
        self.kept() + self.flying
    }

    /// Bytes of replies that nobody has taken to send them.
    pub fn kept(&self) -> usize {
        self.out.buf.len() - self.sent
    }

    /// Where the replies end that are accounted for.
    pub fn accounted(&self) -> usize {
        self.held_for_disk.back().map_or(self.safe, |held| held.end)
    }

    /// Lets the connection go on, unless it waits for something else. True where it may.
    pub fn unstall(&mut self) -> bool {
        let goes_on = self.stalled && self.waiting.is_none() && !self.paused && self.script.is_none();
        self.stalled &= !goes_on;
        goes_on
    }

    /// True where the connection has nothing under way but perhaps a command that waits.
    pub fn is_idle(&self) -> bool {
        let rests = !self.stalled || self.waiting.is_some() || self.paused;
        self.pending.is_empty() && self.unsent() == 0 && !self.socket.has_pending() && rests && !self.listed
    }

    /// Bytes of replies that wait for a reader or for an earlier reply.
    pub fn backed_up(&self) -> usize {
        self.unsent() + self.held
    }

    /// Moves messages that wait for the client behind the replies so far, as long as not much waits to be sent. True
    /// where it moved any.
    pub fn take_messages(&mut self) -> bool {
        let outbox = &self.session.client.outbox;
        let room = MESSAGES_BYTES.saturating_sub(self.unsent() + self.held);
        if room == 0 || !outbox.is_filled() || self.upgrade.is_some() {
            return false;
        }
        match self.pending.back_mut() {
            // A reply that comes later may have been computed before.
            Some(last) => self.held += outbox.take_into(&mut last.behind, room),
            None => {
                outbox.take_into(&mut self.out.buf, room);
            }
        }
        true
    }

    /// Bytes that wait for the peer, its messages included.
    pub fn owed(&self) -> usize {
        self.kept() + self.held + self.session.client.outbox.bytes()
    }

    /// Moves what a command wrote while others were pending behind the last of them.
    pub fn tuck(&mut self) {
        if let Some(last) = self.pending.back_mut()
            && !self.late.buf.is_empty()
        {
            self.held += self.late.buf.len();
            last.behind.extend_from_slice(&self.late.buf);
            self.late.buf.clear();
        }
    }

    /// Takes the reply of a pending command, and sends on what it held back.
    pub fn answer(&mut self, request: u64, reply: &[u8]) {
        self.reply_bytes = reply.len().max(self.reply_bytes - self.reply_bytes / 8);
        let Ok(at) = self.pending.binary_search_by_key(&request, |pending| pending.request) else { return };
        let one = &mut self.pending[at];
        if at > 0 {
            let reply = if one.silent { Vec::new() } else { reply.to_vec() };
            self.held += reply.len();
            one.reply = Some(reply);
            return;
        }
        if !one.silent {
            self.out.raw(reply);
        }
        one.reply = Some(Vec::new());
        while self.pending.front().is_some_and(|first| first.reply.is_some()) {
            if let Some(Pending { reply: Some(reply), behind, .. }) = self.pending.pop_front() {
                self.held -= reply.len() + behind.len();
                self.out.raw(&reply);
                self.out.raw(&behind);
            }
        }
    }
}
