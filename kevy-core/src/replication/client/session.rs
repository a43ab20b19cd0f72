//! The replica's connection: made, lost and made again, with growing pauses.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mio::{Registry, Token};

use crate::base::random::Random;
use crate::base::{Error, ErrorKind, Result};
use crate::io::connect::resolve;
use crate::io::{ClientTls, Moved, Socket};

use super::options::{ReplicaOptions, Source};
use super::sentinel;

/// Where to connect to.
#[derive(Debug)]
enum Target {
    Tcp {
        host: String,
        port: u16,
    },
    Unix(PathBuf),
    /// Whichever server these say is the primary of that name.
    Sentinels {
        sentinels: Vec<(String, u16)>,
        /// The one to ask next.
        next: usize,
        name: String,
        question: Vec<u8>,
        /// What the last one that was asked has answered.
        found: Option<(String, u16)>,
    },
    /// A connection that is given once.
    Given(Option<OwnedFd>),
}

#[derive(Debug)]
enum State {
    /// Until then nothing is tried.
    Pause(Instant),
    Connecting {
        socket: Socket,
        until: Instant,
    },
    /// A Sentinel has been asked.
    Asking {
        socket: Socket,
        until: Instant,
        reply: Vec<u8>,
    },
    Connected(Socket),
    /// The connection that was given is gone.
    Over,
}

/// What [`Session::advance`] came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advance {
    /// The connection has just been made.
    Connected,
    /// The connection stands.
    Standing,
    /// There is none, and nothing to do before the deadline or an event.
    Waiting,
}

/// One connection after the other.
#[derive(Debug)]
pub struct Session {
    target: Target,
    /// What the connection is encrypted with, if it is, and the name that the primary must prove to have.
    encryption: Option<(ClientTls, String)>,
    state: State,
    /// Addresses that have not been tried in this round.
    addresses: VecDeque<SocketAddr>,
    connect_timeout: Duration,
    delay_min: Duration,
    delay_max: Duration,
    failures: u32,
    random: Random,
    /// The connection is one to a Sentinel.
    is_asking: bool,
}

impl Session {
    /// Nothing is done yet.
    ///
    /// # Errors
    /// Where the options name no source.
    pub fn new(options: &mut ReplicaOptions, random: Random) -> Result<Self> {
        let mut encryption = None;
        let target = match options.source.take() {
            Some(Source::Tcp { host, port, tls }) => {
                if tls {
                    let refused = |text| Error::new(ErrorKind::InvalidOption, format!("TLS: {text}"));
                    let name = Some(&options.server_name).filter(|name| !name.is_empty()).unwrap_or(&host);
                    encryption = Some((ClientTls::new(&options.trust).map_err(refused)?, name.clone()));
                }
                Target::Tcp { host, port }
            }
            Some(Source::Unix(path)) => Target::Unix(path),
            Some(Source::Fd(fd)) => Target::Given(Some(fd)),
            Some(Source::Sentinels { sentinels, name }) => Target::Sentinels {
                question: sentinel::question(&name, &options.sentinel_user, &options.sentinel_password.0),
                sentinels,
                next: 0,
                name,
                found: None,
            },
            None => {
                let text = "source: a replica needs a primary, such as kevy://localhost:6379";
                return Err(Error::new(ErrorKind::InvalidOption, text));
            }
        };
        Ok(Self {
            target,
            encryption,
            state: State::Pause(Instant::now()),
            addresses: VecDeque::new(),
            connect_timeout: options.connect_timeout,
            delay_min: options.reconnect_delay_min,
            delay_max: options.reconnect_delay_max.max(options.reconnect_delay_min),
            failures: 0,
            random,
            is_asking: false,
        })
    }

