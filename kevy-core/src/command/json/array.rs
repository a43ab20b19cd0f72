//! The elements of arrays.

use std::cmp::Reverse;
use std::ops::Range;

use crate::command::{Context, Fail, Outcome};
use crate::store::Json;
use crate::store::json::{Layout, Location, Node, print};

use super::{
    BYTES_MAX, NO_KEY, PathArg, change, check_room, document, integer, reply_each, value, wrong_value,
};

const NOT_AN_ARRAY: &str = "not an array";

/// JSON.ARRAPPEND key path value [value ...]
pub fn arrappend(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let nodes = args[3..].iter().map(|arg| value(arg)).collect::<Result<Vec<_>, _>>()?;
    let (path, lengths) = change(ctx, args, |json| {
        let path = PathArg::parse(args[2])?;
        let places = json.locate(&path.path)?;
        check_room(&arrays(json, &places), &nodes, true)?;
        let lengths: Vec<_> = places.iter().map(|place| json.append_elements(place, &nodes)).collect();
        let changed = lengths.iter().any(Option::is_some);
        Ok(((path, lengths), changed))
    })?;
    reply_each(ctx.out, &path, lengths, NOT_AN_ARRAY, |out, length| out.unsigned(length as u64))
}

/// JSON.ARRINSERT key path index value [value ...]
pub fn arrinsert(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let index = integer(args[3])?;
    let nodes = args[4..].iter().map(|arg| value(arg)).collect::<Result<Vec<_>, _>>()?;
    let (path, lengths) = change(ctx, args, |json| {
        let path = PathArg::parse(args[2])?;
        let places = json.locate(&path.path)?;
        let arrays = arrays(json, &places);
        check_room(&arrays, &nodes, true)?;
        // A place that is named twice is longer by the second time, where a wrong index would still be wrong.
        let in_bounds = |place: &Location| insertion(index, length(json, place)).is_some();
        if !arrays.iter().all(in_bounds) {
            return Err(Fail::new("ERR index out of bounds"));
        }
        let lengths = innermost_first(json, &places, |json, place| {
            let at = insertion(index, length(json, place))?;
            json.insert_elements(place, at, &nodes)
        });
        let changed = lengths.iter().any(Option::is_some);
        Ok(((path, lengths), changed))
    })?;
    reply_each(ctx.out, &path, lengths, NOT_AN_ARRAY, |out, length| out.unsigned(length as u64))
}

/// JSON.ARRPOP key [path [index]]
pub fn arrpop(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let index = args.get(3).and_then(|arg| integer(arg).ok()).unwrap_or(-1);
    let (path, popped) = change(ctx, args, |json| {
        let path = PathArg::at(args, 2)?;
        let places = json.locate(&path.path)?;
        let popped: Vec<Option<Option<Node>>> = innermost_first(json, &places, |json, place| {
            let len = json.get(place)?.as_array()?.len();
            Some(len.checked_sub(1).and_then(|last| {
                let at = position(index, len).min(last);
                json.take_element(place, at)
            }))
        });
        let changed = popped.iter().flatten().any(Option::is_some);
        Ok(((path, popped), changed))
    })?;
    reply_each(ctx.out, &path, popped, NOT_AN_ARRAY, |out, node| {
        match node.map(|node| print(&node, Layout::default(), BYTES_MAX)) {
            Some(Ok(text)) => out.bulk(&text),
            Some(Err(_)) | None => out.null(),
        }
    })
}

/// JSON.ARRTRIM key path start stop
pub fn arrtrim(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (start, stop) = (integer(args[3])?, integer(args[4])?);
    let (path, lengths) = change(ctx, args, |json| {
        let path = PathArg::parse(args[2])?;
        let places = json.locate(&path.path)?;
        let mut changed = false;
        let lengths = innermost_first(json, &places, |json, place| {
            let before = json.get(place)?.as_array()?.len();
            let after = json.trim(place, kept(start, stop, before))?;
            changed |= after != before;
            Some(after)
        });
        Ok(((path, lengths), changed))
    })?;
    reply_each(ctx.out, &path, lengths, NOT_AN_ARRAY, |out, length| out.unsigned(length as u64))
}

