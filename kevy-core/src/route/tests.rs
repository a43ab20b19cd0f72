//! Where commands go.

use crate::command::testing::{Harness, Held, slices, words};
use crate::command::{CommandSet, Commands};

use super::{Route, route, shard_of};

/// The shards that a line touches, of four.
fn shards(line: &str) -> Route {
    let commands = CommandSet::redis();
    let words = words(line);
    let args = slices(&words);
    route(&commands.command(commands.find(&args).expect("a verb")).spec, &args, 4).expect("a route")
}

#[test]
fn keys_that_sorting_reads_may_lie_on_any_shard() {
    assert_eq!(shards("SORT k DESC"), Route::One(shard_of(b"k", 4)));
    assert_eq!(shards("SORT {k}a STORE {k}b"), Route::One(shard_of(b"k", 4)));
    assert_eq!(shards("SORT_RO k BY nosort GET #"), Route::One(shard_of(b"k", 4)));
    assert_eq!(shards("SORT_RO k BY w_*"), Route::All);
    assert_eq!(shards("SORT k GET o_* STORE d"), Route::All);
    assert_eq!(shards("SORT k GET"), Route::One(0));
    let (a, b) = (shard_of(b"a", 4), shard_of(b"b", 4));
    assert_ne!(a, b);
    let both = [a.min(b), a.max(b)];
    assert_eq!(shards("SORT a STORE b"), Route::Several(both.into_iter().collect()));

    let mut kevy = Harness::with_shards(4);
    kevy.line("RPUSH k 1 2 3");
    kevy.line("MSET w_1 3 w_2 2 w_3 1 o_1 one o_3 three");
    kevy.take_effects();
    assert_eq!(kevy.line("SORT k BY w_* GET o_* STORE d"), ":3\\r\\n");
    assert_eq!(kevy.take_effect_lines(), ["RPUSH d three  one"]);
    let stored = ["three", "", "one"].map(|element| element.as_bytes().to_vec());
    assert_eq!(kevy.held("d").0, Held::List(stored.to_vec()));
}
