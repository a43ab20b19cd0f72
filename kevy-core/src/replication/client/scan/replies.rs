//! What the primary says: answers, and word of what has changed.

use crate::base::number::parse_u64;
use crate::base::{Clock, Error, ErrorKind, Result, SystemClock};
use crate::resp::{Kind, Node, encode_command};

use super::super::buffer::Buffer;
use super::super::frame::{FrameKind, Head};
use super::super::link::lines::{refused, said};
use super::{Asked, Phase, ScanLink, protocol};

impl ScanLink {
    /// A connection stands: says who is there, and asks to be told of changes.
    pub fn connected(&mut self) {
        self.forget();
        self.phase = Phase::Greeting;
        let (user, password, id) = (&self.options.user, &self.options.password.0, &self.options.id);
        let mut words: Vec<&[u8]> = vec![b"HELLO", b"3"];
        if !password.is_empty() {
            let user = if user.is_empty() { "default" } else { user };
            words.extend([&b"AUTH"[..], user.as_bytes(), password.as_bytes()]);
        }
        words.extend([&b"SETNAME"[..], id.as_bytes()]);
        encode_command(&mut self.output, &words);
        self.asked.push_back(Asked::Hello);
        if self.db() != 0 {
            let db = self.db().to_string();
            encode_command(&mut self.output, &[b"SELECT", db.as_bytes()]);
            self.asked.push_back(Asked::Select);
        }
        let mut words: Vec<&[u8]> = vec![b"CLIENT", b"TRACKING", b"ON", b"BCAST"];
        for prefix in widest(&self.options.selection.prefixes) {
            words.extend([&b"PREFIX"[..], prefix]);
        }
        encode_command(&mut self.output, &words);
        self.asked.push_back(Asked::Tracking);
    }

    /// Reads what the primary says next. False where it is not there whole.
    pub(super) fn reply(&mut self) -> Result<bool> {
        let bytes = self.input.rest();
        let found = if self.is_under_way { self.tree.resume(bytes) } else { self.tree.parse(bytes) };
        let found = found.map_err(|error| protocol(format!("the primary's reply is broken: {error}")))?;
        let Some(len) = found else {
            self.is_under_way = true;
            // A value may be as long as a frame; a list of names may not take more than what waits altogether.
            if bytes.first() == Some(&b'$') {
                self.input.check_limit()?;
            } else {
                self.check_held(bytes.len())?;
            }
            return Ok(false);
        };
        self.is_under_way = false;
        // They are borrowed from here while what they say changes the rest.
        let tree = std::mem::take(&mut self.tree);
        let input = std::mem::replace(&mut self.input, Buffer::new(0));
        let result = self.obey(tree.root(input.rest()).without_attributes());
        (self.tree, self.input) = (tree, input);
        self.input.consume(len);
        result.map(|()| true)
    }

    fn check_held(&self, arriving: usize) -> Result<()> {
        let max = self.options.transaction_bytes_max;
        if self.changed.bytes().saturating_add(arriving) <= max {
            return Ok(());
        }
        let text = format!("names of keys that changed take more than {max} bytes: transaction-bytes-max");
        Err(Error::new(ErrorKind::OutOfMemory, text))
    }

    fn obey(&mut self, reply: Node<'_>) -> Result<()> {
        if reply.kind() == Kind::Push {
            return self.be_told(reply);
        }
        let asked =
            self.asked.pop_front().ok_or_else(|| protocol("the primary answers what nobody asked"))?;
        let refusal = (reply.kind() == Kind::Error).then(|| said(reply.bytes()));
        match (asked, refusal) {
            (Asked::Hello, Some(text))
                if text.starts_with("NOPROTO") || text.starts_with("ERR unknown command") =>
            {
                let text = format!(
                    "a primary that forbids PSYNC is followed by RESP3, which it does not speak: {text}"
                );
                Err(Error::new(ErrorKind::Unsupported, text))
            }
            (Asked::Hello, Some(text)) => Err(needs("HELLO", &text)),
            (Asked::Select, Some(text)) => Err(needs("SELECT", &text)),
            (Asked::Tracking, Some(text)) => Err(needs("CLIENT TRACKING", &text)),
            (Asked::Scan(_), Some(text)) => Err(needs("SCAN", &text)),
            (Asked::Hello | Asked::Select, None) => Ok(()),
            (Asked::Tracking, None) => {
                self.rise();
                self.begin_scan(None);
                Ok(())
            }
            (Asked::Scan(round), None) => self.take_found(reply, round),
            (Asked::Expiry, refusal) => self.take_expiry(reply, refusal),
            (Asked::Value, refusal) => self.take_value(reply, refusal),
            (Asked::Witness(round), _) => {
                self.take_witness(reply, round);
                Ok(())
            }
            (Asked::Settled(round), _) => {
                self.take_settled(round);
                Ok(())
            }
            (Asked::Size(round), _) => {
                self.take_size(reply, round);
                Ok(())
            }
            (Asked::Ping, _) => {
                if self.options.bookmarks && self.phase == Phase::Follow && !self.owes() {
                    self.note(FrameKind::Bookmark, String::new());
                }
                Ok(())
            }
        }
    }

