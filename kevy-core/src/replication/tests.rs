//! Both ends of a link over real keyspaces, driven by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use crate::base::options::{Options, Secret};
use crate::base::random::Random;
use crate::base::slot::{shard_of_slot, slot_of};
use crate::base::{Argv, ArgvBuf, Clock, ErrorKind, ManualClock};
use crate::io::{Sent, Upgrade};
use crate::resp::{ArgVec, decode_command, encode_command};
use crate::shard::{Seed, Shard, Shards};
use crate::snapshot::Expire;
use crate::snapshot::model::Copy;

use super::client::FrameKind;
use super::client::link::{Link, LinkOptions, Step};
use super::client::options::Acknowledge;
use super::cursor::Cursor;
use super::primary::Primary;

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
    LinkOptions {
        id: "tail".into(),
        user: String::new(),
        password: Secret::default(),
        transaction_bytes_max: 64 << 20,
        frame_bytes_max: 64 << 20,
        acknowledge: Acknowledge::Auto,
        bookmarks: false,
    }
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
        consumer.link.input.push(&self.down[..len]);
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

fn many(world: &mut World, count: usize, len: usize) {
    for key in 0..count {
        world.set(key % 3, &format!("key {key}"), &vec![b'v'; len]);
    }
}

#[test]
fn a_replica_gets_a_snapshot_and_then_every_change() {
    let mut world = World::new(3, &[]);
    many(&mut world, 1000, 50);
    let mut consumer = Consumer::new(link_options());
    let mut wire = follow(&world, &mut consumer);
    assert_eq!(consumer.kinds, [FrameKind::Link, FrameKind::SnapshotBegin, FrameKind::SnapshotEnd]);
    many(&mut world, 1500, 10);
    assert!(wire.settle(&world, &mut consumer));
    assert_eq!(consumer.copy, world.copy());
    assert_eq!(world.primary.acked_at_least(&world.primary.offsets()), 1);
    assert_eq!(world.primary.syncs().full, 1);
}

#[test]
fn a_place_is_resumed_without_a_snapshot() {
    let mut world = World::new(2, &[]);
    many(&mut world, 100, 50);
    let mut consumer = Consumer::new(link_options());
    follow(&world, &mut consumer).kill(&world, &mut consumer);
    many(&mut world, 300, 10);
    let cursor = consumer.link.cursor().encode();
    let mut again = Consumer::new(link_options());
    again.link = Link::new(link_options(), &Cursor::decode(&cursor).expect("a cursor"));
    again.copy = consumer.copy.clone();
    follow(&world, &mut again);
    assert_eq!(again.kinds, [FrameKind::Link]);
    let syncs = world.primary.syncs();
    assert_eq!((syncs.full, syncs.partial, syncs.partial_refused), (1, 1, 0));
}

#[test]
fn the_oldest_frame_kept_is_the_last_that_can_be_resumed_from() {
    for (back, full) in [(0, false), (1, true)] {
        let mut world = World::new(
            1,
            &[("repl-backlog-size", "64kb"), ("client-output-buffer-limit", "replica 64kb 0 0")],
        );
        let mut consumer = Consumer::new(link_options());
        follow(&world, &mut consumer).kill(&world, &mut consumer);
        many(&mut world, 2000, 100);
        let first = world.primary.backlogs[0].first_offset();
        assert!(first > 1);
        let mut cursor = consumer.link.cursor();
        cursor.shards[0].offset = first - back;
        let mut again = Consumer::new(link_options());
        again.link = Link::new(link_options(), &cursor);
        let mut wire = Wire::connect(&world, &mut again);
        assert!(wire.settle(&world, &mut again));
        assert_eq!(again.count(FrameKind::SnapshotBegin) == 1, full);
        if full {
            assert!(again.reasons[0].contains("older than the backlog"), "{:?}", again.reasons);
            assert_eq!(again.kinds[..2], [FrameKind::Link, FrameKind::Resync]);
        }
    }
}

#[test]
fn a_place_of_another_history_or_beyond_this_one_is_never_continued() {
    let mut world = World::new(2, &[]);
    let mut consumer = Consumer::new(link_options());
    follow(&world, &mut consumer).kill(&world, &mut consumer);
    many(&mut world, 10, 10);
    for (generation, shards, reason) in
        [(78, 2, "generation 78 is not 77"), (77, 3, "3 offsets for 2 shards"), (77, 2, "beyond the stream")]
    {
        let mut cursor = consumer.link.cursor();
        cursor.generation = generation;
        cursor.shards.resize(shards, cursor.shards[0]);
        if reason.contains("beyond") {
            cursor.shards[1].offset = 1000;
        }
        let mut again = Consumer::new(link_options());
        again.link = Link::new(link_options(), &cursor);
        follow(&world, &mut again);
        assert!(again.reasons[0].contains(reason), "{:?}", again.reasons);
        assert_eq!(again.link.cursor().generation, 77);
    }
}

