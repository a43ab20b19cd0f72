//! A replica's connection on the primary's side: handshake, snapshot if need be, then frames as they come.
//!
//! The reactor that owns the connection calls [`Upgrade::output`] when the socket takes more, so a slow replica
//! pulls slowly; what it makes this side hold is bounded, and past the bound it has to begin anew. None of the
//! methods may be called with a token held, but [`Upgrade::input`].

mod part;
mod snapshot;
mod stream;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use smallvec::SmallVec;

use crate::io::{Sent, Upgrade};
use crate::log::subscribers::Wake;
use crate::log::{Gone, StreamReader, Subscription};
use crate::resp::{ArgVec, decode_command};

use super::block::Packer;
use super::primary::Primary;
use super::selection::Selection;
use super::slots::Link;
use super::wire::{Acknowledged, Handshake, Line, Offsets, offsets_text, shown};

use snapshot::Snapshot;
use stream::{Progressed, Streams};

/// The longest command that a replica sends: offsets for every possible shard, twice.
const INPUT_BYTES_MAX: usize = 1 << 20;

/// How soon a replica is told what was left out, where no frame tells it.
const SKIP_MS: u64 = 100;

/// How often a snapshot that is not taken is looked at.
const SNAPSHOT_LOOK_MS: u64 = 1000;

/// What a feed is to serve, and for whom.
pub struct Order<'a> {
    pub shards: SmallVec<[usize; 8]>,
    pub address: &'a str,
    pub wake: Wake,
}

/// One replica's connection.
#[derive(Debug)]
pub struct Feed {
    primary: Arc<Primary>,
    handshake: Handshake,
    shards: SmallVec<[usize; 8]>,
    link: Link,
    /// One for each shard, so that growth of any of them wakes the connection's owner.
    subscriptions: Vec<Subscription>,
    generation: u64,
    state: State,
    /// When the replica was last heard of, or took data; when it was last sent anything; when that was last tried.
    alive: u64,
    sent: u64,
    looked: u64,
    /// The replica has asked for a heartbeat.
    asked: bool,
    /// What the replica follows, what it has said last that it has applied, what it has with that which it is not sent,
    /// and when it was last told of that.
    selection: Arc<Selection>,
    applied: Offsets,
    passed: Offsets,
    skipped_at: u64,
    /// What puts bytes into blocks, once the replica has been told; those bytes, and how many of the first precede the blocks.
    packer: Option<Packer>,
    plain: Vec<u8>,
    plain_until: usize,
}

/// A buffer above this size is given back.
const KEEP_BYTES_MAX: usize = 1 << 20;

#[derive(Debug)]
enum State {
    /// Nothing has been sent.
    Start,
    Snapshot(Box<Snapshot>),
    Streams(Streams),
    Closed,
}

impl Feed {
    /// The feed of a replica that has sent its handshake.
    pub(super) fn open(
        primary: &Arc<Primary>,
        handshake: Handshake,
        order: Order<'_>,
        now: u64,
    ) -> Box<dyn Upgrade> {
        let Order { shards, address, wake } = order;
        let link = primary.slots.connect(&handshake.id, address, &shards, now);
        link.set_partial(!handshake.selection.is_all());
        let subscribe = |&shard: &usize| primary.backlogs[shard].subscribe(Arc::clone(&wake));
        Box::new(Self {
            subscriptions: shards.iter().map(subscribe).collect(),
            primary: Arc::clone(primary),
            selection: Arc::new(handshake.selection.clone()),
            applied: Offsets::new(),
            passed: Offsets::new(),
            skipped_at: now,
            packer: None,
            plain: Vec::new(),
            plain_until: 0,
            handshake,
            shards,
            link,
            generation: 0,
            state: State::Start,
            alive: now,
            sent: now,
            looked: now,
            asked: false,
        })
    }

    /// Decides from where to send: on from where the replica stands, or a snapshot.
    fn begin(&mut self, out: &mut Vec<u8>) {
        let primary = Arc::clone(&self.primary);
        let beginning = primary.beginning.lock();
        if !self.selection.is_all() {
            primary.tell_by_value();
        }
        self.generation = primary.generation();
        match self.resume() {
            Ok(readers) => {
                primary.count_partial();
                let offsets: Offsets = readers.iter().map(StreamReader::next_offset).collect();
                self.ack(out, &offsets);
                let Handshake { generation, offsets: named, .. } = &self.handshake;
                if let Some(generation) = generation.filter(|named| *named != self.generation) {
                    Line::Rebase { generation, offsets: named.clone() }.write(out);
                }
                self.link.begin_stream(&offsets);
                self.state = self.streams(readers);
            }
            Err(reason) => {
                primary.count_full(reason.is_some());
                self.begin_snapshot(out, reason);
            }
        }
        drop(beginning);
    }

