//! From the connection to the first byte of data.

use crate::base::Result;
use crate::resp::encode_command;
use crate::snapshot::Entries;

use super::super::super::cursor::{PsyncCursor, REPLID_LEN};
use super::super::super::wire::{number, shown};
use super::super::frame::{FrameKind, Head};
use super::super::link::lines::{refused, said};
use super::{Phase, PsyncLink, Step, protocol};

/// The longest line of a handshake.
const LINE_LEN_MAX: usize = 4096;

impl PsyncLink {
    /// A connection stands: says who is there. It goes in one piece, as the replies come in order.
    pub fn connected(&mut self) {
        self.output.clear();
        self.input.clear();
        self.decoder.reset();
        self.phase = Phase::Ping;
        self.forbidden = None;
        let user = self.options.user.clone();
        let password = self.options.password.clone();
        let out = &mut self.output;
        if !password.0.is_empty() {
            self.phase = Phase::Auth;
            if user.is_empty() {
                encode_command(out, &[b"AUTH", password.0.as_bytes()]);
            } else {
                encode_command(out, &[b"AUTH", user.as_bytes(), password.0.as_bytes()]);
            }
        }
        encode_command(out, &[b"PING"]);
        let mut words: Vec<&[u8]> = vec![b"REPLCONF"];
        let (port, address) = (self.options.announce_port.to_string(), self.options.announce_ip.clone());
        if self.options.announce_port != 0 {
            words.extend([&b"listening-port"[..], port.as_bytes()]);
        }
        if !address.is_empty() {
            words.extend([&b"ip-address"[..], address.as_bytes()]);
        }
        words.extend([&b"capa"[..], b"eof", b"capa", b"psync2"]);
        encode_command(out, &words);
    }

    /// Says what is wanted: only once every reply is here, as a primary that still has one to send refuses.
    fn ask(&mut self) {
        let out = &mut self.output;
        match &self.done {
            Some(PsyncCursor { replid, offset, .. }) => {
                let from = offset.saturating_add(1).to_string();
                encode_command(out, &[b"PSYNC", replid, from.as_bytes()]);
            }
            None => encode_command(out, &[b"PSYNC", b"?", b"-1"]),
        }
        self.phase = Phase::Psync;
    }

    /// Reads a line of the handshake. `None`: something else may be there now.
    pub(super) fn line(&mut self) -> Result<Option<Step>> {
        let bytes = self.input.rest();
        let window = &bytes[..bytes.len().min(LINE_LEN_MAX)];
        let Some(end) = memchr::memchr(b'\n', window) else {
            if window.len() == LINE_LEN_MAX {
                return Err(protocol(format!("the primary sent '{}' in the handshake", shown(window))));
            }
            return Ok(Some(Step::Input));
        };
        let line = window[..end].strip_suffix(b"\r").unwrap_or(&window[..end]).to_vec();
        self.input.consume(end + 1);
        // Line ends keep the link alive while the primary prepares.
        if !line.is_empty() {
            self.obey(&line)?;
        }
        Ok(None)
    }

