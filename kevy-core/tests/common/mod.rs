//! What the tests of the api share: one way to run commands in-process and over any socket, and waiting for a
//! condition instead of for time.

#![expect(dead_code, reason = "each test program uses its own part")]

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use kevy_core::api::{self, Kind, Options, Runtime, Session};

/// How long a condition may take to come true, and a reply to arrive. Nothing that passes takes this long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until the answer is yes. Panics with `what` where it does not become so in time.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::yield_now();
    }
}

/// Options by name and value.
pub fn options(settings: &[(&str, &str)]) -> Options {
    let mut options = Options::new();
    for (name, value) in settings {
        options.set(name, value).expect("an option");
    }
    options
}

/// A runtime with that many shards and further options.
pub fn start(shards: usize, settings: &[(&str, &str)]) -> Runtime {
    let options = options(settings).with("shards", &shards.to_string()).expect("an option");
    Runtime::start(&options).expect("a runtime")
}

/// A reply as far as these tests tell replies apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    Null,
    Simple(String),
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    List(Vec<Self>),
}

impl Reply {
    pub fn ok() -> Self {
        Self::Simple("OK".into())
    }

    pub fn bulk(text: &str) -> Self {
        Self::Bulk(text.as_bytes().to_vec())
    }

    #[track_caller]
    pub fn integer(&self) -> i64 {
        match self {
            Self::Integer(number) => *number,
            other => panic!("{other:?} is no integer"),
        }
    }

    /// The number that a bulk string spells.
    #[track_caller]
    pub fn number(&self) -> i64 {
        self.text().parse().expect("a number")
    }

    #[track_caller]
    pub fn text(&self) -> String {
        match self {
            Self::Simple(text) | Self::Error(text) => text.clone(),
            Self::Bulk(bytes) => String::from_utf8(bytes.clone()).expect("text"),
            other => panic!("{other:?} is no text"),
        }
    }

    #[track_caller]
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            other => panic!("{other:?} is no list"),
        }
    }

    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}

impl From<api::Reply<'_>> for Reply {
    fn from(node: api::Reply<'_>) -> Self {
        let text = || String::from_utf8_lossy(node.bytes()).into_owned();
        match node.kind() {
            Kind::Null => Self::Null,
            Kind::Simple => Self::Simple(text()),
            Kind::Error => Self::Error(text()),
            Kind::Integer => Self::Integer(node.integer()),
            Kind::Array | Kind::Map | Kind::Set | Kind::Push => {
                Self::List(node.children().map(Self::from).collect())
            }
            _ => Self::Bulk(node.bytes().to_vec()),
        }
    }
}

/// Whoever runs commands: a session in-process, or a client at the other end of a socket.
pub trait Caller: Send {
    /// Runs a command given as words with one space between them.
    fn run(&mut self, line: &str) -> Reply {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.call(&words)
    }

    fn call(&mut self, words: &[&[u8]]) -> Reply;
}

impl Caller for Session {
    #[track_caller]
    fn call(&mut self, words: &[&[u8]]) -> Reply {
        self.dispatch(words).expect("a reply").into()
    }
}

trait Stream: Read + Write + Send {}

impl Stream for TcpStream {}

impl Stream for UnixStream {}

/// A client that speaks RESP2 over a socket.
pub struct Client(BufReader<Box<dyn Stream>>);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// Over a socket pair inside this process.
    #[track_caller]
    pub fn paired(runtime: &Runtime) -> Self {
        let stream = UnixStream::from(runtime.connect().expect("a socket pair"));
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self(BufReader::new(Box::new(stream)))
    }

    #[track_caller]
    pub fn tcp(address: impl Into<SocketAddr>) -> Self {
        let stream = TcpStream::connect_timeout(&address.into(), PATIENCE).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self(BufReader::new(Box::new(stream)))
    }

    #[track_caller]
    pub fn unix(path: &Path) -> Self {
        let stream = UnixStream::connect(path).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self(BufReader::new(Box::new(stream)))
    }

    pub fn send(&mut self, words: &[&[u8]]) -> io::Result<()> {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        self.0.get_mut().write_all(&request)
    }

    /// Sends a command given as words with one space between them.
    pub fn send_line(&mut self, line: &str) -> io::Result<()> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.send(&words)
    }

    /// The next reply.
    pub fn receive(&mut self) -> io::Result<Reply> {
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end_matches("\r\n");
        let (kind, rest) = line.split_at_checked(1).ok_or(io::ErrorKind::InvalidData)?;
        let count = || rest.parse::<i64>().map_err(|_| io::Error::from(io::ErrorKind::InvalidData));
        Ok(match kind {
            "+" => Reply::Simple(rest.to_owned()),
            "-" => Reply::Error(rest.to_owned()),
            ":" => Reply::Integer(count()?),
            "$" | "*" if count()? < 0 => Reply::Null,
            "$" => {
                let mut bytes = vec![0; count()? as usize + 2];
                self.0.read_exact(&mut bytes)?;
                bytes.truncate(bytes.len() - 2);
                Reply::Bulk(bytes)
            }
            "*" => Reply::List((0..count()?).map(|_| self.receive()).collect::<io::Result<_>>()?),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        })
    }

    /// Replies until the runtime closes the connection. Panics where it neither answers nor closes.
    #[track_caller]
    pub fn rest(&mut self) -> Vec<Reply> {
        let mut replies = Vec::new();
        loop {
            match self.receive() {
                Ok(reply) => replies.push(reply),
                Err(error) if is_end(&error) => return replies,
                Err(error) => panic!("neither a reply nor an end: {error}"),
            }
        }
    }
}

/// True where an error says that the peer has closed the connection.
pub fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
}

impl Caller for Client {
    #[track_caller]
    fn call(&mut self, words: &[&[u8]]) -> Reply {
        self.send(words).expect("the runtime reads");
        self.receive().expect("the runtime answers")
    }
}

/// `count` callers, every other one over a socket. Sockets go to the core threads in turn.
pub fn callers(runtime: &Runtime, count: usize) -> Vec<Box<dyn Caller>> {
    (0..count)
        .map(|number| -> Box<dyn Caller> {
            if number % 2 == 0 {
                Box::new(runtime.session().expect("a session"))
            } else {
                Box::new(Client::paired(runtime))
            }
        })
        .collect()
}

/// A field of INFO.
#[track_caller]
pub fn info(caller: &mut dyn Caller, field: &str) -> u64 {
    let text = caller.run("INFO").text();
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("INFO has no number {field}"))
}