    /// Readers at the places the replica named; or why there are none, `None` where it named no place.
    fn resume(&self) -> Result<Vec<StreamReader>, Option<String>> {
        let Handshake { generation, offsets, .. } = &self.handshake;
        let mut offsets = offsets.clone();
        match *generation {
            Some(0) => return Err(None),
            None if offsets.iter().all(|offset| *offset == 0) => return Err(None),
            None => return Err(Some("an offset without its generation cannot be continued".into())),
            Some(other) if other != self.generation => {
                let is_whole = self.handshake.rebase && self.shards.len() == self.primary.shards.len();
                let known = is_whole.then(|| self.primary.ancestry.find(other, &offsets)).flatten();
                let Some(own) = known else { return Err(Some(self.foreign(other, &offsets))) };
                offsets = own.into();
            }
            Some(_) => {}
        }
        if offsets.len() != self.shards.len() {
            return Err(Some(format!("{} offsets for {} shards", offsets.len(), self.shards.len())));
        }
        let reader = |(&shard, &offset): (&usize, &u64)| {
            let backlog = Arc::clone(&self.primary.backlogs[shard]);
            StreamReader::at(backlog, offset).map_err(|gone| Some(format!("shard {shard}: {gone}")))
        };
        self.shards.iter().zip(&offsets).map(reader).collect()
    }

    /// Why a place of another history cannot be continued.
    fn foreign(&self, generation: u64, offsets: &[u64]) -> String {
        match self.primary.ancestry.known() {
            Some(known) if known.generation == generation => format!(
                "offsets {} of generation {generation} are not among those that are known here, up to {}",
                String::from_utf8_lossy(&offsets_text(offsets)),
                String::from_utf8_lossy(&offsets_text(&known.offsets())),
            ),
            _ => format!("generation {generation} is not {}, which is recorded here", self.generation),
        }
    }

    fn ack(&mut self, out: &mut Vec<u8>, offsets: &[u64]) {
        let filter = (!self.selection.is_all()).then_some("filter");
        let blocks = self.handshake.blocks.map(|packing| ["batch", packing.name()]);
        let taken: Vec<&str> = filter.into_iter().chain(blocks.into_iter().flatten()).collect();
        if !taken.is_empty() {
            Line::Capa(taken.join(" ")).write(out);
        }
        self.plain_until = out.len();
        let generation = self.handshake.generation.map(|_| self.generation);
        Line::Ack { generation, offsets: offsets.into() }.write(out);
    }

    fn streams(&self, readers: Vec<StreamReader>) -> State {
        State::Streams(Streams::new(readers, &self.shards, self.handshake.mux).only(&self.selection))
    }

    fn begin_snapshot(&mut self, out: &mut Vec<u8>, reason: Option<String>) {
        let snapshot = Snapshot::begin(&self.primary, &self.shards, self.generation, &self.selection);
        self.ack(out, snapshot.offsets());
        if let Some(reason) = reason
            && self.handshake.resync
        {
            Line::Resync(reason).write(out);
        }
        Line::Snapshot.write(out);
        self.link.begin_snapshot(snapshot.offsets());
        self.state = State::Snapshot(Box::new(snapshot));
    }

    /// Sends what the state has to send.
    fn send(&mut self, out: &mut Vec<u8>, budget: usize) -> Sent {
        let before = out.len();
        match &mut self.state {
            State::Start => {
                self.begin(out);
                Sent::More
            }
            State::Snapshot(snapshot) => match snapshot.send(&self.primary, out, budget) {
                // Where much is left out, others have their turn in between.
                Ok(false) if out.len() == before && !self.selection.is_all() => Sent::Later,
                Ok(false) => Sent::More,
                Ok(true) => {
                    let offsets = Offsets::from_slice(snapshot.offsets());
                    let reader = |(&shard, &offset): (&usize, &u64)| {
                        StreamReader::at(Arc::clone(&self.primary.backlogs[shard]), offset)
                    };
                    let readers: Result<Vec<_>, Gone> =
                        self.shards.iter().zip(&offsets).map(reader).collect();
                    match readers {
                        Ok(readers) => {
                            Line::SnapshotEnd(offsets.clone()).write(out);
                            self.link.begin_stream(&offsets);
                            self.state = self.streams(readers);
                            Sent::More
                        }
                        Err(gone) => self.fail(out, &gone.to_string()),
                    }
                }
                Err(reason) => self.fail(out, &reason),
            },
            State::Streams(streams) => match send_or_wait(streams, &self.subscriptions, out, budget) {
                Ok(sent) => sent,
                // Peers that know how to can begin anew on the same connection.
                Err(gone) if self.handshake.resync && !streams.is_inside_unit() => {
                    self.primary.count_full(true);
                    let primary = Arc::clone(&self.primary);
                    let beginning = primary.beginning.lock();
                    self.begin_snapshot(out, Some(gone));
                    drop(beginning);
                    Sent::More
                }
                Err(gone) => self.fail(out, &gone),
            },
            State::Closed => Sent::Close,
        }
    }

