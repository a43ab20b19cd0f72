//! Values as frames.
//!
//! A value arrives as the commands that rebuild its key. Of a scan they are entries. A change is one command where one does,
//! and otherwise a transaction that begins with the removal of what was there.

use crate::base::{Error, ErrorKind, Result};
use crate::resp::Node;
use crate::snapshot::Next;

use super::super::super::cursor::ScanCursor;
use super::super::frame::{FrameKind, Head};
use super::{Held, ScanLink};

/// The type byte of a string, which a single command replaces with its expiry.
const STRING: u8 = 0;
/// One part in so many of the average length of values is made by the last one.
const AVERAGE_OVER: usize = 8;

/// What is to be handed out next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Play {
    Nothing,
    /// The command in `own`, which is all of a change.
    Own,
    /// The only command of a change.
    Single,
    /// A transaction begins.
    Begin,
    /// What was there goes: the command in `own`.
    Clear {
        is_change: bool,
    },
    /// The commands that rebuild the key.
    Parts {
        is_change: bool,
    },
}

impl ScanLink {
    /// Hands a key's value out.
    pub(super) fn play_value(
        &mut self,
        key: &[u8],
        expire_at: Option<u64>,
        payload: Node<'_>,
        is_change: bool,
    ) -> Result<()> {
        let payload = payload.bytes();
        self.value_bytes = (self.value_bytes * (AVERAGE_OVER - 1) + payload.len()).div_ceil(AVERAGE_OVER);
        self.entries.load_payload(key, expire_at, payload)?;
        let is_string = payload.first() == Some(&STRING);
        self.set_own(&[b"DEL", key]);
        self.play = match (is_change, is_string) {
            (true, true) => Play::Single,
            (true, false) => Play::Begin,
            (false, is_string) => {
                let is_seen = self.seen.note(key);
                if is_seen && !is_string { Play::Clear { is_change } } else { Play::Parts { is_change } }
            }
        };
        Ok(())
    }

    /// Hands out that a key is gone.
    pub(super) fn play_removal(&mut self, key: &[u8]) {
        self.set_own(&[b"DEL", key]);
        self.play = Play::Own;
    }

    /// Hands out that all keys are gone.
    pub(super) fn play_flush(&mut self) {
        self.set_own(&[b"FLUSHDB"]);
        self.play = Play::Own;
    }

    fn set_own(&mut self, words: &[&[u8]]) {
        self.own.clear();
        words.iter().for_each(|word| self.own.push(word));
    }

    /// Goes on to the next frame of what is being handed out. False at its end.
    pub(super) fn play(&mut self) -> Result<bool> {
        match self.play {
            Play::Nothing => return Ok(false),
            Play::Own => {
                self.hand_out(FrameKind::Command, Held::Own);
                self.arrive();
                self.play = Play::Nothing;
            }
            Play::Single => {
                self.play = Play::Nothing;
                if self.entries.next()? != Next::Argv || !self.entries.is_read() {
                    return Err(damaged());
                }
                self.hand_out(FrameKind::Command, Held::Entries);
                self.arrive();
            }
            Play::Begin => {
                self.hand_out(FrameKind::TxnBegin, Held::Nothing);
                self.play = Play::Clear { is_change: true };
            }
            Play::Clear { is_change } => {
                self.hand_out(kind(is_change), Held::Own);
                self.play = Play::Parts { is_change };
            }
            Play::Parts { is_change } => match self.entries.next()? {
                Next::Argv => self.hand_out(kind(is_change), Held::Entries),
                Next::Input if self.entries.is_read() => {
                    self.play = Play::Nothing;
                    self.stats.skipped += std::mem::take(&mut self.entries.skipped);
                    if !is_change {
                        return Ok(false);
                    }
                    self.hand_out(FrameKind::TxnEnd, Held::Nothing);
                    self.stats.transactions += 1;
                    self.arrive();
                }
                Next::Input | Next::End => return Err(damaged()),
            },
        }
        Ok(true)
    }

    fn hand_out(&mut self, kind: FrameKind, at: Held) {
        let offset = if kind == FrameKind::Entry { 0 } else { self.count };
        self.head = Head { offset, db: self.db() as usize, ..Head::new(kind) };
        self.at = at;
        match kind {
            FrameKind::Entry => self.stats.entries += 1,
            _ => self.stats.frames += 1,
        }
    }

    /// A change has been handed out whole.
    fn arrive(&mut self) {
        self.count += 1;
        self.done = Some(ScanCursor { offset: self.count, db: self.db() });
    }
}

fn kind(is_change: bool) -> FrameKind {
    if is_change { FrameKind::Command } else { FrameKind::Entry }
}

#[cold]
fn damaged() -> Error {
    Error::new(ErrorKind::Corrupt, "a value that the primary sent does not end where its payload does")
}
