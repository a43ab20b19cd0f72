//! ZADD and ZINCRBY.

use crate::base::number::format_f64;
use crate::command::arguments::is_word;
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::SortedSet;
use crate::store::seed::Seed;
use crate::store::sorted_set::SortedSetLimits;

use super::arguments::score;

/// What stands between the key of ZADD and the first score.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    /// Only members that are absent.
    is_absent: bool,
    /// Only members that are there.
    is_there: bool,
    /// Only scores that grow, or new members.
    is_greater: bool,
    /// Only scores that shrink, or new members.
    is_less: bool,
    counts_changes: bool,
    increments: bool,
}

impl Options {
    /// The options, and the arguments behind them.
    fn parse<'a, 'b>(args: &'b [&'a [u8]]) -> (Self, &'b [&'a [u8]]) {
        let mut options = Self::default();
        for (at, word) in args.iter().enumerate() {
            let option = match word.len() {
                2 if is_word(word, "NX") => &mut options.is_absent,
                2 if is_word(word, "XX") => &mut options.is_there,
                2 if is_word(word, "GT") => &mut options.is_greater,
                2 if is_word(word, "LT") => &mut options.is_less,
                2 if is_word(word, "CH") => &mut options.counts_changes,
                4 if is_word(word, "INCR") => &mut options.increments,
                _ => return (options, &args[at..]),
            };
            *option = true;
        }
        (options, &[])
    }

    fn check(&self, pairs: usize) -> Result<(), Fail> {
        if self.is_absent && self.is_there {
            return Err(Fail::new("ERR XX and NX options at the same time are not compatible"));
        }
        if [self.is_absent, self.is_greater, self.is_less].into_iter().filter(|option| *option).count() > 1 {
            return Err(Fail::new("ERR GT, LT, and/or NX options at the same time are not compatible"));
        }
        if self.increments && pairs > 1 {
            return Err(Fail::new("ERR INCR option supports a single increment-element pair"));
        }
        Ok(())
    }
}

/// What became of one member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Added,
    Updated,
    /// It has the score already.
    Same,
    /// An option forbade it.
    Refused,
}

/// Applies one pair of ZADD; what it did, and the score the member has now.
fn apply(
    set: &mut SortedSet,
    member: &[u8],
    score: f64,
    options: Options,
    limits: &SortedSetLimits,
    seed: &Seed,
) -> Result<(Change, f64), Fail> {
    // Without a condition there is nothing to look at before.
    if !options.is_absent
        && !options.is_there
        && !options.is_greater
        && !options.is_less
        && !options.increments
    {
        let change = match set.set(member, score, limits, seed) {
            None => Change::Added,
            Some(old) if old == score => Change::Same,
            Some(_) => Change::Updated,
        };
        return Ok((change, score));
    }
    let Some(old) = set.score(member) else {
        if options.is_there {
            return Ok((Change::Refused, score));
        }
        set.set(member, score, limits, seed);
        return Ok((Change::Added, score));
    };
    if options.is_absent {
        return Ok((Change::Refused, old));
    }
    let score = if options.increments { old + score } else { score };
    if score.is_nan() {
        return Err(Fail::new("ERR resulting score is not a number (NaN)"));
    }
    if (options.is_less && score >= old) || (options.is_greater && score <= old) {
        return Ok((Change::Refused, old));
    }
    if score == old {
        return Ok((Change::Same, old));
    }
    set.set(member, score, limits, seed);
    Ok((Change::Updated, score))
}

/// ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]
pub fn zadd(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (options, pairs) = Options::parse(&args[2..]);
    let (pairs, []) = pairs.as_chunks::<2>() else { return Err(Fail::SYNTAX) };
    if pairs.is_empty() {
        return Err(Fail::SYNTAX);
    }
    options.check(pairs.len())?;
    if let ([[increment, member]], true) = (pairs, options.increments) {
        return add_to(context, args[1], score(increment)?, member, options);
    }
    // Nothing is added unless all scores are numbers.
    for [text, _] in &pairs[1..] {
        score(text)?;
    }
    let first = score(pairs[0][0])?;
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let partition = context.partitions.at(key);
    let done =
        partition.keyspace.edit(db, key, now, !options.is_there, |set: &mut SortedSet, limits, seed| {
            let (mut added, mut updated) = (0usize, 0usize);
            for (at, [text, member]) in pairs.iter().enumerate() {
                let score = if at == 0 { Ok(first) } else { score(text) };
                let change = score
                    .and_then(|score| apply(set, member, score, options, &limits.sorted_set, seed))
                    .map_or(Change::Refused, |(change, _)| change);
                added += usize::from(change == Change::Added);
                updated += usize::from(change == Change::Updated);
            }
            ((added, updated), added + updated > 0)
        })?;
    let (added, updated) = done.unwrap_or_default();
    if added + updated > 0 {
        partition.effects.push(db, args);
        partition.notify(db, event::ZADD, key);
    }
    context.out.unsigned(if options.counts_changes { added + updated } else { added } as u64);
    Ok(())
}

/// ZINCRBY key increment member
pub fn zincrby(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    // It is ZADD with INCR: an option in place of the increment is taken for one, and then something is missing.
    if ["NX", "XX", "GT", "LT", "CH", "INCR"].iter().any(|word| is_word(args[2], word)) {
        return Err(Fail::SYNTAX);
    }
    let options = Options { increments: true, ..Options::default() };
    add_to(context, args[1], score(args[2])?, args[3], options)
}

/// Adds to the score of a member and replies with the sum, or with null where an option forbids it.
fn add_to(context: &mut Context<'_>, key: &[u8], increment: f64, member: &[u8], options: Options) -> Outcome {
    let (db, now) = (context.session.db, context.now);
    let partition = context.partitions.at(key);
    let done =
        partition.keyspace.edit(db, key, now, !options.is_there, |set: &mut SortedSet, limits, seed| {
            let done = apply(set, member, increment, options, &limits.sorted_set, seed);
            let changed = matches!(done, Ok((Change::Added | Change::Updated, _)));
            (done, changed)
        })?;
    let (change, score) = done.unwrap_or(Ok((Change::Refused, 0.0)))?;
    if matches!(change, Change::Added | Change::Updated) {
        partition.effects.push(db, &[b"ZADD", key, format_f64(score).as_bytes(), member]);
        partition.notify(db, event::ZINCR, key);
    }
    match change {
        Change::Refused => context.out.null(),
        _ => context.out.double(score),
    }
    Ok(())
}