    /// Ends the link: the replica has to begin anew.
    fn fail(&mut self, out: &mut Vec<u8>, reason: &str) -> Sent {
        // Inside a frame an error would be taken for its content; there the end of the link says as much.
        if !matches!(&self.state, State::Streams(streams) if streams.is_inside_unit()) {
            out.extend_from_slice(format!("-RESYNC {reason}\r\n").as_bytes());
        }
        self.end();
        Sent::Close
    }

    fn end(&mut self) {
        if let State::Snapshot(snapshot) = std::mem::replace(&mut self.state, State::Closed) {
            snapshot.cancel(&self.primary);
        }
        self.subscriptions.clear();
    }

    /// Does what a replica says.
    fn obey(&mut self, args: &[&[u8]], now: u64) -> Result<(), String> {
        let Some(Acknowledged { received, applied }) = Acknowledged::parse(args) else {
            if args.first().is_some_and(|verb| verb.eq_ignore_ascii_case(b"REPLCONF")) {
                // Whoever asks for a heartbeat gets one once everything before it has been sent.
                self.asked |= args.get(1).is_some_and(|word| word.eq_ignore_ascii_case(b"PING"));
                return Ok(());
            }
            return Err(format!("a replica sent '{}'", shown(args.first().copied().unwrap_or_default())));
        };
        let State::Streams(streams) = &self.state else {
            self.link.seen(now);
            return Ok(());
        };
        let count = self.shards.len();
        if received.len() != count || applied.as_ref().is_some_and(|applied| applied.len() != count) {
            return Err(format!("a replica acknowledged {} shards of {count}", received.len()));
        }
        let beyond = received.iter().zip(streams.begun_offsets()).find(|(received, sent)| **received > *sent);
        if let Some((received, sent)) = beyond {
            return Err(format!("a replica acknowledged offset {received} where {sent} comes next"));
        }
        if !self.link.acknowledge(&received, applied.as_deref(), now) {
            self.end();
        } else if streams.expected().is_some() {
            self.applied = applied.unwrap_or(received);
            self.pass_over();
        }
        Ok(())
    }

    /// Counts what the replica is not sent as applied, where it has applied all that comes before.
    fn pass_over(&mut self) {
        let State::Streams(streams) = &self.state else { return };
        let Some(expected) = streams.expected() else { return };
        if self.applied.len() != expected.len() {
            return;
        }
        let effective = self.applied.iter().zip(expected).zip(streams.offsets());
        let effective: Offsets = effective
            .map(|((&applied, &expected), next)| if applied >= expected { next } else { applied })
            .collect();
        if effective != self.applied && effective != self.passed {
            self.link.pass_over(&effective);
            self.passed = effective;
        }
    }

    /// Tells a replica that follows a part what it is not sent, where that is due or `insist`.
    fn tell_skipped(&mut self, out: &mut Vec<u8>, now: u64, insist: bool) {
        let State::Streams(streams) = &mut self.state else { return };
        let is_told =
            streams.expected().is_none_or(|expected| expected.iter().copied().eq(streams.offsets()));
        if !is_told && !streams.is_inside_unit() && (insist || now.saturating_sub(self.skipped_at) >= SKIP_MS)
        {
            Line::Skip(streams.offsets().collect()).write(out);
            streams.set_told();
            self.skipped_at = now;
        }
    }

    /// When the replica has to be told what it is not sent.
    fn skip_deadline(&self) -> Option<u64> {
        let State::Streams(streams) = &self.state else { return None };
        let expected = streams.expected()?;
        (!expected.iter().copied().eq(streams.offsets())).then(|| self.skipped_at + SKIP_MS)
    }
}

