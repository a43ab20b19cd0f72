//! From arguments to a reply: looks the verb up, checks what may be checked without keys, routes it, and runs
//! it under the tokens it needs.
//!
//! Reactors call [`Engine::plan`] and run what lies on their own shard under the token they hold already;
//! in-process sessions call [`Engine::dispatch`], which does everything on the caller's thread.

mod engine;
mod transaction;

pub use engine::{Engine, Plan};
