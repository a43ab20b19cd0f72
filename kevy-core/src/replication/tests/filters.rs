//! Replicas that follow a part of the keyspace: what they are sent, to the byte.

use crate::io::Upgrade;

use super::super::client::FrameKind;
use super::super::client::link::{Link, LinkOptions, Step};
use super::super::cursor::Cursor;
use super::super::selection::{Kind, Selection};
use super::{Consumer, Wire, World, frame, link_options, part_of, two_shards};

fn of_prefixes(prefixes: &[&str]) -> LinkOptions {
    let prefixes = prefixes.iter().map(|prefix| prefix.as_bytes().to_vec()).collect();
    LinkOptions { selection: Selection { prefixes, kinds: Vec::new() }, ..link_options() }
}

fn attach(world: &World, capabilities: &[&str]) -> Box<dyn Upgrade> {
    let words = ["REPLICATE", "FROM", "0", "0", "ID", "part", "CAPA"];
    let args: Vec<&[u8]> = words.iter().chain(capabilities).map(|word| word.as_bytes()).collect();
    world.attach(&args, None).expect("a feed")
}

fn output(world: &World, feed: &mut Box<dyn Upgrade>) -> String {
    let mut out = Vec::new();
    while feed.output(&mut out, 1 << 20, world.now()) != crate::io::Sent::Idle {}
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn only_what_is_followed_is_sent_and_what_is_not_is_told_of() {
    let mut world = World::new(1, &[]);
    world.set(0, "a:1", b"in");
    world.set(0, "b:1", b"out");
    let mut feed = attach(&world, &["prefix=a:", "unknown", "other=word"]);
    let sent = output(&world, &mut feed);
    assert!(sent.starts_with("+CAPA filter\r\n+ACK 77 0\r\n+SNAPSHOT\r\n$"), "{sent}");
    assert!(sent.contains("a:1") && !sent.contains("b:1"), "{sent}");
    world.set(0, "b:2", b"out");
    let select = "*2\r\n:0\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n";
    assert_eq!(output(&world, &mut feed), select);
    world.set(0, "b:3", b"out");
    world.set(0, "a:2", b"v");
    world.set(0, "b:4", b"out");
    let set = "*2\r\n:3\r\n*3\r\n$3\r\nSET\r\n$3\r\na:2\r\n$1\r\nv\r\n";
    assert_eq!(output(&world, &mut feed), set);
    // What it was not sent counts as applied once it has applied what comes before.
    assert_eq!(world.primary.acked_at_least(&[5]), 0);
    feed.input(b"*5\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n4\r\n$7\r\nAPPLIED\r\n$1\r\n4\r\n", world.now())
        .expect("sense");
    assert_eq!(world.primary.acked_at_least(&[5]), 1);
    assert!(world.primary.candidates().is_empty(), "nobody promotes a part");
    assert!(feed.deadline().is_some_and(|at| at <= world.now() + 100));
    world.clock.advance(100);
    assert_eq!(output(&world, &mut feed), "+SKIP 5\r\n");
    world.clock.advance(100);
    assert_eq!(output(&world, &mut feed), "");
}

#[test]
fn a_heartbeat_that_is_asked_for_tells_what_was_not_sent_first() {
    let mut world = World::new(1, &[]);
    let mut feed = attach(&world, &["prefix=a:"]);
    output(&world, &mut feed);
    world.set(0, "b:1", b"out");
    output(&world, &mut feed);
    world.set(0, "b:2", b"out");
    feed.input(b"*2\r\n$8\r\nREPLCONF\r\n$4\r\nPING\r\n", world.now()).expect("sense");
    assert_eq!(output(&world, &mut feed), "+SKIP 3\r\n+PING 77 3\r\n");
}

#[test]
fn types_that_are_not_followed_leave_deletions_where_they_replace_others() {
    let mut world = World::new(1, &[]);
    let selection = Selection { prefixes: Vec::new(), kinds: vec![Kind::Hash] };
    let mut consumer = Consumer::new(LinkOptions { selection: selection.clone(), ..link_options() });
    let hash = |world: &mut World, key: &str| {
        world.run(&[(0, ["HSET", key, "f", "v"].iter().map(|word| word.as_bytes().to_vec()).collect())]);
    };
    hash(&mut world, "h");
    world.set(0, "s", b"v");
    let mut wire = Wire::connect(&world, &mut consumer);
    assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
    assert_eq!(consumer.copy.0.len(), 1);
    hash(&mut world, "i");
    world.set(0, "h", b"now a string");
    world.set(0, "t", b"v");
    assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
    assert_eq!(consumer.copy, part_of(world.copy(), &selection));
    assert_eq!(consumer.copy.0.len(), 1);
}

#[test]
fn a_transaction_over_shards_is_sent_of_all_of_them_or_of_none() {
    let mut world = World::new(2, &[]);
    let (a, b) = two_shards(&world);
    let mut consumer = Consumer::new(of_prefixes(&["a"]));
    let mut wire = Wire::connect(&world, &mut consumer);
    assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
    let set = |key: &str| (0, vec![b"SET".to_vec(), key.into(), b"v".to_vec()]);
    let other = (0..).map(|at| format!("b{at}"));
    let other = other.into_iter().find(|key| world.shard_of(key.as_bytes()) == world.shard_of(a.as_bytes()));
    let other = other.expect("a key");
    world.run(&[set(&a), set(&b)]);
    assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
    assert_eq!((consumer.count(FrameKind::TxnBegin), consumer.count(FrameKind::TxnEnd)), (1, 1));
    world.run(&[set(&other), set(&b)]);
    world.run(&[(3, set(&other).1), (3, set(&b).1)]);
    assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
    assert_eq!(consumer.count(FrameKind::TxnBegin), 1, "a transaction without anything in it");
    // The database that such a transaction selected is not lost.
    world.set(3, &a, b"w");
    assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
    let LinkOptions { selection, .. } = of_prefixes(&["a"]);
    assert_eq!(consumer.copy, part_of(world.copy(), &selection));
    assert_eq!(world.primary.in_sync(), 1);
    wire.kill(&world, &mut consumer);
    let mut wire = Wire::connect(&world, &mut consumer);
    world.set(3, &a, b"x");
    assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
    assert_eq!(consumer.count(FrameKind::SnapshotBegin), 1);
    assert_eq!(consumer.copy, part_of(world.copy(), &selection));
}

#[test]
fn an_effect_that_does_not_tell_what_is_followed_is_answered_with_a_snapshot() {
    let mut world = World::new(1, &[]);
    world.set(0, "b:1", b"v");
    let mut consumer = Consumer::new(of_prefixes(&["a:"]));
    let mut wire = Wire::connect(&world, &mut consumer);
    assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
    {
        let mut shard = world.shards.take(0);
        shard.partition.keyspace.rename(0, b"b:1", b"a:1", 1);
        let mut argv = Vec::new();
        crate::resp::encode_command(&mut argv, &[b"RENAME", b"b:1", b"a:1"]);
        shard.stream.append(0, &argv);
    }
    assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
    assert_eq!(consumer.count(FrameKind::SnapshotBegin), 2);
    assert!(consumer.reasons[0].contains("whole copies"), "{:?}", consumer.reasons);
    let LinkOptions { selection, .. } = of_prefixes(&["a:"]);
    assert_eq!(consumer.copy, part_of(world.copy(), &selection));
    assert_eq!(consumer.copy.0.len(), 1);
}

/// A link that asked for a part, with what it is sent.
fn told(options: LinkOptions, bytes: &[u8]) -> (Link, Vec<u64>, Option<String>) {
    let mut link = Link::new(options, &Cursor::default());
    link.connected();
    link.input.push(bytes);
    let mut offsets = Vec::new();
    loop {
        match link.step() {
            Ok(Step::Frame) if link.frame().kind == FrameKind::Command => offsets.push(link.frame().offset),
            Ok(Step::Frame) => {}
            Ok(Step::Input) => return (link, offsets, None),
            Err(error) => return (link, offsets, Some(error.message().into())),
        }
    }
}

fn snapshot(words: &str) -> Vec<u8> {
    let empty = [&b"$18\r\nREDIS0012\xff"[..], &[0; 8], b"\r\n+SNAPSHOT_END 0\r\n+SHARD 0\r\n"].concat();
    [format!("{words}+ACK 9 0\r\n+SNAPSHOT\r\n").into_bytes(), empty].concat()
}

#[test]
fn gaps_are_taken_only_from_a_primary_that_leaves_out_what_was_not_asked_for() {
    let frames = [frame(0, &["DEL", "a"]), frame(4, &["DEL", "a"])].concat();
    let filtered = snapshot("+CAPA filter\r\n");
    for (options, greeting, offsets, position) in [
        (of_prefixes(&["a"]), filtered.clone(), vec![0, 4], Some(5)),
        (of_prefixes(&["a"]), snapshot(""), vec![0], None),
        (link_options(), filtered.clone(), vec![0], None),
    ] {
        let (link, seen, error) = told(options, &[greeting, frames.clone()].concat());
        assert_eq!((seen, error.is_none()), (offsets, position.is_some()), "{error:?}");
        assert!(position.is_none_or(|position| link.cursor().offsets()[0] == position));
    }
    let skipped = [filtered.clone(), frames, b"+SKIP 9\r\n".to_vec()].concat();
    let (link, _, error) = told(of_prefixes(&["a"]), &skipped);
    assert_eq!((link.cursor().offsets()[0], error), (9, None));
    for line in ["+SKIP 3\r\n", "+SKIP 9,9\r\n"] {
        let bytes = [&skipped[..], line.as_bytes()].concat();
        assert!(told(of_prefixes(&["a"]), &bytes).2.is_some(), "{line}");
    }
    assert!(told(link_options(), &[snapshot(""), b"+SKIP 3\r\n".to_vec()].concat()).2.is_some());
}

#[test]
fn a_stretch_that_is_left_out_behind_a_waiting_transaction_counts_once_that_is_whole() {
    let bytes = [
        snapshot("+CAPA filter\r\n"),
        frame(0, &["MULTI"]),
        frame(2, &["DEL", "a"]),
        b"+SKIP 3\r\n".to_vec(),
    ]
    .concat();
    let (mut link, _, error) = told(of_prefixes(&["a"]), &bytes);
    assert_eq!((link.cursor().offsets()[0], error), (0, None));
    link.input.push(&[frame(6, &["EXEC"]), b"+SKIP 8\r\n".to_vec()].concat());
    while link.step() == Ok(Step::Frame) {}
    assert_eq!(link.cursor().offsets()[0], 8);
}

#[test]
fn a_primary_that_cannot_choose_by_type_is_refused() {
    let options = LinkOptions {
        selection: Selection { prefixes: Vec::new(), kinds: vec![Kind::Hash] },
        ..link_options()
    };
    let (_, _, error) = told(options.clone(), &snapshot(""));
    assert!(error.is_some_and(|error| error.contains("type")));
    assert_eq!(told(options, &snapshot("+CAPA filter\r\n")).2, None);
}
