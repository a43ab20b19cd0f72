//! The status page and the figures for Prometheus (`http-port`).
//!
//! One thread serves all of it: a page, its figures once a second as server-sent events, the same figures as JSON, and
//! `/metrics`. It answers GET alone, reads no more than a request's head, and holds a bounded number of connections. There
//! is no password: it listens where `http-bind` says, which is this machine alone unless changed.

mod connection;
mod figures;
mod metrics;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::base::{Error, Result, log_sink};
use crate::dispatch::Engine;

use connection::{Connection, Request};
use figures::Reader;

const PAGE: &str = include_str!("page.html");
/// Connections at a time; more wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 64;
/// How often pages get figures.
const EVENT_INTERVAL: Duration = Duration::from_secs(1);
/// How long a peer may take for its request, and for taking what it is sent.
const IDLE_MAX: Duration = Duration::from_secs(10);
const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// Connections have the tokens from here on.
const FIRST: usize = 2;

/// The running thread.
#[derive(Debug)]
pub struct Http {
    pub port: u16,
    stopping: Arc<AtomicBool>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Http {
    /// Listens at `host` and `port`, 0 for one that the system chooses.
    ///
    /// # Errors
    /// Where the address cannot be had.
    pub fn start(host: &str, port: u16, engine: Arc<Engine>) -> Result<Self> {
        let failed = |error: io::Error| Error::io(format_args!("cannot listen on {host}:{port}"), &error);
        let address = (host, port).to_socket_addrs().map_err(failed)?.next();
        let address = address.ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))?;
        let mut listener = TcpListener::bind(address).map_err(failed)?;
        let local = listener.local_addr().map_err(failed)?;
        let poll = Poll::new().map_err(failed)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE).map_err(failed)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER).map_err(failed)?);
        let stopping = Arc::<AtomicBool>::default();
        let mut server = Server {
            local,
            listener,
            poll,
            stopping: stopping.clone(),
            connections: BTreeMap::new(),
            next_token: FIRST,
            reader: Reader::new(engine),
            next_event: Instant::now(),
        };
        let thread = std::thread::Builder::new()
            .name("kevy-http".into())
            .spawn(move || server.run())
            .map_err(|error| Error::io("cannot start a thread", &error))?;
        log_sink::info(format_args!("the status page is at http://{local}/"));
        Ok(Self { port: local.port(), stopping, waker, thread: Some(thread) })
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        // A poll that cannot be woken has ended.
        let _ = self.waker.wake();
        if let Some(thread) = self.thread.take() {
            // Its panic was printed, and there is nothing of it left to clean up.
            let _ = thread.join();
        }
    }
}

struct Server {
    local: SocketAddr,
    listener: TcpListener,
    poll: Poll,
    stopping: Arc<AtomicBool>,
    connections: BTreeMap<usize, Connection>,
    next_token: usize,
    reader: Reader,
    next_event: Instant,
}

impl Server {
    fn run(&mut self) {
        let mut events = Events::with_capacity(CONNECTIONS_MAX);
        while !self.stopping.load(Ordering::Acquire) {
            let timeout = (!self.connections.is_empty())
                .then(|| self.next_event.saturating_duration_since(Instant::now()));
            // An interrupted wait is a turn without events.
            let _ = self.poll.poll(&mut events, timeout);
            self.accept();
            let ready: Vec<usize> = events.iter().map(|event| event.token().0).collect();
            for token in ready {
                self.serve(token);
            }
            if Instant::now() >= self.next_event {
                self.next_event = Instant::now() + EVENT_INTERVAL;
                self.tick();
            }
        }
    }

    fn accept(&mut self) {
        while self.connections.len() < CONNECTIONS_MAX
            && let Ok((mut stream, _)) = self.listener.accept()
        {
            let token = self.next_token;
            self.next_token += 1;
            let interest = Interest::READABLE | Interest::WRITABLE;
            if self.poll.registry().register(&mut stream, Token(token), interest).is_ok() {
                self.connections.insert(token, Connection::new(stream));
                self.serve(token);
            }
        }
    }

    fn serve(&mut self, token: usize) {
        let Some(connection) = self.connections.get_mut(&token) else { return };
        if let Some(request) = connection.receive() {
            answer(connection, &request, &mut self.reader, self.local);
        }
        connection.send();
        if connection.is_over() {
            self.connections.remove(&token);
        }
    }

    /// Sends figures to the pages that are open, and ends connections that nothing comes of.
    fn tick(&mut self) {
        if self.connections.values().any(|connection| connection.is_stream) {
            let event = format!("data: {}\n\n", self.reader.json());
            for connection in self.connections.values_mut().filter(|connection| connection.is_stream) {
                connection.push(event.as_bytes());
                connection.send();
            }
        }
        self.connections.retain(|_, connection| {
            let is_idle = !connection.is_stream && connection.since.elapsed() > IDLE_MAX;
            !is_idle && !connection.is_over()
        });
    }
}

fn answer(connection: &mut Connection, request: &Request, reader: &mut Reader, local: SocketAddr) {
    if request.method != "GET" && request.method != "HEAD" {
        return connection.respond("405 Method Not Allowed", "text/plain", "only GET is answered\n", request);
    }
    if local.ip().is_loopback() && !request.is_local() {
        // A page of somebody else's whose name was made to lead here must not read what this machine alone may.
        return connection.respond(
            "403 Forbidden",
            "text/plain",
            "this address is for this machine\n",
            request,
        );
    }
    match request.path.split('?').next().unwrap_or_default() {
        "/" => connection.respond("200 OK", "text/html; charset=utf-8", PAGE, request),
        "/metrics" => {
            let text = metrics::of(&reader.sections(), reader.slow_log_len());
            connection.respond("200 OK", "text/plain; version=0.0.4; charset=utf-8", &text, request);
        }
        "/status.json" => {
            let text = reader.json();
            connection.respond("200 OK", "application/json", &text, request);
        }
        "/events" => {
            let first = format!("data: {}\n\n", reader.json());
            connection.stream(&first);
        }
        _ => connection.respond(
            "404 Not Found",
            "text/plain",
            "there is /, /metrics, /status.json and /events\n",
            request,
        ),
    }
}