#[test]
fn forgotten_replicas_end_the_history() {
    let mut world = World::new(2, &[("replica-reconnect-window", "5000")]);
    let mut consumer = Consumer::new(link_options());
    follow(&world, &mut consumer).kill(&world, &mut consumer);
    world.clock.advance(5000);
    world.primary.housekeep();
    assert_eq!((world.primary.generation(), world.primary.replicas().len()), (77, 1));
    world.clock.advance(1);
    world.primary.housekeep();
    assert!(world.primary.generation() != 77 && world.held() == 0);
    assert!(!world.shards.take(0).partition.effects.wanted);
    many(&mut world, 10, 10);
    let mut wire = follow(&world, &mut consumer);
    assert_eq!(consumer.count(FrameKind::Resync), 1);
    many(&mut world, 20, 10);
    assert!(wire.settle(&world, &mut consumer));
    assert_eq!(consumer.copy, world.copy());
}

#[test]
fn a_history_that_ends_under_a_replica_ends_its_link() {
    let mut world = World::new(1, &[("replica-reconnect-window", "0")]);
    let mut consumer = Consumer::new(link_options());
    let wire = follow(&world, &mut consumer);
    let mut other = Consumer::new(LinkOptions { id: "other".into(), ..link_options() });
    let mut second = follow(&world, &mut other);
    wire.kill(&world, &mut consumer);
    world.clock.advance(10);
    world.primary.housekeep();
    assert_eq!(world.primary.generation(), 77, "somebody follows");
    many(&mut world, 10, 10);
    assert!(second.settle(&world, &mut other));
    assert_eq!(other.copy, world.copy());
}

#[test]
fn a_new_connection_of_a_replica_ends_the_old_one() {
    let mut world = World::new(2, &[]);
    let mut consumer = Consumer::new(link_options());
    let mut old = follow(&world, &mut consumer);
    let mut again = Consumer::new(link_options());
    let mut new = follow(&world, &mut again);
    assert!(!old.settle(&world, &mut consumer));
    old.feed.closed(world.now());
    many(&mut world, 10, 10);
    assert!(new.settle(&world, &mut again));
    assert_eq!(again.copy, world.copy());
    assert_eq!(world.primary.acked_at_least(&world.primary.offsets()), 1);
}

#[test]
fn a_link_killed_in_the_snapshot_starts_again_and_leaves_nothing_behind() {
    let mut world = World::new(2, &[]);
    many(&mut world, 2000, 100);
    let mut consumer = Consumer::new(link_options());
    for _ in 0..3 {
        let mut wire = Wire::connect(&world, &mut consumer);
        for _ in 0..5 {
            wire.output(&world, 10_000);
            wire.deliver(&mut consumer, usize::MAX);
            assert!(consumer.take(usize::MAX));
        }
        assert!(consumer.link.cursor().is_none());
        world.set(0, "key 5", b"changed");
        wire.kill(&world, &mut consumer);
    }
    let memory = world.shards.take(0).partition.keyspace.used_memory();
    follow(&world, &mut consumer);
    assert_eq!(consumer.count(FrameKind::SnapshotBegin), 4);
    assert!(world.shards.take(0).partition.keyspace.used_memory() <= memory + 1024);
}

#[test]
fn a_snapshot_taken_too_slowly_is_given_up_before_it_costs_much() {
    let limit = "replica 256kb 0 0";
    let set = [("repl-backlog-size", "64kb"), ("client-output-buffer-limit", limit)];
    let mut world = World::new(2, &set);
    many(&mut world, 3000, 500);
    let mut consumer = Consumer::new(link_options());
    let mut wire = Wire::connect(&world, &mut consumer);
    for _ in 0..5 {
        wire.output(&world, 10_000);
    }
    let before = world.shards.take(0).partition.keyspace.used_memory();
    for round in 0..4 {
        many(&mut world, 3000, 500 + round);
    }
    assert!(world.held() < (2 * (256 + 128)) << 10, "{}", world.held());
    let after = world.shards.take(0).partition.keyspace.used_memory();
    assert!(after < before + (1 << 20), "{before} {after}");
    assert!(!wire.settle(&world, &mut consumer));
    assert!(consumer.reasons.iter().any(|reason| reason.contains("too slowly")), "{:?}", consumer.reasons);
    wire.kill(&world, &mut consumer);
    follow(&world, &mut consumer);
}

