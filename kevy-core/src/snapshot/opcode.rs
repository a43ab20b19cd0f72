//! The bytes between entries, as rdb.h of Redis 7 and 8 numbers them.

pub const MAGIC: &[u8; 5] = b"REDIS";
/// The version written: the first that has fields with expiries.
pub const VERSION_WRITTEN: u16 = 12;

pub const SLOT_INFO: u8 = 244;
pub const FUNCTION: u8 = 245;
pub const MODULE_AUX: u8 = 247;
pub const IDLE: u8 = 248;
pub const FREQUENCY: u8 = 249;
pub const AUX: u8 = 250;
pub const RESIZE: u8 = 251;
pub const EXPIRE_MS: u8 = 252;
pub const EXPIRE_SECONDS: u8 = 253;
pub const SELECT: u8 = 254;
pub const EOF: u8 = 255;

/// The field that names the shard of the entries that follow.
pub const AUX_SHARD: &[u8] = b"shard";
/// The field that says which database the changes after the snapshot begin in.
pub const AUX_STREAM_DB: &[u8] = b"repl-stream-db";
