//! A payload of DUMP, read as the commands that rebuild its key.
//!
//! Format: createDumpPayload in cluster.c of Redis 7. The value is written as in an RDB; a version and a CRC-64 follow it.

use crate::base::{Error, ErrorKind, Result};
use crate::store::rdb;

use super::entries::Entries;
use super::opcode::SLOT_INFO;
use super::version::of_payload;

impl Entries {
    /// Takes the value of one key, in place of a stream; [`Entries::next`] then comes to its commands and, behind the last
    /// one, asks for input. `expire_at` is in Unix milliseconds.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for bytes that are no payload, [`ErrorKind::Unsupported`] for one of a version that is not
    /// known here.
    pub fn load_payload(&mut self, key: &[u8], expire_at: Option<u64>, payload: &[u8]) -> Result<()> {
        let corrupt = || {
            let text =
                format!("the value of '{}' is no payload of DUMP", key[..key.len().min(64)].escape_ascii());
            Error::new(ErrorKind::Corrupt, text)
        };
        let (version, body) = rdb::unseal(payload).map_err(|_| corrupt())?;
        let dialect = of_payload(version).map_err(|_| {
            let text = format!("a value is of RDB version {version}, which this build does not read");
            Error::new(ErrorKind::Unsupported, text)
        })?;
        let (value_type, body) = body.split_first().ok_or_else(corrupt)?;
        if *value_type >= SLOT_INFO - 1 {
            // What stands between entries is no value.
            return Err(corrupt());
        }
        let bytes = self.set_single(dialect, expire_at);
        bytes.push(*value_type);
        rdb::write_length(bytes, key.len() as u64);
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(body);
        Ok(())
    }
}
