//! Unions, intersections and differences of several keys, perhaps on several shards.

use std::cmp::Ordering;

use hashbrown::HashMap;

use crate::command::arguments::{integer, is_word};
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::{Ref, Set, SortedSet, ValueRef};

use super::arguments::score;
use super::{Owned, header, store, write};

/// What one key brings in.
#[derive(Clone, Copy, Debug)]
enum Input<'a> {
    Nothing,
    SortedSet(&'a SortedSet),
    /// Its members have the score 1.
    Set(&'a Set),
}

impl<'a> Input<'a> {
    fn of(found: Option<Ref<'a>>) -> Result<Self, Fail> {
        match found.map(|found| found.value()) {
            None => Ok(Self::Nothing),
            Some(ValueRef::SortedSet(set)) => Ok(Self::SortedSet(set)),
            Some(ValueRef::Set(set)) => Ok(Self::Set(set)),
            Some(_) => Err(Fail::WRONG_TYPE),
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::SortedSet(set) => set.len(),
            Self::Set(set) => set.len(),
        }
    }

    fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            Self::Nothing => None,
            Self::SortedSet(set) => set.score(member),
            Self::Set(set) => set.contains(member).then_some(1.0),
        }
    }

    fn each(self, mut visit: impl FnMut(&[u8], f64)) {
        match self {
            Self::Nothing => {}
            Self::SortedSet(set) => set.iter().for_each(|element| visit(&element.member, element.score)),
            Self::Set(set) => set.iter().for_each(|member| visit(&member, 1.0)),
        }
    }
}

/// The input of a key that has been looked at before and is not counted again.
fn input<'a>(context: &'a mut Context<'_>, key: &[u8]) -> Result<Input<'a>, Fail> {
    let (keyspace, db, now) = context.keys(key);
    Input::of(keyspace.peek(db, key, now))
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verb {
    Union,
    Inter,
    Diff,
    /// The size of the intersection.
    InterCard,
}

/// How the scores of one member become one score.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn of_word(arg: &[u8]) -> Option<Self> {
        let words = [("SUM", Self::Sum), ("MIN", Self::Min), ("MAX", Self::Max)];
        words.into_iter().find(|(word, _)| is_word(arg, word)).map(|(_, aggregate)| aggregate)
    }

    fn combine(self, a: f64, b: f64) -> f64 {
        match self {
            // Infinities of either sign add up to nothing.
            Self::Sum => number(a + b),
            Self::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Self::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

/// Zero in place of what is no number.
fn number(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value }
}

/// A key with the factor of its scores.
#[derive(Clone, Copy, Debug)]
struct Source<'a> {
    key: &'a [u8],
    weight: f64,
    len: usize,
}

/// What a verb asks for.
#[derive(Debug)]
struct Query<'a> {
    sources: Vec<Source<'a>>,
    aggregate: Aggregate,
    with_scores: bool,
    /// Members to count at most; 0 for all.
    limit: usize,
}

