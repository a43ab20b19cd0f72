//! Frames: what a replica hands out, one at a time or as a batch.

use std::ptr;

use kevy_core::api::{Batch, Frame, FrameKind};

use crate::boundary::quietly;
use crate::bytes::kevy_bytes;
use crate::handle::{self, Opaque};

/// One frame of a primary's stream. It is borrowed from the replica until that is used again, or from the batch
/// that holds it until that is freed.
pub struct kevy_frame {
    _opaque: [u8; 0],
}

/// Frames that own their bytes. The caller owns the batch; any number of threads may read it.
pub struct kevy_batch {
    _opaque: [u8; 0],
}

/// There is no frame: the pointer was NULL.
pub const KEVY_FRAME_NONE: i32 = 0;
/// A snapshot begins: what was copied before is not part of the copy any more.
pub const KEVY_FRAME_SNAPSHOT_BEGIN: i32 = 1;
/// A command that rebuilds a key of the snapshot, or a part of one.
pub const KEVY_FRAME_ENTRY: i32 = 2;
/// The snapshot is whole; changes follow.
pub const KEVY_FRAME_SNAPSHOT_END: i32 = 3;
/// A command that the primary's keyspace changed by.
pub const KEVY_FRAME_COMMAND: i32 = 4;
/// The commands up to the matching end happened at once.
pub const KEVY_FRAME_TXN_BEGIN: i32 = 5;
/// The transaction is whole.
pub const KEVY_FRAME_TXN_END: i32 = 6;
/// Everything that had happened on the primary at a moment was handed out. Only if the option "bookmarks" is yes.
pub const KEVY_FRAME_BOOKMARK: i32 = 7;
/// The position could not be continued, for the reason given; a snapshot follows.
pub const KEVY_FRAME_RESYNC: i32 = 8;
/// The link came up or went down: kevy_frame_is_up(), kevy_frame_reason().
pub const KEVY_FRAME_LINK: i32 = 9;

const TAG: u32 = u32::from_le_bytes(*b"kfra");

/// What a `kevy_frame` points to.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Node {
    tag: u32,
    kind: i32,
    shard: u32,
    db: u32,
    offset: u64,
    up: i32,
    reason: kevy_bytes,
    argv: *const kevy_bytes,
    argc: usize,
}

/// A frame as it is handed out, with its arguments side by side.
#[derive(Debug)]
pub struct Single {
    node: Node,
    argv: Vec<kevy_bytes>,
}

// SAFETY: the pointers lead into `argv` and into the replica beside it, which moves between threads together with it.
unsafe impl Send for Single {}

/// More arguments than this are given back when the next frame comes.
const ARGS_KEPT_MAX: usize = 4096;

impl Node {
    const NOTHING: Self = Self {
        tag: TAG,
        kind: KEVY_FRAME_NONE,
        shard: 0,
        db: 0,
        offset: 0,
        up: 0,
        reason: kevy_bytes::NONE,
        argv: ptr::null(),
        argc: 0,
    };

    /// The node for a frame, without its arguments.
    fn of(frame: &Frame<'_>) -> Self {
        Self {
            tag: TAG,
            kind: kind_number(frame.kind),
            shard: u32::try_from(frame.shard).unwrap_or(u32::MAX),
            db: u32::try_from(frame.db).unwrap_or(u32::MAX),
            offset: frame.offset,
            up: frame.up.into(),
            reason: kevy_bytes::of(frame.reason.as_bytes()),
            argv: ptr::null(),
            argc: frame.argv.len(),
        }
    }
}

fn kind_number(kind: FrameKind) -> i32 {
    match kind {
        FrameKind::SnapshotBegin => KEVY_FRAME_SNAPSHOT_BEGIN,
        FrameKind::Entry => KEVY_FRAME_ENTRY,
        FrameKind::SnapshotEnd => KEVY_FRAME_SNAPSHOT_END,
        FrameKind::Command => KEVY_FRAME_COMMAND,
        FrameKind::TxnBegin => KEVY_FRAME_TXN_BEGIN,
        FrameKind::TxnEnd => KEVY_FRAME_TXN_END,
        FrameKind::Bookmark => KEVY_FRAME_BOOKMARK,
        FrameKind::Resync => KEVY_FRAME_RESYNC,
        FrameKind::Link => KEVY_FRAME_LINK,
        // A kind of a later core; its number says which.
        other => other as i32,
    }
}

impl Single {
    pub fn new() -> Self {
        Self { node: Node::NOTHING, argv: Vec::new() }
    }

    /// Takes a frame in, and gives the pointer to it that is good until the next one.
    pub fn take(&mut self, frame: &Frame<'_>) -> *const kevy_frame {
        self.argv.clear();
        self.argv.shrink_to(ARGS_KEPT_MAX);
        self.argv.extend(frame.argv.iter().map(kevy_bytes::of));
        self.node = Node { argv: self.argv.as_ptr(), ..Node::of(frame) };
        (&raw const self.node).cast()
    }
}

/// What stands behind a `kevy_batch`.
#[derive(Debug)]
pub struct Frames {
    nodes: Vec<Node>,
    /// The arguments of all frames, which the nodes point to.
    _argv: Vec<kevy_bytes>,
    /// The bytes of all arguments and reasons, which the views point to.
    batch: Batch,
}

// SAFETY: the pointers lead into vectors of the same value, which nobody changes once it is made.
unsafe impl Send for Frames {}
// SAFETY: as above.
unsafe impl Sync for Frames {}

