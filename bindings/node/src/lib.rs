//! The native half of the Node package `kevy`. The TypeScript of `lib/` is its only caller and holds the public
//! names; nothing here is public to programs.
//!
//! Sessions and bare keyspaces are written against Node-API by hand, because a call takes a few dozen nanoseconds
//! there (`session/`); the rest uses napi-rs. Failures cross as `KIND: message` and become classes in TypeScript.

mod error;
mod pump;
mod replica;
mod runtime;
mod session;
mod subscription;
mod wake;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The version of the engine inside.
#[napi_derive::napi]
pub fn version() -> &'static str {
    kevy_core::api::VERSION
}
