//! Reading a data directory to write it in a form that Redis reads, without a running instance.

use std::path::Path;
use std::sync::Arc;

use crate::base::options::Options;
use crate::base::{Result, SystemClock};

use super::disk::Disk;
use super::start::{assemble, redis_commands};

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Export<'a> {
    /// One snapshot, to this file.
    Snapshot(&'a Path),
    /// The log of a Redis server, to this directory.
    Log(&'a Path),
}

/// Reads what the options say is kept, and writes it elsewhere. Returns how many keys there were.
///
/// # Errors
/// Where the directory is another runtime's, damaged, or the target cannot be written.
pub fn export(options: &Options, what: Export<'_>) -> Result<usize> {
    let (engine, _) = assemble(options, redis_commands(), Arc::new(SystemClock))?;
    let disk = Disk::open(&engine, options, engine.server.clock.clone())?;
    disk.read()?;
    match what {
        Export::Snapshot(path) => disk.export_snapshot(path)?,
        Export::Log(path) => disk.export_log(path)?,
    }
    let databases = options.databases as usize;
    let keys = |shard| {
        let keyspace = &engine.shards.take(shard).partition.keyspace;
        (0..databases).map(|db| keyspace.len(db)).sum::<usize>()
    };
    Ok((0..engine.shards.len()).map(keys).sum())
}
