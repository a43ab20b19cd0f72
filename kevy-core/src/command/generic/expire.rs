//! When keys expire: set, asked for and taken away.

use crate::base::number::format_u64;
use crate::command::arguments::{TimeForm, any_expiry, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Origin, Outcome};

/// Under which condition an expiry is set.
#[derive(Clone, Copy, Default)]
struct Condition {
    /// The key has none yet.
    nx: bool,
    /// The key has one.
    xx: bool,
    /// It is later than the one there is, none being never.
    gt: bool,
    /// It is earlier.
    lt: bool,
}

impl Condition {
    fn parse(args: &[&[u8]]) -> Result<Self, Fail> {
        let mut condition = Self::default();
        for arg in args {
            let option = match arg {
                arg if is_word(arg, "NX") => &mut condition.nx,
                arg if is_word(arg, "XX") => &mut condition.xx,
                arg if is_word(arg, "GT") => &mut condition.gt,
                arg if is_word(arg, "LT") => &mut condition.lt,
                arg => return Err(Fail::quoting("ERR Unsupported option {}", arg)),
            };
            *option = true;
        }
        if condition.nx && (condition.xx || condition.gt || condition.lt) {
            return Err(Fail::new("ERR NX and XX, GT or LT options at the same time are not compatible"));
        }
        if condition.gt && condition.lt {
            return Err(Fail::new("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(condition)
    }

    fn allows(self, present: Option<u64>, wanted: i64) -> bool {
        let present = present.map(|at| i64::try_from(at).unwrap_or(i64::MAX));
        (!self.nx || present.is_none())
            && (!self.xx || present.is_some())
            && (!self.gt || present.is_some_and(|at| wanted > at))
            && (!self.lt || present.is_none_or(|at| wanted < at))
    }
}

pub fn expire(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set(ctx, args, TimeForm::EX, "expire")
}

pub fn pexpire(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set(ctx, args, TimeForm::PX, "pexpire")
}

pub fn expireat(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set(ctx, args, TimeForm::EXAT, "expireat")
}

pub fn pexpireat(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set(ctx, args, TimeForm::PXAT, "pexpireat")
}

fn set(ctx: &mut Context<'_>, args: &[&[u8]], form: TimeForm, verb: &str) -> Outcome {
    let key = args[1];
    let condition = Condition::parse(&args[3..])?;
    let wanted = any_expiry(args[2], form, ctx.now, verb)?;
    let is_primary = ctx.origin == Origin::Client;
    let (keyspace, db, now) = ctx.keys(key);
    let found = keyspace.peek(db, key, now);
    let allowed = found.is_some_and(|found| condition.allows(found.expire_at(), wanted));
    if !allowed {
        ctx.out.integer(0);
        return Ok(());
    }
    let at = u64::try_from(wanted).unwrap_or_default();
    // A replica keeps even what is past until its primary says it is gone.
    if at <= now && is_primary {
        keyspace.remove(db, key, now);
        ctx.effect(key, &[b"DEL", key]);
        ctx.at(key).notify(db, event::DEL, key);
    } else {
        keyspace.set_expire(db, key, Some(at), now);
        ctx.effect(key, &[b"PEXPIREAT", key, format_u64(at).as_bytes()]);
        ctx.at(key).notify(db, event::EXPIRE, key);
    }
    ctx.out.integer(1);
    Ok(())
}

pub fn persist(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let key = args[1];
    let (keyspace, db, now) = ctx.keys(key);
    let expires = keyspace.peek(db, key, now).is_some_and(|found| found.expire_at().is_some());
    if expires {
        keyspace.set_expire(db, key, None, now);
        ctx.effect(key, args);
        ctx.at(key).notify(db, event::PERSIST, key);
    }
    ctx.out.integer(expires.into());
    Ok(())
}

pub fn ttl(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    // Half a second and more counts as one, so that a fresh expiry of n seconds reads n.
    get(ctx, args[1], |at, now| at.saturating_sub(now).saturating_add(500) / 1000)
}

pub fn pttl(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    get(ctx, args[1], |at, now| at.saturating_sub(now))
}

pub fn expiretime(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    get(ctx, args[1], |at, _| at.saturating_add(500) / 1000)
}

pub fn pexpiretime(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    get(ctx, args[1], |at, _| at)
}

/// Replies `show` of the expiry and now, -1 for a key that does not expire, -2 for no key.
fn get(ctx: &mut Context<'_>, key: &[u8], show: fn(u64, u64) -> u64) -> Outcome {
    let (db, now) = (ctx.session.db, ctx.now);
    let shown = match ctx.at(key).read(db, key, now, false).map(|found| found.expire_at()) {
        None => -2,
        Some(None) => -1,
        Some(Some(at)) => show(at, now) as i64,
    };
    ctx.out.integer(shown);
    Ok(())
}
