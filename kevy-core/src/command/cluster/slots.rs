//! Slots and the keys in them.

use crate::base::number::parse_i64;
use crate::base::slot::{SLOTS, slot_of};
use crate::command::{Context, Fail, Outcome};

use super::nodes_of;

pub fn key_slot(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?;
    ctx.out.integer(slot_of(args[2]).into());
    Ok(())
}

fn slot(arg: &[u8]) -> Result<u16, Fail> {
    let slot = parse_i64(arg).ok_or(Fail::NOT_INTEGER)?;
    u16::try_from(slot).ok().filter(|slot| *slot < SLOTS).ok_or(Fail::new("ERR Invalid slot"))
}

pub fn count_keys(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?;
    let (slot, now) = (slot(args[2])?, ctx.now);
    let count = ctx
        .every()
        .iter()
        .flat_map(|partition| partition.keyspace.iterate(0, now))
        .filter(|found| slot_of(found.key()) == slot)
        .count();
    ctx.out.unsigned(count as u64);
    Ok(())
}

pub fn get_keys(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    nodes_of(ctx.server)?;
    let now = ctx.now;
    let (slot, count) = (slot(args[2]), parse_i64(args[3]).ok_or(Fail::NOT_INTEGER)?);
    let (Ok(slot), Ok(count)) = (slot, usize::try_from(count)) else {
        return Err(Fail::new("ERR Invalid slot or number of keys"));
    };
    let mut keys: Vec<Box<[u8]>> = Vec::new();
    for partition in ctx.every() {
        let found = partition.keyspace.iterate(0, now).filter(|found| slot_of(found.key()) == slot);
        keys.extend(found.take(count - keys.len()).map(|found| Box::from(found.key())));
    }
    ctx.out.array(keys.len());
    keys.iter().for_each(|key| ctx.out.bulk(key));
    Ok(())
}
