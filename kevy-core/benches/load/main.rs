//! A lean load generator: one event loop, requests built beforehand, replies counted and not parsed.
//!
//! `cargo bench --bench load -- --address 127.0.0.1:7000 --cell get --connections 50 --pipeline 16 --keys 1000000
//! --value 32 --seconds 3 [--process PID] [--preload [--from N]]` prints one line of JSON: operations, seconds, and, where the
//! server's process is named, the CPU time that its threads and everybody else spent meanwhile. With `--rate R` so many
//! requests are sent a second, and their latencies are told instead.

mod cells;
mod link;
mod rate;

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use cells::{load_script, preload, subscribe};
use link::Link;

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
    /// Requests a second; as many as there are replies to without.
    rate: Option<f64>,
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
            rate: named.get("rate").map(|_| number("rate", "0")),
        }
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
    if let Some(rate) = settings.rate {
        return rate::run(&settings, rate, &mut poll, &mut links);
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