#[test]
fn a_replica_that_falls_behind_begins_anew_on_the_same_link() {
    let limit = "replica 64kb 0 0";
    let set = [("repl-backlog-size", "64kb"), ("client-output-buffer-limit", limit)];
    let mut world = World::new(2, &set);
    let mut consumer = Consumer::new(link_options());
    let mut wire = follow(&world, &mut consumer);
    many(&mut world, 5000, 100);
    assert!(world.held() < 512 << 10, "{}", world.held());
    assert!(wire.settle(&world, &mut consumer));
    assert_eq!(consumer.copy, world.copy());
    assert_eq!(consumer.kinds[3..], [FrameKind::Resync, FrameKind::SnapshotBegin, FrameKind::SnapshotEnd]);
}

#[test]
fn history_is_kept_for_a_replica_that_is_away_and_not_for_ever() {
    let set = [
        ("repl-backlog-size", "16kb"),
        ("client-output-buffer-limit", "replica 1mb 0 0"),
        ("replica-reconnect-window", "1000"),
    ];
    let mut world = World::new(1, &set);
    let mut consumer = Consumer::new(link_options());
    follow(&world, &mut consumer).kill(&world, &mut consumer);
    many(&mut world, 3000, 100);
    follow(&world, &mut consumer).kill(&world, &mut consumer);
    assert_eq!(consumer.count(FrameKind::Resync), 0);
    many(&mut world, 20_000, 100);
    assert!(world.held() < 1200 << 10, "{}", world.held());
    follow(&world, &mut consumer);
    assert_eq!(consumer.count(FrameKind::Resync), 1);
}

#[test]
fn transactions_over_shards_arrive_whole_even_where_one_shard_lags() {
    let mut world = World::new(3, &[]);
    let mut consumer = Consumer::new(link_options());
    let wire = follow(&world, &mut consumer);
    let (a, b) = two_shards(&world);
    wire.kill(&world, &mut consumer);
    // Shard of `a` has far more to catch up with than that of `b`.
    for round in 0..200 {
        for _ in 0..20 {
            world.set(0, &a, &vec![b'x'; 500]);
        }
        let value = format!("round {round}").into_bytes();
        let set = |key: &str| (0, vec![b"SET".to_vec(), key.into(), value.clone()]);
        world.run(&[set(&a), set(&b)]);
    }
    let mut wire = Wire::connect(&world, &mut consumer);
    let mut both = 0;
    loop {
        let sent = wire.output(&world, 5000);
        wire.deliver(&mut consumer, usize::MAX);
        loop {
            let before = consumer.kinds.len();
            let count = consumer.link.stats.frames;
            assert!(consumer.take(1));
            if consumer.kinds[before..] == [FrameKind::TxnEnd] {
                let value = |key: &str| consumer.copy.0.get(&(0, key.into())).cloned();
                assert!(value(&a).is_some() && value(&a) == value(&b));
                both += 1;
            } else if consumer.kinds.len() == before
                && consumer.link.stats.frames == count
                && !consumer.in_transaction
            {
                break;
            }
        }
        if sent == Sent::Idle {
            break;
        }
    }
    assert!(wire.settle(&world, &mut consumer));
    assert_eq!(both, 200);
    assert_eq!(consumer.copy, world.copy());
}

/// Two keys on different shards.
fn two_shards(world: &World) -> (String, String) {
    let first = "a0".to_owned();
    let other = (0..)
        .map(|at| format!("b{at}"))
        .find(|key| world.shard_of(key.as_bytes()) != world.shard_of(first.as_bytes()));
    (first, other.expect("a key"))
}

#[test]
fn transactions_held_beyond_the_limit_are_an_error() {
    let mut world = World::new(2, &[]);
    let mut consumer = Consumer::new(LinkOptions { transaction_bytes_max: 10_000, ..link_options() });
    let mut wire = follow(&world, &mut consumer);
    let (a, _) = two_shards(&world);
    let set = |len: usize| (0, vec![b"SET".to_vec(), a.clone().into_bytes(), vec![b'x'; len]]);
    world.run(&[set(1), set(2)]);
    assert!(wire.settle(&world, &mut consumer));
    world.run(&[set(9_000), set(9_000)]);
    assert!(!wire.settle(&world, &mut consumer));
    assert!(consumer.reasons[0].contains("transaction-bytes-max"), "{:?}", consumer.reasons);
}

#[test]
fn a_replica_is_woken_once_when_something_happens() {
    let mut world = World::new(2, &[]);
    let mut consumer = Consumer::new(link_options());
    let mut wire = follow(&world, &mut consumer);
    let woken = || world.woken.load(Ordering::Relaxed);
    assert_eq!(woken(), 0);
    let (a, b) = two_shards(&world);
    world.set(0, &a, b"1");
    assert_eq!(world.woken.load(Ordering::Relaxed), 1);
    world.set(0, &a, b"2");
    world.set(0, &b, b"3");
    assert_eq!(world.woken.load(Ordering::Relaxed), 2, "once for each shard");
    assert!(wire.settle(&world, &mut consumer));
    assert_eq!(consumer.copy, world.copy());
}

