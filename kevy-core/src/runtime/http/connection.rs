//! One connection of HTTP/1.1: a request's head in, a response out.

use std::io::{ErrorKind, Read as _, Write as _};
use std::time::Instant;

use mio::net::TcpStream;

/// Bytes that a request's head may have.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Bytes that are read, and thrown away, of a peer that sends more than a head.
const INPUT_BYTES_MAX: usize = 256 * 1024;
/// Bytes of figures that may wait for a slow page before it is given up.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// What a request's head says, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub path: String,
    host: Option<String>,
}

impl Request {
    /// Reads a whole head; `None` where it is none.
    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, path, version) = (words.next()?, words.next()?, words.next()?);
        if !version.starts_with("HTTP/1.") || !path.starts_with('/') || words.next().is_some() {
            return None;
        }
        let host = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("host"))
            .map(|(_, value)| value.trim().to_owned());
        Some(Self { method: method.into(), path: path.into(), host })
    }

    /// Whether it was sent to a name of this machine's own.
    pub fn is_local(&self) -> bool {
        let Some(host) = &self.host else { return true };
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        name.eq_ignore_ascii_case("localhost")
            || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// A connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    received: usize,
    output: Vec<u8>,
    sent: usize,
    /// It gets events until it goes away.
    pub is_stream: bool,
    /// When something was last done for it.
    pub since: Instant,
    is_answered: bool,
    is_broken: bool,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            input: Vec::new(),
            received: 0,
            output: Vec::new(),
            sent: 0,
            is_stream: false,
            since: Instant::now(),
            is_answered: false,
            is_broken: false,
        }
    }

    /// Reads what has come, and returns the request once its head is whole.
    pub fn receive(&mut self) -> Option<Request> {
        let mut bytes = [0; 4096];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => {
                    // A peer that sends no more may still read; a page that has gone does not.
                    self.is_broken |= self.is_stream || !self.is_answered;
                    break;
                }
                Ok(count) => {
                    self.received += count;
                    // What is left unread when a connection is closed would cut its answer off.
                    if !self.is_answered && self.input.len() <= HEAD_BYTES_MAX {
                        self.input.extend_from_slice(&bytes[..count]);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.is_broken |= error.kind() != ErrorKind::WouldBlock;
                    break;
                }
            }
            if self.received > INPUT_BYTES_MAX {
                self.is_broken = true;
                break;
            }
        }
        if self.is_answered {
            return None;
        }
        let end = self.input.windows(4).position(|four| four == b"\r\n\r\n");
        let refuse = |connection: &mut Self, status| {
            let request = Request { method: "GET".into(), path: "/".into(), host: None };
            connection.respond(status, "text/plain", "", &request);
            None
        };
        match end {
            Some(end) => match Request::parse(&String::from_utf8_lossy(&self.input[..end])) {
                Some(request) => Some(request),
                None => refuse(self, "400 Bad Request"),
            },
            None if self.input.len() > HEAD_BYTES_MAX => refuse(self, "431 Request Header Fields Too Large"),
            None => None,
        }
    }

    /// Answers and ends the connection.
    pub fn respond(&mut self, status: &str, kind: &str, body: &str, request: &Request) {
        self.is_answered = true;
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n",
            body.len()
        );
        self.output.extend_from_slice(head.as_bytes());
        if request.method != "HEAD" {
            self.output.extend_from_slice(body.as_bytes());
        }
    }

    /// Begins a stream of events with `first`.
    pub fn stream(&mut self, first: &str) {
        self.is_answered = true;
        self.is_stream = true;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
                    Connection: close\r\n\r\n";
        self.push(head.as_bytes());
        self.push(first.as_bytes());
    }

    /// Adds to what is sent; a peer that takes too little is given up.
    pub fn push(&mut self, bytes: &[u8]) {
        self.is_broken |= self.output.len() - self.sent > OUTPUT_BYTES_MAX;
        self.output.extend_from_slice(bytes);
    }

    /// Sends what the socket takes.
    pub fn send(&mut self) {
        while self.sent < self.output.len() && !self.is_broken {
            match self.stream.write(&self.output[self.sent..]) {
                Ok(count) => {
                    self.sent += count;
                    self.since = Instant::now();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => self.is_broken = error.kind() != ErrorKind::Interrupted,
            }
        }
        self.output.clear();
        self.sent = 0;
    }

    /// Whether nothing more is to be done.
    pub fn is_over(&self) -> bool {
        self.is_broken || self.is_answered && !self.is_stream && self.output.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_and_others_refused() {
        let request = Request::parse("GET /metrics?x=1 HTTP/1.1\r\nhost: localhost:8080\r\nA: b").unwrap();
        assert_eq!((&*request.method, &*request.path), ("GET", "/metrics?x=1"));
        assert!(request.is_local());
        for bad in ["", "GET", "GET / HTTP/2", "GET  / HTTP/1.1", "GET x HTTP/1.1", "GET / HTTP/1.1 x"] {
            assert_eq!(Request::parse(bad), None, "{bad}");
        }
        let local =
            |host: &str| Request::parse(&format!("GET / HTTP/1.1\r\nHost: {host}")).unwrap().is_local();
        assert!(local("127.0.0.1") && local("[::1]:80") && local("LOCALHOST"));
        assert!(!local("example.com") && !local("10.0.0.1:80") && !local(""));
    }
}
