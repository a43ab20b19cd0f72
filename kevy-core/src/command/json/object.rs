//! The members of objects.

use crate::command::{Context, Outcome};
use crate::resp::Writer;
use crate::store::json::Members;

use super::{BYTES_MAX, NO_KEY, PathArg, TOO_LONG, document, wrong_value};

/// JSON.OBJKEYS key [path]
pub fn objkeys(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let json = document(found)?;
    let path = PathArg::at(args, 2)?;
    let Some(json) = json else {
        if path.is_legacy() {
            out.null();
            return Ok(());
        }
        return Err(NO_KEY);
    };
    let nodes = json.find(&path.path)?;
    if path.is_legacy() {
        match nodes.first() {
            None => out.null(),
            Some(first) => names(out, first.as_object().ok_or_else(|| path.missing_or("not an object"))?),
        }
        return Ok(());
    }
    let start = out.len();
    out.array(nodes.len());
    for node in nodes {
        match node.as_object() {
            Some(members) => names(out, members),
            None => out.null(),
        }
        if out.len() - start > BYTES_MAX {
            out.truncate(start);
            return Err(TOO_LONG);
        }
    }
    Ok(())
}

fn names(out: &mut Writer, members: &Members) {
    out.array(members.len());
    members.keys().for_each(|name| out.bulk(name.as_bytes()));
}

/// JSON.OBJLEN key [path]
pub fn objlen(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let json = document(found)?;
    let path = PathArg::at(args, 2)?;
    let Some(json) = json else {
        if path.is_legacy() {
            out.null();
            return Ok(());
        }
        return Err(path.missing_or("not an object"));
    };
    let nodes = json.find(&path.path)?;
    if path.is_legacy() {
        match nodes.first() {
            None => out.null(),
            Some(first) => {
                let members = first.as_object().ok_or_else(|| wrong_value("object", first.type_name()))?;
                out.unsigned(members.len() as u64);
            }
        }
        return Ok(());
    }
    out.array(nodes.len());
    for node in nodes {
        match node.as_object() {
            Some(members) => out.unsigned(members.len() as u64),
            None => out.null(),
        }
    }
    Ok(())
}
