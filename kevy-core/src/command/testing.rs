//! What tests of handlers run them with: shards without threads, and a real redis-server beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::base::live_redis::{LiveRedis, Reply};
use crate::base::number::{format_f64, parse_f64};
use crate::base::options::Options;
use crate::base::random::Random;
use crate::base::{Clock, ManualClock, SystemClock, words as lines};
use crate::resp::{ArgVec, Protocol, Writer, decode_command};
use crate::store::stream::{StreamId, model as stream};
use crate::store::{Config, Dropped, Keyspace, Limits, Seed, ValueRef, VectorSet};

use super::server::ServerConfig;
use super::{CommandSet, Context, Fail, Origin, Partition, Partitions, Server, Session};

/// Elements of a vector set with their attributes and components.
type Vectors = BTreeMap<Vec<u8>, (Option<Vec<u8>>, Vec<f32>)>;

/// What a key holds, for comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    Nothing,
    String(Vec<u8>),
    List(Vec<Vec<u8>>),
    Stream(stream::Held),
    Hash(BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>),
    SortedSet(Vec<(Vec<u8>, f64)>),
    Json(Vec<u8>),
    Set(BTreeSet<Vec<u8>>),
    /// Elements with their attributes and components.
    VectorSet(Vectors),
}

/// The elements of a vector set, with their attributes and components.
pub fn vectors(set: &VectorSet) -> Vectors {
    let element = |name: &[u8]| {
        let number = set.number(name).expect("an element");
        let components = set.vector(number).expect("a vector").components();
        (name.to_vec(), (set.attributes(number).map(<[u8]>::to_vec), components))
    };
    set.range(Bound::Unbounded).map(element).collect()
}

/// Some shards and one session, on which commands run as they would under dispatch.
#[derive(Debug)]
pub struct Harness {
    pub server: Server,
    pub partitions: Vec<Partition>,
    pub session: Session,
    /// Unix time in milliseconds of the next command.
    pub now: u64,
    pub protocol: Protocol,
    pub origin: Origin,
    clock: Arc<ManualClock>,
    effects: Vec<(usize, Vec<Vec<u8>>)>,
}

impl Harness {
    pub fn new() -> Self {
        Self::with_shards(1)
    }

    pub fn with_shards(shards: usize) -> Self {
        Self::with_options(shards, &[("enable-debug-command", "yes")])
    }

    /// Shards of a server with options of its own.
    pub fn with_options(shards: usize, options: &[(&str, &str)]) -> Self {
        let mut values = Options::default();
        for (name, value) in options {
            values.set(name, value).expect("a known option");
        }
        let now = SystemClock.now_ms();
        let clock = Arc::new(ManualClock::new(now));
        let databases = values.databases as usize;
        let limits = Limits::from(&values);
        let server = Server::new(ServerConfig {
            options: values,
            commands: Arc::new(CommandSet::redis()),
            clock: clock.clone(),
            shards,
            run_id: "0".repeat(40),
        });
        let partition = |index| {
            let config = Config { databases, seed: Seed::new(7), limits: limits.clone() };
            let mut partition = Partition::new(index, Keyspace::new(config), Random::with_seed(7));
            partition.effects.wanted = true;
            partition.join(&server);
            partition
        };
        let client = server.clients.add(String::new(), String::new(), -1, now, Box::new(|_| {}));
        Self {
            partitions: (0..shards).map(partition).collect(),
            session: Session::new(client, true),
            server,
            now,
            protocol: Protocol::Resp2,
            origin: Origin::Client,
            clock,
            effects: Vec::new(),
        }
    }

    /// Another session of the same server.
    pub fn open(&self, fd: i32, address: &str, local_address: &str) -> Session {
        let (address, local_address) = (address.to_owned(), local_address.to_owned());
        Session::new(self.server.clients.add(address, local_address, fd, self.now, Box::new(|_| {})), true)
    }

    /// Runs one command and returns its encoded reply.
    pub fn run(&mut self, args: &[&[u8]]) -> Vec<u8> {
        self.run_as(args, self.origin, self.now)
    }

    /// Runs one command given as a line of words; see [`words`].
    pub fn line(&mut self, line: &str) -> String {
        let words = words(line);
        shown(&self.run(&slices(&words)))
    }

    /// Runs what another harness recorded, as a replica does.
    pub fn apply(&mut self, effects: &[(usize, Vec<Vec<u8>>)]) {
        for (db, argv) in effects {
            self.session.db = *db;
            let reply = self.run_as(&slices(argv), Origin::Replica, 0);
            assert_ne!(reply[0], b'-', "{argv:?} failed on a replica: {}", shown(&reply));
        }
    }