    /// Does what can be done towards a connection.
    ///
    /// # Errors
    /// Why the attempt failed; the next one comes after a pause, or at once where another address is left.
    pub fn advance(&mut self, registry: &Registry, token: Token, now: Instant) -> Result<Advance> {
        match &mut self.state {
            State::Connected(_) => Ok(Advance::Standing),
            State::Over => Err(Error::new(ErrorKind::Closed, "the connection that was given is closed")),
            State::Pause(until) if now < *until => Ok(Advance::Waiting),
            State::Pause(_) => self.begin(registry, token, now),
            State::Connecting { socket, until } => {
                let error = match socket.connected() {
                    Ok(true) if self.is_asking => return self.ask(registry, token, now),
                    Ok(true) => return Ok(self.stand()),
                    Ok(false) if now < *until => return Ok(Advance::Waiting),
                    Ok(false) => Error::new(ErrorKind::Timeout, self.failed("it takes too long")),
                    Err(error) => Error::new(ErrorKind::Io, self.failed(error)),
                };
                self.close(registry, now);
                Err(error)
            }
            State::Asking { socket, until, reply } => {
                let mut room = [0; 1024];
                let answer = loop {
                    match socket.receive(&mut room) {
                        Ok(Moved::Bytes(len)) => reply.extend_from_slice(&room[..len]),
                        Ok(Moved::Later) => break sentinel::answer(reply),
                        Ok(Moved::Closed) => {
                            break Err(Error::new(ErrorKind::Io, "a Sentinel closed the connection"));
                        }
                        Err(error) => break Err(Error::io("the connection to a Sentinel broke", &error)),
                    }
                    match sentinel::answer(reply) {
                        Ok(None) if reply.len() <= sentinel::REPLY_BYTES_MAX => {}
                        Ok(None) => break Err(Error::new(ErrorKind::Io, "a Sentinel's answer does not end")),
                        answer => break answer,
                    }
                };
                let error = match answer {
                    Ok(Some(address)) => {
                        self.close(registry, now);
                        if let Target::Sentinels { found, .. } = &mut self.target {
                            *found = Some(address);
                        }
                        self.addresses.clear();
                        self.state = State::Pause(now);
                        return self.advance(registry, token, now);
                    }
                    Ok(None) if now < *until => return Ok(Advance::Waiting),
                    Ok(None) => Error::new(ErrorKind::Timeout, "a Sentinel does not answer"),
                    Err(error) => error,
                };
                self.close(registry, now);
                Err(error)
            }
        }
    }

    /// Asks the Sentinel that has just been connected to.
    fn ask(&mut self, registry: &Registry, token: Token, now: Instant) -> Result<Advance> {
        self.addresses.clear();
        let state = std::mem::replace(&mut self.state, State::Pause(now));
        if let (State::Connecting { mut socket, until }, Target::Sentinels { question, .. }) =
            (state, &self.target)
        {
            // A question fits into any socket's buffer; where it does not go out, no answer comes.
            let _ = socket.send(question);
            self.state = State::Asking { socket, until, reply: Vec::new() };
        }
        self.advance(registry, token, now)
    }

    fn begin(&mut self, registry: &Registry, token: Token, now: Instant) -> Result<Advance> {
        let given = matches!(self.target, Target::Given(_));
        self.is_asking = matches!(self.target, Target::Sentinels { found: None, .. });
        let opened = match &mut self.target {
            Target::Given(fd) => match fd.take() {
                Some(fd) => Socket::from_fd(fd),
                None => {
                    self.state = State::Over;
                    return self.advance(registry, token, now);
                }
            },
            Target::Unix(path) => Socket::connect_unix(path),
            Target::Tcp { .. } | Target::Sentinels { .. } => {
                let (host, port) = match &mut self.target {
                    Target::Sentinels { found: Some((host, port)), .. } => (host.clone(), *port),
                    Target::Sentinels { sentinels, next, .. } => {
                        let at = *next % sentinels.len().max(1);
                        if self.addresses.is_empty() {
                            *next = next.wrapping_add(1);
                        }
                        sentinels.get(at).cloned().unwrap_or_default()
                    }
                    Target::Tcp { host, port } => (host.clone(), *port),
                    _ => Default::default(),
                };
                if self.addresses.is_empty() {
                    match resolve(&host, port) {
                        Ok(found) => self.addresses.extend(found),
                        Err(error) => {
                            let error = Error::new(ErrorKind::Io, self.failed(error));
                            self.pause(now);
                            return Err(error);
                        }
                    }
                }
                match self.addresses.pop_front() {
                    Some(address) => Socket::connect(address),
                    None => Err(std::io::ErrorKind::NotFound.into()),
                }
            }
        };
        let opened = opened.and_then(|mut socket| {
            if let Some((tls, name)) = &self.encryption {
                socket.connect_tls(tls, name)?;
            }
            socket.register(registry, token).map(|()| socket)
        });
        match opened {
            Ok(socket) => {
                self.state = State::Connecting { socket, until: now + self.connect_timeout };
                if given { Ok(self.stand()) } else { self.advance(registry, token, now) }
            }
            Err(error) => {
                let error = Error::new(ErrorKind::Io, self.failed(error));
                self.pause(now);
                Err(error)
            }
        }
    }

