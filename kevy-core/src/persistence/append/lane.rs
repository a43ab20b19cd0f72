//! What each shard's files hold that is whole: where they end, and cutting them off there.

use std::fs::{self, File};
use std::io::{self, IoSlice, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;

use smallvec::SmallVec;

use crate::base::{Error, ErrorKind, Result, log_sink};
use crate::log::{Horizon, SharedMark, frame};
use crate::resp::ArgVec;

use super::manifest::{Part, Role};
use super::record::{self, Next, Records, unreadable};
use super::recover::Place;

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
pub struct Lane {
    pub files: Vec<PathBuf>,
    /// Frames that are whole.
    pub frames: u64,
    pub shared: Vec<SharedMark>,
    /// Where it ends too early, if it does.
    cut: Option<Cut>,
    end: (u64, u64),
}

/// Looks at all files of a run, and finds where they end whole.
pub fn scan_run(
    place: &Place<'_>,
    shards: usize,
    groups: &[Vec<&Part>],
    may_be_cut: bool,
) -> Result<Vec<Lane>> {
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

pub fn damaged(path: &Path, at: u64, why: &str) -> Error {
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
pub fn mark(args: &[&[u8]], first: u64) -> Option<Option<SharedMark>> {
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
pub fn cut_lane(
    place: &Place<'_>,
    lane: &Lane,
    shard: usize,
    shards: usize,
) -> Result<Option<(u64, PathBuf)>> {
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
pub fn set_aside(place: &Place<'_>, path: &Path, at: u64) -> Result<(u64, PathBuf)> {
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
pub fn ends(lanes: &[Lane], shards: usize) -> Option<Vec<End>> {
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
