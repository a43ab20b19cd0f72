//! What DEBUG tells of how keys and values are laid out in memory.

use std::fmt::Write as _;

use crate::base::glob;
use crate::command::arguments::integer;
use crate::command::{Context, Fail, Outcome};
use crate::store::ValueRef;

use super::debug::check_access;

/// The longest text that DEBUG STRINGMATCH-LEN makes.
const TEXT_BYTES_MAX: i64 = 1 << 20;

fn push_table(text: &mut String, title: &str, elements: usize) {
    let _ = writeln!(text, "[{title} HT]\nHash table 0 stats (main hash table):");
    if elements == 0 {
        text.push_str("No stats available for empty dictionaries\n");
    } else {
        // Segments split by themselves, so there is no table size beside what is in it.
        let _ =
            writeln!(text, " table size: {}\n number of elements: {elements}", elements.next_power_of_two());
    }
}

/// DEBUG HTSTATS db: elements of the tables of keys and of times, over all shards.
pub fn htstats(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let databases = ctx.server.options.read().databases as usize;
    let db = usize::try_from(integer(args[2])?).ok().filter(|db| *db < databases);
    let db = db.ok_or(Fail::new("ERR Out of range database"))?;
    let (mut keys, mut expires) = (0, 0);
    for partition in ctx.every() {
        keys += partition.keyspace.len(db);
        expires += partition.keyspace.expires_len(db);
    }
    let mut text = String::new();
    push_table(&mut text, "Dictionary", keys);
    push_table(&mut text, "Expires", expires);
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

/// DEBUG HTSTATS-KEY key
pub fn htstats_key(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let (keyspace, db, now) = ctx.keys(args[2]);
    let found = keyspace.peek(db, args[2], now).ok_or(Fail::NO_SUCH_KEY)?;
    let is_table = matches!(found.encoding(), "hashtable" | "skiplist");
    let elements = match found.value() {
        ValueRef::Hash(hash) if is_table => hash.len(),
        ValueRef::Set(set) if is_table => set.len(),
        ValueRef::SortedSet(set) if is_table => set.len(),
        _ => {
            return Err(Fail::new(
                "ERR The value stored at the specified key is not represented using an hash table",
            ));
        }
    };
    let mut text = String::from("Hash table 0 stats (main hash table):\n");
    let _ = writeln!(text, " table size: {}\n number of elements: {elements}", elements.next_power_of_two());
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

/// DEBUG LISTPACK key: its structure goes to the log.
pub fn listpack(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let (keyspace, db, now) = ctx.keys(args[2]);
    let found = keyspace.peek(db, args[2], now).ok_or(Fail::NO_SUCH_KEY)?;
    if found.encoding() != "listpack" {
        return Err(Fail::new("ERR Not a listpack encoded object."));
    }
    crate::base::log_sink::info(format_args!(
        "DEBUG LISTPACK {}: {} bytes",
        String::from_utf8_lossy(args[2]),
        found.memory_usage()
    ));
    ctx.out.simple("Listpack structure printed on stdout");
    Ok(())
}

/// DEBUG STRINGMATCH-LEN length pattern: whether so many `a` match a pattern.
pub fn stringmatch_len(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    check_access(ctx)?;
    let length = integer(args[2])?;
    if !(0..=TEXT_BYTES_MAX).contains(&length) {
        return Err(Fail::new("ERR value is out of range"));
    }
    ctx.out.integer(glob::matches(args[3], &vec![b'a'; length as usize], false).into());
    Ok(())
}
