//! Latency at a fixed rate: requests have their time, however long the replies before them take, and wait from then on.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mio::{Events, Poll};

use crate::Settings;
use crate::link::Link;

/// A run, of which the first fifth does not count.
pub fn run(settings: &Settings, rate: f64, poll: &mut Poll, links: &mut [Link]) {
    let mut events = Events::with_capacity(links.len().max(16));
    let mut buffer = vec![0; 1 << 16];
    let mut free: VecDeque<usize> = (0..links.len()).collect();
    // When the request under way on each connection was due.
    let mut due = vec![Duration::ZERO; links.len()];
    let warm_up = Duration::from_secs_f64(settings.seconds * 0.2);
    let all = ((settings.seconds + warm_up.as_secs_f64()) * rate) as u64;
    let mut taken: Vec<u64> = Vec::with_capacity(all as usize);
    let begin = Instant::now();
    let (mut sent, mut received) = (0, 0);
    while received < all {
        let now = begin.elapsed();
        while sent < all {
            let at = Duration::from_secs_f64(sent as f64 / rate);
            if at > now {
                break;
            }
            let Some(link) = free.pop_front() else { break };
            due[link] = at;
            links[link].start();
            sent += 1;
        }
        // A core of its own waits by looking: sleeping would be measured too.
        poll.poll(&mut events, Some(Duration::ZERO)).expect("a poll");
        for event in &events {
            let at = event.token().0;
            if event.is_readable() && !free.contains(&at) && links[at].receive(&mut buffer) {
                received += 1;
                free.push_back(at);
                if due[at] >= warm_up {
                    taken.push((begin.elapsed() - due[at]).as_nanos() as u64);
                }
            }
        }
    }
    taken.sort_unstable();
    let part = |part: f64| taken[((taken.len() - 1) as f64 * part) as usize] as f64 / 1_000.0;
    println!(
        "{{\"per_second\": {:.0}, \"p50_us\": {:.1}, \"p90_us\": {:.1}, \"p99_us\": {:.1}, \"p99.9_us\": {:.1}, \"max_us\": {:.1}}}",
        all as f64 / begin.elapsed().as_secs_f64(),
        part(0.5),
        part(0.9),
        part(0.99),
        part(0.999),
        part(1.0),
    );
}
