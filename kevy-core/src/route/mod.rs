//! Which shards a command touches, told from its row in the table and its arguments alone.

#[cfg(test)]
mod tests;

use smallvec::SmallVec;

use crate::base::slot::{shard_of_slot, slot_of};
use crate::command::Spec;
use crate::command::generic::sort::SortArguments;
use crate::command::keys::{Positions, each_key, keys_of};
use crate::command::scan_cursor::ScanCursor;
use crate::command::spec::{Fail, Scope};

/// The shards of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Route {
    /// None.
    Nowhere,
    One(usize),
    /// Several, ascending and distinct.
    Several(SmallVec<[usize; 8]>),
    All,
}

/// The shard that owns `key` among `shards`.
#[inline]
pub fn shard_of(key: &[u8], shards: usize) -> usize {
    if shards == 1 { 0 } else { shard_of_slot(slot_of(key), shards) }
}

/// The shard of a SCAN cursor; what is no cursor is the handler's error to report.
fn shard_of_cursor(cursor: &[u8], shards: usize) -> usize {
    ScanCursor::parse(cursor).map_or(0, |cursor| cursor.shard_among(shards))
}

/// The shards from that of a SCAN cursor on: what a SCAN looks at where it may look at several.
pub fn from_cursor_on(args: &[&[u8]], shards: usize) -> Route {
    match shard_of_cursor(args.get(1).copied().unwrap_or_default(), shards) {
        last if last + 1 == shards => Route::One(last),
        0 => Route::All,
        first => Route::Several((first..shards).collect()),
    }
}

/// Routes `args` to the shards that own its keys.
#[inline]
pub fn route(spec: &Spec, args: &[&[u8]], shards: usize) -> Result<Route, Fail> {
    match spec.scope {
        Scope::Nothing | Scope::Anywhere => Ok(Route::Nowhere),
        _ if shards == 1 => Ok(Route::One(0)),
        Scope::Keys => of_keys(spec, args, shards),
        Scope::Everything => Ok(Route::All),
        Scope::Sort => Ok(of_sort(args, shards)),
        Scope::Cursor => Ok(Route::One(shard_of_cursor(args.get(1).copied().unwrap_or_default(), shards))),
    }
}

/// The shards of SORT or SORT_RO. Bad arguments are the handler's error to report, and it touches no key before it does.
fn of_sort(args: &[&[u8]], shards: usize) -> Route {
    let [_, key, rest @ ..] = args else { return Route::One(0) };
    let Ok(arguments) = SortArguments::parse(rest, true) else { return Route::One(0) };
    if arguments.names_other_keys() {
        return Route::All;
    }
    let destination = arguments.destination.map_or(Route::Nowhere, |key| Route::One(shard_of(key, shards)));
    union(Route::One(shard_of(key, shards)), destination, shards)
}

fn of_keys(spec: &Spec, args: &[&[u8]], shards: usize) -> Result<Route, Fail> {
    // An invalid count of keys is the handler's error to report, and it touches no key before it does. Where keys are
    // only left out, as the sources of PFMERGE may be, those that are there count.
    let keys = keys_of(spec, args).unwrap_or_else(|_| present_keys(spec, args));
    let mut homes: SmallVec<[usize; 8]> = SmallVec::new();
    for key in keys {
        let shard = shard_of(args[key], shards);
        if let Err(at) = homes.binary_search(&shard) {
            homes.insert(at, shard);
        }
    }
    Ok(match homes[..] {
        [] => Route::One(0),
        [one] => Route::One(one),
        _ => Route::Several(homes),
    })
}

/// The keys of those specifications that come before the first one that the arguments do not fit.
#[cold]
fn present_keys(spec: &Spec, args: &[&[u8]]) -> Positions {
    let mut positions = Positions::new();
    let _ = each_key(spec, args, |position, _| positions.push(position));
    positions
}

/// Adds the shards of `more` to `all`.
pub fn union(all: Route, more: Route, shards: usize) -> Route {
    match (all, more) {
        (Route::All, _) | (_, Route::All) => Route::All,
        (Route::Nowhere, other) | (other, Route::Nowhere) => other,
        (a, b) => {
            let mut homes = members(&a, shards);
            for shard in members(&b, shards) {
                if let Err(at) = homes.binary_search(&shard) {
                    homes.insert(at, shard);
                }
            }
            if homes.len() == 1 { Route::One(homes[0]) } else { Route::Several(homes) }
        }
    }
}

/// The shards of a route, ascending.
pub fn members(route: &Route, shards: usize) -> SmallVec<[usize; 8]> {
    match route {
        Route::Nowhere => SmallVec::new(),
        Route::One(shard) => SmallVec::from_slice(&[*shard]),
        Route::Several(homes) => homes.clone(),
        Route::All => (0..shards).collect(),
    }
}
