//! What a runtime keeps on disk: opened at the start, written on the way, closed at the stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Mutex;

use crate::base::number::parse_u64;
use crate::base::options::Options;
use crate::base::{Clock, Error, ErrorKind, OwnedGuard, Result, log_sink};
use crate::dispatch::{Engine, Gates, PauseReach, Purpose, SaveWork, Server};
use crate::io;
use crate::mirror::KeptLog;
use crate::persistence::{self, AppendLog, Common, DirectoryLock, LoadReport, Recovered, Snapshots, Verdict};
use crate::shard::Shard;

use super::on_load::OnLoad;
use super::replay::Replayer;

/// How much is read between two lines of the log that tell of it.
const PROGRESS_BYTES: u64 = 1 << 30;
/// How long a slow disk may hold writes back without looking again (milliseconds): for as long as it takes.
const SLOW_MS: u64 = i32::MAX as u64;

/// What was there at the start.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub load: LoadReport,
    /// Commands of the log that followed the snapshot.
    pub commands: u64,
    /// Bytes that were cut off the log, because they made no whole transaction.
    pub bytes_cut: u64,
}

/// The files of one runtime.
#[derive(Debug)]
pub struct Disk {
    pub snapshots: Arc<Snapshots>,
    pub log: Arc<AppendLog>,
    files: io::Disk,
    engine: Arc<Engine>,
    check_sums: bool,
    /// Told how far reading has come, while the runtime starts.
    on_load: Mutex<Option<OnLoad>>,
    /// The log as Redis kept it before version 7.
    old_log: PathBuf,
    directory: PathBuf,
    /// What SHUTDOWN said about a snapshot at the stop.
    save_at_stop: Mutex<Option<bool>>,
    /// Held while files are this runtime's.
    lock: Mutex<Option<DirectoryLock>>,
}

impl Disk {
    /// Takes the directory, if the options mean files to be kept there.
    ///
    /// # Errors
    /// Where it cannot be made or is another runtime's.
    pub fn open(engine: &Arc<Engine>, options: &Options, clock: Arc<dyn Clock>) -> Result<Self> {
        let is_kept =
            !options.dir.0.is_empty() || !options.save.with(&options.dir).is_empty() || options.appendonly;
        let directory = if options.dir.0.is_empty() { "." } else { &options.dir.0 };
        let lock = is_kept.then(|| DirectoryLock::take(directory.as_ref())).transpose()?;
        let server = engine.server.clone();
        let verdict = Verdict(Box::new(move |refused| server.gates.set(Gates::SAVE_FAILED, refused)));
        let (refusing, slow) = (engine.server.clone(), engine.server.clone());
        let common = Common::new(
            engine.shards.clone(),
            Box::new(move |refused| refusing.gates.set(Gates::LOG_FAILED, refused)),
            Arc::new(move |is_slow| hold_writes(&slow, is_slow)),
        );
        engine.shards.pace.set(options.rdb_key_save_delay, options.key_load_delay);
        let files = io::Disk::default();
        let log = AppendLog::new(Arc::new(common), files.clone(), options, clock.clone());
        let snapshots = Snapshots::new(engine.shards.clone(), files.clone(), options, clock, verdict);
        Ok(Self {
            snapshots: Arc::new(snapshots),
            log: Arc::new(log),
            files,
            engine: engine.clone(),
            check_sums: options.rdbchecksum,
            on_load: Mutex::new(None),
            old_log: Path::new(directory).join(&options.appendfilename.0),
            directory: directory.into(),
            save_at_stop: Mutex::new(None),
            lock: Mutex::new(lock),
        })
    }

    /// Whether there may be something to be read at the start.
    pub fn is_kept(&self) -> bool {
        self.lock.lock().is_some()
    }

