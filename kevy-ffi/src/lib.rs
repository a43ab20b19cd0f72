//! The C interface of kevy.
//!
//! A thin skin over `kevy_core::api`, which is the only part of the core it uses: one file per topic of
//! `include/kevy.h`, which cbindgen generates from the documentation and signatures here. Every export goes
//! through the panic boundary of `boundary.rs`, and every handle through the checks of `handle.rs`.
#![expect(non_camel_case_types, reason = "types carry their C names, which cbindgen writes as they are")]

mod boundary;
mod handle;
mod wakeup;

// In the order of the header.
mod version;

mod status;

mod bytes;

mod error;

mod log;

mod options;

mod runtime;

mod session;

mod reply;

mod keyspace;

mod frame;

mod replica;

#[cfg(test)]
mod header_test;
#[cfg(test)]
mod layout_test;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
