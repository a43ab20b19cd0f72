//! The commands of the stream, transactions whole.

use crate::base::{Argv, Error, ErrorKind, Result, Span};

use super::super::super::wire::{number, shown};
use super::super::frame::{FrameKind, Head};
use super::{Held, Playing, PsyncLink, Step, Transaction, protocol};

/// The channel on which Sentinels find each other. Whoever relays it merges groups of them that have nothing in common.
const SENTINELS: &[u8] = b"__sentinel__:hello";

/// A transaction's buffer above this size is given back.
const KEEP_BYTES_MAX: usize = 1 << 20;

/// What a command of the stream means to the link itself.
enum Meaning {
    Select(u32),
    Multi,
    Exec,
    /// The primary wants to know how far this side has come.
    Ask,
    /// Nothing to hand out.
    Nothing,
    Command,
}

impl Meaning {
    #[inline]
    fn of(argv: Argv<'_>) -> Result<Self> {
        let verb = argv.get(0).unwrap_or_default();
        Ok(match verb.len() {
            4 if verb.eq_ignore_ascii_case(b"EXEC") => Self::Exec,
            4 if verb.eq_ignore_ascii_case(b"PING") => Self::Nothing,
            5 if verb.eq_ignore_ascii_case(b"MULTI") => Self::Multi,
            6 if verb.eq_ignore_ascii_case(b"SELECT") => {
                let db = argv.get(1).and_then(number).and_then(|db| u32::try_from(db).ok());
                Self::Select(db.ok_or_else(|| protocol("a SELECT of no database"))?)
            }
            7 if verb.eq_ignore_ascii_case(b"PUBLISH") && argv.get(1) == Some(SENTINELS) => Self::Nothing,
            8 if verb.eq_ignore_ascii_case(b"REPLCONF") => {
                let is_question = argv.get(1).is_some_and(|word| word.eq_ignore_ascii_case(b"GETACK"));
                if is_question { Self::Ask } else { Self::Nothing }
            }
            _ => Self::Command,
        })
    }
}

impl PsyncLink {
    /// Reads commands of the stream. `None`: something else may be there now.
    #[inline]
    pub(super) fn stream(&mut self) -> Result<Option<Step>> {
        loop {
            if matches!(self.transaction.state, Playing::Whole | Playing::Begun) {
                if self.play()? {
                    return Ok(Some(Step::Frame));
                }
                continue;
            }
            let bytes = self.input.rest();
            match bytes.first() {
                None => return Ok(Some(Step::Input)),
                Some(b'*') => {}
                Some(b'\n' | b'\r') => {
                    self.input.consume(1);
                    continue;
                }
                Some(_) => {
                    let text = shown(&bytes[..bytes.len().min(32)]);
                    return Err(protocol(format!("the primary sent '{text}' where a command must stand")));
                }
            }
            let Some(found) = self.decoder.decode_bare(bytes)? else {
                self.input.check_limit()?;
                return Ok(Some(Step::Input));
            };
            let meaning = Meaning::of(Argv::new(bytes, &self.decoder.spans))?;
            let begin = self.read;
            self.read += found.len as u64;
            self.is_quiet = false;
            self.stats.frames += 1;
            if self.transaction.state == Playing::Collecting {
                self.transaction.bytes.extend_from_slice(&bytes[..found.len]);
                self.input.consume(found.len);
                match meaning {
                    Meaning::Multi => {
                        return Err(protocol(format!(
                            "a transaction begins inside another at offset {begin}"
                        )));
                    }
                    Meaning::Exec => self.transaction.state = Playing::Whole,
                    Meaning::Ask => self.asked = Some(begin),
                    _ => {}
                }
                let max = self.options.transaction_bytes_max;
                if self.transaction.bytes.len() > max {
                    let text = format!("a transaction takes more than {max} bytes: transaction-bytes-max");
                    return Err(Error::new(ErrorKind::OutOfMemory, text));
                }
                continue;
            }
            let start = self.input.consume(found.len);
            match meaning {
                Meaning::Multi => {
                    self.transaction.state = Playing::Collecting;
                    (self.transaction.begin, self.transaction.db) = (begin, self.db);
                    continue;
                }
                Meaning::Exec => {
                    return Err(protocol(format!("a transaction ends at offset {begin} that has not begun")));
                }
                Meaning::Select(db) => self.db = db,
                Meaning::Ask => self.asked = Some(begin),
                Meaning::Nothing => {
                    if self.options.bookmarks {
                        let head = Head { offset: begin, ..Head::new(FrameKind::Bookmark) };
                        self.notes.add(head, String::new());
                    }
                }
                Meaning::Command => {
                    self.arrive();
                    self.head = Head { offset: begin, db: self.db as usize, ..Head::new(FrameKind::Command) };
                    self.at = Held::Input(start);
                    return Ok(Some(Step::Frame));
                }
            }
            self.arrive();
            if !self.notes.is_empty() {
                return Ok(None);
            }
        }
    }

    /// What was read so far has been handed out.
    #[inline]
    fn arrive(&mut self) {
        if let Some(done) = &mut self.done {
            (done.offset, done.db) = (self.read, self.db);
        }
    }

    /// Hands out the next frame of a transaction that is whole. False where it held none to hand out.
    fn play(&mut self) -> Result<bool> {
        let transaction = &mut self.transaction;
        if transaction.state == Playing::Whole {
            transaction.state = Playing::Begun;
            let db = transaction.db as usize;
            self.head = Head { offset: transaction.begin, db, ..Head::new(FrameKind::TxnBegin) };
            return Ok(true);
        }
        let start = transaction.at;
        let bytes = transaction.bytes.get(start..).unwrap_or_default();
        self.waiting.reset();
        let found = self.waiting.decode_bare(bytes)?;
        let found = found.ok_or_else(|| protocol("a transaction that waits is not whole"))?;
        transaction.at += found.len;
        match Meaning::of(Argv::new(bytes, &self.waiting.spans))? {
            Meaning::Select(db) => transaction.db = db,
            Meaning::Exec => {
                self.db = transaction.db;
                self.head = Head { offset: transaction.begin, ..Head::new(FrameKind::TxnEnd) };
                let mut bytes = std::mem::take(&mut transaction.bytes);
                bytes.clear();
                bytes.shrink_to(KEEP_BYTES_MAX);
                *transaction = Transaction { bytes, ..Transaction::default() };
                self.stats.transactions += 1;
                self.arrive();
                return Ok(true);
            }
            Meaning::Command => {
                let db = transaction.db as usize;
                self.head = Head { offset: transaction.begin, db, ..Head::new(FrameKind::Command) };
                self.at = Held::Transaction(Span { start, end: transaction.at });
                return Ok(true);
            }
            Meaning::Multi | Meaning::Ask | Meaning::Nothing => {}
        }
        Ok(false)
    }
}
