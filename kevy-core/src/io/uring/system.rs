//! The ring itself, over the crate `io-uring`.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use io_uring::types::{CancelBuilder, Fd, SubmitArgs, Timespec};
use io_uring::{EnterFlags, IoUring, cqueue, opcode, squeue};
use slab::Slab;

use super::buffers::{Buffers, GROUP};
use super::{Chunk, Completion, Operation, Retired};
use crate::io::socket::{NO_SIGNAL, own_fd};
use crate::io::{Listener, Socket};

/// Entries of the queue to the system, and of the one back.
const SUBMISSIONS: u32 = 256;
const COMPLETIONS: u32 = 4096;
/// What an operation that nobody waits for any more was begun with.
const NOBODY: usize = usize::MAX;
/// What tells the end of a cancellation from that of an operation.
const CANCELLATION: u64 = u64::MAX;
/// How long the system gets to end what was cancelled. It takes no time unless something is wrong.
const DRAIN: Duration = Duration::from_secs(5);
/// A buffer that was sent is kept for the next one unless it is larger than this, or so many are kept already.
const SPARE_BYTES_MAX: usize = 16 * 1024;
const SPARE_MAX: usize = 128;

/// What an operation does.
#[derive(Debug)]
enum Kind {
    Ready,
    Receive,
    /// The bytes belong to the operation until the system is done with them.
    Send(Vec<u8>),
    Writable,
    HangUp,
    Accept,
}

#[derive(Debug)]
struct Entry {
    key: usize,
    kind: Kind,
}

/// An io_uring with its buffers, its operations, and what is to be closed.
pub struct Uring {
    // Before the buffers, so that it is gone when they go.
    inner: IoUring,
    buffers: Option<Buffers>,
    operations: Slab<Entry>,
    /// Entries for which there was no room.
    backlog: VecDeque<squeue::Entry>,
    retired: Vec<Retired>,
    spare: Vec<Vec<u8>>,
    /// The descriptor of the poll that is watched.
    poll: RawFd,
    is_watching: bool,
    /// Nothing is begun any more.
    is_ending: bool,
    /// How a wait is to be counted, where the system lets that be said.
    wait_flags: EnterFlags,
}

impl fmt::Debug for Uring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uring").field("operations", &self.operations.len()).finish_non_exhaustive()
    }
}

impl Uring {
    /// A ring that waits, besides for its own operations, for the poll with the descriptor `poll`, which must be open as
    /// long as the ring is used. It does nothing before [`Uring::enable`].
    ///
    /// # Errors
    /// Where the system has no io_uring, none that can do what is needed (Linux 6.1), or does not let this process have it.
    pub fn new(poll: RawFd) -> io::Result<Self> {
        let inner = IoUring::builder()
            .dontfork()
            .setup_cqsize(COMPLETIONS)
            .setup_clamp()
            .setup_submit_all()
            .setup_r_disabled()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .build(SUBMISSIONS)?;
        let params = inner.params();
        if !params.is_feature_ext_arg() || !params.is_feature_nodrop() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        // A thread that waits for clients does not wait for a disk.
        let wait_flags =
            if params.is_feature_no_iowait() { EnterFlags::NO_IOWAIT } else { EnterFlags::empty() };
        let buffers = Buffers::new()?;
        let (address, entries) = buffers.queue();
        // SAFETY: the queue is mapped and as long as is said, and lives until the ring is gone.
        unsafe { inner.submitter().register_buf_ring_with_flags(address, entries, GROUP, 0)? };
        let mut uring = Self {
            inner,
            buffers: Some(buffers),
            operations: Slab::new(),
            backlog: VecDeque::new(),
            retired: Vec::new(),
            spare: Vec::new(),
            poll,
            is_watching: false,
            is_ending: false,
            wait_flags,
        };
        if let Some(buffers) = &mut uring.buffers {
            buffers.begin();
        }
        Ok(uring)
    }

