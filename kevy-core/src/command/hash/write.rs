//! Setting and removing fields of a hash.

use smallvec::SmallVec;

use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::Expire;

use super::arguments::exact_fields;
use super::{hash, push_deletion};

/// HSET key field value [field value ...]
pub fn hset(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let added = set_pairs(context, args, "hset")?;
    context.out.unsigned(added as u64);
    Ok(())
}

/// HMSET key field value [field value ...]
pub fn hmset(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    set_pairs(context, args, "hmset")?;
    context.out.ok();
    Ok(())
}

/// Sets every pair; how many fields are new.
fn set_pairs(context: &mut Context<'_>, args: &[&[u8]], verb: &str) -> Result<usize, Fail> {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let (pairs, []) = args[2..].as_chunks::<2>() else { return Err(Fail::arity(verb)) };
    let partition = context.at(key);
    let added = partition.keyspace.hash_mut(db, key, now, true, |hash| {
        pairs.iter().map(|[field, value]| usize::from(hash.set(field, value, Expire::Clear))).sum()
    })?;
    partition.effects.push(db, args);
    partition.notify(db, event::HSET, key);
    Ok(added.unwrap_or_default())
}

/// HSETNX key field value
pub fn hsetnx(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let (field, value) = (args[2], args[3]);
    let partition = context.at(key);
    let is_new = partition.keyspace.hash_mut(db, key, now, true, |hash| {
        let is_new = !hash.contains(field, now);
        if is_new {
            hash.set(field, value, Expire::Clear);
        }
        is_new
    })?;
    let is_new = is_new.unwrap_or_default();
    if is_new {
        // A replica may still hold an expired field of this name, which HSETNX would respect.
        partition.effects.push(db, &[b"HSET", key, field, value]);
        partition.notify(db, event::HSET, key);
    }
    context.out.integer(i64::from(is_new));
    Ok(())
}

/// HDEL key field [field ...]
pub fn hdel(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.at(key);
    let deleted = partition.keyspace.hash_mut(db, key, now, false, |hash| {
        let before = hash.len();
        let deleted = args[2..].iter().filter(|field| hash.delete(field)).count();
        (deleted, hash.len() != before)
    })?;
    let (deleted, changed) = deleted.unwrap_or_default();
    if changed {
        partition.effects.push(db, args);
        partition.notify_removal(db, event::HDEL, key);
    }
    context.out.unsigned(deleted as u64);
    Ok(())
}

/// HGETDEL key FIELDS numfields field [field ...]
pub fn hgetdel(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let fields = exact_fields(args)?;
    let (out, found) = context.read(key);
    let found = hash(found)?;
    let mut present: SmallVec<[&[u8]; 16]> = SmallVec::new();
    out.array(fields.len());
    for &field in fields {
        // A field that is named twice is gone by the second time.
        match found.and_then(|hash| hash.get(field, now)).filter(|_| !present.contains(&field)) {
            Some(value) => {
                out.bulk(&value);
                present.push(field);
            }
            None => out.null(),
        }
    }
    if !present.is_empty() {
        let partition = context.at(key);
        partition.keyspace.hash_mut(db, key, now, false, |hash| {
            for field in &present {
                hash.delete(field);
            }
        })?;
        push_deletion(&mut partition.effects, db, key, &present);
        partition.notify_removal(db, event::HDEL, key);
    }
    Ok(())
}
