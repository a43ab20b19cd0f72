//! Every form of the handshake, to the byte.

use crate::io::{Sent, Upgrade};

use super::{World, two_shards};

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