    fn stand(&mut self) -> Advance {
        self.addresses.clear();
        let state = std::mem::replace(&mut self.state, State::Over);
        if let State::Connecting { socket, .. } = state {
            self.state = State::Connected(socket);
        }
        Advance::Connected
    }

    fn failed(&self, why: impl std::fmt::Display) -> String {
        match &self.target {
            Target::Tcp { host, port } => format!("cannot connect to {host}:{port}: {why}"),
            Target::Unix(path) => format!("cannot connect to {}: {why}", path.display()),
            Target::Sentinels { found: Some((host, port)), .. } => {
                format!("cannot connect to {host}:{port}, which Sentinels name: {why}")
            }
            Target::Sentinels { name, .. } => format!("cannot ask a Sentinel for '{name}': {why}"),
            Target::Given(_) => format!("cannot use the connection that was given: {why}"),
        }
    }

    /// The primary has taken the handshake: the next pause is a short one again.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Gives the connection up.
    pub fn close(&mut self, registry: &Registry, now: Instant) {
        if let State::Connected(socket) | State::Connecting { socket, .. } | State::Asking { socket, .. } =
            &self.state
        {
            // A descriptor that is closed right after needs no deregistration to succeed.
            let _ = socket.deregister(registry);
        }
        self.pause(now);
    }

    fn pause(&mut self, now: Instant) {
        if matches!(self.target, Target::Given(None)) {
            self.state = State::Over;
            return;
        }
        if !self.addresses.is_empty() {
            self.state = State::Pause(now);
            return;
        }
        if let Target::Sentinels { sentinels, next, found, .. } = &mut self.target {
            // Where it was is asked again, as the primary may be another one by now.
            *found = None;
            if self.is_asking && *next % sentinels.len().max(1) != 0 {
                self.state = State::Pause(now);
                return;
            }
        }
        let doubled = self.delay_min.saturating_mul(1 << self.failures.min(20));
        let longest = doubled.min(self.delay_max);
        self.failures += 1;
        // Many replicas that lost one primary must not come back all at once.
        self.state = State::Pause(now + longest.mul_f64(0.5 + 0.5 * self.random.unit_f64()));
    }

    /// When [`Session::advance`] has to be called though no event came.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Pause(until) | State::Connecting { until, .. } | State::Asking { until, .. } => {
                Some(*until)
            }
            State::Connected(_) | State::Over => None,
        }
    }

    /// Reads what has arrived.
    pub fn receive(&mut self, into: &mut [u8]) -> std::io::Result<Moved> {
        match &mut self.state {
            State::Connected(socket) => socket.receive(into),
            _ => Ok(Moved::Closed),
        }
    }

    /// Sends, and takes what was sent off `bytes`.
    pub fn send(&mut self, bytes: &mut Vec<u8>) -> std::io::Result<Moved> {
        let State::Connected(socket) = &mut self.state else { return Ok(Moved::Closed) };
        socket.flush()?;
        let mut sent = 0;
        let result = loop {
            if sent == bytes.len() {
                break Ok(Moved::Bytes(sent));
            }
            match socket.send(&bytes[sent..]) {
                Ok(Moved::Bytes(len)) => sent += len,
                other => break other,
            }
        };
        bytes.drain(..sent);
        result
    }
}
