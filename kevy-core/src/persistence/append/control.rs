//! The log as a whole: begun, followed through changes of options, rewritten when it has grown, ended.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::base::options::{AppendFsync, Options};
use crate::base::{Clock, Error, ErrorKind, Result, log_sink};
use crate::io::Disk;
use crate::persistence::save::Style;
use crate::shard::Shards;

use super::lane::End;
use super::manifest::Manifest;
use super::record;
use super::recover::{self, Place, Recovered, Replay, Tolerance};
use super::rewrite::{Group, Kind};
use super::writer::{Common, Lane, Policy, Roll};

/// The options that concern the log.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub enabled: bool,
    /// The directory of the files, and what their names begin with.
    pub folder: PathBuf,
    pub name: String,
    pub style: Style,
    pub preamble: bool,
    fsync: AppendFsync,
    rests_on_rewrite: bool,
    growth_percent: u64,
    growth_min: u64,
    tolerance: Tolerance,
    check_sums: bool,
}

impl Settings {
    fn of(options: &Options) -> Self {
        Self {
            enabled: options.appendonly,
            folder: PathBuf::from(&options.dir.0).join(&options.appenddirname.0),
            name: options.appendfilename.0.clone(),
            style: Style::of(options, options.aof_rewrite_incremental_fsync),
            preamble: options.aof_use_rdb_preamble,
            fsync: options.appendfsync,
            rests_on_rewrite: options.no_appendfsync_on_rewrite,
            growth_percent: options.auto_aof_rewrite_percentage.into(),
            growth_min: options.auto_aof_rewrite_min_size,
            tolerance: Tolerance {
                truncated: options.aof_load_truncated,
                corrupt_tail_max: options.aof_load_corrupt_tail_max_size,
            },
            check_sums: options.rdbchecksum,
        }
    }
}

/// How far the log has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Phase {
    #[default]
    Off,
    /// Effects are written, and the base that they follow is not there yet.
    Starting,
    On,
}

/// What is known of the log.
#[derive(Debug, Default)]
pub(super) struct State {
    pub phase: Phase,
    pub manifest: Manifest,
    /// The rewrite under way began then.
    pub began: Option<Instant>,
    /// One is to follow, of this kind.
    pub scheduled: Option<Kind>,
    /// The number that was given to files last.
    pub last_sequence: u64,
    /// The files that are written, while the base is not there.
    pub unlisted: Vec<PathBuf>,
    /// The files that follow once the keys are replaced; see [`AppendLog::prepare_replacement`].
    pub prepared: Option<Group>,
    /// How often the keys were replaced by others than the log told.
    pub replacements: u64,
    /// The keys are not whole, so that no base can be made of them.
    pub held: bool,
    /// Bytes of the files before those that are written now, and of all when the last rewrite ended.
    pub closed_bytes: u64,
    pub base_bytes: u64,
    rewrites: u64,
    failures: u64,
    failure: Option<String>,
    retry_at: Option<Instant>,
    took: Option<Duration>,
}

/// The log of one runtime.
#[derive(Debug)]
pub struct AppendLog {
    pub(super) shards: Arc<Shards>,
    pub(super) disk: Disk,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) common: Arc<Common>,
    pub(super) lanes: Vec<Arc<Lane>>,
    pub(super) settings: Mutex<Settings>,
    pub(super) state: Mutex<State>,
    /// A rewrite has ended.
    changed: Condvar,
    /// Held while the log is switched on or off.
    switching: Mutex<()>,
    stopping: AtomicBool,
    writers: Mutex<Vec<JoinHandle<()>>>,
    controller: Mutex<Option<JoinHandle<()>>>,
}

/// How often the log is synced, where it is synced once a second.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// How long after a failed rewrite the next is tried, at the least and at the most.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

