//! What a primary knows of its replicas, and when each side is woken.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::ErrorKind;
use crate::io::Sent;

use super::super::client::FrameKind;
use super::super::client::link::LinkOptions;
use super::super::client::options::Acknowledge;
use super::{Consumer, START, World, follow, link_options, many, two_shards};

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
    let info = world.primary.info("no-failover");
    let offset = world.primary.offset();
    assert!(info.contains("connected_slaves:1\r\n"), "{info}");
    let line = format!("slave0:ip=10.1.2.3,port=4567,state=online,offset={offset},lag=2,id=tail,bytes=");
    assert!(info.contains(&line), "{info}");
    assert!(info.contains(&format!("master_repl_offset:{offset}\r\n")), "{info}");
    let id = info.split("master_replid:").nth(1).and_then(|rest| rest.split("\r\n").next());
    assert!(id.is_some_and(|id| id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit())), "{info}");
    assert_eq!(world.primary.in_sync(), 1);
    wire.kill(&world, &mut consumer);
    assert!(world.primary.info("no-failover").contains("connected_slaves:0\r\n"));
    assert_eq!(world.primary.replicas().len(), 1);
}