    /// Reads what is there, begins to log if the options say so, and calls `ready`, while commands are turned away and nothing
    /// is due. `on_load` is told how far that is. The caller holds no token.
    ///
    /// # Errors
    /// As [`persistence::load`] and [`AppendLog::recover`].
    pub fn open_all(&self, on_load: Option<OnLoad>, ready: impl FnOnce(&Loaded)) -> Result<Loaded> {
        let gates = &self.engine.server.gates;
        gates.set(Gates::LOADING, true);
        on_load.iter().for_each(OnLoad::begin);
        self.on_load.lock().clone_from(&on_load);
        let result = self.read_all(true).inspect(ready);
        *self.on_load.lock() = None;
        if result.is_ok() {
            on_load.iter().for_each(OnLoad::end);
        }
        gates.set(Gates::LOADING, false);
        result
    }

    /// Reads what is there and writes nothing. The caller holds no token.
    ///
    /// # Errors
    /// As [`Disk::open_all`].
    pub fn read(&self) -> Result<Loaded> {
        self.read_all(false)
    }

    fn read_all(&self, starts_log: bool) -> Result<Loaded> {
        if !self.log.is_enabled() {
            return Ok(Loaded { load: self.load_snapshot()?, ..Loaded::default() });
        }
        let recovered = self.load_log()?;
        let is_listed = recovered.as_ref().is_some_and(|recovered| !recovered.manifest.parts.is_empty());
        let loaded = match &recovered {
            Some(Recovered { load, commands, cut_bytes, .. }) => {
                Loaded { load: load.clone(), commands: *commands, bytes_cut: *cut_bytes }
            }
            // Whoever switches the log on goes on with what there is.
            None => Loaded { load: self.load_snapshot()?, ..Loaded::default() },
        };
        if starts_log {
            self.log.start(recovered.as_ref().filter(|_| is_listed))?;
        }
        Ok(loaded)
    }

    /// Tells how far reading has come.
    fn progress(&self, read: u64, total: u64) {
        let server = &self.engine.server;
        server.load_progress.1.store(total, Relaxed);
        let before = server.load_progress.0.fetch_max(read, Relaxed);
        let on_load = self.on_load.lock().clone();
        if let Some(on_load) = on_load {
            on_load.advance(read, total);
        }
        if read / PROGRESS_BYTES > before / PROGRESS_BYTES {
            log_sink::info(format_args!("read {read} of {total} bytes"));
        }
    }

    /// Reads the log; `None` where there is none.
    fn load_log(&self) -> Result<Option<Recovered>> {
        let server = &self.engine.server;
        server.load_progress.0.store(0, Relaxed);
        let replayer = Replayer::new(self.engine.clone());
        let now = server.clock.now_ms();
        let progress = |read: u64, total: u64| self.progress(read, total);
        let recovered = match self.log.recover(&replayer, &progress)? {
            None => self.log.recover_old(&self.old_log, &replayer, &progress)?,
            found => found,
        };
        let Some(found) = &recovered else { return Ok(None) };
        let took = server.clock.now_ms().saturating_sub(now);
        log_sink::info(format_args!(
            "read {} keys and {} commands from {} bytes of the append-only log in {took} ms",
            found.load.keys_loaded, found.commands, found.load.bytes
        ));
        if found.cut_bytes > 0 {
            let files: Vec<String> = found.cut_files.iter().map(|file| file.display().to_string()).collect();
            log_sink::warning(format_args!(
                "{} bytes at the end of the append-only log make no whole transaction and were cut off, into {}",
                found.cut_bytes,
                files.join(", ")
            ));
        }
        if replayer.errors() > 0 {
            log_sink::warning(format_args!(
                "{} commands of the append-only log were answered with an error",
                replayer.errors()
            ));
        }
        self.adopt_functions();
        self.snapshots.note_load(found.load.keys_loaded, 0);
        Ok(recovered)
    }

