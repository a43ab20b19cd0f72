//! The sorted-set verbs.

mod add;
mod algebra;
mod arguments;
mod browse;
mod pop;
mod range;
mod read;
mod remove;
mod store;
#[cfg(test)]
mod tests;
mod wait;

pub use add::zadd;
pub use arguments::score;
pub use store::store;

use crate::resp::{Protocol, Writer};
use crate::store::{Ref, SortedSet, ValueRef};

use super::Fail;
use super::spec::Command;
use super::table::sorted_set as row;

/// Every sorted-set verb.
pub static COMMANDS: [Command; 35] = [
    Command::new(row::BZMPOP, wait::bzmpop),
    Command::new(row::BZPOPMAX, wait::bzpopmax),
    Command::new(row::BZPOPMIN, wait::bzpopmin),
    Command::new(row::ZADD, zadd),
    Command::new(row::ZCARD, read::zcard),
    Command::new(row::ZCOUNT, read::zcount),
    Command::new(row::ZDIFF, algebra::zdiff),
    Command::new(row::ZDIFFSTORE, algebra::zdiffstore),
    Command::new(row::ZINCRBY, add::zincrby),
    Command::new(row::ZINTER, algebra::zinter),
    Command::new(row::ZINTERCARD, algebra::zintercard),
    Command::new(row::ZINTERSTORE, algebra::zinterstore),
    Command::new(row::ZLEXCOUNT, read::zlexcount),
    Command::new(row::ZMPOP, pop::zmpop),
    Command::new(row::ZMSCORE, read::zmscore),
    Command::new(row::ZPOPMAX, pop::zpopmax),
    Command::new(row::ZPOPMIN, pop::zpopmin),
    Command::new(row::ZRANDMEMBER, browse::zrandmember),
    Command::new(row::ZRANGE, range::zrange),
    Command::new(row::ZRANGEBYLEX, range::zrangebylex),
    Command::new(row::ZRANGEBYSCORE, range::zrangebyscore),
    Command::new(row::ZRANGESTORE, range::zrangestore),
    Command::new(row::ZRANK, read::zrank),
    Command::new(row::ZREM, remove::zrem),
    Command::new(row::ZREMRANGEBYLEX, remove::zremrangebylex),
    Command::new(row::ZREMRANGEBYRANK, remove::zremrangebyrank),
    Command::new(row::ZREMRANGEBYSCORE, remove::zremrangebyscore),
    Command::new(row::ZREVRANGE, range::zrevrange),
    Command::new(row::ZREVRANGEBYLEX, range::zrevrangebylex),
    Command::new(row::ZREVRANGEBYSCORE, range::zrevrangebyscore),
    Command::new(row::ZREVRANK, read::zrevrank),
    Command::new(row::ZSCAN, browse::zscan),
    Command::new(row::ZSCORE, read::zscore),
    Command::new(row::ZUNION, algebra::zunion),
    Command::new(row::ZUNIONSTORE, algebra::zunionstore),
];

/// A member with its score, on its way from one key to a reply or to another key.
pub type Owned = (Box<[u8]>, f64);

/// The sorted set of a key that must hold one.
#[inline]
pub fn sorted_set(found: Option<Ref<'_>>) -> Result<Option<&SortedSet>, Fail> {
    match found.map(|found| found.value()) {
        None => Ok(None),
        Some(ValueRef::SortedSet(set)) => Ok(Some(set)),
        Some(_) => Err(Fail::WRONG_TYPE),
    }
}

/// Begins an array of members. With scores, pairs are arrays of their own in RESP3 and stand one after the other
/// in RESP2.
fn header(out: &mut Writer, members: usize, with_scores: bool) {
    let flat = with_scores && out.protocol == Protocol::Resp2;
    out.array(if flat { members.saturating_mul(2) } else { members });
}

fn write(out: &mut Writer, member: &[u8], score: f64, with_scores: bool) {
    if with_scores && out.protocol == Protocol::Resp3 {
        out.array(2);
    }
    out.bulk(member);
    if with_scores {
        out.double(score);
    }
}
