//! Writing all shards to a file, as an RDB or as commands.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use crate::base::number::format_u64;
use crate::base::options::Options;
use crate::io::{Disk, DiskFile};
use crate::resp::encode_command;
use crate::shard::{Cut, Progress, Shard, Shards};
use crate::snapshot::SavedHistory;
use crate::snapshot::write::{self, FileSum};
use crate::snapshot::{Entries, Format, Next};

/// Bytes that are written at a time.
const WRITE_BYTES: usize = 1 << 20;
/// Bytes after which what was written is synced, so that the last sync has little left to do.
const SYNC_BYTES: u64 = 32 << 20;

/// How a file is written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// `rdbcompression` and `rdb-version`
    pub format: Format,
    /// `rdbchecksum`
    pub checksum: bool,
    /// `rdb-save-incremental-fsync`
    pub sync_often: bool,
}

impl Style {
    /// What the options say.
    pub fn of(options: &Options, sync_often: bool) -> Self {
        let form = if options.rdbcompression { Format::COMPRESSED } else { Format::PLAIN };
        let format = Format { version: options.rdb_version, ..form };
        Self { format, checksum: options.rdbchecksum, sync_often }
    }
}

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written {
    pub bytes: u64,
    /// Changes ever made to all shards, up to the cut.
    pub changes: u64,
}

/// Writes every shard, as it is now, to `path`. What was there stays until all is written and synced. The caller holds no
/// token.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] where `goes_on` said so.
pub fn save(
    shards: &Shards,
    disk: &Disk,
    path: &Path,
    style: Style,
    now: u64,
    goes_on: &dyn Fn() -> bool,
) -> io::Result<Written> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = folder.join(format!("temp-{}.{:08x}.rdb", std::process::id(), fastrand::u32(..)));
    let result = write_all(shards, disk, &temporary, style, (now, goes_on)).and_then(|written| {
        disk.pass("snapshot-rename");
        // The name is on disk once the directory is.
        disk.rename(&temporary, path)?;
        Ok(written)
    });
    if result.is_err() {
        // The failure that counts is the one being reported.
        let _ = disk.remove(&temporary);
    }
    result
}

fn write_all(
    shards: &Shards,
    disk: &Disk,
    path: &Path,
    style: Style,
    (now, goes_on): (u64, &dyn Fn() -> bool),
) -> io::Result<Written> {
    let mut file = disk.create(path)?;
    let written = write_snapshot(shards, &mut file, style, (now, false), |_| (), goes_on)?;
    file.sync()?;
    Ok(written)
}

/// Writes every shard, as it is at the instant at which `note` is called for each, to an empty file, for as long as
/// `goes_on` says so. `is_base` says that a log follows. The caller holds no token.
pub fn write_snapshot(
    shards: &Shards,
    file: &mut DiskFile,
    style: Style,
    (now, is_base): (u64, bool),
    mut note: impl FnMut(&mut Shard),
    goes_on: &dyn Fn() -> bool,
) -> io::Result<Written> {
    let members: Vec<usize> = (0..shards.len()).collect();
    let mut changes = 0;
    let mut sizes: Vec<(usize, usize)> = Vec::new();
    let mut history = None;
    let mut cut = Cut::begin(shards, &members, usize::MAX, style.format, |shard| {
        note(shard);
        // Every shard is held here. A log goes on behind its base, and says itself where it ends.
        history.get_or_insert_with(|| if is_base { SavedHistory::default() } else { shards.history() });
        changes += shard.partition.effects.changes();
        let keyspace = &shard.partition.keyspace;
        sizes.resize(sizes.len().max(keyspace.databases_used()), (0, 0));
        for (db, size) in sizes.iter_mut().enumerate() {
            *size = (size.0 + keyspace.len(db), size.1 + keyspace.expires_len(db));
        }
    });
    let history = history.unwrap_or_default();
    let about = About { now, is_base, sizes: &sizes, history: &history, goes_on };
    let written = write_cut(file, &mut cut, shards, style, &about);
    cut.cancel(shards);
    Ok(Written { bytes: written?, changes })
}

/// What a snapshot says of itself, and for how long it is written.
struct About<'a> {
    now: u64,
    is_base: bool,
    /// Keys of each database, and how many of them expire.
    sizes: &'a [(usize, usize)],
    history: &'a SavedHistory,
    goes_on: &'a dyn Fn() -> bool,
}

