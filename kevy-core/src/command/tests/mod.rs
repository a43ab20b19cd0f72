//! Tests of commands: what clients get, compared with a live redis-server where it has the command, and what
//! replicas are told.

mod admin;
mod connection;
mod effects;
mod generic;
mod introspection;
mod script;
mod sort;
mod transaction;
