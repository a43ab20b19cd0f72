//! What a replica hands out.

use crate::base::{Argv, Span};

/// What a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(i32)]
#[non_exhaustive]
pub enum FrameKind {
    /// A snapshot begins: whatever the consumer holds is not part of the copy any more.
    SnapshotBegin = 1,
    /// A command that rebuilds a key of the snapshot, or a part of one.
    Entry = 2,
    /// The snapshot is whole; changes follow.
    SnapshotEnd = 3,
    /// A command that the primary's keyspace changed by.
    Command = 4,
    /// The commands up to the matching end happened at once.
    TxnBegin = 5,
    /// The transaction is whole.
    TxnEnd = 6,
    /// Everything that had happened on the primary at a moment has been handed out. Only if asked for.
    Bookmark = 7,
    /// The position could not be continued, for the reason given; a snapshot follows.
    Resync = 8,
    /// The link came up or went down.
    Link = 9,
}

/// One frame, borrowed until the next call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame<'a> {
    pub kind: FrameKind,
    /// The shard of the primary it comes from; of a transaction, the first.
    pub shard: usize,
    /// The offset in the stream of that shard; 0 for an entry.
    pub offset: u64,
    /// The database that the command is for.
    pub db: usize,
    /// The command: empty for any other kind than entries and commands.
    pub argv: Argv<'a>,
    /// Why: of a resync, and of a link that went down; of one that came up, by what it is weaker than it should be.
    pub reason: &'a str,
    /// Whether the link is up.
    pub up: bool,
}

/// A frame without what it borrows.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub kind: FrameKind,
    pub shard: usize,
    pub offset: u64,
    pub db: usize,
    pub up: bool,
}

impl Head {
    pub fn new(kind: FrameKind) -> Self {
        Self { kind, shard: 0, offset: 0, db: 0, up: false }
    }
}

/// Several frames that own their bytes.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    frames: Vec<Owned>,
    cursor: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Owned {
    head: Head,
    /// Where its bytes, its arguments and its reason end.
    bytes_end: usize,
    spans_end: usize,
    reason_end: usize,
}

impl Batch {
    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// True where the time limit passed before a frame came.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes of all arguments together.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Frame number `at`.
    pub fn get(&self, at: usize) -> Option<Frame<'_>> {
        let frame = self.frames.get(at)?;
        let before = at.checked_sub(1).and_then(|at| self.frames.get(at));
        let (bytes, spans) = before.map_or((0, 0), |before| (before.reason_end, before.spans_end));
        let Head { kind, shard, offset, db, up } = frame.head;
        Some(Frame {
            kind,
            shard,
            offset,
            db,
            argv: Argv::new(self.bytes.get(bytes..frame.bytes_end)?, self.spans.get(spans..frame.spans_end)?),
            reason: std::str::from_utf8(self.bytes.get(frame.bytes_end..frame.reason_end)?).ok()?,
            up,
        })
    }

    /// Every frame in order.
    pub fn iter(&self) -> impl Iterator<Item = Frame<'_>> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// The position after the last frame, to be kept once all have been applied.
    pub fn cursor(&self) -> &[u8] {
        &self.cursor
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
        self.frames.clear();
        self.cursor.clear();
    }

    pub(super) fn set_cursor(&mut self, cursor: Vec<u8>) {
        self.cursor = cursor;
    }

    /// Appends a copy of a frame.
    pub(super) fn push(&mut self, frame: &Frame<'_>) {
        let start = self.bytes.len();
        for arg in frame.argv.iter() {
            let from = self.bytes.len() - start;
            self.bytes.extend_from_slice(arg);
            self.spans.push(Span { start: from, end: self.bytes.len() - start });
        }
        let bytes_end = self.bytes.len();
        self.bytes.extend_from_slice(frame.reason.as_bytes());
        self.frames.push(Owned {
            head: Head {
                kind: frame.kind,
                shard: frame.shard,
                offset: frame.offset,
                db: frame.db,
                up: frame.up,
            },
            bytes_end,
            spans_end: self.spans.len(),
            reason_end: self.bytes.len(),
        });
    }
}