    fn rise(&mut self) {
        (self.up, self.told_up) = (true, Some(true));
        let db = self.db();
        let mut reason =
            format!("weaker than PSYNC: the keys of database {db} are scanned, and tracked from then on");
        if !self.why.is_empty() {
            reason = format!("{reason}, as the primary forbids PSYNC: {}", self.why);
        }
        let head = Head { up: true, ..Head::new(FrameKind::Link) };
        self.notes.add(head, reason);
    }

    /// Begins a copy, for a reason where that is known.
    fn begin_scan(&mut self, reason: Option<String>) {
        let lost = self.lost.take();
        let resumed = self.done.take().map(|_| {
            "what changed while there was no link is told to nobody where keys are scanned and tracked (weaker than PSYNC), so \
             all are read again"
                .to_owned()
        });
        if let Some(reason) = reason.or(lost).or(resumed) {
            self.stats.resyncs += 1;
            self.note(FrameKind::Resync, reason);
        }
        self.stats.snapshots += 1;
        self.note(FrameKind::SnapshotBegin, String::new());
        self.phase = Phase::Scan;
        self.round += 1;
        self.found.clear();
        self.seen.clear();
        self.trust();
        (self.next, self.is_scan_asked) = (Some(b"0".to_vec()), false);
    }

    /// The cursor and the keys of a SCAN.
    fn take_found(&mut self, reply: Node<'_>, round: u64) -> Result<()> {
        let wrong = || protocol("the primary's reply to SCAN is not a cursor and keys");
        let (Some(cursor), Some(keys), 2) = (reply.at(0), reply.at(1), reply.len()) else {
            return Err(wrong());
        };
        let cursor = cursor.bytes();
        if parse_u64(cursor).is_none() || !matches!(keys.kind(), Kind::Array | Kind::Set) {
            return Err(wrong());
        }
        if round != self.round {
            return Ok(());
        }
        self.is_scan_asked = false;
        self.next = Some(cursor.to_vec()).filter(|cursor| cursor != b"0");
        for key in keys.children() {
            if key.kind() != Kind::Bulk {
                return Err(wrong());
            }
            if self.wants(key.bytes()) {
                self.found.push_back(key.bytes().into());
            }
        }
        Ok(())
    }

    fn take_expiry(&mut self, reply: Node<'_>, refusal: Option<String>) -> Result<()> {
        let Some(read) = self.reads.front_mut() else {
            return Err(protocol("an expiry that nobody asked for"));
        };
        match refusal {
            None if reply.kind() == Kind::Integer => {
                let said = u64::try_from(reply.integer()).ok();
                read.expire_at = match read.is_absolute {
                    true => said,
                    false => said.map(|left| SystemClock.now_ms().saturating_add(left)),
                };
                Ok(())
            }
            None => Err(protocol("the primary's reply to PEXPIRETIME is no number")),
            // The value is refused as well.
            Some(text) if is_about_key(&text) => Ok(()),
            Some(text) if refused(&text).kind() == ErrorKind::Io => Err(refused(&text)),
            Some(_) if read.is_absolute => {
                read.is_void = true;
                self.is_relative = true;
                Ok(())
            }
            Some(text) => Err(needs("PTTL", &text)),
        }
    }

    fn take_value(&mut self, reply: Node<'_>, refusal: Option<String>) -> Result<()> {
        let Some(read) = self.reads.pop_front() else {
            return Err(protocol("a value that nobody asked for"));
        };
        if !read.is_scanned && self.reading.remove(&read.key) == Some(true) {
            self.changed.note(&read.key);
        }
        match refusal {
            // What the user of this link may not read is no part of the copy.
            Some(text) if is_about_key(&text) => {
                self.stats.skipped += 1;
                return Ok(());
            }
            Some(text) => return Err(needs("DUMP", &text)),
            None => {}
        }
        if read.round != self.round {
            return Ok(());
        }
        if read.is_void {
            if read.is_scanned {
                self.found.push_back(read.key);
            } else {
                self.changed.note(&read.key);
            }
            return Ok(());
        }
        match reply.kind() {
            Kind::Bulk => {
                self.play_value(&read.key, read.expire_at, reply, !read.is_scanned)?;
                if read.expire_at.is_none() && !self.changed.has(&read.key) {
                    self.witness = Some(read.key);
                }
                Ok(())
            }
            // What the scan has found and is gone since is no part of the copy.
            Kind::Null if read.is_scanned => Ok(()),
            Kind::Null => {
                self.play_removal(&read.key);
                Ok(())
            }
            _ => Err(protocol("the primary's reply to DUMP is no payload")),
        }
    }

