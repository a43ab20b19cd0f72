//! Reading elements of a list.

use crate::command::arguments::integer;
use crate::command::{Context, Outcome};
use crate::store::{End, List};

use super::{list, resolve, resolve_range};

/// LLEN key
pub fn llen(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    let list = list(found)?;
    out.unsigned(list.map_or(0, List::len) as u64);
    Ok(())
}

/// LINDEX key index
pub fn lindex(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    let Some(list) = list(found)? else {
        out.null();
        return Ok(());
    };
    match resolve(integer(args[2])?, list.len()).and_then(|index| list.get(index)) {
        Some(element) => out.bulk(&element),
        None => out.null(),
    }
    Ok(())
}

/// LRANGE key start stop
pub fn lrange(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (start, stop) = (integer(args[2])?, integer(args[3])?);
    let (out, found) = context.read(args[1]);
    let Some(list) = list(found)? else {
        out.array(0);
        return Ok(());
    };
    let (start, count) = resolve_range(start, stop, list.len());
    out.array(count);
    list.iter_from(start, End::Head).take(count).for_each(|element| out.bulk(&element));
    Ok(())
}
