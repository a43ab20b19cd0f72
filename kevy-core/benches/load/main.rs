//! A lean load generator: one event loop, requests built beforehand, replies counted and not parsed.
//!
//! `cargo bench --bench load -- --address 127.0.0.1:7000 --cell get --connections 50 --pipeline 16 --keys 1000000
//! --value 32 --seconds 3 [--process PID] [--preload [--from N]]` prints one line of JSON: operations, seconds, and, where the
//! server's process is named, the CPU time that its threads and everybody else spent meanwhile.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

/// Requests prepared per connection, so that keys repeat rarely.
const PREPARED_PER_CONNECTION: usize = 4096;

struct Settings {
    address: String,
    cell: String,
    connections: usize,
    pipeline: usize,
    keys: u64,
    /// The first part that is preloaded.
    from: u64,
    value: usize,
    seconds: f64,
    process: Option<u32>,
    preload: bool,
}

impl Settings {
    fn read() -> Self {
        let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
        let mut named = HashMap::new();
        let mut at = 0;
        while at < args.len() {
            let name = args[at].trim_start_matches("--").to_owned();
            if name == "preload" {
                named.insert(name, String::new());
                at += 1;
            } else {
                named.insert(name, args.get(at + 1).cloned().unwrap_or_default());
                at += 2;
            }
        }
        let text = |name: &str, default: &str| named.get(name).cloned().unwrap_or(default.into());
        let number = |name: &str, default: &str| -> f64 {
            text(name, default).parse().unwrap_or_else(|_| panic!("--{name} takes a number"))
        };
        Self {
            address: text("address", "127.0.0.1:6379"),
            cell: text("cell", "get"),
            connections: number("connections", "50") as usize,
            pipeline: number("pipeline", "16") as usize,
            keys: number("keys", "1000000") as u64,
            from: number("from", "0") as u64,
            value: number("value", "32") as usize,
            seconds: number("seconds", "3"),
            process: named.get("process").map(|_| number("process", "0") as u32),
            preload: named.contains_key("preload"),
        }
    }
}

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
fn load_script(settings: &Settings) {
    let mut request = Vec::new();
    command(&mut request, &[b"SCRIPT", b"LOAD", SCRIPT]);
    let mut stream = TcpStream::connect(&settings.address).expect("the server listens");
    stream.write_all(&request).expect("the server reads");
    let mut reply = [0; 47];
    stream.read_exact(&mut reply).expect("the server replies");
    assert_eq!(&reply[5..45], SCRIPT_DIGEST, "the digest of the script");
}

/// Subscribes connections to the channel and takes what they get, on a thread of its own.
fn subscribe(settings: &Settings) {
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
fn request(settings: &Settings, random: &mut fastrand::Rng, into: &mut Vec<u8>) -> usize {
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
fn preload(settings: &Settings) {
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

/// Nanoseconds that the threads of a process have run.
fn process_ns(process: u32) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { return 0 };
    tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|line| line.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

/// Nanoseconds that all cores have been busy.
fn machine_ns() -> u64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks: u64 = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .enumerate()
        // idle and iowait are the fourth and fifth column.
        .filter(|(at, _)| !matches!(at, 3 | 4))
        .filter_map(|(_, ticks)| ticks.parse::<u64>().ok())
        .sum();
    ticks * 10_000_000
}

struct Link {
    stream: mio::net::TcpStream,
    prepared: Vec<u8>,
    /// Where each pipeline ends in `prepared`, and how many line ends its replies have.
    batches: Vec<(usize, usize)>,
    next: usize,
    unsent: (usize, usize),
    missing: usize,
}

impl Link {
    fn new(settings: &Settings, random: &mut fastrand::Rng) -> Self {
        let stream = TcpStream::connect(&settings.address).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        stream.set_nonblocking(true).expect("a TCP socket");
        let mut prepared = Vec::new();
        let mut batches = Vec::new();
        for _ in 0..(PREPARED_PER_CONNECTION / settings.pipeline).max(1) {
            let lines = (0..settings.pipeline).map(|_| request(settings, random, &mut prepared)).sum();
            batches.push((prepared.len(), lines));
        }
        let stream = mio::net::TcpStream::from_std(stream);
        Self { stream, prepared, batches, next: 0, unsent: (0, 0), missing: 0 }
    }

    /// Sends the next pipeline.
    fn start(&mut self) {
        let at = self.next % self.batches.len();
        let begin = if at == 0 { 0 } else { self.batches[at - 1].0 };
        self.unsent = (begin, self.batches[at].0);
        self.missing = self.batches[at].1;
        self.next += 1;
        self.send();
    }

    fn send(&mut self) {
        while self.unsent.0 < self.unsent.1 {
            match self.stream.write(&self.prepared[self.unsent.0..self.unsent.1]) {
                Ok(n) => self.unsent.0 += n,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(error) => panic!("the server went away: {error}"),
            }
        }
    }

    /// Takes what has arrived; true once all replies are there.
    fn receive(&mut self, buffer: &mut [u8]) -> bool {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => panic!("the server closed a connection"),
                Ok(n) => {
                    self.missing -= memchr::memchr_iter(b'\n', &buffer[..n]).count();
                    if self.missing == 0 {
                        return true;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                Err(error) => panic!("the server went away: {error}"),
            }
        }
    }
}

fn main() {
    let settings = Settings::read();
    if settings.preload {
        preload(&settings);
    }
    if settings.seconds == 0.0 {
        println!("{{}}");
        return;
    }
    if settings.cell == "evalsha" {
        load_script(&settings);
    }
    if settings.cell == "publish" {
        subscribe(&settings);
    }
    let mut random = fastrand::Rng::with_seed(7);
    let mut poll = Poll::new().expect("a poll");
    let mut links: Vec<Link> = (0..settings.connections).map(|_| Link::new(&settings, &mut random)).collect();
    for (at, link) in links.iter_mut().enumerate() {
        poll.registry()
            .register(&mut link.stream, Token(at), Interest::READABLE | Interest::WRITABLE)
            .expect("a socket");
    }
    let mut events = Events::with_capacity(settings.connections.max(16));
    let mut buffer = vec![0; 1 << 16];
    let mut measured: Option<(Instant, u64, u64)> = None;
    let mut operations = 0u64;
    let begin = Instant::now();
    let warm_up = Duration::from_secs_f64(settings.seconds * 0.2);
    links.iter_mut().for_each(Link::start);
    loop {
        poll.poll(&mut events, None).expect("a poll");
        for event in &events {
            let link = &mut links[event.token().0];
            if event.is_writable() {
                link.send();
            }
            if event.is_readable() && link.receive(&mut buffer) {
                operations += settings.pipeline as u64;
                link.start();
            }
        }
        match measured {
            None if begin.elapsed() >= warm_up => {
                operations = 0;
                measured = Some((Instant::now(), settings.process.map_or(0, process_ns), machine_ns()));
            }
            Some((start, server, machine)) if start.elapsed().as_secs_f64() >= settings.seconds => {
                let seconds = start.elapsed().as_secs_f64();
                let server = settings.process.map_or(0, process_ns) - server;
                let own = process_ns(std::process::id());
                let busy = machine_ns() - machine;
                println!(
                    "{{\"operations\": {operations}, \"seconds\": {seconds:.6}, \"per_second\": {:.0}, \
                     \"server_ns_per_operation\": {:.1}, \"machine_busy_ns\": {busy}, \"server_ns\": {server}, \
                     \"generator_ns\": {own}}}",
                    operations as f64 / seconds,
                    server as f64 / operations.max(1) as f64,
                );
                return;
            }
            _ => {}
        }
    }
}
