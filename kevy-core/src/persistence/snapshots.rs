//! When snapshots are taken, and what became of them.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::base::options::Options;
use crate::base::{Clock, Error, ErrorKind, Result, log_sink};
use crate::io::Disk;
use crate::shard::Shards;

use super::save::{self, Style};

/// What became of saving.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// The save under way began then.
    began: Option<Instant>,
    /// Unix milliseconds of the last save that succeeded, or of the start.
    pub last_save_ms: u64,
    /// The changes that the last save holds.
    saved_changes: u64,
    /// How long the last save took.
    took: Option<Duration>,
    /// Why the last save failed.
    pub failure: Option<String>,
    /// Saves that succeeded.
    saves: u64,
    pub keys_loaded: u64,
    pub keys_expired: u64,
    /// A save was asked for while another was under way.
    scheduled: bool,
}

/// The snapshots of one runtime.
#[derive(Debug)]
pub struct Snapshots {
    shards: Arc<Shards>,
    disk: Disk,
    clock: Arc<dyn Clock>,
    settings: Mutex<Settings>,
    figures: Mutex<Figures>,
    /// A save has ended, a setting has changed, or the runtime stops.
    changed: Condvar,
    stopping: AtomicBool,
    /// The save under way is of keys that are gone.
    abandoned: AtomicBool,
    /// The thread that watches the points at which a snapshot is due.
    watcher: Mutex<Option<thread::JoinHandle<()>>>,
    verdict: Verdict,
}

/// Told whether writes are to be refused, whenever that may have changed.
pub struct Verdict(pub Box<dyn Fn(bool) + Send + Sync>);

impl std::fmt::Debug for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verdict")
    }
}

#[derive(Clone, Debug)]
struct Settings {
    path: PathBuf,
    style: Style,
    /// Seconds and changes: a snapshot is due when so many of both have passed since the last.
    points: Vec<(u64, u64)>,
    stop_writes: bool,
}

impl Settings {
    fn of(options: &Options) -> Self {
        Self {
            path: PathBuf::from(&options.dir.0).join(&options.dbfilename.0),
            style: Style::of(options, options.rdb_save_incremental_fsync),
            points: options.save.with(&options.dir),
            stop_writes: options.stop_writes_on_bgsave_error,
        }
    }
}

/// How long after a failed save the next one is tried.
const RETRY_MS: u64 = 5_000;

impl Snapshots {
    /// Snapshots of `shards`.
    pub fn new(
        shards: Arc<Shards>,
        disk: Disk,
        options: &Options,
        clock: Arc<dyn Clock>,
        verdict: Verdict,
    ) -> Self {
        let figures = Figures { last_save_ms: clock.now_ms(), ..Figures::default() };
        Self {
            shards,
            disk,
            clock,
            settings: Mutex::new(Settings::of(options)),
            figures: Mutex::new(figures),
            changed: Condvar::new(),
            stopping: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            watcher: Mutex::new(None),
            verdict,
        }
    }

    /// Takes options that may have changed, and watches for points at which a snapshot is due if there are any.
    pub fn follow(self: &Arc<Self>, options: &Options) {
        let settings = Settings::of(options);
        let watches = !settings.points.is_empty();
        *self.settings.lock() = settings;
        // Taken so that the watcher is not between looking and sleeping.
        drop(self.figures.lock());
        self.changed.notify_all();
        (self.verdict.0)(self.refuses_writes());
        let mut watcher = self.watcher.lock();
        if watches && watcher.is_none() {
            let this = Arc::clone(self);
            match thread::Builder::new().name("kevy-save".into()).spawn(move || this.watch()) {
                Ok(thread) => *watcher = Some(thread),
                Err(error) => log_sink::error(format_args!("cannot start the thread that saves: {error}")),
            }
        }
    }

    /// Where snapshots go.
    pub fn path(&self) -> PathBuf {
        self.settings.lock().path.clone()
    }

    /// Whether a save is under way.
    pub fn is_saving(&self) -> bool {
        self.figures.lock().began.is_some()
    }