impl Opaque for kevy_batch {
    type Body = ();
    type Shared = Frames;
    const TAG: u32 = u32::from_le_bytes(*b"kbat");
    const NAME: &'static str = "kevy_batch";
}

impl Frames {
    pub fn of(batch: Batch) -> Self {
        let mut nodes: Vec<Node> = batch.iter().map(|frame| Node::of(&frame)).collect();
        let argv: Vec<kevy_bytes> =
            batch.iter().flat_map(|frame| frame.argv.iter().map(kevy_bytes::of)).collect();
        let mut at = 0;
        for node in &mut nodes {
            node.argv = argv[at..].as_ptr();
            at += node.argc;
        }
        Self { nodes, _argv: argv, batch }
    }
}

/// # Safety
/// `frame` is NULL or points to a frame that is still good.
#[inline]
unsafe fn look<'a>(frame: *const kevy_frame) -> Option<&'a Node> {
    let node = frame.cast::<Node>();
    // SAFETY: not NULL and aligned, so the caller vouches for a tag at its start.
    if node.is_null() || !node.is_aligned() || unsafe { *node.cast::<u32>() } != TAG {
        return None;
    }
    // SAFETY: the tag says that it is a node, and the caller says that it is still good.
    Some(unsafe { &*node })
}

/// What kind of frame it is: one of KEVY_FRAME_*. KEVY_FRAME_NONE where `frame` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_frame_kind(frame: *const kevy_frame) -> i32 {
    // SAFETY: the caller passes NULL or a good frame.
    unsafe { look(frame) }.map_or(KEVY_FRAME_NONE, |node| node.kind)
}

/// The shard of the primary that the frame comes from; of a transaction over several, the first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_frame_shard(frame: *const kevy_frame) -> u32 {
    // SAFETY: the caller passes NULL or a good frame.
    unsafe { look(frame) }.map_or(0, |node| node.shard)
}

/// The offset in the stream of its shard, counted in frames; 0 for an entry of a snapshot.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_frame_offset(frame: *const kevy_frame) -> u64 {
    // SAFETY: the caller passes NULL or a good frame.
    unsafe { look(frame) }.map_or(0, |node| node.offset)
}

/// The database that the command is for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_frame_db(frame: *const kevy_frame) -> u32 {
    // SAFETY: the caller passes NULL or a good frame.
    unsafe { look(frame) }.map_or(0, |node| node.db)
}

/// How many arguments the command has, the verb included; 0 for every kind but entries and commands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_frame_argc(frame: *const kevy_frame) -> usize {
    // SAFETY: the caller passes NULL or a good frame.
    unsafe { look(frame) }.map_or(0, |node| node.argc)
}

/// All arguments, kevy_frame_argc() of them: as kevy_session_apply() and kevy_keyspace_apply() take them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_frame_argv(frame: *const kevy_frame) -> *const kevy_bytes {
    // SAFETY: the caller passes NULL or a good frame.
    unsafe { look(frame) }.map_or(ptr::null(), |node| node.argv)
}

/// Argument `index`; its data is NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_frame_arg(frame: *const kevy_frame, index: usize) -> kevy_bytes {
    // SAFETY: the caller passes NULL or a good frame.
    match unsafe { look(frame) } {
        // SAFETY: `argc` views stand side by side at `argv`.
        Some(node) if index < node.argc => unsafe { *node.argv.add(index) },
        _ => kevy_bytes::NONE,
    }
}

/// Why there is a resync, or why the link went down, for people and in UTF-8; empty for every other frame.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_frame_reason(frame: *const kevy_frame) -> kevy_bytes {
    // SAFETY: the caller passes NULL or a good frame.
    unsafe { look(frame) }.map_or(kevy_bytes::NONE, |node| node.reason)
}

/// 1 for a link that came up, 0 for one that went down and for every other frame.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_frame_is_up(frame: *const kevy_frame) -> i32 {
    // SAFETY: the caller passes NULL or a good frame.
    unsafe { look(frame) }.map_or(0, |node| node.up)
}

/// How many frames the batch holds; 0 where `batch` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_batch_len(batch: *const kevy_batch) -> usize {
    // SAFETY: the caller passes NULL or a live handle.
    quietly(0, || unsafe { handle::peek(batch) }.map_or(0, |frames| frames.nodes.len()))
}

/// Frame `index`, borrowed from the batch; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_batch_at(batch: *const kevy_batch, index: usize) -> *const kevy_frame {
    quietly(ptr::null(), || {
        // SAFETY: the caller passes NULL or a live handle.
        let node = unsafe { handle::peek(batch) }.and_then(|frames| frames.nodes.get(index));
        node.map_or(ptr::null(), |node| ptr::from_ref(node).cast())
    })
}

/// The place after the last frame of the batch, borrowed from it: keep it once all its frames have been applied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kevy_batch_cursor(batch: *const kevy_batch) -> kevy_bytes {
    quietly(kevy_bytes::NONE, || {
        // SAFETY: the caller passes NULL or a live handle.
        unsafe { handle::peek(batch) }
            .map_or(kevy_bytes::NONE, |frames| kevy_bytes::of(frames.batch.cursor()))
    })
}

/// Frees a batch and its frames; NULL is left alone.
#[unsafe(no_mangle)]
pub extern "C" fn kevy_batch_free(batch: *mut kevy_batch) {
    handle::free(batch);
}
