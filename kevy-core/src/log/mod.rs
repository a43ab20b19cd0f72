//! The stream of effects of one shard: frames numbered by offset, kept in a bounded backlog.
//!
//! The shard appends under its token through [`Stream`]; replicas' feeds read from any thread through
//! [`StreamReader`] without it, and the log on disk through [`Taker`]. A frame is `*2`, `:<offset>`, then the effect as an array of bulk strings.
//! `SELECT` frames switch the stream's database; a transaction is the frames `MULTI`, effects, `EXEC`, and over
//! several shards `MULTI <transaction> <shard> <shard> …` in the stream of each of them. Nothing here knows
//! what an effect means or where it is sent.

pub mod backlog;
pub mod frame;
pub mod horizon;
pub mod reader;
pub mod stream;
pub mod subscribers;
pub mod taker;

pub use backlog::{Backlog, Gone};
pub use horizon::{Goal, Horizon, Standing};
pub use reader::{Ahead, Progress, StreamReader};
pub use stream::{Crowded, Stream, Ticks};
pub use subscribers::{Subscribers, Subscription};
pub use taker::{Piece, SharedMark, Taker};

#[cfg(test)]
mod tests;
