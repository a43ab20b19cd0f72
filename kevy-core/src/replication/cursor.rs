//! Where a replica stands: the opaque value it keeps to resume from.
//!
//! In bytes: a version, a kind of source, what that kind needs, and a CRC-32C of all that; numbers are little-endian.
//! Empty bytes stand for no place: begin with a snapshot.

use crc_fast::{CrcAlgorithm, checksum};

use crate::base::{Error, ErrorKind};

use super::wire::{GENERATION_MAX, Offsets, SHARDS_MAX};

/// A place in the stream of one shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Position {
    /// The next frame wanted.
    pub offset: u64,
    /// The stream's database there.
    pub db: u32,
}

/// A place between two transactions in the history of a kevy primary: the generation, the number of shards, offset and
/// database of each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cursor {
    /// The identity of the history, 0 for none.
    pub generation: u64,
    /// One place for each shard of the primary.
    pub shards: Vec<Position>,
}

const VERSION: u8 = 1;
/// The offsets are those of kevy's native stream.
const NATIVE: u8 = 0;
/// The offset is one of a stream of Redis or Valkey.
const PSYNC: u8 = 1;
/// The offset counts what was read of a source that is scanned and tracked.
const SCAN: u8 = 2;
const HEAD_LEN: usize = 2 + 8 + 4;
const POSITION_LEN: usize = 8 + 4;
const CHECKSUM_LEN: usize = 4;

impl Cursor {
    /// True where it names no place.
    pub fn is_none(&self) -> bool {
        self.generation == 0 || self.shards.is_empty()
    }

    /// The offsets of all shards.
    pub fn offsets(&self) -> Offsets {
        self.shards.iter().map(|position| position.offset).collect()
    }

    /// The cursor as bytes.
    pub fn encode(&self) -> Vec<u8> {
        if self.is_none() {
            return Vec::new();
        }
        let mut out = Vec::with_capacity(HEAD_LEN + self.shards.len() * POSITION_LEN + CHECKSUM_LEN);
        out.extend_from_slice(&[VERSION, NATIVE]);
        out.extend_from_slice(&self.generation.to_le_bytes());
        out.extend_from_slice(&(self.shards.len() as u32).to_le_bytes());
        for position in &self.shards {
            out.extend_from_slice(&position.offset.to_le_bytes());
            out.extend_from_slice(&position.db.to_le_bytes());
        }
        seal(out)
    }

    /// Reads what [`Cursor::encode`] wrote.
    #[cfg(test)]
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        match Place::decode(bytes)? {
            Place::Nowhere => Ok(Self::default()),
            Place::Native(cursor) => Ok(cursor),
            Place::Psync(_) => Err(unsupported(VERSION, PSYNC)),
            Place::Scan(_) => Err(unsupported(VERSION, SCAN)),
        }
    }

    fn read(rest: &[u8], corrupt: impl Fn(&str) -> Error) -> Result<Self, Error> {
        let (generation, rest) = rest.split_first_chunk().ok_or_else(|| corrupt("is cut short"))?;
        let (count, rest) = rest.split_first_chunk().ok_or_else(|| corrupt("is cut short"))?;
        let generation = u64::from_le_bytes(*generation);
        let count = u32::from_le_bytes(*count) as usize;
        if count > SHARDS_MAX || rest.len() != count * POSITION_LEN || generation > GENERATION_MAX {
            return Err(corrupt("has values that no cursor has"));
        }
        let shards = rest.chunks_exact(POSITION_LEN).filter_map(|position| {
            let (offset, db) = position.split_first_chunk()?;
            Some(Position {
                offset: u64::from_le_bytes(*offset),
                db: u32::from_le_bytes(db.try_into().ok()?),
            })
        });
        Ok(Self { generation, shards: shards.collect() })
    }
}

/// A place between two transactions in the history of a Redis or Valkey primary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PsyncCursor {
    /// The history's identity, forty hexadecimal digits.
    pub replid: [u8; REPLID_LEN],
    /// Bytes of the stream up to there.
    pub offset: u64,
    /// The stream's database there.
    pub db: u32,
}

/// Digits of a history's identity.
pub const REPLID_LEN: usize = 40;

impl PsyncCursor {
    /// The cursor as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION, PSYNC];
        out.extend_from_slice(&self.replid);
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&self.db.to_le_bytes());
        seal(out)
    }

    fn read(rest: &[u8]) -> Option<Self> {
        let (replid, rest) = rest.split_first_chunk::<REPLID_LEN>()?;
        let (offset, db) = rest.split_first_chunk()?;
        let is_replid = replid.iter().all(u8::is_ascii_hexdigit);
        is_replid.then_some(Self {
            replid: *replid,
            offset: u64::from_le_bytes(*offset),
            db: u32::from_le_bytes(db.try_into().ok()?),
        })
    }
}

