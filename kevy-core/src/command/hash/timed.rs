//! HGETEX and HSETEX: fields read or set together with their expiry.

use smallvec::{SmallVec, smallvec};

use crate::command::notify::event;
use crate::command::{Context, Outcome};
use crate::store::{Expire, HashEdit};

use super::arguments::{Change, Existence, TimedArguments};
use super::{hash, push_deletion, push_expiry, push_fields};

/// HGETEX key [EX seconds | PX milliseconds | EXAT seconds | PXAT milliseconds | PERSIST] FIELDS numfields
/// field [field ...]
pub fn hgetex(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let TimedArguments { change, fields, .. } = TimedArguments::of_hgetex(&args[2..], now)?;
    let (out, found) = context.read(key);
    let found = hash(found)?;
    let deletes = matches!(change, Change::At(at) if at <= now);
    let mut changed: SmallVec<[&[u8]; 16]> = SmallVec::new();
    out.array(fields.len());
    for &field in fields {
        // A field whose time has come is gone by the second time it is named.
        let is_gone = deletes && changed.contains(&field);
        let Some(read) = found.and_then(|hash| hash.field(field, now)).filter(|_| !is_gone) else {
            out.null();
            continue;
        };
        out.bulk(&read.value);
        let changes = match change {
            Change::At(_) => true,
            Change::Remove => read.expire_at.is_some(),
            Change::Default | Change::Keep => false,
        };
        if changes && !changed.contains(&field) {
            changed.push(field);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let partition = context.at(key);
    partition.keyspace.hash_mut(db, key, now, false, |hash| {
        for field in &changed {
            match change {
                Change::At(at) if !deletes => hash.set_expiry(field, Some(at)),
                Change::At(_) => hash.delete(field),
                _ => hash.set_expiry(field, None),
            };
        }
    })?;
    match change {
        Change::At(_) if deletes => push_deletion(&mut partition.effects, db, key, &changed),
        Change::At(at) => push_expiry(&mut partition.effects, db, key, at, &changed),
        _ => push_fields(&mut partition.effects, db, &[b"HPERSIST", key], &changed),
    }
    match change {
        Change::At(_) if deletes => partition.notify_removal(db, event::HDEL, key),
        Change::At(_) => partition.notify(db, event::HEXPIRE, key),
        _ => partition.notify(db, event::HPERSIST, key),
    }
    Ok(())
}

/// HSETEX key [FNX | FXX] [EX seconds | PX milliseconds | EXAT seconds | PXAT milliseconds | KEEPTTL] FIELDS
/// numfields field value [field value ...]
pub fn hsetex(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let TimedArguments { change, existence, fields } = TimedArguments::of_hsetex(&args[2..], now)?;
    let pairs = fields.as_chunks::<2>().0;
    let partition = context.partitions.at(key);
    let create = existence != Existence::All;
    let done = partition.keyspace.hash_mut(db, key, now, create, |hash| {
        let allowed = match existence {
            Existence::Any => true,
            Existence::None => !pairs.iter().any(|[field, _]| hash.contains(field, now)),
            Existence::All => pairs.iter().all(|[field, _]| hash.contains(field, now)),
        };
        allowed.then(|| set_all(hash, pairs, change, now))
    })?;
    let Some(Some(done)) = done else {
        context.out.integer(0);
        return Ok(());
    };
    let effects = &mut partition.effects;
    if effects.wants() {
        push_deletion(effects, db, key, &done.deleted);
        if !done.was_due {
            let mut argv: SmallVec<[&[u8]; 16]> = smallvec![&b"HSET"[..], key];
            argv.extend_from_slice(fields);
            effects.push(db, &argv);
        }
        // HSET has taken every expiry off.
        for (field, at) in &done.kept {
            push_expiry(effects, db, key, *at, &[field]);
        }
        if let (Change::At(at), false) = (change, done.was_due) {
            let names: SmallVec<[&[u8]; 16]> = pairs.iter().map(|[field, _]| *field).collect();
            push_expiry(effects, db, key, at, &names);
        }
    }
    if !done.was_due {
        partition.notify(db, event::HSET, key);
        if matches!(change, Change::At(_)) {
            partition.notify(db, event::HEXPIRE, key);
        }
    } else if !done.deleted.is_empty() {
        partition.notify_removal(db, event::HDEL, key);
    }
    context.out.integer(1);
    Ok(())
}

/// What HSETEX did to the fields of a hash.
#[derive(Default)]
struct Done<'a> {
    /// The time given has come: nothing was set.
    was_due: bool,
    /// Fields that existed and are gone for that reason.
    deleted: Vec<&'a [u8]>,
    /// Fields that kept an expiry, with that expiry.
    kept: Vec<(&'a [u8], u64)>,
}

fn set_all<'a>(hash: &mut HashEdit<'_>, pairs: &[[&'a [u8]; 2]], change: Change, now: u64) -> Done<'a> {
    let mut done = Done { was_due: matches!(change, Change::At(at) if at <= now), ..Done::default() };
    for &[field, value] in pairs {
        if done.was_due {
            if hash.delete(field) {
                done.deleted.push(field);
            }
            continue;
        }
        let expire = match change {
            Change::At(at) => Expire::At(at),
            Change::Keep => Expire::Keep,
            Change::Default | Change::Remove => Expire::Clear,
        };
        if expire == Expire::Keep
            && let Some(at) = hash.field(field, now).and_then(|field| field.expire_at)
        {
            done.kept.push((field, at));
        }
        hash.set(field, value, expire);
    }
    done
}