impl AppendLog {
    /// A log that is not begun.
    pub fn new(common: Arc<Common>, disk: Disk, options: &Options, clock: Arc<dyn Clock>) -> Self {
        let shards = common.shards.clone();
        Self {
            lanes: (0..shards.len()).map(|shard| Arc::new(Lane::new(shard, common.clone()))).collect(),
            shards,
            disk,
            clock,
            common,
            settings: Mutex::new(Settings::of(options)),
            state: Mutex::default(),
            changed: Condvar::new(),
            switching: Mutex::new(()),
            stopping: AtomicBool::new(false),
            writers: Mutex::default(),
            controller: Mutex::new(None),
        }
    }

    /// Whether the options ask for the log.
    pub fn is_enabled(&self) -> bool {
        self.settings.lock().enabled
    }

    /// Whether what is recorded is on its way to disk, behind a base.
    pub fn is_on(&self) -> bool {
        self.state.lock().phase == Phase::On
    }

    /// Reads the log into shards that are empty; `None` where there is none.
    ///
    /// # Errors
    /// As [`recover::recover`].
    pub fn recover(
        &self,
        replay: &dyn Replay,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Option<Recovered>> {
        let Settings { folder, name, tolerance, check_sums, .. } = self.settings.lock().clone();
        let place = Place { folder: &folder, name: &name, disk: &self.disk, tolerance, check_sums };
        recover::recover(place, &self.shards, replay, progress)
    }

    /// Reads a log of one file, as Redis kept it before version 7; false where there is none.
    ///
    /// # Errors
    /// As [`recover::recover`].
    pub fn recover_old(
        &self,
        path: &Path,
        replay: &dyn Replay,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Option<Recovered>> {
        let Settings { folder, name, tolerance, check_sums, .. } = self.settings.lock().clone();
        let place = Place { folder: &folder, name: &name, disk: &self.disk, tolerance, check_sums };
        recover::recover_old(&place, path, &self.shards, replay, progress)
    }

    /// Begins to log, behind what was read back, if anything was.
    ///
    /// # Errors
    /// Where the files cannot be made.
    pub fn start(self: &Arc<Self>, recovered: Option<&Recovered>) -> Result<()> {
        let Settings { folder, name, .. } = self.settings.lock().clone();
        std::fs::create_dir_all(&folder)
            .and_then(|()| self.disk.sync_folder(&folder))
            .map_err(|error| Error::io(format!("cannot make the directory {}", folder.display()), &error))?;
        self.spawn()?;
        let Some(recovered) = recovered else {
            return self.rewrite(Kind::Fresh);
        };
        {
            let mut state = self.state.lock();
            state.manifest = recovered.manifest.clone();
            state.base_bytes = recovered.bytes;
            state.closed_bytes = recovered.bytes;
        }
        self.remove_strays(&folder, &name);
        match &recovered.ends {
            Some(ends) => self.go_on(ends)?,
            None => {
                self.append_group()?;
                self.state.lock().scheduled = Some(Kind::Continue);
            }
        }
        self.set_phase(Phase::On);
        self.common.kick();
        Ok(())
    }

    /// Goes on in the files that are there.
    fn go_on(&self, ends: &[End]) -> Result<()> {
        let mut rolls = Vec::new();
        for End { path, len, records } in ends {
            let open = self.disk.open(path, *len).and_then(|file| Ok((Arc::new(file.twin()?), file)));
            let (twin, file) =
                open.map_err(|error| Error::io(format!("cannot open {}", path.display()), &error))?;
            rolls.push(Roll { file, twin, len: *len, records: *records, from: 0 });
        }
        let written: u64 = ends.iter().map(|end| end.len).sum();
        {
            let mut state = self.state.lock();
            state.closed_bytes = state.closed_bytes.saturating_sub(written);
        }
        for (shard, roll) in self.shards.take_all().iter_mut().zip(rolls) {
            self.give(shard, roll, true);
        }
        Ok(())
    }

    /// Gives a shard, which is held, another file. With `begins` nothing before it counts.
    pub(super) fn give(&self, shard: &mut crate::shard::Shard, roll: Roll, begins: bool) {
        let index = shard.partition.index;
        let from = shard.begin_log(Some(self.common.crowded()));
        if begins {
            self.common.horizon.begin(index, from);
        }
        if let Some(lane) = self.lanes.get(index) {
            lane.roll(Roll { from, ..roll });
        }
    }

    /// Starts the threads.
    fn spawn(self: &Arc<Self>) -> Result<()> {
        let failed = |error: &std::io::Error| Error::io("cannot start a thread of the log", error);
        let mut writers = self.writers.lock();
        if writers.is_empty() {
            for (shard, lane) in self.lanes.iter().enumerate() {
                let lane = lane.clone();
                lane.open();
                let thread =
                    thread::Builder::new().name(format!("kevy-log-{shard}")).spawn(move || lane.run());
                writers.push(thread.map_err(|error| failed(&error))?);
            }
        }
        drop(writers);
        let mut controller = self.controller.lock();
        if controller.is_none() {
            let this = self.clone();
            let thread = thread::Builder::new().name("kevy-log".into()).spawn(move || this.control());
            *controller = Some(thread.map_err(|error| failed(&error))?);
        }
        Ok(())
    }

    pub(super) fn set_phase(&self, phase: Phase) {
        self.state.lock().phase = phase;
        self.apply_policy();
    }

    /// Lets writers and replies know how the log is synced now.
    pub(super) fn apply_policy(&self) {
        let policy = match self.settings.lock().fsync {
            AppendFsync::Always => Policy::Always,
            AppendFsync::EverySecond => Policy::EverySecond,
            AppendFsync::No => Policy::No,
        };
        self.common.set_policy(policy);
        let is_on = self.state.lock().phase == Phase::On;
        self.common.horizon.set_strict(is_on && policy == Policy::Always);
    }

    /// Takes options that may have changed. The caller may hold tokens.
    pub fn follow(self: &Arc<Self>, options: &Options) {
        let settings = Settings::of(options);
        let enabled = settings.enabled;
        let was_enabled = std::mem::replace(&mut *self.settings.lock(), settings).enabled;
        self.apply_policy();
        if enabled == was_enabled {
            self.common.kick();
            return;
        }
        let mut state = self.state.lock();
        // Said at once, so that whoever asks finds it under way.
        state.scheduled = if enabled { Some(Kind::Fresh) } else { None };
        state.retry_at = None;
        drop(state);
        let this = self.clone();
        let change = move || {
            if enabled {
                this.switch_on();
            } else {
                this.switch_off();
            }
        };
        if let Err(error) = thread::Builder::new().name("kevy-log".into()).spawn(change) {
            log_sink::error(format_args!("cannot start a thread of the log: {error}"));
        }
    }

    fn switch_on(self: &Arc<Self>) {
        let _switching = self.switching.lock();
        if !self.is_enabled() || self.state.lock().phase != Phase::Off {
            return;
        }
        let folder = self.settings.lock().folder.clone();
        if let Err(error) = std::fs::create_dir_all(&folder).and_then(|()| self.disk.sync_folder(&folder)) {
            log_sink::error(format_args!("cannot make the directory {}: {error}", folder.display()));
        }
        let manifest = {
            let settings = self.settings.lock();
            Manifest::read(&settings.folder, &settings.name)
        };
        // What an earlier log has left is replaced by the new base.
        self.state.lock().manifest = manifest.unwrap_or_default().unwrap_or_default();
        match self.spawn() {
            Ok(()) => self.common.kick(),
            Err(error) => log_sink::error(format_args!("{error}")),
        }
    }

    fn switch_off(&self) {
        let _switching = self.switching.lock();
        if self.is_enabled() {
            return;
        }
        self.wait_for_rewrite();
        self.end_lanes();
        self.set_phase(Phase::Off);
        for mut shard in self.shards.take_all() {
            shard.end_log();
        }
        let unlisted = std::mem::take(&mut self.state.lock().unlisted);
        self.remove_all(&unlisted);
        log_sink::info(format_args!("the append-only log is off"));
    }

    /// Lets the writers end with everything written.
    fn end_lanes(&self) {
        self.lanes.iter().for_each(|lane| lane.stop());
        for writer in self.writers.lock().drain(..) {
            // A panic there has been reported by its hook.
            let _ = writer.join();
        }
    }

    /// Waits for a rewrite that is under way.
    fn wait_for_rewrite(&self) {
        let mut state = self.state.lock();
        while state.began.is_some() {
            self.changed.wait(&mut state);
        }
    }

    /// Whether a rewrite may go on.
    pub(super) fn goes_on(&self) -> bool {
        !self.stopping.load(Ordering::Acquire) && (self.is_enabled() || self.state.lock().phase == Phase::Off)
    }

    /// Ends the log: what is recorded is written and synced. Does nothing when called again.
    ///
    /// # Errors
    /// Why not everything could be written.
    pub fn stop(&self) -> Result<()> {
        self.stopping.store(true, Ordering::Release);
        self.common.kick();
        if let Some(controller) = self.controller.lock().take() {
            // A panic there has been reported by its hook.
            let _ = controller.join();
        }
        self.wait_for_rewrite();
        self.end_lanes();
        match self.common.failure() {
            Some(why) if self.is_on() => {
                Err(Error::new(ErrorKind::Io, format!("not all of the append-only log is written: {why}")))
            }
            _ => {
                self.note_history();
                Ok(())
            }
        }
    }

    /// Writes down where in which histories the keys of the log are, for whoever reads it next.
    fn note_history(&self) {
        let history = self.shards.history_now();
        let mut manifest = self.state.lock().manifest.clone();
        if !self.is_on() || history.is_empty() || manifest.parts.is_empty() {
            return;
        }
        let Settings { folder, name, .. } = self.settings.lock().clone();
        manifest.history = Some((manifest.bytes(&folder), history));
        if let Err(error) = manifest.write(&self.disk, &folder, &name) {
            log_sink::warning(format_args!("replicas have to fetch a whole copy after a restart: {error}"));
        }
    }

    /// Makes sure soon that everything recorded is on disk.
    pub fn hurry(&self) {
        self.common.kick();
    }

    /// Waits until everything recorded so far is on disk, behind a base, or the log is switched off.
    ///
    /// # Errors
    /// Why it is not.
    pub fn flush(&self) -> Result<()> {
        // One that is just being switched on has no base yet.
        while self.goes_on() && self.is_enabled() && !self.is_on() {
            let state = self.state.lock();
            if let Some(why) = state.failure.as_ref().filter(|_| state.retry_at.is_some()) {
                return Err(Error::new(ErrorKind::Io, why.clone()));
            }
            drop(state);
            thread::sleep(Duration::from_millis(1));
        }
        let goal = self.common.horizon.goal();
        while self.is_on() && !self.common.horizon.has_reached(&goal) {
            if let Some(why) = self.common.failure() {
                return Err(Error::new(ErrorKind::Io, why));
            }
            self.lanes.iter().for_each(|lane| lane.ring());
            self.common.kick();
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Why writes are refused.
    pub fn failure(&self) -> Option<String> {
        self.common.failure()
    }

    /// Begins a rewrite, or lets one follow what is under way. The reply to whoever asked.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] where one is under way.
    pub fn begin_rewrite(self: &Arc<Self>, wait: bool) -> Result<&'static str> {
        let mut state = self.state.lock();
        if state.began.is_some() || state.held {
            let text = "Background append only file rewriting already in progress";
            return Err(Error::new(ErrorKind::Busy, text));
        }
        let kind = match state.phase {
            Phase::On => Kind::Continue,
            Phase::Starting => Kind::Fresh,
            Phase::Off => Kind::Detached,
        };
        if wait {
            state.scheduled = Some(kind);
            return Ok("Background append only file rewriting scheduled");
        }
        state.began = Some(Instant::now());
        drop(state);
        self.spawn_rewrite(kind)?;
        Ok("Background append only file rewriting started")
    }

    /// Keeps rewrites from beginning while the keys are not whole, after the one that is under way has ended, or lets them
    /// begin again. The caller holds no token.
    pub fn hold(&self, held: bool) {
        self.state.lock().held = held;
        if held {
            self.wait_for_rewrite();
        } else {
            self.common.kick();
        }
    }

    fn spawn_rewrite(self: &Arc<Self>, kind: Kind) -> Result<()> {
        let this = self.clone();
        let work = move || {
            // The failure is in the figures and the log.
            let _ = this.run_rewrite(kind);
        };
        let spawned = thread::Builder::new().name("kevy-rewrite".into()).spawn(work);
        spawned.map(drop).map_err(|error| {
            let error = Error::io("cannot start a thread", &error);
            self.note(Err(&error));
            error
        })
    }

    /// Rewrites on the caller's thread, which holds no token.
    fn rewrite(&self, kind: Kind) -> Result<()> {
        self.state.lock().began = Some(Instant::now());
        self.run_rewrite(kind)
    }

    fn run_rewrite(&self, kind: Kind) -> Result<()> {
        let began = Instant::now();
        let mut result = self.write_anew(kind);
        if kind == Kind::Continue && self.state.lock().phase == Phase::Starting {
            // The keys were replaced meanwhile: what was written is of the old ones, or was left.
            result = self.write_anew(Kind::Fresh);
        }
        match &result {
            Ok(bytes) => log_sink::info(format_args!(
                "rewrote the append-only log: {bytes} bytes in {} ms",
                began.elapsed().as_millis()
            )),
            Err(error) => log_sink::error(format_args!("cannot rewrite the append-only log: {error}")),
        }
        self.note(result.as_ref().map(|_| ()));
        result.map(|_| ())
    }

    /// Notes how a rewrite ended.
    fn note(&self, result: std::result::Result<(), &Error>) {
        let mut state = self.state.lock();
        state.took = state.began.take().map(|began| began.elapsed());
        match result {
            Ok(()) => {
                state.rewrites += 1;
                (state.failures, state.failure, state.retry_at) = (0, None, None);
            }
            Err(error) => {
                let wait = RETRY_MIN.saturating_mul(1 << state.failures.min(6)).min(RETRY_MAX);
                state.failures += 1;
                state.failure = Some(error.to_string());
                state.retry_at = Some(Instant::now() + wait);
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Bytes of all files of the log.
    fn current_bytes(&self, state: &State) -> u64 {
        state.closed_bytes + self.lanes.iter().map(|lane| lane.size.load(Ordering::Relaxed)).sum::<u64>()
    }

    /// The thread that syncs once a second and rewrites what has grown.
    fn control(self: Arc<Self>) {
        let mut synced = Instant::now();
        while !self.stopping.load(Ordering::Acquire) {
            let hurried = self
                .common
                .rest(SYNC_INTERVAL.saturating_sub(synced.elapsed()).max(Duration::from_millis(1)));
            synced = Instant::now();
            let rests = {
                let settings = self.settings.lock();
                settings.rests_on_rewrite && settings.fsync == AppendFsync::EverySecond
            };
            let is_rewriting = self.state.lock().began.is_some();
            if self.common.policy() != Policy::No && !(rests && is_rewriting) || hurried {
                for lane in &self.lanes {
                    // A failure is noted, and met by the writer.
                    let _ = lane.sync();
                }
            }
            if let Some(kind) = self.due_rewrite() {
                // A failure is noted.
                let _ = self.spawn_rewrite(kind);
            }
        }
    }

    /// Claims a rewrite that is due.
    fn due_rewrite(&self) -> Option<Kind> {
        let is_lost = self.lanes.iter().any(|lane| lane.is_lost());
        let settings = self.settings.lock().clone();
        let mut state = self.state.lock();
        if state.began.is_some() || state.held || state.retry_at.is_some_and(|at| Instant::now() < at) {
            return None;
        }
        let current = self.current_bytes(&state);
        let base = state.base_bytes.max(1);
        let has_grown = settings.growth_percent > 0
            && current > settings.growth_min
            && current.saturating_mul(100) / base >= settings.growth_percent.saturating_add(100);
        let kind = if !settings.enabled {
            state.scheduled.take().filter(|kind| *kind == Kind::Detached)
        } else if is_lost || state.phase != Phase::On {
            state.scheduled = None;
            Some(Kind::Fresh)
        } else if let Some(kind) = state.scheduled.take() {
            Some(kind)
        } else {
            has_grown.then_some(Kind::Continue)
        };
        if kind.is_some() {
            state.began = Some(Instant::now());
        }
        kind
    }

    /// Removes what a crash has left of rewrites.
    fn remove_strays(&self, folder: &Path, name: &str) {
        let manifest = self.state.lock().manifest.clone();
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        let mut strays = Vec::new();
        for entry in entries.flatten() {
            let found = entry.file_name().to_string_lossy().into_owned();
            let rest = found.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
            let number = rest.and_then(|rest| rest.split_once('.'));
            let is_ours = number.is_some_and(|(number, kind)| {
                number.bytes().all(|byte| byte.is_ascii_digit())
                    && (kind.starts_with("base.") || kind.starts_with("incr."))
                    && !kind.contains(".cut-")
            });
            let is_temporary = found.starts_with(&format!("temp-{name}."));
            if is_temporary || is_ours && !manifest.parts.iter().any(|part| part.name == found) {
                strays.push(entry.path());
            }
        }
        self.remove_all(&strays);
    }

    pub(super) fn remove_all(&self, paths: &[PathBuf]) {
        for path in paths {
            if let Err(error) = self.disk.remove(path) {
                log_sink::warning(format_args!("cannot remove {}: {error}", path.display()));
            }
        }
    }

    /// The lines of `INFO persistence` about the log.
    pub fn info(&self) -> String {
        let settings = self.settings.lock().clone();
        let state = self.state.lock();
        let seconds = |time: Option<Duration>| time.map_or(-1, |time| time.as_secs() as i64);
        let is_on = settings.enabled;
        let is_rewriting = state.began.is_some() || is_on && state.phase != Phase::On;
        let status = |is_well: bool| if is_well { "ok" } else { "err" };
        let failure = self.common.failure();
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "aof_enabled:{}\r\naof_rewrite_in_progress:{}\r\naof_rewrite_scheduled:{}\r\n\
             aof_last_rewrite_time_sec:{}\r\naof_current_rewrite_time_sec:{}\r\naof_last_bgrewrite_status:{}\r\n\
             aof_rewrites:{}\r\naof_rewrites_consecutive_failures:{}\r\naof_last_write_status:{}\r\n\
             aof_last_cow_size:0\r\n",
            u8::from(is_on),
            u8::from(is_rewriting),
            u8::from(state.scheduled.is_some()),
            seconds(state.took),
            seconds(state.began.map(|began| began.elapsed())),
            status(state.failure.is_none()),
            state.rewrites,
            state.failures,
            status(failure.is_none()),
        );
        if is_on {
            let unsynced: u64 = self.lanes.iter().map(|lane| lane.unsynced_bytes()).sum();
            let _ = write!(
                text,
                "aof_current_size:{}\r\naof_base_size:{}\r\naof_pending_rewrite:0\r\naof_buffer_length:0\r\n\
                 aof_pending_bio_fsync:{}\r\naof_delayed_fsync:{}\r\n",
                self.current_bytes(&state),
                state.base_bytes,
                u8::from(unsynced > 0),
                self.common.delayed.load(Ordering::Relaxed),
            );
        }
        for (name, why) in
            [("aof_last_write_error", failure), ("aof_last_bgrewrite_error", state.failure.clone())]
        {
            if let Some(why) = why {
                let _ = write!(text, "{name}:{why}\r\n");
            }
        }
        text
    }

    /// Bytes of a file's header, which is all of a file that nothing was written to.
    pub(super) const HEADER_BYTES: u64 = record::FILE_HEADER_BYTES as u64;
}
