//! Entries between two ids.

use crate::command::arguments::{integer, is_word};
use crate::command::{Context, Fail, Outcome};

use super::{id, stream, write_entry};

/// XLEN key
pub fn xlen(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    let len = stream(found)?.map_or(0, |stream| stream.nodes().len);
    out.unsigned(len);
    Ok(())
}

/// XRANGE key start end [COUNT count]
pub fn xrange(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    range(context, args, false)
}

/// XREVRANGE key end start [COUNT count]
pub fn xrevrange(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    range(context, args, true)
}

fn range(context: &mut Context<'_>, args: &[&[u8]], is_back: bool) -> Outcome {
    let (start, end) = if is_back { (args[3], args[2]) } else { (args[2], args[3]) };
    let (start, end) = (id::range_start(start)?, id::range_end(end)?);
    let mut count = None;
    let mut rest = &args[4..];
    while !rest.is_empty() {
        rest = match rest {
            [word, number, rest @ ..] if is_word(word, "COUNT") => {
                count = Some(usize::try_from(integer(number)?).unwrap_or(0));
                rest
            }
            _ => return Err(Fail::SYNTAX),
        };
    }
    let (out, found) = context.read(args[1]);
    let Some(stream) = stream(found)? else {
        out.array(0);
        return Ok(());
    };
    if count == Some(0) {
        out.null_array();
        return Ok(());
    }
    let (later, max) = (out.array_later(), count.unwrap_or(usize::MAX));
    let mut written = 0;
    let mut write = |entry| {
        write_entry(out, &entry);
        written += 1;
    };
    if is_back {
        stream.nodes().range_back(start, end).take(max).for_each(&mut write);
    } else {
        stream.nodes().range(start, end).take(max).for_each(&mut write);
    }
    out.finish_array(later, written);
    Ok(())
}
