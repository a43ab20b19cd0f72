//! A keyspace inside this program: values kept and read back, on the calling thread. No port, no socket.
//!
//!     cargo run -p kevy-examples --bin embed

use std::time::Duration;

use kevy_core::api::{Options, Result, Runtime};

fn main() -> Result<()> {
    // Options have the names and values of redis.conf.
    let options = Options::new().with("shards", "2")?.with("maxmemory", "256mb")?;
    let runtime = Runtime::start(&options)?;

    // A session runs commands on the calling thread. Give each thread its own.
    let mut session = runtime.session()?;
    session.set(b"greeting", b"hello")?;

    // The value is borrowed until the session is used again.
    if let Some(value) = session.get(b"greeting")? {
        println!("greeting = {}", value.escape_ascii());
    }
    println!("nothing is {}", if session.get(b"nothing")?.is_some() { "there" } else { "not there" });

    // Clones share the runtime, and threads on different shards do not wait for each other.
    std::thread::scope(|scope| {
        for number in 0..4 {
            let mut session = runtime.session()?;
            scope.spawn(move || session.set(format!("thread:{number}").as_bytes(), b"was here"));
        }
        Ok::<_, kevy_core::api::Error>(())
    })?;
    println!("keys: {}", session.dispatch(&[b"DBSIZE"])?.integer());

    drop(session);
    runtime.stop(Duration::from_secs(5))
}
