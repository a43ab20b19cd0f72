//! A small keyspace that tracks, as the primary of a link, and a copy that follows it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crc_fast::{CrcAlgorithm, checksum};

use crate::resp::{ArgVec, decode_command};

use super::super::super::frame::FrameKind;
use super::super::ScanLink;

pub const OK: &[u8] = b"+OK\r\n";
pub const GREETING: &[u8] = b"%1\r\n+proto\r\n:3\r\n";

pub fn bulk(bytes: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

pub fn push(keys: &[&[u8]]) -> Vec<u8> {
    let names: Vec<u8> = keys.iter().flat_map(|key| bulk(key)).collect();
    [&b">2\r\n$10\r\ninvalidate\r\n"[..], format!("*{}\r\n", keys.len()).as_bytes(), &names].concat()
}

pub const EMPTIED: &[u8] = b">2\r\n$10\r\ninvalidate\r\n_\r\n";

/// A value, as few bytes as will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(Vec<u8>),
    List(Vec<Vec<u8>>),
    Set(BTreeSet<Vec<u8>>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
    Scores(BTreeMap<Vec<u8>, i32>),
}

/// A payload of DUMP: the value with its type, a version and a checksum.
pub fn seal(body: &[u8], version: u16) -> Vec<u8> {
    let mut bytes = [body, &version.to_le_bytes()].concat();
    bytes.extend(checksum(CrcAlgorithm::Crc64Redis, &bytes).to_le_bytes());
    bytes
}

impl Value {
    pub fn payload(&self) -> Vec<u8> {
        let short = |bytes: &[u8]| [&[bytes.len() as u8][..], bytes].concat();
        let strings =
            |kind: u8, count: usize, strings: Vec<u8>| [&[kind, count as u8][..], &strings].concat();
        let body = match self {
            Self::Text(text) if text.len() < 64 => [&[0][..], &short(text)].concat(),
            Self::Text(text) => [&[0, 0x80][..], &(text.len() as u32).to_be_bytes(), text].concat(),
            Self::List(list) => strings(1, list.len(), list.iter().flat_map(|part| short(part)).collect()),
            Self::Set(set) => strings(2, set.len(), set.iter().flat_map(|part| short(part)).collect()),
            Self::Hash(hash) => {
                let parts = hash.iter().flat_map(|(name, value)| [short(name), short(value)].concat());
                strings(4, hash.len(), parts.collect())
            }
            Self::Scores(scores) => {
                let parts = scores.iter().flat_map(|(member, score)| {
                    [short(member), f64::from(*score).to_le_bytes().to_vec()].concat()
                });
                strings(5, scores.len(), parts.collect())
            }
        };
        seal(&body, 10)
    }
}

pub type Keys = BTreeMap<Vec<u8>, (Value, Option<u64>)>;

/// The primary: it executes what the link asks for, and tells of changes behind the replies, as Redis does.
#[derive(Default)]
pub struct Peer {
    pub keys: Keys,
    /// What it has said and the link has not received.
    pub said: VecDeque<u8>,
    pub changed: BTreeSet<Vec<u8>>,
    pub commands: Vec<String>,
    pub is_tracking: bool,
    /// Does not know PEXPIRETIME.
    pub is_old: bool,
    /// What the user of the link may not read.
    pub secret: Option<Vec<u8>>,
    /// Answers in place of what a command would do.
    pub refusals: BTreeMap<String, String>,
    /// Keys of one reply to SCAN.
    pub step: usize,
    /// The scan comes to every key twice.
    pub is_rehashing: bool,
    /// For each cursor that was given the round and the key before it.
    pub cursors: Vec<(bool, Vec<u8>)>,
}

impl Peer {
    pub fn new(keys: &[(&str, Value)]) -> Self {
        let keys = keys.iter().map(|(key, value)| (key.as_bytes().to_vec(), (value.clone(), None))).collect();
        Self { keys, step: 3, ..Self::default() }
    }

    pub fn set(&mut self, key: &[u8], value: Value, expire_at: Option<u64>) {
        self.keys.insert(key.to_vec(), (value, expire_at));
        self.changed.insert(key.to_vec());
    }

    pub fn remove(&mut self, key: &[u8]) {
        if self.keys.remove(key).is_some() {
            self.changed.insert(key.to_vec());
        }
    }

    pub fn flush(&mut self) {
        self.keys.clear();
        self.say(EMPTIED);
    }

    pub fn say(&mut self, bytes: &[u8]) {
        if self.is_tracking || !bytes.starts_with(b">") {
            self.said.extend(bytes);
        }
    }

    /// Executes the commands that have come, then tells of changes.
    pub fn turn(&mut self, input: &mut Vec<u8>) {
        let taken = std::mem::take(input);
        let mut rest = &taken[..];
        loop {
            let mut args = ArgVec::new();
            let Some(len) = decode_command(rest, &mut args).expect("a command") else { break };
            rest = &rest[len..];
            let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.to_vec()).collect();
            let reply = self.execute(&args);
            self.commands
                .push(args.iter().map(|arg| String::from_utf8_lossy(arg)).collect::<Vec<_>>().join(" "));
            self.said.extend(reply);
        }
        assert!(rest.is_empty(), "a command is cut");
        let changed: Vec<Vec<u8>> = std::mem::take(&mut self.changed).into_iter().collect();
        if !changed.is_empty() {
            let names: Vec<&[u8]> = changed.iter().map(Vec::as_slice).collect();
            self.say(&push(&names));
        }
    }

    pub fn execute(&mut self, args: &[Vec<u8>]) -> Vec<u8> {
        let verb = String::from_utf8_lossy(&args[0]).into_owned();
        if let Some(text) = self.refusals.get(&verb) {
            return format!("-{text}\r\n").into_bytes();
        }
        let is_secret = self.secret.as_ref().is_some_and(|key| args.get(1) == Some(key));
        match &verb[..] {
            "HELLO" => GREETING.to_vec(),
            "PING" => b"+PONG\r\n".to_vec(),
            "SELECT" => OK.to_vec(),
            "CLIENT" => {
                self.is_tracking = true;
                OK.to_vec()
            }
            "SCAN" => {
                let from: usize = String::from_utf8_lossy(&args[1]).parse().expect("a cursor");
                let (is_first, last) = match from {
                    0 => (self.is_rehashing, Vec::new()),
                    from => self.cursors[from - 1].clone(),
                };
                let page: Vec<&Vec<u8>> =
                    self.keys.keys().filter(|key| **key > last).take(self.step).collect();
                let reply: Vec<u8> = page.iter().flat_map(|key| bulk(key)).collect();
                let len = page.len();
                let next = match page.last() {
                    Some(key) if len == self.step => Some((is_first, key.to_vec())),
                    _ if is_first => Some((false, Vec::new())),
                    _ => None,
                };
                let cursor = next.map_or(0, |next| {
                    self.cursors.push(next);
                    self.cursors.len()
                });
                let cursor = bulk(cursor.to_string().as_bytes());
                [&b"*2\r\n"[..], &cursor, format!("*{len}\r\n").as_bytes(), &reply].concat()
            }
            "PEXPIRETIME" if self.is_old => b"-ERR unknown command 'PEXPIRETIME'\r\n".to_vec(),
            "PEXPIRETIME" | "PTTL" | "DUMP" if is_secret => {
                b"-NOPERM this user has no permissions to access one of the keys used as arguments\r\n"
                    .to_vec()
            }
            "PEXPIRETIME" => match self.keys.get(&args[1]) {
                None => b":-2\r\n".to_vec(),
                Some((_, None)) => b":-1\r\n".to_vec(),
                Some((_, Some(at))) => format!(":{at}\r\n").into_bytes(),
            },
            "PTTL" => match self.keys.get(&args[1]) {
                None => b":-2\r\n".to_vec(),
                Some((_, None)) => b":-1\r\n".to_vec(),
                Some(_) => b":1000000\r\n".to_vec(),
            },
            "DUMP" => match self.keys.get(&args[1]) {
                None => b"_\r\n".to_vec(),
                Some((value, _)) => bulk(&value.payload()),
            },
            "DBSIZE" => format!(":{}\r\n", self.keys.len()).into_bytes(),
            _ => panic!("{args:?}"),
        }
    }
}