    /// Whether the shards are to be saved when the runtime stops.
    pub fn saves_at_stop(&self) -> bool {
        !self.settings.lock().points.is_empty()
    }

    /// Whether writes are refused because the last save failed.
    fn refuses_writes(&self) -> bool {
        let settings = self.settings.lock();
        settings.stop_writes && !settings.points.is_empty() && self.figures.lock().failure.is_some()
    }

    /// Unix milliseconds of the last save that succeeded, or of the start.
    pub fn last_save_ms(&self) -> u64 {
        self.figures.lock().last_save_ms
    }

    /// Notes what was there at the start.
    pub fn note_load(&self, keys_loaded: u64, keys_expired: u64) {
        let changes = self.changes();
        let mut figures = self.figures.lock();
        (figures.keys_loaded, figures.keys_expired) = (keys_loaded, keys_expired);
        figures.saved_changes = changes;
    }

    /// Changes ever made to all shards.
    fn changes(&self) -> u64 {
        (0..self.shards.len()).map(|shard| self.shards.take(shard).partition.effects.changes()).sum()
    }

    /// Claims the one save that may be under way.
    fn claim(&self) -> Result<()> {
        let mut figures = self.figures.lock();
        if figures.began.is_some() {
            return Err(Error::new(ErrorKind::Busy, "Background save already in progress"));
        }
        figures.began = Some(Instant::now());
        Ok(())
    }

    /// Saves on the caller's thread, which holds no token, after a save that may be under way.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] with the reason.
    pub fn save(&self) -> Result<()> {
        let mut figures = self.figures.lock();
        while figures.began.is_some() {
            self.changed.wait(&mut figures);
        }
        figures.began = Some(Instant::now());
        drop(figures);
        self.run()
    }

    /// Begins a save on a thread of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] where one is under way; with `schedule` another follows it then, and false is returned.
    pub fn start(self: &Arc<Self>, schedule: bool) -> Result<bool> {
        if let Err(error) = self.claim() {
            if schedule {
                self.figures.lock().scheduled = true;
                return Ok(false);
            }
            return Err(error);
        }
        let this = Arc::clone(self);
        let work = move || {
            // The failure is in the figures and the log.
            let _ = this.run();
        };
        thread::Builder::new().name("kevy-save".into()).spawn(work).map_err(|error| {
            let error = Error::io("cannot start a thread", &error);
            self.note(Err(&error));
            error
        })?;
        Ok(true)
    }

    /// All keys are gone: a save of them is given up, and where snapshots are wanted another one follows. The caller may hold
    /// tokens.
    pub fn abandon(&self) {
        let wanted = !self.settings.lock().points.is_empty();
        let mut figures = self.figures.lock();
        if figures.began.is_some() {
            self.abandoned.store(true, Ordering::Release);
            figures.scheduled |= wanted;
        }
    }

    /// Saves, the one save under way having been claimed.
    fn run(&self) -> Result<()> {
        loop {
            // What was flushed before is in no snapshot from here on.
            self.abandoned.store(false, Ordering::Release);
            let Settings { path, style, .. } = self.settings.lock().clone();
            let began = Instant::now();
            let goes_on = || !self.abandoned.load(Ordering::Acquire);
            let result = save::save(&self.shards, &self.disk, &path, style, self.clock.now_ms(), &goes_on)
                .map_err(|error| Error::io(format!("cannot save to {}", path.display()), &error));
            if result.is_err() && self.abandoned.load(Ordering::Acquire) {
                log_sink::info(format_args!("the save was given up: the keys are gone"));
                if !self.end(|_| ()) {
                    return Ok(());
                }
                continue;
            }
            match &result {
                Ok(written) => log_sink::info(format_args!(
                    "saved {} bytes to {} in {} ms",
                    written.bytes,
                    path.display(),
                    began.elapsed().as_millis()
                )),
                Err(error) => log_sink::error(format_args!("{error}")),
            }
            let again = self.note(result.as_ref().map(|written| written.changes));
            if !again {
                return result.map(|_| ());
            }
        }
    }

