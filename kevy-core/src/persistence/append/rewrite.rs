//! Rewriting: a new base of one instant, and new files for what follows that instant.
//!
//! At every moment the manifest on disk names files from which everything can be read back. A log that goes on lists its new
//! files before anything is written to them, behind the old ones; only when the base is there do the old ones go.

use std::io::{self, IoSlice};
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::{Error, Result};
use crate::io::DiskFile;
use crate::persistence::save;
use crate::shard::Shard;

use super::control::{AppendLog, Phase, Settings};
use super::manifest::{Manifest, Part, Role};
use super::record;
use super::writer::Roll;

/// What a rewrite is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The log goes on, and has become too long.
    Continue,
    /// What was logged before does not count: a log begins with the new base.
    Fresh,
    /// There is no log; a base is asked for all the same.
    Detached,
}

/// The files of all shards that follow one instant.
#[derive(Debug)]
pub(super) struct Group {
    parts: Vec<Part>,
    pub paths: Vec<PathBuf>,
    pub rolls: Vec<Option<Roll>>,
}

impl AppendLog {
    /// Makes empty files for all shards.
    pub(super) fn make_group(&self, settings: &Settings, sequence: u64) -> io::Result<Group> {
        let shards = self.shards.len();
        let mut group = Group { parts: Vec::new(), paths: Vec::new(), rolls: Vec::new() };
        let made = (|| {
            for shard in 0..shards {
                let name = format!("{}.{sequence}.incr.{shard}.kevy", settings.name);
                let path = settings.folder.join(&name);
                self.disk.remove(&path)?;
                let mut file = self.disk.create(&path)?;
                group.paths.push(path);
                file.write_parts(&mut [IoSlice::new(&record::file_header(shard, shards))])?;
                file.sync()?;
                let twin = Arc::new(file.twin()?);
                group.rolls.push(Some(Roll { file, twin, len: Self::HEADER_BYTES, records: 0, from: 0 }));
                group.parts.push(Part { name, sequence, role: Role::Records { shard, shards } });
            }
            self.disk.sync_folder(&settings.folder.join(&settings.name))
        })();
        if let Err(error) = made {
            self.remove_all(&group.paths);
            return Err(error);
        }
        Ok(group)
    }

    /// Puts new files behind those that are there, and goes on in them.
    pub(super) fn append_group(&self) -> Result<()> {
        let settings = self.settings.lock().clone();
        let mut manifest = self.state.lock().manifest.clone();
        let appended = (|| {
            let mut group = self.make_group(&settings, manifest.next_sequence())?;
            manifest.parts.append(&mut group.parts);
            manifest.write(&self.disk, &settings.folder, &settings.name)?;
            Ok(group)
        })();
        let mut group =
            appended.map_err(|error| Error::io("cannot add files to the append-only log", &error))?;
        self.state.lock().manifest = manifest;
        for (shard, roll) in self.shards.take_all().iter_mut().zip(&mut group.rolls) {
            if let Some(roll) = roll.take() {
                self.give(shard, roll, true);
            }
        }
        Ok(())
    }

    /// Rewrites, and returns how many bytes the base has. The caller holds no token and has claimed the rewrite.
    pub(super) fn write_anew(&self, kind: Kind) -> Result<u64> {
        let settings = self.settings.lock().clone();
        let sequence = self.state.lock().take_sequence();
        let ending = if settings.preamble { "rdb" } else { "aof" };
        let base =
            Part { name: format!("{}.{sequence}.base.{ending}", settings.name), sequence, role: Role::Base };
        let temporary = settings.folder.join(format!("temp-{}.base", settings.name));
        let shown = |error: io::Error| Error::io(format!("cannot write {}", temporary.display()), &error);
        std::fs::create_dir_all(&settings.folder).map_err(shown)?;
        let mut file =
            self.disk.remove(&temporary).and_then(|()| self.disk.create(&temporary)).map_err(shown)?;
        let result = self.write_base(kind, &settings, (&mut file, &base), &temporary);
        if result.is_err() {
            // The failure that counts is the one being reported.
            let _ = self.disk.remove(&temporary);
        }
        result.map_err(shown)
    }