    fn run_as(&mut self, args: &[&[u8]], origin: Origin, now: u64) -> Vec<u8> {
        let mut out = Writer::new(self.protocol);
        let commands = self.server.commands.clone();
        let number = commands.find(args).unwrap_or_else(|| panic!("no such command: {}", shown(args[0])));
        let command = commands.command(number);
        self.clock.advance(self.now.saturating_sub(self.clock.now_ms()));
        self.session.last_command = number;
        let outcome = if command.spec.takes(args.len()) {
            let partitions = match &mut self.partitions[..] {
                [one] => Partitions::One(one),
                many => Partitions::Many(many.iter_mut().map(Some).collect()),
            };
            let Self { server, session, .. } = self;
            command.call(&mut Context { out: &mut out, session, server, now, origin, partitions }, args)
        } else {
            Err(Fail::arity(commands.name(number)))
        };
        if let Err(fail) = outcome {
            assert!(out.is_empty(), "a reply was begun before {fail:?}: {}", shown(args[0]));
            out.error_bytes(fail.bytes());
        }
        self.protocol = out.protocol;
        self.collect_effects();
        out.take()
    }

    fn collect_effects(&mut self) {
        for partition in &mut self.partitions {
            for dropped in partition.keyspace.drops.drain(..) {
                let (db, argv) = match dropped {
                    Dropped::Key { db, key, .. } => (db, vec![b"DEL".to_vec(), key.into()]),
                    Dropped::HashFields { db, key, fields } => {
                        let head = [b"HDEL".to_vec(), key.into()];
                        (db, head.into_iter().chain(fields.into_iter().map(Vec::from)).collect())
                    }
                };
                self.effects.push((db, argv));
            }
            for (db, bytes) in partition.effects.iter() {
                let mut argv = ArgVec::new();
                decode_command(bytes, &mut argv).expect("an effect is a command").expect("a whole one");
                self.effects.push((db, argv.iter().map(|arg| arg.to_vec()).collect()));
            }
            partition.effects.clear();
        }
    }

    /// Takes what was recorded since the last call: databases and commands.
    pub fn take_effects(&mut self) -> Vec<(usize, Vec<Vec<u8>>)> {
        std::mem::take(&mut self.effects)
    }

    /// Takes what was recorded since the last call, as lines of words.
    pub fn take_effect_lines(&mut self) -> Vec<String> {
        let line = |argv: Vec<Vec<u8>>| argv.iter().map(|arg| shown(arg)).collect::<Vec<_>>().join(" ");
        self.take_effects().into_iter().map(|(_, argv)| line(argv)).collect()
    }

    /// What a key of database 0 holds, when it expires, and how it is encoded.
    pub fn held(&mut self, key: &str) -> (Held, Option<u64>, String) {
        let now = self.now;
        let key = key.as_bytes();
        let partition = Partitions::Many(self.partitions.iter_mut().map(Some).collect()).at(key).index;
        let Some(found) = self.partitions[partition].keyspace.peek(0, key, now) else {
            return (Held::Nothing, None, String::new());
        };
        let held = match found.value() {
            ValueRef::Stream(stream) => Held::Stream(stream::Held::of(stream)),
            ValueRef::List(list) => Held::List(list.iter().map(|element| element.to_vec()).collect()),
            ValueRef::Hash(hash) => Held::Hash(
                hash.iter(now)
                    .map(|field| (field.name.to_vec(), (field.value.to_vec(), field.expire_at)))
                    .collect(),
            ),
            ValueRef::SortedSet(set) => {
                Held::SortedSet(set.iter().map(|element| (element.member.to_vec(), element.score)).collect())
            }
            ValueRef::Json(json) => Held::Json(json.to_text()),
            ValueRef::Set(set) => Held::Set(set.iter().map(|member| member.to_vec()).collect()),
            ValueRef::VectorSet(set) => Held::VectorSet(vectors(set)),
            value => Held::String(value.as_string().expect("a string").to_vec()),
        };
        (held, found.expire_at(), found.encoding().to_owned())
    }

    /// Removes keys of database 0 without a trace.
    pub fn forget(&mut self, keys: &[&str]) {
        for key in keys {
            Partitions::Many(self.partitions.iter_mut().map(Some).collect())
                .at(key.as_bytes())
                .keyspace
                .remove(0, key.as_bytes(), self.now);
        }
        self.collect_effects();
        self.effects.clear();
    }
}

