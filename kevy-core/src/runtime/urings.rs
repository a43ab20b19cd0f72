//! Choosing what moves the bytes of connections.

use std::os::fd::AsRawFd;

use mio::Poll;

use crate::base::options::IoBackend;
use crate::base::{Error, ErrorKind, Result};
use crate::io::Uring;

/// What `auto` stands for. With fifty connections that send one command at a time io_uring takes a few hundredths less of the
/// processor; with one such connection it takes as much more, and with pipelines there is no difference.
const AUTO: IoBackend = IoBackend::Epoll;

/// Makes the urings of a runtime's reactors: one for each, or none at all.
#[derive(Debug)]
pub struct Urings {
    wanted: IoBackend,
    is_on: bool,
}

impl Urings {
    /// Finds out what can be had.
    ///
    /// # Errors
    /// `InvalidOption` where io_uring is asked for by name and cannot be had.
    pub fn new(wanted: IoBackend) -> Result<Self> {
        let found = match wanted {
            IoBackend::Epoll => None,
            IoBackend::Auto if AUTO == IoBackend::Epoll => None,
            IoBackend::Auto | IoBackend::Uring => Some(Uring::probe()),
        };
        match found {
            Some(Err(error)) if wanted == IoBackend::Uring => Err(refused(&error)),
            found => Ok(Self { wanted, is_on: found.is_some_and(|found| found.is_ok()) }),
        }
    }

    /// A ring that waits for `poll`, unless readiness is what serves. Where there are no more to be had, none is used.
    ///
    /// # Errors
    /// As [`Urings::new`].
    pub fn make(&mut self, poll: &Poll) -> Result<Option<Uring>> {
        if !self.is_on {
            return Ok(None);
        }
        match Uring::new(poll.as_raw_fd()) {
            Ok(uring) => Ok(Some(uring)),
            Err(error) if self.wanted == IoBackend::Uring => Err(refused(&error)),
            Err(_) => {
                self.is_on = false;
                Ok(None)
            }
        }
    }

    /// Whether all reactors have a ring.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// What INFO calls it.
    pub fn name(&self) -> &'static str {
        match self.is_on {
            true => "io_uring",
            false if cfg!(any(target_os = "linux", target_os = "android")) => "epoll",
            false => "kqueue",
        }
    }
}

fn refused(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::InvalidOption, format!("io-backend: this process cannot have io_uring: {error}"))
}
