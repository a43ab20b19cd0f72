//! The expiry of single fields: HEXPIRE, HTTL, HPERSIST and their like.
//!
//! Replies are one code a field, as the Redis documentation of these verbs defines them.

use smallvec::SmallVec;

use crate::command::arguments::TimeForm;
use crate::command::notify::event;
use crate::command::{Context, Outcome};
use crate::store::HashEdit;

use super::arguments::{Condition, condition_and_fields, exact_fields, field_time};
use super::{hash, push_deletion, push_expiry, push_fields};

/// There is no such field.
const NO_FIELD: i64 = -2;
/// The field has no expiry.
const NO_EXPIRY: i64 = -1;
/// The condition does not hold.
const REFUSED: i64 = 0;
/// The expiry was changed.
const CHANGED: i64 = 1;
/// The time has come already: the field is deleted.
const DELETED: i64 = 2;

type Fields<'a> = SmallVec<[&'a [u8]; 16]>;

/// HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
pub fn hexpire(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set_expiry(context, args, TimeForm::EX, "hexpire")
}

/// HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
pub fn hpexpire(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set_expiry(context, args, TimeForm::PX, "hpexpire")
}

/// HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
pub fn hexpireat(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set_expiry(context, args, TimeForm::EXAT, "hexpireat")
}

/// HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
pub fn hpexpireat(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set_expiry(context, args, TimeForm::PXAT, "hpexpireat")
}

fn set_expiry(context: &mut Context<'_>, args: &[&[u8]], form: TimeForm, verb: &str) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let at = field_time(args[2], form, now, verb)?;
    let (condition, fields) = condition_and_fields(&args[3..])?;
    let partition = context.partitions.at(key);
    let (mut changed, mut deleted) = (Fields::new(), Fields::new());
    let codes = partition.keyspace.hash_mut(db, key, now, false, |hash| {
        let code_of = |field| {
            let code = expire_field(hash, field, condition, at, now);
            match code {
                CHANGED => changed.push(field),
                DELETED => deleted.push(field),
                _ => {}
            }
            code
        };
        fields.iter().copied().map(code_of).collect::<SmallVec<[i64; 16]>>()
    })?;
    push_expiry(&mut partition.effects, db, key, at, &changed);
    push_deletion(&mut partition.effects, db, key, &deleted);
    if !changed.is_empty() {
        partition.notify(db, event::HEXPIRE, key);
    }
    if !deleted.is_empty() {
        partition.notify_removal(db, event::HDEL, key);
    }
    context.out.array(fields.len());
    match codes {
        Some(codes) => codes.iter().for_each(|&code| context.out.integer(code)),
        None => fields.iter().for_each(|_| context.out.integer(NO_FIELD)),
    }
    Ok(())
}

fn expire_field(hash: &mut HashEdit<'_>, field: &[u8], condition: Condition, at: u64, now: u64) -> i64 {
    let Some(old) = hash.field(field, now) else { return NO_FIELD };
    if !condition.allows(old.expire_at, at) {
        return REFUSED;
    }
    if at <= now {
        hash.delete(field);
        return DELETED;
    }
    hash.set_expiry(field, Some(at));
    CHANGED
}

/// HTTL key FIELDS numfields field [field ...]
pub fn httl(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    read_expiry(context, args, |at, now| (at - now).div_ceil(1000))
}

/// HPTTL key FIELDS numfields field [field ...]
pub fn hpttl(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    read_expiry(context, args, |at, now| at - now)
}

/// HEXPIRETIME key FIELDS numfields field [field ...]
pub fn hexpiretime(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    read_expiry(context, args, |at, _| at.div_ceil(1000))
}

/// HPEXPIRETIME key FIELDS numfields field [field ...]
pub fn hpexpiretime(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    read_expiry(context, args, |at, _| at)
}

/// Replies what `show` makes of each field's expiry and the time, both in unix milliseconds.
fn read_expiry(context: &mut Context<'_>, args: &[&[u8]], show: impl Fn(u64, u64) -> u64) -> Outcome {
    let now = context.now;
    let fields = exact_fields(args)?;
    let (out, found) = context.read(args[1]);
    let hash = hash(found)?;
    out.array(fields.len());
    for field in fields {
        match hash.and_then(|hash| hash.field(field, now)).map(|field| field.expire_at) {
            None => out.integer(NO_FIELD),
            Some(None) => out.integer(NO_EXPIRY),
            Some(Some(at)) => out.unsigned(show(at, now)),
        }
    }
    Ok(())
}

/// HPERSIST key FIELDS numfields field [field ...]
pub fn hpersist(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let fields = exact_fields(args)?;
    let partition = context.partitions.at(key);
    let mut changed = Fields::new();
    let codes = partition.keyspace.hash_mut(db, key, now, false, |hash| {
        let code_of = |field| match hash.field(field, now).map(|field| field.expire_at) {
            None => NO_FIELD,
            Some(None) => NO_EXPIRY,
            Some(Some(_)) => {
                hash.set_expiry(field, None);
                changed.push(field);
                CHANGED
            }
        };
        fields.iter().copied().map(code_of).collect::<SmallVec<[i64; 16]>>()
    })?;
    push_fields(&mut partition.effects, db, &[b"HPERSIST", key], &changed);
    if !changed.is_empty() {
        partition.notify(db, event::HPERSIST, key);
    }
    context.out.array(fields.len());
    match codes {
        Some(codes) => codes.iter().for_each(|&code| context.out.integer(code)),
        None => fields.iter().for_each(|_| context.out.integer(NO_FIELD)),
    }
    Ok(())
}