/// How far the keys of a primary were followed that is scanned and tracked. It orders what was handed out, and names no place
/// to go on from: nothing tells later what has changed since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScanCursor {
    /// Changes handed out, those before earlier copies included.
    pub offset: u64,
    /// The database that is followed.
    pub db: u32,
}

impl ScanCursor {
    /// The cursor as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION, SCAN];
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&self.db.to_le_bytes());
        seal(out)
    }

    fn read(rest: &[u8]) -> Option<Self> {
        let (offset, db) = rest.split_first_chunk()?;
        Some(Self { offset: u64::from_le_bytes(*offset), db: u32::from_le_bytes(db.try_into().ok()?) })
    }
}

/// What a cursor of any kind names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    Nowhere,
    Native(Cursor),
    Psync(PsyncCursor),
    Scan(ScanCursor),
}

impl Place {
    /// Reads what [`Cursor::encode`], [`PsyncCursor::encode`] or [`ScanCursor::encode`] wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a later version or another kind of source, [`ErrorKind::Corrupt`] for
    /// anything else that is not a cursor.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Ok(Self::Nowhere);
        }
        let corrupt =
            |what: &str| Error::new(ErrorKind::Corrupt, format!("a cursor of {} bytes {what}", bytes.len()));
        let (body, sum) = bytes.split_last_chunk().ok_or_else(|| corrupt("is cut short"))?;
        if checksum(CrcAlgorithm::Crc32Iscsi, body) as u32 != u32::from_le_bytes(*sum) {
            return Err(corrupt("does not match its checksum"));
        }
        let [version, kind, rest @ ..] = body else { return Err(corrupt("is cut short")) };
        match (*version, *kind) {
            (VERSION, NATIVE) => Cursor::read(rest, corrupt).map(Self::Native),
            (VERSION, PSYNC) => PsyncCursor::read(rest)
                .map(Self::Psync)
                .ok_or_else(|| corrupt("has values that no cursor has")),
            (VERSION, SCAN) => {
                ScanCursor::read(rest).map(Self::Scan).ok_or_else(|| corrupt("has values that no cursor has"))
            }
            (version, kind) => Err(unsupported(version, kind)),
        }
    }
}

fn unsupported(version: u8, kind: u8) -> Error {
    let text = format!("a cursor of version {version} for sources of kind {kind}");
    Error::new(ErrorKind::Unsupported, text)
}

/// Appends the checksum.
fn seal(mut out: Vec<u8>) -> Vec<u8> {
    let sum = checksum(CrcAlgorithm::Crc32Iscsi, &out) as u32;
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_survives_and_any_damage_is_noticed(
            generation in 1..=GENERATION_MAX,
            shards in prop::collection::vec((any::<u64>(), any::<u32>()), 1..20),
            damage in any::<(prop::sample::Index, u8)>(),
        ) {
            let shards = shards.into_iter().map(|(offset, db)| Position { offset, db }).collect();
            let cursor = Cursor { generation, shards };
            let mut bytes = cursor.encode();
            prop_assert_eq!(Cursor::decode(&bytes), Ok(cursor));
            let at = damage.0.index(bytes.len());
            prop_assert!(Cursor::decode(&bytes[..at]).is_err() || at == 0);
            bytes[at] ^= damage.1.max(1);
            prop_assert!(Cursor::decode(&bytes).is_err());
        }

        #[test]
        fn a_place_in_a_history_of_redis_survives(offset: u64, db: u32, replid in "[0-9a-f]{40}") {
            let replid = replid.as_bytes().try_into().expect("forty digits");
            let cursor = PsyncCursor { replid, offset, db };
            prop_assert_eq!(Place::decode(&cursor.encode()), Ok(Place::Psync(cursor)));
            prop_assert!(Cursor::decode(&cursor.encode()).is_err());
        }

        #[test]
        fn a_place_of_a_scanned_source_survives_and_is_of_its_own_kind(offset: u64, db: u32) {
            let cursor = ScanCursor { offset, db };
            prop_assert_eq!(Place::decode(&cursor.encode()), Ok(Place::Scan(cursor)));
            prop_assert!(Cursor::decode(&cursor.encode()).is_err());
        }

        #[test]
        fn foreign_bytes_are_no_cursor(bytes in prop::collection::vec(any::<u8>(), 1..100)) {
            prop_assert!(Cursor::decode(&bytes).is_err());
        }
    }

    #[test]
    fn no_place_is_no_bytes() {
        assert!(Cursor::default().encode().is_empty());
        assert!(Cursor::decode(b"").expect("nothing").is_none());
    }
}
