//! Frames in the order in which they are handed out: as they arrive, but transactions whole.

use crate::base::{Error, ErrorKind, Result};

use super::super::super::cursor::Position;
use super::super::super::wire::number;
use super::super::decode::Decoder;
use super::super::frame::{FrameKind, Head};
use super::super::lane;
use super::{Held, Link, Phase, Playing, Step, no_shard, protocol};

impl Link {
    /// Reads frames of the stream. `None`: something else may be there now.
    #[inline]
    pub(super) fn stream(&mut self) -> Result<Option<Step>> {
        if self.phase == Phase::Acked {
            self.continues()?;
        }
        while self.input.peek() == Some(b'*') {
            let bytes = self.input.rest();
            let Some(found) = self.wire.decode(bytes)? else {
                self.input.check_limit()?;
                return Ok(Some(Step::Input));
            };
            let verb = self.wire.spans.first().and_then(|span| bytes.get(span.start..span.end));
            let Some(lane) = self.lanes.get_mut(self.shard) else { return Err(no_shard(self.shard)) };
            lane.arrive(self.shard, found.offset, self.leaves_out)?;
            self.stats.frames += 1;
            if lane.is_holding() || verb == Some(b"MULTI") {
                let begins = !lane.is_holding();
                if lane.hold(&bytes[..found.len], &mut self.waiting)? || begins {
                    self.ready.push(self.shard);
                }
                self.held += found.len;
                self.input.consume(found.len);
                self.check_held()?;
                if !self.ready.is_empty() {
                    return Ok(None);
                }
                continue;
            }
            match verb {
                Some(b"SELECT") => {
                    let db = selected(bytes, &self.wire)?;
                    lane.done = Position { offset: found.offset + 1, db };
                    self.input.consume(found.len);
                }
                Some(b"EXEC") => return Err(stray_exec(found.offset)),
                _ => {
                    lane.done.offset = found.offset + 1;
                    self.head = Head {
                        kind: FrameKind::Command,
                        shard: self.shard,
                        offset: found.offset,
                        db: lane.done.db as usize,
                        up: false,
                    };
                    self.at = Held::Input(self.input.consume(found.len));
                    return Ok(Some(Step::Frame));
                }
            }
        }
        Ok(None)
    }

    /// Whether the primary has acknowledged the place where this side stands.
    pub(super) fn is_here(&self) -> bool {
        let (generation, offsets) = &self.acked;
        let here = self.lanes.iter().map(|lane| lane.next);
        !self.unfinished && *generation == self.generation && here.eq(offsets.iter().copied())
    }

