//! Storing what a verb has found as a sorted set.

use smallvec::SmallVec;

use crate::base::number::format_f64;
use crate::command::Context;
use crate::command::notify::{Event, event};
use crate::store::{Owned as Whole, SortedSet, Value};

use super::Owned;

/// Members that one effect names at most.
const EFFECT_MEMBERS_MAX: usize = 128;

/// Makes a key hold these members, whatever it held before, or nothing if there are none. How many there are.
pub fn store(context: &mut Context<'_>, key: &[u8], members: &[Owned], stored: Event) -> usize {
    let (db, now) = (context.session.db, context.now);
    let partition = context.partitions.at(key);
    let (limits, seed) = (&partition.keyspace.limits().sorted_set, partition.keyspace.seed());
    let mut set = SortedSet::default();
    for (member, score) in members {
        set.set(member, *score, limits, seed);
    }
    let count = set.len();
    let was_there = partition.keyspace.put(db, key, Whole::from(Value::SortedSet(set)), now);
    if count > 0 {
        partition.notify(db, stored, key);
    } else if was_there {
        partition.notify(db, event::DEL, key);
    }
    let effects = &mut partition.effects;
    if !effects.wants() {
        return count;
    }
    if was_there {
        effects.push(db, &[b"DEL", key]);
    }
    // The keys it was made of may lie on other shards, of which a replica need not have seen as much.
    for some in members.chunks(EFFECT_MEMBERS_MAX) {
        let scores: SmallVec<[_; 16]> = some.iter().map(|(_, score)| format_f64(*score)).collect();
        let mut argv: SmallVec<[&[u8]; 16]> = SmallVec::from_slice(&[b"ZADD", key]);
        for ((member, _), score) in some.iter().zip(&scores) {
            argv.extend_from_slice(&[score.as_bytes(), member]);
        }
        effects.push(db, &argv);
    }
    count
}
