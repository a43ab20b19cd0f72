//! Writing an RDB file of all shards.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use crate::base::number::format_u64;
use crate::shard::{Cut, Progress, Shards};
use crate::snapshot::Format;
use crate::snapshot::write::{self, FileSum};

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

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written {
    pub bytes: u64,
    /// Changes ever made to all shards, up to the cut.
    pub changes: u64,
}

/// Writes every shard, as it is now, to `path`. What was there stays until all is written and synced. The caller holds no
/// token.
pub fn save(shards: &Shards, path: &Path, style: Style, now: u64) -> io::Result<Written> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = folder.join(format!("temp-{}.{:08x}.rdb", std::process::id(), fastrand::u32(..)));
    let result = write_all(shards, &temporary, style, now).and_then(|written| {
        fs::rename(&temporary, path)?;
        // The name is on disk once the directory is.
        File::open(folder)?.sync_all()?;
        Ok(written)
    });
    if result.is_err() {
        // The failure that counts is the one being reported.
        let _ = fs::remove_file(&temporary);
    }
    result
}

fn write_all(shards: &Shards, path: &Path, style: Style, now: u64) -> io::Result<Written> {
    let mut file = File::create_new(path)?;
    let members: Vec<usize> = (0..shards.len()).collect();
    let mut changes = 0;
    let mut sizes: Vec<(usize, usize)> = Vec::new();
    let mut cut = Cut::begin(shards, &members, usize::MAX, style.format, |shard| {
        changes += shard.partition.effects.changes();
        let keyspace = &shard.partition.keyspace;
        sizes.resize(sizes.len().max(keyspace.databases_used()), (0, 0));
        for (db, size) in sizes.iter_mut().enumerate() {
            *size = (size.0 + keyspace.len(db), size.1 + keyspace.expires_len(db));
        }
    });
    let written = write_cut(&mut file, &mut cut, shards, style, (now, &sizes));
    cut.cancel(shards);
    let bytes = written?;
    file.sync_all()?;
    Ok(Written { bytes, changes })
}

/// Writes what the walks deliver, and returns how many bytes that took.
fn write_cut(
    file: &mut File,
    cut: &mut Cut,
    shards: &Shards,
    style: Style,
    (now, sizes): (u64, &[(usize, usize)]),
) -> io::Result<u64> {
    let mut output = Output { file, sum: style.checksum.then(FileSum::default), total: 0, unsynced: 0 };
    let mut out = Vec::with_capacity(WRITE_BYTES * 2);
    let created = format_u64(now / 1000);
    let fields: [(&[u8], &[u8]); 4] = [
        (b"kevy-ver", env!("CARGO_PKG_VERSION").as_bytes()),
        (b"redis-bits", b"64"),
        (b"ctime", created.as_bytes()),
        (b"aof-base", b"0"),
    ];
    write::begin(&mut out, &fields);
    for (db, (keys, expiring)) in sizes.iter().enumerate().filter(|(_, size)| size.0 > 0) {
        write::sizes(&mut out, db, *keys as u64, *expiring as u64);
    }
    let mut piece = Vec::new();
    loop {
        piece.clear();
        if cut.collect(&mut piece) {
            out.extend_from_slice(&piece);
        } else if cut.step(shards) == Progress::Done {
            break;
        }
        if out.len() >= WRITE_BYTES {
            output.write(&mut out)?;
            if style.sync_often {
                output.sync_some()?;
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

/// The file on its way out.
struct Output<'a> {
    file: &'a mut File,
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
            self.file.sync_data()?;
            self.unsynced = 0;
        }
        Ok(())
    }
}
