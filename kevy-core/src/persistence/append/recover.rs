//! Reading the log back: the base, then what follows it, up to the last instant that is whole on every shard.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::Result;
use crate::io::Disk;
use crate::persistence::load::{self, LoadReport};
use crate::shard::{Shard, Shards};

use super::commands;
use super::lane::{End, cut_lane, ends, scan_run};
use super::manifest::{Manifest, Part, Role};
use super::record::{missing, unreadable};
use super::replay::Players;

/// Runs what the log holds.
pub trait Replay: Sync {
    /// A session of its own, with the first database selected.
    fn player(&self) -> Box<dyn Player + '_>;
}

/// One session that runs commands of the log.
pub trait Player {
    /// Runs a command on one shard that is held, whatever its keys.
    ///
    /// # Errors
    /// Why it cannot be run at all.
    fn run_on(&mut self, shard: &mut Shard, args: &[&[u8]]) -> std::result::Result<(), String>;

    /// Runs a command on the shards that own its keys. No token is held.
    ///
    /// # Errors
    /// As [`Player::run_on`].
    fn run(&mut self, args: &[&[u8]]) -> std::result::Result<(), String>;

    /// Whether a command is about whole databases and not about keys.
    fn is_general(&self, args: &[&[u8]]) -> bool;
}

/// How damage is met.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// `aof-load-truncated`
    pub truncated: bool,
    /// `aof-load-corrupt-tail-max-size`
    pub corrupt_tail_max: u64,
}

/// Where the log is, and how it is read.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub folder: &'a Path,
    pub name: &'a str,
    pub disk: &'a Disk,
    pub tolerance: Tolerance,
    /// Whether checksums of snapshots are looked at.
    pub check_sums: bool,
}

/// What was read back.
#[derive(Debug, Default)]
pub struct Recovered {
    pub manifest: Manifest,
    pub load: LoadReport,
    /// Commands that followed the base.
    pub commands: u64,
    /// Bytes that were cut off, and the files in which they are kept.
    pub cut_bytes: u64,
    pub cut_files: Vec<PathBuf>,
    pub bytes: u64,
    /// Where each shard's writer goes on in the files that are there; `None` where it cannot.
    pub ends: Option<Vec<End>>,
}

/// Reads the log into shards that are empty; `None` where there is none. The caller holds no token, and nothing is recorded
/// meanwhile. `progress` is told the bytes read and all bytes.
///
/// # Errors
/// [`ErrorKind::Corrupt`](crate::base::ErrorKind::Corrupt) names file and place; nothing has been changed on disk then.
pub fn recover(
    place: Place<'_>,
    shards: &Shards,
    replay: &dyn Replay,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Option<Recovered>> {
    let Some(manifest) = Manifest::read(place.folder, place.name)? else { return Ok(None) };
    let total = manifest.bytes(place.folder);
    let mut recovered = Recovered::default();
    let done = AtomicU64::new(0);
    let advance = |bytes: u64| {
        let before = done.fetch_add(bytes, Ordering::Relaxed);
        progress(before + bytes, total);
    };
    let runs = runs(&manifest);
    // Looked at before anything is applied: what follows may be refused.
    let mut lanes_of_runs = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        let is_last = at + 1 == runs.len();
        lanes_of_runs.push(match run {
            Run::Commands(_) => Vec::new(),
            Run::Records { shards, groups } => scan_run(&place, *shards, groups, is_last)?,
        });
    }
    if let Some(base) = manifest.base() {
        let is_all = runs.is_empty();
        let path = place.folder.join(&base.name);
        let cut = load_base(&place, &path, shards, replay, is_all, &mut recovered, &advance)?;
        recovered.note_cut(cut);
    }
    let mut last_transaction = 0;
    for (at, (run, lanes)) in runs.iter().zip(lanes_of_runs).enumerate() {
        let is_last = at + 1 == runs.len();
        match run {
            Run::Commands(part) => {
                let path = place.folder.join(&part.name);
                let (commands, cut) = commands::replay(&place, &path, 0, replay, is_last, &advance)?;
                recovered.commands += commands;
                recovered.note_cut(cut);
            }
            Run::Records { shards: count, .. } => {
                last_transaction = lanes
                    .iter()
                    .flat_map(|lane| lane.shared.last())
                    .map(|mark| mark.transaction)
                    .fold(last_transaction, u64::max);
                let players = Players { replay, advance: &advance };
                recovered.commands += if *count == shards.len() {
                    players.apply_lanes(shards, &lanes)?
                } else {
                    players.apply_merged(&lanes)?
                };
                for (shard, lane) in lanes.iter().enumerate() {
                    recovered.note_cut(cut_lane(&place, lane, shard, *count)?);
                }
                if is_last && *count == shards.len() {
                    recovered.ends = ends(&lanes, *count);
                }
            }
        }
    }
    shards.skip_transactions(last_transaction);
    recovered.load.bytes = done.into_inner();
    recovered.bytes = total.saturating_sub(recovered.cut_bytes);
    recovered.manifest = manifest;
    // Whatever was written since was not told of.
    if let Some((bytes, history)) = recovered.manifest.history.take()
        && bytes == total
    {
        recovered.load.history = history;
    }
    Ok(Some(recovered))
}

