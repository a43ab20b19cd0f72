//! What a runtime keeps on disk: opened at the start, written on the way, closed at the stop.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::base::options::Options;
use crate::base::{Clock, Result, log_sink};
use crate::dispatch::{Engine, Gates, SaveWork};
use crate::persistence::{self, DirectoryLock, LoadReport, Snapshots, Verdict};

/// How much is read between two lines of the log that tell of it.
const PROGRESS_BYTES: u64 = 1 << 30;

/// The files of one runtime.
#[derive(Debug)]
pub struct Disk {
    pub snapshots: Arc<Snapshots>,
    engine: Arc<Engine>,
    check_sums: bool,
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
        let is_kept = !options.dir.0.is_empty() || !options.save.with(&options.dir).is_empty();
        let directory = if options.dir.0.is_empty() { "." } else { &options.dir.0 };
        let lock = is_kept.then(|| DirectoryLock::take(directory.as_ref())).transpose()?;
        let server = engine.clone();
        let verdict = Verdict(Box::new(move |refused| server.server.gates.set(Gates::SAVE_FAILED, refused)));
        Ok(Self {
            snapshots: Arc::new(Snapshots::new(engine.shards.clone(), options, clock, verdict)),
            engine: engine.clone(),
            check_sums: options.rdbchecksum,
            save_at_stop: Mutex::new(None),
            lock: Mutex::new(lock),
        })
    }

    /// Whether there may be something to be read at the start.
    pub fn is_kept(&self) -> bool {
        self.lock.lock().is_some()
    }

    /// Reads the snapshot, while commands are turned away. The caller holds no token.
    ///
    /// # Errors
    /// As [`persistence::load`].
    pub fn load(&self) -> Result<LoadReport> {
        let server = &self.engine.server;
        let path = self.snapshots.path();
        let progress = |read: u64, total: u64| {
            use std::sync::atomic::Ordering::Relaxed;
            server.load_progress.1.store(total, Relaxed);
            let before = server.load_progress.0.swap(read, Relaxed);
            if read / PROGRESS_BYTES != before / PROGRESS_BYTES {
                log_sink::info(format_args!("read {read} of {total} bytes of {}", path.display()));
            }
        };
        server.gates.set(Gates::LOADING, true);
        let now = server.clock.now_ms();
        let report = persistence::load(&self.engine.shards, &path, self.check_sums, now, &progress);
        server.gates.set(Gates::LOADING, false);
        let Some(report) = report? else { return Ok(LoadReport::default()) };
        let took = server.clock.now_ms().saturating_sub(now);
        let LoadReport { keys_loaded, keys_expired, bytes, skipped } = report;
        log_sink::info(format_args!(
            "read {keys_loaded} keys from {bytes} bytes of {} in {took} ms; {keys_expired} had expired",
            path.display()
        ));
        if skipped > 0 {
            log_sink::warning(format_args!(
                "{} holds {skipped} functions or parts of modules that were passed over",
                path.display()
            ));
        }
        self.snapshots.note_load(keys_loaded, keys_expired);
        Ok(report)
    }

    /// Does what SAVE and DEBUG RELOAD ask for.
    ///
    /// # Errors
    /// As [`Snapshots::save`] and [`Disk::load`].
    pub fn work(&self, work: SaveWork) -> Result<()> {
        let (save, reload) = match work {
            SaveWork::Save => (true, None),
            SaveWork::Reload { save, flush } => (save, Some(flush)),
        };
        if save {
            self.snapshots.save()?;
        }
        let Some(flush) = reload else { return Ok(()) };
        if flush {
            self.engine.shards.take_all().iter_mut().for_each(|shard| {
                shard.partition.keyspace.flush_all();
            });
        }
        let loaded = self.load();
        // Clients may have waited for keys that the file holds.
        self.engine.serve_blocked();
        loaded.map(|_| ())
    }

    /// Says whether the stop is to take a snapshot; `None` leaves it to the options.
    pub fn set_save_at_stop(&self, save: Option<bool>) {
        *self.save_at_stop.lock() = save;
    }

    /// Takes the last snapshot, if one is wanted, and lets go of the directory. Does nothing when called again.
    ///
    /// # Errors
    /// As [`Snapshots::save`].
    pub fn close(&self) -> Result<()> {
        self.snapshots.stop();
        let lock = self.lock.lock().take();
        let wanted = self.save_at_stop.lock().take();
        let result = match wanted {
            Some(true) => self.snapshots.save(),
            None if lock.is_some() && self.snapshots.saves_at_stop() => self.snapshots.save(),
            _ => Ok(()),
        };
        drop(lock);
        result
    }
}
