//! XADD.

use smallvec::SmallVec;

use crate::command::arguments::is_word;
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::stream::can_hold;
use crate::store::{Limits, References, Stream, StreamId};

use super::effects::push_dropped;
use super::id::NewId;
use super::trim::{TrimArguments, resolved};
use super::{stream, write_id};

const TOO_SMALL: Fail =
    Fail::new("ERR The ID specified in XADD is equal or smaller than the target stream top item");
const EXHAUSTED: Fail =
    Fail::new("ERR The stream has exhausted the last possible ID, unable to add more items");

/// XADD key [NOMKSTREAM] [KEEPREF|DELREF|ACKED] [MAXLEN|MINID [=|~] threshold [LIMIT count]] *|id field value
/// [field value ...]
pub fn xadd(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now, key) = (context.session.db, context.now, args[1]);
    let mut options = TrimArguments::default();
    let mut creates = true;
    let mut rest = &args[2..];
    let (wanted, pairs) = loop {
        // Options alone are wrong by what they say first.
        let Some((word, behind)) = rest.split_first() else { break (NewId::Auto, rest) };
        if *word == b"*" {
            break (NewId::Auto, behind);
        }
        if let Some(behind) = options.take(rest)? {
            rest = behind;
        } else if is_word(word, "NOMKSTREAM") {
            creates = false;
            rest = behind;
        } else {
            break (NewId::parse(word)?, behind);
        }
    };
    let origin = context.origin;
    let trim = options.finish(origin, &context.at(key).keyspace.limits().stream, false)?;
    let (pairs, []) = pairs.as_chunks::<2>() else { return Err(Fail::arity("xadd")) };
    if pairs.is_empty() {
        return Err(Fail::arity("xadd"));
    }
    if wanted == NewId::Exact(StreamId::MIN) {
        return Err(Fail::new("ERR The ID specified in XADD must be greater than 0-0"));
    }
    let partition = context.partitions.at(key);
    let found = stream(partition.keyspace.peek(db, key, now))?;
    if found.is_none() && !creates {
        context.out.null();
        return Ok(());
    }
    let last = found.map_or(StreamId::MIN, |stream| stream.nodes().last_id);
    if last == StreamId::MAX {
        return Err(EXHAUSTED);
    }
    let id = wanted.resolve(last, now).ok_or(TOO_SMALL)?;
    if !can_hold(pairs.iter().flatten().map(|part| part.len()).sum()) {
        return Err(Fail::new("ERR Elements are too large to be stored"));
    }
    let wants_effect = partition.effects.wanted;
    let done = partition.keyspace.edit(db, key, now, true, |stream: &mut Stream, limits: &Limits, _| {
        stream.nodes_mut().push(id, pairs, &limits.stream);
        let dropped = trim.map(|trim| stream.trim(&trim, options.references()));
        let resolved = trim
            .filter(|_| wants_effect && options.references() != References::Acked)
            .map(|trim| resolved(&trim, stream.nodes()));
        ((dropped, resolved), true)
    })?;
    partition.notify(db, event::XADD, key);
    if done.as_ref().is_some_and(|(dropped, _)| dropped.as_ref().is_some_and(|dropped| dropped.is_some())) {
        partition.notify(db, event::XTRIM, key);
    }
    if wants_effect {
        let text = id.to_text();
        let (dropped, resolved) = done.unwrap_or_default();
        let mut argv: SmallVec<[&[u8]; 16]> = SmallVec::from_slice(&[b"XADD", key]);
        argv.extend(resolved.iter().flatten().map(Vec::as_slice));
        argv.push(&text);
        argv.extend(pairs.iter().flatten().copied());
        partition.effects.push(db, &argv);
        push_dropped(&mut partition.effects, db, key, &dropped.unwrap_or_default());
    }
    write_id(context.out, id);
    Ok(())
}