#[test]
fn heartbeats_tell_that_all_was_seen_and_silence_ends_the_link() {
    let mut world = World::new(2, &[("repl-ping-replica-period", "10"), ("repl-timeout", "60")]);
    let mut consumer = Consumer::new(LinkOptions { bookmarks: true, ..link_options() });
    let mut wire = follow(&world, &mut consumer);
    assert_eq!(wire.feed.deadline(), Some(START + 10_000));
    world.clock.advance(9_999);
    assert!(wire.settle(&world, &mut consumer));
    assert_eq!(consumer.count(FrameKind::Bookmark), 0);
    world.clock.advance(1);
    assert!(wire.settle(&world, &mut consumer));
    assert_eq!(consumer.count(FrameKind::Bookmark), 1);
    many(&mut world, 10, 10);
    assert!(wire.settle(&world, &mut consumer));
    world.clock.advance(60_001);
    assert_eq!(wire.output(&world, 1000), Sent::Close);
    wire.feed.closed(world.now());
    assert_eq!(world.primary.in_sync(), 0);
}

#[test]
fn received_and_applied_are_counted_apart() {
    let mut world = World::new(2, &[]);
    let options = LinkOptions { acknowledge: Acknowledge::Manual, ..link_options() };
    let mut consumer = Consumer::new(options);
    let mut wire = follow(&world, &mut consumer);
    many(&mut world, 20, 10);
    let acks = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&acks);
    let subscription = world.primary.subscribe_acks(Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    }));
    subscription.arm();
    assert!(wire.settle(&world, &mut consumer));
    assert_eq!(acks.load(Ordering::Relaxed), 1);
    assert_eq!(world.primary.acked_at_least(&world.primary.offsets()), 0);
    let cursor = consumer.link.cursor();
    consumer.link.ack(&cursor).expect("its own cursor");
    consumer.link.acknowledge(false);
    subscription.arm();
    wire.answer(&world, &mut consumer);
    assert_eq!(acks.load(Ordering::Relaxed), 2);
    assert_eq!(world.primary.acked_at_least(&world.primary.offsets()), 1);
    let mut beyond = cursor.clone();
    beyond.shards[0].offset += 1;
    assert_eq!(consumer.link.ack(&beyond).map_err(|e| e.kind()), Err(ErrorKind::InvalidArgument));
    beyond.generation += 1;
    assert_eq!(consumer.link.ack(&beyond).map_err(|e| e.kind()), Err(ErrorKind::InvalidArgument));
}

#[test]
fn replicas_are_listed_for_people() {
    let mut world = World::new(2, &[]);
    many(&mut world, 20, 10);
    let mut consumer = Consumer::new(link_options());
    let mut wire = follow(&world, &mut consumer);
    many(&mut world, 20, 10);
    assert!(wire.settle(&world, &mut consumer));
    world.clock.advance(2500);
    let info = world.primary.info();
    let offset = world.primary.offset();
    assert!(info.contains("connected_slaves:1\r\n"), "{info}");
    let line = format!("slave0:ip=10.1.2.3,port=4567,state=online,offset={offset},lag=2,id=tail,bytes=");
    assert!(info.contains(&line), "{info}");
    assert!(info.contains(&format!("master_repl_offset:{offset}\r\n")), "{info}");
    assert!(info.contains("master_replid:000000000000000000000000000000000000004d\r\n"), "{info}");
    assert_eq!(world.primary.in_sync(), 1);
    wire.kill(&world, &mut consumer);
    assert!(world.primary.info().contains("connected_slaves:0\r\n"));
    assert_eq!(world.primary.replicas().len(), 1);
}

fn attach_words(world: &World, shard: Option<usize>, line: &str) -> Result<Box<dyn Upgrade>, String> {
    world.attach(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>(), shard)
}

fn output(world: &World, feed: &mut Box<dyn Upgrade>) -> Vec<u8> {
    let mut out = Vec::new();
    while feed.output(&mut out, 1 << 20, world.now()) == Sent::More {}
    out
}

#[test]
fn the_short_handshake_gets_a_snapshot_whatever_offset_it_names() {
    for offset in [0, 5] {
        let mut world = World::new(1, &[]);
        world.set(0, "k", b"v");
        let mut feed =
            attach_words(&world, None, &format!("REPLICATE FROM {offset} ID old")).expect("a feed");
        let out = output(&world, &mut feed);
        assert!(out.starts_with(b"+ACK 0\r\n+SNAPSHOT\r\n$"), "{}", out.escape_ascii());
        assert!(out.ends_with(b"\r\n+SNAPSHOT_END 0\r\n"), "{}", out.escape_ascii());
        world.set(0, "k", b"w");
        assert_eq!(
            output(&world, &mut feed),
            b"*2\r\n:0\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n\
              *2\r\n:1\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nw\r\n"
        );
        assert_eq!(feed.input(b"*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n2\r\n", world.now()), Ok(34));
        assert_eq!(world.primary.acked_at_least(&[2]), 1);
    }
}

