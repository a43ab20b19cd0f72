//! Transactions arrive whole.

use crate::io::Sent;

use super::super::client::FrameKind;
use super::super::client::link::{Link, Step};
use super::{Consumer, Wire, World, follow, frame, link_options, owned, streaming, two_shards};

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
