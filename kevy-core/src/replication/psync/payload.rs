//! A whole copy on its way to a replica that speaks PSYNC: an RDB of a consistent cut, walked as fast as it is taken.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::time::{Duration, Instant};

use crate::base::number::format_u64;
use crate::shard::{Cut, Progress, Shards};
use crate::snapshot::Format;
use crate::snapshot::write::{self, Checksum};

/// Bytes that are read of a spooled copy at a time.
const SPOOL_BYTES: usize = 64 << 10;

/// How the replica learns where the copy ends.
#[derive(Debug)]
pub enum Framing {
    /// The same forty bytes stand before and behind it.
    Mark([u8; 40]),
    /// Its length comes first, for which all of it has to be there: it waits in a file without a name.
    Length(File),
}

impl Framing {
    /// A file that nobody else can open and that goes with its last descriptor.
    ///
    /// # Errors
    /// Where the directory for such files takes none.
    pub fn length(name: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(name);
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(Self::Length(file))
    }
}

/// A copy under way.
#[derive(Debug)]
pub struct Payload {
    /// `None` for one without keys.
    cut: Option<Cut>,
    framing: Framing,
    /// Bytes that have not been sent, or spooled.
    bytes: Vec<u8>,
    at: usize,
    checksum: Checksum,
    /// The end of the RDB has been written.
    ended: bool,
    /// The spooled copy is complete and is being sent.
    spooled: bool,
    /// Keys that are still to be waited for, and since when.
    paced: (u64, Instant),
}

impl Payload {
    /// A copy of `cut`; the fields say what Redis's own do.
    pub fn new(cut: Option<Cut>, framing: Framing, fields: &[(&[u8], &[u8])]) -> Self {
        let mut bytes = Vec::new();
        write::begin_as(&mut bytes, Format::FOR_REDIS.version, fields);
        write::functions(&mut bytes, cut.as_ref().map(Cut::functions).unwrap_or_default());
        let mut checksum = Checksum::default();
        checksum.update(&bytes);
        if let Framing::Mark(mark) = &framing {
            let head = [b"$EOF:", &mark[..], b"\r\n"].concat();
            bytes.splice(..0, head);
        }
        Self {
            cut,
            framing,
            bytes,
            at: 0,
            checksum,
            ended: false,
            spooled: false,
            paced: (0, Instant::now()),
        }
    }

    /// Keys that the replica gets without a part, or not at all.
    pub fn reduced(&self) -> u64 {
        self.cut.as_ref().map_or(0, Cut::reduced)
    }

    /// How long the walk has to wait before it may go on.
    pub fn waits(&self, shards: &Shards) -> Duration {
        let (keys, since) = self.paced;
        shards.pace.of_saving(keys).saturating_sub(since.elapsed())
    }

    /// Appends at most `budget` bytes, and walks one slice at most. True once the end is in `out`.
    ///
    /// # Errors
    /// Why the copy cannot be completed.
    pub fn send(&mut self, shards: &Shards, out: &mut Vec<u8>, budget: usize) -> Result<bool, String> {
        if self.cut.as_ref().is_some_and(Cut::has_overflowed) {
            return Err("it was taken too slowly: too many keys were written to meanwhile".into());
        }
        let failed = |error: io::Error| format!("its file: {error}");
        let stop = out.len().saturating_add(budget);
        let mut walked = false;
        loop {
            match &mut self.framing {
                Framing::Length(file) if !self.spooled => {
                    file.write_all(&self.bytes).map_err(failed)?;
                    self.at = self.bytes.len();
                    if self.ended {
                        let len = file.stream_position().map_err(failed)?;
                        file.rewind().map_err(failed)?;
                        self.spooled = true;
                        self.bytes = [b"$", format_u64(len).as_bytes(), b"\r\n"].concat();
                        self.at = 0;
                    }
                }
                _ => {}
            }
            let is_sent = !matches!(self.framing, Framing::Length(_)) || self.spooled;
            if is_sent && self.at < self.bytes.len() {
                let room = stop.saturating_sub(out.len());
                if room == 0 {
                    return Ok(false);
                }
                let len = (self.bytes.len() - self.at).min(room);
                out.extend_from_slice(&self.bytes[self.at..self.at + len]);
                self.at += len;
                continue;
            }
            if let Framing::Length(file) = &mut self.framing
                && self.spooled
            {
                self.bytes.resize(SPOOL_BYTES, 0);
                let len = file.read(&mut self.bytes).map_err(failed)?;
                self.bytes.truncate(len);
                self.at = 0;
                if len == 0 {
                    return Ok(true);
                }
                continue;
            }
            if self.ended {
                return Ok(true);
            }
            if self.collect() {
                continue;
            }
            if walked {
                return Ok(false);
            }
            walked = true;
            let before = self.cut.as_ref().map_or(0, Cut::keys);
            let progress = self.cut.as_mut().map_or(Progress::Done, |cut| cut.step(shards));
            let keys = self.cut.as_ref().map_or(0, Cut::keys);
            self.paced = (keys - before, Instant::now());
            if progress == Progress::Done {
                self.checksum.end(&mut self.bytes);
                self.ended = true;
                if let Framing::Mark(mark) = &self.framing {
                    self.bytes.extend_from_slice(mark);
                }
            }
        }
    }

    /// True where nothing has been sent yet though the walk goes on: the replica has to be told that it is not forgotten.
    pub fn is_spooling(&self) -> bool {
        matches!(self.framing, Framing::Length(_)) && !self.spooled
    }

    /// Takes over what walks have delivered. False where there is nothing.
    fn collect(&mut self) -> bool {
        self.bytes.clear();
        self.at = 0;
        let Some(cut) = &mut self.cut else { return false };
        let is_something = cut.collect(&mut self.bytes);
        self.checksum.update(&self.bytes);
        is_something
    }

    /// Ends the walks that are not done. The caller holds no token.
    pub fn cancel(self, shards: &Shards) {
        if let Some(cut) = self.cut {
            cut.cancel(shards);
        }
    }
}
