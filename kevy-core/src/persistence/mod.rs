//! What outlives the process: snapshots on disk and the log, and reading them back.
//!
//! A save cuts all shards at one instant and walks them in slices on a thread of its own; nothing is forked, and no shard
//! is held for longer than a slice. The file is written beside the old one, synced, and put in its place whole.

mod append;
mod export;
mod load;
mod lock;
mod save;
mod snapshots;

pub use append::{AppendLog, Common, Player, Recovered, Replay};
pub use export::{export_log, export_snapshot};
pub use load::{LoadReport, load};
pub use lock::DirectoryLock;
pub use snapshots::{Snapshots, Verdict};

/// What fuzz targets make files of the log with.
#[cfg(feature = "fuzzing")]
pub mod fuzz {
    pub use super::append::record::{FILE_HEADER_BYTES, RECORD_HEADER_BYTES, file_header, record_header};
}
