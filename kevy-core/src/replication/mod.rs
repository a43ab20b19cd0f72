//! The native replication protocol, both sides.
//!
//! [`Primary`] makes a [`feed::Feed`] of each connection that sends REPLICATE and remembers replicas in
//! [`slots::Slots`]; [`client::Replica`] follows a primary. [`wire`] holds what both sides say. What a frame means
//! to a keyspace is not known here.

pub mod ancestry;
pub mod block;
pub mod client;
pub mod cursor;
pub mod feed;
pub mod primary;
pub mod psync;
pub mod selection;
pub mod slots;
pub mod wire;

pub use crate::io::Trust;
pub use crate::log::Subscription;
pub use crate::snapshot::{SavedHistory, SavedPlace};
pub use client::{
    Batch, Follow, Frame, FrameKind, Interrupter, Replica, ReplicaOption, ReplicaOptions, ReplicaStats,
    Source, Speech,
};
pub use cursor::Place;
pub use primary::Primary;

/// What the fuzz target for replicas feeds them with.
#[cfg(feature = "fuzzing")]
pub mod fuzz {
    use crate::base::options::Secret;

    use super::block::Packing;
    use super::client::link::{Link, LinkOptions, Step};
    use super::client::options::{Acknowledge, Follow};
    use super::cursor::Cursor;
    use super::selection::Selection;

    pub use super::block::push_block;

    /// Lets a replica that stands nowhere take what its primary sends, `step` bytes at a time.
    pub fn follow(sent: &[u8], step: usize, has_filter: bool, has_blocks: bool) {
        let prefixes = has_filter.then(|| b"k".to_vec()).into_iter().collect();
        let mut link = Link::new(
            LinkOptions {
                id: "fuzz".into(),
                user: String::new(),
                password: Secret::default(),
                transaction_bytes_max: 1 << 20,
                frame_bytes_max: 1 << 20,
                acknowledge: Acknowledge::Auto,
                bookmarks: true,
                announce_port: 0,
                announce_ip: String::new(),
                selection: Selection { prefixes, kinds: Vec::new() },
                blocks: has_blocks.then_some(Packing::Zstd),
                database: None,
                follow: Follow::Psync,
            },
            &Cursor::default(),
        );
        link.connected();
        for piece in sent.chunks(step) {
            link.arriving().push(piece);
            loop {
                match link.step() {
                    Ok(Step::Frame) => {
                        assert!(link.frame().argv.iter().map(<[u8]>::len).sum::<usize>() < 1 << 26)
                    }
                    Ok(Step::Input) => break,
                    Err(_) => return link.disconnected("the fuzzer sent it"),
                }
            }
            link.confirm();
            link.acknowledge(false);
            let _ = (link.cursor(), link.offsets());
        }
    }
}

#[cfg(test)]
mod tests;