/// JSON.ARRLEN key [path]
pub fn arrlen(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
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
        let first = nodes.first().ok_or_else(|| path.missing())?;
        let elements = first.as_array().ok_or_else(|| path.missing_or(NOT_AN_ARRAY))?;
        out.unsigned(elements.len() as u64);
        return Ok(());
    }
    out.array(nodes.len());
    for node in nodes {
        match node.as_array() {
            Some(elements) => out.unsigned(elements.len() as u64),
            None => out.null(),
        }
    }
    Ok(())
}

/// JSON.ARRINDEX key path value [start [stop]]
pub fn arrindex(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if args.len() > 6 {
        return Err(Fail::arity("json.arrindex"));
    }
    let bound = |at: usize| args.get(at).map_or(Ok(0), |arg| integer(arg));
    let (start, stop) = (bound(4)?, bound(5)?);
    let wanted = value(args[3])?;
    let (out, found) = ctx.read(args[1]);
    let json = document(found)?;
    let path = PathArg::parse(args[2])?;
    let nodes = json.ok_or_else(|| path.missing())?.find(&path.path)?;
    let find = |node: &Node| {
        let elements = node.as_array()?;
        let range = searched(start, stop, elements.len());
        let first = range.start;
        let at = elements.get(range)?.iter().position(|element| element.is_same(&wanted));
        Some(at.map_or(-1, |at| (first + at) as i64))
    };
    if path.is_legacy() {
        let first = nodes.first().ok_or_else(|| path.missing())?;
        let at = find(first).ok_or_else(|| wrong_value("array", first.type_name()))?;
        out.integer(at);
        return Ok(());
    }
    out.array(nodes.len());
    for node in nodes {
        match find(node) {
            Some(at) => out.integer(at),
            None => out.null(),
        }
    }
    Ok(())
}

/// The places that hold an array.
fn arrays(json: &Json, places: &[Location]) -> Vec<Location> {
    let is_array = |place: &&Location| json.get(place).is_some_and(|node| node.as_array().is_some());
    places.iter().filter(is_array).cloned().collect()
}

fn length(json: &Json, place: &[u32]) -> usize {
    json.get(place).and_then(Node::as_array).map_or(0, <[Node]>::len)
}

/// Changes every place, an element before the array around it and a later element before an earlier one, so that each
/// place is still where it was when its turn comes. The results are in the order of the places.
fn innermost_first<R>(
    json: &mut Json,
    places: &[Location],
    mut change: impl FnMut(&mut Json, &Location) -> Option<R>,
) -> Vec<Option<R>> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|&at| Reverse(&places[at]));
    let mut results: Vec<Option<R>> = places.iter().map(|_| None).collect();
    for at in order {
        results[at] = change(json, &places[at]);
    }
    results
}

/// The position of an index in an array of `len` elements; a negative one counts from the end, at most to the first.
fn position(index: i64, len: usize) -> usize {
    let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    if index < 0 { len.saturating_sub(distance) } else { distance }
}

/// The position before which an index inserts; `None` out of bounds.
fn insertion(index: i64, len: usize) -> Option<usize> {
    let distance = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 { len.checked_sub(distance) } else { Some(distance).filter(|at| *at <= len) }
}

/// What ARRTRIM keeps: both ends are part of it.
fn kept(start: i64, stop: i64, len: usize) -> Range<usize> {
    let start = position(start, len);
    let end = position(stop, len).min(len.saturating_sub(1)) + 1;
    if start >= end || len == 0 { 0..0 } else { start..end }
}

/// What ARRINDEX looks at: the end is no part of it, and 0 stands for the length.
fn searched(start: i64, stop: i64, len: usize) -> Range<usize> {
    let start = position(start, len).min(len.saturating_sub(1));
    let end = if stop == 0 { len } else { position(stop, len).min(len) };
    start..end.max(start)
}
