//! Fields of a hash that are numbers.

use crate::base::long_double::LongDouble;
use crate::base::number::format_i64;
use crate::command::arguments::{integer, long_double};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::Expire;

use super::push_expiry;

/// HINCRBY key field increment
pub fn hincrby(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key, field) = (context.session.db, context.now, args[1], args[2]);
    let increment = integer(args[3])?;
    let partition = context.partitions.at(key);
    let result = partition.keyspace.hash_mut(db, key, now, true, |hash| {
        let old = match hash.get(field, now) {
            None => None,
            Some(old) => Some(old.as_int().ok_or(Fail::new("ERR hash value is not an integer"))?),
        };
        let sum = old.unwrap_or(0).checked_add(increment);
        let sum = sum.ok_or(Fail::new("ERR increment or decrement would overflow"))?;
        hash.set(field, format_i64(sum).as_bytes(), Expire::Keep);
        Ok::<_, Fail>((sum, old.is_some()))
    })?;
    let (sum, existed) = result.unwrap_or(Ok((increment, false)))?;
    if existed {
        partition.effects.push(db, args);
    } else {
        // A replica may still hold an expired field of this name, to which HINCRBY would add.
        partition.effects.push(db, &[b"HSET", key, field, format_i64(sum).as_bytes()]);
    }
    partition.notify(db, event::HINCRBY, key);
    context.out.integer(sum);
    Ok(())
}

/// HINCRBYFLOAT key field increment
pub fn hincrbyfloat(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key, field) = (context.session.db, context.now, args[1], args[2]);
    let increment = long_double(args[3])?;
    if increment.is_infinite() {
        return Err(Fail::new("ERR value is NaN or Infinity"));
    }
    let partition = context.partitions.at(key);
    let result = partition.keyspace.hash_mut(db, key, now, true, |hash| {
        let (old, expire_at) = match hash.field(field, now) {
            None => (LongDouble::ZERO, None),
            Some(old) => {
                let number = LongDouble::parse(&old.value);
                (number.ok_or(Fail::new("ERR hash value is not a float"))?, old.expire_at)
            }
        };
        let sum = old.checked_add(increment);
        let sum = sum.ok_or(Fail::new("ERR increment would produce NaN or Infinity"))?.to_text();
        hash.set(field, sum.as_bytes(), Expire::Keep);
        Ok::<_, Fail>((sum, expire_at))
    })?;
    let (sum, expire_at) = result.unwrap_or_else(|| Ok((increment.to_text(), None)))?;
    partition.effects.push(db, &[b"HSET", key, field, sum.as_bytes()]);
    if let Some(at) = expire_at {
        // HSET has taken the expiry off.
        push_expiry(&mut partition.effects, db, key, at, &[field]);
    }
    partition.notify(db, event::HINCRBYFLOAT, key);
    context.out.bulk(sum.as_bytes());
    Ok(())
}
