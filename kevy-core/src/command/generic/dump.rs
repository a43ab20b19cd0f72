//! DUMP and RESTORE: values in the form in which Redis saves them.

use crate::base::number::format_u64;
use crate::command::arguments::{integer, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Origin, Outcome};
use crate::store::{Owned, rdb};

/// DUMP key
pub fn dump(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    match ctx.read(args[1]) {
        (out, Some(found)) => out.bulk(&rdb::dump(&found.value())),
        (out, None) => out.null(),
    }
    Ok(())
}

/// What stands behind the payload of RESTORE.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_seconds: Option<u64>,
    frequency: Option<u8>,
}

impl Options {
    fn parse(args: &[&[u8]]) -> Result<Self, Fail> {
        let mut options = Self::default();
        let mut rest = args;
        loop {
            rest = match rest {
                [] => return Ok(options),
                [word, rest @ ..] if is_word(word, "REPLACE") => {
                    options.replace = true;
                    rest
                }
                [word, rest @ ..] if is_word(word, "ABSTTL") => {
                    options.absolute = true;
                    rest
                }
                [word, seconds, rest @ ..] if is_word(word, "IDLETIME") && options.frequency.is_none() => {
                    let seconds = u64::try_from(integer(seconds)?)
                        .map_err(|_| Fail::new("ERR Invalid IDLETIME value, must be >= 0"))?;
                    options.idle_seconds = Some(seconds);
                    rest
                }
                [word, frequency, rest @ ..] if is_word(word, "FREQ") && options.idle_seconds.is_none() => {
                    let frequency = u8::try_from(integer(frequency)?)
                        .map_err(|_| Fail::new("ERR Invalid FREQ value, must be >= 0 and <= 255"))?;
                    options.frequency = Some(frequency);
                    rest
                }
                _ => return Err(Fail::SYNTAX),
            };
        }
    }
}

/// RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
pub fn restore(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (key, payload) = (args[1], args[3]);
    let options = Options::parse(&args[4..])?;
    let is_primary = ctx.origin == Origin::Client;
    let (keyspace, db, now) = ctx.keys(key);
    if !options.replace && keyspace.exists(db, key, now) {
        return Err(Fail::new("BUSYKEY Target key name already exists."));
    }
    let ttl =
        u64::try_from(integer(args[2])?).map_err(|_| Fail::new("ERR Invalid TTL value, must be >= 0"))?;
    let value = rdb::restore(payload, keyspace.limits(), keyspace.seed())
        .map_err(|error| Fail::with(error.to_string()))?;
    let expire_at = match (ttl, options.absolute) {
        (0, _) => None,
        (at, true) => Some(at),
        // A time that 63 bits cannot hold wraps around in Redis, and so lies in the past.
        (ttl, false) => Some(ttl + now).filter(|at| i64::try_from(*at).is_ok()).or(Some(0)),
    };
    if is_primary && expire_at.is_some_and(|at| at <= now) {
        // The value is past already, so all that happens is that the old one goes.
        if keyspace.remove(db, key, now) {
            let verb = ctx.server.verb_of_removal();
            ctx.effect(key, &[verb, key]);
            ctx.at(key).notify(db, event::DEL, key);
        }
        ctx.out.ok();
        return Ok(());
    }
    // An access field means what the present policy makes of it; the other option is passed on and not used.
    let is_lfu = keyspace.limits().policy.is_lfu();
    let access = match (is_lfu, options.idle_seconds, options.frequency) {
        (false, Some(seconds), _) => Some(keyspace.access_of_idle_seconds(seconds, now)),
        (true, _, Some(frequency)) => Some(keyspace.access_of_frequency(frequency, now)),
        _ => None,
    };
    if keyspace.put(db, key, Owned { value, expire_at, access }, now) {
        keyspace.renew(db, key);
    }
    record(ctx, key, payload, expire_at, &options);
    ctx.at(key).notify(db, event::RESTORE, key);
    ctx.out.ok();
    Ok(())
}

fn record(ctx: &mut Context<'_>, key: &[u8], payload: &[u8], expire_at: Option<u64>, options: &Options) {
    let expire_at = format_u64(expire_at.unwrap_or_default());
    let mut argv: Vec<&[u8]> = vec![b"RESTORE", key, expire_at.as_bytes(), payload, b"REPLACE", b"ABSTTL"];
    let number = options.idle_seconds.or(options.frequency.map(u64::from)).map(format_u64);
    if let Some(number) = &number {
        argv.push(if options.idle_seconds.is_some() { b"IDLETIME" } else { b"FREQ" });
        argv.push(number.as_bytes());
    }
    ctx.effect(key, &argv);
}
