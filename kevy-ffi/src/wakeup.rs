//! Turns a replica's descriptor into a callback, for hosts whose event loop takes no descriptor.
//!
//! A replica has no thread of its own, so one waits here: for the descriptor while a wake-up is wanted, and not at
//! all in between, as the descriptor stays readable until the host has taken what is there.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use kevy_core::api::{Error, Result};
use parking_lot::{Condvar, Mutex};

/// A thread that calls back when a descriptor is readable. Dropping it ends the thread.
#[derive(Debug)]
pub struct Wakeup {
    gate: Arc<Gate>,
    /// Closing it ends a wait for the descriptor.
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Gate {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wanted {
    #[default]
    Nothing,
    Call,
    End,
}

impl Wakeup {
    /// Starts the thread; the first call is wanted at once.
    pub fn start(fd: RawFd, call: impl Fn() + Send + 'static) -> Result<Self> {
        let (stop, stopped) =
            UnixStream::pair().map_err(|error| Error::io("cannot open a socket pair", &error))?;
        let gate = Arc::new(Gate { wanted: Mutex::new(Wanted::Call), changed: Condvar::new() });
        let waits = gate.clone();
        let thread = thread::Builder::new()
            .name("kevy-wakeup".to_owned())
            .spawn(move || {
                while waits.take() && readable(fd, &stopped) {
                    call();
                }
            })
            .map_err(|error| Error::io("cannot start a thread", &error))?;
        Ok(Self { gate, stop: Some(stop), thread: Some(thread) })
    }

    /// Asks for one call when the descriptor is readable next.
    pub fn arm(&self) {
        self.gate.set(Wanted::Call);
    }
}

impl Gate {
    fn set(&self, to: Wanted) {
        *self.wanted.lock() = to;
        self.changed.notify_one();
    }

    /// Waits until a call is wanted; false where the end is.
    fn take(&self) -> bool {
        let mut wanted = self.wanted.lock();
        while *wanted == Wanted::Nothing {
            self.changed.wait(&mut wanted);
        }
        if *wanted == Wanted::End {
            return false;
        }
        *wanted = Wanted::Nothing;
        true
    }
}

impl Drop for Wakeup {
    fn drop(&mut self) {
        self.gate.set(Wanted::End);
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // The host's function was all it ran, and a panic there has ended the process.
            let _ = thread.join();
        }
    }
}

/// Waits until `fd` is readable; false where `stop` is closed first or waiting fails.
fn readable(fd: RawFd, stop: &UnixStream) -> bool {
    let watch = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut watched = [watch(fd), watch(stop.as_raw_fd())];
    loop {
        // SAFETY: the array is as long as the call is told, and both descriptors outlive this thread.
        let ready = unsafe { libc::poll(watched.as_mut_ptr(), watched.len() as libc::nfds_t, -1) };
        if ready > 0 {
            return watched[1].revents == 0;
        }
        if ready < 0 && io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return false;
        }
    }
}
