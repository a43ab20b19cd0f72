//! Reading the log back: the base, then what follows it, up to the last instant that is whole on every shard.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, IoSlice, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use smallvec::SmallVec;

use crate::base::{Error, ErrorKind, Result, log_sink};
use crate::io::Disk;
use crate::log::{Horizon, SharedMark, frame};
use crate::persistence::load::{self, LoadReport};
use crate::resp::ArgVec;
use crate::shard::{Shard, Shards};

use super::commands;
use super::manifest::{Manifest, Part, Role};
use super::record::{self, Next, Records, missing, unreadable};

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

/// The end of a shard's last file.
#[derive(Clone, Debug)]
pub struct End {
    pub path: PathBuf,
    pub len: u64,
    pub records: u64,
}

/// Where a shard's files are cut: in which of them, at which record, and how much of its payload stays.
#[derive(Clone, Debug)]
struct Cut {
    file: usize,
    at: u64,
    records: u64,
    kept: Option<Kept>,
}

/// The part of a record that stays.
#[derive(Clone, Debug)]
struct Kept {
    payload: Vec<u8>,
    frames: u32,
    shared: u32,
}

/// One shard's files of consecutive groups, as far as they are whole.
#[derive(Debug, Default)]
struct Lane {
    files: Vec<PathBuf>,
    /// Frames that are whole.
    frames: u64,
    shared: Vec<SharedMark>,
    /// Where it ends too early, if it does.
    cut: Option<Cut>,
    end: (u64, u64),
}

/// Reads the log into shards that are empty; `None` where there is none. The caller holds no token, and nothing is recorded
/// meanwhile. `progress` is told the bytes read and all bytes.
///
/// # Errors
/// [`ErrorKind::Corrupt`] names file and place; nothing has been changed on disk then.
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

/// Looks at all files of a run, and finds where they end whole.
fn scan_run(place: &Place<'_>, shards: usize, groups: &[Vec<&Part>], may_be_cut: bool) -> Result<Vec<Lane>> {
    let mut files = vec![Vec::new(); shards];
    for group in groups {
        let mut seen = vec![false; shards];
        for part in group {
            if let Role::Records { shard, .. } = part.role
                && let (Some(files), Some(seen)) = (files.get_mut(shard), seen.get_mut(shard))
            {
                files.push(place.folder.join(&part.name));
                *seen = true;
            }
        }
        if let Some(shard) = seen.iter().position(|seen| !seen) {
            let sequence = group.first().map_or(0, |part| part.sequence);
            let text = format!("the manifest names no file {sequence} of shard {shard}");
            return Err(Error::new(ErrorKind::Corrupt, text));
        }
    }
    let scanned: Vec<Result<Lane>> = thread::scope(|scope| {
        let workers: Vec<_> = files
            .into_iter()
            .enumerate()
            .map(|(shard, files)| scope.spawn(move || scan_lane(place, files, shard, shards)))
            .collect();
        let panicked = |_| Err(Error::new(ErrorKind::Panic, "reading the log panicked"));
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(panicked)).collect()
    });
    let mut lanes = scanned.into_iter().collect::<Result<Vec<Lane>>>()?;
    let torn = lanes.iter().find_map(|lane| lane.cut.as_ref().map(|cut| (lane, cut)));
    if let Some((lane, cut)) = torn
        && !(may_be_cut && place.tolerance.truncated)
    {
        let why = if may_be_cut { "aof-load-truncated is no" } else { "other files follow it" };
        return Err(damaged(lane.files.get(cut.file).map_or(place.folder, PathBuf::as_path), cut.at, why));
    }
    let ends: Vec<(u64, &[SharedMark])> = lanes.iter().map(|lane| (lane.frames, &lane.shared[..])).collect();
    let safe = Horizon::recoverable(&ends);
    for (shard, (lane, safe)) in lanes.iter_mut().zip(safe).enumerate() {
        if safe < lane.frames {
            if !may_be_cut {
                return Err(damaged(
                    place.folder,
                    0,
                    "it lacks part of a transaction, and other files follow it",
                ));
            }
            lane.cut = Some(find_cut(lane, shard, shards, safe)?);
            lane.shared.retain(|mark| mark.first < safe);
            lane.frames = safe;
        }
    }
    Ok(lanes)
}

