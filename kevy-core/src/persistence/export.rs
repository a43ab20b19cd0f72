//! Writing everything for Redis: one snapshot, or the directory of a log.

use std::path::Path;
use std::time::SystemTime;

use crate::base::options::Options;
use crate::base::{Error, Result};
use crate::io::Disk;
use crate::shard::Shards;

use super::append::{Manifest, Part, Role};
use super::save::{self, Style};

/// Unix milliseconds.
fn now_ms() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64)
}

/// Writes a snapshot of `shards`, as they are now, to `path`. The caller holds no token.
///
/// # Errors
/// [`crate::base::ErrorKind::Io`].
pub fn export_snapshot(shards: &Shards, disk: &Disk, path: &Path, options: &Options) -> Result<()> {
    let style = Style::of(options, true);
    save::save(shards, disk, path, style, now_ms(), &|| true)
        .map(drop)
        .map_err(|error| Error::io(format!("cannot write {}", path.display()), &error))
}

/// Writes the log of a server that begins with `shards`, as they are now, to `folder`: the multi-part AOF of Redis 7, which
/// it reads as its `appenddirname`. The caller holds no token.
///
/// # Errors
/// [`crate::base::ErrorKind::Io`].
pub fn export_log(shards: &Shards, disk: &Disk, folder: &Path, options: &Options) -> Result<()> {
    let name = &options.appendfilename.0;
    let written = (|| {
        std::fs::create_dir_all(folder)?;
        let ending = if options.aof_use_rdb_preamble { "rdb" } else { "aof" };
        let base = Part { name: format!("{name}.1.base.{ending}"), sequence: 1, role: Role::Base };
        let more = Part { name: format!("{name}.1.incr.aof"), sequence: 1, role: Role::Commands };
        let path = folder.join(&base.name);
        if options.aof_use_rdb_preamble {
            save::save(shards, disk, &path, Style::of(options, true), now_ms(), &|| true)?;
        } else {
            let mut file = disk.create(&path)?;
            save::write_commands(shards, &mut file, |_| (), &|| true)?;
            file.sync()?;
        }
        disk.create(&folder.join(&more.name))?.sync()?;
        Manifest { parts: vec![base, more], history: None }.write(disk, folder, name)
    })();
    written.map_err(|error| Error::io(format!("cannot write a log to {}", folder.display()), &error))
}
