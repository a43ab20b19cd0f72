//! Removing and emptying values.

use crate::command::{Context, Fail, Outcome};

use super::{PathArg, change, document, try_change};

/// JSON.DEL key [path], which is JSON.FORGET too.
pub fn del(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (ctx.session.db, ctx.now, args[1]);
    let partition = ctx.at(key);
    if document(partition.keyspace.peek(db, key, now))?.is_none() {
        ctx.out.integer(0);
        return Ok(());
    }
    let path = PathArg::at(args, 2)?;
    if path.path.is_root() {
        partition.keyspace.remove(db, key, now);
        partition.effects.push(db, &[b"DEL", key]);
        partition.notify_verb(db, b"json.del", key);
        ctx.out.integer(1);
        return Ok(());
    }
    let removed = try_change(ctx, args, |json| {
        let places = json.locate(&path.path)?;
        let removed = json.remove(places);
        Ok((removed, removed > 0))
    })?;
    ctx.out.unsigned(removed.unwrap_or_default() as u64);
    Ok(())
}

/// JSON.CLEAR key [path]
pub fn clear(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if args.len() > 3 {
        return Err(Fail::arity("json.clear"));
    }
    let cleared = change(ctx, args, |json| {
        let path = PathArg::at(args, 2)?;
        let places = json.locate(&path.path)?;
        // What lies inside a value that was emptied before is not there any more.
        let cleared = places.iter().filter(|place| json.clear(place)).count();
        Ok((cleared, cleared > 0))
    })?;
    ctx.out.unsigned(cleared as u64);
    Ok(())
}
