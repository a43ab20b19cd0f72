//! Walking a set and picking from it.

use crate::base::glob;
use crate::command::arguments::{ScanOptions, ScanVerb, cursor, integer};
use crate::command::{Context, Fail, Outcome};
use crate::resp::Writer;

use super::set;

/// The longest reply that repeated random picks may build, in bytes.
const REPLY_BYTES_MAX: usize = 1 << 30;

/// SSCAN key cursor [MATCH pattern] [COUNT count]
pub fn sscan(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let position = cursor(args[2])?;
    let (out, found) = context.read(args[1]);
    let Some(set) = set(found)? else {
        out.array(2);
        out.bulk(b"0");
        out.array(0);
        return Ok(());
    };
    let options = ScanOptions::parse(&args[3..], ScanVerb::Sscan)?;
    let mut members = Writer::new(out.protocol);
    let mut count = 0;
    let next = set.scan(position, options.count, |member| {
        if options.pattern.is_none_or(|pattern| glob::matches(pattern, &member, false)) {
            members.bulk(&member);
            count += 1;
        }
    });
    out.array(2);
    out.bulk(itoa::Buffer::new().format(next).as_bytes());
    out.array(count);
    out.raw(&members.buf);
    Ok(())
}

/// SRANDMEMBER key [count]
pub fn srandmember(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let count = match args[2..] {
        [] => None,
        [count] => Some(integer(count)?),
        _ => return Err(Fail::SYNTAX),
    };
    if count == Some(i64::MIN) {
        return Err(Fail::new(
            "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ));
    }
    let mut random = fastrand::Rng::with_seed(context.at(args[1]).random.next_u64());
    let (out, found) = context.read(args[1]);
    let set = set(found)?;
    let Some(count) = count else {
        match set.and_then(|set| set.random(&mut random)) {
            Some(member) => out.bulk(&member),
            None => out.null(),
        }
        return Ok(());
    };
    let (Some(set), false) = (set, count == 0) else {
        out.array(0);
        return Ok(());
    };
    let times = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count > 0 && times >= set.len() {
        out.array(set.len());
        set.iter().for_each(|member| out.bulk(&member));
        return Ok(());
    }
    if count > 0 {
        let chosen = set.random_distinct(&mut random, times);
        out.array(chosen.len());
        chosen.iter().for_each(|member| out.bulk(member));
        return Ok(());
    }
    let start = out.len();
    out.array(times);
    for _ in 0..times {
        if let Some(member) = set.random(&mut random) {
            out.bulk(&member);
        }
        if out.len() - start > REPLY_BYTES_MAX {
            out.truncate(start);
            return Err(Fail::new("ERR value is out of range"));
        }
    }
    Ok(())
}
