//! A timer that a poll reports, so that whoever waits on the poll's descriptor alone learns of it.

use std::io;
use std::time::Duration;

use mio::{Registry, Token};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::os::fd::{AsRawFd, OwnedFd};

    use mio::Interest;
    use mio::event::Source;
    use mio::unix::SourceFd;

    use super::*;
    use crate::io::socket::own_fd;

    #[derive(Debug)]
    pub struct Timer(OwnedFd);

    impl Timer {
        pub fn new(registry: &Registry, token: Token) -> io::Result<Self> {
            // SAFETY: the call takes no pointers.
            let fd = unsafe {
                libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC)
            };
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: the call just opened the descriptor, and nobody else knows it.
            let timer = Self(unsafe { own_fd(fd) });
            SourceFd(&fd).register(registry, token, Interest::READABLE)?;
            Ok(timer)
        }

        pub fn set(&self, after: Duration) -> io::Result<()> {
            let none = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // All zeros would disarm the timer.
            let after = after.max(Duration::from_nanos(1));
            let value = libc::timespec {
                tv_sec: libc::time_t::try_from(after.as_secs()).unwrap_or(libc::time_t::MAX),
                tv_nsec: after.subsec_nanos().into(),
            };
            let spec = libc::itimerspec { it_interval: none, it_value: value };
            // SAFETY: the descriptor is a timer, `spec` outlives the call, and no old value is asked for.
            let done = unsafe { libc::timerfd_settime(self.0.as_raw_fd(), 0, &spec, std::ptr::null_mut()) };
            if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use std::os::fd::{AsRawFd, RawFd};

    use super::*;

    /// A timer of the queue itself.
    #[derive(Debug)]
    pub struct Timer {
        queue: RawFd,
        token: Token,
    }

    impl Timer {
        pub fn new(registry: &Registry, token: Token) -> io::Result<Self> {
            Ok(Self { queue: registry.as_raw_fd(), token })
        }

        pub fn set(&self, after: Duration) -> io::Result<()> {
            // SAFETY: every field of the structure is a number or a pointer that nobody follows, so zeros are valid.
            let mut event: libc::kevent = unsafe { std::mem::zeroed() };
            event.ident = self.token.0 as _;
            event.filter = libc::EVFILT_TIMER as _;
            event.flags = (libc::EV_ADD | libc::EV_ONESHOT) as _;
            event.data = after.as_millis().max(1) as _;
            event.udata = self.token.0 as _;
            // SAFETY: the queue is open as long as the poll that owns this timer's token, `event` outlives the call,
            // and no events are asked for.
            let done =
                unsafe { libc::kevent(self.queue, &event, 1, std::ptr::null_mut(), 0, std::ptr::null()) };
            if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        }
    }
}

/// One timer of a poll, whose owner must outlive it.
#[derive(Debug)]
pub struct Timer(system::Timer);

impl Timer {
    /// A timer that makes the poll of `registry` return with an event for `token`.
    pub fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        system::Timer::new(registry, token).map(Self)
    }

    /// Fires once, `after` from now; an earlier setting is forgotten.
    pub fn set(&self, after: Duration) -> io::Result<()> {
        self.0.set(after)
    }
}