    /// Fails where the primary would send values of types that were not asked for. Prefixes are seen to on this side as well.
    pub(super) fn check_filter(&self) -> Result<()> {
        if self.leaves_out || self.options.selection.kinds.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unsupported, "the primary cannot send values of some types only: type"))
    }

    /// The primary goes on from where this side stands.
    pub(super) fn continues(&mut self) -> Result<()> {
        if !self.is_here() {
            return Err(protocol("the primary sends frames of another place than it was asked for"));
        }
        self.check_filter()?;
        self.phase = Phase::Stream;
        Ok(())
    }

    /// Looks at what waits on a shard, which is not known to be held up. True where a frame was found.
    pub(super) fn look_at(&mut self, shard: usize) -> Result<bool> {
        let Some(lane) = self.lanes.get_mut(shard) else { return Ok(false) };
        match lane.look(&mut self.waiting)? {
            lane::Head::Empty | lane::Head::Partial => Ok(false),
            lane::Head::Whole => {
                self.try_play(shard)?;
                Ok(false)
            }
            lane::Head::Frame(found) => {
                let span = lane.pass(found);
                self.held -= found.len;
                self.ready.push(shard);
                let bytes = lane.bytes(span);
                let verb = self.waiting.spans.first().and_then(|span| bytes.get(span.start..span.end));
                match verb {
                    Some(b"SELECT") => {
                        let db = selected(bytes, &self.waiting)?;
                        lane.done = Position { offset: found.offset + 1, db };
                        Ok(false)
                    }
                    Some(b"EXEC") => Err(stray_exec(found.offset)),
                    _ => {
                        lane.done.offset = found.offset + 1;
                        let db = lane.done.db as usize;
                        self.head = Head { shard, offset: found.offset, db, ..Head::new(FrameKind::Command) };
                        self.at = Held::Lane(shard, span);
                        Ok(true)
                    }
                }
            }
        }
    }

    /// True where a transaction has been handed out in part. The rest of it is at hand.
    pub fn is_inside_transaction(&self) -> bool {
        self.playing.as_ref().is_some_and(|playing| playing.begun)
    }

    /// Begins to hand out the transaction at the head of `shard` if every part of it is there.
    fn try_play(&mut self, shard: usize) -> Result<()> {
        let Some((transaction, offset, members)) = self.lanes[shard].whole() else { return Ok(()) };
        let mut parts = members.clone();
        if parts.is_empty() {
            parts.push(shard);
        } else if !parts.contains(&shard) {
            return Err(protocol("a transaction does not name the shard it came from"));
        }
        let mut first = offset;
        for &part in &parts {
            let Some(lane) = self.lanes.get(part) else { return Err(no_shard(part)) };
            match lane.whole() {
                Some((other, offset, others)) if other == transaction && others == members => {
                    if part == parts[0] {
                        first = offset;
                    }
                }
                // It is asked again when that part is whole.
                _ => return Ok(()),
            }
        }
        for &part in &parts {
            self.lanes[part].within = self.lanes[part].done;
        }
        self.playing = Some(Playing { parts, at: 0, begun: false, offset: first });
        Ok(())
    }

    /// Hands out the next frame of the transaction under way. False where it held none to hand out.
    ///
    /// Parts are handed out one after the other, except around what concerns the whole keyspace: every part holds
    /// that, so it divides all of them alike, and it is handed out once, after what stands before it in each part.
    pub(super) fn play(&mut self) -> Result<bool> {
        let Some(playing) = &mut self.playing else { return Ok(false) };
        let first = playing.parts[0];
        if !playing.begun {
            playing.begun = true;
            self.head = Head { shard: first, offset: playing.offset, ..Head::new(FrameKind::TxnBegin) };
            return Ok(true);
        }
        let Some(&shard) = playing.parts.get(playing.at) else {
            for &part in &playing.parts {
                if self.lanes[part].next_within(&mut self.waiting)?.is_some() {
                    return Err(protocol("the parts of a transaction do not fit each other"));
                }
            }
            self.head = Head { shard: first, offset: playing.offset, ..Head::new(FrameKind::TxnEnd) };
            for &part in &playing.parts {
                self.lanes[part].finish();
                self.ready.push(part);
            }
            self.playing = None;
            self.stats.transactions += 1;
            return Ok(true);
        };
        let lane = &mut self.lanes[shard];
        let Some(found) = lane.next_within(&mut self.waiting)? else {
            playing.at += 1;
            return Ok(false);
        };
        let span = lane.pass(found);
        self.held -= found.len;
        lane.within.offset = found.offset + 1;
        let bytes = lane.bytes(span);
        let verb = self.waiting.spans.first().and_then(|span| bytes.get(span.start..span.end));
        match verb {
            Some(b"MULTI" | b"EXEC") => Ok(false),
            Some(b"SELECT") => {
                lane.within.db = selected(bytes, &self.waiting)?;
                Ok(false)
            }
            Some(b"FLUSHALL" | b"FLUSHDB" | b"SWAPDB") if playing.at + 1 < playing.parts.len() => {
                playing.at += 1;
                Ok(false)
            }
            verb => {
                if matches!(verb, Some(b"FLUSHALL" | b"FLUSHDB" | b"SWAPDB")) {
                    playing.at = 0;
                }
                let db = lane.within.db as usize;
                self.head = Head { shard, offset: found.offset, db, ..Head::new(FrameKind::Command) };
                self.at = Held::Lane(shard, span);
                Ok(true)
            }
        }
    }

    pub(super) fn check_held(&self) -> Result<()> {
        let max = self.options.transaction_bytes_max;
        if self.held <= max {
            return Ok(());
        }
        let text =
            format!("transactions that are not whole yet take more than {max} bytes: transaction-bytes-max");
        Err(Error::new(ErrorKind::OutOfMemory, text))
    }
}

fn selected(bytes: &[u8], decoder: &Decoder) -> Result<u32> {
    let [_, span] = &decoder.spans[..] else { return Err(protocol("a SELECT frame without its database")) };
    let db = bytes.get(span.start..span.end).and_then(number);
    db.and_then(|db| u32::try_from(db).ok()).ok_or_else(|| protocol("a SELECT frame of no database"))
}

#[cold]
fn stray_exec(offset: u64) -> Error {
    protocol(format!("a transaction ends at offset {offset} that has not begun"))
}
