//! The distribution of the time that one command takes while a large keyspace grows, is saved, expires and shrinks: none
//! pays for the work on all of it.
//!
//! `cargo bench --bench pauses -- [--keys 10000000]` prints one line of JSON, times in nanoseconds. Commands are dispatched
//! in-process on the only shard, whose own thread sees to expiry and to what is to be freed meanwhile.

use std::fs;
use std::time::Instant;

use kevy_core::api::{Options, Runtime, Session};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One command of so many is looked at for whether a phase is over.
const LOOK_EVERY: u64 = 4096;

/// How long the commands of one phase took.
struct Phase {
    name: &'static str,
    took: Vec<u32>,
}

impl Phase {
    fn new(name: &'static str) -> Self {
        Self { name, took: Vec::new() }
    }

    fn run(&mut self, session: &mut Session, argv: &[&[u8]]) {
        let start = Instant::now();
        session.dispatch(argv).expect("a reply");
        self.took.push(u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX));
    }

    /// The figures as members of a JSON object.
    fn members(mut self) -> String {
        self.took.sort_unstable();
        let last = self.took.len().saturating_sub(1);
        let shares = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("p99.999", 0.99999), ("worst", 1.0)];
        shares
            .iter()
            .map(|(share, part)| {
                let at = (last as f64 * part) as usize;
                format!("\"{} {share}\": {}", self.name, self.took.get(at).copied().unwrap_or_default())
            })
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn key(number: u64) -> String {
    format!("key:{number:012}")
}

/// The value of a field of INFO.
fn field(session: &mut Session, section: &[u8], name: &str) -> String {
    let reply = session.dispatch(&[b"INFO", section]).expect("a reply");
    let text = String::from_utf8_lossy(reply.bytes()).into_owned();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap_or_default().to_owned()
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let keys: u64 = args
        .iter()
        .position(|arg| arg == "--keys")
        .and_then(|at| args.get(at + 1))
        .map_or(10_000_000, |text| text.parse().expect("--keys takes a number"));
    let folder = std::env::temp_dir().join(format!("kevy-pauses-{}", std::process::id()));
    let dir = folder.to_str().expect("a path of UTF-8");
    let options = Options::new().with("shards", "1").and_then(|options| options.with("dir", dir));
    let options = options.and_then(|options| options.with("save", "")).expect("options");
    let runtime = Runtime::start(&options).expect("a runtime");
    let mut session = runtime.session().expect("a session");
    let mut random = fastrand::Rng::with_seed(7);
    let value = [b'x'; 32];

    let mut insert = Phase::new("insert");
    (0..keys).for_each(|number| insert.run(&mut session, &[b"SET", key(number).as_bytes(), &value]));

    let mut saving = Phase::new("write while saving");
    session.dispatch(&[b"BGSAVE"]).expect("a reply");
    let mut count = 0u64;
    while !count.is_multiple_of(LOOK_EVERY)
        || count == 0
        || field(&mut session, b"persistence", "rdb_bgsave_in_progress") == "1"
    {
        saving.run(&mut session, &[b"SET", key(random.u64(..keys)).as_bytes(), &value]);
        count += 1;
    }

    // A quarter expires at once; the others are read meanwhile.
    let mut expiring = Phase::new("read while expiring");
    let at =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis()
            as u64;
    let at = (at + keys / 1_000 + 2_000).to_string();
    for number in 0..keys / 4 {
        session.dispatch(&[b"PEXPIREAT", key(number).as_bytes(), at.as_bytes()]).expect("a reply");
    }
    let mut count = 0u64;
    let is_left = |session: &mut Session| {
        session.dispatch(&[b"DBSIZE"]).expect("a reply").integer() > (keys - keys / 4) as i64
    };
    while !count.is_multiple_of(LOOK_EVERY) || count == 0 || is_left(&mut session) {
        expiring.run(&mut session, &[b"GET", key(random.u64(keys / 4..keys)).as_bytes()]);
        count += 1;
    }

    let mut delete = Phase::new("delete");
    (keys / 4..keys).for_each(|number| delete.run(&mut session, &[b"DEL", key(number).as_bytes()]));

    drop(session);
    runtime.stop(std::time::Duration::from_secs(10)).expect("it stops");
    fs::remove_dir_all(&folder).expect("the directory goes");
    let all: Vec<String> = [insert, saving, expiring, delete].into_iter().map(Phase::members).collect();
    println!("{{\"keys\": {keys}, {}}}", all.join(", "));
}
