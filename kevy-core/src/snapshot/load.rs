//! Reading a whole RDB file into values, a piece at a time.

use std::io::Read;

use crate::base::{Error, ErrorKind, Result};
use crate::store::rdb::{RdbError, Reader};
use crate::store::{Limits, Seed, Value};

use super::history::SavedHistory;
use super::opcode::{
    AUX, EOF, EXPIRE_MS, EXPIRE_SECONDS, FREQUENCY, FUNCTION, IDLE, MODULE_AUX, RESIZE, SELECT, SLOT_INFO,
};
use super::version::{Dialect, read_magic};
use super::write::Checksum;

/// Bytes read from the file at a time, at least.
const PIECE_BYTES: usize = 1 << 20;

/// A key of the file.
#[derive(Debug)]
pub struct Loaded {
    pub db: usize,
    pub key: Box<[u8]>,
    pub value: Value,
    /// When it expires, in unix milliseconds.
    pub expire_at: Option<u64>,
    pub usage: Usage,
}

/// What the file says of how a key was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Usage {
    Unknown,
    /// Seconds for which it was not used.
    IdleSeconds(u64),
    /// The logarithmic count of uses.
    Frequency(u8),
}

/// An RDB file that is being read. It holds one piece of it, or one value where that is longer.
#[derive(Debug)]
pub struct Loader<R> {
    source: R,
    bytes: Vec<u8>,
    at: usize,
    /// Bytes of the file before `bytes`.
    before: u64,
    /// The source has ended.
    is_whole: bool,
    checksum: Option<Checksum>,
    dialect: Option<Dialect>,
    db: usize,
    limits: Limits,
    seed: Seed,
    /// What the fields that were read say of the history of the keys.
    pub history: SavedHistory,
    /// The sources of the libraries of functions that were read.
    pub functions: Vec<Vec<u8>>,
    /// Values of modules that were passed over.
    pub skipped: u64,
}

/// One step of reading.
enum Found {
    Nothing,
    Entry(Loaded),
    End,
}

impl<R: Read> Loader<R> {
    /// Reads `source`. Values take the forms that `limits` and `seed` ask for; the checksum is looked at if
    /// `check_sum` says so.
    pub fn new(source: R, limits: Limits, seed: Seed, check_sum: bool) -> Self {
        Self {
            source,
            bytes: Vec::new(),
            at: 0,
            before: 0,
            is_whole: false,
            checksum: check_sum.then(Checksum::default),
            dialect: None,
            db: 0,
            limits,
            seed,
            history: SavedHistory::default(),
            functions: Vec::new(),
            skipped: 0,
        }
    }

    /// Bytes of the file that have been read into keys.
    pub fn position(&self) -> u64 {
        self.before + self.at as u64
    }

    /// The next key; `None` at the end, when the checksum was right.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] names the place, [`ErrorKind::Unsupported`] what is not known here, [`ErrorKind::Io`]
    /// what reading came to.
    pub fn next(&mut self) -> Result<Option<Loaded>> {
        loop {
            match self.step() {
                Ok((Found::Nothing, left)) => self.advance(left),
                Ok((Found::Entry(entry), left)) => {
                    self.advance(left);
                    return Ok(Some(entry));
                }
                Ok((Found::End, left)) => {
                    self.advance(left);
                    return self.end().map(|()| None);
                }
                Err(RdbError::Truncated) => {
                    if !self.read()? {
                        return Err(self.corrupt("it ends too early"));
                    }
                }
                Err(RdbError::Malformed) => return Err(self.corrupt("what is there is no RDB")),
                Err(RdbError::UnknownVersion(version)) => {
                    let text =
                        format!("the file is an RDB of version {version}, which this build does not read");
                    return Err(Error::new(ErrorKind::Unsupported, text));
                }
                Err(RdbError::UnknownType(number)) => {
                    let text = format!(
                        "the file holds RDB type {number} at byte {}, which this build does not read",
                        self.position()
                    );
                    return Err(Error::new(ErrorKind::Unsupported, text));
                }
            }
        }
    }

    fn corrupt(&self, what: &str) -> Error {
        Error::new(ErrorKind::Corrupt, format!("the RDB file is damaged at byte {}: {what}", self.position()))
    }

    /// Goes on to where `left` bytes are not read.
    fn advance(&mut self, left: usize) {
        let to = self.bytes.len() - left;
        if let Some(checksum) = &mut self.checksum {
            checksum.update(&self.bytes[self.at..to]);
        }
        self.at = to;
    }

