use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use crate::resp::{ArgVec, encode_command};

use super::{Gone, Progress, Stream, StreamReader, Taker, frame};

fn argv(args: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_command(&mut bytes, args);
    bytes
}

/// The frames in `bytes` as offset and words; all of `bytes` must be whole frames.
fn frames(mut bytes: &[u8]) -> Vec<(u64, Vec<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut args = ArgVec::new();
    while !bytes.is_empty() {
        let len = frame::measure(bytes, &mut args).expect("whole frames");
        let digits = &bytes[frame::ENVELOPE.len()..];
        let end = digits.iter().position(|byte| *byte == b'\r').expect("a line end");
        let offset = std::str::from_utf8(&digits[..end]).expect("digits").parse().expect("an offset");
        found.push((offset, args.iter().map(|arg| arg.to_vec()).collect()));
        bytes = &bytes[len..];
        args.clear();
    }
    found
}

fn read_all(stream: &Stream, offset: u64) -> Vec<u8> {
    let mut reader = StreamReader::at(stream.shared(), offset).expect("kept");
    let mut out = Vec::new();
    assert_eq!(reader.read_through(&mut out, usize::MAX), Ok(Progress::End));
    assert_eq!(reader.next_offset(), stream.shared().next_offset());
    out
}

fn active(budget: usize) -> Stream {
    let mut stream = Stream::new(budget);
    stream.activate();
    stream
}

#[test]
fn nothing_is_kept_before_the_first_replica() {
    let mut stream = Stream::new(1 << 20);
    stream.append(0, &argv(&[b"SET", b"k", b"v"]));
    assert!(!stream.is_active());
    assert_eq!(stream.shared().next_offset(), 0);
    assert_eq!(StreamReader::at(stream.shared(), 0).err(), Some(Gone::Inactive));
}

#[test]
fn frames_carry_their_offset_and_say_when_the_database_changes() {
    let mut stream = active(1 << 20);
    stream.append(0, &argv(&[b"SET", b"k", b"v"]));
    stream.append(0, &argv(&[b"DEL", b"k"]));
    stream.append(7, &argv(&[b"DEL", b"j"]));
    assert_eq!(
        read_all(&stream, 0),
        b"*2\r\n:0\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n\
          *2\r\n:1\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n\
          *2\r\n:2\r\n*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n\
          *2\r\n:3\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n\
          *2\r\n:4\r\n*2\r\n$3\r\nDEL\r\n$1\r\nj\r\n"
    );
    assert_eq!(stream.cut(), 5);
    stream.append(7, &argv(&[b"DEL", b"j"]));
    assert_eq!(frames(&read_all(&stream, 5))[0].1, [b"SELECT".to_vec(), b"7".to_vec()]);
}

#[test]
fn a_transaction_appears_whole_or_not_at_all() {
    let mut stream = active(1 << 20);
    let mut reader = StreamReader::at(stream.shared(), 0).expect("empty");
    let mut out = Vec::new();
    stream.begin(0, &[]);
    stream.append(0, &argv(&[b"DEL", b"a"]));
    stream.append(0, &argv(&[b"DEL", b"b"]));
    assert_eq!(reader.read(&mut out, usize::MAX), Ok(Progress::End));
    assert!(out.is_empty());
    stream.end();
    assert_eq!(reader.read(&mut out, usize::MAX), Ok(Progress::End));
    let verbs: Vec<_> = frames(&out).into_iter().map(|(_, words)| words[0].clone()).collect();
    assert_eq!(verbs, [&b"MULTI"[..], b"SELECT", b"DEL", b"DEL", b"EXEC"]);
    for offset in 1..5 {
        let error = StreamReader::at(stream.shared(), offset).err();
        assert_eq!(error, Some(Gone::InsideTransaction { offset }));
    }
}

