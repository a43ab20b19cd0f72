//! A replica as hosts use it.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};

use crate::base::random::Random;
use crate::base::{Error, ErrorKind, Result};
use crate::io::{Moved, Timer};

use super::super::block::Packing;
use super::super::cursor::Place;
use super::super::selection::Selection;
use super::filter::Filter;
use super::frame::{Batch, Frame};
use super::link::{LinkOptions, LinkStats, Step};
use super::options::{ReplicaOptions, Speech};
use super::protocol::Protocol;
use super::session::{Advance, Session};

const SOCKET: Token = Token(0);
const WAKE: Token = Token(1);
const TIMER: Token = Token(2);

/// A slow consumer tells the primary at this interval that it is alive, and looks at the clock only after so
/// many frames.
const KEEPALIVE: Duration = Duration::from_secs(1);
const FRAMES_PER_LOOK: u32 = 16;

/// What a replica has done since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicaStats {
    pub link: LinkStats,
    /// True while the primary is connected and has taken the handshake.
    pub up: bool,
    /// Connections made.
    pub connections: u64,
    /// Milliseconds since the primary was last heard of; `None` if never.
    pub silent_ms: Option<u64>,
    /// Units of the stream (frames of a kevy primary, bytes of another one) that have arrived and were not handed out.
    pub lag_offset: u64,
    /// Bytes that have arrived and were not handed out.
    pub lag_bytes: u64,
    /// The primary forbids PSYNC or need not be asked for it, and is scanned and tracked: for each key its last value arrives,
    /// but not every value before, nor their order over keys, nor transactions.
    pub weaker: bool,
    /// Milliseconds since everything that the primary had sent was handed out; 0 while that is so and the link is up, `None`
    /// where it never was.
    pub lag_ms: Option<u64>,
}

/// Ends another thread's wait on a replica.
#[derive(Clone, Debug)]
pub struct Interrupter {
    waker: Arc<Waker>,
    flag: Arc<AtomicBool>,
}

impl Interrupter {
    /// The call that waits, or else the next call, fails with [`ErrorKind::Interrupted`].
    pub fn interrupt(&self) {
        self.flag.store(true, Ordering::Release);
        // A failure means that the poll is gone, and with it whoever would be woken.
        let _ = self.waker.wake();
    }
}

/// A primary's snapshot and changes, frame by frame. For one thread at a time.
#[derive(Debug)]
pub struct Replica {
    link: Protocol,
    filter: Filter,
    session: Session,
    poll: Poll,
    events: Events,
    timer: Timer,
    timer_at: Option<Instant>,
    interrupter: Interrupter,
    receive_timeout: Duration,
    batch_bytes_max: usize,
    heard: Option<Instant>,
    /// When nothing of what had arrived was left to be handed out.
    whole: Option<Instant>,
    frames: u32,
    alive_at: Instant,
    connections: u64,
}