    /// Reads the snapshot.
    fn load_snapshot(&self) -> Result<LoadReport> {
        let server = &self.engine.server;
        let path = self.snapshots.path();
        server.load_progress.0.store(0, Relaxed);
        let now = server.clock.now_ms();
        let progress = |read: u64, total: u64| self.progress(read, total);
        let report = persistence::load(&self.engine.shards, &path, self.check_sums, now, &progress);
        let Some(report) = report? else { return Ok(LoadReport::default()) };
        let took = server.clock.now_ms().saturating_sub(now);
        let LoadReport { keys_loaded, keys_expired, bytes, skipped, .. } = report;
        log_sink::info(format_args!(
            "read {keys_loaded} keys from {bytes} bytes of {} in {took} ms; {keys_expired} had expired",
            path.display()
        ));
        if skipped > 0 {
            log_sink::warning(format_args!(
                "{} holds {skipped} parts of modules that were passed over",
                path.display()
            ));
        }
        self.adopt_functions();
        self.snapshots.note_load(keys_loaded, keys_expired);
        Ok(report)
    }

    /// Compiles the libraries of functions that were read.
    fn adopt_functions(&self) {
        if let Some(scripts) = self.engine.server.scripts.get() {
            for (name, fail) in scripts.adopt(&self.engine.shards.take(0).partition) {
                log_sink::warning(format_args!("the library {name} cannot be loaded: {}", fail.text()));
            }
        }
    }

    /// Takes options that may have changed. The caller may hold tokens.
    pub fn follow(&self, options: &Options) {
        if options.appendonly
            && let mut lock = self.lock.lock()
            && lock.is_none()
        {
            match DirectoryLock::take(&self.directory) {
                Ok(taken) => *lock = Some(taken),
                Err(error) => log_sink::error(format_args!("{error}")),
            }
        }
        self.engine.shards.pace.set(options.rdb_key_save_delay, options.key_load_delay);
        self.snapshots.follow(options);
        self.log.follow(options);
    }

    /// Whether changes are appended to the log.
    pub fn is_logged(&self) -> bool {
        self.log.is_enabled()
    }