#[test]
fn what_is_only_passed_on_is_for_replicas_and_not_for_the_log() {
    let mut stream = active(1 << 20);
    let from = stream.begin_log(None);
    let mut taker = Taker::at(stream.shared(), from);
    let mut taken = Vec::new();
    let mut take = |stream: &Stream| {
        while let Some(piece) = taker.take(usize::MAX).expect("kept") {
            assert_eq!(frames(piece.bytes()).len(), piece.frames as usize);
            taken.extend_from_slice(piece.bytes());
        }
        assert_eq!(taker.next_offset(), stream.shared().next_offset());
        let words = frames(&taken).into_iter().map(|(_, words)| words[0].clone());
        words.collect::<Vec<_>>()
    };
    stream.pass_on(0, &argv(&[b"PUBLISH", b"c", b"1"]));
    assert_eq!(take(&stream), [b"SELECT"]);
    stream.append(0, &argv(&[b"SET", b"k", b"v"]));
    stream.pass_on(0, &argv(&[b"PUBLISH", b"c", b"2"]));
    stream.pass_on(0, &argv(&[b"PUBLISH", b"c", b"3"]));
    stream.append(0, &argv(&[b"DEL", b"k"]));
    stream.pass_on(0, &argv(&[b"PUBLISH", b"c", b"4"]));
    assert_eq!(take(&stream), [&b"SELECT"[..], b"SET", b"DEL"]);
    stream.pass_on(0, &argv(&[b"PUBLISH", b"c", b"5"]));
    assert_eq!(take(&stream).len(), 3);
    assert_eq!(frames(&read_all(&stream, 0)).len(), 8);
    stream.deactivate();
    stream.pass_on(0, &argv(&[b"PUBLISH", b"c", b"6"]));
    stream.append(0, &argv(&[b"SET", b"k", b"v"]));
    assert_eq!(take(&stream).len(), 4);
}

#[test]
fn readers_stop_at_a_transaction_over_several_shards() {
    let mut stream = active(1 << 20);
    stream.append(0, &argv(&[b"DEL", b"a"]));
    stream.begin(9, &[0, 2]);
    stream.append(0, &argv(&[b"DEL", b"b"]));
    stream.end();
    stream.append(0, &argv(&[b"DEL", b"c"]));
    let mut reader = StreamReader::at(stream.shared(), 0).expect("kept");
    let mut out = Vec::new();
    assert_eq!(reader.read(&mut out, usize::MAX), Ok(Progress::Barrier));
    assert_eq!(reader.read(&mut out, usize::MAX), Ok(Progress::Barrier));
    assert_eq!(frames(&out).len(), 2);
    let barrier = reader.barrier().expect("a barrier");
    assert_eq!((barrier.transaction, &barrier.shards[..], reader.last_transaction()), (9, &[0, 2][..], 0));
    out.clear();
    reader.read_transaction(&mut out, 10);
    assert!(reader.is_inside_unit() && reader.barrier().is_none());
    while reader.is_inside_unit() {
        reader.read(&mut out, 10).expect("kept");
    }
    assert_eq!(frames(&out)[0].1, ["MULTI", "9", "0", "2"].map(|word| word.as_bytes().to_vec()));
    assert_eq!((frames(&out).len(), reader.last_transaction()), (3, 9));
    out.clear();
    assert_eq!(reader.read(&mut out, usize::MAX), Ok(Progress::End));
    assert_eq!(frames(&out).len(), 1);
    let later = StreamReader::at(stream.shared(), 5).expect("kept");
    assert_eq!(later.last_transaction(), 9);
}

#[test]
fn the_backlog_forgets_whole_segments_and_keeps_its_budget() {
    let mut stream = active(64 << 10);
    let value = vec![b'v'; 1000];
    let mut peak = 0;
    for _ in 0..1000 {
        stream.append(0, &argv(&[b"SET", b"k", &value]));
        peak = peak.max(stream.shared().memory());
    }
    assert!(peak <= (64 << 10) + (16 << 10) * 2, "{peak} bytes");
    let first = stream.shared().first_offset();
    assert!(first > 0);
    let kept = read_all(&stream, first).len();
    assert!(kept >= (64 << 10) - (16 << 10), "{kept} bytes kept");
    assert_eq!(
        StreamReader::at(stream.shared(), first - 1).err(),
        Some(Gone::Trimmed { offset: first - 1, first })
    );
    let next = stream.shared().next_offset();
    assert!(StreamReader::at(stream.shared(), next).is_ok());
    assert_eq!(
        StreamReader::at(stream.shared(), next + 1).err(),
        Some(Gone::Beyond { offset: next + 1, next })
    );
}

