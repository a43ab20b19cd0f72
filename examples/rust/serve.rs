//! Serves an embedded keyspace to every Redis client. Without a port the system chooses one.
//!
//!     cargo run -p kevy-examples --bin serve -- 6380
//!     redis-cli -p 6380 GET greeting
//!     redis-cli -p 6380 SHUTDOWN

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use kevy_core::api::{Error, Options, Result, Runtime};

fn main() -> Result<()> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "0".to_owned());
    let runtime = Runtime::start(&Options::new().with("port", &port)?)?;

    // A client library of this process needs no port: give it one end of a socket pair. Here the protocol itself.
    let mut socket = UnixStream::from(runtime.connect()?);
    let mut answer = [0; 5];
    socket
        .write_all(b"SET greeting hello\r\n")
        .and_then(|()| socket.read_exact(&mut answer))
        .map_err(|error| Error::io("socket pair", &error))?;
    drop(socket);

    println!("listening on port {}", runtime.port().unwrap_or_default());
    runtime.wait();
    println!("stopped");
    Ok(())
}
