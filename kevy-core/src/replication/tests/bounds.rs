//! What slow replicas and small budgets cost.

use crate::io::Sent;

use super::super::client::FrameKind;
use super::super::client::link::LinkOptions;
use super::{Consumer, Wire, World, follow, link_options, many, two_shards};

#[test]
fn the_smallest_budget_moves_everything_in_the_end() {
    for budget in [1, 15, 16, 17, 40, 64, 100] {
        let mut world = World::new(3, &[]);
        many(&mut world, 30, 50);
        let mut consumer = Consumer::new(link_options());
        let mut wire = Wire::connect(&world, &mut consumer);
        for round in 0..2 {
            let mut empty = 0;
            while wire.output(&world, budget) == Sent::More {
                empty = if wire.down.is_empty() { empty + 1 } else { 0 };
                assert!(empty < 100, "more was promised with a budget of {budget}");
                assert!(round == 0 || empty == 0, "nothing was sent with a budget of {budget}");
                wire.deliver(&mut consumer, usize::MAX);
            }
            wire.deliver(&mut consumer, usize::MAX);
            assert!(consumer.take(usize::MAX));
            assert_eq!(consumer.copy, world.copy());
            many(&mut world, 60, 70);
        }
        assert_eq!(wire.output(&world, 0), Sent::More);
        assert!(wire.down.is_empty());
    }
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
