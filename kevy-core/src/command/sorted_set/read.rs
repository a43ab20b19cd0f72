//! Looking at members, scores and ranks.

use crate::command::arguments::is_word;
use crate::command::{Context, Fail, Outcome};

use super::arguments::{member_range, score_range};
use super::sorted_set;

/// ZCARD key
pub fn zcard(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    let len = sorted_set(found)?.map_or(0, |set| set.len());
    out.unsigned(len as u64);
    Ok(())
}

/// ZSCORE key member
pub fn zscore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    match sorted_set(found)?.and_then(|set| set.score(args[2])) {
        Some(score) => out.double(score),
        None => out.null(),
    }
    Ok(())
}

/// ZMSCORE key member [member ...]
pub fn zmscore(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    let set = sorted_set(found)?;
    out.array(args.len() - 2);
    for member in &args[2..] {
        match set.and_then(|set| set.score(member)) {
            Some(score) => out.double(score),
            None => out.null(),
        }
    }
    Ok(())
}

/// ZRANK key member [WITHSCORE]
pub fn zrank(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    rank(context, args, |rank, _| rank)
}

/// ZREVRANK key member [WITHSCORE]
pub fn zrevrank(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    rank(context, args, |rank, len| len - 1 - rank)
}

fn rank(context: &mut Context<'_>, args: &[&[u8]], counted: fn(usize, usize) -> usize) -> Outcome {
    let with_score = match &args[3..] {
        [] => false,
        [word] if is_word(word, "WITHSCORE") => true,
        _ => return Err(Fail::SYNTAX),
    };
    let (out, found) = context.read(args[1]);
    let found = sorted_set(found)?.and_then(|set| Some((set.len(), set.rank(args[2])?)));
    match found {
        Some((len, (rank, score))) => {
            if with_score {
                out.array(2);
            }
            out.unsigned(counted(rank, len) as u64);
            if with_score {
                out.double(score);
            }
        }
        None if with_score => out.null_array(),
        None => out.null(),
    }
    Ok(())
}

/// ZCOUNT key min max
pub fn zcount(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let range = score_range(args[2], args[3])?;
    let (out, found) = context.read(args[1]);
    let count = sorted_set(found)?.map_or(0, |set| set.ranks_of_scores(&range).len());
    out.unsigned(count as u64);
    Ok(())
}

/// ZLEXCOUNT key min max
pub fn zlexcount(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let range = member_range(args[2], args[3])?;
    let (out, found) = context.read(args[1]);
    let count = sorted_set(found)?.map_or(0, |set| set.ranks_of_members(&range).len());
    out.unsigned(count as u64);
    Ok(())
}
