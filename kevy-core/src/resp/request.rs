//! Reads the requests of clients: arrays of bulk strings, and inline requests.
//!
//! The parser copies nothing. It fills a [`Batch`] with where each argument stands in the receive buffer, as
//! many whole commands as there are, and remembers how far it came inside the command that is still incomplete,
//! so that no byte is looked at twice. Limits and error texts are those of Redis 7.2.

use super::ProtocolError;
use super::batch::{Batch, Span};
use super::number::short_line;
use crate::base::number::parse_i64;
use crate::base::words;

/// What a client may send before it has authenticated: this many arguments,
const UNAUTHENTICATED_ARGS_MAX: usize = 10;
/// of this many bytes each.
const UNAUTHENTICATED_BULK_LEN_MAX: usize = 16 * 1024;
/// The longest header line that is waited for, in bytes. Only an endless one reaches it.
const HEADER_LEN_MAX: usize = 64 * 1024;
/// An incomplete command with more arguments than this is moved between parser and batch, not copied.
const SPANS_COPIED_MAX: usize = 256;

/// How large a request may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest argument in bytes: `proto-max-bulk-len`.
    pub bulk_len_max: usize,
    /// Most arguments of one command.
    pub multibulk_len_max: usize,
    /// False while a password is required and not given: then at most 10 arguments of 16 KiB are taken.
    pub authenticated: bool,
    /// Longest inline request in bytes, without its line end.
    pub inline_len_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bulk_len_max: 512 * 1024 * 1024,
            multibulk_len_max: i32::MAX as usize,
            authenticated: true,
            inline_len_max: 64 * 1024,
        }
    }
}

/// What a call of [`RequestParser::parse`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the buffer that are done with once the batch is executed. The buffer of the next call starts there.
    pub consumed: usize,
    /// Bytes that the argument being received still lacks, its line end included; 0 where that is not known. A
    /// hint for the size of the next read: a peer can declare any length, so it is no reason to allocate.
    pub want: usize,
    /// Parse again before reading more: the batch is full, or the next call has an error to return.
    pub more: bool,
}

/// How far one connection's requests are parsed.
#[derive(Debug, Default)]
pub struct RequestParser {
    /// The arguments of the incomplete command that are there, relative to its first byte.
    spans: Vec<Span>,
    /// How many arguments it still lacks; 0 between commands.
    missing: usize,
    /// The first byte not parsed yet, relative to the first byte of the incomplete command.
    at: usize,
    /// How many bytes from there are known to hold no line end.
    searched: usize,
    /// The length of the argument whose bytes start there, once its header is read.
    bulk: Option<usize>,
}

impl RequestParser {
    /// A parser at the start of a connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets what it knows of an incomplete command: the next buffer starts with a whole one.
    ///
    /// For a caller that executes part of a batch and keeps the rest: it consumes [`Batch::end`] of the last
    /// executed command, and the rest is parsed again.
    pub fn rewind(&mut self) {
        *self = Self::default();
    }

    /// Fills `batch` with the whole commands at the start of `buf`, at most `commands_max` of them. Empty
    /// requests are skipped.
    ///
    /// `buf` must start where the last call's [`Progress::consumed`] ended and hold all bytes received since.
    /// While `limits.authenticated` is false only one command is parsed at a time, because it may change that.
    ///
    /// # Errors
    /// Where the bytes break the protocol or a limit. Commands before that are delivered first, with
    /// [`Progress::more`] set; the error is then what the next call returns. After an error the connection is of
    /// no further use.
    pub fn parse(
        &mut self,
        buf: &[u8],
        limits: &Limits,
        commands_max: usize,
        batch: &mut Batch,
    ) -> Result<Progress, ProtocolError> {
        let commands_max = if limits.authenticated { commands_max.max(1) } else { 1 };
        batch.clear();
        self.restore(&mut batch.spans);
        let mut progress = Progress { consumed: 0, want: 0, more: false };
        // Positions are relative to the buffer here and to the command between calls: the same thing at first.
        loop {
            if self.missing == 0 {
                progress.consumed = self.at;
                if batch.len() == commands_max {
                    progress.more = self.at < buf.len();
                    break;
                }
            }
            match self.command(buf, limits, batch) {
                Ok(Step::Done) => {}
                Ok(Step::Wait { want }) => {
                    progress.want = want;
                    break;
                }
                Err(error) if batch.is_empty() => {
                    self.rewind();
                    return Err(error);
                }
                Err(_) => {
                    progress.more = true;
                    break;
                }
            }
        }
        self.save(progress.consumed, batch);
        Ok(progress)
    }

