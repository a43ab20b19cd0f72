//! The wire protocol: RESP2, RESP3 and inline requests, as the Redis serialization protocol specification
//! (<https://redis.io/docs/latest/develop/reference/protocol-spec/>) and Redis 7.2 define them.
//!
//! [`request`] reads what clients send, [`Writer`] writes what they get back, [`reply`] reads replies on the
//! client side, and [`command`] carries argument vectors as arrays of bulk strings for effects and
//! replication. Nothing here does I/O, knows a command, or allocates by a length that a peer declared.

pub mod command;
pub mod encode;
pub mod error;
pub mod reply;
pub mod request;
pub mod value;
pub mod writer;

mod batch;
mod element;
mod node;
mod number;

pub use batch::Batch;
pub use command::{decode_command, encode_command, glance_at_command};
pub use error::ProtocolError;
pub use node::Node;
pub use reply::{Kind, Tree, fail_replies};
pub use request::{Limits, RequestParser, glance};
pub use value::Value;
pub use writer::{Protocol, Writer};

/// A command's arguments, the verb first, borrowed from where they were received.
pub type ArgVec<'a> = smallvec::SmallVec<[&'a [u8]; 16]>;

#[cfg(test)]
mod tests;
