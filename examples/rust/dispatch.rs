//! Any command of Redis in-process, its reply walked: one by one, as a batch, and as a transaction.
//!
//!     cargo run -p kevy-examples --bin dispatch

use kevy_core::api::{Kind, Options, Reply, Result, Runtime, Session};

/// Prints a reply and, indented, its parts.
fn show(reply: Reply<'_>, depth: usize) {
    print!("{:1$}", "", 2 * depth);
    match reply.kind() {
        Kind::Null => println!("null"),
        Kind::Integer => println!("integer {}", reply.integer()),
        Kind::Double => println!("double {}", reply.double()),
        Kind::Boolean => println!("{}", reply.boolean()),
        Kind::Error => println!("error {}", reply.bytes().escape_ascii()),
        kind if kind.is_aggregate() => {
            // A map's parts are key, value, key, value.
            println!("{} of {}", if kind == Kind::Map { "map" } else { "array" }, reply.len());
            for part in reply.children() {
                show(part, depth + 1);
            }
        }
        _ => println!("{}", reply.bytes().escape_ascii()),
    }
}

fn run(session: &mut Session, line: &str) -> Result<()> {
    let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    print!("{line}: ");
    show(session.dispatch(&argv)?, 0);
    Ok(())
}

fn main() -> Result<()> {
    let runtime = Runtime::start(&Options::new())?;
    let mut session = runtime.session()?;

    run(&mut session, "HSET user:1 name ada visits 41")?;
    run(&mut session, "HINCRBY user:1 visits 1")?;
    run(&mut session, "HGETALL user:1")?;

    // An error reply is a reply: the call itself succeeded.
    run(&mut session, "GET user:1")?;

    // Many commands in one call; the reply is an array of theirs.
    print!("batch: ");
    show(
        session.dispatch_batch(&[
            &[b"SET", b"counter", b"10"],
            &[b"INCR", b"counter"],
            &[b"INCR", b"counter"],
        ])?,
        0,
    );

    // A transaction takes effect at once, whichever shards its keys live on.
    for line in ["MULTI", "DECRBY account:1 5", "INCRBY account:2 5", "EXEC"] {
        run(&mut session, line)?;
    }
    Ok(())
}