    /// Parses on to the end of one command, or as far as the buffer goes.
    #[inline]
    fn command(&mut self, buf: &[u8], limits: &Limits, batch: &mut Batch) -> Result<Step, ProtocolError> {
        if self.missing == 0 {
            match buf.get(self.at) {
                None => return Ok(Step::Wait { want: 0 }),
                Some(b'*') => {
                    let Some((count, end)) = self.count(buf, limits)? else {
                        return Ok(Step::Wait { want: 0 });
                    };
                    self.at = end;
                    if count == 0 {
                        return Ok(Step::Done);
                    }
                    self.missing = count;
                }
                Some(_) => return self.inline(buf, limits, batch),
            }
        }
        self.arguments(buf, limits, batch)
    }

    #[inline]
    fn arguments(&mut self, buf: &[u8], limits: &Limits, batch: &mut Batch) -> Result<Step, ProtocolError> {
        let len_max = if limits.authenticated { limits.bulk_len_max } else { UNAUTHENTICATED_BULK_LEN_MAX };
        while self.missing > 0 {
            let (len, start) = match self.bulk.take() {
                Some(len) => (len, self.at),
                None => match short_line(buf, self.at, b'$') {
                    Some(found) if found.0 <= len_max => found,
                    _ => match self.bulk_header(buf, limits)? {
                        Some(found) => found,
                        None => return Ok(Step::Wait { want: 0 }),
                    },
                },
            };
            let needed = len.saturating_add(2);
            let there = buf.len() - start;
            self.searched = 0;
            if there < needed {
                self.at = start;
                self.bulk = Some(len);
                return Ok(Step::Wait { want: needed - there });
            }
            // As Redis, trust the length and skip two bytes, whatever they are.
            batch.spans.push(Span { start, len });
            self.at = start + needed;
            self.missing -= 1;
        }
        batch.finish_command(self.at, false);
        Ok(Step::Done)
    }

    /// The number of arguments, 0 for an empty command, and where its line ends.
    #[inline]
    fn count(&mut self, buf: &[u8], limits: &Limits) -> Result<Option<(usize, usize)>, ProtocolError> {
        let found = match short_line(buf, self.at, b'*') {
            Some(found) => Some(found),
            None => self.long_count(buf)?,
        };
        if let Some((count, _)) = found {
            if count > limits.multibulk_len_max {
                return Err(ProtocolError::InvalidMultibulkLength);
            }
            if count > UNAUTHENTICATED_ARGS_MAX && !limits.authenticated {
                return Err(ProtocolError::UnauthenticatedMultibulkLength);
            }
            self.searched = 0;
        }
        Ok(found)
    }

    #[cold]
    fn long_count(&mut self, buf: &[u8]) -> Result<Option<(usize, usize)>, ProtocolError> {
        let Some(end) = self.header_end(buf, ProtocolError::TooBigMultibulkCount)? else { return Ok(None) };
        let count = parse_i64(&buf[self.at + 1..end]).ok_or(ProtocolError::InvalidMultibulkLength)?;
        // Redis takes a negative count for an empty command.
        let count = usize::try_from(count.max(0)).map_err(|_| ProtocolError::InvalidMultibulkLength)?;
        Ok(Some((count, end + 2)))
    }