/// Runs every line at the time of 1,000,000 ms and returns the effects of the last one.
pub fn effects(lines: &[&str]) -> Vec<String> {
    let mut kevy = Harness::new();
    kevy.now = 1_000_000;
    for line in lines {
        kevy.take_effects();
        let reply = kevy.line(line);
        assert!(!reply.starts_with('-'), "{line}: {reply}");
    }
    kevy.take_effect_lines()
}

/// Commands run on kevy, on a redis-server and, by their effects, on a replica; all three must agree.
#[derive(Debug)]
pub struct Twin {
    pub kevy: Harness,
    pub replica: Harness,
    pub redis: LiveRedis,
    keys: Vec<&'static str>,
    history: Vec<String>,
}

/// How far two expiries may lie apart that were set by one relative time, in milliseconds.
const CLOCK_TOLERANCE_MS: u64 = 5000;

impl Twin {
    /// Checks each line on keys that are made anew by the lines of every state.
    pub fn check_each(&mut self, states: &[Vec<String>], lines: &[&str]) {
        for state in states {
            let state: Vec<&str> = state.iter().map(String::as_str).collect();
            for line in lines {
                self.begin(&state);
                self.check(line);
            }
        }
    }

    /// `keys` are those whose contents are compared after every command.
    pub fn new(keys: &[&'static str]) -> Self {
        let mut redis = LiveRedis::start();
        let entries = Options::default().hash_max_listpack_entries.to_string();
        redis.command(&[b"CONFIG", b"SET", b"hash-max-listpack-entries", entries.as_bytes()]);
        Self {
            kevy: Harness::new(),
            replica: Harness::new(),
            redis,
            keys: keys.to_vec(),
            history: Vec::new(),
        }
    }

    /// Speaks RESP3 on both sides from now on.
    pub fn use_resp3(&mut self) {
        self.redis.exchange(&[b"HELLO", b"3"]);
        self.kevy.protocol = Protocol::Resp3;
    }

    /// Starts a case: the keys are gone, then `setup` runs and is compared as any command.
    pub fn begin(&mut self, setup: &[&str]) {
        self.history.clear();
        let mut delete: Vec<&[u8]> = vec![b"DEL"];
        delete.extend(self.keys.iter().map(|key| key.as_bytes()));
        self.redis.exchange(&delete);
        let keys = self.keys.clone();
        self.kevy.forget(&keys);
        self.replica.forget(&keys);
        setup.iter().for_each(|line| self.check(line));
    }

    /// Runs `line` on both sides and compares replies and keys.
    pub fn check(&mut self, line: &str) {
        self.run(line, |reply| reply);
    }

    /// As [`Twin::check`] for replies whose elements come in any order.
    pub fn check_unordered(&mut self, line: &str) {
        self.run(line, |reply| {
            let mut lines: Vec<&[u8]> = reply.split(|byte| *byte == b'\n').collect();
            lines.sort_unstable();
            lines.join(&b'\n')
        });
    }

    fn run(&mut self, line: &str, normal: impl Fn(Vec<u8>) -> Vec<u8>) {
        let words = words(line);
        let args = slices(&words);
        self.history.push(line.to_owned());
        self.kevy.now = SystemClock.now_ms();
        let ours = normal(self.kevy.run(&args));
        let mut theirs = self.redis.exchange(&args);
        if matches!(args[0], [b'Z' | b'z', ..]) {
            theirs = with_short_scores(&theirs);
        }
        let theirs = normal(theirs);
        assert!(
            ours == theirs,
            "different replies after {:#?}\n kevy: {}\nredis: {}",
            self.history,
            shown(&ours),
            shown(&theirs)
        );
        let effects = self.kevy.take_effects();
        self.replica.apply(&effects);
        self.replica.now = self.kevy.now;
        for key in self.keys.clone() {
            let ours = self.kevy.held(key);
            let replica = self.replica.held(key);
            assert!(
                (&ours.0, ours.1) == (&replica.0, replica.1),
                "{key} differs on a replica after {:#?}\nwhose effects are {effects:?}\nprimary: {ours:?}\nreplica: {replica:?}",
                self.history
            );
            self.compare_key(key, ours);
        }
    }

    fn compare_key(&mut self, key: &str, (held, expire_at, encoding): (Held, Option<u64>, String)) {
        let name = key.as_bytes();
        let theirs = match self.redis.command(&[b"TYPE", name]).into_bytes().as_slice() {
            b"none" => Held::Nothing,
            b"string" => Held::String(self.redis.command(&[b"GET", name]).into_bytes()),
            b"list" => {
                let Reply::Array(all) = self.redis.command(&[b"LRANGE", name, b"0", b"-1"]) else {
                    panic!("no array")
                };
                Held::List(all.into_iter().map(Reply::into_bytes).collect())
            }
            b"hash" => {
                let Reply::Array(all) = self.redis.command(&[b"HGETALL", name]) else { panic!("no array") };
                let all: Vec<Vec<u8>> = all.into_iter().map(Reply::into_bytes).collect();
                let pairs = all.as_chunks::<2>().0.iter();
                Held::Hash(pairs.map(|[field, value]| (field.clone(), (value.clone(), None))).collect())
            }
            b"zset" => {
                let range: [&[u8]; 5] = [b"ZRANGE", name, b"0", b"-1", b"WITHSCORES"];
                let Reply::Array(all) = self.redis.command(&range) else { panic!("no array") };
                let all: Vec<Vec<u8>> = all.into_iter().map(Reply::into_bytes).collect();
                let pairs = all.as_chunks::<2>().0.iter();
                let score = |text: &[u8]| parse_f64(text).expect("a score");
                Held::SortedSet(pairs.map(|[member, text]| (member.clone(), score(text))).collect())
            }
            b"set" => {
                let members = self.redis.command(&[b"SMEMBERS", name]).into_array();
                Held::Set(members.into_iter().collect())
            }
            b"stream" => {
                let whole = self.redis.command(&[b"XINFO", b"STREAM", name, b"FULL", b"COUNT", b"0"]);
                Held::Stream(stream_of(whole, &held))
            }
            other => panic!("an unexpected type: {}", shown(other)),
        };
        assert!(
            held == theirs,
            "{key} differs after {:#?}\n kevy: {held:?}\nredis: {theirs:?}",
            self.history
        );
        if held == Held::Nothing {
            return;
        }
        let at = match self.redis.command(&[b"PEXPIRETIME", name]) {
            Reply::Integer(at) => u64::try_from(at).ok(),
            other => panic!("no integer: {other:?}"),
        };
        let close = match (expire_at, at) {
            (Some(ours), Some(theirs)) => ours.abs_diff(theirs) <= CLOCK_TOLERANCE_MS,
            (ours, theirs) => ours == theirs,
        };
        assert!(close, "{key} expires at {expire_at:?} here, {at:?} there, after {:#?}", self.history);
        let theirs = shown(&self.redis.command(&[b"OBJECT", b"ENCODING", name]).into_bytes());
        // The reference has no sets in listpacks.
        if matches!(held, Held::Set(_)) && encoding == "listpack" {
            assert_eq!(theirs, "hashtable", "{key} after {:#?}", self.history);
            return;
        }
        // Where the nodes of a large list end follows from its history, and until 7.2 every list had nodes.
        let follows_history = matches!(&*encoding, "hashtable" | "quicklist");
        // Redis 7.0 keeps fractions in listpacks with more digits than they need.
        let has_fractions = matches!(&held, Held::SortedSet(members)
            if encoding == "listpack" && members.iter().any(|(_, score)| score.abs().fract() != 0.0 || score.abs() > 1e18));
        let has_times = matches!(&held, Held::Stream(stream) if !stream.groups.is_empty());
        if !follows_history && !has_fractions && !has_times {
            // The last ten bytes are a version and a checksum.
            let payload = |reply: Vec<u8>| reply[..reply.len().saturating_sub(12)].to_vec();
            let ours = payload(self.kevy.run(&[b"DUMP", name]));
            let theirs = payload(self.redis.exchange(&[b"DUMP", name]));
            let (ours, theirs) = (shown(&ours), shown(&theirs));
            let is_of_nodes = matches!(held, Held::List(_)) && !theirs.contains("\\r\\n\\x12\\x01");
            assert!(
                is_of_nodes || ours == theirs,
                "the dump of {key} after {:#?}\n kevy: {ours}\nredis: {theirs}",
                self.history
            );
            self.kevy.take_effects();
        }
        // What a string's small buffer is called says nothing about its contents.
        let plain = |name: &str| if name == "embstr" { "raw".to_owned() } else { name.to_owned() };
        if plain(&encoding) != "int" && plain(&theirs) != "int" && theirs != "quicklist" {
            assert_eq!(plain(&encoding), plain(&theirs), "{key} after {:#?}", self.history);
        }
    }
}

/// An encoded reply of Redis 7.0, which writes 17 digits of a score, with its scores as later versions write them.
fn with_short_scores(reply: &[u8]) -> Vec<u8> {
    let mut lines = reply.split_inclusive(|byte| *byte == b'\n').peekable();
    let mut out = Vec::new();
    while let Some(line) = lines.next() {
        let score = |line: &[u8]| {
            let text =
                line.strip_suffix(b"\r\n").filter(|text| text.iter().any(|byte| b".e".contains(byte)))?;
            parse_f64(text).map(format_f64)
        };
        match line {
            [b',', text @ ..] if let Some(score) = score(text) => {
                out.extend([b",", score.as_bytes(), b"\r\n"].concat());
            }
            [b'$', ..] if let Some(score) = lines.peek().and_then(|text| score(text)) => {
                lines.next();
                out.extend(format!("${}\r\n{}\r\n", score.as_bytes().len(), score.as_str()).bytes());
            }
            _ => out.extend_from_slice(line),
        }
    }
    out
}

/// The words of a line, quoted as in redis-cli.
pub fn words(line: &str) -> Vec<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut ranges = Vec::new();
    lines::quoted_words(line.as_bytes(), &mut bytes, |start, length| ranges.push(start..start + length))
        .unwrap_or_else(|_| panic!("unbalanced quotes: {line}"));
    ranges.into_iter().map(|range| bytes[range].to_vec()).collect()
}