fn damaged(path: &Path, at: u64, why: &str) -> Error {
    let text = format!(
        "Bad file format reading the append only file: {} is damaged at byte {at}: {why}",
        path.display()
    );
    Error::new(ErrorKind::Corrupt, text)
}

/// Looks at one shard's files.
fn scan_lane(place: &Place<'_>, files: Vec<PathBuf>, shard: usize, shards: usize) -> Result<Lane> {
    let mut lane = Lane { files, end: (record::FILE_HEADER_BYTES as u64, 0), ..Lane::default() };
    for (number, path) in lane.files.iter().enumerate() {
        let Some(mut records) = Records::open(path, shard, shards)? else {
            // A file that is not made up yet holds nothing, and neither does what follows it.
            if lane.cut.is_none() {
                lane.cut = Some(Cut { file: number, at: 0, records: 0, kept: None });
            }
            continue;
        };
        loop {
            match records.next().map_err(unreadable(path))? {
                Next::End => break,
                Next::Record(found) => {
                    if let Some(cut) = &lane.cut {
                        let torn = lane.files.get(cut.file).unwrap_or(path);
                        return Err(damaged(torn, cut.at, "other files follow it"));
                    }
                    if found.shared > 0 {
                        marks(records.payload(), lane.frames, &mut lane.shared)
                            .ok_or_else(|| damaged(path, found.at, "its record holds no frames"))?;
                    }
                    lane.frames += u64::from(found.frames);
                }
                Next::Damage => {
                    let (at, len, count) = records.position();
                    let goes_on = records.goes_on_behind_damage().map_err(unreadable(path))?;
                    if goes_on && len - at > place.tolerance.corrupt_tail_max {
                        return Err(damaged(path, at, "whole records follow, so it is no torn end"));
                    }
                    lane.cut.get_or_insert(Cut { file: number, at, records: count, kept: None });
                    break;
                }
            }
        }
        let (at, _, count) = records.position();
        lane.end = (at, count);
    }
    Ok(lane)
}

/// Adds the transactions over several shards that a payload holds, whose first frame has the number `first`.
fn marks(payload: &[u8], first: u64, into: &mut Vec<SharedMark>) -> Option<()> {
    let (mut at, mut number) = (0, first);
    let mut args = ArgVec::new();
    while at < payload.len() {
        args.clear();
        let len = frame::measure(&payload[at..], &mut args)?;
        if let Some(mark) = mark(&args, number)? {
            into.push(mark);
        }
        at += len;
        number += 1;
    }
    Some(())
}

/// What a frame says of a transaction over several shards.
fn mark(args: &[&[u8]], first: u64) -> Option<Option<SharedMark>> {
    let [b"MULTI", transaction, shards @ ..] = args else { return Some(None) };
    let number = |arg: &[u8]| crate::base::number::parse_u64(arg);
    let transaction = number(transaction)?;
    let shards: Option<SmallVec<[usize; 4]>> =
        shards.iter().map(|shard| number(shard).and_then(|shard| usize::try_from(shard).ok())).collect();
    Some(Some(SharedMark { first, transaction, shards: shards? }))
}

/// Where the frame with the number `safe` is.
fn find_cut(lane: &Lane, shard: usize, shards: usize, safe: u64) -> Result<Cut> {
    let mut frames = 0;
    for (number, path) in lane.files.iter().enumerate() {
        let Some(mut records) = Records::open(path, shard, shards)? else { continue };
        while let Next::Record(found) = records.next().map_err(unreadable(path))? {
            let next = frames + u64::from(found.frames);
            if next <= safe {
                frames = next;
                continue;
            }
            let (_, _, count) = records.position();
            let kept = (safe > frames).then(|| keep(records.payload(), safe - frames));
            return Ok(Cut { file: number, at: found.at, records: count - 1, kept });
        }
    }
    Err(damaged(
        lane.files.last().map_or(Path::new(""), PathBuf::as_path),
        0,
        "its records are not as they were",
    ))
}

