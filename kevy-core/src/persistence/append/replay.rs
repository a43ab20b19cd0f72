//! Running what the files of shards hold, on as many shards as there are now.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::thread;

use crate::base::{Error, ErrorKind, Result};
use crate::log::{SharedMark, frame};
use crate::resp::ArgVec;
use crate::shard::Shards;

use super::lane::{Lane, damaged, mark};
use super::record::{Next, Records, unreadable};
use super::recover::{Player, Replay};

/// Applies records.
pub struct Players<'a> {
    pub replay: &'a dyn Replay,
    pub advance: &'a (dyn Fn(u64) + Sync),
}

impl Players<'_> {
    /// Applies what each shard wrote to that shard, all at the same time. How many commands there were.
    pub fn apply_lanes(&self, shards: &Shards, lanes: &[Lane]) -> Result<u64> {
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
    pub fn apply_merged(&self, lanes: &[Lane]) -> Result<u64> {
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
