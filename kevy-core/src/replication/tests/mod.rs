//! Both ends of a link over real keyspaces, driven by hand.

mod blocks;
mod bounds;
mod filters;
mod handshake;
mod hostile;
mod random;
mod replicas;
mod resume;
mod transactions;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::options::Options;
use crate::base::random::Random;
use crate::base::slot::{shard_of_slot, slot_of};
use crate::base::{Argv, ArgvBuf, Clock, ManualClock};
use crate::io::{Sent, Upgrade};
use crate::resp::{ArgVec, decode_command, encode_command};
use crate::shard::{Seed, Shard, Shards};
use crate::snapshot::Expire;
use crate::snapshot::model::{Copy, Held};

use super::client::FrameKind;
use super::client::link::{Link, LinkOptions, Step};
use super::cursor::{Cursor, Position};
use super::primary::Primary;
use super::selection::{Kind, Selection};

const START: u64 = 1_000_000;

/// A primary without reactors.
struct World {
    shards: Arc<Shards>,
    primary: Arc<Primary>,
    clock: Arc<ManualClock>,
    transactions: u64,
    woken: Arc<AtomicUsize>,
}

impl World {
    fn new(count: usize, set: &[(&str, &str)]) -> Self {
        let mut options = Options::default();
        for (name, value) in set {
            options.set(name, value).expect(name);
        }
        let mut random = Random::with_seed(1);
        let seed = Seed::new(5);
        let shards = (0..count).map(|at| Shard::new(at, &options, seed.clone(), random.fork())).collect();
        let shards = Arc::new(Shards::new(shards));
        let clock = Arc::new(ManualClock::new(START));
        let primary = Arc::new(Primary::new(Arc::clone(&shards), 77, &options, clock.clone()));
        Self { shards, primary, clock, transactions: 0, woken: Arc::default() }
    }

    fn shard_of(&self, key: &[u8]) -> usize {
        shard_of_slot(slot_of(key), self.shards.len())
    }

    /// Runs commands at once, as one transaction if there are several, and puts them into the streams.
    fn run(&mut self, commands: &[(usize, Vec<Vec<u8>>)]) {
        let mut members: Vec<usize> = commands.iter().map(|(_, args)| self.shard_of(&args[1])).collect();
        members.sort_unstable();
        members.dedup();
        self.transactions += 1;
        let mut guards = self.shards.take_several(&members);
        for (guard, &member) in guards.iter_mut().zip(&members) {
            let mine: Vec<_> =
                commands.iter().filter(|(_, args)| self.shard_of(&args[1]) == member).collect();
            let group = commands.len() > 1;
            if group {
                guard.stream.begin(self.transactions, if members.len() > 1 { &members } else { &[] });
            }
            for (db, args) in mine {
                let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
                execute(guard, *db, &args);
                let mut argv = Vec::new();
                encode_command(&mut argv, &args);
                guard.stream.append(*db, &argv);
            }
            if group {
                guard.stream.end();
            }
            guard.stream.notify();
        }
    }

    fn set(&mut self, db: usize, key: &str, value: &[u8]) {
        self.run(&[(db, vec![b"SET".to_vec(), key.into(), value.to_vec()])]);
    }

    fn copy(&self) -> Copy {
        let mut copy = Copy::default();
        for shard in 0..self.shards.len() {
            copy.0.extend(Copy::of(&self.shards.take(shard).partition.keyspace).0);
        }
        copy
    }

    fn attach(&self, args: &[&[u8]], shard: Option<usize>) -> Result<Box<dyn Upgrade>, String> {
        let woken = Arc::clone(&self.woken);
        let wake = Arc::new(move || {
            woken.fetch_add(1, Ordering::Relaxed);
        });
        self.primary.attach(args, shard, "10.1.2.3:4567", wake)
    }

    fn now(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Bytes that walks and streams hold.
    fn held(&self) -> usize {
        (0..self.shards.len()).map(|shard| self.shards.take(shard).stream.shared().memory()).sum()
    }
}

fn execute(shard: &mut Shard, db: usize, args: &[&[u8]]) {
    let keys = &mut shard.partition.keyspace;
    match args {
        [b"SET", key, value] => drop(keys.set_bytes(db, key, value, Expire::Clear, 1)),
        [b"SET", key, value, b"PXAT", at] => {
            let at = std::str::from_utf8(at).expect("digits").parse().expect("a time");
            keys.set_bytes(db, key, value, Expire::At(at), 1);
        }
        [b"HSET", key, pairs @ ..] => {
            keys.hash_mut(db, key, 1, true, |hash| {
                for [name, value] in pairs.as_chunks().0 {
                    hash.set(name, value, Expire::Clear);
                }
            })
            .expect("a hash");
        }
        [b"DEL", key] => drop(keys.remove(db, key, 1)),
        _ => panic!("{args:?}"),
    }
}

/// A replica that rebuilds a copy from frames.
struct Consumer {
    link: Link,
    copy: Copy,
    kinds: Vec<FrameKind>,
    reasons: Vec<String>,
    in_transaction: bool,
}

fn link_options() -> LinkOptions {
    LinkOptions::of_test(64 << 20)
}

impl Consumer {
    fn new(options: LinkOptions) -> Self {
        Self {
            link: Link::new(options, &Cursor::default()),
            copy: Copy::default(),
            kinds: Vec::new(),
            reasons: Vec::new(),
            in_transaction: false,
        }
    }

