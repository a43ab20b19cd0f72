//! What the cells of the benchmark ask for, and what they work on.

use std::io::{Read, Write};
use std::net::TcpStream;

use mio::{Events, Interest, Poll, Token};

use crate::Settings;

fn command(into: &mut Vec<u8>, args: &[&[u8]]) {
    into.extend_from_slice(format!("*{}\r\n", args.len()).as_bytes());
    for arg in args {
        into.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        into.extend_from_slice(arg);
        into.extend_from_slice(b"\r\n");
    }
}

fn key(number: u64) -> Vec<u8> {
    format!("key:{number:012}").into_bytes()
}

/// The name of one of `count` collections of a type.
fn collection(kind: &str, number: u64, count: u64) -> Vec<u8> {
    format!("{kind}:{:08}", number % count).into_bytes()
}

/// A part of a collection, as long as a short word.
fn part(kind: &str, number: u64) -> Vec<u8> {
    format!("{kind}:{number:010}").into_bytes()
}

/// Parts of a sorted set that is large.
const SCORED: u64 = 100_000;
/// Parts of a collection that is small.
const SMALL: u64 = 50;
/// Elements that a range has.
const RANGE: u64 = 100;
/// Components of a vector, and elements that a search finds.
const DIMENSIONS: usize = 128;
const NEAR: usize = 10;

/// What is published and subscribed to, and by how many.
const CHANNEL: &[u8] = b"news";
const SUBSCRIBERS: usize = 50;

/// A script, and its SHA-1.
const SCRIPT: &[u8] = b"return redis.call('GET', KEYS[1])";
const SCRIPT_DIGEST: &[u8] = b"d3c21d0c2b9ca22f82737626a27bcaf5d288f99f";

/// Makes the script known to the server.
pub fn load_script(settings: &Settings) {
    let mut request = Vec::new();
    command(&mut request, &[b"SCRIPT", b"LOAD", SCRIPT]);
    let mut stream = TcpStream::connect(&settings.address).expect("the server listens");
    stream.write_all(&request).expect("the server reads");
    let mut reply = [0; 47];
    stream.read_exact(&mut reply).expect("the server replies");
    assert_eq!(&reply[5..45], SCRIPT_DIGEST, "the digest of the script");
}

/// Subscribes connections to the channel and takes what they get, on a thread of its own.
pub fn subscribe(settings: &Settings) {
    let mut request = Vec::new();
    command(&mut request, &[b"SUBSCRIBE", CHANNEL]);
    let mut control = TcpStream::connect(&settings.address).expect("the server listens");
    let mut limits = Vec::new();
    // The generator may be the slower one for a moment.
    command(&mut limits, &[b"CONFIG", b"SET", b"client-output-buffer-limit", b"pubsub 0 0 0"]);
    control.write_all(&limits).expect("the server reads");
    let mut poll = Poll::new().expect("a poll");
    let open = |at| {
        let mut stream = TcpStream::connect(&settings.address).expect("the server listens");
        stream.write_all(&request).expect("the server reads");
        stream.read_exact(&mut [0]).expect("the server replies");
        stream.set_nonblocking(true).expect("a TCP socket");
        let mut stream = mio::net::TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(at), Interest::READABLE).expect("a socket");
        stream
    };
    let mut streams: Vec<_> = (0..SUBSCRIBERS).map(open).collect();
    std::thread::spawn(move || {
        let mut events = Events::with_capacity(SUBSCRIBERS);
        let mut buffer = vec![0; 1 << 18];
        loop {
            poll.poll(&mut events, None).expect("a poll");
            for event in &events {
                while streams[event.token().0].read(&mut buffer).is_ok_and(|got| got > 0) {}
            }
        }
    });
}

/// A vector that is always the same for a number, with components from -1 to 1.
fn vector(number: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(number);
    (0..DIMENSIONS).flat_map(|_| (random.f32() * 2.0 - 1.0).to_le_bytes()).collect()
}

/// A vector near to one that is there.
fn near_vector(number: u64, random: &mut fastrand::Rng) -> Vec<u8> {
    let shifted = |part: &[u8]| {
        let component = part.try_into().map_or(0.0, f32::from_le_bytes);
        (component + random.f32() * 0.2 - 0.1).to_le_bytes()
    };
    vector(number).chunks_exact(4).flat_map(shifted).collect()
}