    /// The length of an argument, and where its bytes start.
    #[cold]
    fn bulk_header(&mut self, buf: &[u8], limits: &Limits) -> Result<Option<(usize, usize)>, ProtocolError> {
        let Some(end) = self.header_end(buf, ProtocolError::TooBigBulkCount)? else { return Ok(None) };
        let line = &buf[self.at..end];
        let digits = match line {
            [b'$', digits @ ..] => digits,
            // An empty line starts with its own end.
            _ => return Err(ProtocolError::ExpectedBulk(buf[self.at])),
        };
        let len = parse_i64(digits)
            .and_then(|len| usize::try_from(len).ok())
            .filter(|len| *len <= limits.bulk_len_max)
            .ok_or(ProtocolError::InvalidBulkLength)?;
        if len > UNAUTHENTICATED_BULK_LEN_MAX && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedBulkLength);
        }
        Ok(Some((len, end + 2)))
    }

    /// Where the CR of the header line is, once the byte after it is there too.
    fn header_end(&mut self, buf: &[u8], endless: ProtocolError) -> Result<Option<usize>, ProtocolError> {
        let found = self.find(buf, b'\r');
        if found.unwrap_or(buf.len()) - self.at > HEADER_LEN_MAX {
            return Err(endless);
        }
        Ok(found.filter(|end| end + 1 < buf.len()))
    }

    fn inline(&mut self, buf: &[u8], limits: &Limits, batch: &mut Batch) -> Result<Step, ProtocolError> {
        let found = self.find(buf, b'\n');
        if found.unwrap_or(buf.len()) - self.at > limits.inline_len_max {
            return Err(ProtocolError::TooBigInline);
        }
        let Some(end) = found else { return Ok(Step::Wait { want: 0 }) };
        let start = self.at;
        let line = &buf[start..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let before = batch.spans.len();
        let spans = &mut batch.spans;
        let quoted = memchr::memchr2(b'"', b'\'', line).is_some();
        if quoted {
            words::quoted_words(line, &mut batch.scratch, |start, len| spans.push(Span { start, len }))
                .map_err(|_| {
                    spans.truncate(before);
                    ProtocolError::UnbalancedQuotes
                })?;
        } else {
            words::plain_words(line, |at, len| spans.push(Span { start: start + at, len }));
        }
        self.at = end + 1;
        self.searched = 0;
        if batch.spans.len() > before {
            batch.finish_command(self.at, quoted);
        }
        Ok(Step::Done)
    }

    /// Where the first `byte` is from `at` on, looking only at bytes that no earlier call has searched.
    fn find(&mut self, buf: &[u8], byte: u8) -> Option<usize> {
        let from = self.at + self.searched;
        let found = memchr::memchr(byte, &buf[from..]).map(|offset| from + offset);
        self.searched = found.unwrap_or(buf.len()) - self.at;
        found
    }

    /// Takes up the incomplete command's arguments.
    fn restore(&mut self, spans: &mut Vec<Span>) {
        if self.spans.len() > SPANS_COPIED_MAX {
            *spans = std::mem::take(&mut self.spans);
        } else {
            spans.append(&mut self.spans);
        }
    }

    /// Keeps the incomplete command's arguments, and what is known of it, relative to its start.
    fn save(&mut self, start: usize, batch: &mut Batch) {
        self.at -= start;
        let whole = batch.commands.last().map_or(0, |command| command.spans_end);
        if batch.spans.len() == whole {
            return;
        }
        if whole == 0 && batch.spans.len() > SPANS_COPIED_MAX {
            self.spans = std::mem::take(&mut batch.spans);
        } else {
            self.spans.extend(batch.spans.drain(whole..));
        }
        if start > 0 {
            for span in &mut self.spans {
                span.start -= start;
            }
        }
    }
}

/// Argument 1 of the command at the start of `buf`, where it is there whole: a guess at the key that the command
/// touches first, made without parsing it.
#[inline]
pub fn glance(buf: &[u8]) -> Option<&[u8]> {
    let (_, verb) = short_line(buf, 0, b'*')?;
    let (len, start) = short_line(buf, verb, b'$')?;
    let (len, start) = short_line(buf, start + len + 2, b'$')?;
    buf.get(start..start + len)
}

/// How parsing one command ended.
enum Step {
    Done,
    Wait { want: usize },
}