    /// Whether a ring can be had here that does what is needed: tries it out.
    ///
    /// # Errors
    /// As [`Uring::new`].
    pub fn probe() -> io::Result<()> {
        let poll = mio::Poll::new()?;
        let mut uring = Self::new(poll.as_raw_fd())?;
        uring.enable()?;
        let (ours, theirs) = Socket::pair()?;
        let mut theirs = Socket::from_fd(theirs)?;
        uring.receive(ours.fd(), 0);
        uring.send(ours.fd(), 0, b"?".to_vec(), 0);
        let mut is_answered = false;
        let deadline = Instant::now() + DRAIN;
        while Instant::now() < deadline {
            uring.wait(Some(Duration::from_millis(100)))?;
            while let Some(completion) = uring.next() {
                match completion {
                    Completion::Sent { result, .. } => {
                        result?;
                        theirs.send(b"!")?;
                        is_answered = true;
                    }
                    Completion::Received { result, goes_on, .. } => {
                        return match result? {
                            Some(chunk) if is_answered && goes_on && uring.bytes(&chunk) == b"!" => Ok(()),
                            _ => Err(io::ErrorKind::Unsupported.into()),
                        };
                    }
                    _ => {}
                }
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Makes the calling thread the one that uses the ring from now on.
    ///
    /// # Errors
    /// What the system says.
    pub fn enable(&mut self) -> io::Result<()> {
        self.inner.submitter().register_enable_rings()?;
        self.watch();
        Ok(())
    }

    /// Begins to receive what comes to a socket. The bytes come in chunks until the operation is over.
    pub fn receive(&mut self, fd: RawFd, key: usize) -> Operation {
        let entry = opcode::RecvMulti::new(Fd(fd), GROUP).build();
        self.begin(key, Kind::Receive, entry)
    }

    /// Sends `bytes` from `start` on, as far as the socket takes them at once or, where it takes none, as soon as it does.
    pub fn send(&mut self, fd: RawFd, key: usize, bytes: Vec<u8>, start: usize) -> Operation {
        let rest = bytes.get(start..).unwrap_or_default();
        // The operation owns the allocation, which does not move with the vector, until the system has said how it went.
        let (at, len) = (rest.as_ptr(), u32::try_from(rest.len()).unwrap_or(u32::MAX));
        let entry = opcode::Send::new(Fd(fd), at, len).flags(NO_SIGNAL).build();
        self.begin(key, Kind::Send(bytes), entry)
    }

    /// Asks once for when the socket takes bytes.
    pub fn await_writable(&mut self, fd: RawFd, key: usize) -> Operation {
        let entry = opcode::PollAdd::new(Fd(fd), libc::POLLOUT as u32).build();
        self.begin(key, Kind::Writable, entry)
    }

    /// Asks once for when the peer goes.
    pub fn await_hang_up(&mut self, fd: RawFd, key: usize) -> Operation {
        let entry = opcode::PollAdd::new(Fd(fd), libc::POLLRDHUP as u32).build();
        self.begin(key, Kind::HangUp, entry)
    }

    /// Begins to accept the connections of a listener, until the operation is over.
    pub fn accept(&mut self, listener: &Listener, key: usize) -> Operation {
        let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        let entry = opcode::AcceptMulti::new(Fd(listener.fd())).flags(flags).build();
        self.begin(key, Kind::Accept, entry)
    }

    /// Ends an operation; its last completion is still to come, and may be one of success.
    pub fn cancel(&mut self, operation: Operation) {
        if self.operations.contains(operation.0) {
            let builder = CancelBuilder::user_data(operation.0 as u64);
            self.push(opcode::AsyncCancel2::new(builder).build().user_data(CANCELLATION));
        }
    }

    /// Ends an operation of which nobody wants to hear any more.
    pub fn abandon(&mut self, operation: Operation) {
        if let Some(entry) = self.operations.get_mut(operation.0) {
            entry.key = NOBODY;
            self.cancel(operation);
        }
    }

    /// Closes a socket or a listener once the system has been told what was asked of it: until then its number must not be
    /// given to another.
    pub fn retire(&mut self, retired: Retired) {
        self.retired.push(retired);
    }

    /// An empty buffer for what is to be sent.
    pub fn spare(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Keeps a buffer that was sent for another time.
    pub fn keep(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= SPARE_BYTES_MAX && self.spare.len() < SPARE_MAX {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    /// What was received.
    #[inline]
    pub fn bytes(&self, chunk: &Chunk) -> &[u8] {
        self.buffers.as_ref().map_or(&[], |buffers| buffers.bytes(chunk.0))
    }

    /// Gives the buffer of what was received back.
    #[inline]
    pub fn give_back(&mut self, chunk: Chunk) {
        if let Some(buffers) = &mut self.buffers {
            buffers.give_back(chunk.0);
        }
    }

    /// Tells the system what was asked for, and waits until something is done or `timeout` is over.
    ///
    /// # Errors
    /// What is wrong with the ring; an interrupted wait, or one that was too long, is none.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        if let Some(buffers) = &mut self.buffers {
            buffers.publish();
        }
        while let Some(entry) = self.backlog.pop_front() {
            if let Err(entry) = self.try_push(entry) {
                self.backlog.push_front(entry);
                break;
            }
        }
        let time = timeout.map(Timespec::from);
        let mut args = SubmitArgs::new();
        if let Some(time) = &time {
            args = args.timespec(time);
        }
        let is_due = timeout == Some(Duration::ZERO) || !self.backlog.is_empty();
        let want = u32::from(!is_due && self.inner.completion().is_empty());
        let asked = self.enter(want, Some(&args));
        if self.inner.submission().is_empty() && self.backlog.is_empty() {
            self.retired.clear();
        }
        match asked {
            Err(error) if !is_passing(&error) => Err(error),
            _ => Ok(()),
        }
    }

    fn enter(&mut self, want: u32, args: Option<&SubmitArgs<'_, '_>>) -> io::Result<usize> {
        let queued = self.inner.submission().len() as u32;
        let flags = EnterFlags::GETEVENTS
            | self.wait_flags
            | args.map_or(EnterFlags::empty(), |_| EnterFlags::EXT_ARG);
        // SAFETY: what the entries refer to is owned by the operations' table; `args` is of the type that EXT_ARG asks for, and
        // without it nothing is passed.
        unsafe { self.inner.submitter().enter(queued, want, flags.bits(), args) }
    }

    /// The next completion, in the order in which they came.
    pub fn next(&mut self) -> Option<Completion> {
        loop {
            let entry = self.inner.completion().next()?;
            if entry.user_data() != CANCELLATION
                && let Some(completion) = self.understand(&entry)
            {
                return Some(completion);
            }
        }
    }

    /// What a completion says, unless nobody wants to hear of it.
    fn understand(&mut self, entry: &cqueue::Entry) -> Option<Completion> {
        let operation = usize::try_from(entry.user_data()).ok()?;
        let goes_on = cqueue::more(entry.flags());
        let Entry { key, kind } = self.operations.get_mut(operation)?;
        let key = *key;
        let result = match entry.result() {
            error @ ..0 => Err(io::Error::from_raw_os_error(-error)),
            number => Ok(number as usize),
        };
        let bytes = match kind {
            Kind::Send(bytes) => std::mem::take(bytes),
            _ => Vec::new(),
        };
        let completion = match kind {
            Kind::Ready => {
                self.is_watching = goes_on;
                Some(Completion::Ready)
            }
            Kind::Receive => {
                let lent = cqueue::buffer_select(entry.flags()).filter(|&id| {
                    let len = result.as_ref().map_or(0, |&len| len as u32);
                    self.buffers.as_mut().is_some_and(|buffers| buffers.lend(id, len))
                });
                let chunk = lent.map(Chunk);
                if let Err(error) = &result
                    && error.raw_os_error() == Some(libc::ENOBUFS)
                    && let Some(buffers) = &mut self.buffers
                {
                    buffers.grow_more();
                }
                if key == NOBODY {
                    chunk.into_iter().for_each(|chunk| self.give_back(chunk));
                    None
                } else {
                    let operation = Operation(operation);
                    let result = result.map(|_| chunk);
                    Some(Completion::Received { operation, key, result, goes_on })
                }
            }
            Kind::Send(_) if key == NOBODY => None,
            Kind::Send(_) => {
                let operation = Operation(operation);
                Some(Completion::Sent { operation, key, bytes, result })
            }
            Kind::Writable => Some(Completion::Writable { key }),
            Kind::HangUp => Some(Completion::HungUp { key }),
            Kind::Accept => {
                let result = result.map(|number| {
                    // SAFETY: the system opened the descriptor for this completion, and nobody else knows it.
                    unsafe { own_fd(number as RawFd) }
                });
                Some(Completion::Accepted { key, result, goes_on })
            }
        };
        if !goes_on {
            self.operations.remove(operation);
        }
        if !self.is_watching && !self.is_ending && matches!(completion, Some(Completion::Ready)) {
            self.watch();
        }
        // What was accepted for nobody is closed here.
        completion.filter(|completion| matches!(completion, Completion::Ready) || key != NOBODY)
    }

    /// Waits for the poll, from now on.
    fn watch(&mut self) {
        self.is_watching = true;
        let entry = opcode::PollAdd::new(Fd(self.poll), libc::POLLIN as u32).multi(true).build();
        self.begin(NOBODY, Kind::Ready, entry);
    }

    fn begin(&mut self, key: usize, kind: Kind, entry: squeue::Entry) -> Operation {
        let operation = self.operations.insert(Entry { key, kind });
        self.push(entry.user_data(operation as u64));
        Operation(operation)
    }

    fn push(&mut self, entry: squeue::Entry) {
        if !self.backlog.is_empty() {
            self.backlog.push_back(entry);
            return;
        }
        if let Err(entry) = self.try_push(entry) {
            self.backlog.push_back(entry);
        }
    }

    /// Puts an entry into the queue, for which room is made where there is none.
    fn try_push(&mut self, entry: squeue::Entry) -> Result<(), squeue::Entry> {
        if self.inner.submission().is_full() {
            // Where the system takes nothing, the entry waits.
            let _ = self.enter(0, None);
        }
        // SAFETY: what the entry refers to belongs to the operations' table until its last completion, and its descriptor is
        // open until the system has taken the entry: see `retire`.
        unsafe { self.inner.submission().push(&entry) }.map_err(|_| entry)
    }

    /// Ends everything that is under way and waits until it has ended; then what was retired is closed. False where the
    /// system did not end everything in time.
    pub fn finish(&mut self) -> bool {
        let deadline = Instant::now() + DRAIN;
        self.is_ending = true;
        while !self.operations.is_empty() && Instant::now() < deadline {
            let under_way: Vec<Operation> = self.operations.iter().map(|(at, _)| Operation(at)).collect();
            under_way.into_iter().for_each(|operation| self.abandon(operation));
            if self.wait(Some(Duration::from_millis(20))).is_err() {
                break;
            }
            while self.next().is_some() {}
        }
        self.retired.clear();
        self.operations.is_empty()
    }
}

impl Drop for Uring {
    fn drop(&mut self) {
        if !self.finish() {
            // The system may still write to the buffers and read what is being sent.
            std::mem::forget(self.buffers.take());
            std::mem::forget(std::mem::take(&mut self.operations));
        }
    }
}

/// Whether a call failed for a reason that the next one will not have.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ETIME | libc::EINTR | libc::EBUSY | libc::EAGAIN))
}