/// Appends one request of the cell and returns how many line ends its reply has.
pub fn request(settings: &Settings, random: &mut fastrand::Rng, into: &mut Vec<u8>) -> usize {
    let name = key(random.u64(..settings.keys));
    let value = vec![b'x'; settings.value];
    let number = random.u64(..settings.keys);
    match settings.cell.as_str() {
        "ping" => command(into, &[b"PING"]),
        "publish" => command(into, &[b"PUBLISH", CHANNEL, &value]),
        "evalsha" => {
            command(into, &[b"EVALSHA", SCRIPT_DIGEST, b"1", &name]);
            return 2;
        }
        "get" => {
            command(into, &[b"GET", &name]);
            return 2;
        }
        "set" => command(into, &[b"SET", &name, &value]),
        "incr" => command(into, &[b"INCR", format!("counter:{number:012}").as_bytes()]),
        "hset" => {
            let field = part("field", random.u64(..SMALL));
            command(into, &[b"HSET", &collection("hash", number, 10_000), &field, &value]);
        }
        "hget" => {
            let field = part("field", random.u64(..SMALL));
            command(into, &[b"HGET", &collection("hash", number, 10_000), &field]);
            return 2;
        }
        "lpush" => command(into, &[b"LPUSH", &collection("list", number, 1_000), &value]),
        "lrange" => {
            command(into, &[b"LRANGE", &collection("list", number, 1_000), b"0", b"99"]);
            return 1 + 2 * RANGE as usize;
        }
        "sadd" => {
            command(into, &[b"SADD", &collection("set", number, 10_000), &part("member", number % 100)]);
        }
        "zadd" => {
            let score = random.u32(..).to_string();
            command(into, &[b"ZADD", b"scores", score.as_bytes(), &part("member", number % SCORED)]);
        }
        "zrange" => {
            let first = random.u64(..SCORED - RANGE);
            let (first, last) = (first.to_string(), (first + RANGE - 1).to_string());
            command(into, &[b"ZRANGE", b"scores", first.as_bytes(), last.as_bytes()]);
            return 1 + 2 * RANGE as usize;
        }
        "xadd" => {
            command(into, &[b"XADD", &collection("stream", number, 1_000), b"*", b"field", &value]);
            return 2;
        }
        "mset" => {
            let names: Vec<Vec<u8>> = (0..10).map(|_| key(random.u64(..settings.keys))).collect();
            let mut args: Vec<&[u8]> = vec![b"MSET"];
            names.iter().for_each(|name| args.extend([name.as_slice(), value.as_slice()]));
            command(into, &args);
        }
        "vsim" => {
            let near = near_vector(number, random);
            command(into, &[b"VSIM", b"vectors", b"FP32", &near, b"COUNT", NEAR.to_string().as_bytes()]);
            return 1 + 2 * NEAR;
        }
        other => panic!("no cell is called {other}"),
    }
    1
}

/// Appends the command that writes part `number` of what the cell works on, and returns how many line ends its reply
/// has. Cells that begin with `small-` only fill collections of [`SMALL`] parts.
fn fill(settings: &Settings, number: u64, into: &mut Vec<u8>) -> usize {
    let value = vec![b'x'; settings.value];
    let small = |kind: &str| collection(kind, number / SMALL, u64::MAX);
    let place = number % SMALL;
    match settings.cell.as_str() {
        "hset" | "hget" => {
            let field = part("field", number / 10_000 % SMALL);
            command(into, &[b"HSET", &collection("hash", number, 10_000), &field, &value]);
        }
        "lpush" | "lrange" => command(into, &[b"RPUSH", &collection("list", number, 1_000), &value]),
        "sadd" => {
            let member = part("member", number / 10_000 % SMALL);
            command(into, &[b"SADD", &collection("set", number, 10_000), &member]);
        }
        "zadd" | "zrange" => {
            let score = (number.wrapping_mul(2_654_435_761) % (1 << 32)).to_string();
            command(into, &[b"ZADD", b"scores", score.as_bytes(), &part("member", number % SCORED)]);
        }
        "xadd" => {
            command(into, &[b"XADD", &collection("stream", number, 1_000), b"*", b"field", &value]);
            return 2;
        }
        "small-list" => command(into, &[b"RPUSH", &small("list"), &part("element", place)]),
        "small-set" => command(into, &[b"SADD", &small("set"), &part("member", place)]),
        "small-intset" => command(into, &[b"SADD", &small("set"), (place * 1_000).to_string().as_bytes()]),
        "small-hash" => {
            command(into, &[b"HSET", &small("hash"), &part("field", place), &part("value", place)])
        }
        "small-zset" => {
            command(into, &[b"ZADD", &small("zset"), place.to_string().as_bytes(), &part("member", place)]);
        }
        "small-stream" => {
            command(into, &[b"XADD", &small("stream"), b"*", b"field", &part("value", place)]);
            return 2;
        }
        "vsim" => command(into, &[b"VADD", b"vectors", b"FP32", &vector(number), &part("element", number)]),
        _ => command(into, &[b"SET", &key(number), &value]),
    }
    1
}

/// Writes the parts of what the cell works on up to `keys`, in big pipelines.
pub fn preload(settings: &Settings) {
    let mut stream = TcpStream::connect(&settings.address).expect("the server listens");
    let mut reply = vec![0; 1 << 16];
    let mut at = settings.from;
    while at < settings.keys {
        let end = (at + 1_000).min(settings.keys);
        let mut batch = Vec::new();
        let mut missing: usize = (at..end).map(|number| fill(settings, number, &mut batch)).sum();
        stream.write_all(&batch).expect("the server reads");
        while missing > 0 {
            let n = stream.read(&mut reply).expect("the server replies");
            assert!(n > 0, "the server closed the connection");
            missing -= memchr::memchr_iter(b'\n', &reply[..n]).count();
        }
        at = end;
    }
}
