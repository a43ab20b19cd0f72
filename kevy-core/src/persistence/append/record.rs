//! The bytes of kevy's own log files: a header, then records.
//!
//! A file begins with `KEVYLOG1`, the shard and the number of shards (both 32 bits), 12 bytes of zero and a CRC-32C of all
//! this. A record is `KREC`, a CRC-32C of the rest of the record, the length of the payload (64 bits), the number of the
//! record in its file (64 bits), how many frames it holds and how many of its transactions are over several shards
//! (32 bits each), then the payload: whole units of the shard's stream. Numbers are little endian.

use std::fs::File;
use std::io::{self, BufReader, IoSlice, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crc_fast::{CrcAlgorithm, Digest};
use memchr::memmem;

use crate::base::{Error, ErrorKind, Result};

pub const FILE_HEADER_BYTES: usize = 32;
pub const RECORD_HEADER_BYTES: usize = 32;
const FILE_MAGIC: &[u8; 8] = b"KEVYLOG1";
const RECORD_MAGIC: &[u8; 4] = b"KREC";
/// Bytes read at a time.
const READ_BYTES: usize = 1 << 20;
/// What looks like records behind damage is looked at so many times.
const CANDIDATES_MAX: usize = 4096;

/// CRC-32C of some bytes.
fn checksum(parts: &[&[u8]]) -> u32 {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize() as u32
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// What a file begins with.
pub fn file_header(shard: usize, shards: usize) -> [u8; FILE_HEADER_BYTES] {
    let mut header = [0; FILE_HEADER_BYTES];
    header[..8].copy_from_slice(FILE_MAGIC);
    header[8..12].copy_from_slice(&(shard as u32).to_le_bytes());
    header[12..16].copy_from_slice(&(shards as u32).to_le_bytes());
    let sum = checksum(&[&header[..28]]);
    header[28..].copy_from_slice(&sum.to_le_bytes());
    header
}

/// What a record with this payload begins with.
pub fn record_header(payload: &[u8], number: u64, frames: u32, shared: u32) -> [u8; RECORD_HEADER_BYTES] {
    let mut header = [0; RECORD_HEADER_BYTES];
    header[..4].copy_from_slice(RECORD_MAGIC);
    header[8..16].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    header[16..24].copy_from_slice(&number.to_le_bytes());
    header[24..28].copy_from_slice(&frames.to_le_bytes());
    header[28..].copy_from_slice(&shared.to_le_bytes());
    let sum = checksum(&[&header[8..], payload]);
    header[4..8].copy_from_slice(&sum.to_le_bytes());
    header
}

/// A file is not there.
pub fn missing(path: &Path) -> Error {
    Error::new(ErrorKind::Corrupt, format!("{} is named by the manifest and is not there", path.display()))
}

/// Says of a file of the log that it could not be read.
pub fn unreadable(path: &Path) -> impl Fn(io::Error) -> Error + '_ {
    move |error| match error.kind() {
        io::ErrorKind::NotFound => missing(path),
        _ => Error::io(format!("cannot read {}", path.display()), &error),
    }
}

/// A record that was read; its payload is in [`Records::payload`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it begins in the file.
    pub at: u64,
    pub frames: u32,
    /// How many of its transactions are over several shards.
    pub shared: u32,
}

/// What comes next in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    Record(Record),
    /// The file ends here, after a whole record.
    End,
    /// What is here is no whole record.
    Damage,
}

/// A file of records that is being read.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    source: BufReader<File>,
    len: u64,
    at: u64,
    number: u64,
    payload: Vec<u8>,
}

impl Records {
    /// Opens a file of shard `shard` of `shards`. `None` where it ends before its header does: it was being made.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where it is another file, [`ErrorKind::Io`] where it cannot be read.
    pub fn open(path: &Path, shard: usize, shards: usize) -> Result<Option<Self>> {
        let shown = unreadable(path);
        let file = File::open(path).map_err(&shown)?;
        let len = file.metadata().map_err(&shown)?.len();
        let mut source = BufReader::with_capacity(READ_BYTES, file);
        if len < FILE_HEADER_BYTES as u64 {
            return Ok(None);
        }
        let mut header = [0; FILE_HEADER_BYTES];
        source.read_exact(&mut header).map_err(&shown)?;
        if header != file_header(shard, shards) {
            if len == FILE_HEADER_BYTES as u64 && header.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            let text = format!(
                "{} is not the log of shard {shard} of {shards}: its header is wrong",
                path.display()
            );
            return Err(Error::new(ErrorKind::Corrupt, text));
        }
        let (at, number) = (FILE_HEADER_BYTES as u64, 0);
        Ok(Some(Self { path: path.to_owned(), source, len, at, number, payload: Vec::new() }))
    }