pub fn slices(words: &[Vec<u8>]) -> Vec<&[u8]> {
    words.iter().map(Vec::as_slice).collect()
}

/// Bytes as readable text.
pub fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\'", "'")
}

/// A stream as Redis tells of it. Times of delivery are taken from `ours` where they are close.
fn stream_of(whole: Reply, ours: &Held) -> stream::Held {
    let id = |reply: Reply| {
        let text = String::from_utf8(reply.into_bytes()).expect("an id");
        let (ms, seq) = text.split_once('-').expect("an id");
        StreamId::new(ms.parse().expect("a number"), seq.parse().expect("a number"))
    };
    let number = |reply: Reply| match reply {
        Reply::Integer(number) => Some(number as u64),
        _ => None,
    };
    let list = |reply: Reply| match reply {
        Reply::Array(all) => all,
        other => panic!("no array: {other:?}"),
    };
    let named = |reply: Reply| {
        let mut all = list(reply).into_iter();
        let mut fields = BTreeMap::new();
        while let (Some(name), Some(value)) = (all.next(), all.next()) {
            fields.insert(shown(&name.into_bytes()), value);
        }
        move |name: &str| fields.remove(name).unwrap_or_else(|| panic!("no {name}"))
    };
    let close = |group: &[u8], id: &StreamId, at: u64| {
        let Held::Stream(ours) = ours else { return at };
        let pending = ours.groups.get(group).and_then(|group| group.pending.get(id));
        pending.map(|(_, ours, _)| *ours).filter(|ours| ours.abs_diff(at) <= CLOCK_TOLERANCE_MS).unwrap_or(at)
    };
    let mut whole = named(whole);
    let mut held = stream::Held::default();
    held.counters.len = number(whole("length")).expect("a length");
    held.counters.last_id = id(whole("last-generated-id"));
    held.counters.first_id = id(whole("recorded-first-entry-id"));
    held.counters.max_deleted_id = id(whole("max-deleted-entry-id"));
    held.counters.added = number(whole("entries-added")).expect("a count");
    for entry in list(whole("entries")) {
        let mut parts = list(entry).into_iter();
        let (entry, pairs) = (id(parts.next().expect("an id")), parts.next().expect("fields"));
        let pairs: Vec<Vec<u8>> = list(pairs).into_iter().map(Reply::into_bytes).collect();
        let pairs = pairs.as_chunks::<2>().0.iter().map(|[name, value]| (name.clone(), value.clone()));
        held.entries.insert(entry, pairs.collect());
    }
    for group in list(whole("groups")) {
        let mut group = named(group);
        let name = group("name").into_bytes();
        let mut its = stream::GroupHeld {
            last_id: id(group("last-delivered-id")),
            entries_read: number(group("entries-read")),
            ..stream::GroupHeld::default()
        };
        for pending in list(group("pending")) {
            let mut parts = list(pending).into_iter();
            let mut next = || parts.next().expect("a part");
            let (entry, consumer) = (id(next()), next().into_bytes());
            let (at, deliveries) = (number(next()).expect("a time"), number(next()).expect("a count"));
            its.pending.insert(entry, (consumer, close(&name, &entry, at), deliveries));
        }
        for consumer in list(group("consumers")) {
            its.consumers.insert(named(consumer)("name").into_bytes());
        }
        held.groups.insert(name, its);
    }
    held
}