    fn obey(&mut self, line: &[u8]) -> Result<()> {
        let unexpected =
            |phase: Phase| protocol(format!("the primary sent '{}' in phase {phase:?}", shown(line)));
        match (self.phase, line) {
            (Phase::Ping, [b'-', text @ ..]) if is_forbidden(text) => {
                // Another reply is under way, behind which the connection can still be used for something else.
                self.forbidden = Some(said(text));
                self.phase = Phase::Replconf;
            }
            (Phase::Replconf, _) if let Some(text) = &self.forbidden => return Err(refused(text)),
            (Phase::Replconf, [b'-', text @ ..]) if text.starts_with(b"NOPERM") => {
                self.forbidden = Some(said(text));
                return Err(refused(&String::from_utf8_lossy(text)));
            }
            (Phase::Psync, [b'-', text @ ..]) if is_forbidden(text) => {
                self.forbidden = Some(said(text));
                return Err(refused(&String::from_utf8_lossy(text)));
            }
            // Versions that do not know what was said of this side do without.
            (Phase::Replconf, [b'-', text @ ..]) if !text.starts_with(b"NO") => self.ask(),
            (Phase::Framing, [b'-', text @ ..]) | (_, [b'-', text @ ..]) => {
                return Err(refused(&String::from_utf8_lossy(text)));
            }
            (Phase::Auth, [b'+', ..]) => self.phase = Phase::Ping,
            (Phase::Ping, [b'+', ..]) => self.phase = Phase::Replconf,
            (Phase::Replconf, [b'+', ..]) => self.ask(),
            (Phase::Psync, [b'+', text @ ..]) => {
                let words: Vec<&[u8]> = text.split(|byte| *byte == b' ').collect();
                match words[..] {
                    [b"CONTINUE"] => self.resume(None)?,
                    [b"CONTINUE", replid] => {
                        let replid = replid_of(replid).ok_or_else(|| unexpected(Phase::Psync))?;
                        self.resume(Some(replid))?;
                    }
                    [b"FULLRESYNC", replid, offset] => {
                        let (Some(replid), Some(offset)) = (replid_of(replid), number(offset)) else {
                            return Err(unexpected(Phase::Psync));
                        };
                        self.begin_snapshot(replid, offset);
                    }
                    _ => return Err(unexpected(Phase::Psync)),
                }
            }
            (Phase::Framing, [b'$', text @ ..]) => {
                self.phase = match text {
                    [b'E', b'O', b'F', b':', mark @ ..] => {
                        self.mark = mark.try_into().map_err(|_| unexpected(Phase::Framing))?;
                        Phase::Marked
                    }
                    digits => Phase::Sized(number(digits).ok_or_else(|| unexpected(Phase::Framing))?),
                };
                self.entries = Some(Box::new(Entries::new(self.options.frame_bytes_max)));
                self.note(FrameKind::SnapshotBegin, String::new());
            }
            (phase, _) => return Err(unexpected(phase)),
        }
        Ok(())
    }

    pub(super) fn note(&mut self, kind: FrameKind, reason: String) {
        self.notes.add(Head::new(kind), reason);
    }

    fn rise(&mut self) {
        (self.up, self.told_up) = (true, Some(true));
        let head = Head { up: true, ..Head::new(FrameKind::Link) };
        self.notes.add(head, String::new());
    }

    /// The primary goes on from where this side stands, maybe under another identity of the same history.
    fn resume(&mut self, replid: Option<[u8; REPLID_LEN]>) -> Result<()> {
        let Some(done) = &mut self.done else {
            return Err(protocol("the primary continues though it was asked for a snapshot"));
        };
        if let Some(replid) = replid {
            done.replid = replid;
        }
        (self.replid, self.read, self.db) = (done.replid, done.offset, done.db);
        self.phase = Phase::Stream;
        self.is_quiet = false;
        self.rise();
        Ok(())
    }

    fn begin_snapshot(&mut self, replid: [u8; REPLID_LEN], offset: u64) {
        self.rise();
        let lost = self.done.take().map(|done| {
            let id = String::from_utf8_lossy(&done.replid).into_owned();
            format!("the primary cannot continue history {id} behind offset {}", done.offset)
        });
        if let Some(reason) = self.unusable.take().or(lost) {
            self.stats.resyncs += 1;
            self.note(FrameKind::Resync, reason);
        }
        self.stats.snapshots += 1;
        (self.replid, self.read, self.db) = (replid, offset, 0);
        self.phase = Phase::Framing;
    }
}

fn replid_of(text: &[u8]) -> Option<[u8; REPLID_LEN]> {
    text.try_into().ok().filter(|replid: &[u8; REPLID_LEN]| replid.iter().all(u8::is_ascii_hexdigit))
}

/// Whether a primary's word means that it lets nobody, or not this user, follow it. What passes by itself, such as a primary
/// that is loading, does not.
fn is_forbidden(text: &[u8]) -> bool {
    const WORDS: [&str; 8] = [
        "unknown command",
        "not allowed",
        "not available",
        "not supported",
        "unsupported",
        "disabled",
        "forbidden",
        "restricted",
    ];
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    text.starts_with("noperm ") || (text.starts_with("err ") && WORDS.iter().any(|word| text.contains(word)))
}
