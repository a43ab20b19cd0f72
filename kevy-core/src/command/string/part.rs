//! Parts of strings.

use crate::command::arguments::integer;
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome, Server};
use crate::store::Expire;

use super::text;

/// The smallest `proto-max-bulk-len` there is, in bytes: no shorter string needs a look at the option.
const BULK_LEN_LIMIT_MIN: usize = 1 << 20;

/// STRLEN key
pub fn strlen(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    out.unsigned(text(found)?.map_or(0, |text| text.len()) as u64);
    Ok(())
}

/// GETRANGE key start end, and SUBSTR
pub fn getrange(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (start, end) = (integer(args[2])?, integer(args[3])?);
    let (out, found) = context.read(args[1]);
    let text = text(found)?;
    out.bulk(text.as_deref().map_or(&[], |text| between(text, start, end)));
    Ok(())
}

/// The bytes from `start` to `end`, both included and counted from the end where negative.
fn between(text: &[u8], start: i64, end: i64) -> &[u8] {
    if start < 0 && end < 0 && start > end {
        return &[];
    }
    let position = |at: i64| {
        let at = if at < 0 { text.len().saturating_sub(at.unsigned_abs() as usize) } else { at as usize };
        at.min(text.len())
    };
    let (start, end) = (position(start), position(end).saturating_add(1).min(text.len()));
    text.get(start..end).unwrap_or_default()
}

/// APPEND key value
pub fn append(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key, value) = (context.session.db, context.now, args[1], args[2]);
    let server = context.server;
    let partition = context.partitions.at(key);
    let appended = partition.keyspace.edit_string(db, key, now, false, |text| {
        check_len(server, text.len(), value.len())?;
        text.extend_from_slice(value);
        Ok::<_, Fail>(text.len())
    })?;
    let len = match appended {
        Some(len) => len?,
        None => {
            partition.keyspace.set_bytes(db, key, value, Expire::Clear, now);
            value.len()
        }
    };
    partition.effects.push(db, args);
    partition.notify(db, event::APPEND, key);
    context.out.unsigned(len as u64);
    Ok(())
}

/// SETRANGE key offset value
pub fn setrange(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key, value) = (context.session.db, context.now, args[1], args[3]);
    let offset = integer(args[2])?;
    let offset = usize::try_from(offset).map_err(|_| Fail::new("ERR offset is out of range"))?;
    let server = context.server;
    let partition = context.partitions.at(key);
    if value.is_empty() {
        let len = text(partition.keyspace.peek(db, key, now))?.map_or(0, |text| text.len());
        context.out.unsigned(len as u64);
        return Ok(());
    }
    if let Err(too_long) = check_len(server, offset, value.len()) {
        // Another type is the worse mistake.
        text(partition.keyspace.peek(db, key, now))?;
        return Err(too_long);
    }
    let end = offset + value.len();
    let len = partition.keyspace.edit_string(db, key, now, true, |text| {
        if text.len() < end {
            text.resize(end, 0);
        }
        text[offset..end].copy_from_slice(value);
        text.len()
    })?;
    partition.effects.push(db, args);
    partition.notify(db, event::SETRANGE, key);
    context.out.unsigned(len.unwrap_or_default() as u64);
    Ok(())
}

/// Refuses a string of `len` and `more` bytes where that is above `proto-max-bulk-len`.
fn check_len(server: &Server, len: usize, more: usize) -> Outcome {
    if is_too_long(server, len.saturating_add(more)) {
        return Err(Fail::new("ERR string exceeds maximum allowed size (proto-max-bulk-len)"));
    }
    Ok(())
}

/// True where `len` bytes are more than `proto-max-bulk-len`.
pub fn is_too_long(server: &Server, len: usize) -> bool {
    len > BULK_LEN_LIMIT_MIN && len as u64 > server.options.read().proto_max_bulk_len
}
