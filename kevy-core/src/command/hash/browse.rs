//! Walking a hash and picking from it.

use crate::base::glob;
use crate::command::arguments::{ScanOptions, ScanVerb, cursor, integer, is_word};
use crate::command::{Context, Fail, Outcome};
use crate::resp::{Protocol, Writer};
use crate::store::Field;

use super::hash;

/// The longest reply that repeated random picks may build, in bytes.
const REPLY_BYTES_MAX: usize = 1 << 30;

/// HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]
pub fn hscan(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let position = cursor(args[2])?;
    let now = context.now;
    let (out, found) = context.read(args[1]);
    let Some(hash) = hash(found)? else {
        out.array(2);
        out.bulk(b"0");
        out.array(0);
        return Ok(());
    };
    let options = ScanOptions::parse(&args[3..], ScanVerb::Hscan)?;
    let mut elements = Writer::new(out.protocol);
    let mut count = 0;
    let next = hash.scan(position, options.count, now, |field| {
        if options.pattern.is_none_or(|pattern| glob::matches(pattern, &field.name, false)) {
            elements.bulk(&field.name);
            count += 1;
            if !options.no_values {
                elements.bulk(&field.value);
                count += 1;
            }
        }
    });
    out.array(2);
    out.bulk(itoa::Buffer::new().format(next).as_bytes());
    out.array(count);
    out.raw(&elements.buf);
    Ok(())
}

/// HRANDFIELD key [count [WITHVALUES]]
pub fn hrandfield(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let Some(count) = args.get(2) else { return one_random(context, args[1]) };
    let count = integer(count)?;
    if count == i64::MIN {
        return Err(Fail::new(COUNT_RANGE));
    }
    let with_values = match &args[3..] {
        [] => false,
        [word] if is_word(word, "WITHVALUES") => true,
        _ => return Err(Fail::SYNTAX),
    };
    if with_values && !(-i64::MAX / 2..=i64::MAX / 2).contains(&count) {
        return Err(Fail::new("ERR value is out of range"));
    }
    let now = context.now;
    let mut random = fastrand::Rng::with_seed(context.at(args[1]).random.next_u64());
    let (out, found) = context.read(args[1]);
    let hash = hash(found)?;
    let (Some(hash), false) = (hash, count == 0) else {
        out.array(0);
        return Ok(());
    };
    let times = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let live = hash.live_len(now);
    if count > 0 && times >= live {
        header(out, live, with_values);
        hash.iter(now).for_each(|field| write(out, &field, with_values));
        return Ok(());
    }
    if count > 0 {
        let chosen = hash.random_distinct(&mut random, times, now);
        header(out, chosen.len(), with_values);
        chosen.iter().for_each(|field| write(out, field, with_values));
        return Ok(());
    }
    if live == 0 {
        out.array(0);
        return Ok(());
    }
    let start = out.len();
    header(out, times, with_values);
    for _ in 0..times {
        if let Some(field) = hash.random(&mut random, now) {
            write(out, &field, with_values);
        }
        if out.len() - start > REPLY_BYTES_MAX {
            out.truncate(start);
            return Err(Fail::new("ERR value is out of range"));
        }
    }
    Ok(())
}

const COUNT_RANGE: &str =
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

fn one_random(context: &mut Context<'_>, key: &[u8]) -> Outcome {
    let now = context.now;
    let mut random = fastrand::Rng::with_seed(context.at(key).random.next_u64());
    let (out, found) = context.read(key);
    match hash(found)?.and_then(|hash| hash.random(&mut random, now)) {
        Some(field) => out.bulk(&field.name),
        None => out.null(),
    }
    Ok(())
}

/// Pairs are arrays of their own in RESP3 and stand one after the other in RESP2.
fn header(out: &mut Writer, fields: usize, with_values: bool) {
    let flat = with_values && out.protocol == Protocol::Resp2;
    out.array(if flat { fields.saturating_mul(2) } else { fields });
}

fn write(out: &mut Writer, field: &Field<'_>, with_values: bool) {
    if with_values && out.protocol == Protocol::Resp3 {
        out.array(2);
    }
    out.bulk(&field.name);
    if with_values {
        out.bulk(&field.value);
    }
}