    /// Takes at most `max` frames of what has arrived. False where the link has to end.
    fn take(&mut self, max: usize) -> bool {
        for _ in 0..max {
            match self.link.step() {
                Ok(Step::Frame) => {}
                Ok(Step::Input) => {
                    self.link.confirm();
                    self.link.acknowledge(false);
                    return true;
                }
                Err(error) => {
                    self.reasons.push(error.message().into());
                    return false;
                }
            }
            let frame = self.link.frame();
            match frame.kind {
                FrameKind::SnapshotBegin => self.copy = Copy::default(),
                FrameKind::Entry | FrameKind::Command => self.copy.apply(frame.db, frame.argv),
                FrameKind::TxnBegin => self.in_transaction = true,
                FrameKind::TxnEnd => self.in_transaction = false,
                FrameKind::Resync => self.reasons.push(frame.reason.into()),
                _ => {}
            }
            if !matches!(frame.kind, FrameKind::Entry | FrameKind::Command) {
                self.kinds.push(frame.kind);
            }
        }
        true
    }

    fn count(&self, kind: FrameKind) -> usize {
        self.kinds.iter().filter(|other| **other == kind).count()
    }
}

/// A connection whose bytes move when told to.
struct Wire {
    feed: Box<dyn Upgrade>,
    /// On the way to the replica, and to the primary.
    down: Vec<u8>,
    up: Vec<u8>,
    closing: bool,
    /// Whether the replica named a place, and whether the primary has begun to answer.
    resumes: bool,
    begun: bool,
}

impl Wire {
    fn connect(world: &World, consumer: &mut Consumer) -> Self {
        consumer.link.connected();
        let hello = std::mem::take(&mut consumer.link.output);
        let mut args = ArgVec::new();
        let used = decode_command(&hello, &mut args).expect("a command").expect("whole");
        assert_eq!(used, hello.len());
        let feed = world.attach(&args, None).expect("a feed");
        let resumes = !consumer.link.cursor().is_none();
        Self { feed, down: Vec::new(), up: Vec::new(), closing: false, resumes, begun: false }
    }

    fn output(&mut self, world: &World, budget: usize) -> Sent {
        if self.closing {
            return Sent::Close;
        }
        self.begun = true;
        let before = self.down.len();
        let sent = self.feed.output(&mut self.down, budget, world.now());
        assert!(self.down.len() - before <= budget + 2048, "{} of {budget}", self.down.len() - before);
        self.closing = sent == Sent::Close;
        sent
    }

    fn deliver(&mut self, consumer: &mut Consumer, len: usize) {
        let len = len.min(self.down.len());
        consumer.link.arriving().push(&self.down[..len]);
        self.down.drain(..len);
    }

    /// What the replica says reaches the primary.
    fn answer(&mut self, world: &World, consumer: &mut Consumer) {
        self.up.append(&mut consumer.link.output);
        let used = self.feed.input(&self.up, world.now()).expect("sense");
        self.up.drain(..used);
    }

    /// Moves everything until nothing is left to move. False where the link has ended.
    fn settle(&mut self, world: &World, consumer: &mut Consumer) -> bool {
        loop {
            let sent = self.output(world, 100_000);
            let arrived = !self.down.is_empty();
            self.deliver(consumer, usize::MAX);
            if !consumer.take(usize::MAX) {
                return false;
            }
            if sent == Sent::Close {
                return false;
            }
            self.answer(world, consumer);
            if sent == Sent::Idle && !arrived {
                return true;
            }
        }
    }

    fn kill(mut self, world: &World, consumer: &mut Consumer) {
        self.feed.closed(world.now());
        consumer.take(usize::MAX);
        consumer.link.disconnected("killed");
    }
}

fn follow(world: &World, consumer: &mut Consumer) -> Wire {
    let mut wire = Wire::connect(world, consumer);
    assert!(wire.settle(world, consumer), "{:?}", consumer.reasons);
    assert_eq!(consumer.copy, world.copy());
    wire
}

/// What a replica that follows a part has of a copy.
fn part_of(mut copy: Copy, selection: &Selection) -> Copy {
    let kind = |held: &Held| match held {
        Held::Hash(_) => Kind::Hash,
        _ => Kind::String,
    };
    let Selection { prefixes, kinds } = selection;
    copy.0.retain(|(_, key), (held, _)| {
        (prefixes.is_empty() || prefixes.iter().any(|prefix| key.starts_with(prefix)))
            && (kinds.is_empty() || kinds.contains(&kind(held)))
    });
    copy
}

fn many(world: &mut World, count: usize, len: usize) {
    for key in 0..count {
        world.set(key % 3, &format!("key {key}"), &vec![b'v'; len]);
    }
}

/// Two keys on different shards.
fn two_shards(world: &World) -> (String, String) {
    let first = "a0".to_owned();
    let other = (0..)
        .map(|at| format!("b{at}"))
        .find(|key| world.shard_of(key.as_bytes()) != world.shard_of(first.as_bytes()));
    (first, other.expect("a key"))
}

fn owned(argv: Argv<'_>) -> Vec<Vec<u8>> {
    argv.iter().map(<[u8]>::to_vec).collect()
}

/// A link that has been told of two shards and stands at their beginnings.
fn streaming() -> Link {
    let cursor = Cursor { generation: 5, shards: vec![Position::default(); 2] };
    let mut link = Link::new(link_options(), &cursor);
    link.connected();
    link.input.push(b"+ACK 5 0,0\r\n");
    assert_eq!(link.step(), Ok(Step::Frame));
    link
}

fn frame(offset: u64, words: &[&str]) -> Vec<u8> {
    let mut argv = ArgvBuf::default();
    words.iter().for_each(|word| argv.push(word.as_bytes()));
    let mut bytes = format!("*2\r\n:{offset}\r\n").into_bytes();
    encode_command(&mut bytes, &argv.as_argv().iter().collect::<Vec<_>>());
    bytes
}
