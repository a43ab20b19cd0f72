//! Walking a sorted set and picking from it.

use crate::base::glob;
use crate::base::number::format_f64;
use crate::command::arguments::{ScanOptions, ScanVerb, cursor, integer, is_word};
use crate::command::{Context, Fail, Outcome};
use crate::resp::Writer;

use super::{header, sorted_set, write};

/// The longest reply that repeated random picks may build, in bytes.
const REPLY_BYTES_MAX: usize = 1 << 30;

/// ZSCAN key cursor [MATCH pattern] [COUNT count]
pub fn zscan(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let position = cursor(args[2])?;
    let (out, found) = context.read(args[1]);
    let Some(set) = sorted_set(found)? else {
        out.array(2);
        out.bulk(b"0");
        out.array(0);
        return Ok(());
    };
    let options = ScanOptions::parse(&args[3..], ScanVerb::Zscan)?;
    let mut elements = Writer::new(out.protocol);
    let mut count = 0;
    let next = set.scan(position, options.count, |member, score| {
        if options.pattern.is_none_or(|pattern| glob::matches(pattern, member, false)) {
            elements.bulk(member);
            elements.bulk(format_f64(score).as_bytes());
            count += 2;
        }
    });
    out.array(2);
    out.bulk(itoa::Buffer::new().format(next).as_bytes());
    out.array(count);
    out.raw(&elements.buf);
    Ok(())
}

/// ZRANDMEMBER key [count [WITHSCORES]]
pub fn zrandmember(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let Some(count) = args.get(2) else { return one_random(context, args[1]) };
    let count = integer(count)?;
    if count == i64::MIN {
        return Err(Fail::new(COUNT_RANGE));
    }
    let with_scores = match &args[3..] {
        [] => false,
        [word] if is_word(word, "WITHSCORES") => true,
        _ => return Err(Fail::SYNTAX),
    };
    if with_scores && !(-i64::MAX / 2..=i64::MAX / 2).contains(&count) {
        return Err(Fail::new("ERR value is out of range"));
    }
    let mut random = fastrand::Rng::with_seed(context.at(args[1]).random.next_u64());
    let (out, found) = context.read(args[1]);
    let (Some(set), false) = (sorted_set(found)?, count == 0) else {
        out.array(0);
        return Ok(());
    };
    let times = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count > 0 && times >= set.len() {
        header(out, set.len(), with_scores);
        set.iter().for_each(|element| write(out, &element.member, element.score, with_scores));
        return Ok(());
    }
    if count > 0 {
        let chosen = set.random_distinct(&mut random, times);
        header(out, chosen.len(), with_scores);
        chosen.iter().for_each(|element| write(out, &element.member, element.score, with_scores));
        return Ok(());
    }
    let start = out.len();
    header(out, times, with_scores);
    for _ in 0..times {
        if let Some(element) = set.random(&mut random) {
            write(out, &element.member, element.score, with_scores);
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
    let mut random = fastrand::Rng::with_seed(context.at(key).random.next_u64());
    let (out, found) = context.read(key);
    match sorted_set(found)?.and_then(|set| set.random(&mut random)) {
        Some(element) => out.bulk(&element.member),
        None => out.null(),
    }
    Ok(())
}
