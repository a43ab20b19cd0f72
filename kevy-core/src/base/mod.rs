//! What every other module may use: errors, clock, ownership tokens, slots, numbers, options.
//!
//! Nothing here knows about keys, commands or connections.

pub mod argv;
pub mod clock;
pub mod error;
pub mod float_text;
pub mod fork;
pub mod glob;
pub mod lend;
#[cfg(test)]
pub mod live_redis;
pub mod log_sink;
pub mod long_double;
pub mod memory_size;
pub mod number;
pub mod options;
pub mod process;
pub mod random;
pub mod segment;
pub mod signal;
pub mod slot;
pub mod token;
pub mod words;

pub use argv::{Argv, ArgvBuf, Span};
pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{Error, ErrorKind, Result};
pub use token::OwnedGuard;