    /// Begins to rewrite the log, or has that follow a snapshot that is under way.
    ///
    /// # Errors
    /// As [`AppendLog::begin_rewrite`].
    pub fn begin_rewrite(&self) -> Result<&'static str> {
        self.log.begin_rewrite(self.snapshots.is_saving() && self.log.is_enabled())
    }

    /// Makes files fail, or the process end, as DEBUG DISK asks.
    ///
    /// # Errors
    /// What is wrong with the arguments.
    pub fn make_faulty(&self, args: &[&[u8]]) -> std::result::Result<(), String> {
        let words: Vec<String> = args.iter().map(|arg| String::from_utf8_lossy(arg).into_owned()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let number = |word: &str| parse_u64(word.as_bytes()).ok_or("value is not an integer or out of range");
        match words[..] {
            ["FAIL-WRITES", bytes, errno] => self.files.fail_writes(number(bytes)?, number(errno)? as i32),
            ["FAIL-SYNCS", errno] => self.files.fail_syncs(number(errno)? as i32),
            ["END-AT", place, count] => self.files.end_at(place, number(count)?),
            ["HEAL"] => self.files.heal(),
            _ => return Err("syntax error".to_owned()),
        }
        Ok(())
    }

    /// Writes everything, as it is now, as a snapshot to `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn export_snapshot(&self, path: &Path) -> Result<()> {
        let options = self.engine.server.options.read().clone();
        persistence::export_snapshot(&self.engine.shards, &self.files, path, &options)
    }

    /// Writes everything, as it is now, as a log that Redis reads, to the directory `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn export_log(&self, path: &Path) -> Result<()> {
        let options = self.engine.server.options.read().clone();
        persistence::export_log(&self.engine.shards, &self.files, path, &options)
    }

    /// Does what SAVE, DEBUG RELOAD and DEBUG LOADAOF ask for.
    ///
    /// # Errors
    /// As [`Snapshots::save`], [`persistence::load`] and [`AppendLog::recover`].
    pub fn work(&self, work: SaveWork) -> Result<()> {
        match work {
            SaveWork::Save => self.snapshots.save(),
            SaveWork::Reload { save, flush } => {
                if save {
                    self.snapshots.save()?;
                }
                self.reload(flush, true, || self.load_snapshot().map(drop))
            }
            SaveWork::LoadLog => {
                self.log.flush()?;
                let failed =
                    || Error::new(ErrorKind::Io, "Error trying to load the AOF files, check server logs");
                self.reload(true, false, || match self.load_log() {
                    Ok(Some(_)) => Ok(()),
                    Ok(None) => Err(failed()),
                    Err(error) => {
                        log_sink::error(format_args!("{error}"));
                        Err(failed())
                    }
                })
            }
        }
    }

    /// Reads everything anew, while commands are turned away and nothing is recorded. With `replaces` the keys become others
    /// than the log tells.
    fn reload(&self, flush: bool, replaces: bool, read: impl FnOnce() -> Result<()>) -> Result<()> {
        self.log.hold(true);
        let prepared = || if replaces { self.log.prepare_replacement() } else { Ok(()) };
        if let Err(error) = prepared() {
            self.log.hold(false);
            return Err(error);
        }
        let gates = &self.engine.server.gates;
        gates.set(Gates::LOADING, true);
        {
            let mut shards = self.engine.shards.take_all();
            if replaces {
                self.log.replace(shards.iter_mut().map(|shard| &mut **shard));
            }
            for shard in &mut shards {
                if flush {
                    shard.partition.keyspace.flush_all();
                    shard.partition.functions.clear();
                }
                shard.partition.effects.wanted = false;
            }
        }
        let result = read();
        for mut shard in self.engine.shards.take_all() {
            shard.partition.effects.wanted = shard.stream.is_active();
        }
        gates.set(Gates::LOADING, false);
        self.log.hold(false);
        // Clients may have waited for keys that came.
        self.engine.serve_blocked();
        result
    }

    /// Says whether the stop is to take a snapshot; `None` leaves it to the options.
    pub fn set_save_at_stop(&self, save: Option<bool>) {
        *self.save_at_stop.lock() = save;
    }

    /// Takes the last snapshot, if one is wanted, and lets go of the directory. Does nothing when called again.
    ///
    /// # Errors
    /// As [`Snapshots::save`] and [`AppendLog::stop`].
    pub fn close(&self) -> Result<()> {
        self.engine.shards.pace.end();
        self.snapshots.stop();
        let logged = self.log.stop();
        let lock = self.lock.lock().take();
        let wanted = self.save_at_stop.lock().take();
        let result = match wanted {
            Some(true) => self.snapshots.save(),
            None if lock.is_some() && self.snapshots.saves_at_stop() => self.snapshots.save(),
            _ => Ok(()),
        };
        drop(lock);
        result.and(logged)
    }
}

/// The log, to whoever follows a primary.
#[derive(Debug)]
pub struct MirroredLog(pub Arc<AppendLog>);

impl KeptLog for MirroredLog {
    fn prepare_replacement(&self) -> Result<()> {
        self.0.prepare_replacement()
    }

    fn replace(&self, shards: &mut [OwnedGuard<'_, Shard>]) -> bool {
        self.0.replace(shards.iter_mut().map(|shard| &mut **shard))
    }
}

/// Holds clients' writes back while too much of them waits for the disk.
fn hold_writes(server: &Server, is_slow: bool) {
    if is_slow {
        log_sink::warning(format_args!("the disk is slower than what is written: writes have to wait"));
        let until = server.clock.now_ms().saturating_add(SLOW_MS);
        server.pause(Purpose::Disk, PauseReach::Writes, until);
    } else {
        server.unpause(Purpose::Disk);
    }
}