#[test]
fn pinned_history_is_kept_up_to_its_cap() {
    let mut stream = active(32 << 10);
    stream.set_pinned_max(256 << 10);
    stream.shared().pin(0);
    let value = vec![b'v'; 1000];
    for _ in 0..200 {
        stream.append(0, &argv(&[b"SET", b"k", &value]));
    }
    assert_eq!(stream.shared().first_offset(), 0);
    for _ in 0..200 {
        stream.append(0, &argv(&[b"SET", b"k", &value]));
    }
    assert!(stream.shared().first_offset() > 0);
    assert!(stream.shared().memory() <= (256 << 10) + (32 << 10));
    stream.shared().pin(u64::MAX);
    stream.set_budget(32 << 10);
    assert!(stream.shared().memory() <= 64 << 10);
}

#[test]
fn a_reader_that_falls_behind_learns_it_and_holds_one_segment() {
    let mut stream = active(32 << 10);
    let mut reader = StreamReader::at(stream.shared(), 0).expect("empty");
    let value = vec![b'v'; 1000];
    let mut out = Vec::new();
    stream.append(0, &argv(&[b"SET", b"k", &value]));
    reader.read(&mut out, 10_000).expect("kept");
    for _ in 0..500 {
        stream.append(0, &argv(&[b"SET", b"k", &value]));
    }
    let error = loop {
        match reader.read(&mut out, usize::MAX) {
            Ok(progress) => assert_ne!(progress, Progress::End),
            Err(error) => break error,
        }
    };
    let seen = frames(&out).len() as u64;
    assert_eq!(error, Gone::Trimmed { offset: seen, first: stream.shared().first_offset() });
}

#[test]
fn a_frame_longer_than_a_segment_is_sent_in_pieces() {
    let mut stream = active(64 << 10);
    stream.set_pinned_max(8 << 20);
    stream.shared().pin(0);
    let value = vec![b'v'; 3 << 20];
    stream.append(0, &argv(&[b"DEL", b"a"]));
    stream.append(0, &argv(&[b"SET", b"k", &value]));
    stream.append(0, &argv(&[b"DEL", b"z"]));
    let mut reader = StreamReader::at(stream.shared(), 0).expect("kept");
    let (mut out, mut pieces) = (Vec::new(), 0);
    loop {
        let before = out.len();
        let progress = reader.read(&mut out, 64 << 10).expect("kept");
        assert!(out.len() - before <= 64 << 10);
        pieces += 1;
        if progress == Progress::End {
            break;
        }
    }
    assert!(pieces > 40);
    let all = frames(&out);
    assert_eq!((all.len(), all[2].1[2].len()), (4, 3 << 20));
}

#[test]
fn stopping_drops_the_history() {
    let mut stream = active(64 << 10);
    stream.append(0, &argv(&[b"DEL", b"a"]));
    let mut reader = StreamReader::at(stream.shared(), 0).expect("kept");
    stream.deactivate();
    assert_eq!(stream.shared().memory(), 0);
    assert_eq!(reader.read(&mut Vec::new(), 100), Err(Gone::Inactive));
    stream.append(0, &argv(&[b"DEL", b"b"]));
    stream.activate();
    stream.append(0, &argv(&[b"DEL", b"c"]));
    assert_eq!(stream.shared().first_offset(), 2);
    assert_eq!(frames(&read_all(&stream, 2)).len(), 2);
}

#[test]
fn a_waiting_reader_is_woken_once() {
    let mut stream = active(64 << 10);
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    let subscription = stream.shared().subscribe(Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    }));
    let mut write = || {
        stream.append(0, &argv(&[b"DEL", b"a"]));
        stream.notify();
        woken.load(Ordering::Relaxed)
    };
    assert_eq!(write(), 0);
    subscription.arm();
    assert_eq!((write(), write()), (1, 1));
    assert!(!subscription.arm_unless_armed() && subscription.arm_unless_armed());
    drop(subscription);
    assert_eq!(write(), 1);
}

