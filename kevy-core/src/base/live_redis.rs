//! A real redis-server for tests that compare kevy's rules with its replies.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A server of this test's own, reached over a Unix socket, stopped when dropped.
#[derive(Debug)]
pub struct LiveRedis {
    server: Child,
    directory: PathBuf,
    stream: BufReader<UnixStream>,
}

/// A RESP2 reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Simple(String),
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Nil,
    Array(Vec<Reply>),
}

impl LiveRedis {
    /// Starts `redis-server` from PATH. Panics with the reason if it cannot.
    pub fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("kevy-redis-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("a directory for redis-server");
        let socket = directory.join("socket");
        let mut server = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--enable-debug-command", "yes", "--unixsocket"])
            .arg(&socket)
            .arg("--dir")
            .arg(&directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("this test needs redis-server in PATH: {error}"));
        let mut lines = BufReader::new(server.stdout.take().expect("piped output"));
        let mut line = String::new();
        while !line.contains("accept connections at") {
            line.clear();
            let count = lines.read_line(&mut line).expect("redis-server's output");
            assert!(count > 0, "redis-server ended before it was ready");
        }
        let stream = UnixStream::connect(&socket).expect("a connection to redis-server");
        Self { server, directory, stream: BufReader::new(stream) }
    }

    /// The path of the server's Unix socket, for a connection of the test's own.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("socket")
    }

    /// Sends one command and reads its reply.
    pub fn command(&mut self, arguments: &[&[u8]]) -> Reply {
        self.send(arguments);
        self.reply()
    }

    fn send(&mut self, arguments: &[&[u8]]) {
        let mut request = format!("*{}\r\n", arguments.len()).into_bytes();
        for argument in arguments {
            request.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
            request.extend_from_slice(argument);
            request.extend_from_slice(b"\r\n");
        }
        self.stream.get_mut().write_all(&request).expect("redis-server takes a command");
    }

    /// Sends one command and returns the bytes of its reply, in whatever protocol version is spoken.
    pub fn exchange(&mut self, arguments: &[&[u8]]) -> Vec<u8> {
        self.send(arguments);
        let mut reply = Vec::new();
        self.copy_reply(&mut reply);
        reply
    }

    fn copy_reply(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        self.stream.read_until(b'\n', out).expect("redis-server replies");
        let line = String::from_utf8_lossy(&out[start..]).trim_end().to_owned();
        let count = line.get(1..).and_then(|number| number.parse::<usize>().ok());
        match (line.as_bytes().first(), count) {
            (Some(b'$' | b'=' | b'!'), Some(length)) => {
                let start = out.len();
                out.resize(start + length + 2, 0);
                self.stream.read_exact(&mut out[start..]).expect("a whole bulk string");
            }
            (Some(b'*' | b'~' | b'>'), Some(count)) => (0..count).for_each(|_| self.copy_reply(out)),
            (Some(b'%'), Some(count)) => (0..2 * count).for_each(|_| self.copy_reply(out)),
            (Some(b'|'), Some(count)) => (0..2 * count + 1).for_each(|_| self.copy_reply(out)),
            _ => {}
        }
    }

    fn reply(&mut self) -> Reply {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).expect("redis-server replies");
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let (kind, rest) = line.split_at(1);
        match (kind, rest) {
            ("+", text) => Reply::Simple(text.into()),
            ("-", text) => Reply::Error(text.into()),
            (":", number) => Reply::Integer(number.parse().expect("an integer")),
            ("$" | "*", "-1") => Reply::Nil,
            ("$", length) => {
                let mut bytes = vec![0; length.parse::<usize>().expect("a length") + 2];
                self.stream.read_exact(&mut bytes).expect("a whole bulk string");
                bytes.truncate(bytes.len() - 2);
                Reply::Bulk(bytes)
            }
            ("*", count) => {
                Reply::Array((0..count.parse().expect("a count")).map(|_| self.reply()).collect())
            }
            _ => panic!("not a reply: {line:?}"),
        }
    }
}

impl Drop for LiveRedis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Reply {
    /// The bytes of a bulk or simple string.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Bulk(bytes) => bytes,
            Self::Simple(text) => text.into_bytes(),
            other => panic!("not a string: {other:?}"),
        }
    }

    /// The members of an array of strings.
    pub fn into_array(self) -> Vec<Vec<u8>> {
        match self {
            Self::Array(members) => members.into_iter().map(Self::into_bytes).collect(),
            other => panic!("not an array: {other:?}"),
        }
    }
}