#[test]
fn one_shard_is_followed_on_its_own_port() {
    let mut world = World::new(2, &[]);
    let (a, b) = two_shards(&world);
    let (on_a, on_b) = (world.shard_of(a.as_bytes()), world.shard_of(b.as_bytes()));
    world.set(0, &a, b"here");
    world.set(0, &b, b"there");
    let mut feed = attach_words(&world, Some(on_a), "REPLICATE FROM 0 0 ID one").expect("a feed");
    let out = output(&world, &mut feed);
    assert!(out.starts_with(b"+ACK 77 0\r\n+SNAPSHOT\r\n$"), "{}", out.escape_ascii());
    assert!(
        out.windows(4).any(|window| window == b"here") && !out.windows(5).any(|window| window == b"there")
    );
    world.run(&[
        (0, vec![b"SET".to_vec(), a.clone().into(), b"1".to_vec()]),
        (0, vec![b"SET".to_vec(), b.clone().into(), b"2".to_vec()]),
    ]);
    let out = String::from_utf8(output(&world, &mut feed)).expect("text");
    let multi = format!("*2\r\n:0\r\n*4\r\n$5\r\nMULTI\r\n$1\r\n1\r\n$1\r\n{}\r\n", on_a.min(on_b));
    assert!(out.starts_with(&multi.replace("$1\r\n1\r\n", "$1\r\n3\r\n")), "{out}");
    assert!(out.ends_with("*2\r\n:3\r\n*1\r\n$4\r\nEXEC\r\n"), "{out}");
    feed.closed(world.now());
    let mut feed = attach_words(&world, Some(on_a), "REPLICATE FROM 77 4 ID one").expect("a feed");
    assert_eq!(output(&world, &mut feed), b"+ACK 77 4\r\n");
    // A place inside a transaction cannot be continued, and this peer is not told why.
    let mut feed = attach_words(&world, Some(on_a), "REPLICATE FROM 77 2 ID one").expect("a feed");
    assert!(output(&world, &mut feed).starts_with(b"+ACK 77 4\r\n+SNAPSHOT\r\n"));
}

#[test]
fn handshakes_that_cannot_be_served_are_refused() {
    let world = World::new(2, &[]);
    for (shard, line, text) in [
        (None, "REPLICATE FROM 0 0 ID x", "serves 2 shards"),
        (Some(1), "REPLICATE FROM 0 0 ID x CAPA mux", "serves shard 1 only"),
        (None, "REPLICATE FROM x ID y", "'x' is not an offset"),
    ] {
        let error = attach_words(&world, shard, line).map(drop).expect_err(line);
        assert!(error.starts_with("ERR ") && error.contains(text), "{error}");
    }
    assert!(world.primary.replicas().is_empty());
}

#[test]
fn a_replica_that_talks_nonsense_is_cut_off() {
    let world = World::new(1, &[]);
    for words in [
        &b"*1\r\n$4\r\nPING\r\n"[..],
        b"HELLO\r\n",
        b"*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n9\r\n",
        b"*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$3\r\n0,0\r\n",
        &[&b"*1\r\n$9999999\r\n"[..], &[b'x'; 2 << 20]].concat(),
    ] {
        let mut feed = attach_words(&world, None, "REPLICATE FROM 0 ID x").expect("a feed");
        output(&world, &mut feed);
        assert!(feed.input(words, world.now()).is_err(), "{}", words[..12].escape_ascii());
        feed.closed(world.now());
    }
}

#[derive(Clone, Debug)]
enum Do {
    Set { db: usize, key: u8, len: usize, expire: bool },
    Hash { key: u8, fields: usize },
    Remove { db: usize, key: u8 },
    Pair { a: u8, b: u8, value: u16 },
    Output(usize),
    Deliver(usize),
    Take(usize),
    Answer,
    Kill { lose: bool },
    Advance(u64),
}

fn deed() -> impl Strategy<Value = Do> {
    let len = prop_oneof![20 => 0..60usize, 2 => 1000..5000usize, 1 => 100_000..200_000usize];
    prop_oneof![
        12 => (0..3usize, any::<u8>(), len, any::<bool>())
            .prop_map(|(db, key, len, expire)| Do::Set { db, key, len, expire }),
        4 => (any::<u8>(), 1..30usize).prop_map(|(key, fields)| Do::Hash { key, fields }),
        4 => (0..3usize, any::<u8>()).prop_map(|(db, key)| Do::Remove { db, key }),
        6 => (any::<u8>(), any::<u8>(), any::<u16>()).prop_map(|(a, b, value)| Do::Pair { a, b, value }),
        8 => (20..30_000usize).prop_map(Do::Output),
        8 => prop_oneof![1..50usize, 1..40_000usize].prop_map(Do::Deliver),
        8 => (1..200usize).prop_map(Do::Take),
        3 => Just(Do::Answer),
        1 => any::<bool>().prop_map(|lose| Do::Kill { lose }),
        1 => (1..5_000u64).prop_map(Do::Advance),
    ]
}

