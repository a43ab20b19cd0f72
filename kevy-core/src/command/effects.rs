//! The effects of the command under way on one shard, until the shard moves them to its stream.

use crate::resp;

/// Deterministic commands in the order in which they happened, encoded as RESP arrays.
///
/// While nobody listens (`wanted` is false) recording costs one branch.
#[derive(Debug, Default)]
pub struct Effects {
    pub wanted: bool,
    bytes: Vec<u8>,
    frames: Vec<Frame>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    db: usize,
    end: usize,
}

impl Effects {
    /// Records `argv` as having happened in database `db`.
    #[inline]
    pub fn push(&mut self, db: usize, argv: &[&[u8]]) {
        if self.wanted {
            resp::encode_command(&mut self.bytes, argv);
            self.frames.push(Frame { db, end: self.bytes.len() });
        }
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Each effect as its database and its RESP encoding.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut start = 0;
        self.frames.iter().map(move |frame| {
            let bytes = &self.bytes[start..frame.end];
            start = frame.end;
            (frame.db, bytes)
        })
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
        if self.bytes.capacity() > 1 << 20 {
            self.bytes.shrink_to(1 << 16);
        }
    }
}