    /// Reads the next record.
    ///
    /// # Errors
    /// What reading came to.
    pub fn next(&mut self) -> io::Result<Next> {
        if self.at == self.len {
            return Ok(Next::End);
        }
        let left = self.len - self.at;
        if left < RECORD_HEADER_BYTES as u64 {
            return Ok(Next::Damage);
        }
        let mut header = [0; RECORD_HEADER_BYTES];
        self.source.read_exact(&mut header)?;
        let payload_len = u64_at(&header, 8);
        if &header[..4] != RECORD_MAGIC || payload_len > left - RECORD_HEADER_BYTES as u64 {
            return Ok(Next::Damage);
        }
        self.payload.clear();
        (&mut self.source).take(payload_len).read_to_end(&mut self.payload)?;
        let is_right = self.payload.len() as u64 == payload_len
            && u64_at(&header, 16) == self.number
            && u32_at(&header, 4) == checksum(&[&header[8..], &self.payload]);
        if !is_right {
            return Ok(Next::Damage);
        }
        let record = Record { at: self.at, frames: u32_at(&header, 24), shared: u32_at(&header, 28) };
        self.at += RECORD_HEADER_BYTES as u64 + payload_len;
        self.number += 1;
        if self.payload.capacity() > READ_BYTES * 4 && self.payload.len() < READ_BYTES {
            self.payload.shrink_to(READ_BYTES);
        }
        Ok(Next::Record(record))
    }

    /// The payload of the record that was read last.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Where the next record begins, the file's length, and the number that the next record has.
    pub fn position(&self) -> (u64, u64, u64) {
        (self.at, self.len, self.number)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a whole record follows somewhere behind the damage that [`Records::next`] came to, so that it is no torn
    /// tail.
    ///
    /// # Errors
    /// What reading came to.
    pub fn goes_on_behind_damage(&self) -> io::Result<bool> {
        let mut file = File::open(&self.path)?;
        let finder = memmem::Finder::new(RECORD_MAGIC);
        let mut candidates = 0;
        let mut from = self.at + 1;
        let mut piece = Vec::new();
        while from < self.len {
            file.seek(SeekFrom::Start(from))?;
            piece.clear();
            (&mut file).take(READ_BYTES as u64).read_to_end(&mut piece)?;
            for at in finder.find_iter(&piece) {
                candidates += 1;
                if candidates > CANDIDATES_MAX || self.is_record(&mut file, from + at as u64)? {
                    return Ok(true);
                }
            }
            if piece.len() < READ_BYTES {
                break;
            }
            from += (READ_BYTES - RECORD_MAGIC.len() + 1) as u64;
        }
        Ok(false)
    }

    /// Whether a whole later record begins at `at`.
    fn is_record(&self, file: &mut File, at: u64) -> io::Result<bool> {
        let mut header = [0; RECORD_HEADER_BYTES];
        let left = self.len - at;
        if left < RECORD_HEADER_BYTES as u64 {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut header)?;
        let mut payload_len = u64_at(&header, 8);
        if payload_len > left - RECORD_HEADER_BYTES as u64 || u64_at(&header, 16) < self.number {
            return Ok(false);
        }
        let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
        digest.update(&header[8..]);
        let mut piece = vec![0; READ_BYTES.min(payload_len as usize)];
        while payload_len > 0 {
            let len = piece.len().min(payload_len as usize);
            file.read_exact(&mut piece[..len])?;
            digest.update(&piece[..len]);
            payload_len -= len as u64;
        }
        Ok(digest.finalize() as u32 == u32_at(&header, 4))
    }
}

/// A record as it is written: its header, then its payload.
pub fn slices<'a>(header: &'a [u8; RECORD_HEADER_BYTES], payload: &'a [u8]) -> [IoSlice<'a>; 2] {
    [IoSlice::new(header), IoSlice::new(payload)]
}
