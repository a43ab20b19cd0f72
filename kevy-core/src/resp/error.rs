//! What is wrong with bytes that do not follow the protocol.

/// Bytes that break the protocol. The connection they came from cannot be read any further.
///
/// The texts of the request errors are those of Redis 7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The number of a request's arguments is not a number, or above the limit.
    #[error("Protocol error: invalid multibulk length")]
    InvalidMultibulkLength,
    /// The length of an argument is not a number, negative, or above `proto-max-bulk-len`.
    #[error("Protocol error: invalid bulk length")]
    InvalidBulkLength,
    /// An argument starts with this byte where `$` must stand.
    #[error("Protocol error: expected '$', got '{}'", shown(*.0))]
    ExpectedBulk(u8),
    /// The line with the number of arguments does not end.
    #[error("Protocol error: too big mbulk count string")]
    TooBigMultibulkCount,
    /// The line with the length of an argument does not end.
    #[error("Protocol error: too big bulk count string")]
    TooBigBulkCount,
    /// A quote of an inline request is not closed, or something follows it without a space.
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    /// An inline request does not end.
    #[error("Protocol error: too big inline request")]
    TooBigInline,
    /// More arguments than a client may send before it has authenticated.
    #[error("Protocol error: unauthenticated multibulk length")]
    UnauthenticatedMultibulkLength,
    /// A longer argument than a client may send before it has authenticated.
    #[error("Protocol error: unauthenticated bulk length")]
    UnauthenticatedBulkLength,
    /// A reply starts with a byte that is no type of RESP2 or RESP3.
    #[error("Protocol error: unknown reply type '{}'", shown(*.0))]
    UnknownType(u8),
    /// A reply's integer or length is not a decimal number of 64 bits, or the length is negative.
    #[error("Protocol error: invalid number in reply")]
    InvalidNumber,
    /// A reply's double, boolean, null, big number or verbatim string is malformed.
    #[error("Protocol error: malformed scalar in reply")]
    InvalidScalar,
    /// A line or bulk string does not end with CR LF.
    #[error("Protocol error: missing line end in reply")]
    MissingLineEnd,
    /// Arrays, maps or sets are nested deeper than [`reply::DEPTH_MAX`](super::reply::DEPTH_MAX).
    #[error("Protocol error: reply nested too deeply")]
    TooDeep,
}

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