/// The first `frames` frames of a payload.
fn keep(payload: &[u8], frames: u64) -> Kept {
    let (mut at, mut count, mut shared) = (0, 0, 0);
    let mut args = ArgVec::new();
    while u64::from(count) < frames {
        args.clear();
        let Some(len) = payload.get(at..).and_then(|rest| frame::measure(rest, &mut args)) else { break };
        shared += u32::from(matches!(mark(&args, 0), Some(Some(_))));
        at += len;
        count += 1;
    }
    Kept { payload: payload[..at].to_vec(), frames: count, shared }
}

/// Cuts a shard's files off where they end whole, and keeps what was cut in a file beside them.
fn cut_lane(place: &Place<'_>, lane: &Lane, shard: usize, shards: usize) -> Result<Option<(u64, PathBuf)>> {
    let Some(cut) = &lane.cut else { return Ok(None) };
    let mut total = 0;
    let mut aside = None;
    for (number, path) in lane.files.iter().enumerate().skip(cut.file) {
        let at = if number == cut.file { cut.at } else { record::FILE_HEADER_BYTES as u64 };
        let shown = unreadable(path);
        let len = fs::metadata(path).map_err(&shown)?.len();
        if len > at {
            let (bytes, file) = set_aside(place, path, at)?;
            total += bytes;
            aside = Some(file);
        }
        let mut file = place.disk.open(path, at.min(len)).map_err(&shown)?;
        if at < record::FILE_HEADER_BYTES as u64 || len < record::FILE_HEADER_BYTES as u64 {
            file.truncate(0).map_err(&shown)?;
            file.write_parts(&mut [IoSlice::new(&record::file_header(shard, shards))]).map_err(&shown)?;
        }
        if let Some(Kept { payload, frames, shared }) = cut.kept.as_ref().filter(|_| number == cut.file) {
            let header = record::record_header(payload, cut.records, *frames, *shared);
            file.write_parts(&mut record::slices(&header, payload)).map_err(&shown)?;
        }
        file.sync().map_err(&shown)?;
    }
    Ok(aside.map(|aside| (total, aside)))
}

/// Copies what a file holds from `at` on to a file of its own, whose name tells of it.
pub(super) fn set_aside(place: &Place<'_>, path: &Path, at: u64) -> Result<(u64, PathBuf)> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut number = 1;
    let (aside, mut target) = loop {
        let aside = path.with_file_name(format!("{name}.cut-{number}"));
        match place.disk.create(&aside) {
            Ok(file) => break (aside, file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(Error::io(format!("cannot make {}", aside.display()), &error)),
        }
    };
    let copied = (|| {
        let mut source = File::open(path)?;
        source.seek(SeekFrom::Start(at))?;
        let bytes = io::copy(&mut source, &mut target)?;
        target.sync()?;
        place.disk.sync_folder(&aside)?;
        Ok(bytes)
    })();
    let bytes = copied.map_err(|error| Error::io(format!("cannot write {}", aside.display()), &error))?;
    log_sink::warning(format_args!(
        "{} was cut at byte {at}: {bytes} bytes that make no whole transaction are in {}",
        path.display(),
        aside.display()
    ));
    Ok((bytes, aside))
}

/// Where the writers go on.
fn ends(lanes: &[Lane], shards: usize) -> Option<Vec<End>> {
    let end = |(shard, lane): (usize, &Lane)| {
        let path = lane.files.last()?.clone();
        let mut records = Records::open(&path, shard, shards).ok()??;
        let (len, count) = match lane.cut {
            None => lane.end,
            // The last file is not what it was when it was looked at.
            Some(_) => {
                while let Next::Record(_) = records.next().ok()? {}
                let (at, _, count) = records.position();
                (at, count)
            }
        };
        Some(End { path, len, records: count })
    };
    lanes.iter().enumerate().map(end).collect()
}

/// Applies records.
struct Players<'a> {
    replay: &'a dyn Replay,
    advance: &'a (dyn Fn(u64) + Sync),
}

