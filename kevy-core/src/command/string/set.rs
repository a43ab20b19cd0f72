//! SET and its older forms.

use crate::base::number::format_u64;
use crate::command::arguments::{TimeForm, expiry, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome, Partition};
use crate::store::Expire;

use super::get;

/// SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT seconds | PXAT milliseconds | KEEPTTL]
#[inline]
pub fn set(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now) = (context.session.db, context.now);
    if let [_, key, value] = args {
        let partition = context.partitions.at(key);
        partition.keyspace.set_bytes(db, key, value, Expire::Clear, now);
        partition.effects.push(db, args);
        partition.notify(db, event::SET, key);
        context.out.ok();
        return Ok(());
    }
    set_with_options(context, args)
}

#[derive(Default)]
struct Options<'a> {
    only_new: bool,
    only_existing: bool,
    get: bool,
    keep_expiry: bool,
    time: Option<(TimeForm, &'a [u8])>,
}

impl<'a> Options<'a> {
    fn parse(args: &[&'a [u8]]) -> Result<Self, Fail> {
        let mut options = Self::default();
        let mut rest = args;
        while let [word, tail @ ..] = rest {
            rest = tail;
            if is_word(word, "NX") && !options.only_existing {
                options.only_new = true;
            } else if is_word(word, "XX") && !options.only_new {
                options.only_existing = true;
            } else if is_word(word, "GET") {
                options.get = true;
            } else if is_word(word, "KEEPTTL") && options.time.is_none() {
                options.keep_expiry = true;
            } else if let Some(form) = TimeForm::of_word(word)
                && let [value, tail @ ..] = rest
                && !options.keep_expiry
                // The same word may be repeated; its last value counts.
                && options.time.is_none_or(|(earlier, _)| earlier == form)
            {
                options.time = Some((form, value));
                rest = tail;
            } else {
                return Err(Fail::SYNTAX);
            }
        }
        Ok(options)
    }
}

fn set_with_options(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (key, value) = (args[1], args[2]);
    let options = Options::parse(&args[3..])?;
    let (db, now) = (context.session.db, context.now);
    let at = options.time.map(|(form, value)| expiry(value, form, now, "set")).transpose()?;
    let exists = if options.get {
        let (out, found) = context.read(key);
        let exists = found.is_some();
        get::reply(out, found)?;
        exists
    } else if options.only_new || options.only_existing {
        context.at(key).keyspace.exists(db, key, now)
    } else {
        false
    };
    if options.only_new && exists || options.only_existing && !exists {
        if !options.get {
            context.out.null();
        }
        return Ok(());
    }
    let partition = context.at(key);
    if options.keep_expiry {
        partition.keyspace.set_bytes(db, key, value, Expire::Keep, now);
        partition.effects.push(db, &[b"SET", key, value, b"KEEPTTL"]);
        partition.notify(db, event::SET, key);
    } else {
        put(partition, db, key, value, at, now);
    }
    if !options.get {
        context.out.ok();
    }
    Ok(())
}

/// Stores a string that expires at `at` if at all; a time that has come leaves no key behind.
fn put(partition: &mut Partition, db: usize, key: &[u8], value: &[u8], at: Option<u64>, now: u64) {
    let Partition { keyspace, effects, .. } = partition;
    let is_set = match at {
        None => {
            keyspace.set_bytes(db, key, value, Expire::Clear, now);
            effects.push(db, &[b"SET", key, value]);
            true
        }
        Some(at) if at <= now => {
            if keyspace.remove(db, key, now) {
                effects.push(db, &[b"DEL", key]);
                partition.notify(db, event::DEL, key);
            }
            false
        }
        Some(at) => {
            keyspace.set_bytes(db, key, value, Expire::At(at), now);
            effects.push(db, &[b"SET", key, value, b"PXAT", format_u64(at).as_bytes()]);
            true
        }
    };
    if is_set {
        partition.notify(db, event::SET, key);
        if at.is_some() {
            partition.notify(db, event::EXPIRE, key);
        }
    }
}

/// SETNX key value
pub fn setnx(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now) = (context.session.db, context.now);
    let (key, value) = (args[1], args[2]);
    let partition = context.at(key);
    let is_new = !partition.keyspace.exists(db, key, now);
    if is_new {
        put(partition, db, key, value, None, now);
    }
    context.out.integer(i64::from(is_new));
    Ok(())
}

/// SETEX key seconds value
pub fn setex(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set_for(context, args, TimeForm::EX, "setex")
}

/// PSETEX key milliseconds value
pub fn psetex(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set_for(context, args, TimeForm::PX, "psetex")
}

fn set_for(context: &mut Context<'_>, args: &[&[u8]], form: TimeForm, verb: &str) -> Outcome {
    let (db, now) = (context.session.db, context.now);
    let at = expiry(args[2], form, now, verb)?;
    put(context.at(args[1]), db, args[1], args[3], Some(at), now);
    context.out.ok();
    Ok(())
}

/// GETSET key value
pub fn getset(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    get::reply(out, found)?;
    let (db, now) = (context.session.db, context.now);
    put(context.at(args[1]), db, args[1], args[2], None, now);
    Ok(())
}