    /// Something that was not asked for: of interest is only what has changed.
    fn be_told(&mut self, push: Node<'_>) -> Result<()> {
        let is_known = push.at(0).is_some_and(|name| name.bytes() == b"invalidate");
        if !is_known {
            return Ok(());
        }
        let what = push.at(1).filter(|_| push.len() == 2);
        let what = what.ok_or_else(|| protocol("the primary does not say what has changed"))?;
        match what.kind() {
            Kind::Null => self.be_emptied(),
            Kind::Array | Kind::Set => {
                for key in what.children() {
                    if key.kind() != Kind::Bulk {
                        return Err(protocol("the primary tells of a change of what is no key"));
                    }
                    self.doubt(key.bytes());
                    if let Some(has_changed) = self.reading.get_mut(key.bytes()) {
                        // It is read once more when the answer is here, however often that is told.
                        *has_changed = true;
                    } else if self.wants(key.bytes()) {
                        self.changed.note(key.bytes());
                    }
                }
            }
            _ => return Err(protocol("the primary does not say what has changed")),
        }
        self.check_held(0)
    }

    /// A key has changed, so it is no witness any more.
    fn doubt(&mut self, key: &[u8]) {
        for witness in [&mut self.witness, &mut self.in_doubt] {
            if witness.as_deref() == Some(key) {
                *witness = None;
            }
        }
    }

    /// Some database was emptied. Which one is not told: not this one where a key that was there before still is, and was not
    /// made anew.
    fn be_emptied(&mut self) {
        if matches!(self.phase, Phase::Down | Phase::Greeting) {
            return;
        }
        if self.is_checking {
            self.is_emptied_again = true;
            return;
        }
        self.is_checking = true;
        let Some(key) = self.witness.clone() else { return self.suspect() };
        let expiry: &[u8] = if self.is_relative { b"PTTL" } else { b"PEXPIRETIME" };
        encode_command(&mut self.output, &[expiry, &key]);
        self.asked.push_back(Asked::Witness(self.round));
        self.in_doubt = Some(key);
    }

    fn take_witness(&mut self, reply: Node<'_>, round: u64) {
        if round != self.round {
            return;
        }
        // A key that is not there has the expiry -2.
        let is_there = reply.kind() == Kind::Integer && reply.integer() >= -1;
        if !is_there || self.in_doubt.is_none() {
            return self.suspect();
        }
        // That it was made anew may be told behind this reply, but comes before the next one.
        encode_command(&mut self.output, &[b"PING"]);
        self.asked.push_back(Asked::Settled(round));
    }

    fn take_settled(&mut self, round: u64) {
        if round != self.round {
            return;
        }
        if self.in_doubt.take().is_none() {
            return self.suspect();
        }
        self.is_checking = false;
        if std::mem::take(&mut self.is_emptied_again) {
            self.be_emptied();
        }
    }

    /// It may have been this database.
    fn suspect(&mut self) {
        self.in_doubt = None;
        if self.phase == Phase::Scan {
            // What was handed out may be gone, without a word for each key.
            return self.begin_scan(None);
        }
        encode_command(&mut self.output, &[b"DBSIZE"]);
        self.asked.push_back(Asked::Size(self.round));
    }

    fn take_size(&mut self, reply: Node<'_>, round: u64) {
        if round != self.round || self.phase != Phase::Follow {
            return;
        }
        if reply.kind() != Kind::Integer || reply.integer() != 0 {
            let reason =
                "a database of the primary was emptied, and tracking does not tell which (weaker than PSYNC)";
            return self.begin_scan(Some(reason.to_owned()));
        }
        self.play_flush();
        let is_emptied_again = self.is_emptied_again;
        self.trust();
        if is_emptied_again {
            self.be_emptied();
        }
    }
}

/// Prefixes without those that begin with another one, which a primary refuses.
fn widest(prefixes: &[Vec<u8>]) -> Vec<&[u8]> {
    let mut sorted: Vec<&[u8]> = prefixes.iter().map(Vec::as_slice).collect();
    sorted.sort_unstable();
    let mut widest: Vec<&[u8]> = Vec::new();
    for prefix in sorted {
        if !widest.last().is_some_and(|last| prefix.starts_with(last)) {
            widest.push(prefix);
        }
    }
    widest
}

/// Whether the primary refuses one key, and not the command.
fn is_about_key(text: &str) -> bool {
    text.starts_with("NOPERM") && text.contains("key") && !text.contains("to run the")
}

/// The primary refuses a command without which it cannot be followed.
#[cold]
fn needs(command: &str, text: &str) -> Error {
    let error = refused(text);
    let told = format!("{command}, which a primary that forbids PSYNC is followed by: {text}");
    Error::new(error.kind(), told)
}
