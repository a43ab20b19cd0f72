//! Asking a set for its members.

use crate::command::{Context, Outcome};

use super::set;

/// SCARD key
pub fn scard(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    out.unsigned(set(found)?.map_or(0, |set| set.len()) as u64);
    Ok(())
}

/// SISMEMBER key member
pub fn sismember(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    let is_member = set(found)?.is_some_and(|set| set.contains(args[2]));
    out.integer(is_member.into());
    Ok(())
}

/// SMISMEMBER key member [member ...]
pub fn smismember(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    let set = set(found)?;
    out.array(args.len() - 2);
    for member in &args[2..] {
        out.integer(set.is_some_and(|set| set.contains(member)).into());
    }
    Ok(())
}

/// SMEMBERS key
pub fn smembers(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = context.read(args[1]);
    let set = set(found)?;
    out.set(set.map_or(0, |set| set.len()));
    for member in set.into_iter().flat_map(|set| set.iter()) {
        out.bulk(&member);
    }
    Ok(())
}
