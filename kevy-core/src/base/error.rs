//! The error that crosses every public surface.
//!
//! The numbers of [`ErrorKind`] are the negative `kevy_status` values of the C interface; a number is
//! never given a second meaning.

use std::fmt;

/// What kind of failure happened, as the caller has to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is outside what the function takes.
    InvalidArgument = -1,
    /// An option's name or value is not known.
    InvalidOption = -2,
    /// A handle for one thread at a time is in use by another thread.
    Busy = -3,
    /// The runtime, session or replica was stopped or closed.
    Closed = -4,
    /// The handle was made before `fork` and is used in the child.
    Forked = -5,
    /// `interrupt` ended a wait.
    Interrupted = -6,
    /// A panic was caught; the handle is poisoned.
    Panic = -7,
    /// The operating system reported a failure.
    Io = -8,
    /// The peer sent bytes that are not the protocol.
    Protocol = -9,
    /// The peer refused the credentials or the permission.
    Auth = -10,
    /// Memory could not be had, or `maxmemory` forbids it.
    OutOfMemory = -11,
    /// The peer or this build does not do what was asked.
    Unsupported = -12,
    /// A time limit passed.
    Timeout = -13,
    /// Stored or received bytes are damaged.
    Corrupt = -14,
    /// The key holds another type.
    WrongType = -15,
    /// Writes are refused here.
    ReadOnly = -16,
    /// The peer refused to serve a replica.
    Replica = -17,
    /// The server answered a command with an error reply.
    Server = -18,
}

impl ErrorKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 18] = [
        Self::InvalidArgument,
        Self::InvalidOption,
        Self::Busy,
        Self::Closed,
        Self::Forked,
        Self::Interrupted,
        Self::Panic,
        Self::Io,
        Self::Protocol,
        Self::Auth,
        Self::OutOfMemory,
        Self::Unsupported,
        Self::Timeout,
        Self::Corrupt,
        Self::WrongType,
        Self::ReadOnly,
        Self::Replica,
        Self::Server,
    ];

    /// The name used by `kevy_status_name`, in capitals.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::InvalidOption => "INVALID_OPTION",
            Self::Busy => "BUSY",
            Self::Closed => "CLOSED",
            Self::Forked => "FORKED",
            Self::Interrupted => "INTERRUPTED",
            Self::Panic => "PANIC",
            Self::Io => "IO",
            Self::Protocol => "PROTOCOL",
            Self::Auth => "AUTH",
            Self::OutOfMemory => "OUT_OF_MEMORY",
            Self::Unsupported => "UNSUPPORTED",
            Self::Timeout => "TIMEOUT",
            Self::Corrupt => "CORRUPT",
            Self::WrongType => "WRONG_TYPE",
            Self::ReadOnly => "READ_ONLY",
            Self::Replica => "REPLICA",
            Self::Server => "SERVER",
        }
    }

    /// True where the same call may succeed later without any change by the caller.
    pub fn is_retriable(self) -> bool {
        matches!(self, Self::Busy | Self::Interrupted | Self::Io | Self::Timeout | Self::OutOfMemory)
    }

    /// True where the handle cannot be used again.
    pub fn is_fatal(self) -> bool {
        matches!(self, Self::Closed | Self::Forked | Self::Panic)
    }

    /// The kind that an error reply stands for, told by its first word.
    pub fn of_reply(text: &str) -> Self {
        match text.split_ascii_whitespace().next().unwrap_or_default() {
            "WRONGTYPE" => Self::WrongType,
            "READONLY" => Self::ReadOnly,
            "OOM" => Self::OutOfMemory,
            "NOAUTH" | "WRONGPASS" | "NOPERM" => Self::Auth,
            _ => Self::Server,
        }
    }
}

/// A failure: its kind and a message that names the value that was wrong.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// The result of every fallible public call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind` with a message for people.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// An operating-system failure while doing `what`.
    pub fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("{what}: {error}"))
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message, without the kind.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}

impl std::error::Error for Error {}
