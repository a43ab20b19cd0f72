//! Links whose bytes come in blocks.

use crate::base::ErrorKind;

use super::super::block::Packing;
use super::super::client::FrameKind;
use super::super::client::link::{Link, LinkOptions, Step};
use super::super::cursor::Cursor;
use super::{Consumer, Wire, World, follow, link_options, many, owned};

fn in_blocks(packing: Packing) -> LinkOptions {
    LinkOptions { blocks: Some(packing), ..link_options() }
}

fn of_text(world: &mut World, count: usize) {
    for number in 0..count {
        world.set(
            0,
            &format!("key {number}"),
            "{\"name\": \"somebody\", \"active\": true}".repeat(3).as_bytes(),
        );
    }
}

#[test]
fn a_replica_follows_in_blocks_which_take_less_where_they_are_packed() {
    let mut taken = Vec::new();
    for blocks in [None, Some(Packing::None), Some(Packing::Lz4), Some(Packing::Zstd)] {
        let mut world = World::new(3, &[]);
        of_text(&mut world, 500);
        let mut consumer = Consumer::new(LinkOptions { blocks, ..link_options() });
        let mut wire = follow(&world, &mut consumer);
        of_text(&mut world, 500);
        many(&mut world, 2, 300_000);
        assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
        assert_eq!(consumer.copy, world.copy());
        assert_eq!(world.primary.in_sync(), 1);
        wire.kill(&world, &mut consumer);
        let mut wire = Wire::connect(&world, &mut consumer);
        of_text(&mut world, 10);
        assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
        assert_eq!((consumer.copy.clone(), consumer.count(FrameKind::SnapshotBegin)), (world.copy(), 1));
        taken.push(world.primary.replicas()[0].bytes);
    }
    let [plain, blocks, lz4, zstd] = taken[..] else { panic!("four") };
    assert!(blocks > plain && blocks < plain + plain / 50, "{taken:?}");
    assert!(lz4 < plain / 3 && zstd < plain / 4, "{taken:?}");
}

#[test]
fn the_handshake_says_what_is_taken_of_it() {
    let world = World::new(1, &[]);
    for (capabilities, answer) in [
        ("", None),
        ("zstd lz4", None),
        ("batch", Some("batch none")),
        ("lz4 batch zstd gzip", Some("batch zstd")),
        ("BATCH LZ4", Some("batch lz4")),
        ("batch prefix=a", Some("filter batch none")),
    ] {
        let line = format!("REPLICATE FROM 0 0 ID x CAPA {capabilities}");
        let args: Vec<&[u8]> = line.trim().split(' ').map(str::as_bytes).collect();
        let mut feed = world.attach(&args, None).expect("a feed");
        let mut out = Vec::new();
        feed.output(&mut out, 1 << 20, world.now());
        let text = String::from_utf8_lossy(&out).into_owned();
        match answer {
            None => assert!(text.starts_with("+ACK 77 0\r\n+SNAPSHOT\r\n"), "{text}"),
            Some(answer) => assert!(text.starts_with(&format!("+CAPA {answer}\r\n-")), "{text}"),
        }
    }
}

/// What a link hands out of `bytes`, and how that ends.
fn told(options: &LinkOptions, bytes: &[u8]) -> (Vec<String>, Option<ErrorKind>) {
    let mut link = Link::new(options.clone(), &Cursor::default());
    link.connected();
    link.arriving().push(bytes);
    let mut frames = Vec::new();
    loop {
        match link.step() {
            Ok(Step::Frame) => {
                let frame = link.frame();
                let argv: Vec<String> =
                    owned(frame.argv).iter().map(|arg| arg.escape_ascii().to_string()).collect();
                frames.push(format!("{:?} {} {}", frame.kind, frame.offset, argv.join(" ")));
            }
            Ok(Step::Input) => return (frames, None),
            Err(error) => return (frames, Some(error.kind())),
        }
    }
}

#[test]
fn nothing_of_a_damaged_block_is_handed_out() {
    for packing in Packing::ALL {
        let options = in_blocks(packing);
        let mut world = World::new(1, &[]);
        of_text(&mut world, 2);
        let mut consumer = Consumer::new(options.clone());
        let mut wire = Wire::connect(&world, &mut consumer);
        let mut sent = Vec::new();
        let mut pass_on = |wire: &mut Wire, world: &World| {
            while wire.output(world, 100_000) == crate::io::Sent::More {}
            sent.append(&mut wire.down);
        };
        pass_on(&mut wire, &world);
        for _ in 0..3 {
            of_text(&mut world, 4);
            pass_on(&mut wire, &world);
        }
        let (good, end) = told(&options, &sent);
        assert_eq!((good.len(), end), (17, None), "{good:?}");
        let begin = 2 + sent.windows(2).position(|pair| pair == b"\r\n").expect("a line");
        // Every byte of a block alone is tried beside its reader.
        for at in (begin..sent.len()).step_by(11) {
            let mut bad = sent.clone();
            bad[at] ^= 1 << (at % 8);
            let (frames, end) = told(&options, &bad);
            assert!(
                frames.len() < good.len() && good.starts_with(&frames),
                "{packing:?} byte {at}: {frames:?}"
            );
            // One that seems to be longer is waited for.
            assert!(end.is_none() || end == Some(ErrorKind::Corrupt), "{packing:?} byte {at}: {end:?}");
            let (frames, end) = told(&options, &sent[..at]);
            assert!(good.starts_with(&frames) && end.is_none());
        }
    }
}

#[test]
fn a_damaged_block_ends_the_link_and_what_it_held_comes_again() {
    let mut world = World::new(2, &[]);
    let mut consumer = Consumer::new(in_blocks(Packing::Zstd));
    let mut wire = follow(&world, &mut consumer);
    for turn in 0..20 {
        of_text(&mut world, 50);
        world.set(0, "turn", turn.to_string().as_bytes());
        while wire.output(&world, 100_000) == crate::io::Sent::More {}
        let begin = 2 + wire.down.windows(2).position(|pair| pair == b"\r\n").expect("a line");
        let at = begin + turn * 37 % (wire.down.len() - begin);
        wire.down[at] ^= 0x10;
        wire.deliver(&mut consumer, usize::MAX);
        let has_ended = !consumer.take(usize::MAX);
        if has_ended {
            assert!(
                consumer.reasons.last().is_some_and(|reason| reason.contains("block")),
                "{:?}",
                consumer.reasons
            );
        }
        wire.kill(&world, &mut consumer);
        wire = Wire::connect(&world, &mut consumer);
    }
    assert!(wire.settle(&world, &mut consumer), "{:?}", consumer.reasons);
    assert_eq!((consumer.copy.clone(), consumer.count(FrameKind::SnapshotBegin)), (world.copy(), 1));
}

#[test]
fn peers_that_know_no_blocks_are_understood() {
    // A primary that does not answer the wish sends what it always sent.
    let plain =
        b"+ACK 9 0\r\n+SNAPSHOT\r\n$18\r\nREDIS0012\xff\0\0\0\0\0\0\0\0\r\n+SNAPSHOT_END 0\r\n+SHARD 0\r\n";
    let bytes = [&plain[..], &super::frame(0, &["DEL", "a"])].concat();
    let (frames, end) = told(&in_blocks(Packing::Zstd), &bytes);
    assert_eq!((frames.len(), end), (4, None), "{frames:?}");
    // One that sends what nobody asked for is not.
    let (_, end) = told(&link_options(), b"+CAPA batch none\r\n+ACK 9 0\r\n");
    assert_eq!(end, Some(ErrorKind::Protocol));
}
