//! Where a replica begins: with a snapshot, or where it was.

use super::super::client::FrameKind;
use super::super::client::link::{Link, LinkOptions};
use super::super::cursor::Cursor;
use super::{Consumer, Wire, World, follow, link_options, many};

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
fn a_place_of_the_history_that_this_one_continues_is_resumed() {
    let mut first = World::new(2, &[]);
    many(&mut first, 100, 50);
    let mut consumer = Consumer::new(link_options());
    follow(&first, &mut consumer).kill(&first, &mut consumer);
    let before = consumer.link.cursor();

    // The other one has the same keys, and has recorded them in a history of its own.
    let mut second = World::new(2, &[]);
    second.primary.keep_history(true);
    assert!(second.primary.renew(|_| true), "a generation of its own");
    many(&mut second, 100, 50);
    second.primary.continue_from(&before);
    many(&mut second, 200, 20);
    let mut wire = Wire::connect(&second, &mut consumer);
    assert!(wire.settle(&second, &mut consumer), "{:?}", consumer.reasons);
    assert_eq!(consumer.copy, second.copy());
    assert_eq!(consumer.link.stats.rebases, 1);
    assert_eq!((consumer.count(FrameKind::SnapshotBegin), consumer.count(FrameKind::Resync)), (1, 0));
    let syncs = second.primary.syncs();
    assert_eq!((syncs.full, syncs.partial, syncs.partial_refused), (0, 1, 0));
    assert_eq!(second.primary.acked_at_least(&second.primary.offsets()), 1);
    // What was handed out before is acknowledged by what came of it.
    assert_eq!(consumer.link.ack(&before), Ok(()));
    assert_eq!(second.primary.place().expect("recorded").generation, second.primary.generation());

    // Who cannot be told of another history has to begin anew.
    let mut wire = second
        .attach(&[b"REPLICATE", b"FROM", b"77", b"1,1", b"ID", b"old", b"CAPA", b"mux", b"resync"], None)
        .expect("a feed");
    let mut out = Vec::new();
    wire.output(&mut out, 1000, second.now());
    assert!(String::from_utf8_lossy(&out).contains("+SNAPSHOT"));
}
