//! What is wrong with bytes that do not follow the protocol.

use std::fmt;

/// Bytes that break the protocol. The connection they came from cannot be read any further.
///
/// The texts of the request errors are those of Redis 7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The number of a request's arguments is not a number, or above the limit.
    InvalidMultibulkLength,
    /// The length of an argument is not a number, negative, or above `proto-max-bulk-len`.
    InvalidBulkLength,
    /// An argument starts with this byte where `$` must stand.
    ExpectedBulk(u8),
    /// The line with the number of arguments does not end.
    TooBigMultibulkCount,
    /// The line with the length of an argument does not end.
    TooBigBulkCount,
    /// A quote of an inline request is not closed, or something follows it without a space.
    UnbalancedQuotes,
    /// An inline request does not end.
    TooBigInline,
    /// More arguments than a client may send before it has authenticated.
    UnauthenticatedMultibulkLength,
    /// A longer argument than a client may send before it has authenticated.
    UnauthenticatedBulkLength,
    /// A reply starts with a byte that is no type of RESP2 or RESP3.
    UnknownType(u8),
    /// A reply's integer or length is not a decimal number of 64 bits, or the length is negative.
    InvalidNumber,
    /// A reply's double, boolean, null, big number or verbatim string is malformed.
    InvalidScalar,
    /// A line or bulk string does not end with CR LF.
    MissingLineEnd,
    /// Arrays, maps or sets are nested deeper than [`reply::DEPTH_MAX`](super::reply::DEPTH_MAX).
    TooDeep,
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::InvalidMultibulkLength => f.write_str("Protocol error: invalid multibulk length"),
            Self::InvalidBulkLength => f.write_str("Protocol error: invalid bulk length"),
            Self::ExpectedBulk(byte) => write!(f, "Protocol error: expected '$', got '{}'", shown(byte)),
            Self::TooBigMultibulkCount => f.write_str("Protocol error: too big mbulk count string"),
            Self::TooBigBulkCount => f.write_str("Protocol error: too big bulk count string"),
            Self::UnbalancedQuotes => f.write_str("Protocol error: unbalanced quotes in request"),
            Self::TooBigInline => f.write_str("Protocol error: too big inline request"),
            Self::UnauthenticatedMultibulkLength => {
                f.write_str("Protocol error: unauthenticated multibulk length")
            }
            Self::UnauthenticatedBulkLength => f.write_str("Protocol error: unauthenticated bulk length"),
            Self::UnknownType(byte) => write!(f, "Protocol error: unknown reply type '{}'", shown(byte)),
            Self::InvalidNumber => f.write_str("Protocol error: invalid number in reply"),
            Self::InvalidScalar => f.write_str("Protocol error: malformed scalar in reply"),
            Self::MissingLineEnd => f.write_str("Protocol error: missing line end in reply"),
            Self::TooDeep => f.write_str("Protocol error: reply nested too deeply"),
        }
    }
}

impl std::error::Error for ProtocolError {}

impl ProtocolError {
    /// The text for an error reply, without the leading `-`: `ERR`, then the message with the offending byte
    /// as it was received (a line end shows as a space).
    pub fn reply(self) -> Vec<u8> {
        let (text, byte) = match self {
            Self::ExpectedBulk(byte) => ("expected '$', got '", byte),
            Self::UnknownType(byte) => ("unknown reply type '", byte),
            other => return format!("ERR {other}").into_bytes(),
        };
        let byte = if matches!(byte, b'\r' | b'\n') { b' ' } else { byte };
        [b"ERR Protocol error: ", text.as_bytes(), &[byte], b"'"].concat()
    }
}

/// The byte for people to read: itself where it is printable, otherwise escaped.
fn shown(byte: u8) -> std::ascii::EscapeDefault {
    std::ascii::escape_default(byte)
}
