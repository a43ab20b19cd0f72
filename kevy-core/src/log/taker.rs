//! Taking a stream piece by piece, without copying, for the log on disk.

use std::sync::Arc;

use smallvec::SmallVec;

use super::backlog::{Backlog, Gone, LogSegment, Place};

/// A transaction over several shards in a [`Piece`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SharedMark {
    /// The offset of its first frame in this shard's stream.
    pub first: u64,
    pub transaction: u64,
    /// The shards that take part, ascending.
    pub shards: SmallVec<[usize; 4]>,
}

/// Consecutive whole units of a stream. It holds on to the segment that they are in. Empty, it stands for units that the
/// log does not hold.
#[derive(Clone, Debug)]
pub struct Piece {
    segment: Arc<LogSegment>,
    from: usize,
    to: usize,
    pub frames: u32,
    /// The offset of the first frame after it.
    pub next: u64,
    pub shared: SmallVec<[SharedMark; 1]>,
}

impl Piece {
    /// The frames as they are in the stream.
    pub fn bytes(&self) -> &[u8] {
        self.segment.bytes.bytes().get(self.from..self.to).unwrap_or_default()
    }
}

/// A place in a stream from which pieces are taken. It begins where a segment does.
#[derive(Debug)]
pub struct Taker {
    backlog: Arc<Backlog>,
    segment: Option<Arc<LogSegment>>,
    at: Place,
    next: u64,
    /// The next transaction over several shards in the segment, by its number there.
    shared: usize,
}

impl Taker {
    /// A taker that begins with the frame at `offset`, the first of a segment or the next of the stream.
    pub fn at(backlog: Arc<Backlog>, offset: u64) -> Self {
        Self { backlog, segment: None, at: Place::default(), next: offset, shared: 0 }
    }

    /// The offset of the next frame to take.
    pub fn next_offset(&self) -> u64 {
        self.next
    }

    /// The next units, about `bytes_max` of them or one that is longer; `None` where nothing more is published.
    ///
    /// # Errors
    /// Where the stream has forgotten the frame.
    pub fn take(&mut self, bytes_max: usize) -> Result<Option<Piece>, Gone> {
        if !self.enter_segment()? {
            return Ok(None);
        }
        let Some(segment) = &self.segment else { return Ok(None) };
        // Loaded first: whatever the writer noted about these bytes can then be seen.
        let limit = Place::from(segment.bytes.published());
        let from = self.at;
        let mut to = if limit.bytes - from.bytes <= bytes_max {
            limit
        } else {
            let within = segment.last_mark(from.bytes, from.bytes.saturating_add(bytes_max));
            within.or_else(|| segment.next_mark(from.bytes, limit.bytes)).unwrap_or(limit)
        };
        let mut start = from;
        match segment.next_passing(from.bytes) {
            Some((first, end)) if first.bytes <= from.bytes => {
                to = if end.bytes < limit.bytes { end } else { limit };
                start = to;
            }
            Some((first, _)) if first.bytes < to.bytes => to = first,
            _ => {}
        }
        let mut shared = SmallVec::new();
        while let Some(found) = segment.transaction(self.shared)
            && found.end.bytes <= to.bytes
        {
            shared.push(SharedMark {
                first: segment.first + u64::from(found.start.frames),
                transaction: found.transaction,
                shards: found.shards,
            });
            self.shared += 1;
        }
        let next = segment.first + u64::from(to.frames);
        let piece = Piece {
            segment: Arc::clone(segment),
            from: start.bytes,
            to: to.bytes,
            frames: to.frames - start.frames,
            next,
            shared,
        };
        (self.at, self.next) = (to, next);
        Ok(Some(piece))
    }

    /// Moves to the next segment at the end of one. False where nothing more is published.
    fn enter_segment(&mut self) -> Result<bool, Gone> {
        loop {
            if let Some(segment) = &self.segment {
                // Asked first: what a sealed segment shows afterwards is all it will ever hold.
                let sealed = segment.is_sealed();
                if self.at.bytes < segment.bytes.published().len {
                    return Ok(true);
                }
                if !sealed {
                    return Ok(false);
                }
            }
            let Some(segment) = self.backlog.find(self.next)? else { return Ok(false) };
            if self.segment.as_ref().is_some_and(|old| Arc::ptr_eq(old, &segment)) {
                return Ok(false);
            }
            if segment.first != self.next {
                // The stream was told to begin a segment where this taker does, and has not done it yet.
                return Ok(false);
            }
            (self.at, self.shared) = (Place::default(), 0);
            self.segment = Some(segment);
        }
    }
}
