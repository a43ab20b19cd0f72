//! The typed methods: one for each verb, with redis-py's names, argument order and return types.
//!
//! Each method is written once and given to every class that runs or queues commands.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::argument::{Call, Expiry};
use crate::reply::Shape;

pub mod bits;
pub mod geo;
pub mod hashes;
pub mod json;
pub mod keys;
pub mod lists;
pub mod scripting;
pub mod server;
pub mod sets;
pub mod sorted_set_ranges;
pub mod sorted_sets;
pub mod stream_groups;
pub mod streams;
pub mod strings;
pub mod vector_sets;

/// A class that takes commands: it runs or queues them.
pub trait Runs: Sized {
    /// Runs or queues a command.
    fn run<'py>(slf: &Bound<'py, Self>, call: &Call<'py>, shape: Shape) -> PyResult<Bound<'py, PyAny>>;
}

type Any<'py> = Bound<'py, PyAny>;
type Answer<'py> = PyResult<Bound<'py, PyAny>>;

#[inline]
fn ask<'py, T: Runs>(slf: &Bound<'py, T>, call: &mut Call<'py>, shape: Shape) -> Answer<'py> {
    T::run(slf, call.finish()?, shape)
}

/// The SET command with its options, in the order NX, XX, KEEPTTL, GET.
pub fn set_call<'py>(
    name: &Any<'py>,
    value: &Any<'py>,
    times: &Expiry<'_, 'py>,
    [nx, xx, keepttl, get]: [bool; 4],
) -> (Call<'py>, Shape) {
    let mut call = Call::new("SET");
    call.arg(name).arg(value).expiry(times);
    call.flag("KEEPTTL", keepttl).flag("NX", nx).flag("XX", xx).flag("GET", get);
    (call, if get { Shape::Plain } else { Shape::OkayOrNone })
}

macro_rules! verbs {
    ([$($class:ty),+] $methods:tt) => {
        $(#[pyo3::pymethods] impl $class $methods)+
    };
    ($methods:tt) => {
        $crate::verbs::verbs! {
            [$crate::session::Session, $crate::pipeline::Pipeline, $crate::aio::AsyncSession,
             $crate::aio::AsyncPipeline]
            $methods
        }
    };
}
use verbs;

/// Adds a cursor, 0 by default.
fn cursor_of<'py>(call: &mut Call<'py>, cursor: Option<&Any<'py>>) {
    match cursor {
        Some(cursor) => call.arg(cursor),
        None => call.word("0"),
    };
}

/// Adds an amount, 1 by default.
fn amount_of<'a, 'py>(call: &'a mut Call<'py>, amount: Option<&Any<'py>>) -> &'a mut Call<'py> {
    match amount {
        Some(amount) => call.arg(amount),
        None => call.word("1"),
    }
}

/// Adds fields and values in the forms that HSET takes them.
fn fields_of<'py>(
    call: &mut Call<'py>,
    key: Option<&Any<'py>>,
    value: Option<&Any<'py>>,
    mapping: Option<&Any<'py>>,
    items: Option<&Any<'py>>,
) {
    let before = call.len();
    if let Some(items) = items {
        call.args(items);
    }
    if let Some(key) = key {
        call.arg(key);
        match value {
            Some(value) => call.arg(value),
            None => call.arg(&key.py().None().into_bound(key.py())),
        };
    }
    if let Some(mapping) = mapping {
        call.pairs(mapping);
    }
    if call.len() == before {
        call.fail(PyValueError::new_err("a hash is set with a key and value, a mapping or items"));
    }
}