/// Writes what the walks deliver, and returns how many bytes that took.
fn write_cut(
    file: &mut DiskFile,
    cut: &mut Cut,
    shards: &Shards,
    style: Style,
    about: &About<'_>,
) -> io::Result<u64> {
    let mut output = Output { file, sum: style.checksum.then(FileSum::default), total: 0, unsynced: 0 };
    let mut out = Vec::with_capacity(WRITE_BYTES * 2);
    let created = format_u64(about.now / 1000);
    let fields: [(&[u8], &[u8]); 4] = [
        (b"kevy-ver", env!("CARGO_PKG_VERSION").as_bytes()),
        (b"redis-bits", b"64"),
        (b"ctime", created.as_bytes()),
        (b"aof-base", if about.is_base { b"1" } else { b"0" }),
    ];
    let history = about.history.fields();
    let history = history.iter().map(|(name, value)| (*name, &value[..]));
    let fields: Vec<(&[u8], &[u8])> = fields.into_iter().chain(history).collect();
    write::begin(&mut out, &fields);
    write::functions(&mut out, cut.functions());
    for (db, (keys, expiring)) in about.sizes.iter().enumerate().filter(|(_, size)| size.0 > 0) {
        write::sizes(&mut out, db, *keys as u64, *expiring as u64);
    }
    let (mut piece, mut keys) = (Vec::new(), 0);
    loop {
        piece.clear();
        if cut.collect(&mut piece) {
            out.extend_from_slice(&piece);
        } else if cut.step(shards) == Progress::Done {
            break;
        }
        if !wait_for(cut, shards, &mut keys, about.goes_on) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if out.len() >= WRITE_BYTES {
            output.write(&mut out)?;
            if style.sync_often {
                output.sync_some()?;
            }
            if !(about.goes_on)() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
    }
    write::end(&mut out);
    output.write(&mut out)?;
    let header = write::header(cut.version());
    let checksum = output.sum.as_ref().map_or(0, |sum| sum.with_header(&header));
    file.write_all(&checksum.to_le_bytes())?;
    // Which version the values ask for is known only now.
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header)?;
    file.seek(SeekFrom::End(0))
}

/// Waits for the keys that were delivered since there were `keys`. False where the work is not to go on.
fn wait_for(cut: &Cut, shards: &Shards, keys: &mut u64, goes_on: &dyn Fn() -> bool) -> bool {
    let delivered = cut.keys();
    let new = delivered - std::mem::replace(keys, delivered);
    shards.pace.wait_saved(new, goes_on);
    new == 0 || goes_on()
}

/// Writes every shard as the commands that rebuild its keys, as [`write_snapshot`] does.
pub fn write_commands(
    shards: &Shards,
    file: &mut DiskFile,
    note: impl FnMut(&mut Shard),
    goes_on: &dyn Fn() -> bool,
) -> io::Result<u64> {
    let members: Vec<usize> = (0..shards.len()).collect();
    let mut cut = Cut::begin(shards, &members, usize::MAX, Format::PLAIN, note);
    let written = write_rebuilding(shards, &mut cut, file, goes_on);
    cut.cancel(shards);
    written
}

fn write_rebuilding(
    shards: &Shards,
    cut: &mut Cut,
    file: &mut DiskFile,
    goes_on: &dyn Fn() -> bool,
) -> io::Result<u64> {
    let broken = |error: crate::base::Error| io::Error::other(error.to_string());
    let mut entries = Entries::new(usize::MAX / 4);
    let mut piece = Vec::new();
    write::begin(&mut piece, &[]);
    write::functions(&mut piece, cut.functions());
    let (mut out, mut total, mut selected) = (Vec::with_capacity(WRITE_BYTES * 2), 0, None);
    let mut keys = 0;
    loop {
        entries.push(&piece).map_err(broken)?;
        while entries.next().map_err(broken)? == Next::Argv {
            if selected.replace(entries.db()) != Some(entries.db()) {
                encode_command(&mut out, &[b"SELECT", format_u64(entries.db() as u64).as_bytes()]);
            }
            let argv = entries.argv();
            let args: Vec<&[u8]> = (0..argv.len()).filter_map(|at| argv.get(at)).collect();
            encode_command(&mut out, &args);
        }
        if out.len() >= WRITE_BYTES {
            file.write_all(&out)?;
            total += out.len() as u64;
            out.clear();
            if !goes_on() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        piece.clear();
        while !cut.collect(&mut piece) {
            if cut.step(shards) == Progress::Done {
                file.write_all(&out)?;
                return Ok(total + out.len() as u64);
            }
        }
        if !wait_for(cut, shards, &mut keys, goes_on) {
            return Err(io::ErrorKind::Interrupted.into());
        }
    }
}

/// The file on its way out.
struct Output<'a> {
    file: &'a mut DiskFile,
    sum: Option<FileSum>,
    total: u64,
    unsynced: u64,
}

impl Output<'_> {
    fn write(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if let Some(sum) = &mut self.sum {
            sum.update(out);
        }
        self.file.write_all(out)?;
        self.total += out.len() as u64;
        self.unsynced += out.len() as u64;
        out.clear();
        Ok(())
    }

    fn sync_some(&mut self) -> io::Result<()> {
        if self.unsynced >= SYNC_BYTES {
            self.file.sync()?;
            self.unsynced = 0;
        }
        Ok(())
    }
}
