//! Ranges of ranks, scores and members.

use std::ops::Range;

use crate::command::arguments::{integer, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::{MemberRange, ScoreRange, SortedSet};

use super::arguments::{member_range, ranks, score_range};
use super::{Owned, header, sorted_set, store, write};

/// What the limits of a range are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum By {
    Rank,
    Score,
    Member,
}

/// What a verb says itself and its arguments need not.
#[derive(Clone, Copy, Debug)]
struct Form {
    /// `None` where BYSCORE and BYLEX say it.
    by: Option<By>,
    /// `None` where REV says it.
    reverse: Option<bool>,
    stores: bool,
}

/// The limits of a range.
#[derive(Clone, Copy, Debug)]
enum Limits<'a> {
    Ranks(i64, i64),
    Scores(ScoreRange),
    Members(MemberRange<'a>),
}

/// A range as asked for.
#[derive(Clone, Copy, Debug)]
struct Query<'a> {
    limits: Limits<'a>,
    reverse: bool,
    with_scores: bool,
    /// Elements to leave out first; where it is negative, all.
    offset: i64,
    /// Elements to take; where it is negative, all.
    count: i64,
}

impl<'a> Query<'a> {
    /// Reads `args`, which begin with the two limits.
    fn parse(args: &[&'a [u8]], form: Form) -> Result<Self, Fail> {
        let [first, second, rest @ ..] = args else { return Err(Fail::SYNTAX) };
        let (mut by, mut reverse) = (form.by, form.reverse);
        let (mut with_scores, mut offset, mut count) = (false, 0, -1);
        let mut rest = rest;
        loop {
            rest = match rest {
                [] => break,
                [word, rest @ ..] if !form.stores && is_word(word, "WITHSCORES") => {
                    with_scores = true;
                    rest
                }
                [word, skipped, taken, rest @ ..] if is_word(word, "LIMIT") => {
                    (offset, count) = (integer(skipped)?, integer(taken)?);
                    rest
                }
                [word, rest @ ..] if form.reverse.is_none() && reverse.is_none() && is_word(word, "REV") => {
                    reverse = Some(true);
                    rest
                }
                [word, rest @ ..] if by.is_none() && is_word(word, "BYLEX") => {
                    by = Some(By::Member);
                    rest
                }
                [word, rest @ ..] if by.is_none() && is_word(word, "BYSCORE") => {
                    by = Some(By::Score);
                    rest
                }
                _ => return Err(Fail::SYNTAX),
            };
        }
        let (by, reverse) = (by.unwrap_or(By::Rank), reverse.unwrap_or(false));
        if count != -1 && by == By::Rank {
            return Err(Fail::new(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if with_scores && by == By::Member {
            return Err(Fail::new("ERR syntax error, WITHSCORES not supported in combination with BYLEX"));
        }
        let (min, max) = if reverse { (second, first) } else { (first, second) };
        let limits = match by {
            By::Rank => Limits::Ranks(integer(first)?, integer(second)?),
            By::Score => Limits::Scores(score_range(min, max)?),
            By::Member => Limits::Members(member_range(min, max)?),
        };
        Ok(Self { limits, reverse, with_scores, offset, count })
    }

    /// The ranks that are asked for.
    fn ranks(&self, set: &SortedSet) -> Range<usize> {
        let found = match &self.limits {
            Limits::Ranks(start, stop) => {
                let len = set.len();
                let found = ranks(*start, *stop, len);
                return if self.reverse { len - found.end..len - found.start } else { found };
            }
            Limits::Scores(range) => set.ranks_of_scores(range),
            Limits::Members(range) => set.ranks_of_members(range),
        };
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX).min(found.len());
        let left = found.len() - offset;
        let count = usize::try_from(self.count).map_or(left, |count| count.min(left));
        if self.reverse {
            found.end - offset - count..found.end - offset
        } else {
            found.start + offset..found.start + offset + count
        }
    }
}

/// ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]
pub fn zrange(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, args, Form { by: None, reverse: None, stores: false })
}

/// ZREVRANGE key start stop [WITHSCORES]
pub fn zrevrange(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, args, Form { by: Some(By::Rank), reverse: Some(true), stores: false })
}

/// ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]
pub fn zrangebyscore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, args, Form { by: Some(By::Score), reverse: Some(false), stores: false })
}

/// ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]
pub fn zrevrangebyscore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, args, Form { by: Some(By::Score), reverse: Some(true), stores: false })
}

/// ZRANGEBYLEX key min max [LIMIT offset count]
pub fn zrangebylex(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, args, Form { by: Some(By::Member), reverse: Some(false), stores: false })
}

/// ZREVRANGEBYLEX key max min [LIMIT offset count]
pub fn zrevrangebylex(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, args, Form { by: Some(By::Member), reverse: Some(true), stores: false })
}

fn reply(context: &mut Context<'_>, args: &[&[u8]], form: Form) -> Outcome {
    let query = Query::parse(&args[2..], form)?;
    let (out, found) = context.read(args[1]);
    let Some(set) = sorted_set(found)? else {
        out.array(0);
        return Ok(());
    };
    let elements = set.range(query.ranks(set));
    header(out, elements.len(), query.with_scores);
    if query.reverse {
        elements.rev().for_each(|element| write(out, &element.member, element.score, query.with_scores));
    } else {
        elements.for_each(|element| write(out, &element.member, element.score, query.with_scores));
    }
    Ok(())
}

/// ZRANGESTORE destination source min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]
pub fn zrangestore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let query = Query::parse(&args[3..], Form { by: None, reverse: None, stores: true })?;
    let (_, found) = context.read(args[2]);
    let elements: Vec<Owned> = match sorted_set(found)? {
        None => Vec::new(),
        Some(set) => {
            set.range(query.ranks(set)).map(|element| (Box::from(&*element.member), element.score)).collect()
        }
    };
    let count = store(context, args[1], &elements, event::ZRANGESTORE);
    context.out.unsigned(count as u64);
    Ok(())
}
