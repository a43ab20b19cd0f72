//! The JSON verbs, in the grammar, replies and error texts of RedisJSON.

mod array;
mod delete;
mod get;
mod object;
mod plan;
mod scalar;
mod set;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::resp::Writer;
use crate::store::json::{self, DEPTH_MAX, Location, Node, Path, TooLong, TooMuchWork, full_text};
use crate::store::{Json, Ref, ValueRef};

use super::help::{container, help};
use super::spec::Command;
use super::table::json as row;
use super::{Context, Fail};

/// Every JSON verb.
pub static COMMANDS: [Command; 24] = [
    Command::new(row::ARRAPPEND, array::arrappend),
    Command::new(row::ARRINDEX, array::arrindex),
    Command::new(row::ARRINSERT, array::arrinsert),
    Command::new(row::ARRLEN, array::arrlen),
    Command::new(row::ARRPOP, array::arrpop),
    Command::new(row::ARRTRIM, array::arrtrim),
    Command::new(row::CLEAR, delete::clear),
    Command::container(row::DEBUG, container, &DEBUG),
    Command::new(row::DEL, delete::del),
    Command::new(row::FORGET, delete::del),
    Command::new(row::GET, get::get),
    Command::new(row::MERGE, set::merge),
    Command::new(row::MGET, get::mget),
    Command::new(row::MSET, set::mset),
    Command::new(row::NUMINCRBY, scalar::numincrby),
    Command::new(row::NUMMULTBY, scalar::nummultby),
    Command::new(row::OBJKEYS, object::objkeys),
    Command::new(row::OBJLEN, object::objlen),
    Command::new(row::RESP, get::resp),
    Command::new(row::SET, set::set),
    Command::new(row::STRAPPEND, scalar::strappend),
    Command::new(row::STRLEN, scalar::strlen),
    Command::new(row::TOGGLE, scalar::toggle),
    Command::new(row::TYPE, get::kind),
];

static DEBUG: [Command; 2] =
    [Command::new(row::DEBUG_HELP, help), Command::new(row::DEBUG_MEMORY, get::debug_memory)];

/// The longest reply, and the most that one command adds to a document by a path that leads to many places.
const BYTES_MAX: usize = 512 << 20;

const WRONG_KIND: Fail = Fail::new("Existing key has wrong Redis type");
const NO_KEY: Fail = Fail::new("ERR could not perform this operation on a key that doesn't exist");
const NOT_AT_ROOT: Fail = Fail::new("ERR new objects must be created at the root");
const TOO_DEEP: Fail = Fail::new("ERR recursion limit exceeded");
const TOO_LONG: Fail = Fail::new("ERR the reply would be longer than 512 megabytes");
const TOO_MANY: Fail = Fail::new("ERR the path leads to too many places for values of that size");

impl From<TooMuchWork> for Fail {
    fn from(error: TooMuchWork) -> Self {
        Self::with(error.to_string())
    }
}

impl From<TooLong> for Fail {
    fn from(_: TooLong) -> Self {
        TOO_LONG
    }
}

/// A path as it was given.
struct PathArg<'a> {
    text: &'a str,
    path: Path,
}

impl<'a> PathArg<'a> {
    fn parse(arg: &'a [u8]) -> Result<Self, Fail> {
        let text = utf8(arg)?;
        let path = Path::parse(text).map_err(|error| Fail::with(error.to_string()))?;
        Ok(Self { text, path })
    }

    /// The path at a place among the arguments; the root where there is none.
    fn at(args: &[&'a [u8]], at: usize) -> Result<Self, Fail> {
        Self::parse(args.get(at).copied().unwrap_or(b"."))
    }

    fn is_legacy(&self) -> bool {
        self.path.is_legacy()
    }

    fn shown(&self) -> Cow<'a, str> {
        full_text(self.text).map_or(Cow::Borrowed(self.text), Cow::Owned)
    }

    fn missing(&self) -> Fail {
        Fail::with(format!("ERR Path '{}' does not exist", self.shown()))
    }

    fn missing_or(&self, what: &str) -> Fail {
        Fail::with(format!("ERR Path '{}' does not exist or {what}", self.shown()))
    }
}

