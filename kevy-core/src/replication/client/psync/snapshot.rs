//! The RDB that a full sync begins with, read as it arrives.

use crate::base::Result;
use crate::snapshot::Next;

use super::super::super::cursor::{PsyncCursor, REPLID_LEN};
use super::super::frame::{FrameKind, Head};
use super::{Held, Phase, PsyncLink, Step, protocol};

/// Bytes of the snapshot that are looked at in one go.
const PIECE_BYTES: usize = 64 << 10;

impl PsyncLink {
    /// Reads on in the snapshot. `None`: something else may be there now.
    pub(super) fn snapshot(&mut self) -> Result<Option<Step>> {
        if self.phase == Phase::Mark {
            return self.mark();
        }
        loop {
            let Some(entries) = &mut self.entries else { return Err(protocol("no snapshot is under way")) };
            match entries.next()? {
                Next::Argv => {
                    self.stats.entries += 1;
                    self.head = Head { db: entries.db(), ..Head::new(FrameKind::Entry) };
                    self.at = Held::Entries;
                    return Ok(Some(Step::Frame));
                }
                Next::End => {
                    let behind = entries.bytes_behind();
                    self.stats.skipped += entries.skipped;
                    self.db = entries.stream_db().unwrap_or(0);
                    self.entries = None;
                    match self.phase {
                        Phase::Sized(left) if left > 0 || behind > 0 => {
                            return Err(protocol("bytes follow the end of the snapshot"));
                        }
                        Phase::Sized(_) => return self.finish(),
                        _ => {
                            // What was pushed is still there, as nothing was received since.
                            self.input.unconsume(behind);
                            self.phase = Phase::Mark;
                            return Ok(None);
                        }
                    }
                }
                Next::Input => {}
            }
            let bytes = self.input.rest();
            let room = match self.phase {
                Phase::Sized(0) => return Err(protocol("the snapshot ended before its last byte")),
                Phase::Sized(left) => usize::try_from(left).unwrap_or(usize::MAX),
                _ => usize::MAX,
            };
            let len = bytes.len().min(room).min(PIECE_BYTES);
            if len == 0 {
                return Ok(Some(Step::Input));
            }
            entries.push(&bytes[..len])?;
            self.input.consume(len);
            if let Phase::Sized(left) = &mut self.phase {
                *left -= len as u64;
            }
        }
    }

    /// Reads the mark behind a snapshot whose length was not known.
    fn mark(&mut self) -> Result<Option<Step>> {
        let Some(mark) = self.input.rest().first_chunk::<REPLID_LEN>() else { return Ok(Some(Step::Input)) };
        if *mark != self.mark {
            return Err(protocol("the snapshot does not end with the mark that was agreed on"));
        }
        self.input.consume(REPLID_LEN);
        self.finish()
    }

    fn finish(&mut self) -> Result<Option<Step>> {
        let cursor = PsyncCursor { replid: self.replid, offset: self.read, db: self.db };
        self.done = Some(cursor);
        self.phase = Phase::Stream;
        (self.is_quiet, self.ack_at) = (true, None);
        self.head = Head { offset: self.read, ..Head::new(FrameKind::SnapshotEnd) };
        Ok(Some(Step::Frame))
    }
}