#[test]
fn no_wake_up_is_lost_between_threads() {
    let mut stream = active(1 << 20);
    let backlog = stream.shared();
    let total = if cfg!(miri) { 20 } else { 20_000 };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let thread = std::thread::current();
            let subscription = backlog.subscribe(Arc::new(move || thread.unpark()));
            let mut reader = StreamReader::at(Arc::clone(&backlog), 0).expect("kept");
            let mut out = Vec::new();
            while reader.next_offset() < total + 1 {
                let before = out.len();
                reader.read(&mut out, 4096).expect("kept");
                if out.len() == before {
                    subscription.arm();
                    reader.read(&mut out, 4096).expect("kept");
                    if out.len() == before {
                        std::thread::park();
                    }
                }
            }
            assert_eq!(frames(&out).len() as u64, total + 1);
        });
        scope.spawn(move || {
            for _ in 0..total {
                stream.append(0, &argv(&[b"DEL", b"a"]));
                stream.notify();
            }
        });
    });
}

#[derive(Clone, Debug)]
enum Step {
    Append { db: usize, len: usize },
    Transaction { shared: bool, lens: Vec<usize> },
    Read { budget: usize, stop: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let len = prop_oneof![8 => 0..40usize, 2 => 1000..9000usize, 1 => 10_000..40_000usize];
    prop_oneof![
        6 => (0..3usize, len.clone()).prop_map(|(db, len)| Step::Append { db, len }),
        2 => (any::<bool>(), prop::collection::vec(len, 0..5))
            .prop_map(|(shared, lens)| Step::Transaction { shared, lens }),
        4 => (1..20_000usize, any::<bool>()).prop_map(|(budget, stop)| Step::Read { budget, stop }),
    ]
}

proptest! {
    #[test]
    fn whatever_the_budgets_a_reader_sees_every_frame_once(steps in prop::collection::vec(step(), 1..200)) {
        let mut stream = active(64 << 10);
        stream.set_pinned_max(usize::MAX);
        stream.shared().pin(0);
        let mut reader = StreamReader::at(stream.shared(), 0).expect("empty");
        let (mut out, mut written, mut transaction) = (Vec::new(), 0u64, 0);
        let read = |reader: &mut StreamReader, out: &mut Vec<u8>, budget, stop| {
            let before = out.len();
            let progress = if stop { reader.read(out, budget) } else { reader.read_through(out, budget) };
            assert!(out.len() - before <= budget);
            if progress == Ok(Progress::Barrier) {
                let last = reader.last_transaction();
                let barrier = reader.barrier().expect("a barrier");
                assert!(barrier.transaction > last);
                reader.read_transaction(out, budget);
            }
            progress.expect("pinned")
        };
        for step in steps {
            match step {
                Step::Append { db, len } => {
                    stream.append(db, &argv(&[b"SET", written.to_string().as_bytes(), &vec![b'x'; len]]));
                    written += 1;
                }
                Step::Transaction { shared, lens } => {
                    transaction += 1;
                    stream.begin(transaction, if shared { &[0, 1] } else { &[] });
                    for len in lens {
                        stream.append(0, &argv(&[b"SET", written.to_string().as_bytes(), &vec![b'x'; len]]));
                        written += 1;
                    }
                    stream.end();
                }
                Step::Read { budget, stop } => {
                    read(&mut reader, &mut out, budget, stop);
                }
            }
        }
        while read(&mut reader, &mut out, 7777, true) != Progress::End {}
        prop_assert_eq!(&out, &read_all(&stream, 0));
        let all = frames(&out);
        for (at, (offset, _)) in all.iter().enumerate() {
            prop_assert_eq!(*offset, at as u64);
        }
        let keys = all.iter().filter(|(_, words)| words[0] == b"SET").map(|(_, words)| words[1].clone());
        prop_assert!(keys.eq((0..written).map(|key| key.to_string().into_bytes())));
        // Every offset outside a transaction can be resumed from, and gives the same frames.
        let mut inside = false;
        for (offset, words) in &all {
            let seen = StreamReader::at(stream.shared(), *offset);
            prop_assert_eq!(seen.is_err(), inside, "offset {}", offset);
            if let Ok(mut seen) = seen {
                let mut rest = Vec::new();
                seen.read_through(&mut rest, 100_000).expect("pinned");
                if !rest.is_empty() && !seen.is_inside_unit() {
                    prop_assert_eq!(frames(&rest)[0].0, *offset);
                }
            }
            match &words[0][..] {
                b"MULTI" => inside = true,
                b"EXEC" => inside = false,
                _ => {}
            }
        }
    }
}