/// Sends frames; where there are none, sees to it that the next ones wake the connection's owner.
fn send_or_wait(
    streams: &mut Streams,
    subscriptions: &[Subscription],
    out: &mut Vec<u8>,
    budget: usize,
) -> Result<Sent, String> {
    let before = out.len();
    match streams.send(out, budget)? {
        Progressed::More => return Ok(Sent::More),
        Progressed::Looked => return Ok(Sent::Later),
        Progressed::End => {}
    }
    if subscriptions.iter().filter(|one| !one.arm_unless_armed()).count() == 0 {
        return Ok(Sent::Idle);
    }
    // What was appended before the wish to be woken has to be looked for once more.
    let room = budget.saturating_sub(out.len() - before);
    Ok(match streams.send(out, room)? {
        Progressed::More => Sent::More,
        Progressed::Looked => Sent::Later,
        Progressed::End => Sent::Idle,
    })
}

impl Feed {
    /// Appends at most about `budget` bytes, as they are before they are put into blocks.
    fn fill(&mut self, out: &mut Vec<u8>, budget: usize, now: u64) -> Sent {
        self.looked = now;
        let settings = &self.primary.settings;
        let (ping, timeout) =
            (settings.ping_ms.load(Ordering::Relaxed), settings.timeout_ms.load(Ordering::Relaxed));
        let silence = now.saturating_sub(self.alive);
        // Another history has begun: what was sent so far is not part of it.
        let begun = !matches!(self.state, State::Start | State::Closed);
        let stale = begun && self.generation != self.primary.generation();
        if silence > timeout || !self.link.is_current() {
            self.end();
        } else if stale {
            return self.fail(out, "another history has begun here");
        }
        let before = out.len();
        let sent = self.send(out, budget);
        let has_grown = out.len() > before;
        if !self.selection.is_all() {
            self.pass_over();
            let has_to_know = self.asked || now.saturating_sub(self.sent) >= ping;
            self.tell_skipped(out, now, sent == Sent::Idle && !has_grown && has_to_know);
        }
        if has_grown {
            (self.alive, self.sent) = (now, now);
        } else if let (State::Streams(streams), Sent::Idle) = (&self.state, sent)
            && (self.asked || now.saturating_sub(self.sent) >= ping)
        {
            self.asked = false;
            if !streams.is_inside_unit() {
                let offsets = streams.offsets().collect();
                Line::Ping { generation: self.generation, offsets }.write(out);
            }
            self.sent = now;
        }
        sent
    }
}

impl Upgrade for Feed {
    fn input(&mut self, bytes: &[u8], now: u64) -> Result<usize, String> {
        self.alive = now;
        let mut used = 0;
        let mut args = ArgVec::new();
        while let Some(len) =
            decode_command(&bytes[used..], &mut args).map_err(|error| format!("a replica sent {error}"))?
        {
            self.obey(&args, now)?;
            used += len;
        }
        if bytes.len() - used > INPUT_BYTES_MAX {
            return Err(format!("a replica sent a command of more than {INPUT_BYTES_MAX} bytes"));
        }
        Ok(used)
    }

    fn output(&mut self, out: &mut Vec<u8>, budget: usize, now: u64) -> Sent {
        let before = out.len();
        let sent = match self.handshake.blocks {
            None => self.fill(out, budget, now),
            Some(packing) => {
                let mut plain = std::mem::take(&mut self.plain);
                let sent = self.fill(&mut plain, budget, now);
                let mut rest = &plain[..];
                if self.packer.is_none() && !rest.is_empty() {
                    let (head, behind) = rest.split_at(self.plain_until.min(rest.len()));
                    out.extend_from_slice(head);
                    rest = behind;
                }
                if !plain.is_empty() {
                    self.packer.get_or_insert_with(|| Packer::new(packing)).seal(rest, out);
                }
                plain.clear();
                plain.shrink_to(KEEP_BYTES_MAX);
                self.plain = plain;
                sent
            }
        };
        if out.len() > before {
            self.link.count((out.len() - before) as u64);
        }
        sent
    }

    fn deadline(&self) -> Option<u64> {
        let settings = &self.primary.settings;
        let ping = self.sent + settings.ping_ms.load(Ordering::Relaxed);
        let timeout = self.alive + settings.timeout_ms.load(Ordering::Relaxed) + 1;
        match self.state {
            State::Closed => None,
            // What a replica that takes nothing makes this side hold grows with every write.
            State::Snapshot(_) => Some(timeout.min(self.looked + SNAPSHOT_LOOK_MS)),
            _ => Some(ping.min(timeout).min(self.skip_deadline().unwrap_or(u64::MAX))),
        }
    }

    fn closed(&mut self, now: u64) {
        self.end();
        self.link.disconnect(now);
    }
}
