//! What the fuzz targets under `tests/fuzz` reach of the private modules. Not part of the interface.

pub use crate::resp::request::Progress;
pub use crate::resp::{
    ArgVec, Batch, Limits, Node, Protocol, ProtocolError, RequestParser, Tree, Value, Writer, decode_command,
    encode_command,
};
