//! What the primary says between frames.

use crate::base::{Error, ErrorKind, Result};
use crate::snapshot::Entries;

use super::super::super::cursor::Position;
use super::super::super::wire::{LINE_LEN_MAX, Line, Offsets, SHARDS_MAX, shown};
use super::super::frame::{FrameKind, Head};
use super::super::lane::Lane;
use super::{Link, Phase, Step, no_shard, protocol};

impl Link {
    /// Reads a line. `None`: something else may be there now.
    pub(super) fn line(&mut self) -> Result<Option<Step>> {
        let bytes = self.input.rest();
        let window = &bytes[..bytes.len().min(LINE_LEN_MAX)];
        let Some(end) = memchr::memchr(b'\n', window) else {
            if window.len() == LINE_LEN_MAX || window.first().is_some_and(|byte| !b"+-*".contains(byte)) {
                return Err(protocol(format!(
                    "the primary sent '{}' where a line must stand",
                    shown(window)
                )));
            }
            return Ok(Some(Step::Input));
        };
        let line = window[..end].strip_suffix(b"\r").unwrap_or(&window[..end]);
        let text = match line {
            [b'-', text @ ..] => return Err(refused(&String::from_utf8_lossy(text))),
            [b'+', text @ ..] => text,
            [] => {
                self.input.consume(end + 1);
                return Ok(None);
            }
            _ => return Err(protocol(format!("the primary sent '{}' where a line must stand", shown(line)))),
        };
        if self.phase == Phase::Auth {
            self.phase = self.after_auth();
        } else if self.phase == Phase::Introduced {
            self.phase = Phase::Ack;
        } else {
            let parsed = Line::parse(text)
                .ok_or_else(|| protocol(format!("the primary sent the line '{}'", shown(text))))?;
            self.obey(parsed)?;
        }
        self.input.consume(end + 1);
        if self.has_blocks && self.blocks.is_none() {
            self.begin_blocks();
        }
        Ok(None)
    }

    pub(super) fn obey(&mut self, line: Line) -> Result<()> {
        match (self.phase, line) {
            (Phase::Ack | Phase::Stream, Line::Ack { generation: Some(generation), offsets })
                if generation != 0 && !offsets.is_empty() && offsets.len() <= SHARDS_MAX =>
            {
                self.acked = (generation, offsets);
                self.phase = Phase::Acked;
                self.has_risen |= !self.up;
                self.up = true;
                // In another history it is not told before it is known whether this side's place is one of it.
                if generation == self.generation || self.unfinished {
                    self.tell_up();
                }
            }
            (Phase::Acked, Line::Resync(reason)) => {
                self.tell_up();
                self.stats.resyncs += 1;
                self.note(Head::new(FrameKind::Resync), reason);
            }
            (Phase::Ack | Phase::Stream, Line::Capa(taken)) => {
                let takes = |name: &str| taken.split(' ').any(|word| word == name);
                self.leaves_out = takes("filter") && !self.options.selection.is_all();
                self.has_blocks = takes("batch");
                if self.has_blocks && self.options.blocks.is_none() {
                    return Err(protocol("the primary sends blocks that it was not asked for"));
                }
            }
            (Phase::Acked | Phase::Stream, Line::Skip(offsets))
                if self.leaves_out && offsets.len() == self.lanes.len() =>
            {
                if self.phase == Phase::Acked {
                    self.continues()?;
                }
                let mut lanes = self.lanes.iter_mut().enumerate().zip(offsets);
                lanes.try_for_each(|((shard, lane), offset)| lane.skip(shard, offset))?;
            }
            (Phase::Acked, Line::Rebase { generation, offsets }) => {
                self.rebase(generation, &offsets)?;
                self.tell_up();
            }
            (Phase::Acked, Line::Snapshot) => {
                self.check_filter()?;
                self.tell_up();
                self.stats.snapshots += 1;
                self.generation = self.acked.0;
                let positions = self.acked.1.iter().map(|&offset| Position { offset, db: 0 });
                self.lanes = positions.map(Lane::at).collect();
                (self.unfinished, self.held, self.shard) = (true, 0, 0);
                self.ready.clear();
                self.entries = Some(Box::new(Entries::new(self.options.frame_bytes_max)));
                self.phase = Phase::Snapshot;
                self.note(Head::new(FrameKind::SnapshotBegin), String::new());
            }
            (Phase::Acked | Phase::Stream, Line::Shard(shard)) => {
                if shard >= self.lanes.len() {
                    return Err(no_shard(shard));
                }
                self.shard = shard;
            }
            (Phase::Acked | Phase::Stream, Line::Ping { generation, offsets }) => {
                if self.phase == Phase::Acked {
                    self.continues()?;
                }
                self.ping(generation, &offsets)?;
            }
            (phase, line) => {
                return Err(protocol(format!("the primary sent {line:?} in phase {phase:?}")));
            }
        }
        Ok(())
    }

    /// Tells that the link is up, once.
    fn tell_up(&mut self) {
        if std::mem::take(&mut self.has_risen) {
            self.told_up = Some(true);
            self.note(Head { up: true, ..Head::new(FrameKind::Link) }, String::new());
        }
    }

    pub(super) fn ping(&mut self, generation: u64, offsets: &[u64]) -> Result<()> {
        if generation != self.generation {
            return Err(protocol(format!(
                "the primary's history {generation} is not the one followed, {}",
                self.generation
            )));
        }
        let here = self.lanes.iter().map(|lane| lane.next);
        if !here.eq(offsets.iter().copied()) {
            return Err(protocol("the primary's heartbeat names other offsets than it sent"));
        }
        self.told = (Offsets::new(), Offsets::new());
        if self.options.bookmarks && self.lanes.iter().all(|lane| !lane.is_holding()) {
            let offset = offsets.first().copied().unwrap_or_default();
            self.note(Head { offset, ..Head::new(FrameKind::Bookmark) }, String::new());
        }
        Ok(())
    }
}

/// An error's text as it can be shown: on one line, and not too long.
#[cold]
pub(in super::super) fn said(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.trim_end().chars().take(200).map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// The error that the primary ended the link with.
#[cold]
pub(in super::super) fn refused(text: &str) -> Error {
    let kind = match text.split(' ').next().unwrap_or_default() {
        "NOAUTH" | "WRONGPASS" | "NOPERM" => ErrorKind::Auth,
        "LOADING" | "BUSY" | "RESYNC" | "MASTERDOWN" | "NOMASTERLINK" | "TRYAGAIN" => ErrorKind::Io,
        _ if text.starts_with("ERR max number of clients") => ErrorKind::Io,
        _ if text.starts_with("ERR unknown command") => ErrorKind::Unsupported,
        _ => ErrorKind::Replica,
    };
    Error::new(kind, text)
}