    fn write_base(
        &self,
        kind: Kind,
        settings: &Settings,
        (file, base): (&mut DiskFile, &Part),
        temporary: &std::path::Path,
    ) -> io::Result<u64> {
        let (before, mut replacements) = {
            let state = self.state.lock();
            (state.manifest.clone(), state.replacements)
        };
        let mut group = match kind {
            Kind::Detached => Group { parts: Vec::new(), paths: Vec::new(), rolls: Vec::new() },
            _ => self.make_group(settings, base.sequence)?,
        };
        if kind == Kind::Continue {
            let mut manifest = before.clone();
            manifest.parts.extend(group.parts.iter().cloned());
            // Where that fails the files may be named after a crash all the same, and are empty.
            manifest.write(&self.disk, &settings.folder, &settings.name)?;
            self.state.lock().manifest = manifest;
        }
        self.disk.pass("rewrite-cut");
        if kind == Kind::Fresh {
            self.set_phase(Phase::Starting);
            let earlier = std::mem::replace(&mut self.state.lock().unlisted, group.paths.clone());
            self.remove_all(&earlier);
        }
        let closed: u64 =
            self.lanes.iter().map(|lane| lane.size.load(std::sync::atomic::Ordering::Relaxed)).sum();
        let mut is_left = false;
        let note = |shard: &mut Shard| {
            // Keys are replaced while all shards are held, and so is the cut: each of them sees the same.
            let now = self.state.lock().replacements;
            if kind == Kind::Continue && now != replacements {
                is_left = true;
                return;
            }
            replacements = now;
            let roll = group.rolls.get_mut(shard.partition.index).and_then(Option::take);
            if let Some(roll) = roll {
                self.give(shard, roll, kind == Kind::Fresh);
            }
        };
        let goes_on = || self.goes_on();
        if settings.preamble {
            let about = (self.clock.now_ms(), true);
            save::write_snapshot(&self.shards, file, settings.style, about, note, &goes_on)?;
        } else {
            save::write_commands(&self.shards, file, note, &goes_on)?;
        }
        if is_left {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "the keys were replaced"));
        }
        if kind != Kind::Detached {
            self.state.lock().closed_bytes += closed;
        }
        self.disk.pass("rewrite-written");
        file.sync()?;
        let path = settings.folder.join(&base.name);
        self.disk.rename(temporary, &path)?;
        self.disk.pass("rewrite-renamed");
        let manifest = Manifest {
            parts: std::iter::once(base.clone()).chain(group.parts.iter().cloned()).collect(),
            history: None,
        };
        if let Err(error) = manifest.write(&self.disk, &settings.folder, &settings.name) {
            // Nothing names it.
            let _ = self.disk.remove(&path);
            return Err(error);
        }
        self.disk.pass("rewrite-listed");
        let bytes = std::fs::metadata(&path).map_or(0, |found| found.len());
        let mut gone = Vec::new();
        {
            let mut state = self.state.lock();
            let old = std::mem::replace(&mut state.manifest, manifest.clone());
            state.closed_bytes = bytes;
            state.base_bytes = bytes;
            let is_latest = state.replacements == replacements;
            state.unlisted.retain(|path| !group.paths.contains(path));
            if kind == Kind::Fresh && is_latest {
                gone.append(&mut state.unlisted);
                state.phase = Phase::On;
            }
            let left = old.parts.iter().filter(|part| !manifest.parts.contains(part));
            gone.extend(left.map(|part| settings.folder.join(&part.name)));
        }
        self.apply_policy();
        self.remove_all(&gone);
        self.disk.pass("rewrite-removed");
        Ok(bytes)
    }
}
