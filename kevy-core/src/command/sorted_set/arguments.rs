//! Scores and ranges among the arguments of sorted-set verbs.

use crate::base::number::{parse_f64, parse_f64_saturating};
use crate::command::Fail;
use crate::store::{MemberBound, MemberRange, ScoreRange};

/// A score.
pub fn score(arg: &[u8]) -> Result<f64, Fail> {
    parse_f64(arg).ok_or(Fail::NOT_FLOAT)
}

/// The scores from one limit to another, each of which is left out where it stands behind a `(`.
pub fn score_range(min: &[u8], max: &[u8]) -> Result<ScoreRange, Fail> {
    let limit = |arg: &[u8]| {
        let (text, excludes) = arg.strip_prefix(b"(").map_or((arg, false), |rest| (rest, true));
        let limit = parse_f64_saturating(text).ok_or(Fail::new("ERR min or max is not a float"))?;
        Ok::<_, Fail>((limit, excludes))
    };
    let ((min, excludes_min), (max, excludes_max)) = (limit(min)?, limit(max)?);
    Ok(ScoreRange { min, max, excludes_min, excludes_max })
}

/// The members from one bound to another: `-`, `+`, or a member behind `[` or `(`.
pub fn member_range<'a>(min: &'a [u8], max: &'a [u8]) -> Result<MemberRange<'a>, Fail> {
    let bound = |arg: &'a [u8]| match arg {
        // Redis reads the sign as a C string, which a zero byte ends.
        [b'-'] | [b'-', 0, ..] => Ok(MemberBound::Least),
        [b'+'] | [b'+', 0, ..] => Ok(MemberBound::Greatest),
        [b'[', member @ ..] => Ok(MemberBound::Included(member)),
        [b'(', member @ ..] => Ok(MemberBound::Excluded(member)),
        _ => Err(Fail::new("ERR min or max not valid string range item")),
    };
    Ok(MemberRange { min: bound(min)?, max: bound(max)? })
}

/// The ranks from `start` to `stop`, both included and counted from the end where negative, of `len`.
pub fn ranks(start: i64, stop: i64, len: usize) -> std::ops::Range<usize> {
    let length = i64::try_from(len).unwrap_or(i64::MAX);
    let from_start = |at: i64| if at < 0 { at.saturating_add(length).max(-1) } else { at };
    let start = usize::try_from(from_start(start)).unwrap_or(0);
    let end = usize::try_from(from_start(stop).saturating_add(1)).unwrap_or(0).min(len);
    start.min(end)..end
}
