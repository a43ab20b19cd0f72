//! Single elements.

use crate::command::arguments::is_word;
use crate::command::{Context, Fail, Outcome};
use crate::store::VectorSet;
use crate::store::collection::ValueType as _;
use crate::store::vector_set::Vector;

use super::vector_set;

/// VCARD key
pub fn vcard(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let set = vector_set(found)?;
    out.unsigned(set.map_or(0, |set| set.len()) as u64);
    Ok(())
}

/// VDIM key
pub fn vdim(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let form = vector_set(found)?.and_then(VectorSet::form);
    out.unsigned(form.ok_or(Fail::new("ERR key does not exist"))?.dim as u64);
    Ok(())
}

/// VISMEMBER key element
pub fn vismember(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let set = vector_set(found)?;
    out.boolean(set.is_some_and(|set| set.number(args[2]).is_some()));
    Ok(())
}

/// VGETATTR key element
pub fn vgetattr(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let set = vector_set(found)?;
    match set.and_then(|set| set.attributes(set.number(args[2])?)) {
        Some(attributes) => out.bulk(attributes),
        None => out.null(),
    }
    Ok(())
}

/// VEMB key element [RAW]
pub fn vemb(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if args[3..].iter().any(|option| !is_word(option, "RAW")) {
        return Err(Fail::new("ERR invalid option"));
    }
    let (out, found) = ctx.read(args[1]);
    let set = vector_set(found)?;
    let Some(vector) = set.and_then(|set| set.vector(set.number(args[2])?)) else {
        out.null();
        return Ok(());
    };
    if args.len() == 3 {
        let components = vector.components();
        out.array(components.len());
        components.iter().for_each(|component| out.double(f64::from(*component)));
        return Ok(());
    }
    let (bytes, range) = vector.raw();
    out.array(3 + usize::from(range.is_some()));
    out.simple(match vector {
        Vector::Floats { .. } => "f32",
        Vector::Bytes { .. } => "int8",
        Vector::Bits { .. } => "bin",
    });
    out.bulk(&bytes);
    out.double(f64::from(vector.norm()));
    if let Some(range) = range {
        out.double(f64::from(range));
    }
    Ok(())
}

/// VREM key element
pub fn vrem(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    change(ctx, args, |set, name| set.remove(name))
}

/// VSETATTR key element attributes
pub fn vsetattr(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    change(ctx, args, |set, name| match set.number(name) {
        Some(number) => {
            set.set_attributes(number, args[3]);
            true
        }
        None => false,
    })
}

/// Changes an element; replies whether it was there.
fn change(
    ctx: &mut Context<'_>,
    args: &[&[u8]],
    edit: impl FnOnce(&mut VectorSet, &[u8]) -> bool,
) -> Outcome {
    let (db, now, key) = (ctx.session.db, ctx.now, args[1]);
    let partition = ctx.partitions.at(key);
    let changed = partition.keyspace.edit(db, key, now, false, |set: &mut VectorSet, _, _| {
        let changed = edit(set, args[2]);
        (changed, changed)
    })?;
    let changed = changed.unwrap_or_default();
    if changed {
        partition.effects.push(db, args);
        partition.notify_verb(db, args[0], key);
    }
    ctx.out.boolean(changed);
    Ok(())
}