impl Players<'_> {
    /// Applies what each shard wrote to that shard, all at the same time. How many commands there were.
    fn apply_lanes(&self, shards: &Shards, lanes: &[Lane]) -> Result<u64> {
        let count = lanes.len();
        let applied: Vec<Result<u64>> = thread::scope(|scope| {
            let workers: Vec<_> = lanes
                .iter()
                .enumerate()
                .map(|(shard, lane)| scope.spawn(move || self.apply_lane(shards, shard, count, lane)))
                .collect();
            let panicked = |_| Err(Error::new(ErrorKind::Panic, "a command of the log panicked"));
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(panicked)).collect()
        });
        applied.into_iter().sum()
    }

    fn apply_lane(&self, shards: &Shards, shard: usize, count: usize, lane: &Lane) -> Result<u64> {
        let mut player = self.replay.player();
        let mut frames = Frames::new(lane, shard, count);
        let mut commands = 0;
        while frames.next_record(self.advance)? {
            let mut held = shards.take(shard);
            while let Some(args) = frames.next_frame()? {
                if !is_mark(&args) {
                    player.run_on(&mut held, &args).map_err(|why| frames.refused(&why))?;
                    commands += 1;
                }
            }
            held.partition.keyspace.free_some(usize::MAX);
        }
        Ok(commands)
    }

    /// Applies what another number of shards wrote: each command where its keys are now, a transaction over several of
    /// them once all have come to it.
    fn apply_merged(&self, lanes: &[Lane]) -> Result<u64> {
        let mut sources: Vec<Source<'_>> = lanes
            .iter()
            .enumerate()
            .map(|(shard, lane)| Source {
                frames: Frames::new(lane, shard, lanes.len()),
                player: self.replay.player(),
                at: At::Record,
            })
            .collect();
        let mut commands = 0;
        loop {
            let mut moved = false;
            for source in &mut sources {
                moved |= source.go_on(self.advance, &mut commands)?;
            }
            let ready = sources.iter().find_map(|source| {
                let At::Shared(mark) = &source.at else { return None };
                let is_there = |shard: &usize| {
                    sources.get(*shard).is_some_and(|other| {
                        matches!(&other.at, At::Shared(theirs) if theirs.transaction == mark.transaction)
                    })
                };
                mark.shards.iter().all(is_there).then(|| mark.clone())
            });
            if let Some(mark) = ready {
                run_shared(&mut sources, &mark, &mut commands)?;
                moved = true;
            }
            if !moved {
                break;
            }
        }
        match sources.iter().find(|source| !matches!(source.at, At::End)) {
            None => Ok(commands),
            Some(source) => Err(source.frames.refused("its transaction lacks parts")),
        }
    }
}

fn is_mark(args: &[&[u8]]) -> bool {
    matches!(args, [b"MULTI", ..] | [b"EXEC"])
}

/// Where a shard's log stands while it is merged with the others'.
enum At {
    /// Another record has to be read.
    Record,
    /// Between two frames.
    Frame,
    /// Before the first command of a transaction over several shards.
    Shared(SharedMark),
    End,
}

struct Source<'a> {
    frames: Frames<'a>,
    player: Box<dyn Player + 'a>,
    at: At,
}

impl Source<'_> {
    /// Runs commands up to the next transaction over several shards. Whether there were any.
    fn go_on(&mut self, advance: &(dyn Fn(u64) + Sync), commands: &mut u64) -> Result<bool> {
        let mut moved = false;
        loop {
            match self.at {
                At::End | At::Shared(_) => return Ok(moved),
                At::Record => {
                    self.at = if self.frames.next_record(advance)? { At::Frame } else { At::End };
                    moved = true;
                }
                At::Frame => match self.frames.next_frame()? {
                    None => self.at = At::Record,
                    Some(args) => {
                        moved = true;
                        match mark(&args, 0) {
                            Some(Some(mark)) => self.at = At::Shared(mark),
                            _ if is_mark(&args) => {}
                            _ => {
                                self.player.run(&args).map_err(|why| self.frames.refused(&why))?;
                                *commands += 1;
                            }
                        }
                    }
                },
            }
        }
    }
}