/// Reads a log of one file, a snapshot or commands or the one behind the other; `None` where there is none.
///
/// # Errors
/// As [`recover`].
pub fn recover_old(
    place: &Place<'_>,
    path: &Path,
    shards: &Shards,
    replay: &dyn Replay,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Option<Recovered>> {
    let Ok(total) = fs::metadata(path).map(|found| found.len()) else { return Ok(None) };
    let done = AtomicU64::new(0);
    let advance = |bytes: u64| progress(done.fetch_add(bytes, Ordering::Relaxed) + bytes, total);
    let mut recovered = Recovered::default();
    let cut = load_base(place, path, shards, replay, true, &mut recovered, &advance)?;
    recovered.note_cut(cut);
    recovered.load.bytes = done.into_inner();
    Ok(Some(recovered))
}

impl Recovered {
    fn note_cut(&mut self, cut: Option<(u64, PathBuf)>) {
        if let Some((bytes, file)) = cut {
            self.cut_bytes += bytes;
            self.cut_files.push(file);
        }
    }
}

/// Files that follow each other and are of one kind.
enum Run<'a> {
    Commands(&'a Part),
    /// Groups of one file for each shard.
    Records {
        shards: usize,
        groups: Vec<Vec<&'a Part>>,
    },
}

fn runs(manifest: &Manifest) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for part in manifest.increments() {
        match (part.role, runs.last_mut()) {
            (Role::Records { shards, .. }, Some(Run::Records { shards: same, groups }))
                if shards == *same =>
            {
                match groups.last_mut() {
                    Some(group) if group.first().is_some_and(|first| first.sequence == part.sequence) => {
                        group.push(part);
                    }
                    _ => groups.push(vec![part]),
                }
            }
            (Role::Records { shards, .. }, _) => runs.push(Run::Records { shards, groups: vec![vec![part]] }),
            _ => runs.push(Run::Commands(part)),
        }
    }
    runs
}

/// Reads the base: a snapshot, commands, or a snapshot with commands behind it.
fn load_base(
    place: &Place<'_>,
    path: &Path,
    shards: &Shards,
    replay: &dyn Replay,
    is_last: bool,
    recovered: &mut Recovered,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Option<(u64, PathBuf)>> {
    let mut start = 0;
    if is_snapshot(path)? {
        let before = AtomicU64::new(0);
        let progress = |read: u64, _: u64| {
            advance(read.saturating_sub(before.swap(read, Ordering::Relaxed)));
        };
        // What has expired stays for the commands that follow, which may give it more time.
        let loaded = load::load(shards, path, place.check_sums, 0, &progress)?;
        recovered.load = loaded.ok_or_else(|| missing(path))?;
        start = recovered.load.bytes;
        advance(start.saturating_sub(before.into_inner()));
    }
    let (commands, cut) = commands::replay(place, path, start, replay, is_last, advance)?;
    recovered.commands += commands;
    Ok(cut)
}

/// Whether a file begins as snapshots do.
fn is_snapshot(path: &Path) -> Result<bool> {
    let shown = unreadable(path);
    let mut file = File::open(path).map_err(&shown)?;
    let mut magic = Vec::new();
    (&mut file).take(6).read_to_end(&mut magic).map_err(&shown)?;
    Ok(magic.starts_with(b"REDIS") || magic == b"VALKEY")
}
