//! GET and the verbs that also do something to the key they read.

use crate::base::number::format_u64;
use crate::command::arguments::{TimeForm, expiry, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::resp::Writer;
use crate::store::{Ref, ValueRef};

/// GET key
#[inline]
pub fn get(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    reply(out, found)
}

/// Writes the string of a key; null where there is no key.
#[inline]
pub(super) fn reply(out: &mut Writer, found: Option<Ref<'_>>) -> Outcome {
    match found.map(|found| found.value()) {
        Some(ValueRef::Bytes(bytes)) => out.bulk(bytes),
        Some(ValueRef::Int(value)) => out.bulk_integer(value),
        None => out.null(),
        Some(_) => return Err(Fail::WRONG_TYPE),
    }
    Ok(())
}

/// GETDEL key
pub fn getdel(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let key = args[1];
    let (out, found) = context.read(key);
    let is_there = found.is_some();
    reply(out, found)?;
    if is_there {
        let (db, now) = (context.session.db, context.now);
        let partition = context.at(key);
        partition.keyspace.remove(db, key, now);
        partition.effects.push(db, &[b"DEL", key]);
        partition.notify(db, event::DEL, key);
    }
    Ok(())
}

/// What GETEX does with the expiry of the key.
#[derive(Clone, Copy)]
enum NewExpiry<'a> {
    Unchanged,
    Persist,
    At(TimeForm, &'a [u8]),
}

impl<'a> NewExpiry<'a> {
    fn parse(args: &[&'a [u8]]) -> Result<Self, Fail> {
        let mut chosen = Self::Unchanged;
        let mut rest = args;
        while let [word, tail @ ..] = rest {
            rest = if let Some(form) = TimeForm::of_word(word) {
                // The same word may be repeated; its last value counts.
                let fits = match chosen {
                    Self::Unchanged => true,
                    Self::Persist => false,
                    Self::At(earlier, _) => earlier == form,
                };
                let ([value, tail @ ..], true) = (tail, fits) else { return Err(Fail::SYNTAX) };
                chosen = Self::At(form, value);
                tail
            } else if is_word(word, "PERSIST") && !matches!(chosen, Self::At(..)) {
                chosen = Self::Persist;
                tail
            } else {
                return Err(Fail::SYNTAX);
            };
        }
        Ok(chosen)
    }
}

/// GETEX key [EX seconds | PX milliseconds | EXAT seconds | PXAT milliseconds | PERSIST]
pub fn getex(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let key = args[1];
    let change = NewExpiry::parse(&args[2..])?;
    let (db, now) = (context.session.db, context.now);
    let (out, found) = context.read(key);
    let Some(found) = found else {
        out.null();
        return Ok(());
    };
    if found.value().as_string().is_none() {
        return Err(Fail::WRONG_TYPE);
    }
    let expires = found.expire_at().is_some();
    let at = match change {
        NewExpiry::At(form, value) => Some(expiry(value, form, now, "getex")?),
        _ => None,
    };
    reply(out, Some(found))?;
    let partition = context.at(key);
    match (at, change) {
        (Some(at), _) if at <= now => {
            partition.keyspace.remove(db, key, now);
            partition.effects.push(db, &[b"DEL", key]);
            partition.notify(db, event::DEL, key);
        }
        (Some(at), _) => {
            partition.keyspace.set_expire(db, key, Some(at), now);
            partition.effects.push(db, &[b"PEXPIREAT", key, format_u64(at).as_bytes()]);
            partition.notify(db, event::EXPIRE, key);
        }
        (None, NewExpiry::Persist) if expires => {
            partition.keyspace.set_expire(db, key, None, now);
            partition.effects.push(db, &[b"PERSIST", key]);
            partition.notify(db, event::PERSIST, key);
        }
        (None, _) => {}
    }
    Ok(())
}
