//! The script that runs: how long it has, and who may end it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::command::scripting::breathe;
use crate::command::server::Gates;
use crate::command::{Fail, Server};

const NOT_BUSY: Fail = Fail::new("NOTBUSY No scripts in execution right now.");
const HAS_WRITTEN: Fail = Fail::new(
    "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script \
     termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
);
const BUSY_SCRIPT: Fail =
    Fail::new("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.");
const BUSY_FUNCTION: Fail =
    Fail::new("BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.");
/// How long the code of a library may take to register its functions.
const LOAD_TIME: Duration = Duration::from_millis(500);

/// Why a script is to end.
const LIVES: u8 = 0;
const KILLED: u8 = 1;
const STOPPED: u8 = 2;
const TOO_SLOW: u8 = 3;

/// What runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Script,
    Function,
    /// The code of a library, while it registers its functions.
    Library,
}

/// A script that runs, as FUNCTION STATS tells of it.
#[derive(Clone, Debug)]
pub struct Run {
    pub kind: Kind,
    pub name: String,
    pub command: Vec<Vec<u8>>,
    pub started: Instant,
    /// When it is busy.
    pub limit: Duration,
}

/// At most one script, seen from the thread that runs it and from all others.
#[derive(Debug)]
pub struct Running {
    server: Weak<Server>,
    run: Mutex<Option<Run>>,
    fate: AtomicU8,
    wrote: AtomicBool,
    busy: AtomicBool,
}

impl Running {
    pub fn new(server: Weak<Server>) -> Arc<Self> {
        Arc::new(Self {
            server,
            run: Mutex::default(),
            fate: AtomicU8::new(LIVES),
            wrote: AtomicBool::new(false),
            busy: AtomicBool::new(false),
        })
    }

    pub fn begin(&self, run: Run) {
        let mut place = self.run.lock();
        self.fate.store(LIVES, Ordering::Relaxed);
        self.wrote.store(false, Ordering::Relaxed);
        *place = Some(run);
    }

    pub fn end(&self) {
        *self.run.lock() = None;
        if self.busy.swap(false, Ordering::Relaxed)
            && let Some(server) = self.server.upgrade()
        {
            server.gates.set(Gates::BUSY, false);
        }
    }

    /// What runs now.
    pub fn run(&self) -> Option<Run> {
        self.run.lock().clone()
    }

    /// Notes that the script writes, unless it is to end.
    pub fn write(&self) -> bool {
        if self.wrote.load(Ordering::Relaxed) {
            return true;
        }
        // Whoever ends it looks whether it wrote under the same lock.
        let _run = self.run.lock();
        let lives = self.fate.load(Ordering::Relaxed) == LIVES;
        self.wrote.store(lives, Ordering::Relaxed);
        lives
    }

    pub fn has_written(&self) -> bool {
        self.wrote.load(Ordering::Relaxed)
    }

    /// True where the runtime stops and does not wait for the script.
    pub fn is_stopped(&self) -> bool {
        self.fate.load(Ordering::Relaxed) == STOPPED
    }

    /// Called from time to time while Lua code runs: whether it may go on, or the text of the error that ends it.
    pub fn tick(&self) -> Result<(), &'static str> {
        if !self.busy.load(Ordering::Relaxed) {
            self.look_at_clock();
        }
        if self.busy.load(Ordering::Relaxed) {
            breathe();
        }
        match self.fate.load(Ordering::Relaxed) {
            LIVES => Ok(()),
            TOO_SLOW => Err("FUNCTION LOAD timeout"),
            STOPPED => Err("The server is stopping."),
            _ if self.run.lock().as_ref().is_some_and(|run| run.kind == Kind::Script) => {
                Err("Script killed by user with SCRIPT KILL.")
            }
            _ => Err("Script killed by user with FUNCTION KILL."),
        }
    }

    fn look_at_clock(&self) {
        let run = self.run.lock();
        let Some(run) = &*run else { return };
        let past = run.started.elapsed();
        if run.kind == Kind::Library {
            if past >= LOAD_TIME {
                self.fate.store(TOO_SLOW, Ordering::Relaxed);
            }
        } else if past >= run.limit
            && let Some(server) = self.server.upgrade()
        {
            self.busy.store(true, Ordering::Relaxed);
            server.gates.set(Gates::BUSY, true);
        }
    }

    /// What clients are told while it runs for too long.
    pub fn busy(&self) -> Fail {
        match &*self.run.lock() {
            Some(Run { kind: Kind::Script, .. }) => BUSY_SCRIPT,
            _ => BUSY_FUNCTION,
        }
    }

    /// SCRIPT KILL and FUNCTION KILL.
    ///
    /// # Errors
    /// Nothing runs, it has written, or it is of the other kind.
    pub fn kill(&self, kind: Kind) -> Result<(), Fail> {
        let run = self.run.lock();
        let Some(run) = &*run else { return Err(NOT_BUSY) };
        if self.has_written() {
            return Err(HAS_WRITTEN);
        }
        match (kind, run.kind) {
            (Kind::Script, Kind::Script) => {}
            (Kind::Script, _) => return Err(BUSY_FUNCTION),
            (_, Kind::Script) => return Err(BUSY_SCRIPT),
            _ => {}
        }
        self.fate.store(KILLED, Ordering::Relaxed);
        Ok(())
    }

    /// Ends it because the runtime stops.
    pub fn stop(&self, at_once: bool) {
        let run = self.run.lock();
        if run.is_some() && (at_once || !self.has_written()) {
            self.fate.store(STOPPED, Ordering::Relaxed);
        }
    }

    /// True where it has been told to end.
    pub fn is_ending(&self) -> bool {
        self.fate.load(Ordering::Relaxed) != LIVES
    }
}