/// Whoever applies the frames.
#[derive(Default)]
pub struct Copy {
    pub keys: Keys,
    pub frames: Vec<String>,
    pub in_transaction: bool,
}

impl Copy {
    pub fn take(&mut self, link: &ScanLink) {
        let frame = link.frame();
        let words: Vec<Vec<u8>> = frame.argv.iter().map(<[u8]>::to_vec).collect();
        let text = words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ");
        self.frames.push(match frame.kind {
            FrameKind::Entry => format!("entry {text}"),
            FrameKind::Command => format!("{}: {text}", frame.offset),
            FrameKind::Link if frame.up => format!("up {}", frame.reason),
            FrameKind::Link => format!("down {}", frame.reason),
            FrameKind::Resync => format!("resync {}", frame.reason),
            kind => format!("{kind:?}"),
        });
        match frame.kind {
            FrameKind::SnapshotBegin => self.keys.clear(),
            FrameKind::TxnBegin => {
                assert!(!std::mem::replace(&mut self.in_transaction, true));
            }
            FrameKind::TxnEnd => assert!(std::mem::replace(&mut self.in_transaction, false)),
            FrameKind::Entry | FrameKind::Command => self.apply(&words),
            _ => {}
        }
    }

    pub fn apply(&mut self, words: &[Vec<u8>]) {
        let key = words.get(1).cloned().unwrap_or_default();
        let number = |word: &[u8]| String::from_utf8_lossy(word).parse::<u64>().expect("a number");
        let parts = &words[2.min(words.len())..];
        let slot = self.keys.get_mut(&key);
        match (&words[0][..], slot) {
            (b"FLUSHDB", _) => self.keys.clear(),
            (b"DEL", _) => drop(self.keys.remove(&key)),
            (b"SET", _) => {
                let at = words.get(4).map(|at| number(at));
                self.keys.insert(key, (Value::Text(words[2].clone()), at));
            }
            (b"PEXPIREAT", Some((_, at))) => *at = Some(number(&words[2])),
            (b"RPUSH", Some((Value::List(list), _))) => list.extend(parts.iter().cloned()),
            (b"RPUSH", None) => drop(self.keys.insert(key, (Value::List(parts.to_vec()), None))),
            (b"SADD", Some((Value::Set(set), _))) => set.extend(parts.iter().cloned()),
            (b"SADD", None) => {
                self.keys.insert(key, (Value::Set(parts.iter().cloned().collect()), None));
            }
            (b"HSET", None) => {
                let pairs = parts.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
                self.keys.insert(key, (Value::Hash(pairs), None));
            }
            (b"ZADD", None) => {
                let pairs = parts.chunks(2).map(|pair| (pair[1].clone(), number(&pair[0]) as i32)).collect();
                self.keys.insert(key, (Value::Scores(pairs), None));
            }
            (verb, slot) => panic!("{} {key:?} on {slot:?}", verb.escape_ascii()),
        }
    }
}