impl Replica {
    /// A replica that stands at `cursor`, or nowhere where it is empty. Connecting happens in the calls that wait
    /// for frames.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] without a source, [`ErrorKind::Corrupt`] and [`ErrorKind::Unsupported`] for
    /// bytes that are no cursor, [`ErrorKind::Io`] where the system has no descriptors left.
    pub fn open(mut options: ReplicaOptions, cursor: &[u8]) -> Result<Self> {
        let place = Place::decode(cursor)?;
        if options.speech == Speech::Psync && !options.kinds.is_empty() {
            let text = "type: only kevy sends values of some types only, by kevy:// or kevys://";
            return Err(Error::new(ErrorKind::InvalidOption, text));
        }
        let mut random = Random::from_system();
        let id = options
            .id
            .take()
            .unwrap_or_else(|| format!("replica-{}", String::from_utf8_lossy(&random.hex_id::<16>())));
        let session = Session::new(&mut options, random)?;
        let io = |error| Error::io("cannot open a poll", &error);
        let poll = Poll::new().map_err(io)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE).map_err(io)?);
        let timer = Timer::new(poll.registry(), TIMER).map_err(io)?;
        let link = LinkOptions {
            id,
            user: options.user,
            password: options.password,
            transaction_bytes_max: options.transaction_bytes_max,
            frame_bytes_max: options.frame_bytes_max,
            acknowledge: options.acknowledge,
            bookmarks: options.bookmarks,
            follow: options.follow,
            database: options.database,
            announce_port: options.announce_port,
            announce_ip: options.announce_ip,
            selection: Selection { prefixes: options.prefixes.clone(), kinds: options.kinds },
            blocks: (options.batches || options.compression != Packing::None).then_some(options.compression),
        };
        Ok(Self {
            link: Protocol::new(options.speech, link, place),
            filter: Filter::new(options.prefixes, options.database),
            session,
            poll,
            events: Events::with_capacity(8),
            timer,
            timer_at: None,
            interrupter: Interrupter { waker, flag: Arc::default() },
            receive_timeout: options.receive_timeout,
            batch_bytes_max: options.batch_bytes_max,
            heard: None,
            whole: None,
            frames: 0,
            alive_at: Instant::now(),
            connections: 0,
        })
    }

    /// The next frame, or `None` once `timeout` has passed; without a timeout it waits for ever. By calling again
    /// the caller confirms the frames before, unless the option `acknowledge` says otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`] by an [`Interrupter`] or a signal; [`ErrorKind::Auth`], [`ErrorKind::Unsupported`] and
    /// [`ErrorKind::Replica`] where the primary refuses; [`ErrorKind::OutOfMemory`] where a limit of the options
    /// was passed; [`ErrorKind::Closed`] where a connection that was given has ended. Calling again tries again.
    /// Anything else that ends a link shows as a frame that says so, and the link is made again.
    #[inline]
    pub fn next(&mut self, timeout: Option<Duration>) -> Result<Option<Frame<'_>>> {
        if self.advance(timeout, true)? { Ok(Some(self.link.frame())) } else { Ok(None) }
    }

    /// As [`Replica::next`], as a batch of that one frame, which owns its bytes. Unlike others it may end inside a
    /// transaction, whose rest follows; its cursor then lies before the transaction.
    ///
    /// # Errors
    /// As [`Replica::next`].
    pub fn next_owned(&mut self, timeout: Option<Duration>) -> Result<Option<Batch>> {
        if !self.advance(timeout, true)? {
            return Ok(None);
        }
        let mut batch = Batch::default();
        batch.push(&self.link.frame());
        batch.set_cursor(self.cursor());
        Ok(Some(batch))
    }

    /// Up to `frames_max` frames: waits for the first as [`Replica::next`] does, then takes those that are there.
    /// The batch is empty where the time limit passed. It never ends inside a transaction, for which it may grow
    /// beyond the limits, so its frames are just what lies before its cursor.
    ///
    /// # Errors
    /// As [`Replica::next`]; frames that came before the error are handed out first.
    pub fn next_batch(&mut self, frames_max: usize, timeout: Option<Duration>) -> Result<Batch> {
        let mut batch = Batch::default();
        self.fill_batch(&mut batch, frames_max, timeout)?;
        Ok(batch)
    }

    /// As [`Replica::next_batch`], into a batch whose memory is used again.
    ///
    /// # Errors
    /// As [`Replica::next_batch`].
    pub fn fill_batch(
        &mut self,
        batch: &mut Batch,
        frames_max: usize,
        timeout: Option<Duration>,
    ) -> Result<()> {
        batch.clear();
        self.link.confirm();
        let mut timeout = timeout;
        let fits = |batch: &Batch, max| batch.len() < frames_max.max(1) && batch.byte_len() < max;
        while self.link.is_inside_transaction() || fits(batch, self.batch_bytes_max) {
            match self.advance(timeout, false) {
                Ok(true) => batch.push(&self.link.frame()),
                Ok(false) => break,
                Err(_) if !batch.is_empty() => break,
                Err(error) => return Err(error),
            }
            timeout = Some(Duration::ZERO);
        }
        batch.set_cursor(self.cursor());
        Ok(())
    }

    /// The place after the last frame that was handed out, to resume from: always between two transactions, and
    /// empty, which means to start again, as long as no snapshot was whole.
    pub fn cursor(&self) -> Vec<u8> {
        self.link.cursor()
    }

    /// Tells the primary that everything before `cursor` has been applied.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for a cursor that does not belong to what was handed out.
    pub fn ack(&mut self, cursor: &[u8]) -> Result<()> {
        self.link.ack(&Place::decode(cursor)?)?;
        self.link.acknowledge(false, Instant::now());
        self.flush();
        Ok(())
    }

    /// Offsets of the primary's stream, over all its shards: received, and handed out.
    pub fn offsets(&self) -> (u64, u64) {
        self.link.offsets()
    }

    /// Asks the primary to say at once how far it is, where it can be asked.
    pub fn probe(&mut self) {
        self.link.probe();
        self.flush();
    }

    /// Where the last frame that was handed out has led to.
    pub fn place(&self) -> Place {
        self.link.place()
    }

    /// True where all that has arrived has been handed out.
    pub fn link_is_quiet(&mut self) -> bool {
        self.link.is_up() && self.link.is_drained() && !self.link.owes()
    }

    /// When bytes of the primary last arrived.
    pub fn heard(&self) -> Option<Instant> {
        self.heard
    }

    /// Counters.
    pub fn stats(&self) -> ReplicaStats {
        ReplicaStats {
            link: self.link.stats().clone(),
            up: self.link.is_up(),
            connections: self.connections,
            silent_ms: self.heard.map(|at| at.elapsed().as_millis() as u64),
            lag_offset: self.link.offsets().0.saturating_sub(self.link.offsets().1),
            lag_bytes: self.link.waiting_bytes() as u64,
            weaker: self.link.is_weaker(),
            lag_ms: self.whole.map(|at| at.elapsed().as_millis() as u64).map(|ms| {
                let is_whole = self.link.is_up() && self.link.waiting_bytes() == 0;
                if is_whole { 0 } else { ms }
            }),
        }
    }

    /// A descriptor that is readable when there may be something to do: call [`Replica::next`] with no time to wait
    /// until it gives `None`, then wait for the descriptor again. It is the replica's own and stays open as long.
    pub fn wakeup_fd(&self) -> RawFd {
        self.poll.as_raw_fd()
    }

    /// What ends a wait from any thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// Goes on to the next frame; false where the time passed. `confirm`: what was handed out has been applied.
    fn advance(&mut self, timeout: Option<Duration>, confirm: bool) -> Result<bool> {
        self.frames += 1;
        if self.frames >= FRAMES_PER_LOOK {
            self.stay_alive(confirm);
        }
        let mut until = None;
        loop {
            if self.interrupter.flag.load(Ordering::Relaxed) {
                self.interrupter.flag.store(false, Ordering::Relaxed);
                return Err(Error::new(ErrorKind::Interrupted, "the wait for frames was interrupted"));
            }
            match self.link.step() {
                Ok(Step::Frame) if self.filter.passes(&self.link.frame()) => return Ok(true),
                Ok(Step::Frame) => continue,
                Ok(Step::Input) => {
                    if self.link.is_up() && self.link.waiting_bytes() == 0 {
                        self.whole = self.heard;
                    }
                }
                Err(_) if self.link.fall_back() => continue,
                Err(error) => {
                    self.give_up(&error)?;
                    continue;
                }
            }
            if confirm {
                self.link.confirm();
            }
            let now = Instant::now();
            if self.pump(now)? {
                continue;
            }
            // The time is counted from where the wait begins; what came before was no wait.
            let until = *until.get_or_insert_with(|| timeout.and_then(|timeout| now.checked_add(timeout)));
            if !self.wait(now, until)? {
                return Ok(false);
            }
        }
    }

    /// Moves bytes. False where there is nothing to do but wait.
    fn pump(&mut self, now: Instant) -> Result<bool> {
        match self.session.advance(self.poll.registry(), SOCKET, now) {
            Ok(Advance::Standing) => {}
            Ok(Advance::Connected) => {
                self.connections += 1;
                self.heard = Some(now);
                self.link.connected();
            }
            Ok(Advance::Waiting) => return Ok(false),
            Err(error) => {
                self.link.disconnected(error.message());
                return if error.kind() == ErrorKind::Closed { Err(error) } else { Ok(true) };
            }
        }
        if self.link.is_up() {
            self.session.succeeded();
        }
        if self.link.output().is_empty() {
            self.link.acknowledge(false, now);
        }
        self.flush();
        let received = self.session.receive(self.link.input().room());
        match received {
            Ok(Moved::Bytes(len)) => {
                self.heard = Some(now);
                self.link.count_bytes(len);
                self.link.input().received(len);
                Ok(true)
            }
            Ok(Moved::Later) => {
                let silence = self.heard.map_or(Duration::ZERO, |at| now.duration_since(at));
                if silence < self.receive_timeout {
                    return Ok(false);
                }
                let text = format!("the primary was silent for {} ms", silence.as_millis());
                self.give_up(&Error::new(ErrorKind::Timeout, text))?;
                Ok(true)
            }
            Ok(Moved::Closed) => {
                self.give_up(&Error::new(ErrorKind::Io, "the primary closed the link"))?;
                Ok(true)
            }
            Err(error) => {
                self.give_up(&Error::io("the link broke", &error))?;
                Ok(true)
            }
        }
    }

    /// Ends the link. Fails where the caller has to know, and not just to wait for the next link.
    fn give_up(&mut self, error: &Error) -> Result<()> {
        self.session.close(self.poll.registry(), Instant::now());
        self.link.disconnected(error.message());
        match error.kind() {
            ErrorKind::Io | ErrorKind::Timeout | ErrorKind::Protocol | ErrorKind::Corrupt => Ok(()),
            _ => Err(error.clone()),
        }
    }

    fn flush(&mut self) {
        if !self.link.output().is_empty() {
            // Whatever is wrong shows when something is received.
            let _ = self.session.send(self.link.output());
        }
    }

    #[cold]
    fn stay_alive(&mut self, confirm: bool) {
        self.frames = 0;
        let now = Instant::now();
        if now.duration_since(self.alive_at) >= KEEPALIVE {
            self.alive_at = now;
            if confirm {
                self.link.confirm();
            }
            if self.link.output().is_empty() {
                self.link.acknowledge(true, now);
            }
            self.flush();
        }
    }

    /// Waits for an event. False where `until` came first.
    fn wait(&mut self, now: Instant, until: Option<Instant>) -> Result<bool> {
        let silence = self.session.deadline().or_else(|| Some(self.heard? + self.receive_timeout));
        let silence = silence.into_iter().chain(self.link.deadline()).min();
        let wake = until.into_iter().chain(silence).min();
        let timeout = wake.map(|wake| wake.saturating_duration_since(now));
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                return Err(Error::new(ErrorKind::Interrupted, "a signal interrupted the wait for frames"));
            }
            Err(error) => return Err(Error::io("cannot wait", &error)),
        }
        if !self.events.is_empty() {
            return Ok(true);
        }
        let now = Instant::now();
        if silence.is_some_and(|at| at <= now) {
            return Ok(true);
        }
        if until.is_none_or(|until| now < until) {
            return Ok(true);
        }
        // Whoever waits on the descriptor alone must come back by then.
        if let Some(at) = silence
            && self.timer_at.is_none_or(|set| set <= now || at < set)
        {
            self.timer.set(at - now).map_err(|error| Error::io("cannot set a timer", &error))?;
            self.timer_at = Some(at);
        }
        Ok(false)
    }
}
