//! The append-only log: every effect of every shard, in files that are read back at the start.
//!
//! Each shard has a writer that takes its stream of effects (`writer`). A manifest names the files: a base, which holds one
//! instant of all shards, and for each shard what followed. A rewrite makes a new base and begins new files at the same
//! instant. What is read back is found whole first (`lane`), then run (`replay`). Formats: `record` for kevy's own files, `manifest` and `commands` for what is shared with Redis.

mod commands;
mod control;
mod lane;
mod manifest;
pub(super) mod record;
mod recover;
mod replace;
mod replay;
mod rewrite;
mod writer;

pub use control::AppendLog;
pub use manifest::{Manifest, Part, Role};
pub use recover::{Player, Recovered, Replay};
pub use writer::Common;