    /// Reads another piece. What is unread doubles, so that a long value is not gone over once for each piece of it.
    fn read(&mut self) -> Result<bool> {
        if self.is_whole {
            return Ok(false);
        }
        self.before += self.at as u64;
        self.bytes.drain(..self.at);
        self.at = 0;
        let wanted = (self.bytes.len() as u64).max(PIECE_BYTES as u64);
        let read = (&mut self.source)
            .take(wanted)
            .read_to_end(&mut self.bytes)
            .map_err(|error| Error::io("cannot read the RDB file", &error))?;
        self.is_whole = (read as u64) < wanted;
        Ok(read > 0)
    }

    /// Checks what follows the last key.
    fn end(&mut self) -> Result<()> {
        let Some(dialect) = self.dialect else { return Err(self.corrupt("it ends too early")) };
        if !dialect.has_checksum() {
            return Ok(());
        }
        let computed = self.checksum.as_ref().map(Checksum::value);
        while self.bytes.len() - self.at < 8 {
            if !self.read()? {
                return Err(self.corrupt("its checksum is cut short"));
            }
        }
        let declared = Reader::new(&self.bytes[self.at..])
            .milliseconds()
            .map_err(|_| self.corrupt("its checksum is cut short"))?;
        // 0 stands for a writer that did not compute it.
        if declared != 0 && computed.is_some_and(|computed| computed != declared) {
            return Err(self.corrupt("its checksum is wrong"));
        }
        self.at += 8;
        Ok(())
    }

    /// Reads one thing, and how many bytes are left after it. Nothing has happened where it is not there whole.
    fn step(&mut self) -> std::result::Result<(Found, usize), RdbError> {
        let mut reader = Reader::new(&self.bytes[self.at..]);
        let Some(dialect) = self.dialect else {
            self.dialect = Some(read_magic(reader.take(9)?)?);
            return Ok((Found::Nothing, reader.rest().len()));
        };
        let (mut expire_at, mut usage) = (None, Usage::Unknown);
        loop {
            match reader.byte()? {
                EXPIRE_MS => expire_at = Some(reader.milliseconds()?),
                EXPIRE_SECONDS => {
                    let seconds = reader.take(4)?.try_into().map_err(|_| RdbError::Malformed)?;
                    expire_at = Some(u64::from(u32::from_le_bytes(seconds)) * 1000);
                }
                IDLE => usage = Usage::IdleSeconds(reader.length()?),
                FREQUENCY => usage = Usage::Frequency(reader.byte()?),
                EOF => return Ok((Found::End, reader.rest().len())),
                SELECT => {
                    let db = reader.length()?;
                    let left = reader.rest().len();
                    self.db = usize::try_from(db).map_err(|_| RdbError::Malformed)?;
                    return Ok((Found::Nothing, left));
                }
                RESIZE => {
                    reader.length()?;
                    reader.length()?;
                    return Ok((Found::Nothing, reader.rest().len()));
                }
                AUX => {
                    let (name, value) = (reader.string()?, reader.string()?);
                    let left = reader.rest().len();
                    self.history.note(&name, &value);
                    return Ok((Found::Nothing, left));
                }
                SLOT_INFO => {
                    for _ in 0..3 {
                        reader.length()?;
                    }
                    return Ok((Found::Nothing, reader.rest().len()));
                }
                FUNCTION => {
                    let code = reader.string()?.into_owned();
                    let left = reader.rest().len();
                    self.functions.push(code);
                    return Ok((Found::Nothing, left));
                }
                MODULE_AUX => {
                    skip_module_aux(&mut reader)?;
                    let left = reader.rest().len();
                    self.skipped += 1;
                    return Ok((Found::Nothing, left));
                }
                value_type => {
                    let key: Box<[u8]> = reader.string()?.into();
                    let value = dialect.read_value(value_type, &mut reader, &self.limits, &self.seed)?;
                    let left = reader.rest().len();
                    return Ok((Found::Entry(Loaded { db: self.db, key, value, expire_at, usage }), left));
                }
            }
        }
    }
}

/// Passes over what a module saved beside its values: an identity, when it was saved, and parts that say what they are
/// (the encoding of `RedisModule_Save*`).
pub(super) fn skip_module_aux(reader: &mut Reader<'_>) -> std::result::Result<(), RdbError> {
    for _ in 0..3 {
        reader.length()?;
    }
    skip_module_parts(reader)
}

/// Passes over the parts of what a module saved, up to their end.
pub(super) fn skip_module_parts(reader: &mut Reader<'_>) -> std::result::Result<(), RdbError> {
    loop {
        match reader.length()? {
            0 => return Ok(()),
            1 | 2 => drop(reader.length()?),
            3 => drop(reader.take(4)?),
            4 => drop(reader.take(8)?),
            5 => drop(reader.string()?),
            _ => return Err(RdbError::Malformed),
        }
    }
}
