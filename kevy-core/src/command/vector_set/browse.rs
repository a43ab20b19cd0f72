//! Looking at vector sets as a whole.

use std::ops::Bound;

use crate::base::number::parse_i64;
use crate::command::arguments::is_word;
use crate::command::{Context, Fail, Outcome};
use crate::store::collection::ValueType as _;
use crate::store::vector_set::Quantization;

use super::vector_set;

/// The longest reply that repeated random picks may build, in bytes.
const REPLY_BYTES_MAX: usize = 1 << 30;

/// VINFO key
pub fn vinfo(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let set = vector_set(found)?;
    let Some((set, form)) = set.and_then(|set| Some((set, set.form()?))) else {
        out.null_array();
        return Ok(());
    };
    let numbers = [
        ("hnsw-m", form.m),
        ("vector-dim", form.dim),
        ("projection-input-dim", form.input_dim.unwrap_or_default()),
        ("size", set.len()),
        ("max-level", set.max_level()),
        ("attributes-count", set.with_attributes()),
        // Sets are known by their keys, and elements by their names.
        ("vset-uid", 0),
        ("hnsw-max-node-uid", set.len()),
    ];
    out.map(1 + numbers.len());
    out.simple("quant-type");
    out.simple(match form.quantization {
        Quantization::None => "f32",
        Quantization::Bytes => "int8",
        Quantization::Bits => "bin",
    });
    for (name, number) in numbers {
        out.simple(name);
        out.unsigned(number as u64);
    }
    Ok(())
}

/// VLINKS key element [WITHSCORES]
pub fn vlinks(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let with_scores = match &args[3..] {
        [] => false,
        [word] if is_word(word, "WITHSCORES") => true,
        _ => return Err(Fail::arity("vlinks")),
    };
    let (out, found) = ctx.read(args[1]);
    let set = vector_set(found)?;
    let element = set.and_then(|set| {
        let number = set.number(args[2])?;
        Some((set, set.vector(number)?, set.links(number)))
    });
    let Some((set, vector, levels)) = element else {
        out.null();
        return Ok(());
    };
    out.array(levels.len());
    for links in levels.iter().rev() {
        if !with_scores {
            out.array(links.len());
            links.iter().for_each(|&link| out.bulk(set.name(link)));
            continue;
        }
        out.map(links.len());
        for &link in links {
            let distance = set.vector(link).map_or(1.0, |other| vector.distance(other));
            out.bulk(set.name(link));
            out.double(1.0 - f64::from(distance) / 2.0);
        }
    }
    Ok(())
}

/// VRANDMEMBER key [count]
pub fn vrandmember(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if args.len() > 3 {
        return Err(Fail::arity("vrandmember"));
    }
    let count =
        args.get(2).map(|count| parse_i64(count).ok_or(Fail::new("ERR COUNT value is not an integer")));
    let count = count.transpose()?;
    let mut random = fastrand::Rng::with_seed(ctx.at(args[1]).random.next_u64());
    let (out, found) = ctx.read(args[1]);
    let set = vector_set(found)?;
    let (Some(set), false) = (set, count == Some(0)) else {
        if count.is_some() {
            out.array(0);
        } else {
            out.null();
        }
        return Ok(());
    };
    let len = set.len();
    let mut pick = || set.name(random.usize(..len.max(1)) as u32);
    let Some(count) = count else {
        out.bulk(pick());
        return Ok(());
    };
    let times = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count > 0 {
        let times = times.min(len);
        out.array(times);
        let chosen = fastrand::Rng::with_seed(random.u64(..)).choose_multiple(0..len as u32, times);
        chosen.into_iter().for_each(|number| out.bulk(set.name(number)));
        return Ok(());
    }
    let start = out.len();
    out.array(times);
    for _ in 0..times {
        out.bulk(pick());
        if out.len() - start > REPLY_BYTES_MAX {
            out.truncate(start);
            return Err(Fail::new("ERR value is out of range"));
        }
    }
    Ok(())
}

/// One end of a range of names.
fn bound<'a>(arg: &'a [u8], error: &'static str) -> Result<Bound<&'a [u8]>, Fail> {
    match arg {
        b"-" | b"+" => Ok(Bound::Unbounded),
        [b'[', name @ ..] if !name.is_empty() => Ok(Bound::Included(name)),
        [b'(', name @ ..] if !name.is_empty() => Ok(Bound::Excluded(name)),
        _ => Err(Fail::new(error)),
    }
}

/// VRANGE key start end [count]
pub fn vrange(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if args.len() > 5 {
        return Err(Fail::arity("vrange"));
    }
    let count = args.get(4).map_or(Some(-1), |count| parse_i64(count));
    let count = count.ok_or(Fail::new("ERR invalid COUNT value"))?;
    let start = bound(args[2], "ERR invalid start range format")?;
    let end = bound(args[3], "ERR invalid end range format")?;
    if args[2] == b"+" || args[3] == b"-" {
        return Err(Fail::new("ERR '-' can only be used as first argument, '+' only as second"));
    }
    let (out, found) = ctx.read(args[1]);
    let set = vector_set(found)?;
    let is_inside = |name: &&[u8]| match end {
        Bound::Unbounded => true,
        Bound::Included(end) => *name <= end,
        Bound::Excluded(end) => *name < end,
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let names = set.into_iter().flat_map(|set| set.range(start)).take_while(is_inside).take(count);
    let later = out.array_later();
    let mut written = 0;
    for name in names {
        out.bulk(name);
        written += 1;
    }
    out.finish_array(later, written);
    Ok(())
}