impl<'a> Query<'a> {
    /// Reads `args`, which begin with the number of keys, and the sizes of those keys. `name` is the verb's.
    fn parse(
        context: &mut Context<'_>,
        args: &[&'a [u8]],
        verb: Verb,
        stores: bool,
        name: &str,
    ) -> Result<Self, Fail> {
        let [count, rest @ ..] = args else { return Err(Fail::SYNTAX) };
        let count = integer(count)?;
        if count < 1 {
            return Err(Fail::with(format!("ERR at least 1 input key is needed for '{name}' command")));
        }
        let keys = usize::try_from(count).unwrap_or(usize::MAX);
        let Some((keys, rest)) = rest.split_at_checked(keys) else { return Err(Fail::SYNTAX) };
        let mut sources = Vec::with_capacity(keys.len());
        for key in keys {
            let len = Input::of(context.read(key).1)?.len();
            sources.push(Source { key, weight: 1.0, len });
        }
        let mut query = Self { sources, aggregate: Aggregate::Sum, with_scores: false, limit: 0 };
        query.parse_options(rest, verb, stores)?;
        Ok(query)
    }

    fn parse_options(&mut self, args: &[&[u8]], verb: Verb, stores: bool) -> Result<(), Fail> {
        let weighs = matches!(verb, Verb::Union | Verb::Inter);
        let replies = !stores && verb != Verb::InterCard;
        let mut rest = args;
        loop {
            rest = match rest {
                [] => return Ok(()),
                [word, rest @ ..]
                    if weighs && rest.len() >= self.sources.len() && is_word(word, "WEIGHTS") =>
                {
                    let (weights, rest) = rest.split_at(self.sources.len());
                    for (source, weight) in self.sources.iter_mut().zip(weights) {
                        source.weight =
                            score(weight).map_err(|_| Fail::new("ERR weight value is not a float"))?;
                    }
                    rest
                }
                [word, aggregate, rest @ ..] if weighs && is_word(word, "AGGREGATE") => {
                    self.aggregate = Aggregate::of_word(aggregate).ok_or(Fail::SYNTAX)?;
                    rest
                }
                [word, rest @ ..] if replies && is_word(word, "WITHSCORES") => {
                    self.with_scores = true;
                    rest
                }
                [word, limit, rest @ ..] if verb == Verb::InterCard && is_word(word, "LIMIT") => {
                    let limit = integer(limit).ok().and_then(|limit| usize::try_from(limit).ok());
                    self.limit = limit.ok_or(Fail::new("ERR LIMIT can't be negative"))?;
                    rest
                }
                _ => return Err(Fail::SYNTAX),
            };
        }
    }

    /// The members of the result, in the order of a sorted set.
    fn run(&mut self, context: &mut Context<'_>, verb: Verb) -> Result<Vec<Owned>, Fail> {
        let mut members = match verb {
            Verb::Union => self.union(context)?,
            Verb::Inter | Verb::InterCard => self.intersection(context)?,
            Verb::Diff => self.difference(context)?,
        };
        members.sort_unstable_by(|(a, a_score), (b, b_score)| {
            a_score.partial_cmp(b_score).unwrap_or(Ordering::Equal).then_with(|| a.cmp(b))
        });
        Ok(members)
    }

    fn union(&mut self, context: &mut Context<'_>) -> Result<Vec<Owned>, Fail> {
        // Sums of more than two numbers depend on their order, which is that of Redis.
        self.sources.sort_by_key(|source| source.len);
        let aggregate = self.aggregate;
        let mut scores: HashMap<Vec<u8>, f64, foldhash::quality::RandomState> = HashMap::default();
        for Source { key, weight, .. } in &self.sources {
            input(context, key)?.each(|member, score| {
                let score = number(score * weight);
                scores
                    .entry_ref(member)
                    .and_modify(|sum| *sum = aggregate.combine(*sum, score))
                    .or_insert(score);
            });
        }
        Ok(scores.into_iter().map(|(member, score)| (member.into_boxed_slice(), score)).collect())
    }

    fn intersection(&mut self, context: &mut Context<'_>) -> Result<Vec<Owned>, Fail> {
        self.sources.sort_by_key(|source| source.len);
        let aggregate = self.aggregate;
        let mut members: Vec<Owned> = Vec::new();
        for (at, Source { key, weight, .. }) in self.sources.iter().enumerate() {
            let input = input(context, key)?;
            if at == 0 {
                input.each(|member, score| members.push((member.into(), number(score * weight))));
                continue;
            }
            members.retain_mut(|(member, sum)| match input.score(member) {
                Some(score) => {
                    *sum = aggregate.combine(*sum, score * weight);
                    true
                }
                None => false,
            });
        }
        Ok(members)
    }

    fn difference(&mut self, context: &mut Context<'_>) -> Result<Vec<Owned>, Fail> {
        let mut members: Vec<Owned> = Vec::new();
        for (at, Source { key, .. }) in self.sources.iter().enumerate() {
            let input = input(context, key)?;
            if at == 0 {
                input.each(|member, score| members.push((member.into(), score)));
            } else {
                members.retain(|(member, _)| input.score(member).is_none());
            }
        }
        Ok(members)
    }
}

fn reply(context: &mut Context<'_>, args: &[&[u8]], verb: Verb, name: &str) -> Outcome {
    let mut query = Query::parse(context, &args[1..], verb, false, name)?;
    let members = query.run(context, verb)?;
    header(context.out, members.len(), query.with_scores);
    members.iter().for_each(|(member, score)| write(context.out, member, *score, query.with_scores));
    Ok(())
}

fn reply_stored(context: &mut Context<'_>, args: &[&[u8]], verb: Verb, name: &str) -> Outcome {
    let mut query = Query::parse(context, &args[2..], verb, true, name)?;
    let members = query.run(context, verb)?;
    let stored = match verb {
        Verb::Union => event::ZUNIONSTORE,
        Verb::Inter | Verb::InterCard => event::ZINTERSTORE,
        Verb::Diff => event::ZDIFFSTORE,
    };
    let count = store(context, args[1], &members, stored);
    context.out.unsigned(count as u64);
    Ok(())
}

/// ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]
pub fn zunion(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, args, Verb::Union, "zunion")
}

/// ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]
pub fn zinter(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, args, Verb::Inter, "zinter")
}

/// ZDIFF numkeys key [key ...] [WITHSCORES]
pub fn zdiff(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply(context, args, Verb::Diff, "zdiff")
}

/// ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]
pub fn zunionstore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply_stored(context, args, Verb::Union, "zunionstore")
}

/// ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]
pub fn zinterstore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply_stored(context, args, Verb::Inter, "zinterstore")
}

/// ZDIFFSTORE destination numkeys key [key ...]
pub fn zdiffstore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    reply_stored(context, args, Verb::Diff, "zdiffstore")
}

/// ZINTERCARD numkeys key [key ...] [LIMIT limit]
pub fn zintercard(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let mut query = Query::parse(context, &args[1..], Verb::InterCard, false, "zintercard")?;
    let count = query.run(context, Verb::InterCard)?.len();
    let count = if query.limit == 0 { count } else { count.min(query.limit) };
    context.out.unsigned(count as u64);
    Ok(())
}
