//! A command set of the host's own on the runtime: a rate limiter beside the Redis commands.
//!
//!     cargo run -p kevy-examples --bin commands
//!
//! `LIMIT.TAKE key limit window-ms` counts one use of `key`. Its reply is how many uses are left in the window that
//! the first use began, or -1 where there are none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kevy_core::api::{
    Command, CommandSet, Context, Expire, Fail, Flags, Options, Outcome, Result, Runtime, Spec, one_key,
};

/// What `COMMAND INFO` tells of the verb; routing takes the place of its key from here too.
const TAKE: Spec = Spec::new("limit.take", 4, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST))
    .with_keys(&[one_key(&["RW", "access", "update"])])
    .with_summary("Counts a use and replies how many are left in the window.");

const REFUSED: Spec = Spec::new("limit.refused", 1, Flags::READONLY.or(Flags::FAST))
    .with_summary("Replies how many uses were refused since the start.");

fn number(arg: &[u8]) -> std::result::Result<i64, Fail> {
    std::str::from_utf8(arg).ok().and_then(|text| text.parse().ok()).ok_or(Fail::NOT_INTEGER)
}

fn positive(arg: &[u8]) -> std::result::Result<i64, Fail> {
    let number = number(arg)?;
    if number > 0 { Ok(number) } else { Err(Fail::new("ERR limit and window must be positive")) }
}

/// Runs with the key's shard held, so nobody sees a count between being read and being written.
fn take(context: &mut Context<'_>, args: &[&[u8]], refused: &AtomicU64) -> Outcome {
    let (key, limit, window) = (args[1], positive(args[2])?, positive(args[3])?);
    let (_, found) = context.read(key);
    let (used, expire_at) = match found {
        None => (0, None),
        Some(found) => {
            let text = found.value().as_string().ok_or(Fail::WRONG_TYPE)?;
            (number(&text)?, found.expire_at())
        }
    };
    if used >= limit {
        refused.fetch_add(1, Ordering::Relaxed);
        context.out.integer(-1);
        return Ok(());
    }
    let used = used + 1;
    let expire_at = expire_at.unwrap_or_else(|| context.now.saturating_add(window.unsigned_abs()));
    let (keyspace, db, now) = context.keys(key);
    keyspace.set_int(db, key, used, Expire::At(expire_at), now);
    // Replicas get what happened as a plain command with an absolute time, so that they need not know this verb.
    let (count, at) = (used.to_string(), expire_at.to_string());
    context.effect(key, &[b"SET", key, count.as_bytes(), b"PXAT", at.as_bytes()]);
    context.out.integer(limit - used);
    Ok(())
}

fn main() -> Result<()> {
    // Handlers may share what they like.
    let refused = Arc::new(AtomicU64::new(0));
    let counted = refused.clone();
    let commands = CommandSet::redis()
        .with(Command::shared(TAKE, move |context, args| take(context, args, &refused)))
        .with(Command::shared(REFUSED, move |context, _| {
            context.out.unsigned(counted.load(Ordering::Relaxed));
            Ok(())
        }));
    let runtime = Runtime::start_with(&Options::new(), Arc::new(commands))?;
    let mut session = runtime.session()?;

    for _ in 0..4 {
        let reply = session.dispatch(&[b"LIMIT.TAKE", b"caller:7", b"3", b"60000"])?;
        println!("left: {}", reply.integer());
    }
    println!("refused: {}", session.dispatch(&[b"LIMIT.REFUSED"])?.integer());

    // It is a command like any other: in transactions, in COMMAND INFO, for every client.
    session.dispatch(&[b"MULTI"])?;
    session.dispatch(&[b"LIMIT.TAKE", b"caller:8", b"3", b"60000"])?;
    session.dispatch(&[b"PTTL", b"caller:8"])?;
    let replies = session.dispatch(&[b"EXEC"])?;
    println!("in a transaction: {:?}", replies.children().map(|reply| reply.integer()).collect::<Vec<_>>());

    session.dispatch(&[b"HSET", b"other", b"field", b"value"])?;
    let reply = session.dispatch(&[b"LIMIT.TAKE", b"other", b"3", b"60000"])?;
    println!("{}", reply.bytes().escape_ascii());
    Ok(())
}