    /// Notes how a save ended. True where another one is to follow at once.
    fn note(&self, result: std::result::Result<u64, &Error>) -> bool {
        let now = self.clock.now_ms();
        self.end(|figures| match result {
            Ok(changes) => {
                figures.saved_changes = changes;
                figures.last_save_ms = now;
                figures.saves += 1;
                figures.failure = None;
            }
            Err(error) => figures.failure = Some(error.to_string()),
        })
    }

    /// Ends the save under way, with what became of it. True where another one is to follow at once.
    fn end(&self, note: impl FnOnce(&mut Figures)) -> bool {
        let again = {
            let mut figures = self.figures.lock();
            figures.took = figures.began.take().map(|began| began.elapsed());
            note(&mut figures);
            let again = std::mem::take(&mut figures.scheduled);
            figures.began = again.then(Instant::now);
            again
        };
        self.changed.notify_all();
        (self.verdict.0)(self.refuses_writes());
        again
    }

    /// Sleeps until a point is reached, and saves.
    fn watch(&self) {
        let mut tried_ms = 0;
        while !self.stopping.load(Ordering::Acquire) {
            let points = self.settings.lock().points.clone();
            let changes = self.changes();
            let now = self.clock.now_ms();
            let mut figures = self.figures.lock();
            let since = now.saturating_sub(figures.last_save_ms);
            let unsaved = changes.saturating_sub(figures.saved_changes);
            let may_try = figures.failure.is_none() || now.saturating_sub(tried_ms) >= RETRY_MS;
            let is_due = points.iter().any(|(seconds, count)| unsaved >= *count && since >= seconds * 1000);
            if is_due && may_try && figures.began.is_none() {
                figures.began = Some(Instant::now());
                drop(figures);
                tried_ms = now;
                // The failure is in the figures and the log.
                let _ = self.run();
                continue;
            }
            if self.stopping.load(Ordering::Acquire) {
                return;
            }
            // Changes are counted without a word to anybody, so a point that is past is looked at every second.
            let next = points.iter().map(|(seconds, _)| (seconds * 1000).saturating_sub(since)).min();
            match next {
                Some(ms) => {
                    self.changed.wait_for(&mut figures, Duration::from_millis(ms.max(1000)));
                }
                None => self.changed.wait(&mut figures),
            }
        }
    }

    /// Ends the thread that watches, and waits for a save that is under way.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        drop(self.figures.lock());
        self.changed.notify_all();
        if let Some(watcher) = self.watcher.lock().take() {
            // A panic there has been reported by its hook, and leaves nothing behind.
            let _ = watcher.join();
        }
        let mut figures = self.figures.lock();
        while figures.began.is_some() {
            self.changed.wait(&mut figures);
        }
    }

    /// The lines of `INFO persistence` about snapshots. `changes` counts those ever made to all shards.
    pub fn info(&self, changes: u64) -> String {
        let figures = self.figures.lock();
        let seconds = |time: Option<Duration>| time.map_or(-1, |time| time.as_secs() as i64);
        let mut text = String::new();
        let lines: [(&str, i64); 5] = [
            ("rdb_changes_since_last_save", changes.saturating_sub(figures.saved_changes) as i64),
            ("rdb_bgsave_in_progress", figures.began.is_some().into()),
            ("rdb_last_save_time", (figures.last_save_ms / 1000) as i64),
            ("rdb_last_bgsave_time_sec", seconds(figures.took)),
            ("rdb_current_bgsave_time_sec", seconds(figures.began.map(|began| began.elapsed()))),
        ];
        for (name, value) in lines {
            // Writing to a string cannot fail.
            let _ = write!(text, "{name}:{value}\r\n");
        }
        let status = if figures.failure.is_some() { "err" } else { "ok" };
        let _ = write!(
            text,
            "rdb_last_bgsave_status:{status}\r\nrdb_saves:{}\r\nrdb_last_cow_size:0\r\n\
             rdb_last_load_keys_expired:{}\r\nrdb_last_load_keys_loaded:{}\r\n",
            figures.saves, figures.keys_expired, figures.keys_loaded
        );
        if let Some(failure) = &figures.failure {
            let _ = write!(text, "rdb_last_bgsave_error:{failure}\r\n");
        }
        text
    }
}