/// An argument as text.
fn utf8(arg: &[u8]) -> Result<&str, Fail> {
    std::str::from_utf8(arg).map_err(|_| Fail::new("Couldn't parse as UTF-8 string"))
}

/// An argument that is JSON.
fn value(arg: &[u8]) -> Result<Node, Fail> {
    json::parse(utf8(arg)?).map_err(|error| Fail::with(error.to_string()))
}

/// An argument that is an integer.
fn integer(arg: &[u8]) -> Result<i64, Fail> {
    let text = std::str::from_utf8(arg).ok();
    text.and_then(|text| text.parse().ok()).ok_or(Fail::new("Couldn't parse as integer"))
}

/// The error for a value that is not of the type a verb is for.
fn wrong_value(expected: &str, found: &str) -> Fail {
    Fail::with(format!("WRONGTYPE wrong type of path value - expected {expected} but found {found}"))
}

/// The document of a key that must hold one.
fn document(found: Option<Ref<'_>>) -> Result<Option<&Json>, Fail> {
    match found.map(|found| found.value()) {
        None => Ok(None),
        Some(ValueRef::Json(json)) => Ok(Some(json)),
        Some(_) => Err(WRONG_KIND),
    }
}

/// Lets `edit` change the document of a key, and tell whether it did: then `args` is the effect. `None` where there is
/// no key.
fn try_change<R>(
    ctx: &mut Context<'_>,
    args: &[&[u8]],
    edit: impl FnOnce(&mut Json) -> Result<(R, bool), Fail>,
) -> Result<Option<R>, Fail> {
    let (db, now, key) = (ctx.session.db, ctx.now, args[1]);
    let partition = ctx.at(key);
    let outcome = partition.keyspace.edit(db, key, now, false, |json: &mut Json, _, _| match edit(json) {
        Ok((result, changed)) => (Ok((result, changed)), changed),
        Err(fail) => (Err(fail), false),
    });
    let Some(outcome) = outcome.map_err(|_| WRONG_KIND)? else { return Ok(None) };
    let (result, changed) = outcome?;
    if changed {
        partition.effects.push(db, args);
        partition.notify_verb(db, args[0], key);
    }
    Ok(Some(result))
}

/// As [`try_change`], for verbs that need the key.
fn change<R>(
    ctx: &mut Context<'_>,
    args: &[&[u8]],
    edit: impl FnOnce(&mut Json) -> Result<(R, bool), Fail>,
) -> Result<R, Fail> {
    try_change(ctx, args, edit)?.ok_or(NO_KEY)
}

/// Replies what a verb came to at each place of a path, in the form that the path asks for: all, or the last. Where
/// there is none at all for a path of the older form, it does not exist or is `otherwise`.
fn reply_each<R>(
    out: &mut Writer,
    path: &PathArg<'_>,
    results: Vec<Option<R>>,
    otherwise: &str,
    mut reply: impl FnMut(&mut Writer, R),
) -> Result<(), Fail> {
    if path.is_legacy() {
        let last = results.into_iter().flatten().next_back().ok_or_else(|| path.missing_or(otherwise))?;
        reply(out, last);
        return Ok(());
    }
    out.array(results.len());
    for result in results {
        match result {
            Some(result) => reply(out, result),
            None => out.null(),
        }
    }
    Ok(())
}

/// An error where putting `nodes` at every one of `places` would nest values too deep or take too much memory.
fn check_room(places: &[Location], nodes: &[Node], inside: bool) -> Result<(), Fail> {
    let depth = nodes.iter().map(Node::depth).max().unwrap_or_default() + usize::from(inside);
    if places.iter().any(|place| place.len() + depth > DEPTH_MAX) {
        return Err(TOO_DEEP);
    }
    let bytes: usize = nodes
        .iter()
        .map(|node| {
            let size = node.size();
            size.bytes + size.values * size_of::<Node>()
        })
        .sum();
    if places.len() > 1 && bytes.saturating_mul(places.len()) > BYTES_MAX {
        return Err(TOO_MANY);
    }
    Ok(())
}
