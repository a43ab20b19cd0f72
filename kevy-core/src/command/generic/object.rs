//! OBJECT: how a value is kept.

use crate::base::options::{EvictionPolicy, Options};
use crate::command::help::{container, help};
use crate::command::table::generic as rows;
use crate::command::{Command, Context, Fail, Outcome};
use crate::resp::Writer;
use crate::store::{Ref, ValueRef};

/// OBJECT and its subcommands.
pub const OBJECT: Command = Command::container(rows::OBJECT, container, SUBCOMMANDS);

static SUBCOMMANDS: &[Command] = &[
    Command::new(rows::OBJECT_ENCODING, encoding),
    Command::new(rows::OBJECT_FREQ, freq),
    Command::new(rows::OBJECT_HELP, help),
    Command::new(rows::OBJECT_IDLETIME, idletime),
    Command::new(rows::OBJECT_REFCOUNT, refcount),
];

const NOT_LFU: Fail = Fail::new(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching \
     between policies at runtime LRU and LFU data will take some time to adjust.",
);
const IS_LFU: Fail = Fail::new(
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between \
     policies at runtime LRU and LFU data will take some time to adjust.",
);

/// Replies what `show` says of the key, null where there is none. Looking does not count as a use.
fn look(
    ctx: &mut Context<'_>,
    key: &[u8],
    show: impl FnOnce(&mut Writer, Ref<'_>, u64) -> Outcome,
) -> Outcome {
    let (db, now) = (ctx.session.db, ctx.now);
    match ctx.partitions.at(key).inspect(db, key, now) {
        Some(found) => show(ctx.out, found, now),
        None => {
            ctx.out.null();
            Ok(())
        }
    }
}

fn encoding(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    look(ctx, args[2], |out, found, _| {
        out.bulk(found.encoding().as_bytes());
        Ok(())
    })
}

fn refcount(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let shares = shares_integers(&ctx.server.options.read());
    look(ctx, args[2], |out, found, _| {
        out.integer(references(&found.value(), shares));
        Ok(())
    })
}

/// Small integers that Redis shares between keys, and the number of references that it shows of those.
const SHARED: std::ops::Range<i64> = 0..10_000;
const SHARED_REFERENCES: i64 = i32::MAX as i64;

/// Whether Redis shares small integers: not where it has to note with each value when that was used.
pub fn shares_integers(options: &Options) -> bool {
    let policy = options.maxmemory_policy;
    let looks_at_use =
        policy.is_lfu() || matches!(policy, EvictionPolicy::VolatileLru | EvictionPolicy::AllkeysLru);
    options.maxmemory == 0 || !looks_at_use
}

/// The number of references to a value as Redis tells it; in truth an integer stands in its entry and takes no place that could
/// be shared.
pub fn references(value: &ValueRef<'_>, shares: bool) -> i64 {
    match value {
        ValueRef::Int(number) if shares && SHARED.contains(number) => SHARED_REFERENCES,
        _ => 1,
    }
}

fn idletime(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let is_lfu = ctx.server.options.read().maxmemory_policy.is_lfu();
    look(ctx, args[2], |out, found, now| {
        if is_lfu {
            return Err(IS_LFU);
        }
        out.unsigned(found.idle_seconds(now));
        Ok(())
    })
}

fn freq(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let is_lfu = ctx.server.options.read().maxmemory_policy.is_lfu();
    look(ctx, args[2], |out, found, now| {
        if !is_lfu {
            return Err(NOT_LFU);
        }
        out.unsigned(found.frequency(now).into());
        Ok(())
    })
}
