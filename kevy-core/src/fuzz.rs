//! What the fuzz targets under `tests/fuzz` reach of the private modules. Not part of the interface.

use std::path::Path;

use crc_fast::{CrcAlgorithm, checksum};

pub use crate::persistence::fuzz::{FILE_HEADER_BYTES, RECORD_HEADER_BYTES, file_header, record_header};
pub use crate::replication::fuzz::{follow, push_block};
pub use crate::resp::request::Progress;
pub use crate::resp::{
    ArgVec, Batch, Limits, Node, Protocol, ProtocolError, RequestParser, Tree, Value, Writer, decode_command,
    encode_command,
};

use crate::api::Options;
use crate::base::Result;
use crate::runtime::{Export, export};
use crate::snapshot::load::Loader;
use crate::store::rdb::{VERSION_MAX, dump, restore};
use crate::store::{Limits as StoreLimits, Seed};

/// Reads an RDB file without a look at its checksum, and what it holds again from payloads of its values. How many keys
/// there were before its end or the first thing that is wrong.
pub fn read_rdb(bytes: &[u8]) -> usize {
    let (limits, seed) = (StoreLimits::default(), Seed::new(1));
    let mut loader = Loader::new(bytes, limits.clone(), seed.clone(), false);
    let mut keys = 0;
    while let Ok(Some(entry)) = loader.next() {
        let payload = dump(&entry.value.as_ref());
        let again = restore(&payload, &limits, &seed).map(|value| dump(&value.as_ref()).len());
        assert_eq!(again, Ok(payload.len()), "a value that was read is written and read again");
        keys += 1;
    }
    keys
}

/// A payload of RESTORE: version and checksum put behind a value with its type.
pub fn dump_payload(value: &[u8]) -> Vec<u8> {
    let mut payload = [value, &VERSION_MAX.to_le_bytes()].concat();
    payload.extend_from_slice(&checksum(CrcAlgorithm::Crc64Redis, &payload).to_le_bytes());
    payload
}

/// Reads what is kept in a directory as a start does, and writes a snapshot of it to `to`. How many keys there were.
///
/// # Errors
/// As a start.
pub fn read_directory(options: &Options, to: &Path) -> Result<usize> {
    export(&options.0, Export::Snapshot(to))
}
