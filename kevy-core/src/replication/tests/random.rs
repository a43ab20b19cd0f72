//! Random writes, budgets, cuts, kills and damage.

use proptest::prelude::*;

use crate::io::Sent;

use super::super::block::Packing;
use super::super::client::link::LinkOptions;
use super::super::client::link::{Link, Step};
use super::super::cursor::Cursor;
use super::super::primary::Syncs;
use super::super::selection::{Kind, Selection};
use super::{Consumer, Wire, World, link_options, owned, part_of};

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

/// Parts of what the deeds below write to, and all of it.
fn selection() -> impl Strategy<Value = Selection> {
    let prefixes = |all: &[&str]| all.iter().map(|prefix| prefix.as_bytes().to_vec()).collect::<Vec<_>>();
    prop_oneof![
        3 => Just(Selection::default()),
        1 => Just(Selection { prefixes: prefixes(&["k1", "p", "h2"]), kinds: Vec::new() }),
        1 => Just(Selection { prefixes: prefixes(&["nothing"]), kinds: Vec::new() }),
        1 => Just(Selection { prefixes: prefixes(&["q2", "r", "h", "k"]), kinds: vec![Kind::Hash, Kind::List] }),
        1 => Just(Selection { prefixes: prefixes(&["q", "k2", "h"]), kinds: vec![Kind::String] }),
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
        selection in selection(),
        blocks in prop_oneof![3 => Just(None), 1 => prop::sample::select(Packing::ALL.to_vec()).prop_map(Some)],
    ) {
        let options = LinkOptions { selection: selection.clone(), blocks, ..link_options() };
        let backlog = if roomy { "64mb" } else { "32kb" };
        let limit = if roomy { "replica 0 0 0" } else { "replica 64kb 0 0" };
        let mut world = World::new(shards, &[("repl-backlog-size", backlog), ("client-output-buffer-limit", limit)]);
        before.iter().for_each(|deed| perform(&mut world, deed));
        let mut consumer = Consumer::new(options.clone());
        let mut wire = Wire::connect(&world, &mut consumer);
        let mut expected = Syncs::default();
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
                    consumer.link = Link::new(options.clone(), &cursor);
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
        prop_assert_eq!(&consumer.copy, &part_of(world.copy(), &selection));
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
