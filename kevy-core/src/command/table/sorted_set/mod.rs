//! The sorted-set verbs.

mod algebra;
mod range;
mod read;
mod wait;
mod write;

pub use algebra::*;
pub use range::*;
pub use read::*;
pub use wait::*;
pub use write::*;

use super::super::spec::{Flags, Spec};

const fn row(name: &'static str, arity: i32, flags: Flags, since: &'static str) -> Spec {
    Spec { group: "sorted-set", since, ..Spec::new(name, arity, flags) }
}
