//! Finding keys without naming them: KEYS, SCAN and RANDOMKEY.

use crate::base::glob;
use crate::base::number::format_u64;
use crate::command::arguments::{ScanOptions, ScanVerb};
use crate::command::scan_cursor::ScanCursor;
use crate::command::{Context, Outcome};
use crate::resp::Writer;

/// KEYS pattern
pub fn keys(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (db, now) = (ctx.session.db, ctx.now);
    let pattern = args[1];
    let is_everything = glob::is_everything(pattern);
    let out = &mut *ctx.out;
    let later = out.array_later();
    let mut count = 0;
    for partition in ctx.partitions.every() {
        for found in partition.keyspace.iterate(db, now) {
            if is_everything || glob::matches(pattern, found.key(), false) {
                out.bulk(found.key());
                count += 1;
            }
        }
    }
    out.finish_array(later, count);
    Ok(())
}

/// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
pub fn scan(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let cursor = ScanCursor::parse(args[1])?;
    let options = ScanOptions::parse(&args[2..], ScanVerb::Scan)?;
    let (db, now) = (ctx.session.db, ctx.now);
    let shards = ctx.server.shards;
    let first = cursor.shard_among(shards);
    let mut position = if cursor.shard == first { cursor.position } else { 0 };
    let mut keys = Writer::new(ctx.out.protocol);
    let (mut looked_at, mut count) = (0, 0);
    let mut next = ScanCursor::default();
    // More than one shard is here where the keyspace is small: the next one gets what is left of COUNT.
    for partition in ctx.partitions.every().into_iter().skip_while(|partition| partition.index < first) {
        position = partition.keyspace.scan(db, position, options.count - looked_at, now, |found| {
            looked_at += 1;
            let is_kind =
                options.kind.is_none_or(|kind| kind.eq_ignore_ascii_case(found.kind().name().as_bytes()));
            if is_kind && options.pattern.is_none_or(|pattern| glob::matches(pattern, found.key(), false)) {
                keys.bulk(found.key());
                count += 1;
            }
        });
        // A node of a cluster has nothing but its own shard.
        let shards = if ctx.session.node.is_some() { partition.index + 1 } else { shards };
        next = ScanCursor { position, shard: partition.index }.or_next_shard(shards);
        if position != 0 || looked_at >= options.count {
            break;
        }
    }
    ctx.out.array(2);
    ctx.out.bulk(format_u64(next.number()).as_bytes());
    ctx.out.array(count);
    ctx.out.raw(&keys.buf);
    Ok(())
}

/// RANDOMKEY
pub fn randomkey(ctx: &mut Context<'_>, _: &[&[u8]]) -> Outcome {
    let (db, now) = (ctx.session.db, ctx.now);
    let mut partitions = ctx.partitions.every();
    let total: usize = partitions.iter().map(|partition| partition.keyspace.len(db)).sum();
    let mut place = match partitions.first_mut() {
        Some(first) if total > 0 => first.random.below(total),
        _ => 0,
    };
    // A shard is chosen by how many keys it has; where all of those are due, the others follow.
    let start = partitions.iter().position(|partition| {
        let keys = partition.keyspace.len(db);
        let is_here = place < keys;
        place = place.saturating_sub(keys);
        is_here
    });
    let count = partitions.len();
    for step in 0..count {
        let at = (start.unwrap_or_default() + step) % count;
        if let Some(found) = partitions[at].keyspace.random_key(db, now) {
            ctx.out.bulk(found.key());
            return Ok(());
        }
    }
    ctx.out.null();
    Ok(())
}