/// Runs a transaction that all its shards have come to. What is about whole databases is in every part, and happens once,
/// when all parts have come to it.
fn run_shared(sources: &mut [Source<'_>], mark: &SharedMark, commands: &mut u64) -> Result<()> {
    let mut open: Vec<usize> = mark.shards.to_vec();
    while !open.is_empty() {
        let mut general: Option<Vec<Vec<u8>>> = None;
        let mut still = Vec::new();
        for &shard in &open {
            let Some(source) = sources.get_mut(shard) else { continue };
            loop {
                let Some(args) = source.frames.next_frame()? else {
                    return Err(source.frames.refused("a transaction ends before its record does"));
                };
                if matches!(args[..], [b"EXEC"]) {
                    source.at = At::Frame;
                    break;
                }
                if source.player.is_general(&args) {
                    if general.is_none() {
                        let owned = args.iter().map(|arg| arg.to_vec()).collect();
                        source.player.run(&args).map_err(|why| source.frames.refused(&why))?;
                        *commands += 1;
                        general = Some(owned);
                    }
                    still.push(shard);
                    break;
                }
                source.player.run(&args).map_err(|why| source.frames.refused(&why))?;
                *commands += 1;
            }
        }
        open = still;
    }
    Ok(())
}

/// The frames of one shard's files, up to where they are cut.
struct Frames<'a> {
    lane: &'a Lane,
    shard: usize,
    shards: usize,
    file: usize,
    records: Option<Records>,
    /// Where the next frame is in the record, and how many there are still, in all files. Cells, because frames are
    /// borrowed while one goes on.
    at: Cell<usize>,
    left: Cell<u64>,
}

impl<'a> Frames<'a> {
    fn new(lane: &'a Lane, shard: usize, shards: usize) -> Self {
        Self { lane, shard, shards, file: 0, records: None, at: Cell::new(0), left: Cell::new(lane.frames) }
    }

    /// Goes on to the next record; false at the end.
    fn next_record(&mut self, advance: &(dyn Fn(u64) + Sync)) -> Result<bool> {
        if self.left.get() == 0 {
            return Ok(false);
        }
        loop {
            if self.records.is_none() {
                let Some(path) = self.lane.files.get(self.file) else { return Ok(false) };
                self.records = Records::open(path, self.shard, self.shards)?;
                self.file += 1;
            }
            let Some(records) = &mut self.records else { continue };
            let before = records.position().0;
            let path = records.path().to_owned();
            match records.next().map_err(unreadable(&path))? {
                Next::Record(_) => {
                    advance(records.position().0 - before);
                    self.at.set(0);
                    return Ok(true);
                }
                Next::End | Next::Damage => self.records = None,
            }
        }
    }

    /// The next frame of the record.
    fn next_frame(&self) -> Result<Option<ArgVec<'_>>> {
        let Some(records) = &self.records else { return Ok(None) };
        let rest = records.payload().get(self.at.get()..).unwrap_or_default();
        if self.left.get() == 0 || rest.is_empty() {
            return Ok(None);
        }
        let mut args = ArgVec::new();
        let Some(len) = frame::measure(rest, &mut args) else {
            return Err(damaged(records.path(), records.position().0, "its record holds no frames"));
        };
        self.at.set(self.at.get() + len);
        self.left.set(self.left.get() - 1);
        Ok(Some(args))
    }

    fn refused(&self, why: &str) -> Error {
        let path = self.lane.files.get(self.file.saturating_sub(1)).map_or(Path::new(""), PathBuf::as_path);
        damaged(path, self.records.as_ref().map_or(0, |records| records.position().0), why)
    }
}
