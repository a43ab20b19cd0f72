//! Scripts and functions: Lua 5.1 in a sandbox, as Redis 7 runs it.
//!
//! The runtime puts an [`Interpreter`] into its server; the handlers of EVAL, SCRIPT, FUNCTION and FCALL call it
//! through [`crate::command::scripting::Scripts`]. A script holds every shard, since it may touch keys that it does not
//! name; its commands run on them like those of a transaction, and their effects become one. Nothing here takes a token or
//! touches a socket.

mod answer;
mod bit;
mod caller;
mod cjson;
mod cmsgpack;
mod eval;
mod fcall;
mod interpreter;
mod library;
mod native;
mod number;
mod running;
mod shebang;
mod stack;
mod structure;
mod value;
mod vm;

pub use interpreter::Interpreter;
