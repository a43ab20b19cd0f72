//! Commands that wait, such as WAIT: other Python threads run meanwhile, and Ctrl-C ends the wait.

use std::io::{PipeReader, pipe};
use std::os::fd::AsFd;

use kevy_core::api::Interrupter;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};
use pyo3::prelude::*;

/// Runs `start` with every signal blocked, so that the threads it starts leave signals to the host's own.
pub fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    let mut before = SigSet::empty();
    let blocked = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), Some(&mut before));
    let started = start();
    if blocked.is_ok() {
        // The mask was valid a moment ago, so setting it again cannot fail.
        let _ = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&before), None);
    }
    started
}

/// Waits until the other end of a pipe is closed. False where a signal came first.
fn is_over(done: &PipeReader) -> bool {
    let mut fds = [PollFd::new(done.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::NONE) != Err(Errno::EINTR)
}

/// Runs `work`, which may wait long, on a thread of its own while this one listens for signals. Where a signal's
/// handler raises, the wait is interrupted and the exception is the outcome.
pub fn interruptible<T: Send>(
    py: Python<'_>,
    interrupter: &Interrupter,
    work: impl FnOnce() -> T + Send,
) -> PyResult<T> {
    let (done, working) = pipe()?;
    std::thread::scope(|scope| {
        let worker = without_signals(|| {
            scope.spawn(move || {
                let outcome = work();
                drop(working);
                outcome
            })
        });
        let mut raised = None;
        while !py.detach(|| is_over(&done)) {
            if let Err(error) = py.check_signals() {
                raised.get_or_insert(error);
                interrupter.interrupt();
            }
        }
        match (py.detach(|| worker.join()), raised) {
            (_, Some(error)) => Err(error),
            (Ok(outcome), None) => Ok(outcome),
            (Err(panic), None) => std::panic::resume_unwind(panic),
        }
    })
}