fn perform(world: &mut World, deed: &Do) {
    let text = |words: &[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
    match deed {
        Do::Set { db, key, len, expire } => {
            let mut args = text(&["SET", &format!("k{key}"), &"v".repeat(*len)]);
            if *expire {
                args.extend(text(&["PXAT", &(9_000_000 + len).to_string()]));
            }
            world.run(&[(*db, args)]);
        }
        Do::Hash { key, fields } => {
            let mut args = text(&["HSET", &format!("h{key}")]);
            (0..*fields).for_each(|at| args.extend(text(&[&format!("f{at}"), &format!("{fields}")])));
            world.run(&[(0, args)]);
        }
        Do::Remove { db, key } => {
            world.run(&[(*db, text(&["DEL", &format!("k{key}")]))]);
        }
        Do::Pair { a, b, value } => {
            let value = value.to_string();
            let set = |name: String| (2, text(&["SET", &name, &value]));
            world.run(&[set(format!("p{a}")), set(format!("q{b}")), set(format!("r{a}"))]);
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_happens_on_the_way_the_copy_equals_the_primary(
        shards in 1..5usize,
        before in prop::collection::vec(deed(), 0..150),
        deeds in prop::collection::vec(deed(), 0..300),
        roomy in any::<bool>(),
    ) {
        let backlog = if roomy { "64mb" } else { "32kb" };
        let limit = if roomy { "replica 0 0 0" } else { "replica 64kb 0 0" };
        let mut world = World::new(shards, &[("repl-backlog-size", backlog), ("client-output-buffer-limit", limit)]);
        before.iter().for_each(|deed| perform(&mut world, deed));
        let mut consumer = Consumer::new(link_options());
        let mut wire = Wire::connect(&world, &mut consumer);
        let mut expected = super::primary::Syncs::default();
        let mut count = |wire: &Wire| {
            expected.partial += u64::from(wire.begun && wire.resumes);
            expected.full += u64::from(wire.begun && !wire.resumes);
        };
        for deed in &deeds {
            perform(&mut world, deed);
            let mut ended = false;
            match deed {
                Do::Output(budget) => drop(wire.output(&world, *budget)),
                Do::Deliver(len) => wire.deliver(&mut consumer, *len),
                Do::Take(frames) => ended = !consumer.take(*frames),
                Do::Answer => wire.answer(&world, &mut consumer),
                Do::Advance(ms) => world.clock.advance(*ms),
                Do::Kill { lose } => {
                    if !lose {
                        wire.deliver(&mut consumer, usize::MAX);
                    }
                    ended = true;
                }
                _ => {}
            }
            if ended || (wire.closing && wire.down.is_empty()) {
                count(&wire);
                wire.kill(&world, &mut consumer);
                // A replica that starts anew has its cursor and what it made of the frames so far.
                let cursor = Cursor::decode(&consumer.link.cursor().encode()).expect("its cursor");
                if !consumer.in_transaction {
                    consumer.link = Link::new(link_options(), &cursor);
                }
                wire = Wire::connect(&world, &mut consumer);
            }
        }
        let mut rounds = 0;
        while !wire.settle(&world, &mut consumer) {
            wire.kill(&world, &mut consumer);
            wire = Wire::connect(&world, &mut consumer);
            rounds += 1;
            prop_assert!(rounds < 5, "{:?}", consumer.reasons);
        }
        prop_assert!(!consumer.in_transaction);
        prop_assert_eq!(&consumer.copy, &world.copy());
        prop_assert_eq!(world.primary.acked_at_least(&world.primary.offsets()), 1);
        if roomy {
            // With room for all history, only links that end before a snapshot is whole cost another one.
            count(&wire);
            prop_assert_eq!(world.primary.syncs(), expected);
        }
    }

    #[test]
    fn any_cut_of_the_bytes_gives_the_same_frames(
        deeds in prop::collection::vec(deed(), 1..80),
        cuts in prop::collection::vec(1..3_000usize, 1..40),
    ) {
        let mut world = World::new(2, &[]);
        let mut first = Consumer::new(link_options());
        let mut wire = Wire::connect(&world, &mut first);
        let mut bytes = Vec::new();
        let half = deeds.len() / 2;
        deeds[..half].iter().for_each(|deed| perform(&mut world, deed));
        wire.output(&world, usize::MAX >> 1);
        deeds[half..].iter().for_each(|deed| perform(&mut world, deed));
        while wire.output(&world, 1 << 30) == Sent::More {}
        bytes.append(&mut wire.down);
        let transcript = |cuts: &mut dyn Iterator<Item = usize>| {
            let mut link = Link::new(link_options(), &Cursor::default());
            link.connected();
            let mut frames = Vec::new();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(cuts.next().unwrap_or(usize::MAX).min(rest.len()));
                rest = after;
                link.input.push(piece);
                while link.step().expect("the protocol") == Step::Frame {
                    let frame = link.frame();
                    frames.push((frame.kind, frame.shard, frame.offset, frame.db, owned(frame.argv)));
                }
            }
            (frames, link.cursor())
        };
        let whole = transcript(&mut std::iter::empty());
        prop_assert_eq!(&transcript(&mut cuts.iter().copied().cycle()), &whole);
        prop_assert_eq!(&transcript(&mut std::iter::repeat(1)), &whole);
    }

    #[test]
    fn a_damaged_link_ends_or_hangs_but_never_panics(
        deeds in prop::collection::vec(deed(), 1..40),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        junk in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut world = World::new(2, &[]);
        let mut first = Consumer::new(link_options());
        let mut wire = Wire::connect(&world, &mut first);
        wire.output(&world, 1000);
        deeds.iter().for_each(|deed| perform(&mut world, deed));
        while wire.output(&world, 1 << 30) == Sent::More {}
        let mut bytes = std::mem::take(&mut wire.down);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        for bytes in [bytes, junk] {
            let mut link = Link::new(link_options(), &Cursor::default());
            link.connected();
            link.input.push(&bytes);
            while let Ok(Step::Frame) = link.step() {
                let frame = link.frame();
                let _ = (frame.argv.iter().count(), frame.reason.len());
            }
            link.disconnected("damaged");
        }
    }
}

fn owned(argv: Argv<'_>) -> Vec<Vec<u8>> {
    argv.iter().map(<[u8]>::to_vec).collect()
}

#[test]
fn hostile_lines_are_protocol_errors() {
    for bytes in [
        &b"HTTP/1.1 400\r\n"[..],
        b"+OK\r\n",
        b"+ACK 0 0\r\n",
        b"+ACK 5\r\n",
        b"+ACK 5 0\r\n*2\r\n:0\r\n*1\r\n$1\r\nx\r\n",
        b"+ACK 5 0\r\n+SHARD 0\r\n",
        b"+ACK 5 0\r\n+SNAPSHOT_END 0\r\n",
        b"+ACK 5 0\r\n+SNAPSHOT\r\n+SNAPSHOT_END 0\r\n",
        b"+ACK 5 0\r\n+SNAPSHOT\r\n$-1\r\n",
        b"+ACK 5 0\r\n+SNAPSHOT\r\n$999999999\r\n",
        b"+ACK 5 0\r\n+SNAPSHOT\r\n$9\r\nREDIS0012xx",
        b"+ACK 5 0\r\n+SNAPSHOT\r\n:1\r\n",
    ] {
        let mut link = Link::new(link_options(), &Cursor::default());
        link.connected();
        link.input.push(bytes);
        let error = loop {
            match link.step() {
                Ok(Step::Frame) => {}
                Ok(Step::Input) => panic!("{} was taken", bytes.escape_ascii()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Protocol, "{}: {error}", bytes.escape_ascii());
    }
}

/// A link that has been told of two shards and stands at their beginnings.
fn streaming() -> Link {
    let cursor = Cursor { generation: 5, shards: vec![super::cursor::Position::default(); 2] };
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

#[test]
fn streams_that_contradict_themselves_are_protocol_errors() {
    let shard0 = b"+SHARD 0\r\n".to_vec();
    for (pieces, text) in [
        (vec![frame(1, &["DEL", "a"])], "offset 1 where 0 comes next"),
        (vec![frame(0, &["EXEC"])], "has not begun"),
        (vec![frame(0, &["MULTI"]), frame(1, &["MULTI"])], "inside another"),
        (vec![frame(0, &["MULTI", "x", "0"])], "participants"),
        (vec![frame(0, &["MULTI", "1"])], "participants"),
        (vec![frame(0, &["MULTI", "1", "1", "0"])], "participants"),
        (vec![frame(0, &["MULTI", "1", "1"]), frame(1, &["EXEC"])], "does not name the shard"),
        (vec![frame(0, &["MULTI", "1", "0", "7"]), frame(1, &["EXEC"])], "shard 7"),
        (vec![frame(0, &["SELECT", "x"])], "no database"),
        (vec![frame(0, &["SELECT"])], "without its database"),
        (vec![b"*2\r\n:0\r\n*0\r\n".to_vec()], "no verb"),
        (vec![b"*2\r\n:99999999999999999999\r\n".to_vec()], "where a frame must stand"),
        (vec![b"*3\r\n".to_vec()], "where a frame must stand"),
        (vec![b"+SHARD 2\r\n".to_vec()], "shard 2"),
        (vec![b"+PING 6 0,0\r\n".to_vec()], "history 6"),
        (vec![b"+PING 5 0,1\r\n".to_vec()], "other offsets"),
    ] {
        let mut link = streaming();
        link.input.push(&shard0);
        pieces.iter().for_each(|piece| link.input.push(piece));
        let error = loop {
            match link.step() {
                Ok(Step::Frame) => {}
                Ok(Step::Input) => panic!("taken where '{text}' was expected"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.message().contains(text), "{error}");
    }
}

#[test]
fn what_a_primary_refuses_for_has_a_kind() {
    for (line, kind) in [
        ("-NOAUTH Authentication required.", ErrorKind::Auth),
        ("-WRONGPASS invalid username-password pair", ErrorKind::Auth),
        ("-ERR unknown command 'REPLICATE'", ErrorKind::Unsupported),
        ("-LOADING loading", ErrorKind::Io),
        ("-RESYNC too slow", ErrorKind::Io),
        ("-ERR REPLICATE: no", ErrorKind::Replica),
    ] {
        let mut link =
            Link::new(LinkOptions { password: Secret("x".into()), ..link_options() }, &Cursor::default());
        link.connected();
        assert!(link.output.starts_with(b"*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n"));
        link.input.push(line.as_bytes());
        link.input.push(b"\r\n");
        assert_eq!(link.step().map_err(|error| error.kind()), Err(kind), "{line}");
    }
}

#[test]
fn the_cursor_moves_past_a_transaction_only_with_its_end() {
    let mut link = streaming();
    link.input.push(b"+SHARD 0\r\n");
    for piece in [
        frame(0, &["SELECT", "3"]),
        frame(1, &["DEL", "a"]),
        frame(2, &["MULTI", "1", "0", "1"]),
        frame(3, &["DEL", "b"]),
        frame(4, &["EXEC"]),
        frame(5, &["DEL", "later"]),
    ] {
        link.input.push(&piece);
    }
    let at = |link: &Link| link.cursor().shards.iter().map(|p| (p.offset, p.db)).collect::<Vec<_>>();
    assert_eq!(link.step(), Ok(Step::Frame));
    assert_eq!((link.frame().offset, link.frame().db, at(&link)), (1, 3, vec![(2, 3), (0, 0)]));
    assert_eq!(link.step(), Ok(Step::Input), "the other shard's part has not come");
    link.input.push(b"+SHARD 1\r\n");
    link.input.push(&frame(0, &["MULTI", "1", "0", "1"]));
    link.input.push(&frame(1, &["SELECT", "9"]));
    link.input.push(&frame(2, &["DEL", "c"]));
    assert_eq!(link.step(), Ok(Step::Input));
    link.input.push(&frame(3, &["EXEC"]));
    let mut seen = Vec::new();
    while link.step() == Ok(Step::Frame) {
        let frame = link.frame();
        seen.push((frame.kind, frame.shard, frame.db, owned(frame.argv).last().cloned(), at(&link)));
    }
    let (before, after) = (vec![(2, 3), (0, 0)], vec![(5, 3), (4, 9)]);
    let key = |name: &str| Some(name.as_bytes().to_vec());
    assert_eq!(
        seen,
        [
            (FrameKind::TxnBegin, 0, 0, None, before.clone()),
            (FrameKind::Command, 0, 3, key("b"), before.clone()),
            (FrameKind::Command, 1, 9, key("c"), before),
            (FrameKind::TxnEnd, 0, 0, None, after),
            (FrameKind::Command, 0, 3, key("later"), vec![(6, 3), (4, 9)]),
        ]
    );
}

#[test]
fn a_part_that_never_came_is_asked_for_again() {
    let mut link = streaming();
    link.input.push(b"+SHARD 0\r\n");
    link.input.push(&frame(0, &["MULTI", "1", "0", "1"]));
    link.input.push(&frame(1, &["DEL", "b"]));
    link.input.push(&frame(2, &["EXEC"]));
    assert_eq!(link.step(), Ok(Step::Input));
    link.disconnected("gone");
    assert_eq!(link.step(), Ok(Step::Frame));
    assert_eq!((link.frame().kind, link.frame().up, link.frame().reason), (FrameKind::Link, false, "gone"));
    link.connected();
    let text = String::from_utf8(link.output.clone()).expect("text");
    assert!(text.contains("$1\r\n5\r\n$3\r\n0,0\r\n"), "{text}");
}
