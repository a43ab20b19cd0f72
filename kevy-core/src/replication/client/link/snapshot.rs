//! A snapshot as it arrives.

use crate::base::Result;
use crate::resp::command::decode_bulk_len;
use crate::snapshot::Next;

use super::super::super::wire::{LINE_LEN_MAX, Line, shown};
use super::super::frame::{FrameKind, Head};
use super::lines::refused;
use super::{Held, Link, Phase, Step, protocol};

/// Bytes of a chunk that are looked at in one go.
const PIECE_BYTES: usize = 64 << 10;
/// The largest chunk that is taken.
const CHUNK_BYTES_MAX: usize = 64 << 20;

impl Link {
    /// Reads a snapshot. `None`: something else may be there now.
    pub(super) fn snapshot(&mut self) -> Result<Option<Step>> {
        loop {
            let Some(entries) = &mut self.entries else { return Err(protocol("no snapshot is under way")) };
            match entries.next()? {
                Next::Argv => {
                    self.stats.entries += 1;
                    self.head =
                        Head { shard: entries.shard(), db: entries.db(), ..Head::new(FrameKind::Entry) };
                    self.at = Held::Entries;
                    return Ok(Some(Step::Frame));
                }
                Next::Input | Next::End => {}
            }
            let bytes = self.input.rest();
            match self.phase {
                Phase::Chunk(left) => {
                    if bytes.is_empty() {
                        return Ok(Some(Step::Input));
                    }
                    let len = bytes.len().min(left).min(PIECE_BYTES);
                    entries.push(&bytes[..len])?;
                    self.input.consume(len);
                    self.phase = if len == left { Phase::ChunkEnd } else { Phase::Chunk(left - len) };
                }
                Phase::ChunkEnd => match bytes {
                    [b'\r', b'\n', ..] => {
                        self.input.consume(2);
                        self.phase = Phase::Snapshot;
                    }
                    [] | [b'\r'] => return Ok(Some(Step::Input)),
                    _ => return Err(protocol("a chunk of the snapshot does not end with its line end")),
                },
                _ => match bytes.first() {
                    None => return Ok(Some(Step::Input)),
                    Some(b'$') => match decode_bulk_len(bytes, 0) {
                        Ok(Some((len, start))) if len <= CHUNK_BYTES_MAX => {
                            self.input.consume(start);
                            self.phase = Phase::Chunk(len);
                        }
                        Ok(None) => return Ok(Some(Step::Input)),
                        _ => return Err(protocol("a chunk of the snapshot has no proper length")),
                    },
                    Some(_) => return self.snapshot_end(),
                },
            }
        }
    }

    fn snapshot_end(&mut self) -> Result<Option<Step>> {
        let bytes = self.input.rest();
        let window = &bytes[..bytes.len().min(LINE_LEN_MAX)];
        let Some(end) = memchr::memchr(b'\n', window) else {
            if window.len() == LINE_LEN_MAX {
                return Err(protocol("the end of the snapshot does not end"));
            }
            return Ok(Some(Step::Input));
        };
        let line = window[..end].strip_suffix(b"\r").unwrap_or(&window[..end]);
        match line {
            [b'-', text @ ..] => return Err(refused(&String::from_utf8_lossy(text))),
            [b'+', text @ ..] => match Line::parse(text) {
                Some(Line::SnapshotEnd(offsets)) if offsets == self.acked.1 => {}
                _ => return Err(protocol(format!("the primary sent '{}' in a snapshot", shown(line)))),
            },
            _ => return Err(protocol(format!("the primary sent '{}' in a snapshot", shown(line)))),
        }
        let entries = self.entries.take();
        self.stats.skipped += entries.as_ref().map_or(0, |entries| entries.skipped);
        if !entries.is_some_and(|entries| entries.is_whole()) {
            return Err(protocol("the snapshot ended before its last byte"));
        }
        self.input.consume(end + 1);
        self.unfinished = false;
        self.phase = Phase::Stream;
        self.head = Head::new(FrameKind::SnapshotEnd);
        Ok(Some(Step::Frame))
    }
}
