//! The distribution of the time that one insert takes while a keyspace grows: no insert pays for rehashing it.
//!
//! `cargo bench --bench inserts -- [--keys 10000000]` prints one line of JSON, times in nanoseconds.

use std::time::Instant;

use kevy_core::api::{Keyspace, Options};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let keys: usize = args
        .iter()
        .position(|arg| arg == "--keys")
        .and_then(|at| args.get(at + 1))
        .map_or(10_000_000, |text| text.parse().expect("--keys takes a number"));
    let mut keyspace = Keyspace::new(&Options::new()).expect("default options");
    let value = [b'x'; 32];
    let mut took = Vec::with_capacity(keys);
    for number in 0..keys {
        let key = format!("key:{number:012}");
        let start = Instant::now();
        keyspace.dispatch(&[b"SET", key.as_bytes(), &value]).expect("a reply");
        took.push(u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX));
    }
    took.sort_unstable();
    let at = |share: f64| took[((keys - 1) as f64 * share) as usize];
    println!(
        "{{\"keys\": {keys}, \"p50\": {}, \"p99\": {}, \"p999\": {}, \"p99999\": {}, \"worst\": {}}}",
        at(0.5),
        at(0.99),
        at(0.999),
        at(0.99999),
        at(1.0)
    );
}
